"""allow(): actions on resources, which stand for their ARNs."""

from typing import Any

import pytest
from troposphere import GetAtt, Parameter, Ref, Sub
from troposphere.dynamodb import Table
from troposphere.efs import AccessPoint
from troposphere.s3 import Bucket
from troposphere.secretsmanager import Secret
from troposphere.sns import Topic
from troposphere.sqs import Queue
from troposphere.ssm import Parameter as Stored
from troposphere.stepfunctions import StateMachine

from wildrydes_ml import App, allow

_HERE = "${AWS::Region}:${AWS::AccountId}"


def resources(*arguments: Any) -> list[Any]:
    """What an `allow` makes of the resources."""
    return [getattr(one, "to_dict", lambda one=one: one)() for one in allow(*arguments).Resource]


@pytest.mark.parametrize(
    ("resource", "arn"),
    [
        (Queue("Q"), {"Fn::GetAtt": ["Q", "Arn"]}),
        (Table("T"), {"Fn::GetAtt": ["T", "Arn"]}),
        (Topic("T"), {"Ref": "T"}),
        (Secret("S"), {"Ref": "S"}),
        (StateMachine("S"), {"Ref": "S"}),
        (Stored("P", Name="/a/b"), {"Fn::Sub": f"arn:${{AWS::Partition}}:ssm:{_HERE}:parameter${{P}}"}),
        (Stored("P", Name="b"), {"Fn::Sub": f"arn:${{AWS::Partition}}:ssm:{_HERE}:parameter/${{P}}"}),
        (
            AccessPoint("A"),
            {"Fn::Sub": f"arn:${{AWS::Partition}}:elasticfilesystem:{_HERE}:access-point/${{A}}"},
        ),
        (GetAtt("Q", "Arn"), {"Fn::GetAtt": ["Q", "Arn"]}),
        (Sub("arn:${X}"), {"Fn::Sub": "arn:${X}"}),
        (Ref("Arn"), {"Ref": "Arn"}),
        (Parameter("Given"), {"Ref": "Given"}),
        ("arn:aws:sqs:eu-west-1:123456789012:q", "arn:aws:sqs:eu-west-1:123456789012:q"),
        ("*", "*"),
    ],
)
def test_a_resource_stands_for_its_arn(resource: Any, arn: Any) -> None:
    assert resources("sqs:SendMessage", resource) == [arn]


@pytest.mark.parametrize(
    ("action", "arn", "said"),
    [
        ("s3:GetObject", "arn:aws:s3:::words", "s3:GetObject is on objects.*'arn:aws:s3:::words/\\*'"),
        ("s3:ListBucket", "arn:aws:s3:::words/*", "s3:ListBucket is on the bucket.*'arn:aws:s3:::words'"),
    ],
)
def test_a_bucket_s_arn_must_be_of_what_the_action_is_on(action: str, arn: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        allow(action, arn)
    assert resources(["s3:GetObject", "s3:ListBucket"], arn) == [arn]


_BUCKET = {"Fn::GetAtt": ["B", "Arn"]}
_OBJECTS = {"Fn::Sub": "${B.Arn}/*"}


@pytest.mark.parametrize(
    ("actions", "on"),
    [
        ("s3:GetObject", [_OBJECTS]),
        (["s3:PutObject", "s3:AbortMultipartUpload"], [_OBJECTS]),
        ("s3:ListBucket", [_BUCKET]),
        ("s3:GetBucketLocation", [_BUCKET]),
        (["s3:ListBucket", "s3:GetObject"], [_BUCKET, _OBJECTS]),
    ],
)
def test_a_bucket_is_itself_or_its_objects_by_the_action(actions: Any, on: list[Any]) -> None:
    assert resources(actions, Bucket("B")) == on


def test_a_function_of_the_app_is_its_arn(full: App) -> None:
    function = full.function("Worker", code="handler", handler="app.answer")
    assert resources("lambda:InvokeFunction", function) == [{"Fn::GetAtt": ["Worker", "Arn"]}]


def test_the_role_gets_the_statements(full: App) -> None:
    queue, topic = full.add(Queue("Results")), full.add(Topic("Told"))
    full.function(
        "Answer",
        code="handler",
        handler="app.answer",
        may=[allow(["sqs:SendMessage", "sqs:GetQueueUrl"], queue), allow("sns:Publish", topic)],
    )
    role = full._template.resources["AnswerRole"].to_dict()["Properties"]
    (own,) = [one["PolicyDocument"] for one in role["Policies"] if one["PolicyName"] == "May"]
    assert own["Statement"] == [
        {
            "Effect": "Allow",
            "Action": ["sqs:SendMessage", "sqs:GetQueueUrl"],
            "Resource": [{"Fn::GetAtt": ["Results", "Arn"]}],
        },
        {"Effect": "Allow", "Action": ["sns:Publish"], "Resource": [{"Ref": "Told"}]},
    ]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("SendMessage", "*"), "'sqs:SendMessage'"),
        (("sqs.SendMessage", "*"), "write the service and the action"),
        (("sqs:Send Message", "*"), "write the service and the action"),
        (([], "*"), "pass an action"),
        ((3, "*"), "pass an action"),
        (("sqs:SendMessage",), "names no resource"),
        (("sqs:SendMessage", "Results"), "pass the resource itself"),
        (("sqs:SendMessage", None), "pass a resource"),
        (("sqs:SendMessage", [Queue("Q")]), "pass a resource"),
    ],
)
def test_what_allows_nothing_is_refused(arguments: Any, said: str) -> None:
    with pytest.raises((ValueError, TypeError), match=said):
        allow(*arguments)

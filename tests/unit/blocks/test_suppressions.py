"""A finding is suppressed only where the reason is true of what is rendered."""

import json
from typing import Any

import pytest
from troposphere import GetAtt, Join, Parameter, Ref, Sub, Template, encode_to_dict, iam, secretsmanager, sqs

from tests.unit.blocks.existing import MOUNT, NETWORK
from tests.unit.blocks.reasons import reasons
from wildrydes_ml.blocks.access import Access
from wildrydes_ml.blocks.api import add_proxy_stage, add_rest_api
from wildrydes_ml.blocks.batch import BatchSettings, add_batch
from wildrydes_ml.blocks.function import FunctionSettings, Inference, add_inference_function
from wildrydes_ml.blocks.mount import FileSystemMount
from wildrydes_ml.blocks.routes import Route
from wildrydes_ml.blocks.storage import add_storage

VARIABLES, QUEUE, ROLE = "CKV_AWS_173", ("CKV_AWS_116", "LAMBDA_DLQ_CHECK"), "CKV_AWS_111"


def told(template: Template, title: str) -> dict[str, str]:
    return reasons(template.to_dict()["Resources"][title])


def function(template: Template, mount: FileSystemMount | None = None, **more: Any) -> Inference:
    settings = FunctionSettings(**{"name": "", "bucket": "bucket", "key": "code.zip", **more})
    return add_inference_function(template, mount, settings, title="Answer")


def as_json(value: Any) -> str:
    """A name for a test that is the same in every process."""
    return json.dumps(encode_to_dict(value))


def account() -> Template:
    """A template with what variables may refer to."""
    template = Template()
    template.add_parameter(Parameter("Level", Type="String"))
    template.add_parameter(Parameter("Password", Type="String", NoEcho=True))
    template.add_resource(sqs.Queue("Results"))
    template.add_resource(secretsmanager.Secret("Token"))
    template.add_resource(iam.AccessKey("Key", UserName="somebody"))
    return template


@pytest.mark.parametrize(
    "value",
    [
        "info",
        0.5,
        Ref("Level"),
        Ref("Token"),
        Ref("AWS::Region"),
        GetAtt("Results", "QueueName"),
        Sub("${AWS::StackName}-${Level}-${Results.Arn}"),
        Join("/", ["a", Ref("Results")]),
    ],
    ids=as_json,
)
def test_variables_that_a_reader_of_the_stack_can_read_are_no_secrets(value: Any) -> None:
    template = account()
    function(template, environment={"NAME": value})
    assert "no secrets" in told(template, "Answer")[VARIABLES]


@pytest.mark.parametrize(
    "value",
    [
        Ref("Password"),
        Sub("user:${Password}"),
        GetAtt("Key", "SecretAccessKey"),
        Sub("${Key.SecretAccessKey}"),
        "{{resolve:secretsmanager:token}}",
        Join("", ["{{resolve:secretsmanager:", Ref("Token"), "}}"]),
        Ref("Unknown"),
    ],
    ids=as_json,
)
def test_a_variable_that_may_be_a_secret_is_left_to_the_reader(value: Any) -> None:
    template = account()
    function(template, environment={"LEVEL": "info", "NAME": value})
    assert VARIABLES not in told(template, "Answer")


def test_only_a_function_whose_caller_waits_needs_no_dead_letter_queue() -> None:
    alone, routed, batched = Template(), Template(), Template()
    function(alone)
    route = Route(function(routed), "/", "POST")
    add_rest_api(routed, [route, Route(route.inference, "/more", "GET")], Access("API_KEY"))
    settings = BatchSettings(input="pictures", output="results")
    add_batch(batched, function(batched), Ref("AnswerRole"), settings)
    assert not {*QUEUE} & set(told(alone, "Answer"))
    for template, caller in ((routed, "API Gateway"), (batched, "Step Functions")):
        found = told(template, "Answer")
        assert all(found[rule].startswith(f"{caller} waits for the answer") for rule in QUEUE)
        assert {VARIABLES, "LAMBDA_CONCURRENCY_CHECK"} < set(found)


@pytest.mark.parametrize(("on", "suppressed"), [("arn:aws:s3:::pictures/*", True), ("*", False)])
def test_an_own_policy_on_anything_is_left_to_the_reader(on: str, suppressed: bool) -> None:
    template = Template()
    statement = {"Effect": "Allow", "Action": ["s3:PutObject"], "Resource": [on]}
    policy = iam.Policy(PolicyName="Own", PolicyDocument={"Version": "2012-10-17", "Statement": [statement]})
    function(template, MOUNT, policies=[policy])
    assert (ROLE in told(template, "AnswerRole")) == suppressed


def test_a_file_system_without_a_reason_is_said_to_lack_a_backup() -> None:
    silent, said = Template(), Template()
    add_storage(silent, NETWORK, ["sg-1"])
    add_storage(said, NETWORK, ["sg-1"], no_backup_because="It is a cache")
    assert told(silent, "FileSystemResource") == {}
    assert told(said, "FileSystemResource") == {"EFS_RESOURCES_PROTECTED_BY_BACKUP_PLAN": "It is a cache."}


def test_what_is_asked_again_is_not_said_to_be_posted_once() -> None:
    cached = {}
    for requests in ("", "picture"):
        template = Template()
        route = Route(function(template), "/", "GET")
        add_proxy_stage(template, add_rest_api(template, [route], Access("API_KEY"), title="A", requests=requests))
        cached[requests] = told(template, "AProdStage")["CKV_AWS_120"]
    assert "posted once" not in cached[""]
    assert cached["picture"].startswith("Each picture is posted once")

"""A deploy that finds nothing to do asks AWS little, whatever the application; each of its calls is named here."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from troposphere.sqs import Queue

from wildrydes_ml import Access, App, ExistingNetwork, Filling, Storage, allow
from wildrydes_ml.aws.session import connect
from wildrydes_ml.aws.target import Target
from wildrydes_ml.deploy import deployer, health
from wildrydes_ml.deploy.settings import Settings
from wildrydes_ml.deployment import Code, Deployment, Stack, StackOutput
from wildrydes_ml.template.source import read
from wildrydes_ml.testing import Said

from ..wire import Wire
from .conftest import client

MOST = 14
HANDLER = """
def answer(event, context):
    return {"statusCode": 200, "headers": {"Content-Type": "application/json"}, "body": '{"label": "positive"}'}
"""
QUEUE = """
Parameters:
  Seconds: {Type: Number, Default: 60}
Resources:
  Orders: {Type: AWS::SQS::Queue, Properties: {VisibilityTimeout: !Ref Seconds}}
Outputs:
  QueueArn: {Value: !GetAtt Orders.Arn}
"""
READER = """
Parameters:
  From: {Type: String}
  DataBucket: {Type: String}
  CodeKey: {Type: String}
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement: [{Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: sts:AssumeRole}]
  Reader:
    Type: AWS::Lambda::Function
    Properties:
      Code: {S3Bucket: !Ref DataBucket, S3Key: !Ref CodeKey}
      Handler: app.answer
      Runtime: python3.13
      Role: !GetAtt Role.Arn
      Environment: {Variables: {FROM: !Sub 'of ${From}'}}
Outputs:
  Function: {Value: !Ref Reader}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in {
        "handler/app.py": HANDLER,
        "queue.yml": QUEUE,
        "reader.yml": READER,
        "model/a.json": "[]",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def everything(folder: Path) -> Deployment:
    """An App with all that one can have."""
    app = App(
        "moods",
        network=ExistingNetwork(zones=2, filler="public"),
        storage=Storage(throughput_mode="elastic"),
        filling=Filling(packages=["six==1.17.0"], model=str(folder / "model")),
        access=Access("API_KEY", rate=5, burst=10),
    )
    results = app.add(Queue("Results", SqsManagedSseEnabled=True))
    function = app.function(
        "Answer",
        code=str(folder / "handler"),
        handler="app.answer",
        environment={"QUEUE_URL": results},
        may=[allow("sqs:SendMessage", results)],
    )
    ask = app.route("POST /", function)
    app.route("GET /health", function, open=True)
    app.alarm("Errors", function.metric("Errors"), above=0)
    app.proof(ask, {"text": "What a wonderful day"}, lambda reply: reply["label"] == "positive")
    return app.deployment()


def of_yaml(folder: Path) -> Deployment:
    """Two files as people have them."""
    queue = Stack(read(folder / "queue.yml"), "queue")
    reader = Stack(read(folder / "reader.yml"), "reader", inputs={"From": (StackOutput("queue", "QueueArn"),)})
    return Deployment("orders", (queue, reader), code=(Code(folder / "handler", runtime="python3.13"),))


def of_stacks(folder: Path, number: int) -> Deployment:
    """So many files with a queue each, and one whose function has what the first gives."""
    reader, queue = of_yaml(folder).stacks[1], read(folder / "queue.yml")
    queues = [Stack(queue, f"q{one}") for one in range(1, number)]
    reader = replace(reader, inputs={"From": (StackOutput("q1", "QueueArn"),)})
    return Deployment("orders", (*queues, reader), code=(Code(folder / "handler", runtime="python3.13"),))


def of_many(folder: Path) -> Deployment:
    """An App with four functions, of which one answers."""
    app = App("jobs", access=Access("API_KEY"))
    first, *_ = [
        app.function(name, code=str(folder / "handler"), handler="app.answer") for name in ("A", "B", "C", "D")
    ]
    app.proof(app.route("POST /", first), {}, lambda reply: reply["label"] == "positive")
    return app.deployment()


WHO = ["sts:GetCallerIdentity"]
OWN_BUCKET = ["s3:GetBucketTagging", "s3:ListObjectsV2"]
GIVEN_BUCKET = ["s3:HeadBucket"] + ["s3:ListObjectsV2"] * 3
# What somebody may have deleted, and the key with which the proof is asked.
PROVEN = [
    "apigateway:GetStages", "lambda:GetAlias",
    "apigateway:GetUsagePlans", "apigateway:GetUsagePlanKeys", "apigateway:GetApiKey", "execute-api:POST",
]  # fmt: skip


def stacks(number: int) -> list[str]:
    """The template of one, or the note on those of several."""
    return ["cloudformation:DescribeStacks", "s3:GetObject" if number > 1 else "cloudformation:GetTemplate"]


@pytest.mark.parametrize(
    ("made", "bucket", "calls"),
    [
        (everything, "", [*WHO, *stacks(1), *OWN_BUCKET, *PROVEN]),
        (everything, "mine", [*WHO, *stacks(1), *GIVEN_BUCKET, *PROVEN]),
        (of_yaml, "", [*WHO, *stacks(2), *OWN_BUCKET, "lambda:GetFunction"]),
        (partial(of_stacks, number=5), "", [*WHO, *stacks(5), *OWN_BUCKET, "lambda:GetFunction"]),
        (partial(of_stacks, number=8), "mine", [*WHO, *stacks(8), *GIVEN_BUCKET, "lambda:GetFunction"]),
        (of_many, "mine", [*WHO, *stacks(1), *GIVEN_BUCKET, *PROVEN, "lambda:ListFunctions"]),
    ],
)
def test_a_deploy_that_changes_nothing_makes_few_calls(
    place: Target, folder: Path, made: Callable[[Path], Deployment], bucket: str, calls: list[str]
) -> None:
    settings, place = Settings((made(folder),), bucket=bucket), replace(place, efs_directory=None)
    if bucket:
        client(place, "s3").create_bucket(Bucket=bucket)
    assert deployer.deploy(connect(place), settings, place, Said()).changed
    with Wire(place.endpoint) as wire:
        seen = replace(place, endpoint=wire.endpoint)
        assert not deployer.deploy(connect(seen), settings, seen, Said()).changed
        asked = [f"{call.service}:{call.operation}" for call in wire.calls]
    assert Counter(asked) == Counter(calls)
    assert len(asked) <= MOST


def test_a_function_that_nobody_asks_is_made_again_when_it_is_gone(place: Target, folder: Path) -> None:
    settings, place = Settings((of_many(folder),)), replace(place, efs_directory=None)
    aws = connect(place)
    outputs = deployer.deploy(aws, settings, place, Said()).outputs
    name = outputs["CFunction"].rpartition(":")[2]
    client(place, "lambda").delete_function(FunctionName=name)
    said = Said()
    assert deployer.deploy(aws, settings, place, said).changed
    assert any("C was deleted outside CloudFormation" in text for text in said.texts("event")), said.texts("event")
    again = aws.stacks.describe("jobs")
    assert again is not None
    assert aws.functions.missing([one for key, one in again.outputs.items() if key.endswith("Function")]) == ()
    assert aws.functions.missing(["no-such-function"]) == ("no-such-function",)


def test_here_the_only_address_is_the_emulator_s(place: Target, folder: Path) -> None:
    settings, place = Settings((of_many(folder),)), replace(place, efs_directory=None)
    said, asked = Said(), Said()
    done = deployer.deploy(connect(place), settings, place, said)
    health.status(connect(place), settings, place, asked)
    address = done.api_url.rstrip("/")
    assert address.startswith(place.endpoint)
    assert f"output Url = {address}" in said.texts("event")
    assert f"  Url = {address}" in asked.texts("output")
    assert not [text for text in (*said.texts("event"), *asked.texts("output")) if "amazonaws.com" in text]


def test_a_change_at_the_console_is_seen_and_undone(place: Target, folder: Path) -> None:
    settings, place = Settings((of_stacks(folder, 3),)), replace(place, efs_directory=None)
    deployer.deploy(connect(place), settings, place, Said())
    cloudformation = client(place, "cloudformation")
    body = cloudformation.get_template(StackName="orders-q2")["TemplateBody"]
    longer = body.replace("!Ref Seconds", "90")
    cloudformation.update_stack(StackName="orders-q2", TemplateBody=longer, Tags=tags(cloudformation, "orders-q2"))
    cloudformation.get_waiter("stack_update_complete").wait(StackName="orders-q2", WaiterConfig={"Delay": 1})
    assert cloudformation.get_template(StackName="orders-q2")["TemplateBody"] == longer
    assert deployer.deploy(connect(place), settings, place, Said()).changed
    assert cloudformation.get_template(StackName="orders-q2")["TemplateBody"] == body


def tags(cloudformation: Any, name: str) -> list[dict[str, str]]:
    return list(cloudformation.describe_stacks(StackName=name)["Stacks"][0]["Tags"])

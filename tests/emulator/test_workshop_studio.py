"""The directory for Workshop Studio, used as Workshop Studio does: assets behind a prefix, the stack that the spec
names with the spec's values, and a participant with the spec's policy."""

import json
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.sweep.place import LIGHT
from wildrydes_ml import web
from wildrydes_ml.aws.target import Target
from wildrydes_ml.cli import main
from wildrydes_ml.deploy.proof import public_url
from wildrydes_ml.studio.directory import directory
from wildrydes_ml.workshop.deployments import deployment, sample
from wildrydes_ml.workshop.settings import wild_rydes

from . import test_rights as rights
from .conftest import client
from .test_expiring import HANDLER
from .test_participant import Rider

place, efs = rights.place, rights.efs

BUCKET, PREFIX = "ws-assets-prod-iad-r-iad-ed304a55c2ca1aee", "371c6734-2735-4958-9b2d-e3ed0ba7a6e5/assets/"
STACK = "ws-event-1-team-1"
MAGIC = {"{{.AssetsBucketName}}": BUCKET, "{{.AssetsBucketPrefix}}": PREFIX}
APP = """
from wildrydes_ml import Access, App

app = App("pinger", access=Access("API_KEY"))
answer = app.function("Answer", code="handler/", handler="app.answer", memory=128, timeout=10)
app.proof(app.route("POST /", answer), {}, lambda reply: reply["ok"])
"""


def provision(place: Target, folder: Path, here: Mapping[str, str]) -> dict[str, str]:
    """What Workshop Studio does with a directory; `here` are the values without which an emulator makes no stack.

    Returns the outputs that participants see.
    """
    spec = yaml.safe_load((folder / "contentspec.yaml").read_text(encoding="utf-8"))
    store = client(place, "s3")
    store.create_bucket(Bucket=BUCKET)
    for path in (folder / "assets").rglob("*"):
        if path.is_file():
            key = f"{PREFIX}{path.relative_to(folder / 'assets').as_posix()}"
            store.put_object(Bucket=BUCKET, Key=key, Body=path.read_bytes())
    (template,) = spec["infrastructure"]["cloudformationTemplates"]
    body = (folder / template["templateLocation"]).read_text(encoding="utf-8")
    values = {one["templateParameter"]: filled(one["defaultValue"]) for one in template["parameters"]} | dict(here)
    formation = client(place, "cloudformation")
    formation.create_stack(
        StackName=STACK, TemplateBody=body, Capabilities=["CAPABILITY_NAMED_IAM"],
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in values.items()],
    )  # fmt: skip
    formation.get_waiter("stack_create_complete").wait(StackName=STACK, WaiterConfig={"Delay": 1})
    (stack,) = formation.describe_stacks(StackName=STACK)["Stacks"]
    outputs = {one["OutputKey"]: one["OutputValue"] for one in stack["Outputs"]}
    return {key: outputs[key] for key in template["participantVisibleStackOutputs"] if key in outputs}


def filled(text: str) -> str:
    for name, value in MAGIC.items():
        text = text.replace(name, value)
    assert "{{" not in text
    return text


def participant(place: Target, folder: Path) -> Rider:
    """Somebody with the policies that the spec names, and no right besides."""
    spec = yaml.safe_load((folder / "contentspec.yaml").read_text(encoding="utf-8"))
    names = spec["awsAccountConfig"]["participantRole"]["iamPolicies"]
    return Rider(place, "participant", [json.loads((folder / name).read_text(encoding="utf-8")) for name in names])


def payload(folder: Path) -> str:
    """What the page has participants send to the function."""
    page = (folder / "content" / "index.en.md").read_text(encoding="utf-8")
    (line,) = [line for line in page.splitlines() if line.startswith("echo ")]
    return shlex.split(line)[1]


def looks(rider: Rider, folder: Path, function: str, group: str) -> str:
    """The page's commands; what the function answers to an invocation."""
    formation = rider.client("cloudformation")
    assert formation.describe_stacks(StackName=STACK)["Stacks"]
    assert formation.list_stack_resources(StackName=STACK)["StackResourceSummaries"]
    assert formation.get_template(StackName=STACK)["TemplateBody"]
    assert rider.client("lambda").get_function_configuration(FunctionName=function)["State"] == "Active"
    reply = rider.client("lambda").invoke(FunctionName=function, Payload=payload(folder))
    assert "events" in rider.client("logs").filter_log_events(logGroupName=group)
    return str(reply["Payload"].read().decode())


def test_the_workshop_answers_in_an_account_of_workshop_studio(place: Target, tmp_path: Path, efs: Path) -> None:
    settings = wild_rydes(LIGHT, overrides={"MinScore": "0.4"})
    folder = tmp_path / "studio"
    directory(settings).write(folder)
    here = {"InternetEgress": "none", "BootstrapInstance": "none", "EFSpath": str(efs), **runtime(place)}
    outputs = provision(place, folder, here)
    assert {"ApiGatewayInvokeURL", "InferenceFunctionTestCommand", "MLInferenceFunction"} <= outputs.keys()

    proof = deployment("short").proof
    assert proof is not None
    picture = sample()
    reply = web.post(public_url(place, proof, outputs), picture.body, {"Content-Type": picture.content_type})
    assert json.loads(reply.body)["validated"]
    answer = looks(participant(place, folder), folder, "ml_inferencefunction", "/aws/lambda/ml_inferencefunction")
    assert json.loads(answer)["statusCode"] == 200
    (stack,) = client(place, "cloudformation").describe_stacks(StackName=STACK)["Stacks"]
    assert {"ParameterKey": "MinScore", "ParameterValue": "0.4"}.items() <= next(
        one for one in stack["Parameters"] if one["ParameterKey"] == "MinScore"
    ).items()


def test_an_app_answers_there_to_a_participant_who_reads_the_key(place: Target, tmp_path: Path) -> None:
    (tmp_path / "handler").mkdir()
    (tmp_path / "handler" / "app.py").write_text(HANDLER)
    (tmp_path / "pinger.py").write_text(APP)
    folder = tmp_path / "studio"
    assert main(["render", "--app", str(tmp_path / "pinger.py"), "--workshop-studio", str(folder)]) == 0
    outputs = provision(place, folder, runtime(place))
    rider = participant(place, folder)
    made = made_by(rider)
    assert (
        json.loads(looks(rider, folder, made["AWS::Lambda::Function"], made["AWS::Logs::LogGroup"]))["statusCode"]
        == 200
    )
    key = rider.client("apigateway").get_api_key(apiKey=made["AWS::ApiGateway::ApiKey"], includeValue=True)["value"]
    url = f"{place.endpoint}/_aws/execute-api/{outputs['ApiId']}/prod/"
    assert web.post(url, b"{}", {"Content-Type": "application/json"}).status == 403
    assert json.loads(web.post(url, b"{}", {"Content-Type": "application/json", "x-api-key": key}).body) == {"ok": True}


def made_by(rider: Rider) -> dict[str, str]:
    """The resources by their types, as the page has participants find them."""
    found: list[dict[str, Any]] = rider.client("cloudformation").list_stack_resources(StackName=STACK)[
        "StackResourceSummaries"
    ]
    return {one["ResourceType"]: one["PhysicalResourceId"] for one in found}


def runtime(place: Target) -> dict[str, str]:
    """The interpreter that the emulator has."""
    return {"PythonRuntime": place.parameters["PythonRuntime"]}

"""After a deploy the plan is empty, on MiniStack: with settings that change nothing, and after somebody's deletions."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from wildrydes_ml.aws.session import Aws, connect
from wildrydes_ml.aws.target import Target
from wildrydes_ml.deploy import drift
from wildrydes_ml.deploy.deployer import Deployer
from wildrydes_ml.deploy.steps import Step, WarmUp
from wildrydes_ml.testing import Said
from wildrydes_ml.workshop import templates
from wildrydes_ml.workshop.settings import wild_rydes

from ..wire import Wire
from .conftest import client

FUNCTION = "ml_inferencefunction"
STACKS = {"long": "wildrydes-ml-mod5-inf", "short": "wildrydes-ml-mod5-complete"}
ROUTES = pytest.mark.parametrize("route", STACKS)

# Deployed one after the other: every parameter that the emulator leaves open, each with and without the one before.
HISTORY: list[dict[str, str]] = [
    {},
    {"Packages": "six==1.17.0"},
    {"Packages": "six==1.17.0", "ModelSha256": "ab" * 32},
    {"ModelSha256": "ab" * 32, "SshCidr": "192.0.2.0/24"},
    {"PythonRuntime": "python3.12", "BootstrapInstanceType": "m5.large"},
    {"ThroughputMode": "elastic", "ProvisionedThroughputInMibps": "20"},
    {"ThroughputMode": "elastic", "ProvisionedThroughputInMibps": "30"},
    {"AvailabilityZoneOne": "us-east-1c", "AvailabilityZoneTwo": "us-east-1d", "Architecture": "arm64"},
    {"MemorySize": "2048", "Timeout": "60"},
    {"MinScore": "0.5", "Engine": "litert"},
    {"ApiAuth": "API_KEY", "ThrottleRate": "7"},
    {"ApiAuth": "AWS_IAM", "ThrottleBurst": "9"},
    {"ReservedConcurrency": "3", "ProvisionedConcurrency": "1"},
    {"LogRetentionDays": "30", "PrivateImageHosts": "pictures.internal:8080"},
    {"FunctionName": "other"},
    {"ModelUrl": "https://example.com/model.tar.gz"},
]


@pytest.fixture
def place(place: Target) -> Target:
    """The emulator without a directory for EFS: what is on it is not looked at here."""
    return replace(place, efs_directory=None)


def deployer(aws: Aws, place: Target, **settings: Any) -> Deployer:
    return Deployer.planned(aws, wild_rydes(**settings), place, Said())


def deployed(aws: Aws, place: Target, **settings: Any) -> None:
    """Takes every step but warming up."""
    work = deployer(aws, place, **settings)
    for step in work.plan.steps:
        if not isinstance(step, WarmUp):
            work.run(step)


def planned(aws: Aws, place: Target, **settings: Any) -> list[Step]:
    """The steps of a deploy and those of `--plan`, which are left out where CloudFormation finds nothing."""
    work = deployer(aws, place, **settings)
    steps = work.plan.steps
    return [*steps, *work.detailed(steps)]


@ROUTES
def test_after_each_deploy_nothing_is_left_to_do(aws: Aws, place: Target, route: str) -> None:
    network = tuple(templates.TEMPLATES["efs_99.yml"]().resources)
    for overrides in HISTORY:
        if route == "short" and "FunctionName" in overrides:
            continue  # refused
        settings: dict[str, Any] = {
            "route": route, "overrides": overrides, "reset": ("all",), "allow_replace": network
        }  # fmt: skip
        deployed(aws, place, **settings)
        assert planned(aws, place, **settings) == [], overrides


def function_is_gone(place: Target, api: str) -> None:
    client(place, "lambda").delete_function(FunctionName=FUNCTION)


def alias_is_gone(place: Target, api: str) -> None:
    client(place, "lambda").delete_alias(FunctionName=FUNCTION, Name="live")


def api_is_gone(place: Target, api: str) -> None:
    client(place, "apigateway").delete_rest_api(restApiId=api)


def stage_is_gone(place: Target, api: str) -> None:
    client(place, "apigateway").delete_stage(restApiId=api, stageName="prod")


@ROUTES
@pytest.mark.parametrize("lose", [function_is_gone, alias_is_gone, stage_is_gone, api_is_gone])
def test_what_somebody_deleted_is_made_again(
    aws: Aws, place: Target, route: str, lose: Callable[[Target, str], None]
) -> None:
    deployed(aws, place, route=route)
    before = output(aws, route)
    files = client(place, "efs").describe_file_systems()["FileSystems"]
    lose(place, before)
    assert planned(aws, place, route=route)
    deployed(aws, place, route=route)
    assert planned(aws, place, route=route) == []
    now = output(aws, route)
    assert (now == before) == (lose is not api_is_gone)
    assert client(place, "lambda").get_alias(FunctionName=FUNCTION, Name="live")["Name"] == "live"
    assert [stage["stageName"] for stage in client(place, "apigateway").get_stages(restApiId=now)["item"]] == ["prod"]
    assert client(place, "efs").describe_file_systems()["FileSystems"] == files


@pytest.mark.parametrize(("route", "calls"), [("long", 11), ("short", 7)])
def test_a_deploy_that_finds_nothing_to_do_makes_few_calls(aws: Aws, place: Target, route: str, calls: int) -> None:
    """Of which the last one, on the short route the last two, look for what somebody deleted.

    Nothing was proven here, so no note spares the long route its look at two templates.
    """
    deployed(aws, place, route=route)
    with Wire(place.endpoint) as wire:
        seen = replace(place, endpoint=wire.endpoint)
        assert deployer(connect(seen), seen, route=route).plan.steps == ()
        made = [f"{call.service}:{call.operation}" for call in wire.calls]
    assert len(made) == calls, made
    looks = {"lambda:GetAlias"} if route == "long" else {"lambda:GetAlias", "apigateway:GetStages"}
    assert {*made[-len(looks) :]} == looks


def output(aws: Aws, route: str) -> str:
    stack = aws.stacks.describe(STACKS[route])
    assert stack
    return stack.outputs["ModelInferenceApiId"]


def test_what_was_changed_outside_cloudformation_is_shown(aws: Aws, place: Target) -> None:
    """MiniStack compares functions, roles and log groups."""
    deployed(aws, place)
    client(place, "lambda").update_function_configuration(FunctionName=FUNCTION, MemorySize=512)
    client(place, "logs").delete_log_group(logGroupName=f"/aws/lambda/{FUNCTION}")
    said = Said()
    drift.report(aws, [stack for name in STACKS.values() if (stack := aws.stacks.describe(name))], said)
    told = said.texts("output")
    assert "  ModelInferenceFunction (AWS::Lambda::Function) has /MemorySize: 3008 → 512" in told
    assert "  ModelInferenceFunctionLogGroup (AWS::Logs::LogGroup) was deleted" in told
    assert told[0].endswith("2 differ")

"""The presets as tables of parameters: each template takes them, lints clean with them, and costs what is said."""

import json
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from tests.unit import linting
from wildrydes_ml import complete, costs, efs_99
from wildrydes_ml.template import render
from wildrydes_ml.template.effective import effective
from wildrydes_ml.workshop import templates
from wildrydes_ml.workshop.deployments import PRESETS
from wildrydes_ml.workshop.settings import wild_rydes

Stack = Callable[..., dict[str, Any]]

EFS, INFERENCE, COMPLETE = "efs_99.yml", "5_lambda_function.yml", "99_complete.yml"
# What a person or the deployer adds to a preset.
FOUND = {
    "SecurityGroupIds": ["sg-0123456789abcdef0"],
    "SubnetIDs": ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"],
    "AccessPointARN": "arn:aws:elasticfilesystem:us-east-1:123456789012:access-point/fsap-0123456789abcdef0",
    "DataBucket": "pictures",
    "FunctionAlias": "arn:aws:lambda:us-east-1:123456789012:function:ml_inferencefunction:live",
    "FunctionRole": "role-of-the-function",
    "InputBucket": "pictures",
    "OutputBucket": "results",
}


def table(preset: str, name: str, **overrides: str) -> dict[str, Any]:
    """The values of a template's parameters."""
    offered = templates.TEMPLATES[name]().to_dict()["Parameters"]
    values = {**wild_rydes(preset=preset, overrides=overrides).parameter_values(), **FOUND}
    return {key: values[key] for key in offered if key in values}


def test_cfn_lint_accepts_every_template_with_every_preset(tmp_path: Path) -> None:
    """By deployment files, which CloudFormation's Git sync reads, too."""
    render.write(render.render_all(templates.TEMPLATES), tmp_path)
    names = []
    for preset, machine in product(PRESETS, ("x86_64", "arm64")):
        for name in templates.TEMPLATES:
            parameters = table(preset, name, Architecture=machine)
            body = {"template-file-path": name, "parameters": parameters, "tags": {}}
            names.append(f"{preset}-{machine}-{name}.json")
            (tmp_path / names[-1]).write_text(json.dumps(body), encoding="utf-8")
    assert linting.said(tmp_path, "--regions", "us-east-1", "--deployment-files", *names) == []


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("build", [efs_99, complete])
def test_a_preset_can_be_a_templates_defaults(build: Callable[..., Any], preset: str) -> None:
    body = build(defaults=PRESETS[preset]).to_dict()
    defaults = {name: str(row.get("Default", "")) for name, row in body["Parameters"].items()}
    assert defaults.items() >= PRESETS[preset].items()
    assert body["Resources"] == build().to_dict()["Resources"]


BILLED_BY_THE_HOUR = {"AWS::EC2::NatGateway", "AWS::EC2::EIP"}


def kinds(left: dict[str, Any]) -> set[str]:
    return {resource["Type"] for resource in left["Resources"].values()}


@pytest.mark.parametrize("name", [EFS, COMPLETE])
def test_lean_keeps_nothing_that_is_billed_by_the_hour(stack: Stack, name: str) -> None:
    lean, usual = (stack(name, **PRESETS[preset]) for preset in ("lean", "workshop"))
    assert kinds(usual) >= BILLED_BY_THE_HOUR
    assert not kinds(lean) & BILLED_BY_THE_HOUR
    instance = lean["Resources"]["EfsMountEC2Instance"]["Properties"]
    assert instance["InstanceInitiatedShutdownBehavior"] == "terminate"
    assert [disk["Ebs"]["DeleteOnTermination"] for disk in instance["BlockDeviceMappings"]] == [True]
    system = lean["Resources"]["FileSystemResource"]["Properties"]
    assert (system["ThroughputMode"], system.get("ProvisionedThroughputInMibps")) == ("elastic", None)


@pytest.mark.parametrize(
    ("preset", "items", "dollars"),
    [
        (
            "workshop",
            ["EFS throughput", "filling instance", "NAT gateway", "public IPv4", "public IPv4", "disk", "EFS storage"],
            193,
        ),
        ("lean", ["EFS storage"], 0.39),
    ],
)
def test_what_a_preset_costs_idle(preset: str, items: list[str], dollars: float) -> None:
    lines = costs.idle([effective(complete().to_dict(), wild_rydes(preset=preset).parameter_values())])
    assert costs.total(lines) == pytest.approx(dollars, rel=0.01)
    assert all(item in line.item for item, line in zip(items, lines, strict=True))


@pytest.mark.parametrize("name", [EFS, COMPLETE])
def test_lean_differs_where_it_says_so_and_nowhere_else(stack: Stack, name: str) -> None:
    lean, usual = (stack(name, **PRESETS[preset]) for preset in ("lean", "workshop"))
    ways_out = {"NatGateway", "NatPublicIP", "PrivateRoute"}
    assert set(usual["Resources"]) - set(lean["Resources"]) == ways_out
    assert set(lean["Resources"]) - set(usual["Resources"]) == {
        "EgressOnlyInternetGateway", "PrivateIpv6Route", "VPCIpv6Cidr",
    }  # fmt: skip
    assert lean["Outputs"].keys() == usual["Outputs"].keys()


@pytest.mark.parametrize("preset", PRESETS)
def test_a_new_deployment_is_of_the_processor_that_is_proven(preset: str) -> None:
    values = table(preset, COMPLETE)
    assert values["Architecture"] == "x86_64"
    assert "platform_machine=='x86_64'" in values["Packages"]

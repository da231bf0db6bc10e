"""Settings last: what a deploy set holds, and what it left alone follows the new template."""

from dataclasses import replace
from typing import Any

import pytest

from tests.unit.fakes import found_as, wanted
from wildrydes_ml.deploy.planner import FoundStack
from wildrydes_ml.deploy.recall import recall, set_values
from wildrydes_ml.errors import Refused, SettingsError
from wildrydes_ml.template.decode import decode
from wildrydes_ml.template.parameters import defaults
from wildrydes_ml.testing import IDENTITY
from wildrydes_ml.workshop import parameters
from wildrydes_ml.workshop.deployments import PRESETS
from wildrydes_ml.workshop.settings import wild_rydes

EFS, INFERENCE = "wildrydes-ml-mod5", "wildrydes-ml-mod5-inf"
SETTABLE = sorted(set(wild_rydes().rows) - set(wild_rydes().given))


def deployed(route: str = "long", **options: Any) -> dict[str, FoundStack]:
    """The stacks as a deploy with these options leaves them."""
    return {stack.name: found_as(stack) for stack in wanted(route, **options).stacks}


def another(name: str) -> str:
    """A value of the parameter that is not its default."""
    row = parameters.TABLE[name]
    if "AllowedValues" in row:
        return str(next(value for value in row["AllowedValues"] if value != row["Default"]))
    if row["Type"] == "Number":
        return str(row["MinValue"] if row["MinValue"] != row["Default"] else row["MaxValue"])
    return _TEXTS.get(name, "another")


_TEXTS = {
    "BootstrapInstanceType": "c5.xlarge",
    "PythonRuntime": "python3.12",
    "Packages": "six==1.17.0",
    "ModelUrl": "https://example.org/model.tar",
    "ModelSha256": "0" * 64,
    "SshCidr": "192.0.2.0/24",
    "AvailabilityZoneOne": "eu-west-1b",
    "AvailabilityZoneTwo": "eu-west-1c",
    "EFSpath": "/mnt/other",
    "ReservedConcurrency": "3",
    "PermissionsBoundary": "arn:aws:iam::123456789012:policy/students",
    "PrivateImageHosts": "10.0.0.1:80",
}


@pytest.mark.parametrize("route", ["long", "short"])
@pytest.mark.parametrize("name", SETTABLE)
def test_what_was_set_holds(route: str, name: str) -> None:
    zones = {zone: another(zone) for zone in ("AvailabilityZoneOne", "AvailabilityZoneTwo")}
    chosen = zones if name in zones else {name: another(name)}
    settings = recall(wild_rydes(), deployed(route, overrides=chosen), IDENTITY)
    assert settings.route == route
    assert settings.held == chosen
    assert settings.parameter_values().items() >= chosen.items()
    again = recall(wild_rydes(reset=tuple(chosen)), deployed(route, overrides=chosen), IDENTITY)
    assert again.parameter_values()[name] == str(parameters.TABLE[name]["Default"])


@pytest.mark.parametrize("route", ["long", "short"])
def test_a_deploy_that_set_nothing_holds_nothing(route: str) -> None:
    settings = recall(wild_rydes(), deployed(route), IDENTITY)
    assert (settings.held, settings.bucket, settings.route) == ({}, "", route)


def test_a_new_default_reaches_who_left_it_alone_and_nobody_else() -> None:
    stacks = deployed(overrides={"MinScore": "0.5"})
    old = stacks[EFS]
    packages = str(parameters.TABLE["Packages"]["Default"])
    assert packages in old.template
    older = replace(old, template=old.template.replace(packages, "six==1.16.0"))
    stacks[EFS] = replace(
        older, stack=replace(old.stack, parameters={**old.stack.parameters, "Packages": "six==1.16.0"})
    )
    values = recall(wild_rydes(), stacks, IDENTITY).parameter_values()
    assert values["Packages"] == packages
    assert values["MinScore"] == "0.5"
    stacks[EFS] = replace(
        older, stack=replace(old.stack, parameters={**old.stack.parameters, "Packages": "six==1.15.0"})
    )
    assert recall(wild_rydes(), stacks, IDENTITY).parameter_values()["Packages"] == "six==1.15.0"


def test_numbers_are_compared_as_numbers() -> None:
    stack = deployed(overrides={"MinScore": "0.30", "MemorySize": "3008"})[INFERENCE]
    assert "MinScore" not in set_values(stack)


def test_what_is_asked_for_wins_over_what_was_set() -> None:
    stacks = deployed(preset="lean", overrides={"MinScore": "0.5"})
    values = recall(wild_rydes(preset="workshop", overrides={"MinScore": "0.6"}), stacks, IDENTITY).parameter_values()
    assert values["MinScore"] == "0.6"
    assert values.items() >= PRESETS["workshop"].items()
    assert recall(wild_rydes(), stacks, IDENTITY).parameter_values().items() >= PRESETS["lean"].items()


@pytest.mark.parametrize("route", ["long", "short"])
@pytest.mark.parametrize(
    ("preset", "processor"),
    [("", "arm64"), ("lean", "arm64"), ("workshop", "x86_64")],
    ids=lambda text: str(text) or "no",
)
def test_lean_of_a_time_when_it_was_arm64_keeps_its_processor(route: str, preset: str, processor: str) -> None:
    stacks = deployed(route, preset="lean", overrides={"Architecture": "arm64"})
    assert recall(wild_rydes(preset=preset), stacks, IDENTITY).parameter_values()["Architecture"] == processor


def test_reset_all_forgets_everything_that_was_set() -> None:
    stacks = deployed(preset="lean", overrides={"MinScore": "0.5"})
    assert recall(wild_rydes(reset=("all",)), stacks, IDENTITY).held == {}


def test_a_given_bucket_holds() -> None:
    assert recall(wild_rydes(), deployed(bucket="given"), IDENTITY).bucket == "given"
    assert recall(wild_rydes(bucket="other"), deployed(bucket="given"), IDENTITY).bucket == "other"


def test_the_function_s_own_name_follows_the_deployment_s() -> None:
    assert recall(wild_rydes(name="mine"), deployed(name="mine"), IDENTITY).held == {}
    named = deployed(name="mine", overrides={"FunctionName": "other"})
    assert recall(wild_rydes(name="mine"), named, IDENTITY).parameter_values()["FunctionName"] == "other"


def test_another_model_forgets_the_digest_of_the_one_before() -> None:
    stacks = deployed(overrides={"ModelUrl": "https://example.org/a.tar", "ModelSha256": "0" * 64})
    for asked in (
        wild_rydes(model="https://example.org/b.tar"),
        wild_rydes(overrides={"ModelUrl": "https://example.org/b.tar"}),
    ):
        assert "ModelSha256" not in recall(asked, stacks, IDENTITY).held
    assert recall(wild_rydes(overrides={"ModelSha256": "1" * 64}), stacks, IDENTITY).held["ModelUrl"].endswith("a.tar")


def test_what_the_place_decides_is_not_held() -> None:
    stacks = deployed(overrides={"InternetEgress": "none", "MinScore": "0.5"})
    assert recall(wild_rydes(), stacks, IDENTITY, {"InternetEgress"}).held == {"MinScore": "0.5"}


def test_a_parameter_that_is_gone_is_forgotten() -> None:
    stacks = deployed()
    old = stacks[INFERENCE]
    template = old.template.replace("Parameters:\n", "Parameters:\n Gone:\n  Type: String\n  Default: a\n", 1)
    stacks[INFERENCE] = replace(old, template=template, stack=replace(old.stack, parameters={"Gone": "b"}))
    assert set_values(stacks[INFERENCE]) == {"Gone": "b"}
    assert recall(wild_rydes(), stacks, IDENTITY).held == {}


def test_what_was_set_and_is_not_allowed_any_more_is_told_with_what_to_do() -> None:
    stacks = deployed()
    old = stacks[INFERENCE]
    stacks[INFERENCE] = replace(old, stack=replace(old.stack, parameters={**old.stack.parameters, "MinScore": "2"}))
    with pytest.raises(
        SettingsError, match=r"MinScore has the value 2 in the deployed stack.*--set MinScore=VALUE or --reset MinScore"
    ):
        recall(wild_rydes(), stacks, IDENTITY)
    assert recall(wild_rydes(overrides={"MinScore": "1"}), stacks, IDENTITY).parameter_values()["MinScore"] == "1"


def test_both_routes_at_once_need_a_name() -> None:
    with pytest.raises(Refused, match="stacks of several routes"):
        recall(wild_rydes(), deployed() | deployed("short"), IDENTITY)


def test_what_has_no_default_was_set_unless_nobody_sets_it() -> None:
    """A secret cannot be read back: CloudFormation tells asterisks, with which an update keeps it."""
    rows = "Parameters:\n A: {Type: String}\n B: {Type: String, NoEcho: true}\n C: {Type: String, Default: c}\n"
    found = deployed()[INFERENCE]
    stack = replace(found.stack, parameters={"A": "a", "B": "****", "C": "c"})
    assert set_values(replace(found, template=f"{rows}Resources: {{}}", stack=stack)) == {"A": "a", "B": "****"}
    assert set_values(deployed()[INFERENCE]).keys() <= wild_rydes().given.keys()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Parameters:\n  A: {Type: Number, Default: 0.3}\n  B: {Type: String}\nResources: {C: !Ref A}", {"A": "0.3"}),
        ('{"Parameters": {"A": {"Type": "String", "Default": true}}, "Resources": {}}', {"A": "true"}),
        ("Resources: {}", {}),
        ("text", {}),
        ("", {}),
    ],
)
def test_defaults_are_read_from_anybody_s_template(text: str, expected: dict[str, str]) -> None:
    assert defaults(decode(text).get("Parameters", {})) == expected

"""What an update from the version of commit 3fb411b would do, told by CloudFormation's own schemas before any account
is asked: nothing that holds data goes or is replaced, and what was set is held."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

from tests import earlier
from wildrydes_ml.aws.records import Stack, StackResource
from wildrydes_ml.aws.target import Target
from wildrydes_ml.deploy.desired import Desired, DesiredStack, bare_stacks, describe
from wildrydes_ml.deploy.model import Model
from wildrydes_ml.deploy.planner import FoundStack, Observed, plan, refuse_strangers
from wildrydes_ml.deploy.recall import recall
from wildrydes_ml.deploy.steps import ApplyStack
from wildrydes_ml.errors import Refused, SettingsError
from wildrydes_ml.tags import TAG
from wildrydes_ml.template.effective import Effective
from wildrydes_ml.testing import IDENTITY
from wildrydes_ml.workshop import parameters
from wildrydes_ml.workshop.settings import wild_rydes

from .fakes import EFS_OUTPUTS, in_place
from .fakes import resolved as fed

# Why a logical id of the earlier version goes, or one comes; a digest at an id's end is left out.
GONE: dict[str, str] = {}
NEW: dict[str, str] = {}
# Why a resource is replaced at an update to this version, or may be.
REPLACED = {
    "EfsMountEC2Instance": "Its user data fetches the code now. As its disk is on EBS, EC2 stops and starts it.",
    "ModelInferenceFunctionVersion": "A version is a snapshot of the function; its Description has TargetLabel now.",
}
# Why a value that was allowed is none any more; the deploy refuses it with the two ways out.
NARROWER = {
    "PrivateImageHosts": "A version's Description, of at most 256 characters, holds it and TargetLabel.",
}

# As the earlier version's presets had them.
LEAN = {"ThroughputMode": "elastic", "BootstrapInstance": "stop", "InternetEgress": "ipv6", "Architecture": "arm64"}
CHOICES = {
    "untouched": {},
    "lean": LEAN,
    "lean with a key": {**LEAN, "ApiAuth": "API_KEY", "MinScore": "0.4"},
    "signed": {"ApiAuth": "AWS_IAM", "SshCidr": "192.0.2.0/24"},
    "kept warm": {"ProvisionedConcurrency": "1", "ReservedConcurrency": "5"},
    "without instance and egress": {"BootstrapInstance": "none", "InternetEgress": "none"},
    "bursting": {"ThroughputMode": "bursting", "BootstrapInstanceType": "c5.xlarge"},
}
# A legal value of the earlier version for each of its parameters, and never its default.
SET = {
    "ThroughputMode": "elastic", "ProvisionedThroughputInMibps": "20", "InternetEgress": "ipv6",
    "BootstrapInstance": "stop", "BootstrapInstanceType": "c5.xlarge", "Architecture": "arm64",
    "PythonRuntime": "python3.12", "Packages": "six==1.17.0", "ModelUrl": "https://example.com/model.tar.gz",
    "ModelSha256": "ab" * 32, "SshCidr": "192.0.2.0/24", "AvailabilityZoneOne": "us-east-1b",
    "AvailabilityZoneTwo": "us-east-1c", "EFSpath": "/mnt/other", "FunctionName": "special", "MemorySize": "2048",
    "Timeout": "60", "MinScore": "0.4", "Engine": "capi", "ApiAuth": "API_KEY", "ThrottleRate": "6",
    "ThrottleBurst": "12", "ReservedConcurrency": "5", "ProvisionedConcurrency": "1", "LogRetentionDays": "30",
    "PrivateImageHosts": "10.0.0.5:8080",
}  # fmt: skip

ROUTES = ("long", "short")
every_route = pytest.mark.parametrize("route", ROUTES)
every_choice = pytest.mark.parametrize("values", CHOICES.values(), ids=CHOICES)


def test_no_parameter_of_the_earlier_version_is_gone_or_narrower() -> None:
    rows = {
        name: row
        for file in ("efs_99.yml", "5_lambda_function.yml", "99_complete.yml")
        for name, row in earlier.template(file)["Parameters"].items()
    }
    assert {name for name, row in rows.items() if _is_narrower(row, parameters.TABLE.get(name))} == NARROWER.keys()


@every_route
def test_every_setting_is_held(route: str) -> None:
    stacks = deployed(route, SET)
    names = {name for found in stacks.values() for name in found.stack.parameters}
    assert SET.keys() == names - wild_rydes().given.keys(), "a value for every parameter"
    assert {name: wanted(stacks).values[name] for name in SET} == SET


@every_route
def test_what_does_not_suit_any_more_is_refused_with_the_ways_out(route: str) -> None:
    stacks = deployed(route, {"PrivateImageHosts": "10.0.0.5:8080,10.0.0.6:8080,10.0.0.7:8080,10.0.0.8:8080"})
    with pytest.raises(SettingsError, match="add --set PrivateImageHosts=VALUE or --reset PrivateImageHosts"):
        wanted(stacks)
    assert wanted(stacks, reset=("PrivateImageHosts",)).values["PrivateImageHosts"] == ""


@every_route
@every_choice
def test_only_what_the_tables_name_comes_goes_or_is_replaced(route: str, values: Mapping[str, str]) -> None:
    stacks = deployed(route, values)
    for stack in resolved(wanted(stacks)):
        old, new = stacks[stack.name].effective, stack.effective
        before, after = set(map(bare, old["Resources"])), set(map(bare, new["Resources"]))
        assert before - after <= GONE.keys()
        assert after - before <= NEW.keys()
        assert replaced(old, new) <= REPLACED.keys()


def test_every_row_of_the_tables_is_needed() -> None:
    gone, new, moved = set[str](), set[str](), set[str]()
    for route in ROUTES:
        for values in CHOICES.values():
            stacks = deployed(route, values)
            for stack in resolved(wanted(stacks)):
                found = stacks[stack.name].effective
                before, after = set(map(bare, found["Resources"])), set(map(bare, stack.effective["Resources"]))
                gone, new, moved = gone | before - after, new | after - before, moved | replaced(found, stack.effective)
    assert (gone, new, moved) == (set(GONE), set(NEW), set(REPLACED))


@every_route
@every_choice
def test_a_stack_that_the_aws_cli_made_of_the_earlier_template_is_ours(route: str, values: Mapping[str, str]) -> None:
    for name, found in deployed(route, values).items():
        made = [StackResource(title, entry["Type"], "x") for title, entry in found.effective["Resources"].items()]
        untagged = FoundStack(replace(found.stack, tags={}), found.template, tuple(made))
        ours = bare_stacks(wild_rydes())[name]
        refuse_strangers("wildrydes-ml", ours, untagged)
        other = StackResource("Deployment12345678", "AWS::ApiGateway::Deployment", "x")
        with pytest.raises(Refused):
            refuse_strangers("wildrydes-ml", ours, replace(untagged, resources=(*made, other)))


@every_route
@every_choice
def test_the_plan_touches_nothing_that_holds_data(route: str, values: Mapping[str, str]) -> None:
    """Where the instance went by itself it is made anew, in two updates; network and EFS are in none of them."""
    stacks = deployed(route, values)
    desired = wanted(stacks)
    bodies = dict(stacks)
    for step in plan(desired, observed(desired, stacks)):
        if isinstance(step, ApplyStack):
            assert step.kind == "update"
            old, new = bodies[step.desired.name].effective, step.desired.effective
            lasting = {title for title, one in old["Resources"].items() if _holds_data(title, one["Type"])}
            assert lasting <= new["Resources"].keys()
            assert not lasting & replaced(old, new)
            bodies[step.desired.name] = _after(bodies[step.desired.name], step.desired)


def deployed(route: str, values: Mapping[str, str]) -> dict[str, FoundStack]:
    """The stacks of the earlier version, by name, with these values and the defaults of its templates."""
    settings = wild_rydes(route=route)
    files = ["99_complete.yml"] if route == "short" else ["efs_99.yml", "5_lambda_function.yml"]
    return {name: _found(name, file, values) for name, file in zip(settings.stacks, files, strict=True)}


def _found(name: str, file: str, values: Mapping[str, str]) -> FoundStack:
    derived = {
        "DataBucket": f"wildrydes-ml-{IDENTITY.account}-{IDENTITY.region}",
        "CodeKey": f"code/ml_inferencefunction-{'0' * 16}.zip",
        "PreparationKey": f"code/ml_inferencefunction-{'0' * 16}.zip",
        "SecurityGroupIds": EFS_OUTPUTS["DefaultSecurityGroup"],
        "SubnetIDs": f"{EFS_OUTPUTS['PrivateSubnetOne']},{EFS_OUTPUTS['PrivateSubnetTwo']}",
        "AccessPointARN": EFS_OUTPUTS["AccesspointARN"],
        "Revision": "0" * 16,
        "Ipv6AllowedForDualStack": "true" if values.get("InternetEgress") == "ipv6" else "false",
    }
    rows = earlier.template(file)["Parameters"]
    defaults = {key: str(row["Default"]) for key, row in rows.items() if "Default" in row}
    chosen = {key: value for key, value in {**derived, **values}.items() if key in rows}
    outputs = {} if file == "5_lambda_function.yml" else EFS_OUTPUTS
    stack = Stack(name, f"id:{name}", "CREATE_COMPLETE", parameters={**defaults, **chosen}, outputs=outputs,
                  tags={TAG: "wildrydes-ml"})  # fmt: skip
    return FoundStack(stack, earlier.template_text(file))


def wanted(stacks: Mapping[str, FoundStack], **options: Any) -> Desired:
    """What a deploy of this version that names no setting makes of them."""
    settings = recall(wild_rydes(**options), stacks, IDENTITY)
    held = stacks[settings.stacks[0]].stack.parameters
    return describe(settings, Target(), IDENTITY, Model("", digest=held.get("ModelSha256", "")))


def resolved(desired: Desired) -> Iterator[DesiredStack]:
    """Its stacks with what they get from each other."""
    yield from desired.stacks[:-1]
    yield fed(desired, desired.service)


def observed(desired: Desired, stacks: Mapping[str, FoundStack]) -> Observed:
    """The deployment as it is found: all in place, but for the stacks."""
    return in_place(desired, stacks=stacks, keys=())


def bare(title: str) -> str:
    """A logical id without the digest of a snapshot."""
    return re.sub(r"(?<=Deployment)[0-9a-f]{8}$", "", title)


def replaced(old: Effective, new: Effective) -> set[str]:
    """The resources that the update replaces: their types, or properties that are only read at the creation, differ,
    or these refer to a resource that is replaced."""
    both = old["Resources"].keys() & new["Resources"].keys()
    found: set[str] = set()
    while True:
        more = {title for title in both if _is_replaced(old["Resources"][title], new["Resources"][title], found)}
        if more == found:
            return found
        found = more


def _is_replaced(old: Mapping[str, Any], new: Mapping[str, Any], moved: set[str]) -> bool:
    if old["Type"] != new["Type"]:
        return True
    return any(
        _value(old, path) != _value(new, path) or _refers(_value(new, path), moved)
        for path in _create_only(new["Type"])
    )


def _create_only(kind: str) -> list[str]:
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", kind).schema
    return [*schema.get("createOnlyProperties", ()), *schema.get("conditionalCreateOnlyProperties", ())]


def _value(entry: Mapping[str, Any], path: str) -> Any:
    """What is at /properties/One/Two; below a list, the list."""
    found: Any = entry.get("Properties", {})
    for part in path.split("/")[2:]:
        if not isinstance(found, Mapping):
            break
        found = found.get(part)
    return found


def _refers(value: Any, moved: set[str]) -> bool:
    match value:
        case {"Ref": str(name)} | {"Fn::GetAtt": [str(name), *_]}:
            return name in moved
        case Mapping():
            return any(_refers(item, moved) for item in value.values())
        case list():
            return any(_refers(item, moved) for item in value)
    return False


def _is_narrower(old: Mapping[str, Any], new: Mapping[str, Any] | None) -> bool:
    """Whether a value of the old row may be none of the new one; another pattern is taken for a narrower one."""
    if new is None or old["Type"] != new["Type"]:
        return True
    choices = set(map(str, old.get("AllowedValues", ()))) - set(map(str, new.get("AllowedValues", ())))
    return (
        ("AllowedValues" in new and (bool(choices) or "AllowedValues" not in old))
        or new.get("AllowedPattern") not in (None, old.get("AllowedPattern"))
        or new.get("MaxLength", 4096) < old.get("MaxLength", 4096)
        or new.get("MaxValue", 10**9) < old.get("MaxValue", 10**9)
        or new.get("MinValue", 0) > old.get("MinValue", 0)
    )


def _holds_data(title: str, kind: str) -> bool:
    services = ("AWS::EC2::", "AWS::EFS::", "AWS::ApiGateway::RestApi", "AWS::Lambda::Function", "AWS::Logs::")
    return kind.startswith(services) and title not in ("EfsMountEC2Instance", "InstanceSecurityGroup")


def _after(found: FoundStack, desired: DesiredStack) -> FoundStack:
    """The stack after a step that made it so."""
    made = Stack(found.stack.name, found.stack.id, "UPDATE_COMPLETE", parameters=desired.parameters)
    return FoundStack(made, desired.template)

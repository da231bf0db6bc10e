"""After a deploy the next plan is empty, whatever was set before and whatever is set now; and no step was for nothing.

Every pair of settings is deployed one after the other on a model of CloudFormation: an update is refused when nothing
that is made changes, and then the stack keeps its template and its parameters.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from tests.unit.fakes import API_OUTPUTS, EFS_OUTPUTS, nothing_there, resolved, wanted, wired
from wildrydes_ml.aws.records import Stack
from wildrydes_ml.deploy.desired import Desired, DesiredStack
from wildrydes_ml.deploy.planner import FoundStack, Observed, plan
from wildrydes_ml.deploy.steps import ApplyStack, MakeBucket, Step, Upload, Wire
from wildrydes_ml.errors import Refused
from wildrydes_ml.tags import TAG
from wildrydes_ml.template.decode import decode
from wildrydes_ml.testing import Evaluation
from wildrydes_ml.workshop import parameters
from wildrydes_ml.workshop.settings import wild_rydes

EFS, INFERENCE, COMPLETE = "wildrydes-ml-mod5", "wildrydes-ml-mod5-inf", "wildrydes-ml-mod5-complete"
FREE = {
    "ProvisionedThroughputInMibps": "20",
    "BootstrapInstanceType": "m5.large",
    "PythonRuntime": "python3.12",
    "Packages": "six==1.17.0",
    "ModelUrl": "https://example.com/model.tar.gz",
    "ModelSha256": "ab" * 32,
    "SshCidr": "192.0.2.0/24",
    "EFSpath": "/mnt/other",
    "FunctionName": "other",
    "MemorySize": "2048",
    "Timeout": "60",
    "MinScore": "0.5",
    "TargetLabel": "Dog",
    "Signature": "serving_default",
    "ModelWeights": "float16",
    "ModelSamples": "model/f-samples-0123456789abcdef.tar",
    "ThrottleRate": "7",
    "ThrottleBurst": "9",
    "ReservedConcurrency": "3",
    "ProvisionedConcurrency": "1",
    "LogRetentionDays": "30",
    "PermissionsBoundary": "arn:aws:iam::123456789012:policy/students",
    "PrivateImageHosts": "pictures.internal:8080",
}
ZONES = {"AvailabilityZoneOne": "eu-west-1a", "AvailabilityZoneTwo": "eu-west-1b"}
SETTABLE = {name: parameters.TABLE[name] for name in sorted(set(wild_rydes().rows) - set(wild_rydes().given))}


def choices() -> list[dict[str, str]]:
    """Each value of a parameter that has few, both ends of a number's range, one other value of the rest."""
    few = {name: ends(name, entry) for name, entry in SETTABLE.items() if name not in {**FREE, **ZONES}}
    others = [
        {name: str(value)} for name, values in few.items() for value in values if value != SETTABLE[name]["Default"]
    ]
    return [*others, *({name: value} for name, value in FREE.items()), ZONES]


def ends(name: str, entry: Mapping[str, Any]) -> Sequence[Any]:
    """The values of a parameter that says them itself."""
    assert "AllowedValues" in entry or "MinValue" in entry, f"{name} takes any text: add a value for it to FREE"
    return entry["AllowedValues"] if "AllowedValues" in entry else (entry["MinValue"], entry["MaxValue"])


CHOICES = choices()
ONE_EACH = list({tuple(choice): choice for choice in CHOICES}.values())


def test_every_parameter_has_a_choice() -> None:
    assert {name for choice in CHOICES for name in choice} == set(SETTABLE)


@cache
def desired(route: str, chosen: tuple[tuple[str, str], ...]) -> Desired:
    # What the code is does not matter here, and a small directory is packed soon.
    return wanted(route, overrides=dict(chosen), code=Path(__file__).parents[1] / "checks")


@cache
def left(template: str, values: tuple[tuple[str, str], ...]) -> Mapping[str, Any]:
    return Evaluation(decode(template), dict(values)).left()


def made(template: str, values: Mapping[str, str]) -> Mapping[str, Any]:
    """What CloudFormation makes of a template."""
    return left(template, tuple(sorted(values.items())))


class World:
    """What there is, and how it takes a plan's steps."""

    def __init__(self, observed: Observed | None = None) -> None:
        self.observed = observed or nothing_there()
        self.refused: list[str] = []

    def deploy(self, wanted: Desired) -> Sequence[Step]:
        """The plan's steps, taken."""
        planned = plan(wanted, self.observed)
        for step in planned:
            self.take(wanted, step)
        return planned

    def take(self, wanted: Desired, step: Step) -> None:
        match step:
            case MakeBucket():
                self.observed = replace(self.observed, bucket_tags={TAG: wanted.settings.name}, bucket_is_empty=False)
            case Upload(_, key):
                self.observed = replace(self.observed, keys={*self.observed.keys, key})
            case Wire():
                assert wanted.wiring
                self.observed = replace(self.observed, wiring=wired(wanted.wiring))
            case ApplyStack(stack):
                self.apply(self.resolved(wanted, stack), step.kind, bool(step.why))

    def resolved(self, wanted: Desired, stack: DesiredStack) -> DesiredStack:
        if stack.name != wanted.service.name or (not stack.inputs and "Revision" in stack.parameters):
            return stack
        return resolved(wanted, stack)

    def apply(self, stack: DesiredStack, kind: str, may_be_empty: bool) -> None:
        found = self.observed.stacks.get(stack.name)
        assert bool(found) == (kind == "update")
        if found and made(found.template, found.stack.parameters) == made(stack.template, stack.parameters):
            self.refused += [] if may_be_empty else [stack.name]
            return
        outputs = EFS_OUTPUTS if stack.name == EFS else API_OUTPUTS
        there = Stack(stack.name, "id", "CREATE_COMPLETE", "", stack.parameters, outputs, stack.tags)
        stacks = {**self.observed.stacks, stack.name: FoundStack(there, stack.template)}
        self.observed = replace(self.observed, stacks=stacks)


@cache
def first_deploy(route: str, chosen: tuple[tuple[str, str], ...]) -> World:
    """What there is after a deploy where nothing was."""
    world = World()
    world.deploy(desired(route, chosen))
    return world


def settled(route: str, first: Mapping[str, str], second: Mapping[str, str]) -> str:
    """What is wrong after one deploy and another; empty when nothing is."""
    one, two = desired(route, tuple(first.items())), desired(route, tuple(second.items()))
    before = first_deploy(route, tuple(first.items()))
    if fault := unsettled(one, before):
        return f"{first}: {fault}"
    if route == "short" and one.label != two.label:
        with pytest.raises(Refused, match="FunctionName"):
            plan(two, before.observed)
        return ""
    world = World(before.observed)
    world.deploy(two)
    fault = unsettled(two, world)
    return f"{first} → {second}: {fault}" if fault else ""


def unsettled(wanted: Desired, world: World) -> str:
    """What is left to do after a deploy, or what its steps had nothing to change in; empty when nothing is."""
    if left_over := plan(wanted, world.observed):
        return str([step.describe() for step in left_over])
    return f"nothing to change in {world.refused}" if world.refused else ""


@pytest.mark.parametrize("route", ["long", "short"])
def test_after_a_deploy_of_any_settings_after_any_others_nothing_is_left_to_do(route: str) -> None:
    pairs = [(one, two) for one, two in product([{}, *CHOICES], [{}, *CHOICES])]
    assert [fault for one, two in pairs if (fault := settled(route, one, two))] == []


@pytest.mark.parametrize("route", ["long", "short"])
def test_after_a_deploy_of_any_two_settings_nothing_is_left_to_do(route: str) -> None:
    """The second is set beside the first, which holds."""
    pairs = [(one, {**one, **two}) for one, two in product(ONE_EACH, ONE_EACH) if not one.keys() & two.keys()]
    assert [fault for one, two in pairs if (fault := settled(route, one, two))] == []

"""A deployment of an earlier version, updated in place by this one, by both routes; each version is a process."""

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from tests import earlier
from tests.sweep.place import LIGHT
from tests.sweep.state import State, difference, state
from wildrydes_ml.aws.session import connect
from wildrydes_ml.aws.target import Target
from wildrydes_ml.destroy import destroyer
from wildrydes_ml.local import emulator as local
from wildrydes_ml.testing import Said
from wildrydes_ml.workshop.settings import wild_rydes

from .conftest import ROOT, client

pytestmark = pytest.mark.slow

NAME = "veteran"
DRIVER = ROOT / "tests" / "either_version.py"
# What was set once; afterwards nothing is.
CHOICES: dict[str, Any] = {
    "preset": "lean",
    "overrides": {"ApiAuth": "API_KEY", "MinScore": "0.4", "ThrottleBurst": "7", "Packages": "six==1.17.0"},
}
# The emulator makes no IPv6 egress and no instance; the other two of lean's values are stacks' parameters here, too.
LEAN_HERE = {"ThroughputMode": "elastic", "Architecture": "arm64"}
KEPT = {**CHOICES["overrides"], **LEAN_HERE}
# A deployment of the API is a snapshot: its logical id holds a digest of what it shows.
SNAPSHOT = re.compile(r"\w+Deployment[0-9a-f]{8}")
FOREIGN = "theirs.txt"


@dataclass(frozen=True)
class Place:
    """An emulator with one deployment on it."""

    home: Path
    settings: dict[str, Any]
    before: State = field(default_factory=dict)

    @cached_property
    def target(self) -> Target:
        """Where its deployment is."""
        emulator = local.find(self.home)
        assert emulator
        return local.target(self.home, emulator, NAME)

    def client(self, service: str) -> Any:
        """What the user's own tools see."""
        return client(self.target, service)

    def deploy(self, tree: Path, **settings: Any) -> dict[str, Any]:
        """Deploys with the library in that tree; returns the result."""
        told = {
            "home": str(self.home),
            "code": str(LIGHT),
            "settings": {**self.settings, **settings},
            "free": ["Architecture"],
        }
        done = subprocess.run(
            [sys.executable, str(DRIVER)], input=json.dumps(told), capture_output=True, text=True, timeout=600,
            env={**os.environ, "PYTHONPATH": str(tree)}, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        assert Path(result["library"]) == tree
        return result

    def resources(self) -> dict[tuple[str, str], str]:
        """Stack and logical id → physical id; a snapshot under what its id begins with."""
        stacks = self.client("cloudformation")
        return {
            (name, SNAPSHOT.sub("snapshot", item["LogicalResourceId"])): item["PhysicalResourceId"]
            for name in self.parameters()
            for item in stacks.list_stack_resources(StackName=name)["StackResourceSummaries"]
        }

    def parameters(self) -> dict[str, dict[str, str]]:
        """Those of each stack."""
        found = self.client("cloudformation").describe_stacks()["Stacks"]
        return {
            stack["StackName"]: {one["ParameterKey"]: one["ParameterValue"] for one in stack["Parameters"]}
            for stack in found
        }

    def keys(self) -> dict[str, str]:
        """Id → value of each API key."""
        return {one["id"]: one["value"] for one in self.client("apigateway").get_api_keys(includeValues=True)["items"]}

    def plans(self) -> dict[str, list[str]]:
        """Id of each usage plan → the keys in it."""
        gateway = self.client("apigateway")
        return {
            plan["id"]: [key["id"] for key in gateway.get_usage_plan_keys(usagePlanId=plan["id"])["items"]]
            for plan in gateway.get_usage_plans()["items"]
        }

    def destroy(self) -> None:
        """Removes the deployment with this version; the emulator stays and can be looked at."""
        destroyer.destroy(connect(self.target), wild_rydes(name=NAME), self.target, Said(), lambda _: None)


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return earlier.extract(tmp_path_factory.mktemp("earlier"))


@pytest.fixture(scope="module")
def filled(old: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory that stands for EFS, as the earlier version leaves it."""
    home = tmp_path_factory.mktemp("filled") / "home"
    local.start(home)
    try:
        Place(home, {"name": NAME}).deploy(old, **CHOICES)
    finally:
        local.stop(home)
    return local.efs_directory(home, NAME)


@pytest.fixture(params=["long", "short"])
def upgraded(request: pytest.FixtureRequest, old: Path, filled: Path, home: Path) -> Place:
    """A place where the earlier version deployed, in somebody's bucket on the short route."""
    local.start(home)
    given = {"bucket": "somebodys-bucket"} if request.param == "short" else {}
    place = Place(home, {"name": NAME, **given})
    if given:
        place.client("s3").create_bucket(Bucket=given["bucket"])
        place.client("s3").put_object(Bucket=given["bucket"], Key=FOREIGN, Body=b"")
    place = Place(home, place.settings, state(place.client))
    shutil.copytree(filled, local.efs_directory(home, NAME), symlinks=True)
    assert place.deploy(old, route=request.param, **CHOICES)["changed"]
    return place


def test_an_earlier_deployment_is_updated_in_place_and_removed_whole(upgraded: Place) -> None:
    resources, parameters = upgraded.resources(), upgraded.parameters()
    keys, plans = upgraded.keys(), upgraded.plans()
    assert len(keys) == len(plans) == 1
    now = Place(upgraded.home, {"name": NAME})  # which names no setting, and not the bucket

    assert now.deploy(ROOT)["changed"]
    found = now.resources()
    assert resources.keys() == found.keys()
    moved = {name for name, physical in found.items() if resources[name] != physical}
    assert {logical for _, logical in moved} <= {"snapshot"}
    assert (now.keys(), now.plans()) == (keys, plans)
    after = now.parameters()
    changed = {name for stack, one in parameters.items() for name in one if after[stack][name] != one[name]}
    assert changed <= {"Revision"}
    assert {name: value for one in after.values() for name, value in one.items() if name in KEPT} == KEPT

    assert not now.deploy(ROOT)["changed"]
    now.destroy()
    assert difference(upgraded.before, state(now.client)) == ""


def test_what_was_set_can_be_set_otherwise_at_the_update(upgraded: Place) -> None:
    upgraded.deploy(ROOT, overrides={"ApiAuth": "NONE"}, reset=["MinScore"])
    merged = {name: value for one in upgraded.parameters().values() for name, value in one.items()}
    assert {name: merged[name] for name in KEPT} == KEPT | {"ApiAuth": "NONE", "MinScore": "0.3"}
    assert (upgraded.keys(), upgraded.plans()) == ({}, {})

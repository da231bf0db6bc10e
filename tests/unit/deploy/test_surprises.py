"""What an update does that its settings do not tell: the words, and when they are said."""

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from tests.unit.fakes import FakeAws, wanted
from wildrydes_ml.aws.records import StackEvent
from wildrydes_ml.aws.target import Target
from wildrydes_ml.deploy.deployer import Deployer, preview
from wildrydes_ml.deploy.steps import ApplyStack, change_line
from wildrydes_ml.deploy.surprises import explained, perhaps, throughput_changes, throughput_warning
from wildrydes_ml.errors import Refused
from wildrydes_ml.template.change import ResourceChange
from wildrydes_ml.template.effective import Effective
from wildrydes_ml.testing import Said
from wildrydes_ml.workshop.settings import wild_rydes

EFS = "wildrydes-ml-mod5"
FILE_SYSTEM = "AWS::EFS::FileSystem"
NOW = datetime(2026, 11, 27, 12, 0, tzinfo=timezone.utc)
IMAGE = ResourceChange("EfsMountEC2Instance", "AWS::EC2::Instance", "Modify", "True", ("ImageId",))
FILLER = ("EfsMountEC2Instance",)
BLOCK = ResourceChange("PrivateSubnetOne", "AWS::EC2::Subnet", "Modify", "Conditional", ("Ipv6CidrBlock",))
MOUNT = ResourceChange("MountTargetResource1", "AWS::EFS::MountTarget", "Modify", "Conditional", ("SubnetId",))


def updated(hours: float, now: datetime = NOW, **more: Any) -> StackEvent:
    """The file system's update so many hours ago."""
    facts = {"resource": "FileSystemResource", "type": FILE_SYSTEM, "status": "UPDATE_COMPLETE", **more}
    return StackEvent("e", now - timedelta(hours=hours), reason="", **facts)


# Throughput.


@pytest.mark.parametrize(
    ("before", "after", "is_held_back"),
    [
        ({}, {}, False),
        ({}, {"ThroughputMode": "elastic"}, True),
        ({"ThroughputMode": "elastic"}, {}, True),
        ({"ThroughputMode": "bursting"}, {"ThroughputMode": "elastic"}, True),
        ({}, {"ProvisionedThroughputInMibps": "20"}, False),
        ({}, {"ProvisionedThroughputInMibps": "9"}, True),
        ({"ThroughputMode": "elastic"}, {"ThroughputMode": "elastic", "ProvisionedThroughputInMibps": "9"}, False),
        ({}, {"InternetEgress": "ipv6"}, False),
    ],
    ids=str,
)
@pytest.mark.parametrize("route", ["long", "short"])
def test_a_change_of_mode_and_a_decrease_are_held_back(
    route: str, before: dict[str, str], after: dict[str, str], is_held_back: bool
) -> None:
    old, new = (wanted(route, overrides=values).stacks[0].effective for values in (before, after))
    assert throughput_changes(old, new) == (["FileSystemResource"] if is_held_back else [])


def test_a_file_system_that_is_new_or_goes_is_not_held_back() -> None:
    made = wanted().stacks[0].effective
    none: Effective = {"Resources": {}, "Outputs": {}}
    assert throughput_changes(none, made) == throughput_changes(made, none) == []


def test_an_update_in_the_last_day_is_named_with_the_time_from_which_it_works() -> None:
    events = [updated(30), updated(20), updated(3), updated(1, resource="Other"), updated(1, status="UPDATE_FAILED")]
    told = throughput_warning("s", "FileSystemResource", events, NOW)
    assert "updated at 2026-11-27 09:00 UTC" in told
    assert told.endswith("this update fails and is rolled back, until 2026-11-28 09:00 UTC")


@pytest.mark.parametrize("events", [[], [updated(24)], [updated(1, status="CREATE_COMPLETE")]], ids=len)
def test_without_one_the_rule_is_told(events: list[StackEvent]) -> None:
    told = throughput_warning("s", "FileSystemResource", events, NOW)
    assert "only 24 hours after the last change. If there was one" in told


def warned(aws: FakeAws, target: Target | None = None, **values: str) -> list[str]:
    said = Said()
    preview(aws.gateways, wild_rydes(overrides=values), target or Target(), said)
    return [text for text in said.texts("warning") if "throughput" in text]


@pytest.fixture
def aws() -> FakeAws:
    """With a deployment by the long route."""
    aws = FakeAws()
    deployer = Deployer.planned(aws.gateways, wild_rydes(), Target(), Said())
    for step in deployer.plan.steps:
        deployer.run(step)
    return aws


def test_a_plan_warns_by_what_the_stack_s_events_tell(aws: FakeAws) -> None:
    (told,) = warned(aws, ThroughputMode="elastic")
    assert f"stack {EFS}: the throughput of FileSystemResource changes" in told
    assert "If there was one" in told
    aws.stacks.history[EFS].append(updated(5, now=datetime.now(timezone.utc)))
    (told,) = warned(aws, ThroughputMode="elastic")
    assert "FileSystemResource was updated at" in told


def test_nothing_is_said_of_other_changes_and_of_an_emulator(aws: FakeAws) -> None:
    assert warned(aws, MinScore="0.4") == warned(aws, ProvisionedThroughputInMibps="20") == []
    assert warned(aws, Target(endpoint="http://127.0.0.1"), ThroughputMode="elastic") == []


# Replacements.


def test_a_newer_image_is_explained() -> None:
    told = "a newer Amazon Linux image; EFS keeps its content, and nothing is installed again"
    assert explained(IMAGE, FILLER) == told
    assert change_line(IMAGE, FILLER) == f"Modify EfsMountEC2Instance (AWS::EC2::Instance), replaced: {told}"
    assert "image" not in explained(replace(IMAGE, causes=("ImageId", "UserData")), FILLER)
    assert "nothing is installed again" in explained(replace(IMAGE, causes=()), FILLER)


@pytest.mark.parametrize("route", ["long", "short"])
def test_the_plan_explains_the_instance_that_fills_efs(route: str) -> None:
    step = ApplyStack(wanted(route).stacks[0], "update", changes=(IMAGE, replace(IMAGE, logical_id="TheirInstance")))
    ours, theirs = step.describe().splitlines()[1:]
    assert ours.endswith("nothing is installed again")
    assert theirs.endswith("TheirInstance (AWS::EC2::Instance), replaced")


@pytest.mark.parametrize(
    "change",
    [
        replace(IMAGE, replacement="False"),
        replace(IMAGE, action="Add"),
        replace(IMAGE, action="Remove"),
        replace(IMAGE, logical_id="TheirInstance"),
        replace(BLOCK, replacement="True"),
        replace(BLOCK, causes=("CidrBlock", "Ipv6CidrBlock")),
        replace(BLOCK, causes=()),
        replace(MOUNT, causes=("FileSystemId",)),
    ],
    ids=str,
)
def test_what_is_not_known_to_be_harmless_is_not_called_so(change: ResourceChange) -> None:
    assert explained(change, FILLER) == ""


def test_an_ipv6_block_is_explained_with_what_follows_its_subnet() -> None:
    assert "Ipv6CidrBlock changes, which EC2 does in place" in explained(BLOCK)
    assert explained(MOUNT) == "only if its subnet is replaced"
    assert perhaps([replace(BLOCK, replacement="True")]) == ""
    assert perhaps([MOUNT]) == '"Perhaps replaced" means that CloudFormation cannot tell beforehand.'
    assert "Here a subnet's Ipv6CidrBlock changes. EC2 adds and removes it in place" in perhaps([MOUNT, BLOCK])


def test_the_plan_marks_them_and_the_refusal_explains_them(aws: FakeAws) -> None:
    aws.stacks.changes[EFS] = (BLOCK, MOUNT)
    said = Said()
    with pytest.raises(Refused) as refused:
        preview(aws.gateways, wild_rydes(overrides={"InternetEgress": "ipv6"}), Target(), said)
    (plan,) = [text for text in said.texts("plan") if "update" in text and EFS in text and "Subnet" in text]
    assert f"  {change_line(BLOCK)}" in plan.splitlines()
    told = str(refused.value)
    assert told.index("cannot tell beforehand") < told.index("--allow-replace PrivateSubnetOne")
    assert "the update is rolled back" in told


def test_a_deploy_says_of_each_change_why_it_is_harmless(aws: FakeAws) -> None:
    aws.stacks.changes[EFS] = (IMAGE,)
    said = Said()
    deployer = Deployer.planned(aws.gateways, wild_rydes(overrides={"SshCidr": "10.0.0.0/8"}), Target(), said)
    for step in deployer.plan.steps:
        if isinstance(step, ApplyStack) and step.desired.name == EFS:
            deployer.run(step)
    assert f"{EFS}  {change_line(IMAGE, FILLER)}" in said.texts("event")

"""The stack of the machine beside a deployment: it has the deployment's tags, and keeps nothing of it from its end."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from wildrydes_ml.aws.facts import Reach, Unknown
from wildrydes_ml.aws.records import FunctionFacts, Stack
from wildrydes_ml.aws.target import Target
from wildrydes_ml.batches import places, site
from wildrydes_ml.batches.site import Site
from wildrydes_ml.deploy import health
from wildrydes_ml.deploy.deployer import Deployer
from wildrydes_ml.errors import InterruptedWork, SettingsError, WildrydesError
from wildrydes_ml.tags import BESIDE_TAG, CLASS_TAG, EXPIRES_TAG, STUDENT_TAG, TAG
from wildrydes_ml.testing import Response, Said, serving
from wildrydes_ml.workshop.settings import wild_rydes

from ..fakes import HORSE_ANSWER, FakeAws

FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:ml_inferencefunction:live"
BATCH = "wildrydes-ml-batch"
PAST = "2026-01-31T18:00:00Z"


class Account(FakeAws):
    """An account whose stack of the machine tells the machine."""

    def outputs(self, stack: Stack) -> Mapping[str, str]:
        return {"BatchMachine": "arn:machine"} if stack.name == BATCH else super().outputs(stack)


@pytest.fixture
def aws() -> Iterator[Account]:
    """An account with Wild Rydes, which has expired."""
    with serving(lambda request: Response(200, HORSE_ANSWER.encode(), {"Content-Type": "application/json"})) as url:
        account = Account(url)
        asked = wild_rydes(expires=PAST, tags={"team": "rides"})
        deployer = Deployer.planned(account.gateways, asked, Target(), Said())
        for step in deployer.plan.steps:
            deployer.run(step)
        yield account


def found(aws: Account) -> Site:
    settings = wild_rydes()
    stacks = tuple(health.find_stacks(aws.gateways, settings))
    facts = FunctionFacts("ml_inferencefunction", "role", 3008, 90, "x86_64", mounts=True, subnets=("subnet-a",))
    return Site(settings, stacks, health.outputs(settings, list(stacks)), FUNCTION, facts)


def made(aws: Account, *, exists: bool = True) -> str:
    there = found(aws)
    run = places.run("s3://pics/p/", "", "wildrydes-ml-123456789012-eu-west-1", "wildrydes-ml")
    machines: Any = Machines(exists)
    machine, _ = site.machine(aws.gateways, machines, there, Target(), run, Said(), concurrency=2, tolerated=5)
    return machine


class Machines:
    """Step Functions without an execution."""

    def __init__(self, exists: bool) -> None:
        self._exists = exists

    def exists(self, machine: str) -> bool:
        return self._exists

    def executions(self, machine: str, begin: str = "", status: str = "") -> list[Any]:
        return []


def test_the_stack_has_a_person_s_tags_and_never_an_expiry_of_its_own(aws: Account) -> None:
    assert made(aws) == "arn:machine"
    tags = aws.stacks.stacks[BATCH].tags
    assert tags == {TAG: "wildrydes-ml", BESIDE_TAG: "batch", "team": "rides"}
    assert EXPIRES_TAG in aws.stacks.stacks["wildrydes-ml-mod5-inf"].tags


def test_the_stack_of_a_student_tells_whose_it_is_and_of_which_class(aws: Account) -> None:
    join_a_class(aws)
    made(aws)
    own = {CLASS_TAG: "room", STUDENT_TAG: "anna"}
    assert aws.stacks.stacks[BATCH].tags == {TAG: "wildrydes-ml", BESIDE_TAG: "batch", "team": "rides", **own}


@pytest.mark.parametrize(
    ("changed", "mounts", "told"),
    [
        ({"ThroughputMode": "provisioned", "ProvisionedThroughputInMibps": "15"}, True, (45, False)),
        ({"ThroughputMode": "elastic"}, True, (10_240, True)),
        ({"ThroughputMode": "bursting"}, True, (300, False)),
        ({"ThroughputMode": "elastic"}, False, (math.inf, False)),
        ({"ThroughputMode": ""}, True, (math.inf, False)),
    ],
)
def test_what_efs_gives_to_cold_starts(
    aws: Account, changed: Mapping[str, str], mounts: bool, told: tuple[float, bool]
) -> None:
    """EFS counts what is read as a third of what was reserved."""
    there = found(aws)
    stacks = tuple(replace(one, parameters={**one.parameters, **changed}) for one in there.stacks)
    assert replace(there, stacks=stacks, facts=replace(there.facts, mounts=mounts)).throughput == told


@pytest.mark.parametrize(
    ("contents", "mib"), [("packages 999 MB, prepared for litert, a cold start reads 74 MB", 70.6), ("", 0)]
)
def test_what_a_cold_start_reads_is_what_the_filling_told(aws: Account, contents: str, mib: float) -> None:
    told = replace(found(aws), outputs={"EFSContents": contents})
    assert told.start_mib == pytest.approx(mib, abs=0.05)


def join_a_class(aws: Account) -> None:
    """The function's stack becomes a student's."""
    name, own = "wildrydes-ml-mod5-inf", {CLASS_TAG: "room", STUDENT_TAG: "anna"}
    aws.stacks.stacks[name] = replace(stack := aws.stacks.stacks[name], tags={**stack.tags, **own})


def test_a_student_s_function_that_cannot_reach_s3_is_told_before_anything_starts(aws: Account) -> None:
    aws.account.answers["reach"] = Reach(outside=True, only_ipv6=True)
    site.refuse_cut_off(aws.gateways, found(aws))  # whose own stack gets an endpoint
    join_a_class(aws)
    with pytest.raises(SettingsError, match=r"the network of class room has no NAT gateway, .* InternetEgress=nat"):
        site.refuse_cut_off(aws.gateways, found(aws))
    assert BATCH not in aws.stacks.stacks


@pytest.mark.parametrize(
    "reach", [Reach(outside=True), Reach(False, frozenset({"s3"})), Unknown("denied", "ec2:DescribeRouteTables")]
)
def test_a_student_s_function_that_reaches_s3_or_perhaps_does_is_not_refused(
    aws: Account, reach: Reach | Unknown
) -> None:
    aws.account.answers["reach"] = reach
    join_a_class(aws)
    site.refuse_cut_off(aws.gateways, found(aws))


def test_status_tells_the_expiry_and_asks_the_api_whatever_became_of_the_machine_s_stack(aws: Account) -> None:
    made(aws)
    aws.stacks.put(BATCH, "ROLLBACK_COMPLETE", tags=aws.stacks.stacks[BATCH].tags)
    said = Said()
    assert health.status(aws.gateways, wild_rydes(), Target(), said).answer
    assert [record["expires"] for _, _, record in said.lines if "expires" in record] == [PAST]


def test_a_machine_that_another_command_turned_to_other_pictures_is_told(aws: Account) -> None:
    made(aws)
    bucket = "wildrydes-ml-123456789012-eu-west-1"
    site.refuse_changed(aws.gateways, found(aws), places.run("s3://pics/p/", "", bucket, "wildrydes-ml"))
    site.refuse_changed(aws.gateways, found(aws), places.run("s3://pics/q/", "", bucket, "wildrydes-ml"))
    for pictures, to in (("s3://other/p/", ""), ("s3://pics/p/", "s3://pics/results/")):
        with pytest.raises(InterruptedWork, match="wildrydes-ml-batch: another command has changed it for other"):
            site.refuse_changed(aws.gateways, found(aws), places.run(pictures, to, bucket, "wildrydes-ml"))
    del aws.stacks.stacks[BATCH]
    with pytest.raises(InterruptedWork):
        site.refuse_changed(aws.gateways, found(aws), places.run("s3://pics/p/", "", bucket, "wildrydes-ml"))


def test_a_machine_that_somebody_deleted_comes_back_when_its_stack_is_deleted(aws: Account) -> None:
    made(aws)
    place = "--stack-name wildrydes-ml-batch --region eu-west-1"
    told = f"was deleted: its stack holds no data, so delete it with: aws cloudformation delete-stack {place} && "
    with pytest.raises(WildrydesError, match=told):
        made(aws, exists=False)
    aws.stacks.delete(BATCH)
    assert made(aws) == "arn:machine"

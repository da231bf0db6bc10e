"""Every deployment of an account and region: found by its tag, with age, cost and expiry."""

import json
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from tests.unit.fakes import FakeAws
from wildrydes_ml.aws.target import Target
from wildrydes_ml.deploy import survey
from wildrydes_ml.deploy.deployer import Deployer
from wildrydes_ml.errors import OutOfReach, WildrydesError
from wildrydes_ml.tags import BESIDE_TAG, EXPIRES_TAG, TAG
from wildrydes_ml.testing import FakeStacks, Said
from wildrydes_ml.workshop.settings import wild_rydes

NOW = datetime(2026, 11, 27, 12, tzinfo=timezone.utc)
PAST, FUTURE = "2026-11-27T09:00:00Z", "2026-11-27T14:00:00Z"
DAY = timedelta(days=1)


def account() -> FakeAws:
    """One with Wild Rydes, an App that has expired, and a stranger's stack."""
    aws = FakeAws()
    deployer = Deployer.planned(aws.gateways, wild_rydes(expires=FUTURE), Target(), Said())
    for step in deployer.plan.steps:
        deployer.run(step)
    put(aws, "iris", "iris", 2 * DAY, expires=PAST, description="iris: functions and their API")
    aws.stacks.put("theirs", "CREATE_COMPLETE", tags={"team": "rides"})
    return aws


def put(aws: FakeAws, stack: str, name: str, age: timedelta, expires: str = "", **more: Any) -> None:
    tags = {TAG: name, **({EXPIRES_TAG: expires} if expires else {})}
    aws.stacks.put(stack, "CREATE_COMPLETE", tags=tags, created=NOW - age, **more)


def listed(aws: FakeAws) -> tuple[Said, dict[str, Any]]:
    said = Said()
    return said, survey.report(aws.gateways, said, NOW)


def test_each_deployment_has_a_row_with_its_stacks_age_cost_and_expiry() -> None:
    said, total = listed(account())
    iris, rydes = (record for kind, _, record in said.lines if kind == "output" and "name" in record)
    assert (iris["name"], iris["application"], iris["age_seconds"]) == ("iris", "iris", 2 * 86400)
    assert (iris["created"], iris["expires"], iris["expired"]) == ("2026-11-25T12:00:00Z", PAST, True)
    assert iris["stacks"] == [{"name": "iris", "status": "CREATE_COMPLETE"}]
    assert (rydes["expires"], rydes["expired"], rydes["dollars"]) == (FUTURE, False, pytest.approx(193.23))
    assert [one["name"] for one in rydes["stacks"]] == ["wildrydes-ml-mod5", "wildrydes-ml-mod5-inf"]
    assert total == {"deployments": 2, "dollars": pytest.approx(193.23)}
    texts = said.texts("output")
    assert texts[0].split()[:2] == ["NAME", "APPLICATION"]
    assert "2 d" in texts[1]
    assert "expired 3 h ago" in texts[1]
    assert "expires in 2 h" in texts[2]
    assert texts[-1].startswith("2 deployments in account 123456789012, region eu-west-1: idle about 193.23 US$")


@pytest.mark.parametrize(
    ("types", "price", "end"),
    [
        (["AWS::KMS::Key"], "1.00", "1.00 US$ a month"),
        (["AWS::KMS::Key", "AWS::RDS::DBInstance"], "1.00 + ?", "1.00 US$ a month, and what is not known"),
    ],
    ids=["known", "in part"],
)
def test_a_cost_that_is_known_in_part_is_told_as_such(types: list[str], price: str, end: str) -> None:
    aws = FakeAws()
    body = {"Resources": {f"R{number}": {"Type": type} for number, type in enumerate(types)}}
    put(aws, "iris", "iris", DAY, template=json.dumps(body))
    _, row, last = listed(aws)[0].texts("output")
    assert f"  {price}  " in row
    assert last.endswith(f"idle about {end}")


def test_the_columns_stand_below_each_other() -> None:
    texts = listed(account())[0].texts("output")
    assert len({texts[0].index("STACKS"), texts[1].index("iris CREATE"), texts[2].index("wildrydes-ml-mod5 ")}) == 1


def test_a_region_without_any_says_so() -> None:
    aws = FakeAws()
    aws.stacks.put("theirs", "CREATE_COMPLETE")
    said, total = listed(aws)
    assert said.texts("output") == ["no deployment of wildrydes-ml in account 123456789012, region eu-west-1"]
    assert total == {"deployments": 0, "dollars": 0.0}


@pytest.mark.parametrize(
    ("stack", "name", "more"),
    [
        ("shop", "wildrydes-ml", {}),  # somebody copied the tag
        ("iris-Nested-1AB", "iris", {"parent": "id:iris"}),  # it goes with its parent
        ("Big_Name", "Big_Name", {}),  # no deployment may be called so
        ("i", "i", {}),
    ],
)
def test_what_only_looks_like_a_stack_of_ours_is_none(stack: str, name: str, more: dict[str, str]) -> None:
    aws = FakeAws()
    put(aws, stack, name, DAY, PAST, **more)
    assert survey.find(aws.gateways) == []


def test_stacks_stand_in_the_order_of_their_needs_and_else_of_their_age() -> None:
    aws = FakeAws()
    put(aws, "iris-base", "iris", timedelta(0), outputs={"Subnet": "subnet-1", "Group": "sg-1"})
    put(aws, "iris-api", "iris", DAY, parameters={"Subnets": "subnet-0,subnet-1"})
    put(aws, "iris-old", "iris", 2 * DAY)
    (iris,) = survey.find(aws.gateways)
    names = [stack.name for stack in iris.stacks]
    assert names.index("iris-base") < names.index("iris-api")
    assert iris.created == NOW - 2 * DAY
    put(aws, "iris-base", "iris", timedelta(0), outputs={"A": "1"}, parameters={"B": "2"})
    put(aws, "iris-api", "iris", DAY, parameters={"A": "1"}, outputs={"B": "2"})
    (iris,) = survey.find(aws.gateways)
    assert [stack.name for stack in iris.stacks] == ["iris-old", "iris-api", "iris-base"]


class Denied(FakeStacks):
    """Credentials that may read no template."""

    error: WildrydesError = WildrydesError("template of stack iris: AWS denies access: cloudformation:GetTemplate")

    def template(self, name: str) -> str:
        raise self.error


def test_a_permission_that_is_missing_is_told_and_the_rest_is_listed() -> None:
    aws = account()
    denied = Denied(aws.journal, aws.outputs)
    denied.stacks, aws.stacks = aws.stacks.stacks, denied
    said, total = listed(aws)
    assert total == {"deployments": 2, "dollars": 0}
    assert "the idle cost of iris is not known: template of stack iris: AWS denies access" in said.texts("warning")[0]
    assert "?" in said.texts("output")[1]
    assert said.texts("output")[-1].endswith("US$ a month, and what is not known")
    denied.error = OutOfReach("AWS cannot be reached")
    with pytest.raises(OutOfReach):
        listed(aws)


def test_what_has_expired_is_what_has_its_last_stack_behind_its_time() -> None:
    aws = account()
    assert [one.name for one in survey.expired(aws.gateways, NOW)] == ["iris"]
    assert [one.name for one in survey.expired(aws.gateways, NOW + DAY)] == ["iris", "wildrydes-ml"]
    put(aws, "iris-two", "iris", DAY)  # made after the first
    assert [one.name for one in survey.expired(aws.gateways, NOW + DAY)] == ["wildrydes-ml"]


def test_a_stack_that_batch_made_does_not_keep_the_others_from_expiring() -> None:
    aws = account()
    aws.stacks.put("iris-batch", "CREATE_COMPLETE", tags={TAG: "iris", BESIDE_TAG: "batch"}, created=NOW)
    (expired,) = survey.expired(aws.gateways, NOW)
    assert [stack.name for stack in expired.stacks] == ["iris", "iris-batch"]

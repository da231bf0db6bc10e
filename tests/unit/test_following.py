"""Following a stack: every event once, an end that says why, and a sign of life in between."""

import pytest

from tests.unit.fakes import STACK_TYPE, Clock, FakeAws, FakeStacks, Said, event
from wildrydes_ml.errors import WildrydesError
from wildrydes_ml.following import Follower, first_cause
from wildrydes_ml.records import Stack, StackEvent

NAME = "wildrydes-ml-mod5"


def under_way(aws: FakeAws, status: str, *endings: str) -> Stack:
    aws.stacks.put(NAME, status)
    aws.stacks.endings[NAME] = list(endings)
    return aws.stacks.stacks[NAME]


@pytest.mark.parametrize(
    ("events", "cause"),
    [
        ([], ""),
        ([event(1, "CREATE_COMPLETE")], ""),
        (
            [event(1, "CREATE_FAILED", "Nat", "limit"), event(2, "CREATE_FAILED", "Vpc", "later")],
            "Nat (AWS::EC2::VPC): limit",
        ),
        (
            [event(1, "CREATE_FAILED", "A", "Resource creation cancelled"), event(2, "CREATE_FAILED", "B", "no zone")],
            "B ",
        ),
        ([event(1, "UPDATE_FAILED", "A", "Resource update cancelled"), event(2, "UPDATE_FAILED", "B", "denied")], "B "),
        (
            [
                event(1, "DELETE_FAILED", NAME, "The following resource(s) failed to delete: [B]"),
                event(2, "DELETE_FAILED", "B", "in use"),
            ],
            "B ",
        ),
        ([event(1, "ROLLBACK_IN_PROGRESS", NAME, "The following resource(s) failed"), event(2, "DELETE_COMPLETE")], ""),
    ],
    ids=["none", "good", "first of two", "cancelled creation", "cancelled update", "sum of failures", "rollback"],
)
def test_the_first_cause_is_no_consequence(events: list[StackEvent], cause: str) -> None:
    assert first_cause(events).startswith(cause)
    assert bool(first_cause(events)) == bool(cause)


def test_each_new_event_is_reported_once() -> None:
    aws, said = FakeAws(), Said()
    stack = under_way(aws, "UPDATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "UPDATE_COMPLETE")
    aws.stacks.history[NAME] = [event(1, "CREATE_COMPLETE", "Old"), event(2, "UPDATE_IN_PROGRESS", "New", "asked for")]
    follower = Follower(aws.gateways, said)
    ended = follower.follow(stack, {"e1"})
    assert ended.status == "UPDATE_COMPLETE"
    resources = [record["resource"] for _, _, record in said.lines]
    assert resources == ["New", NAME, NAME, NAME]
    assert "asked for" in said.texts("event")[0]
    assert said.lines[0][2] == {"stack": NAME, "resource": "New", "status": "UPDATE_IN_PROGRESS", "reason": "asked for"}


def test_marks_are_the_events_so_far() -> None:
    aws, said = FakeAws(), Said()
    stack = under_way(aws, "UPDATE_IN_PROGRESS", "UPDATE_COMPLETE")
    aws.stacks.history[NAME] = [event(1, "CREATE_COMPLETE", "Old")]
    follower = Follower(aws.gateways, said)
    follower.follow(stack, follower.marks(NAME))
    assert not any("Old" in text for text in said.texts("event"))


@pytest.mark.parametrize(
    "end", ["ROLLBACK_COMPLETE", "CREATE_FAILED", "UPDATE_ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_FAILED", "DELETE_FAILED"]
)
def test_a_bad_end_raises_with_its_cause(end: str) -> None:
    aws = FakeAws()
    stack = under_way(aws, "CREATE_IN_PROGRESS", end)
    aws.stacks.history[NAME] = [
        event(1, "CREATE_FAILED", "NatPublicIP", "The maximum number of addresses has been reached."),
        event(2, "CREATE_FAILED", "Vpc", "Resource creation cancelled"),
    ]
    with pytest.raises(WildrydesError, match=f"{NAME} ended as {end}: NatPublicIP .*maximum number of addresses"):
        Follower(aws.gateways, Said()).follow(stack, set())


def test_without_a_failed_resource_the_stack_s_own_reason_is_told() -> None:
    aws = FakeAws()
    aws.stacks.put(NAME, "ROLLBACK_COMPLETE", reason="the template's transform failed")
    with pytest.raises(WildrydesError, match="transform failed"):
        Follower(aws.gateways, Said()).follow(aws.stacks.stacks[NAME], set())


def test_the_cause_belongs_to_the_operation_that_is_followed() -> None:
    aws = FakeAws()
    stack = under_way(aws, "UPDATE_ROLLBACK_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE")
    aws.stacks.history[NAME] = [
        event(1, "UPDATE_FAILED", "Vpc", "last month's failure"),
        event(2, "UPDATE_ROLLBACK_COMPLETE", NAME, type=STACK_TYPE),
        event(3, "UPDATE_IN_PROGRESS", NAME, "User Initiated", type=STACK_TYPE),
        event(4, "UPDATE_FAILED", "Nat", "today's failure"),
    ]
    with pytest.raises(WildrydesError, match="today's failure"):
        Follower(aws.gateways, Said()).follow(stack, set())


def test_a_deletion_ends_well_when_the_stack_is_gone() -> None:
    aws = FakeAws()
    stack = under_way(aws, "DELETE_IN_PROGRESS", "DELETE_COMPLETE")
    assert Follower(aws.gateways, Said()).follow(stack, set()).status == "DELETE_COMPLETE"
    del aws.stacks.stacks[NAME]
    assert Follower(aws.gateways, Said()).follow(stack, set()).status == "DELETE_COMPLETE"


def test_a_long_silence_is_broken() -> None:
    said, clock = Said(), Clock()

    class Slow(FakeStacks):
        def pause(self) -> None:
            clock.sleep(10)
            if clock.now > 90:
                self.put(NAME, "CREATE_COMPLETE")

    aws = FakeAws()
    aws.stacks = Slow(aws.journal, lambda stack: {})
    stack = under_way(aws, "CREATE_IN_PROGRESS")
    Follower(aws.gateways, said, clock).follow(stack, set())
    assert said.texts("event") == [f"{NAME} is still CREATE_IN_PROGRESS, {seconds} s now" for seconds in (40, 80)]

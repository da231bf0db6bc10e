"""Waiting for the network interfaces that Lambda leaves behind."""

import pytest

from tests.unit.fakes import FakeAws
from wildrydes_ml.aws.records import NetworkInterface
from wildrydes_ml.destroy.interfaces import BUDGET_SECONDS, release
from wildrydes_ml.errors import InterruptedWork, OutOfReach, WildrydesError
from wildrydes_ml.testing import Clock, FakeStacks, Said

GROUPS = ["sg-a", "sg-b"]
LAMBDA = "AWS Lambda VPC ENI-ml_inferencefunction-1"


class Timed(FakeStacks):
    """Stacks whose pauses take as long as AWS's."""

    def __init__(self, clock: Clock) -> None:
        super().__init__([], lambda stack: {})
        self._clock = clock

    def pause(self) -> None:
        self._clock.sleep(5)


def eni(id: str, status: str = "in-use", description: str = LAMBDA, groups: str = "sg-a") -> NetworkInterface:
    return NetworkInterface(id, status, description, tuple(groups.split()))


def released(*looks: list[NetworkInterface] | Exception) -> tuple[FakeAws, Said, Clock]:
    aws, said, clock = FakeAws(), Said(), Clock()
    aws.stacks = Timed(clock)
    aws.networks.looks = list(looks)
    release(aws.gateways, GROUPS, said, clock)
    return aws, said, clock


def test_without_interfaces_it_is_one_look_and_no_word() -> None:
    aws, said, clock = released([])
    assert (aws.networks.asked, said.lines, clock.now) == ([(GROUPS, [])], [], 0)


def test_it_returns_when_the_last_one_has_gone() -> None:
    aws, said, clock = released([eni("eni-1"), eni("eni-2")], [eni("eni-2")], [eni("eni-2")], [])
    assert len(aws.networks.asked) == 4
    assert clock.now == 75
    assert "eni-1, eni-2" in said.texts("event")[0]
    assert "eni-1" not in said.texts("event")[1]


def test_only_what_lambda_left_unused_is_deleted() -> None:
    found = [
        eni("eni-unused", "available"),
        eni("eni-used"),
        eni("eni-theirs", "available", "a colleague's experiment"),
        eni("eni-attaching", "attaching"),
    ]
    aws, said, _ = released(found, [])
    assert aws.journal == ["delete eni-unused"]
    assert said.texts("event")[0] == "deleting network interface eni-unused, which Lambda no longer uses"


def test_what_may_be_of_another_s_function_is_waited_for_and_not_deleted() -> None:
    found = [eni("eni-shared", "available", groups="sg-a sg-theirs"), eni("eni-ours", "available", groups="sg-b sg-a")]
    aws, said, clock = released(found, found[:1], [])
    assert aws.journal == ["delete eni-ours"]
    assert clock.now == 50
    assert "waiting for Lambda to release its network interfaces (eni-shared)" in said.texts("event")[-1]


def test_what_others_have_with_the_groups_is_not_waited_for() -> None:
    _, said, clock = released([eni("eni-1", description="EFS mount target for fs-1"), eni("eni-2", description="")])
    assert clock.now == 0
    assert said.lines == []


def test_a_word_comes_at_least_each_thirty_seconds_with_the_estimate() -> None:
    _, said, clock = released(*[[eni("eni-1")]] * 20, [])
    words = said.texts("event")
    assert clock.now / len(words) < 30
    assert all("within 20 to 45 minutes" in word and "eni-1" in word for word in words)
    assert "475 s so far" in words[-1]


def test_after_an_hour_the_same_command_is_to_be_run_again() -> None:
    aws, said, clock = FakeAws(), Said(), Clock()
    aws.stacks = Timed(clock)
    aws.networks.looks = [[eni("eni-1"), eni("eni-2")]]
    with pytest.raises(InterruptedWork, match=r"after 60 minutes \(eni-1, eni-2\).*Run again later"):
        release(aws.gateways, GROUPS, said, clock)
    assert BUDGET_SECONDS == 3600
    assert 3600 < clock.now < 3660


def test_aws_may_be_out_of_reach_for_a_while() -> None:
    _, said, _ = released(OutOfReach("network interfaces: AWS cannot be reached"), [eni("eni-1")], [])
    assert "AWS cannot be reached; checking again" in said.texts("event")[0]


def test_what_is_denied_is_an_error_at_once() -> None:
    with pytest.raises(WildrydesError, match="denies it"):
        released(WildrydesError("network interfaces: AWS denies it"))


def test_also_out_of_reach_the_wait_ends() -> None:
    aws, clock = FakeAws(), Clock()
    aws.stacks = Timed(clock)
    aws.networks.looks = [OutOfReach("network interfaces: AWS cannot be reached")]
    with pytest.raises(InterruptedWork, match="AWS cannot be reached"):
        release(aws.gateways, GROUPS, Said(), clock)

"""Estimates: each with its source, a stack by its longest chain, a filling by its parts."""

import pytest

from wildrydes_ml import durations
from wildrydes_ml.durations import FILLING, TABLE, about, filling_done, stack, words

NAT, VPC, WAIT = "AWS::EC2::NatGateway", "AWS::EC2::VPC", "AWS::CloudFormation::WaitCondition"


def test_each_figure_has_a_source_and_none_is_a_moment() -> None:
    sources = [row.source for row in (*TABLE.values(), durations.OTHER, durations.EMULATED)]
    assert all(sources)
    assert all(source for _, source in FILLING.values())
    assert all(row.make > 0 and row.remove > 0 for row in TABLE.values())


def test_a_stack_takes_as_long_as_its_longest_chain() -> None:
    kinds = {"Vpc": VPC, "Nat": NAT, "Alone": WAIT, "Other": "AWS::Logs::LogGroup"}
    assert stack(kinds, {"Nat": ["Vpc"]}) == TABLE[WAIT].make
    assert stack(kinds, {"Nat": ["Vpc"], "Alone": ["Nat", "a parameter"]}) == sum(
        TABLE[kind].make for kind in (VPC, NAT, WAIT)
    )
    assert stack({}, {}) == 0


def test_what_refers_to_itself_or_in_a_circle_ends() -> None:
    assert stack({"A": VPC, "B": VPC}, {"A": ["B", "A"], "B": ["A"]}) > 0


def test_here_it_takes_moments_and_to_remove_is_another_figure() -> None:
    assert stack({"Nat": NAT, "Vpc": VPC}, {}, is_local=True) < 1
    assert stack({"Nat": NAT}, {}, "delete") == TABLE[NAT].remove != TABLE[NAT].make


def test_a_filling_goes_forward_and_is_never_done_before_its_end() -> None:
    done = [filling_done(part, seconds) for part in FILLING for seconds in (0, 5, 10_000)]
    assert done == sorted(done)
    assert done[0] == 0
    assert done[-1] < 1
    assert filling_done("unheard of", 5) == 0


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.4, "0 s"), (59.9, "59 s"), (60, "1 min 00 s"), (65, "1 min 05 s"), (3600, "1 h 00 min"), (7260, "2 h 01 min")],
)
def test_a_duration_in_words(seconds: float, text: str) -> None:
    assert words(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (1, "about 5 s"),
        (23, "about 25 s"),
        (60, "about 1 min"),
        (530, "about 9 min"),
        (5990, "about 100 min"),
        (9000, "about 2.5 h"),
    ],
)
def test_an_estimate_says_that_it_is_one(seconds: float, text: str) -> None:
    assert about(seconds) == text

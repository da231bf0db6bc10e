"""API Gateway's rates: nobody goes too early, and a class takes as long as they say. All in simulated time."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wildrydes_ml.aws.wiring import FoundWiring, Wiring, actions
from wildrydes_ml.classroom import rates
from wildrydes_ml.classroom.rates import RATES, TOTAL, Calls, Phase, Turns, simulated

from .hurry import fast, throttled


def test_the_table_is_that_of_the_documentation() -> None:
    per_call = {name: rate.seconds for name, rate in RATES.items()}
    assert per_call["CreateRestApi"] == 3
    assert per_call["CreateDeployment"] == 5
    assert per_call["UpdateUsagePlan"] == 20
    assert per_call["DeleteRestApi"] == 30
    assert (RATES[TOTAL].seconds, RATES[TOTAL].burst) == (0.1, 40)


def test_twenty_who_come_at_once_go_one_after_the_other() -> None:
    turns = Turns()
    assert [turns.reserve({"CreateRestApi": 1}, 0.0) for _ in range(4)] == [0, 3, 6, 9]
    assert turns.reserve({"CreateDeployment": 1}, 0.0) == 0, "another quota"
    assert turns.reserve({"CreateRestApi": 1}, 100.0) == 100, "what is past does not count"


def test_all_operations_together_have_a_rate_too() -> None:
    turns = Turns()
    assert [turns.admit({"PutMethod": 20}, 0.0) for _ in range(4)] == [0, 0, 2, 4]


def test_a_simulated_account_throttles_who_does_not_wait() -> None:
    """The judge of the tests below finds something."""
    assert throttled([(0.0, {"DeleteRestApi": 1}), (29.0, {"DeleteRestApi": 1})]) == ["DeleteRestApi"]
    assert throttled([(0.0, {"DeleteRestApi": 1}), (30.0, {"DeleteRestApi": 1})]) == []


operations = st.sampled_from([*RATES, "PutMethod", "UpdateStage"]).filter(lambda name: name != TOTAL)
some_calls = st.dictionaries(operations, st.integers(1, 2), min_size=1, max_size=3).map(
    lambda calls: {name: 1 if RATES.get(name, RATES[TOTAL]).burst == 1 else count for name, count in calls.items()}
)


@given(st.lists(st.tuples(st.floats(0, 50), some_calls), max_size=40))
def test_whoever_comes_when_nobody_is_throttled(coming: list[tuple[float, Calls]]) -> None:
    turns, coming = Turns(), sorted(coming, key=lambda one: one[0])
    begun = [(turns.reserve(calls, now), calls) for now, calls in coming]
    went = [(turns.admit(calls, begin), calls) for begin, calls in sorted(begun, key=lambda one: one[0])]
    assert throttled(went) == []
    assert all(begin >= now for (begin, _), (now, _) in zip(begun, coming, strict=True))


def test_threads_take_turns_too() -> None:
    pace = fast(1000)
    threads = [threading.Thread(target=pace.wait, args=({"DeleteRestApi": 1},)) for _ in range(20)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(pace.went) == 20
    assert max(when for when, _ in pace.went) >= 19 * 30
    assert throttled(pace.went) == []


def key_phases(seconds: float) -> list[Phase]:
    wiring = Wiring("arn", "API_KEY", 5, 10, tags={"a": "b"})
    stack = ["AWS::ApiGateway::RestApi", *["AWS::ApiGateway::GatewayResponse"] * 15, "AWS::Lambda::Function"]
    wired = [Phase(rates.WIRING[action], 0) for action in actions(wiring, FoundWiring())]
    return [Phase(rates.creating(stack), seconds), *wired, Phase({}, 30)]


def test_a_class_takes_as_long_as_its_slowest_quota() -> None:
    """One deployment in 5 s: the twentieth is made 95 s after the first, however many work at it."""
    done = simulated(20, key_phases(60), workers=20)
    assert done[0] == pytest.approx(90, abs=1)
    assert max(done) - min(done) == pytest.approx(95, abs=10)


def test_few_at_a_time_wait_for_each_other() -> None:
    alone = simulated(4, [Phase({}, 60)], workers=1)
    assert alone == [60, 120, 180, 240]
    assert simulated(4, [Phase({}, 60)], workers=2) == [60, 60, 120, 120]
    assert simulated(0, [Phase({}, 60)], workers=2) == []


def test_a_class_is_deleted_at_one_api_in_thirty_seconds() -> None:
    assert simulated(20, [Phase(rates.deleting(["AWS::ApiGateway::RestApi"]), 0)], workers=10)[-1] == 19 * 30


def test_what_a_stack_makes_tells_what_cloudformation_calls() -> None:
    types = ["AWS::ApiGateway::RestApi", "AWS::ApiGateway::Method", "AWS::ApiGateway::Deployment", "AWS::Lambda::Alias"]
    assert rates.creating(types) == {"CreateRestApi": 1, "": 1, "CreateDeployment": 1}
    assert rates.deleting(types) == {"DeleteRestApi": 1}
    assert rates.deleting(["AWS::ApiGateway::UsagePlan"]) == {"UpdateUsagePlan": 1}

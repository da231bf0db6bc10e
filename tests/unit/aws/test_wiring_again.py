"""The wiring against moto's API Gateway, disturbed at every single call: once more, and it is as if undisturbed."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from moto import mock_aws

from tests.unit.wirings import OPEN, WITH_KEY, Disturbance, Gateway, cut, empty, kill, page
from wildrydes_ml.aws.wiring import Wiring, actions

WAYS = {
    "open": ((), OPEN),
    "closed": ((OPEN,), WITH_KEY),
    "opened": ((WITH_KEY,), OPEN),
    "its API is another": ((WITH_KEY, None), WITH_KEY),
    "its API is another and open": ((WITH_KEY, None), OPEN),
    "slower": ((WITH_KEY,), replace(WITH_KEY, rate=1)),
}


Way = tuple[tuple[Wiring | None, ...], Wiring]


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    with mock_aws():
        yield Gateway()


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> Way:
    return WAYS[request.param]


def check(
    gateway: Gateway, way: Way, disturb: Callable[[Gateway], Disturbance], is_tried: Callable[[str], bool]
) -> None:
    """Wires undisturbed, and then with each call disturbed that is to be tried: the same is there afterwards."""
    history, wanted = way
    gateway.start(*history)
    restore = gateway.saved()
    names = gateway.wire(wanted)
    state = gateway.state()
    for at, name in enumerate(names):
        if is_tried(name):
            restore()
            gateway.disturbed(wanted, at, disturb(gateway))
            assert gateway.state() == state, gateway.calls
            assert actions(wanted, gateway.found(wanted)) == ()


def is_change(name: str) -> bool:
    return not name.startswith("Get")


@pytest.mark.parametrize("disturb", [cut, empty, page, kill], ids=lambda one: one.__name__)
def test_a_change_that_is_disturbed_leaves_no_trace(gateway: Gateway, way: Way, disturb: Disturbance) -> None:
    check(gateway, way, lambda _: disturb, is_change)


def test_a_second_deployer_at_any_moment_leaves_no_trace(gateway: Gateway, way: Way) -> None:
    check(gateway, way, lambda gateway: lambda _: gateway.wire(way[1]).clear(), lambda _: True)

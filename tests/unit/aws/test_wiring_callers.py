"""Who calls a live API while its access changes: one with a key gets through, or the stage is as it was.

Moto's API Gateway is asked before each call of the wiring, while each call is denied, the last one, or answered by
somebody else.
"""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from moto import mock_aws

from tests.unit.wirings import FUNCTION, OPEN, WITH_KEY, Disturbance, Gateway, Killed, deny, empty, kill
from wildrydes_ml.aws.wiring import Wiring, actions
from wildrydes_ml.errors import WildrydesError

SIGNED = replace(OPEN, auth="AWS_IAM")
RENAMED = replace(WITH_KEY, name="g", target=FUNCTION.replace(":f:", ":g:"))
CHANGES = {
    "closed": (OPEN, WITH_KEY),
    "opened": (WITH_KEY, OPEN),
    "key instead of signature": (SIGNED, WITH_KEY),
    "signature instead of key": (WITH_KEY, SIGNED),
    "slower": (WITH_KEY, replace(WITH_KEY, rate=1, burst=2)),
    "another function": (WITH_KEY, RENAMED),
    "opened with another name": (WITH_KEY, replace(RENAMED, auth="NONE")),
}


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    with mock_aws():
        yield Gateway(attempts=1)


class Callers:
    """The callers of an API that is wired in one way and shall be wired in another."""

    def __init__(self, gateway: Gateway, old: Wiring, new: Wiring) -> None:
        self._gateway, self._old, self._new = gateway, old, new
        gateway.start(old)
        # Who has been given a key keeps it as long as one is wanted.
        self._given = gateway.lets_through() if old.auth == new.auth == "API_KEY" else set()
        self._restore = gateway.saved()
        gateway.look = self.check

    def check(self) -> None:
        """Fails where a caller is turned away whom neither the old nor the new access turns away."""
        asked = self._gateway.asks_for()
        assert asked in (self._old.auth, self._new.auth), self._gateway.calls
        if asked == "API_KEY":
            assert self._gateway.lets_through() >= self._given, self._gateway.calls
            assert self._gateway.lets_through(), self._gateway.calls

    def wire(self, at: int, stop: Disturbance) -> list[str]:
        """Wires as before, stopped at a call, and then once more unless it got to its end. Returns the calls."""
        self._restore()
        self._gateway.at, self._gateway.disturb = at, stop
        try:
            self._gateway.wire(self._new)
        except (Killed, WildrydesError):
            self._gateway.at = -1
            self.check()
            self._gateway.wire(self._new)
        self.check()
        return list(self._gateway.calls)


@pytest.mark.parametrize("stop", [deny, kill, empty], ids=lambda stop: stop.__name__)
@pytest.mark.parametrize("change", CHANGES)
def test_at_every_stop_a_caller_with_a_key_gets_through_or_the_stage_is_as_it_was(
    gateway: Gateway, change: str, stop: Disturbance
) -> None:
    old, new = CHANGES[change]
    callers = Callers(gateway, old, new)
    calls, end = callers.wire(-1, stop), gateway.state()
    assert gateway.asks_for() == new.auth
    assert bool(gateway.backend.keys) == (new.auth == "API_KEY")
    for at, name in enumerate(calls):
        # A kill after a look is one before the next change.
        if stop is not kill or not name.startswith("Get"):
            callers.wire(at, stop)
            assert gateway.state() == end, gateway.calls
            assert actions(new, gateway.found(new)) == ()

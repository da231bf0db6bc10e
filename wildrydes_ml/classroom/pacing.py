"""Gateways to AWS that keep to the account's rates.

The deployer of one application knows nothing of a class. It gets these gateways in place of its own.
"""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

from ..aws.apis import Apis
from ..aws.records import Stack
from ..aws.session import Aws, Stacks
from ..aws.wiring import Action, FoundWiring, Wiring
from ..template.decode import decode
from . import rates
from .rates import Calls, Turns


class Pace:
    """Lets calls of several threads go at the account's rates. `went` is what went, and its turn, in seconds."""

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._turns = Turns()
        self._lock = threading.Lock()
        self._began = clock()
        self.went: list[tuple[float, Calls]] = []

    def wait(self, calls: Calls) -> None:
        """Returns when the calls may go."""
        with self._lock:
            turn = self._turns.reserve(calls, self._now)
        self._sleep_until(turn)
        with self._lock:
            now = max(turn, self._now)
            begin = self._turns.admit(calls, now)
            self.went.append((begin if begin > now else turn, calls))
        self._sleep_until(begin)

    @property
    def _now(self) -> float:
        return self._clock() - self._began

    def _sleep_until(self, moment: float) -> None:
        if (left := moment - self._now) > 0:
            self._sleep(left)


class Unhurried(Pace):
    """For an emulator, which never throttles."""

    def wait(self, calls: Calls) -> None:
        """Returns at once."""


class Over:
    """Stands for a gateway of which some methods are replaced."""

    def __init__(self, gateway: Any, **instead: Callable[..., Any]) -> None:
        self._gateway = gateway
        self.__dict__.update(instead)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._gateway, name)


def paced(aws: Aws, pace: Pace) -> Aws:
    """The gateways, which wait before they change API Gateway, or let CloudFormation change it."""
    stacks, apis = aws.stacks, aws.apis

    def create(name: str, template: str, parameters: Mapping[str, str], tags: Mapping[str, str]) -> Stack:
        pace.wait(rates.creating(_types(template)))
        return stacks.create(name, template, parameters, tags)

    def delete(name: str, retain: Sequence[str] = ()) -> None:
        kept = set(retain)
        pace.wait(rates.deleting(one.type for one in stacks.resources(name) if one.logical_id not in kept))
        stacks.delete(name, retain)

    def found(api: str, wanted: Wiring) -> FoundWiring | None:
        pace.wait(rates.LOOK)
        return apis.found(api, wanted)

    def perform(api: str, action: Action, wiring: Wiring, known: FoundWiring) -> None:
        is_limited = action == "throttle" and known.plan and wiring.auth == "API_KEY"
        pace.wait({**rates.WIRING[action], **(rates.LIMIT if is_limited else {})})
        apis.perform(api, action, wiring, known)

    def unwire(tags: Any) -> None:
        pace.wait(rates.UNWIRE)
        apis.unwire(tags)

    return replace(
        aws,
        stacks=cast(Stacks, Over(stacks, create=create, delete=delete)),
        apis=cast(Apis, Over(apis, found=found, perform=perform, unwire=unwire)),
    )


def _types(template: str) -> list[str]:
    """The types of what a template makes; of one that lies in a bucket they are not known."""
    body = decode(template) if not template.startswith(("https://", "http://")) else {}
    return [str(entry.get("Type")) for entry in body.get("Resources", {}).values()]

"""Repeats calls that AWS cannot recognize as repeated: before each repetition it checks whether the call succeeded.

The SDK repeats a call whose reply was lost. If a call creates a new resource each time, there would be two. Such calls
go through a client that tries only once, and are repeated here.
"""

import random
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, TypeVar

from botocore.exceptions import ClientError

from ..errors import OutOfReach, WildrydesError
from .faults import MISSING, code_of, translated

_LONGEST_PAUSE = 20.0
# Seconds: a longer pause is told.
_UNTOLD_PAUSE = 2.0

T = TypeVar("T")


@dataclass(frozen=True)
class Repeater:
    """Repeats as often, and pauses as long, as the SDK's standard mode; calls `say` before a long pause.

    https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
    """

    attempts: int = 10
    sleep: Callable[[float], None] = time.sleep
    say: Callable[[str], None] = lambda text: None

    def ensured(
        self,
        what: str,
        act: Callable[[], T],
        look: Callable[[], T | None] = lambda: None,
        again: Collection[str] = (),
    ) -> T:
        """The result of `act`, or of `look`, which returns what exists already, or None.

        `act` is repeated when its outcome is unknown (lost connection, error in AWS, unreadable answer), when AWS
        throttles it, and after an error with a code in `again`. Before each repetition `look` is called. Without a
        `look`, `act` itself must check before it creates something. Raises the last WildrydesError.
        """

        def is_passing(error: WildrydesError) -> bool:
            return isinstance(error, OutOfReach) or cause_code(error) in again

        return self._repeated(what, act, look, is_passing)

    def patiently(self, what: str, act: Callable[[], T], codes: Collection[str]) -> T:
        """The result of `act` once AWS no longer answers one of the codes. `act` may be repeated safely."""
        return self._repeated(what, act, lambda: None, lambda error: cause_code(error) in codes)

    def _repeated(
        self,
        what: str,
        act: Callable[[], T],
        look: Callable[[], T | None],
        is_passing: Callable[[WildrydesError], bool],
    ) -> T:
        for attempt in range(self.attempts - 1):
            try:
                with translated(what):
                    return act()
            except WildrydesError as error:
                if not is_passing(error):
                    raise
                last = error
            self._pause(what, attempt, last)
            with translated(what):
                found = look()
            if found is not None:
                return found
        with translated(what):
            return act()

    def _pause(self, what: str, attempt: int, last: WildrydesError) -> None:
        seconds = random.uniform(0.5, 1) * min(2**attempt, _LONGEST_PAUSE)
        if seconds > _UNTOLD_PAUSE:
            self.say(f"{what}: not ready yet ({cause_code(last) or last.__cause__}), trying again in {seconds:.0f} s")
        self.sleep(seconds)


def optional(call: Callable[..., Any], codes: Collection[str] = MISSING, **arguments: Any) -> dict[str, Any] | None:
    """The call's answer; None when the resource does not exist (any more), or for one of the error `codes`."""
    try:
        found: dict[str, Any] = call(**arguments)
    except ClientError as error:
        if code_of(error) in codes:
            return None
        raise
    return found


def cause_code(error: WildrydesError) -> str:
    """AWS's code for this error; empty when AWS did not answer."""
    cause = error.__cause__
    return code_of(cause) if isinstance(cause, ClientError) else ""

"""Following a stack's operation to its end: every event once, and the first cause when it fails."""

import time
from collections.abc import Callable

from .aws import Aws
from .errors import WildrydesError
from .records import Stack, StackEvent
from .reporting import Reporter
from .states import is_busy, state

# CloudFormation says this of what it never got to; it is no cause.
_CONSEQUENCES = ("Resource creation cancelled", "Resource update cancelled", "The following resource(s) failed")
_BEGINNINGS = ("CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS", "IMPORT_IN_PROGRESS")
_QUIET_SECONDS = 30.0


class Follower:
    """Reports a stack's events from the first unseen one."""

    def __init__(self, aws: Aws, reporter: Reporter, clock: Callable[[], float] = time.monotonic) -> None:
        self._aws = aws
        self._reporter = reporter
        self._clock = clock

    def marks(self, stack: str) -> set[str]:
        """The ids of the events so far: those that a later follow() does not report."""
        return {event.id for event in self._aws.stacks.events(stack)}

    def follow(self, stack: Stack, seen: set[str]) -> Stack:
        """Reports events until the operation is over; returns the stack as it is then.

        Raises WildrydesError with the first cause when it did not end well.
        """
        began = spoke = self._clock()
        fresh: list[StackEvent] = []
        while True:
            found = self._aws.stacks.describe(stack.id)
            news = [event for event in self._aws.stacks.events(stack.id) if event.id not in seen]
            for event in news:
                self._report(stack.name, event)
                seen.add(event.id)
            fresh += news
            if found is None or not is_busy(found.status):
                return self._ended(stack, found, fresh)
            if news:
                spoke = self._clock()
            elif self._clock() - spoke > _QUIET_SECONDS:
                spoke = self._clock()
                self._reporter.event(f"{stack.name} is still {found.status}, {spoke - began:.0f} s now")
            self._aws.stacks.pause()

    def _report(self, stack: str, event: StackEvent) -> None:
        reason = f": {event.reason}" if event.reason else ""
        self._reporter.event(
            f"{stack}  {event.status}  {event.resource} ({event.type}){reason}",
            stack=stack,
            resource=event.resource,
            status=event.status,
            reason=event.reason,
        )

    def _ended(self, stack: Stack, found: Stack | None, events: list[StackEvent]) -> Stack:
        if found is None:
            return Stack(stack.name, stack.id, "DELETE_COMPLETE")
        if not state(found.status).good:
            raise WildrydesError(f"stack {stack.name} ended as {found.status}: {first_cause(events) or found.reason}")
        return found


def first_cause(events: list[StackEvent]) -> str:
    """The last operation's first failure that is not a consequence of another: resource, type and reason."""
    starts = [
        number
        for number, event in enumerate(events)
        if event.type == "AWS::CloudFormation::Stack" and event.status in _BEGINNINGS
    ]
    for event in events[starts[-1] if starts else 0 :]:
        if event.status.endswith("_FAILED") and not event.reason.startswith(_CONSEQUENCES):
            return f"{event.resource} ({event.type}): {event.reason}"
    return ""

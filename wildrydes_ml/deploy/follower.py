"""Following a stack's operation to its end: every event once, and the first cause when it fails.

What goes wrong with looking does not end the operation, so it does not end the following either, for a while.
"""

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, replace
from types import MappingProxyType
from typing import Any

from .. import durations
from ..aws import causes
from ..aws.facts import Unknown
from ..aws.records import Fault, Stack, StackEvent
from ..aws.session import Aws
from ..errors import InterruptedWork, OutOfReach, WildrydesError
from ..reporting import Reporter
from ..template.references import references
from .boot import Boot
from .logs import tell_last_lines
from .states import TABLE, is_busy

GOOD = frozenset(status for status, row in TABLE.items() if row.good)
MADE = GOOD - {"DELETE_COMPLETE"}

# What fails when an instance's user data do, and what fails when the instance itself does.
_OF_AN_INSTANCE = ("AWS::CloudFormation::WaitCondition", "AWS::EC2::Instance")
_QUIET_SECONDS = 30.0
_LOOKS_AT_FAULTS = 3
# Longer than the filling of EFS, an hour at most, and what CloudFormation does around it.
LIMIT_SECONDS = 3 * 3600.0
# For how long AWS may be out of reach: a train's tunnel, a throttled account.
PATIENCE_SECONDS = 600.0


OPERATIONS = {"CREATE": "create", "DELETE": "delete", "UPDATE": "update", "ROLLBACK": "undo", "IMPORT": "update"}


def work(
    stack: Stack,
    operation: str,
    resources: Mapping[str, str],
    body: Mapping[str, Any] = MappingProxyType({}),
    is_local: bool = False,
) -> dict[str, Any]:
    """The record of what CloudFormation begins with a stack: to create, update, delete or undo it.

    `resources` are logical ids with their types, none where they are not known; the template's body tells what waits
    for what, and so about how many seconds it takes.
    """
    entries = body.get("Resources", {})
    needs = {title: {*references(entries.get(title, {}))} for title in resources}
    seconds = round(durations.stack(resources, needs, operation, is_local))
    known = {"resources": dict(resources), "about_seconds": seconds} if resources else {}
    return {"stack": stack.name, "operation": operation, "stack_id": stack.id, **known}


def begin(reporter: Reporter, record: Mapping[str, Any]) -> None:
    """Tells what CloudFormation has begun."""
    known = record.get("resources")
    words = (
        f": {len(known)} resource{'s' * (len(known) != 1)}, {durations.about(record['about_seconds'])}" if known else ""
    )
    reporter.event(f"{record['stack']}  CloudFormation starts to {record['operation']} it{words}", **record)


class Follower:
    """Reports a stack's events from the first unseen one."""

    def __init__(self, aws: Aws, reporter: Reporter, clock: Callable[[], float] = time.monotonic) -> None:
        self._aws = aws
        self._reporter = reporter
        self._clock = clock

    def marks(self, stack: str) -> set[str]:
        """The id of the last event so far: follow() reports what comes after it."""
        return {self._aws.stacks.newest_event(stack)}

    def attach(self, stack: Stack) -> Stack:
        """Follows an operation that is under way, whoever began it, from its first event.

        Raises as follow() does.
        """
        operation = OPERATIONS.get(stack.status.partition("_")[0], "update")
        facts = {"stack": stack.name, "operation": operation, "stack_id": stack.id, "began_before": True}
        self._reporter.event(f"stack {stack.name} is {stack.status}: following it", **facts)
        earlier = self._aws.stacks.events(stack.id)
        return self.follow(stack, {event.id for event in earlier[: causes.beginning(stack.name, earlier)]})

    def follow(self, stack: Stack, seen: set[str], good: Collection[str] = GOOD, token: str = "") -> Stack:
        """Reports events until the operation is over; returns the stack as it is then.

        A token is that with which the operation was begun: only its events count.
        Raises WildrydesError with the first cause when it does not end as one of the `good` statuses,
        InterruptedWork when it does not end, or AWS is out of reach for long.
        """
        return _Watch(self._aws, self._reporter, self._clock, stack, seen, token).ended(good)


class _Watch:
    """One operation that is followed."""

    def __init__(
        self, aws: Aws, reporter: Reporter, clock: Callable[[], float], stack: Stack, seen: set[str], token: str
    ) -> None:
        self._aws = aws
        self._reporter = reporter
        self._clock = clock
        self._stack = stack
        self._seen = seen
        self._token = token
        self._has_told_last_lines = False
        self._events: list[StackEvent] = []
        self._began = self._spoke = self._reached = clock()
        self._boot = Boot(aws, reporter, stack, clock)

    def ended(self, good: Collection[str]) -> Stack:
        """The stack when the operation is over."""
        while True:
            try:
                found = self._look()
                self._reached = self._clock()
            except OutOfReach as error:
                self._bear(error)
                found = None
            if found:
                return self._judged(found, good)
            if self._clock() - self._began > LIMIT_SECONDS:
                raise InterruptedWork(
                    f"stack {self._stack.name} is not done after {LIMIT_SECONDS / 3600:.0f} hours. AWS carries "
                    "on; run the same command again to keep watching"
                )
            self._aws.stacks.pause()

    def _look(self) -> Stack | None:
        """Reports what is new; the stack when its operation is over.

        A status alone does not tell: just after an operation was asked for, it still is the one before.
        """
        news = self._aws.stacks.events(self._stack.id, self._seen, self._token)
        for event in news:
            self._report(event)
        self._boot.look(news)
        self._seen |= {event.id for event in news}
        self._events += news
        statuses = [event.status for event in self._events if event.resource == self._stack.name]
        is_over = bool(statuses) and not is_busy(statuses[-1])
        is_quiet = self._clock() - self._spoke > _QUIET_SECONDS
        if news:
            self._spoke = self._clock()
        if self._events and not is_over and not is_quiet:
            return None
        found = self._aws.stacks.describe(self._stack.id) or replace(self._stack, status="DELETE_COMPLETE")
        if is_quiet and is_busy(found.status):
            self._say_still(found.status)
        is_ended = (is_over or is_quiet) and not is_busy(found.status)
        # A stack that is gone has no news: somebody else was faster to delete it.
        return found if is_ended or found.status == "DELETE_COMPLETE" else None

    def _bear(self, error: OutOfReach) -> None:
        if self._clock() - self._reached > PATIENCE_SECONDS:
            raise error
        self._reporter.event(f"{error}. AWS carries on with stack {self._stack.name}; checking again")

    def _say_still(self, status: str) -> None:
        self._spoke = self._clock()
        self._reporter.event(f"{self._stack.name} is still {status}, {self._spoke - self._began:.0f} s so far")

    def _report(self, event: StackEvent) -> None:
        name, reason = self._stack.name, f": {event.reason}" if event.reason else ""
        self._reporter.event(
            f"{name}  {event.status}  {event.resource} ({event.type}){reason}",
            stack=name,
            resource=event.resource,
            status=event.status,
            reason=event.reason,
            resource_type=event.type,
        )
        if _is_of_an_instance(event) and not self._has_told_last_lines:
            self._has_told_last_lines = True
            tell_last_lines(self._aws, self._stack.id, self._reporter)

    def _judged(self, found: Stack, good: Collection[str]) -> Stack:
        if found.status in good:
            return self._dated(found)
        ended = f"stack {found.name} ended as {found.status}"
        if found.status == "DELETE_COMPLETE":
            raise InterruptedWork(f"{ended}: somebody else deleted it in the meantime; run again")
        raise self._failure(ended, found)

    def _dated(self, found: Stack) -> Stack:
        """The stack without the time of its last change if that began after this operation had ended."""
        ended = max((event.time for event in self._events), default=None)
        is_of_this = ended is not None and found.changed is not None and found.changed <= ended
        return found if is_of_this else replace(found, changed=None)

    def _failure(self, ended: str, found: Stack) -> WildrydesError:
        """The error with every fault of the template, or the first cause; `record` has the faults as plain data."""
        cause, hint = causes.first_cause(self._events, found.name), causes.pointer(self._events, found.name)
        if not hint:
            cause = cause or found.reason or TABLE[found.status].meaning
            return WildrydesError(f"{ended}: {causes.with_remedy(cause)}")
        faults = self._faults(found)
        if not faults or isinstance(faults, Unknown):
            return WildrydesError(f"{ended}: {cause or causes.without_faults(hint, faults)}")
        error = WildrydesError(f"{ended}: {causes.describe(faults)}")
        error.record = {"causes": [asdict(fault) for fault in faults]}
        return error

    def _faults(self, found: Stack) -> tuple[Fault, ...] | Unknown:
        """What the validation found; the events may know of it before the list of faults does."""
        for _ in range(_LOOKS_AT_FAULTS):
            faults = self._aws.stacks.faults(found.id, self._events[0].time)
            if faults:
                return faults
            self._aws.stacks.pause()
        return ()


def _is_of_an_instance(event: StackEvent) -> bool:
    """Whether an instance, or what waits for its word, has failed; not what was only cancelled."""
    has_failed = event.status in ("CREATE_FAILED", "UPDATE_FAILED")
    return has_failed and event.type in _OF_AN_INSTANCE and causes.is_cause(event.reason)

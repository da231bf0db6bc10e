"""Deletes one stack completely. A known cause of failure is removed; any other is reported with what to do."""

import re
import time
from collections.abc import Callable, Sequence
from enum import Enum

from ..aws import causes
from ..aws.records import Stack, StackEvent, StackResource
from ..aws.session import Aws
from ..deploy.follower import Follower, work
from ..deploy.states import Destroy, state
from ..errors import InterruptedWork, WildrydesError
from ..reporting import Reporter
from .emptying import empty
from .interfaces import release
from .resources import SECURITY_GROUP, physical_ids

_ATTEMPTS = 4
_SUBNET = "AWS::EC2::Subnet"
_STACK = "AWS::CloudFormation::Stack"


class Cause(Enum):
    """Why a resource cannot be deleted."""

    INTERFACES = "network interfaces are still in it"
    CONTENT = "it is not empty"
    OTHER = "something else"


# Cause, the types that can have it, and what AWS says then.
_CAUSES = (
    (Cause.INTERFACES, "AWS::EC2::", "DependencyViolation|has dependencies|dependent object|network interface|in use"),
    (Cause.CONTENT, "AWS::S3::Bucket", "BucketNotEmpty|not empty"),
)


def cause_of(failure: StackEvent) -> Cause:
    """The cause of a resource's DELETE_FAILED."""
    for cause, types, words in _CAUSES:
        if failure.type.startswith(types) and re.search(words, failure.reason):
            return cause
    return Cause.OTHER


def failures_of(events: Sequence[StackEvent]) -> list[StackEvent]:
    """What the last deletion could not delete: the last event of each such resource.

    A resource that CloudFormation skipped because another one failed counts only if no other failure is known.
    """
    begins = [at for at, event in enumerate(events) if (event.type, event.status) == (_STACK, "DELETE_IN_PROGRESS")]
    last = {event.resource: event for event in events[begins[-1] if begins else 0 :] if event.type != _STACK}
    failed = [event for event in last.values() if event.status == "DELETE_FAILED"]
    return [event for event in failed if not causes.is_cancelled(event.reason)] or failed


class Deleter:
    """Deletes stacks. `retain` names resources that may be kept if they cannot be deleted."""

    def __init__(
        self,
        aws: Aws,
        retain: Sequence[str],
        reporter: Reporter,
        clock: Callable[[], float] = time.monotonic,
        is_local: bool = False,
    ) -> None:
        self._aws = aws
        self._retain = retain
        self._reporter = reporter
        self._clock = clock
        self._is_local = is_local
        self._follower = Follower(aws, reporter, clock)

    def delete(self, stack: Stack, resources: Sequence[StackResource] = ()) -> None:
        """Waits until no operation runs on the stack, then deletes it. `resources` are those that it has.

        Raises WildrydesError with all resources that cannot be deleted, InterruptedWork when waiting took too long.
        """
        if self.settle(stack) is None:
            return
        retained: list[str] = []
        for _ in range(_ATTEMPTS):
            failures = self._attempt(stack, retained, resources)
            if not failures:
                return
            retained = self._cure(stack, failures)
        raise WildrydesError(self._explanation(stack, failures))

    def settle(self, stack: Stack) -> Stack | None:
        """The stack once no operation runs on it, however that ended; None when the stack no longer exists."""
        row = state(stack.status)
        if row.destroy is Destroy.NOTHING:
            return None
        if row.destroy is Destroy.DELETE:
            return stack
        try:
            self._follower.attach(stack)
        except InterruptedWork:
            raise
        except WildrydesError as error:
            self._reporter.event(str(error))
        found = self._aws.stacks.describe(stack.id)
        return self.settle(found) if found else None

    def _attempt(self, stack: Stack, retained: Sequence[str], resources: Sequence[StackResource]) -> list[StackEvent]:
        kept = f" except {', '.join(retained)}" if retained else ""
        seen = self._follower.marks(stack.id)
        self._aws.stacks.delete(stack.id, retained)
        kinds = {one.logical_id: one.type for one in resources if one.physical_id and one.logical_id not in retained}
        record = work(stack, "delete", kinds, is_local=self._is_local)
        self._reporter.event(f"deleting stack {stack.name}{kept}", **record)
        ended = self._follower.follow(stack, seen, ("DELETE_COMPLETE", "DELETE_FAILED"))
        if ended.status == "DELETE_COMPLETE":
            return []
        failures = failures_of(self._aws.stacks.events(stack.id))
        if not failures:
            why = causes.first_cause(self._aws.stacks.events(stack.id), stack.name) or ended.reason
            raise WildrydesError(
                f"stack {stack.name} ended as {ended.status}: {why or 'CloudFormation gives no reason'}"
            )
        return failures

    def _cure(self, stack: Stack, failures: Sequence[StackEvent]) -> list[str]:
        """Removes what prevented the deletion; returns the resources to keep in the next attempt."""
        retained = [failure.resource for failure in failures if failure.resource in self._retain]
        held = {failure.resource: cause_of(failure) for failure in failures if failure.resource not in retained}
        if Cause.OTHER in held.values():
            raise WildrydesError(self._explanation(stack, failures))
        resources = self._aws.stacks.resources(stack.name)
        for item in resources:
            if item.logical_id in retained:
                self._reporter.warning(
                    f"not deleted, as --retain says: {item.logical_id} ({item.type}) {item.physical_id}"
                )
            if held.get(item.logical_id) is Cause.CONTENT:
                self._reporter.event(f"emptying bucket {item.physical_id}")
                empty(self._aws, item.physical_id)
        if Cause.INTERFACES in held.values():
            release(self._aws, physical_ids(resources, SECURITY_GROUP), self._reporter, self._clock)
        return retained

    def _explanation(self, stack: Stack, failures: Sequence[StackEvent]) -> str:
        lines = [f"  {failure.resource} ({failure.type}): {failure.reason}" for failure in failures]
        users = self._users(stack) if any(cause_of(failure) is Cause.INTERFACES for failure in failures) else []
        options = " ".join(f"--retain {failure.resource}" for failure in failures)
        return "\n".join(
            [
                f"stack {stack.name} could not be deleted (DELETE_FAILED):",
                *lines,
                *users,
                f"delete what still uses these resources and run again, or keep them with {options}",
            ]
        )

    def _users(self, stack: Stack) -> list[str]:
        """Who uses the stack's security groups and subnets, or why this cannot be found out."""
        try:
            resources = self._aws.stacks.resources(stack.name)
            groups, subnets = (physical_ids(resources, kind) for kind in (SECURITY_GROUP, _SUBNET))
            found = self._aws.networks.interfaces(groups, subnets)
        except WildrydesError as error:
            return [f"  what uses its network was not checked: {error}"]
        return [f"  still in its network: {item.id} ({item.status}) {item.description}".rstrip() for item in found]

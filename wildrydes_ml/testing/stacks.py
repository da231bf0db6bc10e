"""CloudFormation in memory: stacks by name, and operations with the results that a test chooses."""

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from itertools import takewhile
from typing import Any

from ..aws.facts import Unknown
from ..aws.records import ChangeSet, Drift, Fault, Stack, StackEvent, StackResource
from ..aws.stacks import Stacks
from ..deploy.desired import DesiredStack
from ..errors import WildrydesError
from ..template.change import ResourceChange
from ..template.decode import decode
from .evaluation import Evaluation

STACK_TYPE = "AWS::CloudFormation::Stack"


def event(number: int, status: str, resource: str = "Vpc", reason: str = "", type: str = "AWS::EC2::VPC") -> StackEvent:
    """A stack's event; the number is both its id and its second."""
    return StackEvent(f"e{number}", datetime.fromtimestamp(number, timezone.utc), resource, type, status, reason)


class FakeStacks(Stacks):
    """Stacks by name, and operations on them.

    An operation ends at the next pause, with success or as `fail` says. These are all by the stack's name: `endings`
    are the statuses that a stack gets one after the other, `failures` the events of each operation, `changes` the
    content of its next change sets, `held` its resources, `policies` the stack policies, and `drifts` the results of
    drift detection.
    """

    def __init__(self, journal: list[str], outputs: Callable[[Stack], Mapping[str, str]]) -> None:
        self._journal = journal
        self._outputs = outputs
        self._prepared: dict[str, DesiredStack] = {}
        self.stacks: dict[str, Stack] = {}
        self.templates: dict[str, str] = {}
        self.held: dict[str, list[StackResource]] = {}
        self.history: dict[str, list[StackEvent]] = {}
        self.endings: dict[str, list[str]] = {}
        self.failures: dict[str, list[StackEvent]] = {}
        self._before: dict[str, tuple[str, Stack]] = {}
        self._coming: dict[str, list[StackEvent]] = {}
        self.changes: dict[str, tuple[ResourceChange, ...]] = {}
        self.indifferent: set[str] = set()
        self.drifts: dict[str, Drift | Unknown | WildrydesError] = {}
        self.policies: dict[str, str | WildrydesError] = {}
        self.read: Callable[[str], str] = lambda template: template
        self.found_faults: tuple[Fault, ...] | Unknown = ()
        self.asked_since: list[datetime] = []
        self._operations = 0

    @property
    def pending(self) -> list[str]:
        """The stacks with a change set that is neither executed nor discarded."""
        return list(self._prepared)

    def put(
        self, name: str, status: str, template: str = "", resources: Sequence[StackResource] = (), **more: Any
    ) -> None:
        """Adds an existing stack, or changes one as somebody else would, at the console for example."""
        self.stacks[name] = Stack(name, f"id:{name}", status, **{"changed": self._now(), **more})
        self.templates[name] = template
        self.held[name] = list(resources)

    def fail(self, name: str, resource: str, reason: str, type: str = "AWS::S3::Bucket", status: str = "") -> None:
        """Makes the next operation on the stack fail; CloudFormation rolls it back.

        `resource` is the logical id of the resource that failed, `reason` CloudFormation's reason. The stack ends with
        `status`, by default ROLLBACK_COMPLETE for a new stack and UPDATE_ROLLBACK_COMPLETE for an existing one.
        """
        is_there = self.describe(name) is not None
        did, end = ("UPDATE", "UPDATE_ROLLBACK_COMPLETE") if is_there else ("CREATE", "ROLLBACK_COMPLETE")
        number = 500 + len(self.history.get(name, []))
        self._coming[name] = [event(number, f"{did}_FAILED", resource, reason, type)]
        self.endings[name] = [status or end]

    def describe(self, name: str) -> Stack | None:
        found = self.stacks.get(name.removeprefix("id:"))
        gone = found is not None and found.status == "DELETE_COMPLETE" and not name.startswith("id:")
        return None if gone else found

    def listed(self) -> dict[str, Stack]:
        return {name: stack for name, stack in self.stacks.items() if stack.status != "DELETE_COMPLETE"}

    def template(self, name: str) -> str:
        return self.templates.get(name, "")

    def policy(self, name: str) -> str:
        found = self.policies.get(name.removeprefix("id:"), "")
        if isinstance(found, WildrydesError):
            raise found
        return found

    def resources(self, name: str) -> list[StackResource]:
        return self.held.get(name.removeprefix("id:"), [])

    def drift(self, stack: Stack) -> Drift | Unknown:
        found = self.drifts.get(stack.name, Drift(3))
        if isinstance(found, WildrydesError):
            raise found
        return found

    def create(self, name: str, template: str, parameters: Mapping[str, str], tags: Mapping[str, str]) -> Stack:
        assert self.describe(name) is None, "CloudFormation makes no second stack of a name"
        self._journal.append(f"create {name}")
        self.templates[name], self.history[name] = self.read(template), []
        stack = Stack(name, f"id:{name}", "CREATE_IN_PROGRESS", "", dict(parameters), {}, dict(tags))
        self._begin(stack, "CREATE_COMPLETE")
        return stack

    def prepare(
        self, stack: Stack, template: str, parameters: Mapping[str, str], tags: Mapping[str, str]
    ) -> ChangeSet | None:
        """None when no resource changes, whatever else does; stacks in `indifferent` never have changes."""
        found, template = self.stacks[stack.name], self.read(template) or self.templates[stack.name]
        made = _made(self.templates[stack.name], found.parameters)
        if (made, found.tags) == (_made(template, parameters), tags) or stack.name in self.indifferent:
            return None
        self._prepared[stack.name] = DesiredStack(stack.name, "", template, dict(parameters), dict(tags))
        return ChangeSet(f"cs:{stack.name}", found, self.changes.get(stack.name, ()))

    def discard(self, change_set: str) -> None:
        del self._prepared[change_set.removeprefix("cs:")]

    def undo(self, stack: Stack) -> None:
        self._journal.append(f"undo {stack.name}")
        self._begin(replace(stack, status="UPDATE_ROLLBACK_IN_PROGRESS"), "UPDATE_ROLLBACK_COMPLETE")

    def find(self, names: Sequence[str]) -> dict[str, Stack]:
        return {name: stack for name in names if (stack := self.describe(name))}

    def execute(self, change_set: ChangeSet) -> str:
        wanted = self._prepared.pop(change_set.stack.name)
        self._journal.append(f"update {wanted.name}")
        self._before[wanted.name] = self.templates[wanted.name], self.stacks[wanted.name]
        self.templates[wanted.name] = wanted.template
        found = replace(self.stacks[wanted.name], parameters=wanted.parameters, tags=wanted.tags)
        stack = replace(found, status="UPDATE_IN_PROGRESS", reason="", outputs={})
        token = self.newest_event(stack.id) or "from the first"
        self._begin(stack, "UPDATE_COMPLETE")
        return token

    def delete(self, name: str, retain: Sequence[str] = ()) -> None:
        stack = self.stacks[name.removeprefix("id:")]
        self._journal.append(" retaining ".join((f"delete {stack.name}", *retain)))
        self._begin(replace(stack, status="DELETE_IN_PROGRESS"), "DELETE_COMPLETE")

    def events(self, stack: str, seen: Container[str] = (), token: str = "") -> list[StackEvent]:
        """The events; a token is the last event before its operation."""
        newest_first = reversed(self.history.get(stack.removeprefix("id:"), []))
        return list(takewhile(lambda event: event.id not in seen and event.id != token, newest_first))[::-1]

    def faults(self, stack: str, since: datetime) -> tuple[Fault, ...] | Unknown:
        self.asked_since.append(since)
        return self.found_faults

    def newest_event(self, stack: str) -> str:
        return ([event.id for event in self.events(stack)] or [""])[-1]

    def pause(self) -> None:
        for name, coming in self.endings.items():
            if coming and name in self.stacks:
                self._turn(self.stacks[name], coming.pop(0))

    def _now(self) -> datetime:
        """The time of a new operation: later than that of the one before it, earlier than every event."""
        self._operations += 1
        return datetime.fromtimestamp(0, timezone.utc) + timedelta(microseconds=self._operations)

    def _begin(self, stack: Stack, end: str) -> None:
        self.stacks[stack.name] = replace(stack, changed=self._now())
        self.endings.setdefault(stack.name, [])
        self.endings[stack.name] = self.endings[stack.name] or [end]
        self.history.setdefault(stack.name, []).extend(
            [*self.failures.get(stack.name, []), *self._coming.pop(stack.name, [])]
        )

    def _turn(self, stack: Stack, status: str) -> None:
        if status.startswith("UPDATE_ROLLBACK_COMPLETE") and stack.name in self._before:
            self.templates[stack.name], stack = self._before.pop(stack.name)
        outputs = self._outputs(stack) if status in ("CREATE_COMPLETE", "UPDATE_COMPLETE") else stack.outputs
        self.stacks[stack.name] = replace(stack, status=status, outputs=outputs)
        history = self.history.setdefault(stack.name, [])
        history.append(event(1000 + len(history), status, stack.name, type=STACK_TYPE))


def _made(template: str, parameters: Mapping[str, str]) -> Any:
    """What is left of a template when parameters and conditions are known; another text stands for itself."""
    body = decode(template)
    offered = {key: value for key, value in parameters.items() if key in body.get("Parameters", {})}
    return Evaluation(body, offered).left() if body else (template, parameters)

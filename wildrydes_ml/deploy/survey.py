"""All deployments of ours in an account and region, found by the tag of their stacks: their age, cost and expiry.

A stack that somebody created with the AWS CLI alone has no such tag, so nobody can tell here that it is one of these.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timezone
from graphlib import CycleError, TopologicalSorter
from typing import Any

from .. import costs, expiry
from ..aws.records import Stack
from ..aws.session import Aws
from ..errors import InterruptedWork, WildrydesError
from ..naming import NAME
from ..reporting import Reporter
from ..tags import TAG
from .planner import FoundStack

_EPOCH = datetime.fromtimestamp(0, timezone.utc)
_HEADS = ("NAME", "APPLICATION", "AGE", "IDLE US$/MONTH", "EXPIRY", "STACKS")
_WIDEST = 40


@dataclass(frozen=True)
class Standing:
    """A deployment that stands: its name, and its stacks in the order in which they depend on each other."""

    name: str
    stacks: tuple[Stack, ...]

    @property
    def expires(self) -> datetime | None:
        """When it expires; None for one that does not."""
        return expiry.of_all([stack.tags for stack in self.stacks])

    @property
    def created(self) -> datetime | None:
        """When its first stack was created."""
        return min((stack.created for stack in self.stacks if stack.created), default=None)

    @property
    def application(self) -> str:
        """What its template says that it is, up to the first colon."""
        return self.stacks[0].description.partition(":")[0].strip()

    def age(self, now: datetime) -> str:
        """How long it has been there."""
        return expiry.length((now - self.created).total_seconds()) if self.created else "?"

    def has_expired(self, now: datetime) -> bool:
        """Whether its time has passed."""
        return self.expires is not None and self.expires <= now


def find(aws: Aws) -> list[Standing]:
    """The deployments by name. Raises WildrydesError when the stacks of the account may not be listed."""
    groups: dict[str, list[Stack]] = {}
    for stack in aws.stacks.tagged(TAG):
        if is_of(stack.tags[TAG], stack):
            groups.setdefault(stack.tags[TAG], []).append(stack)
    return [Standing(name, _in_order(groups[name])) for name in sorted(groups)]


def is_of(name: str, stack: Stack) -> bool:
    """Whether it is a stack of a deployment of this name; what it nests has its tags, and goes with it."""
    is_named = stack.name == name or stack.name.startswith(f"{name}-")
    return is_named and not stack.parent and NAME.fullmatch(name) is not None


def _in_order(stacks: Sequence[Stack]) -> tuple[Stack, ...]:
    """The stacks, each after those whose outputs it has among its parameters; by age where that says nothing."""
    known = {stack.name: stack for stack in sorted(stacks, key=lambda one: (one.created or _EPOCH, one.name))}
    told = {name: {value for value in stack.outputs.values() if value} for name, stack in known.items()}
    needs = {
        name: [other for other in known if other != name and told[other] & _given(stack.parameters)]
        for name, stack in known.items()
    }
    with suppress(CycleError):
        return tuple(known[name] for name in TopologicalSorter(needs).static_order())
    return tuple(known.values())


def _given(parameters: Mapping[str, str]) -> set[str]:
    return {part for value in parameters.values() for part in (value, *value.split(","))}


def report(aws: Aws, reporter: Reporter, now: datetime) -> dict[str, Any]:
    """Reports a row for each deployment, and returns how many there are and what they cost together a month."""
    found = find(aws)
    place = f"account {aws.identity.account}, region {aws.identity.region}"
    if not found:
        reporter.output(f"no deployment of wildrydes-ml in {place}")
        return {"deployments": 0, "dollars": 0.0}
    rows = [_Row.of(aws, one, reporter) for one in found]
    cells = [_HEADS, *(row.cells(now) for row in rows)]
    widths = [max(len(line[at]) for line in cells) for at in range(len(_HEADS) - 1)]
    reporter.output(_line(_HEADS, widths))
    for row in rows:
        reporter.output(_line(row.cells(now), widths), **row.record(now))
    dollars = round(sum(row.dollars or 0 for row in rows), 2)
    reporter.output(f"{_counted(rows)} in {place}: {_together(rows, dollars)}")
    return {"deployments": len(rows), "dollars": dollars}


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    *first, last = cells
    return "  ".join([*(cell.ljust(width) for cell, width in zip(first, widths, strict=True)), last])


def _counted(rows: Sequence["_Row"]) -> str:
    return f"{len(rows)} deployment{'s' * (len(rows) != 1)}"


def _together(rows: Sequence["_Row"], dollars: float) -> str:
    unknown = ", and what is not known" if any(row.dollars is None or row.is_more for row in rows) else ""
    return f"idle about {dollars:.2f} US$ a month{unknown}"


@dataclass(frozen=True)
class _Row:
    """A deployment with its idle cost in US dollars a month: None when it is not known, `is_more` when in part."""

    standing: Standing
    dollars: float | None
    is_more: bool

    @classmethod
    def of(cls, aws: Aws, standing: Standing, reporter: Reporter) -> "_Row":
        try:
            made = [FoundStack(one, aws.stacks.template(one.name)).effective for one in standing.stacks]
        except InterruptedWork:
            raise
        except WildrydesError as error:
            reporter.warning(f"the idle cost of {standing.name} is not known: {error}")
            return cls(standing, None, False)
        found = costs.idle(made)
        return cls(standing, round(costs.total(found), 2), any(cost.dollars is None for cost in found))

    def cells(self, now: datetime) -> tuple[str, ...]:
        """The row for a person."""
        price = "?" if self.dollars is None else f"{self.dollars:.2f}{' + ?' * self.is_more}"
        expires, stacks = self.standing.expires, ", ".join(f"{one.name} {one.status}" for one in self.standing.stacks)
        until = expiry.ahead(expires, now) if expires else "-"
        return self.standing.name, self.standing.application[:_WIDEST], self.standing.age(now), price, until, stacks

    def record(self, now: datetime) -> dict[str, Any]:
        """The row for a program."""
        standing = self.standing
        return {
            "name": standing.name,
            "application": standing.application,
            "stacks": [{"name": one.name, "status": one.status} for one in standing.stacks],
            "created": expiry.stamp(standing.created) if standing.created else None,
            "age_seconds": int((now - standing.created).total_seconds()) if standing.created else None,
            "dollars": self.dollars,
            "expires": expiry.stamp(standing.expires) if standing.expires else None,
            "expired": standing.has_expired(now),
        }


def expired(aws: Aws, now: datetime) -> Iterator[Standing]:
    """The deployments whose time has passed."""
    return (one for one in find(aws) if one.has_expired(now))

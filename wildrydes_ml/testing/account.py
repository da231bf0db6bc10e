"""The rest of an account in memory: its quotas, networks, logs and tags."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from ..aws.account import Account
from ..aws.facts import Concurrency, Place, Reach, Unknown, Usage, Zone
from ..aws.logs import Logs
from ..aws.networks import Networks
from ..aws.records import Billable, Console, LogEvent, NetworkInterface
from ..aws.tagging import Tagging
from ..errors import WildrydesError
from ..web import Reply

T = TypeVar("T")


class FakeTagging(Tagging):
    """The resources that the tagging API lists."""

    def __init__(self) -> None:
        self.listed: list[str] | Exception = []

    def arns(self, key: str, value: str) -> list[str]:
        return _found(self.listed)


class FakeNetworks(Networks):
    """Network interfaces, and billable resources.

    `asked` are the security groups and subnets of each query of the interfaces. `looks` are the results of the queries,
    or errors to raise; the last one is repeated.
    """

    def __init__(self, journal: list[str]) -> None:
        self._journal = journal
        self.looks: list[list[NetworkInterface] | Exception] = [[]]
        self.asked: list[tuple[list[str], list[str]]] = []
        self.bills: list[Billable] | Exception = []
        self.files: list[Billable] | Exception = []

    def interfaces(self, groups: Sequence[str], subnets: Sequence[str] = ()) -> list[NetworkInterface]:
        self.asked.append((list(groups), list(subnets)))
        return _found(self.looks.pop(0) if len(self.looks) > 1 else self.looks[0])

    def delete_interface(self, interface: str) -> None:
        self._journal.append(f"delete {interface}")

    def billing(self, tags: Mapping[str, Collection[str]]) -> list[Billable]:
        return _found(self.bills)

    def file_systems(self, tags: Mapping[str, Collection[str]]) -> list[Billable]:
        return _found(self.files)


def _found(prepared: list[T] | Exception) -> list[T]:
    if isinstance(prepared, Exception):
        raise prepared
    return prepared


class FakeAccount(Account):
    """An account that is ready for a deployment in two of three zones; `answers` replace single results."""

    def __init__(self) -> None:
        self.answers: dict[str, Any] = {}
        self.asked: list[str] = []

    def usage(self, name: str) -> Usage | Unknown:
        return self._answer(name, Usage({"": 1}, 5))

    def zones(self) -> tuple[Zone, ...] | Unknown:
        return self._answer("zones", tuple(Zone(f"eu-west-1{letter}") for letter in "abc"))

    def instance_architectures(self, type: str) -> frozenset[str] | Unknown:
        return self._answer("instance_architectures", frozenset({"arm64" if "g." in type else "x86_64"}))

    def instance_zones(self, type: str) -> frozenset[str] | Unknown:
        return self._answer("instance_zones", frozenset({"eu-west-1a", "eu-west-1b"}))

    def runtimes(self) -> frozenset[str]:
        return self._answer("runtimes", frozenset({"python3.11", "python3.12", "python3.13", "python3.14"}))

    def concurrency(self, function: str) -> Concurrency | Unknown:
        return self._answer("concurrency", Concurrency(1000, 1000, 0))

    def function(self, name: str) -> str | Unknown | None:
        return self._answer("function", None)

    def log_group(self, name: str) -> str | Unknown | None:
        return self._answer("log_group", None)

    def log_groups(self, prefix: str) -> frozenset[str] | Unknown:
        return self._answer("log_groups", frozenset[str]())

    def answer(self, url: str) -> Reply:
        return self._answer("model", Reply(200))

    def apis(self) -> Usage | Unknown:
        return self._answer("apis", Usage({"": 1}, 600))

    def roles(self) -> Usage | Unknown:
        return self._answer("roles", Usage({"": 1}, 1000))

    def exports(self) -> Mapping[str, str] | Unknown:
        return self._answer("exports", {})

    def stored(self, name: str) -> bool | Unknown:
        return self._answer("stored", True)

    def subnet(self, id: str) -> Place | Unknown | None:
        return self._answer(id, Place("vpc-1", f"eu-west-1{id[-1]}"))

    def security_group(self, id: str) -> Place | Unknown | None:
        return self._answer(id, Place("vpc-1"))

    def vpc(self, id: str) -> Place | Unknown | None:
        return self._answer(id, Place(id))

    def reach(self, subnet: str) -> Reach | Unknown:
        return self._answer("reach", Reach(outside=True))

    def _answer(self, name: str, usual: T) -> T:
        self.asked.append(name)
        answer: T = self.answers.get(name, usual)
        return answer


class FakeLogs(Logs):
    """Log groups and consoles by name; an error among them is raised. `asked` are the times of the queries."""

    def __init__(self) -> None:
        self.groups: dict[str, list[LogEvent] | Unknown | WildrydesError] = {}
        self.consoles: dict[str, Console | Unknown | WildrydesError] = {}
        self.asked: list[datetime] = []

    def events(self, group: str, since: datetime) -> list[LogEvent] | Unknown | None:
        self.asked.append(since)
        found = _raised(self.groups.get(group))
        return [event for event in found if event.time >= since] if isinstance(found, list) else found

    def console(self, instance: str) -> Console | Unknown | None:
        return _raised(self.consoles.get(instance))


def _raised(prepared: T | WildrydesError) -> T:
    if isinstance(prepared, WildrydesError):
        raise prepared
    return prepared

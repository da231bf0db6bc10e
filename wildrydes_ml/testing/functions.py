"""Lambda in memory: one function that answers as a test says."""

from collections.abc import Collection
from typing import Any

from ..aws.facts import Unknown
from ..aws.functions import Functions
from ..aws.records import Invocation
from ..errors import WildrydesError


class FakeFunctions(Functions):
    """A function that answers from a list, and log groups with their tags.

    `answers` are the list, each an `Invocation(status, body)`; the last one is repeated. At first it is an empty JSON
    object. `invoked` and `events` are what the function was invoked with. `loss` is the type of what somebody deleted,
    `asked` whom it was asked of. `gone` are the names of other functions that somebody deleted.
    """

    def __init__(self, journal: list[str]) -> None:
        self._journal = journal
        self.answers = [Invocation(200, "{}")]
        self.invoked: list[str] = []
        self.events: list[dict[str, Any]] = []
        self.log_groups: dict[str, dict[str, str]] = {}
        self.loss: str | Unknown = ""
        self.failure: WildrydesError | None = None
        self.asked: list[str] = []
        self.gone: set[str] = set()
        self.labels: dict[str, dict[str, str]] = {}

    def tags(self, name: str) -> dict[str, str] | None:
        return self.labels.get(name)

    def lost(self, name: str, alias: str) -> str | Unknown:
        self.asked.append(f"{name}:{alias}")
        return self.loss

    def missing(self, names: Collection[str]) -> tuple[str, ...] | Unknown:
        return tuple(name for name in names if name in self.gone)

    def invoke(self, name: str, event: dict[str, Any]) -> Invocation:
        self.invoked.append(name)
        self.events.append(event)
        if self.failure:
            raise self.failure
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def log_group_tags(self, name: str) -> dict[str, str] | None:
        return self.log_groups.get(name)

    def delete_log_group(self, name: str) -> None:
        if name in self.log_groups:
            self._journal.append(f"delete log group {name}")
            del self.log_groups[name]

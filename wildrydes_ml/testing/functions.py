"""Lambda in memory: one function that answers as a test says."""

from typing import Any

from ..aws.facts import Unknown
from ..aws.functions import Functions
from ..aws.records import Invocation
from ..errors import WildrydesError


class FakeFunctions(Functions):
    """A function that answers from a list, and log groups with their tags.

    `answers` is the list, by default one empty JSON object; the last answer is repeated. `invoked` and `events` are the
    names and events of the invocations. `loss` is the type of a resource that somebody deleted; `asked` are the
    functions for which this was queried.
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
        self.labels: dict[str, dict[str, str]] = {}

    def tags(self, name: str) -> dict[str, str] | None:
        return self.labels.get(name)

    def lost(self, name: str, alias: str) -> str | Unknown:
        self.asked.append(f"{name}:{alias}")
        return self.loss

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

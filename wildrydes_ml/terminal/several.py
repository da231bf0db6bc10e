"""One reporter that passes all that is said on to several, in their order."""

from collections.abc import Mapping, Sequence
from typing import Any

from ..reporting import Reporter


class Several:
    """All hear the same."""

    def __init__(self, *reporters: Reporter) -> None:
        self._reporters = reporters

    def plan(self, steps: Sequence[Mapping[str, Any]], *, idle_before: float = 0, idle_after: float = 0) -> None:
        """To each."""
        for one in self._reporters:
            one.plan(steps, idle_before=idle_before, idle_after=idle_after)

    def event(self, text: str, **record: Any) -> None:
        """To each."""
        for one in self._reporters:
            one.event(text, **record)

    def output(self, text: str, **record: Any) -> None:
        """To each."""
        for one in self._reporters:
            one.output(text, **record)

    def warning(self, text: str) -> None:
        """To each."""
        for one in self._reporters:
            one.warning(text)

    def error(self, text: str) -> None:
        """To each."""
        for one in self._reporters:
            one.error(text)

    def result(self, ok: bool, **record: Any) -> None:
        """To each."""
        for one in self._reporters:
            one.result(ok, **record)

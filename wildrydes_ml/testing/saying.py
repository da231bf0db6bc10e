"""A reporter and a clock for tests."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Said:
    """A reporter that stores each message: its kind, text and record."""

    lines: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    idle: tuple[float, float] = (0, 0)

    def plan(self, steps: Sequence[Mapping[str, Any]], *, idle_before: float = 0, idle_after: float = 0) -> None:
        self.idle = (idle_before, idle_after)
        self.lines += [("plan", str(step["text"]), dict(step)) for step in steps]

    def event(self, text: str, **record: Any) -> None:
        self.lines.append(("event", text, record))

    def output(self, text: str, **record: Any) -> None:
        self.lines.append(("output", text, record))

    def warning(self, text: str) -> None:
        self.lines.append(("warning", text, {}))

    def error(self, text: str) -> None:
        self.lines.append(("error", text, {}))

    def result(self, ok: bool, **record: Any) -> None:
        self.lines.append(("result", str(ok), record))

    def texts(self, kind: str) -> list[str]:
        """The texts of the messages of one kind."""
        return [text for one, text, _ in self.lines if one == kind]


class Clock:
    """A clock on which time passes only by sleeping."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds

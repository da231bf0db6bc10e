"""Logs: the lines of some stacks' functions and filling instances, in the order of time, each with its source.

The logs are found by the stacks' resources, so that this works for any stacks.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import NoReturn, Protocol

from ..aws.facts import Unknown
from ..aws.records import LogEvent, Stack
from ..aws.session import Aws
from ..errors import OutOfReach, WildrydesError
from ..expiry import stamp
from ..reporting import Reporter
from .loglines import GROUP, INSTANCE, Line, Source, console_lines, fresh, sources, whole_lines

# How much later than a newer line a line may arrive and still be shown.
_LATE = timedelta(minutes=2)
# A new log group or instance is found after as many looks.
_LOOKS_AT_STACKS = 10
# For how long AWS may be out of reach while somebody follows.
_PATIENCE_SECONDS = 600.0
_LAST_LINES = 15


class _Nothing(WildrydesError):
    """A log with nothing to read, for a reason that the user should know; the other logs are read all the same."""


class _Denied(_Nothing):
    """A log that the permissions do not allow to read."""


class _Tail(Protocol):
    """One log, which returns each of its lines once."""

    def read(self) -> list[Line]:
        """The lines that are new. Raises _Nothing, or what the gateways raise."""


@dataclass
class _GroupTail:
    """A log group. The last minutes are read again each time: CloudWatch Logs may show an older line later."""

    aws: Aws
    source: Source
    since: datetime
    seen: set[str] = field(default_factory=set)

    def read(self) -> list[Line]:
        found = self.aws.logs.events(self.source.id, self.since)
        if isinstance(found, Unknown):
            raise _Denied(f"{self.source.name}: no permission to read its log {self.source.id}: allow {found.detail}")
        if found is None:
            raise _Nothing(f"{self.source.name} has no log yet: there is no log group {self.source.id}")
        new = [event for event in found if event.id not in self.seen]
        self._remember(found)
        return [Line(event.time, self.source.name, event.text) for event in new]

    def _remember(self, found: Sequence[LogEvent]) -> None:
        newest = max((event.time for event in found), default=self.since)
        self.since = max(self.since, newest - _LATE)
        self.seen = {event.id for event in found if event.time >= self.since}


@dataclass
class _ConsoleTail:
    """An instance's console."""

    aws: Aws
    source: Source
    since: datetime
    seen: Sequence[str] = ()

    def read(self) -> list[Line]:
        console = self.aws.logs.console(self.source.id)
        whose = f"{self.source.name} (instance {self.source.id})"
        if isinstance(console, Unknown):
            raise _Denied(f"{whose}: no permission to read its console: allow {console.detail}")
        if console is None:
            raise _Nothing(f"{whose} no longer exists, nor does its console")
        if not console.text:
            raise _Nothing(f"{whose} has no console output yet: EC2 shows it some minutes after the start")
        found = console_lines(console)
        texts = [text for _, text in found]
        new = fresh(self.seen, texts)
        self.seen = texts
        recent = found[len(found) - len(new) :]
        return [Line(time, self.source.name, text) for time, text in recent if time >= self.since]


@dataclass
class _FileTail:
    """A file. Its lines have no times: each counts as written when the file was."""

    path: Path
    since: datetime
    seen: Sequence[str] = ()

    def read(self) -> list[Line]:
        try:
            text = self.path.read_text(encoding="utf-8", errors="replace")
            written = datetime.fromtimestamp(self.path.stat().st_mtime, timezone.utc)
        except FileNotFoundError:
            return []
        lines = whole_lines(text)
        new = fresh(self.seen, lines)
        self.seen = lines
        return [Line(written, self.path.name, line) for line in new if written >= self.since]


class Reading:
    """The logs of some stacks from a time on. `find` returns the stacks; `file` is an additional log."""

    def __init__(
        self,
        aws: Aws,
        find: Callable[[], Sequence[Stack]],
        reporter: Reporter,
        since: datetime,
        file: Path | None = None,
    ) -> None:
        self._aws = aws
        self._find = find
        self._reporter = reporter
        self._since = since
        self._file = file
        self._tails: dict[str, _Tail] = {str(file): _FileTail(file, since)} if file else {}
        self._said: set[str] = set()
        self._denied = self._lines = 0

    def show(self) -> int:
        """Shows the lines, and returns how many there are.

        Raises WildrydesError when there is no log; OutOfReach, after it has shown the rest, when AWS cannot be reached.
        """
        self._look_at_stacks()
        lost = self._look()
        if lost:
            raise lost
        if self._denied and not self._lines:
            raise WildrydesError(
                "these credentials have no permission to read the logs; `policy --for logs` prints what they need"
            )
        if not self._lines and not self._said:
            self._reporter.warning(f"no lines since {stamp(self._since)}: name an earlier time, such as --since 1d")
        return self._lines

    def follow(self, pause: Callable[[], None], clock: Callable[[], float] = time.monotonic) -> NoReturn:
        """Shows each new line once, until somebody stops it.

        Raises as show() does, but keeps trying for ten minutes when AWS cannot be reached.
        """
        self._look_at_stacks()
        looks, reached = 0, clock()
        while True:
            lost = self._look()
            looks += 1
            if lost is None and looks % _LOOKS_AT_STACKS == 0:
                lost = self._look_again_at_stacks()
            if lost is None:
                reached = clock()
            elif clock() - reached > _PATIENCE_SECONDS:
                raise lost
            else:
                self._say(f"{lost}. Trying again")
            pause()

    def _look_at_stacks(self) -> None:
        stacks = self._find()
        self._add(stacks)
        if len(self._tails) > bool(self._file) or (self._file and self._file.exists()):
            return
        if not stacks:
            raise WildrydesError("nothing is deployed under this name here, so there is no log: run deploy first")
        names = " and ".join(stack.name for stack in stacks)
        raise WildrydesError(f"{names}: no function, log group or instance yet, so there is no log")

    def _look_again_at_stacks(self) -> OutOfReach | None:
        try:
            self._add(self._find())
        except OutOfReach as error:
            return error
        return None

    def _add(self, stacks: Sequence[Stack]) -> None:
        """Adds the logs that are not known yet."""
        for stack in stacks:
            for source in sources(self._aws.stacks.resources(stack.id)):
                if source.id not in self._tails:
                    kind = _GroupTail if source.type == GROUP else _ConsoleTail
                    self._tails[source.id] = kind(self._aws, source, self._since)

    def _look(self) -> OutOfReach | None:
        """Shows the new lines of each log; returns the error of a log that could not be read, after all the others."""
        lines: list[Line] = []
        lost: OutOfReach | None = None
        for tail in self._tails.values():
            try:
                lines += tail.read()
            except _Nothing as reason:
                self._denied += isinstance(reason, _Denied)
                self._say(str(reason))
            except OutOfReach as error:
                lost = error
        for line in sorted(lines, key=lambda line: line.time):
            self._reporter.output(line.describe(), time=line.time.isoformat(), source=line.source, message=line.text)
        self._lines += len(lines)
        return lost

    def _say(self, text: str) -> None:
        """Reports a problem once."""
        if text not in self._said:
            self._said.add(text)
            self._reporter.warning(text)


def tell_last_lines(aws: Aws, stack: str, reporter: Reporter) -> None:
    """Reports the last lines of the consoles of a stack's instances, while these still exist; raises nothing.

    It is for a stack that fails because of an instance: the rollback then deletes the instance.
    """
    try:
        instances = [source for source in sources(aws.stacks.resources(stack)) if source.type == INSTANCE]
        for source in instances:
            console = aws.logs.console(source.id)
            if isinstance(console, Unknown):
                reporter.event(f"no permission to read the console of {source.name}: allow {console.detail}")
            elif console is not None and console.text:
                tell(f"the console of {source.name}", [text for _, text in console_lines(console)], reporter)
    except WildrydesError as error:
        reporter.event(f"the last lines of the instance cannot be read: {error}")


def tell(whose: str, lines: Sequence[str], reporter: Reporter) -> None:
    """Reports the last lines of a log."""
    if lines:
        reporter.event(f"the last lines of {whose}:")
    for line in lines[-_LAST_LINES:]:
        reporter.event(f"  {line}", log=whose, message=line)

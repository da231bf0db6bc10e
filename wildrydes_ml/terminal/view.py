"""The live view of a terminal: one frame that is drawn anew, the summary or the box of a failure at the end.

Every event is in the log; of these the view shows what they add up to.
"""

import os
import textwrap
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, TextIO

from rich.console import Console, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from ..reporting import printable, tell
from . import ending
from .course import Course
from .frame import Frame
from .screen import Screen

_TICK_SECONDS = 0.125
# What the summary shows once, at the end.
_HELD = ("verdict", "URL", "idle cost", "burst", "expiry", "command")
# Rows that people copy, and of the others the lines that are shown.
_COPIED = ("URL", "Try", "Next", "Delete", "Again", "Log")
_ROW_LINES = 3
_LABEL_COLUMNS = 11
_STYLES = {ending.STOPPED: "yellow", 3: "yellow"}


def terminal(out: TextIO, environment: Mapping[str, str] = os.environ) -> Console:
    """A console for a terminal, without colour where NO_COLOR is set: https://no-color.org"""
    return Console(file=out, highlight=False, markup=False, emoji=False, no_color=bool(environment.get("NO_COLOR")))


class View:
    """A reporter for a person at a terminal. `course` has heard what it is told."""

    def __init__(
        self,
        course: Course,
        verb: str,
        following: ending.Next,
        console: Console,
        err: TextIO,
        log: Callable[[], str] = str,
        is_local: bool = False,
        waiting_for: str = "",
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        self._course = course
        self._verb = verb
        self._following = following
        self._console = console
        self._err = err
        self._log = log
        self._is_local = is_local
        self._screen = Screen(console, environment)
        self._lock = threading.RLock()
        self._is_live = False
        self._error = ""
        self._is_plain = "utf" not in console.encoding.lower()
        self._end = threading.Event()
        course.last = course.last or waiting_for

    def start(self) -> "View":
        """Draws from now on, until `close`."""
        self._is_live = True
        threading.Thread(target=self._tick, daemon=True).start()
        return self

    def close(self) -> None:
        """Draws no more, and leaves the terminal as it was."""
        self._end.set()
        self._stop()

    def plan(self, steps: Sequence[Mapping[str, Any]], *, idle_before: float = 0, idle_after: float = 0) -> None:
        """Stands above the frame, each line in at most three: the log has all of it."""
        lines = ending.plan(steps, idle_before, idle_after)
        with self._lock:
            self._screen.clear()
            for line in lines:
                self._print(Text("\n".join(self._broken(printable(line)))))
        self._go_on()

    def event(self, text: str, **record: Any) -> None:
        """Changes the frame."""
        self._go_on()

    def output(self, text: str, **record: Any) -> None:
        """Stands above, but for what the summary shows. A question to a person may follow, so nothing is drawn then."""
        if record.get("about") not in _HELD:
            self._stop()
            self._print(Text(printable(text)))

    def warning(self, text: str) -> None:
        """Stands above the frame."""
        with self._lock:
            self._screen.clear()
            self._print_error(Text(f"warning: {printable(text)}", style="yellow"))

    def error(self, text: str) -> None:
        """Is told with the result, which says what kind of end it is."""
        self._error = printable(text)

    def result(self, ok: bool, **record: Any) -> None:
        """The summary, or the box."""
        self._stop()
        if ok and (kind := ending.kind(self._verb, record)):
            self._print_summary(kind, record)
        elif ok and (rows := ending.after_table(record, self._following)):
            for label, text in rows:
                self._print_row(label, printable(text))
        elif not ok and "exit_code" in record:
            # A class says itself what to do: to run class deploy again, also after class status.
            self._print_failure(int(record["exit_code"]), has_remedy="students" not in record)
        elif self._error:
            self._print_error(Text(f"error: {self._error}", style="red"))
        self._error = ""

    def draw(self) -> None:
        """One frame, if any is due."""
        with self._lock:
            if self._is_live:
                frame = Frame(self._course, self._console.size.width, self._log(), self._is_local, self._is_plain)
                self._screen.draw(frame.lines())

    def _tick(self) -> None:
        with suppress(OSError, ValueError):  # the terminal has gone, or somebody has closed it
            while not self._end.wait(_TICK_SECONDS):
                self.draw()

    def _go_on(self) -> None:
        with self._lock:
            self._is_live = not self._end.is_set()

    def _stop(self) -> None:
        with self._lock:
            self._is_live = False
            self._screen.clear()

    def _print(self, what: RenderableType) -> None:
        with self._lock:
            self._console.print(what, soft_wrap=isinstance(what, Text))

    def _broken(self, line: str) -> list[str]:
        """A line of a plan, broken at words and indented below its beginning."""
        bare = line.lstrip()
        indent = " " * (len(line) - len(bare))
        later = indent + ("   " if bare[:1].isdigit() else "  ")
        more = " ..." if self._is_plain else " …"
        width = self._console.size.width - 1
        return _wrapped(line, width, more, later)

    def _print_error(self, text: Text) -> None:
        if self._err.isatty():
            self._print(text)
        else:
            tell(text.plain, self._err)

    def _print_summary(self, kind: str, record: Mapping[str, Any]) -> None:
        title = ending.title(self._course, kind, record)
        self._print(Text("+ " if self._is_plain else "✓ ", style="green").append(title, style="bold"))
        for label, text in ending.summary(self._course, kind, record, self._following, self._log()):
            self._print_row(label, printable(text))

    def _print_row(self, label: str, text: str) -> None:
        """One row of the summary. What is copied keeps its line whole, so that the terminal alone breaks it."""
        columns = max(20, self._console.size.width - _LABEL_COLUMNS)
        if label not in _COPIED:
            words = _wrapped(text, columns, " ..." if self._is_plain else " …")
            text = f"\n{' ' * _LABEL_COLUMNS}".join(words)
        self._print(Text(f"  {label:<{_LABEL_COLUMNS - 3}} ", style="dim").append(text, style="not dim"))

    def _print_failure(self, exit_code: int, has_remedy: bool) -> None:
        rows = ending.failure(self._course, self._error, exit_code, has_remedy)
        if not self._err.isatty():
            tell(f"error: {self._error}", self._err)
        table = Table.grid(padding=(0, 1))
        table.add_column(style="dim", no_wrap=True)
        table.add_column(overflow="fold")
        for label, text in rows:
            table.add_row(label, Text(printable(text)))
        style = _STYLES.get(exit_code, "red")
        self._print(Panel(table, title=ending.head(exit_code), title_align="left", border_style=style, safe_box=True))
        for label, text in ending.below(self._course, exit_code, self._following, self._log()):
            self._print_row(label, printable(text))


def _wrapped(text: str, width: int, more: str, later: str = "") -> list[str]:
    """The first lines of a text, broken at blanks: a name with dashes stays whole if there is room for it."""
    return textwrap.wrap(
        text, width, subsequent_indent=later, max_lines=_ROW_LINES, placeholder=more, break_on_hyphens=False
    )

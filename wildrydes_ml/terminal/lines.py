"""Plain lines for a pipe or a log: what happens, steps numbered, and signs of life when nothing happens.

Nothing is redrawn, and there are no escapes. What takes minutes gets a line less often, and dots behind it meanwhile.
"""

import textwrap
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, TextIO

from ..reporting import SILENCE_SECONDS, TextReporter, tell, terminal_columns
from . import ending
from .course import Course

# The seconds from one line to the next, by how long the same thing has gone on.
_PAUSES = ((60.0, SILENCE_SECONDS), (600.0, 10.0), (float("inf"), 30.0))
_TICK_SECONDS = 0.2


class Lines(TextReporter):
    """Lines with signs of life, and a summary at the end of what changes something."""

    def __init__(
        self,
        course: Course,
        verb: str,
        following: ending.Next = ending.Next(),  # noqa: B008
        log: Callable[[], str] = str,
        out: TextIO | None = None,
        err: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
        waiting_for: str = "",
        is_quiet: bool = False,
        is_brief: bool = False,
    ) -> None:
        """`waiting_for` is what goes on before the first event; a quiet one gives signs of life on stderr.

        A brief one leaves out what CloudFormation tells of single resources: the signs of life count them.
        """
        super().__init__(out, err, clock)
        self._course = course
        self._verb = verb
        self._following = following
        self._log = log
        self._waiting_for = waiting_for
        self._is_quiet = is_quiet
        self._is_brief = is_brief
        self._signs = self._err if is_quiet else self._out
        self._lock = threading.RLock()
        self._spoke = self._told = self._news = clock()
        self._is_open = False
        self._is_waiting = True
        self._columns = 0
        self._end = threading.Event()

    def start(self) -> "Lines":
        """Gives signs of life from now on, until `close`."""
        threading.Thread(target=self._tick, daemon=True).start()
        return self

    def close(self) -> None:
        """No more signs of life."""
        self._end.set()
        self._hear(False)

    def plan(self, steps: Sequence[Mapping[str, Any]], *, idle_before: float = 0, idle_after: float = 0) -> None:
        """As text; on a terminal, broken at words."""
        self._columns = terminal_columns(self._out)
        super().plan(steps, idle_before=idle_before, idle_after=idle_after)
        self._columns = 0
        self._hear(True)

    def event(self, text: str, **record: Any) -> None:
        """As text, with the step's number before it."""
        if self._is_brief and "resource" in record:
            return
        numbered = f"{record['step']} of {record['steps']}  {text}" if "step" in record else text
        super().event(numbered, **record)
        self._hear(True)

    def output(self, text: str, **record: Any) -> None:
        """As text. Where something changes, a question to a person may come next, and nobody waits but for them."""
        super().output(text, **record)
        self._hear(self._is_waiting and (self._is_quiet or "about" in record))

    def warning(self, text: str) -> None:
        """As text."""
        self._hear(self._is_waiting)
        super().warning(text)

    def error(self, text: str) -> None:
        """As text."""
        self._hear(False)
        super().error(text)

    def result(self, ok: bool, **record: Any) -> None:
        """What else belongs to the end: what changed, how long it took, what to run next, where the log is."""
        self._hear(False)
        kind = ending.kind(self._verb, record)
        if ok and kind:
            rows = ending.summary(self._course, kind, record, self._following, self._log())
            told = [(label, text) for label, text in rows if label not in ("Verdict", "URL", "Idle", "Checked", "Try")]
            self._print(ending.title(self._course, kind, record))
            for label, text in told:
                self._print(f"{label}: {text}")
        elif ok:
            for label, text in ending.after_table(record, self._following):
                self._print(f"{label}: {text}")
        elif ending.has_log(self._course, int(record.get("exit_code", 1))) and (log := self._log()):
            tell(f"Log: {log}", self._err)

    def beat(self) -> None:
        """A sign of life, if it is time for one: a line, or a dot behind the last one."""
        with self._lock:
            now = self._clock()
            if not self._is_waiting or now - self._spoke < SILENCE_SECONDS:
                return
            pause = next(pause for limit, pause in _PAUSES if now - self._news < limit)
            if self._is_open and now - self._told < pause:
                tell(".", self._signs, end="")
            else:
                self._tell_what(now, is_open=pause > SILENCE_SECONDS)
            self._spoke = now

    def _tell_what(self, now: float, is_open: bool) -> None:
        self._end_line()
        what = self._course.words() or self._waiting_for
        tell(f"[{now - self._began:5.0f} s] ... {what}", self._signs, end=" " if is_open else "\n")
        self._is_open, self._told = is_open, now

    def _end_line(self) -> None:
        if self._is_open:
            tell("", self._signs)
        self._is_open = False

    def _print(self, text: str) -> None:
        with self._lock:
            self._end_line()
            for line in text.split("\n"):
                super()._print(_folded(line, self._columns))

    def _hear(self, is_waiting: bool) -> None:
        with self._lock:
            self._end_line()
            self._spoke = self._news = self._clock()
            self._is_waiting = is_waiting

    def _tick(self) -> None:
        with suppress(OSError, ValueError):  # whoever read it has gone, or it is closed
            while not self._end.wait(_TICK_SECONDS):
                self.beat()


def _folded(line: str, columns: int) -> str:
    """A line broken at words, its rest indented; a name that is too long stays whole. Without columns, as it is."""
    if len(line) <= columns or not columns:
        return line
    bare = line.lstrip()
    rest = " " * (len(line) - len(bare) + (3 if bare[0].isdigit() else 2))
    return textwrap.fill(line, columns, subsequent_indent=rest, break_long_words=False, break_on_hyphens=False)

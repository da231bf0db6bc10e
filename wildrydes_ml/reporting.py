"""The one place that prints: text for a person, or one JSON object a line for a program."""

import json
import os
import select
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TextIO, TypeAlias
from unicodedata import category

# How long a Ctrl-C may go unnoticed.
_LOOK_SECONDS = 0.2
# After so long a silence a sign of life comes.
SILENCE_SECONDS = 2.0


class Reporter(Protocol):
    """What the rest of the package says; `record` is for programs, `text` for people."""

    def plan(self, steps: Sequence[Mapping[str, Any]], *, idle_before: float = 0, idle_after: float = 0) -> None:
        """The steps that are about to be taken; none means that nothing changes.

        `idle_before` and `idle_after` are the idle cost in US dollars a month, where it changes.
        """

    def event(self, text: str, **record: Any) -> None:
        """Something happened."""

    def output(self, text: str, **record: Any) -> None:
        """An answer that was asked for."""

    def warning(self, text: str) -> None:
        """Something that a person should know, and that does not stop the command."""

    def error(self, text: str) -> None:
        """Why the command fails."""

    def result(self, ok: bool, **record: Any) -> None:
        """The end."""


Confirm: TypeAlias = Callable[[list[str]], None]
"""Shows a person these lines; raises when the person does not agree."""


def answer_to(question: str) -> str:
    """What a person types at a question, with its line end; empty at the end of the input.

    A Ctrl-C just before the reading begins would not end it, so that nothing is read before there is something.
    """
    print(question, end="", flush=True)
    while not select.select([sys.stdin], [], [], _LOOK_SECONDS)[0]:
        pass
    return sys.stdin.readline()


class TextReporter:
    """Lines for a terminal; errors and warnings go to stderr. Controls, such as an escape, are a "?"."""

    def __init__(
        self,
        out: TextIO | None = None,
        err: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._out = out or sys.stdout
        self._err = err or sys.stderr
        self._clock = clock
        self._began = clock()

    def plan(self, steps: Sequence[Mapping[str, Any]], *, idle_before: float = 0, idle_after: float = 0) -> None:
        """Prints the steps, or that there are none."""
        if not steps:
            self._print("Nothing to change.")
            return
        self._print("Plan:")
        for number, step in enumerate(steps, start=1):
            self._print(f"  {number}. " + step["text"].replace("\n", "\n     "))
        if idle_before != idle_after:
            self._print(f"  idle {idle_before:.2f} → {idle_after:.2f} US$ a month")

    def event(self, text: str, **record: Any) -> None:
        """Prints the text behind the elapsed seconds."""
        self._print(f"[{self._clock() - self._began:5.0f} s] {text}")

    def output(self, text: str, **record: Any) -> None:
        """Prints the text alone."""
        self._print(text)

    def warning(self, text: str) -> None:
        """Prints to stderr."""
        print(f"warning: {printable(text)}", file=self._err, flush=True)

    def error(self, text: str) -> None:
        """Prints to stderr."""
        print(f"error: {printable(text)}", file=self._err, flush=True)

    def result(self, ok: bool, **record: Any) -> None:
        """The text says it already."""

    def _print(self, text: str) -> None:
        print(printable(text), file=self._out, flush=True)


class JsonReporter:
    """One JSON object a line: `type` is plan, event, output, warning, error or, last, result."""

    def __init__(self, out: TextIO | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._out = out or sys.stdout
        self._clock = clock
        self._began = clock()

    def plan(self, steps: Sequence[Mapping[str, Any]], *, idle_before: float = 0, idle_after: float = 0) -> None:
        """`{"type": "plan", "steps": [...]}`, with `idle_before` and `idle_after` where the idle cost changes."""
        idle = {"idle_before": idle_before, "idle_after": idle_after} if idle_before != idle_after else {}
        self._write("plan", steps=list(steps), **idle)

    def event(self, text: str, **record: Any) -> None:
        """`{"type": "event", "text": ...}` with what else is known."""
        self._write("event", text=text, seconds=round(self._clock() - self._began, 3), **record)

    def output(self, text: str, **record: Any) -> None:
        """`{"type": "output", "text": ...}` with what else is known."""
        self._write("output", text=text, **record)

    def warning(self, text: str) -> None:
        """`{"type": "warning", "text": ...}`."""
        self._write("warning", text=text)

    def error(self, text: str) -> None:
        """`{"type": "error", "text": ...}`."""
        self._write("error", text=text)

    def result(self, ok: bool, **record: Any) -> None:
        """`{"type": "result", "ok": ..., "seconds": ...}` with what else is known; of a failure also the exit code, 1
        unless it is given."""
        record = record if ok else {"exit_code": 1, **record}
        self._write("result", ok=ok, seconds=round(self._clock() - self._began, 3), **record)

    def _write(self, kind: str, /, **record: Any) -> None:
        print(json.dumps({"type": kind, **record}), file=self._out, flush=True)


class Quiet:
    """Says nothing: for a program that looks at what a function returns or raises."""

    def plan(self, steps: Sequence[Mapping[str, Any]], *, idle_before: float = 0, idle_after: float = 0) -> None:
        """Nothing."""

    def event(self, text: str, **record: Any) -> None:
        """Nothing."""

    def output(self, text: str, **record: Any) -> None:
        """Nothing."""

    def warning(self, text: str) -> None:
        """Nothing."""

    def error(self, text: str) -> None:
        """Nothing."""

    def result(self, ok: bool, **record: Any) -> None:
        """Nothing."""


class Progress:
    """How many answers are there, on stderr so that these can go elsewhere.

    A terminal has it on its last line, with a bar; elsewhere a line comes in every silence.
    """

    _LENGTH = 24

    def __init__(self, total: int, err: TextIO | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._err = err or sys.stderr
        self._is_terminal = self._err.isatty()
        self._total = total
        self._clock = clock
        self._began = self._news = clock()
        self._done = 0
        self._shown = ""
        self._is_hidden = False
        self._lock = threading.Lock()

    def show(self, done: int) -> None:
        """So many are there."""
        with self._lock:
            self._done, self._is_hidden, self._news = done, False, self._clock()
            if self._is_terminal and self._total > 1:
                self._write(self._words())

    def clear(self) -> None:
        """Takes it away until the next `show`: before a line is printed, and at the end."""
        with self._lock:
            self._is_hidden = True
            if self._shown:
                self._write("")

    def beat(self) -> None:
        """A sign of life, if nothing has happened for two seconds."""
        with self._lock:
            now = self._clock()
            if self._is_hidden or now - self._news < SILENCE_SECONDS:
                return
            if self._is_terminal:
                self._write(f"{self._words()}, {now - self._began:.0f} s")
            else:
                tell(f"[{now - self._began:5.0f} s] ... {self._words()}", self._err)
                self._news = now

    def _words(self) -> str:
        if self._total == 1:
            return "waiting for the answer"
        filled = self._LENGTH * self._done // self._total
        bar = f"[{'#' * filled:.<{self._LENGTH}}] " if self._is_terminal else ""
        return f"{bar}{self._done} of {self._total}"

    def _write(self, text: str) -> None:
        # The cursor goes back, so that a warning that comes meanwhile is written over it.
        print(f"\r{text:{len(self._shown)}}\r", end="", file=self._err, flush=True)
        self._shown = text


def terminal_columns(out: TextIO | None = None) -> int:
    """The width of the terminal that stdout is, or 0 when it is none."""
    out = out or sys.stdout
    try:
        return os.get_terminal_size(out.fileno()).columns if out.isatty() else 0
    except (OSError, ValueError):
        return 0


def tell(text: str, file: TextIO, end: str = "\n") -> None:
    """Prints a line, or a part of one, for a reporter of another module."""
    print(printable(text), file=file, end=end, flush=True)


def printable(text: str) -> str:
    """The text without controls, and without what stands for the bytes of a file's name that are no UTF-8."""
    return "".join(char if char in "\n\t" or category(char) not in ("Cc", "Cs") else "?" for char in text)

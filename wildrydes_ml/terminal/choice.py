"""Who tells a person or a program what happens: the view, lines or JSON, by the verb and by what stdout is.

`rich` is imported for the view alone: everybody else need not wait for it.
"""

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from ..reporting import JsonReporter, Reporter, TextReporter
from .course import Course
from .ending import Next
from .journal import Journal, directory
from .lines import Lines
from .several import Several

if TYPE_CHECKING:
    from .view import View

# Verbs that change something, and those whose answer on stdout somebody may pipe.
_CHANGING = ("deploy", "destroy", "demo", "class")
_ASKING = ("ask", "status", "logs", "doctor")
# Verbs that may take minutes, and change nothing that a view would show.
_WORKING = ("prepare", "batch", "package", "render")
# Those of them that ask nobody anything, so that a frame may stand until their end.
_DRAWN = ("prepare", "package")
# What goes on before the first event.
_WAITING = {
    ("deploy", True): "starting the emulator of this machine",
    ("demo", True): "starting the emulator of this machine",
    ("destroy", True): "checking what is already deployed",
    ("deploy", False): "asking AWS which account this is",
    ("destroy", False): "asking AWS which account this is",
    ("prepare", False): "looking at the model",
    ("package", False): "reading the code",
}
# Terminals that cannot move the cursor.
_DUMB = ("", "dumb", "unknown")


@dataclass(frozen=True)
class Asked:
    """What of a command line decides it; `logs` is where a local deployment's logs go, `is_ready` whether they can.

    What is endless waits for what may never come, which is no silence.
    """

    verb: str
    output: str = "text"
    is_verbose: bool = False
    is_plan: bool = False
    is_local: bool = False
    is_endless: bool = False
    logs: Path | None = None
    is_ready: Callable[[], bool] = lambda: True
    following: Next = field(default_factory=Next)


class Told:
    """The reporter of a command, and the course that it has heard; `close` ends what goes on beside the command."""

    def __init__(self, reporter: Reporter, course: Course, *closing: Callable[[], None]) -> None:
        self.reporter = reporter
        self.course = course
        self._closing = closing

    def close(self) -> None:
        """Ends the threads and the log."""
        for one in self._closing:
            one()


def choose(
    asked: Asked,
    out: TextIO | None = None,
    err: TextIO | None = None,
    environment: Mapping[str, str] = os.environ,
) -> Told:
    """The reporter for a command."""
    out, err, course = out or sys.stdout, err or sys.stderr, Course()
    if asked.output == "json":
        return Told(Several(course, JsonReporter(out)), course)
    changes = asked.verb in _CHANGING and not asked.is_plan
    if asked.is_endless or not (changes or asked.is_plan or asked.verb in (*_ASKING, *_WORKING)):
        return Told(Several(course, TextReporter(out, err)), course)
    waiting = _WAITING.get((asked.verb, asked.is_local), "waiting for an answer")
    if asked.verb in _DRAWN and has_view(out, environment):
        view = _shown(asked, course, waiting, str, out, err, environment)
        return Told(Several(course, view), course, view.close)
    if not changes:
        is_quiet, is_brief = asked.verb in _ASKING, asked.verb == "batch" and not asked.is_verbose
        lines = Lines(
            course, asked.verb, out=out, err=err, waiting_for=waiting, is_quiet=is_quiet, is_brief=is_brief
        ).start()
        return Told(Several(course, lines), course, lines.close)
    refuge = directory(environment)
    journal = Journal(asked.verb, asked.logs or refuge, asked.is_ready, refuge)
    shown = _shown(asked, course, waiting, lambda: str(journal.path or ""), out, err, environment)
    return Told(Several(course, journal, shown), course, shown.close, journal.close)


def has_view(out: TextIO, environment: Mapping[str, str]) -> bool:
    """Whether stdout is a terminal on which a frame can be drawn anew."""
    return out.isatty() and environment.get("TERM", "") not in _DUMB


def _shown(
    asked: Asked,
    course: Course,
    waiting: str,
    log: Callable[[], str],
    out: TextIO,
    err: TextIO,
    environment: Mapping[str, str],
) -> "Lines | View":
    if asked.is_verbose or not has_view(out, environment):
        return Lines(course, asked.verb, asked.following, log, out, err, waiting_for=waiting).start()
    from .view import View, terminal

    console = terminal(out, environment)
    return View(course, asked.verb, asked.following, console, err, log, asked.is_local, waiting, environment).start()

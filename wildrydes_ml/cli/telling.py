"""How a command tells a person what happens: its place in the view, its log, and what comes next."""

import argparse
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from ..terminal import stopping
from ..terminal.choice import Asked, Told, choose
from ..terminal.course import Course
from . import pasting


def chosen(options: argparse.Namespace, given: Sequence[str], verb: str) -> Told:
    """The reporter for the command line."""
    return choose(_asked(options, given, verb))


def truth(options: argparse.Namespace, course: Course, given: Sequence[str], verb: str) -> str:
    """What is true when somebody presses Ctrl-C."""
    if getattr(options, "plan", False):
        return "stopped"
    action = getattr(options, "action", options.verb)
    return stopping.words(course, action, pasting.again(given, verb), getattr(options, "local", False))


def _asked(options: argparse.Namespace, given: Sequence[str], verb: str) -> Asked:
    """What of the command line decides how it is told."""
    is_local = getattr(options, "local", False)
    asked = Asked(
        options.verb,
        options.output,
        getattr(options, "verbose", False),
        getattr(options, "plan", False),
        is_local,
        getattr(options, "follow", False),
        following=pasting.following(options, given, verb),
    )
    if not is_local:
        return asked
    from ..local import emulator  # which no other verb needs

    home = Path(options.home).expanduser().resolve()
    return replace(asked, logs=home / emulator.LOGS, is_ready=partial(emulator.is_home, home))

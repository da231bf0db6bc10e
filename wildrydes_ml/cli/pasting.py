"""Commands that a person can paste: the same again, and what comes next, for the same place."""

import argparse
import shlex
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from ..terminal.ending import Next

# The options that say which application and where, by their names in the namespace.
_PLACE = ("app", "name", "region", "profile", "account", "home", "config")


def again(given: Sequence[str], script: str) -> str:
    """The command as it was given."""
    return f"{_program(script, script)} {shlex.join(given)}".rstrip()


def following(options: argparse.Namespace, given: Sequence[str], script: str) -> Next:
    """What may come after this command."""
    place = _place(options, given)
    if options.verb == "demo":  # which has a home of its own, and removes what it made
        other = _line(script, "classify", ["--local", "--home", str(options.home), "PICTURE"])
        return Next(again(given, script), other, "", again(given, script))
    if getattr(options, "expired", False):  # which deployments these were, nobody has said
        return Next(again(given, script))
    if options.verb == "class":  # which only its list of students makes again
        return Next(again(given, script))
    use = ["ask"] if getattr(options, "app", "") else ["classify", "PICTURE"]
    return Next(
        again(given, script),
        _line(script, use[0], [*place, *use[1:]]),
        _line(script, "destroy", place),
        _line(script, "deploy", place),
    )


def _place(options: argparse.Namespace, given: Sequence[str]) -> list[str]:
    """The options of the place that were given."""
    found = ["--local"] if getattr(options, "local", False) else []
    for name in _PLACE:
        flag, value = f"--{name}", getattr(options, name, None)
        if value and any(text == flag or text.startswith(f"{flag}=") for text in given):
            found += [flag, str(value)]
    return found


def _line(script: str, verb: str, arguments: Sequence[str]) -> str:
    return f"{_program(script, verb)} {shlex.join([*([] if script else [verb]), *arguments])}".rstrip()


def _program(script: str, verb: str) -> str:
    return f"{python_here()} bin/{verb}.py" if script else "wildrydes-ml"


def python_here() -> str:
    """The Python that runs this, as a person types it here."""
    return as_typed(sys.executable, shutil.which("python"), Path.cwd())


def as_typed(executable: str, found: str | None, here: Path) -> str:
    """An interpreter for a shell: `python` if that word finds it, as in an active environment; else its path."""
    if found == executable:
        return "python"
    path = Path(executable)
    return shlex.quote(str(path.relative_to(here) if path.is_relative_to(here) else path))

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
    if options.verb == "class":
        return _following_class(options, place, again(given, script), script)
    use = ["ask"] if getattr(options, "app", "") else ["classify", "PICTURE"]
    return Next(
        again(given, script),
        _line(script, use[0], [*place, *use[1:]]),
        _line(script, "destroy", place),
        _line(script, "deploy", place),
        takes_options=True,
    )


def _following_class(options: argparse.Namespace, place: Sequence[str], same: str, script: str) -> Next:
    """A class is made again with its list of students, which only its deploy names."""
    only = [word for id in options.only for word in ("--only", id)]
    match options.action:
        case "deploy":
            use, remove = (_line(script, "class", [action, *place]) for action in ("status", "destroy"))
            return Next(same, use, remove)
        case "destroy":
            deploy = _line(script, "class", ["deploy", "STUDENTS.csv", *place, *only])
            return Next(same, deploy=deploy, takes_options=True)
    return Next()  # what status finds, it does not mend


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

"""What makes a shell complete verbs, options, files and names of parameters: a script, written from the parsers."""

import argparse

import shtab

from ..reporting import Reporter
from ..workshop.deployments import deployments
from .parser import PROGRAM, build_parser
from .usage import verbs

# Options that name a file or a directory, and are not read as a path.
_FILES = {"app", "model", "save", "pictures", "question"}
_DIRECTORIES = {"home"}


def completion(options: argparse.Namespace, reporter: Reporter) -> int:
    """Prints the script for a shell."""
    parser = build_parser()
    for one in verbs(parser).values():
        for action in one._actions:
            _tell(action)
    reporter.output(shtab.complete(parser, options.shell, root_prefix=PROGRAM.replace("-", "_")))
    reporter.result(True)
    return 0


def _tell(action: argparse.Action) -> None:
    """Gives an option what its value can be, as far as that is known before an application is read."""
    names = [name for one in deployments() for name in one.rows]
    known = {
        "overrides": [f"{name}=" for name in names],
        "reset": [*names, "all"],
        "preset": [name for one in deployments() for name in one.presets],
        "route": [one.route for one in deployments()],
    }
    if action.dest in known:
        action.choices = sorted(set(known[action.dest]))
    elif action.dest in _DIRECTORIES:
        action.complete = shtab.DIRECTORY  # type: ignore[attr-defined]
    elif action.dest in _FILES or (action.type is not None and getattr(action.type, "__name__", "") == "Path"):
        action.complete = shtab.FILE  # type: ignore[attr-defined]

"""A command as the same person would type it next, to be pasted."""

import argparse
import shlex
from collections.abc import Collection

from .parser import build_parser
from .pasting import python_here

_PLACE = ("app", "name", "account", "region", "profile", "local", "home", "config")
_RUN = (*_PLACE, "to", "bucket", "role_arn", "concurrency", "tolerate", "out")


def asking(options: argparse.Namespace) -> str:
    """The command line that asks the deployment of another verb's options."""
    return " ".join(_words(options, "ask", _PLACE))


def resuming(options: argparse.Namespace) -> str:
    """The command line that goes on with a run of `batch`."""
    return " ".join([*_words(options, "batch", _RUN), shlex.quote(options.pictures), "--resume"])


def removing_class(options: argparse.Namespace) -> str:
    """The command line that deletes the class of `class deploy`, or with `--only` some of its students' parts."""
    program, *words = _words(options, "class", _PLACE)
    return " ".join([program, "destroy", *words])


def _words(options: argparse.Namespace, verb: str, kept: Collection[str]) -> list[str]:
    """The verb with those options that are not as by default."""
    parser = build_parser(verb, options.file)
    words = [str(options.program).format(verb=verb).replace("python ", f"{python_here()} ", 1)]
    for action in parser._actions:
        value = getattr(options, action.dest, None)
        if action.dest in kept and str(value) != str(action.default):
            words += [action.option_strings[0], *([] if value is True else [shlex.quote(str(value))])]
    return words

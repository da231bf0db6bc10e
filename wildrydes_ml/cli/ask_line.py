"""A command as the same person would type it next, to be pasted."""

import argparse
import shlex

from .parser import build_parser

_PLACE = ("app", "name", "account", "region", "profile", "local", "home", "config")


def asking(options: argparse.Namespace) -> str:
    """The command line that asks the deployment of another verb's options."""
    parser = build_parser("ask", options.file)
    words = [str(options.program).format(verb="ask")]
    for action in parser._actions:
        value = getattr(options, action.dest, None)
        if action.dest in _PLACE and str(value) != str(action.default):
            words += [action.option_strings[0], *([] if value is True else [shlex.quote(str(value))])]
    return " ".join(words)

"""A parser that tells a program of wrong usage as of all else, and a person what may have been meant."""

import argparse
import sys
import textwrap
from collections.abc import Sequence
from functools import partial
from typing import Any, NoReturn

from ..errors import SettingsError
from ..hints import meant


class Help(argparse.HelpFormatter):
    """Prose is broken at the terminal's width. What is indented, such as a command to copy, keeps its line."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return "\n".join(line if line[:1] == " " else textwrap.fill(line, width) for line in text.splitlines())


# For what is not printed. Without a width a formatter asks the terminal, and imports shutil for it.
_UNPRINTED = partial(Help, width=80)


class Parser(argparse.ArgumentParser):
    """A parser that does not exit when a command line is wrong, and keeps the lines of its texts."""

    def __init__(self, prog: str | None = None, **more: Any) -> None:
        super().__init__(prog, formatter_class=_UNPRINTED, **more)

    def format_help(self) -> str:
        """The help, as wide as the terminal."""
        self.formatter_class = Help
        return super().format_help()

    def error(self, message: str) -> NoReturn:
        """Prints where the options stand, since all of them would hide the error, and raises SettingsError."""
        verb = " VERB" * bool(verbs(self))
        self._print_message(f"usage: {self.prog}{verb} [options]; --help shows them\n", sys.stderr)
        raise SettingsError([message])

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As argparse has it, with what an unknown option may have meant, and all of the help where no verb is named.

        Raises SettingsError.
        """
        if not args and verbs(self):
            self.print_help(sys.stderr)
            raise SettingsError(["no verb is named"])
        found, unknown = self.parse_known_args(args, namespace)
        if unknown:
            asked = _asked(self, getattr(found, "verb", ""))
            asked.error(f"unrecognized arguments: {' '.join(unknown)}{_meant(unknown, asked)}")
        return found

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if value == "" == action.default and action.option_strings:
            raise argparse.ArgumentError(action, "the value is empty; name one, or leave the option out")
        try:
            super()._check_value(action, value)
        except argparse.ArgumentError as error:
            error.message += meant(str(value), map(str, action.choices or ()))
            raise


def verbs(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """The parsers of a parser's verbs; none for that of one verb."""
    found = (action for action in parser._actions if isinstance(action, argparse._SubParsersAction))
    return {name: one for action in found for name, one in action.choices.items()}


def _asked(parser: Parser, verb: str) -> argparse.ArgumentParser:
    return verbs(parser).get(verb, parser)


def _meant(unknown: Sequence[str], parser: argparse.ArgumentParser) -> str:
    """For an application's file without its option, or the first of the unknown arguments that is like an option."""
    options = [option.lstrip("-") for action in parser._actions for option in action.option_strings]
    files = [given for given in unknown if given.endswith(".py")] if "app" in options else []
    if files:
        return f"; did you mean --app {files[0]}?"
    slips = (given.lstrip("-").partition("=")[0] for given in unknown if given.startswith("-"))
    return next(filter(None, (meant(slip, options) for slip in slips)), "").replace("mean ", "mean --")

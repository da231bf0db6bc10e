"""The commands: arguments in, gateways and reporter put together, exit code out.

The only place that reads argv and exits. What a verb does is imported when it is run: that takes longer than to
render the templates.
"""

import argparse
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from functools import partial
from importlib import import_module
from keyword import iskeyword
from pathlib import Path
from typing import Any

from ..errors import SettingsError, WildrydesError
from ..reporting import JsonReporter, Reporter, TextReporter
from .collecting import unsearched
from .config import NO_CONFIG, Config, read
from .parser import VERBS, build_parser
from .unheeded import unheeded
from .usage import Parser

INTERRUPTED = 130
# The module of the verbs that only write.
OFFLINE = "offline"


def main(arguments: Sequence[str] | None = None, verb: str = "") -> int:
    """Runs a command and returns its exit code; `verb` is set by the scripts that are one verb."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    with unsearched():
        try:
            options = build_parser(verb, _config_of(given)).parse_args(given)
        except SettingsError as error:
            return _fail(_reporter(_value_of("--output", given)), str(error), error.exit_code)
        except OSError as error:
            return _fail(_reporter(_value_of("--output", given)), _told(error), 1)
        if VERBS[options.verb].module == OFFLINE and not getattr(options, "model", ""):
            return _run(options, _reporter(options.output))
    # What shows progress, for which a command that only writes need not wait.
    from . import telling
    from .signals import unwinding

    told = telling.chosen(options, given, verb)
    try:
        with unwinding():
            return _run(options, told.reporter, partial(telling.truth, options, told.course, given, verb))
    finally:
        told.close()


def _run(options: argparse.Namespace, reporter: Reporter, truth: Callable[[], str] = lambda: "stopped") -> int:
    """Runs the verb; what goes wrong is told, and becomes the exit code. `truth` is what a Ctrl-C says."""
    try:
        return _done(options, reporter)
    except WildrydesError as error:
        if options.debug:
            traceback.print_exc()
        return _fail(reporter, str(error), error.exit_code, **error.record)
    except BrokenPipeError:
        # Who read the output has gone, `head` for one; there is nobody to tell.
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
        return 1
    except OSError as error:
        # A path that cannot be read or written; what the network does is translated where it happens.
        return _fail(reporter, _told(error), 1)
    except Exception as error:
        # A function of the application's own, such as its proof's, may raise anything.
        if options.debug or not (text := _fault_of_app(error, options)):
            raise
        return _fail(reporter, text, 1)
    except KeyboardInterrupt as stopped:
        from .signals import undisturbed

        with undisturbed():  # somebody impatient presses it twice
            return _fail(reporter, str(stopped) or truth(), INTERRUPTED)


def _fault_of_app(error: Exception, options: argparse.Namespace) -> str:
    """What failed in the file of `--app`; empty when it was not there."""
    if not (spec := getattr(options, "app", "")):
        return ""
    from ..app import load  # imports the libraries of templates, which most commands need not wait for

    return load.told(error, spec)


def run(verb: str = "") -> None:
    """The entry point of scripts."""
    sys.exit(main(verb=verb))


def _done(options: argparse.Namespace, reporter: Reporter) -> int:
    for text in unheeded(options):
        reporter.warning(text)
    return _command(options.verb)(options, reporter)


def _command(verb: str) -> Callable[[argparse.Namespace, Reporter], int]:
    module = import_module(f".{VERBS[verb].module}", __package__)
    # Python has a word `class` of its own.
    return getattr(module, f"{verb}_" if iskeyword(verb) else verb)  # type: ignore[no-any-return]


def _told(error: OSError) -> str:
    return f"{error.filename}: {error.strerror}" if error.filename else str(error)


def _reporter(output: str | None) -> Reporter:
    return JsonReporter() if output == "json" else TextReporter()


def _fail(reporter: Reporter, text: str, exit_code: int, **record: Any) -> int:
    reporter.error(text)
    reporter.result(False, error=text, exit_code=exit_code, **record)
    return exit_code


def _config_of(arguments: Sequence[str]) -> Config:
    """What the file of --config holds."""
    path = _value_of("--config", arguments)
    return NO_CONFIG if path is None else read(Path(path))


def _value_of(option: str, arguments: Sequence[str]) -> str | None:
    """What a command line says of one option, whatever is wrong with the rest; None where it says nothing."""
    parser = Parser(add_help=False, allow_abbrev=False)
    parser.add_argument(option, dest="value", nargs="?")
    value: str | None = parser.parse_known_args(arguments)[0].value
    return value

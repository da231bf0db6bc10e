"""The command line's parsers: each verb with its options, in one table.

A verb is a row of the table and a function of its name in the row's module; its options are groups of arguments.py.
"""

import argparse
from collections.abc import Callable
from typing import Any

from ..naming import VERSION
from . import arguments as group
from . import offline_options
from .class_arguments import class_
from .config import NO_CONFIG, Config
from .examples import EXAMPLES
from .usage import Parser

PROGRAM = "wildrydes-ml"
# How a verb is called, installed and from a checkout.
_INSTALLED, _SCRIPT = f"{PROGRAM} {{verb}}", "python bin/{verb}.py"
_ABOUT = "A large ML model behind an HTTP endpoint, with AWS Lambda and EFS."
_START = """examples:
  wildrydes-ml demo            try it on this machine, without an AWS account
  wildrydes-ml doctor          check what is missing for --local and for AWS
  wildrydes-ml deploy --plan   show what a deploy on AWS would do

wildrydes-ml VERB --help shows the options of a verb."""
_EPILOG = """exit codes:
  0    done, or nothing to do
  1    failed
  2    wrong usage or settings
  3    interrupted: run the same command again
  4    refused: not created by this tool, protected,
       deployed by the other route, or a change that
       --allow-replace must name
  5    there is a change (with --fail-on-change)
  130  stopped by Ctrl-C"""


def build_parser(verb: str = "", config: Config = NO_CONFIG) -> argparse.ArgumentParser:
    """The parser of all verbs, or of one. What the configuration holds takes the place of the options' defaults."""
    if verb:
        parser = Parser(f"bin/{verb}.py", **_texts(verb, _SCRIPT.format(verb=verb)))
        VERBS[verb].add(parser, verb, config)
        parser.set_defaults(program=_SCRIPT)
        return parser
    parser = Parser(PROGRAM, description=_ABOUT, epilog=_START)
    parser.add_argument("--version", action="version", version=f"{PROGRAM} {VERSION}", help="show the version")
    verbs = parser.add_subparsers(title="verbs", required=True, metavar="VERB")
    for name, entry in VERBS.items():
        sub = verbs.add_parser(name, help=entry.help, **_texts(name, _INSTALLED.format(verb=name)))
        entry.add(sub, name, config)
        sub.set_defaults(program=_INSTALLED)
    return parser


def _texts(verb: str, command: str) -> dict[str, Any]:
    """What the help of a verb says above and below its options."""
    examples = "\n".join(f"  {command} {example}".rstrip() for example in EXAMPLES[verb])
    return {
        "description": VERBS[verb].help,
        "epilog": f"examples:\n{examples}\n\n{_EPILOG}",
    }


class _Verb:
    """One row of the table of verbs; `module` has a function of the verb's name."""

    def __init__(self, text: str, module: str, *groups: Callable[[argparse.ArgumentParser], None]) -> None:
        self.help = text
        self.module = module
        self._groups = groups

    def add(self, parser: argparse.ArgumentParser, verb: str, config: Config = NO_CONFIG) -> None:
        """Gives a parser the verb's options; the configuration's take the place of their defaults."""
        for add in self._groups:
            add(parser)
        parser.add_argument(
            "--output", choices=("text", "json"), default="text", help="json: one JSON object on each line of stdout"
        )
        parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
        named = {name.replace("-", "_"): value for name, value in config.options.items()}
        taken = {action.dest for action in parser._actions}
        parser.set_defaults(**{name: value for name, value in named.items() if name in taken}, verb=verb, file=config)


VERBS = {
    "demo": _Verb("Deploy on this machine, classify drawings, serve a page until Ctrl-C.", "demo", group.demo),
    "deploy": _Verb(
        "Deploy, and check that the API answers.",
        "commands",
        group.place,
        group.what,
        group.change,
        group.agree,
        group.deploy,
        group.serve,
    ),
    "destroy": _Verb(
        "Delete what deploy created, and check that nothing is left.",
        "commands",
        group.place,
        group.change,
        group.agree,
        group.destroy,
    ),
    "ask": _Verb("Send a question to the deployed API and print the answer.", "commands", group.place, group.ask),
    "classify": _Verb("Ask the deployed API about pictures.", "commands", group.place, group.classify),
    "batch": _Verb(
        "Ask about many pictures, in a bucket or in a folder.", "batch", group.place, group.change, group.batch
    ),
    "status": _Verb(
        "Show stacks, outputs, whether the API answers, and idle cost.", "commands", group.place, group.status
    ),
    "logs": _Verb(
        "Show the log lines of the functions and of the filling of EFS.", "commands", group.place, group.logs
    ),
    "class": _Verb(
        "Give a class: one network and EFS for all, and a function with its API for each student.",
        "class_verbs",
        class_,
        group.place,
        group.what,
        group.change,
        group.agree,
    ),
    "doctor": _Verb("Check what is missing here for --local and for AWS, and how to get it.", "doctor", group.doctor),
    "policy": _Verb(
        "Print the IAM policy that a user of this deployment needs.",
        "offline",
        group.place,
        group.what,
        group.change,
        group.policy,
    ),
    "prepare": _Verb(
        "Prepare a model for a function without EFS, as a directory that deploy takes.",
        "prepare",
        offline_options.prepare,
    ),
    "render": _Verb("Write the CloudFormation templates as YAML.", "offline", offline_options.render),
    "package": _Verb("Build the function's zip, to upload it by hand.", "offline", offline_options.package),
    "completion": _Verb(
        "Print a script with which your shell completes these commands.", "completion", group.completion
    ),
}

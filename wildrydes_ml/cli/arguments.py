"""The options of the verbs: one function for each group, which adds it to a verb's parser."""

import argparse
from collections.abc import Callable
from pathlib import Path

from ..naming import OWN_NAME, usual_home
from ..workshop.names import NAME
from .usage import Parser

_MOST_THREADS = 32
_LAST_PORT = 65535


def place(parser: argparse.ArgumentParser) -> None:
    """Which application, and where it is."""
    group = parser.add_argument_group("which application, and where it is deployed")
    group.add_argument(
        "--app",
        default="",
        metavar="FILE.py[:NAME]",
        help="the application's file, or package.module:NAME (default: the Wild Rydes workshop)",
    )
    group.add_argument("--name", default=OWN_NAME, help=f"prefix of all names (default: the application's own, {NAME})")
    group.add_argument("--account", default="", metavar="ID", help="stop unless the credentials belong to this account")
    where(group)


def where(group: "argparse._ActionsContainer") -> None:
    group.add_argument("--region", default="", help="AWS region (default: the one that the AWS CLI uses)")
    group.add_argument("--profile", default="", help="AWS profile (default: the one that the AWS CLI uses)")
    group.add_argument(
        "--local", action="store_true", help="use this machine: an emulator for AWS, a directory for EFS"
    )
    group.add_argument(
        "--home",
        type=Path,
        default=usual_home(),
        help="directory for everything that --local writes (default: $WILDRYDES_HOME or .wildrydes)",
    )
    group.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        help="TOML file with options under their long names, and parameters in a table [set]; the command line wins",
    )


def change(parser: argparse.ArgumentParser) -> None:
    """What those take that change something."""
    parser.add_argument("--bucket", default="", help="S3 bucket to use (default: deploy creates NAME-ACCOUNT-REGION)")
    parser.add_argument(
        "--role-arn",
        default="",
        metavar="ARN",
        help="role that CloudFormation uses instead of your own permissions; AWS stores it with each stack",
    )


def agree(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--yes", action="store_true", help="do not ask before a deploy creates, or a destroy deletes, anything"
    )
    tell(parser)


def tell(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--verbose", action="store_true", help="on a terminal: print every event instead of the live view"
    )


def what(parser: argparse.ArgumentParser) -> None:
    """What is deployed."""
    group = parser.add_argument_group("what to deploy (what you do not name stays as earlier deploys set it)")
    group.add_argument(
        "--preset",
        default="",
        help="several parameters under one name; for the workshop: workshop (as in the module; the default), lean "
        "(under 1 US$ a month when idle) or packaged (without EFS, 0 US$ when idle)",
    )
    group.add_argument(
        "--set",
        dest="overrides",
        action="append",
        default=[],
        metavar="Parameter=Value",
        help="set a template parameter (repeatable); the YAML files that render writes describe each one",
    )
    group.add_argument(
        "--model",
        default="",
        metavar="LOCATION",
        help="SavedModel: directory, tar.gz or URL (default: the SSD model of TensorFlow Hub; with --local: a "
        "small model that knows drawings); with --preset packaged also a directory of prepare",
    )
    group.add_argument(
        "--tag",
        action="append",
        default=[],
        metavar="Key=Value",
        help="tag for the stacks and their resources (repeatable); Key= removes it",
    )


def deploy(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--route",
        default="",
        help="only for the workshop: long (two stacks, then the API is connected), short (one stack) or packaged "
        "(one stack without EFS) (default: the deployed route; long for a new deployment)",
    )
    parser.add_argument(
        "--signature",
        default="",
        metavar="NAME",
        help="the model's signature to serve, as --set Signature=NAME (default: default)",
    )
    parser.add_argument(
        "--samples",
        default="",
        metavar="DIR",
        help="folder of your own pictures: the prepared model must find the same in them as TensorFlow does",
    )
    parser.add_argument(
        "--reset",
        action="append",
        default=[],
        metavar="Parameter",
        help="set a parameter back to its default (repeatable); all: every parameter that was set",
    )
    expiring(parser)
    parser.add_argument("--plan", action="store_true", help="show what deploy would do; change nothing")
    parser.add_argument("--fail-on-change", action="store_true", help="with --plan: exit 5 when there is a change")
    mending(parser)
    parser.add_argument(
        "--last-proven",
        action="store_true",
        help="deploy the code that was proven last, instead of the code on this machine",
    )


def mending(parser: argparse.ArgumentParser) -> None:
    """What a deploy tells people to add where it stopped."""
    parser.add_argument(
        "--allow-replace",
        action="append",
        default=[],
        metavar="RESOURCE",
        help="logical id of a protected resource (data, network or address) that may be replaced or deleted "
        "(repeatable)",
    )
    parser.add_argument(
        "--continue-rollback",
        action="store_true",
        help="first roll back a failed update that is stuck (UPDATE_FAILED, UPDATE_ROLLBACK_FAILED)",
    )


def batch(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("pictures", metavar="PICTURES", help="s3://BUCKET/PREFIX, or a folder, which is uploaded first")
    parser.add_argument(
        "--to",
        default="",
        metavar="s3://…",
        help="where the results go (default: folder batches/ of the deployment's bucket)",
    )
    parser.add_argument(
        "--concurrency",
        type=between(1, 10_000),
        default=0,
        metavar="N",
        help="batches at a time (default: 100, or what Lambda allows; with --local: 2)",
    )
    parser.add_argument(
        "--sample",
        type=between(1, 1000),
        default=20,
        metavar="N",
        help="how many pictures to ask about first, for the estimate (default: %(default)s)",
    )
    parser.add_argument(
        "--tolerate",
        type=between(0, 100),
        default=5,
        metavar="PERCENT",
        help="batches that may fail before the rest is given up (default: %(default)s)",
    )
    parser.add_argument("--resume", action="store_true", help="go on with a run that was stopped")
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help="where to write the results, a JSON line a picture (default: batch-ID.jsonl)",
    )
    parser.add_argument("--yes", action="store_true", help="start the batches without a question")
    parser.add_argument("--verbose", action="store_true", help="also print what CloudFormation does with each resource")


def expiring(parser: argparse.ArgumentParser) -> None:
    """Until when what is deployed may stay."""
    parser.add_argument(
        "--expires",
        default="",
        metavar="TIME",
        help="when `destroy --expired` may delete this: 18:00, 4h, 2d, 2026-01-31 (its end), 2026-01-31T18:00 (times "
        "of this machine's zone), or never",
    )


def serve(parser: argparse.ArgumentParser) -> None:
    """What those take that serve on this machine."""
    parser.add_argument(
        "--port",
        type=between(1, _LAST_PORT),
        default=0,
        help="port of 127.0.0.1 on which the local API answers, so that its URL stays the same (default: any "
        "free port)",
    )
    parser.add_argument("--open", action="store_true", help="open the page in the browser as soon as the API answers")


def destroy(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--keep-data",
        action="store_true",
        help="keep EFS and the bucket, and delete what else is billed by the hour; a later deploy uses them again",
    )
    parser.add_argument(
        "--expired",
        action="store_true",
        help="delete every deployment in this account and region whose time (deploy --expires) has passed, of every "
        "name and application",
    )
    parser.add_argument(
        "--retain",
        action="append",
        default=[],
        metavar="RESOURCE",
        help="logical id of a resource to keep if it prevents the deletion of its stack (repeatable)",
    )


def classify(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "pictures",
        nargs="+",
        metavar="PICTURE_OR_URL",
        help="JPEG, PNG, WebP or GIF, or a folder (searched with its subfolders; hidden files are skipped)",
    )
    parser.add_argument(
        "--save",
        default="",
        metavar="OUT.png|DIR",
        help="save a copy with the boxes drawn: a file for one picture, a directory for a folder or several",
    )
    parser.add_argument(
        "--parallel",
        type=between(1, _MOST_THREADS),
        metavar="N",
        help="how many requests at the same time; each may start an instance of the function (default: 4; with "
        "--local: 1)",
    )


def status(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--all",
        action="store_true",
        help="list every deployment in this account and region instead, with age, idle cost and expiry",
    )
    parser.add_argument(
        "--drift",
        action="store_true",
        help="also show what was changed outside CloudFormation, as far as CloudFormation can tell",
    )


def logs(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--follow", action="store_true", help="keep showing new lines until Ctrl-C")
    parser.add_argument(
        "--since",
        default="10m",
        metavar="TIME",
        help="show lines from this long ago (30s, 10m, 2h, 1d), or from a time such as 2026-01-31T12:00:00Z "
        "(default: %(default)s)",
    )


def policy(parser: argparse.ArgumentParser) -> None:
    from ..policy.rows import CLOUDFORMATION, VERBS  # only here: no other verb needs its table

    parser.add_argument(
        "--for",
        dest="who",
        choices=(*VERBS, CLOUDFORMATION),
        default=VERBS[0],
        metavar="WHO",
        help="who gets the policy: the user of deploy, destroy, ask, classify, status, logs or batch; status-all: the "
        "user of `status --all`, and, together with destroy, of `destroy --expired`; class: the teacher of a class; "
        "participant: somebody who takes part in a workshop; cloudformation: the role of --role-arn (default: "
        "%(default)s)",
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="write a file for each policy (default: print them)")


def between(least: int, most: int) -> Callable[[str], int]:
    """A whole number in a range, as the type of an option."""

    def number(text: str) -> int:
        if not text.isdecimal() or not least <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"a number from {least} to {most}, not {text!r}")
        return int(text)

    return number


def ask(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "question",
        nargs="?",
        metavar="JSON|@FILE|-",
        help="what to send: JSON, @FILE for the content of a file, or - for standard input (default: what the "
        "proof sends)",
    )
    parser.add_argument(
        "--route",
        dest="asked_route",
        default="",
        metavar="'GET /health'",
        help="method and path (default: the proof's)",
    )


def demo(parser: argparse.ArgumentParser) -> None:
    """Only what it is about: all else is as deploy, classify and destroy have it by default."""
    for add in (place, change, what, deploy, destroy):
        defaults = Parser()
        add(defaults)
        parser.set_defaults(**vars(defaults.parse_args([])))
    parser.set_defaults(local=True, yes=True, save="", parallel=None)
    # A home of its own, so that it ends what it began and nothing else.
    parser.add_argument("--home", type=Path, default=Path(".wildrydes-demo"), help="default: %(default)s")
    tell(parser)
    parser.add_argument(
        "--model",
        default="",
        metavar="LOCATION",
        help="SavedModel: directory, tar.gz or URL (default: a small one that knows drawings)",
    )
    parser.add_argument(
        "--pictures", type=Path, help="folder to classify (default: the drawings that come with the package)"
    )
    serve(parser)


def doctor(parser: argparse.ArgumentParser) -> None:
    where(parser)
    parser.add_argument(
        "--port", type=between(1, _LAST_PORT), default=0, help="also check whether this port of 127.0.0.1 is free"
    )


def completion(parser: argparse.ArgumentParser) -> None:
    shells = ("bash", "zsh", "tcsh")
    parser.add_argument("shell", choices=shells, metavar=f"{{{','.join(shells)}}}", help="your shell")

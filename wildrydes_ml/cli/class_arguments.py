"""The options of `class`: who is in it, what is done for them, and where the lists go."""

import argparse
from pathlib import Path

from .arguments import between, expiring, mending

ACTIONS = ("deploy", "status", "destroy")
MOST_WORKERS = 32


def class_(parser: argparse.ArgumentParser) -> None:
    """What `class` takes beside what every deploy takes."""
    parser.set_defaults(port=0)
    for add in (_who, _deploy, _out, _destroy):
        add(parser)


def _who(parser: argparse.ArgumentParser) -> None:
    # The metavar, since an error would name it "action".
    parser.add_argument("action", choices=ACTIONS, metavar=f"{{{','.join(ACTIONS)}}}", help="what to do with the class")
    parser.add_argument(
        "roster",
        nargs="?",
        type=Path,
        metavar="STUDENTS.csv",
        help="CSV file with a column name, a column id, or both; deploy needs it, or --count",
    )
    parser.add_argument("--count", type=int, metavar="N", help="N students without names: student-01, student-02, ...")
    parser.add_argument(
        "--only", action="append", default=[], metavar="ID", help="only the student with this id (repeatable)"
    )


def _deploy(parser: argparse.ArgumentParser) -> None:
    expiring(parser)
    mending(parser)
    parser.add_argument("--plan", action="store_true", help="with deploy: show time, cost and plan; change nothing")
    parser.add_argument(
        "--wired",
        action="store_true",
        help="with deploy: connect each API to its function (without it, the students do that)",
    )
    parser.add_argument(
        "--hours",
        type=_hours,
        default=2.0,
        help="how long the class lasts, for the estimate of its cost (default: %(default)g)",
    )
    parser.add_argument(
        "--parallel",
        type=between(1, MOST_WORKERS),
        default=10,
        metavar="N",
        help="students' stacks at the same time (default: %(default)s; more is not faster, as AWS limits the rate)",
    )


def _out(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help="where deploy writes the list (CSV) and the cards to print (HTML) (default: a directory with the name of "
        "the class); with status: write them there",
    )


def _destroy(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--keep-data",
        action="store_true",
        help="with destroy: keep EFS and the bucket for the next class, and delete what else is billed by the hour",
    )
    parser.add_argument(
        "--retain",
        action="append",
        default=[],
        metavar="RESOURCE",
        help="with destroy: logical id of a resource to keep if it prevents the deletion of its stack (repeatable)",
    )


def _hours(text: str) -> float:
    try:
        hours = float(text)
    except ValueError:
        hours = 0.0
    if not 0 < hours <= 1000:
        raise argparse.ArgumentTypeError(f"a number of hours from 0.1 to 1000, not {text!r}")
    return hours

"""A proof on a real account: both routes deployed, used and removed, and a report of what only AWS can tell.

    make test-aws ACCOUNT=123456789012 REGION=us-east-1
    python -m tests.aws --emulator DIRECTORY        (the same on an emulator, as CI does)

The cost is told and agreed to beforehand. What it makes has a name of its own and is removed whatever happens, also
after Ctrl-C; only a program that is killed outright cannot, and the first line says how to do it then.
Exit codes: 0 all is as it should be, 1 something was not, 2 not agreed to, 130 stopped.
"""

import argparse
import secrets
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from types import FrameType

from tests.sweep.place import LIGHT
from wildrydes_ml import costs
from wildrydes_ml.aws.target import Target
from wildrydes_ml.deploy.settings import Settings
from wildrydes_ml.local import emulator as local
from wildrydes_ml.workshop.settings import wild_rydes

from . import cost
from .deployment import Deployment, Recorder
from .proof import Proof

_LOG = "aws-report.jsonl"
_STOPPING = (signal.SIGTERM, signal.SIGINT)
# Enough for the light function; on AWS the workshop's own.
_LIGHT_PACKAGES = {"Packages": "six==1.17.0"}


def main() -> int:
    """Runs it."""
    options = _options()
    name = f"proof-{secrets.token_hex(3)}"
    if options.emulator:
        return _on_emulator(options, name)
    removal = f"bin/destroy.py --name {name} --account {options.account} --region {options.region}"
    print(f"account {options.account}, region {options.region}, name {name}; by hand it is removed with: {removal}")
    if not _agreed(options.yes):
        return 2
    settings = wild_rydes(name=name, account=options.account)
    return _prove(options.report, Target(options.region, options.profile), settings)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.aws", description=__doc__.split("\n")[0])
    parser.add_argument("--account", default="", help="the account's number; no other is called")
    parser.add_argument("--region", default="")
    parser.add_argument("--profile", default="", help="default: as the AWS CLI finds it")
    parser.add_argument("--emulator", type=Path, metavar="DIRECTORY", help="a new directory, for an emulator's files")
    parser.add_argument("--report", type=Path, default=Path("build"), metavar="DIRECTORY", help="default: %(default)s")
    parser.add_argument("--yes", action="store_true", help="agree to the cost")
    options = parser.parse_args()
    if not options.emulator and not (options.account and options.region):
        parser.error("name the account and the region: make test-aws ACCOUNT=123456789012 REGION=us-east-1")
    return options


def _agreed(is_agreed: bool) -> bool:
    """Tells the cost and asks; without a terminal --yes must have said so."""
    print(f"it costs {cost.sentence()}")
    if costs.total(list(cost.lines())) > cost.MOST_DOLLARS:
        print(f"that is more than {cost.MOST_DOLLARS:.0f} US$: nothing was made")
        return False
    if is_agreed:
        return True
    if not sys.stdin.isatty():
        print("agree with --yes (make test-aws … YES=1): nothing was made")
        return False
    return input("Go on? [y/N] ").strip().lower() in ("y", "yes")


def _on_emulator(options: argparse.Namespace, name: str) -> int:
    home = options.emulator.resolve()
    emulator, _ = local.start(home)
    try:
        place = local.target(home, emulator, name)
        kept = {key: value for key, value in place.parameters.items() if key != "Architecture"}
        target = Target(place.region, "", place.endpoint, place.efs_directory, kept, place.poll_seconds, place.attempts)
        return _prove(options.report, target, wild_rydes(name=name, code=LIGHT, overrides=_LIGHT_PACKAGES))
    finally:
        local.stop(home)


def _prove(folder: Path, target: Target, settings: Settings) -> int:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / _LOG).open("w", encoding="utf-8") as log, _interruptible():
        place = Deployment(target, settings, Recorder(log))
        facts = {
            "place": f"account {settings.account}, {target.region}" if settings.account else "an emulator",
            "name": settings.name,
            "cost": cost.sentence() if settings.account else "nothing",
            "began": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        }
        proof = Proof(place, folder, facts)
        try:
            proof.run()
        except KeyboardInterrupt:
            print(f"stopped; what was made is removed, as {folder}/aws-report.md tells", file=sys.stderr)
            return 130
        finally:
            print(f"wrote {folder}/aws-report.md and .json; {folder}/{_LOG} has all that was said")
    return int(proof.has_failed)


@contextmanager
def _interruptible() -> Iterator[None]:
    """SIGTERM, as a CI's end of time, is taken for Ctrl-C, so that what was made is removed."""

    def stop(number: int, frame: FrameType | None) -> None:
        for one in _STOPPING:
            signal.signal(one, signal.SIG_IGN)  # the removal is not to be stopped, too
        raise KeyboardInterrupt

    before = {number: signal.signal(number, stop) for number in _STOPPING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


if __name__ == "__main__":
    sys.exit(main())

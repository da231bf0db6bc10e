"""What concerns all deployments of an account and region: `status --all` and `destroy --expired`."""

import argparse
from dataclasses import replace
from datetime import datetime, timezone

from ..aws.session import Aws
from ..deploy import public as deploying
from ..deploy import survey
from ..deploy.settings import Settings
from ..deploy.survey import Standing
from ..destroy import expired
from ..destroy import public as destroying
from ..errors import SettingsError
from ..local import emulator
from ..naming import OWN_NAME
from ..reporting import Reporter
from . import commands
from .config import NO_CONFIG
from .options import settings as settings_of


def list_all(options: argparse.Namespace, reporter: Reporter) -> int:
    """A row for each deployment."""
    _refuse_narrowing(options, "--all", "lists")
    settings = settings_of(options)
    target = commands.existing_target(options, settings)
    aws = deploying.connected(settings, target, reporter, tells_account=False)
    found = survey.report(aws, reporter, _now())
    if target.is_local and found["deployments"]:
        reporter.output("this would be the cost on AWS: nothing on this machine is billed")
    reporter.result(True, **found)
    return 0


def destroy_expired(options: argparse.Namespace, reporter: Reporter) -> int:
    """Removes each deployment whose time has passed, after one question for all."""
    _refuse_narrowing(options, "--expired", "deletes")
    gone: list[str] = []
    if not options.local or emulator.find(commands.home_of(options)):
        gone = _removed(options, settings_of(options), reporter)
    reporter.result(True, changed=bool(gone), deleted=gone)
    return 0


def _removed(options: argparse.Namespace, settings: Settings, reporter: Reporter) -> list[str]:
    """The names of what was removed."""
    aws = deploying.connected(settings, commands.existing_target(options, settings), reporter)
    found = list(survey.expired(aws, _now()))
    if not found:
        reporter.event(f"nothing has expired in account {aws.identity.account}, region {aws.identity.region}")
        return []
    kept = expired.retained(aws, found, settings)
    if not options.local:
        commands.confirmation(options, reporter)(expired.lines(found, _now()))

    def remove(one: Standing) -> bool:
        return _remove(options, replace(settings, retain=kept[one.name]), aws, one, reporter)

    gone = expired.remove_each(aws, found, remove, _now, reporter)
    if len(gone) > 1:
        reporter.event(f"nothing billable remains of {', '.join(gone)}", about="idle cost")
    return gone


def _remove(options: argparse.Namespace, asked: Settings, aws: Aws, standing: Standing, reporter: Reporter) -> bool:
    """Removes one deployment, as `destroy` does it."""
    settings = expired.settings_for(standing, asked, aws.identity)
    # A plan of its own: what was deleted before counts as done.
    reporter.plan([{"step": "Destroy", "text": f"delete {line}"} for line in expired.lines([standing], _now())])
    if options.local:
        return commands.destroy_locally(commands.home_of(options), settings, reporter)
    return destroying.destroy(settings, commands.existing_target(options, settings), reporter=reporter, aws=aws)


def _refuse_narrowing(options: argparse.Namespace, option: str, does: str) -> None:
    """Raises SettingsError for options of one deployment, unless they are from the file of --config."""
    file = getattr(options, "file", NO_CONFIG).options
    given = {
        "--name": options.name if options.name not in (OWN_NAME, file.get("name")) else "",
        "--bucket": getattr(options, "bucket", "") if getattr(options, "bucket", "") != file.get("bucket") else "",
        "--keep-data": getattr(options, "keep_data", False),
        "--drift": getattr(options, "drift", False),
    }
    if named := [name for name, value in given.items() if value]:
        raise SettingsError([f"{option} {does} deployments of every name: leave out {' and '.join(named)}"])


def _now() -> datetime:
    return datetime.now(timezone.utc)

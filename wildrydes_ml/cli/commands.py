"""What each verb does: settings from options, gateways for the place, and the work itself."""

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import nullcontext
from dataclasses import replace
from datetime import datetime, timezone
from functools import partial
from io import BytesIO
from pathlib import Path

from .. import parallel, web
from ..ask import asking, drawing, pictures
from ..ask.table import Table
from ..aws.session import Aws, connect
from ..aws.target import Target
from ..deploy import health, loglines, question
from ..deploy import public as deploying
from ..deploy.deployer import Deployed
from ..deploy.logs import Reading
from ..deploy.settings import Settings
from ..destroy import public as destroying
from ..errors import SettingsError, WildrydesError
from ..local import emulator as local
from ..local import filling
from ..reporting import Confirm, Progress, Reporter, answer_to, terminal_columns
from . import ask_line, browser
from .options import settings as _settings

# Requests at a time. Each may start an instance of the function; the stage lets 10 through at once.
_THREADS = 4
# Seconds between two looks of `logs --follow`.
_PAUSE, _PAUSE_HERE = 3.0, 0.5
# Seconds between two looks whether it is time for a sign of life.
_BEAT_SECONDS = 0.5
# The exit code of --fail-on-change.
CHANGED = 5


def deploy(options: argparse.Namespace, reporter: Reporter) -> int:
    """Deploys, or shows the plan."""
    settings = _settings(options)
    if options.fail_on_change and not options.plan:
        raise SettingsError(["--fail-on-change works only with --plan"])
    if options.plan:
        return _preview(options, settings, reporter)
    done = deployed(options, reporter)
    if done.api_url and not done.command:
        command = ask_line.asking(options)
        reporter.output(f"Try: {command}", ask=command, about="command")
    if options.open and done.api_url:
        browser.show(done.api_url, reporter)
    reporter.result(True, changed=done.changed, api_url=done.api_url, outputs=dict(done.outputs))
    return 0


def deployed(options: argparse.Namespace, reporter: Reporter) -> Deployed:
    """Deploys what the options ask for."""
    settings = _settings(options)
    target, _ = target_of(options, settings, reporter)
    return deploying.deploy(settings, target, reporter=reporter, confirm=agreement(options, reporter))


def _preview(options: argparse.Namespace, settings: Settings, reporter: Reporter) -> int:
    """Shows the plan; an emulator that was started for it is stopped again."""
    home = home_of(options)
    target, is_new = target_of(options, settings, reporter)
    try:
        changes = deploying.plan(settings, target, reporter=reporter).changes
    finally:
        if is_new:
            local.stop(home)
            local.tidy(home)
    reporter.result(True, changed=False, changes=changes)
    return CHANGED if changes and options.fail_on_change else 0


def destroy(options: argparse.Namespace, reporter: Reporter) -> int:
    """Removes the deployment; locally also stops the emulator and clears its directory."""
    if options.expired:
        from . import whole  # which takes the parts of this module

        return whole.destroy_expired(options, reporter)
    settings = _settings(options)
    if options.local:
        removed = destroy_locally(home_of(options), settings, reporter)
    else:
        target, _ = target_of(options, settings, reporter)
        removed = destroying.destroy(settings, target, reporter=reporter, confirm=confirmation(options, reporter))
    reporter.result(True, changed=removed)
    return 0


def classify(options: argparse.Namespace, reporter: Reporter) -> int:
    """Asks about each picture; 1 when one of them could not be answered."""
    failed = classified(options, reporter)
    reporter.result(not failed, failed=failed)
    return 1 if failed else 0


def classified(options: argparse.Namespace, reporter: Reporter) -> int:
    """Asks about each picture, several at a time; how many could not be answered."""
    found = pictures.find(options.pictures)
    progress = Progress(len(found))
    is_heard = options.output == "text"
    with parallel.repeated(progress.beat, _BEAT_SECONDS) if is_heard else nullcontext():
        try:
            answers = _answers(options, found, progress, reporter)
        finally:
            progress.clear()
    failed = sum(bool(answer.error) for answer in answers)
    saved = [answer.saved for answer in answers if answer.saved]
    if saved:
        reporter.output(f"wrote {', '.join(saved) if len(saved) < 3 else f'{len(saved)} pictures to {options.save}'}")
    if failed and len(found) > 1:
        reporter.error(f"{failed} of {len(found)} pictures could not be answered")
    return failed


def _answers(
    options: argparse.Namespace, found: Sequence[str], progress: Progress, reporter: Reporter
) -> list[asking.Answer]:
    places = drawing.destinations(options.save, options.pictures, found) if options.save else [None] * len(found)
    settings = _settings(options)
    target = existing_target(options, settings)
    send = health.find_sender(deploying.connected(settings, target, reporter, tells_account=False), settings, target)
    columns = terminal_columns() if options.output == "text" else 0
    work = [partial(_classify, send, *pair) for pair in zip(found, places, strict=True)]
    threads = options.parallel or (1 if options.local else _THREADS)
    return _show(parallel.start(work, threads), Table(found, columns), progress, reporter)


def ask(options: argparse.Namespace, reporter: Reporter) -> int:
    """Sends one question and prints the answer; 1 when it is an error or none."""
    settings = _settings(options)
    target = existing_target(options, settings)
    aws = deploying.connected(settings, target, reporter, tells_account=False)
    reply = question.send(aws, settings, target, options.asked_route, question.body(options.question, sys.stdin))
    is_fine = 200 <= reply.status < 400
    reporter.output(question.shown(reply), **question.record(reply))
    if not is_fine:
        reporter.error(question.fault(reply))
    reporter.result(is_fine, status=reply.status)
    return 0 if is_fine else 1


def status(options: argparse.Namespace, reporter: Reporter) -> int:
    """Shows what is there."""
    if options.all:
        from . import whole  # which takes the parts of this module

        return whole.list_all(options, reporter)
    settings = _settings(options)
    target = existing_target(options, settings)
    found = deploying.status(settings, target, reporter=reporter, with_drift=options.drift)
    reporter.result(True, api_url=found.api_url)
    return 0


def logs(options: argparse.Namespace, reporter: Reporter) -> int:
    """Shows what the function and the filling have said; with --follow until Ctrl-C."""
    since = loglines.since(options.since, datetime.now(timezone.utc))
    settings = _settings(options)
    target = existing_target(options, settings)
    aws = deploying.connected(settings, target, reporter, tells_account=False)
    file = filling.log_file(target.efs_directory) if target.efs_directory else None
    reading = Reading(aws, partial(health.find_stacks, aws, settings), reporter, since, file)
    if options.follow:
        reading.follow(lambda: time.sleep(_PAUSE_HERE if target.is_local else _PAUSE))
    reporter.result(True, lines=reading.show())
    return 0


def destroy_locally(home: Path, settings: Settings, reporter: Reporter) -> bool:
    def remove(aws: Aws, target: Target) -> bool:
        return destroying.destroy(settings, target, reporter=reporter, aws=aws)

    return removed_locally(home, settings, reporter, remove)


def removed_locally(home: Path, settings: Settings, reporter: Reporter, remove: Callable[[Aws, Target], bool]) -> bool:
    """Removes a deployment by `remove` and its files, and with the last one of the home its emulator.

    The emulator is all that knows of a deployment whose data are kept, so it goes on.
    """
    emulator = local.find(home)
    removed, others = False, set()
    if emulator:
        target = local.target(home, emulator, settings.name)
        aws = connect(target)
        removed = remove(aws, target)
        others = health.names(aws)
    if settings.keep_data:
        return removed
    local.clear(home, settings.name)
    if others:
        reporter.event(f"the emulator keeps running for {', '.join(sorted(others))}")
        return removed
    local.stop(home)
    local.tidy(home)
    reporter.event(f"{home} has no emulator and no files of {settings.name}")
    return removed


def home_of(options: argparse.Namespace) -> Path:
    """The directory of all that --local keeps."""
    return Path(options.home).expanduser().resolve()


def target_of(options: argparse.Namespace, settings: Settings, reporter: Reporter) -> tuple[Target, bool]:
    """The place to deploy to, and whether its emulator was started for it."""
    if not options.local:
        return Target(options.region, options.profile), False
    home = home_of(options)
    emulator, is_new = local.start(home, options.port)
    if is_new:
        reporter.event(f"emulator started on {emulator.endpoint}")
    return local.target(home, emulator, settings.name), is_new


def existing_target(options: argparse.Namespace, settings: Settings) -> Target:
    """The place to ask. Raises WildrydesError when no emulator is running."""
    if not options.local:
        return Target(options.region, options.profile)
    home = home_of(options)
    emulator = local.find(home)
    if emulator is None:
        raise WildrydesError(f"no emulator is running under {home}: run deploy --local first")
    return local.target(home, emulator, settings.name)


def agreement(options: argparse.Namespace, reporter: Reporter) -> Confirm:
    """Asks a person at a terminal before a deploy makes something or makes it dearer; a program is not asked."""

    def confirm(lines: list[str]) -> None:
        if options.yes or options.output == "json" or not sys.stdin.isatty():
            return
        for line in lines:
            reporter.output(f"  {line}")
        agree("Deploy this? [y/N] ", "nothing was changed")

    return confirm


def agree(question: str, otherwise: str) -> None:
    """Raises SettingsError unless a person answers yes, KeyboardInterrupt for Ctrl-C: both say what is true then."""
    try:
        answer = answer_to(question)
    except KeyboardInterrupt as stopped:
        raise KeyboardInterrupt(otherwise) from stopped
    if answer.strip().lower() not in ("y", "yes"):
        raise SettingsError([otherwise])


def confirmation(options: argparse.Namespace, reporter: Reporter) -> Confirm:
    """Asks a person at a terminal before a destroy; without one, `--yes` must agree."""

    def confirm(found: list[str]) -> None:
        if options.yes:
            return
        if not sys.stdin.isatty():
            raise SettingsError(["destroy would delete " + ", ".join(found) + ": add --yes to agree"])
        for line in found:
            reporter.output(f"  {line}")
        agree("Delete all of this? [y/N] ", "nothing was deleted")

    return confirm


def _classify(send: asking.Send, picture: str, place: Path | None) -> asking.Answer:
    """The answer on one picture, saved with its boxes when there is a place for it."""
    try:
        found = asking.ask(send, asking.question(picture))
        if place is None or found.error:
            return found
        drawing.draw(_content(picture), found.detections, place)
        return replace(found, saved=str(place))
    except WildrydesError as error:
        return asking.Answer(picture, error=str(error).removeprefix(f"{picture}: "))


def _content(picture: str) -> Path | BytesIO:
    """A file, or what a URL holds, to draw on. Raises WildrydesError when it cannot be fetched."""
    if not pictures.is_url(picture):
        return Path(picture)
    reply = web.get(picture, {"Accept": "image/jpeg, image/png, image/webp, image/gif", "User-Agent": "wildrydes-ml"})
    if reply.status != 200:
        raise WildrydesError(
            f"the boxes were not drawn, this machine cannot fetch the picture: {reply.fault or reply.status}"
        )
    return BytesIO(reply.body)


def _show(
    futures: Sequence[Future[asking.Answer]], table: Table, progress: Progress, reporter: Reporter
) -> list[asking.Answer]:
    """Prints the answers as they come, in the order of the pictures, and returns them."""
    answers: list[asking.Answer] = []

    def show(answer: asking.Answer) -> None:
        progress.clear()
        if table.header and not answers:
            reporter.output(table.header)
        reporter.output(table.line(answer), **answer.record())
        answers.append(answer)

    progress.show(0)
    parallel.in_order(futures, show, progress.show)
    return answers

"""The demo: deploys on this machine, classifies drawings, and on a terminal serves until it is told to end.

Whatever ends it, Ctrl-C, a failure, SIGTERM or a terminal that is closed, it removes what it began and nothing else.
"""

import argparse
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from .. import packaging
from ..aws.session import connect
from ..deploy import health
from ..deploy import model as models
from ..deployment import Filling
from ..destroy import public as destroying
from ..local import emulator as local
from ..local import sharing
from ..reporting import Quiet, Reporter
from . import browser, commands
from .options import settings as _settings
from .signals import undisturbed


def demo(options: argparse.Namespace, reporter: Reporter) -> int:
    """Deploys locally, classifies a folder, and on a terminal serves until Ctrl-C; then cleans up."""
    pictures = options.pictures or _shown(packaging.pictures_directory())
    os.listdir(pictures)  # which may be missing
    models.local(options.model, _filling(options))  # as may this
    options.pictures = [str(pictures)]
    home = commands.home_of(options)
    with _taking_part(home, options, reporter) as share:
        deployed = commands.deployed(options, reporter)
        share.let_others_in()
        failed = commands.classified(options, reporter)
        if sys.stdout.isatty():
            _serve(deployed.api_url, options.open, reporter)
    reporter.result(not failed, failed=failed, api_url=deployed.api_url)
    return 1 if failed else 0


def _filling(options: argparse.Namespace) -> Filling:
    return next(one.filling for one in _settings(options).deployments if one.filling)


def _shown(directory: Path) -> Path:
    """The directory from here, if it is below."""
    here = Path.cwd()
    return directory.relative_to(here) if directory.is_relative_to(here) else directory


@contextmanager
def _taking_part(home: Path, options: argparse.Namespace, reporter: Reporter) -> Iterator[sharing.Share]:
    """The hold on the home; at its end what the demos began goes, unless another demo uses it."""
    share = sharing.join(
        home,
        lambda: _there(home, options),
        lambda: reporter.output("another demo is starting or stopping here: waiting for it"),
        options.model,
    )
    try:
        yield share
    finally:
        with undisturbed():
            _end(share, options, reporter)


def _there(home: Path, options: argparse.Namespace) -> set[str]:
    """What of the deployment somebody else has in the home already."""
    settings, emulator = _settings(options), local.find(home)
    found = {sharing.EFS} if local.efs_directory(home, settings.name).exists() else set()
    if emulator and health.find_stacks(connect(local.target(home, emulator, settings.name)), settings):
        found.add(sharing.STACKS)
    return found


def _end(share: sharing.Share, options: argparse.Namespace, reporter: Reporter) -> None:
    """Removes, and tells it before and after: a terminal that is closed takes no words."""
    try:
        if not share.began:
            said = f"kept: what was in {share.home} before the demo"
        elif share.is_last():
            with suppress(OSError):
                reporter.event("delete the demo", step=1, steps=1, doing="delete the demo")
            said = _remove(share, options)
        else:
            said = f"another demo uses {share.home}: the last demo to stop deletes it"
    finally:
        share.leave()
    with suppress(OSError):
        reporter.output(said)


def _remove(share: sharing.Share, options: argparse.Namespace) -> str:
    settings, home = _settings(options), share.home
    emulator = local.find(home)
    if emulator and sharing.STACKS in share.began:
        target = local.target(home, emulator, settings.name)
        aws = connect(target)
        if health.names(aws) <= {settings.name}:
            local.stop(home)
        else:
            destroying.destroy(settings, target, reporter=Quiet(), aws=aws)
    if sharing.EFS in share.began:
        local.clear(home, settings.name)
    share.forget()
    return f"the demo was deleted from {home}"


def _serve(url: str, is_shown: bool, reporter: Reporter) -> None:
    with suppress(KeyboardInterrupt):
        reporter.output(f"Open {url} in a browser. Ctrl-C ends the demo.")
        if is_shown:
            browser.show(url, reporter)
        while True:
            time.sleep(1)  # a signal just before signal.pause() would not end that
    with suppress(OSError):
        reporter.output("")

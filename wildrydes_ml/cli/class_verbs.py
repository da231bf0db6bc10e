"""What `class deploy`, `class status` and `class destroy` do: a class out of options, its rows, its list and cards."""

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ..aws.session import Aws
from ..aws.target import Target
from ..classroom import page, parts, present, removal, roster, run
from ..classroom.roster import Student
from ..classroom.run import Order
from ..classroom.seats import FAILED, Seat, counted, sheet, table
from ..deploy import public as deploying
from ..deploy.settings import Settings
from ..errors import SettingsError
from ..local import emulator
from ..naming import OWN_NAME
from ..reporting import Reporter
from ..writing import refuse_unwritable, write_whole
from . import ask_line
from .commands import agreement, confirmation, existing_target, home_of, removed_locally, target_of
from .config import NO_CONFIG
from .options import settings as _settings

# What an action has no use for, by the options' names.
_ONLY_FOR = {
    "count": ("deploy",),
    "plan": ("deploy",),
    "wired": ("deploy",),
    "preset": ("deploy",),
    "overrides": ("deploy",),
    "model": ("deploy",),
    "tag": ("deploy",),
    "expires": ("deploy",),
    "allow_replace": ("deploy",),
    "continue_rollback": ("deploy",),
    "out": ("deploy", "status"),
    "keep_data": ("destroy",),
    "retain": ("destroy",),
}
# Of a file's name, which has the ids of the students with `--only`.
_LONGEST_STEM = 100
_FLAGS = {"overrides": "--set"}


def class_(options: argparse.Namespace, reporter: Reporter) -> int:
    """Deploys, shows or deletes a class."""
    act = {"deploy": _deploy, "status": _status, "destroy": _destroy}[options.action]
    _refuse_idle(options)
    return act(options, reporter)


def _refuse_idle(options: argparse.Namespace) -> None:
    """Raises SettingsError for options that the action has no use for. A file of --config is for every action."""
    file = getattr(options, "file", NO_CONFIG).options
    faults = [
        f"{_FLAGS.get(name, f'--{_word(name)}')} works only with class {' and class '.join(actions)}"
        for name, actions in _ONLY_FOR.items()
        if (value := getattr(options, name)) and value != file.get(_word(name)) and options.action not in actions
    ]
    if options.roster and options.action == "destroy":
        faults.append(
            f"class destroy deletes the whole class: leave out {options.roster}, or name students with --only"
        )
    if options.keep_data and options.only:
        faults.append("--keep-data keeps what all share, and --only deletes single students: use only one of them")
    if faults:
        raise SettingsError(faults)


def _word(name: str) -> str:
    return name.replace("_", "-")


def _deploy(options: argparse.Namespace, reporter: Reporter) -> int:
    asked = _asked(options)
    listed = _listed(options, asked.name)
    if not listed:
        raise SettingsError(["class deploy needs the students: name a CSV file, or use --count N"])
    order = Order(
        asked,
        asked.name,
        listed,
        roster.only(listed, options.only),
        is_wired=options.wired,
        hours=options.hours,
        workers=options.parallel,
        removing=ask_line.removing_class(options),
    )
    order.check()
    if options.plan:
        return _preview(options, order, reporter)
    refuse_unwritable(options.out or Path(asked.name), is_made=True)
    target, _ = target_of(options, asked, reporter)
    aws = deploying.connected(asked, target, reporter)
    seats = run.deploy(aws, order, target, reporter, agreement(options, reporter))
    _write(options, asked.name, seats, reporter)
    return _ended(seats, reporter)


def _preview(options: argparse.Namespace, order: Order, reporter: Reporter) -> int:
    """Shows plan and estimate; an emulator that was started for it is stopped again."""
    target, is_new = target_of(options, order.asked, reporter)
    try:
        changes = run.preview(deploying.connected(order.asked, target, reporter), order, target, reporter)
    finally:
        if is_new:
            emulator.stop(home_of(options))
            emulator.tidy(home_of(options))
    reporter.result(True, changed=False, changes=changes)
    return 0


def _status(options: argparse.Namespace, reporter: Reporter) -> int:
    asked = _asked(options)
    target = existing_target(options, asked)
    aws = deploying.connected(asked, target, reporter, tells_account=False)
    seats = present.status(aws, asked, asked.name, _listed(options, asked.name), options.only, target, reporter)
    if options.out:
        _write(options, asked.name, seats, reporter)
    return _ended(seats, reporter)


def _destroy(options: argparse.Namespace, reporter: Reporter) -> int:
    asked = _asked(options)

    def remove(aws: Aws, target: Target) -> bool:
        confirm = (lambda lines: None) if options.local else confirmation(options, reporter)
        return removal.destroy(
            aws, asked, asked.name, options.only, target, reporter, confirm, workers=options.parallel
        )

    if options.local and not options.only:
        removed = removed_locally(home_of(options), asked, reporter, remove)
    elif options.local and emulator.find(home_of(options)) is None:
        reporter.event(f"{home_of(options)} has no emulator, so nothing of the class is there")
        removed = False
    else:
        target = existing_target(options, asked)
        removed = remove(deploying.connected(asked, target, reporter), target)
    reporter.result(True, changed=removed)
    return 0


def _asked(options: argparse.Namespace) -> Settings:
    """The settings of the application, with the name of the class."""
    found = _settings(options)
    return replace(found, name=parts.class_name(found)) if options.name == OWN_NAME else found


def _listed(options: argparse.Namespace, name: str) -> tuple[Student, ...]:
    """The students of the file or of the count; nobody without either."""
    if options.roster and options.count is not None:
        raise SettingsError([f"{options.roster} and --count {options.count}: use only one of them"])
    if options.count is not None:
        return roster.counted(options.count, name)
    return roster.read(options.roster.read_bytes(), name, str(options.roster)) if options.roster else ()


def _write(options: argparse.Namespace, name: str, seats: Sequence[Seat], reporter: Reporter) -> None:
    """The list and the cards. They may hold keys, so nobody else may read them.

    Those of some students have names of their own: the list of the whole class stays as it is.
    """
    folder = options.out or Path(name)
    stem = "-".join((name, *options.only))[:_LONGEST_STEM]
    with_codes = page.has_codes()
    if not with_codes:
        reporter.warning(f"the cards have no QR codes; to get them, run: {page.EXTRA}")
    files = {folder / f"{stem}.csv": sheet(seats), folder / f"{stem}.html": page.html(name, seats, with_codes)}
    folder.mkdir(parents=True, exist_ok=True)
    for path, text in files.items():
        write_whole(path, text, is_private=True)
    reporter.output(f"wrote {' and '.join(map(str, files))}", files=[str(path) for path in files])


def _ended(seats: Sequence[Seat], reporter: Reporter) -> int:
    """Shows the rows; the exit code."""
    head, *lines = table(seats)
    reporter.output(head)
    for seat, line in zip(seats, lines, strict=True):
        reporter.output(line, **seat.record())
    failed = [seat.student.id for seat in seats if seat.state == FAILED]
    code = run.exit_code(seats)
    if failed:
        reporter.error(f"{counted(seats)}: {', '.join(failed)}. Run class deploy again; what is done stays")
    else:
        reporter.output(counted(seats))
    told = {"exit_code": code} if failed else {}
    reporter.result(not failed, students=len(seats), failed=failed, **told)
    return code

"""Changes that were made outside CloudFormation, as far as CloudFormation can detect them, in words."""

from collections.abc import Iterable
from dataclasses import asdict

from ..aws.facts import Unknown
from ..aws.records import Difference, Drift, Drifted, Stack
from ..aws.session import Aws
from ..errors import WildrydesError
from ..reporting import Reporter

_LONGEST = 100
_ADVICE = "undo these changes by hand; or run destroy (with --keep-data to keep EFS), then deploy"


def report(aws: Aws, stacks: Iterable[Stack], reporter: Reporter) -> None:
    """Reports for each stack how many resources were compared, and every resource that differs."""
    for stack in stacks:
        found = _look(aws, stack, reporter)
        if found is None:
            continue
        reporter.output(
            f"stack {stack.name}: {found.compared} resources compared with the template, {len(found.drifted)} differ",
            stack=stack.name,
            compared=found.compared,
            drifted=len(found.drifted),
        )
        for one in found.drifted:
            reporter.output(f"  {text(one)}", stack=stack.name, **asdict(one))


def findings(aws: Aws, stacks: Iterable[Stack], reporter: Reporter) -> str:
    """What differs, with advice, to be added to an error; empty when nothing differs or this cannot be found out.

    It never raises: it must not hide the error that it is to explain.
    """
    reporter.event("checking for changes made outside CloudFormation")
    found: list[str] = []
    for stack in stacks:
        try:
            drift = _look(aws, stack, reporter)
        except WildrydesError as error:
            reporter.warning(f"stack {stack.name} was not compared with its template: {error}")
            continue
        found += [f"stack {stack.name}: {text(one)}" for one in drift.drifted] if drift else []
    return f"changed outside CloudFormation: {'; '.join(found)}: {_ADVICE}" if found else ""


def text(one: Drifted) -> str:
    """A resource that differs, in words."""
    head = f"{one.logical_id} ({one.type})"
    return f"{head} was deleted" if one.is_deleted else f"{head} has {', '.join(map(_difference, one.differences))}"


def _look(aws: Aws, stack: Stack, reporter: Reporter) -> Drift | None:
    found = aws.stacks.drift(stack)
    if isinstance(found, Unknown):
        why = f"this needs the permission {found.detail}" if found.kind == "denied" else found.detail
        reporter.warning(f"stack {stack.name} was not compared with its template: {why}")
        return None
    if found.unread:
        reporter.warning(f"stack {stack.name} was compared only partly: {found.unread}")
    return found


def _difference(one: Difference) -> str:
    return f"{one.path}: {_short(one.expected)} → {_short(one.actual)}"


def _short(value: str) -> str:
    return value if len(value) <= _LONGEST else f"{value[:_LONGEST]}…"

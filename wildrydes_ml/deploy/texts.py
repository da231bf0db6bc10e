"""The templates that stacks were made from. CloudFormation tells one in a call; a note in the bucket tells all at once.

The note has each template, and the names of functions that CloudFormation made up, beside the stack's id and the time
of its last change. It counts while CloudFormation tells
the same id and time; a stack that somebody changed since, at the console for one, is asked for its template as if there
were no note. A note that is missing, old, or may not be read or written costs calls, and nothing else.
https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_Stack.html: LastUpdatedTime
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..aws.records import Stack
from ..aws.session import Aws
from ..errors import InterruptedWork, WildrydesError
from ..tags import TAG
from . import lost
from .desired import TEMPLATES, default_bucket
from .planner import FoundStack
from .plans import Plan
from .settings import Settings
from .states import Deploy

# Stacks whose template is read: to compare it, and for what was set when a creation or an update failed.
_SPEAKING = (Deploy.UPDATE, Deploy.RECREATE, Deploy.CONTINUE_ROLLBACK)


def key(name: str) -> str:
    """The note's key in the bucket of the deployment of that name."""
    return f"{TEMPLATES}{name}-stacks.json"


def read(aws: Aws, settings: Settings, stacks: Mapping[str, FoundStack]) -> dict[str, FoundStack]:
    """The stacks, by name, with the templates of those that a deploy compares or learns from."""
    speaking = {name: found.stack for name, found in stacks.items() if found.row.deploy in _SPEAKING}
    noted = _noted(aws, settings, speaking) if len(speaking) > 1 else {}
    asked = {name: aws.stacks.template(name) for name in speaking if name not in noted}
    return {
        name: replace(
            found, template=noted[name]["template"], functions=noted[name].get("functions", {}), is_noted=True
        )
        if name in noted
        else replace(found, template=asked.get(name, ""))
        for name, found in stacks.items()
    }


def _noted(aws: Aws, settings: Settings, stacks: Mapping[str, Stack]) -> dict[str, Any]:
    """What the note says of those stacks that are as they were when it was written."""
    parameters = [stack.parameters.get(settings.deployment.bucket, "") for stack in stacks.values()]
    bucket = settings.bucket or next(filter(None, parameters), default_bucket(settings, aws.identity))
    try:
        found = json.loads(aws.buckets.noted(bucket, key(settings.name)) or "{}")
        return {name: entry for name, entry in found.items() if name in stacks and _is_of(entry, stacks[name])}
    except InterruptedWork:
        raise
    except (WildrydesError, ValueError, KeyError, TypeError, AttributeError):  # also of what is no note
        return {}


def _is_of(entry: Mapping[str, Any], stack: Stack) -> bool:
    """Whether an entry is about the stack as it is. Raises KeyError, TypeError or AttributeError for what is none."""
    whole = isinstance(entry["template"], str) and all(
        isinstance(name, str) for name in entry.get("functions", {}).values()
    )
    return whole and (entry["id"], entry["changed"]) == (stack.id, _moment(stack))


def _moment(stack: Stack) -> str | None:
    return stack.changed.isoformat(timespec="microseconds") if stack.changed else None


def remember(aws: Aws, plan: Plan, stacks: Mapping[str, Stack], given: Mapping[str, str]) -> None:
    """Notes the templates of a deployment's stacks, where there are several and a note does not tell them yet.

    `stacks` are the stacks as they are now, `given` the templates that this deploy made or updated some of them from.
    """
    there = plan.observed.stacks
    names = [one.name for one in plan.desired.stacks]
    if len(names) < 2 or all(name not in given and name in there and there[name].is_noted for name in names):
        return
    known = {**{name: found.template for name, found in there.items()}, **given}
    entries: dict[str, Any] = {}
    for name in names:
        # Of one whose last change is not known, it is not known either whether the template is of that change.
        if name in stacks and known.get(name) and stacks[name].changed:
            stack = stacks[name]
            entry = {"id": stack.id, "changed": _moment(stack), "template": known[name]}
            entries[name] = {**entry, "functions": _functions(aws, FoundStack(stack, known[name]))}
    _write(aws, plan, entries)


def _functions(aws: Aws, found: FoundStack) -> dict[str, str]:
    """The names of the stack's functions that neither its template nor its outputs tell."""
    unnamed = [title for title, name in lost.functions(found).items() if not name]
    try:
        ids = {one.logical_id: one.physical_id for one in aws.stacks.resources(found.stack.id)} if unnamed else {}
    except InterruptedWork:
        raise
    except WildrydesError:
        return {}  # the next deploy asks, and says what is missing
    return {title: ids[title] for title in unnamed if title in ids}


def _write(aws: Aws, plan: Plan, entries: Mapping[str, Any]) -> None:
    try:
        aws.buckets.note(
            plan.desired.bucket, key(plan.settings.name), json.dumps(entries), {TAG: plan.desired.settings.name}
        )
    except InterruptedWork:
        raise
    except WildrydesError:
        return  # the next deploy asks CloudFormation

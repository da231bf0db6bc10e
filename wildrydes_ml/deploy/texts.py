"""The templates that stacks were made from. CloudFormation tells one in a call; a note in the bucket tells all at once.

The note has each template beside the stack's id and the time of its last change. It counts while CloudFormation tells
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
        name: replace(found, template={**noted, **asked}.get(name, ""), is_noted=name in noted)
        for name, found in stacks.items()
    }


def _noted(aws: Aws, settings: Settings, stacks: Mapping[str, Stack]) -> dict[str, str]:
    """The templates of those stacks that are as they were when the note was written."""
    parameters = [stack.parameters.get(settings.deployment.bucket, "") for stack in stacks.values()]
    bucket = settings.bucket or next(filter(None, parameters), default_bucket(settings, aws.identity))
    try:
        found = json.loads(aws.buckets.noted(bucket, key(settings.name)) or "{}")
        texts = {name: str(entry["template"]) for name, entry in found.items()}
    except InterruptedWork:
        raise
    except (WildrydesError, ValueError, KeyError, TypeError, AttributeError):  # also of what is no note
        return {}
    return {name: text for name, text in texts.items() if name in stacks and found[name] == _entry(stacks[name], text)}


def _entry(stack: Stack, template: str) -> dict[str, str] | None:
    """What the note says of a stack; nothing when it is not known which change made it what it is."""
    if stack.changed is None:
        return None
    return {"id": stack.id, "changed": stack.changed.isoformat(timespec="microseconds"), "template": template}


def remember(aws: Aws, plan: Plan, stacks: Mapping[str, Stack], given: Mapping[str, str]) -> None:
    """Notes the templates of a deployment's stacks, where there are several and a note does not tell them yet.

    `stacks` are the stacks as they are now, `given` the templates that this deploy made or updated some of them from.
    """
    there = plan.observed.stacks
    names = [one.name for one in plan.desired.stacks]
    if len(names) < 2 or all(name not in given and name in there and there[name].is_noted for name in names):
        return
    known = {**{name: found.template for name, found in there.items()}, **given}
    entries = {name: _entry(stacks[name], known[name]) for name in names if name in stacks and known.get(name)}
    _write(aws, plan, {name: entry for name, entry in entries.items() if entry})


def _write(aws: Aws, plan: Plan, entries: Mapping[str, Any]) -> None:
    try:
        aws.buckets.note(
            plan.desired.bucket, key(plan.settings.name), json.dumps(entries), {TAG: plan.desired.settings.name}
        )
    except InterruptedWork:
        raise
    except WildrydesError:
        return  # the next deploy asks CloudFormation

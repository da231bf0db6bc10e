"""Who joins a class later gets what the others have: settings hold until they are set otherwise.

A student's stack remembers what it was given, and a new one has nothing to remember. Without this, the class's API key,
expiry and tags would be missing from the stack of whoever comes late or is done again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from .. import expiry
from ..aws.records import Stack
from ..aws.session import Aws
from ..deploy.planner import FoundStack
from ..deploy.recall import set_values
from ..deploy.settings import Settings
from ..deployment import Deployment
from ..tags import EXPIRES_TAG, TAG
from ..template.parameters import HIDDEN
from .present import own_parts


def with_what_others_have(aws: Aws, asked: Settings, whole: Deployment, stacks: Sequence[Stack]) -> Settings:
    """The settings with what the students' stacks have in common: parameters that were set, tags, the last expiry.

    `stacks` are those of the class; before the first student's, what all share tells tags and expiry. What is asked for
    now wins. A secret is told by nobody, so it is not among them.
    """
    standing = [one for one in stacks if not one.status.startswith(("DELETE", "REVIEW"))]
    others = own_parts(standing)
    if not standing:
        return asked
    ends = [end for one in others or standing if not expiry.faults(end := one.tags.get(EXPIRES_TAG, ""))]
    tags = common([one.tags for one in others or standing])
    return replace(
        asked,
        overrides={**(_set(aws, asked, whole, others) if others else {}), **asked.asked},
        tags={**{key: value for key, value in tags.items() if not key.startswith((TAG, "aws:"))}, **asked.tags},
        expires=asked.expires or max(ends, default=""),
    )


def _set(aws: Aws, asked: Settings, whole: Deployment, others: Sequence[Stack]) -> dict[str, str]:
    """The parameters that were set for all of them, but for those that come from what all share."""
    first = FoundStack(others[0], aws.stacks.template(others[0].name))
    shared = {name for stack in whole.stacks[:-1] for name in stack.rows}
    settable = {*whole.rows} - {whole.named_by, *asked.given, *shared}
    same = common([one.parameters for one in others])
    return {
        name: value
        for name, value in set_values(first).items()
        if name in settable and name in same and value != HIDDEN
    }


def common(several: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """The pairs that all have."""
    return {key: value for key, value in several[0].items() if all(one.get(key) == value for one in several)}

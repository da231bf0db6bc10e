"""Keeps EFS and its files for the next deploy, without the resources that are billed by the hour."""

from collections.abc import Sequence
from dataclasses import replace

from .. import costs
from ..aws.records import ChangeSet, Stack
from ..aws.session import Aws
from ..deploy import steps
from ..deploy.follower import Follower
from ..deploy.planner import FoundStack
from ..deploy.protected import protected
from ..deploy.refusals import refuse_update
from ..deploy.settings import Settings
from ..deploy.states import Deploy, is_busy, state
from ..deployment import Kept
from ..errors import Refused, WildrydesError
from ..reporting import Reporter
from ..tags import ASIDE_TAG
from ..template.change import ResourceChange


def idle_parameters(kept: Kept, stack: Stack) -> dict[str, str]:
    """The stack's parameters without what is billed by the hour, such as a NAT gateway; unchanged if nothing is."""
    return {**stack.parameters, **dict.fromkeys(_bills(kept, stack), "none")}


def losses(settings: Settings, stacks: Sequence[Stack]) -> list[str]:
    """A line for each thing that is deleted from stacks that are kept."""
    if not stacks:
        return []
    kept = _kept(settings)
    return [f"{kept.aside[name][1]} of stack {stack.name}" for stack in stacks for name in _bills(kept, stack)]


def _bills(kept: Kept, stack: Stack) -> list[str]:
    return [name for name, (value, _) in kept.aside.items() if stack.parameters.get(name) == value]


def check(aws: Aws, settings: Settings, stack: Stack, reporter: Reporter) -> None:
    """Raises what `make_idle` would raise, before anything is deleted; skips a stack with an operation in progress."""
    if is_busy(stack.status):
        return
    _refuse_unready(stack)
    change_set = _prepared(aws, settings, stack, reporter)
    if change_set:
        aws.stacks.discard(change_set.id)


def make_idle(aws: Aws, settings: Settings, stack: Stack, follower: Follower, reporter: Reporter) -> None:
    """Deletes what is billed by the hour, such as NAT gateway and instance; keeps the rest, above all EFS.

    Raises WildrydesError when the stack cannot be updated, Refused when the update would delete more.
    """
    _refuse_unready(stack)
    kept = _kept(settings)
    for loss in losses(settings, [stack]):
        reporter.event(f"deleting {loss}")
    change_set = _prepared(aws, settings, stack, reporter)
    if change_set:
        seen = follower.marks(stack.id)
        aws.stacks.execute(change_set)
        follower.follow(stack, seen)
    idle = FoundStack(replace(stack, parameters=idle_parameters(kept, stack)), aws.stacks.template(stack.name))
    sentence = costs.sentence([idle.effective])
    reporter.event(f"stack {stack.name} is kept and the next deploy uses it; {sentence}")


def _refuse_unready(stack: Stack) -> None:
    row = state(stack.status)
    if row.deploy is not Deploy.UPDATE:
        raise WildrydesError(f"stack {stack.name} is {stack.status} ({row.meaning}) and cannot be kept: {row.advice}")


def _kept(settings: Settings) -> Kept:
    """What can be kept; `refusals` has seen to it that there is something."""
    return next(one.kept for one in settings.deployments if one.kept)


def _prepared(aws: Aws, settings: Settings, stack: Stack, reporter: Reporter) -> ChangeSet | None:
    """The change set that makes the stack idle, None when it is; Refused when it would do more or may not be done."""
    kept = _kept(settings)
    wanted = idle_parameters(kept, stack)
    if wanted == dict(stack.parameters):
        return None
    aside = " ".join(f"{name}={stack.parameters[name]}" for name in _bills(kept, stack))
    tags = {**stack.tags, ASIDE_TAG: aside}
    change_set = aws.stacks.prepare(stack, "", wanted, tags)
    if change_set is None:
        return None
    try:
        _refuse_losses(settings, stack, change_set.changes)
        refuse_update(aws, stack, change_set.changes, reporter)
    except WildrydesError:
        aws.stacks.discard(change_set.id)
        raise
    return change_set


def _refuse_losses(settings: Settings, stack: Stack, changes: Sequence[ResourceChange]) -> None:
    kept = _kept(settings)
    passing = [title for one in settings.deployments if one.filling for title in one.filling.resources]
    losses = protected(changes, kept.resources, passing)
    if losses:
        what = " and ".join(name for _, name in kept.aside.values())
        raise Refused(
            f"stack {stack.name} would lose more than {what}: "
            f"{'; '.join(map(steps.change_text, losses))}. The stack was not changed"
        )

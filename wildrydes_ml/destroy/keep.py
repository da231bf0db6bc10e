"""Keeping EFS and its files for the next deploy, without what bills by the hour around them."""

from collections.abc import Sequence
from dataclasses import replace

from ..aws.records import ChangeSet, ResourceChange, Stack
from ..aws.session import Aws
from ..deploy import costs, planner, steps
from ..deploy.follower import Follower
from ..deploy.planner import FoundStack
from ..deploy.refusals import refuse_update
from ..deploy.states import Deploy, is_busy, state
from ..errors import Refused, WildrydesError
from ..reporting import Reporter
from ..tags import ASIDE_TAG

# Parameter → the value that bills by the hour while nobody uses it, and for what; it is set to `none`.
_BY_THE_HOUR = {"InternetEgress": ("nat", "NAT gateway"), "BootstrapInstance": ("keep", "filling instance")}
# What goes with them; of network and EFS nothing else may.
_RESOURCES = ("NatGateway", "NatPublicIP", "PrivateRoute")


def idle_parameters(stack: Stack) -> dict[str, str]:
    """The stack's parameters without NAT gateway and instance; its own when it has neither."""
    return {**stack.parameters, **dict.fromkeys(_bills(stack), "none")}


def losses(stacks: Sequence[Stack]) -> list[str]:
    """A line for each thing that stacks lose when they are kept."""
    return [f"{_BY_THE_HOUR[name][1]} of stack {stack.name}" for stack in stacks for name in _bills(stack)]


def _bills(stack: Stack) -> list[str]:
    return [name for name, (value, _) in _BY_THE_HOUR.items() if stack.parameters.get(name) == value]


def check(aws: Aws, stack: Stack, reporter: Reporter) -> None:
    """Raises what `make_idle` would raise, while nothing is removed yet; a stack at work is not looked at."""
    if is_busy(stack.status):
        return
    _refuse_unready(stack)
    change_set = _prepared(aws, stack, reporter)
    if change_set:
        aws.stacks.discard(change_set.id)


def make_idle(aws: Aws, stack: Stack, follower: Follower, reporter: Reporter) -> None:
    """Takes NAT gateway, address and instance away; the rest, EFS first of all, stays as it is.

    Raises WildrydesError when the stack cannot be updated, Refused when more would go.
    """
    _refuse_unready(stack)
    for loss in losses([stack]):
        reporter.event(f"removing {loss}")
    change_set = _prepared(aws, stack, reporter)
    if change_set:
        seen = follower.marks(stack.id)
        aws.stacks.execute(change_set)
        follower.follow(stack, seen)
    idle = FoundStack(replace(stack, parameters=idle_parameters(stack)), aws.stacks.template(stack.name))
    sentence = costs.sentence([idle.effective])
    reporter.event(f"stack {stack.name} stays and the next deploy uses it; {sentence}")


def _refuse_unready(stack: Stack) -> None:
    row = state(stack.status)
    if row.deploy is not Deploy.UPDATE:
        raise WildrydesError(f"stack {stack.name} is {stack.status} ({row.meaning}) and cannot be kept: {row.advice}")


def _prepared(aws: Aws, stack: Stack, reporter: Reporter) -> ChangeSet | None:
    """The change set that makes the stack idle, None when it is; Refused when it would do more or may not be done."""
    wanted = idle_parameters(stack)
    if wanted == dict(stack.parameters):
        return None
    aside = " ".join(f"{name}={stack.parameters[name]}" for name in _bills(stack))
    tags = {**stack.tags, ASIDE_TAG: aside}
    change_set = aws.stacks.prepare(stack, "", wanted, tags)
    if change_set is None:
        return None
    try:
        _refuse_losses(stack, change_set.changes)
        refuse_update(aws, stack, change_set.changes, reporter)
    except WildrydesError:
        aws.stacks.discard(change_set.id)
        raise
    return change_set


def _refuse_losses(stack: Stack, changes: Sequence[ResourceChange]) -> None:
    losses = planner.protected(changes, _RESOURCES)
    if losses:
        raise Refused(
            f"stack {stack.name} would lose more than NAT gateway and instance: "
            f"{'; '.join(map(steps.change_text, losses))}. It was not changed"
        )

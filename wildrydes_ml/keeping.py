"""Keeping EFS and its files for the next deploy, without what bills by the hour around them."""

from collections.abc import Mapping, Sequence

from . import costs, planning, steps
from .aws import Aws
from .errors import Refused, WildrydesError
from .following import Follower
from .records import Stack
from .reporting import Reporter
from .states import Deploy, state

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


def make_idle(aws: Aws, stack: Stack, follower: Follower, reporter: Reporter) -> None:
    """Takes NAT gateway, address and instance away; the rest, EFS first of all, stays as it is.

    Raises WildrydesError when the stack cannot be updated, Refused when more would go.
    """
    row = state(stack.status)
    if row.deploy is not Deploy.UPDATE:
        raise WildrydesError(f"stack {stack.name} is {stack.status} ({row.meaning}) and cannot be kept: {row.advice}")
    wanted = idle_parameters(stack)
    for loss in losses([stack]):
        reporter.event(f"removing {loss}")
    if wanted != dict(stack.parameters):
        _update(aws, stack, wanted, follower)
    reporter.event(f"stack {stack.name} stays and the next deploy uses it; {costs.sentence(wanted)}")


def _update(aws: Aws, stack: Stack, parameters: Mapping[str, str], follower: Follower) -> None:
    change_set = aws.stacks.prepare(stack, aws.stacks.template(stack.name), parameters, stack.tags)
    if change_set is None:
        return
    losses = planning.protected(change_set.changes, _RESOURCES)
    if losses:
        aws.stacks.discard(change_set.id)
        raise Refused(
            f"stack {stack.name} would lose more than NAT gateway and instance: "
            f"{'; '.join(map(steps.change_text, losses))}. It was not changed"
        )
    seen = follower.marks(stack.id)
    aws.stacks.execute(change_set)
    follower.follow(stack, seen)

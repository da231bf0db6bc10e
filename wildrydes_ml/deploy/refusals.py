"""What an update must not do: lose the network or files, or do what the stack's policy denies."""

from collections.abc import Sequence

from ..aws.records import Stack
from ..aws.session import Aws
from ..errors import InterruptedWork, Refused, WildrydesError
from ..reporting import Reporter
from ..template.change import ResourceChange
from . import stackpolicy, steps, surprises
from .desired import DesiredStack
from .protected import protected
from .remedies import Remedies
from .settings import Settings


def refuse_update(aws: Aws, stack: Stack, changes: Sequence[ResourceChange], reporter: Reporter) -> None:
    """Raises Refused when the stack's policy denies one of the changes. A policy that cannot be read denies nothing."""
    try:
        policy = aws.stacks.policy(stack.id)
    except InterruptedWork:
        raise
    except WildrydesError as error:
        reporter.event(f"not checked: {error}")
        return
    denied = stackpolicy.denied(policy, changes)
    if denied:
        raise Refused(
            f"the policy of stack {stack.name} denies {'; '.join(map(steps.change_text, denied))}. The stack was not "
            f"changed. Read the policy with `{Remedies(aws.identity.region).policy(stack.name)}` and let it allow the "
            "update, or leave out the settings that change these resources"
        )


def refuse_losses(stack: DesiredStack, changes: Sequence[ResourceChange], settings: Settings) -> None:
    """Raises Refused for changes that lose data, a network or an address, unless the user allowed them."""
    filling = settings.deployment.filling
    passing = [*(filling.resources if filling else ()), *stack.taken_out]
    refused = protected(changes, settings.allow_replace, passing)
    if refused:
        losses = "; ".join(map(steps.change_text, refused))
        names = " ".join(f"--allow-replace {change.logical_id}" for change in refused)
        told = surprises.perhaps(refused)
        raise Refused(
            f"stack {stack.name} would lose data or network: {losses}. {told + ' ' if told else ''}The stack was not "
            f"changed; to allow this, add {names}"
        )

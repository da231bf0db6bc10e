"""What an update must not do: what a person has denied by the stack's policy."""

from collections.abc import Sequence

from ..aws.records import ResourceChange, Stack
from ..aws.session import Aws
from ..errors import InterruptedWork, Refused, WildrydesError
from ..reporting import Reporter
from . import stackpolicy, steps
from .remedies import Remedies


def refuse_update(aws: Aws, stack: Stack, changes: Sequence[ResourceChange], reporter: Reporter) -> None:
    """Raises Refused when the stack's policy denies one of the changes; one that may not be read denies nothing."""
    try:
        policy = aws.stacks.policy(stack.id)
    except InterruptedWork:
        raise
    except WildrydesError as error:
        reporter.event(f"not looked at: {error}")
        return
    denied = stackpolicy.denied(policy, changes)
    if denied:
        raise Refused(
            f"stack {stack.name} has a policy that denies {'; '.join(map(steps.change_text, denied))}. It was not "
            f"changed. Look at the policy with `{Remedies(aws.identity.region).policy(stack.name)}`, and have it allow "
            "the update, or leave out the settings that change these resources"
        )

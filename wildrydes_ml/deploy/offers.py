"""What the user must agree to before a deploy on AWS: what it creates, who may call it, what it costs idle."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TypedDict

from .. import costs
from ..template.effective import effective
from .desired import Desired, DesiredStack
from .openings import openings
from .planner import FoundStack
from .steps import ApplyStack, Step


class IdleChange(TypedDict, total=False):
    """The idle cost in US dollars a month, before and after the deploy. Empty when it does not change."""

    idle_before: float
    idle_after: float


def idle_change(desired: Desired, steps: Sequence[Step], there: Mapping[str, FoundStack]) -> IdleChange:
    """How the steps change the idle cost; `there` are the existing stacks."""
    before = costs.total(costs.idle(found.effective for found in there.values()))
    after = costs.total(costs.idle(stack.effective for stack in desired.stacks))
    if not steps or round(before, 2) == round(after, 2):
        return {}
    return {"idle_before": round(before, 2), "idle_after": round(after, 2)}


def offer(desired: Desired, steps: Sequence[Step], there: Mapping[str, FoundStack]) -> list[str]:
    """The lines to agree to; empty for steps that create no stack and do not raise the cost."""
    made = [step.desired.name for step in steps if isinstance(step, ApplyStack) and step.kind == "create"]
    change = idle_change(desired, steps, there)
    is_dearer = bool(change) and change["idle_after"] > change["idle_before"]
    if not made and not is_dearer:
        return []
    identity = desired.identity
    return [
        f"{_what(made)} in account {identity.account}, region {identity.region}",
        *(_holds(step.desired) for step in steps if isinstance(step, ApplyStack) and step.kind == "create"),
        *([f"idle {change['idle_before']:.2f} → {change['idle_after']:.2f} US$ a month"] if not made else []),
        *_openings(desired, steps),
        costs.sentence(stack.effective for stack in desired.stacks),
        *_cheaper(desired),
    ]


def _what(made: Sequence[str]) -> str:
    return f"creates {' and '.join(f'stack {name}' for name in made)}" if made else "raises the cost of the deployment"


def _holds(stack: DesiredStack) -> str:
    """How many resources, by service."""
    kinds = [str(entry.get("Type")).split("::")[-2:][0] for entry in stack.effective["Resources"].values()]
    services = ", ".join(f"{count} of {service}" for service, count in Counter(kinds).most_common())
    return f"stack {stack.name}: {len(kinds)} resources ({services})"


def _openings(desired: Desired, steps: Sequence[Step]) -> list[str]:
    """Parameters that open something: those of new stacks, and those that change."""
    applied = [step for step in steps if isinstance(step, ApplyStack)]
    created = {
        name: value for step in applied if step.kind == "create" for name, value in step.desired.parameters.items()
    }
    changed = {change.name: change.new for step in applied for change in step.parameters}
    opened = {**created, **changed}.items()
    opens = desired.deployment.opens
    told = [f"{name} {value}: {opens[name](value)}" for name, value in opened if name in opens and opens[name](value)]
    return told or [
        f"stack {step.desired.name}: {what}"
        for step in applied
        if step.kind == "create"
        for what in openings({"Resources": {}}, step.desired.effective)
    ]


def _cheaper(desired: Desired) -> list[str]:
    """The cheapest preset, if it costs less."""
    now = costs.total(costs.idle(stack.effective for stack in desired.stacks))
    offers = {name: _cost_with(desired, preset) for name, preset in desired.deployment.presets.items()}
    best = min(offers, key=lambda name: offers[name], default="")
    if not best or round(offers[best], 2) >= round(now, 2):
        return []
    return [f"with --preset {best}: about {offers[best]:.2f} US$ a month while idle"]


def _cost_with(desired: Desired, preset: Mapping[str, str]) -> float:
    stacks = desired.stacks
    return costs.total(costs.idle(effective(stack.body, {**stack.parameters, **preset}) for stack in stacks))

"""The problems that the facts of an account cause for a deployment, each with its reason and its remedy."""

from collections.abc import Callable, Iterator, Sequence

from ...aws.facts import Facts
from ..desired import Desired
from . import room, surroundings, taken, zones
from .case import Case, Problem
from .needs import Part, whole


def problems(facts: Facts, desired: Desired, parts: Sequence[Part] | None = None, endpoint: str = "") -> list[Problem]:
    """The problems that the known facts cause for the deployment; unknown facts cause none.

    `parts` are what the plan creates, as `needs.parts` finds it; without them it is the whole deployment. `endpoint` is
    an emulator's address.
    """
    everything, wanted = whole(desired), desired.deployment
    made = everything if parts is None else tuple(parts)
    case = Case(facts, desired, made, everything, wanted.instead, wanted.locked, endpoint)
    return [problem for judge in _JUDGES for problem in judge(case)]


def _model_problems(case: Case) -> Iterator[Problem]:
    """Not certain: the instance that fetches the model may reach servers that this machine cannot."""
    url = case.desired.model_url
    fault = case.fact("model", url)
    if fault:
        instead = case.instead.get("model", "give another URL")
        remedy = f"If the instance cannot fetch it either, EFS is not filled and the stack is rolled back: {instead}"
        yield case.problem(f"model {url}", f"{fault} (asked from this machine)", remedy, is_certain=False)


_JUDGES: tuple[Callable[[Case], Iterator[Problem]], ...] = (
    room.quota_problems,
    zones.zone_problems,
    zones.gateway_problems,
    zones.instance_problems,
    taken.runtime_problems,
    room.concurrency_problems,
    room.burst_problems,
    taken.name_problems,
    _model_problems,
    taken.export_problems,
    taken.import_problems,
    taken.stored_problems,
    surroundings.given_problems,
    surroundings.target_problems,
    surroundings.reach_problems,
    surroundings.made_reach_problems,
)

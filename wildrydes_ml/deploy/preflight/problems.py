"""What facts of an account stand in a deployment's way: each problem with its reason and its remedy."""

from collections.abc import Callable, Iterator, Sequence

from ...aws.facts import Facts
from ..desired import Desired
from . import room, surroundings, taken, zones
from .case import Case, Problem
from .needs import Part, whole


def problems(facts: Facts, desired: Desired, parts: Sequence[Part] | None = None) -> list[Problem]:
    """What the facts hold against the deployment; what is not known holds nothing against it.

    `parts` are what is made, as `needs.parts` finds it; without them all of the deployment is.
    """
    everything, wanted = whole(desired), desired.deployment
    case = Case(
        facts, desired, everything if parts is None else tuple(parts), everything, wanted.instead, wanted.locked
    )
    return [problem for judge in _JUDGES for problem in judge(case)]


def _model_problems(case: Case) -> Iterator[Problem]:
    """Not certain: what fetches the model may have another way out."""
    url = case.desired.model_url
    fault = case.fact("model", url)
    if fault:
        instead = case.instead.get("model", "give another URL")
        remedy = f"If it cannot be fetched from there either, EFS is not filled, and what was made is undone: {instead}"
        yield case.problem(f"model {url}", f"{fault}, asked from here", remedy, is_certain=False)


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

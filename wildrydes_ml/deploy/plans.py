"""A finished plan: what is wanted, what is there and the steps between, as one value that deploy takes."""

from dataclasses import dataclass, replace
from typing import Any

from ..aws.target import Target
from .desired import Desired
from .planner import Observed
from .settings import Settings
from .steps import Step, as_record


@dataclass(frozen=True)
class Plan:
    """What a deploy is going to do. Nothing rewrites it; another look at what is there makes another plan."""

    settings: Settings
    """What was asked for."""
    target: Target
    """Where."""
    desired: Desired
    """What is wanted, with what earlier deploys set."""
    observed: Observed
    """What is there."""
    steps: tuple[Step, ...]
    """What there is to do, in order; empty when nothing changes."""

    @property
    def changes(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.steps)

    def describe(self) -> str:
        """The steps in words, each on a line of its own; what changes in a stack stands below its step."""
        return "\n".join(step.describe() for step in self.steps)

    def records(self) -> list[dict[str, Any]]:
        """The steps as plain data for JSON, as `--output json` prints them."""
        return [as_record(step) for step in self.steps]

    def with_steps(self, steps: tuple[Step, ...]) -> "Plan":
        """The same with other steps."""
        return replace(self, steps=steps)

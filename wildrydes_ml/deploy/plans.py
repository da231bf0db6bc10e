"""A finished plan, which `deploy` takes: what is wanted, what exists, and the steps from one to the other."""

from dataclasses import dataclass, replace
from typing import Any

from ..aws.target import Target
from .desired import Desired
from .planner import Observed
from .settings import Settings
from .steps import Step, as_record


@dataclass(frozen=True)
class Plan:
    """What a deploy is going to do. A plan never changes: call `plan` again for a new one."""

    settings: Settings
    """What was asked for."""
    target: Target
    """Where to deploy: AWS, or an emulator."""
    desired: Desired
    """What is wanted, including what earlier deploys set."""
    observed: Observed
    """What exists now."""
    steps: tuple[Step, ...]
    """The steps, in order; empty when nothing changes."""

    @property
    def changes(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.steps)

    def describe(self) -> str:
        """The steps in words, one per line; the changes of a stack follow below its step."""
        return "\n".join(step.describe() for step in self.steps)

    def records(self) -> list[dict[str, Any]]:
        """The steps as plain data for JSON, as `--output json` prints them."""
        return [as_record(step) for step in self.steps]

    def with_steps(self, steps: tuple[Step, ...]) -> "Plan":
        """The same plan with other steps."""
        return replace(self, steps=steps)

"""Where a deployment goes: AWS, or an emulator on this machine."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Target:
    """Where a deployment goes. AWS and local differ by these values alone.

    `endpoint` is the emulator's URL, empty on AWS. `efs_directory` is the directory that stands for EFS;
    without one an instance fills EFS. `parameters` are what the place needs set. `poll_seconds` is the
    pause between two looks at a stack, `attempts` how often a call is tried.
    """

    region: str = ""
    profile: str = ""
    endpoint: str = ""
    efs_directory: Path | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    poll_seconds: float = 5.0
    attempts: int = 10

    @property
    def is_local(self) -> bool:
        """Whether an emulator stands for AWS."""
        return bool(self.endpoint)

"""Where a deployment goes: AWS, or an emulator on this machine."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Target:
    """Where a deployment goes. AWS and an emulator differ only in these values.

    Attributes:
        region: The region; empty for the default of the profile.
        profile: The AWS profile; empty for the default one.
        endpoint: The emulator's URL; empty on AWS.
        efs_directory: The directory that stands for EFS; without one, an instance fills EFS.
        parameters: Parameters that must have these values at this target.
        poll_seconds: The pause between two checks of a stack, in seconds.
        attempts: How often a call is tried.
        home: The emulator's directory; None for the default one.
    """

    region: str = ""
    profile: str = ""
    endpoint: str = ""
    efs_directory: Path | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    poll_seconds: float = 5.0
    attempts: int = 10
    home: Path | None = None

    @property
    def is_local(self) -> bool:
        """Whether the target is an emulator."""
        return bool(self.endpoint)

    def options(self, region: str) -> str:
        """The options of a command that lead it to this account or machine, and to the region."""
        if self.is_local:
            return f"--local --home {shlex.quote(str(self.home))}" if self.home else "--local"
        return f"--region {region}" + (f" --profile {shlex.quote(self.profile)}" if self.profile else "")

"""What is asked of a deployment of the workshop, in one call."""

from pathlib import Path
from typing import Any

from ..deploy.settings import Settings
from .deployments import deployments


def wild_rydes(code: Path | None = None, **options: Any) -> Settings:
    """Settings of the workshop: `options` are the other fields of `Settings`, `code` a directory of source in place of
    the package's own. Raises SettingsError with every fault."""
    return Settings(deployments(code), **options)

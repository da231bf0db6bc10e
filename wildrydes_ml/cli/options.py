"""What the command line and the file of --config ask for, as settings; nothing is called."""

import argparse

from .. import tags
from ..deploy.settings import Settings, parse_overrides
from ..workshop.deployments import PRESETS
from ..workshop.settings import wild_rydes
from .config import Config


def settings(options: argparse.Namespace) -> Settings:
    """The settings that the options of a verb ask for. Raises SettingsError with every fault."""
    return wild_rydes(
        name=options.name,
        bucket=options.bucket,
        route=getattr(options, "route", ""),
        preset=options.preset,
        overrides={**_of_file(options), **parse_overrides(options.overrides), **_signature(options)},
        reset=tuple(getattr(options, "reset", ())),
        model=options.model,
        allow_replace=tuple(getattr(options, "allow_replace", ())),
        account=options.account,
        continue_rollback=getattr(options, "continue_rollback", False),
        keep_data=getattr(options, "keep_data", False),
        retain=tuple(getattr(options, "retain", ())),
        role_arn=options.role_arn,
        tags=tags.parse(options.tag),
    )


def _signature(options: argparse.Namespace) -> dict[str, str]:
    name = getattr(options, "signature", "")
    return {"Signature": name} if name else {}


def _of_file(options: argparse.Namespace) -> dict[str, str]:
    """The parameters of the file of --config, but for those of another preset that the command line names."""
    config: Config = options.file
    is_its_own = options.preset == config.options.get("preset", "")
    return {
        name: value
        for name, value in config.overrides.items()
        if (is_its_own or name not in PRESETS[options.preset]) and name not in getattr(options, "reset", ())
    }

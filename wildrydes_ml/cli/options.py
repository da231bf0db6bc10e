"""What the command line and the file of --config ask for, as settings; nothing is called."""

import argparse
from datetime import datetime, timezone
from typing import Any

from .. import expiry, tags
from ..deploy.settings import Settings, parse_overrides
from ..deployment import Deployment
from .config import NO_CONFIG, Config


def settings(options: argparse.Namespace) -> Settings:
    """The settings that the options of a verb ask for, those that it has. Raises SettingsError with every fault."""
    given = vars(options)

    def option(name: str, otherwise: Any = "") -> Any:
        return given.get(name, otherwise)

    return Settings(
        application(options),
        name=options.name,
        bucket=option("bucket"),
        route=option("route"),
        preset=option("preset"),
        overrides={**_of_file(options), **parse_overrides(option("overrides", [])), **_signature(options)},
        reset=tuple(option("reset", ())),
        model=option("model"),
        samples=option("samples"),
        allow_replace=tuple(option("allow_replace", ())),
        account=options.account,
        continue_rollback=option("continue_rollback", False),
        last_proven=option("last_proven", False),
        keep_data=option("keep_data", False),
        retain=tuple(option("retain", ())),
        role_arn=option("role_arn"),
        tags=tags.parse(option("tag", ())),
        expires=expiry.asked(option("expires"), datetime.now(timezone.utc)),
    )


def application(options: argparse.Namespace) -> tuple[Deployment, ...]:
    """The deployments of the application that `--app` names, the Wild Rydes workshop without it."""
    if not getattr(options, "app", ""):
        from ..workshop.deployments import deployments

        return deployments()
    from ..app.load import load

    found = load(options.app)
    return (found if isinstance(found, Deployment) else found.deployment(),)


def _signature(options: argparse.Namespace) -> dict[str, str]:
    name = getattr(options, "signature", "")
    return {"Signature": name} if name else {}


def _of_file(options: argparse.Namespace) -> dict[str, str]:
    """The parameters of the file of --config, but for those of another preset that the command line names."""
    config: Config = getattr(options, "file", NO_CONFIG)
    preset = getattr(options, "preset", "")
    is_its_own = preset == config.options.get("preset", "")
    having = (one.presets[preset] for one in application(options) if preset in one.presets)
    named = {} if is_its_own else next(having, {})
    return {
        name: value
        for name, value in config.overrides.items()
        if name not in named and name not in getattr(options, "reset", ())
    }

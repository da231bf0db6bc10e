"""What the command line and the file of --config ask for, as settings; nothing is called."""

import argparse
from typing import Any

from .. import tags
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
        allow_replace=tuple(option("allow_replace", ())),
        account=options.account,
        continue_rollback=option("continue_rollback", False),
        last_proven=option("last_proven", False),
        keep_data=option("keep_data", False),
        retain=tuple(option("retain", ())),
        role_arn=option("role_arn"),
        tags=tags.parse(option("tag", ())),
    )


def application(options: argparse.Namespace) -> tuple[Deployment, ...]:
    """The deployments of the application that `--app` names, the Wild Rydes workshop without it."""
    if not getattr(options, "app", ""):
        from ..workshop.deployments import deployments

        return deployments()
    from ..app.load import load

    found = load(options.app)
    return (found if isinstance(found, Deployment) else found.deployment(),)


def unheeded(options: argparse.Namespace) -> list[str]:
    """What the command line names and the place has no use for, in words. A file of --config may be for both places."""
    given, file = vars(options), getattr(options, "file", NO_CONFIG).options
    if getattr(options, "local", False):
        named = [name for name in ("region", "profile") if given.get(name) and given[name] != file.get(name)]
        return [f"--{name} {given[name]} has no effect with --local: only the emulator is called" for name in named]
    if given.get("port") and "local" in given and options.verb != "doctor":
        return [f"--port {options.port} has no effect without --local: on AWS, API Gateway chooses the URL"]
    return []


def _signature(options: argparse.Namespace) -> dict[str, str]:
    name = getattr(options, "signature", "")
    return {"Signature": name} if name else {}


def _of_file(options: argparse.Namespace) -> dict[str, str]:
    """The parameters of the file of --config, but for those of another preset that the command line names."""
    config: Config = getattr(options, "file", NO_CONFIG)
    preset = getattr(options, "preset", "")
    is_its_own = preset == config.options.get("preset", "")
    named = {} if is_its_own else application(options)[0].presets.get(preset, {})
    return {
        name: value
        for name, value in config.overrides.items()
        if name not in named and name not in getattr(options, "reset", ())
    }

"""What the command line names and the place has no use for.

Apart from `options`: every command asks this, also those that need no settings.
"""

import argparse

from .config import NO_CONFIG


def unheeded(options: argparse.Namespace) -> list[str]:
    """What the command line names and the place has no use for, in words. A file of --config may be for both places."""
    given, file = vars(options), getattr(options, "file", NO_CONFIG).options
    if getattr(options, "local", False):
        named = [name for name in ("region", "profile") if given.get(name) and given[name] != file.get(name)]
        return [f"--{name} {given[name]} has no effect with --local: only the emulator is called" for name in named]
    if given.get("port") and "local" in given and options.verb != "doctor":
        return [f"--port {options.port} has no effect without --local: on AWS, API Gateway chooses the URL"]
    return []

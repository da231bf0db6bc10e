"""What to do about a call with wrong arguments, which Python itself refuses."""

import importlib
import inspect
import re

from ..hints import meant

_PACKAGE = __name__.partition(".")[0]
_UNEXPECTED = re.compile(r"(\S+)\(\) got an unexpected keyword argument '(\w+)'")
_TOO_MANY = re.compile(r"(\S+)\(\) takes .*positional arguments? but \d+ (was|were) given")


def advice(said: str) -> str:
    """What was meant, or which arguments have names, after what Python said; empty for anything but such a call of a
    name of this library."""
    if match := _UNEXPECTED.match(said):
        names = [name for name, _ in _arguments(match[1])]
        return meant(match[2], names) or (f"; it has {', '.join(names)}" if names else "")
    if match := _TOO_MANY.match(said):
        named = [f"{name}=" for name, kind in _arguments(match[1]) if kind is inspect.Parameter.KEYWORD_ONLY]
        return f"; write the others with their names: {', '.join(named)}" if named else ""
    return ""


def _arguments(called: str) -> list[tuple[str, object]]:
    """Names and kinds of the arguments of, for example, `App.route`."""
    found: object = importlib.import_module(_PACKAGE)
    for part in called.removesuffix(".__init__").split("."):
        found = getattr(found, part, None)
    if not callable(found):
        return []
    return [(name, one.kind) for name, one in inspect.signature(found).parameters.items() if name != "self"]

"""The options of a deployment in a file, for those who want them in version control.

```toml
name = "my-rydes"
region = "eu-west-1"
preset = "lean"
allow-replace = ["NatGateway"]
tag = ["team=rides"]

[set]
MinScore = 0.5
ApiAuth = "API_KEY"
```
"""

import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from ..errors import SettingsError
from ..template.parameters import text

# The options that a file may hold, as on the command line, with the kind of their value.
OPTIONS: Mapping[str, type] = {
    "account": str,
    "allow-replace": list,
    "app": str,
    "bucket": str,
    "expires": str,
    "home": str,
    "local": bool,
    "model": str,
    "name": str,
    "preset": str,
    "profile": str,
    "region": str,
    "role-arn": str,
    "route": str,
    "samples": str,
    "set": dict,
    "signature": str,
    "tag": list,
}
_KINDS: Mapping[type, str] = {
    str: "text in quotes",
    bool: "true or false",
    list: "a list of texts",
    dict: "a table of parameters",
}


class Config(NamedTuple):
    """What a file holds: options by their names on the command line, and the parameters of its table `set`."""

    options: Mapping[str, Any] = {}
    overrides: Mapping[str, str] = {}


NO_CONFIG = Config()


def read(path: Path) -> Config:
    """The options in a TOML file. Raises SettingsError with every fault, and when it cannot be read."""
    try:
        body = _parsed(path.read_text(encoding="utf-8-sig"))
    except ValueError as error:  # neither TOML nor UTF-8
        raise SettingsError([f"--config {path}: this is not TOML: {error}"]) from error
    except OSError as error:
        raise SettingsError([f"--config {path}: {error.strerror}"]) from error
    faults = [f"--config {path}: {fault}" for fault in [*_faults(body), *_value_faults(body.get("set"))]]
    if faults:
        raise SettingsError(faults)
    overrides = {name: text(value) for name, value in body.pop("set", {}).items()}
    return Config({**body, **_absolute(body, path.resolve().parent)}, overrides)


def _parsed(text: str) -> dict[str, Any]:
    if sys.version_info >= (3, 11):  # only here, since every process that renders would wait for it
        import tomllib
    else:
        import tomli as tomllib
    return tomllib.loads(text)


def _faults(body: Mapping[str, Any]) -> list[str]:
    unknown = [name for name in body if name not in OPTIONS]
    wrong = [name for name in body if name in OPTIONS and not _is_of_kind(body[name], OPTIONS[name])]
    return [
        *(f"there is no option {name!r}{_meant(name)}" for name in unknown),
        *(f"{name} must be {_KINDS[OPTIONS[name]]}" for name in wrong),
    ]


def _is_of_kind(value: Any, kind: type) -> bool:
    if kind is list:
        return isinstance(value, list) and all(isinstance(item, str) for item in value)
    return isinstance(value, kind)


def _meant(name: str) -> str:
    from difflib import get_close_matches  # only here, since every process that renders would wait for it

    close = get_close_matches(name.replace("_", "-"), OPTIONS, 1)
    return f"; did you mean {close[0]!r}?" if close else f"; there are {', '.join(OPTIONS)}"


def _value_faults(table: Any) -> list[str]:
    pairs = table.items() if isinstance(table, dict) else ()
    return [
        f"set.{name} must be text, a number or a boolean" for name, value in pairs if isinstance(value, (dict, list))
    ]


def _absolute(body: Mapping[str, Any], folder: Path) -> dict[str, str]:
    """Paths of a file count from where it lies."""
    paths = {name: str(body[name]) for name in ("app", "home", "model", "samples") if name in body}
    if not re.search(r"\.py(:|$)", paths.get("app", ".py")):  # a module: Python finds it
        del paths["app"]
    return {
        name: path if path.startswith(("http://", "https://", "~")) else str(folder / path)
        for name, path in paths.items()
        if path
    }

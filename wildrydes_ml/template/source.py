"""A stack's template for the deployer, from a troposphere template or from a YAML or JSON file.

CloudFormation gets the text. The body is for the deployer itself: what the stack creates, what it costs, what an update
changes. Faults in a file are reported with their lines before the deploy starts.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import yaml

from ..errors import SettingsError
from . import faults
from .decode import compose, construct
from .unknown import unknown

if TYPE_CHECKING:
    import troposphere

Given: TypeAlias = "Path | str | troposphere.Template"


@dataclass(frozen=True)
class Source:
    """A template, as text and as data."""

    name: str
    """The name for people: the file's name."""
    text: str
    """The text that CloudFormation gets: at most 1,000,000 bytes in UTF-8."""
    body: Mapping[str, Any]
    """The same as data, with functions in their long form (`Fn::Sub`). Do not change it."""


def source_of(template: Given, name: str) -> Source:
    """The template in a file, or a troposphere template, which gets the `name`.

    Raises SettingsError as `read` does, and for references to names that the template does not have; TypeError for
    another kind of template.
    """
    if not isinstance(template, (str, Path)) and not hasattr(template, "to_dict"):
        raise TypeError(f"the template is a {type(template).__name__}: pass a path, or a troposphere.Template")
    source = read(Path(template)) if isinstance(template, (str, Path)) else built(name, template)
    if not source.body.get("Resources"):
        raise SettingsError([f"{source.name}: the template has no Resources; add at least one"])
    if wrong := [f"{source.name}: {one}" for one in unknown(source.body)]:
        raise SettingsError(wrong)
    return source


def built(name: str, template: "troposphere.Template") -> Source:
    """The source of a troposphere template."""
    from .render import render  # only here, since who reads files needs no troposphere

    return Source(name, render(template), template.to_dict())


def read(path: Path) -> Source:
    """The template in a file, with its text unchanged.

    A text with YAML aliases (`*name`) or merges (`<<`) is converted to JSON without them, since CloudFormation does not
    support them. Raises SettingsError with all faults, each with file, line and column as far as known.
    """
    text = _text(path)
    try:
        node = compose(text)
        wrong = faults.of(node)
        has_aliases = not wrong and node is not None and faults.has_aliases(node)  # constructing merges them
        body = construct(node) if node and not wrong else {}
    except yaml.YAMLError as error:
        raise SettingsError([faults.unreadable(path, text, error)]) from None
    except (RecursionError, ValueError) as error:
        raise SettingsError([f"{path}: this is neither YAML nor JSON: {error}"]) from None
    if wrong:
        raise SettingsError([f"{path}{one}" for one in wrong])
    return Source(path.name, _written_out(path, body) if has_aliases else text, body)


def _text(path: Path) -> str:
    """The file's text. Raises SettingsError."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise SettingsError([f"{path}: there is no such file; name a CloudFormation template, YAML or JSON"]) from None
    except OSError as error:
        raise SettingsError([f"{path}: cannot be read: {error.strerror}"]) from None
    if len(content) > faults.LIMIT:
        raise SettingsError([_too_large(path, len(content))])
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise SettingsError([f"{path}:{line}: this is not UTF-8; save the file as UTF-8"]) from None


def _written_out(path: Path, body: Mapping[str, Any]) -> str:
    """The template as JSON.

    Raises SettingsError as soon as it is too large: a few aliases of aliases can expand to more than the memory holds.
    """
    parts, size = [], 0
    for part in json.JSONEncoder(indent=1, ensure_ascii=False).iterencode(body):
        parts.append(part)
        size += len(part.encode())
        if size > faults.LIMIT:
            raise SettingsError([_too_large(path, size, " or more with its aliases expanded")])
    return "".join([*parts, "\n"])


def _too_large(path: Path, size: int, how: str = "") -> str:
    return f"{path}: {size:,} bytes{how}; CloudFormation accepts at most {faults.LIMIT:,}: split it into several stacks"

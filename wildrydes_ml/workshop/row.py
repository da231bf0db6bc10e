"""How a parameter of the workshop's templates is described: all of it in one row.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from ..blocks.rows import SHARED
from ..template.interface import Group

# The parts of the templates that have parameters.
EFS, MOUNT, SOURCE, FUNCTION = "efs", "mount", "source", "function"
PACKED, BATCH = "packed", "batch"
DUAL_STACK, WORKSHOP_COMMAND = "dual stack", "workshop command"


class Row(NamedTuple):
    """All of a parameter."""

    label: str
    """What the console calls it."""
    group: Group
    """Under which heading the console shows it."""
    properties: dict[str, Any]
    """CloudFormation's."""
    parts: tuple[str, ...]
    """The parts of the templates that have it."""
    refills: bool = False
    """Whether a change does nothing to a filled EFS, so that the instance must be made anew: user data runs once, a
    wait condition never resets."""
    derived: str = ""
    """Why nobody sets it: what the deployer takes it from."""
    opens: Callable[[str], str] | None = None
    """To whom a value of it opens something; empty when it opens nothing."""


def text(default: str, description: str, pattern: str = "", constraint: str = "", **more: Any) -> dict[str, Any]:
    checks = {"AllowedPattern": pattern, "ConstraintDescription": constraint} if pattern else {}
    return {"Type": "String", "Default": default, "Description": description, **checks, **more}


def choice(default: str, values: tuple[str, ...], description: str) -> dict[str, Any]:
    return {
        "Type": "String",
        "Default": default,
        "AllowedValues": list(values),
        "Description": description,
    }


def number(default: Any, low: Any, high: Any, description: str) -> dict[str, Any]:
    return {
        "Type": "Number",
        "Default": default,
        "MinValue": low,
        "MaxValue": high,
        "Description": description,
    }


def required(kind: str, description: str, **more: Any) -> dict[str, Any]:
    return {"Type": kind, "Description": description, **more}


def shared(name: str, default: str | None, description: str = "", constraint: str = "") -> dict[str, Any]:
    """What other applications have, too, with the workshop's own default and words; None: required."""
    row = SHARED[name]
    own = {
        "Type": "String",
        **({} if default is None else {"Default": default}),
        **({"AllowedValues": row["AllowedValues"]} if "AllowedValues" in row else {}),
        "Description": description or row["Description"],
        **{key: row[key] for key in ("AllowedPattern", "ConstraintDescription", "MaxLength") if key in row},
    }
    return {**own, "ConstraintDescription": constraint} if constraint else own

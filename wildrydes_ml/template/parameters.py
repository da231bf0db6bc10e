"""What CloudFormation takes as a parameter's value, by the parameter's properties."""

import re
from collections.abc import Mapping
from typing import Any

# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html: a value's characters.
_LONGEST = 4096

# What CloudFormation tells of the value of a parameter with NoEcho.
HIDDEN = "****"


def is_hidden(row: Mapping[str, Any]) -> bool:
    """Whether CloudFormation tells nobody the parameter's value."""
    return text(row.get("NoEcho", False)) == "true"


def fits(value: str, row: Mapping[str, Any]) -> bool:
    """Whether CloudFormation takes the value for a parameter with these properties."""
    if row["Type"] == "Number":
        return _number_fits(value, row)
    return (
        value in [text(allowed) for allowed in row.get("AllowedValues", [value])]
        and re.fullmatch(row.get("AllowedPattern", r"[\s\S]*"), value, re.ASCII) is not None
        and int(row.get("MinLength", 0)) <= len(value) <= int(row.get("MaxLength", _LONGEST))
    )


def same(value: str, other: str) -> bool:
    """Whether CloudFormation takes both values for the same: 0.30 is 0.3."""
    if value == other:
        return True
    try:
        return float(value) == float(other)
    except ValueError:
        return False


def constraint(row: Mapping[str, Any]) -> str:
    """What a parameter's value must be, in words."""
    if "ConstraintDescription" in row:
        return str(row["ConstraintDescription"])
    if "AllowedValues" in row:
        return f"must be one of {', '.join(map(str, row['AllowedValues']))}"
    if "AllowedPattern" in row:
        return f"must match {row['AllowedPattern']}"
    if row["Type"] == "Number":
        bounds = [f"{word} {row[key]}" for key, word in (("MinValue", "from"), ("MaxValue", "to")) if key in row]
        return " ".join(["must be a number", *bounds])
    return f"must be at most {row.get('MaxLength', _LONGEST)} characters"


def text(value: object) -> str:
    """A default or an allowed value as CloudFormation tells it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _number_fits(value: str, row: Mapping[str, Any]) -> bool:
    if not re.fullmatch(r"-?\d+(\.\d+)?", value, re.ASCII):
        return False
    number = float(value)
    in_range = float(row.get("MinValue", number)) <= number <= float(row.get("MaxValue", number))
    return in_range and number in [float(allowed) for allowed in row.get("AllowedValues", [number])]

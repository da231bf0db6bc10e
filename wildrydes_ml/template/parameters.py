"""Which values CloudFormation accepts for a parameter, by the parameter's properties."""

import re
from collections.abc import Mapping
from typing import Any

# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html: a value's characters.
_LONGEST = 4096

# Their rules are for each of their values:
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html
_LISTS = ("CommaDelimitedList", "List<Number>")

# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-supplied-parameter-types.html
STORED = "AWS::SSM::Parameter::Value<"

# What CloudFormation tells of the value of a parameter with NoEcho.
HIDDEN = "****"


def is_hidden(row: Mapping[str, Any]) -> bool:
    """Whether CloudFormation hides the parameter's value (`NoEcho`)."""
    return text(row.get("NoEcho", False)) == "true"


def fits(value: str, row: Mapping[str, Any]) -> bool:
    """Whether CloudFormation accepts the value for a parameter with these properties."""
    if len(value) > _LONGEST:
        return False
    if row["Type"] in _LISTS:
        items = [item.strip() for item in value.split(",")]
        return all(_one_fits(item, row, row["Type"] == "List<Number>") for item in items)
    return _one_fits(value, row, row["Type"] == "Number")


def is_stored(row: Mapping[str, Any]) -> bool:
    """Whether the value is a name in Systems Manager, under which the real value is stored."""
    return str(row.get("Type")).startswith(STORED)


def shown(name: str, value: str, rows: Mapping[str, Mapping[str, Any]]) -> str:
    """The value as it may be shown: what is shown can end up in logs."""
    return HIDDEN if name in rows and is_hidden(rows[name]) else value


def same(value: str, other: str) -> bool:
    """Whether both values are the same for CloudFormation: 0.30 is 0.3."""
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
        return f"must be one of {', '.join(map(text, row['AllowedValues']))}"
    if "AllowedPattern" in row:
        return f"must match {row['AllowedPattern']}"
    if row["Type"] == "Number":
        bounds = [f"{word} {row[key]}" for key, word in (("MinValue", "from"), ("MaxValue", "to")) if key in row]
        return " ".join(["must be a number", *bounds])
    if row["Type"] == "List<Number>":
        return "must be numbers separated by commas"
    least = int(row.get("MinLength", 0))
    return f"must have {f'{least} to' if least else 'at most'} {row.get('MaxLength', _LONGEST)} characters"


def text(value: object) -> str:
    """A plain value, such as a default, as CloudFormation writes it into text."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def defaults(rows: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """The defaults of parameters, as CloudFormation tells their values; those without one are left out."""
    return {name: text(row["Default"]) for name, row in rows.items() if "Default" in row}


def _one_fits(value: str, row: Mapping[str, Any], is_number: bool) -> bool:
    """Whether a value, or one of a list, is as the properties say."""
    if is_number:
        return _number_fits(value, row)
    return (
        value in [text(allowed) for allowed in row.get("AllowedValues", [value])]
        and _matches(str(row.get("AllowedPattern", "")), value)
        and int(row.get("MinLength", 0)) <= len(value) <= int(row.get("MaxLength", _LONGEST))
    )


def _matches(pattern: str, value: str) -> bool:
    """CloudFormation's patterns are Java's; those that Python does not know are left to CloudFormation."""
    try:
        return not pattern or re.fullmatch(pattern, value, re.ASCII) is not None
    except re.error:
        return True


def _number_fits(value: str, row: Mapping[str, Any]) -> bool:
    if not re.fullmatch(r"-?\d+(\.\d+)?", value, re.ASCII):
        return False
    number = float(value)
    in_range = float(row.get("MinValue", number)) <= number <= float(row.get("MaxValue", number))
    return in_range and number in [float(allowed) for allowed in row.get("AllowedValues", [number])]

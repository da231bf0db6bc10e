"""What a block refuses at the line that is wrong, where troposphere would do so later and CloudFormation last.

Only plain values can be judged; what a parameter or an intrinsic function stands for is known to CloudFormation alone.
All functions raise TypeError for a value of a wrong kind and ValueError for a wrong value, as troposphere does, with a
message that says what to pass instead. `where` names the argument, such as `Access.auth`.
"""

import re
from collections.abc import Collection, Sequence
from typing import Any

from troposphere import AWSHelperFn, AWSObject, Parameter, Template

_KINDS = "text, a number, a parameter, or a function such as Ref, GetAtt, Sub or ImportValue"


def is_known(where: str, value: object) -> bool:
    """Whether the value is plain text or a number."""
    if isinstance(value, (Parameter, AWSObject, AWSHelperFn)):
        return False
    if isinstance(value, (str, int, float)):
        return True
    raise TypeError(f"{where} is {value!r}: pass {_KINDS}")


def one_of(where: str, value: object, allowed: Collection[str]) -> None:
    """The value must be among the allowed ones."""
    if is_known(where, value) and value not in allowed:
        raise ValueError(f"{where} is {value!r}: use one of {', '.join(map(repr, allowed))}")


def number(where: str, value: object, low: float, high: float, unit: str) -> None:
    """The value must be a number from low to high; text of digits is one, too, as for CloudFormation."""
    if not is_known(where, value):
        return
    is_number = re.fullmatch(r"-?\d+(\.\d+)?", str(value), re.ASCII) is not None
    if not is_number or not low <= float(str(value)) <= high:
        raise ValueError(f"{where} is {value!r}: use {low} to {high} ({unit})")


def text(where: str, value: object, pattern: str, advice: str) -> None:
    """The value must match the whole pattern."""
    if is_known(where, value) and not re.fullmatch(pattern, str(value), re.ASCII):
        raise ValueError(f"{where} is {value!r}: {advice}")


def policy_arn(where: str, value: object) -> None:
    """The value must be the ARN of an IAM policy, or ''."""
    text(where, value, r"|arn:[^:]+:iam::(\d{12}|aws):policy/\S+", "use the ARN of an IAM policy, or '' for none")


def several(where: str, values: object, least: int, advice: str) -> None:
    """The values must be a list or tuple of so many different ones; a single text would count as its letters."""
    if not isinstance(values, (list, tuple)):
        raise TypeError(f"{where} is {values!r}: pass a list; {advice}")
    for value in values:
        is_known(where, value)
    kept: Sequence[Any] = [value for at, value in enumerate(values) if value not in values[:at]]
    if len(values) < least or len(kept) < len(values):
        raise ValueError(f"{where} is {values!r}: {advice}")


def unused(template: Template, title: str, advice: str) -> None:
    """The template must not have a resource of this logical id, which must be one."""
    if not re.fullmatch(r"[A-Za-z0-9]+", title):
        raise ValueError(f"title {title!r} cannot be a logical id: use letters and digits only")
    if title in template.resources:
        raise ValueError(f"the template has a resource {title!r} already: {advice}")

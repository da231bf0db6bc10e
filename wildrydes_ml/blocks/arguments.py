"""Checks the arguments of blocks, so that an error names the wrong line; troposphere and CloudFormation find it later.

Only plain values can be checked: the value of a parameter or of an intrinsic function is known only to CloudFormation.
All functions raise TypeError for a value of the wrong type and ValueError for a wrong value, as troposphere does, with
a message that says what to pass instead. `where` names the argument, such as `Access.auth`.
"""

import re
from collections.abc import Collection, Sequence
from typing import Any

from troposphere import AWSHelperFn, AWSObject, Parameter, Ref, Template, efs

from ..naming import BUCKET as BUCKET

# https://docs.aws.amazon.com/lambda/latest/api/API_FileSystemConfig.html
_ACCESS_POINT_ARN = r"arn:[^:]+:elasticfilesystem:[^:]+:\d{12}:access-point/fsap-[0-9a-f]+"
BUCKET_ADVICE = "name the S3 bucket with the function's zip: 3 to 63 lower-case letters, digits, hyphens and dots"
_ARN_ADVICE = "use the ARN of an access point; access_point_arn() builds it from an id or from the resource"
PIN = r"[A-Za-z0-9][A-Za-z0-9._-]*(\[[A-Za-z0-9,._-]+\])?==[A-Za-z0-9.!+_-]+(;[A-Za-z0-9._,=<>!~'-]+)?"
"""A package with its exact version in pip's notation, with its marker, without spaces."""
_KINDS = "text, a number, a parameter, or a function such as Ref, GetAtt, Sub or ImportValue"


def is_known(where: str, value: object) -> bool:
    """Whether the value is plain text or a number."""
    if isinstance(value, (Parameter, AWSObject, AWSHelperFn)):
        return False
    if isinstance(value, (str, int, float)):
        return True
    raise TypeError(f"{where} is {value!r}: pass {_KINDS}")


def one_of(where: str, value: object, allowed: Collection[str]) -> None:
    """The value must be one of the allowed values."""
    if is_known(where, value) and value not in allowed:
        raise ValueError(f"{where} is {value!r}: use one of {', '.join(map(repr, allowed))}")


def number(where: str, value: object, low: float, high: float, unit: str, *, whole: bool = False) -> None:
    """The value must be a number from low to high. Text of digits counts as a number, as in CloudFormation."""
    if not is_known(where, value):
        return
    is_number = re.fullmatch(r"-?\d+(\.\d+)?", str(value), re.ASCII) is not None
    if not is_number or not low <= float(str(value)) <= high:
        raise ValueError(f"{where} is {value!r}: use {low} to {high} ({unit})")
    if whole and not str(value).lstrip("-").isdecimal():
        raise ValueError(f"{where} is {value!r}: use a whole number from {low} to {high} ({unit})")


def text(where: str, value: object, pattern: str, advice: str) -> None:
    """The value must match the whole pattern."""
    if is_known(where, value) and not re.fullmatch(pattern, str(value), re.ASCII):
        raise ValueError(f"{where} is {value!r}: {advice}")


def length(where: str, value: object, most: int) -> None:
    """The text must have at most so many characters."""
    if is_known(where, value) and len(str(value)) > most:
        raise ValueError(f"{where} has {len(str(value))} characters: use at most {most}")


def kind(where: str, value: object, kinds: type | tuple[type, ...], advice: str) -> None:
    """The value must be an object of one of these classes."""
    if not isinstance(value, kinds):
        raise TypeError(f"{where} is {shown(value)}: {advice}")


def shown(value: object) -> str:
    """A value for a message; functions such as `Ref` are shown as in a template."""
    return str(value.to_dict()) if isinstance(value, AWSHelperFn) else repr(value)


def sentence(where: str, value: object, advice: str) -> str:
    """The reason with a full stop, or an empty text. Raises TypeError for anything but text."""
    if not isinstance(value, str):
        raise TypeError(f"{where} is {value!r}: {advice}")
    said = value.strip()
    return said if not said or said.endswith((".", "!", "?")) else f"{said}."


def media_types(where: str, values: object) -> None:
    """The values must be a list of media types; a text would count as its letters."""
    if not isinstance(values, (list, tuple)):
        raise TypeError(f"{where} is {values!r}: pass a list, such as ['image/png']")
    for value in values:
        if not isinstance(value, str) or not re.fullmatch(r"[^/\s]+/[^/\s]+", value):
            raise ValueError(f"{where} has {value!r}: use a type such as image/png")


def access_point_arn(where: str, value: object) -> None:
    """The value must be an access point's ARN. The resource itself is refused: its `Ref` is the id, not the ARN."""
    if isinstance(value, efs.AccessPoint):
        raise TypeError(f"{where} is the access point {value.title}: {_ARN_ADVICE}")
    text(where, value, _ACCESS_POINT_ARN, _ARN_ADVICE)


def ids(where: str, values: object, kind: str) -> None:
    """Each value must be an id of this kind, such as `subnet`; also one value that is no list."""
    for value in values if isinstance(values, (list, tuple)) else (values,):
        text(where, value, rf"{kind}-[A-Za-z0-9-]+", f"use an id such as {kind}-0123456789abcdef0")


def no_id(template: Template, where: str, value: object) -> None:
    """The value must not be `Ref` of an access point of the template."""
    if isinstance(value, Ref) and isinstance(template.resources.get(value.to_dict()["Ref"]), efs.AccessPoint):
        raise ValueError(f"{where} is Ref({value.to_dict()['Ref']!r}), which is the access point's id: {_ARN_ADVICE}")


def policy_arn(where: str, value: object) -> None:
    """The value must be the ARN of an IAM policy, or ''."""
    text(where, value, r"|arn:[^:]+:iam::(\d{12}|aws):policy/\S+", "use the ARN of an IAM policy, or '' for none")


def several(where: str, values: object, least: int, advice: str) -> None:
    """The values must be a list or tuple of at least so many different values; a text would count as its letters."""
    if not isinstance(values, (list, tuple)):
        raise TypeError(f"{where} is {values!r}: pass a list; {advice}")
    for value in values:
        is_known(where, value)
    kept: Sequence[Any] = [value for at, value in enumerate(values) if value not in values[:at]]
    if len(values) < least or len(kept) < len(values):
        raise ValueError(f"{where} is {values!r}: {advice}")


def logical_id(where: str, title: object) -> None:
    """`title` must be text that can be a logical id."""
    if not isinstance(title, str):
        raise TypeError(f"{where} {title!r}: pass its name as text")
    if not re.fullmatch(r"[A-Za-z0-9]+", title, re.ASCII):
        raise ValueError(f"{where} {title!r} cannot be a logical id: use letters and digits only")


def unused(template: Template, title: str, advice: str) -> None:
    """`template` must be a Template, `title` a valid logical id that the template does not use yet."""
    kind("template", template, Template, "pass the troposphere.Template first, then the block's other arguments")
    logical_id("title", title)
    if title in template.resources:
        raise ValueError(f"the template already has a resource {title!r}: {advice}")

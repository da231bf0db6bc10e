"""The parameters that an App's template has in addition to the author's own: values from outside, and values that
differ on an emulator."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias, get_args

from troposphere import Parameter

from ..blocks import arguments
from ..blocks.agreement import RUNTIME, Architecture

Plain: TypeAlias = str | float | bool

_REFILL = " A change fills EFS again."

TABLE: Mapping[str, Mapping[str, Any]] = {
    "VpcId": {"Type": "AWS::EC2::VPC::Id", "Description": "The VPC that the functions run in."},
    "FillerSubnet": {"Type": "AWS::EC2::Subnet::Id"},
    "InternetEgress": {
        "AllowedValues": ["nat", "ipv6", "none"],
        "Description": "The functions' Internet access: nat (billed hourly), ipv6 (free, only IPv6 hosts) or none.",
    },
    "AvailabilityZoneOne": {
        "Default": "",
        "AllowedPattern": "^$|^[a-z0-9-]+$",
        "ConstraintDescription": "must be an Availability Zone such as eu-west-1a, or empty",
        "Description": "Zone of the public and the first private subnet; empty: the region's first.",
    },
    "AvailabilityZoneTwo": {
        "Default": "",
        "AllowedPattern": "^$|^[a-z0-9-]+$",
        "ConstraintDescription": "must be an Availability Zone such as eu-west-1b, or empty",
        "Description": "Zone of the second private subnet; empty: the region's second.",
    },
    "DataBucket": {
        "AllowedPattern": "^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$",
        "ConstraintDescription": "must be the name of an S3 bucket",
        "Description": "S3 bucket of this region that holds the functions' zips.",
    },
    "EFSpath": {
        "Default": "/mnt/python",
        "AllowedPattern": "^/.*[^/]$",
        "ConstraintDescription": "must be an absolute path without a slash at the end",
        "MaxLength": 160,
        "Description": "Path of EFS for the functions; on AWS /mnt/ and one name.",
    },
    "PythonRuntime": {
        "AllowedPattern": f"^{RUNTIME}$",
        "ConstraintDescription": "must be a Lambda runtime such as python3.13",
        "Description": "Python version of the functions and their packages.",
    },
    "Architecture": {
        "AllowedValues": list(get_args(Architecture)),
        "Description": "Processor of the functions and of the instance that fills EFS.",
    },
    "Packages": {
        "AllowedPattern": f"^({arguments.PIN}( +|$))+$",
        "ConstraintDescription": "must be exact versions such as numpy==2.4.6, separated by spaces",
        "Description": f"Packages that pip installs on EFS: exact versions (==), separated by spaces.{_REFILL}",
    },
    "ModelUrl": {
        "AllowedPattern": r"^https?://[^\s\"$`\\]+$",
        "ConstraintDescription": "must be an http or https URL without spaces, quotes, $, ` and \\",
        "Description": f"http(s) URL of the model's tar archive.{_REFILL}",
    },
    "ModelSha256": {
        "AllowedPattern": "^$|^[0-9A-Fa-f]{64}$",
        "ConstraintDescription": "must be 64 hexadecimal digits, or empty",
        "Description": f"SHA-256 of the model's archive; empty: not checked.{_REFILL}",
    },
    "BootstrapInstance": {
        "AllowedValues": ["keep", "stop", "none"],
        "Description": "The EC2 instance that fills EFS: keep, stop (it terminates itself after that; choose none "
        "before a later update), or none. To fill EFS again: none, then back.",
    },
    "BootstrapInstanceType": {
        "AllowedPattern": r"^$|^[a-z0-9-]+\.[a-z0-9-]+$",
        "ConstraintDescription": "must be an instance type such as c5.large, or empty",
        "Description": "Type of the filling instance; empty: c5.large, or c7g.large on arm64.",
    },
    "PermissionsBoundary": {
        "Default": "",
        "AllowedPattern": r"^$|^arn:[^:]+:iam::(\d{12}|aws):policy/\S+$",
        "ConstraintDescription": "must be the ARN of an IAM policy, or empty",
        "Description": "ARN of the permissions boundary for all roles; empty: none.",
    },
    "Revision": {
        "Default": "",
        "MaxLength": 24,
        "Description": "Any text. A change restarts the functions, which is necessary after EFS was filled again.",
    },
}
"""Properties by name; the Type is String unless there is another."""
REFILLS = ("Architecture", "PythonRuntime", "Packages", "ModelUrl", "ModelSha256")
"""The parameters whose change fills EFS again."""


def known(name: str, **more: Any) -> Parameter:
    """A parameter from the table, with additional properties."""
    return Parameter(name, **{"Type": "String", **TABLE[name], **more})


def own(
    name: str, default: Plain | None, at_least: float | None, at_most: float | None, one_of: Sequence[str], about: str
) -> Parameter:
    """A parameter of the author. Its type is that of the default; without a default it is text and must be set.

    Raises TypeError and ValueError for a wrong name, a default of the wrong type, limits for anything but a number, and
    a default outside the limits.
    """
    where = f"parameter {name!r}"
    if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z0-9]+", name, re.ASCII):
        raise ValueError(f"{where}: use letters and digits only")
    if default is not None and not isinstance(default, (str, int, float)):
        raise TypeError(f"{where}: the default is {default!r}; use text, a number or nothing")
    is_number = isinstance(default, (int, float)) and not isinstance(default, bool)
    limits = {"MinValue": at_least, "MaxValue": at_most}
    given = {key: limit for key, limit in limits.items() if limit is not None}
    if given and not is_number:
        raise ValueError(f"{where}: at_least and at_most are only for numbers, but the default is {default!r}")
    _refuse_wrong_default(where, default, given, one_of)
    return Parameter(name, Type="Number" if is_number else "String", **_properties(default, given, one_of, about))


def _properties(
    default: Plain | None, limits: Mapping[str, float], one_of: Sequence[str], about: str
) -> dict[str, Any]:
    values = ["true", "false"] if isinstance(default, bool) else list(one_of)
    return {
        **({} if default is None else {"Default": str(default).lower() if isinstance(default, bool) else default}),
        **limits,
        **({"AllowedValues": values} if values else {}),
        **({"Description": about} if about else {}),
    }


def _refuse_wrong_default(where: str, default: Any, limits: Mapping[str, float], one_of: Sequence[str]) -> None:
    if "MinValue" in limits and "MaxValue" in limits and limits["MinValue"] > limits["MaxValue"]:
        raise ValueError(f"{where}: at_least is {limits['MinValue']}, more than at_most, {limits['MaxValue']}")
    low, high = limits.get("MinValue", default), limits.get("MaxValue", default)
    if limits and not low <= default <= high:
        raise ValueError(f"{where}: the default is {default!r}, but it must be from {low} to {high}")
    if isinstance(one_of, str):
        raise TypeError(f"{where}: one_of is {one_of!r}; pass a list")
    if one_of and default is not None and default not in one_of:
        raise ValueError(f"{where}: the default is {default!r}, but it must be one of {', '.join(map(repr, one_of))}")

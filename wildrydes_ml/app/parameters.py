"""The parameters that an App's template has in addition to the author's own: values from outside, and values that
differ on an emulator."""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from troposphere import Parameter

from ..blocks import arguments
from ..blocks.rows import SHARED
from ..template.interface import Group, interface
from .declarations import ZONES

Plain: TypeAlias = str | float | bool

# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
_DESCRIPTION_CHARACTERS = 4000
_VALUE_CHARACTERS = 4096
# The limits that a number has → in words.
_RANGES = {
    ("MinValue",): "at least {MinValue}",
    ("MaxValue",): "at most {MaxValue}",
    ("MinValue", "MaxValue"): "from {MinValue} to {MaxValue}",
}
_REFILL = " If you change it, EFS is filled again."

_WORDS: Mapping[str, Mapping[str, str]] = {
    "VpcId": {"Type": "AWS::EC2::VPC::Id", "Description": "The VPC in which the functions run."},
    "FillerSubnet": {"Type": "AWS::EC2::Subnet::Id"},
    "InternetEgress": {
        "Description": "How the functions reach the internet: nat (billed by the hour), ipv6 (free, but only servers "
        "with IPv6) or none.",
    },
    "DataBucket": {"Description": "S3 bucket in this region that holds the functions' zips."},
    "EFSpath": {"Description": "Directory in which the functions see EFS. On AWS: /mnt/ and one name."},
    "PythonRuntime": {"Description": "Python version of the functions and their packages."},
    "Architecture": {"Description": "Processor of the functions and their packages."},
    "Packages": {
        "ConstraintDescription": "must be packages such as numpy==2.4.6, separated by spaces",
        "Description": f"Python packages to install on EFS, pinned with == and separated by spaces.{_REFILL}",
    },
    "ModelUrl": {"Description": f"The model: http or https URL of a tar archive.{_REFILL}"},
    "ModelSha256": {
        "Description": f"SHA-256 digest of the model's archive. Empty: the archive is not checked.{_REFILL}",
    },
    "Revision": {"Description": "Any text. If you change it, the functions start anew."},
}
TABLE: Mapping[str, Mapping[str, Any]] = {
    name: {**SHARED.get(name, {}), **_WORDS.get(name, {})} for name in {**_WORDS, **SHARED}
}
"""Properties by name; a Type of String where none stands."""
GROUPS: Mapping[str, Group] = {
    "DataBucket": "Code",
    "PythonRuntime": "Code",
    "Architecture": "Code",
    "VpcId": "Network",
    **{f"Subnet{zone}": "Network" for zone in ZONES},
    "InternetEgress": "Network",
    "AvailabilityZoneOne": "Network",
    "AvailabilityZoneTwo": "Network",
    "EFSpath": "Storage",
    "FillerSubnet": "Filling EFS",
    "BootstrapInstance": "Filling EFS",
    "BootstrapInstanceType": "Filling EFS",
    "Packages": "Filling EFS",
    "ModelUrl": "Filling EFS",
    "ModelSha256": "Filling EFS",
    "Revision": "Function",
    "PermissionsBoundary": "Permissions",
}
"""Under which heading the console shows each."""
REFILLS = ("Architecture", "PythonRuntime", "Packages", "ModelUrl", "ModelSha256")
"""The parameters whose change fills EFS again."""


def known(name: str, **more: Any) -> Parameter:
    """A parameter from the table, with additional properties."""
    return Parameter(name, **{"Type": "String", **TABLE[name], **more})


def asked(names: Iterable[str], code: Collection[str], access: Collection[str]) -> dict[str, Any]:
    """A template's `Metadata` by which the console groups these parameters: the author's own, those with the keys of
    code, those that say who may call, and those of the table."""
    groups: dict[str, Group] = {}
    for name in names:
        groups[name] = "Code" if name in code else "API" if name in access else GROUPS.get(name, "This application")
    return interface(groups)


def own(
    name: str,
    default: Plain | None,
    at_least: float | None,
    at_most: float | None,
    one_of: Sequence[str | float],
    about: str,
) -> Parameter:
    """A parameter of the author. Its type is that of the default; without a default it is text and must be set.

    Raises TypeError and ValueError for a default of the wrong type, limits for anything but a number, and a default
    outside the limits.
    """
    where = f"parameter {name!r}"
    if default is not None and not isinstance(default, (str, int, float)):
        raise TypeError(f"{where}: the default is {default!r}; use text, a number or nothing")
    if isinstance(default, float) and not math.isfinite(default):
        raise ValueError(f"{where}: the default is {default!r}; use a finite number")
    arguments.length(f"{where}: the default", "" if default is None else default, _VALUE_CHARACTERS)
    is_number = isinstance(default, (int, float)) and not isinstance(default, bool)
    arguments.length(f"{where}: about", about, _DESCRIPTION_CHARACTERS)
    for argument, limit in (("at_least", at_least), ("at_most", at_most)):
        arguments.kind(f"{where}: {argument}", 0 if limit is None else limit, (int, float), "use a number")
    limits = {"MinValue": at_least, "MaxValue": at_most}
    given = {key: limit for key, limit in limits.items() if limit is not None}
    if given and not is_number:
        raise ValueError(f"{where}: at_least and at_most are only for numbers, but the default is {default!r}")
    _refuse_wrong_default(where, default, given, one_of)
    return Parameter(name, Type="Number" if is_number else "String", **_properties(default, given, one_of, about))


def _properties(
    default: Plain | None, limits: Mapping[str, float], one_of: Sequence[str | float], about: str
) -> dict[str, Any]:
    values = ["true", "false"] if isinstance(default, bool) else list(one_of)
    return {
        **({} if default is None else {"Default": str(default).lower() if isinstance(default, bool) else default}),
        **limits,
        **({"AllowedValues": values} if values else {}),
        **({"Description": about} if about else {}),
    }


def _refuse_wrong_default(where: str, default: Any, limits: Mapping[str, float], one_of: Sequence[str | float]) -> None:
    if "MinValue" in limits and "MaxValue" in limits and limits["MinValue"] > limits["MaxValue"]:
        raise ValueError(f"{where}: at_least is {limits['MinValue']}, more than at_most, {limits['MaxValue']}")
    if limits and not limits.get("MinValue", default) <= default <= limits.get("MaxValue", default):
        raise ValueError(
            f"{where}: the default is {default!r}, but it must be {_RANGES[tuple(limits)].format(**limits)}"
        )
    if isinstance(one_of, str):
        raise TypeError(f"{where}: one_of is {one_of!r}; pass a list")
    other = next((one for one in one_of if isinstance(one, str)), None)
    if other is not None and isinstance(default, (int, float)):
        raise TypeError(f"{where}: one_of has {other!r}; use numbers, like the default")
    if one_of and default is not None and default not in one_of:
        raise ValueError(f"{where}: the default is {default!r}, but it must be one of {', '.join(map(repr, one_of))}")

"""The parameters that several applications offer: what each takes, whichever application it is. One adds its own
default and words.

It is apart from the blocks that such a parameter goes to, since an App that needs none of them need not wait for them.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html
"""

from collections.abc import Mapping
from typing import Any, get_args

from . import arguments
from .agreement import RUNTIME, Architecture

PINS = rf"({arguments.PIN}( +|$))+"
"""Packages as pip takes them, each of one version."""


def _zone(example: str, **more: str) -> dict[str, str]:
    constraint = f"must be an Availability Zone such as {example}, or empty"
    return {"Default": "", "AllowedPattern": r"^$|^[a-z0-9-]+$", "ConstraintDescription": constraint, **more}


SHARED: Mapping[str, Mapping[str, Any]] = {
    "InternetEgress": {"AllowedValues": ["nat", "ipv6", "none"]},
    "AvailabilityZoneOne": _zone("eu-west-1a"),
    "AvailabilityZoneTwo": _zone(
        "eu-west-1b", Description="Zone of the second private subnet; empty: the region's second."
    ),
    "DataBucket": {
        "AllowedPattern": f"^{arguments.BUCKET}$",
        "ConstraintDescription": "must be the name of an S3 bucket",
    },
    "EFSpath": {
        "Default": "/mnt/python",
        "AllowedPattern": r"^/.*[^/]$",
        "ConstraintDescription": "must be an absolute path without a slash at its end",
        "MaxLength": 160,
    },
    "PythonRuntime": {
        "AllowedPattern": f"^{RUNTIME}$",
        "ConstraintDescription": "must be a Lambda runtime such as python3.13",
    },
    "Architecture": {"AllowedValues": list(get_args(Architecture))},
    "Packages": {"AllowedPattern": f"^{PINS}$"},
    "ModelUrl": {
        "AllowedPattern": r"^https?://[^\s\"$`\\]+$",
        "ConstraintDescription": "must be an http or https URL without spaces, quotes, $, ` and \\",
    },
    "ModelSha256": {
        "AllowedPattern": r"^$|^[0-9A-Fa-f]{64}$",
        "ConstraintDescription": "must be 64 hexadecimal digits, or empty",
    },
    "BootstrapInstance": {
        "AllowedValues": ["keep", "stop", "none"],
        "Description": "The EC2 instance that fills EFS: keep it, stop (it ends itself once EFS is filled; choose none "
        "before a later update), or none. To fill EFS anew: none, then back.",
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
        "Description": "ARN of the permissions boundary of each role; empty: none.",
    },
    "Revision": {"Default": "", "MaxLength": 24},
}
"""Properties by name; all are of the type String."""

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

BATCH_CONCURRENCY, BATCH_TOLERATED = 100, 5
"""Batches at a time, and the percent of them that may fail, where nobody chooses."""
# https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html: children that run at once.
MOST_CHILDREN = 10_000
BATCH_PREFIX = "batches/"
BATCH_PREFIX_PATTERN = r"([A-Za-z0-9._-]+/)*"
"""Folders whose keys need no encoding and are no wildcards of IAM."""
ALIAS_ARN = r"arn:[^:]+:lambda:[^:]+:\d{12}:function:[A-Za-z0-9_-]+:[A-Za-z0-9_-]+"


def _zone(example: str, description: str) -> dict[str, str]:
    return {
        "Default": "",
        "AllowedPattern": r"^$|^[a-z0-9-]+$",
        "ConstraintDescription": f"must be an Availability Zone such as {example}, or empty",
        "Description": description,
    }


SHARED: Mapping[str, Mapping[str, Any]] = {
    "InternetEgress": {"AllowedValues": ["nat", "ipv6", "none"]},
    "AvailabilityZoneOne": _zone(
        "eu-west-1a",
        "Zone of the public subnet and the first private subnet. Empty: the region's first zone. Set both zones or "
        "neither.",
    ),
    "AvailabilityZoneTwo": _zone("eu-west-1b", "Zone of the second private subnet. Empty: the region's second zone."),
    "DataBucket": {
        "AllowedPattern": f"^{arguments.BUCKET}$",
        "ConstraintDescription": "must be the name of an S3 bucket",
    },
    "EFSpath": {
        "Default": "/mnt/python",
        "AllowedPattern": r"^/.*[^/]$",
        "ConstraintDescription": "must be an absolute path that does not end with a slash",
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
        "ConstraintDescription": "must be an http or https URL without spaces, quotes, $, ` or \\",
    },
    "ModelSha256": {
        "AllowedPattern": r"^$|^[0-9A-Fa-f]{64}$",
        "ConstraintDescription": "must be 64 hexadecimal digits, or empty",
    },
    "BootstrapInstance": {
        "AllowedValues": ["keep", "stop", "none"],
        "Description": "The EC2 instance that fills EFS: keep it, stop (it deletes itself when EFS is filled; set none "
        "before the next update) or none (no instance). To fill EFS again: set none, update, then set keep or stop.",
    },
    "BootstrapInstanceType": {
        "AllowedPattern": r"^$|^[a-z0-9-]+\.[a-z0-9-]+$",
        "ConstraintDescription": "must be an instance type such as c5.large, or empty",
        "Description": "Type of the instance that fills EFS. Empty: c5.large, or c7g.large on arm64.",
    },
    "PermissionsBoundary": {
        "Default": "",
        "AllowedPattern": r"^$|^arn:[^:]+:iam::(\d{12}|aws):policy/\S+$",
        "ConstraintDescription": "must be the ARN of an IAM policy, or empty",
        "Description": "ARN of the permissions boundary for every role. Empty: none.",
    },
    "Revision": {"Default": "", "MaxLength": 24},
}
"""Properties by name; all are of the type String."""

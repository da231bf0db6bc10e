"""What an account has, allows and offers, as plain data: `aws.account` finds it out, `preflight` judges it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypedDict


@dataclass(frozen=True)
class Unknown:
    """A fact that could not be had, and why.

    `denied`: `detail` is the permission that is missing. `unknown`: the endpoint does not know what was asked, as
    emulators do not. `unanswered`: throttled, out of reach or unreadable, after all of the SDK's attempts.
    """

    kind: Literal["denied", "unknown", "unanswered"]
    detail: str


@dataclass(frozen=True)
class Quota:
    """A quota of AWS's: its codes and name in Service Quotas, what it counts, its default.

    `raised_by` is the code of the quota that has to be raised instead, where AWS ties one to another.
    """

    service: str
    code: str
    name: str
    counts: str
    default: int
    raised_by: str = ""


# https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html
# https://docs.aws.amazon.com/general/latest/gr/elasticfilesystem.html
_VPCS = "L-F678F1CE"
QUOTAS = {
    "vpcs": Quota("vpc", _VPCS, "VPCs per Region", "VPCs", 5),
    "internet_gateways": Quota("vpc", "L-A4707A72", "Internet gateways per Region", "internet gateways", 5, _VPCS),
    "egress_only_gateways": Quota(
        "vpc", "L-45FE3B85", "Egress-only internet gateways per Region", "egress-only internet gateways", 5, _VPCS
    ),
    "nat_gateways": Quota("vpc", "L-FE5A380F", "NAT gateways per Availability Zone", "NAT gateways", 5),
    "addresses": Quota("ec2", "L-0263D0A3", "EC2-VPC Elastic IPs", "Elastic IP addresses", 5),
    "file_systems": Quota("elasticfilesystem", "L-848C634D", "File systems per account", "EFS file systems", 1000),
}


@dataclass(frozen=True)
class Usage:
    """How much of a quota is used: by zone for a quota of zones, under "" otherwise.

    `unread` tells why the account's own limit could not be read; `limit` is then AWS's default.
    """

    used: Mapping[str, int]
    limit: int
    unread: Unknown | None = None


@dataclass(frozen=True)
class Zone:
    """A zone of the region: its state and type as EC2 calls them, and whether it has a default subnet."""

    name: str
    state: str = "available"
    type: str = "availability-zone"
    has_default_subnet: bool = True

    @property
    def is_usable(self) -> bool:
        """Whether subnets and mount targets can be made in it."""
        return self.state == "available" and self.type == "availability-zone"


@dataclass(frozen=True)
class Concurrency:
    """Instances of functions at most: in the account, that no function has reserved, and that ours has."""

    limit: int
    unreserved: int
    own: int


class Facts(TypedDict, total=False):
    """What was found out; what was not asked, or not answered, is left out.

    `function` and `log_group` are the stacks that made those of our names: "" when none did, None when there is none.
    `exports` are the region's exports: name → ARN of the stack. `instance_architectures` are the instance type's, and
    `instance_zones` are where it is offered; both are empty for a type that does not exist. `model` is why the model's
    URL does not give it, as far as can be seen from here: "" when it does.
    """

    vpcs: Usage
    internet_gateways: Usage
    egress_only_gateways: Usage
    nat_gateways: Usage
    addresses: Usage
    file_systems: Usage
    zones: tuple[Zone, ...]
    instance_architectures: frozenset[str]
    instance_zones: frozenset[str]
    runtimes: frozenset[str]
    concurrency: Concurrency
    function: str | None
    log_group: str | None
    exports: Mapping[str, str]
    model: str

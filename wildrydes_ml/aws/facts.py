"""What an account has, allows and offers, as plain data: `aws.account` finds it out, `preflight` evaluates it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, TypeAlias


@dataclass(frozen=True)
class Unknown:
    """A fact that could not be found out, and why.

    `denied`: `detail` is the missing permission. `unknown`: the endpoint does not know the call, as with an emulator.
    `unanswered`: the call was throttled, got no answer or an unreadable one, after all attempts of the SDK.
    """

    kind: Literal["denied", "unknown", "unanswered"]
    detail: str


class Ask(NamedTuple):
    """A question to the account: what is asked, and about which subject; "" if there is only one answer."""

    name: str
    subject: str = ""


# What was found out; what was not asked, or not answered, is left out. The answers are of the types of `aws.account`.
Facts: TypeAlias = Mapping[Ask, Any]


@dataclass(frozen=True)
class Quota:
    """A quota of AWS's: its codes and name in Service Quotas, what it counts, its default.

    `type` is the resource that it counts. `raised_by` is the code of the quota that has to be raised instead, where AWS
    ties one to another.
    """

    service: str
    code: str
    name: str
    counts: str
    default: int
    type: str = ""
    raised_by: str = ""


# Regional ones of an account in a region.
# https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html
REST_APIS = 600
# https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html
# https://docs.aws.amazon.com/general/latest/gr/elasticfilesystem.html
_VPCS = "L-F678F1CE"
QUOTAS = {
    "vpcs": Quota("vpc", _VPCS, "VPCs per Region", "VPCs", 5, "AWS::EC2::VPC"),
    "internet_gateways": Quota(
        "vpc", "L-A4707A72", "Internet gateways per Region", "internet gateways", 5, "AWS::EC2::InternetGateway", _VPCS
    ),
    "egress_only_gateways": Quota(
        "vpc", "L-45FE3B85", "Egress-only internet gateways per Region", "egress-only internet gateways", 5,
        "AWS::EC2::EgressOnlyInternetGateway", _VPCS,
    ),
    "nat_gateways": Quota(
        "vpc", "L-FE5A380F", "NAT gateways per Availability Zone", "NAT gateways", 5, "AWS::EC2::NatGateway"
    ),
    "addresses": Quota("ec2", "L-0263D0A3", "EC2-VPC Elastic IPs", "Elastic IP addresses", 5, "AWS::EC2::EIP"),
    "file_systems": Quota(
        "elasticfilesystem", "L-848C634D", "File systems per account", "EFS file systems", 1000, "AWS::EFS::FileSystem"
    ),
}  # fmt: skip


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
        """Whether subnets and mount targets can be created in it."""
        return self.state == "available" and self.type == "availability-zone"


@dataclass(frozen=True)
class Concurrency:
    """Instances of functions at most: in the account, that no function has reserved, and that ours has."""

    limit: int
    unreserved: int
    own: int


@dataclass(frozen=True)
class Place:
    """Where a subnet or a security group is: its VPC, and its zone; a group has none."""

    vpc: str
    zone: str = ""


@dataclass(frozen=True)
class Reach:
    """What a subnet reaches: whether anything outside of its VPC, and the services that have an endpoint there.

    `services` are the ends of the endpoints' names, as `sqs` of `com.amazonaws.eu-west-1.sqs`. `only_ipv6` when it
    gets outside by IPv6 alone.
    """

    outside: bool
    services: frozenset[str] = frozenset()
    only_ipv6: bool = False

    def serves(self, service: str) -> bool:
        """Whether a service is reached whose usual endpoint has IPv4 addresses alone, as S3's.

        https://docs.aws.amazon.com/AmazonS3/latest/userguide/ipv6-access.html
        """
        return service in self.services or (self.outside and not self.only_ipv6)

"""How long things take, as one table of estimates: CloudFormation's resources by type, the parts of filling EFS.

An estimate is for people who wait: whatever is shown of it says "about". Nothing is decided by it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

_CLOUDFORMATION = (
    "estimated from CloudFormation's events in https://github.com/openshift/openshift-ansible-contrib/issues/1012"
)
_EFS = "a log of an installation, https://github.com/turbot/steampipe-plugin-aws/pull/426"
_NETWORK = "a log of an installation, https://github.com/DevopsArtFactory/terraform-provisioning/pull/4"
_NAT = "logs of installations in nine public repositories: 1 min 27 s to 2 min 1 s"
_LAMBDA = "https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html: up to 20 minutes"
_WORKSHOP = "docs/workshop.md: the whole stack takes 10 to 20 minutes, the instance and the filling most of it"
_HERE = "measured: seconds in manifest.json, Linux, 2 cores, a package index near by"
_EFS_RATE = "computed: 1.1 GB at 15 MiB/s, the default throughput"


@dataclass(frozen=True)
class Row:
    """Seconds to make and to remove one, and where the figures are from."""

    make: float
    remove: float
    source: str


TABLE: Mapping[str, Row] = {
    "AWS::CloudFormation::WaitCondition": Row(480, 2, _WORKSHOP),
    "AWS::EC2::EIP": Row(17, 5, _CLOUDFORMATION),
    "AWS::EC2::Instance": Row(35, 40, _CLOUDFORMATION),
    "AWS::EC2::InternetGateway": Row(17, 5, _CLOUDFORMATION),
    "AWS::EC2::NatGateway": Row(110, 60, _NAT),
    "AWS::EC2::Route": Row(16, 5, _CLOUDFORMATION),
    "AWS::EC2::Subnet": Row(6, 5, _EFS),
    "AWS::EC2::SubnetRouteTableAssociation": Row(16, 5, _CLOUDFORMATION),
    "AWS::EC2::VPC": Row(20, 5, _NETWORK),
    "AWS::EFS::FileSystem": Row(12, 10, _EFS),
    "AWS::EFS::MountTarget": Row(85, 30, _EFS),
    "AWS::IAM::InstanceProfile": Row(120, 5, _CLOUDFORMATION),
    "AWS::IAM::Role": Row(20, 5, _CLOUDFORMATION),
    "AWS::Lambda::Function": Row(20, 20 * 60, _LAMBDA),
}
# What is not in the table takes moments: an API's parts, log groups, permissions, alarms.
OTHER = Row(5, 3, "the other types in the logs above")
# On an emulator nothing is made but a record.
EMULATED = Row(0.02, 0.05, "measured: 43 resources of examples/digits on MiniStack, 0.4 s and 1 s")

# The parts of a filling, by the names that populate.sh gives them, in its order.
FILLING: Mapping[str, tuple[float, str]] = {
    "download": (10, "computed: 60 MB at 50 Mbit/s"),
    "unpack": (2, _HERE),
    "venv": (3, _HERE),
    "packages": (25, _HERE),
    "bytecode": (4, _HERE),
    "check": (4, _HERE),
    "pictures": (2, "computed: 10 MB at 50 Mbit/s"),
    "prepare": (30, _HERE),
    "copy": (75, _EFS_RATE),
}


def resource(kind: str, operation: str = "create", is_local: bool = False) -> float:
    """Seconds that a resource of a type takes to be made ("create", "update") or removed ("delete")."""
    row = EMULATED if is_local else TABLE.get(kind, OTHER)
    return row.remove if operation == "delete" else row.make


def stack(
    resources: Mapping[str, str],
    needs: Mapping[str, Iterable[str]],
    operation: str = "create",
    is_local: bool = False,
) -> float:
    """Seconds that a stack takes: its longest chain, since CloudFormation makes all else at the same time.

    `resources` are logical ids with their types, `needs` which of them each waits for. A deletion goes the chains
    backwards. Locally one comes after the other.
    """
    seconds = {title: resource(kind, operation, is_local) for title, kind in resources.items()}
    if is_local:
        return sum(seconds.values())
    neighbours = {title: [one for one in needs.get(title, ()) if one in seconds and one != title] for title in seconds}

    @cache
    def until(title: str, depth: int) -> float:
        before = [until(one, depth - 1) for one in neighbours[title]] if depth else []
        return seconds[title] + max(before, default=0.0)

    return max((until(title, len(seconds)) for title in seconds), default=0.0)


def filling_done(part: str, passed: float, parts: Iterable[str] = FILLING) -> float:
    """How much of a filling is done, 0..1, in a part that has gone on for so many seconds: an estimate, never all."""
    wanted = [name for name in FILLING if name in {*parts, part}]
    if part not in wanted:
        return 0.0
    before = sum(FILLING[name][0] for name in wanted[: wanted.index(part)])
    own = FILLING[part][0]
    return min(0.99, (before + min(passed, own * 0.95)) / sum(FILLING[name][0] for name in wanted))


def words(seconds: float) -> str:
    """A duration in words: `8 s`, `2 min 05 s`, `1 h 10 min`."""
    whole = int(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02} min"


def about(seconds: float) -> str:
    """An estimate in words, rounded so that nobody takes it for a measure: `about 2 min`, `about 2.5 h`."""
    if seconds < 55:
        return f"about {max(5, round(seconds / 5) * 5)} s"
    if seconds < 100 * 60:
        return f"about {max(1, round(seconds / 60))} min"
    return f"about {seconds / 3600:.1f} h"

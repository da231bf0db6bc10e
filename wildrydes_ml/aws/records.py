"""What AWS holds, as plain data: the gateways return these, plans are made from them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone

from ..template.change import ResourceChange

_EPOCH = datetime.fromtimestamp(0, timezone.utc)


@dataclass(frozen=True)
class Identity:
    """Who calls: account id, ARN, the ARN's partition (`aws`, `aws-cn`, …) and the region."""

    account: str
    arn: str
    partition: str
    region: str


@dataclass(frozen=True)
class Stack:
    """A stack as `DescribeStacks` tells it; `is_protected` when termination protection keeps it from being deleted."""

    name: str
    id: str
    status: str
    reason: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
    outputs: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    is_protected: bool = False


@dataclass(frozen=True)
class StackEvent:
    """One line of a stack's history."""

    id: str
    time: datetime
    resource: str
    type: str
    status: str
    reason: str


@dataclass(frozen=True)
class Fault:
    """What CloudFormation found wrong before it made anything: resource, type, path below its properties, and why."""

    resource: str
    type: str
    path: str
    reason: str


@dataclass(frozen=True)
class StackResource:
    """One resource of a stack: logical id, type, physical id."""

    logical_id: str
    type: str
    physical_id: str


@dataclass(frozen=True)
class ChangeSet:
    """A change set that is ready to be executed."""

    id: str
    stack: Stack
    changes: tuple[ResourceChange, ...]


@dataclass(frozen=True)
class Difference:
    """A property that is not as the template has it: its path, the template's value and the actual one, as JSON."""

    path: str
    expected: str
    actual: str


@dataclass(frozen=True)
class Drifted:
    """A resource that somebody changed or deleted outside CloudFormation."""

    logical_id: str
    type: str
    is_deleted: bool
    differences: tuple[Difference, ...] = ()


@dataclass(frozen=True)
class Drift:
    """A stack beside its template: how many resources could be compared, those that differ, and why some could not."""

    compared: int
    drifted: tuple[Drifted, ...] = ()
    unread: str = ""


@dataclass(frozen=True)
class Invocation:
    """What a direct invocation of the function answered: HTTP status of its proxy answer, body, error.

    `has_run` tells an error of the function itself from one of starting it.
    """

    status: int
    body: str
    error: str = ""
    has_run: bool = True


@dataclass(frozen=True)
class LogEvent:
    """A line of a log group: its id, when it was written, its text, which may have several lines of its own."""

    id: str
    time: datetime
    text: str


@dataclass(frozen=True)
class Console:
    """The last 64 KB that an instance wrote to its console, and when EC2 last updated them."""

    text: str = ""
    time: datetime = _EPOCH


@dataclass(frozen=True)
class NetworkInterface:
    """A network interface: id, status (`available` when nothing uses it), what its maker says it is for, its groups."""

    id: str
    status: str
    description: str
    groups: tuple[str, ...] = ()


@dataclass(frozen=True)
class DefaultNetwork:
    """The default VPC of a region: its id, those of its subnets in different zones, and of its security group."""

    vpc: str
    subnets: tuple[str, ...]
    zones: tuple[str, ...]
    group: str


@dataclass(frozen=True)
class ObjectVersion:
    """One version of an object in a bucket, or a mark that it was deleted; a plain object's version is `null`.

    The latest version of a key is the object that people see; when it is a mark, they see none.
    """

    key: str
    version: str
    is_mark: bool = False
    is_latest: bool = True


@dataclass(frozen=True)
class Billable:
    """A thing that may bill while idle: its kind, its id, and entries of the price list with their amounts.

    `held_by` are the ids of what has to go before it: a file system's mount targets, a usage plan's stages, each as
    `API:stage`.
    """

    kind: str
    id: str
    prices: Mapping[str, float] = field(default_factory=dict)
    held_by: tuple[str, ...] = ()

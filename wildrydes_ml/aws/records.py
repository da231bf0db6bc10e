"""The state of AWS as plain data: the gateways return these records, and plans are made from them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone

from ..template.change import ResourceChange

_EPOCH = datetime.fromtimestamp(0, timezone.utc)


@dataclass(frozen=True)
class Identity:
    """The caller: account id, ARN, the ARN's partition (`aws`, `aws-cn`, …) and the region."""

    account: str
    arn: str
    partition: str
    region: str


@dataclass(frozen=True)
class Stack:
    """A stack as `DescribeStacks` returns it; `is_protected` when termination protection is on.

    `changed` is when its last update began, or its creation; None when that is not known.
    `parent` is the id of the stack that has made it, empty for one that nobody nested in another. `role` is the ARN of
    the role that CloudFormation takes for it, empty where it takes the caller's rights.
    """

    name: str
    id: str
    status: str
    reason: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
    outputs: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    is_protected: bool = False
    changed: datetime | None = None
    created: datetime | None = None
    description: str = ""
    parent: str = ""
    role: str = ""


@dataclass(frozen=True)
class StackEvent:
    """One event of a stack."""

    id: str
    time: datetime
    resource: str
    type: str
    status: str
    reason: str


@dataclass(frozen=True)
class Fault:
    """A fault that CloudFormation found before it created anything: resource, type, property's path, and reason."""

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
    """A property that differs from the template: its path, the template's value and the actual value, as JSON."""

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
    """A stack compared with its template: the number of compared resources, the different ones, and errors."""

    compared: int
    drifted: tuple[Drifted, ...] = ()
    unread: str = ""


@dataclass(frozen=True)
class FunctionFacts:
    """What a function is, as far as it says how fast and how dear it is. `memory` in MiB, `timeout` in seconds.

    `subnets` are those that it is in; a function outside of a network has none.
    """

    name: str
    role: str
    memory: int
    timeout: int
    architecture: str
    mounts: bool
    subnets: tuple[str, ...] = ()


@dataclass(frozen=True)
class Invocation:
    """The result of a direct invocation of the function: HTTP status of its proxy answer, body, error.

    `has_run` says whether an error is the function's own, or happened when it started.
    """

    status: int
    body: str
    error: str = ""
    has_run: bool = True


@dataclass(frozen=True)
class LogEvent:
    """An event of a log group: its id, its time, and its text, which may have several lines."""

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
    """A network interface: id, status (`available` when nothing uses it), description, and security groups."""

    id: str
    status: str
    description: str
    groups: tuple[str, ...] = ()


@dataclass(frozen=True)
class DefaultNetwork:
    """The default VPC of a region: its id, the ids of its subnets in different zones, and of its security group."""

    vpc: str
    subnets: tuple[str, ...]
    zones: tuple[str, ...]
    group: str


@dataclass(frozen=True)
class ObjectVersion:
    """One version of an object in a bucket, or a delete marker; in a bucket without versions the version is `null`.

    The latest version of a key is the visible object; if it is a delete marker, no object is visible.
    """

    key: str
    version: str
    is_mark: bool = False
    is_latest: bool = True


@dataclass(frozen=True)
class Billable:
    """A resource that may cost something while idle: its kind, its id, and entries of the price list with amounts.

    `held_by` are the ids of what must be deleted before it: a file system's mount targets, or a usage plan's stages,
    each as `API:stage`.
    """

    kind: str
    id: str
    prices: Mapping[str, float] = field(default_factory=dict)
    held_by: tuple[str, ...] = ()

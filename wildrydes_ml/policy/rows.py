"""A row of the table of rights: what is called, when, on what, and which actions in IAM that takes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

VERBS = ("deploy", "destroy", "ask", "classify", "status", "logs", "batch")
CLOUDFORMATION = "cloudformation"

# What CloudFormation does to resources for each verb. Drift needs the reading.
HANDLERS: Mapping[str, frozenset[str]] = {
    "deploy": frozenset({"create", "read", "update", "delete"}),
    "destroy": frozenset({"read", "delete"}),
    "ask": frozenset(),
    "classify": frozenset(),
    "status": frozenset({"read"}),
    "logs": frozenset(),
    "batch": frozenset({"create", "read", "update", "delete"}),
}
# What --keep-data updates: without the instance, its group has no place in that of the mount targets.
KEPT_TYPES = frozenset({"AWS::EC2::SecurityGroup"})


@dataclass(frozen=True)
class Right:
    """A row. `source` is an operation of the SDK, as `s3 PutObject`, or a resource type; `when` are verbs for an
    operation, and what CloudFormation does (create, read, update, delete) for a type.

    `auth` limits ask, classify and status to APIs with this ApiAuth, for which alone they call the operation.
    """

    source: str
    when: frozenset[str]
    scope: str
    actions: tuple[str, ...]
    auth: str = ""

    @property
    def is_made(self) -> bool:
        """Whether it is CloudFormation's."""
        return self.source.startswith("AWS::")


# Services in IAM's actions, where they are not the SDK's.
_PREFIXES = {
    "efs": "elasticfilesystem",
    "resourcegroupstaggingapi": "tag",
    "service-quotas": "servicequotas",
    "stepfunctions": "states",
}
_LETTERS = {"c": "create", "r": "read", "u": "update", "d": "delete"}


def calls(service: str, verbs: str, scope: str, operations: str, actions: str = "", auth: str = "") -> Iterator[Right]:
    """A row for each operation; without `actions`, the one of its name."""
    for operation in operations.split():
        needed = tuple(actions.split()) or (f"{_PREFIXES.get(service, service)}:{operation}",)
        yield Right(f"{service} {operation}", frozenset(verbs.split()), scope, needed, auth)


def made(type: str, handlers: str, scope: str, actions: str) -> Right:
    """A row for a resource type; an action without a service is of the service that is named before it."""
    service, found = "", []
    for name in actions.split():
        service, action = name.split(":") if ":" in name else (service, name)
        found.append(f"{service}:{action}")
    return Right(f"AWS::{type}", frozenset(_LETTERS[letter] for letter in handlers), scope, tuple(found))

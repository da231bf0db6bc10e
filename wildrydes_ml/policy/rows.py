"""A row of the table of rights: what is called, when, on what, and which actions in IAM that takes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

# `status --all`, which looks at deployments of every name. Before `destroy --expired` deletes, it looks, too.
STATUS_ALL = "status-all"
# Who takes part in a workshop whose stacks are there: by our commands, the AWS CLI and the console.
PARTICIPANT = "participant"
VERBS = ("deploy", "destroy", "ask", "classify", "status", STATUS_ALL, "logs", "batch", "class", PARTICIPANT)
WIRING, ROLE = "wiring", "role"
# A teacher does with a whole class what these do with one deployment.
CLASS = frozenset({"class", "deploy", "destroy", "status"})
CLOUDFORMATION = "cloudformation"

# What CloudFormation does to resources for each verb. Drift needs the reading.
HANDLERS: Mapping[str, frozenset[str]] = {
    "deploy": frozenset({"create", "read", "update", "delete"}),
    "destroy": frozenset({"read", "delete"}),
    "ask": frozenset(),
    "classify": frozenset(),
    "status": frozenset({"read"}),
    STATUS_ALL: frozenset(),
    "logs": frozenset(),
    PARTICIPANT: frozenset(),
    "class": frozenset({"create", "read", "update", "delete"}),
    "batch": frozenset({"create", "read", "update", "delete"}),
}
# What --keep-data updates: without the instance, its group has no place in that of the mount targets.
KEPT_TYPES = frozenset({"AWS::EC2::SecurityGroup"})


@dataclass(frozen=True)
class Right:
    """A row. `source` is an operation of the SDK, as `s3 PutObject`, or a resource type; `when` are verbs for an
    operation, and what CloudFormation does (create, read, update, delete) for a type.

    `auth` limits ask, classify and status to APIs with this ApiAuth, for which alone they call the operation. `only`
    limits a row to applications whose API people connect (WIRING), or to a role of CloudFormation (ROLE).
    """

    source: str
    when: frozenset[str]
    scope: str
    actions: tuple[str, ...]
    auth: str = ""
    only: str = ""

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


def calls(
    service: str, verbs: str, scope: str, operations: str, actions: str = "", auth: str = "", only: str = ""
) -> Iterator[Right]:
    """A row for each operation; without `actions`, the one of its name."""
    for operation in operations.split():
        needed = tuple(actions.split()) or (f"{_PREFIXES.get(service, service)}:{operation}",)
        yield Right(f"{service} {operation}", frozenset(verbs.split()), scope, needed, auth, only)


def made(type: str, handlers: str, scope: str, actions: str) -> Right:
    """A row for a resource type; an action without a service is of the service that is named before it."""
    service, found = "", []
    for name in actions.split():
        service, action = name.split(":") if ":" in name else (service, name)
        found.append(f"{service}:{action}")
    return Right(f"AWS::{type}", frozenset(_LETTERS[letter] for letter in handlers), scope, tuple(found))

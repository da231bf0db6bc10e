"""Every CloudFormation stack status, and what deploy and destroy do when they find it.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html lists the statuses.
"""

from dataclasses import dataclass
from enum import Enum

from .errors import WildrydesError


class Deploy(Enum):
    """What deploy does with a stack."""

    CREATE = "create"
    UPDATE = "update"
    RECREATE = "delete, then create"
    FOLLOW = "wait until it is done, then look again"
    STOP = "stop and explain"


class Destroy(Enum):
    """What destroy does with a stack."""

    NOTHING = "nothing: it is gone"
    DELETE = "delete"
    FOLLOW = "wait until it is done, then delete"
    WATCH = "watch the deletion that is under way"


@dataclass(frozen=True)
class State:
    """One row of the table: what the status means and what is done; `good` ends of an operation succeed."""

    meaning: str
    deploy: Deploy
    destroy: Destroy = Destroy.DELETE
    good: bool = False


ABSENT = State("there is no such stack", Deploy.CREATE, Destroy.NOTHING, good=True)

TABLE: dict[str, State] = {
    "CREATE_IN_PROGRESS": State("being created", Deploy.FOLLOW, Destroy.FOLLOW),
    "CREATE_FAILED": State("its creation failed and was left as it was", Deploy.RECREATE),
    "CREATE_COMPLETE": State("created", Deploy.UPDATE, good=True),
    "ROLLBACK_IN_PROGRESS": State("its creation failed, being undone", Deploy.FOLLOW, Destroy.FOLLOW),
    "ROLLBACK_FAILED": State("its creation failed and could not be undone", Deploy.RECREATE),
    "ROLLBACK_COMPLETE": State("its creation failed; what is left can only be deleted", Deploy.RECREATE),
    "DELETE_IN_PROGRESS": State("being deleted", Deploy.FOLLOW, Destroy.WATCH),
    "DELETE_FAILED": State("its deletion failed, some resources are left", Deploy.STOP),
    "DELETE_COMPLETE": ABSENT,
    "UPDATE_IN_PROGRESS": State("being updated", Deploy.FOLLOW, Destroy.FOLLOW),
    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS": State("updated, removing what was replaced", Deploy.FOLLOW, Destroy.FOLLOW),
    "UPDATE_COMPLETE": State("updated", Deploy.UPDATE, good=True),
    "UPDATE_FAILED": State("its update failed and was left as it was", Deploy.STOP),
    "UPDATE_ROLLBACK_IN_PROGRESS": State("its update failed, being undone", Deploy.FOLLOW, Destroy.FOLLOW),
    "UPDATE_ROLLBACK_FAILED": State("its update failed and could not be undone", Deploy.STOP),
    "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS": State(
        "its update was undone, removing what was new", Deploy.FOLLOW, Destroy.FOLLOW
    ),
    "UPDATE_ROLLBACK_COMPLETE": State("its last update failed and was undone", Deploy.UPDATE),
    "REVIEW_IN_PROGRESS": State("planned by a change set, never created", Deploy.RECREATE),
    "IMPORT_IN_PROGRESS": State("taking in resources", Deploy.FOLLOW, Destroy.FOLLOW),
    "IMPORT_COMPLETE": State("took in resources", Deploy.UPDATE, good=True),
    "IMPORT_ROLLBACK_IN_PROGRESS": State("its import failed, being undone", Deploy.FOLLOW, Destroy.FOLLOW),
    "IMPORT_ROLLBACK_FAILED": State("its import failed and could not be undone", Deploy.STOP),
    "IMPORT_ROLLBACK_COMPLETE": State("its import failed and was undone", Deploy.UPDATE),
}


def state(status: str | None) -> State:
    """The row for a status, `None` for no stack. Raises WildrydesError for a status nobody knows."""
    if status is None:
        return ABSENT
    if status not in TABLE:
        raise WildrydesError(f"CloudFormation reports stack status {status!r}, which this version does not know")
    return TABLE[status]


def is_busy(status: str) -> bool:
    """Whether an operation is under way whose end is worth waiting for."""
    return status.endswith("_IN_PROGRESS") and status != "REVIEW_IN_PROGRESS"

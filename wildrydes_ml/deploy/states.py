"""All stack statuses of CloudFormation, and what deploy, status and destroy do with a stack in each.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html lists the statuses.
"""

from dataclasses import dataclass
from enum import Enum

from ..errors import WildrydesError


class Deploy(Enum):
    """What deploy does with a stack."""

    CREATE = "create"
    UPDATE = "update"
    RECREATE = "delete, then create"
    FOLLOW = "wait until it has ended, then check again"
    CONTINUE_ROLLBACK = "explain; with --continue-rollback, roll back the failed update, then update"
    STOP = "explain"


class Status(Enum):
    """What status does with a stack, after it has explained the stack's status."""

    ASK = "ask the API"
    EXPLAIN = "explain what to do: there is no API to ask"


class Destroy(Enum):
    """What destroy does with a stack."""

    NOTHING = "nothing: it no longer exists"
    DELETE = "delete"
    FOLLOW = "wait until it has ended, then delete"
    WATCH = "wait until the deletion has ended"


@dataclass(frozen=True)
class State:
    """One row of the table: what the status means, what each command does, and what the user should do.

    An operation that ends with a `good` status has succeeded.
    """

    meaning: str
    deploy: Deploy
    status: Status
    destroy: Destroy = Destroy.DELETE
    advice: str = ""
    good: bool = False


_WAIT = "wait, or run deploy, which waits for the end"
_AGAIN = "run deploy: it deletes the rest and creates the stack again; the stack's events show the cause"
_UNDONE = "the previous version is still in use; find the cause in the stack's events, fix it and run deploy"
_CONTINUE = "find the cause in the stack's events, fix it and run deploy --continue-rollback; or run destroy"
_DESTROY = "run destroy, which reports what prevents the deletion"
_FRESH = "run deploy"

ABSENT = State("there is no such stack", Deploy.CREATE, Status.EXPLAIN, Destroy.NOTHING, _FRESH, good=True)


def _at_work(meaning: str, status: Status = Status.ASK) -> State:
    return State(meaning, Deploy.FOLLOW, status, Destroy.FOLLOW, _WAIT)


def _ready(meaning: str) -> State:
    return State(meaning, Deploy.UPDATE, Status.ASK, good=True)


def _never_made(meaning: str) -> State:
    return State(meaning, Deploy.RECREATE, Status.EXPLAIN, advice=_AGAIN)


TABLE: dict[str, State] = {
    "CREATE_IN_PROGRESS": _at_work("being created", Status.EXPLAIN),
    "CREATE_FAILED": _never_made("the creation failed and was not rolled back"),
    "CREATE_COMPLETE": _ready("created"),
    "ROLLBACK_IN_PROGRESS": _at_work("the creation failed, being rolled back", Status.EXPLAIN),
    "ROLLBACK_FAILED": _never_made("the creation failed, and so did its rollback"),
    "ROLLBACK_COMPLETE": _never_made("the creation failed and was rolled back; the stack can only be deleted"),
    "DELETE_IN_PROGRESS": State("being deleted", Deploy.FOLLOW, Status.EXPLAIN, Destroy.WATCH, _WAIT),
    "DELETE_FAILED": State(
        "the deletion failed, some resources are left", Deploy.STOP, Status.EXPLAIN, advice=_DESTROY
    ),
    "DELETE_COMPLETE": ABSENT,
    "UPDATE_IN_PROGRESS": _at_work("being updated"),
    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS": _at_work("updated, deleting the replaced resources"),
    "UPDATE_COMPLETE": _ready("updated"),
    "UPDATE_FAILED": State(
        "the update failed and was not rolled back", Deploy.CONTINUE_ROLLBACK, Status.ASK, advice=_CONTINUE
    ),
    "UPDATE_ROLLBACK_IN_PROGRESS": _at_work("the update failed, being rolled back"),
    "UPDATE_ROLLBACK_FAILED": State(
        "the update failed, and so did its rollback", Deploy.CONTINUE_ROLLBACK, Status.ASK, advice=_CONTINUE
    ),
    "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS": _at_work("the update was rolled back, deleting the new resources"),
    "UPDATE_ROLLBACK_COMPLETE": State(
        "the last update failed and was rolled back", Deploy.UPDATE, Status.ASK, advice=_UNDONE
    ),
    "REVIEW_IN_PROGRESS": State(
        "planned by a change set, never created", Deploy.RECREATE, Status.EXPLAIN, advice=_FRESH
    ),
    "IMPORT_IN_PROGRESS": _at_work("importing resources"),
    "IMPORT_COMPLETE": _ready("resources imported"),
    "IMPORT_ROLLBACK_IN_PROGRESS": _at_work("the import failed, being rolled back"),
    "IMPORT_ROLLBACK_FAILED": State(
        "the import failed, and so did its rollback",
        Deploy.STOP,
        Status.ASK,
        advice="repair it in the CloudFormation console, or run destroy",
    ),
    "IMPORT_ROLLBACK_COMPLETE": State(
        "the import failed and was rolled back", Deploy.UPDATE, Status.ASK, advice=_UNDONE
    ),
}


def state(status: str | None) -> State:
    """The row for a status, or for no stack (`None`). Raises WildrydesError for an unknown status."""
    if status is None:
        return ABSENT
    if status not in TABLE:
        raise WildrydesError(
            f"CloudFormation reports the stack status {status!r}, which this version does not know. Nothing was "
            "changed. Install a newer version"
        )
    return TABLE[status]


def is_busy(status: str) -> bool:
    """Whether an operation is in progress, so that it is worth waiting for its end."""
    return state(status).deploy is Deploy.FOLLOW

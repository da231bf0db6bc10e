"""Every CloudFormation stack status, and what deploy, status and destroy do when they find it.

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
    FOLLOW = "wait until it is done, then look again"
    CONTINUE_ROLLBACK = "explain; with --continue-rollback undo the failed update, then update"
    STOP = "explain"


class Status(Enum):
    """What status does with a stack, after it has told what the status means."""

    ASK = "ask the API, which may answer"
    EXPLAIN = "say what to do, since nothing can answer"


class Destroy(Enum):
    """What destroy does with a stack."""

    NOTHING = "nothing: it is gone"
    DELETE = "delete"
    FOLLOW = "wait until it is done, then delete"
    WATCH = "watch the deletion that is under way"


@dataclass(frozen=True)
class State:
    """One row of the table: what the status means, what each command does, and what the user is told to do.

    An operation that ends with a `good` status has succeeded.
    """

    meaning: str
    deploy: Deploy
    status: Status
    destroy: Destroy = Destroy.DELETE
    advice: str = ""
    good: bool = False


_WAIT = "wait, or run deploy, which follows it to its end"
_AGAIN = "run deploy: it deletes what is left and creates the stack again; the events tell the cause"
_UNDONE = "what was there before serves on; mend the cause that the events tell and run deploy"
_CONTINUE = "mend the cause that the events tell, then run deploy --continue-rollback; or run destroy"
_DESTROY = "run destroy, which says what holds it"
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
    "CREATE_FAILED": _never_made("its creation failed and was left as it was"),
    "CREATE_COMPLETE": _ready("created"),
    "ROLLBACK_IN_PROGRESS": _at_work("its creation failed, being undone", Status.EXPLAIN),
    "ROLLBACK_FAILED": _never_made("its creation failed and could not be undone"),
    "ROLLBACK_COMPLETE": _never_made("its creation failed; what is left can only be deleted"),
    "DELETE_IN_PROGRESS": State("being deleted", Deploy.FOLLOW, Status.EXPLAIN, Destroy.WATCH, _WAIT),
    "DELETE_FAILED": State(
        "its deletion failed, some resources are left", Deploy.STOP, Status.EXPLAIN, advice=_DESTROY
    ),
    "DELETE_COMPLETE": ABSENT,
    "UPDATE_IN_PROGRESS": _at_work("being updated"),
    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS": _at_work("updated, removing what was replaced"),
    "UPDATE_COMPLETE": _ready("updated"),
    "UPDATE_FAILED": State(
        "its update failed and was left as it was", Deploy.CONTINUE_ROLLBACK, Status.ASK, advice=_CONTINUE
    ),
    "UPDATE_ROLLBACK_IN_PROGRESS": _at_work("its update failed, being undone"),
    "UPDATE_ROLLBACK_FAILED": State(
        "its update failed and could not be undone", Deploy.CONTINUE_ROLLBACK, Status.ASK, advice=_CONTINUE
    ),
    "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS": _at_work("its update was undone, removing what was new"),
    "UPDATE_ROLLBACK_COMPLETE": State(
        "its last update failed and was undone", Deploy.UPDATE, Status.ASK, advice=_UNDONE
    ),
    "REVIEW_IN_PROGRESS": State(
        "planned by a change set, never created", Deploy.RECREATE, Status.EXPLAIN, advice=_FRESH
    ),
    "IMPORT_IN_PROGRESS": _at_work("taking in resources"),
    "IMPORT_COMPLETE": _ready("took in resources"),
    "IMPORT_ROLLBACK_IN_PROGRESS": _at_work("its import failed, being undone"),
    "IMPORT_ROLLBACK_FAILED": State(
        "its import failed and could not be undone",
        Deploy.STOP,
        Status.ASK,
        advice="mend it in the CloudFormation console, or run destroy",
    ),
    "IMPORT_ROLLBACK_COMPLETE": State("its import failed and was undone", Deploy.UPDATE, Status.ASK, advice=_UNDONE),
}


def state(status: str | None) -> State:
    """The row for a status, `None` for no stack. Raises WildrydesError for a status nobody knows."""
    if status is None:
        return ABSENT
    if status not in TABLE:
        raise WildrydesError(
            f"CloudFormation reports stack status {status!r}, which this version does not know: nothing was done; "
            "look for a newer version"
        )
    return TABLE[status]


def is_busy(status: str) -> bool:
    """Whether an operation is under way whose end is worth waiting for."""
    return state(status).deploy is Deploy.FOLLOW

"""The table of stack states: complete, and each row what the failure model asks for."""

import botocore.session
import pytest

from wildrydes_ml.deploy.states import TABLE, Deploy, Destroy, is_busy, state
from wildrydes_ml.errors import WildrydesError

# Status, what deploy does, what destroy does, whether an operation that ends so went well.
ROWS = [
    ("CREATE_IN_PROGRESS", Deploy.FOLLOW, Destroy.FOLLOW, False),
    ("CREATE_FAILED", Deploy.RECREATE, Destroy.DELETE, False),
    ("CREATE_COMPLETE", Deploy.UPDATE, Destroy.DELETE, True),
    ("ROLLBACK_IN_PROGRESS", Deploy.FOLLOW, Destroy.FOLLOW, False),
    ("ROLLBACK_FAILED", Deploy.RECREATE, Destroy.DELETE, False),
    ("ROLLBACK_COMPLETE", Deploy.RECREATE, Destroy.DELETE, False),
    ("DELETE_IN_PROGRESS", Deploy.FOLLOW, Destroy.WATCH, False),
    ("DELETE_FAILED", Deploy.STOP, Destroy.DELETE, False),
    ("DELETE_COMPLETE", Deploy.CREATE, Destroy.NOTHING, True),
    ("UPDATE_IN_PROGRESS", Deploy.FOLLOW, Destroy.FOLLOW, False),
    ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", Deploy.FOLLOW, Destroy.FOLLOW, False),
    ("UPDATE_COMPLETE", Deploy.UPDATE, Destroy.DELETE, True),
    ("UPDATE_FAILED", Deploy.CONTINUE_ROLLBACK, Destroy.DELETE, False),
    ("UPDATE_ROLLBACK_IN_PROGRESS", Deploy.FOLLOW, Destroy.FOLLOW, False),
    ("UPDATE_ROLLBACK_FAILED", Deploy.CONTINUE_ROLLBACK, Destroy.DELETE, False),
    ("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", Deploy.FOLLOW, Destroy.FOLLOW, False),
    ("UPDATE_ROLLBACK_COMPLETE", Deploy.UPDATE, Destroy.DELETE, False),
    ("REVIEW_IN_PROGRESS", Deploy.RECREATE, Destroy.DELETE, False),
    ("IMPORT_IN_PROGRESS", Deploy.FOLLOW, Destroy.FOLLOW, False),
    ("IMPORT_COMPLETE", Deploy.UPDATE, Destroy.DELETE, True),
    ("IMPORT_ROLLBACK_IN_PROGRESS", Deploy.FOLLOW, Destroy.FOLLOW, False),
    ("IMPORT_ROLLBACK_FAILED", Deploy.STOP, Destroy.DELETE, False),
    ("IMPORT_ROLLBACK_COMPLETE", Deploy.UPDATE, Destroy.DELETE, False),
]
STATUSES = [row[0] for row in ROWS]


def test_the_rows_are_all_that_cloudformation_has() -> None:
    service = botocore.session.get_session().get_service_model("cloudformation")
    assert sorted(STATUSES) == sorted(TABLE) == sorted(service.shape_for("StackStatus").enum)


@pytest.mark.parametrize(("status", "deploy", "destroy", "good"), ROWS, ids=STATUSES)
def test_each_status_has_its_row(status: str, deploy: Deploy, destroy: Destroy, good: bool) -> None:
    row = state(status)
    assert (row.deploy, row.destroy, row.good) == (deploy, destroy, good)
    assert row.meaning


@pytest.mark.parametrize(("status", "deploy"), [row[:2] for row in ROWS], ids=STATUSES)
def test_what_is_followed_is_busy_and_nothing_else(status: str, deploy: Deploy) -> None:
    assert is_busy(status) == (deploy is Deploy.FOLLOW)


@pytest.mark.parametrize("status", [name for name in STATUSES if not state(name).good])
def test_whoever_is_not_done_is_told_what_to_do(status: str) -> None:
    assert state(status).advice


def test_no_stack_is_created_and_needs_no_removal() -> None:
    assert (state(None).deploy, state(None).destroy) == (Deploy.CREATE, Destroy.NOTHING)


@pytest.mark.parametrize("status", ["", "CREATE_COMPLETED", "create_complete", "FROZEN"])
def test_an_unknown_status_is_an_error_that_names_it(status: str) -> None:
    with pytest.raises(WildrydesError, match=repr(status)):
        state(status)

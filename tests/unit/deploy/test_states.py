"""Every stack status that CloudFormation has: what the table says of it, and what the three commands themselves do when
they meet it, on an AWS in memory."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import botocore.session
import pytest

from tests.unit.fakes import API_OUTPUTS, HORSE_ANSWER, FakeAws
from tests.unit.servers import Request, Response, serving
from wildrydes_ml.aws.target import Target
from wildrydes_ml.deploy.deployer import deploy, preview
from wildrydes_ml.deploy.health import status as show_status
from wildrydes_ml.deploy.states import TABLE, Deploy, Destroy, Status, is_busy, state
from wildrydes_ml.destroy.destroyer import destroy
from wildrydes_ml.errors import WildrydesError
from wildrydes_ml.tags import TAG
from wildrydes_ml.testing import STACK_TYPE, Said, event
from wildrydes_ml.workshop.settings import wild_rydes

STACK = "wildrydes-ml-mod5-complete"
OURS = {TAG: "wildrydes-ml"}
OLDER = [
    event(1, "UPDATE_IN_PROGRESS", STACK, type=STACK_TYPE),
    event(2, "UPDATE_FAILED", "Nat", "last month's failure"),
]
BEGINNINGS = {"ROLLBACK": "CREATE", "UPDATE": "UPDATE", "IMPORT": "IMPORT", "CREATE": "CREATE", "DELETE": "DELETE"}

# The status; as what the operation under way ends; what deploy, status and destroy do; whether an operation that ends
# with this status went well; what the user is told to do, a word of ADVICE.
# `watch` is to report an operation to its end; `fail` is to tell the first cause and do no more; `explain` is to do
# nothing and say what to do; `undo` is what deploy does with --continue-rollback; `ask` is to post a picture to the
# API.
EXPECTED = """
CREATE_IN_PROGRESS                            CREATE_COMPLETE           watch update   explain  watch delete  no   wait
CREATE_FAILED                                 -                         delete create  explain  delete        no   again
CREATE_COMPLETE                               -                         update         ask      delete        yes  -
ROLLBACK_IN_PROGRESS                          ROLLBACK_COMPLETE         watch fail     explain  watch delete  no   wait
ROLLBACK_FAILED                               -                         delete create  explain  delete        no   again
ROLLBACK_COMPLETE                             -                         delete create  explain  delete        no   again
DELETE_IN_PROGRESS                            DELETE_COMPLETE           watch create   explain  watch         no   wait
DELETE_FAILED                                 -                         explain        explain  delete        no   held
DELETE_COMPLETE                               -                         create         explain  nothing       yes  fresh
UPDATE_IN_PROGRESS                            UPDATE_COMPLETE           watch update   ask      watch delete  no   wait
UPDATE_COMPLETE_CLEANUP_IN_PROGRESS           UPDATE_COMPLETE           watch update   ask      watch delete  no   wait
UPDATE_COMPLETE                               -                         update         ask      delete        yes  -
UPDATE_FAILED                                 -                         explain, undo  ask      delete        no   undo
UPDATE_ROLLBACK_IN_PROGRESS                   UPDATE_ROLLBACK_COMPLETE  watch fail     ask      watch delete  no   wait
UPDATE_ROLLBACK_FAILED                        -                         explain, undo  ask      delete        no   undo
UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS  UPDATE_ROLLBACK_COMPLETE  watch fail     ask      watch delete  no   wait
UPDATE_ROLLBACK_COMPLETE                      -                         update         ask      delete        no   mend
REVIEW_IN_PROGRESS                            -                         delete create  explain  delete        no   fresh
IMPORT_IN_PROGRESS                            IMPORT_COMPLETE           watch update   ask      watch delete  no   wait
IMPORT_COMPLETE                               -                         update         ask      delete        yes  -
IMPORT_ROLLBACK_IN_PROGRESS                   IMPORT_ROLLBACK_COMPLETE  watch fail     ask      watch delete  no   wait
IMPORT_ROLLBACK_FAILED                        -                         explain        ask      delete        no   other
IMPORT_ROLLBACK_COMPLETE                      -                         update         ask      delete        no   mend
"""
# Told by status with the row, and by a command that explains and does nothing.
ADVICE = {
    "-": "",
    "wait": "run deploy, which waits for the end",
    "again": "run deploy: it deletes the rest and creates",
    "fresh": "run deploy",
    "undo": "run deploy --continue-rollback",
    "mend": "find the cause in the stack's events, fix it and run deploy",
    "held": "run destroy, which reports what prevents the deletion",
    "other": "repair it in the CloudFormation console, or run destroy",
}
# The rows of the table behind the words.
DEPLOY = {
    "create": Deploy.CREATE,
    "update": Deploy.UPDATE,
    "delete create": Deploy.RECREATE,
    "explain": Deploy.STOP,
    "explain, undo": Deploy.CONTINUE_ROLLBACK,
}
STATUS = {"ask": Status.ASK, "explain": Status.EXPLAIN}
DESTROY = {
    "nothing": Destroy.NOTHING,
    "delete": Destroy.DELETE,
    "watch delete": Destroy.FOLLOW,
    "watch": Destroy.WATCH,
}


class Row(NamedTuple):
    """One line of EXPECTED."""

    status: str
    end: str
    deploy: str
    show: str
    destroy: str
    good: str
    advice: str


ROWS = [
    Row(*("" if cell == "-" and at == 1 else cell for at, cell in enumerate(cells)))
    for line in EXPECTED.strip().splitlines()
    if (cells := [cell.strip() for cell in line.split("  ") if cell])
]
STATUSES = [row.status for row in ROWS]
COMMANDS = ("deploy", "show", "destroy")
UNDONE = [row.status for row in ROWS if row.deploy.endswith("undo")]


def cases(command: str) -> list[Any]:
    """The command's column: row and expectation; the ids count all cells of the three columns."""
    first, total = COMMANDS.index(command) * len(ROWS), len(COMMANDS) * len(ROWS)
    return [
        pytest.param(row, getattr(row, command), id=f"{first + at} of {total}-{row.status}")
        for at, row in enumerate(ROWS, 1)
    ]


# What the table says.


def test_the_rows_are_all_that_cloudformation_has() -> None:
    service = botocore.session.get_session().get_service_model("cloudformation")
    assert sorted(STATUSES) == sorted(TABLE) == sorted(service.shape_for("StackStatus").enum)


def test_what_is_under_way_has_an_end() -> None:
    under_way = [name for name in TABLE if name.endswith("_IN_PROGRESS") and name != "REVIEW_IN_PROGRESS"]
    assert sorted(row.status for row in ROWS if row.end) == sorted(under_way)


@pytest.mark.parametrize("row", ROWS, ids=STATUSES)
def test_each_status_has_its_row(row: Row) -> None:
    found = state(row.status)
    assert found.deploy is (Deploy.FOLLOW if row.end else DEPLOY[row.deploy])
    assert found.status is STATUS[row.show]
    assert found.destroy is DESTROY[row.destroy]
    assert found.good == (row.good == "yes")
    assert found.meaning


@pytest.mark.parametrize("row", ROWS, ids=STATUSES)
def test_what_is_followed_is_busy_and_nothing_else(row: Row) -> None:
    assert is_busy(row.status) == bool(row.end)


@pytest.mark.parametrize("row", ROWS, ids=STATUSES)
def test_whoever_is_not_done_is_told_what_to_do(row: Row) -> None:
    assert ADVICE[row.advice] in state(row.status).advice
    assert bool(state(row.status).advice) == (row.advice != "-")
    assert row.advice != "-" or row.good == "yes"


def test_no_stack_is_created_and_needs_no_removal() -> None:
    assert (state(None).deploy, state(None).destroy) == (Deploy.CREATE, Destroy.NOTHING)


@pytest.mark.parametrize("status", ["", "CREATE_COMPLETED", "create_complete", "FROZEN"])
def test_an_unknown_status_is_an_error_that_names_it(status: str) -> None:
    with pytest.raises(WildrydesError, match=repr(status)):
        state(status)


# What the commands do.


@dataclass
class Account:
    """An AWS in memory, how often its API was asked, and what a command says."""

    url: str
    asked: list[Request]
    said: Said = field(default_factory=Said)

    def __post_init__(self) -> None:
        self.aws = FakeAws(self.url)

    def put(self, status: str, end: str = "") -> None:
        """A stack of ours in a status; an operation that is under way ends at the second look."""
        outputs = {**API_OUTPUTS, "ApiGatewayInvokeURL": self.url}
        self.aws.stacks.put(STACK, status, "an older template", tags=OURS, outputs=outputs)
        self.aws.stacks.history[STACK] = list(OLDER)
        if end:
            began = event(3, f"{BEGINNINGS[status.split('_')[0]]}_IN_PROGRESS", STACK, "asked for", STACK_TYPE)
            self.aws.stacks.history[STACK] += [began, event(4, "UPDATE_FAILED", "Vpc", "no zone left")]
            self.aws.stacks.endings[STACK] = [status, end]

    def deploy(self, **options: Any) -> None:
        deploy(self.aws.gateways, wild_rydes(route="short", **options), Target(), self.said)

    def show_status(self) -> None:
        show_status(self.aws.gateways, wild_rydes(), Target(), self.said)

    def destroy(self) -> bool:
        return destroy(self.aws.gateways, wild_rydes(), Target(), self.said, lambda found: None)

    @property
    def done(self) -> list[str]:
        """What was done with the stack, in a word each."""
        told = self.said.texts("event")
        watched = ["watch" for text in told if "following it" in text]
        return watched + [line.split()[0] for line in self.aws.journal if line.endswith(STACK)]

    def assert_watched(self, status: str, end: str) -> None:
        """The running operation's events were told first, each once, and none of an earlier one."""
        told = [(record["resource"], record["status"]) for _, _, record in self.said.lines if "resource" in record]
        assert told[:4] == [
            (STACK, f"{BEGINNINGS[status.split('_')[0]]}_IN_PROGRESS"),
            ("Vpc", "UPDATE_FAILED"),
            (STACK, status),
            (STACK, end),
        ]
        assert "Nat" not in str(told)


@pytest.fixture
def account() -> Iterator[Account]:
    """An account whose API answers over HTTP."""
    asked: list[Request] = []

    def respond(request: Request) -> Response:
        asked.append(request)
        return Response(200, HORSE_ANSWER.encode())

    with serving(respond) as url:
        yield Account(url, asked)


@pytest.mark.parametrize(("row", "expected"), cases("deploy"))
def test_deploy_meets(account: Account, row: Row, expected: str) -> None:
    account.put(row.status, row.end)
    words = expected.partition(",")[0].split()
    if words[-1] in ("fail", "explain"):
        with pytest.raises(WildrydesError, match=STACK) as error:
            account.deploy()
        assert error.value.exit_code == 1
        text = f"ended as {row.end}: Vpc (AWS::EC2::VPC): no zone left" if row.end else f"is {row.status} ("
        assert text in str(error.value)
        assert row.end or ADVICE[row.advice] in str(error.value)
        assert account.done == words[:-1]
        assert account.aws.journal == []
    else:
        account.deploy()
        assert account.done == words
        assert account.aws.stacks.stacks[STACK].status in ("CREATE_COMPLETE", "UPDATE_COMPLETE")
        assert len(account.asked) == 1
    if row.end:
        account.assert_watched(row.status, row.end)


@pytest.mark.parametrize(("row", "expected"), cases("show"))
def test_status_meets(account: Account, row: Row, expected: str) -> None:
    account.put(row.status, row.end)
    if expected == "ask":
        account.show_status()
    else:
        with pytest.raises(WildrydesError, match=r"^(there is no API to ask|nothing is deployed)") as error:
            account.show_status()
        assert ADVICE[row.advice] in str(error.value)
    assert len(account.asked) == (expected == "ask")
    if row.status != "DELETE_COMPLETE":
        told = account.said.texts("output")[0]
        assert told.startswith(f"stack {STACK}: {row.status} ({TABLE[row.status].meaning}")
        assert ADVICE[row.advice] in told
    assert account.aws.journal == []
    assert account.aws.stacks.stacks[STACK].status == row.status, "status waits for nothing"


@pytest.mark.parametrize(("row", "expected"), cases("destroy"))
def test_destroy_meets(account: Account, row: Row, expected: str) -> None:
    account.put(row.status, row.end)
    assert account.destroy() == (expected != "nothing")
    assert account.done == ([] if expected == "nothing" else expected.split())
    assert account.aws.stacks.describe(STACK) is None
    if row.end:
        account.assert_watched(row.status, row.end)


@pytest.mark.parametrize(
    "command", [Account.deploy, Account.show_status, Account.destroy], ids=lambda one: one.__name__
)
@pytest.mark.parametrize("status", ["FROZEN", "UPDATE_PAUSED_IN_PROGRESS"])
def test_a_status_that_nobody_knows_is_an_error_and_never_a_wait(
    account: Account, command: Callable[[Account], object], status: str
) -> None:
    account.put(status)
    with pytest.raises(WildrydesError, match=f"stack status '{status}', which this version does not know") as error:
        command(account)
    assert error.value.exit_code == 1
    assert account.done == []
    assert account.asked == []
    assert account.aws.stacks.stacks[STACK].status == status


def test_nothing_is_begun_while_one_of_two_stacks_is_in_a_status_that_nobody_knows(account: Account) -> None:
    for name, status in (("wildrydes-ml-mod5", "FROZEN"), ("wildrydes-ml-mod5-inf", "UPDATE_IN_PROGRESS")):
        account.aws.stacks.put(name, status, tags=OURS)
    for command in (
        account.destroy,
        lambda: deploy(account.aws.gateways, wild_rydes(), Target(), account.said),
        lambda: preview(account.aws.gateways, wild_rydes(), Target(), account.said),
    ):
        with pytest.raises(WildrydesError, match=r"'FROZEN', which this version does not know\. Nothing was changed"):
            command()
    assert account.aws.journal == []
    assert {*account.said.texts("event")} == {"checking what is already deployed"}


# A failed update that was not undone.


def test_only_failed_updates_are_undone() -> None:
    assert UNDONE == ["UPDATE_FAILED", "UPDATE_ROLLBACK_FAILED"]


@pytest.mark.parametrize("status", UNDONE)
def test_a_failed_update_is_undone_when_asked_for(account: Account, status: str) -> None:
    account.put(status)
    account.deploy(continue_rollback=True)
    assert account.done == ["undo", "update"]
    assert account.aws.stacks.stacks[STACK].status == "UPDATE_COMPLETE"


@pytest.mark.parametrize("row", [row for row in ROWS if row.status not in UNDONE], ids=lambda row: row.status)
def test_nothing_else_is_undone(account: Account, row: Row) -> None:
    account.put(row.status, row.end)
    with suppress(WildrydesError):
        account.deploy(continue_rollback=True)
    assert "undo" not in account.done


def test_an_undoing_that_fails_again_ends_the_deploy(account: Account) -> None:
    account.put("UPDATE_ROLLBACK_FAILED")
    account.aws.stacks.endings[STACK] = ["UPDATE_ROLLBACK_FAILED"]
    account.aws.stacks.failures[STACK] = [event(9, "UPDATE_FAILED", "Role", "still denied", "AWS::IAM::Role")]
    with pytest.raises(WildrydesError, match=r"ended as UPDATE_ROLLBACK_FAILED: Role \(AWS::IAM::Role\): still denied"):
        account.deploy(continue_rollback=True)
    assert account.done == ["undo"]


def test_the_deploy_that_meets_a_bad_end_fails_and_the_next_one_deploys(account: Account) -> None:
    account.put("UPDATE_ROLLBACK_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE")
    with pytest.raises(WildrydesError, match=r"ended as UPDATE_ROLLBACK_COMPLETE: Vpc .*no zone left"):
        account.deploy()
    assert account.done == ["watch"]
    account.deploy()
    assert account.done == ["watch", "update"]

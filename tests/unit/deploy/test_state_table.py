"""Every stack status that CloudFormation has, met by the three commands themselves, on an AWS in memory."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.unit.fakes import API_OUTPUTS, HORSE_ANSWER, FakeAws
from tests.unit.servers import Request, Response, serving
from wildrydes_ml.aws.target import Target
from wildrydes_ml.deploy.deployer import deploy, preview
from wildrydes_ml.deploy.health import status as show_status
from wildrydes_ml.deploy.states import TABLE
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

# The status, and as what the operation under way ends; what deploy, status and destroy do.
# `watch` is to report an operation to its end; `fail` is to tell the first cause and do no more; `explain` is to do
# nothing and say what to do; `ask` is to post a picture to the API.
EXPECTED = """
CREATE_IN_PROGRESS>CREATE_COMPLETE                                     watch update   explain  watch delete
CREATE_FAILED                                                          delete create  explain  delete
CREATE_COMPLETE                                                        update         ask      delete
ROLLBACK_IN_PROGRESS>ROLLBACK_COMPLETE                                 watch fail     explain  watch delete
ROLLBACK_FAILED                                                        delete create  explain  delete
ROLLBACK_COMPLETE                                                      delete create  explain  delete
DELETE_IN_PROGRESS>DELETE_COMPLETE                                     watch create   explain  watch
DELETE_FAILED                                                          explain        explain  delete
DELETE_COMPLETE                                                        create         explain  nothing
UPDATE_IN_PROGRESS>UPDATE_COMPLETE                                     watch update   ask      watch delete
UPDATE_COMPLETE_CLEANUP_IN_PROGRESS>UPDATE_COMPLETE                    watch update   ask      watch delete
UPDATE_COMPLETE                                                        update         ask      delete
UPDATE_FAILED                                                          explain        ask      delete
UPDATE_ROLLBACK_IN_PROGRESS>UPDATE_ROLLBACK_COMPLETE                   watch fail     ask      watch delete
UPDATE_ROLLBACK_FAILED                                                 explain        ask      delete
UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS>UPDATE_ROLLBACK_COMPLETE  watch fail     ask      watch delete
UPDATE_ROLLBACK_COMPLETE                                               update         ask      delete
REVIEW_IN_PROGRESS                                                     delete create  explain  delete
IMPORT_IN_PROGRESS>IMPORT_COMPLETE                                     watch update   ask      watch delete
IMPORT_COMPLETE                                                        update         ask      delete
IMPORT_ROLLBACK_IN_PROGRESS>IMPORT_ROLLBACK_COMPLETE                   watch fail     ask      watch delete
IMPORT_ROLLBACK_FAILED                                                 explain        ask      delete
IMPORT_ROLLBACK_COMPLETE                                               update         ask      delete
"""
# What to do, told by status with the row, and by a command that explains and does nothing.
ADVICE = {
    "CREATE_IN_PROGRESS": "run deploy, which waits for the end",
    "CREATE_FAILED": "run deploy: it deletes the rest and creates",
    "ROLLBACK_IN_PROGRESS": "run deploy, which waits for the end",
    "ROLLBACK_FAILED": "run deploy: it deletes the rest and creates",
    "ROLLBACK_COMPLETE": "run deploy: it deletes the rest and creates",
    "DELETE_IN_PROGRESS": "run deploy, which waits for the end",
    "DELETE_FAILED": "run destroy, which reports what prevents the deletion",
    "DELETE_COMPLETE": "run deploy",
    "UPDATE_IN_PROGRESS": "run deploy, which waits for the end",
    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS": "run deploy, which waits for the end",
    "UPDATE_FAILED": "run deploy --continue-rollback",
    "UPDATE_ROLLBACK_IN_PROGRESS": "run deploy, which waits for the end",
    "UPDATE_ROLLBACK_FAILED": "run deploy --continue-rollback",
    "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS": "run deploy, which waits for the end",
    "UPDATE_ROLLBACK_COMPLETE": "find the cause in the stack's events, fix it and run deploy",
    "IMPORT_ROLLBACK_COMPLETE": "find the cause in the stack's events, fix it and run deploy",
    "REVIEW_IN_PROGRESS": "run deploy",
    "IMPORT_IN_PROGRESS": "run deploy, which waits for the end",
    "IMPORT_ROLLBACK_IN_PROGRESS": "run deploy, which waits for the end",
    "IMPORT_ROLLBACK_FAILED": "repair it in the CloudFormation console, or run destroy",
}
ROWS = [[cell.strip() for cell in line.split("  ") if cell] for line in EXPECTED.strip().splitlines()]
COLUMNS = {"deploy": 1, "status": 2, "destroy": 3}


def cases(command: str) -> list[Any]:
    """The command's column: status, its end, expectation; the ids count all cells of the table."""
    first = (COLUMNS[command] - 1) * len(ROWS)
    total = len(ROWS) * len(COLUMNS)
    return [
        pytest.param(*row[0].partition(">")[::2], row[COLUMNS[command]], id=f"{first + at} of {total}-{row[0]}")
        for at, row in enumerate(ROWS, 1)
    ]


def test_the_table_is_cloudformation_s() -> None:
    assert {row[0].partition(">")[0] for row in ROWS} == set(TABLE)
    assert [len(row) for row in ROWS] == [4] * 23
    assert {row[0].partition(">")[0] for row in ROWS if ">" in row[0]} == {
        name for name in TABLE if name.endswith("_IN_PROGRESS") and name != "REVIEW_IN_PROGRESS"
    }


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


@pytest.mark.parametrize(("status", "end", "expected"), cases("deploy"))
def test_deploy_meets(account: Account, status: str, end: str, expected: str) -> None:
    account.put(status, end)
    words = expected.split()
    if words[-1] in ("fail", "explain"):
        with pytest.raises(WildrydesError, match=STACK) as error:
            account.deploy()
        assert error.value.exit_code == 1
        text = f"ended as {end}: Vpc (AWS::EC2::VPC): no zone left" if end else f"is {status} ("
        assert text in str(error.value)
        assert end or ADVICE[status] in str(error.value)
        assert account.done == words[:-1]
        assert account.aws.journal == []
    else:
        account.deploy()
        assert account.done == words
        assert account.aws.stacks.stacks[STACK].status in ("CREATE_COMPLETE", "UPDATE_COMPLETE")
        assert len(account.asked) == 1
    if end:
        account.assert_watched(status, end)


@pytest.mark.parametrize(("status", "end", "expected"), cases("status"))
def test_status_meets(account: Account, status: str, end: str, expected: str) -> None:
    account.put(status, end)
    if expected == "ask":
        account.show_status()
    else:
        with pytest.raises(WildrydesError, match=r"^(there is no API to ask|nothing is deployed)") as error:
            account.show_status()
        assert ADVICE[status] in str(error.value)
    assert len(account.asked) == (expected == "ask")
    if status != "DELETE_COMPLETE":
        told = account.said.texts("output")[0]
        assert told.startswith(f"stack {STACK}: {status} ({TABLE[status].meaning}")
        assert ADVICE.get(status, "") in told
    assert account.aws.journal == []
    assert account.aws.stacks.stacks[STACK].status == status, "status waits for nothing"


@pytest.mark.parametrize(("status", "end", "expected"), cases("destroy"))
def test_destroy_meets(account: Account, status: str, end: str, expected: str) -> None:
    account.put(status, end)
    assert account.destroy() == (expected != "nothing")
    assert account.done == ([] if expected == "nothing" else expected.split())
    assert account.aws.stacks.describe(STACK) is None
    if end:
        account.assert_watched(status, end)


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
    assert account.said.lines == []


# A failed update that was not undone.


@pytest.mark.parametrize("status", ["UPDATE_FAILED", "UPDATE_ROLLBACK_FAILED"])
def test_a_failed_update_is_undone_when_asked_for(account: Account, status: str) -> None:
    account.put(status)
    account.deploy(continue_rollback=True)
    assert account.done == ["undo", "update"]
    assert account.aws.stacks.stacks[STACK].status == "UPDATE_COMPLETE"


@pytest.mark.parametrize("status", [name for name in TABLE if name not in ("UPDATE_FAILED", "UPDATE_ROLLBACK_FAILED")])
def test_nothing_else_is_undone(account: Account, status: str) -> None:
    end = next((row[0].partition(">")[2] for row in ROWS if row[0].startswith(f"{status}>")), "")
    account.put(status, end)
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

"""Following a stack: every event once, an end that says why, and a sign of life in between."""

from collections.abc import Container
from dataclasses import replace

import pytest

from tests.unit.fakes import FakeAws
from wildrydes_ml.aws.facts import Unknown
from wildrydes_ml.aws.records import Console, Fault, Stack, StackEvent, StackResource
from wildrydes_ml.deploy.follower import LIMIT_SECONDS, MADE, PATIENCE_SECONDS, Follower
from wildrydes_ml.errors import InterruptedWork, OutOfReach, WildrydesError
from wildrydes_ml.testing import STACK_TYPE, Clock, FakeStacks, Said, event

NAME = "wildrydes-ml-mod5"


def under_way(aws: FakeAws, status: str, *endings: str) -> Stack:
    aws.stacks.put(NAME, status)
    aws.stacks.endings[NAME] = list(endings)
    return aws.stacks.stacks[NAME]


def test_each_new_event_is_reported_once() -> None:
    aws, said = FakeAws(), Said()
    stack = under_way(aws, "UPDATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "UPDATE_COMPLETE")
    aws.stacks.history[NAME] = [event(1, "CREATE_COMPLETE", "Old"), event(2, "UPDATE_IN_PROGRESS", "New", "asked for")]
    follower = Follower(aws.gateways, said)
    ended = follower.follow(stack, {"e1"})
    assert ended.status == "UPDATE_COMPLETE"
    resources = [record["resource"] for _, _, record in said.lines]
    assert resources == ["New", NAME, NAME, NAME]
    assert "asked for" in said.texts("event")[0]
    assert said.lines[0][2] == {
        "stack": NAME,
        "resource": "New",
        "status": "UPDATE_IN_PROGRESS",
        "reason": "asked for",
        "resource_type": "AWS::EC2::VPC",
    }


def test_marks_are_the_events_so_far() -> None:
    aws, said = FakeAws(), Said()
    stack = under_way(aws, "UPDATE_IN_PROGRESS", "UPDATE_COMPLETE")
    aws.stacks.history[NAME] = [event(1, "CREATE_COMPLETE", "Old")]
    follower = Follower(aws.gateways, said)
    follower.follow(stack, follower.marks(NAME))
    assert not any("Old" in text for text in said.texts("event"))


@pytest.mark.parametrize(
    "end", ["ROLLBACK_COMPLETE", "CREATE_FAILED", "UPDATE_ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_FAILED", "DELETE_FAILED"]
)
def test_a_bad_end_raises_with_its_cause(end: str) -> None:
    aws = FakeAws()
    stack = under_way(aws, "CREATE_IN_PROGRESS", end)
    aws.stacks.history[NAME] = [
        event(1, "CREATE_FAILED", "NatPublicIP", "The maximum number of addresses has been reached."),
        event(2, "CREATE_FAILED", "Vpc", "Resource creation cancelled"),
    ]
    with pytest.raises(WildrydesError, match=f"{NAME} ended as {end}: NatPublicIP .*maximum number of addresses"):
        Follower(aws.gateways, Said()).follow(stack, set())


def test_a_cause_comes_with_its_remedy() -> None:
    aws = FakeAws()
    stack = under_way(aws, "CREATE_IN_PROGRESS", "ROLLBACK_COMPLETE")
    reason = "Nat Gateway is not available in this availability zone"
    aws.stacks.history[NAME] = [event(1, "CREATE_FAILED", "NatGateway", reason)]
    with pytest.raises(WildrydesError, match=f"{reason}; .*--set AvailabilityZoneOne=ZONE"):
        Follower(aws.gateways, Said()).follow(stack, set())


def test_without_a_failed_resource_the_stack_s_own_reason_is_told() -> None:
    aws = FakeAws()
    stack = under_way(aws, "CREATE_IN_PROGRESS", "ROLLBACK_COMPLETE")
    aws.stacks.stacks[NAME] = replace(stack, reason="the template's transform failed")
    with pytest.raises(WildrydesError, match="ended as ROLLBACK_COMPLETE: the template's transform failed"):
        Follower(aws.gateways, Said()).follow(stack, set())


def test_without_any_reason_the_status_is_explained() -> None:
    aws = FakeAws()
    stack = under_way(aws, "CREATE_IN_PROGRESS", "ROLLBACK_COMPLETE")
    with pytest.raises(
        WildrydesError, match="ended as ROLLBACK_COMPLETE: the creation failed and was rolled back; the stack can only"
    ):
        Follower(aws.gateways, Said()).follow(stack, set())


COUNT = "Validation failed with 2 error(s). Call DescribeEvents to retrieve the full list of issues."
FAULTS = (
    Fault("Role", "AWS::IAM::Role", "Path", "expected pattern /"),
    Fault("Logs", "AWS::Logs::LogGroup", "", "'/aws/lambda/x' already exists."),
)
DENIED = Unknown("denied", "cloudformation:DescribeEvents")


def invalid(found: tuple[Fault, ...] | Unknown, *more: StackEvent) -> tuple[FakeAws, WildrydesError]:
    """What is told of a creation that failed in its validation."""
    aws = FakeAws()
    stack = under_way(aws, "CREATE_IN_PROGRESS", "ROLLBACK_COMPLETE")
    aws.stacks.history[NAME] = [
        event(5, "CREATE_IN_PROGRESS", NAME, "User Initiated", STACK_TYPE),
        *more,
        event(6, "CREATE_FAILED", NAME, COUNT, STACK_TYPE),
        event(
            7,
            "ROLLBACK_IN_PROGRESS",
            NAME,
            "Validation failure detected. See the operation's FAILED event.",
            STACK_TYPE,
        ),
    ]
    aws.stacks.found_faults = found
    with pytest.raises(WildrydesError) as error:
        Follower(aws.gateways, Said()).follow(stack, set())
    return aws, error.value


def test_every_fault_of_a_template_is_told() -> None:
    aws, error = invalid(FAULTS)
    assert str(error) == (
        f"stack {NAME} ended as ROLLBACK_COMPLETE: 2 faults in the template:\n"
        "  - Role (AWS::IAM::Role), property Path: expected pattern /\n"
        "  - Logs (AWS::Logs::LogGroup): '/aws/lambda/x' already exists."
    )
    assert error.record["causes"][1] == {
        "resource": "Logs",
        "type": "AWS::Logs::LogGroup",
        "path": "",
        "reason": "'/aws/lambda/x' already exists.",
    }
    assert [time.timestamp() for time in aws.stacks.asked_since] == [5]


def test_a_missing_permission_for_the_faults_is_said() -> None:
    _, error = invalid(DENIED)
    assert str(error).startswith(
        f"stack {NAME} ended as ROLLBACK_COMPLETE: Validation failed with 2 error(s); no permission to read the "
        "causes: allow cloudformation:DescribeEvents"
    )


@pytest.mark.parametrize("found", [DENIED, (), Unknown("unanswered", "gone")])
def test_a_cause_in_the_events_is_told_whatever_the_faults(found: tuple[Fault, ...] | Unknown) -> None:
    _, error = invalid(found, event(5, "CREATE_FAILED", "Nat", "no address"))
    assert str(error) == f"stack {NAME} ended as ROLLBACK_COMPLETE: Nat (AWS::EC2::VPC): no address"


def test_faults_that_come_late_are_looked_for_again() -> None:
    aws, error = invalid(())
    assert len(aws.stacks.asked_since) == 3
    assert "Call DescribeEvents" not in str(error)
    assert "CloudFormation does not show the causes" in str(error)


def test_nobody_asks_for_faults_where_there_is_a_cause() -> None:
    aws = FakeAws()
    stack = under_way(aws, "CREATE_IN_PROGRESS", "ROLLBACK_COMPLETE")
    aws.stacks.history[NAME] = [event(1, "CREATE_FAILED", "Nat", "no address")]
    with pytest.raises(WildrydesError, match="no address"):
        Follower(aws.gateways, Said()).follow(stack, set())
    assert aws.stacks.asked_since == []


def test_the_cause_belongs_to_the_operation_that_is_followed() -> None:
    aws = FakeAws()
    stack = under_way(aws, "UPDATE_ROLLBACK_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE")
    aws.stacks.history[NAME] = [
        event(1, "UPDATE_FAILED", "Vpc", "last month's failure"),
        event(2, "UPDATE_ROLLBACK_COMPLETE", NAME, type=STACK_TYPE),
        event(3, "UPDATE_IN_PROGRESS", NAME, "User Initiated", type=STACK_TYPE),
        event(4, "UPDATE_FAILED", "Nat", "today's failure"),
    ]
    with pytest.raises(WildrydesError, match="today's failure"):
        Follower(aws.gateways, Said()).follow(stack, set())


def test_a_deletion_ends_well_when_the_stack_is_gone() -> None:
    aws = FakeAws()
    stack = under_way(aws, "DELETE_IN_PROGRESS", "DELETE_COMPLETE")
    assert Follower(aws.gateways, Said()).follow(stack, set()).status == "DELETE_COMPLETE"
    del aws.stacks.stacks[NAME]
    assert Follower(aws.gateways, Said()).follow(stack, set()).status == "DELETE_COMPLETE"


# Looks that find nothing, or that AWS does not answer.


class Scripted(FakeStacks):
    """Each look at the events first does what comes next in the script: an error is raised, an event is added and
    gives the stack its status. Then the operation has ended. A pause is ten seconds."""

    def __init__(self, aws: FakeAws, clock: Clock, *script: StackEvent | Exception | None) -> None:
        super().__init__(aws.journal, lambda stack: {})
        self.script = list(script)
        self.clock = clock
        self.fetched: list[list[str]] = []
        self.described = 0
        self.pauses = 0

    def describe(self, name: str) -> Stack | None:
        self.described += 1
        return super().describe(name)

    def events(self, stack: str, seen: Container[str] = (), token: str = "") -> list[StackEvent]:
        now = self.script.pop(0) if self.script else event(99, "UPDATE_COMPLETE", NAME, type=STACK_TYPE)
        if isinstance(now, Exception):
            raise now
        if now:
            self.history.setdefault(NAME, []).append(now)
            if now.resource == NAME:
                self.stacks[NAME] = replace(self.stacks[NAME], status=now.status)
        found = super().events(stack, seen)
        self.fetched.append([one.id for one in found])
        return found

    def pause(self) -> None:
        self.pauses += 1
        self.clock.sleep(10)


BEGUN = event(2, "UPDATE_IN_PROGRESS", NAME, type=STACK_TYPE)
UNREACHABLE = OutOfReach("stack s: AWS cannot be reached (reset); run the same command again")


def followed(*script: StackEvent | Exception | None, status: str = "UPDATE_IN_PROGRESS") -> tuple[Scripted, Said, str]:
    """The stacks afterwards, what was said, and how it ended: a status, or the error's class and text."""
    aws, said, clock = FakeAws(), Said(), Clock()
    aws.stacks = stacks = Scripted(aws, clock, *script)
    stacks.put(NAME, status)
    stacks.history[NAME] = [event(1, "CREATE_COMPLETE", NAME, type=STACK_TYPE)]
    try:
        ended = Follower(aws.gateways, said, clock).follow(stacks.stacks[NAME], {"e1"}).status
    except WildrydesError as error:
        ended = f"{type(error).__name__}: {error}"
    return stacks, said, ended


def test_a_status_from_before_the_operation_is_not_its_end() -> None:
    stacks, said, ended = followed(None, None, BEGUN, None, status="CREATE_COMPLETE")
    assert ended == "UPDATE_COMPLETE"
    assert [record["status"] for _, _, record in said.lines] == ["UPDATE_IN_PROGRESS", "UPDATE_COMPLETE"]
    assert stacks.pauses == 4


def test_nothing_is_said_while_an_operation_has_no_events_yet() -> None:
    _, said, ended = followed(None, None, BEGUN)
    assert ended == "UPDATE_COMPLETE"
    assert [record["status"] for _, _, record in said.lines] == ["UPDATE_IN_PROGRESS", "UPDATE_COMPLETE"]


def test_each_look_fetches_what_is_new_and_no_more() -> None:
    resource = event(3, "UPDATE_IN_PROGRESS", "Vpc")
    stacks, *_ = followed(BEGUN, None, resource, None)
    assert stacks.fetched == [["e2"], [], ["e3"], [], ["e99"]]
    assert stacks.described == 1, "at the end; a look before it is one call"


def test_the_clean_up_belongs_to_the_operation() -> None:
    cleaning = event(3, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", NAME, type=STACK_TYPE)
    stacks, _, ended = followed(BEGUN, cleaning, None)
    assert ended == "UPDATE_COMPLETE"
    assert stacks.pauses == 3


def test_an_end_event_of_a_stack_that_goes_on_is_not_the_end() -> None:
    """What continues a rollback begins after an event that looks like an end."""
    failed = event(3, "UPDATE_ROLLBACK_FAILED", NAME, type=STACK_TYPE)
    again = event(4, "UPDATE_ROLLBACK_IN_PROGRESS", NAME, type=STACK_TYPE)
    aws, clock = FakeAws(), Clock()
    aws.stacks = stacks = Scripted(aws, clock, None, None)
    stacks.put(NAME, "UPDATE_ROLLBACK_IN_PROGRESS")
    stacks.history[NAME] = [BEGUN, failed, again]
    assert Follower(aws.gateways, Said(), clock).attach(stacks.stacks[NAME]).status == "UPDATE_COMPLETE"
    assert stacks.pauses == 1


@pytest.mark.parametrize("count", [1, 2, 60])
def test_aws_out_of_reach_is_told_and_borne(count: int) -> None:
    stacks, said, ended = followed(BEGUN, *[UNREACHABLE] * count)
    assert ended == "UPDATE_COMPLETE"
    borne = [text for text in said.texts("event") if text.endswith(f"AWS carries on with stack {NAME}; checking again")]
    assert len(borne) == count
    assert borne[0].startswith(str(UNREACHABLE))
    assert stacks.clock.now >= count * 10


def test_aws_out_of_reach_for_too_long_ends_it() -> None:
    stacks, _, ended = followed(BEGUN, *[UNREACHABLE] * 1000)
    assert ended == f"OutOfReach: {UNREACHABLE}"
    assert PATIENCE_SECONDS < stacks.clock.now <= PATIENCE_SECONDS + 10


def test_patience_begins_anew_with_every_answer() -> None:
    spell = [UNREACHABLE] * 50
    stacks, _, ended = followed(*spell, BEGUN, *spell, None, *spell)
    assert ended == "UPDATE_COMPLETE"
    assert stacks.clock.now > 2 * PATIENCE_SECONDS


@pytest.mark.parametrize(
    "error",
    [InterruptedWork("the credentials have expired"), WildrydesError("AWS denies it")],
    ids=["expired", "denied"],
)
def test_what_waiting_does_not_mend_ends_it_at_once(error: WildrydesError) -> None:
    stacks, _, ended = followed(BEGUN, error)
    assert ended == f"{type(error).__name__}: {error}"
    assert stacks.pauses == 1


def test_an_operation_without_end_is_left_alone_after_hours() -> None:
    stacks, _, ended = followed(BEGUN, *[None] * 2000)
    assert ended.startswith(
        f"InterruptedWork: stack {NAME} is not done after 3 hours. AWS carries on; run the same command"
    )
    assert LIMIT_SECONDS < stacks.clock.now <= LIMIT_SECONDS + 10


def test_an_unknown_status_on_the_way_is_an_error() -> None:
    stacks, _, ended = followed(BEGUN, event(3, "UPDATE_PAUSED", NAME, type=STACK_TYPE), *[None] * 2000)
    assert ended.startswith("WildrydesError: CloudFormation reports the stack status 'UPDATE_PAUSED'")
    assert stacks.pauses == 1


def test_a_long_silence_is_broken() -> None:
    _, said, _ = followed(BEGUN, *[None] * 9)
    assert said.texts("event")[1:-1] == [
        f"{NAME} is still UPDATE_IN_PROGRESS, {seconds} s so far" for seconds in (40, 80)
    ]


def test_news_are_no_silence() -> None:
    news = [event(number, "UPDATE_IN_PROGRESS", f"R{number}") for number in range(3, 13)]
    _, said, ended = followed(BEGUN, *news)
    assert ended == "UPDATE_COMPLETE"
    assert not any("still" in text for text in said.texts("event"))


def test_a_stack_that_somebody_else_deleted_is_gone_at_once() -> None:
    aws, clock = FakeAws(), Clock()
    aws.stacks = stacks = Scripted(aws, clock, None, None)
    stack = Stack(NAME, f"id:{NAME}", "UPDATE_IN_PROGRESS")
    assert Follower(aws.gateways, Said(), clock).follow(stack, set()).status == "DELETE_COMPLETE"
    with pytest.raises(InterruptedWork, match=f"{NAME} ended as DELETE_COMPLETE: somebody else deleted it"):
        Follower(aws.gateways, Said(), clock).follow(stack, set(), MADE)
    assert stacks.pauses == 0


def test_an_end_that_left_no_event_is_found_after_a_silence() -> None:
    aws, clock = FakeAws(), Clock()
    aws.stacks = stacks = Scripted(aws, clock, *[None] * 9)
    stacks.put(NAME, "UPDATE_COMPLETE")
    said = Said()
    assert Follower(aws.gateways, said, clock).follow(stacks.stacks[NAME], set()).status == "UPDATE_COMPLETE"
    assert clock.now == 40
    assert said.lines == []


@pytest.mark.parametrize("end", ["UPDATE_ROLLBACK_COMPLETE", "DELETE_FAILED"])
def test_the_caller_may_say_which_end_is_good(end: str) -> None:
    aws = FakeAws()
    stack = under_way(aws, "UPDATE_ROLLBACK_IN_PROGRESS", end)
    assert Follower(aws.gateways, Said()).follow(stack, set(), {end}).status == end


# Attaching to what somebody else has begun.

HISTORY = [
    event(1, "CREATE_IN_PROGRESS", NAME, type=STACK_TYPE),
    event(2, "CREATE_FAILED", "Old", "an old failure"),
    event(3, "CREATE_COMPLETE", NAME, type=STACK_TYPE),
]


@pytest.mark.parametrize(
    ("begun", "status"),
    [
        ("UPDATE_IN_PROGRESS", "UPDATE_IN_PROGRESS"),
        ("UPDATE_IN_PROGRESS", "UPDATE_ROLLBACK_IN_PROGRESS"),
        ("DELETE_IN_PROGRESS", "DELETE_IN_PROGRESS"),
        ("IMPORT_IN_PROGRESS", "IMPORT_IN_PROGRESS"),
        ("CREATE_IN_PROGRESS", "ROLLBACK_IN_PROGRESS"),
    ],
)
def test_the_running_operation_s_events_alone_are_told(begun: str, status: str) -> None:
    aws, said = FakeAws(), Said()
    stack = under_way(aws, status, "DELETE_FAILED")
    nested = event(5, "UPDATE_IN_PROGRESS", "Nested", type=STACK_TYPE)
    cause = event(6, "UPDATE_FAILED", "New", "the cause")
    aws.stacks.history[NAME] = [*HISTORY, event(4, begun, NAME, type=STACK_TYPE), nested, cause]
    with pytest.raises(WildrydesError, match=r"ended as DELETE_FAILED: New \(AWS::EC2::VPC\): the cause"):
        Follower(aws.gateways, said).attach(stack)
    assert said.texts("event")[0] == f"stack {NAME} is {status}: following it"
    assert [record["resource"] for _, _, record in said.lines[1:]] == [NAME, "Nested", "New", NAME]


def test_a_stack_without_a_beginning_is_told_from_its_first_event() -> None:
    aws, said = FakeAws(), Said()
    stack = under_way(aws, "CREATE_IN_PROGRESS", "CREATE_COMPLETE")
    aws.stacks.history[NAME] = [event(1, "CREATE_IN_PROGRESS", "Vpc"), event(2, "UPDATE_IN_PROGRESS", "Nat")]
    Follower(aws.gateways, said).attach(stack)
    assert [record["resource"] for _, _, record in said.lines[1:]] == ["Vpc", "Nat", NAME]


# After a failed fill its last lines come by themselves.

WAITS, FILLER = "AWS::CloudFormation::WaitCondition", "AWS::EC2::Instance"


def failed_fill(prepared: Console | Unknown | WildrydesError | None, *events: StackEvent) -> tuple[Said, str]:
    """What is reported of a stack whose instance has failed, and the error."""
    aws, said = FakeAws(), Said()
    stack = under_way(aws, "CREATE_IN_PROGRESS", "ROLLBACK_COMPLETE")
    aws.stacks.held[NAME] = [StackResource("Filler", FILLER, "i-1"), StackResource("Vpc", "AWS::EC2::VPC", "vpc-1")]
    if prepared is not None:
        aws.logs.consoles["i-1"] = prepared
    aws.stacks.history[NAME] = list(events) or [event(1, "CREATE_FAILED", "Filled", "pip failed", WAITS)]
    with pytest.raises(WildrydesError) as error:
        Follower(aws.gateways, said).follow(stack, set())
    return said, str(error.value)


@pytest.mark.parametrize(
    "failed",
    [
        event(1, "CREATE_FAILED", "Filled", "pip failed", WAITS),
        event(1, "UPDATE_FAILED", "Filler", "no signal", FILLER),
    ],
)
def test_the_last_lines_of_the_instance_come_with_its_failure(failed: StackEvent) -> None:
    lines = "".join(f"line {number}\n" for number in range(40))
    said, error = failed_fill(Console(lines), failed, event(2, "CREATE_FAILED", "Filler", "no signal", FILLER))
    told = said.texts("event")
    assert told.count("the last lines of the console of Filler:") == 1
    at = told.index("the last lines of the console of Filler:")
    assert "Filled" in told[at - 1] or "Filler" in told[at - 1], "while the instance exists, not at the end"
    assert told[at + 1 : at + 17] == [*(f"  line {number}" for number in range(25, 40)), told[at + 16]]
    assert failed.reason in error


@pytest.mark.parametrize(
    ("prepared", "told"),
    [
        (None, []),
        (Console(), []),
        (
            Unknown("denied", "ec2:GetConsoleOutput"),
            ["no permission to read the console of Filler: allow ec2:GetConsoleOutput"],
        ),
        (
            InterruptedWork("the credentials have expired"),
            ["the last lines of the instance cannot be read: the credentials have expired"],
        ),
    ],
)
def test_lines_that_cannot_be_had_do_not_hide_the_cause(
    prepared: Console | Unknown | WildrydesError | None, told: list[str]
) -> None:
    said, error = failed_fill(prepared)
    assert error == f"stack {NAME} ended as ROLLBACK_COMPLETE: Filled ({WAITS}): pip failed"
    assert [text for text in said.texts("event") if NAME not in text] == told


@pytest.mark.parametrize(
    "failed",
    [
        event(1, "CREATE_FAILED", "Nat", "no address"),
        event(1, "CREATE_FAILED", "Filler", "Resource creation cancelled", FILLER),
        event(1, "DELETE_FAILED", "Filler", "in use", FILLER),
    ],
)
def test_what_did_not_fail_of_an_instance_asks_for_no_console(failed: StackEvent) -> None:
    said, _ = failed_fill(Console("line\n"), failed)
    assert not [text for text in said.texts("event") if "last lines" in text]

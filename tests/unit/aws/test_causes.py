"""Why an operation failed, out of event lists as CloudFormation writes them."""

from datetime import timedelta
from typing import Any

import pytest
from botocore.stub import Stubber

from tests.unit.stubs import ARN, NOW, Stub
from wildrydes_ml.aws import causes
from wildrydes_ml.aws.facts import Unknown
from wildrydes_ml.aws.records import Fault, Stack, StackEvent
from wildrydes_ml.aws.stacks import Stacks
from wildrydes_ml.errors import WildrydesError
from wildrydes_ml.testing import STACK_TYPE, event

NAME = "wildrydes-ml-mod5"
CANCELLED = "Resource creation cancelled"
COUNT = (
    "Validation failed with 2 error(s). Call DescribeEvents to retrieve the full list of issues with resource and "
    "property details, resolve each error, then retry the operation."
)
SEE = "Validation failure detected. See the operation's FAILED event for details."
LOG = "WaitCondition received failed message: 'pip failed\nERROR: No matching distribution for tensorflow==9\n" + (
    "Collecting numpy\n" * 60 + "' for uniqueId: i-0123456789abcdef0"
)
SIGNAL = "WaitCondition timed out. Received 0 conditions when expecting 1"
SUM = "The following resource(s) failed to create: [EfsContents, Nat]. Rollback requested by user."
POLICY = "Action denied by stack policy: Statement [#1] does not allow [Update:Replace] for resource [Vpc]"
EXPORT = "Export wildrydes-ml-mod5-LambdaEFSMLVPC cannot be deleted as it is in use by other"


def whole(number: int, status: str, reason: str = "", name: str = NAME) -> StackEvent:
    """An event of the stack itself."""
    return event(number, status, name, reason, STACK_TYPE)


def listed(*told: tuple[str, str, str]) -> list[StackEvent]:
    """Status, resource and reason of one event after the other; a resource of the stack's name is the stack."""
    return [
        event(at, status, resource, reason, STACK_TYPE if resource == NAME else "AWS::X::Y")
        for at, (status, resource, reason) in enumerate(told, start=10)
    ]


BEGUN = ("CREATE_IN_PROGRESS", NAME, "User Initiated")
UPDATED = ("UPDATE_IN_PROGRESS", NAME, "User Initiated")
TURNED = ("ROLLBACK_IN_PROGRESS", NAME, SUM)
TABLE: dict[str, tuple[list[StackEvent], str]] = {
    "nothing": ([], ""),
    "a cancelled creation before the cause": (
        listed(
            BEGUN,
            ("CREATE_IN_PROGRESS", "Nat", "Resource creation Initiated"),
            ("CREATE_FAILED", "Vpc", CANCELLED),
            ("CREATE_FAILED", "Role", CANCELLED),
            ("CREATE_FAILED", "Nat", "The maximum number of addresses has been reached."),
            TURNED,
            ("ROLLBACK_COMPLETE", NAME, ""),
        ),
        "Nat (AWS::X::Y): The maximum number of addresses has been reached.",
    ),
    "a cancelled update before the cause": (
        listed(UPDATED, ("UPDATE_FAILED", "A", "Resource update cancelled"), ("UPDATE_FAILED", "B", "denied")),
        "B (AWS::X::Y): denied",
    ),
    "a cancelled deletion before the cause": (
        listed(
            ("DELETE_IN_PROGRESS", NAME, "User Initiated"),
            ("DELETE_FAILED", "A", "Resource deletion cancelled"),
            ("DELETE_FAILED", "B", "has dependencies"),
            ("DELETE_FAILED", NAME, "The following resource(s) failed to delete: [A, B]."),
        ),
        "B (AWS::X::Y): has dependencies",
    ),
    "no reason before the cause": (
        listed(BEGUN, ("CREATE_FAILED", "A", ""), ("CREATE_FAILED", "B", " "), ("CREATE_FAILED", "C", "no zone")),
        "C (AWS::X::Y): no zone",
    ),
    "the first of two": (
        listed(BEGUN, ("CREATE_FAILED", "A", "first"), ("CREATE_FAILED", "B", "second")),
        "A (AWS::X::Y): first",
    ),
    "a filling that failed, with its log": (
        listed(BEGUN, ("CREATE_FAILED", "EfsContents", LOG), ("CREATE_FAILED", "Nat", CANCELLED), TURNED),
        f"EfsContents (AWS::X::Y): {LOG}",
    ),
    "a filling that never signalled": (
        listed(BEGUN, ("CREATE_FAILED", "EfsContents", SIGNAL), TURNED),
        f"EfsContents (AWS::X::Y): {SIGNAL}",
    ),
    "only the stack's turn tells it, of a creation": (
        listed(BEGUN, ("CREATE_FAILED", "A", CANCELLED), ("ROLLBACK_IN_PROGRESS", NAME, "Stack creation timed out")),
        f"{NAME} ({STACK_TYPE}): Stack creation timed out",
    ),
    "only the stack's turn tells it, of an update": (
        listed(UPDATED, ("UPDATE_ROLLBACK_IN_PROGRESS", NAME, POLICY), ("UPDATE_ROLLBACK_COMPLETE", NAME, "")),
        f"{NAME} ({STACK_TYPE}): {POLICY}",
    ),
    "only the stack's failure tells it": (
        listed(("DELETE_IN_PROGRESS", NAME, "User Initiated"), ("DELETE_FAILED", NAME, EXPORT)),
        f"{NAME} ({STACK_TYPE}): {EXPORT}",
    ),
    "somebody cancelled the update": (
        listed(
            UPDATED,
            ("UPDATE_FAILED", "A", "Resource update cancelled"),
            ("UPDATE_ROLLBACK_IN_PROGRESS", NAME, "User Initiated"),
        ),
        f"{NAME} ({STACK_TYPE}): User Initiated",
    ),
    "a resource goes before the stack": (
        listed(BEGUN, ("ROLLBACK_IN_PROGRESS", NAME, "Stack creation timed out"), ("CREATE_FAILED", "A", "late")),
        "A (AWS::X::Y): late",
    ),
    "consequences alone": (
        listed(BEGUN, ("CREATE_FAILED", "A", CANCELLED), ("CREATE_FAILED", "B", ""), TURNED),
        "",
    ),
    "a validation": (
        listed(BEGUN, ("CREATE_FAILED", NAME, COUNT), ("ROLLBACK_IN_PROGRESS", NAME, SEE)),
        "",
    ),
    "an update's validation": (
        listed(
            UPDATED,
            ("UPDATE_FAILED", NAME, COUNT),
            (
                "UPDATE_ROLLBACK_IN_PROGRESS",
                NAME,
                "Validation failure detected. See operation's FAILED event for details.",
            ),
        ),
        "",
    ),
    "last month's failure": (
        [*listed(BEGUN, ("CREATE_FAILED", "Old", "old")), *listed(UPDATED, ("UPDATE_FAILED", "New", "new"))],
        "New (AWS::X::Y): new",
    ),
    "a nested stack that began later": (
        [*listed(BEGUN, ("CREATE_FAILED", "A", "first")), whole(50, "CREATE_IN_PROGRESS", "", "Nested")],
        "A (AWS::X::Y): first",
    ),
}


@pytest.mark.parametrize(("events", "cause"), TABLE.values(), ids=TABLE)
def test_the_cause_is_no_consequence(events: list[StackEvent], cause: str) -> None:
    assert causes.first_cause(events, NAME) == cause


@pytest.mark.parametrize(
    ("reason", "is_one"),
    [
        (COUNT, True),
        (
            "The following hook(s)/validation failed: [AWS::EarlyValidation::ResourceExistenceCheck]. To troubleshoot "
            "Early Validation errors, use the DescribeEvents API for detailed failure information.",
            True,
        ),
        ("The following hook(s) failed: [Org::Guard::Hook]", True),
        (SEE, False),
        ("Resource of type 'AWS::S3::Bucket' with identifier 'x' already exists.", False),
        ("", False),
    ],
)
def test_what_points_to_the_faults(reason: str, is_one: bool) -> None:
    assert causes.is_pointer(reason) == is_one
    assert bool(causes.pointer(listed(BEGUN, ("CREATE_FAILED", NAME, reason)))) == is_one


FAULT = Fault("Bucket", "AWS::S3::Bucket", "Tags/0", "required key [Value] not found")
OTHER = Fault("Logs", "AWS::Logs::LogGroup", "", "Resource with identifier '/aws/lambda/x' already exists.")


def test_one_fault_is_a_line_and_several_are_a_list() -> None:
    one = "Bucket (AWS::S3::Bucket), property Tags/0: required key [Value] not found"
    other = "Logs (AWS::Logs::LogGroup): Resource with identifier '/aws/lambda/x' already exists."
    assert causes.describe([FAULT]) == one
    assert causes.describe([FAULT, OTHER]) == f"2 faults in the template:\n  - {one}\n  - {other}"


@pytest.mark.parametrize(
    ("reason", "why", "text"),
    [
        (
            COUNT,
            Unknown("denied", "cloudformation:DescribeEvents"),
            "Validation failed with 2 error(s); no permission to read the causes: allow "
            "cloudformation:DescribeEvents and run again, or look at Events in CloudFormation's console",
        ),
        (
            "",
            Unknown("unanswered", "gone"),
            "no reason is given; the causes cannot be read (gone): run again, or look at Events in CloudFormation's "
            "console",
        ),
        (
            COUNT,
            (),
            "Validation failed with 2 error(s); CloudFormation does not show the causes: run again, or look at Events "
            "in CloudFormation's console",
        ),
    ],
    ids=["denied", "unanswered", "nobody knows"],
)
def test_faults_that_cannot_be_read_leave_what_is_known(reason: str, why: object, text: str) -> None:
    assert causes.without_faults(reason, why) == text


# Recorded as the user guide shows them; boto's stub holds them to the model of the service.

OPERATION = {"StackId": "id:s", "OperationId": "f558b823-e1e3-4de3-a222-e6b930ddcad4"}


def told(number: int, operation: str = "CREATE_STACK", **more: Any) -> dict[str, Any]:
    """An event of DescribeEvents."""
    return {**OPERATION, "EventId": f"o{number}", "OperationType": operation, "Timestamp": NOW, **more}


def validation(number: int, resource: str, path: str, reason: str, operation: str = "CREATE_STACK", **more: Any) -> Any:
    fields = {
        "EventType": "VALIDATION_ERROR",
        "LogicalResourceId": resource,
        "PhysicalResourceId": "",
        "ResourceType": "AWS::S3::Bucket",
        "ValidationFailureMode": "FAIL",
        "ValidationName": "PROPERTY_VALIDATION",
        "ValidationStatus": "FAILED",
        "ValidationStatusReason": reason,
        "ValidationPath": path,
    }
    return told(number, operation, **{**fields, **more})


CONFIGURATION = "NotificationConfiguration/QueueConfigurations/0"
NOTIFICATION = validation(
    1,
    "NotificationBucket",
    f"/Resources/NotificationBucket/Properties/{CONFIGURATION}",
    f"#/{CONFIGURATION}: required key [Event] not found",
)
CONFLICT = validation(
    2, "Data", "/Resources/Data", "Bucket 'x' already exists.", ValidationName="NAME_CONFLICT_VALIDATION"
)
FOUND = (
    Fault("NotificationBucket", "AWS::S3::Bucket", CONFIGURATION, "required key [Event] not found"),
    Fault("Data", "AWS::S3::Bucket", "", "Bucket 'x' already exists."),
)
ENDED = told(3, OperationStatus="FAILED", EventType="STACK_EVENT", StartTime=NOW, EndTime=NOW)
WARNING = validation(4, "Old", "/Resources/Old", "not empty", ValidationFailureMode="WARN")
PROVISIONED = told(
    5, EventType="PROVISIONING_ERROR", LogicalResourceId="s", ResourceStatus="CREATE_FAILED", ResourceStatusReason=COUNT
)
EARLIER = validation(6, "Earlier", "/Resources/Earlier", "last month's", Timestamp=NOW - timedelta(days=30))
PLANNED = validation(7, "Planned", "/Resources/Planned", "of a change set", "CREATE_CHANGESET")
ASKED = {"StackName": "id:s", "Filters": {"FailedEvents": True}}


def gateway(stub: Stub) -> tuple[Stacks, Stubber]:
    client, stubber = stub("cloudformation")
    return Stacks(client, lambda seconds: None, 0), stubber


def test_all_faults_of_the_operation_are_read_on_all_pages(stub: Stub) -> None:
    stacks, stubber = gateway(stub)
    page = {"OperationEvents": [ENDED, PROVISIONED, NOTIFICATION, WARNING], "NextToken": "more"}
    stubber.add_response("describe_events", page, ASKED)
    last = {"OperationEvents": [CONFLICT, NOTIFICATION, EARLIER, PLANNED]}
    stubber.add_response("describe_events", last, {**ASKED, "NextToken": "more"})
    assert stacks.faults("id:s", NOW + timedelta(milliseconds=500)) == FOUND


def test_a_hook_that_refuses_is_a_fault_and_one_that_warns_is_none(stub: Stub) -> None:
    stacks, stubber = gateway(stub)
    hook = {
        "EventType": "HOOK_INVOCATION_ERROR",
        "LogicalResourceId": "Data",
        "ResourceType": "AWS::S3::Bucket",
        "HookType": "Org::Guard::Hook",
        "HookStatus": "HOOK_COMPLETE_FAILED",
        "HookStatusReason": "must be encrypted",
    }
    events = [
        told(1, **hook, HookFailureMode="FAIL"),
        told(2, **{**hook, "HookStatusReason": "x"}, HookFailureMode="WARN"),
    ]
    stubber.add_response("describe_events", {"OperationEvents": events}, ASKED)
    assert stacks.faults("id:s", NOW) == (
        Fault("Data", "AWS::S3::Bucket", "", "hook Org::Guard::Hook: must be encrypted"),
    )


@pytest.mark.parametrize(
    ("code", "kind"), [("AccessDenied", "denied"), ("Throttling", "unanswered"), ("InvalidAction", "unknown")]
)
def test_faults_that_may_not_be_read_are_unknown(stub: Stub, code: str, kind: str) -> None:
    stacks, stubber = gateway(stub)
    stubber.add_client_error(
        "describe_events", code, "User is not authorized to perform: cloudformation:DescribeEvents"
    )
    found = stacks.faults("id:s", NOW)
    assert isinstance(found, Unknown)
    assert found.kind == kind
    assert "cloudformation:DescribeEvents" in found.detail or code == "Throttling"


# Change sets.

EARLY = (
    "The following hook(s)/validation failed: [AWS::EarlyValidation::ResourceExistenceCheck]. To troubleshoot Early "
    "Validation errors, use the DescribeEvents API for detailed failure information."
)


def refused(stub: Stub, reason: str, *events: dict[str, Any], code: str = "", discarded: str = "") -> WildrydesError:
    """What is told of a change set that fails with a reason, of which DescribeEvents tells events or a code."""
    stacks, stubber = gateway(stub)
    stubber.add_response("create_change_set", {"Id": ARN, "StackId": "id:s"})
    stubber.add_response("describe_change_set", {"Status": "FAILED", "StatusReason": reason}, {"ChangeSetName": ARN})
    asked = {"ChangeSetName": ARN, "Filters": {"FailedEvents": True}}
    if code:
        stubber.add_client_error("describe_events", code, "no", expected_params=asked)
    else:
        stubber.add_response("describe_events", {"OperationEvents": list(events)}, asked)
    if discarded:
        stubber.add_client_error("delete_change_set", discarded, "no", expected_params={"ChangeSetName": ARN})
    else:
        stubber.add_response("delete_change_set", {}, {"ChangeSetName": ARN})
    with pytest.raises(WildrydesError) as error:
        stacks.prepare(Stack("s", "id:s", "UPDATE_COMPLETE"), "text", {}, {})
    stubber.assert_no_pending_responses()
    assert error.value.exit_code == 1
    return error.value


def test_a_refused_change_set_tells_all_its_faults_before_it_goes(stub: Stub) -> None:
    of_change_set = [{**item, "OperationType": "CREATE_CHANGESET"} for item in (NOTIFICATION, WARNING, CONFLICT)]
    error = refused(stub, EARLY, *of_change_set)
    assert str(error) == f"stack s: CloudFormation refuses the change: {causes.describe(FOUND)}"
    assert [cause["resource"] for cause in error.record["causes"]] == ["NotificationBucket", "Data"]


def test_a_denied_look_at_the_faults_is_said_beside_what_is_known(stub: Stub) -> None:
    assert str(refused(stub, EARLY, code="AccessDenied")) == (
        "stack s: CloudFormation refuses the change: The following hook(s)/validation failed: "
        "[AWS::EarlyValidation::ResourceExistenceCheck]; no permission to read the causes: allow "
        "cloudformation:DescribeEvents and run again, or look at Events in CloudFormation's console"
    )


@pytest.mark.parametrize("code", ["", "AccessDenied", "Throttling"])
def test_a_reason_that_is_one_stands_alone(stub: Stub, code: str) -> None:
    error = refused(stub, "Export x is in use", code=code)
    assert str(error) == "stack s: CloudFormation refuses the change: Export x is in use"


def test_without_reason_and_faults_it_is_told_where_to_look(stub: Stub) -> None:
    assert str(refused(stub, "")).startswith(
        "stack s: CloudFormation refuses the change: no reason is given; CloudFormation does not show the causes"
    )


def test_a_change_set_that_cannot_be_thrown_away_hides_no_cause(stub: Stub) -> None:
    assert "Export x is in use" in str(refused(stub, "Export x is in use", discarded="AccessDenied"))


NO_GATEWAY = "Nat Gateway is not available in this availability zone (Service: Ec2, Status Code: 400)"
NO_INSTANCE = (
    "Your requested instance type (c5.large) is not supported in your requested Availability Zone (us-east-1e)."
)


@pytest.mark.parametrize("reason", [NO_GATEWAY, "HandlerErrorCode: NotAvailableInZone", NO_INSTANCE])
def test_a_zone_that_lacks_something_is_told_with_what_to_do(reason: str) -> None:
    told = causes.with_remedy(f"NatGateway (AWS::EC2::NatGateway): {reason}")
    assert reason in told
    assert "--set AvailabilityZoneOne=ZONE --set AvailabilityZoneTwo=ZONE" in told


def test_a_cause_without_a_known_remedy_is_told_as_it_is() -> None:
    assert causes.with_remedy(f"EFSFilled (AWS::X): {SIGNAL}") == f"EFSFilled (AWS::X): {SIGNAL}"

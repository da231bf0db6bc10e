"""The gateway of this service, on boto's own client: what AWS is asked and what its answers mean."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from botocore.stub import ANY, Stubber

from tests.unit.stubs import ARN, NOW, STACK, Stub
from wildrydes_ml.aws.records import ChangeSet, Stack, StackEvent, StackResource
from wildrydes_ml.aws.stacks import Stacks
from wildrydes_ml.errors import InterruptedWork, WildrydesError
from wildrydes_ml.template.change import ResourceChange


@pytest.fixture
def cloudformation(stub: Stub) -> tuple[Stacks, Stubber, list[float]]:
    client, stubber = stub("cloudformation")
    slept: list[float] = []
    return Stacks(client, slept.append, 5.0), stubber, slept


Formation = tuple[Stacks, Stubber, list[float]]


def test_a_stack_is_told_as_plain_data(cloudformation: Formation) -> None:
    stacks, stubber, _ = cloudformation
    parts = {
        "StackStatusReason": "why",
        "Parameters": [{"ParameterKey": "a", "ParameterValue": "1"}],
        "Outputs": [{"OutputKey": "b", "OutputValue": "2"}],
        "Tags": [{"Key": "c", "Value": "3"}],
        "Description": "what it is",
        "ParentId": "id:p",
        "RoleARN": "arn:aws:iam::123456789012:role/r",
    }
    stubber.add_response("describe_stacks", {"Stacks": [{**STACK, **parts}]}, {"StackName": "s"})
    parameters, outputs, tags, role = {"a": "1"}, {"b": "2"}, {"c": "3"}, "arn:aws:iam::123456789012:role/r"
    told = ("why", parameters, outputs, tags, False, NOW, NOW, "what it is", "id:p", role)
    assert stacks.describe("s") == Stack("s", "id:s", "CREATE_COMPLETE", *told)


def test_a_stack_was_changed_last_when_its_last_update_began(cloudformation: Formation) -> None:
    stacks, stubber, _ = cloudformation
    later = NOW + timedelta(seconds=1)
    stubber.add_response("describe_stacks", {"Stacks": [{**STACK, "LastUpdatedTime": later}]}, {"StackName": "s"})
    found = stacks.describe("s")
    assert found
    assert found.changed == later


@pytest.mark.parametrize("protected", [True, False])
def test_a_stack_s_termination_protection_is_told(cloudformation: Formation, protected: bool) -> None:
    stacks, stubber, _ = cloudformation
    stubber.add_response("describe_stacks", {"Stacks": [{**STACK, "EnableTerminationProtection": protected}]})
    found = stacks.describe("s")
    assert found
    assert found.is_protected is protected


def test_a_stack_s_policy(cloudformation: Formation) -> None:
    stacks, stubber, _ = cloudformation
    stubber.add_response("get_stack_policy", {"StackPolicyBody": "{}"}, {"StackName": "s"})
    stubber.add_response("get_stack_policy", {})
    assert [stacks.policy("s"), stacks.policy("s")] == ["{}", ""]
    stubber.add_client_error("get_stack_policy", "AccessDenied", "cloudformation:GetStackPolicy")
    with pytest.raises(WildrydesError, match="policy of stack s: AWS denies access: cloudformation:GetStackPolicy"):
        stacks.policy("s")


def test_a_missing_stack_is_none_and_another_fault_is_not(cloudformation: Formation) -> None:
    stacks, stubber, _ = cloudformation
    stubber.add_client_error("describe_stacks", "ValidationError", "Stack with id s does not exist")
    assert stacks.describe("s") is None
    stubber.add_client_error("describe_stacks", "ValidationError", "1 validation error detected")
    with pytest.raises(WildrydesError, match="stack s: ValidationError: 1 validation"):
        stacks.describe("s")


class Sent:
    """Matches any value of a parameter and remembers it; with an event, the event gets it as its token."""

    def __init__(self, echo: dict[str, Any] | None = None) -> None:
        self.values: list[str] = []
        self._echo = {} if echo is None else echo

    def __eq__(self, value: object) -> bool:
        self.values.append(str(value))
        self._echo["ClientRequestToken"] = str(value)
        return True

    __hash__ = None  # type: ignore[assignment]


BODY = {
    "TemplateBody": "text",
    "Parameters": [{"ParameterKey": "a", "ParameterValue": "1"}],
    "Tags": [{"Key": "t", "Value": "v"}],
    "Capabilities": ["CAPABILITY_IAM"],
}
UPDATE = {"StackName": "id:s", "ChangeSetType": "UPDATE", **BODY}
FOUND = Stack("s", "id:s", "UPDATE_COMPLETE")
WANTED = ("text", {"a": "1"}, {"t": "v"})
BUSY = "Stack:id:s is in UPDATE_IN_PROGRESS state and can not be updated."


def happened(number: int, **more: Any) -> dict[str, Any]:
    """An event as AWS tells it."""
    name = {"StackId": "id:s", "StackName": "s", "EventId": f"e{number}", "Timestamp": NOW}
    return {**name, "LogicalResourceId": "R", "ResourceType": "T", "ResourceStatus": "CREATE_FAILED", **more}


# Creation.


def test_each_creation_has_a_token_of_its_own(cloudformation: Formation) -> None:
    stacks, stubber, _ = cloudformation
    token = Sent()
    for _ in range(2):
        asked = {"StackName": "s", "ClientRequestToken": token, **BODY}
        stubber.add_response("create_stack", {"StackId": "id:s"}, asked)
        made = stacks.create("s", *WANTED)
        assert made == Stack("s", "id:s", "CREATE_IN_PROGRESS", parameters={"a": "1"}, tags={"t": "v"})
    assert len(set(token.values)) == 2


def test_our_own_creation_whose_reply_was_lost_is_adopted(cloudformation: Formation) -> None:
    stacks, stubber, _ = cloudformation
    first = happened(1)
    asked = {"StackName": "s", "ClientRequestToken": Sent(first), **BODY}
    stubber.add_client_error(
        "create_stack", "AlreadyExistsException", "Stack [s] already exists", expected_params=asked
    )
    stubber.add_response("describe_stack_events", {"StackEvents": [happened(2), first]}, {"StackName": "s"})
    made = stacks.create("s", *WANTED)
    assert (made.id, made.status) == ("id:s", "CREATE_IN_PROGRESS")


def test_another_deployer_s_creation_is_not_ours(cloudformation: Formation) -> None:
    stacks, stubber, _ = cloudformation
    stubber.add_client_error("create_stack", "AlreadyExistsException", "Stack [s] already exists")
    theirs = {"StackEvents": [happened(2), happened(1, ClientRequestToken="theirs")]}
    stubber.add_response("describe_stack_events", theirs)
    with pytest.raises(InterruptedWork, match=r"^stack s: another deployer is creating it; run again to wait for it$"):
        stacks.create("s", *WANTED)


def test_a_stack_that_was_there_and_is_gone_again_is_another_deployer_s(cloudformation: Formation) -> None:
    stacks, stubber, _ = cloudformation
    stubber.add_client_error("create_stack", "AlreadyExistsException", "Stack [s] already exists")
    stubber.add_client_error("describe_stack_events", "ValidationError", "Stack [s] does not exist")
    with pytest.raises(InterruptedWork, match="stack s: another deployer is changing it"):
        stacks.create("s", *WANTED)


def test_a_refused_creation_is_told(cloudformation: Formation) -> None:
    stacks, stubber, _ = cloudformation
    stubber.add_client_error("create_stack", "InsufficientCapabilitiesException", "Requires capabilities")
    with pytest.raises(WildrydesError, match="stack s: InsufficientCapabilitiesException: Requires capabilities"):
        stacks.create("s", *WANTED)


NAMED = {"Capabilities": ["CAPABILITY_NAMED_IAM"]}
URL = "https://s3.eu-west-1.amazonaws.com/b/template/s-0123456789abcdef.template"


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ("Resources: {}", {"TemplateBody": "Resources: {}"}),
        ("RoleName: rider", {"TemplateBody": "RoleName: rider", **NAMED}),
        ('{"RoleName": "rider"}', {"TemplateBody": '{"RoleName": "rider"}', **NAMED}),
        (URL, {"TemplateURL": URL, **NAMED}),
        ("http://127.0.0.1:1/b/k", {"TemplateURL": "http://127.0.0.1:1/b/k", **NAMED}),
    ],
)
def test_a_template_is_handed_over_as_text_or_as_address(
    cloudformation: Formation, given: str, sent: dict[str, Any]
) -> None:
    """Roles may have names of their own where the text says so, or cannot be looked at."""
    stacks, stubber, _ = cloudformation
    rest = {key: value for key, value in BODY.items() if key != "TemplateBody"}
    stubber.add_response(
        "create_stack", {"StackId": "id:s"}, {"StackName": "s", "ClientRequestToken": ANY, **rest, **sent}
    )
    assert stacks.create("s", given, {"a": "1"}, {"t": "v"}).id == "id:s"


def test_a_secret_that_the_stack_has_stays_as_it_is(cloudformation: Formation) -> None:
    stacks, stubber, _ = cloudformation
    chosen = [{"ParameterKey": "a", "ParameterValue": "1"}, {"ParameterKey": "b", "UsePreviousValue": True}]
    asked = {**UPDATE, "Parameters": chosen, "ChangeSetName": ANY, "ClientToken": ANY}
    stubber.add_client_error("create_change_set", "ValidationError", BUSY, expected_params=asked)
    with pytest.raises(WildrydesError):
        stacks.prepare(FOUND, "text", {"a": "1", "b": "****"}, {"t": "v"})


ROLE = {"RoleARN": "arn:aws:iam::123456789012:role/cfn"}


@pytest.mark.parametrize("role", [ROLE, {}], ids=["given", "none"])
def test_cloudformation_gets_the_role_for_all_that_it_does(stub: Stub, role: dict[str, str]) -> None:
    client, stubber = stub("cloudformation")
    stacks = Stacks(client, lambda seconds: None, 0, role.get("RoleARN", ""))
    token = {"ClientRequestToken": ANY}
    stubber.add_response("create_stack", {"StackId": "id:s"}, {"StackName": "s", **token, **BODY, **role})
    stacks.create("s", *WANTED)
    asked = {**UPDATE, "ChangeSetName": ANY, "ClientToken": ANY, **role}
    stubber.add_response("create_change_set", {"Id": ARN}, asked)
    stubber.add_response("describe_change_set", {"Status": "CREATE_COMPLETE", "Changes": []})
    stacks.prepare(FOUND, *WANTED)
    for call, status in (("rollback_stack", "UPDATE_FAILED"), ("continue_update_rollback", "UPDATE_ROLLBACK_FAILED")):
        stubber.add_response(call, {}, {"StackName": "id:s", **token, **role})
        stacks.undo(Stack("s", "id:s", status))
    stubber.add_response("delete_stack", {}, {"StackName": "id:s", **token, **role})
    stacks.delete("id:s")


# Change sets.


def change(name: str, **more: Any) -> dict[str, Any]:
    return {"ResourceChange": {"LogicalResourceId": name, "ResourceType": "T", "Action": "Modify", **more}}


def asked_for(stubber: Stubber, *answers: dict[str, Any], name: Any = ANY, token: Any = ANY) -> None:
    """A change set is made, and these are the answers to the looks at it."""
    asked = {**UPDATE, "ChangeSetName": name, "ClientToken": token}
    stubber.add_response("create_change_set", {"Id": ARN, "StackId": "id:s"}, asked)
    for answer in answers:
        stubber.add_response("describe_change_set", answer, {"ChangeSetName": ARN})


def test_a_change_set_is_made_waited_for_and_read_whole(cloudformation: Formation) -> None:
    stacks, stubber, slept = cloudformation
    page = {"Status": "CREATE_COMPLETE", "Changes": [change("A", Replacement="True")], "NextToken": "more"}
    asked_for(stubber, {"Status": "CREATE_PENDING"}, {"Status": "CREATE_IN_PROGRESS"}, page)
    last = {"Status": "CREATE_COMPLETE", "Changes": [change("B")]}
    stubber.add_response("describe_change_set", last, {"ChangeSetName": ARN, "NextToken": "more"})
    made = stacks.prepare(FOUND, *WANTED)
    changes = (ResourceChange("A", "T", "Modify", "True"), ResourceChange("B", "T", "Modify", "False"))
    assert made == ChangeSet(ARN, FOUND, changes)
    assert slept == [1, 1]


def test_an_update_may_keep_the_stack_s_own_template(cloudformation: Formation) -> None:
    stacks, stubber, _ = cloudformation
    asked: dict[str, Any] = {key: value for key, value in UPDATE.items() if key != "TemplateBody"}
    asked |= {"ChangeSetName": ANY, "ClientToken": ANY, "UsePreviousTemplate": True, **NAMED}
    stubber.add_response("create_change_set", {"Id": ARN, "StackId": "id:s"}, asked)
    stubber.add_response("describe_change_set", {"Status": "CREATE_COMPLETE"}, {"ChangeSetName": ARN})
    assert stacks.prepare(FOUND, "", {"a": "1"}, {"t": "v"}) == ChangeSet(ARN, FOUND, ())


def test_a_change_tells_the_properties_for_which_it_may_replace(cloudformation: Formation) -> None:
    stacks, stubber, _ = cloudformation
    targets: list[dict[str, str]] = [
        {"Attribute": "Properties", "Name": "Ipv6CidrBlock", "RequiresRecreation": "Conditionally"},
        {"Attribute": "Properties", "Name": "CidrBlock", "RequiresRecreation": "Always"},
        {"Attribute": "Properties", "Name": "CidrBlock", "RequiresRecreation": "Always"},
        {"Attribute": "Properties", "Name": "MapPublicIpOnLaunch", "RequiresRecreation": "Never"},
        {"Attribute": "Tags", "RequiresRecreation": "Never"},
    ]
    told = change("A", Replacement="Conditional", Details=[{"Target": target} for target in targets])
    asked_for(stubber, {"Status": "CREATE_COMPLETE", "Changes": [told]})
    made = stacks.prepare(FOUND, *WANTED)
    assert made
    assert made.changes == (ResourceChange("A", "T", "Modify", "Conditional", ("CidrBlock", "Ipv6CidrBlock")),)


def test_a_quick_place_is_asked_more_often(stub: Stub) -> None:
    client, stubber = stub("cloudformation")
    slept: list[float] = []
    asked_for(stubber, {"Status": "CREATE_PENDING"}, {"Status": "CREATE_COMPLETE"})
    assert Stacks(client, slept.append, 0.1).prepare(FOUND, *WANTED) == ChangeSet(ARN, FOUND, ())
    assert slept == [0.1]


def test_no_two_change_sets_have_the_same_name_and_token(cloudformation: Formation) -> None:
    stacks, stubber, _ = cloudformation
    name, token = Sent(), Sent()
    for _ in range(2):
        asked_for(stubber, {"Status": "CREATE_COMPLETE"}, name=name, token=token)
        stacks.prepare(FOUND, *WANTED)
    assert len(set(name.values)) == len(set(token.values)) == 2
    assert all(re.fullmatch(r"wildrydes-[-a-zA-Z0-9]{1,118}", value) for value in name.values), (
        "as CloudFormation wants"
    )


@pytest.mark.parametrize(
    "reason",
    [
        "The submitted information didn't contain changes. Submit different information to create a change set.",
        "No updates are to be performed.",
    ],
)
def test_an_empty_change_set_is_thrown_away_and_no_error(cloudformation: Formation, reason: str) -> None:
    stacks, stubber, _ = cloudformation
    asked_for(stubber, {"Status": "FAILED", "StatusReason": reason})
    stubber.add_response("delete_change_set", {}, {"ChangeSetName": ARN})
    assert stacks.prepare(FOUND, *WANTED) is None


def test_a_change_set_whose_reply_was_lost_is_found_by_its_name(cloudformation: Formation) -> None:
    stacks, stubber, _ = cloudformation
    named, found = Sent(), Sent()
    asked = {**UPDATE, "ChangeSetName": named, "ClientToken": ANY}
    stubber.add_client_error("create_change_set", "AlreadyExistsException", "exists", expected_params=asked)
    stubber.add_response(
        "describe_change_set",
        {"ChangeSetId": ARN, "Status": "CREATE_PENDING"},
        {"StackName": "id:s", "ChangeSetName": found},
    )
    ready = {"Status": "CREATE_COMPLETE", "Changes": [change("A")]}
    stubber.add_response("describe_change_set", ready, {"ChangeSetName": ARN})
    made = stacks.prepare(FOUND, *WANTED)
    assert made == ChangeSet(ARN, FOUND, (ResourceChange("A", "T", "Modify"),))
    assert named.values == found.values


@pytest.mark.parametrize("status", ["UPDATE_IN_PROGRESS", "ROLLBACK_COMPLETE", "DELETE_COMPLETE"])
def test_a_stack_that_somebody_else_updates_is_another_deployer_s(cloudformation: Formation, status: str) -> None:
    stacks, stubber, _ = cloudformation
    said = BUSY.replace("UPDATE_IN_PROGRESS", status)
    stubber.add_client_error("create_change_set", "ValidationError", said)
    with pytest.raises(InterruptedWork, match=f"another deployer is changing it; run again .* {status}"):
        stacks.prepare(FOUND, *WANTED)


def test_a_change_set_that_is_never_ready_is_not_waited_for_without_end(cloudformation: Formation) -> None:
    stacks, stubber, slept = cloudformation
    asked_for(stubber, *[{"Status": "CREATE_PENDING"}] * 600)
    with pytest.raises(InterruptedWork, match="CloudFormation still prepares the change set: run again later"):
        stacks.prepare(FOUND, *WANTED)
    assert sum(slept) == 600


def test_a_change_set_is_thrown_away(cloudformation: Formation) -> None:
    stacks, stubber, _ = cloudformation
    stubber.add_response("delete_change_set", {}, {"ChangeSetName": ARN})
    stacks.discard(ARN)
    stubber.add_client_error("delete_change_set", "ChangeSetNotFound", "ChangeSet [c] does not exist")
    stacks.discard(ARN)


@pytest.mark.parametrize("status", ["DELETE_PENDING", "DELETE_IN_PROGRESS", "DELETE_COMPLETE", "DELETE_FAILED"])
def test_a_change_set_that_somebody_else_deletes_is_not_waited_for(cloudformation: Formation, status: str) -> None:
    stacks, stubber, slept = cloudformation
    asked_for(stubber, {"Status": status})
    with pytest.raises(InterruptedWork, match="stack s: another deployer deleted the change set; run again"):
        stacks.prepare(FOUND, *WANTED)
    assert slept == []


# Execution.


def test_a_change_set_is_executed_with_a_token(cloudformation: Formation) -> None:
    stacks, stubber, _ = cloudformation
    token = Sent()
    for _ in range(2):
        stubber.add_response("execute_change_set", {}, {"ChangeSetName": ARN, "ClientRequestToken": token})
        stacks.execute(ChangeSet(ARN, FOUND, ()))
    assert len(set(token.values)) == 2


LOST = [
    ("InvalidChangeSetStatus", "cannot be executed in its current execution status of [EXECUTE_IN_PROGRESS]"),
    ("ChangeSetNotFound", "ChangeSet [c] does not exist"),
    ("ChangeSetNotFoundException", "ChangeSet [c] does not exist"),
    ("OperationInProgressException", "busy"),
    ("ValidationError", BUSY),
]


@pytest.mark.parametrize(("code", "text"), LOST, ids=[code for code, _ in LOST])
def test_our_own_execution_whose_reply_was_lost_goes_on(cloudformation: Formation, code: str, text: str) -> None:
    stacks, stubber, _ = cloudformation
    first = happened(1)
    asked = {"ChangeSetName": ARN, "ClientRequestToken": Sent(first)}
    stubber.add_client_error("execute_change_set", code, text, expected_params=asked)
    stubber.add_response("describe_stack_events", {"StackEvents": [happened(2), first]}, {"StackName": "id:s"})
    stacks.execute(ChangeSet(ARN, FOUND, ()))


@pytest.mark.parametrize(("code", "text"), LOST, ids=[code for code, _ in LOST])
def test_what_another_deployer_executed_is_told(cloudformation: Formation, code: str, text: str) -> None:
    stacks, stubber, _ = cloudformation
    stubber.add_client_error("execute_change_set", code, text)
    theirs = {"StackEvents": [happened(2, ClientRequestToken="theirs"), happened(1)]}
    stubber.add_response("describe_stack_events", theirs)
    with pytest.raises(
        InterruptedWork, match="stack s: another deployer is changing it; run again when that has ended"
    ):
        stacks.execute(ChangeSet(ARN, FOUND, ()))


def test_another_fault_of_the_execution_is_told_without_a_look(cloudformation: Formation) -> None:
    stacks, stubber, _ = cloudformation
    stubber.add_client_error("execute_change_set", "InsufficientCapabilitiesException", "no")
    with pytest.raises(WildrydesError, match="stack s: InsufficientCapabilitiesException: no"):
        stacks.execute(ChangeSet(ARN, FOUND, ()))


# Deleting, undoing, waiting.


@pytest.mark.parametrize("retain", [(), ("Vpc", "Nat")], ids=["all", "but two"])
def test_a_stack_is_deleted_but_for_what_is_retained(cloudformation: Formation, retain: tuple[str, ...]) -> None:
    stacks, stubber, _ = cloudformation
    kept = {"RetainResources": list(retain)} if retain else {}
    stubber.add_response("delete_stack", {}, {"StackName": "id:s", "ClientRequestToken": ANY, **kept})
    stacks.delete("id:s", retain)


@pytest.mark.parametrize(
    "said",
    [
        "Stack [s] cannot be deleted while in status UPDATE_IN_PROGRESS",
        "Invalid operation on stack [s]. When you delete a stack, specify which resources to retain only when the "
        "stack is in the DELETE_FAILED state.",
    ],
)
def test_a_deletion_that_somebody_else_was_faster_than_is_an_interruption(cloudformation: Formation, said: str) -> None:
    stacks, stubber, _ = cloudformation
    stubber.add_client_error("delete_stack", "ValidationError", said)
    with pytest.raises(InterruptedWork, match="stack id:s: another deployer is changing it"):
        stacks.delete("id:s", ("Vpc",))


@pytest.mark.parametrize(
    ("status", "call"),
    [("UPDATE_FAILED", "rollback_stack"), ("UPDATE_ROLLBACK_FAILED", "continue_update_rollback")],
)
def test_a_failed_update_is_undone_as_its_status_wants(cloudformation: Formation, status: str, call: str) -> None:
    stacks, stubber, _ = cloudformation
    stubber.add_response(call, {}, {"StackName": "id:s", "ClientRequestToken": ANY})
    stacks.undo(Stack("s", "id:s", status))


def test_a_pause_is_as_long_as_the_place_wants(cloudformation: Formation) -> None:
    stacks, _, slept = cloudformation
    stacks.pause()
    assert slept == [5.0]


# Events.


def test_events_come_page_by_page_and_oldest_first(cloudformation: Formation) -> None:
    stacks, stubber, _ = cloudformation
    first = {"StackEvents": [happened(4, ResourceStatusReason="why"), happened(3)], "NextToken": "more"}
    stubber.add_response("describe_stack_events", first, {"StackName": "s"})
    second = {"StackEvents": [happened(2), happened(1)]}
    stubber.add_response("describe_stack_events", second, {"StackName": "s", "NextToken": "more"})
    events = stacks.events("s")
    assert [event.id for event in events] == ["e1", "e2", "e3", "e4"]
    assert [event.reason for event in events] == ["", "", "", "why"]
    assert events[0] == StackEvent("e1", NOW, "R", "T", "CREATE_FAILED", "")


def test_events_that_were_seen_are_not_fetched_again(cloudformation: Formation) -> None:
    stacks, stubber, _ = cloudformation
    first = {"StackEvents": [happened(4), happened(3), happened(2)], "NextToken": "more"}
    stubber.add_response("describe_stack_events", first, {"StackName": "s"})
    assert [event.id for event in stacks.events("s", {"e1", "e2"})] == ["e3", "e4"]


def test_the_newest_event_costs_one_page(cloudformation: Formation) -> None:
    stacks, stubber, _ = cloudformation
    page = {"StackEvents": [happened(4), happened(3)], "NextToken": "more"}
    stubber.add_response("describe_stack_events", page, {"StackName": "id:s"})
    assert stacks.newest_event("id:s") == "e4"


# What else a stack has.


def test_the_stacks_with_a_tag_are_found_on_all_pages(cloudformation: Formation) -> None:
    stacks, stubber, _ = cloudformation
    mine = {**STACK, "Tags": [{"Key": "wildrydes-ml", "Value": "x"}]}
    stubber.add_response("describe_stacks", {"Stacks": [STACK, mine], "NextToken": "more"}, {})
    stubber.add_response("describe_stacks", {"Stacks": [{**mine, "StackName": "t"}]}, {"NextToken": "more"})
    assert [stack.name for stack in stacks.tagged("wildrydes-ml")] == ["s", "t"]


def test_resources_are_listed_even_when_a_failed_creation_took_them_back(cloudformation: Formation) -> None:
    stacks, stubber, _ = cloudformation

    def item(name: str, status: str) -> dict[str, Any]:
        return {"LogicalResourceId": name, "ResourceType": "T", "ResourceStatus": status, "LastUpdatedTimestamp": NOW}

    page = {"StackResourceSummaries": [item("A", "CREATE_COMPLETE"), item("B", "DELETE_COMPLETE")], "NextToken": "m"}
    stubber.add_response("list_stack_resources", page, {"StackName": "s"})
    last = {"StackResourceSummaries": [{**item("C", "DELETE_FAILED"), "PhysicalResourceId": "c"}]}
    stubber.add_response("list_stack_resources", last, {"StackName": "s", "NextToken": "m"})
    assert stacks.resources("s") == [
        StackResource("A", "T", ""),
        StackResource("B", "T", ""),
        StackResource("C", "T", "c"),
    ]


def test_the_template_is_the_text_that_was_submitted(cloudformation: Formation) -> None:
    stacks, stubber, _ = cloudformation
    asked = {"StackName": "s", "TemplateStage": "Original"}
    stubber.add_response("get_template", {"TemplateBody": "text"}, asked)
    stubber.add_client_error("get_template", "ValidationError", "Stack s is in REVIEW_IN_PROGRESS")
    stubber.add_response("get_template", {"TemplateBody": '{"Resources": {}}'})  # which boto reads
    stubber.add_client_error("get_template", "AccessDenied", "not yours")
    assert [stacks.template("s") for _ in range(2)] == ["text", ""]
    assert json.loads(stacks.template("s")) == {"Resources": {}}
    with pytest.raises(WildrydesError, match="template of stack s: AWS denies access: not yours"):
        stacks.template("s")


def test_all_stacks_are_looked_for_at_once(cloudformation: Formation) -> None:
    stacks, stubber, _ = cloudformation
    other = {**STACK, "StackName": "other"}
    stubber.add_response("describe_stacks", {"Stacks": [STACK, other]}, {})
    assert stacks.find(["s", "missing"]) == {"s": Stack("s", "id:s", "CREATE_COMPLETE", changed=NOW, created=NOW)}


@pytest.mark.parametrize("answer", ["more than a page", "denied"])
def test_stacks_are_looked_for_by_name_where_there_are_many_or_all_may_not_be_seen(
    cloudformation: Formation, answer: str
) -> None:
    stacks, stubber, _ = cloudformation
    if answer == "denied":
        stubber.add_client_error("describe_stacks", "AccessDenied", "not authorized", expected_params={})
    else:
        stubber.add_response("describe_stacks", {"Stacks": [], "NextToken": "more"}, {})
    stubber.add_response("describe_stacks", {"Stacks": [STACK]}, {"StackName": "s"})
    stubber.add_client_error("describe_stacks", "ValidationError", "Stack with id missing does not exist")
    assert stacks.find(["s", "missing"]) == {"s": Stack("s", "id:s", "CREATE_COMPLETE", changed=NOW, created=NOW)}


def test_events_of_an_operation_are_those_with_its_token(cloudformation: Formation) -> None:
    stacks, stubber, _ = cloudformation

    def item(number: int, token: str) -> dict[str, Any]:
        name = {"StackId": "id:s", "StackName": "s", "EventId": f"e{number}", "Timestamp": NOW}
        more = {"LogicalResourceId": "R", "ResourceType": "T", "ResourceStatus": "UPDATE_COMPLETE"}
        return {**name, **more, "ClientRequestToken": token}

    page = {"StackEvents": [item(4, "ours"), item(3, "ours"), item(2, "theirs"), item(1, "ours")]}
    stubber.add_response("describe_stack_events", page)
    assert [event.id for event in stacks.events("s", token="ours")] == ["e3", "e4"]

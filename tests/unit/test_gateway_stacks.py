"""The gateway of this service, on boto's own client: what AWS is asked and what its answers mean."""

from datetime import datetime, timezone
from typing import Any

import pytest
from botocore.stub import ANY, Stubber

from tests.unit.stubs import Stub
from wildrydes_ml.aws import Stacks
from wildrydes_ml.errors import WildrydesError
from wildrydes_ml.records import ChangeSet, ResourceChange, Stack, StackResource

NOW = datetime(2026, 1, 1, tzinfo=timezone.utc)
STACK = {"StackName": "s", "StackId": "id:s", "StackStatus": "CREATE_COMPLETE", "CreationTime": NOW}
ARN = "arn:aws:cloudformation:eu-west-1:123456789012:changeSet/c/1"


@pytest.fixture
def cloudformation(stub: Stub) -> tuple[Stacks, Stubber, list[float]]:
    client, stubber = stub("cloudformation")
    slept: list[float] = []
    return Stacks(client, slept.append, 5.0), stubber, slept


Formation = tuple[Stacks, Stubber, list[float]]


def does_not_exist(stubber: Stubber, name: str = "s") -> None:
    stubber.add_client_error("describe_stacks", "ValidationError", f"Stack with id {name} does not exist")


def test_a_stack_is_told_as_plain_data(cloudformation: Formation) -> None:
    stacks, stubber, _ = cloudformation
    parts = {
        "StackStatusReason": "why",
        "Parameters": [{"ParameterKey": "a", "ParameterValue": "1"}],
        "Outputs": [{"OutputKey": "b", "OutputValue": "2"}],
        "Tags": [{"Key": "c", "Value": "3"}],
    }
    stubber.add_response("describe_stacks", {"Stacks": [{**STACK, **parts}]}, {"StackName": "s"})
    assert stacks.describe("s") == Stack("s", "id:s", "CREATE_COMPLETE", "why", {"a": "1"}, {"b": "2"}, {"c": "3"})


def test_a_missing_stack_is_none_and_another_fault_is_not(cloudformation: Formation) -> None:
    stacks, stubber, _ = cloudformation
    does_not_exist(stubber)
    assert stacks.describe("s") is None
    stubber.add_client_error("describe_stacks", "ValidationError", "1 validation error detected")
    with pytest.raises(WildrydesError, match="stack s: ValidationError: 1 validation"):
        stacks.describe("s")


def request(kind: str) -> dict[str, Any]:
    return {
        "StackName": "s",
        "ChangeSetName": ANY,
        "ChangeSetType": kind,
        "TemplateBody": "text",
        "Parameters": [{"ParameterKey": "a", "ParameterValue": "1"}],
        "Tags": [{"Key": "t", "Value": "v"}],
        "Capabilities": ["CAPABILITY_IAM"],
    }


def change(name: str, **more: str) -> dict[str, Any]:
    return {"ResourceChange": {"LogicalResourceId": name, "ResourceType": "T", "Action": "Modify", **more}}


@pytest.mark.parametrize(
    ("status", "kind"),
    [(None, "CREATE"), ("REVIEW_IN_PROGRESS", "CREATE"), ("UPDATE_COMPLETE", "UPDATE"), ("CREATE_COMPLETE", "UPDATE")],
)
def test_a_change_set_is_made_waited_for_and_read_whole(
    cloudformation: Formation, status: str | None, kind: str
) -> None:
    stacks, stubber, slept = cloudformation
    if status:
        stubber.add_response("describe_stacks", {"Stacks": [{**STACK, "StackStatus": status}]})
    else:
        does_not_exist(stubber)
    stubber.add_response("create_change_set", {"Id": ARN, "StackId": "id:s"}, request(kind))
    stubber.add_response("describe_change_set", {"Status": "CREATE_PENDING"}, {"ChangeSetName": ARN})
    page = {"Status": "CREATE_COMPLETE", "Changes": [change("A", Replacement="True")], "NextToken": "more"}
    stubber.add_response("describe_change_set", page, {"ChangeSetName": ARN})
    stubber.add_response(
        "describe_change_set",
        {"Status": "CREATE_COMPLETE", "Changes": [change("B")]},
        {"ChangeSetName": ARN, "NextToken": "more"},
    )
    stubber.add_response("describe_stacks", {"Stacks": [STACK]}, {"StackName": "id:s"})
    made = stacks.prepare("s", "text", {"a": "1"}, {"t": "v"})
    assert made is not None
    assert made.changes == (ResourceChange("A", "T", "Modify", "True"), ResourceChange("B", "T", "Modify", "False"))
    assert (made.id, made.stack.id) == (ARN, "id:s")
    assert slept == [1]


@pytest.mark.parametrize(
    "reason",
    [
        "The submitted information didn't contain changes. Submit different information to create a change set.",
        "No updates are to be performed.",
    ],
)
def test_an_empty_change_set_is_thrown_away_and_no_error(cloudformation: Formation, reason: str) -> None:
    stacks, stubber, _ = cloudformation
    stubber.add_response("describe_stacks", {"Stacks": [STACK]})
    stubber.add_response("create_change_set", {"Id": ARN, "StackId": "id:s"}, request("UPDATE"))
    stubber.add_response("describe_change_set", {"Status": "FAILED", "StatusReason": reason})
    stubber.add_response("delete_change_set", {}, {"ChangeSetName": ARN})
    assert stacks.prepare("s", "text", {"a": "1"}, {"t": "v"}) is None


def test_a_refused_change_set_is_thrown_away_and_explained(cloudformation: Formation) -> None:
    stacks, stubber, _ = cloudformation
    stubber.add_response("describe_stacks", {"Stacks": [STACK]})
    stubber.add_response("create_change_set", {"Id": ARN, "StackId": "id:s"})
    stubber.add_response("describe_change_set", {"Status": "FAILED", "StatusReason": "Export x is in use"})
    stubber.add_response("delete_change_set", {}, {"ChangeSetName": ARN})
    with pytest.raises(WildrydesError, match="stack s: CloudFormation refuses the change: Export x is in use"):
        stacks.prepare("s", "text", {"a": "1"}, {"t": "v"})


def test_events_come_page_by_page_and_oldest_first(cloudformation: Formation) -> None:
    stacks, stubber, _ = cloudformation

    def item(number: int) -> dict[str, Any]:
        name = {"StackId": "id:s", "StackName": "s", "EventId": f"e{number}", "Timestamp": NOW}
        return {**name, "LogicalResourceId": "R", "ResourceType": "T", "ResourceStatus": "CREATE_FAILED"}

    first = {"StackEvents": [{**item(4), "ResourceStatusReason": "why"}, item(3)], "NextToken": "more"}
    stubber.add_response("describe_stack_events", first, {"StackName": "s"})
    second = {"StackEvents": [item(2), item(1)]}
    stubber.add_response("describe_stack_events", second, {"StackName": "s", "NextToken": "more"})
    events = stacks.events("s")
    assert [event.id for event in events] == ["e1", "e2", "e3", "e4"]
    assert [event.reason for event in events] == ["", "", "", "why"]


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
    assert (stacks.template("s"), stacks.template("s")) == ("text", "")


def test_execute_delete_and_pause_are_single_calls(cloudformation: Formation) -> None:
    stacks, stubber, slept = cloudformation
    stubber.add_response("execute_change_set", {}, {"ChangeSetName": ARN})
    stubber.add_response("delete_stack", {}, {"StackName": "id:s"})
    stacks.execute(ChangeSet(ARN, Stack("s", "id:s", "CREATE_COMPLETE"), ()))
    stacks.delete("id:s")
    stacks.pause()
    assert slept == [5.0]

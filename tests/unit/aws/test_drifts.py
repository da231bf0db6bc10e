"""The comparison of a stack with its template: what CloudFormation is asked, and what its answers mean."""

from datetime import datetime, timezone
from typing import Any

import pytest
from botocore.stub import Stubber

from tests.unit.stubs import Stub
from wildrydes_ml.aws.facts import Unknown
from wildrydes_ml.aws.records import Difference, Drift, Drifted, Stack
from wildrydes_ml.aws.stacks import Stacks
from wildrydes_ml.errors import OutOfReach

NOW = datetime(2026, 1, 1, tzinfo=timezone.utc)
STACK = Stack("s", "id:s", "CREATE_COMPLETE")
DETECTION = {"StackDriftDetectionId": "detection"}
Formation = tuple[Stacks, Stubber, list[float]]


@pytest.fixture
def cloudformation(stub: Stub) -> Formation:
    client, stubber = stub("cloudformation")
    slept: list[float] = []
    return Stacks(client, slept.append, 5.0), stubber, slept


def resource(title: str, status: str, **more: Any) -> dict[str, Any]:
    return {
        "StackId": "id:s",
        "LogicalResourceId": title,
        "ResourceType": "AWS::Lambda::Function",
        "StackResourceDriftStatus": status,
        "Timestamp": NOW,
        **more,
    }


def detected(stubber: Stubber, *statuses: str, **more: Any) -> None:
    stubber.add_response("detect_stack_drift", DETECTION, {"StackName": "id:s"})
    for status in statuses:
        reply = {"StackId": "id:s", **DETECTION, "DetectionStatus": status, "Timestamp": NOW}
        stubber.add_response("describe_stack_drift_detection_status", {**reply, **more}, DETECTION)


def test_what_differs_is_read_from_all_pages_when_the_comparison_is_done(cloudformation: Formation) -> None:
    stacks, stubber, slept = cloudformation
    detected(stubber, "DETECTION_IN_PROGRESS", "DETECTION_IN_PROGRESS", "DETECTION_COMPLETE")
    changed = {"PropertyPath": "/MemorySize", "ExpectedValue": "3008", "ActualValue": "128"}
    first = [
        resource("F", "MODIFIED", PropertyDifferences=[{**changed, "DifferenceType": "NOT_EQUAL"}]),
        resource("G", "IN_SYNC"),
    ]
    stubber.add_response(
        "describe_stack_resource_drifts", {"StackResourceDrifts": first, "NextToken": "2"}, {"StackName": "id:s"}
    )
    stubber.add_response(
        "describe_stack_resource_drifts",
        {"StackResourceDrifts": [resource("H", "DELETED"), resource("I", "NOT_CHECKED")]},
        {"StackName": "id:s", "NextToken": "2"},
    )
    kind = "AWS::Lambda::Function"
    modified = Drifted("F", kind, False, (Difference("/MemorySize", "3008", "128"),))
    assert stacks.drift(STACK) == Drift(3, (modified, Drifted("H", kind, True)))
    assert slept == [2, 2]


def test_a_comparison_that_was_done_in_part_says_why(cloudformation: Formation) -> None:
    stacks, stubber, _ = cloudformation
    detected(stubber, "DETECTION_FAILED", DetectionStatusReason="no permission for [F]")
    stubber.add_response("describe_stack_resource_drifts", {"StackResourceDrifts": [resource("G", "IN_SYNC")]})
    assert stacks.drift(STACK) == Drift(1, (), "no permission for [F]")


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("AccessDenied", "cloudformation:DetectStackDrift"),
        ("InvalidAction", "such is not known here"),
        ("ValidationError", "such is not known here"),
    ],
)
def test_where_nothing_can_be_compared_that_is_an_answer(cloudformation: Formation, code: str, expected: str) -> None:
    stacks, stubber, _ = cloudformation
    stubber.add_client_error("detect_stack_drift", code, "such is not known here")
    found = stacks.drift(STACK)
    assert isinstance(found, Unknown)
    assert found.kind == ("denied" if code == "AccessDenied" else "unknown")
    assert expected in found.detail


def test_a_permission_that_is_missing_later_is_named(cloudformation: Formation) -> None:
    stacks, stubber, _ = cloudformation
    detected(stubber, "DETECTION_COMPLETE")
    stubber.add_client_error("describe_stack_resource_drifts", "AccessDenied", "no")
    assert stacks.drift(STACK) == Unknown("denied", "cloudformation:DescribeStackResourceDrifts")


def test_a_fault_of_aws_is_not_taken_for_an_answer(cloudformation: Formation) -> None:
    stacks, stubber, _ = cloudformation
    stubber.add_client_error("detect_stack_drift", "ServiceUnavailable", "later", 503)
    with pytest.raises(OutOfReach):
        stacks.drift(STACK)


def test_a_comparison_that_never_ends_is_not_waited_for_without_end(cloudformation: Formation) -> None:
    stacks, stubber, slept = cloudformation
    detected(stubber, *["DETECTION_IN_PROGRESS"] * 300)
    found = stacks.drift(STACK)
    assert isinstance(found, Unknown)
    assert found.kind == "unanswered"
    assert sum(slept) == 600

"""The differences that CloudFormation finds between a stack's resources and its template.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-stack-drift.html
"""

from collections.abc import Callable, Iterator
from typing import Any

from botocore.exceptions import ClientError

from ..errors import InterruptedWork, SettingsError, WildrydesError
from .facts import Unknown
from .faults import DENIED, code_of, translated
from .records import Difference, Drift, Drifted, Stack

# Seconds for a few resources, minutes for some hundred.
_LOOKS = 300
_DIFFERENT = ("MODIFIED", "DELETED")


def read(client: Any, stack: Stack, pause: Callable[[], None]) -> Drift | Unknown:
    """Lets CloudFormation compare a stack with its template, and waits. Unknown if the permissions or an emulator do
    not allow it.

    Raises InterruptedWork when AWS cannot be reached or the credentials have expired.
    """
    try:
        with translated(f"drift of stack {stack.name}"):
            return _read(client, stack.id, pause)
    except (InterruptedWork, SettingsError):
        raise
    except WildrydesError as error:
        cause = error.__cause__
        if isinstance(cause, ClientError) and code_of(cause) in DENIED:
            return Unknown("denied", f"cloudformation:{cause.operation_name}")
        return Unknown("unknown", str(cause))


def _read(client: Any, stack: str, pause: Callable[[], None]) -> Drift | Unknown:
    status = _detected(client, stack, pause)
    if status is None:
        return Unknown("unanswered", f"CloudFormation has not finished after {_LOOKS} checks")
    known = ("IN_SYNC", *_DIFFERENT)
    compared = [item for item in _drifts(client, stack) if item["StackResourceDriftStatus"] in known]
    found = tuple(_drifted(item) for item in compared if item["StackResourceDriftStatus"] in _DIFFERENT)
    return Drift(len(compared), found, str(status.get("DetectionStatusReason", "")))


def _detected(client: Any, stack: str, pause: Callable[[], None]) -> dict[str, Any] | None:
    detection = client.detect_stack_drift(StackName=stack)["StackDriftDetectionId"]
    for _ in range(_LOOKS):
        found: dict[str, Any] = client.describe_stack_drift_detection_status(StackDriftDetectionId=detection)
        if found["DetectionStatus"] != "DETECTION_IN_PROGRESS":
            return found
        pause()
    return None


def _drifts(client: Any, stack: str) -> Iterator[dict[str, Any]]:
    more: dict[str, str] = {}
    while True:
        page = client.describe_stack_resource_drifts(StackName=stack, **more)
        yield from page["StackResourceDrifts"]
        if not page.get("NextToken"):
            return
        more = {"NextToken": page["NextToken"]}


def _drifted(item: dict[str, Any]) -> Drifted:
    differences = tuple(
        Difference(one["PropertyPath"], one["ExpectedValue"], one["ActualValue"])
        for one in item.get("PropertyDifferences", [])
    )
    return Drifted(
        item["LogicalResourceId"], item["ResourceType"], item["StackResourceDriftStatus"] == "DELETED", differences
    )

"""The faults that CloudFormation finds before it creates anything: only DescribeEvents returns them.

https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeEvents.html
"""

from datetime import datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from ..errors import OutOfReach, WildrydesError
from .facts import Unknown
from .faults import DENIED, code_of, translated
from .records import Fault

# How much an event of the one list may be older than one of the other that came before it: they may be rounded.
_ROUNDING = timedelta(seconds=1)


def faults(client: Any, since: datetime | None = None, **place: str) -> tuple[Fault, ...] | Unknown:
    """All faults of a stack's operation or of a change set, or why they cannot be read; raises nothing.

    `place` is a StackName (then `since` is the operation's beginning), or a ChangeSetName, which must be an ARN.
    """
    try:
        with translated("the causes"):
            pages = client.get_paginator("describe_events").paginate(**place, Filters={"FailedEvents": True})
            items = [item for page in pages for item in page["OperationEvents"]]
            found = [_fault(item) for item in items if _counts(item, since, "ChangeSetName" in place)]
    except WildrydesError as error:
        return _unknown(error)
    return tuple(dict.fromkeys(found))


def _unknown(error: WildrydesError) -> Unknown:
    cause = error.__cause__
    if isinstance(cause, ClientError) and code_of(cause) in DENIED:
        return Unknown("denied", "cloudformation:DescribeEvents")
    return Unknown("unanswered" if isinstance(error, OutOfReach) else "unknown", str(error))


def _counts(item: dict[str, Any], since: datetime | None, is_planned: bool) -> bool:
    """Whether an event tells of a fault that ended the operation; others warn."""
    if (item.get("OperationType") == "CREATE_CHANGESET") != is_planned and "OperationType" in item:
        return False
    if since is not None and "Timestamp" in item and item["Timestamp"] < since - _ROUNDING:
        return False
    if item.get("EventType") == "HOOK_INVOCATION_ERROR":
        return str(item.get("HookFailureMode")) != "WARN"
    return item.get("EventType") == "VALIDATION_ERROR" and item.get("ValidationFailureMode") != "WARN"


def _fault(item: dict[str, Any]) -> Fault:
    resource = item.get("LogicalResourceId", "the template")
    path = item.get("ValidationPath", "").removeprefix(f"/Resources/{resource}").removeprefix("/Properties")
    path = path.removeprefix("/")
    hook = f"hook {item['HookType']}: " if "HookType" in item else ""
    told = item.get("ValidationStatusReason") or item.get("HookStatusReason") or item.get("ValidationName") or "failed"
    reason = hook + told.removeprefix(f"#/{path}: ")
    return Fault(resource, item.get("ResourceType", ""), path, reason)

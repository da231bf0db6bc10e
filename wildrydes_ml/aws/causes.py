"""Finds in a stack's events why an operation of CloudFormation failed: the cause, not its consequences.

CloudFormation validates a template before it creates anything. After a failed validation, the stack's events say only
that there are faults; another call returns them.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/validate-stack-deployments.html
"""

import re
from collections.abc import Sequence

from .facts import Unknown
from .records import Fault, StackEvent

_STACK = "AWS::CloudFormation::Stack"
_BEGINNINGS = ("CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS", "IMPORT_IN_PROGRESS")
_TURNS = ("ROLLBACK_IN_PROGRESS", "UPDATE_ROLLBACK_IN_PROGRESS", "IMPORT_ROLLBACK_IN_PROGRESS")
# CloudFormation says this of what it never got to, and of the whole: no cause.
_CANCELLED = re.compile(r"Resource (creation|update|deletion|import) cancelled")
_SUM = re.compile(r"The following resource\(s\) failed|Validation failure detected")
# This says where the causes are.
_POINTER = re.compile(r"Call DescribeEvents|DescribeEvents API|The following hook\(s\)(/validation)? failed")
# What to do about a cause. No call tells which zones lack NAT gateways.
# https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-troubleshooting.html
_REMEDIES = (
    (
        re.compile(
            r"NotAvailableInZone|UnsupportedAvailabilityZone|not available in this availability zone"
            r"|not supported in your requested Availability Zone",
            re.IGNORECASE,
        ),
        "some zones do not offer everything: use two others with --set AvailabilityZoneOne=ZONE "
        "--set AvailabilityZoneTwo=ZONE",
    ),
)


def beginning(stack: str, events: Sequence[StackEvent]) -> int:
    """The index at which the last operation begins; with a name, only of the stack with that name."""
    starts = [
        number
        for number, event in enumerate(events)
        if event.type == _STACK and event.status in _BEGINNINGS and stack in ("", event.resource)
    ]
    return starts[-1] if starts else 0


def first_cause(events: Sequence[StackEvent], stack: str = "") -> str:
    """The first cause of failure in the last operation, as resource, type and reason; empty when there is none.

    A resource's failure is preferred to a failure of the whole stack, which may be the only one.
    """
    failed = _failures(events, stack)
    for is_whole in (False, True):
        for event in failed:
            if is_cause(event.reason) and (event.type == _STACK) == is_whole:
                return f"{event.resource} ({event.type}): {event.reason}"
    return ""


def pointer(events: Sequence[StackEvent], stack: str = "") -> str:
    """CloudFormation's hint that only DescribeEvents returns the causes; empty when there is no such hint."""
    return next((event.reason for event in _failures(events, stack) if is_pointer(event.reason)), "")


def is_cause(reason: str) -> bool:
    """Whether a reason is a cause: not empty, not a consequence, and not a hint where to look."""
    return bool(reason.strip()) and not is_cancelled(reason) and not _SUM.match(reason) and not is_pointer(reason)


def is_cancelled(reason: str) -> bool:
    """Whether CloudFormation cancelled a resource because another one failed."""
    return bool(_CANCELLED.match(reason))


def is_pointer(reason: str) -> bool:
    """Whether a reason says only where the causes are."""
    return bool(_POINTER.search(reason))


def with_remedy(cause: str) -> str:
    """A cause with what to do about it, if that is known."""
    known = [words for pattern, words in _REMEDIES if pattern.search(cause)]
    return "; ".join([cause, *known])


def describe(faults: Sequence[Fault]) -> str:
    """Faults in words: one in a line, several in a list."""
    lines = [_line(fault) for fault in faults]
    return lines[0] if len(lines) == 1 else "\n  - ".join([f"{len(lines)} faults in the template:", *lines])


def without_faults(reason: str, why: object) -> str:
    """A reason without its causes: what is known, why the rest is not known (Unknown or nothing), and what to do."""
    known = reason.partition(". ")[0].rstrip(".") if is_pointer(reason) else reason.rstrip(".")
    unread = "CloudFormation does not show the causes: run again"
    if isinstance(why, Unknown) and why.kind == "denied":
        unread = f"no permission to read the causes: allow {why.detail} and run again"
    elif isinstance(why, Unknown):
        unread = f"the causes cannot be read ({why.detail}): run again"
    return f"{known or 'no reason is given'}; {unread}, or look at Events in CloudFormation's console"


def _line(fault: Fault) -> str:
    place = f", property {fault.path}" if fault.path else ""
    return f"{fault.resource} ({fault.type}){place}: {fault.reason}"


def _failures(events: Sequence[StackEvent], stack: str) -> list[StackEvent]:
    return [
        event
        for event in events[beginning(stack, events) :]
        if event.status.endswith("_FAILED") or (event.type == _STACK and event.status in _TURNS)
    ]

"""CloudWatch Logs and EC2's consoles: the log lines of functions and instances."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timezone
from typing import Any

from botocore.exceptions import ClientError

from .facts import Unknown
from .faults import DENIED, MISSING, code_of, translated
from .records import Console, LogEvent
from .repeating import optional

# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
_NO_INSTANCE = {"InvalidInstanceID.NotFound", "InvalidInstanceID.Malformed"}
# An instance that does not run on Nitro, or runs no more, shows no latest output, only what EC2 has kept.
_NOT_LATEST = {"IncorrectInstanceState", "UnsupportedOperation"}
# EC2 shows the last 64 KB: of such an output the first line may be cut.
# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_GetConsoleOutput.html
_MOST = 64 * 1024


class Logs:
    """The lines of log groups and of instances' consoles."""

    def __init__(self, logs: Any, ec2: Any) -> None:
        self._logs = logs
        self._ec2 = ec2

    def events(self, group: str, since: datetime) -> list[LogEvent] | Unknown | None:
        """All lines of a log group from a time on, oldest first; None when there is no such log group.

        Unknown when the permissions do not allow it; raises InterruptedWork as every gateway does. A page may be empty
        although more follow: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html
        """
        start = max(0, int(since.timestamp() * 1000))
        with translated(f"log group {group}"):
            try:
                pages = self._logs.get_paginator("filter_log_events").paginate(logGroupName=group, startTime=start)
                return _events(item for page in pages for item in page["events"])
            except ClientError as error:
                return _unread(error, MISSING, "logs:FilterLogEvents")

    def console(self, instance: str) -> Console | Unknown | None:
        """The output on an instance's console; without text if EC2 has none yet.

        None when the instance does not exist (any more), Unknown when the permissions do not allow it.
        """
        with translated(f"console of instance {instance}"):
            try:
                return self._latest(instance) or _console(self._ec2.get_console_output(InstanceId=instance))
            except ClientError as error:
                return _unread(error, _NO_INSTANCE, "ec2:GetConsoleOutput")

    def _latest(self, instance: str) -> Console | None:
        """The console as it is now, None where EC2 does not show it."""
        answer = optional(self._ec2.get_console_output, _NOT_LATEST, InstanceId=instance, Latest=True)
        found = Console() if answer is None else _console(answer)
        return found if found.text else None


def _unread(error: ClientError, missing: set[str], permission: str) -> Unknown | None:
    """What an error says of a log: it is not there, or may not be read. Raises all other errors."""
    if code_of(error) in DENIED:
        return Unknown("denied", permission)
    if code_of(error) in missing:
        return None
    raise error


def _events(items: Iterable[dict[str, Any]]) -> list[LogEvent]:
    """The lines. MiniStack gives them no ids: there a line is known by its stream, its time, and its place in these."""
    places = Counter[str]()
    found = []
    for item in items:
        place = f"{item.get('logStreamName')} {item['timestamp']}"
        places[place] += 1
        time = datetime.fromtimestamp(item["timestamp"] / 1000, timezone.utc)
        name = item.get("eventId") or f"{place} {places[place]}"
        found.append(LogEvent(name, time, item["message"].rstrip("\r\n")))
    return found


def _console(answer: dict[str, Any]) -> Console:
    text = answer.get("Output") or ""  # which the SDK has decoded
    if not text:
        return Console()
    is_cut = len(text.encode()) >= _MOST
    return Console(text.partition("\n")[2] if is_cut else text, answer["Timestamp"])

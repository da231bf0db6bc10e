"""Lines of logs as plain data: from when on, whose they are, when each was written, and which are new.

CloudWatch Logs gives each line a time and an id. A console and a file give a text. There a line's time comes from what
the machine says of its clock, and what is new is what stands behind the text of the look before.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from email.utils import parsedate_to_datetime

from ..aws.records import Console, StackResource
from ..errors import SettingsError
from ..expiry import stamp

FUNCTION, GROUP, INSTANCE = "AWS::Lambda::Function", "AWS::Logs::LogGroup", "AWS::EC2::Instance"

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_AGO = re.compile(rf"(\d+)([{''.join(_UNITS)}])")
_EPOCH = datetime.fromtimestamp(0, timezone.utc)

_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
# Seconds since the machine started, as the kernel and systemd write them, and who says it.
_STAMP = re.compile(r"\[ *(\d+\.\d+)\] ?(?:cloud-init\[\d+\]: ?)?")
# https://docs.cloud-init.io/en/latest/explanation/boot.html: the last stage runs the instance's user data.
_STAGE = re.compile(r"Cloud-init v\. \S+ running '([\w:-]+)' at (.+?)\. Up (\d+\.\d+) seconds")
_LAST_STAGE = "modules:final"
# Seconds: two writers of one boot may be out of order, but not by as much.
_OUT_OF_ORDER = 5.0


@dataclass(frozen=True)
class Line:
    """A line of a log: when it was written, whose it is, its text."""

    time: datetime
    source: str
    text: str

    def describe(self) -> str:
        """The line with its time in UTC and its source before it."""
        return f"{stamp(self.time)}  {self.source}  {self.text}"


@dataclass(frozen=True)
class Source:
    """A log of a stack: the resource's logical id, its type (a log group's or an instance's), and its physical id."""

    name: str
    type: str
    id: str


def since(text: str, now: datetime) -> datetime:
    """The time that --since names: `10m` ago (s, m, h, d, w), or a time of ISO 8601, in UTC when it names no zone.

    Raises SettingsError.
    """
    ago = _AGO.fullmatch(text)
    try:
        if ago:
            return max(_EPOCH, now - timedelta(**{_UNITS[ago[2]]: int(ago[1])}))
        found = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except OverflowError:
        return _EPOCH
    except ValueError:
        raise SettingsError(
            [f"--since {text}: write how long ago (30s, 10m, 2h, 1d), or a time such as {stamp(now)}"]
        ) from None
    found = found if found.tzinfo else found.replace(tzinfo=timezone.utc)
    if found > now:
        raise SettingsError([f"--since {text}: that time is still to come; it is {stamp(now)} now"])
    return found


def sources(resources: Iterable[StackResource]) -> list[Source]:
    """What there is to read of a stack's resources: its log groups, each function's own, and consoles.

    A function's lines go by the name of the function. Its group is `TITLELogGroup`, where the stack has one, as each
    template of ours has; without one, Lambda makes `/aws/lambda/NAME`.
    https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html
    """
    made = [resource for resource in resources if resource.physical_id]
    groups = {resource.physical_id: resource.logical_id for resource in made if resource.type == GROUP}
    for resource in made:
        if resource.type == FUNCTION:
            default = f"/aws/lambda/{resource.physical_id.rpartition(':')[2]}"
            own = next((group for group, title in groups.items() if title == f"{resource.logical_id}LogGroup"), default)
            groups[own] = resource.logical_id
    consoles = [Source(one.logical_id, INSTANCE, one.physical_id) for one in made if one.type == INSTANCE]
    return [*(Source(name, GROUP, group) for group, name in groups.items()), *consoles]


def fresh(old: Sequence[str], new: Sequence[str]) -> Sequence[str]:
    """The lines of a text that came since another look, which may have shown lines that the text begins after.

    A text that does not go on from the old one is new as a whole.
    """
    for start in range(len(old)):
        if old[start:] == new[: len(old) - start]:
            return new[len(old) - start :]
    return new


def whole_lines(text: str) -> list[str]:
    """The lines of a text without colours; one that is still being written is left out."""
    return [_ESCAPES.sub("", line.rstrip("\r")) for line in text.split("\n")[:-1]]


def console_lines(console: Console) -> list[tuple[datetime, str]]:
    """What an instance's user data said since the instance last started, each line with its time.

    What comes before, as the kernel's lines, is left out where the console tells where user data begin.
    """
    lines = _last_boot(whole_lines(console.text))
    began, time = _began(lines, console.time), console.time
    found: list[tuple[datetime, str]] = []
    for line in lines:
        uptime = _uptime(line)
        time = began + timedelta(seconds=uptime) if uptime is not None else time
        found.append((time, _STAMP.sub("", line, count=1)))
    stages = [number for number, line in enumerate(lines) if (stage := _STAGE.search(line)) and stage[1] == _LAST_STAGE]
    return found[stages[-1] + 1 :] if stages else found


def _last_boot(lines: Sequence[str]) -> Sequence[str]:
    """The lines since the machine's clock began anew."""
    first, last = 0, 0.0
    for number, line in enumerate(lines):
        uptime = _uptime(line)
        if uptime is None:
            continue
        if uptime < last - _OUT_OF_ORDER:
            first = number
        last = uptime
    return lines[first:]


def _began(lines: Sequence[str], updated: datetime) -> datetime:
    """When the machine started: by cloud-init's word, or else as if its last line were as new as the console."""
    for line in lines:
        if stage := _STAGE.search(line):
            try:
                return parsedate_to_datetime(stage[2]) - timedelta(seconds=float(stage[3]))
            except (TypeError, ValueError):
                continue
    uptimes = [uptime for line in lines if (uptime := _uptime(line)) is not None]
    return updated - timedelta(seconds=uptimes[-1]) if uptimes else updated


def _uptime(line: str) -> float | None:
    found = _STAMP.match(line)
    return float(found[1]) if found else None

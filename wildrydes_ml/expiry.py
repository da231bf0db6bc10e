"""When a deployment expires: the time that `--expires` names, and the tag of its stacks that holds it.

Nothing in AWS deletes a stack at a time. So the tag is only a mark, which `status` shows and `destroy --expired` obeys.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta, timezone, tzinfo

from .errors import SettingsError
from .tags import BESIDE_TAG, EXPIRES_TAG

NEVER = "never"
REMOVAL = "wildrydes-ml destroy --expired"

_STORED = "%Y-%m-%dT%H:%M:%SZ"
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_IN = re.compile(rf"(\d{{1,6}})([{''.join(_UNITS)}])", re.ASCII)
_CLOCK = re.compile(r"\d{1,2}:\d{2}", re.ASCII)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
# Python 3.11 and later read more, such as a date without dashes, as the beginning of a day.
_MOMENT = re.compile(rf"{_DATE.pattern}[T ]\d{{2}}:\d{{2}}", re.ASCII)


def asked(text: str, now: datetime, zone: tzinfo | None = None) -> str:
    """What `--expires` says, as it is stored: UTC to the second, `never`, or an empty text for an empty one.

    `18:00` is the next time that a clock shows this, `4h` is that long from `now` (m, h, d, w), a date is its last
    minute's end. A time without a zone is one of `zone`, by default this machine's. Raises SettingsError for what is no
    time, and for a time that has passed.
    """
    if text in ("", NEVER):
        return text
    found = _time(text, now, zone)
    if found is None:
        raise SettingsError(
            [f"--expires {text}: write a time (18:00), how long from now (4h, 2d), a date (2026-01-31), both "
             "(2026-01-31T18:00), or never"]
        )  # fmt: skip
    if found <= now:
        raise SettingsError([f"--expires {text}: {shown(found)} has passed; it is {shown(now)} now"])
    return stamp(found)


def _time(text: str, now: datetime, zone: tzinfo | None) -> datetime | None:
    try:
        if ahead := _IN.fullmatch(text):
            return now + timedelta(**{_UNITS[ahead[2]]: int(ahead[1])})
        if _CLOCK.fullmatch(text):
            return _next(time.fromisoformat(text.zfill(5)), now, zone)
        if not (_DATE.fullmatch(text) or _MOMENT.match(text)):
            return None
        found = datetime.fromisoformat(text.replace("Z", "+00:00"))
        if _DATE.fullmatch(text):
            found += timedelta(days=1)
        return found if found.tzinfo else _local(found, zone)
    except (ValueError, OverflowError):
        return None


def _next(clock: time, now: datetime, zone: tzinfo | None) -> datetime:
    """The next moment when a clock shows the time: today or tomorrow."""
    today = now.astimezone(zone).date()
    found = _local(datetime.combine(today, clock), zone)
    return found if found > now else _local(datetime.combine(today + timedelta(days=1), clock), zone)


def _local(naive: datetime, zone: tzinfo | None) -> datetime:
    """The moment of a local time; summer time counts as of that day."""
    return naive.replace(tzinfo=zone) if zone else naive.astimezone()


def faults(stored: str) -> list[str]:
    """What is wrong with a stored time, `never` or an empty text; empty when nothing is."""
    if stored in ("", NEVER) or _read(stored):
        return []
    return [f"expires {stored!r}: write a time in UTC such as 2026-01-31T18:00:00Z, or never"]


def tag(stored: str) -> dict[str, str]:
    """The tag for a stored time; its value is empty for `never`, which removes it."""
    return {EXPIRES_TAG: "" if stored == NEVER else stored} if stored else {}


def of(tags: Mapping[str, str]) -> datetime | None:
    """When what has these tags expires; None for what does not, and for a tag that is no time."""
    return _read(tags.get(EXPIRES_TAG, ""))


def of_all(tags: Sequence[Mapping[str, str]]) -> datetime | None:
    """When a deployment expires whose stacks have these tags, in the order in which they are made: with its last one.

    A stack before it may have an older time: one whose instance has ended takes no new tags.
    """
    return of(last(tags))


def last(tags: Sequence[Mapping[str, str]]) -> Mapping[str, str]:
    """The tags of the last stack that deploy made: what it did not make, it does not give a time."""
    return next((one for one in reversed(tags) if BESIDE_TAG not in one), {})


def _read(stored: str) -> datetime | None:
    try:
        return datetime.strptime(stored, _STORED).replace(tzinfo=timezone.utc)
    except ValueError:
        return None


def stamp(moment: datetime) -> str:
    """A moment in UTC, to the second, as it is stored."""
    return moment.astimezone(timezone.utc).strftime(_STORED)


def shown(moment: datetime) -> str:
    """A moment for a person, by this machine's clock, with its distance from UTC."""
    return moment.astimezone().strftime("%Y-%m-%d %H:%M %z")


def ahead(moment: datetime, now: datetime) -> str:
    """`expires in 2 h`, or `expired 3 h ago`."""
    left = (moment - now).total_seconds()
    return f"expires in {length(left)}" if left > 0 else f"expired {length(-left)} ago"


def length(seconds: float) -> str:
    """A length of time for a person, in its largest units: `3 d 4 h`, `2 h`, `5 min`."""
    hours, minutes = divmod(round(seconds / 60), 60)
    if hours >= 24:
        days, hours = divmod(hours, 24)
        return f"{days} d" + (f" {hours} h" if hours else "")
    if hours:
        return f"{hours} h" + (f" {minutes} min" if minutes else "")
    return f"{minutes} min" if minutes else "less than a minute"


def sentence(tags: Sequence[Mapping[str, str]], now: datetime, place: str) -> str:
    """When a deployment with stacks of these tags expires, and what follows; empty for one that does not.

    `place` are the options that lead a command to where they are, such as `--region eu-west-1`.
    """
    moment, removal = of_all(tags), f"{REMOVAL} {place}"
    if moment is None:
        return _unreadable(tags)
    then = f"`{removal}` removes it" if moment <= now else f"then `{removal}` removes it; nothing deletes it by itself"
    return f"{ahead(moment, now)} ({shown(moment)}): {then}"


def _unreadable(tags: Sequence[Mapping[str, str]]) -> str:
    """Why a tag that somebody else has written is no time; empty without one."""
    wrong = last(tags).get(EXPIRES_TAG, "")
    return (
        f"the tag {EXPIRES_TAG} is {wrong!r}, which is no time, so it never expires: deploy --expires TIME"
        if wrong
        else ""
    )

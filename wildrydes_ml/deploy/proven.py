"""Which code was proven last: remembered in the bucket beside the code, so that it can be put back.

Code whose proof fails is not deployed, though its stack is: the next deploy, or `deploy --last-proven`, mends that.
"""

import hashlib
import json
import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple

from ..aws.session import Aws
from ..aws.target import Target
from ..errors import WildrydesError
from ..tags import TAG
from .desired import Desired, code_keys, default_bucket, label, values_at
from .settings import Settings

_ENDING = ".proven"


class _Note(NamedTuple):
    """A note by its key: which one it is in the order of the proofs, and a digest of the code that it is on."""

    number: int
    """0 for a note of an earlier version, which has its number in its text."""
    digest: str
    key: str


def note(begin: str, keys: Mapping[str, str], number: int) -> str:
    """The key of the note on this code in the bucket, where it is proven again after other code a new one each time."""
    return f"code/{begin}-{_digest(keys)}.{number}{_ENDING}"


def remember(aws: Aws, desired: Desired, known: Collection[str]) -> None:
    """Notes that the code of a deployment has answered as it should; `known` are the keys in the bucket.

    Nothing is written while the newest note is on this code.
    """
    keys = code_keys(desired)
    newest = max(_notes(desired.label, known), default=_Note(0, "", ""))
    if not keys or (newest.number and newest.digest == _digest(keys)):
        return
    place = note(desired.label, keys, newest.number + 1)
    aws.buckets.note(desired.bucket, place, json.dumps({"keys": keys}), {TAG: desired.settings.name})


def last(aws: Aws, bucket: str, begin: str) -> Mapping[str, str]:
    """The parameters with the keys of the code that was proven last; nothing while none was, or it cannot be read."""
    try:
        if not aws.buckets.exists(bucket):
            return {}
        notes = list(_notes(begin, aws.buckets.keys(bucket, f"code/{begin}-")))
        newest = max((one.number for one in notes), default=0)
        texts = [json.loads(aws.buckets.noted(bucket, one.key) or "{}") for one in notes if one.number == newest]
        found: Mapping[str, Any] = max(texts, key=lambda text: int(text.get("number", -1)), default={})
        return {str(name): str(key) for name, key in found.get("keys", {}).items()}
    except (WildrydesError, ValueError, AttributeError):
        return {}


def _notes(begin: str, keys: Iterable[str]) -> Iterable[_Note]:
    shape = re.compile(rf"code/{re.escape(begin)}-([0-9a-f]{{16}})(?:\.(\d+))?{re.escape(_ENDING)}", re.ASCII)
    return (_Note(int(match[2] or 0), match[1], key) for key in keys if (match := shape.fullmatch(key)))


def _digest(keys: Mapping[str, str]) -> str:
    return hashlib.sha256(json.dumps(sorted(keys.items())).encode()).hexdigest()[:16]


def back(aws: Aws, settings: Settings, target: Target) -> Mapping[str, str]:
    """The code that `--last-proven` puts back. Raises WildrydesError when none was proven here."""
    bucket = settings.bucket or default_bucket(settings, aws.identity)
    found = last(aws, bucket, label(settings.deployment, settings.name, values_at(settings, target)))
    if not found:
        raise WildrydesError(f"--last-proven: no code of {settings.name} has been proven yet; deploy without it")
    return found


def hint(aws: Aws, desired: Desired) -> str:
    """What a failed proof says of the code before: how to put it back; empty when there is none."""
    found = last(aws, desired.bucket, desired.label)
    if not found or found == code_keys(desired):
        return ""
    keys = " and ".join(sorted(set(found.values())))
    return f". The code before it, {keys}, was proven: run the same command with --last-proven to put it back"

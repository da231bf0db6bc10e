"""Which code was proven last: remembered in the bucket beside the code, so that it can be put back.

Code whose proof fails is not deployed, though its stack is: the next deploy, or `deploy --last-proven`, mends that.
"""

import hashlib
import json
from collections.abc import Collection, Mapping
from typing import Any

from ..aws.session import Aws
from ..aws.target import Target
from ..errors import WildrydesError
from ..tags import TAG
from .desired import Desired, code_keys, default_bucket, label, values_at
from .settings import Settings

_ENDING = ".proven"


def note(begin: str, keys: Mapping[str, str]) -> str:
    """The key of the note on this code in the bucket."""
    digest = hashlib.sha256(json.dumps(sorted(keys.items())).encode()).hexdigest()
    return f"code/{begin}-{digest[:16]}{_ENDING}"


def remember(aws: Aws, desired: Desired, known: Collection[str]) -> None:
    """Notes that the code of a deployment has answered as it should; `known` are the keys in the bucket."""
    keys = code_keys(desired)
    place = note(desired.label, keys)
    if not keys or place in known:
        return
    number = sum(key.startswith(f"code/{desired.label}-") and key.endswith(_ENDING) for key in known)
    text = json.dumps({"number": number, "keys": keys})
    aws.buckets.note(desired.bucket, place, text, {TAG: desired.settings.name})


def last(aws: Aws, bucket: str, begin: str) -> Mapping[str, str]:
    """The parameters with the keys of the code that was proven last; nothing while none was, or it cannot be read."""
    try:
        if not aws.buckets.exists(bucket):
            return {}
        places = [key for key in aws.buckets.keys(bucket, f"code/{begin}-") if key.endswith(_ENDING)]
        notes = [json.loads(aws.buckets.noted(bucket, place) or "{}") for place in places]
        newest: Mapping[str, Any] = max(notes, key=lambda found: int(found.get("number", -1)), default={})
        return {str(name): str(key) for name, key in newest.get("keys", {}).items()}
    except (WildrydesError, ValueError, AttributeError):
        return {}


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

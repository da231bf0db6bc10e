"""Which code was proven last: remembered in the bucket beside the code, so that it can be put back.

Code whose proof fails is not deployed, though its stack is: the next deploy, or `deploy --last-proven`, mends that.
"""

import json
from collections.abc import Mapping

from ..aws.session import Aws
from ..aws.target import Target
from ..errors import WildrydesError
from ..tags import TAG
from .desired import Desired, code_keys, default_bucket, label, values_at
from .settings import Settings


def note(begin: str) -> str:
    """The key of the note in the bucket."""
    return f"code/{begin}.proven"


def remember(aws: Aws, desired: Desired) -> None:
    """Notes that the code of a deployment has answered as it should."""
    if desired.deployment.code:
        labels = {TAG: desired.settings.name}
        aws.buckets.note(desired.bucket, note(desired.label), json.dumps(code_keys(desired)), labels)


def last(aws: Aws, bucket: str, begin: str) -> Mapping[str, str]:
    """The parameters with the keys of the code that was proven last; nothing while none was, or it cannot be read."""
    try:
        return {str(name): str(key) for name, key in json.loads(aws.buckets.noted(bucket, note(begin)) or "{}").items()}
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

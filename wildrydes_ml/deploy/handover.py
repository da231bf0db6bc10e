"""How a template gets to CloudFormation: as text, or by way of the bucket where it is too long for a request.

A text that goes by the bucket lies there only while CloudFormation is asked: the call that names it reads it. What a
killed run left is removed by the next one, or by destroy.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
"""

import hashlib
import re
import secrets
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from ..aws.session import Aws
from ..errors import InterruptedWork, SettingsError, WildrydesError
from ..reporting import Reporter
from ..tags import TAG
from .desired import TEMPLATES, Desired, DesiredStack

# Bytes of a template in a request, and in an object.
REQUEST_BYTES = 51_200
OBJECT_BYTES = 1_000_000


def key(stack: DesiredStack, token: str = "") -> str:
    """Where the template lies in the bucket: the stack's name tells whose it is, the digest which text.

    The token is that of one upload: of two deployers at once, none takes the other's away.
    """
    digest = hashlib.sha256(stack.template.encode()).hexdigest()[:16]
    return f"{TEMPLATES}{stack.name}-{digest}{token and '-'}{token}.template"


def is_large(stack: DesiredStack) -> bool:
    """Whether the template has to go by the bucket."""
    return _size(stack) > REQUEST_BYTES


def refuse_too_large(stacks: Iterable[DesiredStack]) -> None:
    """Raises SettingsError for templates that CloudFormation takes in no way."""
    faults = [
        f"stack {stack.name}: its template has {_size(stack):,} bytes, and CloudFormation takes {OBJECT_BYTES:,}: "
        "leave something out, or make two stacks of it"
        for stack in stacks
        if _size(stack) > OBJECT_BYTES
    ]
    if faults:
        raise SettingsError(faults)


@contextmanager
def handed(aws: Aws, desired: Desired, stack: DesiredStack, reporter: Reporter) -> Iterator[str]:
    """What CloudFormation is given: the template's text, or the address of an upload, which is removed at the end."""
    if not is_large(stack):
        yield stack.template
        return
    place = key(stack, secrets.token_hex(8))
    reporter.event(
        f"template of stack {stack.name} ({_size(stack):,} bytes) goes by s3://{desired.bucket}/{place}, "
        "and is removed from there at once"
    )
    try:
        aws.buckets.upload(desired.bucket, place, stack.template.encode(), {TAG: desired.settings.name})
        yield aws.buckets.address(desired.bucket, place)
    finally:
        remove(aws, desired.bucket, [place], reporter)


def left(keys: Iterable[str], stacks: Iterable[DesiredStack]) -> tuple[str, ...]:
    """Those of a bucket's keys that are templates of these stacks."""
    names = "|".join(re.escape(stack.name) for stack in stacks)
    shape = re.compile(rf"{TEMPLATES}(?:{names})(?:-[0-9a-f]{{16}}){{1,2}}\.template")
    return tuple(sorted(one for one in keys if shape.fullmatch(one)))


def remove(aws: Aws, bucket: str, keys: Sequence[str], reporter: Reporter) -> None:
    """Removes uploads for good. A fault is said, and is no failure: the deployment does not need them any more."""
    try:
        for one in keys:
            aws.buckets.remove(bucket, [item for item in aws.buckets.versions(bucket, one) if item.key == one])
    except InterruptedWork:
        raise
    except WildrydesError as error:
        reporter.warning(f"not removed, destroy does it: {error}")


def _size(stack: DesiredStack) -> int:
    return len(stack.template.encode())

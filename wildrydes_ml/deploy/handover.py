"""How a template gets to CloudFormation: as text, or through the bucket if it is too long for a request.

A template is in the bucket only during the call that names it: CloudFormation reads it then. If a run was killed, the
next run, or destroy, deletes what it left.
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
    """The template's key in the bucket: it holds the stack's name and a digest of the text.

    The token belongs to one upload, so that two deployers at the same time do not delete each other's template.
    """
    digest = hashlib.sha256(stack.template.encode()).hexdigest()[:16]
    return f"{TEMPLATES}{stack.name}-{digest}{token and '-'}{token}.template"


def is_large(stack: DesiredStack) -> bool:
    """Whether the template must go through the bucket."""
    return _size(stack) > REQUEST_BYTES


def refuse_too_large(stacks: Iterable[DesiredStack]) -> None:
    """Raises SettingsError for templates that are too large for CloudFormation."""
    faults = [
        f"stack {stack.name}: its template has {_size(stack):,} bytes, and CloudFormation accepts at most "
        f"{OBJECT_BYTES:,}: shorten it, or split it into two stacks"
        for stack in stacks
        if _size(stack) > OBJECT_BYTES
    ]
    if faults:
        raise SettingsError(faults)


@contextmanager
def handed(aws: Aws, desired: Desired, stack: DesiredStack, reporter: Reporter) -> Iterator[str]:
    """What CloudFormation gets: the template's text, or the address of an upload, which is deleted at the end."""
    if not is_large(stack):
        yield stack.template
        return
    place = key(stack, secrets.token_hex(8))
    reporter.event(
        f"template of stack {stack.name} ({_size(stack):,} bytes) goes through s3://{desired.bucket}/{place}, "
        "where it is deleted right after use"
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
    """Deletes uploads with all versions. An error is only reported: the deployment no longer needs them."""
    try:
        for one in keys:
            aws.buckets.remove(bucket, [item for item in aws.buckets.versions(bucket, one) if item.key == one])
    except InterruptedWork:
        raise
    except WildrydesError as error:
        reporter.warning(f"not deleted, destroy will do it: {error}")


def _size(stack: DesiredStack) -> int:
    return len(stack.template.encode())

"""Deletes a bucket with its content, even while something still writes to it."""

from collections.abc import Sequence

from ..aws.session import Aws
from ..deploy.remedies import Remedies, some
from ..errors import InterruptedWork, Refused
from . import uploads

_ROUNDS = 5


def remove_bucket(aws: Aws, bucket: str, remedies: Remedies) -> None:
    """Deletes our own bucket and our uploads in it.

    Raises Refused when it contains anything else, InterruptedWork when new objects arrive as fast as they are deleted.
    """
    for _ in range(_ROUNDS):
        found = aws.buckets.versions(bucket)
        refuse_foreign(bucket, uploads.foreign(found), remedies)
        aws.buckets.abort_uploads(bucket)
        aws.buckets.remove(bucket, found)
        if aws.buckets.delete(bucket):
            return
        aws.stacks.pause()
    raise InterruptedWork(f"bucket {bucket} still gets new objects: stop what writes to it and run again")


def refuse_foreign(
    bucket: str, keys: Sequence[str], remedies: Remedies, undone: str = "The bucket was not deleted"
) -> None:
    """Raises Refused for objects in our own bucket that deploy did not put there; `undone` says what was not done."""
    if not keys:
        return
    save, remove = remedies.objects(bucket)
    raise Refused(
        f"bucket {bucket} contains {len(keys):,} objects that deploy did not put there: {some(keys)}. {undone}. "
        f"Save them with `{save}` and delete them with `{remove}`; or run destroy with --bucket {bucket}: it "
        "deletes what deploy uploaded and keeps the bucket and all other objects"
    )


def empty(aws: Aws, bucket: str) -> None:
    """Deletes every version of every object, every delete marker and every unfinished upload."""
    aws.buckets.abort_uploads(bucket)
    aws.buckets.remove(bucket, aws.buckets.versions(bucket))

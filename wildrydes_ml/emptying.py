"""Removing a bucket with all that is in it, also while something still writes to it."""

from .aws import Aws
from .errors import InterruptedWork

_ROUNDS = 5


def remove_bucket(aws: Aws, bucket: str) -> None:
    """Deletes the bucket and its content. Raises InterruptedWork when it fills as fast as it is emptied."""
    for _ in range(_ROUNDS):
        empty(aws, bucket)
        if aws.buckets.delete(bucket):
            return
        aws.stacks.pause()
    raise InterruptedWork(f"bucket {bucket} fills while it is emptied: stop what writes to it and run again")


def empty(aws: Aws, bucket: str) -> None:
    """Deletes every version of every object, every delete marker and every unfinished upload."""
    aws.buckets.abort_uploads(bucket)
    aws.buckets.remove(bucket, aws.buckets.versions(bucket))

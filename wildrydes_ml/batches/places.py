"""Where the pictures, the manifests and the results of a run are: names that follow from what was asked.

So a run that was stopped is found again by the same command, and nothing has to be remembered.
"""

import hashlib
import re
from dataclasses import dataclass

from ..errors import SettingsError
from ..naming import BUCKET

PREFIX = "batches/"
# As the parameter OutputPrefix of templates/batch.yml allows.
_FOLDERS = re.compile(r"([A-Za-z0-9._-]+/)*", re.ASCII)
_SCHEME = "s3://"


@dataclass(frozen=True)
class Location:
    """A bucket and the beginning of keys in it."""

    bucket: str
    prefix: str = ""

    def __str__(self) -> str:
        return f"{_SCHEME}{self.bucket}/{self.prefix}"

    def holds(self, other: "Location") -> bool:
        """Whether the other one is in it."""
        return self.bucket == other.bucket and other.prefix.startswith(self.prefix)


@dataclass(frozen=True)
class Run:
    """The places of a run. `root` is the part of `output` that the function may write to; `id` tells runs apart."""

    id: str
    input: Location
    output: Location
    root: Location

    def at(self, part: str) -> Location:
        """The place of `manifests`, `results`, `sample` or `pictures`."""
        return Location(self.output.bucket, f"{self.output.prefix}{part}/")

    @property
    def name(self) -> str:
        """How the names of its executions begin."""
        return f"batch-{self.id}-"


def is_location(text: str) -> bool:
    """Whether the text is meant as a place in S3."""
    return text.startswith(_SCHEME)


def location(text: str) -> Location:
    """`s3://BUCKET/PREFIX` as a place. Raises SettingsError for anything else."""
    bucket, _, prefix = text.removeprefix(_SCHEME).partition("/")
    if not is_location(text) or not re.fullmatch(BUCKET, bucket):
        raise SettingsError([f"{text!r}: write s3://BUCKET/PREFIX, or a folder of this machine"])
    return Location(bucket, prefix)


def run(asked: str, to: str, own_bucket: str, name: str) -> Run:
    """The places for the pictures of `asked`, an s3:// location or a folder's whole path, and the deployment `name`.

    The results go to `to`, an s3:// location, or without one into our own bucket, and so do the pictures of a folder.
    There they have a folder of their own: several deployments and runs may share a place, and a key in two buckets is
    two pictures. Raises SettingsError for a place that cannot be used.
    """
    # A folder's path may hold bytes that are no UTF-8.
    digest = hashlib.sha256(f"{name}\n{asked}\n{to}".encode("utf-8", "surrogateescape")).hexdigest()[:12]
    root = _folder(to) if to else Location(own_bucket, PREFIX)
    output = Location(root.bucket, f"{root.prefix}{digest}/")
    given = location(asked) if is_location(asked) else Location(own_bucket, f"{PREFIX}{digest}/pictures/")
    if is_location(asked) and given.holds(output):
        raise SettingsError(
            [f"{output} is inside {given}, so results would count as pictures: name another place with --to"]
        )
    return Run(digest, given, output, root)


def _folder(to: str) -> Location:
    if not is_location(to):
        raise SettingsError([f"--to {to}: write s3://BUCKET/PREFIX"])
    found = location(to)
    prefix = found.prefix if not found.prefix or found.prefix.endswith("/") else f"{found.prefix}/"
    if not _FOLDERS.fullmatch(prefix):
        raise SettingsError([f"--to {to}: use folders of letters, digits, dots, - and _"])
    return Location(found.bucket, prefix)

"""S3 as a batch needs it: the keys of many pictures, and objects with their labels, in a bucket of the user's."""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from ..errors import SettingsError, WildrydesError
from .buckets import region_of
from .faults import MISSING, code_of, translated
from .repeating import optional

_FORBIDDEN = {"403", "AccessDenied", "Forbidden"}


@dataclass(frozen=True)
class Stored:
    """An object with its labels."""

    body: bytes
    labels: Mapping[str, str]


@dataclass(frozen=True)
class Listed:
    """What a list says of an object: bytes, the seconds of the epoch when it was written, and its tag, which is the MD5
    of its content unless a key of KMS encrypts it
    (https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html)."""

    key: str
    size: int
    written: float
    tag: str

    def differs(self, file: Path) -> bool:
        """Whether a file is not what was written: by its size, and if it is newer, by its content."""
        about = file.stat()
        if about.st_size != self.size:
            return True
        return about.st_mtime > self.written and _md5(file.read_bytes()) != self.tag


def _md5(body: bytes) -> str:
    return hashlib.md5(body, usedforsecurity=False).hexdigest()


class Pictures:
    """S3. `region` is the function's."""

    def __init__(self, client: Any, region: str) -> None:
        self._client = client
        self._region = region

    def refuse_unfit(self, bucket: str) -> None:
        """Raises SettingsError for a bucket that does not exist or is in another region, WildrydesError for one that
        may not be read."""
        with translated(f"bucket {bucket}"):
            try:
                answer = self._client.head_bucket(Bucket=bucket)
            except ClientError as error:
                self._refuse_other_region(bucket, error.response)
                if code_of(error) in MISSING:
                    raise SettingsError([f"bucket {bucket}: there is no such bucket; check its name"]) from error
                if code_of(error) in _FORBIDDEN:
                    raise WildrydesError(
                        f"bucket {bucket}: AWS denies access: the bucket is another account's, or these credentials "
                        "lack the permission s3:ListBucket for it"
                    ) from error
                raise
        self._refuse_other_region(bucket, answer)

    def keys(self, bucket: str, prefix: str = "") -> Iterator[str]:
        """The keys under a prefix, without folders' markers, in the order of their bytes in UTF-8."""
        return (item["Key"] for item in self._items(bucket, prefix))

    def listed(self, bucket: str, prefix: str = "") -> Iterator[Listed]:
        """The objects under a prefix, without folders' markers, and what the list says of each."""
        for item in self._items(bucket, prefix):
            yield Listed(item["Key"], int(item["Size"]), item["LastModified"].timestamp(), item["ETag"].strip('"'))

    def _items(self, bucket: str, prefix: str) -> Iterator[Mapping[str, Any]]:
        with _permitted(f"bucket {bucket}", "s3:ListBucket"):
            pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
            for page in pages:
                yield from (item for item in page.get("Contents", []) if not item["Key"].endswith("/"))

    def read(self, bucket: str, key: str) -> Stored | None:
        """An object; None if there is none."""
        with _permitted(f"s3://{bucket}/{key}", "s3:GetObject"):
            found = optional(self._client.get_object, Bucket=bucket, Key=key)
            if found is None:
                return None
            return Stored(bytes(found["Body"].read()), dict(found.get("Metadata", {})))

    def write(self, bucket: str, key: str, body: bytes) -> None:
        """Writes an object with a checksum, so that S3 refuses a damaged body."""
        with _permitted(f"s3://{bucket}/{key}", "s3:PutObject"):
            self._client.put_object(Bucket=bucket, Key=key, Body=body, ChecksumAlgorithm="CRC32")

    def _refuse_other_region(self, bucket: str, answer: Mapping[str, Any]) -> None:
        region = region_of(answer, self._region)
        if region != self._region:
            raise SettingsError(
                [
                    f"bucket {bucket} is in region {region}, and the function in {self._region}: use a bucket in "
                    f"{self._region}, or deploy in {region} and add --region {region}"
                ]
            )


@contextmanager
def _permitted(what: str, right: str) -> Iterator[None]:
    """Like `translated`, and names the permission that a denied operation needs."""
    with translated(what):
        try:
            yield
        except ClientError as error:
            if code_of(error) in MISSING:
                raise SettingsError([f"{what}: there is no such bucket; check its name"]) from error
            if code_of(error) not in _FORBIDDEN:
                raise
            raise WildrydesError(f"{what}: AWS denies access; allow {right}") from error

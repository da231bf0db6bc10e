"""Pictures in S3: read within bounds, and what is found out about them written whole.

boto3 is Lambda's own (https://docs.aws.amazon.com/lambda/latest/dg/lambda-python.html). It is imported with the first
batch: requests through the API need none of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

MAX_BYTES = 8 * 1024 * 1024
"""The most that one object may have, as of a picture that is fetched by its url."""
CONNECTIONS = 16

_MISSING = {"NoSuchKey", "404"}
_DENIED = {"AccessDenied", "403", "InvalidObjectState", "KMS.DisabledException"}


class Unreadable(Exception):
    """An object that cannot be read, however often it is tried; `code` says why, as problems' codes do."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Objects:
    """S3, as far as a batch needs it; threads may share it."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def read(self, bucket: str, key: str, most: int = MAX_BYTES) -> bytes:
        """An object of at most `most` bytes.

        Raises Unreadable picture-missing, picture-denied or image-too-large; other errors of S3 are boto3's own.
        """
        from botocore.exceptions import ClientError

        try:
            found = self._client.get_object(Bucket=bucket, Key=key)
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            if code in _MISSING:
                raise Unreadable("picture-missing") from error
            if code in _DENIED:
                raise Unreadable("picture-denied") from error
            raise
        with found["Body"] as body:
            data = bytes(body.read(most + 1)) if found["ContentLength"] <= most else b""
        if found["ContentLength"] > most or len(data) > most:
            raise Unreadable("image-too-large")
        return data

    def write(self, bucket: str, key: str, body: bytes, labels: Mapping[str, str]) -> None:
        """Writes an object, wholly or not at all; the labels are its metadata."""
        self._client.put_object(Bucket=bucket, Key=key, Body=body, ContentType="application/jsonl", Metadata=labels)


def connect() -> Objects:
    """S3 with the function's own rights, in its region."""
    import boto3
    from botocore.config import Config

    retries = {"mode": "standard", "total_max_attempts": 5}
    config = Config(retries=retries, max_pool_connections=CONNECTIONS, connect_timeout=5, read_timeout=20)
    return Objects(boto3.client("s3", config=config))

"""S3: the bucket that hands the function's zip to CloudFormation."""

import json
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from ..errors import Refused
from ..records import Identity
from .faults import MISSING, code_of, translated


class Buckets:
    """S3."""

    def __init__(self, client: Any, identity: Identity) -> None:
        self._client = client
        self._identity = identity

    def tags(self, name: str) -> dict[str, str] | None:
        """The bucket's tags, None when there is no such bucket. Raises Refused when it is another account's."""
        with translated(f"bucket {name}"):
            try:
                self._client.head_bucket(Bucket=name, ExpectedBucketOwner=self._identity.account)
                found = self._client.get_bucket_tagging(Bucket=name)["TagSet"]
            except ClientError as error:
                if code_of(error) == "NoSuchTagSet":
                    return {}
                if code_of(error) in MISSING:
                    return None
                if code_of(error) in ("403", "AccessDenied"):
                    raise Refused(f"bucket {name} belongs to another account: name one with --bucket") from error
                raise
        return {item["Key"]: item["Value"] for item in found}

    def create(self, name: str, tags: Mapping[str, str]) -> None:
        """Makes a private, encrypted bucket that answers over TLS only. Each call may be repeated."""
        region = self._identity.region
        placed = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
        blocks = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
        with translated(f"bucket {name}"):
            try:
                self._client.create_bucket(Bucket=name, **placed)
            except ClientError as error:
                if code_of(error) != "BucketAlreadyOwnedByYou":
                    raise
            self._client.put_public_access_block(
                Bucket=name, PublicAccessBlockConfiguration=dict.fromkeys(blocks, True)
            )
            self._client.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={"Rules": [rule]})
            self._client.put_bucket_policy(Bucket=name, Policy=self._tls_only(name))
            # Last, since the tag says that the bucket is made: without it, the next run finishes it.
            self._client.put_bucket_tagging(
                Bucket=name, Tagging={"TagSet": [{"Key": key, "Value": value} for key, value in tags.items()]}
            )

    def _tls_only(self, name: str) -> str:
        arn = f"arn:{self._identity.partition}:s3:::{name}"
        statement = {
            "Sid": "TlsOnly",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [arn, f"{arn}/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
        return json.dumps({"Version": "2012-10-17", "Statement": [statement]})

    def upload(self, bucket: str, key: str, body: bytes) -> None:
        """Writes an object."""
        with translated(f"s3://{bucket}/{key}"):
            self._client.put_object(Bucket=bucket, Key=key, Body=body)

    def link(self, bucket: str, key: str, seconds: int) -> str:
        """An https URL that reads the object without credentials, for a time."""
        with translated(f"s3://{bucket}/{key}"):
            return str(
                self._client.generate_presigned_url(
                    "get_object", Params={"Bucket": bucket, "Key": key}, ExpiresIn=seconds
                )
            )

    def keys(self, bucket: str, prefix: str = "") -> list[str]:
        """The keys of a bucket under a prefix."""
        with translated(f"bucket {bucket}"):
            pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
            return [item["Key"] for page in pages for item in page.get("Contents", [])]

    def remove(self, bucket: str, keys: list[str]) -> None:
        """Deletes objects."""
        with translated(f"bucket {bucket}"):
            for start in range(0, len(keys), 1000):
                batch = [{"Key": key} for key in keys[start : start + 1000]]
                self._client.delete_objects(Bucket=bucket, Delete={"Objects": batch, "Quiet": True})

    def delete(self, name: str) -> None:
        """Deletes an empty bucket."""
        with translated(f"bucket {name}"):
            self._client.delete_bucket(Bucket=name)

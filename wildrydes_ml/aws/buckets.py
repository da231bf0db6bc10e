"""S3: the bucket through which CloudFormation gets the function's zip."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from types import MappingProxyType
from typing import Any

from botocore.exceptions import ClientError

from ..errors import InterruptedWork, OutOfReach, Refused, SettingsError, WildrydesError
from .faults import DENIED, MISSING, THROTTLED, code_of, status_of, translated
from .records import Identity, ObjectVersion
from .repeating import Repeater, optional

_PASSING = THROTTLED | {"InternalError", "ServiceUnavailable"}
# A bucket that was deleted or made a moment ago: S3 needs seconds, seldom an hour, to know it everywhere.
_NOT_YET = {"NoSuchBucket", "OperationAborted"}
_REPEATER = Repeater()
_NO_LABELS: Mapping[str, str] = MappingProxyType({})
# An answer to HEAD has no body, so that its status is the code.
_FORBIDDEN = DENIED | {"403"}
# Operation → permission, where its name is another one.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
_PERMISSIONS = {
    "DeleteObjects": "s3:DeleteObject and s3:DeleteObjectVersion",
    "HeadBucket": "s3:ListBucket",
    "HeadObject": "s3:GetObject and s3:GetObjectVersion",
    "ListMultipartUploads": "s3:ListBucketMultipartUploads",
    "ListObjectVersions": "s3:ListBucketVersions",
    "ListObjectsV2": "s3:ListBucket",
    "PutBucketEncryption": "s3:PutEncryptionConfiguration",
    "PutPublicAccessBlock": "s3:PutBucketPublicAccessBlock",
}


class Buckets:
    """S3."""

    def __init__(self, client: Any, identity: Identity, repeater: Repeater = _REPEATER) -> None:
        self._client = client
        self._identity = identity
        self._repeater = repeater

    def own_tags(self, name: str) -> dict[str, str] | None:
        """As tags(), with one call less: for a bucket named after account and region, which are therefore right."""
        with _permitted(f"bucket {name}"):
            try:
                found = self._client.get_bucket_tagging(Bucket=name, ExpectedBucketOwner=self._identity.account)
                return {item["Key"]: item["Value"] for item in found["TagSet"]}
            except ClientError as error:
                if code_of(error) == "NoSuchTagSet":
                    return {}
                if code_of(error) in MISSING:
                    return None
                if status_of(error) >= 500 or code_of(error) in THROTTLED:
                    raise
                return self.tags(name)  # whose HEAD tells a stranger's bucket from a want of rights

    def tags(self, name: str) -> dict[str, str] | None:
        """The bucket's tags; None when there is no such bucket.

        Raises Refused when it belongs to another account, SettingsError when it is in another region, and
        WildrydesError with the missing permission when it cannot be read.
        """
        if not self.exists(name):
            return None
        with _permitted(f"bucket {name}"):
            try:
                found = self._client.get_bucket_tagging(Bucket=name)["TagSet"]
                return {item["Key"]: item["Value"] for item in found}
            except ClientError as error:
                if code_of(error) == "NoSuchTagSet":
                    return {}
                if code_of(error) in MISSING:
                    return None
                raise

    def exists(self, name: str) -> bool:
        """Whether the bucket exists and belongs to this account; raises the same errors as tags()."""
        with _permitted(f"bucket {name}"):
            try:
                # Answered without a body: the status tells.
                answer = self._client.head_bucket(Bucket=name, ExpectedBucketOwner=self._identity.account)
            except ClientError as error:
                if code_of(error) in MISSING:
                    return False
                self._explain(name, error)
                raise
        self._refuse_other_region(name, answer)
        return True

    def _explain(self, name: str, error: ClientError) -> None:
        if code_of(error) in _FORBIDDEN:
            self._explain_denial(name, error)
        self._refuse_other_region(name, error.response)
        if code_of(error) in ("400", "BadRequest"):
            raise InterruptedWork(
                f"bucket {name}: S3 refuses the credentials and gives no reason; probably they have expired: "
                "renew them and run again"
            ) from error

    def _explain_denial(self, name: str, error: ClientError) -> None:
        """Finds out whose bucket it is, if possible: S3 denies a foreign bucket and one of ours in the same way."""
        others = f"bucket {name} belongs to another account: name another one with --bucket"
        if self._answers(name):
            raise Refused(others) from error
        names = self._own_names()
        if names is not None and name not in names:
            raise Refused(others) from error
        whose = "It belongs to this account, and" if names else "Either it belongs to another account, or"
        raise WildrydesError(
            f"bucket {name}: AWS denies access and gives no reason. {whose} these credentials lack the permission "
            f"{_PERMISSIONS['HeadBucket']}: allow it, or name another bucket with --bucket"
        ) from error

    def _answers(self, name: str) -> bool:
        """Whether we have access to the bucket, whoever owns it."""
        try:
            self._client.head_bucket(Bucket=name)
        except ClientError:
            return False
        return True

    def _own_names(self) -> set[str] | None:
        """The account's buckets; None when the permissions do not allow to list them."""
        try:
            return {item["Name"] for item in self._client.list_buckets()["Buckets"]}
        except ClientError as error:
            if code_of(error) in _FORBIDDEN:
                return None
            raise

    def _refuse_other_region(self, name: str, answer: Mapping[str, Any]) -> None:
        region = region_of(answer, self._identity.region)
        if region != self._identity.region:
            raise SettingsError(
                [
                    f"bucket {name} is in region {region}, but the code must be in the function's region, "
                    f"{self._identity.region}: use --region {region}, or another --bucket"
                ]
            )

    def create(self, name: str, tags: Mapping[str, str]) -> None:
        """Creates a private, encrypted bucket that allows only TLS.

        It may be repeated, and then finishes a half-made bucket. Raises Refused when another account has the name,
        OutOfReach when S3 still remembers a deleted bucket with that name, or does not know the new one yet.
        """

        def make() -> None:
            with _permitted(f"bucket {name}"):
                self._make(name, tags)

        self._repeater.patiently(f"bucket {name}", make, _NOT_YET)

    def _make(self, name: str, tags: Mapping[str, str]) -> None:
        region = self._identity.region
        placed = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
        blocks = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
        ours = {"Bucket": name, "ExpectedBucketOwner": self._identity.account}
        try:
            with suppress(self._client.exceptions.BucketAlreadyOwnedByYou):
                self._client.create_bucket(Bucket=name, **placed)
            self._client.put_public_access_block(**ours, PublicAccessBlockConfiguration=dict.fromkeys(blocks, True))
            self._client.put_bucket_encryption(**ours, ServerSideEncryptionConfiguration={"Rules": [rule]})
            self._client.put_bucket_policy(**ours, Policy=self._tls_only(name))
            # Last, since the tag says that the bucket is made: without it, the next run finishes it.
            tag_set = [{"Key": key, "Value": value} for key, value in tags.items()]
            self._client.put_bucket_tagging(**ours, Tagging={"TagSet": tag_set})
        except ClientError as error:
            if code_of(error) == "BucketAlreadyExists":
                raise Refused(f"bucket {name} belongs to another account: name another one with --bucket") from error
            if code_of(error) in _NOT_YET:
                raise OutOfReach(
                    f"bucket {name}: S3 is still busy with a bucket of this name, which was just created or deleted; "
                    "run the same command again in a few minutes"
                ) from error
            raise

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

    def upload(self, bucket: str, key: str, body: bytes, labels: Mapping[str, str] = _NO_LABELS) -> None:
        """Writes an object with a checksum, so that S3 refuses a damaged body.

        Labels are stored as the object's metadata: unlike tags, they need no extra permission.
        """
        wanted = {"Key": key, "Body": body, "ChecksumAlgorithm": "CRC32", "Metadata": dict(labels)}

        def put() -> None:
            with _permitted(f"s3://{bucket}/{key}"):
                self._client.put_object(Bucket=bucket, ExpectedBucketOwner=self._identity.account, **wanted)

        self._repeater.patiently(f"s3://{bucket}/{key}", put, _NOT_YET)

    def metadata(self, bucket: str, item: ObjectVersion) -> dict[str, str]:
        """The labels of a version of an object; empty when it no longer exists."""
        is_plain = item.version == "null" and item.is_latest
        # To name a version takes a permission more.
        one = {"Key": item.key} if is_plain else {"Key": item.key, "VersionId": item.version}
        with _permitted(f"s3://{bucket}/{item.key}"):
            found = optional(self._client.head_object, Bucket=bucket, ExpectedBucketOwner=self._identity.account, **one)
        return {} if found is None else dict(found.get("Metadata", {}))

    def note(self, bucket: str, key: str, text: str, labels: Mapping[str, str] = _NO_LABELS) -> None:
        """Writes a short text into the bucket; it replaces an earlier one."""
        self.upload(bucket, key, text.encode(), labels)

    def noted(self, bucket: str, key: str) -> str | None:
        """The text under the key; None if there is none."""
        found = self.read(bucket, key)
        return None if found is None else found.decode()

    def read(self, bucket: str, key: str) -> bytes | None:
        """The object under the key; None if there is none."""
        with _permitted(f"s3://{bucket}/{key}"):
            owner = self._identity.account
            found = optional(self._client.get_object, Bucket=bucket, Key=key, ExpectedBucketOwner=owner)
            return None if found is None else bytes(found["Body"].read())

    def link(self, bucket: str, key: str, seconds: int) -> str:
        """An https URL that can read the object without credentials for some time."""
        with translated(f"s3://{bucket}/{key}"):
            return str(
                self._client.generate_presigned_url(
                    "get_object", Params={"Bucket": bucket, "Key": key}, ExpiresIn=seconds
                )
            )

    def address(self, bucket: str, key: str) -> str:
        """The URL of an object on the region's own host, for readers with credentials."""
        return f"{self._client.meta.endpoint_url}/{bucket}/{key}"

    def keys(self, bucket: str, prefix: str = "") -> list[str]:
        """The keys of a bucket under a prefix."""
        with _permitted(f"bucket {bucket}"):
            pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
            return [item["Key"] for page in pages for item in page.get("Contents", [])]

    def versions(self, bucket: str, prefix: str = "") -> list[ObjectVersion]:
        """All versions and delete markers under a prefix; empty when the bucket does not exist (any more)."""
        with _permitted(f"bucket {bucket}"):
            try:
                pages = list(self._client.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix))
            except ClientError as error:
                if code_of(error) in MISSING:
                    return []
                raise
        return [
            ObjectVersion(item["Key"], item["VersionId"], kind == "DeleteMarkers", item.get("IsLatest", True))
            for page in pages
            for kind in ("Versions", "DeleteMarkers")
            for item in page.get(kind, [])
        ]

    def remove(self, bucket: str, versions: Sequence[ObjectVersion]) -> None:
        """Deletes versions of objects permanently; a missing bucket is fine.

        Raises WildrydesError with the versions that S3 did not delete.
        """
        faults: list[dict[str, str]] = []
        with _permitted(f"bucket {bucket}"), _or_gone():
            for start in range(0, len(versions), 1000):
                batch = [{"Key": item.key, "VersionId": item.version} for item in versions[start : start + 1000]]
                answer = self._client.delete_objects(Bucket=bucket, Delete={"Objects": batch, "Quiet": True})
                faults += answer.get("Errors", [])
        if faults:
            raise _refusal(bucket, faults)

    def abort_uploads(self, bucket: str) -> None:
        """Aborts multipart uploads that were never finished: they are billed, and no list of objects shows them."""
        with _permitted(f"bucket {bucket}"), _or_gone():
            pages = self._client.get_paginator("list_multipart_uploads").paginate(Bucket=bucket)
            abort = partial(self._client.abort_multipart_upload, Bucket=bucket)
            for upload in [item for page in pages for item in page.get("Uploads", [])]:
                optional(abort, {"NoSuchUpload"}, Key=upload["Key"], UploadId=upload["UploadId"])

    def delete(self, name: str) -> bool:
        """Deletes a bucket; False when it is not empty."""
        with _permitted(f"bucket {name}"):
            try:
                self._client.delete_bucket(Bucket=name)
            except ClientError as error:
                if code_of(error) == "BucketNotEmpty":
                    return False
                if code_of(error) not in MISSING:
                    raise
        return True


def region_of(answer: Mapping[str, Any], usual: str) -> str:
    """The region of the bucket that S3's answer is about; `usual` where the answer does not say."""
    headers: Mapping[str, str] = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    return headers.get("x-amz-bucket-region", usual)


@contextmanager
def _permitted(what: str) -> Iterator[None]:
    """Like `translated`, and also names the permission that a denied operation needs."""
    with translated(what):
        try:
            yield
        except ClientError as error:
            if code_of(error) not in _FORBIDDEN:
                raise
            message = error.response.get("Error", {}).get("Message", "")
            needed = _PERMISSIONS.get(error.operation_name, f"s3:{error.operation_name}")
            raise WildrydesError(f"{what}: AWS denies access: {message}; allow {needed}") from error


@contextmanager
def _or_gone() -> Iterator[None]:
    """Ignores a bucket that somebody else deleted in the meantime."""
    try:
        yield
    except ClientError as error:
        if code_of(error) not in MISSING:
            raise


def _refusal(bucket: str, faults: Sequence[Mapping[str, str]]) -> WildrydesError:
    """The errors of single keys, which `DeleteObjects` reports in a successful answer."""
    kind = OutOfReach if all(fault["Code"] in _PASSING for fault in faults) else WildrydesError
    told = "; ".join(f"{fault['Key']}: {fault['Code']}: {fault.get('Message', '')}" for fault in faults[:3])
    return kind(f"bucket {bucket}: S3 did not delete {len(faults)} objects ({told}); run again to continue")

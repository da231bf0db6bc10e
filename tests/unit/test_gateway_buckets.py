"""The gateway of this service, on boto's own client: what AWS is asked and what its answers mean."""

import json
from datetime import datetime, timezone
from typing import Any

import pytest
from botocore.stub import Stubber

from tests.unit.fakes import IDENTITY
from tests.unit.stubs import Stub, client_of
from wildrydes_ml.aws import Buckets
from wildrydes_ml.errors import Refused, WildrydesError
from wildrydes_ml.records import Identity

NOW = datetime(2026, 1, 1, tzinfo=timezone.utc)
STACK = {"StackName": "s", "StackId": "id:s", "StackStatus": "CREATE_COMPLETE", "CreationTime": NOW}
ARN = "arn:aws:cloudformation:eu-west-1:123456789012:changeSet/c/1"


def bucket_calls(stubber: Stubber, *names: str) -> None:
    for name in names:
        stubber.add_response(name, {})


@pytest.mark.parametrize(
    ("region", "placed"),
    [("us-east-1", {}), ("eu-west-1", {"CreateBucketConfiguration": {"LocationConstraint": "eu-west-1"}})],
)
@pytest.mark.parametrize("is_new", [True, False])
def test_a_bucket_is_private_encrypted_tagged_and_tls_only(
    stub: Stub, region: str, placed: dict[str, Any], is_new: bool
) -> None:
    client, stubber = stub("s3")
    if is_new:
        stubber.add_response("create_bucket", {}, {"Bucket": "b", **placed})
    else:
        stubber.add_client_error("create_bucket", "BucketAlreadyOwnedByYou", expected_params={"Bucket": "b", **placed})
    sent: dict[str, dict[str, Any]] = {}
    client.meta.events.register(
        "provide-client-params.s3", lambda params, model, **_: sent.update({model.name: params})
    )
    bucket_calls(stubber, "put_public_access_block", "put_bucket_encryption", "put_bucket_policy", "put_bucket_tagging")
    Buckets(client, Identity("1", "arn", "aws-cn", region)).create("b", {"k": "v"})
    assert sent["PutBucketTagging"]["Tagging"] == {"TagSet": [{"Key": "k", "Value": "v"}]}
    assert set(sent["PutPublicAccessBlock"]["PublicAccessBlockConfiguration"].values()) == {True}
    assert len(sent["PutPublicAccessBlock"]["PublicAccessBlockConfiguration"]) == 4
    assert "AES256" in str(sent["PutBucketEncryption"])
    (statement,) = json.loads(sent["PutBucketPolicy"]["Policy"])["Statement"]
    assert (statement["Effect"], statement["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})
    assert statement["Resource"] == ["arn:aws-cn:s3:::b", "arn:aws-cn:s3:::b/*"]


def test_the_tag_that_says_made_comes_last() -> None:
    client = client_of("s3")
    with Stubber(client) as stubber:
        bucket_calls(stubber, "create_bucket", "put_public_access_block", "put_bucket_encryption")
        bucket_calls(stubber, "put_bucket_policy", "put_bucket_tagging")
        Buckets(client, IDENTITY).create("b", {"k": "v"})


def test_somebody_else_s_bucket_cannot_be_made(stub: Stub) -> None:
    client, stubber = stub("s3")
    stubber.add_client_error("create_bucket", "BucketAlreadyExists", "taken")
    with pytest.raises(WildrydesError, match="bucket b: BucketAlreadyExists"):
        Buckets(client, IDENTITY).create("b", {})


HEAD = {"Bucket": "b", "ExpectedBucketOwner": "123456789012"}


def test_a_bucket_s_tags(stub: Stub) -> None:
    client, stubber = stub("s3")
    buckets = Buckets(client, IDENTITY)
    stubber.add_response("head_bucket", {}, HEAD)
    stubber.add_response("get_bucket_tagging", {"TagSet": [{"Key": "k", "Value": "v"}]})
    assert buckets.tags("b") == {"k": "v"}
    stubber.add_response("head_bucket", {}, HEAD)
    stubber.add_client_error("get_bucket_tagging", "NoSuchTagSet")
    assert buckets.tags("b") == {}


@pytest.mark.parametrize("code", ["404", "NoSuchBucket"])
def test_a_missing_bucket_has_no_tags(stub: Stub, code: str) -> None:
    client, stubber = stub("s3")
    stubber.add_client_error("head_bucket", code, http_status_code=404, expected_params=HEAD)
    assert Buckets(client, IDENTITY).tags("b") is None


@pytest.mark.parametrize("code", ["403", "AccessDenied"])
def test_another_account_s_bucket_is_refused(stub: Stub, code: str) -> None:
    client, stubber = stub("s3")
    stubber.add_client_error("head_bucket", code, http_status_code=403, expected_params=HEAD)
    with pytest.raises(Refused, match="b belongs to another account"):
        Buckets(client, IDENTITY).tags("b")


def test_objects_are_listed_and_removed_in_thousands(stub: Stub) -> None:
    client, stubber = stub("s3")
    buckets = Buckets(client, IDENTITY)
    first = {"Contents": [{"Key": "code/a"}], "IsTruncated": True, "NextContinuationToken": "more"}
    stubber.add_response("list_objects_v2", first, {"Bucket": "b", "Prefix": "code/"})
    last = {"Contents": [{"Key": "code/b"}], "IsTruncated": False}
    stubber.add_response("list_objects_v2", last, {"Bucket": "b", "Prefix": "code/", "ContinuationToken": "more"})
    assert buckets.keys("b", "code/") == ["code/a", "code/b"]
    stubber.add_response("list_objects_v2", {"IsTruncated": False}, {"Bucket": "b", "Prefix": ""})
    assert buckets.keys("b") == []
    keys = [str(number) for number in range(1001)]
    for batch in (keys[:1000], keys[1000:]):
        wanted = {"Objects": [{"Key": key} for key in batch], "Quiet": True}
        stubber.add_response("delete_objects", {}, {"Bucket": "b", "Delete": wanted})
    buckets.remove("b", keys)


def test_a_link_reads_one_object_for_a_time(stub: Stub) -> None:
    client, _ = stub("s3")
    link = Buckets(client, IDENTITY).link("bucket", "model/m.tar.gz", 7200)
    assert link.startswith("https://bucket.s3")
    assert "/model/m.tar.gz?" in link
    assert "secret" not in link

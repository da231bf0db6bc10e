"""The gateway of this service, on boto's own client: what AWS is asked and what its answers mean."""

import json
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

import boto3
import pytest
from botocore.config import Config

from tests.unit.stubs import Stub
from wildrydes_ml.aws.buckets import Buckets
from wildrydes_ml.aws.records import Identity, ObjectVersion
from wildrydes_ml.aws.repeating import Repeater
from wildrydes_ml.errors import InterruptedWork, OutOfReach, Refused, SettingsError, WildrydesError
from wildrydes_ml.testing import IDENTITY, Clock

NOW = datetime(2026, 1, 1, tzinfo=timezone.utc)
STACK = {"StackName": "s", "StackId": "id:s", "StackStatus": "CREATE_COMPLETE", "CreationTime": NOW}
ARN = "arn:aws:cloudformation:eu-west-1:123456789012:changeSet/c/1"


SETTINGS = ("put_public_access_block", "put_bucket_encryption", "put_bucket_policy", "put_bucket_tagging")


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
    # The tag says that the bucket is made, so it comes last.
    for name in SETTINGS:
        stubber.add_response(name, {})
    Buckets(client, Identity("1", "arn", "aws-cn", region)).create("b", {"k": "v"})
    assert sent["PutBucketTagging"]["Tagging"] == {"TagSet": [{"Key": "k", "Value": "v"}]}
    assert set(sent["PutPublicAccessBlock"]["PublicAccessBlockConfiguration"].values()) == {True}
    assert len(sent["PutPublicAccessBlock"]["PublicAccessBlockConfiguration"]) == 4
    assert "AES256" in str(sent["PutBucketEncryption"])
    (statement,) = json.loads(sent["PutBucketPolicy"]["Policy"])["Statement"]
    assert (statement["Effect"], statement["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})
    assert statement["Resource"] == ["arn:aws-cn:s3:::b", "arn:aws-cn:s3:::b/*"]
    assert {params["ExpectedBucketOwner"] for name, params in sent.items() if name != "CreateBucket"} == {"1"}


def test_somebody_else_s_bucket_cannot_be_made(stub: Stub) -> None:
    client, stubber = stub("s3")
    stubber.add_client_error("create_bucket", "BucketAlreadyExists", "taken")
    with pytest.raises(Refused, match="bucket b belongs to another account: name another one with --bucket"):
        Buckets(client, IDENTITY).create("b", {})


@pytest.mark.parametrize("made", range(5))
@pytest.mark.parametrize("code", ["OperationAborted", "NoSuchBucket"])
def test_a_bucket_that_s3_does_not_know_everywhere_is_made_a_little_later(stub: Stub, made: int, code: str) -> None:
    client, stubber = stub("s3")
    calls = ("create_bucket", *SETTINGS)
    for name in calls[:made]:
        stubber.add_response(name, {})
    stubber.add_client_error(calls[made], code, http_status_code=409)
    for name in calls:
        stubber.add_response(name, {})
    clock = Clock()
    Buckets(client, IDENTITY, Repeater(sleep=clock.sleep)).create("b", {"k": "v"})
    assert clock.now > 0


def test_a_bucket_that_s3_never_lets_go_is_told(stub: Stub) -> None:
    client, stubber = stub("s3")
    for _ in range(10):
        stubber.add_client_error("create_bucket", "OperationAborted", http_status_code=409)
    with pytest.raises(
        OutOfReach, match=r"bucket b: S3 is still busy with a bucket of this name.*run the same command"
    ):
        Buckets(client, IDENTITY, Repeater(sleep=lambda _: None)).create("b", {})


def test_an_upload_is_checked_and_goes_to_our_own_bucket_only(stub: Stub) -> None:
    client, stubber = stub("s3")
    checked = {"ChecksumAlgorithm": "CRC32", "ExpectedBucketOwner": IDENTITY.account, "Metadata": {"k": "v"}}
    wanted = {"Bucket": "b", "Key": "code/a.zip", "Body": b"zip", **checked}
    stubber.add_client_error("put_object", "NoSuchBucket", http_status_code=404, expected_params=wanted)
    stubber.add_response("put_object", {}, wanted)
    Buckets(client, IDENTITY, Repeater(sleep=lambda _: None)).upload("b", "code/a.zip", b"zip", {"k": "v"})
    stubber.add_client_error("put_object", "AccessDenied", "not yours", http_status_code=403)
    with pytest.raises(WildrydesError, match=r"s3://b/code/a\.zip: AWS denies access: not yours; allow s3:PutObject"):
        Buckets(client, IDENTITY).upload("b", "code/a.zip", b"zip")


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
    for known in ("open to us", "not among ours"):
        stubber.add_client_error("head_bucket", code, http_status_code=403, expected_params=HEAD)
        if known == "open to us":
            stubber.add_response("head_bucket", {}, {"Bucket": "b"})
        else:
            stubber.add_client_error("head_bucket", code, http_status_code=403, expected_params={"Bucket": "b"})
            stubber.add_response("list_buckets", {"Buckets": [{"Name": "bb"}]})
        with pytest.raises(Refused, match="b belongs to another account") as error:
            Buckets(client, IDENTITY).tags("b")
        assert error.value.exit_code == 4


@pytest.mark.parametrize("listed", [["a", "b"], None], ids=["one of ours", "nobody knows whose"])
def test_a_bucket_that_may_not_be_read_is_no_refusal_and_names_the_permission(
    stub: Stub, listed: list[str] | None
) -> None:
    client, stubber = stub("s3")
    for _ in range(2):
        stubber.add_client_error("head_bucket", "403", "Forbidden", http_status_code=403)
    if listed is None:
        stubber.add_client_error("list_buckets", "AccessDenied", http_status_code=403)
    else:
        stubber.add_response("list_buckets", {"Buckets": [{"Name": name} for name in listed]})
    with pytest.raises(
        WildrydesError, match=r"bucket b: AWS denies access .* lack the permission s3:ListBucket:"
    ) as error:
        Buckets(client, IDENTITY).tags("b")
    assert error.value.exit_code == 1
    assert ("It belongs to this account, and" if listed else "belongs to another account, or") in str(error.value)


@pytest.mark.parametrize(
    ("operation", "call", "permission"),
    [
        ("list_object_versions", lambda buckets: buckets.versions("b"), "s3:ListBucketVersions"),
        ("list_objects_v2", lambda buckets: buckets.keys("b"), "s3:ListBucket"),
        ("delete_objects", lambda buckets: buckets.remove("b", [ObjectVersion("k", "1")]), "s3:DeleteObject"),
        ("list_multipart_uploads", lambda buckets: buckets.abort_uploads("b"), "s3:ListBucketMultipartUploads"),
        ("delete_bucket", lambda buckets: buckets.delete("b"), "s3:DeleteBucket"),
        ("head_object", lambda buckets: buckets.metadata("b", ObjectVersion("k", "1")), "s3:GetObject"),
        ("create_bucket", lambda buckets: buckets.create("b", {}), "s3:CreateBucket"),
    ],
)
def test_what_is_denied_names_its_permission(
    stub: Stub, operation: str, call: Callable[[Buckets], object], permission: str
) -> None:
    client, stubber = stub("s3")
    stubber.add_client_error(operation, "403" if operation == "head_object" else "AccessDenied", http_status_code=403)
    with pytest.raises(WildrydesError, match=f"b.*: AWS denies access.* allow {permission}") as error:
        call(Buckets(client, IDENTITY))
    assert error.value.exit_code == 1


def test_an_object_s_labels(stub: Stub) -> None:
    client, stubber = stub("s3")
    buckets, item = Buckets(client, IDENTITY), ObjectVersion("code/a.zip", "v1")
    wanted = {"Bucket": "b", "Key": "code/a.zip", "VersionId": "v1", "ExpectedBucketOwner": IDENTITY.account}
    stubber.add_response("head_object", {"Metadata": {"wildrydes-ml": "rider"}}, wanted)
    stubber.add_response("head_object", {}, wanted)
    stubber.add_client_error("head_object", "404", http_status_code=404)
    assert [buckets.metadata("b", item) for _ in range(3)] == [{"wildrydes-ml": "rider"}, {}, {}]
    stubber.add_response("head_object", {}, {name: wanted[name] for name in wanted if name != "VersionId"})
    assert buckets.metadata("b", ObjectVersion("code/a.zip", "null")) == {}


def test_our_own_bucket_whose_tags_may_not_be_read_is_no_stranger_s(stub: Stub) -> None:
    client, stubber = stub("s3")
    stubber.add_response("head_bucket", {}, HEAD)
    stubber.add_client_error("get_bucket_tagging", "AccessDenied", "no s3:GetBucketTagging", http_status_code=403)
    said = "bucket b: AWS denies access: no s3:GetBucketTagging; allow s3:GetBucketTagging"
    with pytest.raises(WildrydesError, match=said) as error:
        Buckets(client, IDENTITY).tags("b")
    assert not isinstance(error.value, Refused)


def test_expired_credentials_have_no_words_in_s3_s_answer(stub: Stub) -> None:
    client, stubber = stub("s3")
    stubber.add_client_error("head_bucket", "400", "Bad Request", http_status_code=400, expected_params=HEAD)
    with pytest.raises(InterruptedWork, match="expired: renew them"):
        Buckets(client, IDENTITY).tags("b")


ELSEWHERE = {"HTTPHeaders": {"x-amz-bucket-region": "eu-north-1"}}


@pytest.mark.parametrize("code", ["301", "PermanentRedirect", "400"])
def test_a_bucket_of_another_region_is_named_with_its_region(stub: Stub, code: str) -> None:
    client, stubber = stub("s3")
    stubber.add_client_error("head_bucket", code, response_meta=ELSEWHERE, expected_params=HEAD)
    with pytest.raises(SettingsError, match=r"in region eu-north-1.*eu-west-1: use --region eu-north-1"):
        Buckets(client, IDENTITY).tags("b")


def test_a_bucket_that_botocore_finds_in_another_region_is_not_used(stub: Stub) -> None:
    client, stubber = stub("s3")
    stubber.add_response("head_bucket", {"ResponseMetadata": ELSEWHERE}, HEAD)
    with pytest.raises(SettingsError, match="region eu-north-1"):
        Buckets(client, IDENTITY).tags("b")


def test_a_redirect_without_a_region_is_an_error(stub: Stub) -> None:
    client, stubber = stub("s3")
    stubber.add_client_error("head_bucket", "301", "Moved Permanently", expected_params=HEAD)
    with pytest.raises(WildrydesError, match="bucket b: 301: Moved Permanently"):
        Buckets(client, IDENTITY).tags("b")


def test_a_bucket_that_goes_between_two_looks_is_missing(stub: Stub) -> None:
    client, stubber = stub("s3")
    stubber.add_response("head_bucket", {}, HEAD)
    stubber.add_client_error("get_bucket_tagging", "NoSuchBucket")
    assert Buckets(client, IDENTITY).tags("b") is None


def test_keys_are_listed_page_by_page(stub: Stub) -> None:
    client, stubber = stub("s3")
    buckets = Buckets(client, IDENTITY)
    first = {"Contents": [{"Key": "code/a"}], "IsTruncated": True, "NextContinuationToken": "more"}
    stubber.add_response("list_objects_v2", first, {"Bucket": "b", "Prefix": "code/"})
    last = {"Contents": [{"Key": "code/b"}], "IsTruncated": False}
    stubber.add_response("list_objects_v2", last, {"Bucket": "b", "Prefix": "code/", "ContinuationToken": "more"})
    assert buckets.keys("b", "code/") == ["code/a", "code/b"]
    stubber.add_response("list_objects_v2", {"IsTruncated": False}, {"Bucket": "b", "Prefix": ""})
    assert buckets.keys("b") == []


def test_versions_and_delete_markers_are_listed_page_by_page(stub: Stub) -> None:
    client, stubber = stub("s3")
    first = {
        "Versions": [
            {"Key": "code/a", "VersionId": "2", "IsLatest": True},
            {"Key": "code/a", "VersionId": "1", "IsLatest": False},
        ],
        "DeleteMarkers": [{"Key": "code/b", "VersionId": "3", "IsLatest": True}],
        "IsTruncated": True,
        "NextKeyMarker": "code/b",
        "NextVersionIdMarker": "3",
    }
    stubber.add_response("list_object_versions", first, {"Bucket": "b", "Prefix": "code/"})
    last = {"Versions": [{"Key": "code/c", "VersionId": "null"}], "IsTruncated": False}
    more = {"KeyMarker": "code/b", "VersionIdMarker": "3"}
    stubber.add_response("list_object_versions", last, {"Bucket": "b", "Prefix": "code/", **more})
    assert Buckets(client, IDENTITY).versions("b", "code/") == [
        ObjectVersion("code/a", "2"),
        ObjectVersion("code/a", "1", is_latest=False),
        ObjectVersion("code/b", "3", is_mark=True),
        ObjectVersion("code/c", "null"),
    ]


def test_a_bucket_that_is_gone_holds_nothing(stub: Stub) -> None:
    client, stubber = stub("s3")
    stubber.add_client_error("list_object_versions", "NoSuchBucket")
    assert Buckets(client, IDENTITY).versions("b") == []


def test_versions_are_removed_in_thousands(stub: Stub) -> None:
    client, stubber = stub("s3")
    versions = [ObjectVersion(str(number), "null") for number in range(1001)]
    for batch in (versions[:1000], versions[1000:]):
        objects = [{"Key": item.key, "VersionId": "null"} for item in batch]
        stubber.add_response("delete_objects", {}, {"Bucket": "b", "Delete": {"Objects": objects, "Quiet": True}})
    Buckets(client, IDENTITY).remove("b", versions)


@pytest.mark.parametrize(
    ("codes", "kind"),
    [
        (["AccessDenied"], WildrydesError),
        (["SlowDown", "AccessDenied"], WildrydesError),
        (["InternalError", "SlowDown"], OutOfReach),
    ],
)
def test_an_object_that_s3_does_not_delete_is_told(stub: Stub, codes: list[str], kind: type[Exception]) -> None:
    client, stubber = stub("s3")
    faults = [{"Key": f"code/{code}", "Code": code, "Message": "it is locked"} for code in codes]
    stubber.add_response("delete_objects", {"Errors": faults})
    with pytest.raises(WildrydesError, match=f"b: S3 did not delete {len(codes)} .*code/{codes[0]}: .*locked") as error:
        Buckets(client, IDENTITY).remove("b", [ObjectVersion("code/a", "1")])
    assert type(error.value) is kind


def test_unfinished_uploads_are_dropped(stub: Stub) -> None:
    client, stubber = stub("s3")
    found = {"Uploads": [{"Key": "model/big", "UploadId": id} for id in ("u1", "u2")], "IsTruncated": False}
    stubber.add_response("list_multipart_uploads", found, {"Bucket": "b"})
    stubber.add_client_error("abort_multipart_upload", "NoSuchUpload")
    stubber.add_response("abort_multipart_upload", {}, {"Bucket": "b", "Key": "model/big", "UploadId": "u2"})
    Buckets(client, IDENTITY).abort_uploads("b")


@pytest.mark.parametrize(("code", "is_gone"), [("", True), ("BucketNotEmpty", False), ("NoSuchBucket", True)])
def test_a_bucket_goes_when_it_is_empty(stub: Stub, code: str, is_gone: bool) -> None:
    client, stubber = stub("s3")
    if code:
        stubber.add_client_error("delete_bucket", code, expected_params={"Bucket": "b"})
    else:
        stubber.add_response("delete_bucket", {}, {"Bucket": "b"})
    assert Buckets(client, IDENTITY).delete("b") is is_gone


def test_a_link_reads_one_object_for_a_time(stub: Stub) -> None:
    client, _ = stub("s3")
    link = Buckets(client, IDENTITY).link("bucket", "model/m.tar.gz", 7200)
    assert link.startswith("https://bucket.s3")
    assert "/model/m.tar.gz?" in link
    assert "secret" not in link


def test_a_bucket_that_somebody_else_deleted_meanwhile_is_gone(stub: Stub) -> None:
    client, stubber = stub("s3")
    for call in ("delete_objects", "list_multipart_uploads", "delete_bucket"):
        stubber.add_client_error(call, "NoSuchBucket", "The specified bucket does not exist", 404)
    buckets = Buckets(client, IDENTITY)
    buckets.remove("b", [ObjectVersion("code/a.zip", "null")])
    buckets.abort_uploads("b")
    assert buckets.delete("b")


@pytest.mark.parametrize(("code", "found"), [("NoSuchTagSet", {}), ("NoSuchBucket", None)])
def test_our_own_bucket_s_tags_are_one_call(stub: Stub, code: str, found: dict[str, str] | None) -> None:
    client, stubber = stub("s3")
    wanted = {"Bucket": "b", "ExpectedBucketOwner": IDENTITY.account}
    stubber.add_response("get_bucket_tagging", {"TagSet": [{"Key": "k", "Value": "v"}]}, wanted)
    stubber.add_client_error("get_bucket_tagging", code, "", 404)
    buckets = Buckets(client, IDENTITY)
    assert buckets.own_tags("b") == {"k": "v"}
    assert buckets.own_tags("b") == found


def test_a_stranger_who_has_our_bucket_s_name_is_told(stub: Stub) -> None:
    client, stubber = stub("s3")
    stubber.add_client_error("get_bucket_tagging", "AccessDenied", "", 403)
    for _ in range(2):
        stubber.add_client_error("head_bucket", "403", "Forbidden", 403)
    stubber.add_response("list_buckets", {"Buckets": []})
    with pytest.raises(Refused, match="bucket b belongs to another account"):
        Buckets(client, IDENTITY).own_tags("b")


def test_an_answer_without_tags_is_none(stub: Stub) -> None:
    client, stubber = stub("s3")
    stubber.add_response("get_bucket_tagging", {"TagSet": []})
    client.meta.events.register("after-call.s3.GetBucketTagging", lambda parsed, **_: parsed.pop("TagSet"))
    with pytest.raises(OutOfReach, match=r"bucket b: the answer of AWS cannot be read"):
        Buckets(client, IDENTITY).own_tags("b")


@pytest.mark.parametrize(
    ("region", "host"),
    [
        ("us-east-1", "s3.us-east-1.amazonaws.com"),
        ("eu-west-1", "s3.eu-west-1.amazonaws.com"),
        ("cn-north-1", "s3.cn-north-1.amazonaws.com.cn"),
    ],
)
def test_an_address_names_the_region_s_own_host(region: str, host: str) -> None:
    session = boto3.Session("key", "secret", region_name=region)
    client = session.client("s3", config=Config(s3={"us_east_1_regional_endpoint": "regional"}))
    assert Buckets(client, IDENTITY).address("b", "template/s.template") == f"https://{host}/b/template/s.template"

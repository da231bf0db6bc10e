"""The gateways on boto's own clients: what AWS is asked, checked against its models, and what its answers mean."""

import io
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from datetime import datetime, timezone
from typing import Any

import boto3
import pytest
from botocore import exceptions
from botocore.parsers import ResponseParserError
from botocore.response import StreamingBody
from botocore.stub import ANY, Stubber

from tests.unit.fakes import IDENTITY
from wildrydes_ml.aws import Apis, Buckets, Functions, Stacks, Tagging
from wildrydes_ml.aws.faults import translated
from wildrydes_ml.errors import InterruptedWork, Refused, SettingsError, WildrydesError
from wildrydes_ml.records import ChangeSet, Identity, Invocation, ResourceChange, Stack, StackResource
from wildrydes_ml.wiring import FoundWiring, Wiring

Stub = Callable[[str], tuple[Any, Stubber]]
NOW = datetime(2026, 1, 1, tzinfo=timezone.utc)
STACK = {"StackName": "s", "StackId": "id:s", "StackStatus": "CREATE_COMPLETE", "CreationTime": NOW}
ARN = "arn:aws:cloudformation:eu-west-1:123456789012:changeSet/c/1"


def client_of(service: str) -> Any:
    return boto3.client(service, "eu-west-1", aws_access_key_id="key", aws_secret_access_key="secret")


@pytest.fixture
def stub() -> Iterator[Stub]:
    """Service name -> a client that answers as prepared; every prepared answer must have been asked for."""
    with ExitStack() as open_stubs:

        def make(service: str) -> tuple[Any, Stubber]:
            client = client_of(service)
            stubber = open_stubs.enter_context(Stubber(client))
            open_stubs.callback(stubber.assert_no_pending_responses)
            return client, stubber

        yield make


# CloudFormation


@pytest.fixture
def cloudformation(stub: Stub) -> tuple[Stacks, Stubber, list[float]]:
    client, stubber = stub("cloudformation")
    slept: list[float] = []
    return Stacks(client, slept.append, 5.0), stubber, slept


Formation = tuple[Stacks, Stubber, list[float]]


def does_not_exist(stubber: Stubber, name: str = "s") -> None:
    stubber.add_client_error("describe_stacks", "ValidationError", f"Stack with id {name} does not exist")


def test_a_stack_is_told_as_plain_data(cloudformation: Formation) -> None:
    stacks, stubber, _ = cloudformation
    parts = {
        "StackStatusReason": "why",
        "Parameters": [{"ParameterKey": "a", "ParameterValue": "1"}],
        "Outputs": [{"OutputKey": "b", "OutputValue": "2"}],
        "Tags": [{"Key": "c", "Value": "3"}],
    }
    stubber.add_response("describe_stacks", {"Stacks": [{**STACK, **parts}]}, {"StackName": "s"})
    assert stacks.describe("s") == Stack("s", "id:s", "CREATE_COMPLETE", "why", {"a": "1"}, {"b": "2"}, {"c": "3"})


def test_a_missing_stack_is_none_and_another_fault_is_not(cloudformation: Formation) -> None:
    stacks, stubber, _ = cloudformation
    does_not_exist(stubber)
    assert stacks.describe("s") is None
    stubber.add_client_error("describe_stacks", "ValidationError", "1 validation error detected")
    with pytest.raises(WildrydesError, match="stack s: ValidationError: 1 validation"):
        stacks.describe("s")


def request(kind: str) -> dict[str, Any]:
    return {
        "StackName": "s",
        "ChangeSetName": ANY,
        "ChangeSetType": kind,
        "TemplateBody": "text",
        "Parameters": [{"ParameterKey": "a", "ParameterValue": "1"}],
        "Tags": [{"Key": "t", "Value": "v"}],
        "Capabilities": ["CAPABILITY_IAM"],
    }


def change(name: str, **more: str) -> dict[str, Any]:
    return {"ResourceChange": {"LogicalResourceId": name, "ResourceType": "T", "Action": "Modify", **more}}


@pytest.mark.parametrize(
    ("status", "kind"),
    [(None, "CREATE"), ("REVIEW_IN_PROGRESS", "CREATE"), ("UPDATE_COMPLETE", "UPDATE"), ("CREATE_COMPLETE", "UPDATE")],
)
def test_a_change_set_is_made_waited_for_and_read_whole(
    cloudformation: Formation, status: str | None, kind: str
) -> None:
    stacks, stubber, slept = cloudformation
    if status:
        stubber.add_response("describe_stacks", {"Stacks": [{**STACK, "StackStatus": status}]})
    else:
        does_not_exist(stubber)
    stubber.add_response("create_change_set", {"Id": ARN, "StackId": "id:s"}, request(kind))
    stubber.add_response("describe_change_set", {"Status": "CREATE_PENDING"}, {"ChangeSetName": ARN})
    page = {"Status": "CREATE_COMPLETE", "Changes": [change("A", Replacement="True")], "NextToken": "more"}
    stubber.add_response("describe_change_set", page, {"ChangeSetName": ARN})
    stubber.add_response(
        "describe_change_set",
        {"Status": "CREATE_COMPLETE", "Changes": [change("B")]},
        {"ChangeSetName": ARN, "NextToken": "more"},
    )
    stubber.add_response("describe_stacks", {"Stacks": [STACK]}, {"StackName": "id:s"})
    made = stacks.prepare("s", "text", {"a": "1"}, {"t": "v"})
    assert made is not None
    assert made.changes == (ResourceChange("A", "T", "Modify", "True"), ResourceChange("B", "T", "Modify", "False"))
    assert (made.id, made.stack.id) == (ARN, "id:s")
    assert slept == [1]


@pytest.mark.parametrize(
    "reason",
    [
        "The submitted information didn't contain changes. Submit different information to create a change set.",
        "No updates are to be performed.",
    ],
)
def test_an_empty_change_set_is_thrown_away_and_no_error(cloudformation: Formation, reason: str) -> None:
    stacks, stubber, _ = cloudformation
    stubber.add_response("describe_stacks", {"Stacks": [STACK]})
    stubber.add_response("create_change_set", {"Id": ARN, "StackId": "id:s"}, request("UPDATE"))
    stubber.add_response("describe_change_set", {"Status": "FAILED", "StatusReason": reason})
    stubber.add_response("delete_change_set", {}, {"ChangeSetName": ARN})
    assert stacks.prepare("s", "text", {"a": "1"}, {"t": "v"}) is None


def test_a_refused_change_set_is_thrown_away_and_explained(cloudformation: Formation) -> None:
    stacks, stubber, _ = cloudformation
    stubber.add_response("describe_stacks", {"Stacks": [STACK]})
    stubber.add_response("create_change_set", {"Id": ARN, "StackId": "id:s"})
    stubber.add_response("describe_change_set", {"Status": "FAILED", "StatusReason": "Export x is in use"})
    stubber.add_response("delete_change_set", {}, {"ChangeSetName": ARN})
    with pytest.raises(WildrydesError, match="stack s: CloudFormation refuses the change: Export x is in use"):
        stacks.prepare("s", "text", {"a": "1"}, {"t": "v"})


def test_events_come_page_by_page_and_oldest_first(cloudformation: Formation) -> None:
    stacks, stubber, _ = cloudformation

    def item(number: int) -> dict[str, Any]:
        name = {"StackId": "id:s", "StackName": "s", "EventId": f"e{number}", "Timestamp": NOW}
        return {**name, "LogicalResourceId": "R", "ResourceType": "T", "ResourceStatus": "CREATE_FAILED"}

    first = {"StackEvents": [{**item(4), "ResourceStatusReason": "why"}, item(3)], "NextToken": "more"}
    stubber.add_response("describe_stack_events", first, {"StackName": "s"})
    second = {"StackEvents": [item(2), item(1)]}
    stubber.add_response("describe_stack_events", second, {"StackName": "s", "NextToken": "more"})
    events = stacks.events("s")
    assert [event.id for event in events] == ["e1", "e2", "e3", "e4"]
    assert [event.reason for event in events] == ["", "", "", "why"]


def test_resources_are_listed_even_when_a_failed_creation_took_them_back(cloudformation: Formation) -> None:
    stacks, stubber, _ = cloudformation

    def item(name: str, status: str) -> dict[str, Any]:
        return {"LogicalResourceId": name, "ResourceType": "T", "ResourceStatus": status, "LastUpdatedTimestamp": NOW}

    page = {"StackResourceSummaries": [item("A", "CREATE_COMPLETE"), item("B", "DELETE_COMPLETE")], "NextToken": "m"}
    stubber.add_response("list_stack_resources", page, {"StackName": "s"})
    last = {"StackResourceSummaries": [{**item("C", "DELETE_FAILED"), "PhysicalResourceId": "c"}]}
    stubber.add_response("list_stack_resources", last, {"StackName": "s", "NextToken": "m"})
    assert stacks.resources("s") == [
        StackResource("A", "T", ""),
        StackResource("B", "T", ""),
        StackResource("C", "T", "c"),
    ]


def test_the_template_is_the_text_that_was_submitted(cloudformation: Formation) -> None:
    stacks, stubber, _ = cloudformation
    asked = {"StackName": "s", "TemplateStage": "Original"}
    stubber.add_response("get_template", {"TemplateBody": "text"}, asked)
    stubber.add_client_error("get_template", "ValidationError", "Stack s is in REVIEW_IN_PROGRESS")
    assert (stacks.template("s"), stacks.template("s")) == ("text", "")


def test_execute_delete_and_pause_are_single_calls(cloudformation: Formation) -> None:
    stacks, stubber, slept = cloudformation
    stubber.add_response("execute_change_set", {}, {"ChangeSetName": ARN})
    stubber.add_response("delete_stack", {}, {"StackName": "id:s"})
    stacks.execute(ChangeSet(ARN, Stack("s", "id:s", "CREATE_COMPLETE"), ()))
    stacks.delete("id:s")
    stacks.pause()
    assert slept == [5.0]


# S3


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


# Lambda and its log


def reply(payload: object, **more: Any) -> dict[str, Any]:
    body = json.dumps(payload).encode()
    return {"StatusCode": 200, "Payload": StreamingBody(io.BytesIO(body), len(body)), **more}


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (reply({"statusCode": 200, "body": "{}"}), Invocation(200, "{}")),
        (reply({"statusCode": 503, "body": "x"}), Invocation(503, "x")),
        (reply({"errorMessage": "Task timed out"}, FunctionError="Unhandled"), Invocation(0, "", "Task timed out")),
        (reply({}), Invocation(0, "")),
        (reply(None), Invocation(0, "", "None")),
        (reply("hello"), Invocation(0, "", "hello")),
    ],
    ids=["answer", "problem", "timeout", "empty", "null", "text"],
)
def test_an_invocation_s_answer(stub: Stub, answer: dict[str, Any], expected: Invocation) -> None:
    client, stubber = stub("lambda")
    stubber.add_response("invoke", answer, {"FunctionName": "f:live", "Payload": b'{"image": ""}'})
    assert Functions(client, None).invoke("f:live", {"image": ""}) == expected


def test_a_log_group_is_known_by_its_whole_name_and_may_be_gone(stub: Stub) -> None:
    client, stubber = stub("logs")
    functions = Functions(None, client)
    for names, expected in ((["/g-other"], False), (["/g", "/g-other"], True), ([], False)):
        groups = {"logGroups": [{"logGroupName": name} for name in names]}
        stubber.add_response("describe_log_groups", groups, {"logGroupNamePrefix": "/g"})
        assert functions.log_group_exists("/g") is expected
    stubber.add_client_error("delete_log_group", "ResourceNotFoundException", expected_params={"logGroupName": "/g"})
    functions.delete_log_group("/g")
    stubber.add_client_error("delete_log_group", "AccessDeniedException", "no")
    with pytest.raises(WildrydesError, match="AWS denies it: no"):
        functions.delete_log_group("/g")


# API Gateway

FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:f:live"
URI = f"arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/{FUNCTION}/invocations"
PLACE = {"restApiId": "a", "resourceId": "root", "httpMethod": "ANY"}
STAGE = {"restApiId": "a", "stageName": "prod"}
OPEN = Wiring(FUNCTION, "NONE", 2.5, 10)


@pytest.fixture
def gateway(stub: Stub) -> tuple[Apis, Stubber]:
    client, stubber = stub("apigateway")
    return Apis(client, boto3.Session("key", "secret").get_credentials(), IDENTITY), stubber


Gateway = tuple[Apis, Stubber]


def add_root(stubber: Stubber) -> None:
    items = [{"id": "other", "path": "/other"}, {"id": "root", "path": "/"}]
    stubber.add_response("get_resources", {"items": items}, {"restApiId": "a"})


def add_plans(stubber: Stubber, *plans: dict[str, Any]) -> None:
    stubber.add_response("get_usage_plans", {"items": list(plans)}, {})


def plan(*apis: str, **more: Any) -> dict[str, Any]:
    return {"id": "p", "name": "f", "apiStages": [{"apiId": api, "stage": "prod"} for api in apis], **more}


def add_keys(stubber: Stubber, *keys: str) -> None:
    items = [{"id": key, "name": "f"} for key in keys]
    stubber.add_response("get_usage_plan_keys", {"items": items}, {"usagePlanId": "p"})


def test_a_skeleton_has_no_wiring(gateway: Gateway) -> None:
    apis, stubber = gateway
    add_root(stubber)
    stubber.add_client_error("get_method", "NotFoundException", expected_params=PLACE)
    stubber.add_client_error("get_stage", "NotFoundException", expected_params=STAGE)
    add_plans(stubber, plan("another"), {"id": "q", "name": "without stages"})
    assert apis.found("a", "f") == FoundWiring()


@pytest.mark.parametrize(
    ("method", "auth"),
    [
        ({"authorizationType": "NONE"}, "NONE"),
        ({"authorizationType": "AWS_IAM"}, "AWS_IAM"),
        ({"authorizationType": "NONE", "apiKeyRequired": True}, "API_KEY"),
    ],
    ids=str,
)
@pytest.mark.parametrize("keys", [(), ("k",)], ids=["no key", "key"])
def test_a_wiring_is_read(gateway: Gateway, method: dict[str, Any], auth: str, keys: tuple[str, ...]) -> None:
    apis, stubber = gateway
    add_root(stubber)
    stubber.add_response("get_method", {**method, "methodIntegration": {"type": "AWS_PROXY", "uri": URI}}, PLACE)
    settings = {"*/*": {"throttlingRateLimit": 2.5, "throttlingBurstLimit": 10}}
    stubber.add_response("get_stage", {"deploymentId": "d", "methodSettings": settings}, STAGE)
    stubber.add_response("get_deployment", {"description": "ours"}, {"restApiId": "a", "deploymentId": "d"})
    add_plans(stubber, plan("a"))
    add_keys(stubber, *keys)
    assert apis.found("a", "f") == FoundWiring(auth, FUNCTION, "ours", (2.5, 10), bool(keys), owns_key=True)


@pytest.mark.parametrize("integration", [{}, {"type": "MOCK"}, {"type": "AWS", "uri": URI}], ids=str)
def test_other_integrations_are_not_ours(gateway: Gateway, integration: dict[str, Any]) -> None:
    apis, stubber = gateway
    add_root(stubber)
    stubber.add_response("get_method", {"authorizationType": "NONE", "methodIntegration": integration})
    stubber.add_response("get_stage", {"deploymentId": "d"})
    stubber.add_response("get_deployment", {"id": "d"})
    add_plans(stubber)
    assert apis.found("a", "f") == FoundWiring(auth="NONE", target=None, description="", throttle=None)


@pytest.mark.parametrize(
    ("auth", "kind", "needs_key"), [("NONE", "NONE", False), ("AWS_IAM", "AWS_IAM", False), ("API_KEY", "NONE", True)]
)
def test_the_method_is_put_anew(gateway: Gateway, auth: str, kind: str, needs_key: bool) -> None:
    apis, stubber = gateway
    add_root(stubber)
    stubber.add_client_error("delete_method", "NotFoundException", expected_params=PLACE)
    stubber.add_response("put_method", {}, {**PLACE, "authorizationType": kind, "apiKeyRequired": needs_key})
    proxy = {"type": "AWS_PROXY", "integrationHttpMethod": "POST", "uri": URI}
    stubber.add_response("put_integration", {}, {**PLACE, **proxy})
    apis.perform("a", "method", Wiring(FUNCTION, auth, 5, 10), "f")


def test_deployment_and_throttle(gateway: Gateway) -> None:
    apis, stubber = gateway
    stubber.add_response("create_deployment", {}, {**STAGE, "description": OPEN.description})
    apis.perform("a", "deployment", OPEN, "f")
    limits = [
        {"op": "replace", "path": "/*/*/throttling/rateLimit", "value": "2.5"},
        {"op": "replace", "path": "/*/*/throttling/burstLimit", "value": "10"},
    ]
    stubber.add_response("update_stage", {}, {**STAGE, "patchOperations": limits})
    apis.perform("a", "throttle", OPEN, "f")


LINKED = {"usagePlanId": "p", "keyId": "k", "keyType": "API_KEY"}


def test_a_key_is_made_with_its_plan(gateway: Gateway) -> None:
    apis, stubber = gateway
    stubber.add_response("get_api_keys", {"items": [{"id": "x", "name": "f-other"}]}, {"nameQuery": "f"})
    stubber.add_response("create_api_key", {"id": "k"}, {"name": "f", "enabled": True})
    add_plans(stubber)
    wanted = {"name": "f", "throttle": {"rateLimit": 2.5, "burstLimit": 10}, "apiStages": plan("a")["apiStages"]}
    stubber.add_response("create_usage_plan", {"id": "p"}, wanted)
    stubber.add_response("create_usage_plan_key", {}, LINKED)
    apis.perform("a", "key", OPEN, "f")


def test_a_key_that_was_half_made_is_completed(gateway: Gateway) -> None:
    apis, stubber = gateway
    stubber.add_response("get_api_keys", {"items": [{"id": "k", "name": "f"}]})
    add_plans(stubber, plan("a"))
    stubber.add_response("create_usage_plan_key", {}, LINKED)
    apis.perform("a", "key", OPEN, "f")


def test_the_key_s_value(gateway: Gateway) -> None:
    apis, stubber = gateway
    add_plans(stubber, plan("a"))
    add_keys(stubber, "k")
    stubber.add_response("get_api_key", {"value": "v"}, {"apiKey": "k", "includeValue": True})
    assert apis.key("a") == "v"
    add_plans(stubber)
    assert apis.key("a") == ""


def add_removal(stubber: Stubber, found: dict[str, Any]) -> None:
    add_plans(stubber, found)
    add_keys(stubber, "k")
    stubber.add_response("delete_api_key", {}, {"apiKey": "k"})
    stage = {"op": "remove", "path": "/apiStages", "value": "a:prod"}
    stubber.add_response("update_usage_plan", {}, {"usagePlanId": "p", "patchOperations": [stage]})
    stubber.add_response("delete_usage_plan", {}, {"usagePlanId": "p"})


def test_key_and_plan_are_removed(gateway: Gateway) -> None:
    apis, stubber = gateway
    add_removal(stubber, plan("a"))
    apis.perform("a", "no key", OPEN, "f")
    add_removal(stubber, plan("a"))
    apis.unwire("a", "f")
    add_plans(stubber, plan("another"))
    apis.unwire("a", "f")


def test_a_stranger_s_usage_plan_keeps_its_keys() -> None:
    client, removed = client_of("apigateway"), []
    for call in ("DeleteApiKey", "DeleteUsagePlan"):
        event = f"provide-client-params.api-gateway.{call}"
        client.meta.events.register(event, lambda model, **_: removed.append(model.name))
    with Stubber(client) as stubber, suppress(WildrydesError):
        add_removal(stubber, plan("another", "a", name="somebody's"))
        Apis(client, None, IDENTITY).unwire("a", "f")
    assert removed == []


def test_a_signature_is_for_this_api_in_this_region(gateway: Gateway) -> None:
    apis, _ = gateway
    signed = apis.signed_headers("https://a.example/prod", b"{}", {"Content-Type": "application/json"})
    assert "/eu-west-1/execute-api/aws4_request" in signed["Authorization"]
    assert signed["Content-Type"] == "application/json"


# Faults


def client_error(code: str) -> exceptions.ClientError:
    return exceptions.ClientError({"Error": {"Code": code, "Message": "what AWS said"}}, "Call")


def interrupted(code: str) -> tuple[Exception, type[WildrydesError], str]:
    return client_error(code), InterruptedWork, "renew them and run again"


@pytest.mark.parametrize(
    ("fault", "kind", "text"),
    [
        (exceptions.NoCredentialsError(), SettingsError, "aws configure"),
        (exceptions.NoRegionError(), SettingsError, "--region"),
        (exceptions.ProfileNotFound(profile="x"), SettingsError, "--profile"),
        *map(interrupted, ("ExpiredToken", "ExpiredTokenException", "RequestExpired", "InvalidClientTokenId")),
        interrupted("UnrecognizedClientException"),
        (exceptions.EndpointConnectionError(endpoint_url="https://x"), InterruptedWork, "cannot be reached"),
        (exceptions.ReadTimeoutError(endpoint_url="https://x"), InterruptedWork, "cannot be reached"),
        (exceptions.ConnectionClosedError(endpoint_url="https://x"), InterruptedWork, "run the same command again"),
        (ResponseParserError("cut"), InterruptedWork, "cannot be read"),
        (client_error("AccessDenied"), WildrydesError, "AWS denies it: what AWS said"),
        (client_error("UnauthorizedOperation"), WildrydesError, "AWS denies it"),
        (client_error("LimitExceeded"), WildrydesError, "LimitExceeded: what AWS said"),
        (exceptions.ParamValidationError(report="bad"), WildrydesError, "bad"),
    ],
    ids=lambda value: repr(value)[:60] if isinstance(value, Exception) else None,
)
def test_boto_s_errors_become_ours(fault: Exception, kind: type[WildrydesError], text: str) -> None:
    with pytest.raises(WildrydesError, match=text) as error, translated("the thing"):
        raise fault
    assert type(error.value) is kind
    assert error.value.__cause__ is fault
    assert "the thing" in str(error.value) or kind is SettingsError


@pytest.mark.parametrize(
    "fault",
    [
        exceptions.UnauthorizedSSOTokenError(),
        exceptions.SSOTokenLoadError(error_msg="expired"),
        exceptions.TokenRetrievalError(provider="sso", error_msg="expired"),
    ],
    ids=lambda fault: type(fault).__name__,
)
def test_an_expired_single_sign_on_is_an_interruption(fault: Exception) -> None:
    with pytest.raises(InterruptedWork), translated("the thing"):
        raise fault


def test_our_own_errors_pass() -> None:
    with pytest.raises(Refused, match=r"^mine$"), translated("the thing"):
        raise Refused("mine")


@pytest.mark.parametrize(
    ("error", "code"),
    [(WildrydesError("x"), 1), (SettingsError(["x", "y"]), 2), (InterruptedWork("x"), 3), (Refused("x"), 4)],
    ids=lambda value: type(value).__name__,
)
def test_each_error_has_its_exit_code(error: WildrydesError, code: int) -> None:
    assert error.exit_code == code


def test_all_faults_of_settings_are_told_together() -> None:
    assert str(SettingsError(["first", "second"])) == "first\nsecond"


def test_the_tag_scan_reads_every_page(stub: Stub) -> None:
    client, stubber = stub("resourcegroupstaggingapi")
    filters = [{"Key": "k", "Values": ["v"]}]
    first = {"ResourceTagMappingList": [{"ResourceARN": "arn:aws:one"}], "PaginationToken": "more"}
    stubber.add_response("get_resources", first, {"TagFilters": filters})
    last = {"ResourceTagMappingList": [{"ResourceARN": "arn:aws:two"}], "PaginationToken": ""}
    stubber.add_response("get_resources", last, {"TagFilters": filters, "PaginationToken": "more"})
    assert Tagging(client).arns("k", "v") == ["arn:aws:one", "arn:aws:two"]

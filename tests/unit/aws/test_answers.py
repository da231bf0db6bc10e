"""What is no answer of AWS's, over the wire: each call of the deployer against a server that answers in AWS's place."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import botocore.session
import pytest
from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.response import StreamingBody

from tests.unit.servers import Request, Response, serving
from wildrydes_ml.aws import session as aws
from wildrydes_ml.aws.buckets import Buckets
from wildrydes_ml.aws.faults import translated
from wildrydes_ml.aws.functions import Functions
from wildrydes_ml.aws.keys import Keys
from wildrydes_ml.aws.reading import guard
from wildrydes_ml.aws.records import Identity
from wildrydes_ml.aws.repeating import Repeater
from wildrydes_ml.aws.stacks import Stacks
from wildrydes_ml.errors import OutOfReach, WildrydesError

IDENTITY = Identity("123456789012", "arn:aws:iam::123456789012:user/rider", "aws", "eu-west-1")
PAGE = b"<!DOCTYPE html><html><body>Sign in to the hotel's network<br></body></html>"
NEAT_PAGE = b"<html><body><p>Sign in</p></body></html>"
XML_PAGE = b'<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><body/></html>'
OF_AWS = {"x-amzn-RequestId": "6f4e", "Content-Type": "application/json"}
# What comes in AWS's place, and what a person is told of it.
NO_ANSWERS = {
    "302": (Response(302, b"", {"Location": "http://portal.example/login"}), "HTTP 302 to http://portal.example/login"),
    "301 with a page": (Response(301, PAGE, {"Location": "https://x"}), "HTTP 301 to https://x"),
    "407": (Response(407, b"", {"Proxy-Authenticate": "Basic"}), "HTTP 407"),
    "407 with a page": (Response(407, PAGE, {"Content-Type": "text/html"}), "HTTP 407"),
    "511": (Response(511, PAGE), "HTTP 511"),
    "page": (Response(200, PAGE, {"Content-Type": "text/html; charset=utf-8"}), "HTTP 200 with a web page"),
    "page without a type": (Response(200, NEAT_PAGE), "HTTP 200 with"),
    "page in XML": (Response(200, XML_PAGE), "HTTP 200 with"),
    "page of a filter": (Response(403, PAGE, {"Content-Type": "text/html"}), "HTTP 403 with a web page"),
    "empty": (Response(200, b""), "HTTP 200 with"),
    "empty JSON": (Response(200, b"{}", {"Content-Type": "application/json"}), "HTTP 200 with"),
    "empty list": (Response(200, b"[]", {"Content-Type": "application/json"}), "HTTP 200 with"),
    "cut JSON": (Response(200, b'{"items": [{"id": "a'), "HTTP 200 with"),
    "cut XML": (Response(200, b"<Result><Buckets><member><Na"), "HTTP 200 with"),
    "cut on the way": (Response(200, b"<Result><Buckets>", {"Content-Length": "900"}), ""),
}


@dataclass
class Place:
    """A server in AWS's place: what it answers next, the last one again and again, and what it was asked."""

    url: str = ""
    answers: list[Response] = field(default_factory=list)
    asked: list[Request] = field(default_factory=list)

    def respond(self, request: Request) -> Response:
        self.asked.append(request)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def client(self, service: str, attempts: int = 1) -> Any:
        return _client(self.url, service, attempts)


@cache
def _client(url: str, service: str, attempts: int) -> Any:
    session = boto3.Session("key", "secret", region_name="eu-west-1", botocore_session=botocore.session.Session())
    config = Config(retries={"mode": "standard", "total_max_attempts": attempts}, proxies={})
    return guard(session.client(service, endpoint_url=url, config=config), attempts, lambda text: None)


@pytest.fixture(scope="module")
def server() -> Iterator[Place]:
    place = Place()
    with serving(place.respond) as place.url:
        yield place


@pytest.fixture
def place(server: Place) -> Place:
    server.asked.clear()
    return server


SERVICES = tuple(dict.fromkeys((*aws._SERVICES, *aws._FOR_BATCHES, "sts")))


def called() -> list[tuple[str, str]]:
    """Service and operation of all calls in the gateways' source, by the SDK's names of the services' operations."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in Path(aws.__file__).parent.glob("*.py"))
    words, session = set(re.findall(r"\w+", text)), botocore.session.Session()
    names = {service: session.get_service_model(service).operation_names for service in SERVICES}
    return [(service, name) for service in SERVICES for name in names[service] if xform_name(name) in words]


def filled(shape: Any) -> Any:
    """An input that the SDK takes: what must be there, with anything in it."""
    match shape.type_name:
        case "structure" if shape.is_tagged_union:
            return {name: filled(shape.members[name]) for name in list(shape.members)[:1]}
        case "structure":
            return {name: filled(shape.members[name]) for name in shape.required_members}
        case "list":
            return [filled(shape.member)]
        case "integer" | "long":
            return shape.metadata.get("min", 1)
        case "boolean":
            return True
        case "map":
            return {}
        case "blob":
            return b"{}"
    return (shape.enum or ["x" * 24])[0]


CALLED = called()


def test_the_calls_are_found_in_the_source() -> None:
    assert {("s3", "GetBucketTagging"), ("apigateway", "UpdateStage"), ("cloudformation", "DescribeEvents")} <= {
        *CALLED
    }
    assert {service for service, _ in CALLED} == {*SERVICES}


@pytest.mark.parametrize(("service", "name"), CALLED, ids=[f"{service} {name}" for service, name in CALLED])
def test_no_call_takes_it_for_an_answer(place: Place, service: str, name: str) -> None:
    client = place.client(service)
    shape = client.meta.service_model.operation_model(name).input_shape
    given = filled(shape) if shape else {}
    for kind, (answer, told) in NO_ANSWERS.items():
        place.answers = [answer]
        said = refusal(lambda: getattr(client, xform_name(name))(**given))
        # S3's own faults come with 200, so that the SDK makes 500s of all that does not begin like an answer of S3's.
        assert told in said or (service == "s3" and re.search("a web page|AWS reports an internal error", said)), kind
        assert said.startswith("the thing: "), kind
        assert ": :" not in said, kind
        assert "run the same command again" in said, kind


def refusal(call: Callable[[], dict[str, Any]]) -> str:
    """What a person is told of a call; a stream is read, too."""
    found: dict[str, Any] = {}
    try:
        with translated("the thing"):
            found = call()
            for part in found.values():
                if isinstance(part, StreamingBody):
                    json.loads(part.read())
    except OutOfReach as error:
        return str(error)
    raise AssertionError(f"taken for an answer: {found}")


# Tried again: by the SDK where it repeats calls, by the Repeater where it must not.

GOOD: dict[str, tuple[bytes, str, str, list[Any]]] = {
    "apigateway": (b'{"item": []}', "get_usage_plans", "items", []),
    "cloudformation": (
        b"<DescribeStacksResponse><DescribeStacksResult><Stacks/></DescribeStacksResult></DescribeStacksResponse>",
        "describe_stacks",
        "Stacks",
        [],
    ),
    "logs": (b'{"logGroups": []}', "describe_log_groups", "logGroups", []),
    "ec2": (b"<DescribeVpcsResponse><vpcSet/></DescribeVpcsResponse>", "describe_vpcs", "Vpcs", []),
    "s3": (b"<ListAllMyBucketsResult><Buckets/></ListAllMyBucketsResult>", "list_buckets", "Buckets", []),
}
AGAIN = [("apigateway", kind) for kind in NO_ANSWERS] + [(service, "page") for service in GOOD]


@pytest.mark.parametrize(("service", "kind"), AGAIN)
def test_the_sdk_tries_it_again(place: Place, service: str, kind: str) -> None:
    body, operation, member, value = GOOD[service]
    place.answers = [NO_ANSWERS[kind][0], Response(200, body)]
    assert getattr(place.client(service, attempts=2), operation)()[member] == value
    assert len(place.asked) == 2


@pytest.mark.parametrize("kind", NO_ANSWERS)
def test_the_repeater_tries_it_again_and_looks_first(place: Place, kind: str) -> None:
    place.answers = [NO_ANSWERS[kind][0], Response(200, b'{"id": "plan"}')]
    once, looks = place.client("apigateway"), list[str]()
    repeater = Repeater(attempts=2, sleep=lambda seconds: looks.append("pause"))
    made = repeater.ensured("plan", lambda: once.create_usage_plan(name="n"), lambda: looks.append("look"))
    assert (made["id"], looks) == ("plan", ["pause", "look"])


# What AWS does answer is read as ever.


def test_an_empty_answer_with_a_mark_of_aws_s_is_one(place: Place) -> None:
    place.answers = [Response(200, b"{}", OF_AWS)]
    assert "ReservedConcurrentExecutions" not in place.client("lambda").get_function_concurrency(FunctionName="f")
    place.answers = [Response(200, b"<DeleteResult/>", {"x-amz-request-id": "1"})]
    assert "Errors" not in place.client("s3").delete_objects(Bucket="bucket", Delete={"Objects": [{"Key": "k"}]})
    place.answers = [Response(202, b"", OF_AWS)]
    assert place.client("apigateway").delete_usage_plan(usagePlanId="p")["ResponseMetadata"]["HTTPStatusCode"] == 202
    place.answers = [Response(200, b"", {"x-amz-request-id": "1"})]
    assert Buckets(place.client("s3"), IDENTITY).exists("bucket")


def test_an_empty_answer_without_what_the_model_promises_is_none_whosever_mark_it_has(place: Place) -> None:
    place.answers = [Response(200, b"<Tagging/>", {"x-amz-request-id": "1"})]
    with pytest.raises(OutOfReach, match="HTTP 200 without TagSet"):
        Buckets(place.client("s3"), IDENTITY).own_tags("bucket")
    place.answers = [Response(200, b"", OF_AWS)]
    with pytest.raises(OutOfReach, match="HTTP 200 without the expected content"), translated("stage"):
        place.client("apigateway").update_stage(restApiId="a", stageName="s")


def test_what_is_neither_json_nor_xml_is_read_where_the_model_says_so(place: Place) -> None:
    place.answers = [Response(200, b"openapi: 3", OF_AWS)]
    export = place.client("apigateway").get_export(restApiId="a", stageName="s", exportType="oas30")
    assert export["body"].read() == b"openapi: 3"


def test_an_error_of_aws_s_keeps_its_code(place: Place) -> None:
    place.answers = [Response(403, b'{"message": "no"}', {**OF_AWS, "x-amzn-ErrorType": "AccessDeniedException"})]
    with pytest.raises(WildrydesError, match=r"^it: AWS denies access: no$"), translated("it"):
        place.client("apigateway").get_rest_apis()
    place.answers = [Response(404, b"", {"x-amz-request-id": "1"})]
    assert not Buckets(place.client("s3"), IDENTITY).exists("bucket")
    place.answers = [Response(403, b"", OF_AWS)]
    with pytest.raises(WildrydesError, match=r"^it: AWS answers HTTP 403 and gives no reason$"), translated("it"):
        place.client("apigateway").get_rest_apis()
    place.answers = [Response(403, b"")]
    with pytest.raises(OutOfReach, match="HTTP 403 without a text"), translated("it"):
        place.client("apigateway").get_rest_apis()


@pytest.mark.parametrize("status", [404, 405, 501])
def test_an_emulator_may_not_know_a_call(place: Place, status: int) -> None:
    place.answers = [Response(status, PAGE, {"Content-Type": "text/html"})]
    session = boto3.Session("key", "secret", region_name="eu-west-1", botocore_session=botocore.session.Session())
    config = Config(retries={"mode": "standard", "total_max_attempts": 1}, proxies={})
    plain = session.client("lambda", endpoint_url=place.url, config=config)
    client = guard(plain, 1, lambda text: None, is_emulator=True)
    with pytest.raises(ClientError) as error:
        client.get_account_settings()
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == status
    assert error.value.response["Error"]["Code"] != "NoAnswer"


# The gateways that had passed over it.


@pytest.mark.parametrize("kind", NO_ANSWERS)
def test_a_bucket_s_tags_and_a_list_of_plans_are_not_guessed(place: Place, kind: str) -> None:
    place.answers = [NO_ANSWERS[kind][0]]
    buckets, keys = Buckets(place.client("s3"), IDENTITY), Keys(place.client("apigateway"), None)
    for look in (lambda: buckets.own_tags("bucket"), lambda: buckets.tags("bucket"), lambda: buckets.keys("bucket")):
        with pytest.raises(OutOfReach):
            look()
    with pytest.raises(OutOfReach), translated("plans"):
        keys.all({"wildrydes-ml": ("n",)})
    with pytest.raises(OutOfReach):
        Functions(place.client("lambda"), None).invoke("f", {})
    with pytest.raises(OutOfReach):
        Stacks(place.client("cloudformation"), lambda seconds: None, 0).tagged("key")

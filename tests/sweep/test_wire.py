"""The wire does what it says: an SDK sees what AWS would answer, and the audit tells at which call."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError, HTTPClientError
from botocore.parsers import ResponseParserError

from tests.operations import Request, name_of
from tests.wire import Fault, Wire

CALLER = (
    b"<GetCallerIdentityResponse xmlns='https://sts.amazonaws.com/doc/2011-06-15/'><GetCallerIdentityResult>"
    b"<Arn>arn:aws:iam::1:root</Arn><Account>1</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"
)
# Service, operation, code when throttled, code when the token has expired.
SERVICES = (
    ("cloudformation", "describe_stacks", "Throttling", "ExpiredToken"),
    ("sts", "get_caller_identity", "Throttling", "ExpiredToken"),
    ("ec2", "describe_vpcs", "RequestLimitExceeded", "RequestExpired"),
    ("s3", "list_buckets", "SlowDown", "ExpiredToken"),
    ("logs", "describe_log_groups", "ThrottlingException", "ExpiredTokenException"),
    ("apigateway", "get_rest_apis", "TooManyRequestsException", "ExpiredTokenException"),
    ("lambda", "list_functions", "TooManyRequestsException", "ExpiredTokenException"),
    ("efs", "describe_file_systems", "ThrottlingException", "ExpiredTokenException"),
)


class Sts(BaseHTTPRequestHandler):
    """Tells everyone who they are, and counts."""

    asked = 0

    def do_POST(self) -> None:
        type(self).asked += 1
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", str(len(CALLER)))
        self.end_headers()
        self.wfile.write(CALLER)

    def log_message(self, format: str, *arguments: object) -> None:
        pass


@pytest.fixture
def sts() -> Iterator[str]:
    Sts.asked = 0
    server = ThreadingHTTPServer(("127.0.0.1", 0), Sts)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def wire(sts: str) -> Iterator[Wire]:
    with Wire(sts) as opened:
        yield opened


def client(wire: Wire, service: str, attempts: int = 1) -> Any:
    config = Config(retries={"total_max_attempts": attempts, "mode": "standard"}, proxies={}, read_timeout=60)
    session = boto3.Session("1", "local", region_name="us-east-1")
    return session.client(service, endpoint_url=wire.endpoint, config=config)


@pytest.mark.parametrize(("service", "operation", "throttled", "expired"), SERVICES)
def test_each_service_answers_in_its_own_shape(
    wire: Wire, service: str, operation: str, throttled: str, expired: str
) -> None:
    expected = {Fault.THROTTLED: throttled, Fault.EXPIRED: expired, Fault.UNAVAILABLE: "ServiceUnavailable"}
    ask = getattr(client(wire, service), operation)
    for fault, code in expected.items():
        wire.fail(1, fault)
        with pytest.raises(ClientError) as caught:
            ask()
        assert caught.value.response["Error"]["Code"] == code
        assert [(one.number, one.operation.lower()) for one in wire.fired] == [(1, operation.replace("_", ""))]


@pytest.mark.parametrize(
    ("fault", "error", "acts"),
    [
        (Fault.RESET, ConnectionClosedError, 0),
        (Fault.LOST, ConnectionClosedError, 1),
        (Fault.CUT, HTTPClientError, 1),
        (Fault.GARBAGE, ResponseParserError, 1),
    ],
)
def test_a_broken_answer_is_one(wire: Wire, fault: Fault, error: type[Exception], acts: int) -> None:
    wire.fail(1, fault)
    with pytest.raises(error):
        client(wire, "sts").get_caller_identity()
    assert Sts.asked == acts


def test_the_fault_happens_at_its_call_and_to_no_other(wire: Wire) -> None:
    sts = client(wire, "sts", attempts=3)
    wire.fail(2, Fault.THROTTLED)
    assert [sts.get_caller_identity()["Account"] for _ in range(3)] == ["1"] * 3
    faults = [call.fault for call in wire.calls]
    assert faults == ["", Fault.THROTTLED.value, Fault.THROTTLED.value, "", ""]
    wire.clear()
    sts.get_caller_identity()
    assert wire.fired == []


def test_a_struck_call_is_never_forwarded(wire: Wire) -> None:
    struck: list[int] = []
    wire.strike(2, lambda: struck.append(1))
    sts = client(wire, "sts")
    sts.get_caller_identity()
    with pytest.raises(ConnectionClosedError):
        sts.get_caller_identity()
    assert (Sts.asked, struck) == (1, [1])


@pytest.mark.parametrize(
    ("method", "target", "headers", "operation"),
    [
        ("PUT", "/bucket", {}, "CreateBucket"),
        ("PUT", "/bucket?tagging", {}, "PutBucketTagging"),
        ("PUT", "/bucket/code/a.zip", {}, "PutObject"),
        ("PUT", "/bucket/code/a.zip", {"x-amz-copy-source": "b"}, "CopyObject"),
        ("GET", "/bucket?list-type=2&prefix=", {}, "ListObjectsV2"),
        ("POST", "/bucket?delete", {}, "DeleteObjects"),
    ],
)
def test_operations_of_s3_are_told_apart(method: str, target: str, headers: dict[str, str], operation: str) -> None:
    signed = {"Authorization": "AWS4-HMAC-SHA256 Credential=1/20260101/us-east-1/s3/aws4_request, x"}
    assert name_of(Request(method, target, signed | headers, b"")) == ("s3", operation)

"""Every way in which boto's calls fail, and what the user is told: one table."""

import json
from collections.abc import Callable
from typing import Any

import boto3
import botocore.session
import pytest
from botocore import exceptions
from botocore.config import Config
from botocore.parsers import ResponseParserError

from tests.unit.servers import Response, serving
from tests.unit.stubs import Stub
from wildrydes_ml.aws.faults import DENIED, EXPIRED, THROTTLED, is_taken, translated
from wildrydes_ml.aws.reading import guard
from wildrydes_ml.aws.tagging import Tagging
from wildrydes_ml.errors import InterruptedWork, OutOfReach, Refused, SettingsError, WildrydesError

# What each answer of AWS becomes: codes, error, a part of what is told.
EXPIRY = "the thing: the credentials have expired or are invalid; renew them and run again"
SIGNATURE = "the thing: AWS does not accept the signature: check this machine's clock and the secret key"
ANSWERS = [
    (
        "ExpiredToken ExpiredTokenException InvalidClientTokenId InvalidToken RequestExpired TokenRefreshRequired "
        "UnrecognizedClientException",
        InterruptedWork,
        EXPIRY,
    ),
    ("AuthFailure InvalidSignatureException RequestTimeTooSkewed SignatureDoesNotMatch", InterruptedWork, SIGNATURE),
    ("AccessDenied AccessDeniedException UnauthorizedOperation", WildrydesError, "the thing: AWS denies access: said"),
    (
        "BandwidthLimitExceeded EC2ThrottledException OperationAborted PriorRequestNotComplete "
        "ProvisionedThroughputExceededException RequestLimitExceeded RequestThrottled RequestThrottledException "
        "SlowDown ThrottledException Throttling ThrottlingException TooManyRequestsException "
        "TransactionInProgressException",
        OutOfReach,
        "the thing: AWS throttles the calls of this account ({code}); run the same command again later",
    ),
    (
        "InternalError InternalFailure InternalServerError ServiceException ServiceUnavailable",
        OutOfReach,
        "the thing: AWS reports an internal error ({code}: said); run the same command again later",
    ),
    (
        "AlreadyExistsException ChangeSetNotFound ChangeSetNotFoundException ConflictException InvalidChangeSetStatus "
        "NoSuchBucket OperationInProgressException",
        InterruptedWork,
        "the thing: another deployer is changing it; run again when that has ended. AWS: said",
    ),
    (
        "LimitExceeded AddressLimitExceeded InsufficientCapabilitiesException ValidationError Brandnew",
        WildrydesError,
        "the thing: {code}: said",
    ),
]
TABLE = [(code, kind, text.format(code=code)) for codes, kind, text in ANSWERS for code in codes.split()]


def client_error(code: str, message: str = "said", status: int = 400) -> exceptions.ClientError:
    answer: Any = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return exceptions.ClientError(answer, "Call")


def told(fault: Exception) -> WildrydesError:
    """What a fault becomes."""
    with pytest.raises(WildrydesError) as error, translated("the thing"):
        raise fault
    assert error.value.__cause__ is fault
    return error.value


@pytest.mark.parametrize(("code", "kind", "text"), TABLE, ids=[row[0] for row in TABLE])
def test_an_answer_of_aws_becomes(code: str, kind: type[WildrydesError], text: str) -> None:
    error = told(client_error(code))
    assert (type(error), str(error)) == (kind, text)


def test_every_code_that_is_known_is_in_the_table() -> None:
    assert {*EXPIRED, *DENIED, *THROTTLED} <= {code for code, *_ in TABLE}


@pytest.mark.parametrize("status", [500, 502, 503, 599])
def test_a_fault_of_the_server_s_is_one_whatever_its_code(status: int) -> None:
    error = told(client_error("Brandnew", status=status))
    assert (type(error), str(error)) == (
        OutOfReach,
        "the thing: AWS reports an internal error (Brandnew: said); run the same command again later",
    )


def test_an_answer_without_code_and_message_is_still_told() -> None:
    error = told(exceptions.ClientError({}, "Call"))
    assert type(error) is OutOfReach
    assert str(error) == (
        "the thing: the answer is not from AWS: HTTP without a status, without a text. A proxy or a sign-in page "
        "may be in between: check the network, and run the same command again"
    )


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("AccessDenied", "the thing: AWS denies access: Call is not allowed"),
        ("Brandnew", "the thing: Brandnew"),
        ("InternalError", "the thing: AWS reports an internal error (InternalError); run the same command again later"),
        (
            "ChangeSetNotFound",
            "the thing: another deployer is changing it; run again when that has ended. AWS: ChangeSetNotFound",
        ),
    ],
)
def test_a_code_without_a_message_leaves_no_gap(code: str, text: str) -> None:
    assert str(told(client_error(code, ""))) == text


@pytest.mark.parametrize(
    ("code", "message", "taken"),
    [
        ("ValidationError", "Stack:arn is in UPDATE_IN_PROGRESS state and can not be updated.", True),
        ("ValidationError", "Stack:arn is in ROLLBACK_COMPLETE state and can not be updated.", False),
        ("ValidationError", "Template error: UPDATE_IN_PROGRESS is no parameter", False),
        ("AccessDenied", "is in UPDATE_IN_PROGRESS state", False),
        ("InvalidChangeSetStatus", "", True),
        ("AlreadyExistsException", "Stack [s] already exists", True),
        ("NoSuchBucket", "The specified bucket does not exist", True),
        ("ValidationError", "Stack [s] cannot be deleted while in status UPDATE_IN_PROGRESS", True),
        ("ValidationError", "Stack with id wildrydes-ml-mod5 does not exist", True),
        ("ValidationError", "Stack [arn:aws:cloudformation:eu-west-1:1:stack/s/1] does not exist", True),
        (
            "ValidationError",
            "Invalid operation on stack [s]. When you delete a stack, specify which resources to retain only when the "
            "stack is in the DELETE_FAILED state.",
            True,
        ),
        ("ValidationError", "Parameter KeyName: the key pair x does not exist", False),
    ],
)
def test_a_stack_is_taken_while_an_operation_runs(code: str, message: str, taken: bool) -> None:
    assert is_taken(client_error(code, message)) == taken
    assert (type(told(client_error(code, message))) is InterruptedWork) == taken


# What never came to an answer.

URL = {"endpoint_url": "https://x"}
NETWORK = [
    exceptions.EndpointConnectionError(**URL),
    exceptions.ConnectTimeoutError(**URL),
    exceptions.ReadTimeoutError(**URL),
    exceptions.ConnectionClosedError(**URL),
    exceptions.ProxyConnectionError(proxy_url="http://p"),
    exceptions.SSLError(**URL, error="certificate"),
    exceptions.HTTPClientError(error="anything"),
    exceptions.ResponseStreamingError(error="cut"),
]
GARBAGE = [
    ResponseParserError("not XML"),
    exceptions.IncompleteReadError(actual_bytes=1, expected_bytes=2),
    exceptions.FlexibleChecksumError(error_msg="differs"),
    json.JSONDecodeError("no", "", 0),
    UnicodeDecodeError("utf-8", b"\xff", 0, 1, "no"),
    KeyError("Stacks"),
    TypeError("'NoneType' object is not iterable"),
    AttributeError("'str' object has no attribute 'get'"),
    ValueError("invalid literal"),
    IndexError("list"),
    StopIteration(),
]
SETTINGS = [
    (exceptions.NoCredentialsError(), "Unable to locate credentials"),
    (exceptions.PartialCredentialsError(provider="env", cred_var="AWS_SECRET_ACCESS_KEY"), "AWS_SECRET_ACCESS_KEY"),
    (exceptions.NoRegionError(), "You must specify a region"),
    (exceptions.InvalidRegionError(region_name="eu west"), "eu west"),
    (exceptions.ProfileNotFound(profile="mine"), "mine"),
]
SIGN_ON = [
    exceptions.UnauthorizedSSOTokenError(),
    exceptions.SSOTokenLoadError(error_msg="expired"),
    exceptions.TokenRetrievalError(provider="sso", error_msg="expired"),
]


def named(fault: object) -> str | None:
    return type(fault).__name__ if isinstance(fault, Exception) else None


@pytest.mark.parametrize("fault", NETWORK, ids=named)
def test_a_network_that_fails_is_out_of_reach(fault: Exception) -> None:
    error = told(fault)
    assert type(error) is OutOfReach
    assert str(error) == f"the thing: AWS cannot be reached ({fault}); run the same command again"


@pytest.mark.parametrize("fault", GARBAGE, ids=named)
def test_an_answer_that_cannot_be_read_is_out_of_reach(fault: Exception) -> None:
    error = told(fault)
    assert type(error) is OutOfReach
    assert str(error) == "the thing: the answer of AWS cannot be read; run the same command again"


@pytest.mark.parametrize(("fault", "text"), SETTINGS, ids=named)
def test_what_is_not_set_up_is_the_user_s_to_set(fault: Exception, text: str) -> None:
    error = told(fault)
    assert type(error) is SettingsError
    assert text in str(error)
    assert str(error).endswith(": run `aws configure`, or pass --profile and --region")


@pytest.mark.parametrize("fault", SIGN_ON, ids=named)
def test_an_expired_single_sign_on_is_an_interruption(fault: Exception) -> None:
    error = told(fault)
    assert (type(error), str(error)) == (InterruptedWork, EXPIRY)


def test_another_fault_of_boto_s_keeps_its_text() -> None:
    error = told(exceptions.ParamValidationError(report="bad"))
    assert type(error) is WildrydesError
    assert str(error).startswith("the thing: ")
    assert "bad" in str(error)


def test_our_own_errors_pass() -> None:
    with pytest.raises(Refused, match=r"^mine$"), translated("the thing"):
        raise Refused("mine")


def test_a_mistake_of_our_own_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError), translated("the thing"):
        raise ZeroDivisionError


# The same over the wire, where the SDK reads the answer.

BODIES = {
    "cut XML": "<DescribeStacksResponse><DescribeStacksResult><Stacks><member><StackName>s</Stack",
    "empty XML": "<DescribeStacksResponse><DescribeStacksResult></DescribeStacksResult></DescribeStacksResponse>",
    "expired XML": "<ErrorResponse><Error><Code>ExpiredToken</Code><Message>said</Message></Error></ErrorResponse>",
    "cut JSON": '{"logGroups": [{"item": [{"id": "a"',
    "empty JSON": "{}",
    "expired JSON": '{"__type": "com.amazon#ExpiredTokenException", "message": "said"}',
    "HTML": "<!DOCTYPE html><html><body>Sign in to the hotel's network<br></body></html>",
    "nothing": "",
}
# Service, status and body of its answer; what the answer becomes.
WIRE = [
    ("CloudFormation", 200, "cut XML", OutOfReach),
    ("CloudFormation", 200, "empty XML", OutOfReach),
    ("CloudFormation", 200, "HTML", OutOfReach),
    ("CloudFormation", 200, "nothing", OutOfReach),
    ("CloudFormation", 400, "HTML", OutOfReach),
    ("CloudFormation", 400, "cut XML", OutOfReach),
    ("CloudFormation", 403, "expired XML", InterruptedWork),
    ("CloudFormation", 503, "nothing", OutOfReach),
    ("CloudFormation", 503, "HTML", OutOfReach),
    ("CloudWatch Logs", 200, "cut JSON", OutOfReach),
    ("CloudWatch Logs", 200, "empty JSON", OutOfReach),
    ("CloudWatch Logs", 200, "HTML", OutOfReach),
    ("CloudWatch Logs", 200, "nothing", OutOfReach),
    ("CloudWatch Logs", 400, "expired JSON", InterruptedWork),
    ("CloudWatch Logs", 500, "empty JSON", OutOfReach),
    ("API Gateway", 200, "cut JSON", OutOfReach),
    ("API Gateway", 200, "HTML", OutOfReach),
    ("API Gateway", 502, "HTML", OutOfReach),
]
CALLS: dict[str, Callable[[Callable[[str], Any]], object]] = {
    "CloudFormation": lambda client: client("cloudformation").describe_stacks(StackName="s")["Stacks"][0],
    "CloudWatch Logs": lambda client: client("logs").describe_log_groups(logGroupNamePrefix="p")["logGroups"],
    "API Gateway": lambda client: client("apigateway").get_rest_apis()["items"],
}


@pytest.mark.parametrize(
    ("service", "status", "body", "kind"), WIRE, ids=[f"{service} {status} {body}" for service, status, body, _ in WIRE]
)
def test_what_comes_over_the_wire_is_told(service: str, status: int, body: str, kind: type[WildrydesError]) -> None:
    with serving(lambda request: Response(status, BODIES[body].encode())) as url:
        session = boto3.Session("key", "secret", region_name="eu-west-1", botocore_session=botocore.session.Session())
        config = Config(retries={"total_max_attempts": 1}, proxies={})
        with pytest.raises(WildrydesError, match=r"^the thing: ") as error, translated("the thing"):
            CALLS[service](lambda name: guard(session.client(name, endpoint_url=url, config=config), 1, print))
    assert type(error.value) is kind


# The errors themselves.


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (WildrydesError("x"), 1),
        (SettingsError(["x", "y"]), 2),
        (InterruptedWork("x"), 3),
        (OutOfReach("x"), 3),
        (Refused("x"), 4),
    ],
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

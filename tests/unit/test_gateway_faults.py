"""How boto's errors become ours."""

from datetime import datetime, timezone

import pytest
from botocore import exceptions
from botocore.parsers import ResponseParserError

from tests.unit.stubs import Stub
from wildrydes_ml.aws import Tagging
from wildrydes_ml.aws.faults import translated
from wildrydes_ml.errors import InterruptedWork, Refused, SettingsError, WildrydesError

NOW = datetime(2026, 1, 1, tzinfo=timezone.utc)
STACK = {"StackName": "s", "StackId": "id:s", "StackStatus": "CREATE_COMPLETE", "CreationTime": NOW}
ARN = "arn:aws:cloudformation:eu-west-1:123456789012:changeSet/c/1"


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

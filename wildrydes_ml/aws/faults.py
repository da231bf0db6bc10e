"""Translates boto's errors into our own: the only place that does so."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,
    FlexibleChecksumError,
    HTTPClientError,
    IncompleteReadError,
    InvalidRegionError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOTokenLoadError,
    TokenRetrievalError,
    UnauthorizedSSOTokenError,
)
from botocore.parsers import ResponseParserError

from ..errors import InterruptedWork, OutOfReach, SettingsError, WildrydesError

EXPIRED = {
    "ExpiredToken",
    "ExpiredTokenException",
    "InvalidClientTokenId",
    "InvalidToken",
    "RequestExpired",
    "TokenRefreshRequired",
    "UnrecognizedClientException",
}
DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"}
MISSING = {"404", "NoSuchBucket", "NoSuchKey", "NotFoundException", "ResourceNotFoundException"}
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html
_WRONG_SIGNATURE = {"AuthFailure", "InvalidSignatureException", "RequestTimeTooSkewed", "SignatureDoesNotMatch"}
# What the SDK repeats, and gives up after its attempts.
# https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
THROTTLED = {
    "BandwidthLimitExceeded",
    "EC2ThrottledException",
    "OperationAborted",
    "PriorRequestNotComplete",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "SlowDown",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
    "TransactionInProgressException",
}
# Our own code for what is no answer of AWS's: `reading` gives it.
NO_ANSWER = "NoAnswer"
_NOT_SET_UP = (NoCredentialsError, PartialCredentialsError, NoRegionError, InvalidRegionError, ProfileNotFound)
# An answer that was cut, lacks what AWS always says, or has it in another form. The parser's own error is neither a
# BotoCoreError nor a ClientError.
_UNREADABLE = (
    AttributeError,
    FlexibleChecksumError,
    IncompleteReadError,
    IndexError,
    KeyError,
    ResponseParserError,
    StopIteration,
    TypeError,
    ValueError,
)
_FAULTS = {"InternalError", "InternalFailure", "InternalServerError", "ServiceException", "ServiceUnavailable"}


@contextmanager
def translated(what: str) -> Iterator[None]:
    """Turns boto's errors into ours; `what` names what the call is about."""
    try:
        yield
    except _NOT_SET_UP as error:
        raise SettingsError([f"{error}: run `aws configure`, or pass --profile and --region"]) from error
    except (SSOTokenLoadError, TokenRetrievalError, UnauthorizedSSOTokenError) as error:
        raise _expired(what) from error
    except ClientError as error:
        raise _translation(what, error) from error
    except (ConnectionError, HTTPClientError) as error:
        raise OutOfReach(f"{what}: AWS cannot be reached ({error}); run the same command again") from error
    except _UNREADABLE as error:
        raise OutOfReach(f"{what}: the answer of AWS cannot be read; run the same command again") from error
    except BotoCoreError as error:
        raise WildrydesError(f"{what}: {error}") from error


def _translation(what: str, error: ClientError) -> WildrydesError:
    code, message = code_of(error), error.response.get("Error", {}).get("Message", "")
    told = ": ".join(part for part in (code, message) if part)
    if code == NO_ANSWER or not told:
        came = message or f"HTTP {status_of(error) or 'without a status'}, without a text"
        return OutOfReach(
            f"{what}: the answer is not from AWS: {came}. A proxy or a sign-in page may be in between: "
            "check the network, and run the same command again"
        )
    if code in EXPIRED:
        return _expired(what)
    if code in _WRONG_SIGNATURE:
        return InterruptedWork(
            f"{what}: AWS does not accept the signature: check this machine's clock and the secret key"
        )
    if code in DENIED:
        return WildrydesError(f"{what}: AWS denies access: {message or f'{error.operation_name} is not allowed'}")
    if code in THROTTLED:
        return OutOfReach(f"{what}: AWS throttles the calls of this account ({code}); run the same command again later")
    if code in _FAULTS or status_of(error) >= 500:
        return OutOfReach(f"{what}: AWS reports an internal error ({told}); run the same command again later")
    if is_taken(error):
        return InterruptedWork(
            f"{what}: another deployer is changing it; run again when that has ended. AWS: {message or code}"
        )
    if code.isdecimal() and not message:  # the status, where there was no code
        return WildrydesError(f"{what}: AWS answers HTTP {code} and gives no reason")
    return WildrydesError(f"{what}: {told}")


# What a stack's state was a moment ago it is no more, or the stack is gone.
_OVERTAKEN = re.compile(
    r"_IN_PROGRESS state|in status \w+_IN_PROGRESS|[Ss]tack( with id)? \S+ does not exist"
    r"|only when the stack is in the DELETE_FAILED"
)
_TAKEN = {
    "AlreadyExistsException",
    "ChangeSetNotFound",
    "ChangeSetNotFoundException",
    "ConflictException",
    "InvalidChangeSetStatus",
    "NoSuchBucket",
    "OperationInProgressException",
}


def is_taken(error: ClientError) -> bool:
    """Whether somebody else has changed or deleted in the meantime what the call is about."""
    code = code_of(error)
    return code in _TAKEN or (code == "ValidationError" and bool(_OVERTAKEN.search(str(error))))


def _expired(what: str) -> InterruptedWork:
    return InterruptedWork(f"{what}: the credentials have expired or are invalid; renew them and run again")


def code_of(error: ClientError) -> str:
    """AWS's name for the error."""
    return str(error.response.get("Error", {}).get("Code", ""))


def status_of(error: ClientError) -> int:
    """The HTTP status of the answer; 0 when there was none."""
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode") or 0)

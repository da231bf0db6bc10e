"""The translation of boto's errors into ours, at this one border."""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,
    HTTPClientError,
    NoCredentialsError,
    NoRegionError,
    ProfileNotFound,
    SSOTokenLoadError,
    TokenRetrievalError,
    UnauthorizedSSOTokenError,
)
from botocore.parsers import ResponseParserError

from ..errors import InterruptedWork, SettingsError, WildrydesError

EXPIRED = {
    "ExpiredToken",
    "ExpiredTokenException",
    "RequestExpired",
    "InvalidClientTokenId",
    "UnrecognizedClientException",
}
DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"}
MISSING = {"404", "NoSuchBucket", "NoSuchKey", "NotFoundException", "ResourceNotFoundException"}


@contextmanager
def translated(what: str) -> Iterator[None]:
    """Turns boto's errors into ours; `what` names the thing that was being worked on."""
    try:
        yield
    except (NoCredentialsError, NoRegionError, ProfileNotFound) as error:
        raise SettingsError([f"{error}: set it up with `aws configure`, or pass --profile and --region"]) from error
    except (SSOTokenLoadError, TokenRetrievalError, UnauthorizedSSOTokenError) as error:
        raise _expired(what) from error
    except ClientError as error:
        raise _translation(what, error) from error
    except (ConnectionError, HTTPClientError) as error:
        raise InterruptedWork(f"{what}: AWS cannot be reached ({error}); run the same command again") from error
    except BotoCoreError as error:
        raise WildrydesError(f"{what}: {error}") from error
    except ResponseParserError as error:
        # Neither a BotoCoreError nor a ClientError: the answer was cut or is not AWS's.
        raise InterruptedWork(f"{what}: AWS's answer cannot be read; run the same command again") from error


def _translation(what: str, error: ClientError) -> WildrydesError:
    code, message = code_of(error), error.response.get("Error", {}).get("Message", "")
    if code in EXPIRED:
        return _expired(what)
    if code in DENIED:
        return WildrydesError(f"{what}: AWS denies it: {message}")
    return WildrydesError(f"{what}: {code}: {message}")


def _expired(what: str) -> InterruptedWork:
    return InterruptedWork(f"{what}: the credentials have expired or are not valid; renew them and run again")


def code_of(error: ClientError) -> str:
    """AWS's name for the error."""
    return str(error.response.get("Error", {}).get("Code", ""))

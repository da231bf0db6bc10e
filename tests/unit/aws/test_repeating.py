"""Calls that AWS does not recognize when they come again, answers that are none, and clients made late."""

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, EndpointConnectionError, ReadTimeoutError
from botocore.parsers import ResponseParserError

from wildrydes_ml.aws.lazy import Lazy
from wildrydes_ml.aws.repeating import Repeater
from wildrydes_ml.errors import InterruptedWork, OutOfReach, WildrydesError
from wildrydes_ml.testing import Clock

URL = {"endpoint_url": "https://apigateway.example"}


def refused(code: str, status: int = 400) -> ClientError:
    return ClientError({"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}, "Create")


UNKNOWN = [
    ConnectionClosedError(**URL),
    EndpointConnectionError(**URL),
    ReadTimeoutError(**URL),
    ResponseParserError("cut"),
    refused("InternalFailure", 500),
    refused("ServiceUnavailableException", 503),
    refused("TooManyRequestsException", 429),
    refused("Throttling"),
    refused("ConflictException", 409),
]


class Act:
    """Fails in the ways that are given, then does it."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.count = 0

    def __call__(self) -> str:
        self.count += 1
        if self.errors:
            raise self.errors.pop(0)
        return "made"


AGAIN = ("ConflictException",)


@pytest.mark.parametrize("error", UNKNOWN, ids=repr)
def test_what_is_there_after_an_unknown_outcome_is_not_made_again(error: Exception) -> None:
    act, clock = Act(error), Clock()
    assert Repeater(sleep=clock.sleep).ensured("it", act, lambda: "found", AGAIN) == "found"
    assert act.count == 1
    assert clock.now > 0


@pytest.mark.parametrize("error", UNKNOWN, ids=repr)
def test_what_is_not_there_is_made_again(error: Exception) -> None:
    act = Act(error, error)
    assert Repeater(sleep=lambda _: None).ensured("it", act, lambda: None, AGAIN) == "made"
    assert act.count == 3


@pytest.mark.parametrize("code", ["AccessDenied", "ExpiredToken", "BadRequestException", "LimitExceededException"])
def test_an_answer_is_final(code: str) -> None:
    act = Act(refused(code))
    with pytest.raises(WildrydesError, match=r"^it: "):
        Repeater(sleep=lambda _: None).ensured("it", act, lambda: "found", AGAIN)
    assert act.count == 1


def test_no_more_than_ten_attempts_with_growing_pauses() -> None:
    act, pauses = Act(*[ConnectionClosedError(**URL)] * 10), list[float]()
    with pytest.raises(OutOfReach, match="it: AWS cannot be reached"):
        Repeater(sleep=pauses.append).ensured("it", act)
    assert (act.count, len(pauses)) == (10, 9)
    assert all(
        limit / 2 <= pause <= limit for pause, limit in zip(pauses, (1, 2, 4, 8, 16, 20, 20, 20, 20), strict=True)
    )


def test_a_long_pause_is_told_with_its_reason() -> None:
    said, pauses = list[str](), list[float]()
    act = Act(*[refused("ConflictException", 409)] * 3, *[ConnectionClosedError(**URL)] * 2)
    assert Repeater(sleep=pauses.append, say=said.append).ensured("API a", act, again=AGAIN) == "made"
    long = [f"{pause:.0f} s" for pause in pauses if pause > 2]
    assert len(said) == len(long) >= 2
    assert all(
        text.startswith("API a: not ready yet (") and text.endswith(f"in {seconds}")
        for text, seconds in zip(said, long, strict=True)
    )
    assert "Connection was closed" in said[-1]


def test_a_look_that_fails_ends_it() -> None:
    act, look = Act(refused("Throttling")), Act(refused("ExpiredToken"))
    with pytest.raises(InterruptedWork, match="it: the credentials have expired"):
        Repeater(sleep=lambda _: None).ensured("it", act, look)


def test_a_client_that_repeats_by_itself_is_repeated_for_these_codes_only() -> None:
    act = Act(refused("OperationAborted", 409))
    assert Repeater(sleep=lambda _: None).patiently("it", act, ["OperationAborted"]) == "made"
    with pytest.raises(OutOfReach):
        Repeater(sleep=lambda _: None).patiently("it", Act(ConnectionClosedError(**URL)), ["OperationAborted"])


def test_a_client_is_made_once_and_only_when_it_is_used() -> None:
    made: list[str] = []

    def make() -> str:
        made.append("client")
        return "the client"

    lazy = Lazy(make)
    assert made == []
    assert (lazy.upper(), lazy.title()) == ("THE CLIENT", "The Client")
    assert made == ["client"]

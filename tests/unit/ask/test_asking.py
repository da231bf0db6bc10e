"""Pictures in, verdicts out: what is posted for a picture, and how an answer reads."""

import json
from pathlib import Path

import pytest

from tests.unit.fakes import HORSE_ANSWER
from wildrydes_ml.ask.asking import NOT_INVOKED, PATIENCE_SECONDS, Answer, Question, answer, ask, patient, question
from wildrydes_ml.blocks.gateway_responses import ANSWERS, BUSY
from wildrydes_ml.testing import Clock
from wildrydes_ml.web import Reply

URL = "https://example.com/a.jpg"


def test_a_file_is_posted_with_its_content_s_type(tmp_path: Path) -> None:
    path = tmp_path / "picture.txt"
    path.write_bytes(b"GIF89a....")
    assert question(str(path)) == Question(str(path), b"GIF89a....", "image/gif")


@pytest.mark.parametrize("url", ["https://example.com/a.jpg?b=c&d", "http://example.com/a.png"])
def test_a_url_is_posted_as_json(url: str) -> None:
    asked = question(url)
    assert (json.loads(asked.body), asked.content_type) == ({"url": url}, "application/json")


def test_a_verdict_is_told_in_a_line() -> None:
    found = answer("a.png", Reply(200, HORSE_ANSWER.encode()))
    assert found == Answer(
        "a.png", True, "Unicorn is validated", ({"label": "Horse", "score": 0.9, "box": [0, 0, 1, 1]},), 12.5
    )
    assert found.describe() == "a.png: Unicorn is validated (Horse 0.90)"
    nothing = Answer("b.png", False, "Unable to validate Unicorn")
    assert nothing.describe() == "b.png: Unable to validate Unicorn (nothing detected)"
    dogs = [{"label": "Dog", "score": 0.9, "box": [0, 0, 1, 1]}] * 4
    many = Answer("c.png", True, "Unicorn is validated", [*dogs, {"label": "Horse", "score": 0.4, "box": [0, 0, 1, 1]}])
    assert many.describe().endswith("(Dog 0.90, Dog 0.90, Dog 0.90, Dog 0.90, 1 more)")


@pytest.mark.parametrize(
    ("reply", "text"),
    [
        (Reply(415, b'{"code": "unsupported-image", "detail": "Post a JPEG."}'), "415 unsupported-image: Post a JPEG."),
        (Reply(403, b'{"message": "Forbidden"}'), "403 Forbidden"),
        (Reply(504, b'{"message": "Endpoint request timed out"}'), "504 Endpoint request timed out"),
        (Reply(500, b"{}"), "500 no reason given"),
        (Reply(502, b"<html>"), "502, but the answer is not from this API"),
        (Reply(500, b"[]"), "500, but the answer is not from this API"),
        (Reply(500, b"null"), "500, but the answer is not from this API"),
        (Reply(200, b"{}"), "200, but the answer is not from this API"),
        (Reply(200, b"\xff"), "200, but the answer is not from this API"),
        (
            Reply(200, b'{"validated": true, "message": "", "detections": [], "timings_ms": {"total": "x"}}'),
            "200, but the answer is not from this API",
        ),
        (Reply(200, HORSE_ANSWER.replace("label", "name").encode()), "200, but the answer is not from this API"),
        (
            Reply(200, HORSE_ANSWER.replace("[0, 0, 1, 1]", "[0, 1]").encode()),
            "200, but the answer is not from this API",
        ),
        (Reply(0, fault="Connection refused"), "no answer: Connection refused"),
    ],
    ids=lambda value: None if isinstance(value, str) else f"{value.status} {value.body!r}",
)
def test_an_error_is_told_in_words(reply: Reply, text: str) -> None:
    found = answer("a.png", reply)
    assert found.describe().startswith(f"a.png: {text}")
    assert not found.validated


def test_asking_posts_the_question() -> None:
    asked = question(URL)
    sent: list[tuple[bytes, dict[str, str]]] = []

    def send(body: bytes, headers: object) -> Reply:
        sent.append((body, dict(headers)))  # type: ignore[call-overload]
        return Reply(200, HORSE_ANSWER.encode())

    assert ask(send, asked).validated
    assert sent == [(asked.body, {"Content-Type": "application/json", "Accept": "application/json"})]


def test_a_program_reads_the_verdict_or_the_error() -> None:
    assert Answer("a.png", True, "Yes", (), 12.5).record() == {
        "picture": "a.png",
        "message": "Yes",
        "validated": True,
        "detections": [],
        "milliseconds": 12.5,
    }
    assert Answer("a.png", True, "Yes", saved="out.png").record()["saved"] == "out.png"
    assert Answer("a.png", error="415").record() == {"picture": "a.png", "error": "415"}


def own(status: int, code: str, retry_after: float | None = None) -> Reply:
    return Reply(status, json.dumps({"code": code, "detail": "It did not work."}).encode(), retry_after=retry_after)


@pytest.mark.parametrize(
    ("replies", "waited"),
    [
        ([Reply(200)], 0),
        ([Reply(429), Reply(200)], 1),
        ([Reply(429), Reply(503), Reply(429), Reply(429), Reply(429), Reply(200)], 1 + 2 + 4 + 8 + 8),
        ([Reply(503, retry_after=10), Reply(429, retry_after=3), Reply(200)], 13),
        ([Reply(503, retry_after=0), Reply(200)], 1),
        ([Reply(503, retry_after=PATIENCE_SECONDS), Reply(200)], PATIENCE_SECONDS),
        ([Reply(429), Reply(400)], 1),
        ([Reply(502)], 0),
        ([Reply(504)], 0),
        ([own(500, "internal")], 0),
        ([own(502, "fetch-failed")], 0),
        ([own(504, "fetch-timeout")], 0),
        ([own(500, "service-failure"), own(502, "service-failure"), Reply(200)], 1 + 2),
        ([own(504, "integration-failure", 5), Reply(200)], 5),
        ([Reply(0, fault="refused")], 0),
    ],
    ids=str,
)
def test_what_came_too_early_is_sent_again(replies: list[Reply], waited: float) -> None:
    clock, left = Clock(), list(replies)
    assert patient(lambda body, headers: left.pop(0), clock.sleep)(b"", {}) == replies[-1]
    assert (clock.now, left) == (waited, [])


FAILED = Reply(503, b'{"code": "model-failed", "detail": "The model does not work."}')
USED_UP = Reply(429, b'{"code": "quota-exceeded", "detail": "The API key has no requests left."}', retry_after=1)


@pytest.mark.parametrize(
    ("reply", "waited"),
    [
        (Reply(429), 55),
        (Reply(503, retry_after=25), 50),
        (Reply(503, retry_after=3600), 0),
        (USED_UP, 0),
        (FAILED, 0),
        (own(500, "service-failure", 1), 55),
        (own(502, "service-failure", 5), 5 + 5 + 5 + 5 * 8),
    ],
    ids=[
        "throttled",
        "not ready",
        "not for an hour",
        "the key's quota is used up",
        "the model does not work",
        "never invoked, and asked to hurry",
        "never invoked",
    ],
)
def test_patience_ends(reply: Reply, waited: float) -> None:
    clock = Clock()
    assert patient(lambda body, headers: reply, clock.sleep)(b"", {}) == reply
    assert clock.now == waited


def test_what_could_not_be_invoked_is_what_the_api_says_of_a_throttled_function() -> None:
    assert set(NOT_INVOKED) == {answer.code for answer in ANSWERS.values() if answer.headers == BUSY}

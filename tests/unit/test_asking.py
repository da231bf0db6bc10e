"""Pictures in, verdicts out: what is posted for a picture, and how an answer reads."""

import json
from pathlib import Path

import pytest

from tests.unit.fakes import HORSE_ANSWER
from wildrydes_ml.asking import MAX_POSTED_BYTES, Answer, answer, ask, question
from wildrydes_ml.errors import WildrydesError
from wildrydes_ml.web import Reply

PNG = b"\x89PNG\r\n\x1a\n"


def picture(directory: Path, content: bytes) -> str:
    path = directory / "picture"
    path.write_bytes(content)
    return str(path)


@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        (b"\xff\xd8\xff\xe0....JFIF", "image/jpeg"),
        (PNG + b"....IHDR", "image/png"),
        (b"GIF87a....", "image/gif"),
        (b"GIF89a....", "image/gif"),
        (b"RIFF\x04\x00\x00\x00WEBPVP8 ", "image/webp"),
    ],
    ids=["jpeg", "png", "gif87", "gif89", "webp"],
)
def test_a_file_is_posted_as_it_is(tmp_path: Path, content: bytes, content_type: str) -> None:
    asked = question(picture(tmp_path, content))
    assert (asked.body, asked.content_type) == (content, content_type)


@pytest.mark.parametrize("url", ["https://example.com/a.jpg?b=c&d", "http://example.com/a.png"])
def test_a_url_is_posted_as_json(url: str) -> None:
    asked = question(url)
    assert (json.loads(asked.body), asked.content_type) == ({"url": url}, "application/json")


@pytest.mark.parametrize("content", [b"", b"<svg/>", b"BM1234", b"%PDF-1.7", b"\xff\xd8"], ids=str)
def test_no_picture_is_an_error(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(WildrydesError, match="not a JPEG, PNG, WebP or GIF picture"):
        question(picture(tmp_path, content))


def test_a_sound_is_no_picture(tmp_path: Path) -> None:
    with pytest.raises(WildrydesError, match="not a JPEG"):
        question(picture(tmp_path, b"RIFF\x04\x00\x00\x00WAVEfmt "))


def test_a_picture_may_be_as_large_as_can_be_posted(tmp_path: Path) -> None:
    assert len(question(picture(tmp_path, PNG.ljust(MAX_POSTED_BYTES, b"."))).body) == 4_500_000
    with pytest.raises(WildrydesError, match=r"4,500,001 bytes are too many, 4,500,000"):
        question(picture(tmp_path, PNG.ljust(MAX_POSTED_BYTES + 1, b".")))


@pytest.mark.parametrize(("name", "why"), [("missing.png", "No such file"), (".", "Is a directory")])
def test_what_cannot_be_read_is_named(tmp_path: Path, name: str, why: str) -> None:
    path = str(tmp_path / name)
    with pytest.raises(WildrydesError, match=why) as error:
        question(path)
    assert str(error.value).startswith(path)


def test_a_verdict_is_told_in_a_line() -> None:
    found = answer("a.png", Reply(200, HORSE_ANSWER.encode()))
    assert found == Answer(
        "a.png", True, "Unicorn is validated", ({"label": "Horse", "score": 0.9, "box": [0, 0, 1, 1]},), 12.5
    )
    assert found.describe() == "a.png: Unicorn is validated (Horse 0.90)"
    nothing = Answer("b.png", False, "Unable to validate Unicorn")
    assert nothing.describe() == "b.png: Unable to validate Unicorn (nothing detected)"


@pytest.mark.parametrize(
    ("reply", "text"),
    [
        (Reply(415, b'{"code": "unsupported-image", "detail": "Post a JPEG."}'), "415 unsupported-image: Post a JPEG."),
        (Reply(403, b'{"message": "Forbidden"}'), "403 Forbidden"),
        (Reply(504, b'{"message": "Endpoint request timed out"}'), "504 Endpoint request timed out"),
        (Reply(500, b"{}"), "500 without a reason"),
        (Reply(502, b"<html>"), "502 with an answer that is not this API's"),
        (Reply(500, b"[]"), "500 with an answer that is not this API's"),
        (Reply(500, b"null"), "500 with an answer that is not this API's"),
        (Reply(200, b"{}"), "200 with an answer that is not this API's"),
        (Reply(200, b"\xff"), "200 with an answer that is not this API's"),
        (Reply(200, b'{"validated": true, "message": "", "detections": [], "timings_ms": {"total": "x"}}'), "200 with"),
        (Reply(0, fault="Connection refused"), "no answer: Connection refused"),
    ],
    ids=lambda value: None if isinstance(value, str) else f"{value.status} {value.body!r}",
)
def test_an_error_is_told_in_words(reply: Reply, text: str) -> None:
    found = answer("a.png", reply)
    assert found.describe().startswith(f"a.png: {text}")
    assert not found.validated


def test_asking_posts_the_question() -> None:
    asked = question("https://example.com/a.jpg")
    sent: list[tuple[bytes, dict[str, str]]] = []

    def send(body: bytes, headers: object) -> Reply:
        sent.append((body, dict(headers)))  # type: ignore[call-overload]
        return Reply(200, HORSE_ANSWER.encode())

    assert ask(send, asked).validated
    assert sent == [(asked.body, {"Content-Type": "application/json", "Accept": "application/json"})]

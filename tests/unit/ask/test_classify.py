"""`classify` as a shell sees it, against an API on this machine."""

import fcntl
import json
import os
import signal
import struct
import sys
import termios
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from threading import Event, main_thread
from typing import Any

import pytest
from PIL import Image

from tests.unit.servers import Request, Response, aws_answering, serving, use_aws
from wildrydes_ml.cli import main

STACKS = (
    "<DescribeStacksResponse><DescribeStacksResult><Stacks><member><StackName>wildrydes-ml-mod5-inf</StackName>"
    "<StackId>id</StackId>"
    "<CreationTime>2026-01-01T00:00:00Z</CreationTime><StackStatus>CREATE_COMPLETE</StackStatus><Outputs>"
    "<member><OutputKey>ModelInferenceApiId</OutputKey><OutputValue>api</OutputValue></member>"
    "<member><OutputKey>ApiGatewayInvokeURL</OutputKey><OutputValue>{url}/prod</OutputValue></member>"
    "</Outputs></member></Stacks></DescribeStacksResult></DescribeStacksResponse>"
)
IDENTITY = (
    "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::123456789012:user/rider</Arn>"
    "<UserId>u</UserId><Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"
)

Respond = Callable[[Request], Response]
Classify = Callable[..., int]


def encoded(format: str, color: str = "white", size: tuple[int, int] = (200, 200)) -> bytes:
    content = BytesIO()
    Image.new("RGB", size, color).save(content, format)
    return content.getvalue()


HORSE, OTHER = encoded("PNG"), encoded("JPEG")


def verdict(validated: bool) -> Response:
    body = {
        "message": "Unicorn is validated" if validated else "Unable to validate Unicorn",
        "validated": validated,
        "detections": [{"label": "Horse", "score": 0.9, "box": [0.25, 0.25, 0.75, 0.75]}] if validated else [],
        "timings_ms": {"total": 12.5},
    }
    return Response(200, json.dumps(body).encode())


def detector(request: Request) -> Response:
    """Sees a horse on PNGs and wherever a link leads, and takes no GIF. GET is a picture on the web."""
    if request.method == "GET":
        return Response(200, OTHER) if "gone" not in request.path else Response(404, b"")
    if request.headers["Content-Type"] == "image/gif":
        return Response(415, json.dumps({"code": "unsupported-image", "detail": "Post a PNG."}).encode())
    return verdict(request.headers["Content-Type"] != "image/jpeg")


@pytest.fixture
def classify(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Classify:
    """Runs the command in a new directory, where {url} is the API's server."""
    use_aws(monkeypatch, tmp_path)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")

    def run(*arguments: str, respond: Respond = detector, stacks: str = STACKS) -> int:
        with serving(respond) as url:
            answers = {"DescribeStacks": stacks.format(url=url), "GetCallerIdentity": IDENTITY}
            with aws_answering(lambda action: (200, answers[action])) as (aws, _):
                monkeypatch.setenv("AWS_ENDPOINT_URL", aws)
                given = [argument.format(url=url) for argument in arguments]
                return main(["--region", "eu-west-1", *given], verb="classify")

    return run


def files(**contents: bytes) -> None:
    for name, content in contents.items():
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def records(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    out, err = capsys.readouterr()
    assert err == ""
    return [json.loads(line) for line in out.splitlines()]


def test_files_folders_and_urls_are_answered_in_their_order(
    classify: Classify, capsys: pytest.CaptureFixture[str]
) -> None:
    files(**{"z.jpg": OTHER, "photos/b.png": HORSE, "photos/a.jpg": OTHER, "photos/notes.txt": b"text"})
    assert classify("z.jpg", "photos", "https://example.org/a.jpg", "--output", "json") == 0
    *answers, result = records(capsys)
    pictures = ["z.jpg", "photos/a.jpg", "photos/b.png", "https://example.org/a.jpg"]
    assert [answer["picture"] for answer in answers] == pictures
    assert [answer["validated"] for answer in answers] == [False, False, True, True]
    assert all({"type", "text", "message", "detections", "milliseconds"} <= set(answer) for answer in answers)
    assert (result["type"], result["ok"], result["failed"]) == ("result", True, 0)


def test_one_that_fails_does_not_stop_the_others(classify: Classify, capsys: pytest.CaptureFixture[str]) -> None:
    files(**{"a.gif": b"GIF89a", "b.heic": b"....ftypheic", "d.png": HORSE, "empty/notes.txt": b"text"})
    assert classify("a.gif", "b.heic", "missing.png", "empty", "d.png", "--output", "json") == 1
    *answers, summary, result = records(capsys)
    assert summary == {"type": "error", "text": "4 of 5 pictures could not be answered"}
    assert {answer["picture"]: answer.get("error") for answer in answers} == {
        "a.gif": "415 unsupported-image: Post a PNG.",
        "b.heic": "HEIC is not supported: convert it to JPEG, PNG, WebP or GIF",
        "missing.png": "No such file or directory",
        "empty": "no JPEG, PNG, WebP or GIF picture in this folder",
        "d.png": None,
    }
    assert (result["ok"], result["failed"]) == (False, 4)


@pytest.mark.parametrize(
    ("arguments", "threads"), [((), 4), (("--parallel", "1"), 1), (("--parallel", "6"), 6)], ids=str
)
def test_so_many_requests_are_under_way_at_once(classify: Classify, arguments: tuple[str, ...], threads: int) -> None:
    under_way, most = set[str](), 0
    full = Event()

    def respond(request: Request) -> Response:
        nonlocal most
        under_way.add(request.body.decode())
        most = max(most, len(under_way))
        if len(under_way) == threads:
            full.set()
        assert full.wait(60)
        under_way.remove(request.body.decode())
        return verdict(True)

    urls = [f"https://example.org/{number}" for number in range(12)]
    assert classify(*urls, *arguments, respond=respond) == 0
    assert most == threads


def test_without_a_terminal_there_are_plain_lines(classify: Classify, capsys: pytest.CaptureFixture[str]) -> None:
    files(**{"a.png": HORSE, "b.jpg": OTHER})
    assert classify("a.png", "b.jpg", "c.png") == 1
    out, err = capsys.readouterr()
    assert out.splitlines() == [
        "a.png: Unicorn is validated (Horse 0.90) 12 ms",
        "b.jpg: Unable to validate Unicorn (nothing detected) 12 ms",
        "c.png: No such file or directory",
    ]
    assert err == "error: 1 of 3 pictures could not be answered\n"


def test_on_a_terminal_there_are_a_table_and_a_bar(classify: Classify, monkeypatch: pytest.MonkeyPatch) -> None:
    files(**{"a.png": HORSE, "b.jpg": OTHER})
    leader, follower = os.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 60, 0, 0))
    with os.fdopen(leader, "rb", 0) as screen, os.fdopen(follower, "w") as terminal:
        monkeypatch.setattr(sys, "stdout", terminal)
        monkeypatch.setattr(sys, "stderr", terminal)
        assert classify("a.png", "b.jpg") == 0
        shown = screen.read(10_000).decode()
    lines = [line.rpartition("\r")[2] for line in shown.split("\r\n")]
    assert lines == [
        "picture  verdict        detections                        ms",
        "a.png    validated      Horse 0.90                        12",
        "b.jpg    not validated  nothing                           12",
        "",
    ]
    assert "0 of 2" in shown


def test_ctrl_c_ends_at_once_and_shows_what_was_answered(
    classify: Classify, capsys: pytest.CaptureFixture[str]
) -> None:
    files(**{"a.png": HORSE, "b.jpg": OTHER, "c.png": HORSE})
    interrupted = Event()

    def respond(request: Request) -> Response:
        if request.headers["Content-Type"] == "image/jpeg":
            signal.pthread_kill(main_thread().ident or 0, signal.SIGINT)
            assert interrupted.wait(60)
        return verdict(True)

    assert classify("a.png", "b.jpg", "c.png", "--parallel", "1", "--output", "json", respond=respond) == 130
    interrupted.set()
    answer, error, result = records(capsys)
    assert answer["picture"] == "a.png"
    assert error["text"] == "stopped with 1 of 3 done"
    assert (result["ok"], result["exit_code"]) == (False, 130)


def test_nothing_that_answers_is_one_error(classify: Classify, capsys: pytest.CaptureFixture[str]) -> None:
    assert classify("a.png", "b.png", stacks=STACKS.replace("ModelInferenceApiId", "Other")) == 1
    assert capsys.readouterr().err.count("run deploy to complete it") == 1


# Saving


def edge(path: str) -> object:
    with Image.open(path) as drawn:
        return drawn.getpixel((150, 100))


def test_one_picture_is_saved_with_its_boxes(classify: Classify, capsys: pytest.CaptureFixture[str]) -> None:
    files(**{"a.png": HORSE})
    assert classify("a.png", "--save", "new/out.png") == 0
    assert edge("new/out.png") == (0xFF, 0xD1, 0x66)
    assert capsys.readouterr().out.splitlines()[-1] == "wrote new/out.png"


def test_many_are_saved_in_a_directory(classify: Classify, capsys: pytest.CaptureFixture[str]) -> None:
    files(**{"photos/a.png": HORSE, "photos/b.jpg": OTHER, "photos/c.gif": b"GIF89a", "photos/more/a.png": HORSE})
    assert classify("photos", "--save", "out", "--output", "json") == 1
    assert sorted(path.name for path in Path("out").iterdir()) == ["a-2.png", "a.png", "b.png"]
    *answers, written, _, _ = records(capsys)
    assert [answer.get("saved") for answer in answers] == ["out/a.png", "out/b.png", None, "out/a-2.png"]
    assert written["text"] == "wrote 3 pictures to out"


def test_what_a_link_holds_is_fetched_to_draw_on(classify: Classify) -> None:
    assert classify("{url}/a.jpg", "--save", "out.png") == 0
    assert edge("out.png") == (0xFF, 0xD1, 0x66)


def test_a_copy_that_cannot_be_made_is_a_failure(classify: Classify, capsys: pytest.CaptureFixture[str]) -> None:
    assert classify("{url}/gone.jpg", "--save", "out.png") == 1
    assert (
        capsys.readouterr()
        .out.strip()
        .endswith("/gone.jpg: the boxes were not drawn, this machine cannot fetch the picture: 404")
    )
    assert not Path("out.png").exists()


@pytest.mark.parametrize("output", ["text", "json"])
def test_a_slow_answer_has_signs_of_life_on_stderr(
    classify: Classify, capsys: pytest.CaptureFixture[str], output: str
) -> None:
    Path("horse.png").write_bytes(HORSE)
    heard = Event()

    def respond(request: Request) -> Response:
        for _ in range(60 if output == "text" else 5):
            if "waiting for the answer" in capsys.readouterr().err:
                heard.set()
                break
            heard.wait(0.5)
        return detector(request)

    assert classify("horse.png", "--output", output, respond=respond) == 0
    assert heard.is_set() == (output == "text")

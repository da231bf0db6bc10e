"""HTTP for the commands, against a server on this machine."""

import socket
import time

import pytest

from tests.unit.servers import Request, Response, serving
from wildrydes_ml.web import Reply, get, post, probe


@pytest.mark.parametrize(
    ("header", "seconds"),
    [({}, None), ({"Retry-After": "10"}, 10), ({"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}, None)],
    ids=str,
)
def test_a_refusal_is_a_reply_and_says_when_to_come_again(header: dict[str, str], seconds: float | None) -> None:
    with serving(lambda request: Response(503, b"later", header)) as url:
        assert post(url, b"", {}) == Reply(503, b"later", retry_after=seconds)


def test_body_and_headers_arrive() -> None:
    asked: list[Request] = []

    def respond(request: Request) -> Response:
        asked.append(request)
        return Response(200, b"yes")

    with serving(respond) as url:
        assert post(url + "/prod", b"abc", {"Content-Type": "image/png"}) == Reply(200, b"yes")
        assert get(url, {"Accept": "image/png"}) == Reply(200, b"yes")
    assert [(one.method, one.path, one.body) for one in asked] == [("POST", "/prod", b"abc"), ("GET", "/", b"")]
    assert (asked[0].headers["Content-Type"], asked[1].headers["Accept"]) == ("image/png", "image/png")


@pytest.mark.parametrize("status", [200, 502])
def test_an_answer_that_ends_early_is_a_fault(status: int) -> None:
    with serving(lambda request: Response(status, b"", {"Content-Length": "100"})) as url:
        reply = get(url, {}, timeout=60)
    assert reply.status == 0
    assert reply.fault


def test_nobody_there_is_a_fault() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        reply = get(f"http://127.0.0.1:{free.getsockname()[1]}", {})
    assert (reply.status, "refused" in reply.fault) == (0, True)


@pytest.mark.parametrize(
    ("answers", "status", "asked"),
    [
        ({"HEAD": 200}, 200, ["HEAD"]),
        ({"HEAD": 405, "GET": 206}, 206, ["HEAD", "GET"]),
        ({"HEAD": 403, "GET": 200}, 200, ["HEAD", "GET"]),
        ({"HEAD": 403, "GET": 403}, 403, ["HEAD", "GET"]),
        ({"HEAD": 404, "GET": 404}, 404, ["HEAD", "GET"]),
    ],
    ids=str,
)
def test_a_probe_asks_for_the_head_and_then_for_a_first_byte(
    answers: dict[str, int], status: int, asked: list[str]
) -> None:
    seen: list[Request] = []

    def respond(request: Request) -> Response:
        seen.append(request)
        return Response(answers[request.method], b"much")

    with serving(respond) as url:
        reply = probe(f"{url}/model.tar.gz")
    assert reply.status == status
    assert len(reply.body) <= 1
    assert [request.method for request in seen] == asked
    assert [request.headers.get("Range") for request in seen if request.method == "GET"] == ["bytes=0-0"] * (
        len(asked) - 1
    )


def test_a_probe_does_not_wait_for_long() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        began = time.monotonic()
        reply = probe(f"http://127.0.0.1:{silent.getsockname()[1]}/", timeout=0.2)
    assert (reply.status, bool(reply.fault)) == (0, True)
    assert time.monotonic() - began < 30


def test_a_probe_of_no_url_is_a_fault() -> None:
    assert probe("http://[broken").status == 0

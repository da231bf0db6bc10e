"""What a stranger's URL can lead to: places where a fetch must never go, and servers that misbehave."""

import gzip
import socket
import time
import zlib
from collections import defaultdict
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from corpus_certificates import Authority, speak_tls
from corpus_network import Names, network
from corpus_urls import CONFUSING, FORMS, LOCATIONS, NAMES, PUBLIC, REBINDING, UNKNOWN_NAMES
from handler_helpers import encoded
from handler_servers import PATIENCE, Reply, Server, drips, is_silent, redirects, resets, sends, serving, writes
from PIL import Image
from problems import PROBLEMS
from service import ANSWER_SECONDS

pytest.importorskip("AntiSSRF", reason="microsoft-antissrf needs Python 3.11")

from requests import adapters

Ask = Callable[..., SimpleNamespace]
Count = Callable[..., None]

PICTURE = encoded(Image.new("RGB", (8, 8)))
OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
ANSWERS: Names = {**{name: [addresses] for name, addresses in NAMES.items()}, "images.example": [[PUBLIC]]}

URLS = [
    *[(url, "url-not-allowed") for urls in FORMS.values() for url in urls],
    *[(f"http://{name}/", "url-not-allowed") for name in NAMES],
    *[(url, "invalid-url") for url in CONFUSING],
    *[(url, "fetch-failed") for url in UNKNOWN_NAMES],
]


def address(server: Server) -> tuple[str, int]:
    return "127.0.0.1", int(server.server_address[1])


def says_only(answer: SimpleNamespace, code: str) -> None:
    """The answer is the table's text for the problem, so the same whatever the URL was, and nothing besides."""
    row = PROBLEMS[code]
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert {**answer.body, "instance": ""} == {
        "type": f"urn:wildrydes-ml:problem:{code}",
        "title": row.title,
        "status": row.status,
        "code": code,
        "detail": row.detail,
        "instance": "",
    }
    assert answer.status == row.status


def test_the_network_of_these_tests_sees_and_refuses_connections() -> None:
    with network({"images.example": [[PUBLIC]]}) as seen:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("images.example", 80))
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.1", 9001))
    assert seen.connects == [(PUBLIC, 80), ("127.0.0.1", 9001)]


@pytest.mark.parametrize(("url", "code"), URLS, ids=[ascii(url) for url, _ in URLS])
def test_a_url_leads_to_no_forbidden_address(ask: Ask, count: Count, url: str, code: str) -> None:
    with network(ANSWERS) as seen:
        says_only(ask({"url": url}), code)
        says_only(ask({"url": url.replace("http:", "https:", 1)}), code)
    assert seen.connects == []
    count("URLs that must not be fetched", cases=2, connections=len(seen.connects))


@pytest.mark.parametrize(("url", "code"), URLS, ids=[ascii(url) for url, _ in URLS])
def test_a_redirect_leads_to_no_forbidden_address(ask: Ask, count: Count, url: str, code: str) -> None:
    with serving(defaultdict(lambda: redirects(url))) as server, network(ANSWERS, {address(server)}) as seen:
        answer = ask({"url": f"http://{server.host}/"}, private_image_hosts=frozenset({server.host}))
    found = answer.body["code"]
    assert found in ("url-not-allowed", *(["fetch-failed"] if code != "url-not-allowed" else []))
    says_only(answer, found)
    assert set(seen.connects) == {address(server)}
    count("redirects that must not be followed", cases=1, connections=len({*seen.connects} - {address(server)}))


@pytest.mark.parametrize(("location", "code"), LOCATIONS.items(), ids=[ascii(key)[:40] for key in LOCATIONS])
def test_an_odd_redirect_leads_nowhere_else(ask: Ask, count: Count, location: str, code: str) -> None:
    head = f"HTTP/1.1 307 See\r\nLocation: {location}\r\n\r\n".encode("latin-1")
    with serving(defaultdict(lambda: writes(head))) as server, network(ANSWERS, {address(server)}) as seen:
        says_only(ask({"url": f"http://{server.host}/"}, private_image_hosts=frozenset({server.host})), code)
    assert set(seen.connects) == {address(server)}
    count("redirects that must not be followed", cases=1, connections=len({*seen.connects} - {address(server)}))


@pytest.mark.parametrize("status", [300, 301, 302, 303, 304, 305, 306, 307, 308])
def test_every_kind_of_redirect_is_checked(ask: Ask, count: Count, status: int) -> None:
    reply = sends(b"", f"{status} See", Location="http://10.0.1.5/")
    with serving({"/": reply}) as server, network({}, {address(server)}) as seen:
        answer = ask({"url": f"http://{server.host}/"}, private_image_hosts=frozenset({server.host}))
    assert answer.body["code"] == ("fetch-failed" if status in (300, 304, 305, 306) else "url-not-allowed")
    assert set(seen.connects) == {address(server)}
    count("redirects that must not be followed", cases=1, connections=len({*seen.connects} - {address(server)}))


@pytest.mark.parametrize(
    "field",
    [
        "Refresh: 0; url=http://10.0.1.5/",
        'Alt-Svc: h2="10.0.1.5:443"; ma=86400',
        "Link: <http://10.0.1.5/>; rel=preload",
        "Content-Location: http://10.0.1.5/",
        "Location: http://10.0.1.5/",
    ],
)
def test_no_other_header_leads_anywhere(ask: Ask, field: str) -> None:
    head = f"HTTP/1.1 200 OK\r\n{field}\r\nContent-Length: {len(PICTURE)}\r\n\r\n".encode()
    with serving({"/": writes(head + PICTURE)}) as server, network({}, {address(server)}) as seen:
        answer = ask({"url": f"http://{server.host}/"}, private_image_hosts=frozenset({server.host}))
    assert answer.body["validated"] is True
    assert seen.connects == [address(server)]


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_public_url_is_fetched_without_the_environments_proxies(
    ask: Ask, monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    for name in "http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY":
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with network(ANSWERS) as seen:
        says_only(ask({"url": f"{scheme}://images.example/"}), "fetch-failed")
    assert seen.connects == [(PUBLIC, {"http": 80, "https": 443}[scheme])]


@pytest.mark.parametrize("answers", REBINDING.values(), ids=REBINDING.keys())
def test_a_name_that_changes_leads_to_the_address_that_was_checked(
    ask: Ask, count: Count, answers: list[list[str]]
) -> None:
    with network({"images.example": answers}) as seen:
        first = ask({"url": "http://images.example/"})
    assert seen.connects == ([(PUBLIC, 80)] if answers[0] == [PUBLIC] else [])
    says_only(first, "fetch-failed" if answers[0] == [PUBLIC] else "url-not-allowed")
    count("names that change", cases=1, connections=len({*seen.connects} - {(PUBLIC, 80)}))


@pytest.mark.parametrize("answers", REBINDING.values(), ids=REBINDING.keys())
def test_a_name_that_changes_is_checked_at_every_fetch(ask: Ask, answers: list[list[str]]) -> None:
    with network({"images.example": answers}) as seen:
        codes = [ask({"url": "https://images.example/"}).body["code"] for _ in answers]
    assert set(seen.connects) == {(PUBLIC, 443)}
    assert codes == ["fetch-failed" if answer == [PUBLIC] else "url-not-allowed" for answer in answers]


def test_each_checked_address_of_a_name_is_tried(ask: Ask) -> None:
    """IPv4 and IPv6 in turns: a VPC may have a way out for one of them only."""
    names: Names = {"images.example": [[PUBLIC, "93.184.216.35", "2606:4700::1"]]}
    with network(names) as seen:
        says_only(ask({"url": "http://images.example/"}), "fetch-failed")
    assert seen.connects == [(PUBLIC, 80), ("2606:4700::1", 80), ("93.184.216.35", 80)]


def test_a_private_host_may_not_lead_to_its_own_address_by_another_name_or_port(ask: Ask) -> None:
    names: Names = {"pictures.internal": [["127.0.0.1"]], "other.internal": [["127.0.0.1"]]}
    replies = {"/port": redirects("http://pictures.internal/"), "/name": redirects("http://other.internal/")}
    with serving(replies) as server, network(names, {address(server)}) as seen:
        host = f"pictures.internal:{server.server_address[1]}"
        for path in replies:
            says_only(ask({"url": f"http://{host}{path}"}, private_image_hosts=frozenset({host})), "url-not-allowed")
    assert seen.connects == [address(server)] * 2


def floods(head: bytes, more: bytes = bytes(65536)) -> Reply:
    """The same without an end, as fast as it is taken."""

    def reply(connection: socket.socket) -> None:
        connection.sendall(head)
        while True:
            connection.sendall(more)

    return reply


def compressed(data: bytes, encoding: str) -> Reply:
    return sends(data, Content_Encoding=encoding)


BOMB = gzip.compress(bytes(50_000_000), 1)

SERVERS: dict[str, tuple[Reply, str]] = {
    "drips the head": (drips(OK + b"X: "), "fetch-timeout"),
    "drips the body": (drips(OK + b"Content-Length: 1000000\r\n\r\n"), "fetch-timeout"),
    "silent": (is_silent, "fetch-timeout"),
    "says less than it sends": (sends(PICTURE, length=len(PICTURE) // 2), "undecodable-image"),
    "says more than it sends": (sends(PICTURE, length=len(PICTURE) + 1), "fetch-failed"),
    "bad chunk": (writes(OK + b"Transfer-Encoding: chunked\r\n\r\n-5\r\nabcd\r\n"), "fetch-failed"),
    "gzip bomb": (compressed(BOMB, "gzip"), "fetch-failed"),
    "deflate bomb": (compressed(zlib.compress(bytes(50_000_000), 1), "deflate"), "fetch-failed"),
    "brotli": (compressed(b"\x1b\xff\xff\xff", "br"), "fetch-failed"),
    "nested bomb": (compressed(gzip.compress(BOMB), "gzip, gzip"), "fetch-failed"),
    "gzip bomb without a word": (sends(BOMB), "unsupported-image"),
    "huge headers": (
        writes(OK + b"".join(b"X-%d: %s\r\n" % (n, b"x" * 60_000) for n in range(101)) + b"\r\n"),
        "fetch-failed",
    ),
    "resets": (resets, "fetch-failed"),
    "redirects in a circle": (redirects("/"), "fetch-failed"),
    "says nothing": (writes(b""), "fetch-failed"),
    "impossible status": (writes(b"HTTP/1.1 999999 Yes\r\n\r\n"), "fetch-failed"),
    "a page": (sends(b"<!doctype html>", Content_Type="image/png"), "unsupported-image"),
    "endless body": (floods(OK + b"\r\n"), "image-too-large"),
    "endless body of a negative length": (floods(OK + b"Content-Length: -1\r\n\r\n"), "image-too-large"),
    "endless chunk": (floods(CHUNKED + b"ffffffffffffffff\r\n"), "image-too-large"),
    "endless chunk of -1 bytes": (floods(CHUNKED + b"-1\r\n"), "fetch-failed"),
    "endless size of a chunk": (floods(CHUNKED, b"0" * 65536), "fetch-failed"),
    "endless extension of a chunk": (floods(CHUNKED + b"4;", b"x" * 65536), "fetch-failed"),
    "endless trailer": (floods(CHUNKED + b"0\r\nX: ", b"x" * 65536), "fetch-failed"),
    "endless trailers": (floods(CHUNKED + b"0\r\n", b"X: x\r\n" * 10_000), "fetch-timeout"),
    "endless header": (floods(OK + b"X: ", b"x" * 65536), "fetch-failed"),
    "endless status": (floods(b"HTTP/1.1 200 ", b"x" * 65536), "fetch-failed"),
    "endless patience": (floods(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 1000), "fetch-timeout"),
    "drips the status": (drips(b"HTTP/1.1 200 "), "fetch-timeout"),
    "drips chunks": (drips(CHUNKED + b"1", 1), "fetch-timeout"),
    "drips trailers": (drips(CHUNKED + b"0\r\nX: "), "fetch-timeout"),
    "two lengths": (writes(OK + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab"), "fetch-failed"),
    "chunks without an end": (writes(CHUNKED + b"%x\r\n%b\r\n" % (len(PICTURE), PICTURE)), "fetch-failed"),
    "compressed chunks": (
        writes(OK + b"Transfer-Encoding: gzip\r\n\r\n" + gzip.compress(PICTURE)),
        "unsupported-image",
    ),
    "HTTP/0.9": (writes(PICTURE), "fetch-failed"),
    "HTTP/2": (writes(b"\0\0\x12\4\0\0\0\0\0\0\3\0\0\0\x64"), "fetch-failed"),
}


def ask_server(ask: Ask, server: Server, seconds: float = 10, scheme: str = "http") -> tuple[SimpleNamespace, float]:
    """The answer to a picture of this server with so many seconds to fetch it, and how many it took."""
    started = time.monotonic()
    answer = ask(
        {"url": f"{scheme}://{server.host}/"},
        private_image_hosts=frozenset({server.host}),
        remaining_ms=(ANSWER_SECONDS + seconds) * 1000,
    )
    return answer, time.monotonic() - started


@pytest.mark.parametrize(("reply", "code"), SERVERS.values(), ids=SERVERS.keys())
def test_a_server_that_misbehaves(ask: Ask, count: Count, reply: Reply, code: str) -> None:
    deadline = 0.4 if code == "fetch-timeout" else 10
    with serving({"/": reply}) as bad, serving({"/": sends(PICTURE)}) as good:
        answer, seconds = ask_server(ask, bad, deadline)
        says_only(answer, code)
        assert seconds < deadline + PATIENCE
        assert ask_server(ask, good)[0].body["validated"] is True
    count("servers that misbehave", cases=1)


def test_a_server_that_does_not_accept(ask: Ask) -> None:
    with Server({}) as idle, Server({}) as full:
        full.socket.listen(0)
        with socket.create_connection(address(full)):  # no other fits into its queue
            for server in idle, full:
                answer, seconds = ask_server(ask, server, 0.4)
                says_only(answer, "fetch-timeout")
                assert seconds < 0.4 + PATIENCE


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
    """Signs certificates that the function trusts."""
    authority = Authority(tmp_path)
    monkeypatch.setattr(adapters, "DEFAULT_CA_BUNDLE_PATH", str(authority.certificate))
    return authority


def test_a_certificate_for_the_right_host_is_accepted(ask: Ask, authority: Authority) -> None:
    with serving({"/": sends(PICTURE)}) as server:
        speak_tls(server, authority.server())
        assert ask_server(ask, server, scheme="https")[0].body["validated"] is True


@pytest.mark.parametrize("certificate", [{"address": "127.0.0.2"}, {"valid": timedelta(days=-1)}])
def test_a_certificate_for_another_host_or_time_is_not(ask: Ask, authority: Authority, certificate: Any) -> None:
    with serving({"/": sends(PICTURE)}) as server:
        speak_tls(server, authority.server(**certificate))
        says_only(ask_server(ask, server, scheme="https")[0], "fetch-failed")
    assert server.requests == []


def test_a_certificate_of_a_stranger_is_not(ask: Ask, authority: Authority, tmp_path: Path) -> None:
    (tmp_path / "stranger").mkdir()
    with serving({"/": sends(PICTURE)}) as server:
        speak_tls(server, Authority(tmp_path / "stranger").server())
        says_only(ask_server(ask, server, scheme="https")[0], "fetch-failed")
    assert server.requests == []

import gzip
import socket
import threading
import time

import pytest
from handler_helpers import encoded
from handler_servers import PATIENCE, Reply, connects, drips, is_silent, redirects, resets, sends, serving, writes
from PIL import Image
from problems import Problem

pytest.importorskip("AntiSSRF", reason="microsoft-antissrf needs Python 3.11")

import fetch as fetching
from fetch import MAX_BYTES, checked, fetch
from urllib3.connection import HTTPConnection

PICTURE = encoded(Image.new("RGB", (8, 8)))
OK = b"HTTP/1.1 200 OK\r\n"


def get(url: str, *private_hosts: str, seconds: float = 10) -> bytes:
    hosts = frozenset(private_hosts)
    return fetch(checked(url, hosts), hosts, seconds)


def get_from(reply: Reply, seconds: float = 10) -> bytes:
    with serving({"/": reply}) as server:
        return get(f"http://{server.host}/", server.host, seconds=seconds)


def problem_of(reply: Reply, seconds: float = 10) -> Problem:
    with pytest.raises(Problem) as caught:
        get_from(reply, seconds)
    return caught.value


def code_of(url: str, *private_hosts: str) -> str:
    with pytest.raises(Problem) as caught:
        get(url, *private_hosts)
    return caught.value.code


def test_a_picture() -> None:
    with serving({"/a b.png": sends(b""), "/a%20b.png": sends(PICTURE)}) as server:
        query = "?auto=compress&cs=tinysrgb&dpr=2&h=650&w=940"
        assert get(f" http://{server.host}/a b.png{query} ", server.host) == PICTURE
        (head,) = server.requests
    assert head.startswith(f"GET /a%20b.png{query} HTTP/1.1\r\n")
    assert f"Host: {server.host}\r\n" in head
    assert "Accept: image/jpeg,image/png,image/webp,image/gif\r\n" in head
    assert "Accept-Encoding: identity\r\n" in head


def test_a_body_without_length_and_one_in_chunks() -> None:
    assert get_from(writes(OK + b"\r\n" + PICTURE)) == PICTURE
    chunks = b"4\r\nabcd\r\n2\r\nef\r\n0\r\n\r\n"
    assert get_from(writes(OK + b"Transfer-Encoding: chunked\r\n\r\n" + chunks)) == b"abcdef"


def test_proxies_and_passwords_of_the_environment_are_not_used(
    monkeypatch: pytest.MonkeyPatch, tmp_path: pytest.TempPathFactory
) -> None:
    netrc = f"{tmp_path}/netrc"
    with open(netrc, "w") as file:
        file.write("machine 127.0.0.1 login me password secret")
    monkeypatch.setenv("NETRC", netrc)
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with serving({"/": sends(PICTURE)}) as server:
        assert get(f"http://{server.host}/", server.host) == PICTURE
        assert "Authorization" not in server.requests[0]


@pytest.mark.parametrize(
    "url",
    [
        "",
        "unicorn.png",
        "//images.example/a.png",
        "ftp://images.example/a.png",
        "file:///proc/self/environ",
        "data:image/png;base64,aGk=",
        "javascript:alert(1)",
        "gopher://127.0.0.1:80/_x",
        "httpx://images.example/",
        "http://",
        "http:///a.png",
        "http://images.example:8080/",
        "http://images.example:9001/2018-06-01/runtime/invocation/next",
        "https://images.example:0/",
        "https://images.example:99999/",
        "https://images.example:http/",
        "http://me@images.example/",
        "http://me:secret@images.example/",
        "http://a.example:80@b.example/",
        "http://images.example/\n",
        "http://images.example/\r\nHost: other",
        "http://images.example/\0",
        "http://images.example/\u2028",
        "http://images.example/\ud800",
        "http://.example/",
        "http://[::1/",
        "https://images.example/" + "a" * 2048,
    ],
)
def test_an_unusable_url_is_refused_before_any_connection(url: str) -> None:
    with connects() as addresses:
        assert code_of(url) == "invalid-url"
    assert addresses == []


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f.1",
        "0177.0.0.1",
        "localhost",
        "0.0.0.0",
        "0",
        "10.0.1.5",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "100.100.100.200",
        "169.254.169.254",
        "169.254.100.1",
        "192.0.0.192",
        "198.18.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:169.254.169.254]",
        "[::127.0.0.1]",
        "[::ffff:0:10.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "[fe80::1]",
        "[fec0::1]",
        "[fc00::1]",
        "[fd00:ec2::254]",
        "[ff02::1]",
    ],
)
def test_a_forbidden_address_is_never_connected_to(host: str) -> None:
    with connects() as addresses:
        assert code_of(f"http://{host}/latest/meta-data/") == "url-not-allowed"
        assert code_of(f"https://{host}:80/") == "url-not-allowed"
    assert addresses == []


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1./",
        "http://\uff11\uff12\uff17.0.0.1/",
        "http://127\u30020\u30020\u30021/",
        "http://\u24db\u24de\u24d2alhost/",
        "http://images.example\\@127.0.0.1/",
        "http://127.0.0.1\\@images.example/",
        "http://127.0.0.1#@images.example/",
        "http://[::1%25lo]/",
        "http://0x7f.0.0.1.nip.invalid/",
    ],
)
def test_an_odd_way_to_write_a_host_leads_nowhere(url: str) -> None:
    with connects() as addresses:
        assert code_of(url) in ("invalid-url", "url-not-allowed", "fetch-failed")
    assert addresses == []


@pytest.mark.parametrize("addresses", [["10.0.2.7"], ["93.184.216.34", "10.0.2.7"], ["2606:4700::1", "::1"]])
def test_one_forbidden_address_of_a_name_is_enough(monkeypatch: pytest.MonkeyPatch, addresses: list[str]) -> None:
    found = [(socket.AF_UNSPEC, socket.SOCK_STREAM, 0, "", (address, 0)) for address in addresses]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_: found)
    with connects() as connected:
        assert code_of("http://images.example/") == "url-not-allowed"
    assert connected == []


def test_an_address_that_does_not_answer_gives_way_to_the_next_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """A queue that is full drops connections, as a network does that has no way there."""
    with socket.create_server(("127.0.0.2", 0), backlog=0) as deaf:
        port = deaf.getsockname()[1]
        with socket.create_connection(("127.0.0.2", port)), socket.create_server(("127.0.0.3", port)) as listening:
            monkeypatch.setattr(fetching._checked, "addresses", ["127.0.0.2", "127.0.0.3"])
            connection = HTTPConnection("127.0.0.2", port, timeout=9)
            began = time.monotonic()
            with fetching._connected(connection, connection._new_conn) as found, listening.accept()[0]:
                assert found.getpeername() == ("127.0.0.3", port)
                assert found.gettimeout() == 9
            assert time.monotonic() - began > fetching.CONNECT_SECONDS


def test_a_private_host_is_private_on_its_own_port_only() -> None:
    with serving({"/": sends(PICTURE)}) as server:
        assert code_of(f"http://{server.host}/") == "invalid-url"
        assert code_of(f"http://{server.host}/", "127.0.0.1:80") == "invalid-url"
        assert code_of(f"http://localhost:{server.server_address[1]}/", server.host) == "invalid-url"
        assert server.requests == []


@pytest.mark.parametrize(
    "location",
    [
        "http://127.0.0.1/",
        "http://169.254.169.254/latest/meta-data/",
        "//[::1]/",
        "file:///etc/passwd",
        "ftp://images.example/",
        "http://127.0.0.1:9001/",
        "http://me@images.example/",
    ],
)
def test_a_redirect_is_checked_like_the_url(location: str) -> None:
    with serving({"/": redirects(location)}) as server, connects() as addresses:
        assert code_of(f"http://{server.host}/", server.host) == "url-not-allowed"
        assert {port for _, port in addresses} == {server.server_address[1]}


def test_three_redirects_are_followed_and_no_more() -> None:
    replies = {f"/{n}": redirects(f"/{n - 1}") for n in range(1, 5)}
    with serving({**replies, "/0": sends(PICTURE)}) as server:
        assert get(f"http://{server.host}/3", server.host) == PICTURE
        assert code_of(f"http://{server.host}/4", server.host) == "fetch-failed"


def test_a_redirects_body_is_not_read() -> None:
    head = b"HTTP/1.1 302 Found\r\nLocation: /end\r\nContent-Length: 1000000000\r\n\r\n"
    with serving({"/": drips(head), "/end": sends(PICTURE)}) as server:
        assert get(f"http://{server.host}/", server.host) == PICTURE


@pytest.mark.parametrize("status", [204, 206, 304, 403, 404, 500])
def test_other_statuses_than_200_are_told(status: int) -> None:
    problem = problem_of(sends(b"", f"{status} Whatever"))
    assert (problem.code, problem.upstream_status) == ("fetch-failed", status)


BAD_SERVERS = {
    "closes at once": writes(b""),
    "not HTTP": writes(b"SSH-2.0-OpenSSH_9.6\r\n"),
    "resets": resets,
    "short body": sends(b"half", length=8),
    "bad chunk": writes(OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nabcd\r\n"),
    "endless chunk": writes(OK + b"Transfer-Encoding: chunked\r\n\r\nffffffff\r\nabcd"),
    "two lengths": writes(OK + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab"),
    "huge header": writes(OK + b"X: " + b"x" * 100_000 + b"\r\n\r\n"),
    "many headers": writes(OK + b"X: x\r\n" * 1000 + b"\r\n"),
    "gzip": sends(gzip.compress(bytes(1000)), Content_Encoding="gzip"),
    "gzip bomb": sends(gzip.compress(bytes(50_000_000)), Content_Encoding="GZIP"),
    "unknown encoding": sends(PICTURE, Content_Encoding="identity, br"),
    "redirect without a place": sends(b"", "302 Found"),
    "redirect to nowhere": redirects("http://nowhere.invalid/"),
}


@pytest.mark.parametrize("reply", BAD_SERVERS.values(), ids=BAD_SERVERS.keys())
def test_a_bad_server_is_one_failure(reply: Reply) -> None:
    assert problem_of(reply).code == "fetch-failed"


def test_half_a_head_is_a_failure_without_a_url_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    assert problem_of(writes(b"HTTP/1.1 200 OK\r\nContent-Le")).code == "fetch-failed"
    assert caplog.text == ""


def test_an_empty_picture_is_delivered_when_its_server_says_so() -> None:
    assert get_from(sends(b"")) == b""


def test_nobody_there() -> None:
    with serving({}) as server:
        host = server.host
    assert code_of(f"http://{host}/", host) == "fetch-failed"


def test_tls_that_is_none() -> None:
    with serving({"tls": writes(b"HTTP/1.1 400 Bad Request\r\n\r\n")}) as server:
        assert code_of(f"https://{server.host}/", server.host) == "fetch-failed"


def test_too_many_bytes() -> None:
    assert len(get_from(sends(bytes(MAX_BYTES)))) == MAX_BYTES
    assert problem_of(sends(bytes(MAX_BYTES + 1))).code == "image-too-large"
    assert problem_of(writes(OK + b"\r\n" + bytes(MAX_BYTES + 1))).code == "image-too-large"


def test_too_many_declared_bytes_are_not_waited_for() -> None:
    assert problem_of(drips(OK + b"Content-Length: 999999999\r\n\r\n")).code == "image-too-large"


SLOW_SERVERS = {
    "silent": is_silent,
    "drips the head": drips(OK + b"X: "),
    "continues for ever": drips(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 100 Continue\r\nX: "),
    "drips the body": drips(OK + b"Content-Length: 1000000\r\n\r\n"),
    "drips a body without length": drips(OK + b"\r\n"),
}


@pytest.mark.parametrize("reply", SLOW_SERVERS.values(), ids=SLOW_SERVERS.keys())
def test_the_deadline_holds_against_a_slow_server(reply: Reply) -> None:
    started = time.monotonic()
    assert problem_of(reply, seconds=0.3).code == "fetch-timeout"
    assert time.monotonic() - started < 0.3 + PATIENCE
    for thread in threading.enumerate():
        if thread.name == "fetch":
            thread.join(60)
            assert not thread.is_alive()


def test_the_deadline_holds_in_the_tls_handshake() -> None:
    started = time.monotonic()
    with serving({"tls": drips(b"\x16\x03\x03\x40\x00")}) as server, pytest.raises(Problem) as caught:
        get(f"https://{server.host}/", server.host, seconds=0.3)
    assert caught.value.code == "fetch-timeout"
    assert time.monotonic() - started < 0.3 + PATIENCE


def test_the_deadline_holds_over_all_redirects() -> None:
    def late(connection: object) -> None:
        time.sleep(0.15)
        redirects("/")(connection)  # type: ignore[arg-type]

    assert problem_of(late, seconds=0.3).code == "fetch-timeout"


def test_no_time_left_is_no_fetch() -> None:
    with connects() as addresses:
        assert problem_of(sends(PICTURE), seconds=-1).code == "fetch-timeout"
    assert addresses == []

"""The network goes away while a picture is fetched, at every stage: the caller hears so in time, nothing stays behind.

A cut is an end of the connection, a reset of it, or silence, which is all that is left of packets that get lost.
"""

import gc
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace

import pytest
from fetch import MAX_SECONDS
from handler_helpers import encoded
from handler_servers import PATIENCE, Reply, Server, is_silent, sends, serving
from PIL import Image
from service import ANSWER_SECONDS
from test_corpus_fetch import address, says_only

pytest.importorskip("AntiSSRF", reason="microsoft-antissrf needs Python 3.11")

Ask = Callable[..., SimpleNamespace]

PICTURE = encoded(Image.effect_noise((64, 48), 50))
HALF = PICTURE[: len(PICTURE) // 2]
A_MOMENT = 0.3
"""What a fetch may take whose other side is silent; others have all the time that a fetch may take."""

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(PICTURE)
UNMEASURED = b"HTTP/1.1 200 OK\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

STAGES = {
    "before a word": b"",
    "in the status": b"HTTP/1.1 200",
    "after the status": b"HTTP/1.1 200 OK\r\n",
    "in a header": b"HTTP/1.1 200 OK\r\nContent-Le",
    "between headers": b"HTTP/1.1 200 OK\r\nServer: x\r\n",
    "after the headers": HEAD,
    "in the body": HEAD + HALF,
    "before the last byte": HEAD + PICTURE[:-1],
    "in a chunk's size": CHUNKED + b"1",
    "in a chunk": CHUNKED + b"%x\r\n" % len(PICTURE) + HALF,
    "after the last chunk": CHUNKED + b"%x\r\n%b\r\n" % (len(PICTURE), PICTURE),
}


def ends(connection: socket.socket) -> None:
    """The other side says that it is done."""


def resets(connection: socket.socket) -> None:
    """It forgets the connection."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


CUTS = {"ends": (ends, "fetch-failed"), "resets": (resets, "fetch-failed"), "is silent": (is_silent, "fetch-timeout")}


def after(sent: bytes, cut: Reply) -> Reply:
    def reply(connection: socket.socket) -> None:
        connection.sendall(sent)
        cut(connection)

    return reply


def at_hand() -> tuple[set[threading.Thread], int]:
    """The process's threads, and how many files and sockets it has open."""
    return set(threading.enumerate()), len(os.listdir("/dev/fd"))


def wait_for(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not condition() and time.monotonic() < until:
        time.sleep(0.01)
    assert condition()


@pytest.fixture(autouse=True)
def nothing_stays_behind() -> Iterator[None]:
    """A moment after each test the process has the threads and sockets that it had, without a garbage collection."""
    gc.collect()
    gc.disable()
    before = at_hand()
    try:
        yield
        wait_for(lambda: at_hand() == before)
    finally:
        gc.enable()


def ask_for(
    ask: Ask, server: Server, path: str = "/", scheme: str = "http", seconds: float = MAX_SECONDS
) -> SimpleNamespace:
    """The answer to a picture of this server, which must come in time."""
    started = time.monotonic()
    answer = ask(
        {"url": f"{scheme}://{server.host}{path}"},
        private_image_hosts=frozenset({server.host}),
        remaining_ms=(ANSWER_SECONDS + seconds) * 1000,
    )
    assert time.monotonic() - started < seconds + PATIENCE
    return answer


def allowed(code: str) -> float:
    """Seconds for a fetch that is to end with this code: only silence lasts until they are over."""
    return A_MOMENT if code == "fetch-timeout" else MAX_SECONDS


@pytest.mark.parametrize(("cut", "code"), CUTS.values(), ids=CUTS.keys())
@pytest.mark.parametrize("sent", STAGES.values(), ids=STAGES.keys())
def test_a_cut(ask: Ask, count: Callable[..., None], sent: bytes, cut: Reply, code: str) -> None:
    with serving({"/": after(sent, cut), "/good": sends(PICTURE)}) as server:
        says_only(ask_for(ask, server, seconds=allowed(code)), code)
        assert ask_for(ask, server, "/good").body["validated"] is True
    count("cuts of the network", cases=1)


def test_a_body_without_a_length_that_ends_early_is_a_damaged_picture(ask: Ask) -> None:
    with serving({"/": after(UNMEASURED + HALF, ends)}) as server:
        says_only(ask_for(ask, server), "undecodable-image")


@pytest.mark.parametrize(("cut", "code"), CUTS.values(), ids=CUTS.keys())
@pytest.mark.parametrize("sent", [b"", b"\x16\x03\x03\x40\x00\x02"], ids=["before a word", "in the server's hello"])
def test_a_cut_in_the_tls_handshake(ask: Ask, count: Callable[..., None], sent: bytes, cut: Reply, code: str) -> None:
    with serving({"tls": after(sent, cut)}) as server:
        says_only(ask_for(ask, server, scheme="https", seconds=allowed(code)), code)
    count("cuts of the network", cases=1)


def test_nobody_listens(ask: Ask) -> None:
    with Server({}) as server:
        pass
    says_only(ask_for(ask, server), "fetch-failed")


def test_a_connection_that_is_made_when_it_is_too_late_is_given_up(ask: Ask) -> None:
    """A queue that is full drops connections; they are tried again a second later, when this one has room."""
    with Server({}) as full:
        full.socket.listen(0)
        with socket.create_connection(address(full)):
            says_only(ask_for(ask, full, seconds=A_MOMENT), "fetch-timeout")
        for _ in range(2):
            connection, _ = full.socket.accept()
            connection.settimeout(60)
            assert connection.recv(1) == b""
            connection.close()


def test_a_connection_that_is_never_made_is_given_up(ask: Ask) -> None:
    with Server({}) as full:
        full.socket.listen(0)
        with socket.create_connection(address(full)):
            says_only(ask_for(ask, full, seconds=A_MOMENT), "fetch-timeout")
            wait_for(lambda: "fetch" not in {thread.name for thread in threading.enumerate()})

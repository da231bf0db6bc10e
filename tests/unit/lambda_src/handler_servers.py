"""Picture servers that misbehave, on 127.0.0.1, and what the process connects to."""

from __future__ import annotations

import socket
import socketserver
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

Reply = Callable[[socket.socket], None]

PATIENCE = 8.0
"""Seconds that a busy machine may take beside. With a deadline of a moment it is less than the ten of every fetch."""


class Server(socketserver.ThreadingTCPServer):
    """Answers each path with a function that writes to the connection; `requests` are the heads it got.

    The path of a TLS handshake is "tls".
    """

    daemon_threads = True
    block_on_close = False

    def __init__(self, replies: dict[str, Reply]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.replies = replies
        self.requests: list[str] = []

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"


class Handler(socketserver.BaseRequestHandler):
    server: Server

    def handle(self) -> None:
        head = b""
        while b"\r\n\r\n" not in head and head[:1] != b"\x16":
            data = self.request.recv(65536)
            if not data:
                return
            head += data
        self.server.requests.append(head.decode("latin-1"))
        path = "tls" if head[:1] == b"\x16" else head.split()[1].decode().partition("?")[0]
        with suppress(OSError):
            self.server.replies[path](self.request)


@contextmanager
def serving(replies: dict[str, Reply]) -> Iterator[Server]:
    with Server(replies) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def sends(body: bytes, status: str = "200 OK", length: int | None = None, **headers: str) -> Reply:
    """A reply with Content-Length, true unless `length` is given."""
    fields = {"Content-Length": str(len(body) if length is None else length), **headers}
    lines = [f"{name.replace('_', '-')}: {value}\r\n" for name, value in fields.items()]
    return writes(f"HTTP/1.1 {status}\r\n{''.join(lines)}\r\n".encode() + body)


def writes(data: bytes) -> Reply:
    """A reply of these bytes, and the end of the connection."""
    return lambda connection: connection.sendall(data)


def redirects(location: str) -> Reply:
    return sends(b"moved", "302 Found", Location=location)


def drips(data: bytes, size: int = 12, pause: float = 0.05) -> Reply:
    """The bytes a few at a time, for ever."""

    def reply(connection: socket.socket) -> None:
        connection.sendall(data)
        while True:
            time.sleep(pause)
            connection.sendall(b"x" * size)

    return reply


def is_silent(connection: socket.socket) -> None:
    """Waits for the other side to give up."""
    connection.recv(1)


def resets(connection: socket.socket) -> None:
    """Ends in the middle of the body, rudely."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")


class Connects:
    """Where this process connected to, by Python's own audit of sockets; it cannot be removed, only paused."""

    def __init__(self) -> None:
        self.addresses: list[Any] = []
        self.listening = False
        sys.addaudithook(self._hook)

    def _hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.listening and event == "socket.connect":
            self.addresses.append(arguments[1])


_CONNECTS = Connects()


@contextmanager
def connects() -> Iterator[list[Any]]:
    """The addresses that the process tries to connect to inside the block."""
    _CONNECTS.addresses = []
    _CONNECTS.listening = True
    try:
        yield _CONNECTS.addresses
    finally:
        _CONNECTS.listening = False

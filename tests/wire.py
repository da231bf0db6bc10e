"""A wire between the deployer and an emulator that goes wrong at one chosen call.

A threaded HTTP proxy on 127.0.0.1. It writes down every call in order, by service and operation, and at call
number k does what the world does: throttles, resets, cuts the reply after the act, and so on. `calls` is the
audit: what happened to which call.
"""

import http.client
import json
import socket
import struct
import threading
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

from .operations import Request, name_of, protocol_of


class Fault(Enum):
    """What can happen to a call; the value is how the sweep prints it."""

    THROTTLED = "throttled twice"
    RESET = "reset"
    UNAVAILABLE = "503"
    CUT = "reply cut after the act"
    LOST = "reply lost after the act"
    EXPIRED = "expired token"
    GARBAGE = "garbage body after the act"


# How many calls in a row it happens to: an SDK repeats what was throttled.
_TIMES = {Fault.THROTTLED: 2}
_ACTED = frozenset({Fault.CUT, Fault.LOST, Fault.GARBAGE})

# The code with which each service throttles, and the status; the others are of the service's protocol.
_THROTTLED = {
    "s3": ("SlowDown", 503),
    "ec2": ("RequestLimitExceeded", 503),
    "apigateway": ("TooManyRequestsException", 429),
    "lambda": ("TooManyRequestsException", 429),
    "execute-api": ("TooManyRequestsException", 429),
    "elasticfilesystem": ("ThrottlingException", 429),
}
_THROTTLED_PROTOCOLS = {"query": ("Throttling", 400), "json": ("ThrottlingException", 400)}
_EXPIRED = {"s3": ("ExpiredToken", 400), "ec2": ("RequestExpired", 400)}
_EXPIRED_PROTOCOLS = {
    "query": ("ExpiredToken", 403),
    "json": ("ExpiredTokenException", 400),
    "rest-json": ("ExpiredTokenException", 403),
}
_SENTENCES = {
    Fault.THROTTLED: "Rate exceeded",
    Fault.EXPIRED: "The security token included in the request is expired",
    Fault.UNAVAILABLE: "Service is unable to handle request",
}
_GARBAGE = b"<html><body>Please sign in to the network</body>"


@dataclass(frozen=True)
class Call:
    """One call as it came: number from 1, service, operation, what was done to it ("" for nothing)."""

    number: int
    service: str
    operation: str
    fault: str = ""

    def __str__(self) -> str:
        return f"{self.number} {self.service}:{self.operation}"


@dataclass(frozen=True)
class Reply:
    """An answer on its way back."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Wire:
    """The proxy in front of `upstream`; a context manager. `endpoint` is what a client is given."""

    def __init__(self, upstream: str) -> None:
        self._upstream = urlsplit(upstream)
        self._lock = threading.Lock()
        self._calls: list[Call] = []
        self._fault: Fault | None = None
        self._strike: Callable[[], None] | None = None
        self._at = 0
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    def __enter__(self) -> "Wire":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def endpoint(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def calls(self) -> list[Call]:
        """The calls since the last arming, in order."""
        with self._lock:
            return list(self._calls)

    @property
    def fired(self) -> list[Call]:
        """The calls to which something was done."""
        return [call for call in self.calls if call.fault]

    def clear(self) -> None:
        """Counts from 1 again; nothing goes wrong any more."""
        self._set(0, None, None)

    def fail(self, at: int, fault: Fault) -> None:
        """Counts from 1 again; the fault happens to call number `at`."""
        self._set(at, fault, None)

    def strike(self, at: int, action: Callable[[], None]) -> None:
        """Counts from 1 again; call number `at` is not forwarded: the action is done instead, and never answered."""
        self._set(at, None, action)

    def _set(self, at: int, fault: Fault | None, strike: Callable[[], None] | None) -> None:
        with self._lock:
            self._calls, self._at, self._fault, self._strike = [], at, fault, strike

    def admit(self, request: Request) -> tuple[Call, Fault | None, Callable[[], None] | None]:
        """Writes a call down; returns it with what is to be done to it."""
        service, operation = name_of(request)
        with self._lock:
            call = Call(len(self._calls) + 1, service, operation)
            fault = strike = None
            if self._fault and self._at <= call.number < self._at + _TIMES.get(self._fault, 1):
                fault = self._fault
                call = replace(call, fault=fault.value)
            elif self._strike and call.number == self._at:
                strike = self._strike
                call = replace(call, fault="struck")
            self._calls.append(call)
        return call, fault, strike

    def forward(self, request: Request) -> Reply:
        """The emulator's answer."""
        assert self._upstream.hostname
        connection = http.client.HTTPConnection(self._upstream.hostname, self._upstream.port or 80, timeout=600)
        try:
            connection.request(request.method, request.target, request.body, dict(request.headers))
            reply = connection.getresponse()
            return Reply(reply.status, dict(reply.getheaders()), reply.read())
        finally:
            connection.close()


def answer(service: str, fault: Fault) -> Reply:
    """What the service itself would answer, in the shape of its protocol."""
    protocol = protocol_of(service)
    if fault is Fault.THROTTLED:
        code, status = _THROTTLED.get(service) or _THROTTLED_PROTOCOLS[protocol]
    elif fault is Fault.EXPIRED:
        code, status = _EXPIRED.get(service) or _EXPIRED_PROTOCOLS[protocol]
    else:
        code, status = "ServiceUnavailable", 503
    return _shaped(protocol, code, status, _SENTENCES[fault])


def _shaped(protocol: str, code: str, status: int, message: str) -> Reply:
    number = str(uuid.uuid4())
    error = f"<Code>{code}</Code><Message>{message}</Message>"
    xml = {
        "query": f"<ErrorResponse><Error>{error}</Error><RequestId>{number}</RequestId></ErrorResponse>",
        "ec2": f"<Response><Errors><Error>{error}</Error></Errors><RequestID>{number}</RequestID></Response>",
        "rest-xml": f"<Error>{error}<RequestId>{number}</RequestId></Error>",
    }
    if protocol in xml:
        return Reply(status, {"Content-Type": "text/xml"}, f'<?xml version="1.0"?>{xml[protocol]}'.encode())
    headers = {"Content-Type": "application/json", "x-amzn-RequestId": number}
    if protocol == "rest-json":
        headers["x-amzn-ErrorType"] = code
        return Reply(status, headers, json.dumps({"message": message}).encode())
    return Reply(status, headers, json.dumps({"__type": code, "message": message}).encode())


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, wire: Wire) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.wire = wire

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that was killed is no error here."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def _pass(self) -> None:
        assert isinstance(self.server, _Server)
        wire = self.server.wire
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {key: value for key, value in self.headers.items() if key.lower() not in ("expect", "connection")}
        request = Request(self.command, self.path, headers, body)
        call, fault, strike = wire.admit(request)
        if strike:
            strike()
            self._hang_up(reset=False)
        elif fault in _ACTED:
            self._spoil(wire.forward(request), fault)
        elif fault is Fault.RESET:
            self._hang_up(reset=True)
        else:
            self._send(answer(call.service, fault) if fault else wire.forward(request))

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _pass

    def _spoil(self, reply: Reply, fault: Fault) -> None:
        if fault is Fault.GARBAGE:
            self._send(Reply(200, {"Content-Type": reply.headers.get("Content-Type", "text/html")}, _GARBAGE))
            return
        if fault is Fault.CUT:
            self._send(reply, len(reply.body) // 2)
        self._hang_up(reset=False)

    def _send(self, reply: Reply, cut: int | None = None) -> None:
        self.send_response_only(reply.status)
        for key, value in reply.headers.items():
            if key.lower() not in ("content-length", "transfer-encoding", "connection"):
                self.send_header(key, value)
        length = reply.headers.get("Content-Length", "0") if self.command == "HEAD" else str(len(reply.body))
        if reply.status != 204:
            self.send_header("Content-Length", length)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(reply.body[:cut])

    def _hang_up(self, *, reset: bool) -> None:
        self.close_connection = True
        self.wfile.flush()
        if reset:  # closing with no time to linger sends RST
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
        else:
            self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, format: str, *arguments: object) -> None:
        """Says nothing: `calls` has it all."""

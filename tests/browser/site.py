"""A server with the function's page, whose answers to questions are scripted, and with pictures."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from typing import Any

import answers
from manifest import About
from PIL import Image
from problems import Problem

HORSE = {"label": "Horse", "score": 0.9412, "box": [0.25, 0.1, 0.75, 0.5]}
PERSON = {"label": "Person", "score": 0.8831, "box": [0.0, 0.7, 0.9, 1.0]}


@dataclass(frozen=True)
class Asked:
    """A request that the page made."""

    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass
class Reply:
    """What a request gets; `held` ones wait to be let go, of `cut` ones the connection ends in the middle."""

    status: int
    body: str
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: bool = False
    go: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.go.set()

    def held(self) -> Reply:
        self.go.clear()
        return self


def verdict(*detections: Mapping[str, Any], validated: bool = True, milliseconds: float = 412.0) -> Reply:
    """The answer to a picture."""
    message = "Unicorn is validated" if validated else "Unable to validate Unicorn"
    timings = {"total": milliseconds}
    body = {"message": message, "validated": validated, "detections": detections, "timings_ms": timings}
    return Reply(200, json.dumps(body))


def problem(code: str, **headers: str) -> Reply:
    """The function's answer to a failed request."""
    answer = answers.problem(Problem(code), "request-1")
    return Reply(answer["statusCode"], answer["body"], {**answer["headers"], **headers})


def gateway(status: int, message: str, **headers: str) -> Reply:
    """API Gateway's own answer, as it is by default."""
    return Reply(status, json.dumps({"message": message}), headers)


@dataclass
class Site:
    """What a test says and reads; `url` has no slash at its end. `pictures` are served below /pictures/."""

    url: str
    auth: str = "NONE"
    model: About = answers.NOTHING_KNOWN
    target: str = "Horse"
    replies: list[Reply] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    pictures: dict[str, bytes] = field(default_factory=dict)

    def script(self, *replies: Reply) -> None:
        """Answers further questions with these."""
        self.replies.extend(replies)

    def link(self, name: str) -> str:
        """A picture's address."""
        return f"{self.url}/pictures/{name}"


@contextmanager
def serving() -> Iterator[Site]:
    """A site on a free port of 127.0.0.1."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.site = Site(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server.site
    finally:
        for reply in server.held:
            reply.go.set()
        server.shutdown()
        thread.join()
        server.server_close()


class _Server(ThreadingHTTPServer):
    site: Site

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.held: list[Reply] = []

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A page that is closed, or gives up, breaks its connections."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        folder, _, name = self.path.rpartition("/")
        if folder == "/pictures":
            picture = self.server.site.pictures.get(name)
            return self._send(200 if picture else 404, picture or b"", {"Content-Type": "image/png"})
        site = self.server.site
        answer = answers.page(auth=site.auth, model=site.model, target=site.target)
        self._send(answer["statusCode"], answer["body"].encode(), answer["headers"])

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        site = self.server.site
        site.asked.append(Asked(self.path, {name.lower(): text for name, text in self.headers.items()}, body))
        reply = site.replies.pop(0)
        self.server.held.append(reply)
        reply.go.wait()
        if reply.cut:
            return self._cut()
        self._send(reply.status, reply.body.encode(), {"Content-Type": "application/json", **reply.headers})

    def _cut(self) -> None:
        self.wfile.write(b'HTTP/1.0 200 OK\r\nContent-Length: 1000\r\n\r\n{"message"')
        self.connection.shutdown(socket.SHUT_RDWR)

    def _send(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, text in headers.items():
            self.send_header(name, text)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Tests are quiet."""


def picture(width: int, height: int, format: str = "PNG", colors: Sequence[str] = ("white", "blue")) -> bytes:
    """A picture in the first color, with a quarter in the second at its top left."""
    image = Image.new("RGB", (width, height), colors[0])
    image.paste(colors[1], (0, 0, width // 2, height // 2))
    file = BytesIO()
    image.save(file, format)
    return file.getvalue()

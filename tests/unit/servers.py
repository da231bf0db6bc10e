"""Servers on 127.0.0.1 for tests of what goes over the network."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs

import pytest


@dataclass(frozen=True)
class Request:
    """What a client sent."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True)
class Response:
    """What it gets."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


@contextmanager
def serving(respond: Callable[[Request], Response]) -> Iterator[str]:
    """The URL of a server; each request has a thread."""

    class Handler(BaseHTTPRequestHandler):
        def respond(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            response = respond(Request(self.command, self.path, dict(self.headers), body))
            self.send_response(response.status)
            for name, value in {"Content-Length": str(len(response.body)), **response.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(response.body)

        do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = respond

        def log_message(self, format: str, *args: Any) -> None: ...

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: Any, client_address: Any) -> None:
            """A caller that was interrupted hangs up; that is no news."""

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def aws_answering(answer: Callable[[str], tuple[int, str]]) -> Iterator[tuple[str, list[str]]]:
    """The URL of an AWS that answers an action with status and XML, and the actions that it was asked for."""
    asked: list[str] = []

    def respond(request: Request) -> Response:
        asked.append(parse_qs(request.body.decode())["Action"][0])
        status, text = answer(asked[-1])
        return Response(status, text.encode())

    with serving(respond) as url:
        yield url, asked


def use_aws(monkeypatch: pytest.MonkeyPatch, directory: Path) -> None:
    """An environment in which AWS's clients find made-up credentials and nothing of this machine's."""
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    nowhere = str(directory / "none")
    values = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_EC2_METADATA_DISABLED": "true"}
    files = {"AWS_CONFIG_FILE": nowhere, "AWS_SHARED_CREDENTIALS_FILE": nowhere, "NO_PROXY": "127.0.0.1"}
    for name, value in {**values, **files}.items():
        monkeypatch.setenv(name, value)

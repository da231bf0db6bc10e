"""HTTP for the commands: one request, one reply, no exception for a status."""

import http.client
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

# A little over API Gateway's 29 s, so that its own 504 is what a caller sees.
TIMEOUT_SECONDS = 35.0


@dataclass(frozen=True)
class Reply:
    """Status (0: nobody answered) and body of an answer; `fault` says why nobody did.

    `retry_after` are the seconds of that header; its other form, a date, is none of API Gateway's or the function's.
    """

    status: int
    body: bytes = b""
    fault: str = ""
    retry_after: float | None = None


def post(url: str, body: bytes, headers: Mapping[str, str], timeout: float = TIMEOUT_SECONDS) -> Reply:
    """Posts and reads the whole answer."""
    request = urllib.request.Request(url, data=body, headers=dict(headers), method="POST")
    return _send(request, timeout)


def get(url: str, headers: Mapping[str, str], timeout: float = TIMEOUT_SECONDS) -> Reply:
    """Gets and reads the whole answer."""
    return _send(urllib.request.Request(url, headers=dict(headers)), timeout)


def _send(request: urllib.request.Request, timeout: float) -> Reply:
    # An emulator on this machine is not behind the user's proxy.
    local = urlsplit(request.full_url).hostname == "127.0.0.1"
    opener = urllib.request.build_opener(*([urllib.request.ProxyHandler({})] if local else []))
    try:
        return _read(opener, request, timeout)
    except (OSError, ValueError, http.client.HTTPException) as error:
        return Reply(0, fault=str(getattr(error, "reason", error)))


def _read(opener: urllib.request.OpenerDirector, request: urllib.request.Request, timeout: float) -> Reply:
    try:
        with opener.open(request, timeout=timeout) as reply:
            return Reply(reply.status, reply.read())
    except urllib.error.HTTPError as error:
        with error:
            seconds = error.headers.get("Retry-After", "")
            return Reply(error.code, error.read(), retry_after=float(seconds) if seconds.isdecimal() else None)

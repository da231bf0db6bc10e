"""HTTP for the commands: one request, one reply, no exception for a status."""

import http.client
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO
from urllib.parse import urlsplit

# A little over API Gateway's 29 s, so that its own 504 is what a caller sees.
TIMEOUT_SECONDS = 35.0
# For a look before a deploy, both questions together.
PROBE_SECONDS = 5.0
# The statuses that say that something is there: all of it, or the part that was asked for.
FOUND = (200, 206)
_PROBING = {"User-Agent": "wildrydes-ml", "Accept": "*/*"}


@dataclass(frozen=True)
class Reply:
    """Status (0: nobody answered) and body of an answer; `fault` says why nobody did.

    `retry_after` are the seconds of that header; its other form, a date, is none of API Gateway's or the function's.
    """

    status: int
    body: bytes = b""
    fault: str = ""
    retry_after: float | None = None

    @property
    def is_success(self) -> bool:
        """Whether the status is one of success, 200 to 299."""
        return 200 <= self.status < 300

    @property
    def is_page(self) -> bool:
        """Whether a web page came, as the sign-in page of a network does with 200."""
        return begins_page(self.body)


def begins_page(body: bytes) -> bool:
    """Whether the bytes begin as a web page does."""
    return body.lstrip()[:15].lower().startswith((b"<!doctype html", b"<html"))


def post(url: str, body: bytes, headers: Mapping[str, str], timeout: float = TIMEOUT_SECONDS) -> Reply:
    """Posts and reads the whole answer."""
    return send("POST", url, body, headers, timeout)


def send(method: str, url: str, body: bytes, headers: Mapping[str, str], timeout: float = TIMEOUT_SECONDS) -> Reply:
    """Sends a request of any method, without a body where that is empty, and reads the whole answer."""
    request = urllib.request.Request(url, data=body or None, headers=dict(headers), method=method)
    return _send(request, timeout)


def get(url: str, headers: Mapping[str, str], timeout: float = TIMEOUT_SECONDS) -> Reply:
    """Gets and reads the whole answer."""
    return _send(urllib.request.Request(url, headers=dict(headers)), timeout)


def probe(url: str, timeout: float = PROBE_SECONDS) -> Reply:
    """Whether there is something at the URL, without fetching it: the status alone, of HEAD or of a first byte.

    Not every server answers HEAD, and a presigned link is signed for GET.
    """
    began = time.monotonic()
    try:
        question = urllib.request.Request(url, headers=_PROBING, method="HEAD")
    except ValueError as error:
        return Reply(0, fault=str(error))
    head = _send(question, timeout, length=0)
    left = timeout - (time.monotonic() - began)
    if head.status in (0, *FOUND) or left <= 0:
        return head
    return _send(urllib.request.Request(url, headers={**_PROBING, "Range": "bytes=0-0"}), left, length=1)


def _send(request: urllib.request.Request, timeout: float, length: int | None = None) -> Reply:
    # An emulator on this machine is not behind the user's proxy.
    local = urlsplit(request.full_url).hostname == "127.0.0.1"
    opener = urllib.request.build_opener(*([urllib.request.ProxyHandler({})] if local else []))
    try:
        return _read(opener, request, timeout, length)
    except (OSError, ValueError, http.client.HTTPException) as error:
        return Reply(0, fault=str(getattr(error, "reason", error)))


def _read(
    opener: urllib.request.OpenerDirector, request: urllib.request.Request, timeout: float, length: int | None
) -> Reply:
    """The answer with so many bytes of its body, or all."""
    try:
        with opener.open(request, timeout=timeout) as reply:
            return Reply(reply.status, _part(reply, length))
    except urllib.error.HTTPError as error:
        with error:
            seconds = error.headers.get("Retry-After", "")
            return Reply(error.code, _part(error, length), retry_after=float(seconds) if seconds.isdecimal() else None)


def _part(answer: IO[bytes], length: int | None) -> bytes:
    return answer.read() if length is None else answer.read(length)

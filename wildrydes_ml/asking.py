"""Asking the deployed API about pictures, and telling what it answered."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import web
from .errors import WildrydesError

# What a proxy event can carry: Lambda takes 6 MB, and base64 adds a third.
MAX_POSTED_BYTES = 4_500_000

Send = Callable[[bytes, Mapping[str, str]], web.Reply]

_SIGNATURES = (
    (re.compile(rb"\xff\xd8\xff"), "image/jpeg"),
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "image/png"),
    (re.compile(rb"GIF8[79]a"), "image/gif"),
    (re.compile(rb"RIFF....WEBP", re.DOTALL), "image/webp"),
)


@dataclass(frozen=True)
class Answer:
    """The verdict on one picture, and how long the function took; `error` is set instead when there is none."""

    picture: str
    validated: bool = False
    message: str = ""
    detections: Sequence[Mapping[str, Any]] = ()
    milliseconds: float = 0
    error: str = ""

    def describe(self) -> str:
        """One line: picture, verdict, and the best detections."""
        if self.error:
            return f"{self.picture}: {self.error}"
        seen = ", ".join(f"{item['label']} {item['score']:.2f}" for item in self.detections[:4])
        return f"{self.picture}: {self.message} ({seen or 'nothing detected'})"


@dataclass(frozen=True)
class Question:
    """What is posted for a picture: body and content type."""

    picture: str
    body: bytes
    content_type: str


def question(picture: str) -> Question:
    """The request for a URL, which the function fetches, or for a file, which is posted as it is.

    Raises WildrydesError for a file that is missing, too large or no picture by its first bytes.
    """
    if picture.startswith(("http://", "https://")):
        return Question(picture, json.dumps({"url": picture}).encode(), "application/json")
    try:
        body = Path(picture).read_bytes()
    except OSError as error:
        raise WildrydesError(f"{picture}: {error.strerror}") from error
    if len(body) > MAX_POSTED_BYTES:
        raise WildrydesError(f"{picture}: {len(body):,} bytes are too many, {MAX_POSTED_BYTES:,} can be posted")
    for signature, content_type in _SIGNATURES:
        if signature.match(body):
            return Question(picture, body, content_type)
    raise WildrydesError(f"{picture}: not a JPEG, PNG, WebP or GIF picture")


def ask(send: Send, asked: Question) -> Answer:
    """Posts a question and reads the answer."""
    reply = send(asked.body, {"Content-Type": asked.content_type, "Accept": "application/json"})
    return answer(asked.picture, reply)


def answer(picture: str, reply: web.Reply) -> Answer:
    """What a reply says of a picture."""
    if reply.status == 0:
        return Answer(picture, error=f"no answer: {reply.fault}")
    try:
        found = json.loads(reply.body)
        if reply.status != 200:
            return Answer(picture, error=f"{reply.status} {_problem(found)}")
        return Answer(
            picture,
            found["validated"],
            found["message"],
            tuple(found["detections"]),
            float(found["timings_ms"].get("total", 0)),
        )
    except (ValueError, LookupError, TypeError, AttributeError):
        return Answer(picture, error=f"{reply.status} with an answer that is not this API's")


def _problem(found: Mapping[str, Any]) -> str:
    detail = found.get("detail") or found.get("message") or "without a reason"
    return f"{found.get('code', '')}: {detail}".removeprefix(": ")

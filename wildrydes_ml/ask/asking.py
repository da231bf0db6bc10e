"""Asks the deployed API about pictures, and reads its answers."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .. import web
from . import pictures

# What a picture may wait, in all, until the API takes it.
PATIENCE_SECONDS = 60.0
_LONGEST_PAUSE = 8.0
_TRY_AGAIN = (429, 503)
# The API's 500, 502 and 504 of a function that could not be invoked: too many at once, most likely. A function that
# breaks off looks the same, so that pauses grow whatever Retry-After says.
NOT_INVOKED = ("service-failure", "integration-failure")
# The handler's 503 of a model that does not work, which no pause ends.
MODEL_FAILED = "model-failed"
# The API's 429 that a pause does not end.
_FINAL = ("quota-exceeded", MODEL_FAILED)

Send = Callable[[bytes, Mapping[str, str]], web.Reply]


@dataclass(frozen=True)
class Answer:
    """The verdict on one picture, and the function's time in milliseconds; without a verdict, `error` says why.

    `saved` is the file with the drawn boxes, if there is one.
    """

    picture: str
    validated: bool = False
    message: str = ""
    detections: Sequence[Mapping[str, Any]] = ()
    milliseconds: float = 0
    error: str = ""
    saved: str = ""

    def describe(self) -> str:
        """One line: picture, verdict, and the best detections."""
        if self.error:
            return f"{self.picture}: {self.error}"
        return f"{self.picture}: {self.message} ({self.seen(4) or 'nothing detected'})"

    def seen(self, most: int) -> str:
        """The best detections with their scores, and how many more there are: one of them may have decided."""
        shown = [f"{item['label']} {item['score']:.2f}" for item in self.detections[:most]]
        return ", ".join([*shown, *([f"{rest} more"] if (rest := len(self.detections) - most) > 0 else [])])

    def record(self) -> dict[str, Any]:
        """For a program: the verdict, or why there is none."""
        if self.error:
            return {"picture": self.picture, "error": self.error}
        return {
            "picture": self.picture,
            "message": self.message,
            "validated": self.validated,
            "detections": list(self.detections),
            "milliseconds": self.milliseconds,
            **({"saved": self.saved} if self.saved else {}),
        }


@dataclass(frozen=True)
class Question:
    """What is posted for a picture: body and content type."""

    picture: str
    body: bytes
    content_type: str


def question(picture: str) -> Question:
    """The request for a picture: the function fetches a URL; a file is posted unchanged.

    Raises WildrydesError for a file that cannot be read or posted.
    """
    if pictures.is_url(picture):
        return Question(picture, json.dumps({"url": picture}).encode(), "application/json")
    return Question(picture, *pictures.read(picture))


def ask(send: Send, asked: Question) -> Answer:
    """Posts a question and reads the answer."""
    reply = send(asked.body, {"Content-Type": asked.content_type, "Accept": "application/json"})
    return answer(asked.picture, reply)


def answer(picture: str, reply: web.Reply) -> Answer:
    """The answer that a reply contains."""
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
            tuple(_detection(item) for item in found["detections"]),
            float(found["timings_ms"].get("total", 0)),
        )
    except (ValueError, LookupError, TypeError, AttributeError):
        return Answer(picture, error=f"{reply.status}, but the answer is not from this API: check the URL")


def patient(send: Send, sleep: Callable[[float], None] = time.sleep) -> Send:
    """Repeats a request that was throttled (429) or came too early (503): after Retry-After, or 1, 2, 4, 8, 8... s.

    A request that did not reach the function is repeated after the longer of both pauses. It gives up and returns the
    last reply when it would wait longer than PATIENCE_SECONDS, when a quota is used up, or when the model is broken.
    """

    def send_again(body: bytes, headers: Mapping[str, str]) -> web.Reply:
        left, pause = PATIENCE_SECONDS, 1.0
        reply = send(body, headers)
        while _may_change(reply):
            wait = max(1.0, pause if reply.retry_after is None else reply.retry_after)
            wait = max(wait, pause) if code(reply) in NOT_INVOKED else wait
            if wait > left:
                break
            sleep(wait)
            left, pause = left - wait, min(2 * pause, _LONGEST_PAUSE)
            reply = send(body, headers)
        return reply

    return send_again


def _may_change(reply: web.Reply) -> bool:
    said = code(reply)
    return said in NOT_INVOKED or (reply.status in _TRY_AGAIN and said not in _FINAL)


def _detection(item: Mapping[str, Any]) -> dict[str, Any]:
    top, left, bottom, right = map(float, item["box"])
    return {"label": str(item["label"]), "score": float(item["score"]), "box": [top, left, bottom, right]}


def code(reply: web.Reply) -> str:
    """The code of the problem; empty for an answer without one."""
    try:
        return str(json.loads(reply.body)["code"])
    except (ValueError, LookupError, TypeError):
        return ""


def _problem(found: Mapping[str, Any]) -> str:
    detail = found.get("detail") or found.get("message") or "no reason given"
    reason = f" ({found['reason']})" if found.get("reason") else ""
    return f"{found.get('code', '')}: {detail}{reason}".removeprefix(": ")

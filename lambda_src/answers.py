"""What the function answers, in the shape that API Gateway's Lambda proxy integration expects."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from detector import Detection
from manifest import About
from problems import Problem

Answer = dict[str, Any]

OUTSIDE = 1.0
"""How far a box may reach out of the picture, which is 1 wide and high. Detectors guess what the edge cuts off, a tenth
or two; boxes in pixels lie far out."""
_LOWEST, _HIGHEST = -OUTSIDE, 1 + OUTSIDE

NOTHING_KNOWN = About()
_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


def problem(error: Problem, request_id: str, reason: str = "") -> Answer:
    """The answer to a failed request (RFC 9457); `request_id` finds it in the log.

    `reason` is for who may invoke the function itself: it can hold what an exception said.
    """
    detail = error.type.detail
    if error.upstream_status is not None:
        detail += f" It answered with status {error.upstream_status}."
    body = {
        "type": f"urn:wildrydes-ml:problem:{error.code}",
        "title": error.type.title,
        "status": error.type.status,
        "code": error.code,
        "detail": detail,
        "instance": request_id,
        **({"reason": reason} if reason else {}),
    }
    return _answer(error.type.status, "application/problem+json", _json(body), error.type.headers)


def verdict(detections: Sequence[Detection], min_score: float, target_label: str) -> dict[str, Any]:
    """The verdict on a picture: detections at or above `min_score`, best first; is one of them the target?

    Scores and boxes are rounded to 4 digits, scores before they are compared: what is shown is what counts.
    Raises Problem model-failed for a box that is shown and is none.
    """
    rounded = [Detection(d.label, min(round(d.score, 4), 1.0), d.box) for d in detections]
    kept = sorted((d for d in rounded if d.score >= min_score), key=lambda d: -d.score)
    validated = any(d.label == target_label for d in kept)
    return {
        "message": "Unicorn is validated" if validated else "Unable to validate Unicorn",
        "validated": validated,
        "detections": [{"label": d.label, "score": d.score, "box": _rounded(d.box)} for d in kept],
    }


def _rounded(box: Sequence[float]) -> tuple[float, ...]:
    """A box that ends where the picture does."""
    if [x for x in box if not _LOWEST <= x <= _HIGHEST]:  # NaN is in no range
        raise Problem("model-failed", f"the model gives a box {list(box)}, not one in 0..1 of the picture")
    return tuple([round(0.0 if x < 0 else 1.0 if x > 1 else x, 4) for x in box])


def ok(verdict: Mapping[str, Any], timings_ms: Mapping[str, float], **more: Any) -> Answer:
    """The answer to a picture that was looked at."""
    return _answer(200, "application/json", _json({**verdict, "timings_ms": timings_ms, **more}))


def page(*, head: bool = False, auth: str = "NONE", model: About = NOTHING_KNOWN, target: str = "Horse") -> Answer:
    """The page for a browser; `head` leaves its body out.

    `auth` is what the API asks of a caller, NONE, API_KEY or AWS_IAM: the page asks the user accordingly. It tells
    what the `model` knows, and which of the boxes have the label `target`, which decides.
    """
    import pages  # a picture's cold start does not wait for it

    html = pages.html(auth, model, target)
    headers = {"Content-Security-Policy": pages.content_security_policy(html), "Referrer-Policy": "no-referrer"}
    return _answer(200, "text/html; charset=utf-8", "" if head else html, headers)


def _json(body: Mapping[str, Any]) -> str:
    """Strict JSON, which has no NaN and no Infinity; they raise ValueError."""
    return json.dumps(body, allow_nan=False)


def _answer(status: int, content_type: str, body: str, headers: Mapping[str, str] | None = None) -> Answer:
    return {
        "statusCode": status,
        "headers": {"Content-Type": content_type, **_HEADERS, **(headers or {})},
        "body": body,
        "isBase64Encoded": False,
    }

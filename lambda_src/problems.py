"""Everything that can go wrong, as one table.

The texts that a client sees come from here and never from an exception, so that no path, address or traceback
can reach it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

RETRY_AFTER = 10
"""Seconds after which a model that could not be loaded is tried again."""


@dataclass(frozen=True)
class ProblemType:
    """One row of the table of problems."""

    status: int
    title: str
    detail: str
    headers: Mapping[str, str] = field(default_factory=dict)


PROBLEMS: Mapping[str, ProblemType] = {
    "invalid-request": ProblemType(
        400,
        "The request cannot be read",
        'Send JSON, either {"url": "https://..."} of at most 8 KiB or {"image": "<base64>"} without "data:" in front, '
        "or a picture as the body with its own Content-Type, such as image/jpeg.",
    ),
    "invalid-url": ProblemType(
        400,
        "The url is not usable",
        '"url" must be an http or https address on port 80 or 443, without user name or password, '
        "of at most 2048 printable characters.",
    ),
    "url-not-allowed": ProblemType(
        400,
        "The url is not allowed",
        "The url leads to a place this service does not fetch from. Send the picture itself.",
    ),
    "method-not-allowed": ProblemType(
        405,
        "Method not allowed",
        "POST a picture or its url, or GET the page.",
        {"Allow": "GET, HEAD, POST"},
    ),
    "unsupported-image": ProblemType(
        415,
        "Not a supported picture",
        "The picture must be a JPEG, PNG, WebP or GIF. As the body it needs the Content-Type image/jpeg, image/png, "
        "image/webp or image/gif. Convert others first, AVIF and HEIC among them, which are not taken because "
        "their decoders are large and young, a risk with pictures from anywhere.",
    ),
    "image-too-large": ProblemType(
        422,
        "The picture is too large",
        "A posted picture may have 4.5 MB, a fetched one 8 MiB, and either 16 million pixels, at most 65535 a side, "
        "and no more than its bytes can hold. Send it smaller.",
    ),
    "undecodable-image": ProblemType(
        422,
        "The picture cannot be decoded",
        "The picture is truncated or damaged, too thin for the model, or of a rare kind, such as a JPEG of 12 bits. "
        "Save it anew with another program.",
    ),
    "internal": ProblemType(
        500, "Internal error", "Something went wrong here; try again. The instance identifies the request in the log."
    ),
    "fetch-failed": ProblemType(
        502,
        "The picture could not be fetched",
        "Check the url, or send the picture itself: the url's server did not deliver it.",
    ),
    "model-unavailable": ProblemType(
        503,
        "The model is not available",
        "The model could not be loaded; try again later.",
        {"Retry-After": str(RETRY_AFTER)},
    ),
    "fetch-timeout": ProblemType(
        504,
        "The picture took too long",
        "Try again, or send the picture itself: the url's server did not deliver it in time.",
    ),
}


class Problem(Exception):
    """An expected failure: `code` is a key of PROBLEMS, `reason` is for the log only.

    `upstream_status` is the HTTP status of a picture's server, when it answered at all.
    """

    def __init__(self, code: str, reason: str = "", *, upstream_status: int | None = None) -> None:
        super().__init__(code, reason)
        self.code = code
        self.reason = reason
        self.type = PROBLEMS[code]
        self.upstream_status = upstream_status

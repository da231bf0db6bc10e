"""Everything that can go wrong, as one table.

The texts that a client sees come from here and never from an exception, so that no path, address or traceback
can reach it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

RETRY_AFTER = 10
"""Seconds after which a model that could not be loaded is tried again."""


class ProblemType(NamedTuple):
    """One row of the table of problems."""

    status: int
    title: str
    detail: str
    headers: Mapping[str, str] = {}


PROBLEMS: Mapping[str, ProblemType] = {
    "invalid-request": ProblemType(
        400,
        "The request cannot be read",
        'Send JSON: {"url": "https://..."} of at most 8 KiB, or {"image": "<base64>"} without "data:" in front. '
        "Or send the picture itself, with its Content-Type, such as image/jpeg.",
    ),
    "unsupported-event": ProblemType(
        400,
        "The function does not take this kind of event",
        "It takes the events of a REST API's Lambda proxy integration. This one is of an HTTP API or a function URL. "
        "On an HTTP API, set the integration's payload format version to 1.0.",
    ),
    "invalid-url": ProblemType(
        400,
        "The url cannot be used",
        '"url" must be an http or https address on port 80 or 443. It has no user name or password, '
        "and at most 2048 printable characters.",
    ),
    "url-not-allowed": ProblemType(
        400,
        "The url is not allowed",
        "The service does not fetch from this place. Send the picture itself.",
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
        "Send a JPEG, PNG, WebP or GIF. A url must lead to the picture itself, not to a web page that shows it. To "
        "post the picture itself, set the Content-Type to image/jpeg, image/png, image/webp or image/gif. Convert "
        "other formats first. AVIF and HEIC are not supported: their decoders are large and new, which is a "
        "security risk.",
    ),
    "image-too-large": ProblemType(
        422,
        "The picture is too large",
        "A posted picture may have 4.5 MB, a fetched one 8 MiB. Both may have 16 million pixels, at most 65535 on a "
        "side. A file that is too small for its number of pixels is refused. Send a smaller picture.",
    ),
    "undecodable-image": ProblemType(
        422,
        "The picture cannot be decoded",
        "The picture is truncated or damaged, too thin for the model, or of a rare kind, such as a JPEG of 12 bits. "
        "Save it again with another program.",
    ),
    "internal": ProblemType(
        500,
        "Internal error",
        "Something went wrong in the service; try again. Search the log for the value of instance.",
    ),
    "fetch-failed": ProblemType(
        502,
        "The picture could not be fetched",
        "The url's server did not send the picture. Check the url, or send the picture itself.",
    ),
    "model-unavailable": ProblemType(
        503,
        "The model is not available",
        "The model is still loading, or its files are not there yet; try again later.",
        {"Retry-After": str(RETRY_AFTER)},
    ),
    "model-failed": ProblemType(
        503,
        "The model does not work",
        "The picture is not the reason, and trying again does not help: the service needs another model. "
        "Its log has the reason.",
    ),
    "fetch-timeout": ProblemType(
        504,
        "The picture took too long",
        "The url's server did not send the picture in time. Try again, or send the picture itself.",
    ),
}


class Problem(Exception):
    """An expected failure: `code` is a key of PROBLEMS, `reason` is for the log only.

    `upstream_status` is the HTTP status of a picture's server, when it answered at all.
    """

    def __init__(self, code: str, reason: str = "", *, upstream_status: int | None = None) -> None:
        super().__init__(f"{code}: {reason}" if reason else code)
        self.code = code
        self.reason = reason
        self.type = PROBLEMS[code]
        self.upstream_status = upstream_status

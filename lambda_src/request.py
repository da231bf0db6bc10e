"""A Lambda event as what the caller wants: the page, a picture by link, or an uploaded picture.

An event is a REST API proxy event, or a bare `{"url": ...}` / `{"image": ...}` of a direct invocation, which
is read as the JSON body it could have been, so that both ways get the same answers.
"""

from __future__ import annotations

import base64
import json
from typing import Any, NamedTuple

from problems import Problem

MAX_UPLOAD_BYTES = 4_500_000
"""A synchronous Lambda event holds 6 MB, and base64 makes 4 bytes of 3."""
MAX_URL_BODY_BYTES = 8 * 1024
MAX_JSON_DEPTH = 20
MAX_JSON_VALUES = 1000
"""More of them in 6 MB would take seconds, and hundreds of megabytes."""

_PICTURE_TYPES = {"image/jpeg", "image/png", "image/webp", "image/gif"}
_JSON_TYPES = {"application/json", "text/plain", "application/x-www-form-urlencoded", ""}
"""The latter three because `curl -d` and hand-made requests name them, or nothing, for JSON."""


class Page(NamedTuple):
    """The page for people; `head` when only its headers are wanted."""

    head: bool


class Link(NamedTuple):
    """A picture to fetch. The url is not checked yet."""

    url: str


class Upload(NamedTuple):
    """A picture that came with the request. Its bytes are not decoded yet."""

    data: bytes


Request = Page | Link | Upload


def parse(event: object) -> Request:
    """What the event asks for. Raises Problem when it cannot be read or asks for something else."""
    if not isinstance(event, dict):
        raise Problem("invalid-request", "the event is not an object")
    if is_direct(event):
        return _from_json(_as_json(event))
    match event.get("httpMethod"):
        case None if "httpMethod" not in event:
            raise Problem("unsupported-event")
        case "GET" | "HEAD" as method:
            return Page(head=method == "HEAD")
        case "POST":
            return _from_post(event)
    raise Problem("method-not-allowed")


def is_direct(event: object) -> bool:
    """Whether the event is a direct invocation's own, so that whoever wrote it may invoke the function itself.

    What comes through an API or a function URL says so at its top, where a caller of it writes nothing.
    """
    return isinstance(event, dict) and not {"httpMethod", "requestContext"} & event.keys()


def wants_reasons(event: object) -> bool:
    """Whether the event asks to be told of the model, and why it fails: a direct invocation with `"explain": true`."""
    return isinstance(event, dict) and event.get("explain") is True and is_direct(event)


def _as_json(event: dict[str, Any]) -> bytes:
    try:
        return json.dumps(event).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise Problem("invalid-request", "the event is not JSON") from error


def _from_post(event: dict[str, Any]) -> Request:
    content_type = _content_type(event)
    if content_type in _PICTURE_TYPES:
        if event.get("isBase64Encoded") is not True:
            raise Problem("invalid-request", "a picture as the body must arrive base64 encoded")
        return _upload(_body(event))
    if content_type in _JSON_TYPES or content_type.endswith("+json"):
        return _from_json(_body(event))
    raise Problem("unsupported-image", "the content type is neither a picture's nor JSON's")


def _content_type(event: dict[str, Any]) -> str:
    """The media type in lower case, without parameters; '' when there is none."""
    for name in ("headers", "multiValueHeaders"):
        if not isinstance(event.get(name) or {}, dict):
            raise Problem("invalid-request", f"{name} is not an object")
    several = (event.get("multiValueHeaders") or {}).items()
    multi = {name: values[-1] for name, values in several if isinstance(values, list) and values}
    headers = {name.lower(): value for name, value in {**multi, **(event.get("headers") or {})}.items()}
    return str(headers.get("content-type") or "").partition(";")[0].strip().lower()


def _body(event: dict[str, Any]) -> bytes:
    body = event.get("body")
    if not isinstance(body, str) or not body:
        raise Problem("invalid-request", "no body")
    if event.get("isBase64Encoded"):
        return _base64(body)
    return body.encode("utf-8", "surrogatepass")


def _base64(text: str) -> bytes:
    try:
        return base64.b64decode("".join(text.split()), validate=True)  # base64's own lines are 76 characters long
    except ValueError as error:
        raise Problem("invalid-request", "not base64") from error


def _upload(data: bytes) -> Upload:
    if len(data) > MAX_UPLOAD_BYTES:
        raise Problem("image-too-large", "posted bytes")
    return Upload(data)


def _from_json(body: bytes) -> Request:
    fields = _json_object(body)
    match "url" in fields, "image" in fields:
        case True, True:
            raise Problem("invalid-request", "both url and image")
        case False, True:
            if not isinstance(fields["image"], str):
                raise Problem("invalid-request", "image is not a text")
            return _upload(_base64(fields["image"]))
    if len(body) > MAX_URL_BODY_BYTES:
        raise Problem("invalid-request", "the body is too large")
    if not isinstance(fields.get("url"), str):
        raise Problem("invalid-url", "url is missing or not a text")
    return Link(fields["url"])


def _json_object(body: bytes) -> dict[str, Any]:
    """The body as an object of strict JSON: UTF-8, no duplicate keys, no NaN, not nested too deep, not too long."""
    if sum(map(body.count, (b",", b"[", b"{"))) > MAX_JSON_VALUES:
        raise Problem("invalid-request", "too many values")
    try:
        value = json.loads(body.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_no_constant)
        too_deep = _depth(value) > MAX_JSON_DEPTH
    except (ValueError, RecursionError) as error:
        raise Problem("invalid-request", "not strict JSON") from error
    if too_deep or not isinstance(value, dict):
        raise Problem("invalid-request", "not an object, or nested too deep")
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise ValueError("duplicate keys")
    return fields


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _depth(value: object) -> int:
    match value:
        case dict():
            return 1 + max(map(_depth, value.values()), default=0)
        case list():
            return 1 + max(map(_depth, value), default=0)
    return 0

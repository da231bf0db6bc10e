"""Detects answers that do not come from AWS; they count as a fault of the connection, and the call is tried again.

A proxy, a sign-in page or a cut connection may answer instead of AWS, sometimes with success. For the SDK such an
answer just has no members: a list would look empty, and its items would be created again. So every answer is checked:
whether it comes from AWS, and whether it has what the SDK's model of the operation says.
"""

import json
from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import Any
from xml.etree import ElementTree

from botocore.exceptions import ConnectionError, HTTPClientError

from .. import web
from .faults import NO_ANSWER, THROTTLED

# What a proxy or a sign-in page says of itself: https://www.rfc-editor.org/rfc/rfc9110#section-15.5.8 and rfc6585.
_OF_THE_WAY = (407, 511)
# The SDK repeats this status in every retry mode.
# https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
_BAD_GATEWAY = 502
# How an emulator says that it does not know a call.
_UNKNOWN = (404, 405, 501)
# After these failures the SDK's pause is longer than a moment.
_TOLD = (3, 6, 9)
_NOT_IN_BODY = ("header", "headers", "statusCode")

Say = Callable[[str], None]
Regions = Callable[[], Collection[str]]


def guard(client: Any, attempts: int, say: Say, is_emulator: bool = False, known_regions: Regions = tuple) -> Any:
    """Makes a client repeat what is no answer of AWS's, as it repeats a fault of AWS's; returns the client.

    `say` is told when a call is about to be repeated after a failure that takes time; `attempts` are the client's.
    With the regions that the SDK knows, a silence where another one is called is told with a question.
    An emulator on this machine, which nothing is in front of, may say with a page that it does not know a call.
    """
    events, service = client.meta.events, client.meta.service_model.service_id.hyphenize()
    known = _UNKNOWN if is_emulator else ()
    events.register_first(f"before-parse.{service}.*", partial(judge_content, known=known))
    events.register_first(f"needs-retry.{service}.*", partial(judge_answer, known=known))
    events.register_last(f"needs-retry.{service}", _teller(attempts, say, client.meta.region_name, known_regions))
    return client


def judge_content(
    operation_model: Any,
    response_dict: dict[str, Any],
    customized_response_dict: dict[str, Any],
    known: Collection[int] = (),
    **_: Any,
) -> None:
    """Handler of the SDK's event before-parse: what cannot be AWS's becomes a 502 with a sentence on what came.

    A status that is `known` is taken for an answer, whatever its body.
    """
    status, headers = response_dict["status_code"], _lower(response_dict["headers"])
    if status in known:
        return
    body = response_dict["body"] if isinstance(response_dict["body"], bytes) else None
    came = _strange_sender(status, headers, body) or _strange_body(operation_model, status, headers, body)
    if came:
        if body is None:
            response_dict["body"].close()
        response_dict |= {"status_code": _BAD_GATEWAY, "body": b""}
        customized_response_dict["Error"] = {"Code": NO_ANSWER, "Message": came}


def judge_answer(
    response: tuple[Any, dict[str, Any]] | None, operation: Any, known: Collection[int] = (), **_: Any
) -> None:
    """Handler of the SDK's event needs-retry: the same for what was read; the SDK repeats what is a 502 now."""
    if response is None or response[0].status_code in known:
        return
    http, parsed = response
    metadata = parsed.setdefault("ResponseMetadata", {})
    came = _missing(operation.output_shape, metadata.get("HTTPStatusCode", 0), metadata, parsed)
    if came:
        parsed["Error"] = {"Code": NO_ANSWER, "Message": came}
        metadata["HTTPStatusCode"] = _BAD_GATEWAY
    if parsed.get("Error", {}).get("Code") == NO_ANSWER:
        http.status_code = _BAD_GATEWAY


def _strange_sender(status: int, headers: Mapping[str, str], body: bytes | None) -> str:
    """What came, when it is by its looks not AWS's; AWS's answers have headers of AWS's."""
    if _is_named(headers):
        return ""
    if status in _OF_THE_WAY or 300 <= status < 400:
        return f"HTTP {status}" + (f" to {headers['location']}" if "location" in headers else "")
    is_page = "html" in headers.get("content-type", "") or web.begins_page(body or b"")
    # The SDK has made a 500 of what S3 answers with 200 and a page.
    return ("a web page" if status >= 500 else f"HTTP {status} with a web page") if is_page else ""


def _strange_body(operation: Any, status: int, headers: Mapping[str, str], body: bytes | None) -> str:
    """What came, when the body is not what the operation answers with."""
    if status >= 500:
        return ""
    if body is None:  # a stream, that is read later
        return "" if _is_named(headers) else f"HTTP {status} without the headers of AWS"
    shape, protocol = operation.output_shape, operation.service_model.resolved_protocol
    if status < 300 and shape is not None and "payload" in shape.serialization:
        return ""
    members = _members(shape)
    if status < 300 and not _is_answer(members, headers, body):
        return f"HTTP {status} without the expected content"
    if status < 300 and not members:  # moto sends a bucket's policy back
        return ""
    read = _read_json if "json" in protocol else _read_xml
    wrapper = shape.serialization.get("resultWrapper", "") if shape is not None and status < 300 else ""
    if body.strip() and not read(body, wrapper):
        return f"HTTP {status} with an answer that is cut or not {'JSON' if 'json' in protocol else 'XML'}"
    return ""


def _is_answer(members: Collection[str], headers: Mapping[str, str], body: bytes) -> bool:
    """Whether there is a body where there must be one, and a sign of AWS where there need not be."""
    return bool(body.strip()) if members else _is_named(headers) or b"RequestId>" in body or b"requestId>" in body


def _missing(shape: Any, status: int, metadata: Mapping[str, Any], parsed: Mapping[str, Any]) -> str:
    """What came, when it lacks what the model says it has, or the code that every error of AWS's has."""
    is_ours = "RequestId" in metadata or _is_named(metadata.get("HTTPHeaders", {}))
    if status >= 300:
        # Without a code the SDK takes the status for one, as where S3 answers without a body, but with its mark.
        code = str(parsed.get("Error", {}).get("Code", ""))
        is_told = status >= 500 or (code and (is_ours or code != str(status)))
        return "" if is_told else f"HTTP {status} without a text"
    members = _members(shape)
    lacks = [name for name in shape.required_members if name in members and name not in parsed] if members else []
    if lacks:
        return f"HTTP {status} without {', '.join(lacks)}"
    is_empty = bool(members) and not any(name in parsed for name in members)
    return f"HTTP {status} with an empty answer" if is_empty and not is_ours else ""


def _members(shape: Any) -> list[str]:
    """The members of an output that stand in its body; none where the body is the caller's own."""
    if shape is None or "payload" in shape.serialization:
        return []
    return [name for name, one in shape.members.items() if one.serialization.get("location") not in _NOT_IN_BODY]


def _is_named(headers: Mapping[str, str]) -> bool:
    """Whether AWS has put its mark on it: every answer has a request id, x-amzn-requestid or x-amz-request-id."""
    return any(name.startswith("x-amz") for name in headers)


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _read_json(body: bytes, _: str) -> bool:
    try:
        return isinstance(json.loads(body), dict)
    except ValueError:
        return False


def _read_xml(body: bytes, wrapper: str) -> bool:
    try:
        root = ElementTree.fromstring(body)
    except ElementTree.ParseError:
        return False
    names = {child.tag.rpartition("}")[2] for child in root}
    return not wrapper or wrapper in names


def _teller(attempts: int, say: Say, region: str = "", known_regions: Regions = tuple) -> Callable[..., None]:
    """A handler of needs-retry that says what is tried again: a silence of AWS's at once, the rest when it drags on."""

    def tell(
        response: tuple[Any, dict[str, Any]] | None,
        endpoint: Any,
        caught_exception: Exception | None,
        **more: Any,
    ) -> None:
        number = more["attempts"]
        reason = _passing_fault(response, caught_exception)
        is_silence = isinstance(caught_exception, ConnectionError | HTTPClientError)
        if reason and number < attempts and number in ((1, *_TOLD) if is_silence else _TOLD):
            host = endpoint.host.partition("://")[2] or endpoint.host
            known = known_regions() if is_silence else ()
            ask = f"is {region} a region? " if known and region not in known else ""
            say(f"no answer from {host} ({reason}): {ask}trying again")

    return tell


def _passing_fault(response: tuple[Any, dict[str, Any]] | None, error: Exception | None) -> str:
    """What the SDK repeats, in words; empty for an answer."""
    if error is not None:
        return str(error) if isinstance(error, ConnectionError | HTTPClientError) else ""
    if response is None:
        return ""
    http, parsed = response
    code = str(parsed.get("Error", {}).get("Code", ""))
    if code == NO_ANSWER:
        return str(parsed["Error"]["Message"])
    is_fault = http.status_code >= 500 or code in THROTTLED
    return f"HTTP {http.status_code} {code}".removesuffix(f" {http.status_code}") if is_fault else ""

import base64
import json
from typing import Any

import pytest
from problems import Problem
from request import MAX_UPLOAD_BYTES, Link, Page, Upload, parse, wants_reasons

URL = "https://images.example/unicorn.png?auto=compress&cs=tinysrgb&dpr=2&h=650&w=940"


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def post(body: object, content_type: str | None = "application/json", **fields: Any) -> dict[str, Any]:
    headers = None if content_type is None else {"Content-Type": content_type}
    return {"httpMethod": "POST", "headers": headers, "body": body, "isBase64Encoded": False, **fields}


def code_of(event: object) -> str:
    with pytest.raises(Problem) as caught:
        parse(event)
    return caught.value.code


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "Application/JSON; charset=utf-8",
        "application/ld+json",
        "application/x-www-form-urlencoded",
        "text/plain",
        "",
        None,
    ],
)
def test_json_is_read_from_whatever_curl_calls_it(content_type: str | None) -> None:
    assert parse(post(json.dumps({"url": URL}), content_type)) == Link(URL)


def test_json_may_arrive_base64_encoded() -> None:
    assert parse(post(b64(json.dumps({"url": URL}).encode()), isBase64Encoded=True)) == Link(URL)


def test_json_with_an_image() -> None:
    assert parse(post(json.dumps({"image": b64(b"pixels")}))) == Upload(b"pixels")


@pytest.mark.parametrize("content_type", ["image/jpeg", "image/png", "image/webp", "IMAGE/GIF"])
def test_a_picture_as_the_body(content_type: str) -> None:
    assert parse(post(b64(b"pixels"), content_type, isBase64Encoded=True)) == Upload(b"pixels")


def test_header_names_come_in_any_case_and_in_both_shapes() -> None:
    event = post(b64(b"pixels"), None, isBase64Encoded=True)
    assert parse({**event, "headers": {"content-TYPE": "image/png"}}) == Upload(b"pixels")
    assert parse({**event, "multiValueHeaders": {"content-type": ["image/png"]}}) == Upload(b"pixels")


def test_an_image_may_be_broken_into_lines() -> None:
    lines = base64.encodebytes(b"pixels" * 40).decode()
    assert parse({"image": lines}) == Upload(b"pixels" * 40)


@pytest.mark.parametrize("name", ["headers", "multiValueHeaders"])
def test_headers_that_are_no_object(name: str) -> None:
    assert code_of({**post("{}"), name: ["Content-Type"]}) == "invalid-request"


def test_a_direct_invocation_may_leave_the_proxy_event_out() -> None:
    assert parse({"url": URL}) == Link(URL)
    assert parse({"image": b64(b"pixels")}) == Upload(b"pixels")


def test_get_and_head_want_the_page() -> None:
    assert parse({"httpMethod": "GET"}) == Page(head=False)
    assert parse({"httpMethod": "HEAD"}) == Page(head=True)


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "get", "ANY", None])
def test_other_methods_are_refused(method: str | None) -> None:
    assert code_of({"httpMethod": method}) == "method-not-allowed"


@pytest.mark.parametrize(
    "content_type",
    ["text/html", "application/pdf", "image/svg+xml", "image/avif", "image/tiff", "multipart/form-data; boundary=x"],
)
def test_other_content_types_are_no_pictures(content_type: str) -> None:
    assert code_of(post("x", content_type)) == "unsupported-image"


UNREADABLE = {
    "no body": None,
    "empty": "",
    "not a text": {"url": URL},
    "not JSON": "url=" + URL,
    "a list": json.dumps([{"url": URL}]),
    "a text": json.dumps(URL),
    "null": "null",
    "both": json.dumps({"url": URL, "image": "aGk="}),
    "duplicate keys": '{"url": "http://a/", "url": "http://b/"}',
    "NaN": '{"url": "http://a/", "size": NaN}',
    "infinity": '{"url": "http://a/", "size": -Infinity}',
    "deep": '{"url": "http://a/", "more": ' + "[" * 20 + "]" * 20 + "}",
    "very deep": '{"url": ' + "[" * 100_000,
    "very deep objects": '{"a":' * 5_000 + "1" + "}" * 5_000,
    "many values": '{"image": "aGk=", "more": [' + "0," * 998 + "0]}",
    "many lists": '{"image": "aGk=", "more": [' + "[]," * 500 + "[]]}",
    "many objects": '{"image": "aGk=", "more": [' + "{}," * 500 + "{}]}",
    "large": json.dumps({"url": URL, "more": "x" * 8192}),
    "half a character": '{"url": "\udcff"}',
    "image not a text": json.dumps({"image": 1}),
    "image not base64": json.dumps({"image": "pixels!"}),
    "image base64 cut": json.dumps({"image": "aGkxx"}),
    "image not ASCII": json.dumps({"image": "ü"}),
    "image as a data: link": json.dumps({"image": "data:image/png;base64,aGk="}),
    "image in base64 for links": json.dumps({"image": "_-__"}),
    "image without padding": json.dumps({"image": "aGk"}),
    "a null beside an image": json.dumps({"url": None, "image": "aGk="}),
    "a byte order mark": "\ufeff" + json.dumps({"url": URL}),
    "UTF-16": json.dumps({"url": URL}).encode("utf-16").decode("latin-1"),
    "a long number": '{"url": "http://a/", "size": ' + "9" * 5_000 + "}",
    "two texts": json.dumps({"url": URL}) * 2,
}


@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE.keys())
def test_an_unreadable_body(body: object) -> None:
    assert code_of(post(body)) == "invalid-request"


def test_json_of_the_allowed_depth_is_read() -> None:
    assert parse(post('{"url": "http://a/", "more": ' + "[" * 19 + "]" * 19 + "}")) == Link("http://a/")


def test_json_of_the_allowed_number_of_values_is_read() -> None:
    assert parse(post('{"image": "aGk=", "more": [' + "0," * 997 + "0]}")) == Upload(b"hi")


def test_bytes_that_are_not_utf_8() -> None:
    body = b'{"url": "\xff"}'
    assert code_of(post(b64(body), isBase64Encoded=True)) == "invalid-request"


def test_a_body_that_is_not_the_base64_it_claims_to_be() -> None:
    assert code_of(post("{}", isBase64Encoded=True)) == "invalid-request"
    assert code_of(post("pixels!", "image/png", isBase64Encoded=True)) == "invalid-request"


def test_a_picture_that_the_gateway_turned_into_text() -> None:
    assert code_of(post("\ufffdPNG", "image/png")) == "invalid-request"


@pytest.mark.parametrize("fields", [{}, {"link": URL}, {"url": None}, {"url": 1}, {"url": [URL]}, {"url": {}}])
def test_a_url_that_is_missing_or_not_a_text(fields: dict[str, Any]) -> None:
    assert code_of(post(json.dumps(fields))) == "invalid-url"
    assert code_of(fields) == "invalid-url"


DEEP: list[Any] = []
for _ in range(5_000):
    DEEP = [DEEP]


@pytest.mark.parametrize(
    "event", [None, [], "url", 1, {"url": URL, "more": DEEP}, {"url": URL, "more": "x" * 8192}, {"image": "?"}]
)
def test_a_direct_invocation_is_refused_like_a_body(event: object) -> None:
    assert code_of(event) == "invalid-request"


OTHER_EVENTS = {
    "EventBridge": {"version": "0", "detail-type": "Scheduled Event", "source": "aws.events", "detail": {}},
    "SQS": {"Records": [{"body": json.dumps({"url": URL})}]},
    "a warmer": {"warmer": True, "concurrency": 1},
}


@pytest.mark.parametrize("event", OTHER_EVENTS.values(), ids=OTHER_EVENTS)
def test_events_of_others_are_told_that_a_url_is_missing(event: dict[str, Any]) -> None:
    assert code_of(event) == "invalid-url"


@pytest.mark.parametrize(
    "event",
    [
        {"version": "2.0", "requestContext": {"http": {"method": "POST"}}, "body": json.dumps({"url": URL})},
        {"requestContext": {"routeKey": "$default", "connectionId": "x"}, "body": "{}"},
        {"requestContext": {}, "url": URL},
    ],
    ids=["HTTP API", "WebSocket API", "other"],
)
def test_an_event_of_another_api_is_told_so(event: dict[str, Any]) -> None:
    assert code_of(event) == "unsupported-event"


@pytest.mark.parametrize(("event", "wants"), [({"explain": True}, True), ({"explain": 1}, False), ({}, False)])
def test_a_direct_invocation_may_ask_for_reasons(event: dict[str, Any], wants: bool) -> None:
    assert wants_reasons({"image": "?", **event}) is wants


@pytest.mark.parametrize(
    "event",
    [
        {"httpMethod": "POST", "explain": True},
        {"httpMethod": None, "explain": True},
        {"requestContext": {"http": {}}, "explain": True},
        post(json.dumps({"image": "?", "explain": True})),
        None,
        ["explain"],
    ],
)
def test_what_comes_through_an_api_may_not(event: object) -> None:
    assert not wants_reasons(event)


def test_a_load_balancer_sends_what_the_api_sends() -> None:
    event = {**post(b64(b"pixels"), "image/png", isBase64Encoded=True), "requestContext": {"elb": {}}}
    assert parse(event) == Upload(b"pixels")


def test_the_method_is_the_one_that_was_used() -> None:
    event = {"httpMethod": "GET", "headers": {"X-HTTP-Method-Override": "DELETE"}, "path": "/x", "body": "{}"}
    assert parse(event) == Page(head=False)


def test_uploads_have_the_size_that_an_event_can_carry() -> None:
    fits = b"\0" * MAX_UPLOAD_BYTES
    assert parse(post(b64(fits), "image/png", isBase64Encoded=True)) == Upload(fits)
    assert parse({"image": b64(fits)}) == Upload(fits)
    assert code_of(post(b64(fits + b"\0"), "image/png", isBase64Encoded=True)) == "image-too-large"
    assert code_of({"image": b64(fits + b"\0")}) == "image-too-large"

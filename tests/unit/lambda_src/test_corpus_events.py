"""Whatever arrives as an event, the answer is one of the table's, and no fault of the function."""

import base64
import contextlib
import io
import json
from ipaddress import ip_address
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from corpus_network import network
from detector import Loaded, SharedDetector
from handler_helpers import HORSE, REQUEST_ID, FakeDetector, context, encoded, understood
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from lambda_function import respond
from PIL import Image
from problems import PROBLEMS
from service import Service
from settings import Settings

pytest.importorskip("AntiSSRF", reason="microsoft-antissrf needs Python 3.11")

PICTURE = base64.b64encode(encoded(Image.new("RGB", (8, 8)))).decode()
HERE = Path(__file__).parent
SERVICE = Service(Settings(HERE, HERE, HERE), SharedDetector(lambda: Loaded(FakeDetector(HORSE))))

CLEAN_TEXTS = st.text(max_size=10)
TEXTS = CLEAN_TEXTS | st.builds("{}\ud800{}".format, CLEAN_TEXTS, CLEAN_TEXTS)  # JSON's escapes can make half a pair
JSON: SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=8,
)


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


PARTS = ["http", "https", "ftp", ":", "/", "//", "@", "127.0.0.1", "[::1]", "[", "]", "a.example", ".", ":80", ":8080"]
ODD_PARTS = ["\\", "%00", "%", "#", "?", " ", "\n", "\u3002", "\ud800", "xn--", "*", "-", "\u0660", "\xad", "a" * 70]
REST = st.lists(st.sampled_from(PARTS + ODD_PARTS) | CLEAN_TEXTS, max_size=6).map("".join)
URLS = st.builds(
    str.__add__, st.sampled_from(["", "http://", "https://", "HTTP://127.0.0.1", "http://a.example"]), REST
)
IMAGES = st.sampled_from([PICTURE, PICTURE[:40], "AAAA", "A"]) | TEXTS
MORE = JSON | st.integers(0, 30).map(nested)
BARE = st.one_of(
    st.fixed_dictionaries({"url": URLS}),
    st.fixed_dictionaries({"image": IMAGES}),
    st.fixed_dictionaries({}, optional={"url": URLS | JSON, "image": IMAGES | JSON, "more": MORE}),
)

METHODS: SearchStrategy[Any] = st.sampled_from([*["POST"] * 15, "GET", "HEAD", "PUT", "post", "\ud800", None, 7, []])
TYPES = (
    st.sampled_from(["image/png", "IMAGE/GIF; q=1", "application/json", "application/ld+json", "text/html", ""]) | JSON
)
NAMES = st.sampled_from(["Content-Type", "content-type", "Accept"]) | TEXTS
BODIES = BARE.map(json.dumps) | st.sampled_from([PICTURE, "", "{}", "[NaN]"]) | TEXTS
ENCODED_BODIES = (BODIES.map(lambda text: text.encode("utf-8", "replace")) | st.binary()).map(base64.b64encode)
PROXY = st.fixed_dictionaries(
    {
        "httpMethod": METHODS,
        "body": BODIES | ENCODED_BODIES.map(bytes.decode) | JSON,
        "isBase64Encoded": st.booleans() | JSON,
    },
    optional={
        "headers": st.dictionaries(NAMES, TYPES, max_size=2) | JSON,
        "multiValueHeaders": st.dictionaries(NAMES, st.lists(TYPES, max_size=2) | JSON, max_size=2) | JSON,
    },
)


def asked(event: object) -> SimpleNamespace:
    """The answer to an event, and the one line that it prints."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        answer = respond(lambda: SERVICE, event, context(), cold=False)
    (line,) = printed.getvalue().splitlines()
    return understood(answer, line)


def faultless(event: object) -> None:
    """Asserts that the event's answer is in the table, well formed, and does not blame the function.

    A good event after it is answered as ever.
    """
    with network({}) as seen:
        found = asked(event)
    assert asked({"image": PICTURE}).status == 200
    assert all(ip_address(address).is_global for address, _ in seen.connects)
    if found.status == 200:
        assert found.body is None or found.body["validated"] is True
        return
    code = found.body["code"]
    assert code not in ("internal", "model-unavailable", "fetch-timeout")
    assert found.status == found.body["status"] == found.log["status"] == PROBLEMS[code].status
    assert found.headers["Content-Type"] == "application/problem+json"
    assert (found.body["detail"], found.body["instance"]) == (PROBLEMS[code].detail, REQUEST_ID)


@settings(max_examples=100, deadline=None)
@given(JSON)
def test_any_json_is_an_event(event: object) -> None:
    faultless(event)


@settings(max_examples=100, deadline=None)
@given(BARE)
def test_any_bare_event(event: object) -> None:
    faultless(event)


@settings(max_examples=200, deadline=None)
@given(PROXY)
@example({"httpMethod": "POST", "multiValueHeaders": {"Accept": 7}, "body": "{}"})
@example({"httpMethod": "POST", "multiValueHeaders": {"Accept": {"a": 1}}, "body": "{}"})
@example({"httpMethod": "POST", "headers": {"Content-Type": []}, "body": "{}"})
def test_any_proxy_event(event: object) -> None:
    faultless(event)

"""The proof: what is asked, and what an answer must be."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from troposphere import Parameter

from wildrydes_ml import Access, App
from wildrydes_ml.deployment import Proof
from wildrydes_ml.web import Reply

GLAD = {"text": "What a wonderful day"}


def proof(app: App, route: str = "POST /", asked: Any = GLAD, check: Any = None, **more: Any) -> Proof:
    """The proof of an App that is asked so."""
    function = app.function("Answer", code="handler", handler="app.answer")
    check = check or (lambda reply: reply["label"] == "positive")
    open_ = {"open": more.pop("open")} if "open" in more else {}
    app.route("PUT /", function)
    app.proof(app.route(route, function, **open_), asked, check, **more)
    made = app.deployment().proof
    assert made is not None
    return made


def test_the_question_is_sent_as_json(full: App) -> None:
    asked = proof(full, asked={"text": "schön"})
    assert json.loads(asked.body) == {"text": "schön"}
    assert asked.headers["Content-Type"] == "application/json"
    assert (asked.method, asked.path, asked.api, asked.url) == ("POST", "", "ApiId", "Url")


def test_the_function_gets_what_the_gateway_makes_of_it(full: App) -> None:
    asked = proof(full, "POST /digits/{id}/{rest+}", path="/digits/7/a/b")
    event = asked.event
    assert event["body"] == asked.body.decode()
    assert (event["httpMethod"], event["path"], event["resource"]) == (
        "POST", "/digits/7/a/b", "/digits/{id}/{rest+}",
    )  # fmt: skip
    assert event["pathParameters"] == {"id": "7", "rest": "a/b"}
    assert event["requestContext"]["path"] == "/prod/digits/7/a/b"
    assert event["isBase64Encoded"] is False
    assert asked.path == "digits/7/a/b"


def test_the_answer_to_a_long_question_is_seen(full: App) -> None:
    asked = proof(full, asked={"pictures": [[0] * 64]}, check=lambda reply: reply["digits"] == [0])
    said = asked.read(Reply(200, b'{"digits": [0]}')).describe()
    assert said.startswith('POST / {"pictures": [[0, 0, ')
    assert said.endswith('…: {"digits": [0]}')
    assert len(said) < 100, "a summary has room for both"
    assert len(asked.about) < 100


def test_the_function_is_asked_by_its_alias(full: App) -> None:
    assert proof(full).function({}, {"AnswerFunction": "arn:function"}) == "arn:function:live"


@pytest.mark.parametrize(
    ("route", "asked", "method"),
    [("ANY /any", GLAD, "POST"), ("ANY /any", None, "GET"), ("GET /health", None, "GET"), ("PATCH /", GLAD, "PATCH")],
)
def test_a_method_is_the_route_s(full: App, route: str, asked: Any, method: str) -> None:
    made = proof(full, route, asked)
    assert made.method == made.event["httpMethod"] == method
    assert (made.event["body"] is None) == (asked is None)


@pytest.mark.parametrize("status", [200, 201, 202, 299])
def test_the_right_answer_has_no_error(full: App, status: int) -> None:
    said = proof(full).read(Reply(status, b'{"label": "positive"}'))
    assert said.error == ""
    assert said.describe() == 'POST / {"text": "What a wonderful day"}: {"label": "positive"}'
    assert said.record() == {"asked": 'POST / {"text": "What a wonderful day"}', "answer": '{"label": "positive"}'}


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (Reply(0, fault="timed out"), "no answer: timed out"),
        (Reply(403, b'{"code": "invalid-api-key", "detail": "Send it."}'), "403 invalid-api-key: Send it."),
        (Reply(503, b"Busy"), "503: Busy"),
        (Reply(500), "500: empty answer"),
        (Reply(302, b"{}"), "302: {}"),
        (Reply(201, b"{}"), "the answer {} cannot be checked (KeyError: 'label')"),
        (Reply(204), "204, but the answer is not JSON: "),
        (Reply(200, b"<html>"), "200, but the answer is not JSON: <html>"),
        (Reply(200, b'{"label": "negative"}'), 'the answer {"label": "negative"} is not what the proof expects'),
        (Reply(200, b"{}"), "the answer {} cannot be checked (KeyError: 'label')"),
        (Reply(200, b"[]"), "the answer [] cannot be checked (TypeError: "),
    ],
)
def test_any_other_answer_says_what_was_asked_and_what_came(full: App, reply: Reply, error: str) -> None:
    said = proof(full).read(reply)
    assert said.error.startswith(error)
    assert said.error.endswith('(asked: POST / {"text": "What a wonderful day"})')
    assert said.record()["error"] == said.error


def test_a_long_answer_is_cut(full: App) -> None:
    assert len(proof(full).read(Reply(500, b"x" * 5000)).error) < 500


def test_callers_prove_who_they_are_as_the_access_says(full: App) -> None:
    assert proof(full).auth({}) == "API_KEY"


def test_an_open_route_asks_for_nothing(full: App) -> None:
    assert proof(full, "GET /health", None, open=True).auth({}) == "NONE"


def test_a_parameter_says_who_may_call(bare: Callable[..., App]) -> None:
    auth = Parameter("Auth", Type="String", Default="API_KEY", AllowedValues=["NONE", "API_KEY"])
    app = bare(access=Access(auth, open_because="People try it."))
    made = proof(app)
    assert (made.auth({}), made.auth({"Auth": "NONE"})) == ("API_KEY", "NONE")
    assert app.deployment().opens["Auth"]("NONE") == "open to anyone"
    assert app.deployment().opens["Auth"]("API_KEY") == ""


def test_a_shell_can_ask_the_same(full: App) -> None:
    line = proof(full, "POST /here").command({}, "https://host/prod")
    assert line == (
        "curl -X POST -H 'Content-Type: application/json' -d "
        """'{"text": "What a wonderful day"}' https://host/prod/here"""
    )


def test_without_a_proof_nothing_is_asked(full: App) -> None:
    full.route("POST /", full.function("Answer", code="handler", handler="app.answer"))
    assert full.deployment().proof is None


def test_the_proof_knows_all_routes(full: App, bare: Callable[..., App]) -> None:
    assert proof(full, "GET /digits/{id}", None, path="/digits/7").routes == ("PUT /", "GET /digits/{id}")
    with_pages = bare(cors=["https://example.org"])
    assert proof(with_pages, "ANY /any").routes == ("PUT /", "ANY /any", "OPTIONS /")

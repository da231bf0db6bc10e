"""What `ask` is given, and what it says of an answer that is none."""

import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from wildrydes_ml.aws.target import Target
from wildrydes_ml.deploy.question import body, fault, send
from wildrydes_ml.deploy.settings import Settings
from wildrydes_ml.deployment import Deployment, Proof, Stack
from wildrydes_ml.errors import SettingsError
from wildrydes_ml.tags import TAG
from wildrydes_ml.template.source import Source
from wildrydes_ml.testing import FakeAws, Request, Response, serving
from wildrydes_ml.web import Reply


def test_what_is_sent_is_json_a_file_or_standard_input(tmp_path: Path) -> None:
    (tmp_path / "q.json").write_bytes(b'{"a": 1}')
    assert body(None, io.StringIO()) is None
    assert body('{"b": 2}', io.StringIO()) == b'{"b": 2}'
    assert body(f"@{tmp_path / 'q.json'}", io.StringIO()) == b'{"a": 1}'
    assert body("-", io.StringIO('{"c": 3}')) == b'{"c": 3}'


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("", "'' is not JSON"),
        ("{a: 1}", r"'\{a: 1\}' is not JSON .* write JSON, @FILE or -"),
        ("@none.json", "@none.json: No such file or directory: write @ and the path of an existing file"),
        ("@.", "@.: Is a directory"),
    ],
)
def test_what_cannot_be_sent_is_a_wrong_use(given: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        body(given, io.StringIO())


ROUTES = ("POST /", "GET /health", "ANY /digits/{id}", "GET /files/{rest+}")


@pytest.fixture
def asked() -> Iterator[tuple[str, list[str]]]:
    """A server, with what it was asked."""
    seen: list[str] = []

    def answer(request: Request) -> Response:
        seen.append(f"{request.method} {request.path}")
        return Response(200, b"{}")

    with serving(answer) as url:
        yield url, seen


def ask(url: str, route: str, routes: tuple[str, ...] = ROUTES) -> None:
    """Asks an API with these routes."""
    outputs = {"ApiId": "a", "Url": url}
    body: dict[str, Any] = {"Resources": {}, "Outputs": {key: {"Value": key} for key in outputs}}
    proof = Proof.of("POST /", {}, bool, function=lambda values, found: "f")
    whole = Deployment("moods", (Stack(Source("moods.yml", "", body)),), replace(proof, routes=routes))
    aws = FakeAws()
    aws.stacks.put("moods", "CREATE_COMPLETE", tags={TAG: "moods"}, outputs=outputs)
    send(aws.gateways, Settings((whole,)), Target(), route, None)


@pytest.mark.parametrize(
    "route",
    ["", "POST /", "GET /health", "GET /health?deep=1", "DELETE /digits/7", "GET /files/a/b.txt"],
)
def test_a_route_that_the_api_has_is_asked(asked: tuple[str, list[str]], route: str) -> None:
    url, seen = asked
    ask(url, route)
    assert seen == [route or "POST /"]


@pytest.mark.parametrize(
    "route", ["GET /nowhere", "GET /", "POST /health", "GET /digits", "GET /digits/7/8", "GET /files"]
)
def test_a_route_that_the_api_has_not_is_refused_before_anything_is_sent(
    asked: tuple[str, list[str]], route: str
) -> None:
    url, seen = asked
    with pytest.raises(SettingsError) as error:
        ask(url, route)
    assert str(error.value) == (
        f"--route '{route}': the API has no such route; it has POST /, GET /health, ANY /digits/{{id}}, "
        "GET /files/{rest+}"
    )
    assert seen == []
    ask(url, route, routes=())
    assert seen == [route], "nobody knows the routes of another's templates"


def test_an_error_of_the_function_leads_to_its_log() -> None:
    assert fault(Reply(502)) == "the API answered 502; `logs` may show why"
    assert fault(Reply(404)) == "the API answered 404"
    unknown = fault(Reply(403, b'{"message": "Missing Authentication Token"}'))
    assert unknown == "the API answered 403: it has no such route, or the route needs an AWS signature"
    assert fault(Reply(0, fault="refused")) == "no answer: refused"

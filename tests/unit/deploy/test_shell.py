"""The line that a deploy ends with is run by a shell, as it was printed."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.machine import curl
from tests.unit.fakes import API_OUTPUTS, HORSE_ANSWER, PROOF
from tests.unit.servers import Request, Response, serving
from wildrydes_ml.app.app import App
from wildrydes_ml.app.load import load
from wildrydes_ml.aws.target import Target
from wildrydes_ml.deploy import shell
from wildrydes_ml.deployment import Proof
from wildrydes_ml.workshop.deployments import sample

ROOT = Path(__file__).parents[3]
KEY = "secret-of-the-api"
ASKED = "apigateway get-api-keys --include-values --output text"
QUERY = "--query items[?tags.\"wildrydes-ml\"=='mine'].value"


Run = Callable[[str], str]


class Api:
    """What was asked of it."""

    def __init__(self) -> None:
        self.asked: list[Request] = []
        self.url = ""

    def __call__(self, request: Request) -> Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.asked.append(Request(request.method, request.path, headers, request.body))
        return Response(200, HORSE_ANSWER.encode())


@pytest.fixture
def api() -> Iterator[Api]:
    api = Api()
    with serving(api) as url:
        api.url = f"{url}/prod"
        yield api


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs a line in another directory, with the machine's curl or what stands in for it, and an AWS CLI."""
    programs = tmp_path / "bin"
    curl.on_path(programs)
    if real := shutil.which("curl"):
        (programs / "curl").unlink()
        (programs / "curl").symlink_to(real)
    # It prints the key to who asks for it as AWS's own would have it, and nothing else.
    (programs / "aws").write_text(
        f'#!/bin/sh\necho "$*" >>{tmp_path}/asked\n'
        f'case "$*" in *\'{ASKED}\'*) echo {KEY} ;; *) echo "what is $*?" >&2; exit 1 ;; esac\n'
    )
    (programs / "aws").chmod(0o755)
    path = os.pathsep.join([str(programs), os.environ["PATH"]])

    def run(line: str) -> str:
        environment = {"PATH": path, "HOME": str(tmp_path), "NO_PROXY": "127.0.0.1"}
        done = subprocess.run(["sh", "-c", line], capture_output=True, text=True, cwd=tmp_path, env=environment)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def line(proof: Proof, auth: str, url: str, target: Target | None = None) -> str:
    # A function's own command is the photograph's; the API that answers is on this machine.
    outputs = {name: value.replace(API_OUTPUTS["ApiGatewayInvokeURL"], url) for name, value in API_OUTPUTS.items()}
    return shell.line(proof, auth, outputs, url, target or Target(), "eu-west-1", "mine")


def test_an_open_api_is_asked_as_it_is_printed(run: Run, api: Api) -> None:
    assert run(line(PROOF, "NONE", api.url)) == HORSE_ANSWER
    assert "x-api-key" not in api.asked[0].headers


def test_the_emulator_is_posted_the_drawing(run: Run, api: Api) -> None:
    local = Target(endpoint=api.url.removesuffix("/prod"))
    asked = shell.line(PROOF, "NONE", API_OUTPUTS, api.url, local, "us-east-1", "mine")
    assert run(asked) == HORSE_ANSWER
    assert api.asked[0].body == sample().body
    assert api.asked[0].headers["content-type"] == "image/png"


@pytest.mark.parametrize("profile", ["", "my profile"])
def test_a_key_is_fetched_by_the_line_and_stands_in_it_nowhere(
    run: Run, api: Api, tmp_path: Path, profile: str
) -> None:
    asked = line(PROOF, "API_KEY", api.url, Target(profile=profile))
    assert KEY not in asked
    assert run(asked) == HORSE_ANSWER
    assert api.asked[0].headers["x-api-key"] == KEY
    said = (tmp_path / "asked").read_text()
    assert QUERY in said
    assert "--region eu-west-1" in said
    assert ("--profile my profile" in said) == bool(profile)


def test_an_app_s_question_is_asked_with_its_key(run: Run, api: Api) -> None:
    app = load(str(ROOT / "examples" / "sentiment" / "app.py"))
    assert isinstance(app, App)
    proof = app.deployment().proof
    assert proof
    assert proof.auth({}) == "API_KEY"
    run(shell.line(proof, "API_KEY", {}, api.url, Target(), "eu-west-1", "mine"))
    (request,) = api.asked
    assert (request.method, request.body) == (proof.method, proof.body)
    assert request.path.rstrip("/") == f"/prod/{proof.path}".rstrip("/")
    assert request.headers["x-api-key"] == KEY


@pytest.mark.parametrize(
    ("auth", "target"),
    [
        ("AWS_IAM", Target()),
        ("AWS_IAM", Target(endpoint="http://127.0.0.1:1")),
        ("API_KEY", Target(endpoint="http://a")),
    ],
    ids=str,
)
def test_what_curl_cannot_do_is_not_printed(auth: str, target: Target) -> None:
    assert line(PROOF, auth, "https://api", target) == ""


def test_a_command_that_is_not_curl_s_is_left_alone() -> None:
    proof = Proof(b"", {}, PROOF.read, {}, PROOF.function, command=lambda outputs, url: f"http POST {url}")
    assert line(proof, "API_KEY", "https://api") == "http POST https://api"


def test_outputs_name_the_address_that_answers_here() -> None:
    url, local = "http://127.0.0.1:5000/_aws/execute-api/api1/prod/", Target(endpoint="http://127.0.0.1:5000")
    aws = API_OUTPUTS["ApiGatewayInvokeURL"]
    shown = shell.reachable(API_OUTPUTS, aws, url, local)
    assert shown["ApiGatewayInvokeURL"] == url.rstrip("/")
    assert shown["InferenceFunctionTestCommand"] == f"curl {url.rstrip('/')}"
    assert shown["ModelInferenceApiId"] == API_OUTPUTS["ModelInferenceApiId"]
    assert shell.reachable(API_OUTPUTS, aws, aws, Target()) == API_OUTPUTS

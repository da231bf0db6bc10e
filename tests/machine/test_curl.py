"""What stands in for curl does what curl does: where curl itself is on the machine, it passes the same tests."""

import shutil
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from .curl import on_path

REAL = shutil.which("curl")
EVERY = ["stand-in", *(["curl"] if REAL else [])]


@dataclass
class Asked:
    """A request: its line, its headers in small letters, its body."""

    line: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Answers:
    """A server of 127.0.0.1: /404 is refused, /late is silent, /cut ends early, /dead at once, all else is fine."""

    url: str = ""
    asked: list[Asked] = field(default_factory=list)

    def only(self) -> Asked:
        (asked,) = self.asked
        return asked


def handler(answers: Answers) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            answers.asked.append(Asked(f"{self.command} {self.path}", headers, body))
            if self.path == "/late":
                self.rfile.read(1)
            if self.path not in ("/late", "/dead"):
                self.answer(404 if self.path == "/404" else 200, b'{"said": "\xc3\xa9"}')

        do_GET = do_PUT = do_POST

        def answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body) + (self.path == "/cut")))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: object) -> None:
            """Says nothing."""

    return Handler


@pytest.fixture
def answers() -> Iterator[Answers]:
    answers = Answers()
    with ThreadingHTTPServer(("127.0.0.1", 0), handler(answers)) as server:
        answers.url = f"http://127.0.0.1:{server.server_port}"
        Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield answers
        server.shutdown()


@dataclass
class Curl:
    """Curl, or what stands in for it."""

    program: str
    folder: Path

    def __call__(self, *arguments: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        command = [self.program, *arguments]
        return subprocess.run(command, cwd=self.folder, input=given, capture_output=True, check=False)


@pytest.fixture(params=EVERY)
def curl(request: pytest.FixtureRequest, tmp_path: Path) -> Curl:
    stand_in = str(on_path(tmp_path / "bin") / "curl")
    return Curl(REAL if REAL and request.param == "curl" else stand_in, tmp_path)


JSON = ("-H", "Content-Type: application/json")


def test_data_is_a_form_unless_a_header_says_what_it_is(curl: Curl, answers: Answers) -> None:
    for options in ((), JSON, ("-H", "content-type: text/plain"), ("-H", "Content-Type:")):
        assert curl("-d", '{"a": 1}', *options, answers.url).stdout == '{"said": "é"}'.encode()
    assert [asked.headers.get("content-type") for asked in answers.asked] == [
        "application/x-www-form-urlencoded", "application/json", "text/plain", None
    ]  # fmt: skip
    assert {(asked.line, asked.body) for asked in answers.asked} == {("POST /", b'{"a": 1}')}


def test_no_other_header_is_sent_than_curl_s(curl: Curl, answers: Answers) -> None:
    curl("-sS", "-H", "x-api-key: k:1", answers.url + "/a?b=c&d=%20")
    asked = answers.only()
    assert asked.line == "GET /a?b=c&d=%20"
    assert set(asked.headers) == {"host", "user-agent", "accept", "x-api-key"}
    assert (asked.headers["accept"], asked.headers["x-api-key"]) == ("*/*", "k:1")


def test_a_file_is_sent_whole_or_without_its_line_ends(curl: Curl, answers: Answers, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"a\r\nb\nc\n")
    for options in (("-d", "@file"), ("--data-binary", "@file"), ("-d", "@-"), ("-d", "x", "-d", "y")):
        curl("-sS", *options, answers.url, given=b"from\nhere\n")
    assert [asked.body for asked in answers.asked] == [b"abc", b"a\r\nb\nc\n", b"fromhere", b"x&y"]


def test_the_method_and_an_empty_body(curl: Curl, answers: Answers) -> None:
    curl("-sS", "-f", "-m", "20", "-X", "PUT", "-H", "Content-Type:", "--data-binary", "", answers.url + "/signal")
    asked = answers.only()
    assert (asked.line, asked.headers["content-length"], asked.body) == ("PUT /signal", "0", b"")


@pytest.mark.parametrize(("path", "status"), [("", b"200"), ("/404", b"404")])
def test_the_status_is_printed_and_the_body_put_away(
    curl: Curl, answers: Answers, tmp_path: Path, path: str, status: bytes
) -> None:
    done = curl("-sS", "-o", str(tmp_path / "body"), "-w", "%{http_code}", answers.url + path)
    assert (done.returncode, done.stdout, done.stderr) == (0, status, b"")
    assert (tmp_path / "body").read_bytes() == '{"said": "é"}'.encode()


@pytest.mark.parametrize(
    ("path", "options", "code", "printed"),
    [
        ("/404", ("-sS",), 0, '{"said": "é"}'),
        ("/404", ("-sS", "-f"), 22, ""),
        ("/404", ("-sS", "--fail-with-body"), 22, '{"said": "é"}'),
        ("/200", ("-sS", "--fail"), 0, '{"said": "é"}'),
        ("/dead", ("-sS",), 52, ""),
        ("/late", ("-sS", "-m", "1"), 28, ""),
    ],
)
def test_how_it_ends(
    curl: Curl, answers: Answers, path: str, options: tuple[str, ...], code: int, printed: str
) -> None:
    done = curl(*options, answers.url + path)
    assert (done.returncode, done.stdout.decode()) == (code, printed)
    assert done.stderr.startswith(f"curl: ({code}) ".encode()) if code else not done.stderr


def test_a_body_that_is_cut_is_an_error(curl: Curl, answers: Answers) -> None:
    assert curl("-sS", answers.url + "/cut").returncode == 18


def test_nobody_there(curl: Curl) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/"
    assert (curl("-sS", url).returncode, curl("-sS", "http://nobody.invalid/").returncode) == (7, 6)
    assert curl("-s", url).stderr == b""


@pytest.mark.parametrize("options", [("--retries-of-mine", "5"), ("-s~",)])
def test_what_it_does_not_know_fails(curl: Curl, answers: Answers, options: tuple[str, ...]) -> None:
    assert curl(*options, answers.url).returncode == 2
    assert not answers.asked

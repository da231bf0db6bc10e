"""Stands in for curl, which a machine need not have: it sends what the documents and scripts have curl send.

It knows the options that they use, and fails on any other. Its exit codes are curl's:
https://curl.se/docs/manpage.html#EXIT
"""

import argparse
import http.client
import shlex
import signal
import socket
import sys
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlsplit

NO_URL, NO_HOST, NO_CONNECTION, CUT, REFUSED, TOO_LATE, NO_ANSWER = 3, 6, 7, 18, 22, 28, 52


class Failed(Exception):
    """An exit code of curl, and its words for it."""


@dataclass(frozen=True)
class Request:
    """What goes over the wire."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None


def on_path(folder: Path) -> Path:
    """Puts it into a folder under the name of curl; returns the folder, for a PATH."""
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / "curl"
    program.write_text(f'#!/bin/sh\n{command()} "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    return folder


def command() -> str:
    """How a shell starts it, with the interpreter that runs the tests."""
    return f"exec {shlex.quote(sys.executable)} -I {shlex.quote(str(Path(__file__).resolve()))}"


def options(arguments: Sequence[str]) -> argparse.Namespace:
    """The command line; exits with 2 for what is not known here."""
    parser = argparse.ArgumentParser("curl", allow_abbrev=False, add_help=False)
    parser.add_argument("url")
    parser.add_argument("-d", "--data", dest="data", action="append", type=data, default=[])
    parser.add_argument("--data-binary", dest="data", action="append", type=binary_data)
    parser.add_argument("-H", "--header", action="append", default=[])
    parser.add_argument("-X", "--request")
    parser.add_argument("-f", "--fail", action="store_true")
    parser.add_argument("--fail-with-body", action="store_true")
    parser.add_argument("-s", "--silent", action="store_true")
    parser.add_argument("-S", "--show-error", action="store_true")
    parser.add_argument("-m", "--max-time", type=float, default=0)
    parser.add_argument("--retry", type=int, default=0)
    parser.add_argument("--retry-all-errors", action="store_true")
    parser.add_argument("-o", "--output", type=Path)
    parser.add_argument("-w", "--write-out", default="")
    return parser.parse_args(arguments)


def data(text: str) -> bytes:
    """The text, or a file without its line ends."""
    return binary_data(text).translate(None, b"\r\n\0") if text.startswith("@") else text.encode()


def binary_data(text: str) -> bytes:
    """The text, or a file as it is; `@-` is what comes in."""
    if not text.startswith("@"):
        return text.encode()
    return sys.stdin.buffer.read() if text == "@-" else Path(text[1:]).read_bytes()


def request(asked: argparse.Namespace) -> Request:
    """What curl would send: a form, unless a header says something else; a header without a value is left out."""
    body = b"&".join(asked.data) if asked.data else None
    headers = {"User-Agent": "curl/8", "Accept": "*/*"}
    if body is not None:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    for line in asked.header:
        name, _, value = line.partition(":")
        headers = {key: one for key, one in headers.items() if key.lower() != name.strip().lower()}
        headers.update({name.strip(): value.strip()} if value.strip() else {})
    if body is not None:
        headers["Content-Length"] = str(len(body))
    return Request(asked.request or ("GET" if body is None else "POST"), asked.url, headers, body)


def send(what: Request) -> tuple[int, bytes]:
    """Status and body of the answer, redirects not followed. Raises Failed."""
    parts = urlsplit(what.url if "://" in what.url else f"http://{what.url}")
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise Failed(NO_URL, f"URL rejected: {what.url}")
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.netloc)
    try:
        connection.putrequest(what.method, f"{parts.path or '/'}?{parts.query}".rstrip("?"), skip_accept_encoding=True)
        for name, value in what.headers.items():
            connection.putheader(name, value)
        connection.endheaders(what.body)
        answer = connection.getresponse()
        return answer.status, answer.read()
    except socket.gaierror as error:
        raise Failed(NO_HOST, f"Could not resolve host: {parts.hostname}") from error
    except ConnectionRefusedError as error:
        raise Failed(NO_CONNECTION, f"Failed to connect to {parts.netloc}") from error
    except http.client.IncompleteRead as error:
        raise Failed(CUT, f"end of response with {error.expected} bytes missing") from error
    except (http.client.RemoteDisconnected, ConnectionResetError) as error:
        raise Failed(NO_ANSWER, "Empty reply from server") from error


def run(asked: argparse.Namespace) -> None:
    """Asks and writes the answer's body to the standard output or a file, and what else is asked for. Raises Failed."""
    status, body = send(request(asked))
    if status < 400 or not asked.fail:
        with asked.output.open("wb") if asked.output else nullcontext(sys.stdout.buffer) as out:
            out.write(body)
    sys.stdout.write(asked.write_out.replace("%{http_code}", f"{status:03d}"))
    sys.stdout.flush()
    if status >= 400 and (asked.fail or asked.fail_with_body):
        raise Failed(REFUSED, f"The requested URL returned error: {status}")


def late(*_: object) -> NoReturn:
    """The time is over."""
    raise Failed(TOO_LATE, "Operation timed out")


def main(arguments: Sequence[str]) -> int:
    """Curl's exit code."""
    asked = options(arguments)
    signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, asked.max_time)
    code = 0
    for _ in range(1 + asked.retry * asked.retry_all_errors):
        try:
            run(asked)
        except Failed as failed:
            code, words = failed.args
            if asked.show_error or not asked.silent:
                print(f"curl: ({code}) {words}", file=sys.stderr)
        else:
            return 0
    return int(code)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

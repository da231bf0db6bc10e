"""Servers on 127.0.0.1 for tests of what goes over the network."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from wildrydes_ml.testing import Request, Response, serving

__all__ = ["Request", "Response", "aws_answering", "serving", "use_aws"]


@contextmanager
def aws_answering(answer: Callable[[str], tuple[int, str]]) -> Iterator[tuple[str, list[str]]]:
    """The URL of an AWS that answers an action with status and XML, and the actions that it was asked for."""
    asked: list[str] = []

    def respond(request: Request) -> Response:
        asked.append(parse_qs(request.body.decode())["Action"][0])
        status, text = answer(asked[-1])
        return Response(status, text.encode())

    with serving(respond) as url:
        yield url, asked


def use_aws(monkeypatch: pytest.MonkeyPatch, directory: Path) -> None:
    """An environment in which AWS's clients find made-up credentials and nothing of this machine's."""
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    nowhere = str(directory / "none")
    values = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_EC2_METADATA_DISABLED": "true"}
    files = {"AWS_CONFIG_FILE": nowhere, "AWS_SHARED_CREDENTIALS_FILE": nowhere, "NO_PROXY": "127.0.0.1"}
    for name, value in {**values, **files}.items():
        monkeypatch.setenv(name, value)

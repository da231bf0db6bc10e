"""The function's modules lie flat in its zip, so lambda_src itself goes on the path. No network, no TensorFlow."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[3] / "lambda_src"))

from detector import Detector, Loaded, SharedDetector
from handler_helpers import HORSE, FakeDetector, context, understood
from lambda_function import respond
from service import Service
from settings import Settings


@pytest.fixture
def ask(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., SimpleNamespace]:
    """Asks the function: event -> its answer (status, headers, body, text) and its log line (log)."""

    def ask(
        event: object,
        load: Callable[[], Detector] = lambda: FakeDetector(HORSE),
        remaining_ms: int = 90_000,
        shared: SharedDetector | None = None,
        clock: Callable[[], float] = time.monotonic,
        **settings: Any,
    ) -> SimpleNamespace:
        shared = shared or SharedDetector(lambda: Loaded(load()))
        places = Settings(root=tmp_path, packages=tmp_path, model=tmp_path, **settings)
        service = Service(places, shared, clock)
        capsys.readouterr()
        answer = respond(lambda: service, event, context(remaining_ms), cold=False)
        (line,) = capsys.readouterr().out.splitlines()
        return understood(answer, line)

    return ask


@pytest.fixture(autouse=True)
def unchanged_path() -> Iterator[None]:
    """The function adds the packages on EFS to sys.path."""
    before = sys.path.copy()
    yield
    sys.path[:] = before

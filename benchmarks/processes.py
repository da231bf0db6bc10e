"""Starts processes of the function, as Lambda starts instances, and talks to them (see worker.py)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Any

WORKSHOP, LITERT, HALF, ZIP = "workshop", "litert", "litert, float16", "litert, zip"
ENGINES = {WORKSHOP: "", "tensorflow": "tensorflow", "capi": "capi", LITERT: "litert", HALF: "litert", ZIP: "litert"}
"""What is compared, and its value of ENGINE; the workshop's handler has none. LITERT has float32 weights, ZIP has
packages and model in the function's zip."""

PATIENCE_SECONDS = 300
"""A process that takes longer over anything is stuck."""

_HERE = Path(__file__).resolve().parent


def site_packages() -> str:
    """Where the packages are below an EFS root, for this interpreter."""
    return f"tensorflow/lib/python{sys.version_info.major}.{sys.version_info.minor}/site-packages"


class Failed(Exception):
    """The process did not answer with a verdict, or not by the engine asked for; the text is the reason."""


@dataclass(frozen=True)
class Place:
    """What a function works with: EFS `root`, the handler's unpacked `code`, the picture's `host` with its port, and
    `packages`, a directory below the root."""

    root: Path
    code: Path
    host: str
    packages: str = field(default_factory=site_packages)

    def at(self, root: Path) -> Place:
        """The same with another EFS root."""
        return replace(self, root=root)


@dataclass(frozen=True)
class Cold:
    """A cold start: milliseconds from spawning to the first verdict, and by stage; peak memory in MB then.

    `requests` counts the requests until the verdict: those before were told to come again.
    """

    total_ms: float
    stages_ms: dict[str, float]
    peak_mb: float
    requests: int


@contextmanager
def started(engine: str, place: Place) -> Iterator[Process]:
    """A new instance of the function, which ends with the block."""
    workshop = engine == WORKSHOP
    job = {
        "source": str(_HERE if workshop else place.code),
        "handler": "workshop_handler" if workshop else "lambda_function",
        "url": f"http://{place.host}/picture.jpg",
        "spawned": time.monotonic(),
    }
    command = [sys.executable, "-I", "-S", "-B", str(_HERE / "worker.py"), json.dumps(job)]
    with (
        tempfile.TemporaryFile("w+", errors="replace") as log,
        subprocess.Popen(
            command,
            env={**os.environ, **_settings(engine, place)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        ) as process,
    ):
        try:
            yield Process(engine, process, log)
        finally:
            process.kill()


class Process:
    """A running instance of the function."""

    def __init__(self, engine: str, process: subprocess.Popen[str], log: IO[str]) -> None:
        self._engine = engine
        self._process = process
        self._log = log

    def cold(self) -> Cold:
        """Waits for the first verdict. Raises Failed."""
        reply = self.receive()
        if reply.pop("status") != 200:
            raise Failed(self._reason())
        self._check_engine()
        return Cold(**reply)

    def ask(self, **request: float | str) -> dict[str, Any]:
        """What the process replies to a request of worker.py's. Raises Failed."""
        self.send(**request)
        return self.receive()

    def send(self, **request: float | str) -> None:
        """Sends a request; `receive` gets what it replies."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()

    def receive(self) -> dict[str, Any]:
        """The reply to what was sent. Raises Failed."""
        assert self._process.stdout is not None
        watchdog = threading.Timer(PATIENCE_SECONDS, self._process.kill)
        watchdog.start()
        try:
            line = self._process.stdout.readline()
        finally:
            watchdog.cancel()
        if not line:
            raise Failed(self._reason())
        reply: dict[str, Any] = json.loads(line)
        return reply

    def _check_engine(self) -> None:
        used = {line["engine"] for line in self._log_lines() if "engine" in line}
        if self._engine != WORKSHOP and used != {ENGINES[self._engine]}:
            raise Failed(f"answered by {', '.join(sorted(used)) or 'no engine'} instead")

    def _reason(self) -> str:
        """The last line of the traceback in the handler's log, or the last of all."""
        for line in reversed(self._log_lines()):
            if "traceback" in line:
                return str(line["traceback"][-1]).strip()
        text = self._text().strip()
        return text.splitlines()[-1] if text else f"no answer within {PATIENCE_SECONDS} s or a crash"

    def _log_lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self._text().splitlines() if line.startswith('{"')]

    def _text(self) -> str:
        self._log.seek(0)
        return self._log.read()


def _settings(engine: str, place: Place) -> dict[str, str]:
    settings = {"EFS_PATH": str(place.root), "PY_PKG_PATH": place.packages, "MODEL_DIR": "model"}
    if engine == WORKSHOP:
        return settings
    return {**settings, "ENGINE": ENGINES[engine], "PRIVATE_IMAGE_HOSTS": place.host, **_s3(place.host)}


def _s3(host: str) -> dict[str, str]:
    """The server of pictures as S3, for batches."""
    keys = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local", "AWS_REGION": "us-east-1"}
    return {**keys, "AWS_ENDPOINT_URL_S3": f"http://{host}"}

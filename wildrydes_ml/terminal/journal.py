"""The log of one command: every event with its time, in a file of its own that nobody else may read.

It is what the view leaves out. Locally it lies with all that `--local` keeps, so that it goes with it; on AWS where
programs keep such files: https://specifications.freedesktop.org/basedir-spec/latest/
"""

import os
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, TextIO

from ..reporting import printable

# How many of a directory are kept.
_KEPT = 20
# What proves who somebody is: signatures and keys in links and in headers, passwords in addresses.
_SECRETS = (
    (re.compile(r"([?&]X-Amz-(?:Signature|Credential|Security-Token)=)[^&\s'\"]+", re.IGNORECASE), r"\1..."),
    (re.compile(r"(x-api-key['\"]?\s*[:=]\s*['\"]?)[\w-]{8,}", re.IGNORECASE), r"\1..."),
    (re.compile(r"(://)[^/\s:@]+:[^/\s@]+@"), r"\1...@"),
)


def directory(environment: Mapping[str, str] = os.environ) -> Path:
    """Where the logs of deploys on AWS are."""
    given = environment.get("XDG_STATE_HOME", "")
    home = Path(given) if given.startswith("/") else Path(environment.get("HOME", "~")).expanduser() / ".local/state"
    return home / "wildrydes-ml" / "logs"


def without_secrets(text: str) -> str:
    """A text in which what proves who somebody is has gone."""
    for pattern, instead in _SECRETS:
        text = pattern.sub(instead, text)
    return text


def utc() -> datetime:
    """The time."""
    return datetime.now(timezone.utc)


class Journal:
    """A reporter that writes; `is_ready` tells when the directory may be made, what was said before waits for it."""

    def __init__(
        self,
        verb: str,
        folder: Path,
        is_ready: Callable[[], bool] = lambda: True,
        refuge: Path | None = None,
        now: Callable[[], datetime] = utc,
    ) -> None:
        self._folder = folder
        self._is_ready = is_ready
        self._refuge = refuge
        self._now = now
        self._path = folder / f"{verb}-{now():%Y%m%dT%H%M%SZ}-{os.getpid()}.log"
        self._waiting: list[str] = []
        self._all: list[str] = []
        self._file: TextIO | None = None
        self._is_lost = False

    @property
    def path(self) -> Path | None:
        """Where it is; None while there is none, and once it went with the rest."""
        return self._path if self._file and self._path.exists() else None

    def plan(self, steps: Sequence[Mapping[str, Any]], *, idle_before: float = 0, idle_after: float = 0) -> None:
        """A line for each step."""
        for step in steps:
            self._write("plan", str(step["text"]))

    def event(self, text: str, **record: Any) -> None:
        """A line."""
        self._write("event", text)

    def output(self, text: str, **record: Any) -> None:
        """A line."""
        self._write("output", text)

    def warning(self, text: str) -> None:
        """A line."""
        self._write("warning", text)

    def error(self, text: str) -> None:
        """A line."""
        self._write("error", text)

    def result(self, ok: bool, **record: Any) -> None:
        """A line. After a failure whose home has gone with the log in it, all of it is written to the refuge."""
        self._write("result", "done" if ok else f"exit code {record.get('exit_code', 1)}")
        is_gone = self._file is not None and not self._path.exists()
        if not ok and is_gone and self._refuge and record.get("exit_code") not in (2, 130):
            self.close()
            self._path, self._folder, self._file = self._refuge / self._path.name, self._refuge, None
            self._waiting = self._all
            self._flush()

    def close(self) -> None:
        """Ends the file."""
        if self._file:
            self._file.close()

    def _write(self, kind: str, text: str) -> None:
        line = f"{self._now():%Y-%m-%dT%H:%M:%S.%f}"[:-3] + f"Z  {kind:7}  {without_secrets(text)}"
        self._waiting.append(line)
        self._all.append(line)
        if not self._is_lost and (self._file or self._is_ready()):
            self._flush()

    def _flush(self) -> None:
        try:
            self._file = self._file or self._opened()
            self._file.write("".join(f"{printable(line)}\n" for line in self._waiting))
            self._file.flush()
        except OSError:  # a full disk, a home that is not ours: the work goes on without a log
            self._is_lost = True
        self._waiting = []

    def _opened(self) -> TextIO:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        logs = sorted(self._folder.glob("*.log"), key=lambda path: path.stat().st_mtime)
        for old in logs[: max(0, len(logs) - _KEPT + 1)]:
            with suppress(OSError):
                old.unlink()
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND
        return os.fdopen(os.open(self._path, flags, 0o600), "w", encoding="utf-8", errors="backslashreplace")

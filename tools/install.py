#!/usr/bin/env python3
"""pip's `install`, told in one line that changes, and not in a hundred or in none: minutes pass while it works.

    .venv/bin/python tools/install.py ARGUMENT...

On a terminal the line is drawn anew. Elsewhere each package is a line, and two seconds without one are a line, too.
When pip fails, all that it said is shown.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import time
from typing import TextIO

_SILENCE_SECONDS = 2.0
_TICK_SECONDS = 0.2
_COLUMNS = 79
_SPINNER = "|/-\\"
# What pip says when it comes to something: a word for it, and what it is about.
_WORDS = {
    "Collecting": "looking for",
    "Downloading": "fetching",
    "Using cached": "taking",
    "Building wheel for": "building",
    "Building editable for": "building",
    "Installing collected packages:": "putting in place",
}
_SAID = re.compile(rf"\s*({'|'.join(map(re.escape, _WORDS))}) (.*)")


def main(arguments: list[str], out: TextIO) -> int:
    """Runs pip and returns its exit code."""
    command = [sys.executable, "-u", "-m", "pip", "install", "--disable-pip-version-check", "--progress-bar", "off"]
    line = Line(out)
    threading.Thread(target=line.tick, daemon=True).start()
    try:
        code, said = _followed([*command, *arguments], line)
    except KeyboardInterrupt:
        line.end("stopped")
        raise
    line.end("pip failed" if code else "installed")
    if code:
        out.write(said)
    return code


def _followed(command: list[str], line: Line) -> tuple[int, str]:
    """Runs a command, whose words the line tells; its exit code, and all that it said."""
    said = []
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    ) as process:
        assert process.stdout is not None
        for text in process.stdout:
            said.append(text)
            if words := in_words(text):
                line.tell(words)
    return process.returncode, "".join(said)


def in_words(text: str) -> str:
    """What pip comes to, in words; empty for what a person need not know."""
    found = _SAID.match(text)
    if not found:
        return ""
    what = found[2].strip()
    if found[1].startswith("Installing"):
        return f"{_WORDS[found[1]]} {what.count(',') + 1} packages"
    name = what.split(" (")[0].rpartition("/")[2]
    return "" if name.endswith(".metadata") else f"{_WORDS[found[1]]} {name}"


class Line:
    """What goes on at this moment and for how long."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._is_terminal = out.isatty() and os.environ.get("TERM", "") not in ("", "dumb")
        self._began = self._spoke = time.monotonic()
        self._words = "pip begins"
        self._lock = threading.Lock()
        self._end = threading.Event()

    def tell(self, words: str) -> None:
        """Something new."""
        with self._lock:
            self._words = words
            self._show()

    def tick(self) -> None:
        """Shows that it lives, until the end."""
        while not self._end.wait(_TICK_SECONDS):
            with self._lock:
                if self._is_terminal or time.monotonic() - self._spoke >= _SILENCE_SECONDS:
                    self._show()

    def end(self, words: str) -> None:
        """The last line says how long it took."""
        with self._lock:
            self._end.set()
            self._words = words
            self._show()
            if self._is_terminal:
                self._out.write("\n")

    def _show(self) -> None:
        now = time.monotonic()
        self._spoke = now
        text = f"[{now - self._began:4.0f} s] {self._words}"
        if self._is_terminal:
            turn = " " if self._end.is_set() else _SPINNER[int(now * 5) % len(_SPINNER)]
            text = f"\r\x1b[K{turn} {text[: _columns() - 3]}"
        else:
            text += "\n"
        self._out.write(text)
        self._out.flush()


def _columns() -> int:
    try:
        return os.get_terminal_size(1).columns or _COLUMNS  # 0 of a terminal that does not know its width
    except OSError:
        return _COLUMNS


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:], sys.stdout))
    except KeyboardInterrupt:
        sys.exit(130)

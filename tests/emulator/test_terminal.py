"""A deploy and its removal at a real terminal of 60 columns, as a person sees them."""

import fcntl
import os
import pty
import select
import signal
import stat
import struct
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pyte
import pytest

from tests.sweep.test_apps import lightened
from wildrydes_ml.local import emulator

from .conftest import ROOT

COLUMNS, ROWS = 60, 30


class Run:
    """A command at a terminal of its own: the frames that were seen, what it ended with."""

    def __init__(
        self, arguments: list[str], keys: "dict[str, bytes | signal.Signals] | None" = None, **environment: str
    ) -> None:
        self.frames: list[list[str]] = []
        self.raw = b""
        self._screen = pyte.Screen(COLUMNS, ROWS)
        self._stream = pyte.ByteStream(self._screen)
        pid, terminal = pty.fork()
        if pid == 0:
            kept = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES", "NO_COLOR")}
            os.execve(sys.executable, [sys.executable, *arguments], {**kept, "TERM": "xterm-256color", **environment})
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        self._watch(pid, terminal, keys or {})
        self.code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

    def _watch(self, pid: int, terminal: int, keys: "dict[str, bytes | signal.Signals]") -> None:
        """Until the command has ended; `keys` are typed, or sent as signals, once their text is seen."""
        end = time.monotonic() + 300
        while time.monotonic() < end:
            if not select.select([terminal], [], [], 1)[0]:
                continue
            try:
                data = os.read(terminal, 65536)
            except OSError:
                break
            self.raw += data
            self._stream.feed(data)
            self.frames.append([line.rstrip() for line in self._screen.display if line.strip()])
            for text in [text for text in keys if any(text in line for line in self.frames[-1])]:
                key = keys.pop(text)
                os.kill(pid, key) if isinstance(key, signal.Signals) else os.write(terminal, key)
        os.close(terminal)

    def has_shown(self, text: str) -> bool:
        return any(text in line for frame in self.frames for line in frame)

    @property
    def text(self) -> str:
        """The last frame in one line."""
        return " ".join(" ".join(self.frames[-1]).split())


@pytest.fixture
def app(tmp_path: Path) -> Path:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "weights.json").write_text("[]")
    return lightened("sentiment", tmp_path)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "home"
    emulator.stop(tmp_path / "home")


def test_a_deploy_and_its_removal_are_seen_as_they_go_on(app: Path, place: Path) -> None:
    where = ["--local", "--home", str(place), "--app", str(app)]
    deploy = Run([str(ROOT / "bin" / "deploy.py"), *where])
    assert deploy.code == 0, deploy.text
    for text in ("of 5  fill EFS", "installing the packages", "about ", "create stack sentiment", "✓ sentiment"):
        assert deploy.has_shown(text), text
    assert max(sum(" of 5  " in line for line in frame) for frame in deploy.frames) == 1, "one head, drawn anew"
    assert all(len(line) <= COLUMNS for frame in deploy.frames for line in frame)
    for label in ("✓ Deployed in", "Changed", "Verdict", "URL", "Try", "Delete", "Log"):
        assert label in deploy.text
    assert deploy.text.count("bin/ask.py") == 1, "Next would be the same command as Try"
    (log,) = (place / "logs").iterdir()
    assert stat.S_IMODE(log.stat().st_mode) == 0o600
    assert "CREATE_COMPLETE" in log.read_text(encoding="utf-8")
    assert not deploy.has_shown("CREATE_COMPLETE")
    colourless = Run([str(ROOT / "bin" / "deploy.py"), *where], NO_COLOR="1")
    assert "Nothing changed, the API answers" in colourless.text
    assert b"\x1b[3" not in colourless.raw
    destroy = Run([str(ROOT / "bin" / "destroy.py"), *where])
    assert destroy.code == 0
    assert "stack sentiment (41 resources)" in destroy.text
    assert "✓ Deleted in" in destroy.text
    assert not place.exists()


@pytest.mark.parametrize("key", [b"\x03", signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_a_stop_says_what_was_ended_and_a_dumb_terminal_has_lines(
    app: Path, place: Path, key: "bytes | signal.Signals"
) -> None:
    where = ["--local", "--home", str(place), "--app", str(app)]
    stopped = Run([str(ROOT / "bin" / "deploy.py"), *where], {"fill EFS": key})
    assert stopped.code == 130
    assert "╭─ Stopped" in stopped.text
    assert "stopped in step 3 of 5, fill EFS. The filling was stopped." in stopped.text.replace(" │ │ ", " ")
    assert stopped.raw.rstrip().endswith(b".log")
    assert stopped.raw.rfind(b"\x1b[?25h") > stopped.raw.rfind(b"\x1b[?25l"), "the cursor is there again"
    dumb = Run([str(ROOT / "bin" / "destroy.py"), *where, "--yes"], TERM="dumb")
    assert dumb.code == 0
    assert b"\x1b" not in dumb.raw
    assert b"Deleted in" in dumb.raw

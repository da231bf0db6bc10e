"""What people see while make installs: what pip comes to, never a silence, and all of it when it fails."""

import os
import pty
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from tools.install import in_words

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("Collecting rich<16,>=13.7 (from wildrydes_ml==0.1.0)", "looking for rich<16,>=13.7"),
        ("  Downloading https://files.example/ab/rich-15.0.0-py3.whl (243 kB)", "fetching rich-15.0.0-py3.whl"),
        ("  Downloading rich-15.0.0-py3-none-any.whl.metadata (18 kB)", ""),
        ("Installing collected packages: a, b, c", "putting in place 3 packages"),
        ("  Getting requirements to build editable: started", ""),
    ],
)  # fmt: skip
def test_pip_in_words(said: str, words: str) -> None:
    assert in_words(said) == words


def test_a_failure_shows_what_pip_said() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "tools" / "install.py", "--no-index", "no-such-package"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "pip failed" in done.stdout
    assert "No matching distribution found for no-such-package" in done.stdout


def test_a_ctrl_c_leaves_its_line(tmp_path: Path) -> None:
    master, its_end = pty.openpty()
    pip = tmp_path / "pip"
    pip.mkdir()
    (pip / "__init__.py").touch()
    (pip / "__main__.py").write_text("import time\nprint('Collecting six', flush=True)\ntime.sleep(30)\n")
    process = subprocess.Popen(
        [sys.executable, ROOT / "tools" / "install.py", "six"], cwd=tmp_path, stdin=its_end, stdout=its_end,
        stderr=its_end, start_new_session=True, env={**os.environ, "PYTHONPATH": str(tmp_path), "TERM": "xterm"},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a runner in the background ignores it
    )  # fmt: skip
    os.close(its_end)
    said = b""
    while b"looking for six" not in said:
        said += os.read(master, 4096)
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(60) == 130
    with suppress(OSError):  # the other end is closed
        while part := os.read(master, 4096):
            said += part
    os.close(master)
    assert said.endswith(b"stopped\r\n")

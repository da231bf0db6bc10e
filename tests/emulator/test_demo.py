"""The demo as people run it: on a terminal, twice in one checkout, ended by Ctrl-C, by SIGTERM and with its terminal.

EFS is filled beforehand, as a demo leaves it that was killed, since to fill it takes a minute.
"""

import codecs
import fcntl
import os
import pty
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from wildrydes_ml import web
from wildrydes_ml.errors import SettingsError
from wildrydes_ml.local import emulator
from wildrydes_ml.workshop.deployments import shipped
from wildrydes_ml.workshop.names import NAME

from .conftest import ROOT

SERVES = r"Open (http://\S+) in a browser"


class Demo:
    """A demo on a terminal of its own."""

    def __init__(self, home: Path, *arguments: str, **environment: str) -> None:
        self.said = ""
        self._decode = codecs.getincrementaldecoder("utf-8")().decode  # a read may end within a character
        self._terminal, its_end = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, str(ROOT / "bin" / "demo.py"), "--home", str(home), *arguments],
            stdin=its_end, stdout=its_end, stderr=its_end, env={**os.environ, **environment}, cwd=ROOT,
            start_new_session=True, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )  # fmt: skip
        os.close(its_end)

    def until(self, pattern: str, seconds: float = 300) -> re.Match[str]:
        """Reads until the demo has said this."""
        deadline = time.monotonic() + seconds
        while not (found := re.search(pattern, self.said)):
            assert select.select([self._terminal], [], [], deadline - time.monotonic())[0], self.said
            self.said += self._decode(os.read(self._terminal, 65536))
        return found

    def press(self, keys: bytes) -> None:
        """Types."""
        os.write(self._terminal, keys)

    def hang_up(self) -> None:
        """Closes the terminal."""
        os.close(self._terminal)
        self._terminal = -1

    def end(self, seconds: float = 60) -> int:
        """The exit code, once it has ended."""
        while self._terminal >= 0:
            try:
                self.said += self._decode(os.read(self._terminal, 65536))
            except OSError:  # the other end is closed
                self.hang_up()
        return self.process.wait(seconds)


@pytest.fixture
def demo_home(filled_home: Path) -> Path:
    """A home as a demo leaves it that was killed when it had filled EFS."""
    (filled_home / "demo").write_text("efs stacks")
    return filled_home


Start = Callable[..., Demo]


@pytest.fixture
def start(demo_home: Path) -> Iterator[Start]:
    """Starts demos in that home; none is left at the end."""
    yield from starting(demo_home)


@pytest.fixture
def start_anew(home: Path) -> Iterator[Start]:
    """The same, in a home that is not there."""
    yield from starting(home)


def starting(home: Path) -> Iterator[Start]:
    demos: list[Demo] = []

    def begin(*arguments: str, **environment: str) -> Demo:
        demos.append(Demo(home, *arguments, **environment))
        return demos[-1]

    yield begin
    for demo in demos:
        if demo.process.poll() is None:
            demo.process.kill()
            demo.process.wait()


def until_there(path: Path, seconds: float = 300) -> None:
    """Waits until a file is there."""
    deadline = time.monotonic() + seconds
    while not path.exists():
        assert time.monotonic() < deadline, path
        time.sleep(0.05)


def answers(url: str) -> bool:
    return web.get(url, {}, timeout=30).status == 200


def test_two_demos_share_a_home_and_the_last_to_end_removes_it(start: Start, demo_home: Path, tmp_path: Path) -> None:
    first, second = start(), start()
    urls = {demo.until(SERVES)[1] for demo in (first, second)}
    assert len(urls) == 1
    assert "another demo is starting or stopping here: waiting for it" in first.said + second.said
    second.press(b"\x03")
    assert second.end() == 0
    assert f"another demo uses {demo_home}: the last demo to stop deletes it" in second.said
    assert answers(*urls), "the first demo goes on"
    other = start("--model", str(shutil.copytree(shipped(), tmp_path / "other")))
    assert other.end() == 2
    assert "another demo serves the model that comes with the package" in other.said
    assert answers(*urls)
    first.press(b"\x03")
    assert first.end() == 0
    assert not demo_home.exists()
    assert not answers(*urls)


@pytest.mark.parametrize("how", ["SIGTERM", "closed terminal", "Ctrl-C"])
def test_nothing_is_left_however_it_ends(start: Start, demo_home: Path, how: str) -> None:
    demo = start()
    demo.until(SERVES)
    running = emulator.find(demo_home)
    assert running
    match how:
        case "SIGTERM":
            demo.process.terminate()
        case "Ctrl-C":
            demo.press(b"\x03\x03")
        case _:
            demo.hang_up()
    assert demo.end() == 0
    assert not demo_home.exists()
    assert not answers(f"{running.endpoint}/_ministack/health")
    assert not Path(f"/proc/{running.pid}").exists()


def test_it_says_that_it_is_being_deleted(start: Start) -> None:
    demo = start()
    demo.until(SERVES)
    demo.press(b"\x03")
    demo.until("delete the demo")
    assert "the demo was deleted" not in demo.said
    demo.until("the demo was deleted")
    assert demo.end() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_nothing_is_left_of_a_demo_that_ends_while_it_deploys(
    start: Start, demo_home: Path, number: signal.Signals
) -> None:
    demo = start()
    until_there(demo_home / "emulator.json")
    os.kill(demo.process.pid, number)
    assert demo.end() == 130
    assert not demo_home.exists(), f"{sorted(map(str, demo_home.rglob('*')))[:40]}\n{demo.said}"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_nothing_is_left_of_a_demo_that_ends_while_it_fills_efs(
    start_anew: Start, home: Path, number: signal.Signals
) -> None:
    demo = start_anew()
    until_there(emulator.efs_directory(home, NAME) / "populate.log")
    os.kill(demo.process.pid, number)
    assert demo.end() == 130
    assert not home.exists()
    assert not [line for line in commands() if str(home) in line], "pip and the script end, too"


def commands() -> Iterator[str]:
    """The command lines of this machine's processes."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            yield path.read_bytes().replace(b"\0", b" ").decode(errors="replace")


def test_a_demo_that_is_killed_leaves_its_home_to_the_next_one(start: Start, demo_home: Path) -> None:
    first = start()
    url = first.until(SERVES)[1]
    first.process.kill()
    first.end()
    assert answers(url)
    second = start()
    assert second.until(SERVES)[1] == url
    second.press(b"\x03")
    assert second.end() == 0
    assert not demo_home.exists()


def test_what_somebody_deployed_before_stays(start: Start, demo_home: Path, command: Callable[..., object]) -> None:
    (demo_home / "demo").unlink()
    command("deploy")
    demo = start()
    url = demo.until(SERVES)[1]
    demo.press(b"\x03")
    assert demo.end() == 0
    assert f"kept: what was in {demo_home} before the demo" in demo.said
    assert answers(url)
    assert (emulator.efs_directory(demo_home, NAME) / "manifest.json").exists()


def test_the_page_is_opened_at_the_port_that_was_asked_for(start: Start, demo_home: Path, tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    browser = tmp_path / "browser"
    browser.write_text('#!/bin/sh\nprintf %s "$1" >"$0.url"\n')
    browser.chmod(0o755)
    os.mkfifo(tmp_path / "browser.url")
    shown = os.open(tmp_path / "browser.url", os.O_RDWR)
    demo = start("--port", str(port), "--open", BROWSER=f"{browser} %s")
    url = demo.until(SERVES)[1]
    assert url.startswith(f"http://127.0.0.1:{port}/")
    assert select.select([shown], [], [], 60)[0]
    assert os.read(shown, 1000).decode() == url
    os.close(shown)
    demo.press(b"\x03")
    assert demo.end() == 0


def test_a_port_that_is_taken_is_refused_before_anything_is_made(start: Start, demo_home: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        demo = start("--port", str(port))
        assert demo.end() == 2
    bare = " ".join(re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|[│╭╮╰╯─]", " ", demo.said).split())
    assert f"--port {port}: another program listens on it: name another port" in bare
    assert not demo_home.exists()


def test_an_emulator_that_runs_keeps_its_port(home: Path) -> None:
    running, _ = emulator.start(home)
    assert emulator.start(home, running.port) == (running, False)
    with pytest.raises(SettingsError, match=rf"already runs on port {running.port}: leave --port out, or delete what"):
        emulator.start(home, running.port - 1)

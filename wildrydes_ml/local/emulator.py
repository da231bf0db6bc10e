"""The emulator that replaces AWS with `--local`: it is started on 127.0.0.1, found again, and stopped.

Its state is one file in the home directory. The home also has its log, its temporary files and the directories that
stand for EFS. A mark file distinguishes a home from other directories. Two homes have two emulators, which do not
disturb each other. Processes are looked up in /proc, so this part needs Linux.
"""

import contextlib
import errno
import fcntl
import importlib.util
import json
import os
import platform
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .. import web
from ..aws.target import Target
from ..errors import SettingsError, WildrydesError
from ..naming import usual_home

REGION = "us-east-1"
# Of a mount path: https://docs.aws.amazon.com/lambda/latest/api/API_FileSystemConfig.html
LONGEST_PATH = 160
_MARK = ".wildrydes-home"
# What the demos of a home began: `sharing` has it.
DEMO = "demo"
# The logs of the commands, in a home.
LOGS = "logs"
_START_SECONDS = 60.0
# It has nothing to save: what takes longer is ended.
_STOP_SECONDS = 2.0
# How long a filling that outlived its command may go on writing.
_FILLING_SECONDS = 60.0
# Bytes: with less, whatever fails fails of that.
_LITTLE = 2**20
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_ARCHITECTURES = {"x86_64": "x86_64", "amd64": "x86_64", "arm64": "arm64", "aarch64": "arm64"}

# Emulators that this process started; they outlive it.
_children: dict[int, "subprocess.Popen[bytes]"] = {}


@dataclass(frozen=True)
class Emulator:
    """A running emulator."""

    pid: int
    port: int

    @property
    def endpoint(self) -> str:
        """Its URL."""
        return f"http://127.0.0.1:{self.port}"


def target(home: Path, emulator: Emulator, name: str) -> Target:
    """The emulator as the target for the deployment with that name.

    It creates no instance, NAT gateway or IPv6 egress. It runs the function with its own Python, and EFS is a
    directory.
    """
    directory = efs_directory(home, name)
    return Target(
        region=REGION,
        endpoint=emulator.endpoint,
        efs_directory=directory,
        parameters={
            "BootstrapInstance": "none",
            "InternetEgress": "none",
            "EFSpath": str(directory),
            "PythonRuntime": f"python{sys.version_info.major}.{sys.version_info.minor}",
            "Architecture": _ARCHITECTURES.get(platform.machine().lower(), "x86_64"),
        },
        poll_seconds=0.05,
        # It never throttles: what does not answer has been stopped.
        attempts=2,
        home=None if home == usual_home().expanduser().resolve() else home,
    )


def efs_directory(home: Path, name: str) -> Path:
    """The directory that stands for a deployment's EFS."""
    return home / "efs" / name


def claim(home: Path) -> None:
    """Makes a home of a new or empty directory. Raises SettingsError for a file, and for any other directory."""
    if len(str(efs_directory(home, "n" * 31))) > LONGEST_PATH:
        raise SettingsError(
            [f"--home {home}: the path is too long; with EFS it may have at most {LONGEST_PATH} characters"]
        )
    if home.is_file():
        raise SettingsError([f"--home {home}: it is a file; name a directory"])
    if home.is_dir() and not (home / _MARK).exists() and any(home.iterdir()):
        raise SettingsError([f"--home {home}: the directory is not empty and is not one of ours; name a new directory"])
    with _room(home):
        home.mkdir(parents=True, exist_ok=True)
        (home / _MARK).touch()


def find(home: Path) -> Emulator | None:
    """The home's emulator if its process runs; waits for it if it is busy."""
    emulator = _recorded(home)
    if emulator is None or not _is_ours(emulator):
        return None
    _wait_until_healthy(home, emulator)
    return emulator


def start(home: Path, port: int = 0) -> tuple[Emulator, bool]:
    """The home's emulator, and whether it was started now, since it was not running.

    It listens on `port`, on any free one for 0. Raises SettingsError when it is not installed and for a port that it
    cannot have, WildrydesError when it does not come up.
    """
    if sys.version_info < (3, 11):
        here = platform.python_version()
        raise SettingsError(
            [
                f"--local needs Python 3.11 or newer, and this is {here}: use a newer one; "
                "in a checkout, run: rm -rf .venv && make demo PYTHON=python3.12"
            ]
        )
    if importlib.util.find_spec("ministack") is None:
        raise SettingsError(["--local needs the emulator; run: pip install 'wildrydes_ml[local]'"])
    claim(home)
    with locked(home):
        running = find(home)
        if running and port not in (0, running.port):
            raise SettingsError([_on_another_port(running, port, home)])
        return (running, False) if running else (_launch(home, port), True)


def stop(home: Path) -> None:
    """Stops the emulator with all its function processes, and removes their files from the home."""
    emulator = _recorded(home)
    if emulator is not None and (home / _MARK).exists():
        _abandon(home, emulator)


def _abandon(home: Path, emulator: Emulator) -> None:
    if _is_ours(emulator):
        _end(emulator.pid)
    if emulator.pid in _children:
        _children.pop(emulator.pid).wait()
    shutil.rmtree(_temporary(home), ignore_errors=True)
    for path in (_state_file(home), _draft(home), _log_file(home)):
        path.unlink(missing_ok=True)


def clear(home: Path, name: str) -> None:
    """Removes the directory that stands for a deployment's EFS.

    If a killed command has left a filling process that still writes, it waits for the process.
    """
    directory = efs_directory(home, name)
    if not (home / _MARK).exists() or not directory.exists():
        return
    _await_filling(directory / ".populate.lock")
    shutil.rmtree(directory)
    with contextlib.suppress(OSError):
        directory.parent.rmdir()


def is_home(home: Path) -> bool:
    """Whether the directory is a home."""
    return (home / _MARK).exists()


def tidy(home: Path) -> None:
    """Removes a home that holds nothing any more but logs, and a note of what was there."""
    if is_home(home) and {path.name for path in home.iterdir()} <= {_MARK, DEMO, LOGS}:
        (home / DEMO).unlink(missing_ok=True)
        shutil.rmtree(home / LOGS, ignore_errors=True)
        (home / _MARK).unlink()
        home.rmdir()


def _state_file(home: Path) -> Path:
    return home / "emulator.json"


def _log_file(home: Path) -> Path:
    return home / "emulator.log"


def _temporary(home: Path) -> Path:
    return home / "tmp"


def _draft(home: Path) -> Path:
    return home / "emulator.new"


def _record(home: Path, emulator: Emulator) -> None:
    """Writes the state file, completely or not at all."""
    _draft(home).write_text(json.dumps(vars(emulator)))
    _draft(home).replace(_state_file(home))


def _recorded(home: Path) -> Emulator | None:
    try:
        return Emulator(**json.loads(_state_file(home).read_text()))
    except (OSError, ValueError, TypeError):
        return None


@contextlib.contextmanager
def locked(home: Path) -> Iterator[None]:
    """One command at a time; the lock ends with the process that holds it."""
    handle = os.open(home, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _await_filling(lock: Path) -> None:
    if not lock.exists():
        return
    deadline = time.monotonic() + _FILLING_SECONDS
    with lock.open() as handle:
        while True:
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            if time.monotonic() > deadline:
                raise WildrydesError(
                    f"{lock.parent} is still being filled: wait until the filling has ended, then run again"
                )
            time.sleep(0.2)


def _on_another_port(running: Emulator, port: int, home: Path) -> str:
    return (
        f"--port {port}: the emulator of {home} already runs on port {running.port}: leave --port out, or "
        "delete what is deployed there with destroy --local"
    )


def _launch(home: Path, port: int) -> Emulator:
    """Starts the emulator. What cannot be written down is stopped again: nobody would find it."""
    its_port = _port(port)
    with _room(home):
        _temporary(home).mkdir(exist_ok=True)
        process = _started(home, its_port)
        _children[process.pid] = process
        emulator = Emulator(process.pid, its_port)
        try:
            _record(home, emulator)
            _wait_until_healthy(home, emulator)
        except (OSError, WildrydesError):
            _abandon(home, emulator)
            raise
    return emulator


def _started(home: Path, port: int) -> "subprocess.Popen[bytes]":
    with _log_file(home).open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "ministack"],
            cwd=_temporary(home),
            env=_environment(home, port),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            # Its own group, so that a Ctrl-C of the command does not reach it and stop() reaches its children.
            start_new_session=True,
        )


@contextlib.contextmanager
def _room(home: Path) -> Iterator[None]:
    """Reports a full disk with its path, which the system does not name."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise WildrydesError(
                f"no space left under {home} ({error.strerror}): free some space, or use another --home"
            ) from error
        raise


def _environment(home: Path, port: int) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    temporary = _temporary(home)
    return {
        **kept,
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "MINISTACK_HOST": "127.0.0.1",
        # A listener on a fixed port of every interface, of no use here.
        "IOT_MTLS_ENABLED": "0",
        "TMPDIR": str(temporary),
        "STATE_DIR": str(temporary / "state"),
        "S3_DATA_DIR": str(temporary / "s3"),
        # For the functions, where TensorFlow serves: Keras would write into the home of a person.
        "KERAS_HOME": str(temporary / "keras"),
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def free_port(wanted: int = 0) -> int:
    """A port of 127.0.0.1 that nobody listens on: the wanted one, any for 0. Raises OSError when it is taken."""
    with socket.socket() as probe:
        # What an ended server has left (TIME_WAIT) is no hindrance: https://man7.org/linux/man-pages/man7/socket.7.html
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", wanted))
        return int(probe.getsockname()[1])


def why_not(error: OSError) -> str:
    """Why a port cannot be had."""
    return "another program listens on it" if error.errno == errno.EADDRINUSE else str(error.strerror)


def _port(wanted: int) -> int:
    try:
        return free_port(wanted)
    except OSError as error:
        fault = f"--port {wanted}: {why_not(error)}: name another port, or leave --port out"
        raise SettingsError([fault]) from error


def _wait_until_healthy(home: Path, emulator: Emulator) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while web.get(f"{emulator.endpoint}/_ministack/health", {}, timeout=2).status != 200:
        if time.monotonic() > deadline or not _is_ours(emulator):
            log = _log_file(home).read_text(errors="replace")[-2000:].strip()
            is_full = shutil.disk_usage(home).free < _LITTLE or os.strerror(errno.ENOSPC) in log
            cause = f"no space left under {home}: free some space, or use another --home\n" * is_full
            raise WildrydesError(
                f"the emulator does not answer on {emulator.endpoint}: {cause}{log or 'its log is empty'}"
            )
        time.sleep(0.05)


def _is_ours(emulator: Emulator) -> bool:
    """Whether the process with that id is still an emulator: the system reuses ids."""
    if emulator.pid in _children:
        return _children[emulator.pid].poll() is None
    try:
        return b"ministack" in Path(f"/proc/{emulator.pid}/cmdline").read_bytes()
    except OSError:
        return False


def _end(pid: int) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, number)
        deadline = time.monotonic() + _STOP_SECONDS
        while time.monotonic() < deadline:
            if not _group_lives(pid):
                return
            time.sleep(0.05)


def _group_lives(group: int) -> bool:
    """Whether a process of the group still runs; zombies do not count."""
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            # https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html: pid (command) state parent group
            state, _, its_group = path.read_text().rpartition(")")[2].split()[:3]
            if int(its_group) == group and state != "Z":
                return True
    return False

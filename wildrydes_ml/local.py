"""The emulator that stands for AWS with `--local`: started on 127.0.0.1, found again, stopped.

Its state is one file under the home directory, which also holds its log, its temporary files and the
directory that stands for EFS. Two homes have two emulators and do not meet.
"""

import contextlib
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
from dataclasses import dataclass
from pathlib import Path

from . import web
from .errors import SettingsError, WildrydesError
from .settings import Target

REGION = "us-east-1"
_START_SECONDS = 60.0
# It has nothing to save: what takes longer is ended.
_STOP_SECONDS = 2.0
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
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"


def target(home: Path, emulator: Emulator) -> Target:
    """The emulator as a place to deploy to.

    It makes no instance, NAT gateway or IPv6 egress, and runs the function with its own interpreter, which
    finds EFS as a directory.
    """
    directory = efs_directory(home)
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
    )


def efs_directory(home: Path) -> Path:
    """The directory that stands for EFS."""
    return home / "efs"


def find(home: Path) -> Emulator | None:
    """The home's emulator when it is running."""
    try:
        emulator = Emulator(**json.loads(_state_file(home).read_text()))
    except (OSError, ValueError, TypeError):
        return None
    return emulator if _is_ours(emulator) and _is_healthy(emulator) else None


def start(home: Path) -> Emulator:
    """The home's emulator, started when it is not running.

    Raises SettingsError when it is not installed, WildrydesError when it does not come up.
    """
    running = find(home)
    if running:
        return running
    if sys.version_info < (3, 11):
        raise SettingsError(["--local needs Python 3.11 or newer, as the packages that it puts on EFS do"])
    if importlib.util.find_spec("ministack") is None:
        raise SettingsError(["--local needs the emulator: pip install 'wildrydes_ml[local]'"])
    _temporary(home).mkdir(parents=True, exist_ok=True)
    emulator = _launch(home)
    _state_file(home).write_text(json.dumps(vars(emulator)))
    _wait_until_healthy(home, emulator)
    return emulator


def stop(home: Path) -> None:
    """Stops the emulator with every function process of its, and removes what it left in the home."""
    try:
        emulator = Emulator(**json.loads(_state_file(home).read_text()))
    except (OSError, ValueError, TypeError):
        return
    if _is_ours(emulator):
        _end(emulator.pid)
    if emulator.pid in _children:
        _children.pop(emulator.pid).wait()
    shutil.rmtree(_temporary(home), ignore_errors=True)
    for path in (_state_file(home), _log_file(home)):
        path.unlink(missing_ok=True)


def clear(home: Path) -> None:
    """Removes the directory that stands for EFS, and the home itself when nothing else is in it."""
    shutil.rmtree(efs_directory(home), ignore_errors=True)
    tidy(home)


def tidy(home: Path) -> None:
    """Removes an empty home."""
    with contextlib.suppress(OSError):
        home.rmdir()


def _state_file(home: Path) -> Path:
    return home / "emulator.json"


def _log_file(home: Path) -> Path:
    return home / "emulator.log"


def _temporary(home: Path) -> Path:
    return home / "tmp"


def _launch(home: Path) -> Emulator:
    port = _free_port()
    with _log_file(home).open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "ministack"],
            cwd=_temporary(home),
            env=_environment(home, port),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            # Its own group, so that a Ctrl-C of the command does not reach it and stop() reaches its children.
            start_new_session=True,
        )
    _children[process.pid] = process
    return Emulator(process.pid, port)


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
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _is_healthy(emulator: Emulator) -> bool:
    return web.get(f"{emulator.endpoint}/_ministack/health", {}, timeout=2).status == 200


def _wait_until_healthy(home: Path, emulator: Emulator) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not _is_healthy(emulator):
        if time.monotonic() > deadline or not _is_ours(emulator):
            log = _log_file(home).read_text(errors="replace")[-2000:]
            stop(home)
            raise WildrydesError(f"the emulator did not start on {emulator.endpoint}:\n{log}")
        time.sleep(0.05)


def _is_ours(emulator: Emulator) -> bool:
    """Whether the process of that number still is an emulator: numbers are given again."""
    shown = subprocess.run(
        ["ps", "-o", "command=", "-p", str(emulator.pid)], capture_output=True, text=True, check=False
    )
    return "ministack" in shown.stdout and "defunct" not in shown.stdout


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
    """Whether a process of the group runs; ended ones that nobody waited for do not count."""
    shown = subprocess.run(["ps", "-A", "-o", "pgid=,stat="], capture_output=True, text=True, check=True)
    rows = [line.split() for line in shown.stdout.splitlines()]
    return any(int(pgid) == group and not stat.startswith("Z") for pgid, stat in rows)

"""What --local needs of this machine, looked at one by one, each with how to get it."""

import importlib.util
import os
import platform
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from .. import web
from . import emulator

OLDEST, NEWEST = (3, 11), (3, 13)
"""The Pythons of --local: microsoft-antissrf needs 3.11, and the locked TensorFlow has no wheel for 3.14."""
# Bytes: what is on EFS, and beside it for a while what it is made of.
ROOM = 2 * 10**9
_PROGRAMS = ("bash", "flock", "find", "sed")
# Where pip looks unless it is told otherwise: https://pip.pypa.io/en/stable/cli/pip_install/#cmdoption-i
_INDEX = "https://pypi.org/simple"
_SECONDS = 10.0


@dataclass(frozen=True)
class Finding:
    """One thing that is looked at: what was found, or what is missing and how to get it."""

    name: str
    is_there: bool
    text: str


def findings(home: Path, port: int) -> list[Finding]:
    """All that --local needs for that home; `port` is one that is asked for, 0 for any."""
    return [
        system(platform.system()),
        python_here(),
        environments(),
        package(),
        programs(),
        disk(home),
        listening(home, port),
        index(),
    ]


def system(name: str) -> Finding:
    """Processes are looked up as Linux tells them."""
    is_linux = name == "Linux"
    return Finding("system", is_linux, name if is_linux else f"{name}: --local needs Linux, WSL or a container of it")


def python_here() -> Finding:
    """The interpreter of this process."""
    return python(sys.version_info[:2])


def python(version: tuple[int, int]) -> Finding:
    """The interpreter, which runs the function, too."""
    wanted = f"{_dotted(OLDEST)} to {_dotted(NEWEST)}"
    if OLDEST <= version <= NEWEST:
        return Finding("Python", True, f"{_dotted(version)} ({sys.executable})")
    return Finding("Python", False, f"this is {_dotted(version)}: install {wanted}, and the package into it")


def environments(*modules: str) -> Finding:
    """What makes the environment that the packages are installed into."""
    if all(importlib.util.find_spec(name) for name in modules or ("venv", "ensurepip")):
        return Finding("venv", True, "venv and ensurepip are here")
    return Finding("venv", False, "venv or ensurepip is not here: on Debian and Ubuntu, apt-get install python3-venv")


def package(name: str = "ministack") -> Finding:
    """The emulator."""
    if importlib.util.find_spec(name):
        return Finding("emulator", True, f"{name} is installed")
    return Finding("emulator", False, f"{name} is not installed: pip install 'wildrydes_ml[local]'")


def programs() -> Finding:
    """What the script that fills EFS calls."""
    lacking = [name for name in _PROGRAMS if shutil.which(name) is None]
    if not lacking:
        return Finding("programs", True, ", ".join(_PROGRAMS))
    return Finding("programs", False, f"{', '.join(lacking)}: install them with the system's package manager")


def disk(home: Path, room: int = ROOM) -> Finding:
    """Room for what stands for EFS."""
    there = next(path for path in (home, *home.parents) if path.exists())
    free = shutil.disk_usage(there).free
    said = f"{free / 1e9:.1f} GB free under {there}"
    if not os.access(there, os.W_OK):
        return Finding("disk", False, f"{there} cannot be written: name another directory with --home")
    if free >= room:
        return Finding("disk", True, said)
    return Finding(
        "disk", False, f"{said}, {room / 1e9:.1f} GB needed: free some space, or name another directory with --home"
    )


def listening(home: Path, port: int) -> Finding:
    """A port for the emulator."""
    running = emulator.find(home)
    if running and port in (0, running.port):
        return Finding("port", True, f"the emulator of {home} runs on {running.endpoint}")
    try:
        emulator.free_port(port)
    except OSError as error:
        return Finding("port", False, f"127.0.0.1:{port}: {emulator.why_not(error)}: name another with --port")
    return Finding("port", True, f"127.0.0.1:{port} is free" if port else "127.0.0.1 has a free port")


def index() -> Finding:
    """The way to the index that pip installs from. What it answers does not matter, and its name may hold a secret."""
    parts = urlsplit(_index())
    host = parts.hostname or parts.path
    reply = web.get(f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path.rstrip('/')}/pip/", {}, _SECONDS)
    if reply.status:
        return Finding("index", True, f"{host} answers")
    return Finding("index", False, f"{host} does not answer ({reply.fault}): check the network, or set PIP_INDEX_URL")


def _index() -> str:
    """What pip's own settings name."""
    asked = [sys.executable, "-m", "pip", "config", "list"]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    named = [line.partition("=")[2].strip("'\"") for line in done.stdout.splitlines() if ".index-url=" in line]
    return os.environ.get("PIP_INDEX_URL") or next(iter(named), _INDEX)


def _dotted(version: tuple[int, int]) -> str:
    return f"{version[0]}.{version[1]}"

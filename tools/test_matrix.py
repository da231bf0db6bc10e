#!/usr/bin/env python3
"""Tries the package on every supported Python of this machine, and with the oldest libraries that it allows.

Each place is a new virtual environment below build/matrix with the wheel in it. There, the templates are rendered by
the installed command and must be those of the checkout, byte for byte; then the library's pure tests run. Pythons
that are not on this machine are named and do not fail it. Needs no package but pip.
"""

import os
import re
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build" / "matrix"
SUPPORTED = ((3, 10), (3, 11), (3, 12), (3, 13))
# What builds the package, apart from what a build leaves in the checkout.
PACKAGED = ("setup.py", "pyproject.toml", "README.md", "LICENSE", "lambda_src", "wildrydes_ml")
# Of the function, and of the tools of a checkout: neither is in the library.
ELSEWHERE = ("lambda_src", "test_audit.py", "test_benchmarks.py", "test_benchmarks_deploys.py", "test_distribution.py")
AT_ONCE = 2

Version = tuple[int, int]


@dataclass(frozen=True)
class Place:
    """One environment: an interpreter, and whether its libraries are the oldest or the newest."""

    name: str
    interpreter: Path
    oldest: bool = False


def main() -> int:
    """Runs every place and returns 1 when one of them failed."""
    found = dict(interpreters())
    if not found:
        print("none of the supported Pythons is on this machine", file=sys.stderr)
        return 1
    for version in sorted(set(SUPPORTED) - found.keys()):
        print(f"{named(version):16} not on this machine")
    shutil.rmtree(BUILD, ignore_errors=True)
    wheel = build_wheel(min(found.items())[1])
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return int(not all([*pool.map(lambda place: tried(place, wheel), places(found))]))


def places(found: dict[Version, Path]) -> list[Place]:
    """The newest libraries on each Python; the oldest on the oldest, which they were made for."""
    oldest = min(found)
    newest = [Place(named(version), path) for version, path in sorted(found.items())]
    return [Place(f"{named(oldest)} oldest", found[oldest], oldest=True), *newest]


def named(version: Version) -> str:
    """`python3.10`"""
    return "python" + ".".join(map(str, version))


def interpreters() -> Iterator[tuple[Version, Path]]:
    """The first that runs of each version: on PATH, by pyenv, by uv; not the shim that only says it is not there."""
    for version in SUPPORTED:
        for candidate in candidates(named(version)):
            if runs_as(candidate, version):
                yield version, candidate
                break


def candidates(name: str) -> Iterator[Path]:
    """Where an interpreter of this name may be."""
    yield from (Path(folder) / name for folder in os.get_exec_path())
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    yield from sorted(pyenv.glob(f"versions/*/bin/{name}"))
    uv = Path(os.environ.get("UV_PYTHON_INSTALL_DIR", Path.home() / ".local/share/uv/python"))
    yield from sorted(uv.glob(f"*/bin/{name}"))


def runs_as(interpreter: Path, version: Version) -> bool:
    """Whether it is there, is of this version and can make an environment with pip."""
    if not interpreter.is_file():
        return False
    program = f"import ensurepip, sys, venv; sys.exit(sys.version_info[:2] != {version})"
    return subprocess.run([interpreter, "-c", program], capture_output=True).returncode == 0


def build_wheel(interpreter: Path) -> Path:
    """The wheel, built from a copy so that nothing of an earlier build is in it."""
    source = BUILD / "source"
    for name in PACKAGED:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        source.mkdir(parents=True, exist_ok=True)
        copy(ROOT / name, source / name)
    run(interpreter, "-m", "pip", "--disable-pip-version-check", "wheel", "-q", "--no-deps", "-w", BUILD, source)
    (wheel,) = BUILD.glob("*.whl")
    return wheel


def tried(place: Place, wheel: Path) -> bool:
    """Whether the place passes; prints a line, and what was said when it fails."""
    began = time.monotonic()
    environment = BUILD / place.name.replace(" ", "-")
    try:
        install(place, environment, wheel)
        summary = check(environment)
    except subprocess.CalledProcessError as failure:
        print(f"{place.name:16} FAILED\n{failure.stdout}", flush=True)
        return False
    print(f"{place.name:16} {summary} ({time.monotonic() - began:.0f} s in all)", flush=True)
    return True


def install(place: Place, environment: Path, wheel: Path) -> None:
    """A new environment with the wheel, what its pure tests need, and the libraries as new or as old as it allows."""
    run(place.interpreter, "-m", "venv", environment)
    constraints = environment / "constraints.txt"
    constraints.write_text("\n".join(lower_bounds(requirements(wheel)) if place.oldest else []), encoding="utf-8")
    pip = ("-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--prefer-binary")
    run(environment / "bin" / "python", *pip, "-c", constraints, f"{wheel}[unit]")


def requirements(wheel: Path) -> list[str]:
    """What the wheel says it needs, without its extras."""
    with zipfile.ZipFile(wheel) as archive:
        (metadata,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        needed = re.findall(r"^Requires-Dist: (.+)$", archive.read(metadata).decode(), re.M)
    return [requirement for requirement in needed if "extra ==" not in requirement]


def lower_bounds(needed: Iterable[str]) -> list[str]:
    """`boto3<2,>=1.34` becomes `boto3==1.34`."""
    return [re.sub(r"^([\w.-]+).*>=\s*([\w.]+).*$", r"\1==\2", requirement) for requirement in needed]


def check(environment: Path) -> str:
    """Renders and tests, and returns pytest's last line."""
    run(environment / "bin" / "wildrydes-ml", "render", "--check", "--out", ROOT / "templates", cwd=environment)
    ignored = [f"--ignore={ROOT / 'tests' / 'unit' / name}" for name in ELSEWHERE]
    pytest = ("-B", "-m", "pytest", "-q", "-p", "no:cacheprovider", "--tb=short", *ignored, "tests/unit")
    return run(environment / "bin" / "python", *pytest).rstrip().splitlines()[-1]


def run(program: Path, *arguments: str | Path, cwd: Path = ROOT) -> str:
    """Runs a program to its end and returns what it said. Raises CalledProcessError with all of that when it fails."""
    pipe, joined = subprocess.PIPE, subprocess.STDOUT
    return subprocess.run([program, *arguments], check=True, text=True, cwd=cwd, stdout=pipe, stderr=joined).stdout


if __name__ == "__main__":
    sys.exit(main())

"""Installs the packages of a `requirements.txt` with pip, for the Python version and processor of a function.

pip builds no wheels here: it would build them for the machine on which it runs.
"""

import json
import os
import platform
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import SettingsError
from ..reporting import Reporter
from . import cache
from .target_pip import TARGET

REQUIREMENTS = "requirements.txt"

_PROGRAM = Path(__file__).with_name("target_pip.py")
# Lambda's name of a processor → that of Linux, and the first C library for which wheels of it are tagged.
_MACHINES = {"x86_64": ("x86_64", 5), "arm64": ("aarch64", 17)}
# The minor version of the C library of Amazon Linux 2023, which runs Python 3.12 and later, and of Amazon Linux 2:
# https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html
# https://docs.aws.amazon.com/linux/al2023/ug/compare-with-al2.html
_GLIBC, _FIRST_ON_2023, _GLIBC_BEFORE = 34, 12, 26
# Names of wheels' systems from before they told the C library: https://peps.python.org/pep-0600/
_LEGACY = {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}
# A line of a requirements file that says the same everywhere: what a package, a hash or an index is called.
_EVERYWHERE = re.compile(
    r"(?!.*\.(whl|zip|tar))\s*(#.*|--(hash|index-url|extra-index-url|only-binary|prefer-binary|pre)\b.*|[A-Za-z0-9][^/@]*(#.*)?)?\\?\s*"
)


# What pip says when it comes to a package: its requirement, or the file of a wheel.
_PROGRESS = re.compile(r"(?:Collecting|Processing) (?:\S*/)?(\S+)")


@dataclass(frozen=True)
class Target:
    """Where a function runs, in Lambda's terms."""

    runtime: str
    architecture: str
    libc: int = 0
    """The minor version of the C library (glibc 2.X) there; 0 for Lambda's."""

    @property
    def python(self) -> str:
        """The version of its Python, such as 3.13."""
        return self.runtime.removeprefix("python")

    @property
    def machine(self) -> str:
        """Its processor, as Linux calls it."""
        return _MACHINES[self.architecture][0]

    def options(self) -> list[str]:
        """pip's options that choose the right wheels, first those for the newest C library."""
        minor = int(self.python.partition(".")[2])
        newest = self.libc or (_GLIBC if minor >= _FIRST_ON_2023 else _GLIBC_BEFORE)
        oldest = _MACHINES[self.architecture][1]
        tags = [tag for one in range(newest, oldest - 1, -1) for tag in (f"manylinux_2_{one}", _LEGACY.get(one)) if tag]
        abis = [f"--abi={abi}" for abi in (f"cp3{minor}", "abi3", "none")]
        platforms = [f"--platform={tag}_{self.machine}" for tag in tags]
        return [f"--python-version={self.python}", "--implementation=cp", *abis, *platforms]

    def markers(self) -> dict[str, str]:
        """The values for conditions in requirements: https://peps.python.org/pep-0508/#environment-markers"""
        return {
            "implementation_name": "cpython",
            "implementation_version": f"{self.python}.0",
            "os_name": "posix",
            "platform_machine": self.machine,
            "platform_python_implementation": "CPython",
            "platform_system": "Linux",
            "python_full_version": f"{self.python}.0",
            "python_version": self.python,
            "sys_platform": "linux",
        }


@dataclass(frozen=True)
class Pip:
    """The pip that installs."""

    python: str = sys.executable
    """The Python that has it."""
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)
    """Its settings, such as `PIP_INDEX_URL`."""
    cache: Path = field(default_factory=cache.directory)
    """Where what it installed is kept, so that the next deploy need not ask it."""


def are_in(text: bytes) -> bool:
    """Whether a requirements file lists anything."""
    return any(line.strip() and not line.strip().startswith(b"#") for line in text.splitlines())


def are_everywhere(text: bytes) -> bool:
    """Whether a requirements file names only packages, no files or directories: their contents may change."""
    return all(_EVERYWHERE.fullmatch(line) for line in text.decode("utf-8", "replace").splitlines())


def libc_here() -> int:
    """The minor version of this machine's glibc; 0 where it has another C library."""
    name, version = platform.libc_ver()
    return int(version.split(".")[1]) if name == "glibc" and version.startswith("2.") else 0


def target(file: Path | str, runtime: str, architecture: str, libc: int = 0) -> Target:
    """The target of the file's packages. Raises SettingsError for an unknown runtime or processor."""
    wrong = []
    if not re.fullmatch(r"python3\.\d+", runtime):
        what = f"{runtime} is not one" if runtime else "none is set"
        wrong += [
            f"{file}: its packages need a Python runtime, but {what}; use one such as python3.13, "
            "as in Code(..., runtime='python3.13')"
        ]
    if architecture and architecture not in _MACHINES:
        wrong += [
            f"{file}: there is no processor {architecture}; use {' or '.join(_MACHINES)}, "
            "as in Code(..., architecture='x86_64')"
        ]
    if wrong:
        raise SettingsError(wrong)
    return Target(runtime, architecture or "x86_64", libc)


def install(
    directory: Path,
    place: Path,
    target: Target,
    pip: Pip,
    reporter: Reporter | None = None,
    *,
    called: str = "",
    is_whole: bool = False,
) -> None:
    """Installs the directory's requirements into `place`. Raises SettingsError with pip's reason.

    `called` is what people call them, by default their file. With `is_whole` they name all that is needed.
    """
    called = called or str(directory / REQUIREMENTS)
    if reporter:
        reporter.event(f"installing {called} for {target.runtime} on {target.architecture}")
    said = []
    with subprocess.Popen(
        [pip.python, "-I", str(_PROGRAM), "install", *_options(place, is_whole), *target.options()],
        cwd=directory,
        env=_environment(target, pip),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        assert process.stdout is not None
        for line in map(str.rstrip, process.stdout):
            said.append(line)
            if reporter and (found := _PROGRESS.match(line)):
                reporter.event(f"pip: {found[1]}")
    if process.returncode:
        raise SettingsError([_reason(called, target, pip, said)])


def _options(place: Path, is_whole: bool) -> list[str]:
    return [
        *(["--no-deps"] if is_whole else []),
        f"--requirement={REQUIREMENTS}",
        f"--target={place}",
        "--only-binary=:all:",
        "--no-compile",
        "--progress-bar=off",
        "--no-input",
        "--disable-pip-version-check",
    ]


def _environment(target: Target, pip: Pip) -> dict[str, str]:
    """pip's variables, without those that would forbid this installation or put it in the wrong place."""
    unwanted = {"PIP_PREFIX": "", "PIP_ROOT": "", "PIP_USER": "0", "PIP_REQUIRE_VIRTUALENV": "0"}
    kept = {name: value for name, value in pip.environment.items() if name not in unwanted}
    chosen = {name: value for name, value in unwanted.items() if value}
    return {**kept, **chosen, TARGET: json.dumps(target.markers())}


def _reason(called: str, target: Target, pip: Pip, said: list[str]) -> str:
    """Why pip failed and what to do."""
    if any("No module named pip" in line for line in said):
        return f"{called}: the Python {pip.python} has no pip; run {pip.python} -m ensurepip, or use another Python"
    errors = [line.removeprefix("ERROR: ") for line in said if line.startswith("ERROR: ")] or said[-5:]
    words = "\n  ".join([f"{called}: pip cannot install this for {target.runtime} on {target.architecture}:", *errors])
    missing = next((found[1] for line in errors if (found := re.search(r"distribution found for (\S+)", line))), "")
    if not missing:
        return words
    bare = re.split(r"[<>=!~;\[]", missing)[0]
    advice = (
        f"Check that the name is right, that pip can reach its index, and that {bare} has a wheel for this Python "
        f"and processor (another version may have one)"
    )
    return f"{words}\n{advice}{_of_ones_own(bare) if called.endswith(REQUIREMENTS) else ''}"


def _of_ones_own(bare: str) -> str:
    """How to get a package into a code directory's requirements that nobody has built a wheel of."""
    return (
        f". If {bare} is pure Python without a wheel, build one: run "
        f"`pip wheel --no-deps --wheel-dir ../wheels {bare}` in the code directory, and write "
        f"`--find-links ../wheels` as the first line of {REQUIREMENTS}"
    )

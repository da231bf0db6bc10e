"""Packs a directory of code into a function's zip, with the packages of its `requirements.txt` for the function.

The zip's bytes depend only on the files, the requirements and the package index, not on the machine. The zip's key
contains their digest, so other bytes mean a new deploy. Exact versions in `requirements.txt` keep the bytes the same.
"""

import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from .. import packaging
from ..errors import SettingsError
from ..packaging import Package
from ..reporting import Reporter
from . import cache, installed, requirements
from .requirements import REQUIREMENTS, Pip, Target

LIMIT = 262_144_000
"""Bytes of a function's code, unpacked: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""


def build(
    directory: Path,
    runtime: str = "",
    architecture: str = "",
    *,
    libc: int = 0,
    also: Sequence[Path] = (),
    reporter: Reporter | None = None,
    pip: Pip | None = None,
) -> Package:
    """The zip of a directory. A file of the directory replaces a file with the same name in a package.

    `runtime` (`python3.13`) and `architecture` (`x86_64` or `arm64`; empty: `x86_64`) are those of the function; they
    are needed only with a `requirements.txt`. `libc` is the X of glibc 2.X where the function runs, 0 for Lambda.
    `also` are files that are added.
    Raises SettingsError when there is no code, when pip fails, and when the code is too large for Lambda.
    """
    own = _own(directory)
    packages: Mapping[str, bytes] = {}
    if requirements.are_in(own.get(REQUIREMENTS, b"")):
        target = requirements.target(directory / REQUIREMENTS, runtime, architecture, libc)
        packages = _packages(directory, own[REQUIREMENTS], target, pip or Pip(), reporter)
    content = {**packages, **{path.name: path.read_bytes() for path in also}, **own}
    _refuse_too_large(directory, {name: len(body) for name, body in content.items()})
    return packaging.pack(content)


def _own(directory: Path) -> dict[str, bytes]:
    if not directory.is_dir():
        what = "is not a directory" if directory.exists() else "does not exist"
        raise SettingsError([f"{directory}: the code directory {what}; name the directory that contains the handler"])
    own = packaging.files(directory)
    if not own:
        raise SettingsError([f"{directory}: the code directory is empty; put the handler in it"])
    return own


def _packages(
    directory: Path, wanted: bytes, target: Target, pip: Pip, reporter: Reporter | None
) -> Mapping[str, bytes]:
    """The files of the packages: kept ones from an earlier deploy, or newly installed ones."""
    key = _key(wanted, target, pip) if requirements.are_everywhere(wanted) else ""
    if key and (kept := cache.read(pip.cache, key)):
        return kept
    with tempfile.TemporaryDirectory() as place:
        requirements.install(directory, Path(place), target, pip, reporter)
        _refuse_too_large(directory, installed.sizes(Path(place)))
        packages = installed.files(Path(place))
    if reporter:
        size = sum(map(len, packages.values()))
        reporter.event(f"installed the packages of {directory / REQUIREMENTS}: {size / 1e6:.1f} MB")
    if key:
        cache.write(pip.cache, key, packaging.pack(packages).body)
    return packages


def _key(wanted: bytes, target: Target, pip: Pip) -> str:
    chosen = [f"{name}={value}" for name, value in sorted(pip.environment.items()) if name.startswith("PIP_")]
    libc = [f"glibc 2.{target.libc}"] if target.libc else []
    return cache.key(wanted.decode("utf-8", "replace"), target.runtime, target.architecture, *libc, *chosen)


def _refuse_too_large(directory: Path, sizes: Mapping[str, int]) -> None:
    """Raises SettingsError, with the names of the largest parts, when the code is too large for Lambda."""
    if (total := sum(sizes.values())) <= LIMIT:
        return
    parts: Counter[str] = Counter()
    for name, size in sizes.items():
        parts[name.partition("/")[0]] += size
    largest = ", ".join(f"{name} {size / 1e6:.0f} MB" for name, size in parts.most_common(3))
    raise SettingsError(
        [
            f"{directory}: the code has {total:,} bytes with its packages, but Lambda allows {LIMIT:,}. The largest "
            f"are {largest}. Put large packages on EFS: list them in the filling's packages, not in {REQUIREMENTS}"
        ]
    )

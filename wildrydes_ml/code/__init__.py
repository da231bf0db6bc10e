"""Packs a directory of code into a function's zip, with the packages of its `requirements.txt` for the function.

The zip's bytes depend only on the files, the requirements and the package index, not on the machine. The zip's key
contains their digest, so other bytes mean a new deploy. Exact versions in `requirements.txt` keep the bytes the same.
A zip with something in place of EFS has its code and packages as bytecode, too, where this machine has the function's
version of Python: without it, a cold start takes twice as long and more.
"""

import re
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .. import packaging
from ..errors import SettingsError
from ..naming import PACKED, PACKED_PACKAGES
from ..packaging import Package
from ..reporting import Reporter
from . import bytecode, cache, installed, requirements
from .requirements import REQUIREMENTS, Pip, Target

LIMIT = 262_144_000
"""Bytes of a function's code, unpacked: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""

_ON_EFS = f"Put large packages on EFS: list them in the filling's packages, not in {REQUIREMENTS}"
_NOT_IN_A_ZIP = "Use smaller packages or a smaller model, or put them on EFS"


@dataclass(frozen=True)
class Packing:
    """What a zip holds besides the code, in place of EFS: packages and the files of a model."""

    requirements: bytes
    """The packages as the lines of a requirements file; empty for none."""
    is_whole: bool = False
    """Whether these lines name all that is needed, so that pip looks for nothing else."""
    unneeded: str = ""
    """A regular expression for names of files in the packages that no function reads. With it, bytecode takes the place
    of the sources; it is for packages that were tried so."""
    files: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    """Name and content of each file of the model."""


def build(
    directory: Path,
    runtime: str = "",
    architecture: str = "",
    *,
    libc: int = 0,
    also: Sequence[Path] = (),
    reporter: Reporter | None = None,
    pip: Pip | None = None,
    packing: Packing | None = None,
) -> Package:
    """The zip of a directory. A file of the directory replaces a file with the same name in a package.

    `runtime` (`python3.13`) and `architecture` (`x86_64` or `arm64`; empty: `x86_64`) are those of the function; they
    are needed only with a `requirements.txt` or a `packing`. `libc` is the X of glibc 2.X where the function runs, 0
    for Lambda. `also` are files that are added. Raises SettingsError when there is no code, when pip fails, and when
    the code is too large for Lambda.
    """
    own = _own(directory)
    packages: Mapping[str, bytes] = {}
    if requirements.are_in(own.get(REQUIREMENTS, b"")):
        target = requirements.target(directory / REQUIREMENTS, runtime, architecture, libc)
        wanted = _Wanted(directory, own[REQUIREMENTS], str(directory / REQUIREMENTS))
        packages = _packages(wanted, target, pip or Pip(), reporter)
    packed: Mapping[str, bytes] = {}
    if packing:
        target = requirements.target("the packages of the zip", runtime, architecture, libc)
        packed = {**_packed(packing, target, pip or Pip(), reporter), **_compiled(own, target)}
    content = {**packed, **packages, **{path.name: path.read_bytes() for path in also}, **own}
    sizes = {name: len(body) for name, body in content.items()}
    _refuse_too_large(str(directory), sizes, _NOT_IN_A_ZIP if packing else _ON_EFS)
    return packaging.pack(content)


@dataclass(frozen=True)
class _Wanted:
    """Packages to install: the directory in which pip runs, the requirements, and what people call them."""

    directory: Path
    text: bytes
    called: str
    packing: Packing | None = None

    def compiled(self, target: Target) -> str:
        """The Python that makes bytecode of them; empty for none."""
        return bytecode.interpreter(target.python) if self.packing else ""


def _own(directory: Path) -> dict[str, bytes]:
    if not directory.is_dir():
        what = "is not a directory" if directory.exists() else "does not exist"
        raise SettingsError([f"{directory}: the code directory {what}; name the directory that contains the handler"])
    own = packaging.files(directory)
    if not own:
        raise SettingsError([f"{directory}: the code directory is empty; put the handler in it"])
    return own


def _compiled(own: Mapping[str, bytes], target: Target) -> dict[str, bytes]:
    """The bytecode of the code, beside its sources; nothing without the function's version of Python here."""
    python = bytecode.interpreter(target.python)
    if not python:
        return {}
    with tempfile.TemporaryDirectory() as directory:
        for name in (name for name in own if name.endswith(".py")):
            path = Path(directory, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(own[name])
        bytecode.compile_all(Path(directory), python, "", instead=False)
        made = installed.files(Path(directory), bytecode=True)
    return {name: body for name, body in made.items() if name not in own}


def _packed(packing: Packing, target: Target, pip: Pip, reporter: Reporter | None) -> dict[str, bytes]:
    """What stands for EFS, by its names in the zip."""
    packages: Mapping[str, bytes] = {}
    if requirements.are_in(packing.requirements):
        with tempfile.TemporaryDirectory() as directory:
            Path(directory, REQUIREMENTS).write_bytes(packing.requirements)
            wanted = _Wanted(Path(directory), packing.requirements, "the packages of the zip", packing)
            if reporter and not wanted.compiled(target):
                reporter.warning(
                    f"python{target.python} is not on this machine, so the zip has no bytecode, and each cold start "
                    "takes seconds longer: install it, or choose another version (for deploy with --set "
                    "PythonRuntime=…, for prepare and package with --runtime)"
                )
            packages = _packages(wanted, target, pip, reporter)
    inside = {f"{PACKED}/{PACKED_PACKAGES}/{name}": body for name, body in packages.items()}
    return {**inside, **{f"{PACKED}/{name}": body for name, body in packing.files.items()}}


def _packages(wanted: _Wanted, target: Target, pip: Pip, reporter: Reporter | None) -> Mapping[str, bytes]:
    """The files of the packages: kept ones from an earlier deploy, or newly installed ones."""
    key = _key(wanted, target, pip) if requirements.are_everywhere(wanted.text) else ""
    if key and (kept := cache.read(pip.cache, key)):
        return kept
    with tempfile.TemporaryDirectory() as place:
        packages = _installed(wanted, Path(place), target, pip, reporter)
    if reporter:
        size = sum(map(len, packages.values()))
        reporter.event(f"installed {wanted.called}: {size / 1e6:.1f} MB")
    if key:
        cache.write(pip.cache, key, packaging.pack(packages).body)
    return packages


def _installed(
    wanted: _Wanted, place: Path, target: Target, pip: Pip, reporter: Reporter | None
) -> Mapping[str, bytes]:
    packing = wanted.packing
    is_whole = packing is not None and packing.is_whole
    requirements.install(wanted.directory, place, target, pip, reporter, called=wanted.called, is_whole=is_whole)
    if packing is None:
        _refuse_too_large(str(wanted.directory), installed.sizes(place), _ON_EFS)
        return installed.files(place)
    if packing.unneeded:
        _remove(place, packing.unneeded)
    _refuse_too_large(wanted.called, installed.sizes(place), _NOT_IN_A_ZIP)
    if python := wanted.compiled(target):
        bytecode.compile_all(place, python, f"{PACKED}/{PACKED_PACKAGES}", instead=bool(packing.unneeded))
    return installed.files(place, bytecode=True)


def _remove(place: Path, unneeded: str) -> None:
    """Deletes the files whose names match."""
    for path in place.rglob("*"):
        if path.is_file() and re.search(unneeded, path.relative_to(place).as_posix()):
            path.unlink()


def _key(wanted: _Wanted, target: Target, pip: Pip) -> str:
    chosen = [f"{name}={value}" for name, value in sorted(pip.environment.items()) if name.startswith("PIP_")]
    libc = [f"glibc 2.{target.libc}"] if target.libc else []
    packing = wanted.packing
    form = [f"packed {packing.is_whole} {packing.unneeded} {bool(wanted.compiled(target))}"] if packing else []
    text = wanted.text.decode("utf-8", "replace")
    return cache.key(text, target.runtime, target.architecture, *libc, *form, *chosen)


def _refuse_too_large(where: str, sizes: Mapping[str, int], advice: str) -> None:
    """Raises SettingsError, with the names of the largest parts, when the code is too large for Lambda."""
    if (total := sum(sizes.values())) <= LIMIT:
        return
    parts: Counter[str] = Counter()
    for name, size in sizes.items():
        parts[_part(name)] += size
    largest = ", ".join(f"{name} {size / 1e6:.0f} MB" for name, size in parts.most_common(3))
    raise SettingsError(
        [
            f"{where}: the code has {total:,} bytes with its packages, but Lambda allows {LIMIT:,}. The largest "
            f"are {largest}. {advice}"
        ]
    )


def _part(name: str) -> str:
    """The package, or the part of the model, that a file belongs to."""
    inside = name.removeprefix(f"{PACKED}/")
    return inside.removeprefix(f"{PACKED_PACKAGES}/").partition("/")[0] if inside != name else name.partition("/")[0]

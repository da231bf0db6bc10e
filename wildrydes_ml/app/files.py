"""The files that an App names, relative to its own file."""

import inspect
import re
from collections.abc import Sequence
from pathlib import Path

from ..blocks import arguments

# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html: a value's characters.
_LONGEST = 4096
_PACKAGE = Path(__file__).resolve().parents[1]


def caller() -> Path | None:
    """The file of the running code outside this package; None if there is none, as in a Python console."""
    frame = inspect.currentframe()
    while frame is not None:
        file = Path(frame.f_code.co_filename)
        if _PACKAGE not in file.parents:
            return file.resolve() if file.is_file() else None
        frame = frame.f_back
    return None


def directory(where: str, base: Path, name: object) -> Path:
    """The directory with this name. Raises TypeError unless `name` is a path, ValueError if it does not exist."""
    path = _path(where, base, name)
    if not path.is_dir():
        raise ValueError(f"{where} is {str(name)!r}: there is no directory {path}")
    return path


def pins(where: str, base: Path, packages: str | Sequence[str]) -> str:
    """The packages of a file or a list, separated by spaces. In a file, `#` begins a comment.

    Raises ValueError when there is no such file or it is not UTF-8, for a package without an exact version or with two,
    and when the text is too long for a parameter.
    """
    found = _in_file(where, base, packages) if isinstance(packages, str) else list(packages)
    for pin in found:
        if not isinstance(pin, str) or not re.fullmatch(arguments.PIN, pin, re.ASCII):
            raise ValueError(f"{where} has {pin!r}: use an exact version, such as numpy==2.4.6, without spaces in it")
    _refuse_twice(where, found)
    if not found:
        raise ValueError(f"{where} names no package: add packages such as numpy==2.4.6")
    text = " ".join(found)
    if len(text) > _LONGEST:
        raise ValueError(f"{where} has {len(text)} characters, but a parameter allows {_LONGEST}: name fewer packages")
    return text


def _refuse_twice(where: str, pins: Sequence[str]) -> None:
    """A package with two versions, which pip refuses. With markers, each may be for another Python."""
    seen: dict[str, str] = {}
    for pin in pins:
        # https://packaging.python.org/en/latest/specifications/name-normalization/
        name = re.sub(r"[-_.]+", "-", re.split(r"==|\[", pin)[0]).lower()
        other = seen.setdefault(name, pin)
        if other is not pin and ";" not in pin:
            raise ValueError(f"{where} has {pin} and {other}: name each package once")


def model(where: str, base: Path, name: str) -> Path:
    """The model's directory or archive. Raises ValueError when it is missing, empty, or not an archive."""
    path = _path(where, base, name)
    if not path.exists():
        raise ValueError(f"{where} is {name!r}: {path} does not exist; create the model first")
    if path.is_dir() and not any(path.iterdir()):
        raise ValueError(f"{where} is {name!r}: {path} is empty; create the model first")
    if path.is_file() and not _is_archive(path):
        raise ValueError(
            f"{where} is {name!r}: {path} is not a tar archive; name the directory that contains the model"
        )
    return path


def _is_archive(path: Path) -> bool:
    import tarfile  # only here, since every process that imports an App would wait for it

    return tarfile.is_tarfile(path)


def _in_file(where: str, base: Path, name: str) -> list[str]:
    path = _path(where, base, name)
    if not path.is_file():
        raise ValueError(f"{where} is {name!r}: there is no file {path}")
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise ValueError(f"{where} is {name!r}: {path} is not UTF-8; save the file as UTF-8") from None
    return [pin for line in lines for pin in line.partition("#")[0].split()]


def _path(where: str, base: Path, name: object) -> Path:
    if not isinstance(name, (str, Path)):
        raise TypeError(f"{where} is {name!r}: pass a path")
    return (base / name).resolve()

"""A function's zip, such as that of `lambda_src`: the same bytes for the same files on every machine.

Nothing is compressed, since builds of zlib differ in what they make of the same bytes.
"""

import io
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from .errors import WildrydesError

_PACKAGE = Path(__file__).resolve().parent
# The earliest time that a zip can hold.
_EPOCH = (1980, 1, 1, 0, 0, 0)


class Package(NamedTuple):
    """The zip's bytes and their SHA-256 in hexadecimal."""

    body: bytes
    digest: str


def source_directory() -> Path:
    """Where `lambda_src` is: inside the installed package, or beside it in a checkout."""
    for directory in (_PACKAGE / "lambda_src", _PACKAGE.parent / "lambda_src"):
        if (directory / "lambda_function.py").is_file():
            return directory
    raise WildrydesError(f"lambda_src is missing beside {_PACKAGE}: install the package again")


def batch_files() -> tuple[Path, ...]:
    """The modules with which any function can answer batches."""
    return tuple(source_directory() / f"{name}.py" for name in ("ahead", "batch", "objects"))


def pictures_directory() -> Path:
    """Where the drawings of the demo are: inside the installed package, or with the examples of a checkout."""
    found = next(
        (one for one in (_PACKAGE / "pictures", _PACKAGE.parent / "examples" / "pictures") if one.is_dir()), None
    )
    if found is None:
        raise WildrydesError(f"the demo's pictures are missing beside {_PACKAGE}: install the package again")
    return found


def filling(name: str) -> str:
    """The text of one of the files that fill EFS; they travel in the function's zip."""
    return (source_directory() / "filling" / name).read_text(encoding="utf-8")


def build(source: Path | None = None) -> Package:
    """Packs every file of the source directory, without caches and hidden files, in sorted order."""
    return pack(files(source or source_directory()))


def files(directory: Path) -> dict[str, bytes]:
    """Name and content of every file in the directory, without caches and hidden files."""
    names = {path.relative_to(directory): path for path in directory.rglob("*") if path.is_file()}
    return {
        name.as_posix(): path.read_bytes()
        for name, path in names.items()
        if not any(part.startswith((".", "__pycache__")) for part in name.parts)
    }


def pack(content: Mapping[str, bytes]) -> Package:
    """The zip of these files: the same bytes for the same names and contents."""
    # Only here, since every process that renders would wait for them.
    import hashlib
    import zipfile

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(content, key=lambda name: name.split("/")):
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.external_attr = 0o644 << 16
            entry.create_system = 3  # Unix, wherever it is made
            archive.writestr(entry, content[name])
    body = buffer.getvalue()
    return Package(body, hashlib.sha256(body).hexdigest())

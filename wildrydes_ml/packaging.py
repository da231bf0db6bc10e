"""The function's zip: the files of `lambda_src`, the same bytes for the same source on every machine.

Nothing is compressed, since builds of zlib differ in what they make of the same bytes.
"""

import hashlib
import io
from dataclasses import dataclass
from pathlib import Path

from .errors import WildrydesError

_PACKAGE = Path(__file__).resolve().parent
# The earliest time that a zip can hold.
_EPOCH = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Package:
    """The zip's bytes and their SHA-256 in hexadecimal."""

    body: bytes
    digest: str


def source_directory() -> Path:
    """Where `lambda_src` is: inside the installed package, or beside it in a checkout."""
    for directory in (_PACKAGE / "lambda_src", _PACKAGE.parent / "lambda_src"):
        if (directory / "lambda_function.py").is_file():
            return directory
    raise WildrydesError(f"lambda_src is missing beside {_PACKAGE}: install the package again")


def filling(name: str) -> str:
    """The text of one of the files that fill EFS; they travel in the function's zip."""
    return (source_directory() / "filling" / name).read_text(encoding="utf-8")


def build(source: Path | None = None) -> Package:
    """Packs every file of the source directory, without caches and hidden files, in sorted order."""
    import zipfile  # only here, since every process that renders would wait for it

    source = source or source_directory()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted(source.rglob("*")):
            name = path.relative_to(source)
            if path.is_file() and not any(part.startswith((".", "__pycache__")) for part in name.parts):
                entry = zipfile.ZipInfo(name.as_posix(), _EPOCH)
                entry.external_attr = 0o644 << 16
                entry.create_system = 3  # Unix, wherever it is made
                archive.writestr(entry, path.read_bytes())
    body = buffer.getvalue()
    return Package(body, hashlib.sha256(body).hexdigest())

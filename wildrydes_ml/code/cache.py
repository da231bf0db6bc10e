"""Keeps the packages that were installed for a function, so that the next deploy need not install them again.

An installation takes seconds to minutes, and pip asks the index each time. If a kept package cannot be read or written
here, it is simply installed again.
"""

import hashlib
import io
import json
import os
import zipfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

_KEPT = 8
"""How many are kept, of at most 250 MB each."""
_FORM = 1
"""Of what is kept; another number makes all of it out of date."""


def directory(environment: Mapping[str, str] = os.environ) -> Path:
    """Where they are: https://specifications.freedesktop.org/basedir-spec/latest/"""
    base = environment.get("XDG_CACHE_HOME") or environment.get("HOME") or os.path.expanduser("~")
    return Path(base, *([] if environment.get("XDG_CACHE_HOME") else [".cache"]), "wildrydes-ml", "packages")


def key(*asked: str) -> str:
    """The name under which the result of these requirements is kept."""
    return hashlib.sha256(json.dumps([_FORM, *asked]).encode()).hexdigest()


def read(place: Path, key: str) -> dict[str, bytes]:
    """Name and content of each file; empty if there is none, or it is damaged."""
    path = place / f"{key}.zip"
    try:
        with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as archive:
            found = {name: archive.read(name) for name in archive.namelist()}
        os.utime(path)
    except (OSError, zipfile.BadZipFile, EOFError):
        return {}
    return found


def write(place: Path, key: str, body: bytes) -> None:
    """Keeps a zip, and deletes those that were not used for the longest time."""
    with suppress(OSError):
        place.mkdir(parents=True, exist_ok=True)
        part = place / f"{key}.{os.getpid()}.part"
        try:
            part.write_bytes(body)
            part.replace(place / f"{key}.zip")
        finally:
            part.unlink(missing_ok=True)
        kept = sorted(place.glob("*.zip"), key=lambda path: path.stat().st_mtime, reverse=True)
        for path in kept[_KEPT:]:
            path.unlink(missing_ok=True)

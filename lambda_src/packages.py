"""The third-party packages, which are on EFS and not in the function's zip."""

from __future__ import annotations

import importlib
import sys
import threading
from pathlib import Path
from typing import NamedTuple

import module_archive
import readahead
from problems import Problem
from settings import Settings

ARCHIVE = "prepared/modules"
"""The modules that a cold start imports, below EFS's root."""
LIST = "prepared/packages.files"
"""What a cold start reads of the packages, and ARCHIVE."""

STANDARD = ("http.cookiejar", "urllib.request", "ssl", "pickle", "datetime", "ctypes", "random", "platform")
"""What the packages import of Python itself; each of these imports many others."""

_THREADS = 8
_HERE = str(Path(__file__).parent)
_path = threading.Lock()
_reading = threading.Lock()


class Read(NamedTuple):
    """How reading went: why imports are slower than they could be, and LIST's checksum, None if it was not read."""

    slower_because: tuple[str, ...] = ()
    list_checksum: int | None = None


_read: dict[Path, Read] = {}


def add_to_path(directory: Path) -> None:
    """Makes the packages importable, after the function's own modules and before the runtime's older ones.

    Raises Problem model-unavailable when EFS, or the packages on it, are not there.
    """
    with _path:  # the thread that loads the model needs them, too
        if str(directory) in sys.path:
            return
        if not directory.is_dir():
            raise Problem("model-unavailable", f"no packages at {directory}")
        sys.path.insert(sys.path.index(_HERE) + 1 if _HERE in sys.path else 0, str(directory))
        importlib.invalidate_caches()


def read(settings: Settings, seconds: float = threading.TIMEOUT_MAX) -> Read:
    """Reads what will be imported, once: many pieces at a time, while an import waits for one after the other.

    That prepare.py did not write what this needs is no reason to be slower.
    Raises Problem model-unavailable when another thread has not read all after `seconds`.
    """
    if not _reading.acquire(timeout=max(0, min(seconds, threading.TIMEOUT_MAX))):
        raise Problem("model-unavailable", "still loading")
    try:
        if settings.packages not in _read:
            _read[settings.packages] = _read_all(settings)
        return _read[settings.packages]
    finally:
        _reading.release()


def _read_all(settings: Settings) -> Read:
    try:
        ahead = readahead.start(settings.root, LIST, _THREADS)
    except OSError as error:  # without the list the archive is not used
        return Read((f"{LIST}: {error.strerror}",) if (settings.root / ARCHIVE).exists() else ())
    for name in STANDARD:  # while the bytes arrive
        importlib.import_module(name)
    for reader in ahead.readers:
        reader.join()
    try:
        found = module_archive.unpacked((settings.root / ARCHIVE).read_bytes(), settings.packages)
    except (OSError, module_archive.Useless) as error:
        return Read((f"{ARCHIVE}: {getattr(error, 'strerror', None) or error}",), ahead.checksum)
    sys.meta_path.insert(0, module_archive.Finder(settings.packages, found))
    return Read(list_checksum=ahead.checksum)

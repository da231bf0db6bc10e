"""Whether files and entries are those that were prepared: a damaged or exchanged model may load, and answer wrongly."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from concurrent.futures import Future
from pathlib import Path
from threading import Thread
from typing import Any

_PIECE_BYTES = 1 << 20


class Damaged(ValueError):
    """A file has another content than when it was prepared."""


def checksum(path: Path) -> int:
    """Of a file's content: against accidents, since whoever can write to EFS can change the packages themselves."""
    found = 0
    with path.open("rb", buffering=0) as file:
        while piece := file.read(_PIECE_BYTES):
            found = zlib.crc32(piece, found)
    return found


def sealed(entry: Mapping[str, Any]) -> dict[str, Any]:
    """An entry of the manifest with a `seal`, the checksum of its content."""
    return {**entry, "seal": _seal(entry)}


def is_whole(entry: Mapping[str, Any]) -> bool:
    """Whether an entry is as it was sealed; one without a seal is."""
    return entry.get("seal") in (None, _seal(entry))


def _seal(entry: Mapping[str, Any]) -> int:
    """It leaves out `files`, which names only what is read ahead, and which an entry in a function's zip lacks."""
    content = {name: value for name, value in entry.items() if name not in ("seal", "files")}
    return zlib.crc32(json.dumps(content, sort_keys=True).encode())


class Check:
    """The check of files against their checksums, by paths below `root`, in a thread of its own."""

    def __init__(self, root: Path, checksums: Mapping[str, int]) -> None:
        self._root = root
        self._checksums = checksums
        self._done: Future[None] = Future()
        Thread(target=self._run, name="intact", daemon=True).start()

    def wait(self) -> None:
        """Returns when all files are found to be as they were. Raises Damaged, or OSError."""
        self._done.result()

    def _run(self) -> None:
        try:
            for path, expected in self._checksums.items():
                if checksum(self._root / path) != expected:
                    raise Damaged(f"{path} is not what was prepared")
            self._done.set_result(None)
        except Exception as error:
            self._done.set_exception(error)

"""Reads what a cold start will touch before it touches it, in many places at a time.

On a network file system every page that is faulted in, of a library or a model, waits for a round trip; in
parallel they do not add up. What is read stays in the kernel's page cache.
"""

from __future__ import annotations

import os
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

THREADS = {"litert": 8, "capi": 16}
"""By engine: `capi` reads hundreds of megabytes, LiteRT tens."""

_PIECE_BYTES = 256 * 1024

_Piece = tuple[Path, int, int]
"""A path, and start and length in bytes."""
Read = Callable[[int, list[memoryview], int], int]
"""As `os.preadv`: descriptor, buffers, start -> bytes read. It lets other threads run meanwhile."""


class Started(NamedTuple):
    """The threads that read, and the list's checksum, which tells a list that was changed."""

    readers: list[threading.Thread]
    checksum: int


def start(root: Path, files: str, threads: int, read: Read = os.preadv) -> Started:
    """Reads the ranges that a list names, in its order, in threads that end by themselves.

    `files` is the list's path below `root`, the root of EFS; its lines are `START LENGTH PATH` in bytes. Raises
    OSError when the list cannot be read. Later errors stay here: whoever needs a file that cannot be read will say so,
    and a list that is damaged is read as far as it makes sense.
    """
    lines = (root / files).read_bytes()
    pieces = _Shared(_pieces(root, lines))
    readers = [
        threading.Thread(target=_read, args=[pieces, read], name="readahead", daemon=True) for _ in range(threads)
    ]
    for reader in readers:
        reader.start()
    return Started(readers, zlib.crc32(lines))


class _Shared(Iterator[_Piece]):
    """An iterator that threads may share."""

    def __init__(self, pieces: Iterator[_Piece]) -> None:
        self._pieces = pieces
        self._lock = threading.Lock()

    def __next__(self) -> _Piece:
        with self._lock:
            return next(self._pieces)


def _pieces(root: Path, lines: bytes) -> Iterator[_Piece]:
    for line in lines.splitlines():
        start, length, path = line.decode().split(" ", 2)
        end = int(start) + int(length)
        for at in range(int(start), end, _PIECE_BYTES):
            yield root / path, at, min(_PIECE_BYTES, end - at)


def _read(pieces: _Shared, read: Read) -> None:
    """Reads pieces until there are no more, or one is past the end of its file: then the list is not about it."""
    buffer = memoryview(bytearray(_PIECE_BYTES))
    with suppress(OSError, ValueError):
        for path, group in groupby(pieces, key=lambda piece: piece[0]):
            with suppress(FileNotFoundError), path.open("rb", buffering=0) as file:
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_RANDOM)  # the kernel shall not read beyond
                for _, start, length in group:
                    if not read(file.fileno(), [buffer[:length]], start):
                        return

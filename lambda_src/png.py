"""What Pillow does not see, or sees too strictly, in a PNG (https://www.w3.org/TR/png-3/).

Pillow leaves black what a PNG's data does not reach, and says nothing when the data ends as it should; and it refuses
a good picture for a long comment.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

SIGNATURE = b"\x89PNG\r\n\x1a\n"

_TEXTS = (b"tEXt", b"zTXt", b"iTXt", b"iCCP")
_PIXELS = (b"IHDR", b"PLTE", b"tRNS", b"eXIf", b"IDAT", b"IEND")
"""Chunks that decide what is seen, and which way up."""
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
"""By color type."""
_PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
"""Of an interlaced picture: the first column and row, and the steps to the next."""
_PORTION = 1 << 20


def without_texts(data: bytes) -> bytes:
    """The picture's pixels and EXIF alone; `data` itself when it has neither comments nor a color profile."""
    if not any(kind in _TEXTS for kind, _, _ in _chunks(data)):
        return data
    bare = bytearray(SIGNATURE)
    for kind, start, end in _chunks(data):
        if kind in _PIXELS:
            bare += data[start:end]
    return bytes(bare)


def is_interlaced(data: bytes) -> bool:
    """Whether the picture's last row is not the last of its data. `data` has a whole header."""
    return data[28] != 0


def is_complete(data: bytes) -> bool:
    """Whether there is data for all rows of a picture that Pillow has decoded: it is unpacked, and counted."""
    needed = _data_size(data)
    unpacker = zlib.decompressobj()
    for kind, start, end in _chunks(data):
        packed = data[start + 8 : end - 4] if kind == b"IDAT" else b""
        while packed and needed > 0 and not unpacker.eof:
            needed -= len(unpacker.decompress(packed, min(needed, _PORTION)))
            packed = unpacker.unconsumed_tail
    return needed <= 0


def _data_size(data: bytes) -> int:
    """How many bytes the rows have, each with the one that names its filter."""
    width, height, depth, color, _, _, interlaced = struct.unpack_from(">IIBBBBB", data, len(SIGNATURE) + 8)
    size = 0
    for left, top, across, down in _PASSES if interlaced else ((0, 0, 1, 1),):
        columns, rows = -((left - width) // across), -((top - height) // down)
        if columns > 0:
            size += max(rows, 0) * (1 + -(-columns * depth * _CHANNELS[color] // 8))
    return size


def _chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """The kind, start and end of each chunk, as far as they are whole."""
    start = len(SIGNATURE)
    while start + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, start)
        end = start + length + 12
        yield data[start + 4 : start + 8], start, end
        start = end

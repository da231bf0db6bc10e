"""Pictures made by hand: those that are odd but good, those that are not, and those that cost the most."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from typing import Any

from handler_helpers import encoded
from picture import MOST_MARKERS
from PIL import Image
from request import MAX_UPLOAD_BYTES

RED, WHITE, BLACK = (255, 0, 0), (255, 255, 255), (0, 0, 0)


def plain(mode: str = "RGB", size: tuple[int, int] = (16, 16), color: Any = RED) -> Image.Image:
    return Image.new(mode, size, color)


def exif(*entries: tuple[int, int, bytes]) -> bytes:
    """EXIF with one directory of (tag, type, four bytes: the value or its place), whatever they mean."""
    directory = b"".join(struct.pack("<HHL", tag, kind, 1) + value for tag, kind, value in entries)
    return b"II*\0" + struct.pack("<LH", 8, len(entries)) + directory + bytes(4)


def orientation(value: int) -> tuple[int, int, bytes]:
    """Its entry in EXIF."""
    return 0x0112, 3, struct.pack("<HH", value, 0)


def segment(marker: int, data: bytes) -> bytes:
    """A part of a JPEG."""
    return bytes([0xFF, marker]) + struct.pack(">H", len(data) + 2) + data


def in_jpeg(jpeg: bytes, *segments: bytes) -> bytes:
    return jpeg[:2] + b"".join(segments) + jpeg[2:]


def chunk(kind: bytes, data: bytes) -> bytes:
    """A part of a PNG."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def in_png(png: bytes, *chunks: bytes) -> bytes:
    return png[:33] + b"".join(chunks) + png[33:]


def png(size: tuple[int, int], bits: int, color: int, rows: bytes, *chunks: bytes) -> bytes:
    """A PNG of given bits and color type (0 gray, 2 RGB, 3 palette, 4 gray and alpha, 6 RGBA) and raw rows."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", *size, bits, color, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(chunks) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


PALETTE = chunk(b"PLTE", bytes([*BLACK, *RED]))
ONE_PIXEL = png((1, 1), 8, 2, b"\0\xff\0\0")


def gif(screen: tuple[int, int], frame: tuple[int, int], palette: bytes = b"", transparent: int | None = None) -> bytes:
    """A GIF on black of one frame at its top left, all red unless it has a palette of two colors of its own."""
    control = b"!\xf9\4" + bytes([transparent is not None, 0, 0, transparent or 0, 0])
    codes = [4, *[code for _ in range(frame[0] * frame[1]) for code in (1, 4)], 5]  # 4 clears: codes stay 3 bits long
    bits = sum(code << 3 * place for place, code in enumerate(codes))
    data = bits.to_bytes(len(codes) * 3 // 8 + 1, "little")
    blocks = b"".join(bytes([len(part)]) + part for part in (data[i : i + 255] for i in range(0, len(data), 255)))
    descriptor = b"," + struct.pack("<HHHHB", 0, 0, *frame, 0x80 if palette else 0) + palette
    return (
        b"GIF89a"
        + struct.pack("<HHBBB", *screen, 0x80, 0, 0)
        + bytes([*BLACK, *RED])
        + control
        + descriptor
        + (b"\2" + blocks + b"\0;")
    )


def webp(canvas: tuple[int, int], flags: int, chunks: bytes) -> bytes:
    """An extended WebP with a canvas that it claims."""
    body = b"WEBPVP8X" + struct.pack("<I", 10) + bytes([flags, 0, 0, 0]) + _less_one(*canvas) + chunks
    return b"RIFF" + struct.pack("<I", len(body)) + body


def animated_webp(canvas: tuple[int, int]) -> bytes:
    """A frame of 16x16 at the canvas's top left."""
    frame = bytes(6) + _less_one(16, 16) + bytes(4) + encoded(plain(), "WEBP", lossless=True)[12:]
    return webp(canvas, 2, b"ANIM" + struct.pack("<I", 6) + bytes(6) + b"ANMF" + struct.pack("<I", len(frame)) + frame)


def _less_one(*sides: int) -> bytes:
    return b"".join((side - 1).to_bytes(3, "little") for side in sides)


def claiming(jpeg: bytes, width: int, height: int) -> bytes:
    """The JPEG with other sides in its header."""
    at = jpeg.index(b"\xff\xc0") + 5
    return jpeg[:at] + struct.pack(">HH", height, width) + jpeg[at + 4 :]


def with_scans(side: int, count: int) -> bytes:
    """A progressive JPEG whose last scan comes again and again."""
    jpeg = encoded(Image.new("L", (side, side), 128), "JPEG", progressive=True)
    last = jpeg[jpeg.rindex(b"\xff\xda") : -2]
    return jpeg[:-2] + last * (count - jpeg.count(b"\xff\xda")) + jpeg[-2:]


def filled(part: bytes) -> bytes:
    """As many of the part as a picture that is posted may have bytes."""
    return part * ((MAX_UPLOAD_BYTES - 2000) // len(part))


def long_text(length: int) -> bytes:
    """A chunk of PNG with a text that unpacks to more than Pillow takes."""
    return chunk(b"zTXt", b"k\0\0" + zlib.compress(bytes(length), 9))


def animation(format: str, **options: Any) -> bytes:
    return encoded(plain(), format, save_all=True, append_images=[plain(color="lime")], **options)


JPEG, PNG, GIF = encoded(plain(), "JPEG", quality=95), encoded(plain()), gif((4, 4), (4, 4))

GOOD: dict[str, tuple[bytes, tuple[int, int, int]]] = {
    "JPEG, progressive": (encoded(plain(), "JPEG", progressive=True), RED),
    "JPEG, gray": (encoded(plain("L", color=255), "JPEG"), WHITE),
    "JPEG, CMYK as Adobe writes it": (encoded(plain("CMYK", color=(0, 255, 255, 0)), "JPEG"), RED),
    "JPEG, of several pictures": (animation("MPO"), RED),
    "JPEG, the second of its pictures missing": (in_jpeg(JPEG, segment(0xE2, b"MPF\0" + bytes(40))), RED),
    "JPEG, with a page": (in_jpeg(JPEG, segment(0xFE, b"<html><script>")), RED),
    "JPEG, with more behind it": (JPEG + b"<html>" * 99, RED),
    "JPEG, with a film behind it": (JPEG + b"\xff\xda\xff\xe1" * 150, RED),
    "JPEG, with a color profile": (in_jpeg(JPEG, segment(0xE2, b"ICC_PROFILE\0\1\1" + bytes(60_000))), RED),
    **{f"PNG, gray of {bits} bits": (png((8, 1), bits, 0, b"\0" + b"\xff" * 16), WHITE) for bits in (1, 2, 4, 8, 16)},
    "PNG, gray with a transparent gray": (png((1, 1), 8, 0, b"\0\1", chunk(b"tRNS", b"\0\1")), WHITE),
    "PNG, RGB of 16 bits": (png((1, 1), 16, 2, b"\0\xff\xff\0\0\0\0"), RED),
    "PNG, RGB with a transparent color": (png((1, 1), 8, 2, b"\0\0\0\7", chunk(b"tRNS", b"\0\0\0\0\0\7")), WHITE),
    "PNG, RGBA of 16 bits": (png((1, 1), 16, 6, b"\0\xff\xff\0\0\0\0\xff\xff"), RED),
    "PNG, gray and alpha of 16 bits": (png((1, 1), 16, 4, b"\0\0\0\0\0"), WHITE),
    **{
        f"PNG, palette of {bits} bits": (png((1, 1), bits, 3, bytes([0, 1 << 8 - bits]), PALETTE), RED)
        for bits in (1, 8)
    },
    "PNG, palette with a transparent color": (png((1, 1), 4, 3, b"\0\0", PALETTE, chunk(b"tRNS", b"\0")), WHITE),
    "PNG, without its end": (ONE_PIXEL[:-12], RED),
    "PNG, with a BMP in it": (in_png(PNG, chunk(b"bmPx", encoded(plain(), "BMP"))), RED),
    "PNG, with what would be scans of a JPEG": (in_png(PNG, chunk(b"scAn", b"\xff\xda" * MOST_MARKERS * 2)), RED),
    "PNG, with a broken color profile": (in_png(PNG, chunk(b"iCCP", b"name\0\0broken")), RED),
    "PNG, with a text that unpacks to 20 MB": (in_png(PNG, long_text(20_000_000)), RED),
    "PNG, animated": (animation("PNG"), RED),
    "WebP, animated": (animation("WEBP", lossless=True), RED),
    "WebP, a frame smaller than the canvas": (animated_webp((40, 40)), RED),
    "WebP, lossless": (encoded(plain(), "WEBP", lossless=True), RED),
    "GIF, animated": (animation("GIF"), RED),
    "GIF, with a palette for the frame": (gif((4, 4), (4, 4), palette=bytes([*RED, *WHITE])), WHITE),
    "GIF, transparent": (gif((4, 4), (4, 4), transparent=1), WHITE),
    "GIF, a frame smaller than the screen": (gif((9, 9), (4, 4)), RED),
    "GIF, a frame larger than the screen": (gif((2, 2), (4, 4)), RED),
    "GIF, with a script behind it": (gif((4, 4), (4, 4)) + b"*/=1;alert(1)", RED),
}
"""With the pixel at the top left. A wrong one of JPEG is off by more than its losses."""

NOT_ACCEPTED = {
    "a page before a picture": b"<html>" + JPEG,
    "a byte order mark before a picture": b"\xef\xbb\xbf" + JPEG,
    "a line before a picture": b"\n" + PNG,
    "a picture that became text": PNG.replace(b"\r\n", b"\n"),
    "HEIC": b"\0\0\0\x18ftypheic" + bytes(99),
    "JPEG XL": b"\xff\x0a" + bytes(99),
    "JPEG XL in a box": b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(99),
    "Photoshop": b"8BPS\0\1" + bytes(99),
}
TOO_LARGE = {
    "JPEG of 65,500 pixels each way": claiming(JPEG, 65_500, 65_500),
    "JPEG of more pixels than bytes": claiming(JPEG, 4000, 4000),
    "JPEG of several pictures, of more pixels than bytes": claiming(animation("MPO"), 4000, 4000),
    "PNG of four thousand million each way": png((2**32 - 1, 2**32 - 1), 8, 2, b"\0"),
    "PNG that is too long": encoded(Image.new("1", (65_536, 1))),
    "PNG that is too high": encoded(Image.new("1", (1, 65_536))),
    "GIF on a screen of 65,535": gif((65_535, 65_535), (4, 4)),
    "animated WebP on a canvas of 16 million": animated_webp((2**24, 250)),
}
UNDECODABLE = {
    "JPEG without height": claiming(JPEG, 16, 0),
    "JPEG of 12 bits": JPEG.replace(b"\xff\xc0\0\x11\x08", b"\xff\xc1\0\x11\x0c"),
    "JPEG of hundreds of thousands of scans": with_scans(64, 300_000),
    "JPEG of hundreds of thousands of EXIF pieces": in_jpeg(JPEG, filled(segment(0xE1, b"Exif\0\0pieces"))),
    "PNG without sides": png((0, 0), 8, 2, b""),
    "PNG of three bits": png((1, 1), 3, 0, b"\0\0"),
    "PNG without its palette": png((1, 1), 8, 3, b"\0\0"),
    "PNG with a wrong checksum": PNG[:29] + b"\0\0\0\0" + PNG[33:],
    "GIF without a frame": gif((4, 4), (4, 4))[:19] + b";",
    "GIF with a frame of no size": gif((4, 4), (0, 0)),
    "GIF that is a script": b"GIF89a/*" + bytes(8) + b"*/=1;alert(1)",
    "WebP that is smaller than its canvas": webp((4000, 4000), 0, encoded(plain(), "WEBP", lossless=True)[12:]),
}

HEAVY: dict[str, Callable[[], bytes]] = {
    "PNG, turned": lambda: encoded(plain("RGBA", (4000, 4000), (255, 0, 0, 128)), exif=exif(orientation(6))),
    "PNG, long": lambda: encoded(plain("RGBA", (183, 65_535), (255, 0, 0, 128)), exif=exif(orientation(6))),
    "PNG, just not reduced": lambda: encoded(plain("RGBA", (2047, 5860), (255, 0, 0, 128)), exif=exif(orientation(8))),
    "PNG of 16 bits": lambda: encoded(plain("I;16", (2047, 5860), 4000)),
    "PNG of parts": lambda: in_png(PNG, filled(chunk(b"tEXt", b""))),
    "WebP": lambda: encoded(plain("RGBA", (4000, 4000), (255, 0, 0, 128)), "WEBP", lossless=True),
    "GIF": lambda: encoded(plain("P", (65_535, 183), 1), "GIF", transparency=0),
    "GIF of comments": lambda: GIF[:19] + filled(b"!\xfe\1.\0") + GIF[19:],
    "JPEG, CMYK": lambda: encoded(plain("CMYK", (4000, 4000), (9, 9, 9, 9)), "JPEG", progressive=True),
    "JPEG of scans": lambda: with_scans(2000, MOST_MARKERS),
    "JPEG of pieces": lambda: in_jpeg(JPEG, segment(0xE1, b"Exif\0\0" + bytes(17_000)) * MOST_MARKERS),
    "JPEG of comments": lambda: in_jpeg(JPEG, filled(segment(0xFE, b""))),
}
"""What takes the most time and memory of all that is decoded."""

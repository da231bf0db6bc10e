import io
import struct
import zlib
from typing import Any

import numpy as np
import pytest
from corpus_pictures import exif, orientation
from handler_helpers import encoded
from picture import MAX_PIXELS, decode
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from problems import Problem

RED = (255, 0, 0)


def code_of(data: bytes) -> str:
    with pytest.raises(Problem) as caught:
        decode(data)
    return caught.value.code


def pixel(data: bytes, x: int = 0, y: int = 0) -> list[int]:
    return [int(value) for value in decode(data)[y, x]]


def noise(width: int, height: int) -> Image.Image:
    random = np.random.default_rng(1)
    return Image.fromarray(random.integers(0, 256, (height, width, 3), dtype=np.uint8))


def png(width: int, height: int, rows: int, bits: int = 8, color: int = 0, value: int = 0, more: bytes = b"") -> bytes:
    """A PNG with valid checksums that claims more rows than it holds: gray, or of another color type.

    `value` fills the rows; `more` are chunks before the data.
    """

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, bits, color, 0, 0, 0)
    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[color]
    row = b"\0" + bytes([value]) * ((width * bits * channels + 7) // 8)
    body = chunk(b"IHDR", header) + more + chunk(b"IDAT", zlib.compress(row * rows, 9)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


@pytest.mark.parametrize("format", ["JPEG", "MPO", "PNG", "WEBP", "GIF"])
def test_the_four_formats_and_jpegs_of_several_pictures(format: str) -> None:
    image = decode(encoded(Image.new("RGB", (30, 20), RED), format))
    assert image.shape == (20, 30, 3)
    assert image.dtype == np.uint8
    assert np.abs(image.astype(int) - RED).max() < 5


@pytest.mark.parametrize(
    ("mode", "color", "rgb"),
    [
        ("1", 1, [255, 255, 255]),
        ("L", 100, [100, 100, 100]),
        ("I;16", 40_000, [156, 156, 156]),
        ("LA", (0, 0), [255, 255, 255]),
        ("RGBA", (255, 0, 0, 0), [255, 255, 255]),
        ("RGBA", (255, 0, 0, 255), [255, 0, 0]),
        ("RGBA", (0, 0, 0, 51), [204, 204, 204]),
    ],
)
def test_modes_become_rgb_on_white(mode: str, color: Any, rgb: list[int]) -> None:
    assert pixel(encoded(Image.new(mode, (4, 4), color))) == rgb


def test_cmyk() -> None:
    red, green, blue = pixel(encoded(Image.new("CMYK", (16, 16), (0, 255, 255, 0)), "JPEG"))
    assert (red > 240, green < 15, blue < 15) == (True, True, True)


def test_a_palette_with_a_transparent_color() -> None:
    image = Image.new("P", (2, 1))
    image.putpalette([0, 0, 0, *RED])
    image.putpixel((1, 0), 1)
    data = encoded(image, "GIF", transparency=0)
    assert (pixel(data), pixel(data, x=1)) == ([255, 255, 255], [*RED])


CORNERS = {"top left": (0, 0), "top right": (0, -1), "bottom left": (-1, 0), "bottom right": (-1, -1)}


def with_exif(data: bytes, format: str = "PNG") -> bytes:
    """Wider than high, and red at the top left."""
    image = Image.new("RGB", (40, 20))
    image.paste(RED, (0, 0, 20, 10))
    return encoded(image, format, exif=b"Exif\0\0" + data)


@pytest.mark.parametrize(
    ("value", "corner", "shape"),
    [
        (0, "top left", (20, 40, 3)),
        (1, "top left", (20, 40, 3)),
        (2, "top right", (20, 40, 3)),
        (3, "bottom right", (20, 40, 3)),
        (4, "bottom left", (20, 40, 3)),
        (5, "top left", (40, 20, 3)),
        (6, "top right", (40, 20, 3)),
        (7, "bottom right", (40, 20, 3)),
        (8, "bottom left", (40, 20, 3)),
        (9, "top left", (20, 40, 3)),
    ],
)
@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
def test_pictures_come_out_upright(format: str, value: int, corner: str, shape: tuple[int, int, int]) -> None:
    turned = decode(with_exif(exif(orientation(value)), format))
    assert turned.shape == shape
    assert {name for name, at in CORNERS.items() if turned[at][0] > 200} == {corner}


TURNED, NOT_TURNED = (40, 20, 3), (20, 40, 3)
TEXT = b"abc\0"


@pytest.mark.parametrize(
    ("data", "shape"),
    [
        (b"", NOT_TURNED),
        (b"no EXIF", NOT_TURNED),
        (exif(orientation(6))[:14], NOT_TURNED),
        (exif(orientation(6)).replace(b"\x08\0\0\0", b"\xff\xff\0\0", 1), NOT_TURNED),
        (exif((0x0112, 2, TEXT)), NOT_TURNED),
        (exif(orientation(6), (0x011A, 2, TEXT)), TURNED),
        (exif(orientation(6), (0xA005, 2, TEXT)), TURNED),
        (exif(orientation(6), (0x8769, 4, b"\x08\0\0\0")), TURNED),
        (exif(*[orientation(6)] * 500), TURNED),
    ],
    ids=["none", "other", "cut", "far", "text", "bad resolution", "bad directory", "loop", "many"],
)
@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
def test_a_good_picture_with_damaged_exif(format: str, data: bytes, shape: tuple[int, int, int]) -> None:
    assert decode(with_exif(data, format)).shape == shape


@pytest.mark.parametrize("format", ["GIF", "WEBP", "PNG"])
def test_of_an_animation_the_first_frame(format: str) -> None:
    frames = [Image.new("RGB", (8, 8), color) for color in ("red", "lime", "blue")]
    data = encoded(frames[0], format, save_all=True, append_images=frames[1:], lossless=True)
    assert pixel(data) == [*RED]


@pytest.mark.parametrize("format", ["BMP", "TIFF", "ICO", "PDF", "EPS", "JPEG2000", "AVIF", "PPM"])
def test_other_formats_of_pillow_are_not_tried(format: str) -> None:
    assert code_of(encoded(Image.new("RGB", (16, 16)), format)) == "unsupported-image"


@pytest.mark.parametrize(
    "data",
    [b"", b"\xff", b"<html>", b"<svg/>", b"%PDF-1.7", b"%!PS", b"RIFF0000WAVE", b"GIF90a" + bytes(99), b"\0" * 99],
)
def test_other_bytes_are_no_picture(data: bytes) -> None:
    assert code_of(data) == "unsupported-image"


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "GIF"])
@pytest.mark.parametrize("share", [0.05, 0.5, 0.95])
def test_a_truncated_picture(format: str, share: float) -> None:
    data = encoded(noise(64, 64), format)
    assert code_of(data[: int(len(data) * share)]) == "undecodable-image"


@pytest.mark.parametrize("data", [b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF89a", b"RIFF\x04\0\0\0WEBP"])
def test_a_signature_alone(data: bytes) -> None:
    assert code_of(data) == "undecodable-image"


def test_a_damaged_picture() -> None:
    data = bytearray(encoded(noise(64, 64)))
    data[200:300] = bytes(100)
    assert code_of(bytes(data)) == "undecodable-image"


def test_sixteen_million_pixels_are_enough() -> None:
    side = int(MAX_PIXELS**0.5)
    assert decode(encoded(Image.new("1", (side, side)))).ndim == 3
    assert code_of(encoded(Image.new("1", (side, side + 1)))) == "image-too-large"
    assert code_of(encoded(Image.new("1", (13_000, 13_000)))) == "image-too-large"


@pytest.mark.parametrize(
    ("mode", "format"), [("RGB", "PNG"), ("P", "PNG"), ("L", "GIF"), ("L", "JPEG"), ("RGB", "WEBP")]
)
def test_the_emptiest_picture_of_the_full_size_is_one(mode: str, format: str) -> None:
    options: dict[str, Any] = {"lossless": True} if format == "WEBP" else {"optimize": True}
    data = encoded(Image.new(mode, (4000, 4000)), format, **options)
    assert decode(data).shape == (2000, 2000, 3)


def test_more_pixels_than_the_bytes_can_hold() -> None:
    bomb = png(4000, 4000, rows=1)
    assert len(bomb) < 100
    assert code_of(bomb) == "image-too-large"
    assert code_of(png(4000, 4000, rows=1, bits=1)) == "image-too-large"


PNG_KINDS = [(1, 0), (8, 0), (16, 0), (8, 2), (16, 2), (4, 3), (8, 3), (8, 4), (8, 6), (16, 6)]
PALETTE = struct.pack(">I4s", 768, b"PLTE") + bytes(768) + struct.pack(">I", zlib.crc32(b"PLTE" + bytes(768)))


@pytest.mark.parametrize(("bits", "color"), PNG_KINDS)
@pytest.mark.parametrize("value", [0, 0x55])
def test_a_png_whose_data_ends_early_as_if_that_were_all(bits: int, color: int, value: int) -> None:
    """Pillow leaves the rest black, and says nothing. A picture that is black to its end is no such one."""
    palette = PALETTE if color == 3 else b""
    for rows in (0, 10, 63):
        assert code_of(png(64, 64, rows, bits, color, value, palette)) == "undecodable-image"
    for rows in (64, 65):
        assert decode(png(64, 64, rows, bits, color, value, palette)).shape == (64, 64, 3)


def interlaced(rows: tuple[int, ...]) -> bytes:
    """A gray 5x3 PNG of seven passes, with so many rows in each, of the bytes that they need."""
    widths = (1, 1, 2, 1, 3, 2, 5)
    data = b"".join(b"\0" * (1 + width) * count for width, count in zip(widths, rows, strict=True))
    whole = png(5, 3, 0)
    header = whole[12:28] + b"\1"
    start = whole[:8] + whole[8:12] + header + struct.pack(">I", zlib.crc32(header))
    packed = b"IDAT" + zlib.compress(data)
    end = b"\0\0\0\0IEND" + struct.pack(">I", zlib.crc32(b"IEND"))
    return start + struct.pack(">I", len(packed) - 4) + packed + struct.pack(">I", zlib.crc32(packed)) + end


def test_an_interlaced_png_needs_all_its_passes() -> None:
    assert decode(interlaced((1, 1, 0, 1, 1, 2, 1))).shape == (3, 5, 3)
    assert code_of(interlaced((1, 1, 0, 1, 1, 2, 0))) == "undecodable-image"
    assert code_of(interlaced((1, 1, 0, 1, 0, 0, 0))) == "undecodable-image"


@pytest.mark.parametrize("zip", [True, False], ids=["compressed", "plain"])
def test_a_png_with_a_long_comment(zip: bool) -> None:
    """Pillow takes 1 MB of a compressed one."""
    texts = PngInfo()
    texts.add_text("Comment", "x" * 2_000_000, zip=zip)
    texts.add_itxt("Title", "y" * 2_000_000, zip=zip)
    assert pixel(encoded(Image.new("RGB", (4, 4), RED), pnginfo=texts)) == [*RED]
    damaged = encoded(noise(64, 64), pnginfo=texts)
    assert code_of(damaged[:-5000]) == "undecodable-image"


@pytest.mark.parametrize("progressive", [True, False])
def test_a_large_jpeg_that_is_cut_early_is_damaged_and_not_too_large(progressive: bool) -> None:
    data = encoded(Image.linear_gradient("L").resize((4000, 3500)), "JPEG", progressive=progressive)
    for length in (400, 1000, 5000, len(data) // 2):
        assert code_of(data[:length]) == "undecodable-image"


def test_half_the_rows_of_a_colored_picture() -> None:
    whole = encoded(Image.new("RGB", (4000, 2000), RED))
    claims_double = whole[:20] + struct.pack(">I", 4000) + whole[24:]
    header = claims_double[12:29]
    claims_double = claims_double[:29] + struct.pack(">I", zlib.crc32(header)) + claims_double[33:]
    assert Image.open(io.BytesIO(claims_double)).size == (4000, 4000)
    assert code_of(claims_double) == "image-too-large"


@pytest.mark.parametrize(
    ("width", "height", "reduced"),
    [
        (2047, 5000, (5000, 2047)),
        (2048, 5000, (2500, 1024)),
        (5001, 2049, (1025, 2501)),
        (3500, 4095, (2048, 1750)),
        (15_900, 1000, (500, 7950)),
    ],
)
@pytest.mark.parametrize("format", ["JPEG", "PNG"])
def test_a_large_picture_comes_out_smaller_but_never_small(
    width: int, height: int, reduced: tuple[int, int], format: str
) -> None:
    assert decode(encoded(Image.new("RGB", (width, height)), format)).shape == (*reduced, 3)


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "GIF"])
def test_a_pixel_of_a_reduced_picture_is_the_mean_of_those_it_stands_for(format: str) -> None:
    image = Image.new("RGB", (2100, 2048))
    image.paste((200, 200, 200), (0, 1001, 2100, 2048))
    reduced = decode(encoded(image, format)).astype(int)
    assert reduced.shape == (1024, 1050, 3)
    rows = reduced.mean(axis=(1, 2))
    assert (rows[:498].max() < 5, rows[503:].min() > 195) == (True, True)
    assert 90 < rows[500] < 110  # its two rows are a black and a light one


def test_a_large_picture_comes_out_upright() -> None:
    image = Image.new("RGB", (3000, 2048))
    image.paste(RED, (0, 0, 1500, 2048))
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned a quarter clockwise
    for format in ("JPEG", "PNG"):
        turned = decode(encoded(image, format, exif=exif))
        assert turned.shape == (1500, 1024, 3)
        assert (turned[0, 0, 0] > 250, turned[1499, 0, 0] < 5) == (True, True)


@pytest.mark.parametrize("share", [0.05, 0.5, 0.95])
def test_a_large_picture_that_is_truncated(share: float) -> None:
    data = encoded(noise(2048, 2048), "JPEG")
    assert code_of(data[: int(len(data) * share)]) == "undecodable-image"


def test_a_large_palette_picture_and_a_transparent_one() -> None:
    clear = Image.new("RGBA", (2048, 2048), (255, 0, 0, 0))
    assert pixel(encoded(clear)) == [255, 255, 255]
    palette = Image.new("P", (2048, 2048), 1)
    palette.putpalette([0, 0, 0, *RED])
    assert pixel(encoded(palette, "GIF")) == [*RED]

"""A picture's bytes to pixels, whatever the bytes are.

JPEG, PNG, WebP and GIF, told by their content. Not AVIF and HEIC: their decoders are large, young, and do not
come with every Pillow. Pictures come out upright (EXIF), in RGB, on white where they are transparent; of an
animation the first frame. CMYK, gray, palette and 16-bit pictures are converted; color profiles are ignored.
Large pictures come out smaller, at a half or a quarter of their size, as far as no detector misses what is lost.
"""

from __future__ import annotations

import warnings
from io import BytesIO

import numpy as np
import png
from numpy.typing import NDArray
from PIL import ExifTags, Image
from problems import Problem

MAX_PIXELS = 16_000_000
"""In float32 RGB, which detectors take, 192 MB."""
MAX_SIDE = 65_535
"""What JPEG and GIF can have. Thinner pictures of other formats take more memory for their rows than for pixels."""
LEAST_SIDE = 1024
"""Pixels that the shorter side of a picture keeps when it is reduced: detectors work at 300 to 640."""
MOST_PIXELS = 12_000_000
"""A reduced picture has no more, even if its shorter side must fall below LEAST_SIDE: it is a strip then."""

MOST_MARKERS = 250
"""Scans of a JPEG, or pieces of its EXIF. Ten are many, and 8 MiB of anything behind the picture look like 128; but
hundreds of thousands fit in, and each scan of 20 bytes goes over all pixels, each piece copies those before it."""

_SIGNATURES = {
    "JPEG": (b"\xff\xd8\xff",),
    "PNG": (png.SIGNATURE,),
    "GIF": (b"GIF87a", b"GIF89a"),
    "WEBP": (b"RIFF",),
}

# Pillow fills up what a PNG or JPEG that ends early leaves open, so that 84 bytes can claim 16 million
# pixels. These are the most pixels that a byte can truly hold: deflate unpacks a byte to at most 1032, or
# 8256 one-bit pixels; a 12-bit LZW code of GIF stands for at most 4096; progressive JPEG spends at least a
# bit on a block of 64. One-color pictures of 4000x4000, the emptiest there are, stay below (7913, 1234 and
# 255). WebP needs no bound: its decoder refuses what ends early.
_PIXELS_PER_BYTE = {"PNG": 8 * 1032, "GIF": 4096 * 8 // 12, "JPEG": 64 * 8}
_PNG_BITS_PER_PIXEL = {"RGB": 24, "RGBA": 32, "LA": 16, "I;16": 16}
"""Where it is certain; other modes may have 1."""
_SCAN, _END = b"\xff\xda", b"\xff\xd9"
"""Markers of JPEG."""
_COSTLY_MARKERS = (_SCAN, b"\xff\xe1")
"""A scan and a piece of EXIF."""
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""By EXIF's orientation. The others, 1 among them, need none."""


def decode(data: bytes) -> NDArray[np.uint8]:
    """The picture as RGB [H, W, 3]. Raises Problem unsupported-, undecodable- or too-large."""
    format = _format(data)
    if format == "JPEG" and max(map(data.count, _COSTLY_MARKERS)) > MOST_MARKERS:
        raise Problem("undecodable-image", "too many scans or pieces of EXIF")
    if format == "WEBP":
        # Pillow knows WebP from its start only when asked to load every plugin, AVIF's 5 MB library among them.
        from PIL import WebPImagePlugin  # noqa: F401
    Image.MAX_IMAGE_PIXELS = None  # Pillow's own limit is a warning, and those are no matter of one thread
    warnings.filterwarnings("ignore", module="PIL")  # of damage that did not matter, in lines amid the log's
    try:
        return _decoded(data, format)
    except Problem as problem:
        bare = png.without_texts(data) if format == "PNG" and problem.__cause__ else data
        if bare is data:
            raise
    return _decoded(bare, format)  # Pillow gives up over comments that unpack to 1 MB


def _decoded(data: bytes, format: str) -> NDArray[np.uint8]:
    try:
        with Image.open(BytesIO(data), formats=[format]) as image:
            _check_size(image, format, data)
            pixels = np.asarray(_reduced(image))
            if format == "PNG" and _may_lack_rows(image, data) and not png.is_complete(data):
                raise Problem("undecodable-image", "rows are missing")
            return pixels
    except Problem:
        raise
    except Exception as error:  # Pillow's decoders raise nearly anything on damaged data
        raise Problem("undecodable-image") from error


def _may_lack_rows(image: Image.Image, data: bytes) -> bool:
    """Whether the end is as Pillow leaves what no data reaches, all zeros; only then it is worth to count the data."""
    last = image.crop((0, image.height - 1, image.width, image.height))
    return png.is_interlaced(data) or not np.asarray(last).any()


def _format(data: bytes) -> str:
    for format, signatures in _SIGNATURES.items():
        if data.startswith(signatures) and (format != "WEBP" or data[8:12] == b"WEBP"):
            return format
    raise Problem("unsupported-image", "by its content")


def _check_size(image: Image.Image, format: str, data: bytes) -> None:
    if image.width * image.height > MAX_PIXELS or max(image.size) > MAX_SIDE:
        raise Problem("image-too-large", "pixels")
    pixels_per_byte = _PIXELS_PER_BYTE.get(format)
    if pixels_per_byte is None:
        return
    bits = _PNG_BITS_PER_PIXEL.get(image.mode, 1) if format == "PNG" else 1
    if image.width * image.height * bits > len(data) * pixels_per_byte:
        is_cut = format == "JPEG" and data.rfind(_END) <= data.rfind(_SCAN)
        raise Problem("undecodable-image" if is_cut else "image-too-large", "more pixels than its bytes can hold")


def _reduced(image: Image.Image) -> Image.Image:
    """The picture upright in RGB, at the smallest scale that the two limits allow.

    JPEG is decoded at the smaller scale, which makes each pixel the mean of those it stands for; of other formats
    that mean is taken afterwards. Models resize by picking pixels, so they lose more where there are more.
    """
    factor = _factor(*image.size)
    if factor > 1 and image.draft(None, (image.width // factor, image.height // factor)):
        factor = 1
    rgb = _rgb(image)
    reduced = rgb.reduce(factor) if factor > 1 else rgb
    turn = _turn(image)
    return reduced if turn is None else reduced.transpose(turn)


def _turn(image: Image.Image) -> Image.Transpose | None:
    """What makes the picture upright; None when it is, or when its EXIF does not say."""
    try:
        return _TURNS.get(image.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:  # EXIF is damaged more often than pictures, which are good without it
        return None


def _factor(width: int, height: int) -> int:
    """The power of two to divide both sides by, as JPEG's decoder can."""
    factor = 1
    while min(width, height) >= 2 * factor * LEAST_SIDE or width * height > factor**2 * MOST_PIXELS:
        factor *= 2
    return factor


def _rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I;16"):  # convert() would clip it to white
        return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8)).convert("RGB")
    if not image.has_transparency_data:
        return image.convert("RGB")
    rgba = image.convert("RGBA")
    white = Image.new("RGB", image.size, "white")
    white.paste(rgba, mask=rgba.getchannel("A"))
    return white

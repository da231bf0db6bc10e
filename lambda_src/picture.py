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
from numpy.typing import NDArray
from PIL import Image, ImageOps
from problems import Problem

MAX_PIXELS = 16_000_000
"""In float32 RGB, which detectors take, 192 MB."""
LEAST_SIDE = 1024
"""Pixels that the shorter side of a picture keeps when it is reduced: detectors work at 300 to 640."""
MOST_PIXELS = 12_000_000
"""A reduced picture has no more, even if its shorter side must fall below LEAST_SIDE: it is a strip then."""

_SIGNATURES = {
    "JPEG": (b"\xff\xd8\xff",),
    "PNG": (b"\x89PNG\r\n\x1a\n",),
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


def decode(data: bytes) -> NDArray[np.uint8]:
    """The picture as RGB [H, W, 3]. Raises Problem unsupported-, undecodable- or too-large."""
    format = _format(data)
    Image.MAX_IMAGE_PIXELS = None  # Pillow's own limit is a warning, and those are no matter of one thread
    warnings.filterwarnings("ignore", module="PIL")  # of damage that did not matter, in lines amid the log's
    try:
        with Image.open(BytesIO(data), formats=[format]) as image:
            _check_size(image, len(data))
            return np.asarray(_reduced(image))
    except Problem:
        raise
    except Exception as error:  # Pillow's decoders raise nearly anything on damaged data
        raise Problem("undecodable-image") from error


def _format(data: bytes) -> str:
    for format, signatures in _SIGNATURES.items():
        if data.startswith(signatures) and (format != "WEBP" or data[8:12] == b"WEBP"):
            return format
    raise Problem("unsupported-image", "by its content")


def _check_size(image: Image.Image, size: int) -> None:
    if image.width * image.height > MAX_PIXELS:
        raise Problem("image-too-large", "pixels")
    pixels_per_byte = _PIXELS_PER_BYTE.get(image.format or "")
    if pixels_per_byte is None:
        return
    bits = _PNG_BITS_PER_PIXEL.get(image.mode, 1) if image.format == "PNG" else 1
    if image.width * image.height * bits > size * pixels_per_byte:
        raise Problem("image-too-large", "more pixels than its bytes can hold")


def _reduced(image: Image.Image) -> Image.Image:
    """The picture upright in RGB, at the smallest scale that the two limits allow.

    JPEG is decoded at the smaller scale, which makes each pixel the mean of those it stands for; of other formats
    that mean is taken afterwards. Models resize by picking pixels, so they lose more where there are more.
    """
    factor = _factor(*image.size)
    if factor > 1 and image.draft(None, (image.width // factor, image.height // factor)):
        factor = 1
    ImageOps.exif_transpose(image, in_place=True)
    rgb = _rgb(image)
    return rgb.reduce(factor) if factor > 1 else rgb


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

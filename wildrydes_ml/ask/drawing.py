"""Draws the boxes of detections on pictures, as the function's page does."""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, count
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from ..errors import SettingsError, WildrydesError, naming
from .pictures import is_url

# The page's, for the first detection, the second, and so on.
COLORS = ("#ffd166", "#5ce1e6", "#ff9ecb", "#a8e05f", "#ffab70", "#c8b6ff")
_TEXT, _EDGE = "#111111", "#555555"
_LONGEST_STEM = 100


def destinations(save: str, arguments: Sequence[str], pictures: Sequence[str]) -> list[Path]:
    """The file for each picture's copy: `save` is a file for one picture, a directory for a folder or several pictures.

    In a directory the copies are named after the pictures, NAME.png; equal names get a number. Raises SettingsError
    when a directory is needed and `save` is a file, when a copy would overwrite a picture, and without Pillow.
    """
    writable = _writable_extensions()
    if not _is_a_file_name(save):
        targets = [Path(save) / name for name in _names(pictures)]
    elif len(arguments) == 1 and not os.path.isdir(arguments[0]):
        targets = [Path(save)]
    else:
        raise SettingsError([f"--save {save} is a file, for one picture only: name a directory, {_as_directory(save)}"])
    if targets[0].suffix.lower() not in writable:
        raise SettingsError([f"--save {save}: Pillow cannot write this format; use a name that ends in .png"])
    originals = {Path(picture).resolve() for picture in pictures if not is_url(picture)}
    for target in targets:
        if target.resolve() in originals:
            raise SettingsError([f"--save {save} would overwrite the picture {target}: use another name"])
    return targets


def draw(picture: Path | IO[bytes], detections: Sequence[Mapping[str, Any]], to: Path) -> None:
    """Saves a copy of the picture, upright and on white, with boxes, labels and scores; creates the directory.

    Boxes are [ymin, xmin, ymax, xmax] in 0..1 of the upright picture. Raises WildrydesError when the picture cannot
    be decoded, or the copy cannot be written.
    """
    from PIL import Image

    try:
        with Image.open(picture) as opened:
            image = upright_on_white(opened)
        _draw_boxes(image, detections)
        to.parent.mkdir(parents=True, exist_ok=True)
        with naming(to):
            image.save(to)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise WildrydesError(f"the boxes were not drawn: {_why(error)}") from error


def _why(error: Exception) -> str:
    from PIL import UnidentifiedImageError

    if isinstance(error, UnidentifiedImageError):
        return "Pillow cannot read the picture"
    return f"{error.filename}: {error.strerror}" if isinstance(error, OSError) and error.filename else str(error)


def _is_a_file_name(save: str) -> bool:
    return Path(save).suffix != "" and not save.endswith(("/", os.sep)) and not os.path.isdir(save)


def _as_directory(save: str) -> str:
    return f"{os.path.splitext(save)[0]}/"


def _writable_extensions() -> set[str]:
    try:
        from PIL import Image
    except ImportError as error:
        raise SettingsError(["--save needs Pillow; run: pip install 'wildrydes_ml[draw]'"]) from error
    return {extension for extension, format in Image.registered_extensions().items() if format in Image.SAVE}


def _names(pictures: Sequence[str]) -> Iterator[str]:
    # Compared without case, since some file systems do.
    taken = set[str]()
    for picture in pictures:
        stem = _stem(picture)
        numbered = chain([stem], (f"{stem}-{number}" for number in count(2)))
        name = next(name for name in numbered if name.casefold() not in taken)
        taken.add(name.casefold())
        yield f"{name}.png"


def _stem(picture: str) -> str:
    if not is_url(picture):
        return Path(picture).stem
    parts = urlsplit(picture)
    return re.sub(r"[^\w.-]", "_", Path(parts.path).stem or parts.netloc)[:_LONGEST_STEM]


def upright_on_white(opened: Any) -> Any:
    from PIL import Image, ImageOps

    upright = ImageOps.exif_transpose(opened)
    if upright.mode.startswith("I;16"):  # convert() would clip it to white
        upright = upright.point(lambda value: value / 256).convert("L")
    if not upright.has_transparency_data:
        return upright.convert("RGB")
    seen = upright.convert("RGBA")
    image = Image.new("RGB", seen.size, "white")
    image.paste(seen, mask=seen.getchannel("A"))
    return image


def _draw_boxes(image: Any, detections: Sequence[Mapping[str, Any]]) -> None:
    from PIL import ImageDraw, ImageFont

    pen = ImageDraw.Draw(image)
    line = max(2, min(image.size) // 150)
    size = max(12, min(image.size) // 28)
    font = ImageFont.load_default(size)
    # The best one is drawn last, on top.
    for number, item in reversed(list(enumerate(detections))):
        top, left, bottom, right = item["box"]
        x0, x1 = sorted((left * image.width, right * image.width))
        y0, y1 = sorted((top * image.height, bottom * image.height))
        color = COLORS[number % len(COLORS)]
        pen.rectangle((x0 - 1, y0 - 1, x1 + 1, y1 + 1), outline=_EDGE, width=line + 2)
        pen.rectangle((x0, y0, x1, y1), outline=color, width=line)
        text = f" {item['label']} {item['score']:.0%} "
        plate = _plate(image, (x0, y0, x1, y1), pen.textlength(text, font=font), 1.4 * size)
        pen.rectangle(plate, fill=color)
        pen.text((plate[0], (plate[1] + plate[3]) / 2), text, fill=_TEXT, font=font, anchor="lm")


def _plate(image: Any, box: tuple[float, ...], width: float, height: float) -> tuple[float, float, float, float]:
    """Where a label of this size goes: above its box's corner, or as near to that as the picture's edges let it."""
    x = max(0.0, min(box[0], image.width - width))
    y = max(0.0, box[1] - height)
    return x, y, x + width, y + height

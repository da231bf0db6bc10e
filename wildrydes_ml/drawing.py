"""A picture with the boxes of its detections drawn on it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .errors import SettingsError

_COLORS = {True: "#d6187f", False: "#1769aa"}


def draw(picture: Path, detections: Sequence[Mapping[str, Any]], label: str, to: Path) -> None:
    """Saves a copy of the picture with boxes and labels; boxes with the wanted `label` stand out.

    Boxes are [ymin, xmin, ymax, xmax] in 0..1 of the upright picture. Raises SettingsError without Pillow.
    """
    try:
        from PIL import Image, ImageDraw, ImageFont, ImageOps
    except ImportError as error:
        raise SettingsError(["--save needs Pillow: pip install 'wildrydes_ml[draw]'"]) from error
    with Image.open(picture) as opened:
        image = ImageOps.exif_transpose(opened).convert("RGB")
    pen = ImageDraw.Draw(image)
    thick = max(2, min(image.size) // 150)
    font = ImageFont.load_default(size=max(12, min(image.size) // 28))
    # The best one is drawn last, on top.
    for item in reversed(detections):
        top, left, bottom, right = item["box"]
        corners = (left * image.width, top * image.height, right * image.width, bottom * image.height)
        color = _COLORS[item["label"] == label]
        pen.rectangle(corners, outline=color, width=thick)
        text = f" {item['label']} {item['score']:.2f} "
        place = pen.textbbox((corners[0], corners[1]), text, font=font)
        pen.rectangle(place, fill=color)
        pen.text((corners[0], corners[1]), text, fill="white", font=font)
    try:
        image.save(to)
    except ValueError as error:
        raise SettingsError([f"--save {to}: Pillow writes no such format; end the name in .png"]) from error

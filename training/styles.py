"""How a drawing becomes pixels: fills, edges, palettes, and the finish of a picture.

Colors are RGB triples 0..255. Every function takes the picture's own random generator, so that a seed fixes
the picture.
"""

from __future__ import annotations

import colorsys
import io
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from PIL import Image, ImageDraw, ImageFilter
from shapes import Drawing, Part, Points

Color = tuple[int, int, int]
Palette = dict[str, Color]

COATS: tuple[Color, ...] = (
    (250, 248, 245),
    (120, 72, 40),
    (60, 42, 32),
    (30, 28, 30),
    (190, 140, 90),
    (170, 165, 165),
    (225, 190, 150),
    (245, 200, 215),
    (200, 190, 240),
)


@dataclass(frozen=True)
class Style:
    """`fill` is solid, gradient, hatch or none; `edge` is the line's width, a share of the picture's side."""

    fill: str = "solid"
    edge: float = 0.0
    passes: int = 1  # lines drawn over each other
    wobble: float = 0.0  # how far each pass strays, as a share of the picture
    silhouette: bool = False  # one color for the whole thing
    colored_line: bool = False
    dark_paper: bool = False


STYLES: dict[str, Style] = {
    "flat": Style(),
    "flat outline": Style(edge=0.006),
    "bold outline": Style(edge=0.014),
    "outline": Style("none", 0.008),
    "colored line": Style("none", 0.009, colored_line=True),
    "sketch": Style("none", 0.004, passes=3, wobble=0.006),
    "colored sketch": Style("solid", 0.004, passes=2, wobble=0.007),
    "gradient": Style("gradient"),
    "gradient outline": Style("gradient", 0.006),
    "hatch": Style("hatch", 0.006),
    "chalk": Style("none", 0.010, passes=2, wobble=0.004, colored_line=True, dark_paper=True),
    "silhouette": Style(silhouette=True),
    "watercolor": Style("gradient", wobble=0.006),
}


def random_color(rng: Generator, light: tuple[float, float] = (0.15, 0.95), vivid: float = 1.0) -> Color:
    rgb = colorsys.hls_to_rgb(rng.random(), rng.uniform(*light), rng.uniform(0.1, 0.95) * vivid)
    return int(rgb[0] * 255), int(rgb[1] * 255), int(rgb[2] * 255)


def mix(a: Color, b: Color, share: float) -> Color:
    return tuple(round(x * (1 - share) + y * share) for x, y in zip(a, b, strict=True))  # type: ignore[return-value]


def luminance(color: Color) -> float:
    return (0.3 * color[0] + 0.59 * color[1] + 0.11 * color[2]) / 255


def palette(rng: Generator, paper: Color, natural: bool) -> Palette:
    """Colors of one thing, the main one never lost on the paper."""
    for _ in range(20):
        main = COATS[rng.integers(len(COATS))] if natural and rng.random() < 0.6 else random_color(rng)
        if sum(abs(x - y) for x, y in zip(main, paper, strict=True)) > 110:
            break
    dark = (40, 30, 35) if luminance(main) > 0.25 else (235, 230, 225)
    return {
        "main": main,
        "shade": mix(main, (0, 0, 0), rng.uniform(0.08, 0.3)),
        "dark": dark,
        "light": (240, 236, 225),
        "second": random_color(rng),
        "accent": random_color(rng, vivid=1.0),
        "hair": random_color(rng) if rng.random() < 0.7 else mix(main, dark, 0.5),
        "horn": (236, 205, 110) if rng.random() < 0.6 else random_color(rng, (0.5, 0.9)),
    }


def _wobbled(rng: Generator, polygon: Points, reach: float) -> Points:
    if reach == 0:
        return polygon
    count = len(polygon)
    coarse = rng.normal(0, reach, (max(3, count // 4), 2))
    drift = np.stack(
        [np.interp(np.linspace(0, len(coarse) - 1, count), np.arange(len(coarse)), c) for c in coarse.T],
        axis=1,
    )
    wobbled: Points = polygon + drift
    return wobbled


def flat(polygon: Points) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in polygon]


def _silhouette(size: tuple[int, int], polygons: list[Points]) -> Image.Image:
    mask = Image.new("L", size)
    draw = ImageDraw.Draw(mask)
    for polygon in polygons:
        draw.polygon(flat(polygon), fill=255)
    return mask


def _line_mask(size: tuple[int, int], polygons: list[Points], width: int) -> Image.Image:
    """The outer line of overlapping polygons: draw every line, then empty every inside."""
    mask = Image.new("L", size)
    draw = ImageDraw.Draw(mask)
    for polygon in polygons:
        points = flat(polygon)
        draw.line([*points, points[0], points[1]], fill=255, width=2 * width, joint="curve" if width > 2 else None)
    for polygon in polygons:
        draw.polygon(flat(polygon), fill=0)
    return mask


def _filling(rng: Generator, size: tuple[int, int], style: Style, color: Color) -> Image.Image | Color:
    if style.fill == "solid":
        return color
    if style.fill == "gradient":
        return gradient(
            rng,
            size,
            mix(color, (255, 255, 255), rng.uniform(0.1, 0.5)),
            mix(color, (0, 0, 0), rng.uniform(0.1, 0.4)),
        )
    hatch = Image.new("RGB", size, mix(color, (255, 255, 255), 0.6))
    draw, gap = ImageDraw.Draw(hatch), max(3, int(max(size) * rng.uniform(0.015, 0.03)))
    for x in range(-size[1], size[0], gap):
        draw.line([(x, 0), (x + size[1], size[1])], fill=color, width=max(1, gap // 3))
    return hatch


def paint(rng: Generator, picture: Image.Image, drawing: Drawing, style: Style, colors: Palette) -> None:
    """Draws the thing onto the picture, part by part."""
    reach, line = style.wobble * max(picture.size), max(1, round(style.edge * max(picture.size)))
    ink = colors["main"] if style.colored_line else (245, 245, 240) if style.dark_paper else (25, 22, 28)
    for part in drawing:
        color = colors["main"] if style.silhouette else colors[part.tint]
        shape = Part([_wobbled(rng, p, reach * 0.5) for p in part.polygons], part.tint)
        if style.fill != "none":
            picture.paste(_filling(rng, picture.size, style, color), mask=_silhouette(picture.size, shape.polygons))
        elif part.tint in ("dark", "hair") and style.passes == 1:
            picture.paste(mix(ink, (128, 128, 128), 0.3), mask=_silhouette(picture.size, shape.polygons))
        for _ in range(style.passes if style.edge else 0):
            strayed = [_wobbled(rng, p, reach) for p in shape.polygons]
            picture.paste(ink, mask=_line_mask(picture.size, strayed, line))


def gradient(rng: Generator, size: tuple[int, int], start: Color, end: Color) -> Image.Image:
    """A linear gradient in one of four directions."""
    ramp = Image.linear_gradient("L").rotate(90 * int(rng.integers(4))).resize(size)
    return Image.composite(Image.new("RGB", size, start), Image.new("RGB", size, end), ramp)


def _blurred(rng: Generator, picture: Image.Image) -> Image.Image:
    return picture.filter(ImageFilter.GaussianBlur(max(picture.size) * rng.uniform(0.002, 0.008)))


def _pixelated(rng: Generator, picture: Image.Image) -> Image.Image:
    cells, longest = int(rng.integers(72, 120)), max(picture.size)
    small = (max(1, picture.width * cells // longest), max(1, picture.height * cells // longest))
    return picture.resize(small, Image.Resampling.BOX).resize(picture.size, Image.Resampling.NEAREST)


def _grainy(rng: Generator, picture: Image.Image) -> Image.Image:
    noise = rng.normal(0, rng.uniform(5, 28), (picture.height, picture.width, 1))
    return Image.fromarray(np.clip(np.asarray(picture) + noise, 0, 255).astype(np.uint8))


def _pale(rng: Generator, picture: Image.Image) -> Image.Image:
    veil = Image.new("RGB", picture.size, random_color(rng, (0.3, 0.7), 0.3))
    return Image.blend(picture, veil, rng.uniform(0.3, 0.6))


def _tinted(rng: Generator, picture: Image.Image) -> Image.Image:
    return Image.blend(picture, Image.new("RGB", picture.size, random_color(rng)), rng.uniform(0.1, 0.3))


def _compressed(rng: Generator, picture: Image.Image) -> Image.Image:
    stream = io.BytesIO()
    picture.save(stream, "JPEG", quality=int(rng.integers(12, 60)))
    return Image.open(stream).convert("RGB")


# What a scan, a screenshot or a careless export does to a picture
FINISHES: dict[str, Callable[[Generator, Image.Image], Image.Image]] = {
    "none": lambda rng, picture: picture,
    "blur": _blurred,
    "pixelated": _pixelated,
    "grain": _grainy,
    "low contrast": _pale,
    "jpeg": _compressed,
    "gray": lambda rng, picture: picture.convert("L").convert("RGB"),
    "tinted": _tinted,
}
FINISH_ODDS = ("none", "none", "none", "blur", "pixelated", "grain", "low contrast", "jpeg", "jpeg", "gray", "tinted")

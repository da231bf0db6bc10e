"""What things are drawn on: paper, gradients, landscapes, patterns and noise."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from PIL import Image, ImageDraw
from shapes import ellipse
from styles import Color, flat, gradient, mix, random_color

BACKGROUNDS = ("plain", "plain", "gradient", "landscape", "landscape", "pattern", "noise")


def _pattern(rng: Generator, size: tuple[int, int], paper: Color) -> Image.Image:
    picture, ink = Image.new("RGB", size, paper), mix(paper, random_color(rng), rng.uniform(0.1, 0.4))
    draw, gap = ImageDraw.Draw(picture), int(max(size) * rng.uniform(0.05, 0.15))
    kind = rng.choice(["dots", "stripes", "checks", "ruled"])
    for x in range(0, size[0] + gap, gap):
        if kind == "stripes":
            draw.rectangle((x, 0, x + gap // 2, size[1]), fill=ink)
        for y in range(0, size[1] + gap, gap):
            if kind == "dots":
                draw.ellipse((x, y, x + gap // 2, y + gap // 2), fill=ink)
            elif kind == "checks" and (x // gap + y // gap) % 2:
                draw.rectangle((x, y, x + gap, y + gap), fill=ink)
            elif kind == "ruled":
                draw.line((0, y, size[0], y), fill=ink)
    return picture


def _sky(rng: Generator, size: tuple[int, int], sky: Color) -> Image.Image:
    if rng.random() < 0.5:
        return gradient(rng, size, sky, mix(sky, (255, 255, 255), rng.uniform(0.1, 0.6)))
    return Image.new("RGB", size, sky)


def _ground(rng: Generator) -> Color:
    """Mostly some green."""
    if rng.random() < 0.7:
        return int(rng.integers(60, 150)), int(rng.integers(130, 210)), int(rng.integers(50, 110))
    return random_color(rng)


def _sun_and_clouds(rng: Generator, draw: ImageDraw.ImageDraw, w: int, h: int) -> None:
    if rng.random() < 0.5:
        x, y, r = rng.uniform(0, w), rng.uniform(0, h * 0.3), max(w, h) * rng.uniform(0.03, 0.09)
        draw.ellipse((x - r, y - r, x + r, y + r), fill=(255, int(rng.integers(200, 245)), int(rng.integers(60, 200))))
    for _ in range(rng.integers(0, 4)):
        x, y, r = rng.uniform(0, w), rng.uniform(0, h * 0.35), max(w, h) * rng.uniform(0.02, 0.06)
        for shift in (-1.2, 0.0, 1.2):
            draw.ellipse((x + (shift - 1) * r, y - r * 0.8, x + (shift + 1) * r, y + r * 0.8), fill=(250, 250, 252))


def _landscape(rng: Generator, size: tuple[int, int], sky: Color) -> Image.Image:
    """Sky with sun and clouds, hills, and a meadow with blades of grass."""
    w, h = size
    picture = _sky(rng, size, sky)
    draw, horizon, ground = ImageDraw.Draw(picture), h * rng.uniform(0.45, 0.85), _ground(rng)
    _sun_and_clouds(rng, draw, w, h)
    for _ in range(rng.integers(0, 3)):
        hill = ellipse((rng.uniform(0, w), horizon), w * rng.uniform(0.2, 0.5), h * rng.uniform(0.08, 0.3))
        draw.polygon(flat(hill), fill=mix(ground, sky, rng.uniform(0.2, 0.6)))
    draw.rectangle((0, horizon, w, h), fill=ground)
    for _ in range(rng.integers(0, 40)):
        x, y, tall = rng.uniform(0, w), rng.uniform(horizon, h), h * rng.uniform(0.01, 0.04)
        blade = (x, y, x + rng.normal(0, tall * 0.3), y - tall)
        draw.line(blade, fill=mix(ground, (0, 60, 0), 0.4), width=max(1, w // 300))
    return picture


def _noise(rng: Generator, size: tuple[int, int], paper: Color) -> Image.Image:
    grain = int(rng.integers(2, 40))
    cells = rng.normal(0, rng.uniform(8, 40), (max(2, size[1] // grain), max(2, size[0] // grain), 3)) + np.array(paper)
    return Image.fromarray(np.clip(cells, 0, 255).astype(np.uint8)).resize(size, Image.Resampling.BILINEAR)


def background(rng: Generator, size: tuple[int, int], kind: str, paper: Color) -> Image.Image:
    """A fresh picture: plain, gradient, landscape, pattern or noise."""
    if kind == "plain":
        return Image.new("RGB", size, paper)
    if kind == "gradient":
        return gradient(rng, size, paper, mix(paper, random_color(rng), 0.5))
    painters = {"landscape": _landscape, "pattern": _pattern, "noise": _noise}
    return painters[kind](rng, size, paper)

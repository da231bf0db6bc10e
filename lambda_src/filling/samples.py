"""Pictures to compare engines on: made by numpy, the same ones on every machine, and the user's own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from itertools import chain, cycle, islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from picture import decode
from problems import Problem

_SIZES = ((480, 640), (300, 300), (200, 600), (720, 240), (64, 48), (650, 940), (333, 517))
"""Heights and widths: usual ones, one to three, small, and odd."""


USUAL = len(_SIZES)
"""How many show every size once."""
_MOST_OWN = 100


def own(*folders: Path) -> Iterator[NDArray[np.uint8]]:
    """The pictures in some folders, as the handler decodes them; what is no picture is left out."""
    paths = chain.from_iterable(sorted(path for path in folder.glob("**/*") if path.is_file()) for folder in folders)
    for path in islice(paths, _MOST_OWN):
        with suppress(Problem, OSError):
            yield decode(path.read_bytes())


def pictures(number: int = USUAL) -> Iterator[NDArray[np.uint8]]:
    """RGB pictures [H, W, 3] of several sizes: a gradient with texture, and shapes in front of it."""
    for seed, (height, width) in enumerate(islice(cycle(_SIZES), number)):
        random = np.random.default_rng(seed)
        yield _shapes(_background(height, width, random), random).clip(0, 255).astype(np.uint8)


def _background(height: int, width: int, random: np.random.Generator) -> NDArray[np.float64]:
    y, x = np.mgrid[0:height, 0:width] / max(height, width)
    corner, across = random.uniform(0, 255, (2, 3))
    gradient = corner + (across - corner) * (y + x)[..., None] / 2
    waves = np.sin(random.uniform(20, 90) * y + random.uniform(20, 90) * x + random.uniform(0, 6))
    return np.asarray(gradient + 25 * waves[..., None] + random.normal(0, 10, (height, width, 3)))


def _shapes(picture: NDArray[np.float64], random: np.random.Generator) -> NDArray[np.float64]:
    """The picture with ellipses and rectangles on it."""
    height, width = picture.shape[:2]
    y, x = np.mgrid[0:height, 0:width] / [[[height]], [[width]]]
    for number in range(8):
        (cy, cx), (ry, rx) = random.uniform(0.1, 0.9, 2), random.uniform(0.05, 0.35, 2)
        dy, dx = np.abs(y - cy) / ry, np.abs(x - cx) / rx
        inside = np.maximum(dy, dx) < 1 if number % 2 else dy**2 + dx**2 < 1
        picture[inside] = random.uniform(0, 255, 3) + 0.2 * picture[inside]
    return picture

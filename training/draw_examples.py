"""Draws `examples/pictures`, and four of them small for the page: `python training/draw_examples.py`.

The same things in the same styles as the training pictures, from seeds of their own, but arranged by hand and
drawn at twice the size, then halved, so that the lines are smooth for the people who look at them.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps
from scenes import EXAMPLE_SEEDS, Subject, compose
from styles import Color

TOP = Path(__file__).resolve().parent.parent
PICTURES = TOP / "examples" / "pictures"
ON_PAGE = {
    "unicorn_meadow.png": "meadow.webp",
    "unicorn_chalk.webp": "chalk.webp",
    "no_unicorn_rhinoceros.png": "rhinoceros.webp",
    "no_unicorn_narwhal.gif": "narwhal.webp",
}
"""Examples that the page offers to click, and their names in `lambda_src/drawings`. The page carries them, so they are
of kilobytes."""
PAGE_SIZE = 320, 240
PAGE_QUALITY = 50


@dataclass(frozen=True)
class Example:
    """A picture to draw: its file's name, an offset into the example seeds, and what is where."""

    name: str
    offset: int
    size: tuple[int, int]
    style: str
    background: str
    paper: Color
    subjects: tuple[Subject, ...]


EXAMPLES = (
    Example("unicorn_meadow.png", 701, (800, 560), "flat outline", "landscape", (150, 205, 240), (
        Subject("tree", (0.13, 0.48), 0.62), Subject("unicorn", (0.55, 0.58), 0.72, pose="walk"),
        Subject("flower", (0.9, 0.8), 0.3))),
    Example("unicorn_rearing.jpg", 502, (640, 720), "gradient", "gradient", (45, 40, 90), (
        Subject("unicorn", (0.5, 0.52), 0.85, mirrored=True, pose="rear"),)),
    Example("unicorn_chalk.webp", 803, (720, 540), "chalk", "plain", (32, 48, 42), (
        Subject("unicorn", (0.42, 0.5), 0.78, pose="trot"), Subject("ball", (0.88, 0.8), 0.2))),
    Example("horse_and_house.png", 204, (800, 600), "bold outline", "landscape", (190, 225, 245), (
        Subject("house", (0.2, 0.5), 0.5), Subject("horse", (0.63, 0.62), 0.68, mirrored=True, pose="stand"))),
    Example("horse_galloping.gif", 205, (640, 440), "flat", "pattern", (250, 240, 215), (
        Subject("horse", (0.5, 0.5), 0.95, pose="gallop"),)),
    Example("no_unicorn_cow.jpg", 306, (800, 600), "flat outline", "landscape", (165, 215, 240), (
        Subject("tree", (0.86, 0.45), 0.6), Subject("cow", (0.4, 0.6), 0.7, pose="stand"))),
    Example("no_unicorn_rhinoceros.png", 307, (760, 520), "gradient outline", "plain", (240, 228, 200), (
        Subject("rhinoceros", (0.5, 0.55), 0.9, pose="walk"),)),
    Example("no_unicorn_party.webp", 308, (720, 600), "colored sketch", "plain", (255, 252, 245), (
        Subject("person", (0.25, 0.55), 0.75), Subject("party hat", (0.55, 0.7), 0.4),
        Subject("ice cream", (0.8, 0.6), 0.5), Subject("balloon", (0.6, 0.25), 0.4))),
    Example("no_unicorn_goat_and_deer.png", 309, (840, 560), "outline", "plain", (255, 255, 255), (
        Subject("goat", (0.27, 0.6), 0.6, pose="stand"),
        Subject("deer", (0.73, 0.5), 0.8, mirrored=True, pose="walk"))),
    Example("no_unicorn_narwhal.gif", 410, (640, 420), "flat", "plain", (120, 190, 220), (
        Subject("narwhal", (0.45, 0.45), 0.95), Subject("fish", (0.85, 0.82), 0.25, mirrored=True))),
)  # fmt: skip


def draw_example(example: Example) -> Image.Image:
    rng = np.random.default_rng(EXAMPLE_SEEDS[example.offset])
    width, height = example.size
    scene = compose(rng, (2 * width, 2 * height), example.subjects, example.style, example.background, example.paper)
    return scene.picture.reduce(2)


def save(example: Example, pictures: Path, page: Path) -> None:
    """Writes an example, and what the page offers of it."""
    picture = draw_example(example)
    picture.save(pictures / example.name, quality=88, optimize=True)
    if name := ON_PAGE.get(example.name):
        small = ImageOps.fit(picture, PAGE_SIZE, Image.Resampling.LANCZOS)
        small.save(page / name, quality=PAGE_QUALITY, method=6)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=PICTURES, help="folder (default: examples/pictures)")
    parser.add_argument("--page", type=Path, default=TOP / "lambda_src" / "drawings", help="folder of the page's")
    options = parser.parse_args()
    for folder in (options.out, options.page):
        folder.mkdir(parents=True, exist_ok=True)
    for example in EXAMPLES:
        save(example, options.out, options.page)
        print(options.out / example.name)


if __name__ == "__main__":
    main()

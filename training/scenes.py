"""A seed becomes a picture and its truth: which things are drawn, where, in which style.

`draw(seed)` is all that training, evaluation and the example pictures use. The seed ranges are disjoint by
construction: no picture that the detector is scored on was ever trained on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import backgrounds
import numpy as np
import styles
from animals import animal
from builds import ANIMALS
from numpy.random import Generator
from PIL import Image
from shapes import Box, Drawing, bounds, place, rotate_drawing
from things import THINGS

TRAINING_SEEDS = range(0, 900_000)
CALIBRATION_SEEDS = range(900_000, 1_000_000)
TEST_SEEDS = range(1_000_000, 2_000_000)
EXAMPLE_SEEDS = range(2_000_000, 3_000_000)

TARGET = "Horse"
HORSES = ("horse", "unicorn")
OTHER_ANIMALS = tuple(kind for kind in ANIMALS if kind not in HORSES)
LABELS: tuple[str, ...] = tuple(
    sorted({build.label for build in ANIMALS.values()} | {label for label, _ in THINGS.values()})
)


@dataclass(frozen=True)
class Subject:
    """What to draw; where nothing is said, chance decides."""

    kind: str
    center: tuple[float, float] | None = None  # (x, y), 0..1 of the picture
    size: float = 0.5  # longer side of the thing in the picture's shorter side, with a center
    mirrored: bool = False
    pose: str | None = None


@dataclass(frozen=True)
class Thing:
    """What was drawn, and where."""

    kind: str
    label: str
    box: Box  # of what is inside the picture, 0..1


@dataclass(frozen=True)
class Scene:
    picture: Image.Image
    style: str
    things: list[Thing]

    @property
    def has_horse(self) -> bool:
        """The truth of a picture: whether it contains a horse or a unicorn."""
        return any(thing.label == TARGET for thing in self.things)


def label_of(kind: str) -> str:
    """The Open Images word for a kind of animal or thing."""
    return ANIMALS[kind].label if kind in ANIMALS else THINGS[kind][0]


def drawing_of(rng: Generator, kind: str, pose: str | None = None) -> Drawing:
    """A fresh drawing, slightly turned; without a pose, every eighth animal is a portrait."""
    if kind in THINGS:
        drawing = THINGS[kind][1](rng)
    else:
        drawing = animal(rng, kind, pose, bust=pose is None and rng.random() < 0.12)
    return rotate_drawing(drawing, rng.normal(0, 5))


def _overlap(a: Box, b: Box) -> float:
    """Shared area as a part of the smaller box."""
    height, width = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    smaller = min((a[2] - a[0]) * (a[3] - a[1]), (b[2] - b[0]) * (b[3] - b[1]))
    return max(height, 0) * max(width, 0) / max(smaller, 1e-9)


def _inside(drawing: Drawing, size: tuple[int, int]) -> Box:
    (w, h), box = size, bounds(drawing)
    return max(box[0] / h, 0.0), max(box[1] / w, 0.0), min(box[2] / h, 1.0), min(box[3] / w, 1.0)


def _somewhere(rng: Generator, drawing: Drawing, size: tuple[int, int], taken: list[Box]) -> Drawing | None:
    """The drawing at a free place, the first one larger than the others; None when ten tries find none."""
    for _ in range(10):
        longest = min(size) * (rng.uniform(0.26, 0.5) if taken else rng.uniform(0.38, 0.95))
        reach = longest * 0.42  # a little may hang over the border
        center = [rng.uniform(min(reach, side / 2), max(side - reach, side / 2)) for side in size]
        placed = place(drawing, center, longest, mirrored=bool(rng.random() < 0.5))
        if all(_overlap(_inside(placed, size), other) < 0.22 for other in taken):
            return placed
    return None


def _placed(rng: Generator, subject: Subject, size: tuple[int, int], taken: list[Box]) -> Drawing | None:
    drawing = drawing_of(rng, subject.kind, subject.pose)
    if subject.center is None:
        return _somewhere(rng, drawing, size, taken)
    center = (subject.center[0] * size[0], subject.center[1] * size[1])
    return place(drawing, center, subject.size * min(size), subject.mirrored)


def compose(
    rng: Generator,
    size: tuple[int, int],
    subjects: Sequence[Subject],
    style: str,
    background: str,
    paper: styles.Color,
) -> Scene:
    """The subjects in one style on a background; those for which there is no room are left out."""
    picture, things = backgrounds.background(rng, size, background, paper), list[Thing]()
    for subject in subjects:
        placed = _placed(rng, subject, size, [thing.box for thing in things])
        if placed is not None:
            colors = styles.palette(rng, paper, natural=subject.kind in ANIMALS)
            styles.paint(rng, picture, placed, styles.STYLES[style], colors)
            things.append(Thing(subject.kind, label_of(subject.kind), _inside(placed, size)))
    return Scene(picture, style, things)


def _subjects(rng: Generator) -> list[Subject]:
    """What is in the picture; half of all pictures contain a horse, most others a four-legged animal."""
    kinds = [str(rng.choice(OTHER_ANIMALS if rng.random() < 0.4 else tuple(THINGS))) for _ in range(rng.integers(0, 4))]
    if rng.random() < 0.5:
        leads = [str(rng.choice(HORSES)) for _ in range(1 if rng.random() < 0.85 else 2)]
    else:
        leads = [str(rng.choice(OTHER_ANIMALS if rng.random() < 0.65 else tuple(THINGS)))]
    return [Subject(kind) for kind in leads + kinds]


def _size(rng: Generator) -> tuple[int, int]:
    longest, aspect = int(rng.integers(300, 481)), float(np.exp(rng.uniform(np.log(0.6), np.log(1.67))))
    return (longest, round(longest / aspect)) if aspect > 1 else (round(longest * aspect), longest)


def _paper(rng: Generator, style: styles.Style) -> styles.Color:
    if style.dark_paper:
        return styles.random_color(rng, (0.03, 0.22), vivid=0.7)
    black_on_paper = style.fill == "none" and not style.colored_line
    return (
        styles.random_color(rng, (0.75 if black_on_paper else 0.1, 1.0), vivid=0.7)
        if rng.random() < 0.8
        else (255, 255, 255)
    )


def draw(seed: int) -> Scene:
    """The picture of a seed: RGB, longer side 300..480 pixels, the same on every run."""
    rng = np.random.default_rng(seed)
    style = str(rng.choice(list(styles.STYLES)))
    paper = _paper(rng, styles.STYLES[style])
    background = "plain" if styles.STYLES[style].dark_paper else str(rng.choice(backgrounds.BACKGROUNDS))
    scene = compose(rng, _size(rng), _subjects(rng), style, background, paper)
    finish = styles.FINISHES[str(rng.choice(styles.FINISH_ODDS))]
    return replace(scene, picture=finish(rng, scene.picture))

"""What makes a horse a horse and a goat a goat: a row of proportions and one of features for each."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

from numpy.random import Generator

Range = tuple[float, float]
Sizes = tuple[float, float, float, float, float, float, float, float]


@dataclass(frozen=True)
class Build:
    """Sizes in trunk lengths, angles in degrees above the horizontal, and the kind of each feature."""

    label: str  # an Open Images word
    depth: float  # of the trunk
    legs: float  # from the trunk's center to the ground
    leg_width: float
    neck: float
    neck_width: float
    head: float
    head_depth: float
    muzzle: float  # depth at the mouth, as a share of head_depth
    neck_angle: Range
    head_angle: Range
    tail: str
    ears: str
    features: tuple[str, ...]
    poses: tuple[str, ...]


STILL = ("stand", "walk")
LIVELY = ("stand", "walk", "gallop")
EQUINE = ("stand", "stand", "walk", "walk", "trot", "gallop", "rear", "graze")

# fmt: off
PROPORTIONS: dict[str, Sizes] = {
    #               depth  legs  width  neck  width  head  depth muzzle
    "horse":        (0.40, 0.72, 0.12,  0.47, 0.30,  0.40, 0.19, 0.55),
    "unicorn":      (0.40, 0.72, 0.12,  0.47, 0.30,  0.40, 0.19, 0.55),
    "cow":          (0.50, 0.62, 0.13,  0.24, 0.32,  0.34, 0.24, 0.75),
    "bull":         (0.56, 0.58, 0.14,  0.20, 0.42,  0.32, 0.26, 0.75),
    "dog":          (0.36, 0.55, 0.12,  0.20, 0.24,  0.34, 0.24, 0.50),
    "shepherd dog": (0.38, 0.56, 0.11,  0.22, 0.26,  0.36, 0.24, 0.42),
    "cat":          (0.34, 0.44, 0.10,  0.10, 0.22,  0.26, 0.30, 0.80),
    "goat":         (0.42, 0.55, 0.09,  0.28, 0.20,  0.30, 0.17, 0.60),
    "deer":         (0.34, 0.80, 0.07,  0.42, 0.16,  0.28, 0.15, 0.55),
    "rhinoceros":   (0.56, 0.44, 0.18,  0.20, 0.42,  0.42, 0.28, 0.60),
    "elephant":     (0.62, 0.62, 0.20,  0.12, 0.42,  0.28, 0.34, 0.60),
    "sheep":        (0.52, 0.46, 0.09,  0.16, 0.24,  0.26, 0.18, 0.70),
    "pig":          (0.54, 0.40, 0.12,  0.08, 0.40,  0.34, 0.30, 0.50),
    "giraffe":      (0.40, 0.95, 0.10,  1.05, 0.24,  0.28, 0.16, 0.60),
    "camel":        (0.42, 0.80, 0.10,  0.52, 0.20,  0.28, 0.17, 0.70),
    "tortoise":     (0.34, 0.28, 0.14,  0.20, 0.16,  0.18, 0.15, 0.80),
}

FEATURES: dict[str, tuple[str, Range, Range, str, str, tuple[str, ...], tuple[str, ...]]] = {
    #  kind         label         neck angle  head angle  tail       ears       features  poses
    "horse":        ("Horse",      (38, 62), (-58, -22), "flowing", "upright", ("mane", "hooves"), EQUINE),
    "unicorn":      ("Horse",      (38, 62), (-58, -22), "flowing", "upright",
                     ("mane", "hooves", "forehead horn"), EQUINE),
    "cow":          ("Cattle",     (0, 25),  (-50, -20), "tuft",    "side",
                     ("cow horns", "udder", "patches", "hooves"), (*STILL, "graze")),
    "bull":         ("Cattle",     (-5, 20), (-60, -30), "tuft",    "side",
                     ("cow horns", "hooves"), STILL),
    "dog":          ("Dog",        (30, 60), (-20, 0),   "up",      "floppy",  ("collar",), LIVELY),
    "shepherd dog": ("Dog",        (25, 55), (-18, 5),   "brush",   "upright", ("collar",), LIVELY),
    "cat":          ("Cat",        (25, 50), (-15, 0),   "snake",   "pointed", ("whiskers",), STILL),
    "goat":         ("Goat",       (40, 65), (-50, -25), "stub",    "side",
                     ("backswept horns", "beard", "hooves"), (*STILL, "graze", "rear")),
    "deer":         ("Deer",       (50, 72), (-40, -15), "stub",    "side",
                     ("antlers", "hooves"), (*LIVELY, "graze")),
    "rhinoceros":   ("Rhinoceros", (-10, 12), (-40, -12), "thin",   "upright", ("nose horn",), STILL),
    "elephant":     ("Elephant",   (15, 35), (-60, -40), "thin",    "huge",    ("trunk", "tusk"), STILL),
    "sheep":        ("Sheep",      (10, 40), (-45, -15), "stub",    "side",    ("wool",), (*STILL, "graze")),
    "pig":          ("Pig",        (0, 15),  (-25, -5),  "curl",    "floppy",  ("snout",), STILL),
    "giraffe":      ("Giraffe",    (55, 75), (-35, -10), "tuft",    "side",    ("patches", "knobs"), STILL),
    "camel":        ("Camel",      (35, 55), (-20, 0),   "tuft",    "upright", ("hump",), STILL),
    "tortoise":     ("Tortoise",   (5, 35),  (-15, 5),   "stub",    "none",    ("shell",), STILL),
}
# fmt: on

ANIMALS: dict[str, Build] = {
    kind: Build(FEATURES[kind][0], *PROPORTIONS[kind], *FEATURES[kind][1:]) for kind in PROPORTIONS
}


def varied(rng: Generator, build: Build) -> Build:
    """An individual: every proportion up to 10 % off."""
    sizes = [field.name for field in fields(build) if isinstance(getattr(build, field.name), float)]
    return replace(build, **{name: getattr(build, name) * rng.uniform(0.9, 1.1) for name in sizes})


def cartoon(rng: Generator, build: Build) -> Build:
    """Larger head, shorter and thicker legs: a toy or a picture book's animal."""
    growth = rng.uniform(1.15, 1.5)
    return replace(
        build,
        head=build.head * growth,
        head_depth=build.head_depth * growth * 1.1,
        legs=max(build.legs * rng.uniform(0.6, 0.85), build.depth / 2 + 0.15),
        leg_width=build.leg_width * rng.uniform(1.1, 1.6),
        neck_width=build.neck_width * 1.15,
    )

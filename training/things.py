"""Everything that is drawn beside four-legged animals: people, plants, vehicles, and things with a horn.

`THINGS` maps a kind to its Open Images label and the function that draws it around the origin, any scale.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.random import Generator
from shapes import Drawing, Part, Points, array, at, box_of, curve, direction, ellipse, limb, line, ring


def _bird(rng: Generator) -> Drawing:
    if rng.random() < 0.3:  # a gull far away
        return [
            Part(
                [
                    limb(
                        [(-0.5, -0.1), (-0.25, -0.2), (0, 0.05), (0.25, -0.2), (0.5, -0.1)],
                        (0.02, 0.08, 0.06, 0.08, 0.02),
                    )
                ],
                "main",
            )
        ]
    lift = rng.uniform(-0.55, 0.25)
    body = [
        curve([(-0.35, 0.0), (0.0, -0.2), (0.3, -0.1), (0.2, 0.12), (-0.1, 0.18)], closed=True),
        ellipse((0.32, -0.18), 0.15, 0.14),
    ]
    wing = curve([(0.1, -0.05), (-0.15, -0.1), (-0.4, lift), (-0.05, 0.1)], closed=True)
    legs = [line([(x, 0.15), (x + 0.03, 0.36)], 0.025) for x in (0.0, 0.1)]
    return [
        Part(legs, "dark"),
        Part([array([(-0.3, 0), (-0.65, -0.08), (-0.6, 0.1)])], "second"),
        Part(body, "main"),
        Part([wing], "second"),
        Part([array([(0.45, -0.22), (0.62, -0.16), (0.45, -0.1)])], "accent"),
        Part([ellipse((0.36, -0.21), 0.025, 0.025, steps=8)], "dark"),
    ]


def _fish(rng: Generator) -> Drawing:
    h = rng.uniform(0.16, 0.32)
    body = curve([(-0.35, 0), (-0.1, -h), (0.25, -h * 0.8), (0.45, 0), (0.25, h * 0.8), (-0.1, h)], closed=True)
    tail = array([(-0.3, 0), (-0.62, -0.25), (-0.52, 0), (-0.62, 0.25)])
    return [
        Part([tail, array([(-0.1, -h), (0.1, -h * 1.7), (0.2, -h * 0.8)])], "second"),
        Part([body], "main"),
        Part([ellipse((0.3, -h * 0.25), 0.035, 0.035, steps=10)], "dark"),
    ]


def _narwhal(rng: Generator) -> Drawing:
    body = curve(
        [(-0.55, 0.1), (-0.2, -0.15), (0.25, -0.22), (0.5, -0.05), (0.45, 0.15), (0.1, 0.24), (-0.3, 0.18)],
        closed=True,
    )
    fluke = curve([(-0.5, 0.12), (-0.75, -0.15), (-0.65, 0.1), (-0.8, 0.25)], closed=True)
    horn = limb([(0.46, -0.1), (0.46 + rng.uniform(0.35, 0.6), -0.3)], (0.05, 0.008))
    return [
        Part([horn], "horn"),
        Part([body, fluke], "main"),
        Part([curve([(0.1, 0.18), (0.0, 0.4), (-0.08, 0.18)], closed=True)], "shade"),
        Part([ellipse((0.36, -0.03), 0.025, 0.025, steps=8)], "dark"),
    ]


def _snail(rng: Generator) -> Drawing:
    foot = limb([(-0.5, 0.3), (0.2, 0.3), (0.45, 0.12), (0.5, -0.1)], (0.04, 0.14, 0.14, 0.14))
    feelers = [limb([(0.48, -0.1), (0.48 + a, -0.38)], (0.03, 0.02)) for a in (-0.06, 0.1)]
    shells = [
        Part([ellipse((-0.05, 0.0), r, r)], tint) for r, tint in ((0.3, "second"), (0.2, "accent"), (0.1, "second"))
    ]
    return [Part([foot, *feelers], "main"), *shells]


def _butterfly(rng: Generator) -> Drawing:
    h = rng.uniform(0.25, 0.4)
    wings = [
        ellipse((s * 0.26, y), 0.27, h * k, s * a) for s in (-1, 1) for y, k, a in ((-0.18, 0.8, 25), (0.2, 0.6, -25))
    ]
    return [
        Part(wings, "main"),
        Part([ellipse((s * 0.27, -0.18), 0.1, 0.08) for s in (-1, 1)], "accent"),
        Part([ellipse((0, 0), 0.045, 0.35)], "dark"),
    ]


def _house(rng: Generator) -> Drawing:
    w, h, roof = rng.uniform(0.35, 0.6), rng.uniform(0.25, 0.5), rng.uniform(0.2, 0.5)
    windows = [box_of(x - 0.08, -h * 0.6, x + 0.08, -h * 0.6 + 0.16) for x in (-w * 0.5, w * 0.5)]
    parts = [
        Part([box_of(-w, -h, w, h)], "main"),
        Part([array([(-w * 1.15, -h), (0, -h - roof), (w * 1.15, -h)])], "second"),
        Part(windows, "light"),
        Part([box_of(-0.09, h - 0.35, 0.09, h)], "accent"),
    ]
    chimney = Part([box_of(w * 0.5, -h - roof * 0.9, w * 0.7, -h)], "shade")
    return [chimney, *parts] if rng.random() < 0.6 else parts


def _tree(rng: Generator) -> Drawing:
    trunk = Part([limb([(0, 0.6), (0, 0.0)], (0.18, 0.1))], "second")
    crown = rng.choice(["round", "conifer", "palm"])
    if crown == "conifer":
        tiers = [array([(-w, y), (0, y - 0.4), (w, y)]) for w, y in ((0.4, 0.3), (0.32, 0.05), (0.24, -0.2))]
        return [trunk, Part(tiers, "main")]
    if crown == "palm":
        leaves = [
            limb(
                [at(0, -0.2), direction(a) * 0.3 + at(0, -0.28), direction(a - 10) * 0.5 + at(0, -0.12)],
                (0.06, 0.1, 0.01),
            )
            for a in (-10, 25, 60, 120, 155, 190)
        ]
        return [
            Part([limb([(0.1, 0.6), (0.03, 0.2), (0, -0.2)], (0.12, 0.08, 0.06))], "second"),
            Part(leaves, "main"),
        ]
    blobs = rng.uniform((-0.28, -0.5), (0.28, 0.0), (rng.integers(1, 6), 2))
    return [trunk, Part([ellipse(b, rng.uniform(0.2, 0.34), rng.uniform(0.2, 0.32)) for b in blobs], "main")]


def _car(rng: Generator) -> Drawing:
    h = rng.uniform(0.12, 0.2)
    cabin = curve([(-0.32, 0), (-0.22, -0.26), (0.16, -0.26), (0.32, 0)], steps=2)
    glass = array([(-0.2, -0.03), (-0.15, -0.2), (-0.02, -0.2), (-0.02, -0.03)])
    wheels = [ellipse((x, h), 0.12, 0.12) for x in (-0.32, 0.32)]
    return [
        Part([box_of(-0.58, 0, 0.58, h), cabin], "main"),
        Part([glass, -glass * (1, -1) + at(0.02, 0)], "light"),
        Part(wheels, "dark"),
        Part([ellipse((x, h), 0.05, 0.05) for x in (-0.32, 0.32)], "light"),
    ]


def _bicycle(rng: Generator) -> Drawing:
    r, w = rng.uniform(0.26, 0.33), rng.uniform(0.02, 0.045)
    back, front, crank = (-0.4, 0.2), (0.4, 0.2), (-0.05, 0.2)
    frame = [
        (back, crank),
        (crank, (0.28, -0.15)),
        (back, (-0.15, -0.15)),
        ((-0.15, -0.15), (0.28, -0.15)),
        ((-0.17, -0.28), crank),
        ((0.25, -0.35), front),
        ((0.25, -0.35), (0.42, -0.35)),
    ]
    return [
        Part([ring(c, r, w * 1.3) for c in (back, front)], "dark"),
        Part([line(pair, w) for pair in frame], "main"),
        Part([ellipse((-0.18, -0.3), 0.1, 0.03)], "dark"),
    ]


def _flower(rng: Generator) -> Drawing:
    count, r = rng.integers(5, 10), rng.uniform(0.12, 0.2)
    petals = [ellipse(direction(a) * 0.2 + at(0, -0.35), r, r * 0.6, a) for a in np.arange(count) * 360 / count]
    leaf = curve([(0, 0.35), (0.2, 0.1), (0.3, 0.15)], closed=True)
    return [
        Part([limb([(0, 0.6), (0.03, 0.1), (0, -0.3)], (0.05, 0.04, 0.04)), leaf], "second"),
        Part(petals, "main"),
        Part([ellipse((0, -0.35), 0.1, 0.1)], "accent"),
    ]


def _person(rng: Generator) -> Drawing:
    thick = rng.uniform(0.03, 0.13)  # from stick figure to sturdy
    arm, leg = rng.uniform(-70, 60, 2), rng.uniform(4, 28)
    arms = [
        limb(
            [
                (s * 0.08, -0.28),
                (s * 0.08 + s * 0.3 * np.cos(np.radians(a)), -0.28 - 0.3 * np.sin(np.radians(a))),
            ],
            (thick, thick * 0.8),
        )
        for s, a in zip((-1, 1), arm, strict=True)
    ]
    legs = [
        limb([at(s * 0.04, 0.1), direction(-90 + s * leg) * 0.5 + at(0, 0.1)], (thick * 1.2, thick)) for s in (-1, 1)
    ]
    skirt = rng.random() < 0.4
    torso = array([(-0.08, -0.32), (0.08, -0.32), (0.24 if skirt else 0.09, 0.2), (-0.24 if skirt else -0.09, 0.2)])
    parts = [
        Part(legs, "second"),
        Part(arms, "light"),
        Part([torso], "main"),
        Part([ellipse((0, -0.5), 0.15, 0.17)], "light"),
    ]
    if rng.random() < 0.6:
        parts.append(
            Part(
                [
                    curve(
                        [(-0.17, -0.45), (-0.12, -0.68), (0.12, -0.68), (0.17, -0.45), (0, -0.58)],
                        closed=True,
                    )
                ],
                "hair",
            )
        )
    if rng.random() < 0.3:
        parts.append(Part([array([(-0.13, -0.62), (0.0, -1.0), (0.13, -0.62)])], "accent"))
    return parts


def _table(rng: Generator) -> Drawing:
    h, w = rng.uniform(0.35, 0.6), rng.uniform(0.06, 0.12)
    legs = [limb([(x, 0.0), (x * rng.uniform(0.95, 1.15), h)], (w, w * 0.7)) for x in (-0.42, -0.3, 0.3, 0.42)]
    return [Part(legs[1:3], "shade"), Part([*legs[::3], box_of(-0.52, -w, 0.52, w * 0.4)], "main")]


def _chair(rng: Generator) -> Drawing:
    w = rng.uniform(0.05, 0.1)
    legs = [limb([(x, 0.1), (x, 0.55)], (w, w * 0.8)) for x in (-0.25, -0.14, 0.16, 0.27)]
    back = limb([(-0.26, 0.1), (-0.32, -0.55)], (w, w * 0.9))
    return [Part(legs[1:3], "shade"), Part([*legs[::3], back, box_of(-0.3, 0.04, 0.32, 0.15)], "main")]


def _ice_cream(rng: Generator) -> Drawing:
    scoops = [ellipse((x, y), 0.24, 0.22) for x, y in ((0, -0.1), (-0.08, -0.34), (0.05, -0.56))[: rng.integers(1, 4)]]
    cone = array([(-0.24, -0.02), (0.24, -0.02), (0.0, 0.7)])
    return [
        *(Part([scoop], tint) for scoop, tint in zip(scoops, ("main", "second", "accent"), strict=False)),
        Part([cone], "horn"),
    ]


def _hat(rng: Generator) -> Drawing:
    tall = rng.uniform(0.6, 1.0)
    stripes = [
        array(
            [
                (-0.3 * t, -tall * (1 - t)),
                (0.3 * t, -tall * (1 - t)),
                (0.3 * t + 0.04, -tall * (0.88 - t)),
                (-0.3 * t - 0.04, -tall * (0.88 - t)),
            ]
        )
        for t in (0.3, 0.65)
    ]
    parts = [Part([array([(-0.32, 0), (0, -tall), (0.32, 0)])], "main"), Part(stripes, "second")]
    return [*parts, Part([ellipse((0, -tall), 0.08, 0.08)], "accent")]


def _boat(rng: Generator) -> Drawing:
    sail = array([(0.03, -0.7), (0.45, 0.0), (0.03, 0.0)])
    return [
        Part([line([(0, 0.1), (0, -0.75)], 0.04)], "dark"),
        Part([sail, sail * (-0.6, 0.9)], "light"),
        Part([array([(-0.55, 0.08), (0.55, 0.08), (0.35, 0.35), (-0.38, 0.35)])], "main"),
    ]


def _mushroom(rng: Generator) -> Drawing:
    cap = curve([(-0.45, 0.05), (-0.3, -0.3), (0, -0.42), (0.3, -0.3), (0.45, 0.05), (0, 0.12)], closed=True)
    dots = [ellipse(c, 0.07, 0.06) for c in ((-0.2, -0.12), (0.05, -0.25), (0.22, -0.08))]
    return [
        Part([limb([(0, 0.0), (0, 0.5)], (0.2, 0.26))], "light"),
        Part([cap], "main"),
        Part(dots, "light"),
    ]


def _snowman(rng: Generator) -> Drawing:
    balls = [ellipse((0, y), r, r) for y, r in ((0.4, 0.34), (-0.08, 0.25), (-0.45, 0.18))]
    return [
        Part(balls, "light"),
        Part([array([(0.02, -0.48), (0.35, -0.42), (0.02, -0.4)])], "accent"),
        Part([box_of(-0.14, -0.9, 0.14, -0.6), box_of(-0.24, -0.64, 0.24, -0.58)], "dark"),
    ]


def _ball(rng: Generator) -> Drawing:
    band = curve([(-0.5, -0.1), (0, 0.08), (0.5, -0.1), (0.5, 0.1), (0, 0.28), (-0.5, 0.1)], closed=True)
    return [Part([ellipse((0, 0), 0.5, 0.5)], "main"), Part([band], "second")]


def _balloon(rng: Generator) -> Drawing:
    string: Points = limb([(0, 0.2), (0.06, 0.5), (-0.04, 0.8)], (0.02, 0.02, 0.02))
    return [
        Part([string], "dark"),
        Part([ellipse((0, -0.2), 0.34, 0.42), array([(-0.06, 0.26), (0, 0.2), (0.06, 0.26)])], "main"),
    ]


def _rocket(rng: Generator) -> Drawing:
    body = curve([(0, -0.75), (0.18, -0.35), (0.16, 0.35), (-0.16, 0.35), (-0.18, -0.35)], closed=True)
    fins = [array([(s * 0.14, 0.05), (s * 0.36, 0.45), (s * 0.14, 0.35)]) for s in (-1, 1)]
    return [
        Part([array([(-0.12, 0.33), (0, rng.uniform(0.5, 0.8)), (0.12, 0.33)])], "accent"),
        Part(fins, "second"),
        Part([body], "main"),
        Part([ellipse((0, -0.2), 0.08, 0.08)], "light"),
    ]


THINGS: dict[str, tuple[str, Callable[[Generator], Drawing]]] = {
    "bird": ("Bird", _bird),
    "fish": ("Fish", _fish),
    "narwhal": ("Whale", _narwhal),
    "snail": ("Snail", _snail),
    "butterfly": ("Butterfly", _butterfly),
    "house": ("House", _house),
    "tree": ("Tree", _tree),
    "car": ("Car", _car),
    "bicycle": ("Bicycle", _bicycle),
    "flower": ("Flower", _flower),
    "person": ("Person", _person),
    "table": ("Table", _table),
    "chair": ("Chair", _chair),
    "ice cream": ("Ice cream", _ice_cream),
    "party hat": ("Hat", _hat),
    "boat": ("Boat", _boat),
    "mushroom": ("Mushroom", _mushroom),
    "snowman": ("Snowman", _snowman),
    "ball": ("Ball", _ball),
    "balloon": ("Balloon", _balloon),
    "rocket": ("Rocket", _rocket),
}

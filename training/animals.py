"""Four-legged animals from one skeleton, in profile, facing right, the trunk one unit long around the origin.

Horse and unicorn differ by the horn alone and carry the same label.
"""

from __future__ import annotations

import numpy as np
from builds import ANIMALS, Build, Range, cartoon, varied
from faces import front
from numpy.random import Generator
from shapes import Drawing, Part, Points, array, at, curve, direction, ellipse, limb, rotate_drawing

LEG_POSES: dict[str, tuple[tuple[float, float], ...]] = {
    # (swing, bend) in degrees of the near fore, far fore, near hind and far hind leg; swing > 0 is forward
    "stand": ((0, 0), (6, 0), (0, 0), (-6, 0)),
    "graze": ((-4, 0), (14, 0), (0, 0), (-6, 0)),
    "walk": ((22, 4), (-18, 8), (-20, 4), (16, 4)),
    "trot": ((38, 45), (-22, 10), (-30, 5), (22, 14)),
    "gallop": ((62, 18), (44, 30), (-48, 0), (-34, 8)),
    "rear": ((70, 85), (50, 100), (0, 0), (8, 0)),
}


def _trunk(rng: Generator, build: Build) -> list[Points]:
    half = build.depth / 2
    rise, sag = rng.uniform(0.9, 1.15), rng.uniform(0.68, 0.95)
    back = -half * (1.7 if "hump" in build.features else sag)
    outline = [
        (-0.5, -0.35 * half),
        (-0.36, -half * rise),
        (0.0, back),
        (0.34, -half * rise),
        (0.5, -0.4 * half),
        (0.48, 0.35 * half),
        (0.3, half),
        (0.0, half),
        (-0.28, half * 0.78),
        (-0.46, half * 0.5),
    ]
    trunk = [curve(outline, closed=True)]
    if "hump" in build.features and rng.random() < 0.5:
        trunk.append(ellipse((0.2, -half), 0.13, 0.2))
    if "shell" in build.features:
        trunk.append(curve([(-0.58, half), (-0.4, -half), (0.0, -half * 2), (0.4, -half), (0.58, half)], closed=True))
    if "wool" in build.features:
        angles = np.linspace(0, 2 * np.pi, 13, endpoint=False)
        trunk += [ellipse((0.45 * np.cos(a), half * 0.85 * np.sin(a)), 0.17, 0.17, steps=12) for a in angles]
    return trunk


def _leg(build: Build, hind: bool, shift: float, swing: float, bend: float) -> tuple[Points, Points]:
    """One leg and its hoof: thigh, shank, cannon; hind legs carry the hock's backward angle."""
    share = (0.36, 0.36, 0.28) if hind else (0.34, 0.36, 0.30)
    turn = (16.0, -20.0 - bend, 2.0 - bend * 0.3) if hind else (0.0, -bend * 0.5, -bend)
    joints = [at((-0.37 if hind else 0.36) + shift, 0.0)]
    for part, angle in zip(share, turn, strict=True):
        joints.append(joints[-1] + build.legs * part * direction(swing + angle - 90))
    w = build.leg_width
    limb_widths = (w * 2.1, w * 1.25, w * 0.72, w * 0.7) if hind else (w * 1.7, w * 1.0, w * 0.72, w * 0.7)
    foot = direction(swing + turn[2] - 90)
    hoof = limb([joints[-1] - foot * w * 0.25, joints[-1] + foot * w * 0.45], (w * 0.75, w * 1.15))
    return limb(joints, limb_widths), hoof


def _legs(rng: Generator, build: Build, pose: str, lean: float) -> tuple[list[Part], list[Part]]:
    """Far legs (drawn behind the trunk) and near legs."""
    near, far = list[Part](), list[Part]()
    for index, (swing, bend) in enumerate(LEG_POSES[pose]):
        hind, is_far = index >= 2, index % 2 == 1
        swing = swing + rng.normal(0, 4) - (lean if hind else 0)
        shift = rng.uniform(-0.10, -0.02) * (1 if hind else -1) if is_far else 0.0
        shank, hoof = _leg(build, hind, shift, swing, bend * rng.uniform(0.6, 1.2))
        side = far if is_far else near
        side.append(Part([shank], "shade" if is_far else "main"))
        if "hooves" in build.features:
            side.append(Part([hoof], "dark"))
    return far, near


def _tail(rng: Generator, build: Build) -> list[Part]:
    top = array((-0.47, -build.depth * 0.28))
    lift = rng.uniform(-0.1, 0.12)
    if build.tail == "flowing":
        long = rng.uniform(0.8, 1.25)
        spine = [
            top,
            top + at(-0.13, lift - 0.04),
            top + at(-0.24 * long, 0.2 * long + lift),
            top + at(-0.2 * long - 0.05, 0.52 * long),
        ]
        return [Part([limb(spine, (0.07, 0.13, rng.uniform(0.14, 0.24), 0.02))], "hair")]
    if build.tail in ("tuft", "thin"):
        end = top + at(rng.uniform(-0.16, -0.04), 0.42)
        tail = [Part([limb([top, top + at(-0.08, 0.08), end], (0.05, 0.035, 0.03))], "main")]
        return [*tail, Part([ellipse(end, 0.035, 0.07)], "hair")] if build.tail == "tuft" else tail
    spines: dict[str, tuple[list[Range], tuple[float, ...]]] = {
        "stub": ([(0.03, 0.0), (-0.06, -0.04), (-0.11, 0.05)], (0.1, 0.09, 0.02)),
        "up": ([(0.0, 0.0), (-0.14, -0.14), (-0.12, -0.32 - lift)], (0.09, 0.07, 0.02)),
        "brush": ([(0.0, 0.0), (-0.16, 0.12), (-0.3, 0.2 + lift)], (0.09, 0.14, 0.02)),
        "snake": ([(0.0, 0.0), (-0.2, 0.02), (-0.3, -0.25), (-0.2 + lift, -0.5)], (0.08, 0.06, 0.06, 0.05)),
        "curl": ([(0.02, 0.0), (-0.09, -0.06), (-0.04, -0.13), (-0.14, -0.14)], (0.05, 0.04, 0.04, 0.03)),
    }
    offsets, widths = spines[build.tail]
    return [Part([limb([top + offset for offset in offsets], widths)], "main")]


def _markings(rng: Generator, build: Build) -> list[Part]:
    half, parts = build.depth / 2, []
    if "patches" in build.features and rng.random() < 0.8:
        spots = rng.uniform((-0.36, -half * 0.6), (0.36, half * 0.6), (rng.integers(3, 7), 2))
        parts.append(Part([ellipse(s, rng.uniform(0.05, 0.12), rng.uniform(0.04, 0.09)) for s in spots], "second"))
    if "udder" in build.features:
        parts.append(Part([ellipse((-0.22, half * 0.95), 0.11, 0.08)], "accent"))
    if build.label == "Horse" and rng.random() < 0.2:
        saddle = [(-0.12, -half * 1.0), (0.16, -half * 1.0), (0.13, half * 0.1), (-0.08, half * 0.1)]
        parts.append(Part([array(saddle)], "accent"))
    return parts


def animal(rng: Generator, kind: str, pose: str | None = None, bust: bool = False) -> Drawing:
    """A drawing of one of `ANIMALS`, varied in proportions and pose; `bust` keeps head and neck only."""
    build = varied(rng, ANIMALS[kind])
    build = cartoon(rng, build) if rng.random() < 0.3 else build
    pose = pose or str(rng.choice(build.poses))
    lean = rng.uniform(28, 55) if pose == "rear" else 0.0
    details, joined = front(rng, build, grazing=pose == "graze" and not bust)
    if bust:
        return [Part(joined, "main"), *details]
    far, near = _legs(rng, build, pose, lean)
    near_shanks = [p for part in near if part.tint == "main" for p in part.polygons]
    hooves = [part for part in near if part.tint != "main"]
    body = Part([*_trunk(rng, build), *joined, *near_shanks], "main")
    drawing = [*far, *_tail(rng, build), body, *hooves, *_markings(rng, build), *details]
    return rotate_drawing(drawing, lean) if lean else drawing

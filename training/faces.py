"""Necks and heads: mane, ears, horns and faces, where animals of one skeleton differ most."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from builds import Build
from numpy.random import Generator
from shapes import Drawing, Part, Points, array, at, curve, direction, ellipse, limb, line, normals


class Head(NamedTuple):
    """Where a head is: from the poll (behind the ears) `along` to the mouth; `up` leads away from the jaw."""

    build: Build
    poll: Points
    along: Points
    up: Points

    def point(self, forward: float, upward: float) -> Points:
        """A point `forward` head lengths from the poll and `upward` head depths from the middle line."""
        return self.poll + self.along * self.build.head * forward + self.up * self.build.head_depth * upward

    def outline(self) -> Points:
        depth, mouth = self.build.head_depth, self.build.head_depth * self.build.muzzle
        back = self.poll - self.along * depth * 0.35
        spine = [back, self.poll, self.point(0.35, 0), self.point(0.8, 0), self.point(1, 0)]
        return limb(spine, (depth * 0.5, depth * 0.95, depth, mouth, mouth * 0.75))


# (along, up) in head depths from the root of the ear
EARS: dict[str, list[tuple[float, float]]] = {
    "upright": [(-0.12, 0.0), (0.0, 0.62), (0.22, 0.0)],
    "pointed": [(-0.25, -0.05), (-0.1, 0.55), (0.25, 0.05), (0.35, 0.5), (0.55, -0.1)],
    "side": [(0.1, 0.05), (-0.45, 0.28), (-0.65, 0.05), (-0.3, -0.12)],
    "floppy": [(0.15, 0.1), (-0.3, 0.05), (-0.4, -0.75), (-0.05, -0.7)],
}


def _mane(rng: Generator, neck: Points, widths: Points, along: Points) -> Part:
    """Hair along the crest from withers to poll, with strands and a forelock."""
    side = normals(neck)
    crest = neck + side * widths[:, None] / 2
    height = rng.uniform(0.07, 0.17)
    strands = rng.uniform(0.5, 1.15, (len(neck), 1)) if rng.random() < 0.6 else np.ones((len(neck), 1))
    outer = crest + (side + at(-0.3, 0.5)) * height * strands
    inner = neck + side * widths[:, None] * rng.uniform(0.05, 0.35)
    forelock = crest[-1] + along * rng.uniform(0.08, 0.2) + side[-1] * 0.02
    edge = np.vstack([outer, crest[-1] + side[-1] * height * 0.5, forelock])
    return Part([np.vstack([edge if rng.random() < 0.5 else curve(edge, steps=3), inner[::-1]])], "hair")


def _ears(head: Head) -> list[Part]:
    kind, depth = head.build.ears, head.build.head_depth
    root = head.point(0, 0.35)
    if kind == "none":
        return []
    if kind == "huge":
        flap = [at(0, 0), at(-0.28, 0.02), at(-0.30, 0.30), at(-0.08, 0.36), at(0.02, 0.18)]
        return [Part([curve([root + point for point in flap], closed=True)], "shade")]
    ear = array([root + (head.along * forward + head.up * upward) * depth for forward, upward in EARS[kind]])
    if kind == "upright":
        return [Part([ear + head.along * depth * 0.28], "shade"), Part([ear], "main")]
    return [Part([ear], "shade" if kind == "floppy" else "main")]


def _forehead_horn(rng: Generator, head: Head) -> list[Part]:
    """A unicorn's: straight, from the forehead, with rings."""
    root = head.point(0.18, 0.42)
    reach = (head.up * rng.uniform(0.7, 1.0) + head.along * rng.uniform(0.35, 0.8)) * rng.uniform(0.26, 0.46)
    rings = [
        line(
            [root + reach * t + head.along * 0.02, root + reach * t - head.along * 0.015 + head.up * 0.02],
            0.012,
        )
        for t in (0.2, 0.4, 0.6)
    ]
    return [Part([limb([root, root + reach], (rng.uniform(0.05, 0.09), 0.006))], "horn"), Part(rings, "dark")]


def _cow_horns(rng: Generator, head: Head) -> list[Part]:
    parts, depth = [], head.build.head_depth
    for forward in (0.0, 0.35):
        root = head.poll + head.up * depth * 0.45 + head.along * depth * forward
        bend, tip = head.up * 0.25 + head.along * 0.3, head.up * 0.6 + head.along * 0.2
        parts.append(Part([limb([root, root + bend * depth, root + tip * depth], (0.06, 0.05, 0.01))], "horn"))
    return parts


def _backswept_horns(rng: Generator, head: Head) -> list[Part]:
    steps = ((0.0, 0.0), (0.16, -0.05), (0.2, -0.24), (0.1, -0.34))
    spine = [head.point(0.18, 0.42) + head.up * upward + head.along * forward for upward, forward in steps]
    return [Part([limb(spine, (0.07, 0.06, 0.04, 0.01))], "horn")]


def _antlers(rng: Generator, head: Head) -> list[Part]:
    return [Part(_antler(rng, head.point(0, 0.4), lean), "horn") for lean in (-0.12, 0.14)]


def _antler(rng: Generator, root: Points, lean: float) -> list[Points]:
    stem = curve([root, root + at(lean - 0.08, -0.18), root + at(lean * 1.6, -0.4 * rng.uniform(0.8, 1.3))])
    polygons = [limb(stem, (0.04, 0.015), smooth=False)]
    for share in (0.3, 0.55, 0.8):
        base = stem[int(share * (len(stem) - 1))]
        polygons.append(limb([base, base + at(rng.choice((-1, 1)) * 0.1 + lean * 0.3, -0.1)], (0.03, 0.01)))
    return polygons


def _nose_horns(rng: Generator, head: Head) -> list[Part]:
    """A rhinoceros': a large one in front of a small one."""
    root = head.point(0.85, head.build.muzzle * 0.4)
    large = [root, root + head.up * 0.14 + head.along * 0.03, root + head.up * 0.26 - head.along * 0.02]
    small = [root - head.along * 0.15, root - head.along * 0.14 + head.up * 0.12]
    return [Part([limb(large, (0.13, 0.08, 0.01))], "horn"), Part([limb(small, (0.08, 0.01))], "horn")]


def _knobs(rng: Generator, head: Head) -> list[Part]:
    roots = [head.point(0, 0.3), head.point(0, 0.3) + head.along * 0.07]
    return [Part([line([root, root + head.up * head.build.head_depth * 0.6], 0.03) for root in roots], "dark")]


def _beard(rng: Generator, head: Head) -> list[Part]:
    chin = head.point(0.85, -head.build.muzzle * 0.4)
    return [Part([array([chin - head.along * 0.05, chin - head.up * 0.16, chin + head.along * 0.05])], "hair")]


def _whiskers(rng: Generator, head: Head) -> list[Part]:
    mouth = head.point(1, 0)
    return [Part([line([mouth, mouth + head.along * 0.12 + head.up * s], 0.008) for s in (-0.08, 0, 0.08)], "dark")]


def _trunk(rng: Generator, head: Head) -> list[Part]:
    mouth = head.point(1, 0)
    spine = [mouth - head.along * 0.04, mouth + at(0.1, 0.18), mouth + at(0.06, 0.42), mouth + at(0.16, 0.55)]
    return [Part([limb(spine, (0.22, 0.15, 0.1, 0.07))], "main")]


def _tusk(rng: Generator, head: Head) -> list[Part]:
    mouth = head.point(1, 0)
    return [Part([limb([mouth, mouth + at(0.12, 0.12), mouth + at(0.24, 0.08)], (0.06, 0.05, 0.01))], "horn")]


def _snout(rng: Generator, head: Head) -> list[Part]:
    return [Part([ellipse(head.point(1, 0), 0.04, head.build.head_depth * head.build.muzzle * 0.55, -20)], "shade")]


ON_THE_HEAD = {
    "forehead horn": _forehead_horn,
    "cow horns": _cow_horns,
    "backswept horns": _backswept_horns,
    "antlers": _antlers,
    "nose horn": _nose_horns,
    "knobs": _knobs,
    "beard": _beard,
    "whiskers": _whiskers,
    "trunk": _trunk,
    "tusk": _tusk,
    "snout": _snout,
}


def _eye_and_nose(head: Head) -> list[Part]:
    depth = head.build.head_depth
    eye = Part([ellipse(head.point(0.3, 0.14), depth * 0.08, depth * 0.1, steps=10)], "dark")
    if head.build.label in ("Cat", "Dog"):
        nose = ellipse(head.point(1, head.build.muzzle * 0.25), depth * 0.12, depth * 0.1, steps=10)
    else:
        nose = ellipse(head.point(0.96, head.build.muzzle * 0.1), depth * 0.045, depth * 0.045, steps=8)
    return [eye, Part([nose], "dark")]


def _collar(rng: Generator, neck: Points, width: float) -> list[Part]:
    middle, across = neck[len(neck) // 2], normals(neck)[len(neck) // 2] * width * 0.4
    return [Part([line([middle - across, middle + across], 0.05)], "accent")] if rng.random() < 0.5 else []


def front(rng: Generator, build: Build, grazing: bool) -> tuple[Drawing, list[Points]]:
    """What sits on neck and head, and their outlines, which join the trunk's silhouette."""
    neck_angle = rng.uniform(-60, -35) if grazing else rng.uniform(*build.neck_angle)
    head_angle = rng.uniform(-85, -55) if grazing else rng.uniform(*build.head_angle)
    base, toward = at(0.36, -build.depth * 0.14), direction(neck_angle)
    poll = base + build.neck * toward
    arch = normals(array([base, poll]))[0] * build.neck * rng.uniform(0.0, 0.12)
    neck = curve([base - toward * 0.08, base + toward * build.neck * 0.5 + arch, poll])
    widths = np.linspace(build.neck_width * 1.15, min(build.neck_width * 0.6, build.head_depth), len(neck))
    head = Head(build, poll, direction(head_angle), direction(head_angle + 90))
    ears, hair = _ears(head), [_mane(rng, neck, widths, head.along)] if "mane" in build.features else []
    details = [part for name, draw in ON_THE_HEAD.items() if name in build.features for part in draw(rng, head)]
    details += _eye_and_nose(head)
    if "collar" in build.features:
        details += _collar(rng, neck, build.neck_width)
    top = [*hair, *ears] if rng.random() < 0.5 else [*ears, *hair]
    return [*top, *details], [limb(neck, tuple(widths), smooth=False), head.outline()]

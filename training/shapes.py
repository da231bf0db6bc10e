"""Plane geometry for drawn things: curves, tapering limbs, and the parts a drawing is made of.

A drawing is a list of `Part`s, back to front. Every coordinate is a float pair (x, y), y pointing down,
in units of the thing itself (an animal's trunk is one unit long); `place` brings it into a picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Points = NDArray[np.float64]
Box = tuple[float, float, float, float]  # ymin, xmin, ymax, xmax


class Part(NamedTuple):
    """Polygons that are painted as one silhouette, in one color of the thing's palette."""

    polygons: list[Points]
    tint: str


Drawing = list[Part]


def array(points: ArrayLike) -> Points:
    return np.asarray(points, dtype=np.float64)


def at(x: float, y: float) -> Points:
    return array((x, y))


def direction(degrees: float) -> Points:
    """The unit vector at an angle above the horizontal, facing right."""
    radians = np.radians(degrees)
    return array((np.cos(radians), -np.sin(radians)))


def curve(points: ArrayLike, closed: bool = False, steps: int = 5) -> Points:
    """A Catmull-Rom curve through the points, `steps` samples between two of them."""
    knots = array(points)
    ends = (knots[-1], knots[0], knots[1]) if closed else (knots[0], knots[-1], knots[-1])
    padded = np.vstack([ends[0], knots, ends[1:]])
    t = np.linspace(0, 1, steps, endpoint=False)[None, :, None]
    spans = len(knots) if closed else len(knots) - 1
    a, b, c, d = (padded[i : i + spans, None, :] for i in range(4))
    samples = b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)))
    path: Points = samples.reshape(-1, 2)
    return path if closed else np.vstack([path, knots[-1]])


def normals(path: Points) -> Points:
    """Unit vectors across an open path, to the left of its direction as seen in a picture."""
    tangent = np.gradient(path, axis=0)
    length = np.maximum(np.hypot(tangent[:, 0], tangent[:, 1]), 1e-9)
    return np.stack([tangent[:, 1] / length, -tangent[:, 0] / length], axis=1)


def limb(spine: ArrayLike, widths: Sequence[float], smooth: bool = True) -> Points:
    """A polygon around a spine whose width changes from point to point."""
    knots = array(spine)
    path = curve(knots) if smooth and len(knots) > 2 else knots
    stations = np.linspace(0, len(knots) - 1, len(path))
    half = np.interp(stations, np.linspace(0, len(knots) - 1, len(widths)), widths)[:, None] / 2
    side = normals(path) * half
    return np.vstack([path + side, (path - side)[::-1]])


def line(spine: ArrayLike, width: float) -> Points:
    return limb(spine, (width, width), smooth=False)


def ellipse(center: ArrayLike, rx: float, ry: float, turn: float = 0.0, steps: int = 20) -> Points:
    t = np.linspace(0, 2 * np.pi, steps, endpoint=False)
    return rotate(np.stack([rx * np.cos(t), ry * np.sin(t)], axis=1), turn) + array(center)


def ring(center: ArrayLike, radius: float, width: float) -> Points:
    t = np.linspace(0, 2 * np.pi, 25)
    circle = np.stack([np.cos(t), np.sin(t)], axis=1)
    return array(center) + np.vstack([circle * (radius + width / 2), circle[::-1] * (radius - width / 2)])


def box_of(left: float, top: float, right: float, bottom: float) -> Points:
    return array([(left, top), (right, top), (right, bottom), (left, bottom)])


def rotate(points: Points, degrees: float, center: ArrayLike = (0.0, 0.0)) -> Points:
    """Turned counterclockwise as seen in a picture."""
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    turned: Points = (points - array(center)) @ array([(c, -s), (s, c)]) + array(center)
    return turned


def rotate_drawing(drawing: Drawing, degrees: float, center: ArrayLike = (0.0, 0.0)) -> Drawing:
    return [Part([rotate(p, degrees, center) for p in part.polygons], part.tint) for part in drawing]


def extent(drawing: Drawing) -> tuple[Points, Points]:
    """The least and the greatest coordinates of a drawing."""
    every = np.vstack([polygon for part in drawing for polygon in part.polygons])
    return every.min(axis=0), every.max(axis=0)


def place(drawing: Drawing, center: ArrayLike, longest: float, mirrored: bool = False) -> Drawing:
    """The drawing moved into a picture: its extent centered, its longer side `longest` pixels."""
    low, high = extent(drawing)
    scale = longest / max(float((high - low).max()), 1e-9)
    factor = array((-scale if mirrored else scale, scale))
    middle = (low + high) / 2
    return [Part([(p - middle) * factor + array(center) for p in part.polygons], part.tint) for part in drawing]


def bounds(drawing: Drawing) -> Box:
    low, high = extent(drawing)
    return float(low[1]), float(low[0]), float(high[1]), float(high[0])

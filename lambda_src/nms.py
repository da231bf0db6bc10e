"""Non-maximum suppression in numpy, exactly as TensorFlow's operations do it: what LiteRT cannot run of a detector.

A pair of a box and a class is kept when no kept, better pair of the same class overlaps it too much. Pairs are
visited by falling score until `max_total` are kept, so that of the million pairs of a detector only the first
few hundred are looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Indices = NDArray[np.intp]
Booleans = NDArray[np.bool_]

CLIPS = ("none", "after", "before")
"""Boxes are left as they are, or clipped to 0..1 after suppression (CombinedNonMaxSuppression's `clip_boxes`) or
before it (TensorFlow's object detection API)."""

_FIRST = 256
"""Pairs looked at first: more than the 100 that detectors keep, as some of them overlap."""


class Suppression(NamedTuple):
    """What a detector's suppression is set to; `clip` is one of CLIPS.

    Pairs are candidates above `score_threshold`, and overlap too much when intersection over union is above
    `iou_threshold`; of a class at most `max_per_class` are kept.
    """

    score_threshold: float
    iou_threshold: float
    max_per_class: int
    max_total: int
    clip: str = "none"


class Kept(NamedTuple):
    """Kept pairs by falling score: class numbers [K], scores [K], boxes [K, 4]."""

    classes: Indices
    scores: Floats
    boxes: Floats


def suppress(boxes: Floats, scores: Floats, settings: Suppression) -> Kept:
    """The kept pairs of boxes [N, 1 or C, 4], corners (y, x, y, x), and scores [N, C].

    Equal scores are visited by class, then by box, as NonMaxSuppressionV2 to V5 of each class and top_k do.
    CombinedNonMaxSuppression leaves their order to C++'s std::priority_queue and std::sort, which do not promise one:
    it changes with how many there are. So of its pairs with equal scores, others may be kept here, in another order.
    """
    chosen = np.empty((0, 2), np.intp)  # rows of (box, class)
    corners = np.empty((0, 4), np.float32)
    for pairs in _by_falling_score(scores, settings.score_threshold):
        candidates = _corners(boxes, pairs, settings.clip == "before")
        free = _free(candidates, pairs[:, 1], corners, chosen[:, 1], settings)
        picked = _pick(candidates, pairs[:, 1], free, np.bincount(chosen[:, 1], minlength=scores.shape[1]), settings)
        picked = picked[: settings.max_total - len(chosen)]
        chosen = np.concatenate([chosen, pairs[picked]])
        corners = np.concatenate([corners, candidates[picked]])
        if len(chosen) == settings.max_total:
            break
    shown = np.clip(corners, 0.0, 1.0) if settings.clip == "after" else corners
    return Kept(chosen[:, 1], scores[chosen[:, 0], chosen[:, 1]], shown)


def _by_falling_score(scores: Floats, threshold: float) -> Iterator[Indices]:
    """Portions [M, 2] of the pairs above the threshold, as rows (box, class), each portion worse than the last."""
    upper, first = np.inf, _FIRST
    while upper > threshold:
        lower = _lower_bound(scores, first)
        above = scores >= lower if lower > threshold else scores > threshold
        # numpy looks through a flat array thirty times faster.
        found = np.flatnonzero(above & (scores < upper) if upper < np.inf else above)
        rows, classes = np.divmod(found, scores.shape[1])
        order = np.lexsort((rows, classes, -scores[rows, classes]))
        yield np.stack([rows[order], classes[order]], axis=1)
        upper, first = lower, first * 8


def _lower_bound(scores: Floats, count: int) -> float:
    """A score that at least `count` pairs reach, or -inf; found fast by the best score of each box, if that will do."""
    best = scores.max(axis=1) if count <= len(scores) else scores.ravel()
    return float(np.partition(best, -count)[-count]) if count <= best.size else -np.inf


def _corners(boxes: Floats, pairs: Indices, clip: bool) -> Floats:
    corners: Floats = boxes[pairs[:, 0], pairs[:, 1] if boxes.shape[1] > 1 else 0]
    return np.clip(corners, 0.0, 1.0) if clip else corners


def _free(candidates: Floats, classes: Indices, kept: Floats, kept_classes: Indices, settings: Suppression) -> Booleans:
    """Which candidates overlap none of the pairs that were kept before."""
    free = np.ones(len(candidates), bool)
    for corners, number in zip(kept, kept_classes, strict=True):
        free &= (classes != number) | (iou(corners, candidates) <= np.float32(settings.iou_threshold))
    return free


def _pick(candidates: Floats, classes: Indices, free: Booleans, counts: Indices, settings: Suppression) -> list[int]:
    """Greedy suppression among candidates by falling score; `counts` says how many of a class were kept before."""
    picked: list[int] = []
    free = free & (counts < settings.max_per_class)[classes]
    extents = _extents(candidates)
    while len(picked) < settings.max_total and free.any():
        best = int(free.argmax())
        picked.append(best)
        free[best] = False
        number = classes[best]
        counts[number] += 1
        same = np.flatnonzero(free & (classes == number))
        if counts[number] == settings.max_per_class:
            free[same] = False
        else:
            overlaps = _iou(_Extents(*(part[best] for part in extents)), _Extents(*(part[same] for part in extents)))
            free[same] = overlaps <= np.float32(settings.iou_threshold)
    return picked


class _Extents(NamedTuple):
    """Of boxes: low corners [..., 2], high corners [..., 2], areas [...]."""

    lows: Floats
    highs: Floats
    areas: Floats


def _extents(boxes: Floats) -> _Extents:
    lows, highs = np.minimum(boxes[..., :2], boxes[..., 2:]), np.maximum(boxes[..., :2], boxes[..., 2:])
    return _Extents(lows, highs, _product(highs - lows))


def _product(sides: Floats) -> Floats:
    """Of two sides [..., 2]: a call of numpy's own product takes several times longer."""
    product: Floats = sides[..., 0] * sides[..., 1]
    return product


def iou(box: Floats, others: Floats) -> Floats:
    """Intersection over union [M] of a box [4] with others [M, 4]; 0 where one has no area. Corners in any order."""
    return _iou(_extents(box), _extents(others))


def _iou(box: _Extents, others: _Extents) -> Floats:
    sides = np.minimum(box.highs, others.highs) - np.maximum(box.lows, others.lows)
    shared = _product(np.maximum(sides, 0))
    solid = (box.areas > 0) & (others.areas > 0)
    unions = np.where(solid, box.areas + others.areas - shared, np.float32(1))
    overlaps: Floats = np.where(solid, shared / unions, np.float32(0))
    return overlaps

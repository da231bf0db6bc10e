"""Whether two engines found the same in a picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from detector import Detection
from nms import iou

from filling.saved_graph import Refused

MIN_SCORE = 0.3
"""The handler's default: what is below it is not shown."""
LEAST = 20
"""So many of the best detections count, whatever their score: a model may be sure of nothing in made-up pictures."""
MAX_SCORE_DIFFERENCE = 0.01
MIN_IOU = 0.99


@dataclass(frozen=True)
class Agreement:
    """How many detections were compared, how many were decided otherwise by a tie, and the worst of the others."""

    compared: int = 0
    ties: int = 0
    score_difference: float = 0.0
    iou: float = 1.0

    def __add__(self, other: Agreement) -> Agreement:
        return Agreement(
            self.compared + other.compared,
            self.ties + other.ties,
            max(self.score_difference, other.score_difference),
            min(self.iou, other.iou),
        )


def compare(expected: Sequence[Detection], found: Sequence[Detection], noise: float, most: int) -> Agreement:
    """The agreement of detections with expected ones, in both directions. Raises Refused when they do not agree.

    Rows without a score, with which models fill up their answers, do not count. `noise` is by how much scores
    differ between the engines: what differs by less is a tie, which rounding decides, be it between two boxes of
    which one suppresses the other, or for the last of `most` places.
    """
    expected, found = ([d for d in those if d.score > 0] for those in (expected, found))
    limit = _limit(expected, found)
    last = max((min(d.score for d in those) for those in (expected, found) if len(those) >= most), default=0.0)
    return sum(
        (
            _partner(detection, others, noise, last)
            for those, others in ((expected, found), (found, expected))
            for detection in those
            if detection.score >= limit
        ),
        Agreement(),
    )


def _limit(expected: Sequence[Detection], found: Sequence[Detection]) -> float:
    scores = sorted((detection.score for detection in (*expected, *found)), reverse=True)
    return min([MIN_SCORE, *scores[: 2 * LEAST]])


def _partner(detection: Detection, others: Sequence[Detection], noise: float, last: float) -> Agreement:
    """The agreement of a detection with the one of the others that is the same."""
    same = [other for other in others if other.label == detection.label]
    near = [other for other in same if abs(other.score - detection.score) <= MAX_SCORE_DIFFERENCE]
    box = np.asarray(detection.box, np.float32)
    overlaps = iou(box, np.asarray([other.box for other in near], np.float32).reshape(-1, 4))
    best = int(overlaps.argmax()) if len(near) else -1
    if near and overlaps[best] >= MIN_IOU:
        return Agreement(1, 0, abs(near[best].score - detection.score), float(overlaps[best]))
    if detection.score <= last + 2 * noise or any(_tied(detection, other, noise) for other in near):
        return Agreement(1, 1)
    raise Refused(f"{detection.label} with score {detection.score:.3f} was found by one engine only")


def _tied(detection: Detection, other: Detection, noise: float) -> bool:
    boxes = (np.asarray(one.box, np.float32) for one in (detection, other))
    first, second = boxes
    return abs(detection.score - other.score) <= 2 * noise and float(iou(first, second[None])[0]) > 0.3

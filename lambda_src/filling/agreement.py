"""Compares what two engines detect in a picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from detector import Detection
from nms import iou
from numpy.typing import NDArray

from filling.saved_graph import Refused

MIN_SCORE = 0.3
"""The handler's default: what is below it is not shown."""
LEAST = 20
"""So many of the best detections count, whatever their score: a model may be sure of nothing in made-up pictures."""
MAX_SCORE_DIFFERENCE = 0.01
MIN_IOU = 0.99
SAME_PLACE = 1e-4
"""By how much the ends of one box may differ, as parts of the picture: less than a pixel."""
TIED_IOU = 0.3
"""What overlaps by more may suppress each other."""

Table = tuple[NDArray[np.float64], NDArray[np.float32]]


@dataclass(frozen=True)
class Agreement:
    """How many detections were compared, how many differ because of a tie, and the worst difference of the others."""

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


def compare(
    expected: Sequence[Detection], found: Sequence[Detection], noise: float, most: int, least: int = LEAST
) -> Agreement:
    """The agreement of detections with expected ones, in both directions. Raises Refused when they do not agree.

    Rows without a score do not count: models fill up their answers with them. `noise` is by how much scores differ
    between the engines. Scores that differ by less are a tie, which rounding decides: between two boxes of which one
    suppresses the other, or for the last of `most` places. The `least` best
    detections count even with scores below MIN_SCORE.
    """
    expected, found = ([d for d in those if d.score > 0] for those in (expected, found))
    limit = _limit(expected, found, least)
    by_label = [_by_label(those) for those in (expected, found)]
    last = max((min(d.score for d in those) for those in (expected, found) if len(those) >= most), default=0.0)
    return sum(
        (
            _partner(detection, others.get(detection.label, _NONE), noise, last)
            for those, others in ((expected, by_label[1]), (found, by_label[0]))
            for detection in those
            if detection.score >= limit
        ),
        Agreement(),
    )


def score_difference(expected: Sequence[Detection], found: Sequence[Detection]) -> float:
    """By how much the scores of two engines differ in one picture, each the best of all, the second best, and so on."""
    one, other = (sorted((detection.score for detection in those), reverse=True) for those in (expected, found))
    return max((abs(score - another) for score, another in zip(one, other, strict=False)), default=0.0)


def _limit(expected: Sequence[Detection], found: Sequence[Detection], least: int) -> float:
    scores = sorted((detection.score for detection in (*expected, *found)), reverse=True)
    return min([MIN_SCORE, *scores[: 2 * least]])


def _by_label(detections: Sequence[Detection]) -> dict[str, Table]:
    """Scores [N] and boxes [N, 4] of each label: detections are many, and each looks for its partner."""
    rows: dict[str, list[Detection]] = {}
    for detection in detections:
        rows.setdefault(detection.label, []).append(detection)
    return {label: _table(those) for label, those in rows.items()}


def _table(detections: Sequence[Detection]) -> Table:
    boxes = np.asarray([detection.box for detection in detections], np.float32).reshape(-1, 4)
    return np.asarray([detection.score for detection in detections]), boxes


_NONE = _table([])


def _partner(detection: Detection, others: Table, noise: float, last: float) -> Agreement:
    """The agreement of a detection with the one of the others, which have its label, that is the same."""
    scores, boxes = others
    is_near = np.abs(scores - detection.score) <= MAX_SCORE_DIFFERENCE
    differences = np.abs(scores[is_near] - detection.score)
    box = np.asarray(detection.box, np.float32)
    overlaps = iou(box, boxes[is_near])
    overlaps[np.abs(boxes[is_near] - box).max(axis=1, initial=0) <= SAME_PLACE] = (
        1  # boxes without area overlap nothing
    )
    best = int(np.lexsort((differences, -overlaps))[0]) if len(overlaps) else -1
    if best >= 0 and overlaps[best] >= MIN_IOU:
        return Agreement(1, 0, float(differences[best]), float(overlaps[best]))
    is_tied = (differences <= 2 * noise) & (overlaps > TIED_IOU)
    if detection.score <= last + 2 * noise or is_tied.any():
        return Agreement(1, 1)
    raise Refused(f"{detection.label} with score {detection.score:.3f} was found by only one engine")

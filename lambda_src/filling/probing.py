"""Finds out what a detector does after its heads by a test: invented boxes and scores go in, detections come out.

This gives the labels and the settings of suppression for any graph, whatever operations, tables and offsets it uses. It
also tests that nms.py does the same as the graph.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from nms import CLIPS, Suppression, suppress
from numpy.typing import NDArray

from filling.saved_graph import Refused

Array = NDArray[Any]

_RANDOM_HEADS = 3
_BUSY_CLASSES = 3
"""Few, so that the boxes of a class are many and suppress each other."""


class Rows(NamedTuple):
    """Detections: labels [K], scores [K], boxes [K, 4]."""

    labels: list[str]
    scores: Array
    boxes: Array


@dataclass(frozen=True)
class Probe:
    """What follows heads of N boxes, C classes and q (1 or C) boxes for each pair of them.

    `answer` takes boxes [N, q, 4] and scores [N, C].
    """

    answer: Callable[[Array, Array], Rows]
    number: int
    per_box: int
    classes: int

    def labels(self) -> list[str]:
        """The labels of the classes. Raises Refused when a class is not detected though its score is high."""
        step = min(self.number, self._count(self.classes))
        found: list[str] = []
        for first in range(0, self.classes, max(step, 1)):
            classes = np.arange(first, min(first + step, self.classes))
            scores = np.linspace(1, 0.9, len(classes), dtype=np.float32)
            rows = self._ask(classes, scores)
            if rows.scores[: len(scores)].tolist() != scores.tolist():
                raise Refused("a class with the highest score is not detected")
            found.extend(rows.labels[: len(scores)])
        return found

    def suppression(self, iou_threshold: float, labels: list[str]) -> Suppression:
        """Suppression's settings. Raises Refused when nms.py cannot do what it does."""
        in_all, of_one_class = self._count(self.classes), self._count(1)
        threshold = self._score_threshold(min(in_all, self.number))
        for clip in CLIPS:
            found = Suppression(threshold, iou_threshold, of_one_class, in_all, clip)
            if all(self._agrees(found, labels, seed) for seed in range(_RANDOM_HEADS)):
                return found
        raise Refused("the steps after the heads differ from CombinedNonMaxSuppression and NonMaxSuppression")

    def _count(self, classes: int) -> int:
        """How many pairs are kept when no boxes overlap and the first classes have high scores, all different."""
        scores = np.zeros((self.number, self.classes), np.float32)
        order = np.random.default_rng(0).permutation(self.number * classes).reshape(self.number, classes)
        scores[:, :classes] = 1 - order / np.float32(4 * order.size)
        return int(np.sum(self.answer(self._apart(), scores).scores > 0))

    def _score_threshold(self, steps: int) -> float:
        """The highest score that is too low, or 0: an interval is narrowed down to two neighboring numbers."""
        low, high = np.float32(0), np.float32(1)
        ladder = np.geomspace(1e-12, 1, steps + 1, dtype=np.float32)[:-1]
        while len(ladder):
            kept = set(self._ask(np.arange(len(ladder)) % self.classes, ladder).scores.tolist())
            high = min([step for step in ladder if step.item() in kept], default=high)
            low = max([step for step in ladder if step < high], default=low)
            between = np.linspace(low, high, steps + 2, dtype=np.float32)
            ladder = np.unique(between[(between > low) & (between < high)])
            if low == 0:  # lower than the ladder goes
                return 0.0
        return float(low)

    def _ask(self, classes: Array, values: Array) -> Rows:
        """The answer when each of some boxes, all apart, has a score for one class, and nothing else has any."""
        scores = np.zeros((self.number, self.classes), np.float32)
        scores[np.arange(len(classes)), classes] = values
        return self.answer(self._apart(), scores)

    def _apart(self) -> Array:
        """Boxes [N, q, 4] that do not overlap: each has its own cell of a grid."""
        side = int(np.ceil(self.number**0.5))
        y, x = np.divmod(np.arange(self.number), side)
        corners = np.stack([y + 0.2, x + 0.2, y + 0.8, x + 0.8], axis=1) / side
        return np.repeat(corners[:, None].astype(np.float32), self.per_box, axis=1)

    def _agrees(self, settings: Suppression, labels: list[str], seed: int) -> bool:
        boxes, scores = self._random_heads(np.random.default_rng(seed))
        ours, theirs = suppress(boxes, scores, settings), self.answer(boxes, scores)
        count = int(np.sum(theirs.scores > 0))
        return (
            len(ours.scores) == count
            and [labels[number] for number in ours.classes] == theirs.labels[:count]
            and np.allclose(ours.scores, theirs.scores[:count], rtol=0, atol=1e-6)
            and np.allclose(ours.boxes, theirs.boxes[:count], rtol=0, atol=1e-5)
        )

    def _random_heads(self, random: np.random.Generator) -> tuple[Array, Array]:
        """Overlapping boxes, some of them partly outside, and scores 0..1, all different, high for a few classes."""
        shape = (self.number, self.per_box, 2)
        centers, halves = random.uniform(-0.1, 1.1, shape), random.uniform(0.02, 0.3, shape)
        boxes = np.concatenate([centers - halves, centers + halves], axis=2).astype(np.float32)
        ranks = random.permutation(self.number * self.classes).reshape(self.number, self.classes)
        scores = ((ranks + 1) / np.float32(ranks.size + 1)).astype(np.float32)
        quiet = random.permutation(self.classes)[_BUSY_CLASSES:]
        scores[:, quiet] *= np.float32(0.01)
        return boxes, scores

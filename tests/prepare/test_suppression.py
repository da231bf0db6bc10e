"""nms.py against TensorFlow's own operations."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from nms import Kept, Suppression, suppress
from numpy.typing import NDArray

Array = NDArray[Any]


def made_heads(random: np.random.Generator) -> tuple[Array, Array]:
    """Boxes [N, 1 or C, 4], some outside of the picture, and scores [N, C]."""
    number, classes = int(random.integers(1, 400)), int(random.integers(1, 20))
    per_box = classes if random.random() < 0.3 else 1
    centers = random.uniform(-0.1, 1.1, (number, per_box, 2))
    halves = random.uniform(0.02, 0.25, (number, per_box, 2))
    boxes = np.concatenate([centers - halves, centers + halves], axis=2)
    return boxes.astype(np.float32), random.uniform(0, 1, (number, classes)).astype(np.float32)


def made_settings(random: np.random.Generator, clip: str) -> Suppression:
    score, iou = float(random.choice([-1, 0, 0.3, 0.8])), float(random.choice([0, 0.3, 0.5, 0.6, 1]))
    return Suppression(score, iou, int(random.integers(1, 50)), int(random.integers(1, 300)), clip)


def by_combined(boxes: Array, scores: Array, s: Suppression) -> Kept:
    kept = tf.image.combined_non_max_suppression(
        boxes[None], scores[None], s.max_per_class, s.max_total, s.iou_threshold, s.score_threshold,
        clip_boxes=s.clip == "after",
    )  # fmt: skip
    count = int(kept.valid_detections[0])
    values = (kept.nmsed_classes, kept.nmsed_scores, kept.nmsed_boxes)
    return Kept(*(value[0, :count].numpy() for value in values))


def by_class(boxes: Array, scores: Array, s: Suppression) -> Kept:
    """NonMaxSuppressionV3 for each class, then top_k, which takes the first of equal scores."""
    parts = []
    for number in range(scores.shape[1]):
        corners = boxes[:, number if boxes.shape[1] > 1 else 0]
        corners = np.clip(corners, 0, 1) if s.clip == "before" else corners
        column = scores[:, number]
        kept = tf.image.non_max_suppression(corners, column, s.max_per_class, s.iou_threshold, s.score_threshold)
        parts.append((np.full(len(kept), number), column[kept.numpy()], corners[kept.numpy()]))
    classes, values, corners = (np.concatenate(part) for part in zip(*parts, strict=True))
    best = tf.math.top_k(values, min(s.max_total, len(values))).indices.numpy()
    return Kept(classes[best], values[best], corners[best])


def check(boxes: Array, scores: Array, settings: Suppression, expected: Kept) -> None:
    found = suppress(boxes, scores, settings)
    assert [part.tolist() for part in found] == [part.tolist() for part in expected]


@pytest.mark.parametrize("seed", range(60))
@pytest.mark.parametrize("clip", ["none", "after"])
def test_like_combined_suppression(seed: int, clip: str) -> None:
    random = np.random.default_rng(seed)
    boxes, scores, settings = *made_heads(random), made_settings(random, clip)
    check(boxes, scores, settings, by_combined(boxes, scores, settings))


@pytest.mark.parametrize("seed", range(60))
@pytest.mark.parametrize("clip", ["none", "before"])
def test_like_suppression_of_each_class_also_where_scores_are_equal(seed: int, clip: str) -> None:
    random = np.random.default_rng(1000 + seed)
    boxes, scores, settings = *made_heads(random), made_settings(random, clip)
    scores = np.round(scores, 2)
    check(boxes, scores, settings, by_class(boxes, scores, settings))


@pytest.mark.parametrize("seed", range(8))
def test_like_combined_suppression_but_for_the_order_of_equal_scores(seed: int) -> None:
    """Of boxes that do not overlap, all are kept."""
    random = np.random.default_rng(2000 + seed)
    number, classes = int(random.integers(2, 60)), int(random.integers(1, 5))
    lows = np.stack([np.arange(number) / 64, np.zeros(number)], axis=1)[:, None]
    boxes = np.concatenate([lows, lows + 1 / 128], axis=2).astype(np.float32)
    scores = (random.integers(0, 5, (number, classes)) / 4).astype(np.float32)
    settings = Suppression(0.3, 0.5, number, number * classes)
    found, expected = suppress(boxes, scores, settings), by_combined(boxes, scores, settings)
    assert found.scores.tolist() == expected.scores.tolist()
    ours, theirs = (sorted(zip(*(part.tolist() for part in kept), strict=True)) for kept in (found, expected))
    assert ours == theirs


def test_corners_in_any_order_and_boxes_without_area() -> None:
    boxes = np.array([[0.6, 0.6, 0.1, 0.1], [0.1, 0.1, 0.6, 0.6], [0.3, 0.3, 0.3, 0.5], [0.3, 0.3, 0.3, 0.5]])
    boxes, scores = boxes.astype(np.float32)[:, None], np.array([[0.9], [0.8], [0.7], [0.6]], np.float32)
    settings = Suppression(0.1, 0.5, 10, 10)
    assert suppress(boxes, scores, settings).scores.tolist() == scores[[0, 2, 3], 0].tolist()
    check(boxes, scores, settings, by_combined(boxes, scores, settings))


def test_many_boxes_on_one_spot_are_all_looked_at() -> None:
    """The few kept ones are far down the list."""
    boxes = np.tile(np.array([0.2, 0.2, 0.8, 0.8], np.float32), (5000, 1, 1))
    boxes[::1000, 0] = [[0.0, x, 0.05, x + 0.05] for x in (0.0, 0.2, 0.4, 0.6, 0.8)]
    scores = np.linspace(0.1, 0.9, 5000, dtype=np.float32)[:, None].repeat(2, axis=1)
    scores[:, 1] *= np.float32(0.5)
    settings = Suppression(0.01, 0.5, 100, 100)
    assert len(suppress(boxes, scores, settings).scores) == 12
    check(boxes, scores, settings, by_class(boxes, scores, settings))

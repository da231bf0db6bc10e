"""Models that prepare.py must not accept, and what it says about them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf
from detector import Detection
from filling.agreement import Agreement, compare
from filling.preparation import Preparation
from filling.saved_graph import Refused

from tests.prepare.prepare_helpers import PACKAGES, combined, heads, outputs, per_class, prepare, save

pytestmark = pytest.mark.slow

Model = Callable[[Any], dict[str, Any]]


def without_suppression_but_with_noise(images: Any) -> dict[str, Any]:
    boxes, scores = heads(images)
    noisy = tf.minimum(scores[0] + tf.random.uniform([36, 3], 0, 0.3), 1.0)
    return outputs((boxes[0], tf.reduce_max(noisy, 1), tf.argmax(noisy, 1)))


def with_thresholds_of_their_own(images: Any) -> dict[str, Any]:
    return outputs(per_class(*heads(images), thresholds=(0.3, 0.5, 0.6)))


def with_two_suppressions(images: Any) -> dict[str, Any]:
    boxes, scores = heads(images)
    one, other = combined(boxes, scores), combined(boxes, scores * 0.5)
    return outputs(tuple(tf.concat(parts, 0) for parts in zip(one, other, strict=True)))


def with_scores_changed_afterwards(images: Any) -> dict[str, Any]:
    boxes, scores, numbers = combined(*heads(images))
    return outputs((boxes, scores * 0.9, numbers))


def with_boxes_moved_by_the_picture(images: Any) -> dict[str, Any]:
    boxes, scores, numbers = combined(*heads(images))
    return outputs((boxes + 0.1 * tf.reduce_mean(images), scores, numbers))


def with_one_suppression_of_all_classes(images: Any) -> dict[str, Any]:
    boxes, scores = heads(images)
    kept = tf.image.non_max_suppression(boxes[0], tf.reduce_max(scores[0], 1), 10, 0.5, 0.05)
    found = tf.gather(scores[0], kept)
    return outputs((tf.gather(boxes[0], kept), tf.reduce_max(found, 1), tf.argmax(found, 1)))


def with_noise(images: Any) -> dict[str, Any]:
    """LiteRT draws other random numbers than TensorFlow."""
    boxes, scores = heads(images)
    return outputs(combined(boxes, tf.minimum(scores + tf.random.uniform([1, 36, 3], 0, 0.3), 1.0)))


def with_an_operation_that_litert_lacks(images: Any) -> dict[str, Any]:
    boxes, scores = heads(images)
    return outputs(combined(boxes, tf.math.igamma(1 + scores, scores)))


def with_numbers_of_half_the_size(images: Any) -> dict[str, Any]:
    boxes, scores = heads(images)
    cells = tf.cast(tf.reshape(scores, [1, 6, 6, 3]), tf.float16)
    mixed = tf.nn.conv2d(cells, tf.constant(0.3, tf.float16, [1, 1, 3, 3]), 1, "SAME")
    return outputs(combined(boxes, tf.cast(tf.reshape(mixed, [1, 36, 3]), tf.float32)))


REFUSED: list[tuple[Model, str]] = [
    (with_thresholds_of_their_own, "different IoU thresholds"),
    (with_two_suppressions, "several combined suppressions"),
    (with_scores_changed_afterwards, "with the highest score is not detected"),
    (
        with_boxes_moved_by_the_picture,
        "the steps after suppression need more than boxes and scores, such as the picture's size",
    ),
    (with_one_suppression_of_all_classes, "one suppression for all classes"),
    (with_noise, "LiteRT's boxes or scores differ"),
    (with_an_operation_that_litert_lacks, "cannot convert the graph: LiteRT lacks Igamma, or the number type"),
    (with_numbers_of_half_the_size, "cannot convert the graph: LiteRT lacks Conv2D, or the number type"),
    (without_suppression_but_with_noise, "LiteRT's scores differ from TensorFlow's"),
]


@pytest.mark.parametrize(("model", "why"), REFUSED, ids=[model.__name__ for model, _ in REFUSED])
def test_litert_is_refused(model: Model, why: str, tmp_path: Path) -> None:
    save(tmp_path / "model", model)
    (tmp_path / "prepared").mkdir()
    engines = Preparation(PACKAGES, tmp_path / "model", tmp_path / "prepared").engines()
    with pytest.raises(Refused, match=why):
        engines["litert"]()


def test_a_refusal_is_written_down_and_leaves_the_other_engine(tmp_path: Path) -> None:
    entries = prepare(save(tmp_path / "model", with_two_suppressions), tmp_path / "prepared")
    assert entries["litert"] == {"accepted": False, "why": "the graph has several combined suppressions"}
    assert entries["capi"]["accepted"]
    (choice,) = entries["choice"].values()
    assert sorted(choice["order"]) == ["capi", "tensorflow"]


def test_no_model_is_no_crash(tmp_path: Path) -> None:
    entries = prepare(tmp_path / "nothing", tmp_path / "prepared")
    assert (entries.pop("choice"), entries.pop("lists")) == ({}, {})
    assert [entry["accepted"] for entry in entries.values()] == [False, False]
    assert all("saved_model.pb" in entry["why"] for entry in entries.values())


BOX = (0.1, 0.1, 0.5, 0.5)
DOG = Detection("Dog", 0.8, BOX)


@pytest.mark.parametrize(
    "found",
    [
        [],
        [Detection("Cat", 0.8, BOX)],
        [Detection("Dog", 0.78, BOX)],
        [Detection("Dog", 0.805, (0.1, 0.1, 0.5, 0.51))],
        [DOG, Detection("Cat", 0.7, BOX)],
        [DOG, DOG._replace(score=0.35, box=(0.6, 0.6, 0.9, 0.9))],
    ],
)
def test_detections_that_do_not_agree(found: list[Detection]) -> None:
    with pytest.raises(Refused, match="by only one engine"):
        compare([DOG], found, noise=1e-4, most=100)


def test_detections_below_the_least_score_count_when_there_are_few() -> None:
    with pytest.raises(Refused):
        compare([DOG], [DOG, Detection("Cat", 0.1, BOX)], noise=1e-4, most=100)


@pytest.mark.parametrize(
    ("expected", "found", "most", "ties"),
    [
        ([DOG], [DOG._replace(score=0.801)], 100, 0),
        ([DOG, DOG._replace(score=0.0)], [DOG], 100, 0),  # rows that fill up
        ([DOG], [DOG._replace(score=0.8001, box=(0.1, 0.1, 0.5, 0.6))], 100, 2),  # one suppresses the other
        ([DOG], [Detection("Cat", 0.8001, BOX)], 1, 2),  # there is but one place
    ],
)
def test_detections_that_agree(expected: list[Detection], found: list[Detection], most: int, ties: int) -> None:
    agreement = compare(expected, found, noise=1e-4, most=most)
    assert (agreement.compared, agreement.ties) == (2, ties)


def test_of_boxes_in_one_place_each_is_compared_with_the_nearest_score() -> None:
    both = [DOG, DOG._replace(score=0.795)]
    assert compare(both, both[::-1], noise=1e-4, most=100).score_difference == 0


def test_no_detections_agree() -> None:
    assert compare([], [], noise=0, most=100) == Agreement()

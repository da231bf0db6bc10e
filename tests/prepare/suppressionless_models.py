"""Small detectors that have no suppression, as CenterNet and DETR are made, each with labels in another way."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from tests.prepare.prepare_helpers import LABELS, heads, save, save_v1

SIDE = 64
"""The graphs resize pictures to it."""
PEAKS = 30
QUERIES = 12

Name = Callable[[Any], Any]
"""Numbers of classes -> their labels."""


def _named_by_constants(numbers: Any) -> Any:
    return tf.gather(tf.constant(LABELS), numbers)


def center_net(images: Any, name: Name = _named_by_constants) -> dict[str, Any]:
    """The best peaks of a heat map, with the sizes of the boxes around them."""
    resized = tf.image.resize(images, [SIDE, SIDE])
    features = tf.nn.avg_pool2d(resized, 4, 2, "SAME")
    heat = tf.sigmoid(tf.nn.conv2d(features, _weights(0, 3, 3, 3, 3), 1, "SAME"))
    peaks = tf.where(tf.equal(heat, tf.nn.max_pool2d(heat, 3, 1, "SAME")), heat, tf.zeros_like(heat))
    side, classes = SIDE // 2, len(LABELS)
    scores, at = tf.math.top_k(tf.reshape(peaks, [1, -1]), PEAKS)
    places, numbers = at // classes, at % classes
    sizes = 0.1 + 0.3 * tf.reshape(tf.nn.conv2d(features, _weights(1, 1, 1, 3, 2), 1, "SAME") ** 2, [1, -1, 2])
    halves = tf.gather(sizes, places, batch_dims=1) / 2
    centers = (tf.cast(tf.stack([places // side, places % side], -1), tf.float32) + 0.5) / side
    boxes = tf.clip_by_value(tf.concat([centers - halves, centers + halves], -1), 0.0, 1.0)
    return _named(boxes, scores, name(numbers))


def detr(images: Any, name: Name = _named_by_constants, argmax: Any = tf.argmax) -> dict[str, Any]:
    """A fixed set of answers, each a distribution over the classes and none, of which only the sure ones are given."""
    resized = (tf.image.resize(images, [SIDE, SIDE]) - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
    cells = tf.reshape(tf.nn.avg_pool2d(resized, 8, 8, "VALID"), [1, -1, 3])
    queries = tf.matmul(_weights(2, QUERIES, 64)[None], cells) + _weights(3, QUERIES, 3)[None]
    attention = tf.nn.softmax(tf.matmul(queries, cells, transpose_b=True))
    seen = tf.matmul(attention, cells) + queries
    chances = tf.nn.softmax(2 * tf.einsum("bqc,cn->bqn", seen, _weights(4, 3, len(LABELS) + 1)))[0, :, :-1]
    scores, numbers = tf.reduce_max(chances, -1), argmax(chances, -1)
    center, half = tf.split(tf.sigmoid(tf.einsum("bqc,cn->bqn", seen, _weights(5, 3, 4)))[0], 2, -1)
    boxes = tf.concat([center - half / 4, center + half / 4], -1)
    sure = scores > 0.2
    labels = tf.boolean_mask(name(numbers), sure)
    return _named(tf.boolean_mask(boxes, sure), tf.boolean_mask(scores, sure), labels)


def _weights(seed: int, *shape: int) -> Any:
    return tf.constant(np.random.default_rng(seed).normal(0, 0.7, shape).astype(np.float32))


def _named(boxes: Any, scores: Any, labels: Any) -> dict[str, Any]:
    return {"detection_boxes": boxes, "detection_scores": scores, "detection_class_entities": labels}


def save_with_table(directory: Path) -> Path:
    """A model of TensorFlow 1 whose labels come from a table."""

    def detect(images: Any) -> dict[str, Any]:
        keys = tf.range(len(LABELS), dtype=tf.int64)
        table = tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(keys, tf.constant(LABELS)), "none")
        return center_net(images, lambda numbers: table.lookup(tf.cast(numbers, tf.int64)))

    return save_v1(directory, detect)


def save_with_resource(directory: Path) -> Path:
    """A model of TensorFlow 2 whose labels come from a table."""
    module = tf.Module()
    keys = tf.range(len(LABELS), dtype=tf.int64)
    module.table = tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(keys, tf.constant(LABELS)), "none")
    return save(
        directory,
        lambda images: detr(images, lambda numbers: module.table.lookup(tf.cast(numbers, tf.int64))),
        module=module,
    )


def save_numbers(directory: Path) -> Path:
    """A model that gives numbers of classes, with its labels beside it."""
    save(directory, lambda images: detr(images, tf.identity))
    (directory / "labels.txt").write_text("\n".join(LABELS))
    return directory


def padded(images: Any) -> dict[str, Any]:
    """A suppression of TensorFlow's that is no operation: a loop, which pads its answer; one for each class."""
    boxes, scores = heads(images)
    found = [tf.image.non_max_suppression_padded(
        boxes, scores[..., number], QUERIES, 0.5, 0.05, pad_to_max_output_size=True, sorted_input=False,
        canonicalized_coordinates=True,
    ) for number in range(len(LABELS))]  # fmt: skip
    places = tf.concat([kept for kept, _ in found], 1)[0]
    is_kept = tf.concat([tf.range(QUERIES) < count[0] for _, count in found], 0)
    numbers = tf.repeat(tf.range(len(LABELS)), QUERIES)
    kept = tf.gather_nd(scores[0], tf.stack([places, numbers], 1)) * tf.cast(is_kept, tf.float32)
    return _named(tf.gather(boxes[0], places), kept, _named_by_constants(numbers))


SUPPRESSIONLESS: dict[str, Callable[[Path], Path]] = {
    "center_net": lambda directory: save(directory, center_net),
    "detr": lambda directory: save(directory, detr),
    "table": save_with_table,
    "resource": save_with_resource,
    "numbers": save_numbers,
    "keras": lambda directory: save(directory, partial(detr, argmax=tf.keras.ops.argmax)),
    "padded": lambda directory: save(directory, padded),
}

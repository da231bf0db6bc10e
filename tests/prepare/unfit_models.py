"""Models that the function cannot serve, each made by TensorFlow in an instant."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import tensorflow as tf

from tests.prepare.prepare_helpers import LABELS, combined, heads, outputs

Detect = Callable[..., dict[str, Any]]


def _spec(shape: Any = (1, None, None, 3), dtype: Any = tf.float32) -> Any:
    return tf.TensorSpec(shape, dtype, name="images")


def found(images: Any) -> dict[str, Any]:
    """What a good model finds."""
    return outputs(combined(*heads(images)))


def with_(**others: Callable[[Any], Any]) -> Detect:
    """A good model with outputs changed."""

    def detect(images: Any) -> dict[str, Any]:
        good = found(images)
        return {**good, **{f"detection_{key}": change(good[f"detection_{key}"]) for key, change in others.items()}}

    return detect


def numbers(labels: Any) -> Any:
    """Numbers of classes in place of their labels, in another order than theirs."""
    return tf.cast(tf.argmax(labels[:, None] == tf.constant(LABELS)[None, ::-1], 1), tf.int64)


def hangs(images: Any) -> dict[str, Any]:
    """A loop without an end."""
    (endless,) = tf.while_loop(lambda x: x < 2.0, lambda x: (x * 0.5,), (tf.reduce_mean(images),))
    return found(images + endless)


def crowded(images: Any) -> dict[str, Any]:
    """200,000 objects."""
    boxes = tf.tile(tf.constant([[0.1, 0.1, 0.2, 0.2]]), (200_000, 1))
    return outputs((boxes, tf.fill([200_000], tf.reduce_mean(images)), tf.zeros([200_000], tf.int32)))


UNFIT: dict[str, tuple[Detect, list[Any], str]] = {
    "uint8": (lambda x: found(tf.cast(x, tf.float32) / 255), [_spec(dtype=tf.uint8)],
              "input is uint8 [1, ?, ?, 3]: it needs one input, float32 [1, H, W, 3] in 0..1, channels last"),
    "float16": (lambda x: found(tf.cast(x, tf.float32)), [_spec(dtype=tf.float16)], "input is float16 [1, ?, ?, 3]: "),
    "rank 3": (lambda x: found(x[None]), [_spec((None, None, 3))], "input is float32 [?, ?, 3]: "),
    "channels first": (lambda x: found(tf.transpose(x, (0, 2, 3, 1))), [_spec((1, 3, None, None))],
                       "input is float32 [1, 3, ?, ?]: "),
    "four channels": (lambda x: found(x[..., :3]), [_spec((1, None, None, 4))], "input is float32 [1, ?, ?, 4]: "),
    "batch of eight": (lambda x: found(x[:1]), [_spec((8, None, None, 3))], "input is float32 [8, ?, ?, 3]: "),
    "two inputs": (lambda x, y: found(x + y), [_spec(), tf.TensorSpec([], tf.float32, name="gain")],
                   ": it needs one input, float32 [1, H, W, 3]"),
    "integer labels": (with_(class_entities=numbers), [_spec()], "detection_class_entities int64, "),
    "float64 scores": (with_(scores=lambda x: tf.cast(x, tf.float64)), [_spec()], "detection_scores float64: it needs"),
    "float16 boxes": (with_(boxes=lambda x: tf.cast(x, tf.float16)), [_spec()], "detection_boxes float16, "),
    "labels that are not UTF-8": (with_(class_entities=lambda x: x + b"\xff"), [_spec()], "labels must be UTF-8"),
    "scores without boxes": (with_(boxes=lambda x: x[:-1]), [_spec()], "20 scores and 76 numbers for boxes: each"),
    "fewer labels": (with_(class_entities=lambda x: x[1:]), [_spec()], "answer has 19 classes, 20 scores"),
    "boxes in pixels": (with_(boxes=lambda x: 600 * x), [_spec()], "boxes must be fractions of height and width"),
    "NaN boxes": (with_(boxes=lambda x: x * float("nan")), [_spec()], "box is [nan, nan, nan, nan]: "),
    "infinite boxes": (with_(boxes=lambda x: x / 0.0), [_spec()], "inf"),
    "NaN scores": (with_(scores=lambda x: x * float("nan")), [_spec()], "score is nan: it must be from 0 to 1"),
    "scores above 1": (with_(scores=lambda x: 100 * x), [_spec()], "it must be from 0 to 1"),
    "negative scores": (with_(scores=lambda x: -x), [_spec()], "it must be from 0 to 1"),
    "crowded": (crowded, [_spec()], "answer has 200,000 objects for a picture: there may be at most 10,000"),
    "any picture fails": (lambda x: found(tf.ensure_shape(x, (1, 1, 1, 3))), [_spec()],
                          "run fails for every picture (['InvalidArgumentError']): it must accept float32"),
}  # fmt: skip


def save_with(directory: Path, detect: Detect, specs: list[Any], signature: str = "default") -> Path:
    """Writes a SavedModel of a detector with inputs of one's own."""
    function = tf.function(detect, specs)
    tf.saved_model.save(tf.Module(), str(directory), {signature: function.get_concrete_function()})
    return directory

"""Small detectors that take pictures of any size, and what each does to them before it looks."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import tensorflow as tf

from tests.prepare.prepare_helpers import CELLS, combined, heads, outputs, save, save_v1

SIZE = 40, 48


def _seen(pixels: Any) -> dict[str, Any]:
    """What is found in pixels in 0..1, [1, *SIZE, 3], which are those of the cells."""
    return outputs(
        combined(*heads(tf.nn.avg_pool2d(pixels, (40 // CELLS, 48 // CELLS), (40 // CELLS, 48 // CELLS), "VALID")))
    )


def normalized_first(images: Any) -> dict[str, Any]:
    """Colors as BGR in 0..255, with a mean taken off, as Caffe had them, before they are resized."""
    mean = [103.9, 116.8, 123.7]
    resized = tf.image.resize(images[..., ::-1] * 255.0 - mean, SIZE)
    return _seen(((resized + mean) / 255.0)[..., ::-1])


def looped(images: Any) -> dict[str, Any]:
    """A loop over the pictures of a batch, as TensorFlow's object detection API has it."""
    resized = tf.map_fn(lambda image: tf.image.resize(image, SIZE) * 2.0 - 1.0, images)
    return _seen((tf.ensure_shape(resized, (1, *SIZE, 3)) + 1.0) / 2.0)


def origins(images: Any) -> dict[str, Any]:
    """As TensorFlow 1 resizes."""
    return _seen(tf.compat.v1.image.resize_bilinear(images, SIZE))


def corners(images: Any) -> dict[str, Any]:
    """As TensorFlow 1 resizes with align_corners."""
    return _seen(tf.compat.v1.image.resize_bilinear(images, SIZE, align_corners=True))


def nearest(images: Any) -> dict[str, Any]:
    """No mixture of pixels: the graph does it itself."""
    return _seen(tf.image.resize(images, SIZE, "nearest"))


def small_ones_otherwise(images: Any) -> dict[str, Any]:
    """Bilinear, but for small pictures."""
    is_small = tf.shape(images)[1] < 100
    nearest, bilinear = (partial(tf.image.resize, images, SIZE, method) for method in ("nearest", "bilinear"))
    return _seen(tf.ensure_shape(tf.cond(is_small, nearest, bilinear), (1, *SIZE, 3)))


def save_looped_v1(directory: Path) -> Path:
    """A loop of TensorFlow 1, in which the picture is resized as TensorFlow 1 does."""

    def detect(images: Any) -> dict[str, Any]:
        v1 = tf.compat.v1
        one = lambda image: v1.image.resize_bilinear(image[None] * 255.0, SIZE)[0] / 127.5 - 1.0  # noqa: E731
        resized = v1.map_fn(one, images)
        return _seen((tf.reshape(resized, (1, *SIZE, 3)) + 1.0) / 2.0)

    return save_v1(directory, detect)


RESIZING: dict[str, tuple[Callable[[Path], Path], dict[str, Any]]] = {
    "normalized first": (lambda at: save(at, normalized_first), {"input_size": SIZE}),
    "looped": (lambda at: save(at, looped), {"input_size": SIZE}),
    "looped v1": (save_looped_v1, {"input_size": SIZE, "resize": "origins"}),
    "origins": (lambda at: save(at, origins), {"input_size": SIZE, "resize": "origins"}),
    "corners": (lambda at: save(at, corners), {"input_size": SIZE, "resize": "corners"}),
    "any batch": (lambda at: save(at, normalized_first, batch=None), {"input_size": SIZE}),
    "small ones otherwise": (lambda at: save(at, small_ones_otherwise), {"input_size": None}),
    "nearest": (lambda at: save(at, nearest), {"input_size": None}),
}
"""How each is made, and what its entry has."""

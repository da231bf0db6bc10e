"""The detector: a small convolutional network with anchors over three feature maps, as in SSD.

One function, `heads`, is the architecture. It takes the convolution as an argument: training passes
convolutions with batch normalization, the exported `Detector` passes plain ones into which it was folded.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
import tensorflow as tf
from dataset import INPUT_SIDE, OVERSAMPLING
from numpy.typing import NDArray
from scenes import LABELS

GRIDS = (20, 10, 5)
SCALES = ((0.20,), (0.28, 0.40), (0.56, 0.80))  # anchor sides per grid, 1 = the picture's side
RATIOS = (0.62, 1.0, 1.6)  # width / height
BOX_VARIANCE = (0.1, 0.1, 0.2, 0.2)  # SSD's scaling of the offsets of center and size
IOU_THRESHOLD, SCORE_THRESHOLD, MAX_DETECTIONS = 0.5, 0.02, 100

Tensor = Any


class Convolution(Protocol):
    """Convolves, adds a bias or normalizes, and applies ReLU; `name` says whose weights."""

    def __call__(
        self, name: str, x: Tensor, filters: int, kernel: int = 3, stride: int = 1, relu: bool = True
    ) -> Tensor: ...


def anchors() -> NDArray[np.float32]:
    """[A, 4]: center y, center x, height, width of every anchor, in the order of the heads' outputs."""
    rows = []
    for grid, scales in zip(GRIDS, SCALES, strict=True):
        centers = (np.arange(grid) + 0.5) / grid
        shapes = [(s / r**0.5, s * r**0.5) for s in scales for r in RATIOS]
        rows += [(y, x, h, w) for y in centers for x in centers for h, w in shapes]
    return np.array(rows, dtype=np.float32)


def preprocess(images: Tensor) -> Tensor:
    """[B, H, W, 3] in 0..1 to [B, 160, 160, 3]: the whole picture squashed to a square."""
    side = INPUT_SIDE * OVERSAMPLING
    return tf.nn.avg_pool2d(tf.image.resize(images, (side, side)), OVERSAMPLING, OVERSAMPLING, "VALID")


def _residual(conv: Convolution, name: str, x: Tensor, filters: int) -> Tensor:
    inner = conv(f"{name}a", x, filters)
    return tf.nn.relu(x + conv(f"{name}b", inner, filters, relu=False))


def _doubled(x: Tensor, grid: int) -> Tensor:
    return tf.image.resize(x, (grid, grid), method="nearest")


def _pyramid(conv: Convolution, x: Tensor) -> list[Tensor]:
    """Feature maps of 20, 10 and 5 cells; the finer ones also see what the coarser ones know."""
    x = conv("stem", x, 16, stride=2)
    x = conv("down40", x, 32, stride=2)
    x = conv("mix40", x, 32)
    c20 = _residual(conv, "res20", conv("down20", x, 64, stride=2), 64)
    c10 = _residual(conv, "res10", conv("down10", c20, 96, stride=2), 96)
    p5 = conv("mix5", conv("down5", c10, 96, stride=2), 96)
    p10 = tf.nn.relu(conv("lateral10", c10, 96, 1, relu=False) + _doubled(conv("top10", p5, 96, 1, relu=False), 10))
    p20 = tf.nn.relu(conv("lateral20", c20, 64, 1, relu=False) + _doubled(conv("top20", p10, 64, 1, relu=False), 20))
    return [p20, p10, p5]


def heads(conv: Convolution, pictures: Tensor) -> tuple[Tensor, Tensor]:
    """[B, 160, 160, 3] in 0..1 to class logits [B, A, labels] and encoded boxes [B, A, 4]."""
    logits, boxes = [], []
    for grid, scales, feature in zip(GRIDS, SCALES, _pyramid(conv, pictures * 2.0 - 1.0), strict=True):
        per_cell = len(scales) * len(RATIOS)
        hidden = conv(f"hidden{grid}", feature, 64, 3 if grid > 5 else 1)
        classes = conv(f"classes{grid}", hidden, per_cell * len(LABELS), 1, relu=False)
        offsets = conv(f"boxes{grid}", hidden, per_cell * 4, 1, relu=False)
        logits.append(tf.reshape(classes, (-1, grid * grid * per_cell, len(LABELS))))
        boxes.append(tf.reshape(offsets, (-1, grid * grid * per_cell, 4)))
    return tf.concat(logits, 1), tf.concat(boxes, 1)


def decode(offsets: Tensor) -> Tensor:
    """Encoded boxes [B, A, 4] to [ymin, xmin, ymax, xmax] in 0..1."""
    prior = anchors()
    scaled = offsets * np.array(BOX_VARIANCE, np.float32)
    centers = scaled[..., :2] * prior[:, 2:] + prior[:, :2]
    half = tf.exp(tf.minimum(scaled[..., 2:], 3.0)) * (prior[:, 2:] / 2)
    return tf.concat([centers - half, centers + half], -1)


class Detector(tf.Module):  # type: ignore[misc]
    """What is shipped: picture in, detections out, with TF Hub's signature for Open Images detectors."""

    def __init__(self, weights: Mapping[str, NDArray[np.float32]]) -> None:
        super().__init__(name="detector")
        self.weights = {name: tf.Variable(value, trainable=False, name=name) for name, value in weights.items()}

    def convolution(
        self, name: str, x: Tensor, filters: int, kernel: int = 3, stride: int = 1, relu: bool = True
    ) -> Tensor:
        y = tf.nn.conv2d(x, self.weights[f"{name}_kernel"], stride, "SAME") + self.weights[f"{name}_bias"]
        return tf.nn.relu(y) if relu else y

    @tf.function(autograph=False, input_signature=[tf.TensorSpec((1, None, None, 3), tf.float32, name="images")])  # type: ignore[untyped-decorator]
    def default(self, images: Tensor) -> dict[str, Tensor]:
        """RGB in 0..1 of any size; boxes are [ymin, xmin, ymax, xmax] in 0..1 of that picture, best first."""
        logits, offsets = heads(self.convolution, preprocess(images))
        boxes, scores, classes, _ = tf.image.combined_non_max_suppression(
            decode(offsets)[:, :, None, :],
            tf.sigmoid(logits),
            MAX_DETECTIONS,
            MAX_DETECTIONS,
            IOU_THRESHOLD,
            SCORE_THRESHOLD,
        )
        index = tf.cast(classes[0], tf.int64)
        entities = tf.gather(tf.constant(LABELS), index)
        return {
            "detection_boxes": boxes[0],
            "detection_class_entities": entities,
            "detection_class_labels": index + 1,
            "detection_class_names": tf.identity(entities),
            "detection_scores": scores[0],
        }

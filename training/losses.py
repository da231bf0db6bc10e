"""What training minimizes: anchors matched to boxes, focal loss for classes, Huber loss for boxes."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf
from network import BOX_VARIANCE, anchors
from scenes import LABELS, TARGET

MATCHED, UNMATCHED = 0.5, 0.4  # IoU from which an anchor must see a thing, and below which it must not
GAMMA, ALPHA = 1.5, 0.35  # of focal loss (Lin et al. 2017)
TARGET_WEIGHT = 2.0  # telling horses apart is the detector's purpose

Tensor = Any


def _corners(centered: np.ndarray[Any, np.dtype[np.float32]]) -> np.ndarray[Any, np.dtype[np.float32]]:
    half = centered[:, 2:] / 2
    return np.concatenate([centered[:, :2] - half, centered[:, :2] + half], axis=1)


def iou(boxes: Tensor) -> Tensor:
    """[B, M, 4] corners against all anchors: [B, A, M]."""
    prior = _corners(anchors())[None, :, None, :]
    truth = boxes[:, None, :, :]
    shared = tf.maximum(tf.minimum(prior[..., 2:], truth[..., 2:]) - tf.maximum(prior[..., :2], truth[..., :2]), 0.0)
    intersection = shared[..., 0] * shared[..., 1]
    area = (prior[..., 2] - prior[..., 0]) * (prior[..., 3] - prior[..., 1])
    return intersection / (
        area + (truth[..., 2] - truth[..., 0]) * (truth[..., 3] - truth[..., 1]) - intersection + 1e-9
    )


def match(boxes: Tensor, labels: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """For every anchor: the thing it belongs to [B, A], whether it is positive, whether it counts at all.

    Every thing gets at least its best anchor, however badly it fits.
    """
    present = labels >= 0
    overlap = tf.where(present[:, None, :], iou(boxes), -1.0)
    best_of_thing = tf.reduce_max(overlap, axis=1, keepdims=True)
    forced = (overlap >= best_of_thing - 1e-6) & present[:, None, :]
    overlap = tf.where(forced, 2.0, overlap)
    best = tf.reduce_max(overlap, axis=2)
    return tf.argmax(overlap, axis=2), best >= MATCHED, (best >= MATCHED) | (best < UNMATCHED)


def encode(boxes: Tensor) -> Tensor:
    """Corners [B, A, 4], one box per anchor, to what the box head predicts."""
    prior = anchors()
    centers = (boxes[..., :2] + boxes[..., 2:]) / 2
    sizes = tf.maximum(boxes[..., 2:] - boxes[..., :2], 1e-3)
    offsets = tf.concat([(centers - prior[:, :2]) / prior[:, 2:], tf.math.log(sizes / prior[:, 2:])], -1)
    return offsets / np.array(BOX_VARIANCE, np.float32)


def loss(logits: Tensor, offsets: Tensor, boxes: Tensor, labels: Tensor) -> Tensor:
    """The mean over the batch's matched anchors of focal loss and box loss."""
    thing, positive, counted = match(boxes, labels)
    wanted = tf.one_hot(tf.where(positive, tf.gather(labels, thing, batch_dims=1), -1), len(LABELS))
    cross_entropy = tf.nn.sigmoid_cross_entropy_with_logits(wanted, logits)
    miss = tf.abs(wanted - tf.sigmoid(logits))
    weight = tf.where(wanted > 0, ALPHA, 1 - ALPHA) * tf.where(counted, 1.0, 0.0)[..., None]
    weight *= np.array([TARGET_WEIGHT if label == TARGET else 1.0 for label in LABELS], np.float32)
    classes = tf.reduce_sum(weight * miss**GAMMA * cross_entropy)
    error = tf.abs(encode(tf.gather(boxes, thing, batch_dims=1)) - offsets)
    huber = tf.where(error < 1.0, 0.5 * error**2, error - 0.5)
    placed = tf.reduce_sum(tf.where(positive, tf.reduce_sum(huber, -1), 0.0))
    return (classes + 0.2 * placed) / tf.maximum(tf.reduce_sum(tf.cast(positive, tf.float32)), 1.0)

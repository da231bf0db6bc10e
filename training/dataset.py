"""Drawn pictures as arrays, made in parallel. Knows nothing of TensorFlow, so that workers start at once."""

from __future__ import annotations

import os
from collections.abc import Sequence
from multiprocessing import get_context
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scenes import LABELS, draw

INPUT_SIDE = 160  # of the square that the network sees
OVERSAMPLING = 3  # pictures are resized to three times that, then averaged, so that thin lines survive
MAX_THINGS = 6


class Examples(NamedTuple):
    pictures: NDArray[np.uint8]  # [N, 160, 160, 3]
    boxes: NDArray[np.float32]  # [N, MAX_THINGS, 4] ymin, xmin, ymax, xmax in 0..1
    labels: NDArray[np.int32]  # [N, MAX_THINGS] index into LABELS, -1 where there is nothing


def example(seed: int) -> tuple[NDArray[np.uint8], NDArray[np.float32], NDArray[np.int32]]:
    """One picture squashed to the network's square, as `network.preprocess` does it."""
    scene = draw(seed)
    side = INPUT_SIDE * OVERSAMPLING
    square = scene.picture.resize((side, side), Image.Resampling.BILINEAR).reduce(OVERSAMPLING)
    boxes, labels = np.zeros((MAX_THINGS, 4), np.float32), np.full(MAX_THINGS, -1, np.int32)
    for index, thing in enumerate(scene.things):
        boxes[index], labels[index] = thing.box, LABELS.index(thing.label)
    return np.asarray(square), boxes, labels


def examples(seeds: Sequence[int], processes: int | None = None) -> Examples:
    """Draws the pictures of the seeds on all cores."""
    with get_context("spawn").Pool(processes or os.cpu_count()) as pool:
        pictures, boxes, labels = zip(*pool.imap(example, seeds, chunksize=64), strict=True)
    return Examples(np.stack(pictures), np.stack(boxes), np.stack(labels))

"""Small detectors of one's own making, and prepare.py run on them."""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from filling.preparation import Preparation
from numpy.typing import NDArray

REPOSITORY = Path(__file__).parents[2]
DATA = REPOSITORY.parent / "shared" / "data"
PACKAGES = Path(sysconfig.get_paths()["purelib"])
SHIPPED = REPOSITORY / "wildrydes_ml" / "workshop" / "detector"
COCO = DATA / "coco_detector"

LABELS = ["Horse", "Dog", "Person"]
CELLS = 6


def prepare(model: Path, out: Path) -> dict[str, Any]:
    """What prepare.py writes about a model."""
    command = [sys.executable, "-I", REPOSITORY / "lambda_src" / "filling" / "prepare.py", PACKAGES, model, out]
    subprocess.run(list(map(str, command)), check=True, capture_output=True, timeout=900)
    entries: dict[str, Any] = json.loads((out / "prepared.json").read_text())
    return entries


def prepare_here(
    model: Path, out: Path, engines: tuple[str, ...] = ("litert",), weights: str = "auto"
) -> dict[str, Any]:
    """What is written about some engines, made in this process, which takes less long; raises what refuses one."""
    out.mkdir()
    steps = Preparation(PACKAGES, model, out, "default", weights).engines()
    return {engine: {"accepted": True, **steps[engine]()} for engine in engines}


def combined(boxes: Any, scores: Any) -> tuple[Any, Any, Any]:
    """TensorFlow's combined suppression."""
    kept = tf.image.combined_non_max_suppression(boxes[:, :, None], scores, 10, 20, 0.5, 0.05)
    return kept[0][0], kept[1][0], tf.cast(kept[2][0], tf.int32)


def per_class(boxes: Any, scores: Any, thresholds: tuple[float, ...] = (0.5, 0.5, 0.5)) -> tuple[Any, Any, Any]:
    """Each class suppressed by itself, the best of all afterwards."""
    parts = []
    for number, threshold in enumerate(thresholds):
        kept = tf.image.non_max_suppression(boxes[0], scores[0, :, number], 10, threshold, 0.05)
        parts.append(
            (tf.gather(boxes[0], kept), tf.gather(scores[0, :, number], kept), tf.fill(tf.shape(kept), number))
        )
    all_boxes, all_scores, numbers = (tf.concat(values, 0) for values in zip(*parts, strict=True))
    best = tf.math.top_k(all_scores, tf.minimum(20, tf.size(all_scores))).indices
    return tf.gather(all_boxes, best), tf.gather(all_scores, best), tf.gather(numbers, best)


def heads(images: Any) -> tuple[Any, Any]:
    """Boxes [1, 36, 4] in a grid, overlapping, and scores [1, 36, 3]: how red, green and blue the picture is there."""
    cells = tf.reshape(tf.image.resize(images, [CELLS, CELLS]), [1, CELLS * CELLS, 3])
    y, x = np.divmod(np.arange(CELLS * CELLS, dtype=np.float32), CELLS)
    corners = np.stack([y - 0.7, x - 0.7, y + 1.9, x + 1.2], axis=1) / CELLS
    return corners[None] + 0.05 * cells[:, :, :1], cells * cells


def outputs(kept: tuple[Any, Any, Any]) -> dict[str, Any]:
    """The signature's outputs, of kept boxes, scores and class numbers."""
    boxes, scores, numbers = kept
    entities = tf.gather(tf.constant(LABELS), numbers)
    return {"detection_boxes": boxes, "detection_scores": scores, "detection_class_entities": entities}


def save(
    directory: Path,
    detect: Callable[[Any], dict[str, Any]],
    *,
    module: Any = None,
    batch: int | None = 1,
    size: tuple[Any, Any] = (None, None),
) -> Path:
    """Writes a SavedModel whose signature is `detect`, of the variables of `module`, for pictures of a size."""
    function = tf.function(detect, [tf.TensorSpec([batch, *size, 3], tf.float32, name="images")])
    tf.saved_model.save(module or tf.Module(), str(directory), {"default": function.get_concrete_function()})
    return directory


def save_fixed(directory: Path) -> Path:
    """Writes a SavedModel that takes pictures of one size, and resizes them itself besides."""
    return save(directory, lambda images: outputs(combined(*heads(images))), size=(48, 64))


def save_keras(directory: Path) -> Path:
    """Writes a SavedModel of a Keras model, whose activation comes with a gradient of its own."""
    layers = tf.keras.layers
    net = tf.keras.Sequential([tf.keras.Input((CELLS, CELLS, 3)), layers.Conv2D(8, 1), layers.BatchNormalization()])
    net.add(layers.Conv2D(7, 1, activation="swish"))

    def detect(images: Any) -> dict[str, Any]:
        resized = tf.image.resize(images, [CELLS, CELLS])
        values = tf.sigmoid(tf.reshape(net(resized, training=False), [1, CELLS * CELLS, 7]))
        boxes = tf.concat([values[..., :2], values[..., :2] + values[..., 2:4]], axis=-1)
        return outputs(combined(boxes, values[..., 4:]))

    return save(directory, detect, module=net)


def save_looped(directory: Path) -> Path:
    """Writes a SavedModel of TensorFlow 1 that suppresses in a loop over the pictures of a batch."""

    def detect(images: Any) -> dict[str, Any]:
        def one(head: tuple[Any, Any]) -> tuple[Any, Any, Any]:
            return per_class(head[0][None], head[1][None])

        kept = tf.compat.v1.map_fn(one, heads(images), dtype=(tf.float32, tf.float32, tf.int32))
        return outputs((kept[0][0], kept[1][0], kept[2][0]))

    return save_v1(directory, detect)


def save_v1(directory: Path, detect: Callable[[Any], dict[str, Any]]) -> Path:
    """Writes a SavedModel of TensorFlow 1, with its loops, whose signature is `detect`."""
    v1 = tf.compat.v1
    v1.disable_control_flow_v2()
    try:
        with tf.Graph().as_default(), v1.Session() as session:
            images = v1.placeholder(tf.float32, [1, None, None, 3])
            signature = v1.saved_model.predict_signature_def({"images": images}, detect(images))
            session.run(v1.tables_initializer())
            builder = v1.saved_model.Builder(str(directory))
            builder.add_meta_graph_and_variables(
                session, ["serve"], {"default": signature}, main_op=v1.tables_initializer()
            )
            builder.save()
    finally:
        v1.enable_control_flow_v2()
    return directory


def picture(seed: int, height: int = 90, width: int = 130) -> NDArray[np.uint8]:
    """An RGB picture of colored tiles with noise, so that no two places have the same score."""
    random = np.random.default_rng(seed)
    rows, columns = np.arange(height) * 9 // height, np.arange(width) * 13 // width
    tiles = random.integers(0, 256, (9, 13, 3))[rows][:, columns]
    return (tiles + random.normal(0, 20, tiles.shape)).clip(0, 255).astype(np.uint8)

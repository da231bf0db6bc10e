"""Makes a stand-in for the workshop's detector: an SSD MobileNetV2 of the same size and shape, with random weights.

The architecture is that of TensorFlow's public `ssd_mobilenet_v2_oid_v4.config`, which TensorFlow Hub's
`openimages_v4/ssd/mobilenet_v2` was trained with. Random weights say nothing about accuracy; load time, time per
picture and memory are those of the real size. Three ways to export it:

- `combined`: a SavedModel of TensorFlow 2, with one CombinedNonMaxSuppression.
- `unrolled`: a module of TensorFlow Hub's first format, as exported in 2018: no tags, variables of TensorFlow 1, a
  label table, and a block of about 30 nodes per class that suppresses the class's overlapping boxes.
- `top-k`: like `combined`, but without suppression: the best of all scores, as CenterNet takes them.

`python benchmarks/standin.py OUT_DIR --shape combined|unrolled|top-k [--tiny]`
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

Array = NDArray[Any]

SCORE_THRESHOLD = 1e-8
IOU_THRESHOLD = 0.6
MAX_DETECTIONS = 100
"""Per class and in all."""


@dataclass(frozen=True)
class Size:
    """How large a stand-in is. `width` scales the number of channels, `image` is the side of the input in pixels."""

    classes: int
    width: float
    image: int

    def channels(self, channels: int) -> int:
        """A layer's channels at this width, a multiple of 8."""
        return max(8, int(channels * self.width + 4) // 8 * 8)


REAL = Size(classes=601, width=1.0, image=300)
TINY = Size(classes=7, width=0.05, image=96)

_INVERTED_RESIDUALS = (  # expansion, channels, repeats, stride of the first: MobileNetV2's table 2
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)
_EXTRA_LAYERS = ((256, 512), (128, 256), (128, 256), (64, 128))  # channels of a 1x1, then of a 3x3 of stride 2
_ASPECTS = (1.0, 2.0, 0.5, 3.0, 1 / 3, 1.0)
_MEAN_LOGIT = -6.0
"""Most scores of a trained detector are small, few saturate, and its NMS gets work from all of them."""

Variable = Callable[[str, Array], Any]
"""Makes a variable of a name and value: how differs between TensorFlow 1 and 2."""


Keep = Callable[[Any, Any], tuple[Any, Any, Any]]
"""Boxes and scores -> the boxes, scores and class numbers to keep."""


class Network:
    """The layers from a picture to box codes and class scores. Each variable is drawn when it is first used."""

    def __init__(self, size: Size, variable: Variable) -> None:
        self._size = size
        self._make = variable
        self._random = np.random.default_rng(0)
        self._variables: dict[str, Any] = {}

    def __call__(self, images: Any) -> tuple[Any, Any]:
        """Box codes [1, anchors, 4] and scores [1, anchors, classes] of images float32 [1, H, W, 3] in 0..1."""
        side = self._size.image
        pixels = tf.image.resize(images, [side, side]) * 2.0 - 1.0
        heads = [self._head(f"head{i}", x, len(_boxes_of_cell(i))) for i, x in enumerate(self._feature_maps(pixels))]
        codes, logits = (tf.concat(parts, axis=1) for parts in zip(*heads, strict=True))
        return codes, tf.sigmoid(logits)[:, :, 1:]  # class 0 is the background

    def feature_sides(self) -> list[int]:
        """The sides of the square feature maps, in cells."""
        sides = [-(-self._size.image // 16)]
        while len(sides) < 2 + len(_EXTRA_LAYERS):
            sides.append(-(-sides[-1] // 2))
        return sides

    def _feature_maps(self, x: Any) -> Iterator[Any]:
        x = self._conv("stem", x, 32, kernel=3, stride=2)
        blocks = [(e, c, s if i == 0 else 1) for e, c, n, s in _INVERTED_RESIDUALS for i in range(n)]
        for number, (expansion, channels, stride) in enumerate(blocks):
            expanded = self._conv(f"block{number}/expand", x, expansion * x.shape[-1]) if expansion > 1 else x
            if number == 13:
                yield expanded
            x = self._project(f"block{number}", x, expanded, channels, stride)
        x = self._conv("last", x, 1280)
        yield x
        for number, (narrow, wide) in enumerate(_EXTRA_LAYERS):
            x = self._conv(f"extra{number}/narrow", x, narrow)
            x = self._conv(f"extra{number}/wide", x, wide, kernel=3, stride=2)
            yield x

    def _project(self, name: str, x: Any, expanded: Any, channels: int, stride: int) -> Any:
        filters = self._weights(f"{name}/depthwise", (3, 3, expanded.shape[-1], 1), fan_in=9)
        y = tf.nn.depthwise_conv2d(expanded, filters, [1, stride, stride, 1], "SAME")
        y = tf.nn.relu6(self._normalized(f"{name}/depthwise", y))
        y = self._conv(f"{name}/project", y, channels, activation=tf.identity)
        return x + y if x.shape == y.shape else y

    def _conv(
        self, name: str, x: Any, channels: int, kernel: int = 1, stride: int = 1, activation: Any = tf.nn.relu6
    ) -> Any:
        channels = channels if name.endswith("expand") else self._size.channels(channels)
        shape = (kernel, kernel, x.shape[-1], channels)
        y = tf.nn.conv2d(x, self._weights(name, shape, fan_in=kernel * kernel * x.shape[-1]), stride, "SAME")
        return activation(self._normalized(name, y))

    def _normalized(self, name: str, x: Any) -> Any:
        channels = x.shape[-1]
        scale, offset, mean, variance = (
            self._variable(f"{name}/{part}", partial(self._random.uniform, low, high, channels))
            for part, low, high in (("gamma", 0.8, 1.2), ("beta", -0.2, 0.4), ("mean", -0.1, 0.1), ("var", 0.6, 1.2))
        )
        return tf.compat.v1.nn.fused_batch_norm(x, scale, offset, mean, variance, epsilon=0.001, is_training=False)[0]

    def _head(self, name: str, x: Any, boxes: int) -> tuple[Any, Any]:
        outputs = []
        for part, values, mean in (("boxes", 4, 0.0), ("classes", self._size.classes + 1, _MEAN_LOGIT)):
            weights = self._weights(f"{name}/{part}", (1, 1, x.shape[-1], boxes * values), fan_in=10 * x.shape[-1])
            bias = self._variable(f"{name}/{part}/bias", partial(self._random.normal, mean, 1, boxes * values))
            y = tf.nn.bias_add(tf.nn.conv2d(x, weights, 1, "SAME"), bias)
            outputs.append(tf.reshape(y, [1, y.shape[1] * y.shape[2] * boxes, values]))
        return outputs[0], outputs[1]

    def _weights(self, name: str, shape: tuple[int, ...], fan_in: int) -> Any:
        return self._variable(f"{name}/weights", partial(self._random.normal, 0, (2 / fan_in) ** 0.5, shape))

    def _variable(self, name: str, draw: Callable[[], Any]) -> Any:
        if name not in self._variables:
            self._variables[name] = self._make(name, draw().astype(np.float32))
        return self._variables[name]


def _boxes_of_cell(layer: int) -> list[tuple[float, float]]:
    """Scale and aspect ratio of a cell's anchors: three in the first layer, six in the others, as the config says."""
    scales = [*np.linspace(0.2, 0.95, 6), 1.0]
    if layer == 0:
        return [(0.1, 1.0), (scales[0], 2.0), (scales[0], 0.5)]
    boxes = [(scales[layer], aspect) for aspect in _ASPECTS]
    boxes[-1] = ((scales[layer] * scales[layer + 1]) ** 0.5, 1.0)
    return boxes


def anchors(sides: list[int]) -> Array:
    """The anchors [anchors, 4] of feature maps: center y, center x, height, width, in 0..1."""
    rows = []
    for layer, side in enumerate(sides):
        for y, x in np.ndindex(side, side):
            for scale, aspect in _boxes_of_cell(layer):
                rows.append(((y + 0.5) / side, (x + 0.5) / side, scale / aspect**0.5, scale * aspect**0.5))
    return np.asarray(rows, np.float32)


def decode(codes: Any, anchor_boxes: Array) -> Any:
    """Boxes [1, anchors, 4] (ymin, xmin, ymax, xmax) of box codes, by the coder of Faster R-CNN (10, 10, 5, 5)."""
    cy, cx, height, width = (anchor_boxes[:, i] for i in range(4))
    ty, tx, th, tw = tf.unstack(codes, axis=2)
    y, x = ty / 10.0 * height + cy, tx / 10.0 * width + cx
    half_h, half_w = tf.exp(th / 5.0) * height / 2.0, tf.exp(tw / 5.0) * width / 2.0
    return tf.stack([y - half_h, x - half_w, y + half_h, x + half_w], axis=2)


def labels(size: Size) -> list[str]:
    """Names of the classes, the background first. One is the workshop's `Horse`."""
    names = [f"Class {number:03}" for number in range(1, size.classes + 1)]
    names[size.classes // 2] = "Horse"
    return ["background", *names]


def combined_suppression(boxes: Any, scores: Any) -> tuple[Any, Any, Any]:
    """Boxes [100, 4], scores and class numbers [100] from CombinedNonMaxSuppression."""
    kept = tf.image.combined_non_max_suppression(
        boxes[:, :, None, :], scores, MAX_DETECTIONS, MAX_DETECTIONS, IOU_THRESHOLD, SCORE_THRESHOLD
    )
    return kept[0][0], kept[1][0], tf.cast(kept[2][0], tf.int64) + 1


def best_scores(boxes: Any, scores: Any) -> tuple[Any, Any, Any]:
    """Boxes [100, 4], scores and class numbers [100] of the best pairs of a box and a class; boxes may overlap."""
    classes = scores.shape[2]
    best, at = tf.math.top_k(tf.reshape(scores, [-1]), MAX_DETECTIONS)
    return tf.gather(boxes[0], at // classes), best, tf.cast(at % classes, tf.int64) + 1


def unrolled_suppression(boxes: Any, scores: Any) -> tuple[Any, Any, Any]:
    """Boxes, scores and class numbers of up to 100 detections, with a NonMaxSuppression of its own for each class."""
    all_boxes, all_scores = boxes[0], scores[0]
    column = tf.stack([tf.shape(all_scores)[0], 1])
    blocks = [_suppress_class(all_boxes, all_scores, column, number) for number in range(scores.shape[2])]
    kept_boxes, kept_scores, kept_classes = (tf.concat(parts, axis=0) for parts in zip(*blocks, strict=True))
    order = tf.nn.top_k(kept_scores, tf.shape(kept_scores)[0]).indices
    order = order[: tf.minimum(MAX_DETECTIONS, tf.shape(order)[0])]
    return (
        tf.gather(kept_boxes, order),
        tf.gather(kept_scores, order),
        tf.cast(tf.gather(kept_classes, order), tf.int64),
    )


def _suppress_class(boxes: Any, scores: Any, column: Any, number: int) -> tuple[Any, Any, Any]:
    class_scores = tf.reshape(tf.slice(scores, [0, number], column), [-1])
    above = tf.cast(tf.reshape(tf.where(tf.greater(class_scores, SCORE_THRESHOLD)), [-1]), tf.int32)
    candidates, class_scores = _gather(tf.clip_by_value(boxes, 0.0, 1.0), above), _gather(class_scores, above)
    most = tf.minimum(MAX_DETECTIONS, tf.shape(candidates)[0])
    chosen = tf.raw_ops.NonMaxSuppressionV2(
        boxes=candidates, scores=class_scores, max_output_size=most, iou_threshold=IOU_THRESHOLD
    )
    kept_scores = _gather(class_scores, chosen)
    return _gather(candidates, chosen), kept_scores, tf.zeros_like(kept_scores) + float(number + 1)


def _gather(values: Any, indices: Any) -> Any:
    return tf.raw_ops.Gather(params=values, indices=indices)  # tf.gather makes a newer, larger op


def _outputs(boxes: Any, scores: Any, numbers: Any, entities: Any) -> dict[str, Any]:
    return {
        "detection_boxes": boxes,
        "detection_scores": scores,
        "detection_class_labels": numbers,
        "detection_class_entities": entities,
    }


def save_combined(directory: Path, size: Size, keep: Keep = combined_suppression) -> None:
    """Writes the stand-in as a SavedModel of TensorFlow 2."""
    module = tf.Module()
    module.variables_by_name = {}

    def variable(name: str, value: Array) -> Any:
        with tf.init_scope():
            module.variables_by_name[name.replace("/", "_")] = made = tf.Variable(value, trainable=False)
        return made

    network = Network(size, variable)
    anchor_boxes, names = anchors(network.feature_sides()), np.asarray(labels(size))

    def default(images: Any) -> dict[str, Any]:
        codes, scores = network(images)
        boxes, kept_scores, numbers = keep(decode(codes, anchor_boxes), scores)
        return _outputs(boxes, kept_scores, numbers, tf.gather(tf.constant(names), numbers))

    function = tf.function(default, [tf.TensorSpec([1, None, None, 3], tf.float32, name="images")])
    tf.saved_model.save(module, str(directory), {"default": function.get_concrete_function()})


def save_unrolled(directory: Path, size: Size) -> None:
    """Writes the stand-in as a module of TensorFlow Hub's first format."""
    v1 = tf.compat.v1
    with tf.Graph().as_default(), v1.Session() as session:
        initial: list[Any] = []
        values: dict[Any, Array] = {}

        def variable(name: str, value: Array) -> Any:
            made = v1.get_variable(name, value.shape, initializer=v1.zeros_initializer(), use_resource=False)
            initial.append(made.initializer)
            values[made.initializer.inputs[1]] = value
            return made

        network = Network(size, variable)
        images = v1.placeholder(tf.float32, [1, None, None, 3], "images")
        codes, scores = network(images)
        boxes, kept_scores, numbers = unrolled_suppression(decode(codes, anchors(network.feature_sides())), scores)
        keys = tf.range(size.classes + 1, dtype=tf.int64)
        table = tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(keys, tf.constant(labels(size))), "?")
        outputs = _outputs(boxes, kept_scores, numbers, table.lookup(numbers))
        session.run(initial, values)
        _save_hub_module(directory, session, {"images": images}, outputs)


def _save_hub_module(directory: Path, session: Any, inputs: dict[str, Any], outputs: dict[str, Any]) -> None:
    v1 = tf.compat.v1
    signature = v1.saved_model.signature_def_utils.predict_signature_def(inputs, outputs)
    builder = v1.saved_model.Builder(str(directory))
    builder.add_meta_graph_and_variables(session, [], {"default": signature}, main_op=v1.tables_initializer())
    builder.save()
    (directory / "tfhub_module.pb").write_bytes(b"\x08\x03")  # ModuleDef { format: FORMAT_V3 }


SHAPES: dict[str, Callable[..., None]] = {
    "combined": save_combined,
    "unrolled": save_unrolled,
    "top-k": partial(save_combined, keep=best_scores),
}


def main() -> None:
    """Writes a stand-in, unless the directory exists."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("directory", metavar="OUT_DIR", type=Path)
    parser.add_argument("--shape", choices=SHAPES, default="combined")
    parser.add_argument("--tiny", action="store_true", help="the same structure with few classes and channels")
    arguments = parser.parse_args()
    SHAPES[arguments.shape](arguments.directory, TINY if arguments.tiny else REAL)


if __name__ == "__main__":
    main()

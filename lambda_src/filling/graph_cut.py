"""Finds where to cut a detector's graph: before suppression (NMS), and after resizing. It assumes no names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from filling.saved_graph import Refused, SavedGraph, constant, sources

_IOU_INPUT = {"CombinedNonMaxSuppression": 4, **{f"NonMaxSuppressionV{version}": 3 for version in (2, 3, 4, 5)}}
"""Which input of the operation is its IoU threshold (TensorFlow's image_ops.cc)."""


@dataclass(frozen=True)
class Cut:
    """The tensors before suppression, boxes [..., 4] and scores [..., classes], and suppression's IoU threshold."""

    boxes: Any
    scores: Any
    iou_threshold: float

    @property
    def outputs(self) -> dict[str, Any]:
        """The tensors to compute, by the names that the converted model gives them."""
        return {"boxes": self.boxes, "scores": self.scores}


def find_cut(graph: SavedGraph, resized: frozenset[str]) -> Cut | None:
    """Where suppression begins; None where there is none. Raises Refused when it has an unknown form.

    `resized` names the tensors of the resized picture: what a graph does before them is not looked at.
    """
    operations = {tensor.op.name: tensor.op for tensor in sources(list(graph.outputs.values())).values()}
    suppressions = [op for op in operations.values() if "NonMaxSuppression" in op.type]
    kinds = {op.type for op in suppressions}
    if not suppressions:
        return None
    if len(kinds) > 1 or not kinds <= set(_IOU_INPUT):
        raise Refused(f"the graph suppresses with {', '.join(sorted(kinds))}")
    thresholds = {_iou_threshold(op) for op in suppressions}
    if len(thresholds) > 1:
        raise Refused("the classes are suppressed with different IoU thresholds")
    return Cut(*_heads(suppressions, resized), thresholds.pop())


def _iou_threshold(operation: Any) -> float:
    value = constant(operation.inputs[_IOU_INPUT[operation.type]])
    if value is None:
        raise Refused("the IoU threshold is not a constant")
    return float(value)


def _heads(suppressions: Sequence[Any], resized: frozenset[str]) -> tuple[Any, Any]:
    """What all suppressions read: one combined suppression's inputs, or what the blocks of all classes share."""
    if suppressions[0].type == "CombinedNonMaxSuppression":
        if len(suppressions) > 1:
            raise Refused("the graph has several combined suppressions")
        boxes, scores = (_before_loop(tensor, resized) for tensor in suppressions[0].inputs[:2])
        return boxes, scores
    if len(suppressions) == 1:
        raise Refused("the graph has only one suppression for all classes")
    shared = [_before_loop(tensor, resized) for tensor in _last_shared([list(op.inputs[:2]) for op in suppressions])]
    scores = [tensor for tensor in shared if tensor.shape[-1] == len(suppressions)]
    boxes = [tensor for tensor in shared if tensor.shape[-1] == 4 and tensor not in scores[:1]]
    if len(scores) < 1 or len(boxes) != 1 or len(shared) != 2:
        raise Refused("the suppressions of the classes share more than boxes and scores")
    return boxes[0], scores[0]


def _last_shared(readers: Sequence[list[Any]]) -> list[Any]:
    """The tensors that every reader is computed from, and that some reader reads other than through shared ones."""
    read = [sources(tensors) for tensors in readers]
    counts = Counter(name for tensors in read for name in tensors)
    shared = {name for name, count in counts.items() if count == len(readers)}
    last: dict[str, Any] = {}
    for tensor in (tensor for tensors in read for name, tensor in tensors.items() if name not in shared):
        last.update((source.name, source) for source in tensor.op.inputs if source.name in shared)
    return [tensor for tensor in last.values() if _holds_values(tensor)]


def _holds_values(tensor: Any) -> bool:
    return tensor.dtype == tf.float32 and tensor.shape.rank in (2, 3, 4) and constant(tensor) is None


def _before_loop(tensor: Any, resized: frozenset[str]) -> Any:
    """What a loop over the pictures of a batch, which is one picture, reads of boxes or scores; or the tensor itself.

    What the loop does before suppression, such as taking an end off, probing sees; here it is only followed.
    """
    while any(source.op.type == "NextIteration" for source in sources([tensor], resized).values()):
        tensor = _elements(tensor.op.inputs[2]) if tensor.op.type == "TensorArrayReadV3" else _only_source(tensor)
    return tensor


def _elements(flow: Any) -> Any:
    """The values of a TensorArray, given its flow."""
    while flow.op.type in ("Enter", "Identity"):
        flow = flow.op.inputs[0]
    return _only_source(flow) if flow.op.type != "TensorArrayScatterV3" else flow.op.inputs[2]


def _only_source(tensor: Any) -> Any:
    values = [source for source in tensor.op.inputs if source.dtype == tf.float32 and constant(source) is None]
    if len(values) != 1:
        raise Refused("the source of the boxes or scores in a loop cannot be found")
    return values[0]

"""A detector without suppression: its graph is converted whole, but for its labels, which LiteRT gives as numbers.

CenterNet keeps the best peaks of a heat map, and DETR has a fixed set of answers: LiteRT has all operations for that.
What turns classes into strings is taken over operation by operation, with numbers in the place of strings. So it may
pick, join and filter in any way.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from detector import OUTPUTS, label_names

from filling.lookup_tables import FIND, MOST_CLASSES
from filling.saved_graph import Refused, SavedGraph, Unfit, sources

_AT_ONCE = 1 << 10


@dataclass(frozen=True)
class Whole:
    """The signature's outputs, with numbers of classes in place of labels; number n is the class of `labels[n]`."""

    classes: Any
    scores: Any
    boxes: Any
    labels: Sequence[str]

    @property
    def outputs(self) -> dict[str, Any]:
        """The tensors to compute, by the names that the converted model gives them."""
        return {"classes": self.classes, "scores": self.scores, "boxes": self.boxes}


def find_whole(graph: SavedGraph, model: Path) -> Whole:
    """What to convert of a graph. Raises Refused when its labels are made in an unknown way."""
    labels, scores, boxes = (graph.outputs[name] for name in OUTPUTS)
    classes, names = (labels, label_names(model)) if labels.dtype != tf.string else _numbered(graph, labels)
    return Whole(classes, scores, boxes, names)


def _numbered(graph: SavedGraph, labels: Any) -> tuple[Any, list[str]]:
    """The same as `labels`, computed with numbers, and what the numbers stand for."""
    path = _strings(labels)
    constants = [tensor.op for tensor in path if tensor.op.type == "Const"]
    tables = [tensor.op for tensor in path if tensor.op.type.startswith(FIND)]
    if len(tables) > 1 or bool(tables) == bool(constants):
        raise Refused("the labels come neither from constants nor from one table")
    known = _looked_up(graph, tables[0]) if tables else _all_of(constants)
    try:
        names = [label.decode() for label in known]
    except UnicodeDecodeError as error:
        raise Unfit(f"the model's label is {error.object!r}: labels must be UTF-8") from error
    return _with_numbers(graph, labels, [tensor.op for tensor in path], known), names


def _strings(labels: Any) -> list[Any]:
    """The strings that the labels are made of, themselves included; what a table gives ends the way."""
    every = sources([labels]).values()
    ends = (tensor for tensor in every if tensor.dtype != tf.string or tensor.op.type.startswith(FIND))
    found = sources([labels], frozenset(tensor.name for tensor in ends))
    return [tensor for tensor in found.values() if tensor.dtype == tf.string]


def _all_of(constants: Sequence[Any]) -> list[bytes]:
    """Each string in constants once."""
    values = [np.ravel(tf.get_static_value(op.outputs[0])).tolist() for op in constants]
    return list(dict.fromkeys(label for value in values for label in value))


def _looked_up(graph: SavedGraph, table: Any) -> list[bytes]:
    """What a table has for the numbers from 0; for those above the last it has the last, which it has for any."""
    keys = table.inputs[1]
    is_fixed = keys.shape.is_fully_defined()
    shape = keys.shape.as_list() if is_fixed else [1] * ((keys.shape.rank or 1) - 1) + [_AT_ONCE]
    found: list[bytes] = []
    while len(found) < MOST_CLASSES:
        numbers = np.arange(len(found), len(found) + math.prod(shape)).reshape(shape)
        found += np.ravel(graph.run(table.outputs[0], {keys: numbers.astype(keys.dtype.as_numpy_dtype)})).tolist()
    while len(found) > 1 and found[-1] == found[-2]:
        found.pop()
    return found


def _with_numbers(graph: SavedGraph, labels: Any, path: Sequence[Any], known: Sequence[bytes]) -> Any:
    """A copy of the labels' operations in the graph, in which strings are their numbers among the known ones."""
    if labels.op.type.startswith(FIND):
        with graph.session.graph.as_default():
            return tf.cast(labels.op.inputs[1], tf.int32)
    numbers = {label: number for number, label in enumerate(known)}
    part = tf.compat.v1.GraphDef(versions=graph.session.graph_def.versions)
    given = {}
    with graph.session.graph.as_default():
        for op in path:
            given.update({tensor.name: tensor for tensor in op.inputs if tensor.dtype != tf.string})
            if op.type.startswith(FIND):
                given[op.outputs[0].name] = tf.cast(op.inputs[1], tf.int32)
            else:
                _add(part, op, numbers)
        try:
            (found,) = tf.graph_util.import_graph_def(
                part, input_map=given, return_elements=[labels.name], name="classes"
            )
        except ValueError as error:  # an operation that only strings can have, such as one that joins their letters
            raise Refused(f"the labels are made by operations on text: {error}") from error
    return found


def _add(part: Any, op: Any, numbers: Mapping[bytes, int]) -> None:
    node = part.node.add()
    node.CopyFrom(op.node_def)
    del node.input[:]
    node.input.extend(tensor.name for tensor in op.inputs)  # without what only has to run before
    for name in [name for name in node.attr if name.startswith("_")]:  # colocation, say, with what is not copied
        del node.attr[name]
    for value in node.attr.values():
        if value.type == tf.string.as_datatype_enum:
            value.type = tf.int32.as_datatype_enum
    if op.type == "Const":
        strings = tf.get_static_value(op.outputs[0])
        values = np.array([numbers[label] for label in np.ravel(strings).tolist()], np.int32)
        node.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(values.reshape(np.shape(strings)), tf.int32))

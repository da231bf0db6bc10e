"""Converts the part of a graph between some of its tensors to a LiteRT model that uses only LiteRT's own operations."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import tensorflow as tf

from filling.saved_graph import Refused, SavedGraph, constant, sources


def convert(
    graph: SavedGraph,
    images: Any,
    outputs: Mapping[str, Any],
    is_half: bool = False,
    begin: Callable[[Any], Any] = lambda images: images,
) -> bytes:
    """A .tflite file that computes tensors, with the names given here, from the tensor `images`, by that name.

    `begin` is done to its input first. With `is_half` its weights are float16. Raises Refused when it cannot be made.
    """
    function = _function(_part(graph, images, outputs), images, outputs, begin)
    converter = tf.lite.TFLiteConverter.from_concrete_functions([function], tf.Module())
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
    if is_half:  # https://ai.google.dev/edge/litert/conversion/tensorflow/quantization/post_training_float16_quant
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.target_spec.supported_types = [tf.float16]
    try:
        return bytes(converter.convert())
    except Exception as error:  # the converter raises what its passes raise
        raise Refused(f"LiteRT's converter cannot convert the graph: {_why(error)}") from error


def _why(error: Exception) -> str:
    """The operations that LiteRT lacks, which the converter lists below lines about its insides; or its first line."""
    if lacking := re.findall(r"^(?:TF Select|Custom) ops: (.+)$", str(error), re.MULTILINE):
        return f"LiteRT lacks {', '.join(lacking)}, or the number type that they have in the graph"[:200]
    return next(iter(str(error).strip().splitlines()), type(error).__name__)[:200]


def _part(graph: SavedGraph, images: Any, outputs: Mapping[str, Any]) -> Any:
    """The nodes between the tensors, with variables as constants, and the functions that loops and conditions call."""
    names = sorted({tensor.op.name for tensor in outputs.values()})
    whole = tf.compat.v1.graph_util.convert_variables_to_constants(graph.session, graph.session.graph_def, names)
    found = sources(list(outputs.values()), frozenset([images.name]))
    needed = {tensor.op.name for name, tensor in found.items() if name != images.name}
    part = tf.compat.v1.GraphDef(versions=whole.versions, library=whole.library)
    for node in whole.node:
        if node.name in needed:
            _add(part, node, needed)
            if _takes_sign(graph, node):
                _multiply_sign(part, part.node[-1])
    return part


def _takes_sign(graph: SavedGraph, node: Any) -> bool:
    """Whether an operation takes the sign bit of numbers, as Keras 3 does in `argmax` to tell 0.0 from -0.0."""
    if node.op != "BitwiseAnd" or node.attr["T"].type != tf.int32.as_datatype_enum:
        return False
    mask = constant(graph.session.graph.get_operation_by_name(node.name).inputs[1])
    return mask is not None and bool((mask == tf.int32.min).all())


def _multiply_sign(part: Any, node: Any) -> None:
    """Makes it the product of the bit and 1 where a number is below 0, as LiteRT has no operation for bits."""
    zero, less, one = (f"{node.name}/{name}" for name in ("zero", "less", "one"))
    _add_constant(part, zero, 0)
    part.node.add(name=less, op="Less", input=[node.input[0], zero]).attr["T"].type = tf.int32.as_datatype_enum
    added = part.node.add(name=one, op="Cast", input=[less])
    added.attr["SrcT"].type, added.attr["DstT"].type = tf.bool.as_datatype_enum, tf.int32.as_datatype_enum
    node.op, node.input[0] = "Mul", one


def _add(part: Any, node: Any, needed: set[str]) -> None:
    """Adds a node. EnsureShape, which the converter does not know, becomes the Reshape to that shape, or nothing."""
    added = part.node.add()
    added.CopyFrom(node)
    del added.input[:]
    added.input.extend(name for name in node.input if not name.startswith("^") or name[1:] in needed)
    if "_gradient_op_type" in added.attr:  # names a gradient of the SavedModel's, and the converter would look for it
        del added.attr["_gradient_op_type"]
    if node.op == "EnsureShape":
        shape = tf.TensorShape(node.attr["shape"].shape)
        del added.attr["shape"]
        if shape.rank is None or shape.as_list().count(None) > 1:
            added.op = "Identity"
        else:
            sizes = [-1 if size is None else size for size in shape.as_list()]
            added.op = "Reshape"
            added.input.append(f"{node.name}/sizes")
            _add_constant(part, f"{node.name}/sizes", sizes)


def _add_constant(part: Any, name: str, value: Any) -> None:
    added = part.node.add(name=name, op="Const")
    added.attr["dtype"].type = tf.int32.as_datatype_enum
    added.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(value, tf.int32))


def _function(part: Any, images: Any, outputs: Mapping[str, Any], begin: Callable[[Any], Any]) -> Any:
    def compute(**values: Any) -> dict[str, Any]:
        tensors = tf.graph_util.import_graph_def(
            part,
            input_map={images.name: begin(values["images"])},
            return_elements=[tensor.name for tensor in outputs.values()],
            name="",
        )
        return dict(zip(outputs, tensors, strict=True))

    spec = tf.TensorSpec(_one_picture(images.shape), images.dtype, "images")
    return tf.function(compute).get_concrete_function(images=spec)


def _one_picture(shape: Any) -> Any:
    """The shape [1, H, W, 3], with what is known of it."""
    return shape if shape.rank is None else [1, *shape[1:3], 3]

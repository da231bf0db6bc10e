"""Tables of labels in a function of TensorFlow 2: resources outside of its graph, which freezing leaves out."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

MOST_CLASSES = 1 << 15
"""So many numbers a table is asked for; ImageNet's largest set has 21,843 classes."""
FIND = "LookupTableFind"
"""The start of the operations' names."""


def without_tables(graph: Any, function: Any) -> Any:
    """The graph of a frozen function, with constants for what its tables of strings have for the numbers from 0."""
    captures = {internal.op.name: external for external, internal in function.graph.captures}
    nodes = {node.name: node for node in graph.node}
    for node in list(graph.node):
        if not node.op.startswith(FIND) or node.attr["Tout"].type != tf.string.as_datatype_enum:
            continue
        handle = captures.get(_origin(nodes, node.input[0]))
        default = nodes.get(_origin(nodes, node.input[2]))
        if handle is not None and default is not None and default.op == "Const":
            _replace(graph, node, _known(handle, node, default))
    return graph


def _origin(nodes: Any, name: str) -> str:
    """The name of the node that a value comes from."""
    name = name.split(":")[0]
    while name in nodes and nodes[name].op == "Identity":
        name = nodes[name].input[0].split(":")[0]
    return name


def _known(handle: Any, node: Any, default: Any) -> Any:
    keys = tf.range(MOST_CLASSES, dtype=tf.as_dtype(node.attr["Tin"].type))
    otherwise = tf.constant(tf.make_ndarray(default.attr["value"].tensor))
    return tf.raw_ops.LookupTableFindV2(table_handle=handle, keys=keys, default_value=otherwise).numpy()


def _replace(graph: Any, node: Any, labels: Any) -> None:
    """Makes a look-up one in a constant."""
    keys, kind = node.input[1], node.attr["Tin"].type
    for name, value in (("labels", tf.make_tensor_proto(labels)), ("axis", tf.make_tensor_proto(0, tf.int32))):
        added = graph.node.add(name=f"{node.name}/{name}", op="Const")
        added.attr["dtype"].type = value.dtype
        added.attr["value"].tensor.CopyFrom(value)
    node.op = "GatherV2"
    node.attr.clear()
    for name, dtype in (
        ("Tparams", tf.string.as_datatype_enum),
        ("Tindices", kind),
        ("Taxis", tf.int32.as_datatype_enum),
    ):
        node.attr[name].type = dtype
    node.attr["batch_dims"].i = 0
    del node.input[:]
    node.input.extend([f"{node.name}/labels", keys, f"{node.name}/axis"])

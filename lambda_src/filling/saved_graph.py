"""A SavedModel's signature as one flat graph in a session, where any tensor can be fed and fetched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tensorflow as tf
from detector import OUTPUTS
from tensorflow.core.protobuf import saved_model_pb2
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from filling.lookup_tables import without_tables


class Refused(Exception):
    """A model that cannot be prepared; the text says why, in one sentence."""


@dataclass(frozen=True)
class SavedGraph:
    """A session, and the input and OUTPUTS of the signature in its graph."""

    session: Any
    images: Any
    outputs: Mapping[str, Any]

    def run(self, fetches: Any, feeds: Mapping[Any, Any]) -> Any:
        """The values of tensors, given those of others. Raises TensorFlow's errors."""
        return self.session.run(fetches, feeds)


class Unfit(Exception):
    """A model that no engine can serve; the text says why, in one sentence."""


def signature(model: Path, name: str = "default") -> dict[str, Any]:
    """The names that a SavedModel's signature gives to tags, input and OUTPUTS, as the manifest has them.

    Raises Refused when there is no such signature. Of several graphs, the one for serving counts.
    """
    meta = _meta_graph(model)
    found = meta.signature_def[name]
    if len(found.inputs) != 1 or not set(OUTPUTS) <= set(found.outputs):
        raise Refused(f"the signature {name} has no input or lacks an output")
    (images,) = found.inputs.values()
    return {
        "name": name,
        "tags": list(meta.meta_info_def.tags),
        "input": {"name": images.name, "shape": _shape(images.tensor_shape)},
        "outputs": {name: found.outputs[name].name for name in OUTPUTS},
    }


def open_graph(model: Path, name: str = "default") -> SavedGraph:
    """The graph of a SavedModel's signature, with functions inlined, from TensorFlow 1 or 2."""
    return (_open_v2 if _meta_graph(model).HasField("object_graph_def") else _open_v1)(model, name)


def _meta_graph(model: Path) -> Any:
    saved = saved_model_pb2.SavedModel.FromString((model / "saved_model.pb").read_bytes())
    by_tags = {frozenset(meta.meta_info_def.tags): meta for meta in saved.meta_graphs}
    tags = frozenset() if (model / "tfhub_module.pb").exists() else frozenset({"serve"})
    if tags not in by_tags:
        raise Refused(f"the SavedModel has no graph tagged {sorted(tags)}")
    return by_tags[tags]


def _shape(shape: Any) -> list[int | None] | None:
    return None if shape.unknown_rank else [None if dim.size < 0 else dim.size for dim in shape.dim]


def _open_v1(model: Path, name: str) -> SavedGraph:
    names = signature(model, name)
    session = _session()
    with session.graph.as_default():
        tf.compat.v1.saved_model.load(session, names["tags"], str(model))
    tensor = session.graph.get_tensor_by_name
    return SavedGraph(
        session, tensor(names["input"]["name"]), {name: tensor(at) for name, at in names["outputs"].items()}
    )


def _open_v2(model: Path, name: str) -> SavedGraph:
    loaded = tf.saved_model.load(str(model))
    function = loaded.signatures[name]
    frozen = convert_variables_to_constants_v2(function, lower_control_flow=False)
    graph = without_tables(frozen.graph.as_graph_def(), function)
    session = _session()
    with session.graph.as_default():
        tf.import_graph_def(graph, name="")
    tensor = session.graph.get_tensor_by_name
    outputs = dict(
        zip(sorted(function.structured_outputs), (tensor(output.name) for output in frozen.outputs), strict=True)
    )
    return SavedGraph(session, tensor(frozen.inputs[0].name), {name: outputs[name] for name in OUTPUTS})


def _session() -> Any:
    """A session that runs a graph as it is: optimizing a large one takes longer than the few runs it would speed up."""
    config = tf.compat.v1.ConfigProto()
    config.graph_options.rewrite_options.disable_meta_optimizer = True
    return tf.compat.v1.Session(graph=tf.Graph(), config=config)


def constant(tensor: Any) -> Any:
    """The value of a tensor that no picture changes, or None."""
    while tensor.op.type in ("Identity", "Enter"):
        tensor = tensor.op.inputs[0]
    return tf.get_static_value(tensor)


def sources(tensors: list[Any], stop: frozenset[str] = frozenset()) -> dict[str, Any]:
    """All tensors that tensors are computed from, themselves included, by name; those named in `stop` end the way."""
    found: dict[str, Any] = {}
    ahead = list(tensors)
    while ahead:
        tensor = ahead.pop()
        if tensor.name not in found:
            found[tensor.name] = tensor
            if tensor.name not in stop:
                ahead.extend(tensor.op.inputs)
    return found

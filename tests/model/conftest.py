"""SavedModels made in every way there is, by one process, for all tests of this directory."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest

from tests.model.model_helpers import DATA, REPOSITORY, run

# Every way in which a SavedModel with the signature `default` is made; each scores red as Horse and green as Dog.
MAKE_MODELS = """
import pathlib, sys
import keras
import tensorflow as tf
v1 = tf.compat.v1
root = pathlib.Path(sys.argv[1])
ENTITIES = tf.constant(["Horse", "Dog"])
BOXES = tf.constant([[0.0, 0.0, 1.0, 0.5], [0.0, 0.5, 1.0, 1.0]])

def outputs(scores, batched=False):
    values = {"detection_class_entities": ENTITIES, "detection_scores": scores, "detection_boxes": BOXES}
    return {name: value[None] if batched else value for name, value in values.items()}

def save(name, module, detect, *shape):
    images = tf.TensorSpec(shape, tf.float32, name="images")
    tf.saved_model.save(module, str(root / name), signatures={"default": tf.function(detect, [images])})

module = tf.Module()
module.gain = tf.Variable(1.0)
mean = lambda images: module.gain * tf.reduce_mean(images, [0, 1, 2])[:2]
save("any_size", module, lambda images: outputs(mean(images)), 1, None, None, 3)
save("fixed_size", module, lambda images: outputs(images[0, 5, 7, :2], batched=True), 1, 16, 24, 3)
no_boxes = lambda images: {name: value for name, value in outputs(mean(images)).items() if name != "detection_boxes"}
save("without_boxes", module, no_boxes, 1, None, None, 3)
halved = lambda images: tf.image.resize(images, [tf.shape(images)[1] // 2, 8])
save("halving", module, lambda images: outputs(mean(halved(images))), 1, None, None, 3)

layers = [keras.layers.Conv2D(2, 1), keras.layers.BatchNormalization(), keras.layers.Conv2D(2, 1)]
net = keras.Sequential([keras.Input((None, None, 3)), *layers, keras.layers.GlobalAveragePooling2D()])
save("keras", net, lambda images: outputs(net(images)[0]), 1, None, None, 3)

with tf.Graph().as_default(), v1.Session() as session:
    images = v1.placeholder(tf.float32, [1, None, None, 3])
    scores = v1.get_variable("gain", initializer=1.0) * tf.reduce_mean(images, [0, 1, 2])[:2]
    ENTITIES, BOXES = tf.constant(["Horse", "Dog"]), tf.constant([[0.0, 0.0, 1.0, 0.5], [0.0, 0.5, 1.0, 1.0]])
    signatures = {"default": v1.saved_model.predict_signature_def({"images": images}, outputs(scores))}
    session.run(v1.global_variables_initializer())
    builder = v1.saved_model.Builder(str(root / "hub"))
    builder.add_meta_graph_and_variables(session, [], signatures)
    builder.add_meta_graph(["train"], signatures)
    builder.save()
(root / "hub" / "tfhub_module.pb").write_bytes(bytes([8, 3]))
"""


# Prints the manifest's `signature` of each model that the arguments name.
SIGN = """
import json, pathlib, sys
from tensorflow.core.protobuf.saved_model_pb2 import SavedModel
signatures = {}
for model in map(pathlib.Path, sys.argv[1:]):
    file = model / "saved_model.pb"
    graphs = SavedModel.FromString(file.read_bytes()).meta_graphs
    graph = min(graphs, key=lambda graph: len(graph.meta_info_def.tags))
    signature = graph.signature_def["default"]
    images, *_ = signature.inputs.values()
    shape = [dim.size if dim.size >= 0 else None for dim in images.tensor_shape.dim]
    signatures[str(model)] = {
        "tags": [*graph.meta_info_def.tags],
        "input": {"name": images.name, "shape": shape},
        "outputs": {name: output.name for name, output in signature.outputs.items()},
        "saved_model": [file.stat().st_size, int(file.stat().st_mtime)],
    }
print(json.dumps(signatures))
"""

OWN = REPOSITORY / "wildrydes_ml" / "workshop" / "detector"
MADE = ("any_size", "fixed_size", "halving", "keras", "hub", "without_boxes")


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[Path, Any]:
    """Models and their signatures: those made here, the project's own, and the one beside it, if it is there."""
    if importlib.util.find_spec("tensorflow") is None:
        pytest.skip("needs TensorFlow")
    root = tmp_path_factory.mktemp("models")
    run(MAKE_MODELS, root)
    found = [*(root / name for name in MADE), OWN, DATA / "coco_detector"]
    signatures = json.loads(run(SIGN, *[model for model in found if model.exists()]))
    return {Path(model): signature for model, signature in signatures.items()}

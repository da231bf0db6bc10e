"""The handler on real SavedModels, in a process of its own, as Lambda runs it: nothing but EFS on the path."""

from __future__ import annotations

import base64
import importlib.util
import io
import json
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

import pytest

if importlib.util.find_spec("tensorflow") is None:
    pytest.skip("needs TensorFlow", allow_module_level=True)

from PIL import Image

REPOSITORY = Path(__file__).parents[2]
DATA = REPOSITORY.parent / "shared" / "data"
PACKAGES = sysconfig.get_paths()["purelib"]

# A detector of two objects: a Horse, as sure of it as the picture is red, in its left half; a Dog, green, right.
MAKE_MODEL = """
import sys
import tensorflow as tf

class Detector(tf.Module):
    def __init__(self):
        self.gain = tf.Variable(1.0)

    @tf.function(input_signature=[tf.TensorSpec(SHAPE, tf.float32, name="images")])
    def detect(self, images):
        boxes = tf.constant([[0.0, 0.0, 1.0, 0.5], [0.0, 0.5, 1.0, 1.0]])
        scores = self.gain * tf.reduce_mean(images, [0, 1, 2])[:2]
        return OUTPUTS

module = Detector()
tf.saved_model.save(module, sys.argv[1], signatures={"default": module.detect})
"""
ANY_SIZE, FIXED_SIZE = "[1, None, None, 3]", "[1, 16, 24, 3]"
OUTPUTS = """{
    "detection_class_entities": tf.constant(["Horse", "Dog"]),
    "detection_scores": scores,
    "detection_boxes": boxes,
}"""
BATCHED = """{
    "detection_class_entities": tf.constant([["Horse", "Dog"]]),
    "detection_scores": scores[None],
    "detection_boxes": boxes[None],
}"""
WITHOUT_BOXES = '{"detection_class_entities": tf.constant(["Horse", "Dog"]), "detection_scores": scores}'

# As TensorFlow Hub exported in its first format: a graph for training beside the one for serving, which has no tags.
MAKE_HUB_MODULE = """
import pathlib, sys
import tensorflow as tf
v1 = tf.compat.v1
v1.disable_eager_execution()

images = v1.placeholder(tf.float32, [1, None, None, 3])
scores = v1.get_variable("gain", initializer=1.0) * tf.reduce_mean(images, [0, 1, 2])[:2]
outputs = {
    "detection_class_entities": tf.constant(["Horse", "Dog"]),
    "detection_scores": scores,
    "detection_boxes": tf.constant([[0.0, 0.0, 1.0, 0.5], [0.0, 0.5, 1.0, 1.0]]),
}
signatures = {"default": v1.saved_model.predict_signature_def({"images": images}, outputs)}
with v1.Session() as session:
    session.run(v1.global_variables_initializer())
    builder = v1.saved_model.Builder(sys.argv[1])
    builder.add_meta_graph_and_variables(session, [], signatures)
    builder.add_meta_graph(["train"], signatures)
    builder.save()
pathlib.Path(sys.argv[1], "tfhub_module.pb").write_bytes(bytes([8, 3]))
"""

HANDLE = """
import json, sys
sys.path.insert(0, sys.argv[1])
import lambda_function
for line in sys.stdin:
    answer = lambda_function.lambda_handler(json.loads(line), None)
    print(json.dumps(answer))
"""


def make_model(directory: Path, shape: str = ANY_SIZE, outputs: str = OUTPUTS) -> None:
    code = MAKE_MODEL.replace("SHAPE", shape).replace("OUTPUTS", outputs)
    subprocess.run([sys.executable, "-c", code, str(directory)], check=True, capture_output=True, timeout=120)


def handle(efs: Path, *pictures: bytes, **environment: str) -> tuple[list[Any], list[Any]]:
    """The answers' (status, body), and the log lines, of one process that gets the pictures one after another."""
    events = [json.dumps({"image": base64.b64encode(picture).decode()}) + "\n" for picture in pictures]
    result = subprocess.run(
        [sys.executable, "-I", "-S", "-c", HANDLE, str(REPOSITORY / "lambda_src")],
        env={"EFS_PATH": str(efs), "PY_PKG_PATH": PACKAGES, **environment},
        input="".join(events),
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    return [(answer["statusCode"], json.loads(answer["body"])) for answer in lines[1::2]], lines[0::2]


def picture(color: tuple[int, int, int]) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (30, 20), color).save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize(
    ("shape", "outputs"), [(ANY_SIZE, OUTPUTS), (FIXED_SIZE, BATCHED)], ids=["any size", "fixed size, batched outputs"]
)
def test_scores_and_boxes_are_the_models(tmp_path: Path, shape: str, outputs: str) -> None:
    make_model(tmp_path / "model", shape, outputs)
    answers, logs = handle(tmp_path, picture((204, 102, 0)), picture((51, 255, 0)), ENGINE="tensorflow")
    horse = {"label": "Horse", "score": 0.8, "box": [0.0, 0.0, 1.0, 0.5]}
    dog = {"label": "Dog", "score": 0.4, "box": [0.0, 0.5, 1.0, 1.0]}
    (first_status, first), (second_status, second) = answers
    assert (first_status, first["validated"], first["detections"]) == (200, True, [horse, dog])
    assert (second_status, second["validated"], second["detections"]) == (200, False, [{**dog, "score": 1.0}])
    assert [log["engine"] for log in logs] == ["tensorflow"] * 2
    assert logs[1]["timings_ms"]["load"] < logs[0]["timings_ms"]["load"] / 20


def test_a_module_of_tensorflow_hubs_first_format_serves(tmp_path: Path) -> None:
    model = str(tmp_path / "model")
    subprocess.run([sys.executable, "-c", MAKE_HUB_MODULE, model], check=True, capture_output=True, timeout=120)
    ((status, answer),), _ = handle(tmp_path, picture((204, 102, 0)))
    assert (status, answer["validated"], answer["detections"][0]["score"]) == (200, True, 0.8)


def test_a_picture_that_the_models_resizing_makes_nothing_of_is_undecodable(tmp_path: Path) -> None:
    resizing = "tf.image.resize(images, [tf.shape(images)[1] // 2, 8])"
    make_model(tmp_path / "model", outputs=OUTPUTS.replace("scores,", f"tf.reduce_mean({resizing}, [0, 1, 2])[:2],"))
    line = io.BytesIO()
    Image.new("RGB", (30, 1), "red").save(line, "PNG")
    answers, _ = handle(tmp_path, line.getvalue(), picture((204, 102, 0)))
    assert [(status, body.get("code")) for status, body in answers] == [(422, "undecodable-image"), (200, None)]


def test_a_model_that_is_missing_broken_or_different_is_unavailable(tmp_path: Path) -> None:
    make_model(tmp_path / "different", outputs=WITHOUT_BOXES)
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "saved_model.pb").write_bytes(b"not a model")
    for name, reason in (("missing", "does not exist"), ("broken", "parse"), ("different", "detection_boxes")):
        answers, logs = handle(tmp_path, picture((255, 0, 0)), MODEL_DIR=name)
        assert [(status, body["code"]) for status, body in answers] == [(503, "model-unavailable")]
        assert reason in "".join(logs[0]["traceback"])
        assert str(tmp_path) not in json.dumps(answers)


@pytest.mark.skipif(not DATA.exists(), reason="needs the photographs beside the project")
def test_photographs() -> None:
    photos = [(DATA / "photos" / f"{name}.jpg").read_bytes() for name in ("horse_dog_person", "dog_bicycle")]
    answers, _ = handle(DATA, *photos, MODEL_DIR="coco_detector")
    (_, horse), (_, bicycle) = answers
    assert [(d["label"], round(d["score"], 2)) for d in horse["detections"]] == [
        ("Person", 0.88),
        ("Dog", 0.87),
        ("Horse", 0.87),
    ]
    assert (horse["validated"], bicycle["validated"]) == (True, False)
    assert "Horse" not in {d["label"] for d in bicycle["detections"]}

"""Models whose outputs have the right names and nothing else: the answer says that it is the model, not the picture."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.model.conftest import SIGN
from tests.model.model_helpers import PACKAGES, REPOSITORY, efs, picture, run

MAKE_MODELS = """
import pathlib, sys
import tensorflow as tf
root = pathlib.Path(sys.argv[1])

ANY = (1, None, None, 3)

def save(name, shape=ANY, dtype=tf.float32, labels=("Horse", "Dog"), scores=(0.9, 0.5), high=1.0, extra=()):
    def detect(images, *more):
        keep = 0 * tf.reduce_mean(tf.cast(images, tf.float32))
        boxes = tf.constant([[0.0, 0.0, high, high], [0.0, 0.5, high, high]])
        values = {"entities": tf.constant(labels), "scores": tf.constant(scores) + keep, "boxes": boxes + keep}
        names = {"entities": "detection_class_entities"}
        return {names.get(key, f"detection_{key}"): value for key, value in values.items()}
    specs = [tf.TensorSpec(shape, dtype, name="images"), *[tf.TensorSpec([], name=one) for one in extra]]
    tf.saved_model.save(tf.Module(), str(root / name), signatures={"default": tf.function(detect, specs)})

save("uint8", dtype=tf.uint8)
save("float16", dtype=tf.float16)
save("rank_3", shape=(None, None, 3))
save("channels_first", shape=(1, 3, 64, 64))
save("two_inputs", extra=["threshold"])
save("numbers_as_labels", labels=(1, 2))
save("no_utf8", labels=(b"Horse", b"\\xff\\xfe"))
save("other_lengths", scores=(0.9, 0.5, 0.4))
save("nan_scores", scores=(float("nan"), 0.5))
save("percent", scores=(90.0, 50.0))
save("nan_boxes", high=float("nan"))
save("pixels", high=300.0)
"""

AT_LOAD = {
    "uint8": "uint8",
    "float16": "float16",
    "rank_3": r"not as \[1, H, W, 3\]",
    "channels_first": r"not as \[1, H, W, 3\]",
    "two_inputs": "takes 2 inputs",
    "numbers_as_labels": "labels of int32, not strings",
    "no_utf8": "not UTF-8",
    "other_lengths": "2 labels, 3 scores",
    "nan_scores": "scores from nan",
    "percent": "not from 0 to 1",
}
AT_A_PICTURE = dict.fromkeys(("nan_boxes", "pixels"), "the model gives a box")


# Answers a direct invocation about a picture by each of the EFS that the arguments name, in one process.
ANSWER = """
import base64, functools, json, pathlib, sys
_, source, packages, picture, *places = sys.argv
sys.path.insert(0, source)
import engines
from detector import SharedDetector
from lambda_function import respond
from service import Service
from settings import Settings

for place in map(pathlib.Path, places):
    settings = Settings(place, pathlib.Path(packages), place / "model")
    service = Service(settings, SharedDetector(functools.partial(engines.load, settings)))
    print(json.dumps(respond(lambda: service, {"image": picture, "explain": True}, None, cold=False)))
"""


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What is answered by each model, beside its log line."""
    pytest.importorskip("tensorflow", exc_type=ImportError)
    root = tmp_path_factory.mktemp("unfit")
    run(MAKE_MODELS, root)
    names = [*AT_LOAD, *AT_A_PICTURE]
    signatures = json.loads(run(SIGN, *[root / name for name in names]))
    models = {Path(model): signature for model, signature in signatures.items()}
    places = [efs(tmp_path_factory.mktemp(name), models, name) for name in names]
    sent = base64.b64encode(picture((204, 102, 0))).decode()
    lines = run(ANSWER, REPOSITORY / "lambda_src", PACKAGES, sent, *places).splitlines()
    return dict(zip(names, map(json.loads, lines[1::2]), strict=True))


@pytest.mark.parametrize(("name", "reason"), {**AT_LOAD, **AT_A_PICTURE}.items())
def test_an_unfit_model_is_the_models_fault(answers: dict[str, Any], name: str, reason: str) -> None:
    body = json.loads(answers[name]["body"])
    assert (answers[name]["statusCode"], body["code"]) == (503, "model-failed")
    assert re.search(reason, body["reason"])
    assert "Retry-After" not in answers[name]["headers"]

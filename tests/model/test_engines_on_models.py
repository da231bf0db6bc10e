"""The engines that take a SavedModel as it is, side by side, and the handler's choice between them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.model.model_helpers import DATA, PACKAGES, REPOSITORY, efs, handle, picture, run

pytestmark = pytest.mark.slow

# Prints, for each case on stdin, what capi and then tensorflow, in the same process, say about its pictures.
COMPARE = """
import json, pathlib, sys
sys.path.insert(0, sys.argv[2])
from capi import CApiDetector
from picture import decode
from problems import Problem
from tensorflow_engine import TensorFlowDetector

def detected(detector, picture):
    try:
        return detector.detect(decode(picture.read_bytes()))
    except Problem as problem:
        return problem.code

for model, signature, pictures in json.loads(pathlib.Path(sys.argv[3]).read_text()):
    capi = CApiDetector(pathlib.Path(sys.argv[1]), pathlib.Path(model), signature)
    both = capi, TensorFlowDetector(pathlib.Path(model))
    print(json.dumps([[detected(detector, pathlib.Path(picture)) for picture in pictures] for detector in both]))
"""


def test_the_c_api_sees_what_tensorflow_sees(models: dict[Path, Any], tmp_path: Path) -> None:
    """In the same process, and also where the model, or its own resizing, makes nothing of a picture."""
    (tmp_path / "color.png").write_bytes(picture((204, 102, 0)))
    (tmp_path / "row.png").write_bytes(picture((204, 102, 0), (30, 1)))
    pictures = [*tmp_path.glob("*.png"), *(REPOSITORY / "examples" / "pictures").glob("*"), *DATA.glob("photos/*.jpg")]
    whole = {model: signature for model, signature in models.items() if model.name != "without_boxes"}
    cases = [(str(model), signature, [str(path) for path in pictures]) for model, signature in whole.items()]
    (tmp_path / "cases.json").write_text(json.dumps(cases))
    lines = run(COMPARE, PACKAGES, REPOSITORY / "lambda_src", tmp_path / "cases.json").splitlines()
    for model, line in zip(whole, lines, strict=True):
        for path, capi, tensorflow in zip(pictures, *json.loads(line), strict=True):
            assert same(capi, tensorflow), (model.name, path.name)
            assert (tensorflow == "undecodable-image") == ((model.name, path.name) == ("halving", "row.png"))


def same(some: Any, others: Any) -> bool:
    """Whether detections are equal, but for the rounding of another order of the same additions."""
    if isinstance(some, str) or isinstance(others, str):
        return bool(some == others)
    return [one[0] for one in some] == [other[0] for other in others] and all(
        one[1:] == [pytest.approx(other[1], abs=1e-5), pytest.approx(other[2], abs=1e-4)]
        for one, other in zip(some, others, strict=True)
    )


ORANGE = picture((204, 102, 0))


def test_with_a_manifest_the_c_api_serves_and_the_log_says_why_nothing_faster_does(
    models: dict[Path, Any], tmp_path: Path
) -> None:
    answers, logs = handle(efs(tmp_path, models, "any_size"), ORANGE, ORANGE)
    assert [(status, body["detections"][0]["score"]) for status, body in answers] == [(200, 0.8)] * 2
    assert [(log["engine"], log["slower_because"]) for log in logs] == [("capi", ["litert was not prepared"])] * 2


def test_an_engine_that_fails_to_load_leaves_the_model_to_the_next(models: dict[Path, Any], tmp_path: Path) -> None:
    outputs = dict.fromkeys(("detection_class_entities", "detection_scores", "detection_boxes"), "gone:0")
    ((status, answer),), (log,) = handle(efs(tmp_path, models, "any_size", outputs=outputs), ORANGE)
    assert (status, answer["detections"][0]["score"], log["engine"]) == (200, 0.8, "tensorflow")
    not_prepared, failed = log["slower_because"]
    assert (not_prepared, failed) == ("litert was not prepared", "capi: LookupError: the model has no tensor gone:0")


def test_a_damaged_manifest_leaves_the_model_to_tensorflow(models: dict[Path, Any], tmp_path: Path) -> None:
    root = efs(tmp_path, models, "hub")
    (root / "manifest.json").write_text('{"format": 2, "inputs"')
    ((status, answer),), (log,) = handle(root, ORANGE)
    assert (status, answer["validated"], log["engine"]) == (200, True, "tensorflow")
    assert log["slower_because"] == ["manifest.json is damaged"]


def test_a_forced_engine_is_not_replaced(models: dict[Path, Any], tmp_path: Path) -> None:
    ((status, answer),), (log,) = handle(efs(tmp_path, models, "any_size"), ORANGE, ENGINE="litert")
    assert (status, answer["code"]) == (503, "model-failed")
    assert "ENGINE=litert is not available: litert was not prepared" in "".join(log["traceback"])


def test_damaged_variables_are_an_answer_whatever_the_engine(models: dict[Path, Any], tmp_path: Path) -> None:
    root = efs(tmp_path, models, "any_size")
    (root / "model" / "variables" / "variables.data-00000-of-00001").write_bytes(b"damaged")
    ((status, answer),), (log,) = handle(root, ORANGE)
    assert (status, answer["code"]) == (503, "model-failed")
    assert "capi: StatusError: " in "".join(log["traceback"])


def test_a_request_in_the_middle_of_the_load_is_told_to_come_back(models: dict[Path, Any], tmp_path: Path) -> None:
    root = efs(tmp_path, models, "any_size")
    answers, logs = handle(root, ORANGE, ORANGE, seconds=(3.0, 600.0), ENGINE="tensorflow")
    assert [(status, body.get("code")) for status, body in answers] == [(503, "model-unavailable"), (200, None)]
    assert (logs[0]["reason"], logs[1]["engine"]) == ("still loading", "tensorflow")

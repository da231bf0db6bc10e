"""The handler on real SavedModels, in a process of its own, as Lambda runs it: nothing but EFS on the path."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.model.model_helpers import DATA, efs, handle, picture

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("engine", ["tensorflow", "capi"])
@pytest.mark.parametrize("name", ["any_size", "fixed_size", "hub"])
def test_scores_and_boxes_are_the_models(models: dict[Path, Any], tmp_path: Path, name: str, engine: str) -> None:
    root = efs(tmp_path, models, name)
    answers, logs = handle(root, picture((204, 102, 0)), picture((51, 255, 0)), ENGINE=engine)
    horse = {"label": "Horse", "score": 0.8, "box": [0.0, 0.0, 1.0, 0.5]}
    dog = {"label": "Dog", "score": 0.4, "box": [0.0, 0.5, 1.0, 1.0]}
    (first_status, first), (second_status, second) = answers
    assert (first_status, first["validated"], first["detections"]) == (200, True, [horse, dog])
    assert (second_status, second["validated"], second["detections"]) == (200, False, [{**dog, "score": 1.0}])
    assert [log["engine"] for log in logs] == [engine] * 2
    assert logs[1]["timings_ms"]["load"] < logs[0]["timings_ms"]["load"] / 20


@pytest.mark.parametrize("engine", ["tensorflow", "capi"])
def test_a_picture_that_the_models_resizing_makes_nothing_of_is_undecodable(
    models: dict[Path, Any], tmp_path: Path, engine: str
) -> None:
    row = picture((255, 0, 0), (30, 1))
    answers, _ = handle(efs(tmp_path, models, "halving"), row, picture((204, 102, 0)), ENGINE=engine)
    assert [(status, body.get("code")) for status, body in answers] == [(422, "undecodable-image"), (200, None)]


def test_a_model_that_is_missing_broken_or_different_is_unavailable(models: dict[Path, Any], tmp_path: Path) -> None:
    efs(tmp_path, models, "without_boxes")
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "saved_model.pb").write_bytes(b"not a model")
    for name, reason in (("missing", "does not exist"), ("broken", "parse"), ("model", "detection_boxes")):
        answers, logs = handle(tmp_path, picture((255, 0, 0)), MODEL_DIR=name)
        code = "model-unavailable" if name == "missing" else "model-failed"
        assert [(status, body["code"]) for status, body in answers] == [(503, code)]
        assert reason in "".join(logs[0]["traceback"])
        assert str(tmp_path) not in json.dumps(answers)


@pytest.mark.usefixtures("models")
@pytest.mark.skipif(not DATA.exists(), reason="needs the photographs beside the project")
def test_photographs() -> None:
    """Also as large as a phone takes them, where they are decoded at half the size."""
    photos = [Image.open(DATA / "photos" / f"{name}.jpg") for name in ("horse_dog_person", "dog_bicycle")]
    large = [photo.resize((4000, 4000 * photo.height // photo.width)) for photo in photos]
    answers, logs = handle(DATA, *[jpeg(photo) for photo in [*photos, *large]], MODEL_DIR="coco_detector")
    (_, horse), (_, bicycle), (_, large_horse), (_, large_bicycle) = answers
    assert [(d["label"], round(d["score"], 2)) for d in horse["detections"]] == [
        ("Person", 0.88),
        ("Dog", 0.87),
        ("Horse", 0.87),
    ]
    assert sorted(d["label"] for d in large_horse["detections"]) == ["Dog", "Horse", "Person"]
    assert (horse["validated"], bicycle["validated"]) == (large_horse["validated"], large_bicycle["validated"])
    assert (horse["validated"], bicycle["validated"]) == (True, False)
    assert logs[0]["slower_because"] == ["no manifest.json"]


def jpeg(photo: Image.Image) -> bytes:
    file = io.BytesIO()
    photo.save(file, "JPEG", quality=95)
    return file.getvalue()

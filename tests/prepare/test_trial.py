"""Real models on trial: what can serve is let through, what cannot is refused in one sentence."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from capi import CApiDetector
from detector import Detection
from filling import trial
from tensorflow_engine import TensorFlowDetector

from tests.prepare.conftest import LITERT_ALONE, WHOLE
from tests.prepare.prepare_helpers import COCO, PACKAGES, REPOSITORY, picture, prepare_here
from tests.prepare.unfit_models import UNFIT, found, hangs, numbers, save_with, with_

SPEC = UNFIT["crowded"][1]


def on_trial(model: Path, name: str = "default") -> dict[str, Any]:
    entry = trial.signature(str(model), name)
    trial.run(str(model), entry, lambda what, limit: None)
    return entry


@pytest.mark.parametrize("name", [*WHOLE, *LITERT_ALONE])
def test_what_can_serve_is_let_through(name: str, tmp_path: Path) -> None:
    if name == "coco" and not COCO.is_dir():
        pytest.skip("the COCO detector is not beside the project")
    (WHOLE | LITERT_ALONE)[name](tmp_path / "model")
    entry = on_trial(tmp_path / "model")
    assert entry["input"]["shape"] == ([1, 48, 64, 3] if name == "fixed" else [1, None, None, 3])
    assert entry["tags"] == ([] if name == "unrolled" else ["serve"])


@pytest.mark.parametrize("name", UNFIT)
def test_what_cannot_serve_is_refused(name: str, tmp_path: Path) -> None:
    detect, specs, why = UNFIT[name]
    with pytest.raises(trial.Unfit) as refusal:
        on_trial(save_with(tmp_path / "model", detect, specs))
    assert str(refusal.value).startswith("the model's ")
    assert why in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_another_signature_is_offered_and_may_be_chosen(tmp_path: Path) -> None:
    model = save_with(tmp_path / "model", found, SPEC, "serving_default")
    why = "signatures are serving_default, none is `default`: choose one with --signature NAME"
    with pytest.raises(trial.Unfit, match=why):
        on_trial(model)
    entry = on_trial(model, "serving_default")
    expected = TensorFlowDetector(model, "serving_default").detect(picture(1))
    assert expected
    assert [one.label for one in CApiDetector(PACKAGES, model, entry).detect(picture(1))] == [
        one.label for one in expected
    ]


@pytest.mark.parametrize("part", ["variables/variables.index", "saved_model.pb"])
def test_a_model_in_parts(part: str, tmp_path: Path) -> None:
    LITERT_ALONE["keras"](tmp_path / "model")
    (tmp_path / "model" / part).unlink()
    with pytest.raises(trial.Unfit, match=r"must be complete, with variables/|saved_model.pb is damaged"):
        on_trial(tmp_path / "model")


def labelled(directory: Path, text: bytes) -> Path:
    """A model that gives numbers for classes, and its labels."""
    save_with(directory, with_(class_entities=numbers), SPEC)
    (directory / "labels.txt").write_bytes(text)
    return directory


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"Person\nDog\n", "labels.txt has no label for class 2: write it on line 3"),
        (b"Person\n\nHorse\n", "labels.txt has no label for class 1: write it on line 2"),
        (b"Person\nDog\n\xff\n", "cannot be loaded .UnicodeDecodeError"),
    ],
)
def test_labels_that_lack_something(text: bytes, why: str, tmp_path: Path) -> None:
    with pytest.raises(trial.Unfit, match=why):
        on_trial(labelled(tmp_path / "model", text))


def test_numbers_of_classes_are_served_by_their_labels(tmp_path: Path) -> None:
    model = labelled(tmp_path / "model", "\ufeffPerson\r\nHund\r\nÉtalon\r\n".encode())  # as Windows writes it
    entry = on_trial(model)
    strings = save_with(tmp_path / "strings", found, SPEC)
    words = {"Person": "Person", "Dog": "Hund", "Horse": "Étalon"}
    expected = [one._replace(label=words[one.label]) for one in TensorFlowDetector(strings).detect(picture(1))]
    assert TensorFlowDetector(model).detect(picture(1)) == expected
    by_score: list[Detection] = sorted(CApiDetector(PACKAGES, model, entry).detect(picture(1)), key=lambda d: -d.score)
    assert [one.label for one in by_score] == [one.label for one in expected]
    prepared = prepare_here(model, tmp_path / "prepared")
    assert prepared["litert"]["accepted"]
    assert (tmp_path / "prepared" / "labels.json").read_text(encoding="utf-8") == '["Étalon", "Hund", "Person"]'


def test_a_number_without_a_label_is_shown_as_it_is() -> None:
    import detector

    array = np.array
    names = ["a", "b", ""]
    shown = detector.detections(array([1, 7, -1, 2]), array([0.5, 0.4, 0.0, 0.0]), np.zeros((4, 4)), names=names)
    assert [one.label for one in shown] == ["b", "7", "-1", "2"]


def test_a_graph_without_an_end_is_ended(tmp_path: Path) -> None:
    """By fill.py's time limit, whatever TensorFlow is doing."""
    model = save_with(tmp_path / "model", hangs, SPEC)
    site = tmp_path / "tensorflow" / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}"
    site.mkdir(parents=True)
    (site / "site-packages").symlink_to(PACKAGES)
    script = REPOSITORY / "lambda_src" / "filling" / "fill.py"
    names = {
        "root": str(tmp_path),
        "next": str(tmp_path),
        "reason": str(tmp_path / "reason"),
        "MODEL": "",
        "preparation": "",
    }
    environment = {**os.environ, **names, "SIGNATURE": "default", "PACKAGES": "", "PICTURE_SECONDS": "3"}
    done = subprocess.run(
        [sys.executable, "-ISB", script, "check", tmp_path, model], env=environment, capture_output=True, timeout=300
    )
    assert done.returncode == -signal.SIGALRM, done.stderr
    assert (tmp_path / "reason").read_text() == "detecting objects in a picture of 480x640 takes more than 3 s"

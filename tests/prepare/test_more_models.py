"""Models without suppression, and models that do something to pictures of any size before they look."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf
from filling import recording
from filling.agreement import compare
from filling.preparation import Preparation
from filling.saved_graph import Refused, signature
from litert import LiteRTDetector
from PIL import Image
from tensorflow_engine import TensorFlowDetector

from tests.model.model_helpers import handle
from tests.prepare.prepare_helpers import DATA, PACKAGES, REPOSITORY, picture, prepare_here, save
from tests.prepare.resizing_models import RESIZING
from tests.prepare.suppressionless_models import SUPPRESSIONLESS, center_net

pytestmark = pytest.mark.slow

PHOTOGRAPHS = [*sorted((REPOSITORY / "examples" / "pictures").glob("*.jpg")), *sorted(DATA.glob("photos/*.jpg"))]


def as_tensorflow_finds(root: Path, entry: dict[str, Any]) -> None:
    ours, theirs = LiteRTDetector(root, entry), TensorFlowDetector(root / "model")
    for image in [picture(1), picture(2, 41, 130), picture(3, 333, 517), picture(4, 700, 300)]:
        agreement = compare(theirs.detect(image), ours.detect(image), noise=1e-5, most=1000)
        assert agreement.compared > 5
        assert agreement.ties <= 0.05 * agreement.compared


@pytest.mark.parametrize("name", SUPPRESSIONLESS)
def test_a_model_without_suppression_is_served_by_litert(name: str, tmp_path: Path) -> None:
    """By the handler, with the verdicts and the detections that TensorFlow has."""
    model = SUPPRESSIONLESS[name](tmp_path / "model")
    prepared = prepare_here(model, tmp_path / "prepared")
    assert "suppression" not in prepared["litert"]
    as_tensorflow_finds(tmp_path, prepared["litert"])
    pictures = [path.read_bytes() for path in PHOTOGRAPHS]
    with recording.filled(recording.Efs(PACKAGES, model, tmp_path / "prepared"), signature(model), prepared) as root:
        (ours, log), (theirs, _) = handle(root, *pictures), handle(root, *pictures, ENGINE="tensorflow")
    assert [line["engine"] for line in log] == ["litert"] * len(pictures)
    assert {status for status, _ in [*ours, *theirs]} == {200}
    for (_, one), (_, other) in zip(ours, theirs, strict=True):
        assert one["message"] == other["message"]
        assert [found["label"] for found in one["detections"]] == [found["label"] for found in other["detections"]]
        scores = [found["score"] for found in other["detections"]]
        assert [found["score"] for found in one["detections"]] == pytest.approx(scores, abs=0.001)
    assert any(body["detections"] for _, body in ours)


def test_labels_are_known_where_no_suppression_is(tmp_path: Path) -> None:
    prepare_here(SUPPRESSIONLESS["table"](tmp_path / "model"), tmp_path / "prepared")
    assert json.loads((tmp_path / "prepared" / "labels.json").read_text()) == ["Horse", "Dog", "Person", "none"]


@pytest.mark.parametrize("name", RESIZING)
def test_pictures_of_any_size_are_prepared_as_the_graph_does_it(name: str, tmp_path: Path) -> None:
    make, expected = RESIZING[name]
    make(tmp_path / "model")
    entry = prepare_here(tmp_path / "model", tmp_path / "prepared")["litert"]
    assert {key: entry.get(key) for key in ("input_size", "resize")} == {"resize": None, **expected}
    as_tensorflow_finds(tmp_path, entry)


def test_labels_that_are_written_for_each_picture_are_refused(tmp_path: Path) -> None:
    def spelled(numbers: Any) -> Any:
        return tf.strings.join([tf.gather(tf.constant(["Ho", "D", "Pers"]), numbers), tf.constant("rse")])

    save(tmp_path / "model", lambda images: center_net(images, spelled))
    with pytest.raises(Refused, match="labels are made by operations on text"):
        prepare_here(tmp_path / "model", tmp_path / "prepared")


def test_what_finds_nothing_in_made_pictures_needs_the_makers_own(tmp_path: Path) -> None:
    """No comparison is no agreement."""

    def picky(images: Any) -> dict[str, Any]:
        found = center_net(images)
        is_black = tf.cast(tf.reduce_max(images) < 0.02, tf.float32)
        return {**found, "detection_scores": found["detection_scores"] * is_black}

    model = save(tmp_path / "model", picky)
    with pytest.raises(Refused, match=r"0 detections in 60 pictures were compared, 20 .*directory `samples`"):
        prepare_here(model, tmp_path / "prepared")
    (model / "samples").mkdir()
    Image.new("RGB", (90, 60), (3, 2, 1)).save(model / "samples" / "black.png")
    assert prepare_here(model, tmp_path / "again")["litert"]["agreement"]["compared"] >= 20


def test_measured_times_choose_among_the_accepted_engines(tmp_path: Path) -> None:
    model = SUPPRESSIONLESS["center_net"](tmp_path / "model")
    entries = prepare_here(model, tmp_path / "prepared")
    entries["capi"] = {"accepted": False, "why": "not tried"}
    (choice,) = Preparation(PACKAGES, model, tmp_path / "prepared").cold_starts.choice(entries).values()
    assert choice["order"] == ["litert", "tensorflow"], "TensorFlow's import takes seconds"
    litert, tensorflow = (choice["measured"][engine] for engine in choice["order"])
    assert 0 < litert["cold_ms"] < tensorflow["cold_ms"]
    assert litert["read_mb"] > 5
    assert litert["warm_ms"] > 0

"""float16 weights: taken where the model finds the same, and is neither slower nor larger in memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from detector import Detection
from filling import halving, samples
from filling.halving import Speed
from filling.preparation import Preparation
from filling.saved_graph import Refused
from litert import LiteRTDetector
from picture import decode
from PIL import Image

from tests.prepare.prepare_helpers import PACKAGES, REPOSITORY, SHIPPED, picture, save_keras

Filled = Callable[[str], tuple[Path, dict[str, Any]]]

BOX = (0.1, 0.1, 0.5, 0.5)


def prepared(root: Path, weights: str, min_bytes: int = halving.MIN_BYTES) -> dict[str, Any]:
    """LiteRT's entry for the model in a directory that becomes EFS."""
    (root / "prepared").mkdir()
    preparation = Preparation(PACKAGES, root / "model", root / "prepared", "default", weights, min_bytes=min_bytes)
    return preparation.engines()["litert"]()


def test_half_the_bytes_find_the_same_in_the_shipped_model(tmp_path: Path) -> None:
    (tmp_path / "model").symlink_to(SHIPPED)
    entry = prepared(tmp_path, "auto", min_bytes=0)
    weights = entry["weights"]
    assert weights["format"] in ("float16", "float32"), "a loaded machine may measure float16 as slower"
    assert weights["pictures"] >= halving.MIN_PICTURES
    assert weights["agreement"]["compared"] >= 2 * halving.MIN_DETECTIONS, "each is looked for in both directions"
    assert weights["agreement"]["score_difference"] <= 0.01
    assert weights["agreement"]["iou"] >= 0.99
    assert {*weights["speeds"]} == {"float32", "float16"}
    assert [path.name for path in (tmp_path / "prepared").glob("*.tflite")] == ["detector.tflite"]


def test_float16_by_force_is_half_as_large_and_answers(efs: Filled, tmp_path: Path) -> None:
    (tmp_path / "model").symlink_to(SHIPPED)
    (root, entries), half = efs("shipped"), prepared(tmp_path, "float16")
    whole = entries["litert"]
    assert whole["weights"] == {"format": "float32", "why": "as asked for"}
    assert half["weights"]["format"] == "float16"
    assert half["weights"]["why"] == "as asked for"
    assert half["weights"]["agreement"]["compared"] > 0, "by how much it differs is told all the same"
    sizes = [(place / "prepared" / "detector.tflite").stat().st_size for place in (root, tmp_path)]
    assert sizes[1] < 0.55 * sizes[0]
    drawing = decode(next((REPOSITORY / "examples" / "pictures").glob("unicorn*")).read_bytes())
    expected, found = (
        LiteRTDetector(place, entry).detect(drawing) for place, entry in ((root, whole), (tmp_path, half))
    )
    assert found != expected
    assert expected[0].label == found[0].label == "Horse"
    assert found[0].score == pytest.approx(expected[0].score, abs=0.01)


def test_a_small_model_is_not_tried(tmp_path: Path) -> None:
    save_keras(tmp_path / "model")
    assert prepared(tmp_path, "auto")["weights"] == {"format": "float32", "why": "a model of 0.0 MB is read at once"}


def seen(number: int, score: float = 0.9, label: str = "Horse") -> list[Detection]:
    return [Detection(label, score, BOX)] * number


def test_answers_must_be_the_same() -> None:
    found = halving.agreement([seen(2)] * 60, [seen(2, 0.895)] * 60, 100)
    assert found.compared == 240
    assert found.score_difference == pytest.approx(0.005)


@pytest.mark.parametrize("other", [seen(1, 0.88), seen(1, 0.9, "Dog"), []], ids=["score", "label", "nothing"])
def test_another_answer_is_refused(other: list[Detection]) -> None:
    with pytest.raises(Refused, match=r"float16 finds other things: Horse with score 0\.900"):
        halving.agreement([seen(1)], [other], 100)


def test_what_is_unsure_may_differ() -> None:
    assert halving.agreement([seen(1, 0.29)], [seen(1, 0.29, "Dog")], 100).compared == 0


@pytest.mark.parametrize(("pictures", "each"), [(59, 9), (60, 1)])
def test_too_little_seen_is_refused_and_says_what_helps(pictures: int, each: int) -> None:
    with pytest.raises(Refused, match=f"{pictures} pictures with {pictures * each} detections .*directory `samples`"):
        halving.refuse_few([seen(each)] * pictures)


def test_enough_is_enough() -> None:
    halving.refuse_few([seen(2)] * 60)


@pytest.mark.parametrize(
    ("half", "said"), [(Speed(11, 100), "slower when warm: 11.0 ms"), (Speed(9, 103), "more memory: 103 MB")]
)
def test_what_costs_more_is_refused(half: Speed, said: str) -> None:
    with pytest.raises(Refused, match=said):
        halving.refuse_cost(Speed(10, 100), half)


def test_noise_of_the_measurement_is_borne() -> None:
    halving.refuse_cost(Speed(10, 100), Speed(10.4, 101))


def test_engines_take_turns_and_a_disturbed_run_counts_for_nothing() -> None:
    calls: list[str] = []
    times = {"whole": iter([10.0, 50.0, 11.0]), "half": iter([9.0, 8.0, 60.0])}

    def run(entry: Mapping[str, Any]) -> Speed:
        calls.append(entry["name"])
        return Speed(next(times[entry["name"]]), 100)

    assert halving.speeds(run, [{"name": "whole"}, {"name": "half"}]) == [Speed(10, 100), Speed(8, 100)]
    assert calls == ["whole", "half"] * 3


def test_pictures_that_come_with_a_model_are_looked_at(tmp_path: Path) -> None:
    folder = tmp_path / "samples" / "more"
    folder.mkdir(parents=True)
    Image.fromarray(picture(1)).save(folder / "one.png")
    (folder / "notes.txt").write_text("no picture")
    (found,) = samples.own(tmp_path)
    assert np.array_equal(found, picture(1))


def test_made_pictures_are_the_same_each_time_and_all_different() -> None:
    made = list(samples.pictures(20))
    assert all(np.array_equal(one, other) for one, other in zip(made, samples.pictures(20), strict=True))
    assert len({one.tobytes() for one in made}) == 20

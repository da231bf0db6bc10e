"""float16 weights: taken where the model finds the same, and is neither slower nor larger in memory."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import manifest
import numpy as np
import pytest
from detector import Detection
from filling import halving, samples
from filling.halving import Speed
from filling.preparation import Preparation
from filling.saved_graph import Refused, signature
from litert import LiteRTDetector
from picture import decode
from PIL import Image

from tests.model.model_helpers import handle
from tests.prepare.prepare_helpers import PACKAGES, REPOSITORY, SHIPPED, picture, save_keras

pytestmark = pytest.mark.slow

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
    assert weights["detections"] >= halving.MIN_DETECTIONS
    assert weights["agreement"]["compared"] >= 2 * halving.MIN_DETECTIONS, "each is looked for in both directions"
    assert weights["agreement"]["score_difference"] <= 0.01
    assert weights["agreement"]["iou"] >= 0.99
    assert {*weights["speeds"]} == {"float32", "float16"}
    assert [path.name for path in (tmp_path / "prepared").glob("*.tflite")] == ["detector.tflite"]


def test_float16_by_force_is_half_as_large_and_answers(efs: Filled, tmp_path: Path) -> None:
    (tmp_path / "model").symlink_to(SHIPPED)
    (root, entries), half = efs("shipped"), prepared(tmp_path, "float16")
    whole = entries["litert"]
    assert whole["weights"]["format"] == "float32"
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


@pytest.fixture(scope="module")
def half(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory as EFS, filled with the shipped model with float16 weights."""
    root = tmp_path_factory.mktemp("half")
    shutil.copytree(SHIPPED, root / "model")
    entry = prepared(root, "float16")
    found = (root / "model" / "saved_model.pb").stat()
    vouched = {
        "format": manifest.FORMAT,
        "inputs": {"python": manifest.PYTHON, "machine": manifest.MACHINE},
        "signature": {
            **signature(root / "model", "default"),
            "saved_model": [found.st_size, int(found.st_mtime)],
        },
        "prepared": {"litert": {"accepted": True, **entry}},
    }
    (root / "manifest.json").write_text(json.dumps(vouched))
    return root


UNICORN = next((REPOSITORY / "examples" / "pictures").glob("unicorn*")).read_bytes()


def test_float16_weights_serve(half: Path) -> None:
    ((status, answer),), (log,) = handle(half, UNICORN)
    assert (status, answer["validated"], log["engine"], log.get("slower_because")) == (200, True, "litert", None)


@pytest.mark.parametrize(
    "harm",
    [
        lambda whole: whole[: len(whole) // 2],
        lambda whole: whole[: len(whole) // 2] + bytes(4096) + whole[len(whole) // 2 + 4096 :],
        lambda whole: b"",
        lambda whole: (SHIPPED / "saved_model.pb").read_bytes(),
    ],
    ids=["truncated", "damaged", "empty", "exchanged"],
)
def test_a_harmed_file_is_left_alone_and_the_answer_is_right(
    half: Path, tmp_path: Path, harm: Callable[[bytes], bytes]
) -> None:
    root = tmp_path / "efs"
    shutil.copytree(half, root)
    file = root / "prepared" / "detector.tflite"
    file.write_bytes(harm(file.read_bytes()))
    ((status, answer),), (log,) = handle(root, UNICORN)
    assert (status, answer["validated"], log["engine"]) == (200, True, "capi")
    (reason,) = log["slower_because"]
    assert reason.startswith("litert: ")
    assert "prepared/detector.tflite" in reason


def test_the_users_own_pictures_are_compared_too(tmp_path: Path) -> None:
    save_keras(tmp_path / "model")
    (tmp_path / "prepared").mkdir()
    (folder := tmp_path / "mine").mkdir()
    for number in (1, 2):
        Image.fromarray(picture(number)).save(folder / f"{number}.png")
    (folder / "notes.txt").write_text("no picture")
    preparation = Preparation(PACKAGES, tmp_path / "model", tmp_path / "prepared", samples_at=folder)
    agreed = preparation.engines()["litert"]()["agreement"]
    assert (agreed["pictures"], agreed["own"]) == (samples.USUAL + 2, 2)


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
    with pytest.raises(Refused, match=r"float16 finds other things in 1 of 3 pictures: Horse with score 0\.900"):
        halving.agreement([seen(1)] * 3, [seen(1), other, seen(1)], 100)


def test_what_is_unsure_may_differ() -> None:
    assert halving.agreement([seen(1, 0.29)], [seen(1, 0.29, "Dog")], 100).compared == 0


@pytest.mark.parametrize(("pictures", "each"), [(59, 9), (60, 1)])
def test_too_little_seen_is_refused_and_says_what_helps(pictures: int, each: int) -> None:
    with pytest.raises(
        Refused, match=f"{pictures} pictures with {pictures * each} detections .*pictures of your own with --samples"
    ):
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


def test_what_seems_slower_is_measured_again_before_it_is_refused() -> None:
    """A busy machine leaves one of two equal ones a quiet moment."""
    times = {"whole": iter([10, 10, 10, 10, 10]), "half": iter([22, 20, 21, 19, 10.2])}

    def run(entry: Mapping[str, Any]) -> Speed:
        return Speed(next(times[entry["name"]]), 100)

    halving.refuse_cost(*halving.speeds(run, [{"name": "whole"}, {"name": "half"}]))
    slow = halving.speeds(lambda entry: Speed(entry["ms"], 100), [{"ms": 10.0}, {"ms": 20.0}])
    with pytest.raises(Refused, match="slower when warm"):
        halving.refuse_cost(*slow)


def test_pictures_that_come_with_a_model_are_looked_at(tmp_path: Path) -> None:
    folder = tmp_path / "samples" / "more"
    folder.mkdir(parents=True)
    Image.fromarray(picture(1)).save(folder / "one.png")
    (folder / "notes.txt").write_text("no picture")
    (found,) = samples.own(tmp_path / "samples")
    assert np.array_equal(found, picture(1))


def test_made_pictures_are_the_same_each_time_and_all_different() -> None:
    made = list(samples.pictures(20))
    assert all(np.array_equal(one, other) for one, other in zip(made, samples.pictures(20), strict=True))
    assert len({one.tobytes() for one in made}) == 20

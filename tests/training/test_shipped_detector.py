"""The detector that the project ships, on drawn pictures it never saw and on its own signature."""

import base64
import io
import re
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("tensorflow")

import evaluate
import export
import scenes
from PIL import Image

EXAMPLES = sorted((Path(__file__).resolve().parents[2] / "examples" / "pictures").iterdir())
LAMBDA_SRC = Path(__file__).resolve().parents[2] / "lambda_src"
FIRST_SEED, MIN_SCORE = scenes.TEST_SEEDS.start + 700_000, 0.3


@pytest.fixture(scope="module")
def detect() -> evaluate.SavedDetector:
    return evaluate.SavedDetector(evaluate.DETECTOR)


def test_nearly_always_right_on_unseen_drawings(detect: evaluate.SavedDetector) -> None:
    results = [evaluate.judge(detect, seed) for seed in range(FIRST_SEED, FIRST_SEED + 100)]
    assert evaluate.accuracy(results, MIN_SCORE) >= 0.95


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_right_on_the_example_pictures(detect: evaluate.SavedDetector, path: Path) -> None:
    with Image.open(path) as picture:
        validated = evaluate.target_score(detect(picture)) >= MIN_SCORE
    assert validated == (not path.name.startswith("no_unicorn"))


@pytest.mark.parametrize(
    ("name", "is_unicorn"), [("meadow", True), ("chalk", True), ("rhinoceros", False), ("narwhal", False)]
)
def test_right_on_the_drawings_of_the_page(detect: evaluate.SavedDetector, name: str, is_unicorn: bool) -> None:
    with Image.open(LAMBDA_SRC / "drawings" / f"{name}.webp") as picture:
        assert (evaluate.target_score(detect(picture.convert("RGB"))) >= MIN_SCORE) == is_unicorn


def test_right_on_the_unicorn_of_the_pages_command(detect: evaluate.SavedDetector) -> None:
    (text,) = re.findall(r"const UNICORN = ([^;]*);", (LAMBDA_SRC / "page.html").read_text(encoding="utf-8"))
    data = base64.b64decode("".join(re.findall('"(.*?)"', text)), validate=True)
    with Image.open(io.BytesIO(data)) as picture:
        assert max(picture.size) == 48
        assert evaluate.target_score(detect(picture.convert("RGB"))) >= MIN_SCORE


def test_it_says_what_it_knows() -> None:
    text = (evaluate.DETECTOR / export.DESCRIPTION.name).read_text(encoding="utf-8")
    assert text == export.DESCRIPTION.read_text(encoding="utf-8")
    assert "drawings, not photographs" in text


def test_there_are_examples_with_and_without(detect: evaluate.SavedDetector) -> None:
    without = [path for path in EXAMPLES if path.name.startswith("no_unicorn")]
    assert len(without) >= 3
    assert len(EXAMPLES) - len(without) >= 3


def test_the_box_is_where_the_unicorn_is(detect: evaluate.SavedDetector) -> None:
    rng = np.random.default_rng(5)
    subject = scenes.Subject("unicorn", center=(0.7, 0.4), size=0.55, pose="walk")
    scene = scenes.compose(rng, (480, 360), [subject], "flat outline", "landscape", (150, 205, 240))
    detections = detect(scene.picture)
    best = int(np.argmax(detections["detection_class_entities"] == b"Horse"))
    np.testing.assert_allclose(detections["detection_boxes"][best], scene.things[0].box, atol=0.1)


@pytest.mark.parametrize("size", [(64, 64), (900, 300), (201, 777)])
def test_any_size_gives_sorted_detections_inside_the_picture(
    detect: evaluate.SavedDetector, size: tuple[int, int]
) -> None:
    detections = detect(scenes.draw(FIRST_SEED).picture.resize(size))
    boxes, scores = detections["detection_boxes"], detections["detection_scores"]
    assert boxes.shape == (*scores.shape, 4)
    assert detections["detection_class_entities"].shape == scores.shape
    assert (np.diff(scores) <= 0).all()
    assert ((boxes >= 0) & (boxes <= 1)).all()


def test_small_enough_to_ship() -> None:
    files = [path for path in evaluate.DETECTOR.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) <= 3_000_000

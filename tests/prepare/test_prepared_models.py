"""Every kind of model that prepare.py must be able to prepare, and what it writes about each."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter, OpResolverType
from detector import Detection
from litert import MAX_THREADS, LiteRTDetector
from numpy.typing import NDArray
from PIL import Image
from tensorflow_engine import TensorFlowDetector

from tests.prepare.prepare_helpers import COCO, DATA, REPOSITORY, picture, prepare_here, save_fixed

Filled = Callable[[str], tuple[Path, dict[str, Any]]]

HAS_DATA = pytest.mark.skipif(not COCO.is_dir(), reason="the COCO detector is not beside the project")
NAMES = ["combined", "unrolled", "top-k", "shipped", pytest.param("coco", marks=HAS_DATA)]
LISTED = {  # what a cold start of an engine reads at least
    "litert": [
        "prepared/detector.tflite",
        "prepared/labels.json",
        "/numpy/",
        "/PIL/",
        "/ai_edge_litert/",
        "/AntiSSRF/",
    ],
    "capi": ["model/saved_model.pb", "model/variables/variables.index", "/libtensorflow_cc.so.2", "/numpy/", "/PIL/"],
}


def photographs() -> list[NDArray[np.uint8]]:
    paths = [*sorted((REPOSITORY / "examples" / "pictures").glob("*.jpg")), *sorted(DATA.glob("photos/*.jpg"))]
    return [np.asarray(Image.open(path).convert("RGB")) for path in paths]


def best(detections: list[Detection]) -> list[Detection]:
    return sorted((d for d in detections if d.score > 0), key=lambda d: (-round(d.score, 3), d.label, d.box))[:15]


@pytest.mark.parametrize("name", [*NAMES, "looped", "fixed", "keras"])
def test_litert_finds_what_tensorflow_finds(name: str, efs: Filled) -> None:
    root, entries = efs(name)
    assert entries["litert"]["accepted"], entries["litert"]
    ours, theirs = LiteRTDetector(root, entries["litert"]), TensorFlowDetector(root / "model")
    # The scores of the others are colors: photographs have places of the same color, and so of any order.
    pictures = photographs() if name in ("shipped", "coco") else [picture(3, 333, 517), picture(4, 60, 20)]
    for image in [picture(1), picture(2, 41, 130), *pictures]:
        expected, found = best(theirs.detect(image)), best(ours.detect(image))
        assert [d.label for d in found] == [d.label for d in expected]
        assert [d.score for d in found] == pytest.approx([d.score for d in expected], abs=2e-3)
        for one, other in zip(found, expected, strict=True):
            assert one.box == pytest.approx(other.box, abs=5e-3)


def test_detectors_side_by_side_find_what_one_finds(efs: Filled) -> None:
    root, entries = efs("shipped")
    detector = LiteRTDetector(root, entries["litert"])
    lanes = detector.lanes(10**9)
    assert len(lanes) == min(len(os.sched_getaffinity(0)), MAX_THREADS)
    with ThreadPoolExecutor(len(lanes)) as pool:
        found = list(pool.map(lambda lane: best(lane.detect(picture(1))), lanes))
    expected = best(detector.detect(picture(1)))
    assert [[(d.label, round(d.score, 3)) for d in one] for one in found] == [
        [(d.label, round(d.score, 3)) for d in expected]
    ] * len(lanes)
    assert detector.lanes(10**9) is lanes, "made once"
    small = LiteRTDetector(root, entries["litert"])
    assert small.lanes(10**6) == [small], "where memory has no room for two"


BUILTIN = partial(Interpreter, experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES)
"""LiteRT as it is where XNNPACK finds no processors, as on Lambda's arm64."""


@pytest.mark.parametrize("name", ["shipped", "looped", "fixed", "keras"])
def test_it_shows_whether_xnnpack_runs_a_model(name: str, efs: Filled) -> None:
    root, entries = efs(name)
    fast, slow = (LiteRTDetector(root, entries["litert"], interpret) for interpret in (Interpreter, BUILTIN))
    assert (fast.slow, slow.slow.split(",")[0]) == ("", "litert: without XNNPACK")
    expected, found = best(fast.detect(picture(1))), best(slow.detect(picture(1)))
    assert [(d.label, round(d.score, 2)) for d in found] == [(d.label, round(d.score, 2)) for d in expected]
    assert (fast.slow, slow.slow.split(",")[0]) == ("", "litert: without XNNPACK")


def test_a_release_that_does_not_tell_is_not_called_slow(efs: Filled) -> None:
    def silent(*arguments: Any, **options: Any) -> Interpreter:
        """LiteRT without a name that is not public."""
        interpreter = BUILTIN(*arguments, **options)
        inside = interpreter._interpreter
        names = [name for name in dir(inside) if not name.startswith("_") and name != "NumNodes"]
        interpreter._interpreter = SimpleNamespace(**{name: getattr(inside, name) for name in names})
        return interpreter

    root, entries = efs("fixed")
    assert LiteRTDetector(root, entries["litert"], silent).slow == ""


def resident(path: Path) -> int:
    """Bytes of a mapped file that are in this process's memory."""
    lines = Path("/proc/self/smaps").read_text().splitlines()
    (start,) = (number for number, line in enumerate(lines) if line.endswith(f" {path.resolve()}"))
    (rss,) = (line for line in lines[start : start + 10] if line.startswith("Rss:"))
    return int(rss.split()[1]) * 1024


def test_a_models_weights_are_in_memory_once(efs: Filled) -> None:
    root, entries = efs("combined")
    path = root / entries["litert"]["model"]
    detector = LiteRTDetector(root, entries["litert"])
    assert resident(path) < path.stat().st_size / 2, "LiteRT has a copy of them"
    assert detector.detect(picture(1))


@pytest.mark.parametrize("name", NAMES)
def test_the_c_api_is_accepted(name: str, efs: Filled) -> None:
    assert efs(name)[1]["capi"]["accepted"], efs(name)[1]["capi"]


@pytest.mark.parametrize("name", ["combined", "unrolled"])
def test_suppression_is_read_off_the_model(name: str, efs: Filled) -> None:
    suppression = efs(name)[1]["litert"]["suppression"]
    assert suppression == pytest.approx(
        {"score_threshold": 1e-8, "iou_threshold": 0.6, "max_per_class": 100, "max_total": 100, "clip": None}
        | {"clip": suppression["clip"]},
        abs=1e-7,
    )
    assert suppression["clip"] == {"combined": "after", "unrolled": "before"}[name]


@pytest.mark.parametrize("engine", ["litert", "capi"])
def test_lists_name_what_a_cold_start_reads(engine: str, efs: Filled) -> None:
    root, _ = efs("combined")
    lines = [line.split(" ", 2) for line in (root / "prepared" / f"{engine}.files").read_text().splitlines()]
    for part in LISTED[engine]:
        assert any(part in path for _, _, path in lines), part
    for start, length, path in lines:
        place, _, below = path.partition("/")
        assert place in ("tensorflow", "model", "prepared")
        assert int(length) > 0
        if place != "tensorflow":
            assert int(start) + int(length) <= (root / path).stat().st_size
            assert below


def test_a_model_is_listed_after_the_libraries_that_read_it(efs: Filled) -> None:
    root, _ = efs("combined")
    text = (root / "prepared" / "litert.files").read_text()
    assert text.index("/numpy/") < text.index("/ai_edge_litert/") < text.index("prepared/detector.tflite")


def test_pictures_of_many_sizes_one_after_the_other(efs: Filled) -> None:
    """LiteRT plans its memory anew for each size; an answer does not depend on the one before."""
    root, entries = efs("looped")
    detector = LiteRTDetector(root, entries["litert"])
    first = detector.detect(picture(3))
    detector.detect(picture(4, 30, 200))
    assert detector.detect(picture(3)) == first


def test_the_list_is_of_paths_on_efs_wherever_it_is_written(tmp_path: Path) -> None:
    save_fixed(tmp_path / "model")
    prepare_here(tmp_path / "model", tmp_path / "elsewhere")
    *_, last = (tmp_path / "elsewhere" / "litert.files").read_text().splitlines()
    size = (tmp_path / "elsewhere" / "detector.tflite").stat().st_size
    assert last == f"0 {size} prepared/detector.tflite", "whole, and needed last"

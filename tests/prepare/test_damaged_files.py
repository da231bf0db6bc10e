"""Prepared files that are damaged or exchanged: the answer stays right, and the log says why it is slower."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from filling import recording
from filling.cold_starts import ColdStarts
from filling.saved_graph import signature
from module_archive import unpacked
from PIL import Image

from tests.model.model_helpers import handle
from tests.prepare.prepare_helpers import PACKAGES, REPOSITORY

pytestmark = pytest.mark.slow

Filled = Callable[[str], tuple[Path, dict[str, Any]]]
PICTURE = next((REPOSITORY / "examples" / "pictures").glob("unicorn*"))


def answered(root: Path, prepared: Path, entries: dict[str, Any]) -> tuple[Any, Any]:
    """The handler's answer about a picture, and its log line, with other prepared files."""
    model = root / "model"
    with recording.filled(recording.Efs(PACKAGES, model, prepared), signature(model), entries) as efs:
        ((status, body),), (log,) = handle(efs, PICTURE.read_bytes())
    assert status == 200, log
    return body, log


def flipped(path: Path) -> None:
    """One bit in the middle, among the weights."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 64
    path.write_bytes(data)


def truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1000])


def test_nothing_is_slower_than_it_can_be(efs: Filled) -> None:
    root, entries = efs("shipped")
    body, log = answered(root, root / "prepared", entries)
    assert (log["engine"], log.get("slower_because", [])) == ("litert", [])
    assert body["validated"]


@pytest.mark.parametrize("harm", [flipped, truncated, Path.unlink, lambda path: path.write_bytes(b"{}")])
@pytest.mark.parametrize(
    ("name", "engine", "reason"),
    [
        ("detector.tflite", "capi", "litert: "),
        ("labels.json", "capi", "litert: "),
        ("modules", "litert", "prepared/modules: "),
    ],
)
def test_a_harmed_file(
    name: str, engine: str, reason: str, harm: Callable[[Path], None], efs: Filled, tmp_path: Path
) -> None:
    root, entries = efs("shipped")
    expected, _ = answered(root, root / "prepared", entries)
    shutil.copytree(root / "prepared", tmp_path / "prepared")
    harm(tmp_path / "prepared" / name)
    body, log = answered(root, tmp_path / "prepared", entries)
    assert log["engine"] == engine
    assert [why for why in log["slower_because"] if why.startswith(reason)]
    assert [found["label"] for found in body["detections"]] == [found["label"] for found in expected["detections"]]
    assert body["message"] == expected["message"]


def test_a_number_in_the_manifest_that_changed(efs: Filled) -> None:
    root, entries = efs("shipped")
    expected, _ = answered(root, root / "prepared", entries)
    other = {**entries["litert"], "suppression": {**entries["litert"]["suppression"], "iou_threshold": 0.0}}
    body, log = answered(root, root / "prepared", {**entries, "litert": other})
    assert (log["engine"], log["slower_because"]) == ("capi", ["manifest.json is damaged"])
    assert [found["label"] for found in body["detections"]] == [found["label"] for found in expected["detections"]]


def test_the_model_of_another_is_not_taken_for_this_one(efs: Filled, tmp_path: Path) -> None:
    root, entries = efs("shipped")
    other, _ = efs("combined")
    shutil.copytree(root / "prepared", tmp_path / "prepared")
    shutil.copy(other / "prepared" / "detector.tflite", tmp_path / "prepared")
    body, log = answered(root, tmp_path / "prepared", entries)
    assert log["engine"] == "capi"
    assert log["slower_because"] == ["litert: Damaged: prepared/detector.tflite is not what was prepared"]
    assert body["validated"]


LISTS = ("prepared/model.files", "prepared/packages.files")


def exchanged(prepared: Path) -> None:
    """The lists of what is read ahead, one for the other."""
    one, other = (prepared / Path(path).name for path in LISTS)
    one.rename(prepared / "away")
    other.rename(one)
    (prepared / "away").rename(other)


def cut(prepared: Path) -> None:
    """One in the middle of a line, the other after one."""
    one, other = (prepared / Path(path).name for path in LISTS)
    one.write_bytes(one.read_bytes()[:-5])
    other.write_bytes(b"".join(other.read_bytes().splitlines(keepends=True)[:-1]))


@pytest.mark.parametrize("harm", [exchanged, cut])
def test_lists_of_what_is_read_ahead(harm: Callable[[Path], None], efs: Filled, tmp_path: Path) -> None:
    root, entries = efs("shipped")
    shutil.copytree(root / "prepared", tmp_path / "prepared")
    harm(tmp_path / "prepared")
    body, log = answered(root, tmp_path / "prepared", entries)
    assert log["engine"] == "litert"
    assert log["slower_because"] == [f"{path}: not what was prepared" for path in LISTS]
    assert body["validated"]


def test_a_cold_start_reads_the_archive_in_place_of_modules(efs: Filled) -> None:
    root, entries = efs("shipped")
    listed = [line.split(" ", 2)[2] for line in (root / "prepared" / "packages.files").read_text().splitlines()]
    assert "prepared/modules" in listed
    in_files = [path for path in listed if path.endswith((".py", ".pyc"))]
    assert len(in_files) < 5, "some modules are looked for and fail"
    for part in ("/ai_edge_litert/", "/numpy/", "/PIL/", "/pillow.libs/"):
        assert any(part in path for path in listed), part
    modules = unpacked((root / "prepared" / "modules").read_bytes(), PACKAGES)
    assert {"numpy", "PIL.Image", "AntiSSRF", "requests", "ai_edge_litert.interpreter"} <= {*modules}
    assert entries["litert"]["files"] == "prepared/model.files"
    own = [line.split(" ", 2)[2] for line in (root / "prepared" / "model.files").read_text().splitlines()]
    assert own == ["prepared/labels.json", "prepared/detector.tflite"]


def _reads(folder: Path, part: str) -> int:
    lines = [line.split(" ", 2) for line in (folder / "packages.files").read_text().splitlines()]
    return sum(int(length) for _, length, path in lines if part in path)


def test_pages_around_those_that_are_touched_are_not_listed(
    efs: Filled, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """On a machine where that may be told; elsewhere the list is as without."""
    root, entries = efs("shipped")
    shutil.copytree(root / "prepared", tmp_path / "prepared", ignore=shutil.ignore_patterns("packages.files"))
    imported = {*unpacked((root / "prepared" / "modules").read_bytes(), PACKAGES)}
    site = tmp_path / "site-packages"
    site.mkdir()
    for one in PACKAGES.iterdir():
        if one.name.split(".")[0] in {*(name.split(".")[0] for name in imported), "pillow", "tensorflow"}:
            (site / one.name).symlink_to(one)
    monkeypatch.setenv("EXACT_RECORD", "1")
    picture = np.asarray(Image.open(PICTURE).convert("RGB"))
    efs_now = recording.Efs(site, root / "model", tmp_path / "prepared")
    cold_starts = ColdStarts(efs_now, signature(root / "model"), tmp_path / "prepared", [picture])
    cold_starts.packed({**entries["litert"], "files": "prepared/litert.files"})
    if refused := [line for line in capsys.readouterr().out.splitlines() if "more than a cold start touches" in line]:
        pytest.skip(refused[0])
    library = "libpywrap_litert_common.so"
    assert 0 < _reads(tmp_path / "prepared", library) < 0.8 * _reads(root / "prepared", library)
    assert _reads(tmp_path / "prepared", "prepared/modules") == (tmp_path / "prepared" / "modules").stat().st_size

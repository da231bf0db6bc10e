"""Prepared models as directories: what is taken of a filled one, and that no damaged one is used."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.prepared_models import LITERT, TFLITE, filled, prepared_model
from wildrydes_ml.code import prepared
from wildrydes_ml.errors import SettingsError


def test_only_what_litert_needs_is_taken_and_nothing_of_the_machine(tmp_path: Path) -> None:
    files = prepared.of_filled(filled(tmp_path / "efs"), "my-model")
    assert files.keys() == {"manifest.json", "prepared/detector.tflite", "prepared/labels.json"}
    assert files["prepared/detector.tflite"] == TFLITE
    text = files["manifest.json"].decode()
    assert not {"/home/me/secret", "x86_64", "2026-01-01", "litert.files", "1700000000"} & set(text.split('"'))
    manifest = json.loads(text)
    assert manifest["prepared"] == {"litert": {key: value for key, value in LITERT.items() if key != "files"}}
    assert manifest["description"] == "Knows horses."
    assert "saved_model" not in manifest["signature"]


def test_it_is_told_which_weights_why_and_by_how_much_answers_differ() -> None:
    def told(weights: dict[str, object]) -> str:
        agreement = {"compared": 298, "pictures": 9, "score_difference": 4.8e-6}
        entry = {"weights": weights, "agreement": agreement}
        return prepared.summary({"manifest.json": json.dumps({"prepared": {"litert": entry}}).encode()})

    compared = "finds the same as TensorFlow: 298 detections of both in 9 pictures, scores differ by at most 5e-06"
    small = told({"format": "float32", "why": "a model of 3.8 MB is read at once"})
    assert small.endswith(f"float32 weights (a model of 3.8 MB is read at once), {compared}")
    half = told({"format": "float16", "why": "as good as float32", "agreement": {"score_difference": 0.003}})
    assert half.endswith(f"float16 weights (as good as float32, scores differ by at most 0.003), {compared}")
    forced = told({"format": "float16", "why": "as asked for", "differs": "float16 finds other things"})
    assert "(as asked for, although float16 finds other things)" in forced


def test_a_written_one_is_read_as_it_was_and_is_the_same_each_time(tmp_path: Path) -> None:
    one, other = prepared_model(tmp_path / "one"), prepared_model(tmp_path / "other")
    assert prepared.is_one(one)
    assert prepared.read(one) == prepared.read(other)


def test_what_stands_for_efs_is_no_prepared_model(tmp_path: Path) -> None:
    assert not prepared.is_one(filled(tmp_path / "efs"))
    assert not prepared.is_one(tmp_path)


def test_a_model_with_a_manifest_of_another_kind_beside_it_is_no_prepared_one(tmp_path: Path) -> None:
    for name in ("saved_model.pb", "manifest.json"):
        (tmp_path / name).write_text("{}")
    assert not prepared.is_one(tmp_path)


@pytest.mark.parametrize("part", ["manifest.json", "prepared"])
def test_one_that_lacks_a_part_is_a_damaged_one(tmp_path: Path, part: str) -> None:
    model = prepared_model(tmp_path / "prepared")
    (model / part).rename(tmp_path / part.title())
    assert prepared.is_one(model)
    (model / "notes.txt").write_text("mine")
    assert not prepared.is_one(model), "something else may be called so"


def test_only_a_prepared_model_is_replaced(tmp_path: Path) -> None:
    assert prepared.may_replace(tmp_path / "new")
    assert prepared.may_replace(tmp_path)
    model = prepared_model(tmp_path / "prepared")
    assert prepared.may_replace(model)
    (model / "manifest.json").unlink()
    assert prepared.may_replace(model), "one of which a part was written"
    site = tmp_path / "site"
    site.mkdir()
    (site / "manifest.json").write_text('{"name": "a page"}')
    assert not prepared.may_replace(site)
    assert not prepared.may_replace(site / "manifest.json")
    (model / "notes.txt").write_text("mine")
    assert not prepared.may_replace(model)


@pytest.mark.parametrize(
    ("litert", "why"),
    [
        ({"accepted": False, "why": "LiteRT's converter cannot convert the graph: op FooBar"}, "op FooBar"),
        ({"accepted": False}, "it was not prepared"),
        (None, "it was not prepared"),
    ],
)
def test_a_model_that_litert_cannot_run_is_refused_with_the_reason(
    tmp_path: Path, litert: dict[str, object] | None, why: str
) -> None:
    with pytest.raises(SettingsError) as error:
        prepared.of_filled(filled(tmp_path / "efs", litert), "my-model")
    assert "my-model: LiteRT cannot run this model" in str(error.value)
    assert why in str(error.value)
    assert "deploy without --preset packaged" in str(error.value)


def rewritten(key: str, value: object) -> Callable[[Path], None]:
    """Changes one key of the manifest."""

    def change(directory: Path) -> None:
        path = directory / "manifest.json"
        content = {**json.loads(path.read_text()), key: value}
        del content["sha256"]  # as from one who may write manifests
        path.write_text(json.dumps(content))

    return change


def replaced(old: str, new: str) -> Callable[[Path], None]:
    """Changes a part of the manifest's text."""

    def change(directory: Path) -> None:
        path = directory / "manifest.json"
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))

    return change


DAMAGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "cut": (lambda path: (path / "prepared/detector.tflite").write_bytes(TFLITE[:5]), "detector.tflite has SHA-256"),
    "exchanged": (lambda path: (path / "prepared/labels.json").write_text("[]"), "labels.json has SHA-256"),
    "missing": (lambda path: (path / "prepared/labels.json").unlink(), "labels.json cannot be read (No such file"),
    "no manifest": (lambda path: (path / "manifest.json").unlink(), "manifest.json cannot be read"),
    "half a manifest": (lambda path: (path / "manifest.json").write_text('{"format"'), "manifest.json cannot be read"),
    "nothing but brackets": (lambda path: (path / "manifest.json").write_text("[" * 100_000), "(RecursionError)"),
    "lists for names": (
        rewritten("prepared", {"litert": {**LITERT, "model": []}}),
        "manifest.json lists '[]' wrongly",
    ),
    "no object": (lambda path: (path / "manifest.json").write_text("[]"), "manifest.json cannot be read"),
    "another format": (rewritten("format", 1), "manifest.json has format 1, and this version reads 2"),
    "another number": (
        replaced('"input_size": [\n    300', '"input_size": [\n    308'),
        "manifest.json has another content than was written",
    ),
    "no files": (rewritten("files", {}), "lists 'prepared/detector.tflite' wrongly"),
    "a file outside": (
        rewritten("files", {"prepared/../../secret": "", **dict.fromkeys((LITERT["model"], LITERT["labels"]), "")}),
        "lists 'prepared/../../secret' wrongly",
    ),
    "an absolute path": (
        rewritten("files", {"/etc/passwd": "", **dict.fromkeys((LITERT["model"], LITERT["labels"]), "")}),
        "lists '/etc/passwd' wrongly",
    ),
}


@pytest.mark.parametrize(("damage", "said"), DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_one_is_refused_with_what_is_wrong_and_what_to_do(
    tmp_path: Path, damage: Callable[[Path], object], said: str
) -> None:
    model = prepared_model(tmp_path / "prepared")
    damage(model)
    with pytest.raises(SettingsError) as error:
        prepared.read(model)
    assert said in str(error.value)
    assert str(error.value).startswith(str(model))
    assert "wildrydes-ml prepare" in str(error.value)

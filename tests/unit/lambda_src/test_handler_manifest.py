import json
import os
from pathlib import Path
from typing import Any

import pytest
from intact import sealed
from manifest import MACHINE, PYTHON, About, Option, about, is_filled, options
from settings import Settings

LITERT = {"accepted": True, "model": "prepared/detector.tflite", "files": "prepared/litert.files"}
CAPI = {"accepted": True, "files": "prepared/capi.files"}
MODEL = b"a model"
ONLY_TENSORFLOW = [("litert", False), ("capi", False), ("tensorflow", True)]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "model").mkdir()
    saved_model = tmp_path / "model" / "saved_model.pb"
    saved_model.write_bytes(MODEL)
    os.utime(saved_model, ns=(0, 1_700_000_000_900_000_000))
    return tmp_path


def manifest(**changes: Any) -> dict[str, Any]:
    whole = {
        "format": 2,
        "inputs": {"python": PYTHON, "machine": MACHINE},
        "signature": {"tags": ["serve"], "saved_model": [len(MODEL), 1_700_000_000]},
        "prepared": {"litert": LITERT, "capi": CAPI},
    }
    return {name: value for name, value in {**whole, **changes}.items() if value is not None}


def found(root: Path, content: object = None, engine: str = "auto", model: str = "model") -> list[Option]:
    """The options on an EFS with this manifest."""
    text = content if isinstance(content, str) else json.dumps(content)
    if content is not None:
        (root / "manifest.json").write_text(text)
    return options(Settings(root=root, packages=root, model=root / model, engine=engine))


def usable(options: list[Option]) -> list[tuple[str, bool]]:
    return [(option.engine, not option.why_not) for option in options]


def test_the_engines_that_the_manifest_vouches_for_the_fastest_first(root: Path) -> None:
    litert, capi, tensorflow = found(root, manifest())
    assert (litert.engine, litert.why_not, litert.files) == ("litert", "", "prepared/litert.files")
    assert litert.needs["model"] == "prepared/detector.tflite"
    assert (capi.engine, capi.why_not, capi.files) == ("capi", "", "prepared/capi.files")
    assert capi.needs == {**manifest()["signature"], "files": "prepared/capi.files"}
    assert tensorflow == Option("tensorflow")


def test_tensorflow_hears_of_a_signature_of_another_name(root: Path) -> None:
    named = {**manifest()["signature"], "name": "serving_default"}
    _, capi, tensorflow = found(root, manifest(signature=named))
    assert tensorflow == Option("tensorflow", needs={"name": "serving_default"})
    assert capi.needs["name"] == "serving_default"
    assert found(root, manifest(signature={**named, "name": "default"}))[2] == Option("tensorflow")
    assert found(root, manifest(signature=named), model="other")[2] == Option("tensorflow")


def test_without_preparation_the_signature_is_enough_for_the_c_api(root: Path) -> None:
    litert, capi, _ = found(root, manifest(prepared=None))
    assert litert.why_not == "litert was not prepared"
    assert (capi.why_not, capi.files, capi.needs) == ("", "", manifest()["signature"])


def test_what_was_not_accepted_is_not_an_option(root: Path) -> None:
    refused = {"accepted": False, "why": "Could not find variable x" + "x" * 1000}
    litert, capi, _ = found(root, manifest(prepared={"litert": LITERT, "capi": refused}))
    assert (litert.why_not, capi.why_not[:50]) == ("", "capi was not accepted: Could not find variable xxx")
    assert len(capi.why_not) < 300


TIMES = {"cold_ms": 1.0, "warm_ms": 1.0, "request_ms": 1.0}


def ordered(*engines: Any, machine: str = MACHINE, **prepared: Any) -> dict[str, Any]:
    """A manifest with engines in the order of their measured times."""
    choice = {machine: {"order": engines, "measured": {str(engine): TIMES for engine in engines}}}
    return manifest(prepared={"litert": LITERT, "capi": CAPI, **prepared, "choice": choice})


def test_the_engines_stand_in_the_order_of_their_measured_times(root: Path) -> None:
    names = [option.engine for option in found(root, ordered("tensorflow", "litert", "capi"))]
    assert names == ["tensorflow", "litert", "capi"]
    assert usable(found(root, ordered("tensorflow", "litert", "capi"), "litert")) == [("litert", True)]


def test_times_of_another_machine_choose_nothing(root: Path) -> None:
    assert [option.engine for option in found(root, ordered("tensorflow", "litert", machine="vax"))] == [
        "litert",
        "capi",
        "tensorflow",
    ]


def test_an_engine_that_was_not_measured_comes_after_those_that_were(root: Path) -> None:
    assert [option.engine for option in found(root, ordered("tensorflow"))] == ["tensorflow", "litert", "capi"]


def test_what_was_not_accepted_is_a_reason_only_for_engines_that_are_usually_slower(root: Path) -> None:
    refused = {"accepted": False, "why": "it differs"}
    litert_refused = found(root, ordered("tensorflow", "capi", litert=refused))
    assert usable(litert_refused) == [("litert", False), ("tensorflow", True), ("capi", True)]
    capi_refused = found(root, ordered("litert", "tensorflow", capi=refused))
    assert usable(capi_refused) == [("litert", True), ("tensorflow", True), ("capi", False)]


@pytest.mark.parametrize("wrong", [None, 7, [], {}, "litert", {MACHINE: 7}, {MACHINE: {}}, {MACHINE: {"order": 7}}])
def test_a_damaged_choice_leaves_the_usual_order(root: Path, wrong: object) -> None:
    damaged = manifest(prepared={"litert": LITERT, "capi": CAPI, "choice": wrong})
    assert usable(found(root, damaged)) == [("litert", True), ("capi", True), ("tensorflow", True)]


def test_unknown_engines_in_the_order_are_not_heard_of(root: Path) -> None:
    assert [option.engine for option in found(root, ordered("abacus", {}, "capi"))] == ["capi", "litert", "tensorflow"]


@pytest.mark.parametrize("engine", ["litert", "capi", "tensorflow"])
def test_a_forced_engine_is_the_only_option(root: Path, engine: str) -> None:
    assert usable(found(root, manifest(), engine)) == [(engine, True)]
    assert usable(found(root, "{", engine)) == [(engine, engine == "tensorflow")]


@pytest.mark.parametrize(
    ("content", "why_not"),
    [
        (None, "no manifest.json"),
        ("", "manifest.json is damaged"),
        (json.dumps(manifest())[:-9], "manifest.json is damaged"),
        ("[" * 100_000, "manifest.json is damaged"),
        (manifest(format=1), "manifest.json has format 1, not 2"),
        (manifest(format=3), "manifest.json has format 3, not 2"),
        (
            manifest(inputs={"python": "3.7", "machine": MACHINE}),
            f"manifest.json is for Python 3.7 on {MACHINE}, this is {PYTHON} on {MACHINE}",
        ),
        (
            manifest(inputs={"python": PYTHON, "machine": "vax"}),
            f"manifest.json is for Python {PYTHON} on vax, this is {PYTHON} on {MACHINE}",
        ),
        (manifest(signature={"saved_model": [len(MODEL) + 1, 1_700_000_000]}), "is about another saved_model.pb"),
        (manifest(signature={"saved_model": [len(MODEL), 1_700_000_001]}), "is about another saved_model.pb"),
    ],
)
def test_what_the_manifest_does_not_vouch_for_is_left_to_tensorflow(root: Path, content: object, why_not: str) -> None:
    litert, capi, tensorflow = found(root, content)
    assert usable([litert, capi, tensorflow]) == ONLY_TENSORFLOW
    assert litert.why_not == capi.why_not
    assert litert.why_not.endswith(why_not)


def test_another_model_than_the_manifests(root: Path) -> None:
    (root / "other").mkdir()
    (root / "other" / "saved_model.pb").write_bytes(MODEL)
    assert found(root, manifest(), model="other")[0].why_not == "manifest.json is not about MODEL_DIR"
    (root / "model" / "saved_model.pb").unlink()
    assert found(root, manifest())[0].why_not == "saved_model.pb cannot be read: No such file or directory"


def test_a_manifest_that_cannot_be_read(root: Path) -> None:
    (root / "manifest.json").mkdir()
    assert found(root)[0].why_not == "manifest.json cannot be read: Is a directory"


@pytest.mark.parametrize("wrong", [None, True, 7, "text", [], {}, [1], {"saved_model": 7}, {"litert": []}])
@pytest.mark.parametrize("name", ["format", "inputs", "signature", "prepared", None])
def test_no_json_is_too_wrong_to_be_judged(root: Path, name: str | None, wrong: object) -> None:
    damaged = json.dumps({**manifest(), name: wrong} if name else wrong)
    litert, _, tensorflow = found(root, damaged)
    assert litert.why_not
    assert tensorflow == Option("tensorflow")


@pytest.mark.parametrize("entry", [True, [], "accepted", {}, {"accepted": 1}, {"accepted": "yes"}])
def test_a_damaged_entry_concerns_its_engine_only(root: Path, entry: object) -> None:
    litert, capi, _ = found(root, manifest(prepared={"litert": entry, "capi": CAPI}))
    assert (litert.why_not, capi.why_not) == ("manifest.json is damaged", "")


def test_a_changed_number_is_damage_and_the_list_of_files_is_no_part_of_what_is_sealed(root: Path) -> None:
    """One digit of an IoU threshold, say: all would load, and find other things."""
    entry = sealed({**LITERT, "suppression": {"iou_threshold": 0.5}})
    without_files = {name: value for name, value in entry.items() if name != "files"}
    for good in (entry, without_files):
        assert found(root, manifest(prepared={"litert": good, "capi": CAPI}))[0].why_not == ""
    text = json.dumps(manifest(prepared={"litert": entry, "capi": CAPI}))
    litert, capi, _ = found(root, text.replace('"iou_threshold": 0.5', '"iou_threshold": 0.7'))
    assert (litert.why_not, capi.why_not) == ("manifest.json is damaged", "")


def told(root: Path, content: object, model: str = "model") -> About:
    """What people are told of the model on an EFS with this manifest."""
    (root / "manifest.json").write_text(content if isinstance(content, str) else json.dumps(content))
    return about(Settings(root=root, packages=root, model=root / model))


def with_labels(root: Path, text: str) -> dict[str, Any]:
    (root / "prepared").mkdir()
    (root / "prepared" / "labels.json").write_text(text)
    return manifest(description="Knows cats.", prepared={"litert": {**LITERT, "labels": "prepared/labels.json"}})


def test_a_model_is_described_in_its_makers_words_and_by_its_labels(root: Path) -> None:
    assert told(root, with_labels(root, '["Cat", "", "Hound", "Cat"]')) == About("Knows cats.", ("Cat", "Hound"))


def test_labels_may_stand_beside_the_model(root: Path) -> None:
    (root / "model" / "labels.txt").write_text("Cat\n\nDog\n")
    assert told(root, manifest()) == About("", ("Cat", "Dog"))


@pytest.mark.parametrize("text", ["[", "{}", "null", "[[]]", "[" * 100_000])
def test_damaged_labels_are_none(root: Path, text: str) -> None:
    assert told(root, with_labels(root, text)).description == "Knows cats."


def test_missing_labels_are_none(root: Path) -> None:
    content = with_labels(root, "[]")
    (root / "prepared" / "labels.json").unlink()
    assert told(root, content) == About("Knows cats.")


@pytest.mark.parametrize("content", ["{", "[]", {"format": 1, "description": "Old."}, {"description": "Of nothing."}])
def test_a_manifest_that_cannot_be_used_describes_nothing(root: Path, content: object) -> None:
    assert told(root, content) == About()


def test_a_manifest_describes_no_other_model(root: Path) -> None:
    assert told(root, manifest(description="Knows cats."), model="other") == About()
    (root / "model" / "saved_model.pb").write_bytes(b"another one")
    assert told(root, manifest(description="Knows cats.")) == About()


PACKED = {
    "format": 2,
    "signature": {"name": "default"},
    "prepared": {"litert": {"accepted": True, "model": "prepared/detector.tflite", "labels": "prepared/labels.json"}},
    "files": {"prepared/detector.tflite": "ab"},
    "description": "Knows horses.",
}


def test_in_a_zip_litert_is_the_only_engine_and_needs_no_saved_model(tmp_path: Path) -> None:
    litert, capi, tensorflow = found(tmp_path, PACKED)
    assert (litert.why_not, litert.needs["model"], litert.files) == ("", "prepared/detector.tflite", "")
    assert capi.why_not == "capi is not in the function's zip"
    assert tensorflow.why_not == "tensorflow is not in the function's zip"
    assert is_filled(Settings(root=tmp_path, packages=tmp_path, model=tmp_path / "model"))


def test_in_a_zip_the_page_knows_the_model_s_labels(tmp_path: Path) -> None:
    (tmp_path / "prepared").mkdir()
    (tmp_path / "prepared" / "labels.json").write_text('["Horse", "Tree", "Horse"]')
    found(tmp_path, PACKED)
    settings = Settings(root=tmp_path, packages=tmp_path, model=tmp_path / "model")
    assert about(settings) == About("Knows horses.", ("Horse", "Tree"))


@pytest.mark.parametrize("content", [{**PACKED, "format": 1}, {**PACKED, "files": []}, "[]", "{", None])
def test_in_a_zip_another_manifest_vouches_for_nothing(tmp_path: Path, content: object) -> None:
    assert not [option for option in found(tmp_path, content) if option.engine == "litert" and not option.why_not]

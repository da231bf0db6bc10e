"""The user's own pictures: which are taken, where they go, and that later deploys compare on them, too."""

import io
import json
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.unit.deploy.test_deployer import BUCKET, COMPLETE, EFS, serving
from tests.unit.deploy.test_settings_last import Place
from tests.unit.fakes import FakeAws
from wildrydes_ml.aws.target import Target
from wildrydes_ml.deploy import samples
from wildrydes_ml.deploy.observer import fill_settings
from wildrydes_ml.deploy.place import desired_at
from wildrydes_ml.errors import SettingsError, WildrydesError
from wildrydes_ml.testing import Said
from wildrydes_ml.workshop.settings import wild_rydes

JPEG, PNG = b"\xff\xd8\xff and more", b"\x89PNG\r\n\x1a\n and more"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "my pictures"
    (made / "more").mkdir(parents=True)
    (made / "a horse.JPG").write_bytes(JPEG)
    (made / "more" / "dog.png").write_bytes(PNG)
    (made / "notes.txt").write_text("no picture")
    (made / ".hidden.png").write_bytes(PNG)
    return made


@pytest.fixture
def place() -> Iterator[Place]:
    with serving() as api:
        yield Place(FakeAws(api.url))


def members(archive: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r") as tar:
        return {entry.name: tar.extractfile(entry).read() for entry in tar}  # type: ignore[union-attr]


def test_for_aws_the_pictures_are_packed_without_their_names(folder: Path) -> None:
    packed = samples.remote(str(folder))
    assert members(packed.archive) == {"001.jpg": JPEG, "002.png": PNG}


def test_the_same_pictures_have_the_same_key_and_others_another(folder: Path) -> None:
    first = samples.remote(str(folder)).key("f")
    assert first == samples.remote(str(folder)).key("f")
    (folder / "a horse.JPG").write_bytes(JPEG + b".")
    assert samples.remote(str(folder)).key("f") != first


def test_here_the_folder_is_read_where_it_is(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder.parent)
    assert samples.local("my pictures") == samples.Samples(str(folder))


@pytest.mark.parametrize("take", [samples.local, samples.remote])
@pytest.mark.parametrize(
    ("files", "says"),
    [
        (None, "there is no such folder"),
        ({}, "this folder has no JPEG, PNG, WebP or GIF picture"),
        ({"notes.txt": b"text"}, "this folder has no JPEG, PNG, WebP or GIF picture"),
        ({"a.jpg": JPEG, "b.jpg": b"<html>"}, r"b\.jpg: not a JPEG, PNG, WebP or GIF picture"),
        ({"a.heic": b"0000ftypheic"}, r"a\.heic: HEIC is not supported: convert it to JPEG"),
        ({f"{number}.jpg": JPEG for number in range(101)}, "it has 101 pictures with 0.0 MB. At most 100 pictures"),
        ({"a.jpg": JPEG + bytes(50_000_000)}, "it has 1 pictures with 50.0 MB. At most 100 pictures with 50 MB"),
    ],
    ids=["missing", "empty", "no pictures", "not a picture", "another format", "too many", "too large"],
)
def test_what_cannot_be_used_is_said(take: object, files: dict[str, bytes] | None, says: str, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    if files is not None:
        folder.mkdir()
        for name, content in files.items():
            (folder / name).write_bytes(content)
    with pytest.raises(SettingsError, match=f"--samples .*folder.*{says}"):
        take(str(folder))  # type: ignore[operator]


@pytest.mark.parametrize(("route", "name"), [("long", EFS), ("short", COMPLETE)])
def test_pictures_fill_efs_again_and_stay(place: Place, folder: Path, route: str, name: str) -> None:
    place.deploy(route=route)
    changed = place.deploy(samples=str(folder))
    key = samples.remote(str(folder)).key("ml_inferencefunction")
    assert key in place.aws.buckets.objects[BUCKET]
    assert changed.count(f"update {name}") == 2, "the instance goes, and another one comes"
    assert place.aws.stacks.stacks[name].parameters["ModelSamples"] == key
    assert place.deploy(samples=str(folder)) == []
    assert place.deploy() == [], "what was set holds"
    place.deploy(reset=("ModelSamples",))
    assert place.aws.stacks.stacks[name].parameters["ModelSamples"] == "none"


@pytest.mark.parametrize(("route", "name"), [("long", EFS), ("short", COMPLETE)])
def test_other_weights_fill_efs_again_and_the_same_do_not(place: Place, route: str, name: str) -> None:
    place.deploy(route=route)
    assert place.deploy(overrides={"ModelWeights": "auto"}) == []
    assert place.deploy(overrides={"ModelWeights": "float16"}).count(f"update {name}") == 2
    assert place.deploy(overrides={"ModelWeights": "float16"}) == []
    assert place.deploy() == []


def test_pictures_that_are_gone_are_asked_for_before_a_new_instance_misses_them(place: Place, folder: Path) -> None:
    place.deploy(samples=str(folder))
    key = samples.remote(str(folder)).key("ml_inferencefunction")
    del place.aws.buckets.objects[BUCKET][key]
    assert place.deploy() == [], "a filled EFS does not need them"
    with pytest.raises(WildrydesError, match=r"no longer in the bucket: pass them again .*--reset ModelSamples"):
        place.deploy(overrides={"ModelWeights": "float16"})
    place.deploy(overrides={"ModelWeights": "float16"}, samples=str(folder))
    assert key in place.aws.buckets.objects[BUCKET]


def test_only_one_of_folder_and_parameter_names_them(folder: Path) -> None:
    with pytest.raises(SettingsError, match="--set ModelSamples also names pictures"):
        wild_rydes(samples=str(folder), overrides={"ModelSamples": "model/mine.tar"})


def remembered(efs: Path, text: str) -> Path:
    """A directory for EFS that was filled with this preparation."""
    efs.mkdir()
    (efs / "manifest.json").write_text(json.dumps({"inputs": {"model": "", "preparation": text}}))
    return efs


@pytest.mark.parametrize(
    ("options", "expected"),
    [({}, "/my earlier pictures"), ({"reset": ("ModelSamples",)}, ""), ({"reset": ("all",)}, "")],
)
def test_here_the_filled_directory_remembers_them(tmp_path: Path, options: dict[str, Any], expected: str) -> None:
    efs = remembered(tmp_path / "efs", f"auto {'0' * 64} /my earlier pictures")
    target = Target(efs_directory=efs, endpoint="http://127.0.0.1:1")
    with serving() as api:
        desired = desired_at(target, wild_rydes(**options), FakeAws(api.url).gateways, Said())
    assert fill_settings(desired)["SAMPLES"] == expected


def test_here_the_script_gets_folder_and_weights(tmp_path: Path, folder: Path) -> None:
    settings = wild_rydes(samples=str(folder), overrides={"ModelWeights": "float32"})
    target = Target(efs_directory=remembered(tmp_path / "efs", "auto"), endpoint="http://127.0.0.1:1")
    with serving() as api:
        found = fill_settings(desired_at(target, settings, FakeAws(api.url).gateways, Said()))
    assert (found["SAMPLES"], found["MODEL_WEIGHTS"]) == (str(folder), "float32")

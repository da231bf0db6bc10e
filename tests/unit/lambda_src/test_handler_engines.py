import json
import os
import sys
import threading
import zlib
from collections.abc import Sequence
from pathlib import Path
from threading import Thread

import numpy as np
import pytest
from detector import Detection, Detector, LoadError
from engines import LOADERS, first_that_loads, load, warmed
from handler_helpers import FakeDetector
from manifest import MACHINE, PYTHON, Option
from numpy.typing import NDArray
from problems import Problem
from settings import ENGINES, Settings

SETTINGS = Settings(root=Path("/efs"), packages=Path("/efs/packages"), model=Path("/efs/model"))


def works(settings: Settings, option: Option, readers: list[Thread]) -> Detector:
    assert settings is SETTINGS
    detector = FakeDetector()
    detector.engine = option.engine
    return detector


def fails(settings: Settings, option: Option, readers: list[Thread]) -> Detector:
    raise ImportError(f"no {option.engine} at {settings.packages}" + "." * 1000)


def test_there_is_a_loader_for_each_engine() -> None:
    assert tuple(LOADERS) == ENGINES


def test_the_first_option_that_loads_is_taken() -> None:
    loaded = first_that_loads([Option("litert"), Option("capi")], SETTINGS, {"litert": works, "capi": fails})
    assert (loaded.detector.engine, loaded.slower_because) == ("litert", ())


def test_reasons_tell_why_the_faster_ones_are_not_taken() -> None:
    options = [Option("litert", "litert was not prepared"), Option("capi"), Option("tensorflow")]
    loaded = first_that_loads(options, SETTINGS, {"litert": works, "capi": fails, "tensorflow": works})
    assert loaded.detector.engine == "tensorflow"
    not_prepared, failed = loaded.slower_because
    assert not_prepared == "litert was not prepared"
    assert failed.startswith("capi: ImportError: no capi at /efs/packages")
    assert len(failed) <= 200


def test_a_list_of_what_to_read_that_is_gone_is_a_reason(tmp_path: Path) -> None:
    """All works without it, but each page of EFS is waited for."""
    settings = Settings(root=tmp_path, packages=tmp_path, model=tmp_path)
    option = Option("litert", files="litert.files")
    loaders = {"litert": lambda settings, option, readers: FakeDetector()}
    loaded = first_that_loads([option], settings, loaders)
    assert loaded.slower_because == ("litert.files: No such file or directory",)
    (tmp_path / "litert.files").touch()
    assert first_that_loads([option], settings, loaders).slower_because == ()


LISTED = b"0 9 prepared/labels.json\n0 99 prepared/detector.tflite\n"


@pytest.mark.parametrize(
    "found", [LISTED[:-20], LISTED[: LISTED.index(b"\n") + 1], b"", b"0 5 prepared/modules\n", b"\xff\0garbage"]
)
def test_a_list_of_what_to_read_that_was_changed_is_a_reason(found: bytes, tmp_path: Path) -> None:
    """Truncated, in a line or after one, emptied, exchanged, or garbage."""
    settings = Settings(root=tmp_path, packages=tmp_path, model=tmp_path)
    option = Option("litert", files="litert.files", lists={"litert.files": zlib.crc32(LISTED)})
    loaders = {"litert": lambda settings, option, readers: FakeDetector()}
    (tmp_path / "litert.files").write_bytes(LISTED)
    assert first_that_loads([option], settings, loaders).slower_because == ()
    (tmp_path / "litert.files").write_bytes(found)
    assert first_that_loads([option], settings, loaders).slower_because == ("litert.files: not what was prepared",)
    before = option._replace(lists={})  # as EFS was filled when lists had no checksums
    assert first_that_loads([before], settings, loaders).slower_because == ()


@pytest.mark.parametrize("path", [".", "litert\0.files", "litert.files/more"])
def test_a_list_that_cannot_be_read_is_a_reason(path: str, tmp_path: Path) -> None:
    settings = Settings(root=tmp_path, packages=tmp_path, model=tmp_path)
    (tmp_path / "litert.files").touch()
    loaders = {"litert": lambda settings, option, readers: FakeDetector()}
    (reason,) = first_that_loads([Option("litert", files=path)], settings, loaders).slower_because
    assert reason.startswith(f"{path}: ")
    assert len(reason) > len(f"{path}: None")


def test_a_reason_that_holds_for_several_is_told_once() -> None:
    options = [Option("litert", "no manifest.json"), Option("capi", "no manifest.json"), Option("tensorflow")]
    assert first_that_loads(options, SETTINGS, {"tensorflow": works}).slower_because == ("no manifest.json",)


def test_when_none_loads_the_error_has_all_reasons() -> None:
    options = [Option("litert", "litert was not prepared"), Option("capi")]
    with pytest.raises(RuntimeError, match=r"litert was not prepared; capi: ImportError: no capi") as caught:
        first_that_loads(options, SETTINGS, {"capi": fails})
    assert isinstance(caught.value.__cause__, ImportError)


def test_a_forced_engine_that_is_no_option_is_named_with_its_reason() -> None:
    with pytest.raises(RuntimeError, match=r"ENGINE=auto.*: no manifest\.json"):
        first_that_loads([Option("litert", "no manifest.json")], SETTINGS, {})


class Fails:
    """A detector whose every run fails."""

    engine = "fails"
    labels: Sequence[str] = ()
    slow = ""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def detect(self, image: NDArray[np.uint8]) -> list[Detection]:
        raise self.error

    def lanes(self, memory: int) -> list["Fails"]:
        return [self]


def test_a_detector_has_run_before_the_first_request() -> None:
    detector = FakeDetector()
    assert warmed(detector) is detector
    assert [image.dtype for image in detector.images] == [np.uint8]


class Picky(FakeDetector):
    """A detector that takes pictures of so many rows or more."""

    def __init__(self, least: int) -> None:
        super().__init__()
        self.least = least

    def detect(self, image: NDArray[np.uint8]) -> list[Detection]:
        if len(image) < self.least:
            raise Problem("undecodable-image", "the model cannot take it") from ValueError("expected uint8")
        return super().detect(image)


def test_a_detector_that_cannot_run_is_not_taken() -> None:
    with pytest.raises(RuntimeError, match="no such variable"):
        warmed(Fails(RuntimeError("no such variable")))


def test_a_model_that_takes_some_plain_picture_is_taken() -> None:
    """It may need large ones; what it does not take later is too thin for it."""
    picky = Picky(least=600)
    assert warmed(picky) is picky


def test_a_model_that_takes_no_plain_picture_is_at_fault_itself() -> None:
    with pytest.raises(Problem, match="cannot take a plain picture: expected uint8") as caught:
        warmed(Picky(least=10_000))
    assert caught.value.code == "model-failed"
    with pytest.raises(Problem, match="scores above 1"):
        warmed(Fails(Problem("model-failed", "scores above 1")))


def filled(root: Path) -> Settings:
    """EFS with a manifest and a model."""
    (root / "model").mkdir()
    (root / "model" / "saved_model.pb").write_bytes(b"")
    (root / "manifest.json").write_text("{}")
    return Settings(root=root, packages=root, model=root / "model")


def loading(settings: Settings, error: Exception | None) -> LoadError:
    """What is raised when an engine raises the error, or when none may be tried."""

    def load(settings: Settings, option: Option, readers: list[Thread]) -> Detector:
        assert error is not None
        raise error

    option = Option("tensorflow", "" if error else "tensorflow was not prepared")
    with pytest.raises(LoadError) as caught:
        first_that_loads([option], settings, {"tensorflow": load})
    return caught.value


@pytest.mark.parametrize("error", [None, ValueError("no signature"), OSError("Cannot parse file"), ImportError("abi")])
def test_a_load_that_fails_on_a_filled_efs_has_failed_for_good(tmp_path: Path, error: Exception | None) -> None:
    settings = filled(tmp_path)
    assert loading(settings, error).final
    (tmp_path / "manifest.json").unlink()  # as while EFS is filled
    assert not loading(settings, error).final


def test_a_load_that_could_not_read_efs_is_tried_again(tmp_path: Path) -> None:
    assert not loading(filled(tmp_path), OSError(5, "Input/output error")).final


def test_a_model_that_has_run_and_failed_has_failed_for_good(tmp_path: Path) -> None:
    """Also where no manifest says that EFS is filled: a person may have filled it."""
    failed = loading(Settings(tmp_path, tmp_path, tmp_path), Problem("model-failed", "the model gives no scores"))
    assert failed.final
    assert "tensorflow: the model gives no scores" in str(failed)


def test_what_the_engine_will_read_is_read_ahead(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "saved_model.pb").write_bytes(b"")
    os.utime(tmp_path / "model" / "saved_model.pb", (7, 7))
    prepared = {"litert": {"accepted": True, "files": "litert.files"}}
    inputs = {"python": PYTHON, "machine": MACHINE}
    manifest = {"format": 2, "inputs": inputs, "signature": {"saved_model": [0, 7]}, "prepared": prepared}
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    os.mkfifo(tmp_path / "litert.files")  # whose opening waits for someone who reads it
    writer = threading.Thread(target=lambda: (tmp_path / "litert.files").write_text(""), daemon=True)
    writer.start()
    with pytest.raises(RuntimeError, match="ENGINE=litert is not available: litert: "):
        load(Settings(root=tmp_path, packages=tmp_path, model=tmp_path / "model", engine="litert"))
    writer.join(60)
    assert not writer.is_alive()
    assert str(tmp_path) in sys.path  # where the engines' packages are

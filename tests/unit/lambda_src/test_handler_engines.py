import json
import os
import sys
import threading
from pathlib import Path
from threading import Thread

import numpy as np
import pytest
from detector import Detection, Detector
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

    def __init__(self, error: Exception) -> None:
        self.error = error

    def detect(self, image: NDArray[np.uint8]) -> list[Detection]:
        raise self.error


def test_a_detector_has_run_before_the_first_request() -> None:
    detector = FakeDetector()
    assert warmed(detector) is detector
    assert [image.dtype for image in detector.images] == [np.uint8]


def test_a_detector_that_cannot_run_is_not_taken_unless_it_is_the_picture() -> None:
    picky = Fails(Problem("undecodable-image"))
    assert warmed(picky) is picky
    with pytest.raises(RuntimeError, match="no such variable"):
        warmed(Fails(RuntimeError("no such variable")))


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

import threading
from typing import Any

import numpy as np
import pytest
from detector import Detection, Loaded, LoadError, SharedDetector, detections
from handler_helpers import HORSE, FakeDetector
from numpy.typing import NDArray
from problems import RETRY_AFTER, Problem


class Loader:
    """Loads a detector, after as many failures as told, each time when it may."""

    def __init__(self, failures: int = 0) -> None:
        self.failures = failures
        self.may_end = threading.Event()
        self.may_end.set()
        self.calls = 0

    def __call__(self) -> Loaded:
        self.calls += 1
        assert self.may_end.wait(60)
        if self.calls <= self.failures:
            raise OSError("no such model")
        return Loaded(FakeDetector(HORSE), ("no manifest.json",))


def test_one_detector_is_loaded_and_kept() -> None:
    loader = Loader()
    shared = SharedDetector(loader)
    assert loader.calls == 0
    assert shared.get(60).detector is shared.get(0).detector
    assert shared.get(0).slower_because == ("no manifest.json",)
    assert loader.calls == 1


def test_requests_at_the_same_time_share_one_load() -> None:
    loader = Loader()
    loader.may_end.clear()
    shared = SharedDetector(loader)
    found: list[Loaded] = []
    threads = [threading.Thread(target=lambda: found.append(shared.get(60))) for _ in range(8)]
    for thread in threads:
        thread.start()
    loader.may_end.set()
    for thread in threads:
        thread.join()
    assert loader.calls == 1
    assert len(found) == 8
    assert len({id(loaded.detector) for loaded in found}) == 1


def test_a_request_that_gives_up_does_not_stop_the_load() -> None:
    loader = Loader()
    loader.may_end.clear()
    shared = SharedDetector(loader)
    for seconds in (0.01, 0, -3):
        with pytest.raises(Problem, match="still loading") as caught:
            shared.get(seconds)
        assert caught.value.code == "model-unavailable"
    loader.may_end.set()
    assert shared.get(60).detector.engine == "fake"
    assert loader.calls == 1


def test_a_failed_load_is_tried_again_but_not_at_once() -> None:
    now = [100.0]
    loader = Loader(failures=1)
    shared = SharedDetector(loader, clock=lambda: now[0])
    for later in (0.0, RETRY_AFTER - 0.1):
        now[0] = 100.0 + later
        with pytest.raises(Problem) as caught:
            shared.get(60)
        assert caught.value.code == "model-unavailable"
        assert str(caught.value.__cause__) == "no such model"
    assert loader.calls == 1
    now[0] = 100.0 + RETRY_AFTER
    assert shared.get(60).detector.engine == "fake"
    assert loader.calls == 2


@pytest.mark.parametrize("batch", [(), (1,)], ids=["without a batch dimension", "with one"])
def test_outputs_of_a_model_become_detections(batch: tuple[int, ...]) -> None:
    labels = np.array([b"Horse", "Füchse".encode()], dtype=object).reshape(*batch, 2)
    scores = np.array([0.5, 0.25], dtype=np.float32).reshape(*batch, 2)
    boxes = np.array([[0, 0, 1, 0.5], [0, 0.5, 1, 1]], dtype=np.float32).reshape(*batch, 2, 4)
    horse, foxes = Detection("Horse", 0.5, (0.0, 0.0, 1.0, 0.5)), Detection("Füchse", 0.25, (0.0, 0.5, 1.0, 1.0))
    assert detections(labels, scores, boxes) == [horse, foxes]


def test_a_model_of_no_objects() -> None:
    assert detections(np.array([], dtype=object), np.zeros(0), np.zeros((0, 4))) == []


LABELS, SCORES, BOXES = np.array([b"Horse", b"Dog"], dtype=object), np.array([0.5, 0.25]), np.zeros((2, 4))
NO_OUTPUTS: dict[str, tuple[NDArray[Any], NDArray[Any], NDArray[Any]]] = {
    "2 labels, 3 scores, and 8 numbers": (LABELS, np.zeros(3), BOXES),
    "1 labels, 2 scores": (LABELS[:1], SCORES, BOXES),
    "7 numbers where each box has 4": (LABELS, SCORES, np.zeros(7)),
    "scores of int64": (LABELS, np.array([1, 0]), BOXES),
    "boxes of int32": (LABELS, SCORES, BOXES.astype(np.int32)),
    "scores of object": (LABELS, LABELS, BOXES),
    "scores from nan": (LABELS, np.array([0.5, np.nan]), BOXES),
    "scores from 0.5 to inf": (LABELS, np.array([0.5, np.inf]), BOXES),
    "to 87, not from 0 to 1": (LABELS, np.array([87.0, 3.0]), BOXES),
    "scores from -1": (LABELS, np.array([-1.0, 0.3]), BOXES),
    "labels of int64, not strings": (np.array([1, 2]), SCORES, BOXES),
    "not UTF-8": (np.array([b"Horse", b"\xff\xfe"], dtype=object), SCORES, BOXES),
}


@pytest.mark.parametrize("reason", NO_OUTPUTS)
def test_outputs_that_are_no_detections_are_the_models_fault(reason: str) -> None:
    with pytest.raises(Problem, match=reason) as caught:
        detections(*NO_OUTPUTS[reason])
    assert caught.value.code == "model-failed"


def test_scores_may_be_off_by_rounding() -> None:
    for score in (1.0000002, -1e-9):
        (seen, _) = detections(LABELS, np.array([score, 0.5], np.float32), BOXES)
        assert seen.score == pytest.approx(score)


@pytest.mark.parametrize(("final", "code"), [(True, "model-failed"), (False, "model-unavailable")])
def test_a_load_that_will_fail_again_is_told_apart(final: bool, code: str) -> None:
    def load() -> Loaded:
        raise LoadError("no engine", final=final)

    with pytest.raises(Problem, match="loading failed") as caught:
        SharedDetector(load).get(10)
    assert caught.value.code == code

import threading

import numpy as np
import pytest
from detector import Detection, Loaded, SharedDetector, detections
from handler_helpers import HORSE, FakeDetector
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


def test_outputs_that_do_not_fit_each_other_are_an_error() -> None:
    with pytest.raises(ValueError, match="zip"):
        detections(np.array([b"Horse"], dtype=object), np.zeros(2), np.zeros((2, 4)))

import threading
import time
from pathlib import Path

import pytest
from detector import Detector, SharedDetector, load
from handler_helpers import HORSE, FakeDetector
from problems import RETRY_AFTER, Problem
from settings import Settings


class Loader:
    """Loads a detector, after as many failures as told."""

    def __init__(self, failures: int = 0, seconds: float = 0) -> None:
        self.failures = failures
        self.seconds = seconds
        self.calls = 0

    def __call__(self) -> Detector:
        self.calls += 1
        time.sleep(self.seconds)
        if self.calls <= self.failures:
            raise OSError("no such model")
        return FakeDetector(HORSE)


def test_the_detector_is_loaded_by_the_first_request_and_only_then() -> None:
    loader = Loader()
    shared = SharedDetector(loader)
    assert loader.calls == 0
    assert shared.get() is shared.get()
    assert loader.calls == 1


def test_requests_at_the_same_time_share_one_load() -> None:
    loader = Loader(seconds=0.05)
    shared = SharedDetector(loader)
    threads = [threading.Thread(target=shared.get) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert loader.calls == 1


def test_a_failed_load_is_tried_again_but_not_at_once() -> None:
    now = [100.0]
    loader = Loader(failures=1)
    shared = SharedDetector(loader, clock=lambda: now[0])
    for later in (0.0, RETRY_AFTER - 0.1):
        now[0] = 100.0 + later
        with pytest.raises(Problem) as caught:
            shared.get()
        assert caught.value.code == "model-unavailable"
        assert str(caught.value.__cause__) == "no such model"
    assert loader.calls == 1
    now[0] = 100.0 + RETRY_AFTER
    assert shared.get().detect is not None
    assert loader.calls == 2


@pytest.mark.parametrize("engine", ["litert", "capi", "TensorFlow", "torch"])
def test_an_engine_that_is_not_available_is_named(engine: str) -> None:
    with pytest.raises(ValueError, match=f"'{engine}', available are auto, tensorflow"):
        load(Settings(packages=Path(), model=Path(), engine=engine))

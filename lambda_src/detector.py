"""Object detectors: what engines have in common, and how the process shares the one it has."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from problems import RETRY_AFTER, Problem

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

OUTPUTS = ("detection_class_entities", "detection_scores", "detection_boxes")
"""What the signature of a model gives, as openimages_v4/ssd/mobilenet_v2 of TensorFlow Hub does."""

LABELS = "labels.txt"
"""A text of UTF-8 beside saved_model.pb."""


NOISE = 1e-3
"""By how much a score may leave 0..1: models round."""


class Detection(NamedTuple):
    """An object in a picture: its class, score 0..1, and box (ymin, xmin, ymax, xmax) in 0..1."""

    label: str
    score: float
    box: tuple[float, ...]


class Detector(Protocol):
    """An engine with a model in it. `labels` are all that the model knows; none if that is not known."""

    engine: str
    labels: Sequence[str]

    @property
    def slow(self) -> str:
        """Why the engine runs slower than it can; '' when it does not, or before its first picture shows it."""

    def lanes(self, memory: int) -> Sequence[Detector]:
        """Detectors for as many threads that look at pictures side by side, in so many bytes; itself, if it has none.

        It must not be asked meanwhile.
        """

    def detect(self, image: NDArray[np.uint8]) -> list[Detection]:
        """The objects in an RGB picture [H, W, 3], in any order, whatever their score.

        Raises Problem undecodable-image when the model cannot take the picture, and model-failed when what it gives
        is no detections.
        """


class Loaded(NamedTuple):
    """A detector that is ready, and why no faster engine is, in short texts."""

    detector: Detector
    slower_because: tuple[str, ...] = ()

    def reasons(self) -> tuple[str, ...]:
        """Why pictures take longer than they could: no faster engine, or this one runs slowly."""
        return (*self.slower_because, *filter(None, [self.detector.slow]))


def detections(
    labels: NDArray[Any], scores: NDArray[Any], boxes: NDArray[Any], *, names: Sequence[str] = ()
) -> list[Detection]:
    """Detections from OUTPUTS: bytes [N], float32 [N] and [N, 4], with or without a batch dimension of 1.

    In place of bytes there may be numbers of classes, whose labels are the `names`. Raises Problem model-failed when
    they are something else.
    """
    if not labels.size == scores.size == boxes.size / 4:
        raise _failed(f"{labels.size} labels, {scores.size} scores, and {boxes.size} numbers where each box has 4")
    if scores.dtype.kind != "f" or boxes.dtype.kind != "f":
        raise _failed(f"scores of {scores.dtype} and boxes of {boxes.dtype}, not float32")
    check_scores(scores)
    found = zip(_texts(labels, names), scores.ravel().tolist(), boxes.reshape(-1, 4).tolist(), strict=True)
    return [Detection(text, score, tuple(box)) for text, score, box in found]


def _texts(labels: NDArray[Any], names: Sequence[str]) -> list[str]:
    if names and labels.dtype.kind in "iu":
        known = {number: name for number, name in enumerate(names) if name}
        return [known.get(number, str(number)) for number in labels.ravel().tolist()]
    try:
        return [label.decode() for label in labels.ravel().tolist()]
    except AttributeError as error:
        raise _failed(f"labels of {labels.dtype}, not strings") from error
    except UnicodeDecodeError as error:
        raise _failed("a label that is not UTF-8") from error


def label_names(model: Path) -> list[str]:
    """The labels of a model that gives numbers for classes: line n of its LABELS, from 0, is that of class n."""
    path = model / LABELS
    return path.read_text(encoding="utf-8-sig").splitlines() if path.is_file() else []  # Windows begins with a mark


def check_scores(scores: NDArray[Any]) -> None:
    """Raises Problem model-failed when a score is not a number from 0 to 1."""
    if scores.size and not (scores.min() >= -NOISE and scores.max() <= 1 + NOISE):  # NaN is in no range
        raise _failed(f"scores from {scores.min():g} to {scores.max():g}, not from 0 to 1")


def _failed(what: str) -> Problem:
    return Problem("model-failed", f"the model gives {what}")


class LoadError(RuntimeError):
    """No engine loads; `final` tells whether trying again is of no use."""

    def __init__(self, text: str, *, final: bool) -> None:
        super().__init__(text)
        self.final = final


class SharedDetector:
    """The one detector of the process, loaded in a thread of its own that no request's end stops.

    A failure to load is remembered for RETRY_AFTER seconds, in which requests fail at once; then the next
    one tries again, so that a function that started before EFS was filled heals by itself.
    """

    def __init__(self, load: Callable[[], Loaded], clock: Callable[[], float] = time.monotonic) -> None:
        self._load = load
        self._clock = clock
        self._lock = threading.Lock()
        self._loading: Future[Loaded] | None = None
        self._failed_at = 0.0

    def start(self) -> Future[Loaded]:
        """Begins to load, unless that is done, under way, or failed a moment ago."""
        with self._lock:
            if self._loading is None or self._may_try_again(self._loading):
                self._loading = Future()
                threading.Thread(target=self._run, args=[self._loading], name="load", daemon=True).start()
            return self._loading

    def get(self, seconds: float) -> Loaded:
        """The detector, waited for at most `seconds`.

        Raises Problem model-unavailable, or model-failed if trying again is of no use; its cause is what went wrong.
        """
        loading = self.start()
        if not wait([loading], max(seconds, 0)).done:
            raise Problem("model-unavailable", "still loading")
        if error := loading.exception():
            is_final = isinstance(error, LoadError) and error.final
            raise Problem("model-failed" if is_final else "model-unavailable", "loading failed") from error
        return loading.result()

    def _may_try_again(self, loading: Future[Loaded]) -> bool:
        failed = loading.done() and loading.exception() is not None
        return failed and self._clock() >= self._failed_at + RETRY_AFTER

    def _run(self, loading: Future[Loaded]) -> None:
        try:
            loading.set_result(self._load())
        except Exception as error:  # packages, file system and model can fail in any way
            self._failed_at = self._clock()
            loading.set_exception(error)

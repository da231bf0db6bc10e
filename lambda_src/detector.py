"""Object detectors: what they have in common, how the process shares one, and TensorFlow's.

The only module that imports TensorFlow, and only when a detector is loaded: importing it takes seconds.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from problems import RETRY_AFTER, Problem

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from settings import Settings

_OUTPUTS = ("detection_class_entities", "detection_scores", "detection_boxes")


class Detection(NamedTuple):
    """An object in a picture: its class, score 0..1, and box (ymin, xmin, ymax, xmax) in 0..1."""

    label: str
    score: float
    box: tuple[float, ...]


class Detector(Protocol):
    """An engine with a model in it."""

    engine: str

    def detect(self, image: NDArray[np.uint8]) -> list[Detection]:
        """The objects in an RGB picture [H, W, 3], in any order, whatever their score."""


class SharedDetector:
    """The one detector of the process, loaded by the first request that needs it.

    A failure to load is remembered for RETRY_AFTER seconds, in which requests fail at once; then the next
    one tries again, so that a function that started before EFS was filled heals by itself.
    """

    def __init__(self, load: Callable[[], Detector], clock: Callable[[], float] = time.monotonic) -> None:
        self._load = load
        self._clock = clock
        self._lock = threading.Lock()
        self._detector: Detector | None = None
        self._failed: tuple[float, Exception] | None = None

    def get(self) -> Detector:
        """The detector. Raises Problem model-unavailable, with what went wrong as its cause."""
        with self._lock:
            if self._detector is None:
                self._detector = self._loaded()
            return self._detector

    def _loaded(self) -> Detector:
        if self._failed and self._clock() < self._failed[0] + RETRY_AFTER:
            raise Problem("model-unavailable", "loading failed a moment ago") from self._failed[1]
        try:
            return self._load()
        except Exception as error:  # packages, file system and model can fail in any way
            self._failed = (self._clock(), error)
            raise Problem("model-unavailable", "loading failed") from error


def load(settings: Settings) -> Detector:
    """The detector of the engine that the settings name. Raises whatever goes wrong in loading it."""
    if settings.engine not in ENGINES:
        raise ValueError(f"ENGINE is {settings.engine!r}, available are {', '.join(ENGINES)}")
    return ENGINES[settings.engine](settings.model)


class TensorFlowDetector:
    """A SavedModel with signature `default`, run by TensorFlow in Python.

    The signature takes float32 [1, H, W, 3] in 0..1 and gives detection_class_entities (strings),
    detection_scores and detection_boxes, as openimages_v4/ssd/mobilenet_v2 of TensorFlow Hub does.
    """

    engine = "tensorflow"

    def __init__(self, model: Path) -> None:
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
        import tensorflow as tf

        self._tf = tf
        # A module of TensorFlow Hub's first format may hold several graphs; the one without tags is for serving.
        tags: list[str] | None = [] if (model / "tfhub_module.pb").exists() else None
        self._model = tf.saved_model.load(str(model), tags)  # kept: the signature does not keep its variables alive
        self._signature = self._model.signatures["default"]
        if missing := set(_OUTPUTS) - set(self._signature.structured_outputs):
            raise ValueError(f"the model's signature lacks {', '.join(sorted(missing))}")
        (images,) = self._signature.structured_input_signature[1].values()
        self._input_size = images.shape[1:3] if images.shape[1:3].is_fully_defined() else None

    def detect(self, image: NDArray[np.uint8]) -> list[Detection]:
        tensor = self._tf.cast(image[None], self._tf.float32) / 255
        if self._input_size is not None:
            tensor = self._tf.image.resize(tensor, self._input_size)
        try:
            return _detections(self._signature(tensor))
        except self._tf.errors.InvalidArgumentError as error:
            # A picture of one row, for one, that the model's own resizing makes nothing of.
            raise Problem("undecodable-image", "the model cannot take it") from error


def _detections(outputs: Mapping[str, Any]) -> list[Detection]:
    """Detections from the signature's outputs, with or without a batch dimension of 1."""
    labels, scores, boxes = (outputs[name].numpy() for name in _OUTPUTS)
    return [
        Detection(label.decode(), float(score), tuple(map(float, box)))
        for label, score, box in zip(labels.ravel(), scores.ravel(), boxes.reshape(-1, 4), strict=True)
    ]


ENGINES: dict[str, Callable[[Path], Detector]] = {
    "auto": TensorFlowDetector,
    "tensorflow": TensorFlowDetector,
}

"""The engine `tensorflow`: the SavedModel in TensorFlow's Python, which runs every model and takes longest to start.

The only module of the handler that imports TensorFlow, and only when a detector is made: that takes seconds.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from detector import OUTPUTS, Detection, detections, label_names
from numpy.typing import NDArray
from problems import Problem
from tensors import fixed_size, image_tensor


class TensorFlowDetector:
    """A SavedModel with a signature of that name: float32 [1, H, W, 3] in 0..1 in, OUTPUTS out.

    Raises ImportError, OSError, LookupError or ValueError when TensorFlow or the model is not as it should be.
    """

    engine = "tensorflow"
    labels: Sequence[str] = ()
    slow = ""

    def __init__(self, model: Path, signature: str = "default") -> None:
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
        import tensorflow as tf

        self._tf = tf
        # A module of TensorFlow Hub's first format may hold several graphs; the one without tags is for serving.
        tags: list[str] | None = [] if (model / "tfhub_module.pb").exists() else None
        self._model = tf.saved_model.load(str(model), tags)  # kept: the signature does not keep its variables alive
        self._signature = self._model.signatures[signature]
        if missing := set(OUTPUTS) - set(self._signature.structured_outputs):
            raise ValueError(f"the model's signature lacks {', '.join(sorted(missing))}")
        self._names = label_names(model)
        self._input_size = _input_size(self._signature)

    def lanes(self, memory: int) -> list[TensorFlowDetector]:
        return [self]  # TensorFlow divides each picture's work among all processors

    def detect(self, image: NDArray[np.uint8]) -> list[Detection]:
        tensor = self._tf.constant(image_tensor(image, self._input_size))
        try:
            outputs = self._signature(tensor)
        except self._tf.errors.InvalidArgumentError as error:
            # A picture of one row, for one, that the model's own resizing makes nothing of.
            raise Problem("undecodable-image", "the model cannot take it") from error
        return detections(*[outputs[name].numpy() for name in OUTPUTS], names=self._names)


def _input_size(signature: Any) -> tuple[int, int] | None:
    """The size of the signature's pictures, None when it takes any. Raises ValueError when it takes no pictures."""
    taken = list(signature.structured_input_signature[1].values())
    if len(taken) != 1:
        raise ValueError(f"the model's signature takes {len(taken)} inputs, not one picture")
    (images,) = taken
    if images.dtype.name != "float32":
        raise ValueError(f"the model takes pictures of {images.dtype.name}, not of float32")
    return fixed_size(images.shape.as_list() if images.shape.rank is not None else None)

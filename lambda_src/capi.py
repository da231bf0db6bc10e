"""The engine `capi`: the SavedModel itself, run by TensorFlow's C++ without the import of its Python.

It loads a SavedModel as TensorFlow Serving does. What a model's input and outputs are called comes from the
manifest.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from detector import OUTPUTS, Detection, detections, label_names
from numpy.typing import NDArray
from problems import Problem
from tensorflow_c import INVALID_ARGUMENT, Output, Session, StatusError, keep_freed_memory
from tensors import fixed_size, image_tensor


class CApiDetector:
    """A SavedModel whose signature, as the manifest has it, names tags, input and outputs; and `input_size`, if the
    model resizes every picture to that anyway: a small tensor is made, and copied, sooner than a large one.

    `packages` is the site-packages directory with tensorflow in it, `model` the SavedModel. Raises OSError,
    StatusError or LookupError when library, model or signature are not as they should be.
    """

    engine = "capi"
    labels: Sequence[str] = ()
    slow = ""

    def __init__(self, packages: Path, model: Path, signature: Mapping[str, Any]) -> None:
        keep_freed_memory()
        self._names = label_names(model)
        self._session = Session(packages, model, signature["tags"])
        self._input = self._session.output(signature["input"]["name"])
        self._input_size = tuple(signature.get("input_size") or ()) or fixed_size(signature["input"]["shape"])
        self._outputs = [self._session.output(signature["outputs"][name]) for name in OUTPUTS]
        _fill_originals(self._session)

    def lanes(self, memory: int) -> list[CApiDetector]:
        return [self]  # TensorFlow divides each picture's work among all processors

    def detect(self, image: NDArray[np.uint8]) -> list[Detection]:
        tensor = image_tensor(image, self._input_size)
        try:
            return detections(*self._session.run([(self._input, tensor)], self._outputs), names=self._names)
        except StatusError as error:
            if error.code != INVALID_ARGUMENT:
                raise
            # A picture of one row, for one, that the model's own resizing makes nothing of.
            raise Problem("undecodable-image", "the model cannot take it") from error


def _fill_originals(session: Session) -> None:
    """Gives variables that the signature reads, but that the SavedModel does not restore, their values.

    `tf.saved_model.save` of a Keras 3 model writes each variable twice: the original, which the signature reads,
    and a copy, whose initial value is the original's in the graph. Only the copy is saved and restored.
    """
    pairs = list(_originals_and_copies(session))
    tests = [session.add("VarIsInitializedOp", f"filled/{i}", [original]) for i, (original, _, _) in enumerate(pairs)]
    filled = session.run([], tests) if tests else []
    lacking = [pair for pair, done in zip(pairs, filled, strict=True) if not done]
    assigns = [_assign(session, f"fill/{i}", *pair) for i, pair in enumerate(lacking)]
    if assigns:
        session.run([], [], assigns)


def _originals_and_copies(session: Session) -> Iterator[tuple[Output, Output, int]]:
    """Variables whose value another one starts as, that other one, and their data type."""
    for assign in session.operations("AssignVariableOp"):
        copy, value = session.source(assign, 0), session.source(assign, 1)
        if session.kind(value.operation) == "ReadVariableOp":
            yield session.source(value.operation, 0), copy, session.type(value)


def _assign(session: Session, name: str, original: Output, copy: Output, dtype: int) -> int:
    """A new operation that gives the original the copy's value."""
    value = session.add("ReadVariableOp", f"{name}/value", [copy], dtype=dtype)
    return session.add("AssignVariableOp", name, [original, value], dtype=dtype).operation

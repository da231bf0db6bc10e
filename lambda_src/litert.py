"""The engine `litert`: what prepare.py made of a SavedModel, run by LiteRT, with suppression in numpy."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from detector import Detection
from nms import Suppression, suppress
from numpy.typing import NDArray
from problems import Problem
from tensors import image_tensor

Array = NDArray[Any]

MAX_THREADS = 6
"""As many processors as Lambda has at most."""


class LiteRTDetector:
    """The detector that an entry of the manifest describes; its paths are relative to `root`.

    Raises OSError, ValueError or LookupError when the entry or its files are not as prepare.py writes them.
    """

    engine = "litert"

    def __init__(self, root: Path, entry: Mapping[str, Any]) -> None:
        self._heads = Heads(root, entry)
        self._labels: list[str] = json.loads((root / entry["labels"]).read_text(encoding="utf-8"))
        self._suppression = Suppression(**entry["suppression"])

    def detect(self, image: NDArray[np.uint8]) -> list[Detection]:
        boxes, scores = self._heads(image)
        kept = suppress(boxes, scores, self._suppression)
        found = zip(kept.classes.tolist(), kept.scores.tolist(), kept.boxes.tolist(), strict=True)
        return [Detection(self._labels[number], score, tuple(box)) for number, score, box in found]


class Heads:
    """The part of the detector before suppression: a .tflite file, which LiteRT maps into memory.

    LiteRT plans its memory for one size of pictures, and anew when another size comes, which takes little.
    """

    def __init__(self, root: Path, entry: Mapping[str, Any]) -> None:
        self._input_size = tuple(entry["input_size"]) if entry["input_size"] else None
        threads = min(len(os.sched_getaffinity(0)), MAX_THREADS)
        self._interpreter = Interpreter(str(root / entry["model"]), num_threads=threads)
        runner = self._interpreter.get_signature_runner()
        self._input = runner.get_input_details()["images"]["index"]
        self._boxes, self._scores = (runner.get_output_details()[name]["index"] for name in ("boxes", "scores"))
        self._planned: tuple[int, ...] = ()

    def __call__(self, image: NDArray[np.uint8]) -> tuple[Array, Array]:
        """Boxes [N, 1 or C, 4] and scores [N, C] of an RGB picture [H, W, 3].

        They are views, to be dropped before the next call. Raises Problem undecodable-image when the model cannot
        take the picture.
        """
        try:
            boxes, scores = self._run(image_tensor(image, self._input_size))
        except (RuntimeError, ValueError) as error:
            # A picture of one row, for one, that the model's own resizing makes nothing of.
            raise Problem("undecodable-image", "the model cannot take it") from error
        scores = scores.reshape(-1, scores.shape[-1])
        return boxes.reshape(len(scores), -1, 4), scores

    def _run(self, images: Array) -> tuple[Array, Array]:
        if images.shape != self._planned:
            self._planned = ()  # until it has succeeded
            self._interpreter.resize_tensor_input(self._input, images.shape, strict=True)
            self._interpreter.allocate_tensors()
            self._planned = images.shape
        self._interpreter.set_tensor(self._input, images)
        self._interpreter.invoke()
        return self._interpreter.tensor(self._boxes)(), self._interpreter.tensor(self._scores)()

"""The engine `litert`: what prepare.py made of a SavedModel, run by LiteRT, with suppression in numpy."""

from __future__ import annotations

import ctypes
import json
import mmap
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from detector import Detection, check_scores
from nms import Suppression, suppress
from numpy.typing import NDArray
from problems import Problem
from tensors import image_tensor

Array = NDArray[Any]

MAX_THREADS = 6
"""As many processors as Lambda has at most."""

_PROCESSORS = "/sys/devices/system/cpu/possible"
"""What XNNPACK reads on ARM. Lambda has been seen without it: https://github.com/pytorch/cpuinfo/issues/143."""


class LiteRTDetector:
    """The detector that an entry of the manifest describes; its paths are relative to `root`.

    Raises OSError, ValueError or LookupError when the entry or its files are not as prepare.py writes them.
    """

    engine = "litert"

    def __init__(
        self, root: Path, entry: Mapping[str, Any], interpret: Callable[..., Interpreter] = Interpreter
    ) -> None:
        self._heads = Heads(root, entry, interpret)
        self.labels: Sequence[str] = json.loads((root / entry["labels"]).read_text(encoding="utf-8"))
        self._suppression = Suppression(**entry["suppression"])

    @property
    def slow(self) -> str:
        return self._heads.slow

    def detect(self, image: NDArray[np.uint8]) -> list[Detection]:
        boxes, scores = self._heads(image)
        kept = suppress(boxes, scores, self._suppression)
        check_scores(kept.scores)
        found = zip(kept.classes.tolist(), kept.scores.tolist(), kept.boxes.tolist(), strict=True)
        return [Detection(self.labels[number], score, tuple(box)) for number, score, box in found]


class Heads:
    """The part of the detector before suppression: a .tflite file, which LiteRT maps into memory.

    LiteRT plans its memory for one size of pictures, and anew when another size comes, which takes little.
    """

    def __init__(
        self, root: Path, entry: Mapping[str, Any], interpret: Callable[..., Interpreter] = Interpreter
    ) -> None:
        self.slow = ""
        self._input_size = tuple(entry["input_size"]) if entry["input_size"] else None
        self._file = os.path.realpath(root / entry["model"])
        threads = min(len(os.sched_getaffinity(0)), MAX_THREADS)
        self._interpreter = interpret(self._file, num_threads=threads)
        self._input, self._boxes, self._scores = _indices(self._interpreter)
        self._planned: tuple[int, ...] = ()
        if self._input_size:
            self._plan((1, *self._input_size, 3))

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
            self._plan(images.shape)
        self._interpreter.set_tensor(self._input, images)
        self._interpreter.invoke()
        return self._interpreter.tensor(self._boxes)(), self._interpreter.tensor(self._scores)()

    def _plan(self, shape: tuple[int, ...]) -> None:
        """Makes ready for images of a shape; the weights are packed for this processor then."""
        self._planned = ()  # until it has succeeded
        self._interpreter.resize_tensor_input(self._input, shape, strict=True)
        self._interpreter.allocate_tensors()
        self._planned = shape
        self.slow = _why_slow(self._interpreter)
        _let_go(self._file)


def _indices(interpreter: Interpreter) -> tuple[int, int, int]:
    """Of the tensors images, boxes and scores."""
    runner = interpreter.get_signature_runner()
    inputs, outputs = runner.get_input_details(), runner.get_output_details()
    return inputs["images"]["index"], outputs["boxes"]["index"], outputs["scores"]["index"]


def _why_slow(interpreter: Interpreter) -> str:
    """Why LiteRT computes with its own kernels, several times slower; '' when XNNPACK runs parts of the model.

    Such a part is a node DELEGATE behind the model's own. No public name tells that; '' where the private one is gone.
    """
    try:
        nodes = interpreter._interpreter
        if nodes.NodeName(nodes.NumNodes() - 1) == "DELEGATE":
            return ""
    except AttributeError:
        return ""
    return "litert: without XNNPACK" + ("" if os.path.exists(_PROCESSORS) else f", as there is no {_PROCESSORS}")


def _let_go(path: str) -> None:
    """Gives back the memory of a mapped file's pages: its weights were copied, and what is read again returns."""
    madvise = ctypes.CDLL(None).madvise
    madvise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    with open("/proc/self/maps", encoding="utf-8") as maps:
        for line in maps:
            if line.rstrip("\n").endswith(f" {path}"):
                start, end = (int(address, 16) for address in line.split(" ", 1)[0].split("-"))
                madvise(start, end - start, mmap.MADV_DONTNEED)

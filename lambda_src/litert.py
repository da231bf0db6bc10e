"""The engine `litert`: what prepare.py made of a SavedModel, run by LiteRT, with suppression, if any, in numpy."""

from __future__ import annotations

import ctypes
import json
import mmap
import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from detector import Detection, check_scores, detections
from nms import Suppression, suppress
from numpy.typing import NDArray
from problems import Problem
from tensors import HALF_PIXELS, image_tensor

Array = NDArray[Any]

HEADS = ("boxes", "scores")
WHOLE = ("classes", "scores", "boxes")
"""What a converted model gives: before suppression, or, without one, its detections."""

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
        self,
        root: Path,
        entry: Mapping[str, Any],
        interpret: Callable[..., Interpreter] = Interpreter,
        threads: int = 0,
    ) -> None:
        self._again = partial(LiteRTDetector, root, entry, interpret)
        self._lanes: list[LiteRTDetector] = []
        self.labels: Sequence[str] = json.loads((root / entry["labels"]).read_text(encoding="utf-8"))
        self._suppression = Suppression(**entry["suppression"]) if "suppression" in entry else None
        outputs = HEADS if self._suppression else WHOLE
        self._model = Converted(root, entry, outputs, interpret, threads or _processors())

    @property
    def slow(self) -> str:
        return self._model.slow

    def lanes(self, memory: int) -> list[LiteRTDetector]:
        """One for each processor: two pictures on one each take less time than both on two."""
        if not self._lanes:
            number = min(_processors(), memory // (2 * self._model.size))
            self._lanes = [self._again(threads=1) for _ in range(number)] if number > 1 else [self]
        return self._lanes

    def detect(self, image: NDArray[np.uint8]) -> list[Detection]:
        found = self._model(image)
        if self._suppression is None:
            return detections(*found, names=self.labels)
        kept = suppress(*as_heads(*found), self._suppression)
        check_scores(kept.scores)
        rows = zip(kept.classes.tolist(), kept.scores.tolist(), kept.boxes.tolist(), strict=True)
        return [Detection(self.labels[number], score, tuple(box)) for number, score, box in rows]


def _processors() -> int:
    return min(len(os.sched_getaffinity(0)), MAX_THREADS)


def as_heads(boxes: Array, scores: Array) -> tuple[Array, Array]:
    """Boxes [N, 1 or C, 4] and scores [N, C] of what a model gives, of any shape."""
    scores = scores.reshape(-1, scores.shape[-1])
    return boxes.reshape(len(scores), -1, 4), scores


class Converted:
    """What prepare.py converted of the detector: a .tflite file, which LiteRT maps into memory.

    Its outputs are HEADS, of the part before suppression, or WHOLE. LiteRT plans its memory for one size of pictures,
    and anew when another size comes, which takes little.
    """

    def __init__(
        self,
        root: Path,
        entry: Mapping[str, Any],
        outputs: Sequence[str],
        interpret: Callable[..., Interpreter] = Interpreter,
        threads: int = 1,
    ) -> None:
        self.slow = ""
        self._input_size = tuple(entry["input_size"]) if entry["input_size"] else None
        self._resize = entry.get("resize", HALF_PIXELS)
        self._file = os.path.realpath(root / entry["model"])
        self.size = os.path.getsize(self._file)
        self._interpreter = interpret(self._file, num_threads=threads)
        self._input, self._outputs = _indices(self._interpreter, outputs)
        self._planned: tuple[int, ...] = ()
        if self._input_size:
            self._plan((1, *self._input_size, 3))

    def __call__(self, image: NDArray[np.uint8]) -> list[Array]:
        """The outputs for an RGB picture [H, W, 3].

        They are views, to be dropped before the next call. Raises Problem undecodable-image when the model cannot
        take the picture.
        """
        try:
            return self._run(image_tensor(image, self._input_size, self._resize))
        except (RuntimeError, ValueError) as error:
            # A picture of one row, for one, that the model's own resizing makes nothing of.
            raise Problem("undecodable-image", "the model cannot take it") from error

    def _run(self, images: Array) -> list[Array]:
        if images.shape != self._planned:
            self._plan(images.shape)
        self._interpreter.set_tensor(self._input, images)
        self._interpreter.invoke()
        return [self._interpreter.tensor(output)() for output in self._outputs]

    def _plan(self, shape: tuple[int, ...]) -> None:
        """Makes ready for images of a shape; the weights are packed for this processor then."""
        self._planned = ()  # until it has succeeded
        self._interpreter.resize_tensor_input(self._input, shape, strict=True)
        self._interpreter.allocate_tensors()
        self._planned = shape
        self.slow = _why_slow(self._interpreter)
        _let_go(self._file)


def _indices(interpreter: Interpreter, names: Sequence[str]) -> tuple[int, list[int]]:
    """Of the tensor images, and of those with the names."""
    runner = interpreter.get_signature_runner()
    outputs = runner.get_output_details()
    return runner.get_input_details()["images"]["index"], [outputs[name]["index"] for name in names]


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

"""The steps to prepare a model for each engine: make its files, compare it with TensorFlow, record a cold start."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict
from functools import cached_property, partial
from itertools import islice, takewhile
from pathlib import Path
from typing import Any, NamedTuple

import detector
import numpy as np
import tensorflow as tf
from detector import Detection
from numpy.typing import NDArray
from problems import Problem
from tensorflow_engine import TensorFlowDetector
from tensors import fixed_size, image_tensor

from filling import agreement, halving, recording, samples
from filling.agreement import Agreement
from filling.conversion import convert
from filling.graph_cut import Cut, find_cut, find_resized
from filling.probing import Probe, Rows
from filling.saved_graph import Refused, SavedGraph, Unfit, open_graph, signature

Array = NDArray[Any]
Entry = dict[str, Any]

MAX_HEAD_DIFFERENCE = 1e-3
"""By how much a LiteRT model's boxes (relative to their size, or absolute) and scores may differ."""
MAX_TIES = 0.05
"""The share of detections that may have been decided by a tie."""
MANY_PICTURES = 2000
"""More are never made."""
CAPI_NOISE = 1e-5
"""The same operations, but the graph is optimized in another way."""


class Sample(NamedTuple):
    """A picture, and what TensorFlow detects in it."""

    picture: NDArray[np.uint8]
    expected: list[Detection]


class Preparation:
    """The preparation of one model. What several engines need is made when it is first needed."""

    def __init__(
        self,
        site_packages: Path,
        model: Path,
        out: Path,
        signature_name: str = "default",
        weights: str = "auto",
        *,
        samples_at: Path | None = None,
        min_bytes: int = halving.MIN_BYTES,
    ) -> None:
        self._efs = recording.Efs(site_packages, model, out)
        self._model = model
        self._out = out
        self._name = signature_name
        self._weights = weights
        self._folders = [model / "samples", *([samples_at] if samples_at else [])]
        self._min_bytes = min_bytes

    def engines(self) -> dict[str, Callable[[], Entry]]:
        """A function for each engine: it prepares the engine and returns its entry. It may raise any error."""
        return {"litert": self._litert, "capi": self._capi}

    def _litert(self) -> Entry:
        _say("reading the graph")
        cut = find_cut(self._graph)
        entry = self._convert(cut)
        _say("probing suppression and labels")
        entry |= self._probe(cut)
        _say("comparing with TensorFlow")
        noise = self._heads_difference(cut, entry)
        found = self._agreement("litert", entry, noise, entry["suppression"]["max_total"])
        entry["agreement"] = {**asdict(found), "heads": noise, **self._pictures}
        entry["weights"] = self._halved(cut, entry)
        files = {entry[name]: (self._out / Path(entry[name]).name).stat() for name in ("model", "labels")}
        made = {name: [one.st_size, int(one.st_mtime)] for name, one in files.items()}
        return {**entry, "made": made, **self._recorded("litert", entry)}

    def _halved(self, cut: Cut, entry: Entry) -> Entry:
        """Takes float16 weights where they were asked for, or are as good; which, why, and by how much they differ."""
        if self._weights == "float32":
            return {"format": "float32", "why": "as asked for"}
        whole, half = self._out / "detector.tflite", self._out / "half.tflite"
        found: Entry = {}
        try:
            if self._weights == "auto":
                halving.refuse_small(whole.stat().st_size, self._min_bytes)
            _say("trying float16 weights")
            half.write_bytes(self._converted(cut, is_half=True)[0])
            self._try_half(entry, found)
        except Refused as error:
            if self._weights == "auto" or not half.exists():
                half.unlink(missing_ok=True)
                return {"format": "float32", "why": str(error), **found}
            found["differs"] = str(error)
        half.replace(whole)
        _say(f"float16 weights, {whole.stat().st_size / 1e6:.1f} MB")
        why = "as good as float32" if self._weights == "auto" else "as asked for"
        return {"format": "float16", "why": why, **found}

    def _try_half(self, entry: Entry, found: Entry) -> None:
        """Notes what is found on the way. Raises Refused when float32 is better."""
        half = {**entry, "model": "prepared/half.tflite"}
        pictures, expected = zip(*self._many_samples, strict=True)
        answers = recording.detections(self._efs, self._signature, "litert", half, pictures)
        found |= {"pictures": len(pictures), "detections": sum(map(halving.sure, expected))}
        found["agreement"] = asdict(halving.agreement(expected, answers, entry["suppression"]["max_total"]))
        halving.refuse_few(expected)
        run = partial(recording.speed, self._efs, self._signature, "litert", pictures=pictures[: samples.USUAL])
        speeds = halving.speeds(run, [entry, half])
        found["speeds"] = {name: one._asdict() for name, one in zip(("float32", "float16"), speeds, strict=True)}
        halving.refuse_cost(*speeds)

    def _capi(self) -> Entry:
        _say("comparing TensorFlow's C API with its Python")
        entry: Entry = {"input_size": self._size_taken()}
        found = self._agreement("capi", entry, CAPI_NOISE, max(len(sample.expected) for sample in self._samples))
        entry["agreement"] = {**asdict(found), **self._pictures}
        return entry | self._recorded("capi", entry)

    @cached_property
    def _signature(self) -> dict[str, Any]:
        return signature(self._model, self._name)

    @cached_property
    def _graph(self) -> SavedGraph:
        return open_graph(self._model, self._name)

    @cached_property
    def _input_size(self) -> tuple[int, int] | None:
        return fixed_size(self._signature["input"]["shape"])

    @cached_property
    def _samples(self) -> list[Sample]:
        """The sample pictures that the model accepts, then the user's own. Raises Unfit when it accepts none."""
        taken = list(self._looked_at(samples.pictures()))
        if not taken:
            raise Unfit("TensorFlow cannot run the model on any of the sample pictures: it must take float32 [1,H,W,3]")
        return [*taken, *self._own]

    @cached_property
    def _own(self) -> list[Sample]:
        """The user's own pictures, as many as there is time for."""
        end = time.monotonic() + halving.LOOK_SECONDS
        pictures = takewhile(lambda _: time.monotonic() < end, samples.own(*self._folders))
        return list(self._looked_at(pictures))

    @property
    def _pictures(self) -> Entry:
        """On how many pictures engines were compared, and how many of these are the user's own."""
        return {"pictures": len(self._samples), "own": len(self._own)}

    @cached_property
    def _many_samples(self) -> list[Sample]:
        """Enough to tell float16 from float32.

        More are made until it was sure of enough; of these only those that show something are kept.
        """
        made = samples.pictures(MANY_PICTURES)
        few = islice(made, samples.USUAL, halving.MIN_PICTURES)
        taken = [*self._samples, *self._looked_at(few)]
        seen, end = sum(halving.sure(sample.expected) for sample in taken), time.monotonic() + halving.LOOK_SECONDS
        for sample in self._looked_at(takewhile(lambda _: time.monotonic() < end, made)):
            if seen >= halving.MIN_DETECTIONS:
                break
            if count := halving.sure(sample.expected):
                taken.append(sample)
                seen += count
        return taken

    @cached_property
    def _reference(self) -> TensorFlowDetector:
        return TensorFlowDetector(self._model, self._name)

    def _looked_at(self, pictures: Iterable[NDArray[np.uint8]]) -> Iterator[Sample]:
        for picture in pictures:
            with suppress(Problem):
                yield Sample(picture, self._reference.detect(picture))

    def _fetch(self, tensors: list[Any], picture: NDArray[np.uint8]) -> list[Array]:
        values: list[Array] = self._graph.run(tensors, {self._graph.images: image_tensor(picture, self._input_size)})
        return values

    def _size_taken(self) -> tuple[int, int] | None:
        """The size that the model resizes every picture to, before anything else; resizing to it twice is harmless."""
        try:
            resized = find_resized(self._graph.images, list(self._graph.outputs.values()))
        except Exception:  # the graph cannot be frozen, say
            return None
        return None if resized is None else fixed_size(resized.shape.as_list())

    def _convert(self, cut: Cut) -> Entry:
        """Writes the LiteRT model."""
        data, size = self._converted(cut)
        (self._out / "detector.tflite").write_bytes(data)
        _say(f"converted to LiteRT, {len(data) / 1e6:.1f} MB")
        return {"input_size": size, "model": "prepared/detector.tflite"}

    def _converted(self, cut: Cut, is_half: bool = False) -> tuple[bytes, tuple[int, int] | None]:
        """The LiteRT model, which begins after the picture is resized where that is possible, and the size it takes."""
        heads = {"boxes": cut.boxes, "scores": cut.scores}
        resized = None if self._input_size else find_resized(self._graph.images, list(heads.values()))
        images = self._graph.images if resized is None else resized
        size = self._input_size if resized is None else fixed_size(resized.shape.as_list())
        return convert(self._graph, {"images": images}, heads, is_half), size

    def _probe(self, cut: Cut) -> Entry:
        """Writes the labels."""
        boxes, scores = self._fetch([cut.boxes, cut.scores], self._samples[0].picture)
        classes = scores.shape[-1]
        number = scores.size // classes
        answer = partial(self._answer, cut, boxes.shape, scores.shape)
        probe = Probe(answer, number, boxes.size // number // 4, classes)
        labels = probe.labels()
        (self._out / "labels.json").write_text(json.dumps(labels, ensure_ascii=False), encoding="utf-8")
        return {
            "labels": "prepared/labels.json",
            "suppression": asdict(probe.suppression(cut.iou_threshold, labels)),
        }

    def _answer(
        self, cut: Cut, boxes_shape: Sequence[int], scores_shape: Sequence[int], boxes: Array, scores: Array
    ) -> Rows:
        """The detections that TensorFlow makes of heads, which it takes in these shapes."""
        feeds = {cut.boxes: boxes.reshape(boxes_shape), cut.scores: scores.reshape(scores_shape)}
        try:
            outputs = self._graph.run(list(self._graph.outputs.values()), feeds)
            found = detector.detections(*outputs, names=detector.label_names(self._model))
        except tf.errors.InvalidArgumentError as error:
            raise Refused("the steps after boxes and scores need more inputs than these") from error
        except UnicodeDecodeError as error:
            raise Unfit(f"the model's label is {error.object!r}: labels must be UTF-8") from error
        labels, values, corners = zip(*found, strict=True) if found else ((), (), ())
        return Rows(list(labels), np.asarray(values, np.float32), np.asarray(corners, np.float32).reshape(-1, 4))

    def _heads_difference(self, cut: Cut, entry: Entry) -> float:
        """The largest difference of scores. Raises Refused when they, or boxes, differ more than they may."""
        from litert import Heads

        with recording.filled(self._efs, self._signature, {}) as root:
            ours = Heads(root, entry)
        worst = 0.0
        for picture, _ in self._samples:
            boxes, scores = self._fetch([cut.boxes, cut.scores], picture)
            our_boxes, our_scores = (head.copy() for head in ours(picture))
            worst = max(worst, float(np.abs(our_scores.ravel() - scores.ravel()).max()))
            same = np.allclose(our_boxes.ravel(), boxes.ravel(), MAX_HEAD_DIFFERENCE, MAX_HEAD_DIFFERENCE)
            if worst > MAX_HEAD_DIFFERENCE or not same:
                raise Refused("LiteRT's boxes or scores differ from TensorFlow's")
        return worst

    def _agreement(self, engine: str, entry: Entry, noise: float, most: int) -> Agreement:
        pictures = [sample.picture for sample in self._samples]
        answers = recording.detections(self._efs, self._signature, engine, entry, pictures)
        pairs = zip(self._samples, answers, strict=True)
        found = sum((agreement.compare(s.expected, answer, noise, most) for s, answer in pairs), Agreement())
        if found.ties > MAX_TIES * found.compared:
            raise Refused(f"{found.ties} of {found.compared} detections differ where scores are nearly equal")
        return found

    def _recorded(self, engine: str, entry: Entry) -> Entry:
        """Writes the list of what a cold start reads; without one the engine works, only slower."""
        _say(f"recording a cold start of {engine}")
        try:
            lines = recording.cold_start(self._efs, self._signature, engine, entry, self._samples[0].picture)
        except Exception as error:  # a kernel may not tell, for one
            _say(f"the reads of a cold start of {engine} were not recorded: {error}")
            return {}
        model = recording.model_files(self._efs, entry)
        paths = {line.split(" ", 2)[2] for line in model}
        lines = [line for line in lines if line.split(" ", 2)[2] not in paths] + model
        (self._out / f"{engine}.files").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        return {"files": f"prepared/{engine}.files"}


def _say(text: str) -> None:
    print(f"prepare: {text}", flush=True)

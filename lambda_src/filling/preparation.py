"""The steps to prepare a model for each engine: make its files, compare it with TensorFlow, see how it starts."""

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
from intact import checksum
from numpy.typing import NDArray
from problems import Problem
from tensorflow_engine import TensorFlowDetector
from tensors import HALF_PIXELS, fixed_size, image_tensor

from filling import agreement, halving, recording, samples
from filling.agreement import Agreement
from filling.cold_starts import ColdStarts
from filling.conversion import convert
from filling.graph_cut import Cut, find_cut
from filling.probing import Probe, Rows
from filling.resizing import Resized, find_altered, find_resized
from filling.saved_graph import Refused, SavedGraph, Unfit, open_graph, signature
from filling.saying import say
from filling.whole_graph import Whole, find_whole

Array = NDArray[Any]
Entry = dict[str, Any]

MAX_HEAD_DIFFERENCE = 1e-3
"""By how much a LiteRT model's boxes (relative to their size, or absolute) and scores may differ."""
MAX_TIES = 0.05
"""The share of detections that may have been decided by a tie."""
MANY_PICTURES = 2000
"""More are never made."""
MIN_COMPARED = 20
"""From both engines."""
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
        say("reading the graph")
        part = find_cut(self._graph, self._resized_names) or find_whole(self._graph, self._model)
        entry = self._convert(part)
        entry |= self._before_suppression(part, entry) if isinstance(part, Cut) else self._whole(part, entry)
        entry["weights"] = self._halved(part, entry)
        entry["checksums"] = {path: checksum(self._out / Path(path).name) for path in (entry["model"], entry["labels"])}
        return entry | self.cold_starts.recorded("litert", entry)

    def _before_suppression(self, cut: Cut, entry: Entry) -> Entry:
        """What numpy needs to do the rest, and how far all agrees with TensorFlow."""
        say("probing suppression and labels")
        more = self._probe(cut)
        say("comparing with TensorFlow")
        noise = self._heads_difference(cut, entry)
        most = more["suppression"]["max_total"]
        found, _ = self._agreement("litert", entry | more, self._samples, noise, most)
        return {**more, "agreement": {**asdict(found), "heads": noise, **self._pictures}}

    def _whole(self, whole: Whole, entry: Entry) -> Entry:
        """The labels, and how far the detections, which are all that there is to compare, agree with TensorFlow's."""
        more = self._labelled(whole.labels)
        say("comparing with TensorFlow")
        seen = self._telling_samples
        found, noise = self._agreement("litert", entry | more, seen, None, self._most)
        if found.compared < MIN_COMPARED:
            raise Refused(
                f"{found.compared} detections in {len(seen)} pictures were compared, {MIN_COMPARED} are needed; "
                "put pictures into the model's directory `samples`"
            )
        return {**more, "agreement": {**asdict(found), "scores": noise, "pictures": len(seen), "own": len(self._own)}}

    def _halved(self, part: Cut | Whole, entry: Entry) -> Entry:
        """Takes float16 weights where they were asked for, or are as good; which, why, and by how much they differ."""
        if self._weights == "float32":
            return {"format": "float32", "why": "as asked for"}
        whole, half = self._out / "detector.tflite", self._out / "half.tflite"
        found: Entry = {}
        try:
            if self._weights == "auto":
                halving.refuse_small(whole.stat().st_size, self._min_bytes)
            say("trying float16 weights")
            half.write_bytes(self._converted(part, is_half=True))
            self._try_half(entry, found)
        except Refused as error:
            if self._weights == "auto" or not half.exists():
                half.unlink(missing_ok=True)
                return {"format": "float32", "why": str(error), **found}
            found["differs"] = str(error)
        half.replace(whole)
        say(f"float16 weights, {whole.stat().st_size / 1e6:.1f} MB")
        why = "as good as float32" if self._weights == "auto" else "as asked for"
        return {"format": "float16", "why": why, **found}

    def _try_half(self, entry: Entry, found: Entry) -> None:
        """Notes what is found on the way. Raises Refused when float32 is better."""
        most = entry["suppression"]["max_total"] if "suppression" in entry else self._most
        half = {**entry, "model": "prepared/half.tflite"}
        pictures, expected = zip(*self._many_samples, strict=True)
        answers = recording.detections(self._efs, self._signature, "litert", half, pictures)
        found |= {"pictures": len(pictures), "detections": sum(map(halving.sure, expected))}
        found["agreement"] = asdict(halving.agreement(expected, answers, most))
        halving.refuse_few(expected)
        run = partial(recording.speed, self._efs, self._signature, "litert", pictures=pictures[: samples.USUAL])
        speeds = halving.speeds(run, [entry, half])
        found["speeds"] = {name: one._asdict() for name, one in zip(("float32", "float16"), speeds, strict=True)}
        halving.refuse_cost(*speeds)

    def _capi(self) -> Entry:
        say("comparing TensorFlow's C API with its Python")
        entry: Entry = {"input_size": self._size_taken()}
        found, _ = self._agreement("capi", entry, self._samples, CAPI_NOISE, self._most)
        entry["agreement"] = {**asdict(found), **self._pictures}
        return entry | self.cold_starts.recorded("capi", entry)

    @cached_property
    def cold_starts(self) -> ColdStarts:
        """How the engines start. Raises Unfit when the model takes no picture."""
        pictures = [sample.picture for sample in self._samples]
        return ColdStarts(self._efs, self._signature, self._out, pictures)

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

    @property
    def _most(self) -> int:
        """How many detections the model gives at most, as far as is seen."""
        return max(len(sample.expected) for sample in self._telling_samples)

    @cached_property
    def _telling_samples(self) -> list[Sample]:
        """The samples; more where the model finds nothing in these."""
        taken = list(self._samples)
        if not any(detection.score > 0 for sample in taken for detection in sample.expected):
            taken += self._looked_at(islice(samples.pictures(halving.MIN_PICTURES), samples.USUAL, None))
        return taken

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
            resized = self._resized
        except Exception:  # the graph cannot be frozen, say
            return None
        return resized.size if resized and resized.resize == HALF_PIXELS else None

    def _convert(self, part: Cut | Whole) -> Entry:
        """Writes the LiteRT model."""
        data, resized = self._converted(part), self._resized
        (self._out / "detector.tflite").write_bytes(data)
        say(f"converted to LiteRT, {len(data) / 1e6:.1f} MB")
        entry: Entry = {"input_size": resized.size if resized else self._input_size}
        if resized and resized.resize != HALF_PIXELS:
            entry["resize"] = resized.resize
        return {**entry, "model": "prepared/detector.tflite"}

    def _converted(self, part: Cut | Whole, is_half: bool = False) -> bytes:
        """The LiteRT model, which begins after the picture is resized where that is possible."""
        if self._resized is None:
            return convert(self._graph, self._graph.images, part.outputs, is_half)
        return convert(self._graph, self._resized.tensor, part.outputs, is_half, self._resized.of)

    @cached_property
    def _resized(self) -> Resized | None:
        """Where the graph has resized pictures of any size."""
        if self._input_size:
            return None
        tensors = list(self._graph.outputs.values())
        pictures = [sample.picture for sample in self._samples[: samples.USUAL : 2]]  # of all sizes
        return find_resized(self._graph.images, tensors) or find_altered(self._graph, tensors, pictures)

    @property
    def _resized_names(self) -> frozenset[str]:
        return frozenset([self._resized.tensor.name] if self._resized else [])

    def _labelled(self, labels: Sequence[str]) -> Entry:
        """Writes the labels."""
        (self._out / "labels.json").write_text(json.dumps(labels, ensure_ascii=False), encoding="utf-8")
        return {"labels": "prepared/labels.json"}

    def _probe(self, cut: Cut) -> Entry:
        """Writes the labels."""
        boxes, scores = self._fetch([cut.boxes, cut.scores], self._samples[0].picture)
        classes = scores.shape[-1]
        number = scores.size // classes
        answer = partial(self._answer, cut, boxes.shape, scores.shape)
        probe = Probe(answer, number, boxes.size // number // 4, classes)
        labels = probe.labels()
        return {**self._labelled(labels), "suppression": probe.suppression(cut.iou_threshold, labels)._asdict()}

    def _answer(
        self, cut: Cut, boxes_shape: Sequence[int], scores_shape: Sequence[int], boxes: Array, scores: Array
    ) -> Rows:
        """The detections that TensorFlow makes of heads, which it takes in these shapes."""
        feeds = {cut.boxes: boxes.reshape(boxes_shape), cut.scores: scores.reshape(scores_shape)}
        try:
            outputs = self._graph.run(list(self._graph.outputs.values()), feeds)
            found = detector.detections(*outputs, names=detector.label_names(self._model))
        except tf.errors.InvalidArgumentError as error:
            raise Refused(
                "the steps after suppression need more than boxes and scores, such as the picture's size"
            ) from error
        except UnicodeDecodeError as error:
            raise Unfit(f"the model's label is {error.object!r}: labels must be UTF-8") from error
        labels, values, corners = zip(*found, strict=True) if found else ((), (), ())
        return Rows(list(labels), np.asarray(values, np.float32), np.asarray(corners, np.float32).reshape(-1, 4))

    def _heads_difference(self, cut: Cut, entry: Entry) -> float:
        """The largest difference of scores. Raises Refused when they, or boxes, differ more than they may."""
        from litert import HEADS, Converted, as_heads

        with recording.filled(self._efs, self._signature, {}) as root:
            ours = Converted(root, entry, HEADS)
        worst = 0.0
        for picture, _ in self._samples:
            boxes, scores = self._fetch([cut.boxes, cut.scores], picture)
            our_boxes, our_scores = (head.copy() for head in as_heads(*ours(picture)))
            worst = max(worst, float(np.abs(our_scores.ravel() - scores.ravel()).max()))
            same = np.allclose(our_boxes.ravel(), boxes.ravel(), MAX_HEAD_DIFFERENCE, MAX_HEAD_DIFFERENCE)
            if worst > MAX_HEAD_DIFFERENCE or not same:
                raise Refused("LiteRT's boxes or scores differ from TensorFlow's")
        return worst

    def _agreement(
        self, engine: str, entry: Entry, seen: Sequence[Sample], noise: float | None, most: int
    ) -> tuple[Agreement, float]:
        """The agreement, and by how much scores differ between the engines: without `noise`, as far as is seen here."""
        pictures = [sample.picture for sample in seen]
        answers = recording.detections(self._efs, self._signature, engine, entry, pictures)
        pairs = [(sample.expected, answer) for sample, answer in zip(seen, answers, strict=True)]
        if noise is None:
            noise = max(agreement.score_difference(*pair) for pair in pairs)
        if noise > MAX_HEAD_DIFFERENCE:
            raise Refused("LiteRT's scores differ from TensorFlow's")
        found = sum((agreement.compare(*pair, noise, most) for pair in pairs), Agreement())
        if found.ties > MAX_TIES * found.compared:
            raise Refused(f"{found.ties} of {found.compared} detections differ where scores are nearly equal")
        return found, noise

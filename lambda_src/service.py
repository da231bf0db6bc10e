"""The way of a picture: event -> request -> bytes -> pixels -> detections -> verdict."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

import answers
import manifest
import packages
from detector import Detection, Detector, Loaded, SharedDetector
from problems import Problem
from request import Link, Page, Upload, parse, wants_reasons
from request_log import RequestLog
from settings import Settings

if TYPE_CHECKING:
    import batch
    import numpy as np
    from numpy.typing import NDArray

ANSWER_SECONDS = 3.0
"""What is left of the request's time for decoding, detecting and answering when a wait is given up."""
MODEL_SECONDS = 25.0
"""How long after its start a request gives up waiting for a picture or the model: API Gateway gives up after 29."""
_MIB = 1024 * 1024
_PART_FOR_LANES = 3
"""Of the function's memory, a third may be taken for looking at pictures side by side."""
NO_MODEL = ("model-unavailable", "model-failed")

Result = TypeVar("Result")


class Service:
    """The function without Lambda around it."""

    def __init__(
        self, settings: Settings, detector: SharedDetector, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.settings = settings
        self.detector = detector
        self.clock = clock

    def start(self) -> Future[Loaded]:
        """Begins what every picture needs, each in a thread: the model's loading, and imports from EFS.

        Raises Problem model-unavailable when there is no EFS to import from.
        """
        packages.add_to_path(self.settings.packages)
        Thread(target=self._import_fetch, name="import", daemon=True).start()
        return self.detector.start()

    def _import_fetch(self) -> None:
        """While a request imports what decodes pictures, and the detector what runs models; it will hear of errors."""
        with suppress(Exception):
            packages.read(self.settings)
            import fetch  # noqa: F401

    def answer(self, event: object, remaining_seconds: float, log: RequestLog) -> answers.Answer:
        """The answer to an event within `remaining_seconds`. Raises Problem when there is no good one."""
        request = parse(event)
        if isinstance(request, Page):
            model = manifest.about(self.settings)
            auth, target = self.settings.api_auth, self.settings.target_label
            return answers.page(head=request.head, auth=auth, model=model, target=target)
        try:
            return self._classify(request, remaining_seconds - ANSWER_SECONDS, log, wants_reasons(event))
        except ImportError as error:
            raise Problem("model-unavailable", "a package is missing or broken") from error

    def _classify(self, request: Link | Upload, seconds: float, log: RequestLog, explain: bool) -> answers.Answer:
        """`seconds` is how long the request may wait in all, for the packages, the picture's server and the model."""
        patience = min(seconds, MODEL_SECONDS)
        give_up = self.clock() + patience
        with log.timed("load"):
            packages.add_to_path(self.settings.packages)
            self.detector.start()  # goes on while the picture is fetched and decoded
            packages.read(self.settings, patience)
            import picture
        data = self._picture_bytes(request, give_up, log)
        log.note(picture_bytes=len(data), picture_sha256=hashlib.sha256(data).hexdigest())
        with log.timed("decode"):
            image = picture.decode(data)
        with log.timed("load"):
            loaded = self.detector.get(give_up - self.clock())
        detections = _detected(loaded, image, log)
        verdict = answers.verdict(detections, self.settings.min_score, self.settings.target_label)
        log.note(validated=verdict["validated"])
        return answers.ok(verdict, log.timings_ms(), **(self._about(loaded.detector) if explain else {}))

    def answer_batch(
        self,
        event: object,
        context: Any,
        remaining_seconds: float,
        log: RequestLog,
        connect: Callable[[], batch.Store] | None = None,
    ) -> dict[str, Any]:
        """The answer to a batch of pictures. Raises what `batch.answer` raises, and Failed when there is no model."""
        import batch
        import objects

        with log.timed("load"):
            packages.add_to_path(self.settings.packages)
            self.detector.start()  # goes on while boto3 is imported
            store = (connect or objects.connect)()
            loaded = _for_batches(lambda: self.detector.get(remaining_seconds - batch.RESERVE_SECONDS))
            import picture
        with log.timed("batch"):
            lanes = loaded.detector.lanes(self.settings.memory_mib * _MIB // _PART_FOR_LANES)
            free = SimpleQueue[Detector]()
            for detector in lanes:
                free.put(detector)
            found = batch.answer(event, context, partial(self._looked, free), picture.decode, store, lanes=len(lanes))
        log.note(
            engine=loaded.detector.engine,
            slower_because=loaded.reasons(),
            **{f"batch_{name}": found[name] for name in ("done", "left", "problems")},
        )
        return found

    def _looked(self, free: SimpleQueue[Detector], image: NDArray[np.uint8]) -> dict[str, Any]:
        """A picture's line in a batch: the verdict of a detector that nobody uses."""
        detector = free.get()
        try:
            detections = _for_batches(lambda: detector.detect(image))
        finally:
            free.put(detector)
        return _for_batches(lambda: answers.verdict(detections, self.settings.min_score, self.settings.target_label))

    def _about(self, detector: Detector) -> dict[str, Any]:
        """What a direct invocation is told of the model."""
        target = self.settings.target_label
        return {"model": {"engine": detector.engine, "labels": list(detector.labels), "target": target}}

    def _picture_bytes(self, request: Link | Upload, give_up: float, log: RequestLog) -> bytes:
        if isinstance(request, Upload):
            return request.data
        with log.timed("load"):
            import fetch
        with log.timed("fetch"):
            target = fetch.checked(request.url, self.settings.private_image_hosts)
            log.note(picture_host=urlsplit(target.url).hostname)
            return fetch.fetch(target, self.settings.private_image_hosts, give_up - self.clock())


def _detected(loaded: Loaded, image: NDArray[np.uint8], log: RequestLog) -> list[Detection]:
    """The objects in a picture. What ran, and why it is slow, is noted whatever comes of it."""
    try:
        with log.timed("detect"):
            return loaded.detector.detect(image)
    finally:
        log.note(engine=loaded.detector.engine, slower_because=loaded.reasons())


def _for_batches(act: Callable[[], Result]) -> Result:
    """The result; a model that is missing or does not work fails the whole batch: no picture is the reason."""
    try:
        return act()
    except Problem as problem:
        if problem.code in NO_MODEL:
            import batch

            raise batch.Failed(str(problem)) from problem
        raise

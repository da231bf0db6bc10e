"""What one request did and how long its stages took: the source of `timings_ms` and of its log line."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import metrics


class RequestLog:
    """Collects the fields and stage times of one request, also of one that fails half way."""

    def __init__(self, **fields: Any) -> None:
        self._fields = fields
        self._stages: dict[str, float] = {}
        self._started = time.perf_counter()

    def note(self, **fields: Any) -> None:
        """Adds fields to the log line. They must be JSON, and never a picture's URL or bytes."""
        self._fields.update(fields)

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Adds the time of the block to a stage."""
        started = time.perf_counter()
        try:
            yield
        finally:
            self._stages[stage] = self._stages.get(stage, 0.0) + time.perf_counter() - started

    def timings_ms(self) -> dict[str, float]:
        """Milliseconds by stage, in the order of their first use, and in total so far."""
        stages = {**self._stages, "total": time.perf_counter() - self._started}
        return {stage: round(seconds * 1000, 1) for stage, seconds in stages.items()}

    def line(self) -> str:
        """The request's log line with its metrics: one JSON object, so that nothing in it can forge another line."""
        known = {name: value for name, value in self._fields.items() if value not in (None, "", ())}
        fields = {**known, "timings_ms": self.timings_ms()}
        return json.dumps(metrics.embedded(fields, timestamp_ms=int(time.time() * 1000)), allow_nan=False)

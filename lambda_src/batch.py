"""A batch of pictures from a bucket, answered in one invocation: one line for each picture, one object for the batch.

The event is `{"batch": {"input": BUCKET, "keys": [...], "output": {"bucket": BUCKET, "prefix": PREFIX}}}`, as the state
machine of the block `batch` sends it. It comes from direct invocations alone: who writes it has the right to invoke
the function. A picture that cannot be answered has a line with its problem's code. What does not fit into the
invocation's time has no line: it is left, and comes again in a later batch.

The module needs nothing of the service, so that other functions can answer batches with it.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from ahead import Ahead
from objects import MAX_BYTES

RESERVE_SECONDS = 5.0
"""What is left of the invocation's time for the last picture and for writing."""
MOST_KEYS = 10_000
INTERNAL = "internal"

Ready = TypeVar("Ready")


class Store(Protocol):
    """What reads and writes, as `objects.Objects`."""

    def read(self, bucket: str, key: str, most: int = MAX_BYTES) -> bytes:
        """An object; an error with a text `code` is the object's own, any other one may pass."""

    def write(self, bucket: str, key: str, body: bytes, labels: dict[str, str]) -> None:
        """Writes an object."""


class Failed(RuntimeError):
    """Raised by who looks at pictures, when no picture can be answered: then the batch fails, and comes again."""


@dataclass(frozen=True)
class Batch:
    """What an event asks for."""

    source: str
    keys: tuple[str, ...]
    bucket: str
    prefix: str

    @property
    def key(self) -> str:
        """Where the answer goes. It follows from what is asked, so that doing it again writes the same object."""
        asked = json.dumps([self.source, *self.keys])
        return f"{self.prefix}{hashlib.sha256(asked.encode()).hexdigest()[:32]}.jsonl"


def is_batch(event: object) -> bool:
    """Whether a direct invocation's event asks for a batch. What an API sends has other fields at its top."""
    return isinstance(event, dict) and "batch" in event and not {"httpMethod", "requestContext"} & event.keys()


def parse(event: Any) -> Batch:
    """The batch of an event. Raises ValueError, which says what is wrong."""
    match event["batch"]:
        case {"input": str(source), "keys": [*keys], "output": {"bucket": str(bucket), "prefix": str(prefix)}}:
            if not keys or len(keys) > MOST_KEYS or not all(isinstance(key, str) and key for key in keys):
                raise ValueError(f"batch.keys must be 1 to {MOST_KEYS} texts")
            return Batch(source, tuple(dict.fromkeys(keys)), bucket, prefix)
    raise ValueError('a batch is {"input": BUCKET, "keys": [KEY, ...], "output": {"bucket": BUCKET, "prefix": PREFIX}}')


def answer(
    event: Any,
    context: Any,
    look: Callable[[Ready], dict[str, Any]],
    prepare: Callable[[bytes], Ready],
    store: Store,
    *,
    lanes: int = 1,
    clock: Callable[[], float] = time.monotonic,
) -> dict[str, Any]:
    """Answers the batch of an event, and returns how many of its pictures are done, and which are left.

    `prepare` makes of an object's bytes what `look` takes, in another thread; `look` returns the picture's line, a
    dict of JSON. `lanes` is how many pictures are looked at side by side, each in a thread. If one of them raises an
    exception, the line has the exception's `code`, if it has one, or `internal`.

    Raises:
        ValueError: The event is not a batch.
        Failed: `look` or `prepare` says that no picture can be answered.
    """
    batch, began = parse(event), clock()
    lines = _lines(batch, look, prepare, store, _Time(context, clock), lanes)
    done = {line["key"] for line in lines}
    if lines:
        seconds = round(clock() - began, 3)
        body = "".join(json.dumps(line, allow_nan=False) + "\n" for line in lines)
        store.write(batch.bucket, batch.key, body.encode(), {"seconds": str(seconds), "pictures": str(len(lines))})
    left = [key for key in batch.keys if key not in done]
    return {
        "done": len(done),
        "left": len(left),
        "keys": left,
        "problems": sum("problem" in line for line in lines),
        "seconds": round(clock() - began, 3),
    }


class _Time:
    """The time that is left of an invocation; `is_up` when the slowest picture so far would not fit any more."""

    def __init__(self, context: Any, clock: Callable[[], float]) -> None:
        self._context = context
        self._clock = clock
        self._last = clock()
        self._slowest = 0.0

    def is_up(self) -> bool:
        """Call it before each picture."""
        now = self._clock()
        self._slowest, self._last = max(self._slowest, now - self._last), now
        if self._context is None:
            return False
        return bool(self._context.get_remaining_time_in_millis() / 1000 < RESERVE_SECONDS + self._slowest)


def _lines(
    batch: Batch,
    look: Callable[[Ready], dict[str, Any]],
    prepare: Callable[[bytes], Ready],
    store: Store,
    time_left: _Time,
    lanes: int,
) -> list[dict[str, Any]]:
    """The lines of the pictures that were answered, in the order of their keys."""
    lines: list[dict[str, Any]] = []
    waiting: deque[tuple[str, Future[dict[str, Any]]]] = deque()

    def finish() -> None:
        key, line = waiting.popleft()
        with suppress(_Passing):
            lines.append({"key": key} | line.result() | {"key": key})

    reading = Ahead(batch.keys, lambda key: store.read(batch.source, key), prepare)
    with reading as ahead, ThreadPoolExecutor(lanes, "look") as looking:
        for key, ready in ahead:
            if time_left.is_up():
                break
            waiting.append((key, looking.submit(_judged, look, ready)))
            if len(waiting) == lanes:
                finish()
        while waiting:
            finish()
    return lines


class _Passing(Exception):
    """The picture could not be read for a reason that may pass: it is left."""


def _judged(look: Callable[[Ready], dict[str, Any]], ready: Callable[[], Ready]) -> dict[str, Any]:
    try:
        line = dict(look(ready()))
        json.dumps(line, allow_nan=False)  # a line that is no JSON is its picture's fault, and not the batch's
        return line
    except Failed:
        raise
    except Exception as error:  # a decoder or a model may raise anything on a damaged picture
        if _is_of_s3(error):
            raise _Passing from error
        return {"problem": str(getattr(error, "code", INTERNAL))}


def _is_of_s3(error: Exception) -> bool:
    """Whether boto3 says so, which has tried several times: S3 throttles, or the network is cut."""
    return type(error).__module__.startswith(("boto", "urllib3"))

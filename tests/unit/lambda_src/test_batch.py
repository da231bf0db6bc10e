"""A batch of pictures: one line each, in an object that follows from what is asked, within the invocation's time."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import batch
import pytest
from ahead import FETCHED, PREPARED, Ahead
from detector import Detector, Loaded, SharedDetector
from handler_helpers import HORSE, FakeDetector, context, encoded
from lambda_function import lambda_handler, respond_to_batch
from numpy.typing import NDArray
from objects import MAX_BYTES, Objects, Unreadable
from PIL import Image
from problems import Problem
from service import Service
from settings import Settings

PICTURE = encoded(Image.new("RGB", (8, 6)))
Asked = Callable[..., dict[str, Any]]


class Bucket:
    """A bucket in memory. What stands for an object may be an exception, which reading it raises."""

    def __init__(self, **content: bytes | Exception) -> None:
        self.content = content
        self.written: dict[str, bytes] = {}
        self.labels: dict[str, str] = {}

    def read(self, bucket: str, key: str, most: int = MAX_BYTES) -> bytes:
        found = self.content.get(key, Unreadable("picture-missing"))
        if isinstance(found, Exception):
            raise found
        return found

    def write(self, bucket: str, key: str, body: bytes, labels: dict[str, str]) -> None:
        self.written[f"{bucket}/{key}"] = body
        self.labels = labels

    @property
    def lines(self) -> list[dict[str, Any]]:
        (body,) = self.written.values()
        return [json.loads(line) for line in body.decode().splitlines()]


def event(*keys: str) -> dict[str, Any]:
    return {"batch": {"input": "in", "keys": list(keys), "output": {"bucket": "out", "prefix": "run/results/"}}}


class Reading(Service):
    """The service with a bucket in memory."""

    def __init__(self, settings: Settings, detector: SharedDetector, bucket: Bucket) -> None:
        super().__init__(settings, detector)
        self._bucket = bucket

    def answer_batch(
        self, event: object, context: Any, remaining_seconds: float, log: Any, connect: Any = None
    ) -> dict[str, Any]:
        return super().answer_batch(event, context, remaining_seconds, log, lambda: self._bucket)


@pytest.fixture
def ask(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Asked:
    """Asks the function: event, bucket -> what it returns; the log line is under `log`."""

    def ask(event: object, bucket: Bucket, detector: Detector | None = None) -> dict[str, Any]:
        service = Reading(
            Settings(root=tmp_path, packages=tmp_path, model=tmp_path),
            SharedDetector(lambda: Loaded(detector or FakeDetector(HORSE))),
            bucket,
        )
        capsys.readouterr()
        found = respond_to_batch(lambda: service, event, context(90_000), cold=False)
        return {**found, "log": json.loads(capsys.readouterr().out)}

    return ask


def test_each_picture_has_a_line_in_one_object(ask: Asked) -> None:
    bucket = Bucket(a=PICTURE, b=PICTURE)
    found = ask(event("a", "b"), bucket)
    assert (found["done"], found["left"], found["keys"], found["problems"]) == (2, 0, [], 0)
    assert [line["key"] for line in bucket.lines] == ["a", "b"]
    assert bucket.lines[0]["validated"] is True
    assert bucket.lines[0]["detections"] == [{"label": "Horse", "score": 0.9, "box": [0.1, 0.2, 0.3, 0.4]}]
    assert bucket.labels["pictures"] == "2"
    assert (found["log"]["batch_done"], found["log"]["engine"]) == (2, "fake")


def test_doing_it_again_writes_the_same_object(ask: Asked) -> None:
    first, second, other = Bucket(a=PICTURE, b=b"no picture"), Bucket(a=PICTURE, b=b"no picture"), Bucket(a=PICTURE)
    ask(event("a", "b"), first)
    ask(event("a", "b"), second)
    ask(event("a"), other)
    assert first.written == second.written
    assert next(iter(first.written)).startswith("out/run/results/")
    assert set(first.written) != set(other.written)


def test_a_picture_that_cannot_be_answered_is_a_line(ask: Asked) -> None:
    bucket = Bucket(
        text=b"no picture", cut=PICTURE[:40], secret=Unreadable("picture-denied"), large=Unreadable("image-too-large")
    )
    found = ask(event("text", "cut", "secret", "gone", "large"), bucket)
    assert {line["key"]: line["problem"] for line in bucket.lines} == {
        "text": "unsupported-image",
        "cut": "undecodable-image",
        "secret": "picture-denied",
        "gone": "picture-missing",
        "large": "image-too-large",
    }
    assert (found["done"], found["problems"], found["left"]) == (5, 5, 0)


def test_an_unexpected_error_concerns_one_picture(ask: Asked) -> None:
    class Picky(FakeDetector):
        def detect(self, image: NDArray[Any]) -> list[Any]:
            if image.shape[0] == 7:
                raise ZeroDivisionError
            return super().detect(image)

    bucket = Bucket(a=PICTURE, odd=encoded(Image.new("RGB", (7, 7))), b=PICTURE)
    ask(event("a", "odd", "b"), bucket, Picky(HORSE))
    assert [line.get("problem", "") for line in bucket.lines] == ["", "internal", ""]


@pytest.mark.parametrize("line", [{"score": float("nan")}, {"body": b"bytes"}, None], ids=str)
def test_a_line_that_is_no_json_concerns_one_picture(line: Any) -> None:
    bucket = Bucket(a=b"fine", b=b"odd")
    batch.answer(event("a", "b"), None, lambda data: {"fine": True} if data == b"fine" else line, bytes, bucket)
    assert bucket.lines == [{"key": "a", "fine": True}, {"key": "b", "problem": "internal"}]


def test_a_line_s_own_key_takes_no_other_picture_s_place() -> None:
    bucket = Bucket(a=b"1", b=b"2")
    found = batch.answer(event("a", "b"), None, lambda data: {"key": "a", "message": "yes"}, bytes, bucket)
    assert bucket.lines == [{"key": "a", "message": "yes"}, {"key": "b", "message": "yes"}]
    assert (found["done"], found["left"]) == (2, 0)


def test_without_a_model_the_batch_fails_and_nothing_is_written(ask: Asked) -> None:
    class Broken(FakeDetector):
        def detect(self, image: NDArray[Any]) -> list[Any]:
            raise Problem("model-failed", "no scores")

    bucket = Bucket(a=PICTURE)
    with pytest.raises(batch.Failed, match="model-failed: no scores"):
        ask(event("a"), bucket, Broken())
    assert bucket.written == {}


def test_what_passes_is_left_for_later(ask: Asked) -> None:
    from botocore.exceptions import EndpointConnectionError

    bucket = Bucket(a=PICTURE, b=EndpointConnectionError(endpoint_url="https://s3"))
    found = ask(event("a", "b"), bucket)
    assert (found["done"], found["left"], found["keys"]) == (1, 1, ["b"])
    assert [line["key"] for line in bucket.lines] == ["a"]


def test_what_does_not_fit_into_the_time_is_left(ask: Asked) -> None:
    remaining = iter([60_000, 40_000, 20_000, 4_999])
    watched = SimpleNamespace(get_remaining_time_in_millis=lambda: next(remaining))
    bucket = Bucket(**dict.fromkeys("abcdef", PICTURE))
    found = batch.answer(event(*"abcdef"), watched, lambda data: {"bytes": len(data)}, bytes, bucket)
    assert (found["done"], found["keys"]) == (3, ["d", "e", "f"])
    assert [line["key"] for line in bucket.lines] == ["a", "b", "c"]


def test_the_slowest_picture_must_fit_once_more() -> None:
    ticks = iter([50.0, 50.0, 50.0, 59.0, 59.0, 59.0])  # the first picture took 9 s
    clock, remaining, bucket = partial(next, ticks), iter([60_000, 13_999]), Bucket(a=b"1", b=b"2")
    watched = SimpleNamespace(get_remaining_time_in_millis=lambda: next(remaining))
    found = batch.answer(event("a", "b"), watched, lambda data: {}, bytes, bucket, clock=clock)
    assert (found["keys"], found["seconds"]) == (["b"], 9.0)
    assert bucket.labels == {"seconds": "9.0", "pictures": "1"}


def test_pictures_are_looked_at_side_by_side_and_stay_in_order() -> None:
    """Nobody looks until two do."""
    both, bucket = threading.Barrier(2, timeout=60), Bucket(a=b"1", b=b"2", c=b"3", d=b"4")

    def look(data: bytes) -> dict[str, Any]:
        both.wait()
        return {"message": data.decode()}

    found = batch.answer(event("a", "b", "c", "d"), None, look, bytes, bucket, lanes=2)
    assert (found["done"], [line["message"] for line in bucket.lines]) == (4, ["1", "2", "3", "4"])


def test_each_lane_has_a_detector_of_its_own(ask: Asked) -> None:
    class Alone(FakeDetector):
        def __init__(self) -> None:
            super().__init__(HORSE)
            self.free, self.others = threading.Lock(), [self]

        def lanes(self, memory: int) -> list[FakeDetector]:
            assert memory == 3008 * 1024 * 1024 // 3
            return [*self.others, Alone()]

        def detect(self, image: NDArray[Any]) -> list[Any]:
            assert self.free.acquire(blocking=False), "another thread asks it"
            try:
                time.sleep(0.01)
                return super().detect(image)
            finally:
                self.free.release()

    keys = [str(number) for number in range(12)]
    bucket = Bucket(**dict.fromkeys(keys, PICTURE))
    found = ask(event(*keys), bucket, Alone())
    assert (found["done"], found["problems"]) == (12, 0), bucket.lines


def test_no_time_at_all_writes_nothing() -> None:
    late, bucket = SimpleNamespace(get_remaining_time_in_millis=lambda: 100), Bucket(a=PICTURE)
    assert batch.answer(event("a"), late, lambda data: {}, bytes, bucket)["left"] == 1
    assert bucket.written == {}


@pytest.mark.parametrize(
    "asked",
    [
        None,
        {},
        {"input": "in", "keys": [], "output": {"bucket": "out", "prefix": ""}},
        {"input": "in", "keys": ["a"] * (batch.MOST_KEYS + 1), "output": {"bucket": "out", "prefix": ""}},
        {"input": "in", "keys": [1], "output": {"bucket": "out", "prefix": ""}},
        {"input": "in", "keys": "abc", "output": {"bucket": "out", "prefix": ""}},
        {"input": "in", "keys": ["a"], "output": "out"},
    ],
)
def test_a_wrong_batch_fails(ask: Asked, asked: object) -> None:
    with pytest.raises(ValueError, match=r"batch"):
        ask({"batch": asked}, Bucket())


def test_a_batch_is_taken_from_direct_invocations_alone() -> None:
    posted = {"httpMethod": "POST", "headers": {}, "body": "{}", "batch": event("a")["batch"]}
    assert not batch.is_batch(posted)
    assert lambda_handler(posted, context())["statusCode"] == 400


def test_a_key_that_stands_twice_has_one_line(ask: Asked) -> None:
    bucket = Bucket(a=PICTURE)
    assert ask(event("a", "a"), bucket)["done"] == 1
    assert len(bucket.lines) == 1
    assert batch.parse(event(*["a"] * batch.MOST_KEYS)).keys == ("a",)


def test_little_lies_ready_however_slow_the_looking_is() -> None:
    fetched, prepared = Counted(), Counted()
    with Ahead(range(50), fetched, prepared) as ahead:
        for item, ready in ahead:
            assert ready() == item
            time.sleep(0.002)
            assert fetched.times <= item + FETCHED
            assert prepared.times <= item + 1 + PREPARED
    assert prepared.times == 50


class Counted:
    """Gives back what it gets."""

    times = 0

    def __call__(self, item: int) -> int:
        self.times += 1
        return item


def test_the_next_pictures_are_fetched_while_one_is_looked_at() -> None:
    both = threading.Barrier(2, timeout=10)
    with Ahead("ab", lambda item: item, lambda raw: both.wait() if raw == "b" else 0) as ahead:
        for item, ready in ahead:
            if item == "a":
                ready()
                both.wait()  # passes only while "b" is prepared


def test_who_stops_early_leaves_no_thread_behind() -> None:
    def workers() -> list[str]:
        return [one.name for one in threading.enumerate() if one.name.startswith(("fetch", "prepare"))]

    with Ahead(range(100), lambda item: item, lambda raw: raw) as ahead:
        for item, ready in ahead:
            ready()
            if item == 3:
                assert workers()
                break
    deadline = time.monotonic() + 10
    while workers() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert workers() == []


class Client:
    """S3 as boto3 shows it."""

    def __init__(self, code: str = "", length: int = 3, body: bytes = b"abc") -> None:
        self.code, self.length, self.body = code, length, body

    def get_object(self, **asked: str) -> dict[str, Any]:
        from io import BytesIO

        from botocore.exceptions import ClientError

        if self.code:
            raise ClientError({"Error": {"Code": self.code}}, "GetObject")
        return {"ContentLength": self.length, "Body": BytesIO(self.body)}


def test_objects_are_read_within_bounds() -> None:
    assert Objects(Client()).read("in", "a") == b"abc"
    for client in (Client(length=MAX_BYTES + 1), Client(length=3, body=b"abcdef")):
        with pytest.raises(Unreadable, match="image-too-large"):
            Objects(client).read("in", "a", MAX_BYTES if client.length > 3 else 5)


@pytest.mark.parametrize(("code", "told"), [("NoSuchKey", "picture-missing"), ("AccessDenied", "picture-denied")])
def test_why_an_object_cannot_be_read_is_told(code: str, told: str) -> None:
    with pytest.raises(Unreadable) as caught:
        Objects(Client(code)).read("in", "a")
    assert caught.value.code == told


def test_what_s3_cannot_do_at_present_is_no_fault_of_the_picture() -> None:
    with pytest.raises(Exception, match="SlowDown"):
        Objects(Client("SlowDown")).read("in", "a")

"""One process of the function, as Lambda runs it: `python -I -S -B worker.py JOB`, JOB being JSON.

Answers one event, which is the cold start, and says on stdout how long it took. Then each line on stdin asks for
more (`{"requests": 20}`, `{"seconds": 5}`, `{"pairs": 20}` or `{"batch": 100, "runtime": PATH}`) and gets a line.
Imports as little as it can before the handler, since what it imports would be missing from the handler's own time.
"""

from __future__ import annotations

import json
import os
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TextIO

    Handler = Callable[[dict[str, Any], None], dict[str, Any]]

_STARTED = time.monotonic()  # of one clock for all processes
_AT_ONCE_MS = 500


def main() -> None:
    """Cold start, then what stdin asks for."""
    replies = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # what the handler prints is no reply
    job = json.loads(sys.argv[1])
    handler, stages = _import(job["source"], job["handler"])
    event = {
        "httpMethod": "POST",
        "headers": {"Content-Type": "application/json"},
        "body": json.dumps({"url": job["url"]}),
        "isBase64Encoded": False,
    }
    answer, requests, waited = _first_verdict(handler, event)
    total = (time.monotonic() - job["spawned"]) * 1000
    stages = _cold_stages(job, stages, answer, waited)
    _reply(replies, status=answer["statusCode"], requests=requests, stages_ms=stages, total_ms=total)
    for line in sys.stdin:
        match json.loads(line):
            case {"requests": count}:
                _reply(replies, milliseconds=[_timed(handler, event) for _ in range(count)])
            case {"seconds": seconds}:
                _reply(replies, milliseconds=_for_seconds(handler, event, seconds))
            case {"pairs": count}:
                _reply(replies, **_pairs(handler, event, count))
            case {"batch": count, "runtime": path}:
                sys.path += [path] * (path not in sys.path)  # after all, as Lambda's own packages are
                _reply(replies, **_batch(handler, event, count))
    os._exit(0)  # the libraries' own clean-up takes up to a second


def _import(source: str, name: str) -> tuple[Handler, dict[str, float]]:
    """The handler's function, and the stages of its import in milliseconds."""
    sys.path.insert(0, source)
    began = time.perf_counter()
    module = __import__(name)
    took = (time.perf_counter() - began) * 1000
    return module.lambda_handler, getattr(module, "IMPORT_STAGES_MS", {"import": took})


def _first_verdict(handler: Handler, event: dict[str, Any]) -> tuple[dict[str, Any], int, float]:
    """The first answer that is not "the model is still being loaded", its number, and the ms that others took.

    Such a 503 comes after a long wait; one that comes at once says that loading has failed.
    """
    waits: list[float] = []
    while True:
        began = time.perf_counter()
        answer = handler(event, None)
        took = (time.perf_counter() - began) * 1000
        if answer["statusCode"] != 503 or took < _AT_ONCE_MS:
            return answer, len(waits) + 1, sum(waits)
        waits.append(took)


def _cold_stages(
    job: dict[str, Any], imported: dict[str, float], answer: dict[str, Any], waited: float
) -> dict[str, float]:
    stages = {"python": (_STARTED - job["spawned"]) * 1000, **imported}
    stages |= json.loads(answer["body"]).get("timings_ms", {})
    return {**stages, "load": stages.get("load", 0.0) + waited}


def _timed(handler: Handler, event: dict[str, Any]) -> float:
    began = time.perf_counter()
    answer = handler(event, None)
    took = (time.perf_counter() - began) * 1000
    assert answer["statusCode"] == 200, answer
    return took


def _for_seconds(handler: Handler, event: dict[str, Any], seconds: float) -> list[float]:
    end = time.perf_counter() + seconds
    times = []
    while time.perf_counter() < end:
        times.append(_timed(handler, event))
    return times


def _pairs(handler: Handler, event: dict[str, Any], count: int) -> dict[str, list[float]]:
    """In turns: what a request spends outside of fetch and decode, and a bare call of the engine on that picture."""
    detect = _bare(event)
    requests, bare, totals = [], [], []
    for _ in range(count):
        began = time.perf_counter()
        answer = handler(event, None)
        totals.append((time.perf_counter() - began) * 1000)
        stages = json.loads(answer["body"])["timings_ms"]
        requests.append(totals[-1] - stages["fetch"] - stages["decode"])
        began = time.perf_counter()
        detect()
        bare.append((time.perf_counter() - began) * 1000)
    return {"totals": totals, "requests": requests, "bare": bare}


def _bare(event: dict[str, Any]) -> Callable[[], object]:
    """A call of the engine on the event's picture, which is decoded already."""
    import urllib.request

    import lambda_function
    import picture

    with urllib.request.urlopen(json.loads(event["body"])["url"]) as response:
        image = picture.decode(response.read())
    detector = lambda_function._service().detector.get(0).detector
    return lambda: detector.detect(image)


def _batch(handler: Handler, event: dict[str, Any], count: int) -> dict[str, tuple[float, float]]:
    """Milliseconds by the clock and of CPU: of a batch of so many pictures in S3, and of as many bare calls."""
    asked = {"input": "in", "keys": [f"{key}.jpg" for key in range(count)], "output": {"bucket": "out", "prefix": ""}}
    detect = _bare(event)

    def bare() -> None:
        for _ in range(count):
            detect()

    def batch() -> None:
        found = handler({"batch": asked}, None)
        assert (found["done"], found["problems"]) == (count, 0), found

    return {"batch": _spent(batch), "bare": _spent(bare)}


def _spent(act: Callable[[], None]) -> tuple[float, float]:
    clock, cpu = time.perf_counter(), time.process_time()
    act()
    return (time.perf_counter() - clock) * 1000, (time.process_time() - cpu) * 1000


def _peak_mb() -> float:
    """The process's peak resident memory in MB, files that it maps included."""
    with open("/proc/self/status") as file:
        (kilobytes,) = (line.split()[1] for line in file if line.startswith("VmHWM:"))
    return int(kilobytes) * 1024 / 1e6


def _reply(replies: TextIO, **fields: Any) -> None:
    replies.write(json.dumps({**fields, "peak_mb": _peak_mb()}) + "\n")


if __name__ == "__main__":
    main()

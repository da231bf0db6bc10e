"""Which engine shall serve: the one with the least time per request, cold starts included, as measured here.

No order is right for every model: LiteRT starts ten times sooner than TensorFlow, but may run a model more slowly.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

SHARE_OF_COLD = 0.05
"""Of 20 requests one starts an instance: in a workshop people send a few pictures at a time, and Lambda ends an
instance that waits for some minutes."""
READ_MIB_PER_SECOND = 45
"""What 15 MiB/s of provisioned throughput gives to reads, which EFS counts as a third:
https://docs.aws.amazon.com/efs/latest/ug/performance.html. What is measured here reads from a local disk."""

_MORE_TURNS = 2
_CLOSE = 2.0
"""An engine that takes so many times as long in the first turn is not measured again."""


class Times(NamedTuple):
    """Of one process: milliseconds from its start to its first answer, and the median of a picture afterwards."""

    cold_ms: float
    warm_ms: float


Run = Callable[[str], Times]
"""An engine -> its times in a new process. It may raise any error."""


def choice(run: Run, engines: Sequence[str], read: Mapping[str, int], ask: Callable[[str], int]) -> dict[str, Any]:
    """The manifest's entry: the engines, the best first, and the figures. One that fails is left out.

    `read` is how many bytes a cold start reads, as far as that is known. `ask` finds it out, which takes a while: so
    only for engines that would not be far behind if they read nothing. Others, and those for which it says 0 since it
    cannot tell, are taken to read as much as any.
    """
    measured, read = _measured(run, engines), dict(read)
    for engine in _close(measured, read):
        if engine not in read:
            read[engine] = ask(engine) or max(read.values(), default=0)
    close = _close(measured, read)
    for _ in range(_MORE_TURNS if len(close) > 1 else 0):  # in turns, so that the machine's moods hit all alike
        for engine, times in _measured(run, close).items():
            measured[engine] += times
    most = max(read.values(), default=0)
    figures = {engine: _figures(times, read.get(engine, most)) for engine, times in measured.items()}
    for engine in figures.keys() - read.keys():
        del figures[engine]["read_mb"]  # which nobody has seen
    return {
        "order": sorted(figures, key=lambda engine: figures[engine]["request_ms"]),
        "share_of_cold": SHARE_OF_COLD,
        "read_mib_per_second": READ_MIB_PER_SECOND,
        "measured": figures,
    }


def _measured(run: Run, engines: Sequence[str]) -> dict[str, list[Times]]:
    found = {}
    for engine in engines:
        with suppress(Exception):  # an engine may fail in any way
            found[engine] = [run(engine)]
    return found


def _close(measured: Mapping[str, list[Times]], read: Mapping[str, int]) -> list[str]:
    """The engines that may be the best; what is not known to be read counts as nothing for them, not against others."""
    requests = {engine: _figures(times, read.get(engine))["request_ms"] for engine, times in measured.items()}
    least = min((request for engine, request in requests.items() if engine in read), default=float("inf"))
    return [engine for engine, request in requests.items() if request <= _CLOSE * least]


def _figures(measured: Sequence[Times], read: int | None) -> dict[str, float]:
    """`request_ms` is what a request takes on average; `read_mb` is left out where it was not asked for."""
    cold, warm = map(statistics.median, zip(*measured, strict=True))
    reading = 1000 * (read or 0) / (READ_MIB_PER_SECOND << 20)
    request = SHARE_OF_COLD * (cold + reading) + (1 - SHARE_OF_COLD) * warm
    figures = {"cold_ms": cold, "warm_ms": warm, "request_ms": request}
    return {
        name: round(value, 1) for name, value in (figures | ({} if read is None else {"read_mb": read / 1e6})).items()
    }

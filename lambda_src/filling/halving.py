"""Weights of half the size, float16 in place of float32: a cold start that is bound by bytes then reads half the model.

Which numbers change is not known beforehand, so the model is tried: it is accepted by the rule of every engine, with
more pictures, and only where it is neither slower nor larger in memory.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from detector import Detection

from filling.agreement import MIN_SCORE, Agreement, compare
from filling.saved_graph import Refused

MIN_PICTURES = 60
MIN_DETECTIONS = 100
"""Above MIN_SCORE; fewer show little."""
LOOK_SECONDS = 90.0
"""For how long pictures are made, and looked at, until there are so many detections."""
MIN_BYTES = 15_000_000
"""A quarter of a cold start's bytes with LiteRT: half of less gains less than an eighth."""
SLOWER = 1.05
"""By which factor warm times may differ: less is noise of the measurement."""
LARGER = 1.02
_TURNS = 3
_MOST_TURNS = 8
"""As long as float16 seems slower: on a busy machine a few processes show little."""


class Speed(NamedTuple):
    """Of warm runs on one picture after the other: what one takes in milliseconds, and the peak memory in MB."""

    milliseconds: float
    peak_mb: float


def agreement(expected: Sequence[Sequence[Detection]], found: Sequence[Sequence[Detection]], most: int) -> Agreement:
    """How far the answers on each picture agree with TensorFlow's; no rounding excuses another answer.

    Raises Refused when one differs.
    """
    agreed, faults = Agreement(), []
    for one, other in zip(expected, found, strict=True):
        try:
            agreed += compare(one, other, 0.0, most, least=0)
        except Refused as error:
            faults.append(error)
    if faults:
        raise Refused(f"float16 finds other things in {len(faults)} of {len(expected)} pictures: {faults[0]}")
    return agreed


def sure(answer: Sequence[Detection]) -> int:
    """How many of the detections show whether two engines agree."""
    return sum(detection.score >= MIN_SCORE for detection in answer)


def refuse_small(size: int, least: int) -> None:
    """Raises Refused for a model of so few bytes that half of it is not worth the trial."""
    if size < least:
        raise Refused(f"a model of {size / 1e6:.1f} MB is read at once")


def refuse_few(expected: Sequence[Sequence[Detection]]) -> None:
    """Raises Refused when too little was seen to tell."""
    seen = sum(map(sure, expected))
    if len(expected) < MIN_PICTURES or seen < MIN_DETECTIONS:
        raise Refused(
            f"float16 was compared on {len(expected)} pictures with {seen} detections above {MIN_SCORE}: "
            f"{MIN_PICTURES} and {MIN_DETECTIONS} are needed; show it pictures of your own with --samples"
        )


def speeds(run: Callable[[Mapping[str, Any]], Speed], entries: Sequence[Mapping[str, Any]]) -> list[Speed]:
    """The speed of each entry: the best of processes that take turns, so that the machine's moods hit all alike."""
    turns = [[run(entry) for entry in entries] for _ in range(_TURNS)]
    while len(turns) < _MOST_TURNS and _is_slower(*_best(turns)):
        turns.append([run(entry) for entry in entries])
    return _best(turns)


def _best(turns: Sequence[Sequence[Speed]]) -> list[Speed]:
    return [
        Speed(min(one.milliseconds for one in those), statistics.median(one.peak_mb for one in those))
        for those in zip(*turns, strict=True)
    ]


def _is_slower(whole: Speed, half: Speed) -> bool:
    return half.milliseconds > SLOWER * whole.milliseconds


def refuse_cost(whole: Speed, half: Speed) -> None:
    """Raises Refused when half the bytes are slower to run, or take more memory, than all of them."""
    if _is_slower(whole, half):
        raise Refused(
            f"float16 is slower when warm: {half.milliseconds:.1f} ms, float32 {whole.milliseconds:.1f} ms a picture"
        )
    if half.peak_mb > LARGER * whole.peak_mb:
        raise Refused(f"float16 takes more memory: {half.peak_mb:.0f} MB, float32 {whole.peak_mb:.0f} MB")

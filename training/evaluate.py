"""How often the shipped detector is right on drawn pictures it never saw: `python training/evaluate.py`.

A picture is validated when the best detection labeled Horse scores at least the threshold, exactly as the
deployed function decides it, and goes through the SavedModel at its full size. Exits 1 below 97 % right.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf
from PIL import Image
from scenes import TARGET, TEST_SEEDS, draw

DETECTOR = Path(__file__).resolve().parent.parent / "wildrydes_ml" / "workshop" / "detector"
GOAL = 0.97
THRESHOLDS = (0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.6, 0.7)

Detections = dict[str, Any]


class Judged(NamedTuple):
    seed: int
    style: str
    kinds: tuple[str, ...]
    truth: bool
    score: float  # of the best detection labeled Horse, 0 without one


class SavedDetector:
    """A SavedModel as a function of a picture, with the deployed function's preprocessing of an RGB picture."""

    def __init__(self, directory: Path) -> None:
        self._model = tf.saved_model.load(str(directory))
        self._signature = self._model.signatures["default"]
        (self._input,) = self._signature.structured_input_signature[1]

    def __call__(self, picture: Image.Image) -> Detections:
        pixels = np.asarray(picture.convert("RGB"), dtype=np.float32) / 255.0
        outputs = self._signature(**{self._input: tf.constant(pixels[None])})
        return {name: value.numpy() for name, value in outputs.items()}


def target_score(detections: Detections) -> float:
    matching = detections["detection_class_entities"] == TARGET.encode()
    return float(detections["detection_scores"][matching].max(initial=0.0))


def judge(detect: SavedDetector, seed: int) -> Judged:
    scene = draw(seed)
    kinds = tuple(thing.kind for thing in scene.things)
    return Judged(seed, scene.style, kinds, scene.has_horse, target_score(detect(scene.picture)))


def accuracy(results: Sequence[Judged], threshold: float) -> float:
    return sum((r.score >= threshold) == r.truth for r in results) / len(results)


def _counted(words: Iterable[str]) -> str:
    return ", ".join(f"{word} {count}" for word, count in Counter(words).most_common()) or "none"


def sweep(results: Sequence[Judged]) -> list[str]:
    """For every threshold: share of right answers, horses missed, others validated."""
    lines = ["MinScore   right  missed  wrongly validated"]
    for threshold in THRESHOLDS:
        missed = sum(r.truth and r.score < threshold for r in results)
        wrongly = sum(not r.truth and r.score >= threshold for r in results)
        lines.append(f"{threshold:>8}  {accuracy(results, threshold):6.2%}  {missed:>6}  {wrongly:>17}")
    return lines


def report(results: Sequence[Judged], threshold: float) -> str:
    """The table that a person reads: accuracy, confusion, what went wrong, other thresholds."""
    cells = Counter((r.truth, r.score >= threshold) for r in results)
    wrong = [r for r in results if (r.score >= threshold) != r.truth]
    false_kinds = [kind for r in wrong if not r.truth for kind in dict.fromkeys(r.kinds)]
    lines = [
        f"{len(results)} pictures, seeds {results[0].seed}..{results[-1].seed}, MinScore {threshold}",
        f"right: {accuracy(results, threshold):.2%}",
        "                  validated  not validated",
        f"horse or unicorn  {cells[True, True]:>9}  {cells[True, False]:>13}",
        f"neither           {cells[False, True]:>9}  {cells[False, False]:>13}",
        f"wrong, by style: {_counted(r.style for r in wrong)}",
        f"wrongly validated, by what is in them: {_counted(false_kinds)}",
        f"wrong, by seed: {', '.join(str(r.seed) for r in wrong) or 'none'}",
        *sweep(results),
    ]
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=DETECTOR, help="a SavedModel (default: the shipped one)")
    parser.add_argument("--pictures", type=int, default=600)
    parser.add_argument("--first-seed", type=int, default=TEST_SEEDS.start, help="test seeds start at %(default)s")
    parser.add_argument("--min-score", type=float, default=0.3)
    options = parser.parse_args()
    detect = SavedDetector(options.model)
    seeds = range(options.first_seed, options.first_seed + options.pictures)
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(lambda seed: judge(detect, seed), seeds))
    print(report(results, options.min_score))
    return 0 if accuracy(results, options.min_score) >= GOAL else 1


if __name__ == "__main__":
    sys.exit(main())

"""Makes a score mean something: the shipped model's boundary between horse and no horse lies at `BOUNDARY`.

Focal loss leaves scores crowded around one half. A logistic curve through the target's best logit of each of
some pictures that were not trained on (Platt 1999) gives a slope and a shift, the same for every label, that
go into the weights of the class heads.
"""

from __future__ import annotations

import numpy as np
from dataset import Examples
from network import Detector, heads
from numpy.typing import NDArray
from scenes import LABELS, TARGET

BOUNDARY = 0.3  # the deployed function's default MinScore
NEWTON_STEPS, RIDGE = 30, 1e-3

Weights = dict[str, NDArray[np.float32]]


def target_logits(weights: Weights, pictures: NDArray[np.uint8], batch: int = 100) -> NDArray[np.float64]:
    """The target's best logit anywhere in each picture [N, 160, 160, 3]."""
    detector, best = Detector(weights), []
    for start in range(0, len(pictures), batch):
        logits, _ = heads(detector.convolution, pictures[start : start + batch].astype(np.float32) / 255.0)
        best.append(logits.numpy()[..., LABELS.index(TARGET)].max(axis=1))
    return np.concatenate(best).astype(np.float64)


def logistic_fit(logits: NDArray[np.float64], truths: NDArray[np.bool_]) -> tuple[float, float]:
    """Slope and shift so that sigmoid(slope * logit + shift) is the chance that the truth is true."""
    columns, parameters = np.stack([logits, np.ones_like(logits)], axis=1), np.array([1.0, 0.0])
    for _ in range(NEWTON_STEPS):
        chance = 0.5 * (1 + np.tanh(columns @ parameters / 2))
        gradient = columns.T @ (chance - truths) + RIDGE * parameters
        hessian = (columns * (chance * (1 - chance))[:, None]).T @ columns + RIDGE * np.eye(2)
        parameters = parameters - np.linalg.solve(hessian, gradient)
    return float(parameters[0]), float(parameters[1])


def fit(weights: Weights, data: Examples) -> tuple[float, float]:
    """Slope and shift for these weights: an even chance gets the score `BOUNDARY`."""
    truths = (data.labels == LABELS.index(TARGET)).any(axis=1)
    slope, shift = logistic_fit(target_logits(weights, data.pictures), truths)
    return slope, shift + float(np.log(BOUNDARY / (1 - BOUNDARY)))


def apply(weights: Weights, slope: float, shift: float) -> Weights:
    """The weights with every class logit x replaced by slope * x + shift."""
    changed = {}
    for name, value in weights.items():
        if name.startswith("classes"):
            value = value * slope + (shift if name.endswith("_bias") else 0.0)
        changed[name] = value.astype(np.float32)
    return changed

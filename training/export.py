"""Checkpoint to SavedModel: folds batch normalization and calibration into the weights and writes what ships.

`python training/export.py` makes `wildrydes_ml/workshop/detector` again from the checkpoint of the last training.
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Mapping
from pathlib import Path

import calibration
import numpy as np
import tensorflow as tf
from network import Detector
from numpy.typing import NDArray

DETECTOR = Path(__file__).resolve().parent.parent / "wildrydes_ml" / "workshop" / "detector"
EPSILON = 1e-3  # of Keras' BatchNormalization

DESCRIPTION = Path(__file__).resolve().with_name("description.txt")
CHECKPOINT = Path(__file__).resolve().parent.parent / "build" / "training" / "checkpoint.npz"

Weights = dict[str, NDArray[np.float32]]


def fold(state: Mapping[str, NDArray[np.float32]]) -> Weights:
    """Kernel and bias of every convolution, its batch normalization multiplied in."""
    weights: Weights = {}
    for name in sorted(key.removesuffix("_kernel") for key in state if key.endswith("_kernel")):
        kernel = state[f"{name}_kernel"]
        if f"{name}_bias" in state:
            weights |= {f"{name}_kernel": kernel, f"{name}_bias": state[f"{name}_bias"]}
            continue
        scale = state[f"{name}_gamma"] / np.sqrt(state[f"{name}_moving_variance"] + EPSILON)
        bias = state[f"{name}_beta"] - state[f"{name}_moving_mean"] * scale
        weights |= {f"{name}_kernel": kernel * scale, f"{name}_bias": bias}
    return weights


def export(weights: Weights, out: Path) -> None:
    """Writes the SavedModel: one signature `default`, nothing that serving does not read."""
    detector = Detector(weights)
    shutil.rmtree(out, ignore_errors=True)
    options = tf.saved_model.SaveOptions(experimental_debug_stripper=True)
    tf.saved_model.save(detector, str(out), signatures={"default": detector.default}, options=options)
    shutil.rmtree(out / "assets", ignore_errors=True)
    shutil.copyfile(DESCRIPTION, out / DESCRIPTION.name)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", type=Path, default=CHECKPOINT)
    parser.add_argument("--out", type=Path, default=DETECTOR)
    options = parser.parse_args()
    with np.load(options.checkpoint) as checkpoint:
        state = dict(checkpoint)
    slope, shift = state.pop("calibration").tolist()
    export(calibration.apply(fold(state), slope, shift), options.out)
    print(f"{options.out} written")


if __name__ == "__main__":
    main()

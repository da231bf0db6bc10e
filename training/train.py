"""Trains the shipped detector from scratch on drawn pictures: `python training/train.py`.

Every random choice comes from `SEED` and the pictures' own seeds. Writes the trained weights to a checkpoint
(`--checkpoint`) and the SavedModel to `--out`; `export.py` makes the latter again from the former.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import calibration
import numpy as np
import tensorflow as tf
from dataset import Examples, examples
from export import CHECKPOINT, DETECTOR, export, fold
from losses import loss
from network import heads
from scenes import CALIBRATION_SEEDS, TRAINING_SEEDS

SEED = 20180814
PICTURES, CALIBRATION_PICTURES, EPOCHS, BATCH = 22_000, 1_500, 12, 32
PEAK_RATE, WARM_UP, DECAY = 2.5e-3, 200, 2e-4
REPORT_EVERY = 50

Tensor = Any


class TrainableConvolutions(tf.Module):  # type: ignore[misc]
    """Convolution, batch normalization, ReLU; layers appear on first use and keep their name's weights."""

    def __init__(self) -> None:
        super().__init__(name="trainable")
        self.convolutions: dict[str, tf.keras.layers.Conv2D] = {}
        self.normalizations: dict[str, tf.keras.layers.BatchNormalization] = {}

    def __call__(
        self, name: str, x: Tensor, filters: int, kernel: int = 3, stride: int = 1, relu: bool = True
    ) -> Tensor:
        if name not in self.convolutions:
            self._add(name, filters, kernel, stride)
        y = self.convolutions[name](x)
        if name in self.normalizations:
            y = self.normalizations[name](y, training=True)
        return tf.nn.relu(y) if relu else y

    def _add(self, name: str, filters: int, kernel: int, stride: int) -> None:
        """A head's last convolution has a bias and starts at 1 % confidence; all others are normalized."""
        last = name.startswith(("classes", "boxes"))
        bias = tf.keras.initializers.Constant(-4.6 if name.startswith("classes") else 0.0)
        start = tf.keras.initializers.RandomNormal(stddev=0.01) if last else tf.keras.initializers.HeNormal()
        self.convolutions[name] = tf.keras.layers.Conv2D(
            filters, kernel, stride, "same", use_bias=last, kernel_initializer=start, bias_initializer=bias
        )
        if not last:
            self.normalizations[name] = tf.keras.layers.BatchNormalization(momentum=0.98)

    def variables_to_train(self) -> list[tf.Variable]:
        layers = [*self.convolutions.values(), *self.normalizations.values()]
        return [variable for layer in layers for variable in layer.trainable_variables]

    def state(self) -> dict[str, np.ndarray[Any, Any]]:
        """All weights by name, as `export.fold` reads them."""
        state = {}
        for name, layer in self.convolutions.items():
            state[f"{name}_kernel"] = layer.kernel.numpy()
            if layer.use_bias:
                state[f"{name}_bias"] = layer.bias.numpy()
        for name, layer in self.normalizations.items():
            for part in ("gamma", "beta", "moving_mean", "moving_variance"):
                state[f"{name}_{part}"] = getattr(layer, part).numpy()
        return state


def augment(rng: np.random.Generator, count: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    """A window [ymin, xmin, ymax, xmax] per picture: shifted, zoomed, every second one mirrored."""
    windows = np.array([0, 0, 1, 1]) + rng.uniform(-0.08, 0.12, (count, 4)) * (1, 1, -1, -1)
    mirrored = rng.random(count) < 0.5
    windows[mirrored] = windows[mirrored][:, [0, 3, 2, 1]]
    return windows.astype(np.float32)


def seen_through(boxes: Tensor, windows: Tensor) -> Tensor:
    """Boxes in the coordinates of the windows, clipped to them."""
    origin, span = windows[:, None, :2], windows[:, None, 2:] - windows[:, None, :2]
    first, second = (boxes[..., :2] - origin) / span, (boxes[..., 2:] - origin) / span
    moved = tf.concat([tf.minimum(first, second), tf.maximum(first, second)], -1)
    return tf.clip_by_value(moved, 0.0, 1.0)


def jitter(pictures: Tensor, seed: Tensor) -> Tensor:
    """Brightness, contrast per channel and now and then a negative, one draw for each picture."""
    shape = (tf.shape(pictures)[0], 1, 1, 3)
    gain = tf.random.stateless_uniform(shape, seed, 0.75, 1.25)
    shift = tf.random.stateless_uniform(shape, seed + 1, -0.12, 0.12)
    pictures = tf.clip_by_value((pictures - 0.5) * gain + 0.5 + shift, 0.0, 1.0)
    negative = tf.random.stateless_uniform((*shape[:1], 1, 1, 1), seed + 2) < 0.06
    return tf.where(negative, 1.0 - pictures, pictures)


def learning_rate(step: int, steps: int) -> float:
    warm = min(1.0, (step + 1) / WARM_UP)
    return float(PEAK_RATE * warm * 0.5 * (1 + np.cos(np.pi * step / steps)))


def batches(rng: np.random.Generator, count: int, epochs: int) -> list[np.ndarray[Any, Any]]:
    orders = [rng.permutation(count) for _ in range(epochs)]
    return [order[at : at + BATCH] for order in orders for at in range(0, count - BATCH + 1, BATCH)]


def train(data: Examples, epochs: int) -> TrainableConvolutions:
    """Runs the recipe on the drawn pictures; prints the loss and the time left."""
    rng, convolutions = np.random.default_rng(SEED), TrainableConvolutions()
    heads(convolutions, tf.zeros((1, *data.pictures.shape[1:])))
    optimizer = tf.keras.optimizers.AdamW(PEAK_RATE, weight_decay=DECAY)
    variables = convolutions.variables_to_train()

    @tf.function(autograph=False)  # type: ignore[untyped-decorator]
    def step(pictures: Tensor, boxes: Tensor, labels: Tensor, windows: Tensor, seed: Tensor) -> Tensor:
        floats = tf.cast(pictures, tf.float32) / 255.0
        index = tf.range(tf.shape(pictures)[0])
        seen = jitter(
            tf.image.crop_and_resize(floats, windows, index, floats.shape[1:3], extrapolation_value=0.5), seed
        )
        with tf.GradientTape() as tape:
            value = loss(*heads(convolutions, seen), seen_through(boxes, windows), labels)
        optimizer.apply_gradients(zip(tape.gradient(value, variables), variables, strict=True))
        return value

    plan, recent, start = batches(rng, len(data.pictures), epochs), [], time.monotonic()
    for number, chosen in enumerate(plan):
        optimizer.learning_rate.assign(learning_rate(number, len(plan)))
        arrays = (data.pictures[chosen], data.boxes[chosen], data.labels[chosen], augment(rng, len(chosen)))
        recent.append(float(step(*(tf.constant(a) for a in arrays), tf.constant([SEED, 3 * number]))))
        if (number + 1) % REPORT_EVERY == 0:
            left = (time.monotonic() - start) / (number + 1) * (len(plan) - number - 1)
            print(
                f"step {number + 1}/{len(plan)}  loss {np.mean(recent):.3f}  {left / 60:.1f} min left",
                flush=True,
            )
            recent.clear()
    return convolutions


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=PICTURES, help="how many to draw (default %(default)s)")
    parser.add_argument("--epochs", type=int, default=EPOCHS, help="passes over them (default %(default)s)")
    parser.add_argument("--checkpoint", type=Path, default=CHECKPOINT, help="where the weights go")
    parser.add_argument("--out", type=Path, default=DETECTOR, help="where the SavedModel goes")
    options = parser.parse_args()
    tf.keras.utils.set_random_seed(SEED)
    start = time.monotonic()
    print(f"drawing {options.pictures} pictures", flush=True)
    data = examples(TRAINING_SEEDS[: options.pictures])
    print(f"drawn in {time.monotonic() - start:.0f} s", flush=True)
    state = train(data, options.epochs).state()
    weights = fold(state)
    slope, shift = calibration.fit(weights, examples(CALIBRATION_SEEDS[:CALIBRATION_PICTURES]))
    options.checkpoint.parent.mkdir(parents=True, exist_ok=True)
    np.savez(options.checkpoint, allow_pickle=False, calibration=np.array((slope, shift)), **state)
    export(calibration.apply(weights, slope, shift), options.out)
    print(f"{options.out} written, {(time.monotonic() - start) / 60:.1f} min in all")


if __name__ == "__main__":
    main()

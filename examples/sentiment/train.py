"""Trains a small model of English sentences with numpy alone: `train.py MODEL_DIRECTORY`.

The sentences are made of a few frames and words. A logistic regression learns how glad each word is, by itself and
behind a denial, so that it knows `not bad` from `not good`.
"""

import itertools
import json
import random
import runpy
import sys
from pathlib import Path

import numpy as np

HANDLER = Path(__file__).with_name("handler") / "app.py"
# What the model is trained on is what the function sees.
features = runpy.run_path(str(HANDLER))["features"]

GLAD, SAD, THINGS = (
    words.split()
    for words in (
        "wonderful great lovely excellent happy nice good beautiful fantastic pleasant friendly perfect",
        "terrible awful sad horrible bad ugly nasty boring poor dreadful rude broken",
        "day film meal book hotel song trip room game show talk team",
    )
)
FRAMES = (
    "what a {word} {thing}",
    "the {thing} was {word}",
    "the {thing} was very {word}",
    "i had a {word} {thing} today",
    "a really {word} {thing}",
    "this is the most {word} {thing} of all",
    "{word}",
)
DENIED = ("the {thing} was not {word}", "this is not a {word} {thing}", "it is never {word}")
ROUNDS, RATE, DECAY = 400, 2.0, 1e-4


def sentences() -> list[tuple[str, int]]:
    """Sentences with 1 for a glad one, 0 for a sad one."""
    found = []
    for words, label in ((GLAD, 1), (SAD, 0)):
        for word, thing in itertools.product(words, THINGS):
            found += [(frame.format(word=word, thing=thing), label) for frame in FRAMES]
            found += [(frame.format(word=word, thing=thing), 1 - label) for frame in DENIED]
    return sorted(set(found))


def main(directory: Path) -> None:
    """Trains on four sentences of five, tells how many of the others are right, and writes the model."""
    made = sentences()
    random.Random(0).shuffle(made)
    held_out = made[::5]
    train = [one for at, one in enumerate(made) if at % 5]
    known = sorted({feature for text, _ in train for feature in features(text)})
    place = {feature: at for at, feature in enumerate(known)}
    inputs = np.zeros((len(train), len(known)))
    for row, (text, _) in enumerate(train):
        inputs[row, [place[feature] for feature in features(text)]] = 1
    labels = np.array([label for _, label in train])
    weights, bias = np.zeros(len(known)), 0.0
    for _ in range(ROUNDS):
        error = 1 / (1 + np.exp(-(inputs @ weights + bias))) - labels
        weights -= RATE * (inputs.T @ error / len(train) + DECAY * weights)
        bias -= RATE * float(error.mean())
    said = [sum(weights[place[one]] for one in features(text) if one in place) + bias > 0 for text, _ in held_out]
    right = sum(bool(one) == bool(label) for one, (_, label) in zip(said, held_out, strict=True)) / len(held_out)
    directory.mkdir(parents=True, exist_ok=True)
    model = {"bias": round(bias, 4), "weights": dict(zip(known, np.round(weights, 4).tolist(), strict=True))}
    (directory / "sentiment.json").write_text(json.dumps(model, indent=0, sort_keys=True) + "\n")
    print(f"{len(train)} sentences, {len(known)} features; of {len(held_out)} others {right:.1%} are right")


if __name__ == "__main__":
    main(Path(sys.argv[1]))

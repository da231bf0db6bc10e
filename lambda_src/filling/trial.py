"""Checks that the function can serve a model: first its signature, then its answers to pictures.

The contract: one signature takes one picture, float32 [1,H,W,3] in 0..1, and returns the objects' classes, scores 0..1,
and boxes (ymin, xmin, ymax, xmax) in 0..1, as TF Hub's openimages_v4/ssd/mobilenet_v2 does. This file imports nothing
from the project, and is short, since a template contains it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import tensorflow as tf
from tensorflow.python.saved_model.loader_impl import parse_saved_model

# Beside saved_model.pb, if the model gives numbers for classes: line n, from 0, is the label of class n.
LABELS = "labels.txt"
CLASSES, SCORES, BOXES = OUTPUTS = "detection_class_entities", "detection_scores", "detection_boxes"
WANTED = f"it needs {CLASSES} string (or int64, and {LABELS} with a label per line), {SCORES} float32, {BOXES} float32"
SIZES = (480, 640), (300, 300), (720, 240), (64, 48)
# In one picture. Detectors keep 100; an answer has room for 50,000, and comparing them takes their square.
MOST = 10_000
# How far a box may end outside of the picture, which is 1 high and wide: the function cuts it off there.
OVER = 0.5
ROUNDING = 1e-3


class Unfit(Exception):
    """A model that the function cannot serve; the text says in one sentence what is wrong and what is needed."""


def need(fits: Any, what: str, wanted: str) -> None:
    """Raises Unfit unless it fits."""
    if not fits:
        raise Unfit(f"the model's {what}: {wanted}")


def signature(model: str, name: str) -> dict[str, Any]:
    """The manifest's entry for the signature with that name. Raises Unfit."""
    # A module of TensorFlow Hub's first format may hold several graphs: the one without tags is for serving.
    tags = [] if os.path.exists(f"{model}/tfhub_module.pb") else ["serve"]
    graphs = []
    with suppress(Exception):
        graphs = [one for one in parse_saved_model(model).meta_graphs if {*one.meta_info_def.tags} == {*tags}]
    need(graphs, "saved_model.pb is damaged, or not for serving", "save the model again")
    every = graphs[0].signature_def
    names = ", ".join(sorted(one for one in every if one[0] != "_"))
    need(name in every, f"signatures are {names}, none is `{name}`", "choose one with --signature NAME")
    inputs, outputs = every[name].inputs.values(), every[name].outputs
    takes = " and ".join(f"{type_of(one)} {shape_of(one)}".replace("None", "?") for one in inputs)
    fits: Any = re.fullmatch(r"float32 (\[[1?], (\d+|\?), (\d+|\?), 3]|\[[1?], \?, \?, \?]|\?)", takes)
    need(fits, f"input is {takes}", "it needs one input, float32 [1, H, W, 3] in 0..1, channels last")
    kinds = {key: type_of(outputs[key]) for key in sorted(outputs)}
    numbers = ["int32", "int64"] if os.path.exists(f"{model}/{LABELS}") else []
    fits = kinds.get(CLASSES) in ["string", *numbers] and kinds.get(SCORES) == kinds.get(BOXES) == "float32"
    need(fits, f"outputs are {', '.join(f'{key} {kind}' for key, kind in kinds.items())}", WANTED)
    (images,) = inputs
    at = {key: outputs[key].name for key in OUTPUTS}
    return {"name": name, "tags": tags, "input": {"name": images.name, "shape": shape_of(images)}, "outputs": at}


def type_of(tensor: Any) -> str:
    """The type of a signature's tensor."""
    return str(tf.as_dtype(tensor.dtype).name)


def shape_of(tensor: Any) -> list[int | None] | None:
    """The shape of a signature's tensor, None for any."""
    shape = tensor.tensor_shape
    return None if shape.unknown_rank else [None if dim.size < 0 else dim.size for dim in shape.dim]


def run(model: str, entry: dict[str, Any], begin: Callable[[str, str], None]) -> None:
    """Runs the model on pictures of several sizes; `entry` is the result of `signature`. Raises Unfit.

    `begin` is called with the next step and the name of its time limit.
    """
    begin("loading the model", "LOAD")
    labels: list[str] = []
    failures: list[str] = []
    shape = entry["input"]["shape"] or [None] * 4
    try:
        if os.path.exists(f"{model}/{LABELS}"):
            with open(f"{model}/{LABELS}", encoding="utf-8") as file:
                labels = file.read().splitlines()
        loaded = tf.saved_model.load(model, entry["tags"])
    except Exception as error:
        wanted = f"it must be complete, with variables/, and for TensorFlow {tf.__version__}"
        raise Unfit(f"the model cannot be loaded ({type(error).__name__}): {wanted}") from error
    for size in SIZES if None in shape[1:3] else [shape[1:3]] * len(SIZES):
        begin(f"detecting objects in a picture of {size[0]}x{size[1]}", "PICTURE")
        picture = tf.image.resize(tf.random.stateless_uniform((1, 9, 7, 3), (len(failures), 0)), size)
        try:
            found = loaded.signatures[entry["name"]](picture)
        except Exception as error:  # not every model can take every picture
            failures.append(type(error).__name__)
        else:
            check_answer(found[CLASSES].numpy(), found[SCORES].numpy(), found[BOXES].numpy(), labels)
    wanted = "it must accept float32 [1, H, W, 3]"
    need(len(failures) < len(SIZES), f"run fails for every picture ({failures[:1]})", wanted)


def check_answer(classes: Any, scores: Any, boxes: Any, labels: Sequence[str]) -> None:
    """Raises Unfit for a wrong answer; its arrays may have any number of dimensions."""
    count = scores.size
    need(count <= MOST, f"answer has {count:,} objects for a picture", f"there may be at most {MOST:,}")
    sizes = f"answer has {classes.size} classes, {count} scores and {boxes.size} numbers for boxes"
    need(classes.size == count and boxes.size == 4 * count, sizes, "each class needs a score and 4 numbers")
    columns = classes.ravel().tolist(), scores.ravel().tolist(), boxes.reshape(-1, 4).tolist()
    for label, score, box in zip(*columns, strict=True):
        need(-ROUNDING <= score <= 1 + ROUNDING, f"score is {score:g}", "it must be from 0 to 1")
        over = OVER if score > 0 else 1e9  # rows without a score fill up
        fits: Any = all(-over <= end <= 1 + over for end in box)
        need(fits, f"box is {box}", "boxes must be fractions of height and width, from 0 to 1")
        if isinstance(label, int):
            fits = score <= 0 or (0 <= label < len(labels) and labels[label])
            need(fits, f"{LABELS} has no label for class {label}", f"write it on line {label + 1}")
        else:
            need(label.decode(errors="ignore").encode() == label, f"label is {label!r}", "labels must be UTF-8")

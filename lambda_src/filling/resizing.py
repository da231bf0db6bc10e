"""Finds the tensor in which a graph has resized the picture, so that the converted model can begin there.

It spares LiteRT the whole picture as float32, and a loop over the pictures of a batch, which LiteRT cannot run. What
the graph does up to there is found out by a test: it may scale colors, shift them and change their order, in any steps.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from tensors import HALF_PIXELS, RESIZES, image_tensor

from filling.saved_graph import SavedGraph, sources

_SAME = 1e-4
"""The largest difference between pixels of the graph and ours, relative to the graph's largest."""


@dataclass(frozen=True)
class Resized:
    """A tensor [1, height, width, 3]: the picture, resized in one of RESIZES, times `colors` [3, 3], plus `shift` [3].

    Without colors the picture alone.
    """

    tensor: Any
    size: tuple[int, int]
    resize: str = HALF_PIXELS
    colors: NDArray[np.float32] | None = None
    shift: NDArray[np.float32] | None = None

    def of(self, images: Any) -> Any:
        """What the tensor is for resized pictures."""
        if self.colors is None or self.shift is None:
            return images
        if np.count_nonzero(self.colors - np.diag(np.diag(self.colors))) == 0:
            return images * np.diag(self.colors) + self.shift
        return tf.nn.conv2d(images, self.colors[None, None], 1, "VALID") + self.shift


def find_resized(images: Any, heads: Sequence[Any]) -> Resized | None:
    """The tensor through which alone heads see the picture, if it is that resized as `tf.image.resize` does it."""
    found = [tensor for tensor in sources(list(heads)).values() if _resizes(tensor, images)]
    seen = sources(list(heads), frozenset(tensor.name for tensor in found))
    return Resized(found[0], _size(found[0])) if len(found) == 1 and images.name not in seen else None


def _resizes(tensor: Any, images: Any) -> bool:
    operation = tensor.op
    return bool(
        operation.type == "ResizeBilinear"
        and _origin(operation.inputs[0]).name == images.name
        and operation.get_attr("half_pixel_centers")
        and not operation.get_attr("align_corners")
        and tensor.shape[1:3].is_fully_defined()
    )


def _origin(tensor: Any) -> Any:
    while tensor.op.type == "Identity":
        tensor = tensor.op.inputs[0]
    return tensor


def _size(tensor: Any) -> tuple[int, int]:
    height, width = tensor.shape.as_list()[1:3]
    return height, width


def find_altered(graph: SavedGraph, heads: Sequence[Any], pictures: Sequence[NDArray[np.uint8]]) -> Resized | None:
    """Such a tensor in which pictures are also resized otherwise, or whose colors are changed."""
    for tensor in _narrow(graph.images, heads):
        values = [graph.run(tensor, {graph.images: image_tensor(picture, None)}) for picture in pictures]
        for resize in RESIZES:
            ours = [image_tensor(picture, _size(tensor), resize) for picture in pictures]
            if all(one.shape == other.shape for one, other in zip(values, ours, strict=True)) and (
                found := _colors(values, ours)
            ):
                return Resized(tensor, _size(tensor), resize, *found)
    return None


def _narrow(images: Any, heads: Sequence[Any]) -> Iterator[Any]:
    """The tensors [1, height, width, 3] of a size that no picture changes through which alone heads see the picture."""
    for tensor in sources(list(heads)).values():
        if tensor.dtype != tf.float32 or tensor.shape.rank != 4 or tensor.name == images.name:
            continue
        batch, height, width, channels = tensor.shape.as_list()
        if batch in (1, None) and channels in (3, None) and height and width and _is_alone(tensor, images, heads):
            yield tensor


def _is_alone(tensor: Any, images: Any, heads: Sequence[Any]) -> bool:
    return images.name in sources([tensor]) and images.name not in sources(list(heads), frozenset([tensor.name]))


def _colors(
    theirs: Sequence[NDArray[np.float32]], ours: Sequence[NDArray[np.float32]]
) -> tuple[NDArray[np.float32], NDArray[np.float32]] | None:
    """The factors [3, 3] and shift [3] that make theirs of ours; None when there are none."""
    known = np.concatenate([pixels.reshape(-1, 3) for pixels in ours]).astype(np.float64)
    wanted = np.concatenate([pixels.reshape(-1, 3) for pixels in theirs]).astype(np.float64)
    known = np.concatenate([known, np.ones((len(known), 1))], axis=1)
    found = np.linalg.lstsq(known, wanted, rcond=None)[0]
    largest = float(np.abs(wanted).max())
    if not np.allclose(known @ found, wanted, rtol=0, atol=_SAME * max(largest, 1e-6)):
        return None
    found[np.abs(found) < _SAME * largest * 0.1] = 0
    return found[:3].astype(np.float32), found[3].astype(np.float32)

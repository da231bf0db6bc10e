"""A picture as the tensor that detectors take: one code for all engines, so that all of them see the same."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

HALF_PIXELS, ORIGINS, CORNERS = RESIZES = ("half-pixels", "origins", "corners")
"""What lies on each other when a picture is resized: the centers of pixels count from 0.5, as `tf.image.resize` has it;
the first pixels' centers, as in TensorFlow 1; these and the last pixels' (`align_corners`)."""


def image_tensor(
    image: NDArray[np.uint8], size: tuple[int, int] | None, resize: str = HALF_PIXELS
) -> NDArray[np.float32]:
    """An RGB picture [H, W, 3] as [1, height, width, 3] in 0..1; `size` is (height, width), None keeps the picture's.

    Resizes as TensorFlow's ResizeBilinear does, with half-pixels to the last bit; `resize` is one of RESIZES.
    """
    if size is None or image.shape[:2] == size:
        return _scaled(image)[None]
    (top, bottom, down), (left, right, across) = (
        _neighbors(*ends, resize) for ends in zip(image.shape[:2], size, strict=True)
    )
    columns, shares = (_of_channels(left), _of_channels(right)), np.repeat(across, 3)
    rows = image.reshape(len(image), -1)  # numpy takes single numbers several times faster than groups of three
    upper, lower = (_across(rows[ends], columns, shares) for ends in (top, bottom))
    return _mixed(upper, lower, down[:, None]).reshape(1, *size, 3)


def fixed_size(shape: Sequence[int | None] | None) -> tuple[int, int] | None:
    """The (height, width) in the shape [1, H, W, 3] of a model's input, or None when the model takes any size.

    A dimension that is open is None, and so is a shape of open rank. Raises ValueError for any other shape, such as
    [1, 3, H, W].
    """
    match shape:
        case None:
            return None
        case [1 | None, height, width, 3 | None]:
            return None if height is None or width is None else (height, width)
    raise ValueError(f"the model takes pictures as {list(shape)}, not as [1, H, W, 3]")


def _neighbors(length: int, wanted: int, resize: str) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float32]]:
    """Per new pixel, the two old ones it lies between, and how far it is from the first to the second, 0..1."""
    if resize == CORNERS and wanted > 1:
        scale = np.float32(length - 1) / np.float32(wanted - 1)
    else:
        scale = np.float32(length) / np.float32(wanted)
    shift = np.float32(0.5 if resize == HALF_PIXELS else 0)
    at = (np.arange(wanted, dtype=np.float32) + shift) * scale - shift
    before = np.floor(at)
    first, second = (ends.astype(np.intp).clip(0, length - 1) for ends in (before, np.ceil(at)))
    return first, second, at - before


def _of_channels(pixels: NDArray[np.intp]) -> NDArray[np.intp]:
    """Where in a row of pixels their channels are."""
    return (pixels[:, None] * 3 + np.arange(3)).ravel()


def _across(
    rows: NDArray[np.uint8], columns: tuple[NDArray[np.intp], NDArray[np.intp]], shares: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Rows resized to the mixtures of two columns each."""
    left, right = (_scaled(rows.take(at, axis=1)) for at in columns)
    return _mixed(left, right, shares)


def _mixed(first: NDArray[np.float32], second: NDArray[np.float32], share: NDArray[np.float32]) -> NDArray[np.float32]:
    """first + (second - first) * share, in the place of the second."""
    second -= first
    second *= share
    second += first
    return second


def _scaled(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    scaled: NDArray[np.float32] = np.divide(pixels, np.float32(255), dtype=np.float32)
    return scaled

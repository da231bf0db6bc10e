import numpy as np
import pytest
from numpy.typing import NDArray
from tensors import fixed_size, image_tensor


def ramp(height: int, width: int) -> NDArray[np.uint8]:
    """A picture that grows by 10 a column and by 20 a row."""
    values = 10 * np.arange(width)[None, :] + 20 * np.arange(height)[:, None]
    return np.repeat(values[..., None], 3, axis=2).astype(np.uint8)


@pytest.mark.parametrize("size", [None, (4, 6)], ids=["any size", "its own size"])
def test_a_picture_of_the_right_size_is_only_scaled(size: tuple[int, int] | None) -> None:
    tensor = image_tensor(ramp(4, 6), size)
    assert (tensor.shape, tensor.dtype.name) == ((1, 4, 6, 3), "float32")
    np.testing.assert_array_equal(tensor[0], ramp(4, 6).astype(np.float32) / np.float32(255))
    assert image_tensor(np.full((1, 1, 3), 255, np.uint8), size=None).max() == 1


@pytest.mark.parametrize(
    ("size", "rows", "columns"),
    [
        ((2, 3), [10, 50], [5, 25, 45]),  # between the two in the middle of each pair
        ((8, 12), [0, 5, 15, 25, 35, 45, 55, 60], [0, 2.5, 7.5, 12.5, 17.5, 22.5, 27.5, 32.5, 37.5, 42.5, 47.5, 50]),
        ((1, 2), [30], [10, 40]),  # pixels are picked, not averaged
    ],
)
def test_resizing_is_bilinear_between_pixel_centers(
    size: tuple[int, int], rows: list[float], columns: list[float]
) -> None:
    tensor = image_tensor(ramp(4, 6), size)
    assert (tensor.shape, tensor.dtype.name) == ((1, *size, 3), "float32")
    expected = np.add.outer(rows, columns)
    for channel in range(3):
        np.testing.assert_allclose(tensor[0, :, :, channel] * 255, expected, atol=1e-4)


@pytest.mark.parametrize(
    ("resize", "columns"), [("half-pixels", [5, 25, 45]), ("origins", [0, 20, 40]), ("corners", [0, 25, 50])]
)
def test_what_lies_on_each_other_when_pictures_are_resized(resize: str, columns: list[float]) -> None:
    tensor = image_tensor(ramp(4, 6), (4, 3), resize)
    expected = np.add.outer([0, 20, 40, 60], columns)
    np.testing.assert_allclose(tensor[0, :, :, 1] * 255, expected, atol=1e-4)


@pytest.mark.parametrize(
    ("shape", "size"),
    [
        ([1, 300, 320, 3], (300, 320)),
        ([None, 300, 320, 3], (300, 320)),
        ([1, None, None, 3], None),
        ([1, 300, None, 3], None),
        ([1, None, None, None], None),
        (None, None),
    ],
)
def test_the_size_that_a_model_takes(shape: list[int | None] | None, size: tuple[int, int] | None) -> None:
    assert fixed_size(shape) == size


@pytest.mark.parametrize("shape", [[1, 3, 300, 320], [300, 320, 3], [8, 300, 320, 3], [1, 300, 320, 1], []])
def test_a_model_that_takes_something_else_than_pictures(shape: list[int | None]) -> None:
    """Channels before rows, for one, must not be read as a height of 3."""
    with pytest.raises(ValueError, match=r"not as \[1, H, W, 3\]"):
        fixed_size(shape)

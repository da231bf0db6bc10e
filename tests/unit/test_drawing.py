"""Boxes on a picture: looked at pixel by pixel."""

from pathlib import Path

import pytest
from PIL import Image

from wildrydes_ml.drawing import draw
from wildrydes_ml.errors import SettingsError

HORSE = {"label": "Horse", "score": 0.9, "box": [0.25, 0.25, 0.75, 0.75]}


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "picture.png"
    Image.new("RGB", (400, 400), "white").save(path)
    return path


def test_the_box_is_drawn_where_the_detection_is(picture: Path, tmp_path: Path) -> None:
    draw(picture, [HORSE], "Horse", tmp_path / "out.png")
    with Image.open(tmp_path / "out.png") as drawn:
        edge, inside, outside = (drawn.getpixel(place) for place in ((300, 200), (200, 250), (50, 50)))
    assert edge == (0xD6, 0x18, 0x7F)
    assert inside == outside == (255, 255, 255)


def test_other_labels_have_another_color(picture: Path, tmp_path: Path) -> None:
    draw(picture, [{**HORSE, "label": "Dog"}], "Horse", tmp_path / "out.png")
    with Image.open(tmp_path / "out.png") as drawn:
        assert drawn.getpixel((300, 200)) == (0x17, 0x69, 0xAA)


def test_a_format_that_pillow_does_not_write_is_an_error_in_words(picture: Path, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"end the name in \.png"):
        draw(picture, [HORSE], "Horse", tmp_path / "out.xyz")

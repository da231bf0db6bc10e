"""Boxes on a picture: looked at pixel by pixel. And where the copies go."""

import re
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from wildrydes_ml.ask.drawing import COLORS, destinations, draw
from wildrydes_ml.errors import SettingsError, WildrydesError

PAGE = Path(__file__).parents[3] / "lambda_src" / "page.html"
HORSE = {"label": "Horse", "score": 0.9, "box": [0.25, 0.25, 0.75, 0.75]}
FIRST, SECOND = (0xFF, 0xD1, 0x66), (0x5C, 0xE1, 0xE6)
WHITE = (255, 255, 255)


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "picture.png"
    Image.new("RGB", (400, 400), "white").save(path)
    return path


def pixels(path: Path, *places: tuple[int, int]) -> list[object]:
    with Image.open(path) as drawn:
        return [drawn.getpixel(place) for place in places]


def colors_in(path: Path, box: tuple[int, int, int, int]) -> set[object]:
    with Image.open(path) as drawn:
        return {color for _, color in drawn.crop(box).getcolors(1 << 20) or []}


def test_the_box_is_drawn_where_the_detection_is(picture: Path, tmp_path: Path) -> None:
    draw(picture, [HORSE], tmp_path / "out.png")
    edge, inside, outside = pixels(tmp_path / "out.png", (300, 200), (200, 250), (50, 50))
    assert edge == FIRST
    assert inside == outside == WHITE


def test_each_detection_has_a_color_and_the_best_is_on_top(picture: Path, tmp_path: Path) -> None:
    draw(picture, [HORSE, {**HORSE, "box": [0.1, 0.25, 0.9, 0.75]}], tmp_path / "out.png")
    assert pixels(tmp_path / "out.png", (300, 200), (300, 60)) == [FIRST, SECOND]


def test_the_colors_are_the_page_s() -> None:
    found = re.findall(r"\.color-(\d) \{ --color: (#\w{6});", PAGE.read_text(encoding="utf-8"))
    assert found == [(str(number), color) for number, color in enumerate(COLORS)]


@pytest.mark.parametrize(
    ("label", "box", "plate"),
    [
        ("Horse", [0.25, 0.25, 0.75, 0.75], (100, 80, 150, 99)),
        ("Horse", [0.0, 0.25, 0.75, 0.75], (100, 3, 150, 19)),
        ("Horse", [0.25, 0.62, 0.75, 0.9], (250, 80, 275, 99)),
        ("Horse", [0.25, 0.95, 0.75, 1.0], (375, 80, 398, 99)),
        ("Musical instrument and more", [0.25, 0.5, 0.75, 0.9], (175, 80, 198, 99)),
    ],
    ids=[
        "above its box",
        "within it at the top",
        "in the right part",
        "to the left at the right edge",
        "within the picture",
    ],
)
def test_the_label_is_readable(
    picture: Path, tmp_path: Path, label: str, box: list[float], plate: tuple[int, int, int, int]
) -> None:
    draw(picture, [{**HORSE, "label": label, "box": box}], tmp_path / "out.png")
    seen = colors_in(tmp_path / "out.png", plate)
    assert FIRST in seen
    assert any(sum(color) < 3 * 0x40 for color in seen if isinstance(color, tuple)), "letters"


def test_a_box_that_is_upside_down_is_drawn(picture: Path, tmp_path: Path) -> None:
    draw(picture, [{**HORSE, "box": [0.75, 0.75, 0.25, 0.25]}], tmp_path / "out.png")
    assert pixels(tmp_path / "out.png", (300, 200)) == [FIRST]


def test_the_copy_is_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90 degrees
    Image.new("RGB", (40, 20), "white").save(tmp_path / "a.jpg", exif=exif)
    draw(tmp_path / "a.jpg", [], tmp_path / "out.png")
    with Image.open(tmp_path / "out.png") as drawn:
        assert drawn.size == (20, 40)


@pytest.mark.parametrize(
    ("image", "color"),
    [
        (Image.new("RGBA", (9, 9), (255, 0, 0, 0)), WHITE),
        (Image.new("LA", (9, 9), (0, 0)), WHITE),
        (Image.new("I;16", (9, 9), 0x8000), (128, 128, 128)),
        (Image.new("L", (9, 9), 7), (7, 7, 7)),
    ],
    ids=["transparent", "gray and transparent", "16 bits", "gray"],
)
def test_every_kind_of_picture_is_shown_as_it_looks(tmp_path: Path, image: Image.Image, color: object) -> None:
    content = BytesIO()
    image.save(content, "PNG")
    draw(content, [], tmp_path / "out.png")
    assert pixels(tmp_path / "out.png", (4, 4)) == [color]


def test_what_cannot_be_drawn_is_an_error_in_words(picture: Path, tmp_path: Path) -> None:
    with pytest.raises(WildrydesError, match="the boxes were not drawn: Pillow cannot read the picture"):
        draw(BytesIO(b"text"), [HORSE], tmp_path / "out.png")
    with pytest.raises(WildrydesError, match=r"not drawn: \S+/picture\.png: File exists"):
        draw(picture, [HORSE], picture / "out.png")


# Where copies go


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A current directory with a folder of pictures."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photos").mkdir()
    (tmp_path / "taken.d").mkdir()
    return tmp_path


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("save", "picture", "to"),
    [
        ("out.png", "a.jpg", "out.png"),
        ("new/out.JPG", "a.jpg", "new/out.JPG"),
        ("out.png", "https://example.org/a.jpg", "out.png"),
        ("out", "a.jpg", "out/a.png"),
        ("out.d/", "a.jpg", "out.d/a.png"),
        ("taken.d", "photos/a.jpg", "taken.d/a.png"),
        ("out", "https://example.org/x/a%2Fb.jpg?w=1", "out/a_2Fb.png"),
        ("out", "https://example.org:80/", "out/example.org_80.png"),
    ],
)
def test_one_picture_goes_to_a_file_or_into_a_directory(save: str, picture: str, to: str) -> None:
    assert destinations(save, [picture], [picture]) == [Path(to)]


@pytest.mark.usefixtures("here")
def test_many_go_into_a_directory_and_are_numbered_where_names_meet() -> None:
    found = ["b/a.jpg", "a.png", "c/A.gif", "a-2.jpg", "x.jpg"]
    names = [path.as_posix() for path in destinations("out", found, found)]
    assert names == ["out/a.png", "out/a-2.png", "out/A-3.png", "out/a-2-2.png", "out/x.png"]


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("arguments", [["a.png", "b.png"], ["photos"]], ids=" ".join)
def test_a_folder_or_several_do_not_fit_in_a_file(arguments: list[str]) -> None:
    with pytest.raises(SettingsError, match=r"out\.png is a file, for one picture only: name a directory, out/"):
        destinations("out.png", arguments, ["photos/a.png"])


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(("save", "picture"), [("a.png", "a.png"), ("./a.png", "a.png"), ("photos", "photos/a.png")])
def test_a_picture_is_never_replaced(save: str, picture: str) -> None:
    with pytest.raises(SettingsError, match="would overwrite the picture"):
        destinations(save, [picture], [picture])


def test_a_format_that_pillow_does_not_write_is_an_error_in_words() -> None:
    with pytest.raises(SettingsError, match=r"use a name that ends in \.png"):
        destinations("out.xyz", ["a.jpg"], ["a.jpg"])

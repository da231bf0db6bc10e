"""Which pictures a command line names, and what of them can be posted."""

import os
import random
import re
import sys
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from wildrydes_ml.ask import scaling
from wildrydes_ml.ask.pictures import find, is_url, read
from wildrydes_ml.ask.scaling import MAX_POSTED_BYTES
from wildrydes_ml.errors import WildrydesError

PNG = b"\x89PNG\r\n\x1a\n"


def picture(directory: Path, content: bytes) -> str:
    path = directory / "picture"
    path.write_bytes(content)
    return str(path)


def tree(root: Path, **files: bytes) -> None:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        (b"\xff\xd8\xff\xe0....JFIF", "image/jpeg"),
        (PNG + b"....IHDR", "image/png"),
        (b"GIF87a....", "image/gif"),
        (b"GIF89a....", "image/gif"),
        (b"RIFF\x04\x00\x00\x00WEBPVP8 ", "image/webp"),
    ],
    ids=["jpeg", "png", "gif87", "gif89", "webp"],
)
def test_a_file_is_read_as_it_is_and_typed_by_its_content(tmp_path: Path, content: bytes, content_type: str) -> None:
    assert read(picture(tmp_path, content)) == (content, content_type)


@pytest.mark.parametrize(
    "content", [b"", b"<svg/>", b"BMW 320", b"%PDF-1.7", b"\xff\xd8", b"RIFF\x04\x00\x00\x00WAVEfmt "], ids=str
)
def test_what_is_no_picture_is_an_error(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(WildrydesError, match="not a JPEG, PNG, WebP or GIF picture"):
        read(picture(tmp_path, content))


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00", "HEIC"),
        (b"\x00\x00\x00\x18ftypmif1\x00\x00\x00\x00", "HEIC"),
        (b"\x00\x00\x00\x1cftypavif\x00\x00\x00\x00", "AVIF"),
        (b"BM\x36\x00\x00\x00\x00\x00\x00\x00\x36", "BMP"),
        (b"II*\x00\x08\x00\x00\x00", "TIFF"),
        (b"MM\x00*\x00\x00\x00\x08", "TIFF"),
    ],
    ids=str,
)
def test_a_picture_of_another_format_is_named_with_what_to_do(tmp_path: Path, content: bytes, name: str) -> None:
    with pytest.raises(WildrydesError, match=f"{name} is not supported: convert it to JPEG, PNG, WebP or GIF"):
        read(picture(tmp_path, content.ljust(MAX_POSTED_BYTES + 1, b".")))


def test_a_picture_may_be_as_large_as_can_be_posted(tmp_path: Path) -> None:
    assert len(read(picture(tmp_path, PNG.ljust(4_500_000, b".")))[0]) == 4_500_000
    with pytest.raises(WildrydesError, match="it is too large to post, and Pillow cannot scale it: cannot identify"):
        read(picture(tmp_path, PNG.ljust(4_500_001, b".")))


def test_without_pillow_a_picture_that_is_too_large_is_told_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PIL", "PIL.Image"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(WildrydesError, match=r"the 4\.5 MB that can be posted: make it smaller, or run pip install"):
        read(picture(tmp_path, PNG.ljust(4_500_001, b".")))
    assert read(picture(tmp_path, PNG.ljust(4_500_000, b"."))) == (PNG.ljust(4_500_000, b"."), "image/png")


# What is large is scaled as on the page.


def noise(width: int, height: int) -> Image.Image:
    """A picture that hardly shrinks in a file."""
    return Image.frombytes("RGB", (width, height), random.Random(1).randbytes(3 * width * height))


def saved(image: Image.Image, path: Path, **how: Any) -> str:
    image.save(path, **how)
    return str(path)


def scaled(picture: str) -> Image.Image:
    body, content_type = read(picture)
    assert len(body) <= MAX_POSTED_BYTES
    assert content_type == "image/jpeg"
    return Image.open(BytesIO(body))


def test_a_photograph_of_many_pixels_is_posted_smaller(tmp_path: Path) -> None:
    photo = Image.new("RGB", (6000, 4000), "green")
    assert scaled(saved(photo, tmp_path / "a.jpg")).size == (2048, 1365)
    assert scaled(saved(photo, tmp_path / "a.png")).size == (2048, 1365)
    assert scaled(saved(photo.rotate(90, expand=True), tmp_path / "a.webp")).size == (1365, 2048)


def test_a_file_of_many_bytes_is_posted_smaller(tmp_path: Path) -> None:
    path = tmp_path / "noise.png"
    path.write_bytes(b"")
    saved(noise(1600, 1200), path, compress_level=0)
    assert path.stat().st_size > MAX_POSTED_BYTES
    assert scaled(str(path)).size == (1600, 1200)


def test_what_is_small_is_posted_as_it_is(tmp_path: Path) -> None:
    path = saved(Image.new("RGB", (2048, 100), "green"), tmp_path / "a.png")
    assert read(path) == (Path(path).read_bytes(), "image/png")


def test_what_is_scaled_is_upright_and_on_white(tmp_path: Path) -> None:
    turned = Image.Exif()
    turned[0x0112] = 6  # to be turned by 90 degrees to the right
    photo = Image.new("RGB", (3000, 1500), "white")
    photo.paste("red", (0, 0, 1500, 1500))
    shown = scaled(saved(photo, tmp_path / "a.jpg", exif=turned))
    assert shown.size == (1024, 2048)
    red, green, blue = shown.getpixel((512, 200))  # type: ignore[misc]
    assert red > 200 > green + blue
    clear = Image.new("RGBA", (3000, 1500), (0, 0, 0, 0))
    assert scaled(saved(clear, tmp_path / "clear.png")).getpixel((5, 5)) == (255, 255, 255)


def test_it_is_scaled_as_the_page_scales() -> None:
    page = (Path(__file__).parents[3] / "lambda_src" / "page.html").read_text(encoding="utf-8")
    limits = {name: value.replace("_", "") for name, value in re.findall(r"const (MAX_\w+|QUALITY) = ([\d_.]+);", page)}
    assert int(limits["MAX_BYTES"]) == scaling.MAX_POSTED_BYTES
    assert int(limits["MAX_SIDE"]) == scaling.MAX_SIDE
    assert float(limits["QUALITY"]) == scaling.QUALITY / 100


@pytest.mark.parametrize(
    ("name", "why"), [("missing.png", "No such file"), ("", "no JPEG, PNG, WebP or GIF picture in this folder")]
)
def test_what_cannot_be_read_is_named(tmp_path: Path, name: str, why: str) -> None:
    path = str(tmp_path / name)
    with pytest.raises(WildrydesError, match=why) as error:
        read(path)
    assert str(error.value).startswith(path)


@pytest.mark.parametrize("picture", ["s3://bucket/a.png", "ftp://example.org/a.png"])
def test_an_address_that_cannot_be_fetched_is_told_from_a_missing_file(picture: str) -> None:
    with pytest.raises(WildrydesError, match=f"{picture}: only http and https URLs can be fetched"):
        read(picture)


@pytest.mark.parametrize(
    ("argument", "expected"),
    [
        ("https://e.org/a", True),
        ("http://e.org/a", True),
        ("HTTPS://e.org", True),
        ("ftp://e.org", False),
        ("a", False),
    ],
)
def test_urls_are_told_from_files(argument: str, expected: bool) -> None:
    assert is_url(argument) is expected


def test_files_and_urls_are_kept_as_they_are(tmp_path: Path) -> None:
    arguments = ["https://example.org/a.txt", str(tmp_path / "missing"), picture(tmp_path, b"text"), "https://e.org/b"]
    assert find(arguments) == arguments


def test_a_folder_stands_for_the_pictures_in_it_and_in_its_folders(tmp_path: Path) -> None:
    files = {"b.png": PNG, "a.JPG": b"broken", "notes.txt": b"text", "IMG_1.heic": b"...", "untold": PNG}
    hidden = {"._a.JPG": b"", ".git/c.png": PNG, "z/.d.png": PNG}
    tree(tmp_path, **files, **hidden, **{"z/e.gif": b"GIF89a", "y/f.webp": b""})
    found = [os.path.relpath(path, tmp_path) for path in find([str(tmp_path)])]
    assert found == ["IMG_1.heic", "a.JPG", "b.png", "untold", "y/f.webp", "z/e.gif"]


def test_a_folder_without_pictures_stands_for_itself(tmp_path: Path) -> None:
    tree(tmp_path, **{"empty/notes.txt": b"text", "full/a.png": PNG})
    empty, full = str(tmp_path / "empty"), str(tmp_path / "full")
    assert find([empty, full]) == [empty, f"{full}/a.png"]


def test_a_pipe_in_a_folder_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    assert find([str(tmp_path)]) == [str(tmp_path)]


def test_links_in_a_circle_are_not_followed(tmp_path: Path) -> None:
    tree(tmp_path, **{"a.png": PNG})
    (tmp_path / "again").symlink_to(tmp_path)
    assert find([str(tmp_path)]) == [str(tmp_path / "a.png")]

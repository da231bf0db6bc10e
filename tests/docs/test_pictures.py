"""The pictures that the documentation shows are there, small, and drawn as the terminal has them."""

import re
import xml.etree.ElementTree as ElementTree
from typing import NamedTuple

import pytest

from tools import terminal_svg

from .documents import ROOT

_SHOWN = re.compile(r'(?:src|srcset)="([^"]+)"|!\[[^\]]*\]\(([^)]+)\)')
_MOST_BYTES = 150_000


@pytest.mark.parametrize("page", ["README.md", "docs/index.md", "docs/how-to/costs.md"])
def test_each_picture_on_a_page_is_there_and_small(page: str) -> None:
    path = ROOT / page
    shown = [path.parent / (one or other) for one, other in _SHOWN.findall(path.read_text(encoding="utf-8"))]
    assert len(shown) >= 4
    assert all(picture.is_file() and picture.stat().st_size < _MOST_BYTES for picture in shown)


def test_each_drawing_has_one_for_a_dark_page() -> None:
    for page in ("README.md", "docs/index.md", "docs/how-to/costs.md"):
        text = (ROOT / page).read_text(encoding="utf-8")
        light = set(re.findall(r"pictures/([\w-]+)-light\.svg", text))
        assert light == set(re.findall(r"pictures/([\w-]+)-dark\.svg", text))


class Cell(NamedTuple):
    """A character of a terminal, as pyte has it."""

    data: str
    fg: str = "default"
    bg: str = "default"
    bold: bool = False
    underscore: bool = False
    reverse: bool = False


def drawn(text: str, **style: object) -> ElementTree.Element:
    row = {column: Cell(letter, **style) for column, letter in enumerate(text)}  # type: ignore[arg-type]
    svg = ElementTree.fromstring(terminal_svg.draw([row], 40, terminal_svg.DARK, "about <it>"))
    (line,) = svg.findall("{http://www.w3.org/2000/svg}text")
    return line


def test_a_terminal_keeps_its_colors_and_its_columns() -> None:
    line = drawn("    ok & <done>", fg="green", bold=True)
    assert line.text == "ok & <done>"
    assert line.get("fill") == terminal_svg.DARK["green"]
    assert line.get("font-weight") == "700"
    assert float(str(line.get("x"))) == pytest.approx(terminal_svg.PAD + 4 * terminal_svg.CELL, abs=0.01)
    assert drawn("x", fg="1a2b3c").get("fill") == "#1a2b3c"
    assert drawn("x", fg="brightred").get("fill") == terminal_svg.DARK["red"]

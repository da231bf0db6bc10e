"""A terminal's screen as SVG, in light or in dark: what README shows of a command."""

from collections.abc import Iterator, Mapping
from html import escape
from itertools import groupby
from typing import Any, NamedTuple

CELL, LINE, PAD, BAR = 8.4, 18, 14, 30

# By pyte's names for the eight colors; "default" is the text, "paper" what is under it.
LIGHT: Mapping[str, str] = {
    "paper": "#ffffff", "edge": "#d0d7de", "default": "#1f2328", "black": "#1f2328", "red": "#cf222e",
    "green": "#116329", "brown": "#7d4e00", "blue": "#0969da", "magenta": "#8250df", "cyan": "#1b6e78",
    "white": "#57606a",
}  # fmt: skip
DARK: Mapping[str, str] = {
    "paper": "#161b22", "edge": "#30363d", "default": "#e6edf3", "black": "#8b949e", "red": "#ff7b72",
    "green": "#56d364", "brown": "#e3b341", "blue": "#79c0ff", "magenta": "#d2a8ff", "cyan": "#76e3ea",
    "white": "#b1bac4",
}  # fmt: skip


class Style(NamedTuple):
    """How a run of characters looks."""

    color: str
    bold: bool
    underlined: bool


def draw(rows: list[Mapping[int, Any]], columns: int, colors: Mapping[str, str], about: str) -> str:
    """The rows of a pyte screen, each by column, in a window of its own."""
    width, height = columns * CELL + 2 * PAD, len(rows) * LINE + 2 * PAD + BAR
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height}" width="{width:g}" height="{height}" '
        f'role="img" aria-label="{escape(about)}" font-size="14" '
        'font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, DejaVu Sans Mono, monospace">'
    )
    frame = (
        f'<rect x=".5" y=".5" width="{width - 1:g}" height="{height - 1}" rx="8" '
        f'fill="{colors["paper"]}" stroke="{colors["edge"]}"/>'
    )
    dots = "".join(
        f'<circle cx="{18 + 18 * number}" cy="16" r="5" fill="{colors[name]}"/>'
        for number, name in enumerate(("red", "brown", "green"))
    )
    texts = [line for number, row in enumerate(rows) for line in _line(row, columns, number, colors)]
    return "\n".join([head, frame, dots, *texts, "</svg>"]) + "\n"


def _line(row: Mapping[int, Any], columns: int, number: int, colors: Mapping[str, str]) -> Iterator[str]:
    y = BAR + PAD + LINE * number + 8
    cells = [(column, row[column]) for column in range(columns) if column in row]
    for style, alike in groupby(cells, key=lambda cell: _style(cell[1], colors)):
        run = list(alike)
        text = "".join(cell.data for _, cell in run)
        if not text.strip():
            continue
        begin = len(text) - len(text.lstrip())
        shown = text.strip()
        more = ' font-weight="700"' * style.bold + ' text-decoration="underline"' * style.underlined
        # The length keeps columns straight in any font.
        yield (
            f'<text x="{PAD + CELL * (run[0][0] + begin):g}" y="{y}" fill="{style.color}"{more} '
            f'textLength="{CELL * len(shown):g}" xml:space="preserve">{escape(shown)}</text>'
        )


def _style(cell: Any, colors: Mapping[str, str]) -> Style:
    name = cell.bg if cell.reverse and cell.bg != "default" else cell.fg
    plain = name.removeprefix("bright")
    known = colors.get("brown" if plain == "yellow" else plain)
    return Style(known or (f"#{name}" if len(name) == 6 else colors["default"]), cell.bold, cell.underscore)

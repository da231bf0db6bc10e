"""A sheet on which a drawing is put together as SVG, and the colors of the drawings.

A sheet has no paper: what is under it shines through, whether the page is light or dark.
"""

from collections.abc import Mapping
from html import escape
from typing import TypeAlias

Scheme: TypeAlias = Mapping[str, str | tuple[str, str]]

# Fill and line of each kind of box, then of frames, text and arrows.
LIGHT: Scheme = {
    "compute": ("#fff1e5", "#bc4c00"),
    "network": ("#fbefff", "#8250df"),
    "storage": ("#dafbe1", "#1a7f37"),
    "outside": ("#f6f8fa", "#57606a"),
    "frame": "#8c959f",
    "inner": "#f6f8fa",
    "text": "#1f2328",
    "soft": "#57606a",
}
DARK: Scheme = {
    "compute": ("#3d2413", "#f0883e"),
    "network": ("#2b1f46", "#b392f0"),
    "storage": ("#12301c", "#3fb950"),
    "outside": ("#1c2128", "#9da7b3"),
    "frame": "#6e7681",
    "inner": "#20252d",
    "text": "#e6edf3",
    "soft": "#9da7b3",
}
SCHEMES = {"light": LIGHT, "dark": DARK}


class Sheet:
    """SVG elements, in the order in which they are drawn. Sizes are in the drawing's own units."""

    def __init__(self, width: int, height: int, text: int = 15, small: int = 13) -> None:
        self._size = (width, height)
        self._text, self._small = text, small
        self._elements: list[str] = []
        self._labels: list[str] = []

    def box(self, at: tuple[int, int, int, int], kind: str, title: str, *notes: str) -> None:
        """A resource: its logical id, and lines about it."""
        x, y, width, height = at
        line = self._small + 4
        self._elements.append(f'<rect class="{kind}" x="{x}" y="{y}" width="{width}" height="{height}" rx="8"/>')
        top = y + height / 2 - line / 2 * len(notes) + 5
        lines = [f'<text class="id" x="{x + width / 2:g}" y="{top:g}">{escape(title)}</text>']
        for number, note in enumerate(notes, start=1):
            lines.append(f'<text class="note" x="{x + width / 2:g}" y="{top + line * number:g}">{escape(note)}</text>')
        self._elements += lines

    def place(self, x: int, y: int, text: str, anchor: str = "start") -> None:
        """Words about a place."""
        self._elements.append(f'<text class="place" x="{x}" y="{y}" text-anchor="{anchor}">{escape(text)}</text>')

    def frame(self, at: tuple[int, int, int, int], label: str, filled: bool = False) -> None:
        """What holds others, with its label at the upper left; without one where the label is empty."""
        x, y, width, height = at
        name = "inner" if filled else "frame"
        self._elements.append(f'<rect class="{name}" x="{x}" y="{y}" width="{width}" height="{height}" rx="10"/>')
        if label:
            self.place(x + 12, y + 19, label)

    def arrow(self, x: int, start: int, end: int, label: str = "", *, main: bool = False, left: bool = False) -> None:
        """An upright arrow from one height to another, with a label beside it."""
        self._elements.append(f'<path class="{"main" if main else "side"}" d="M{x} {start}L{x} {end}"/>')
        if label:
            beside = f'x="{x - 9}" text-anchor="end"' if left else f'x="{x + 9}"'
            self._labels.append(
                f'<text class="way" {beside} y="{start + (end - start) * 0.6 + 4:g}">{escape(label)}</text>'
            )

    def across(self, y: int, start: int, end: int) -> None:
        """A level arrow on the main way."""
        self._elements.append(f'<path class="main" d="M{start} {y}L{end} {y}"/>')

    def around(self, *points: tuple[int, int]) -> None:
        """An arrow with corners on the main way."""
        self._elements.append(f'<path class="main" d="M{"L".join(f"{x} {y}" for x, y in points)}"/>')

    def label(self, x: int, y: int, text: str, anchor: str = "start") -> None:
        """Words at an arrow."""
        self._labels.append(f'<text class="way" x="{x}" y="{y}" text-anchor="{anchor}">{escape(text)}</text>')

    def svg(self, scheme: Scheme, about: str) -> str:
        """The whole picture in one color scheme."""
        width, height = self._size
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
            f'role="img" aria-label="{escape(about)}" '
            'font-family="system-ui, -apple-system, Segoe UI, Helvetica, Arial, sans-serif">'
        )
        body = [head, self._style(scheme), _markers(scheme), *self._elements, *self._labels, "</svg>"]
        return "\n".join(body) + "\n"

    def _style(self, scheme: Scheme) -> str:
        rules = [
            f".{kind} {{ fill: {colors[0]}; stroke: {colors[1]}; stroke-width: 1.5 }}"
            for kind, colors in scheme.items()
            if isinstance(colors, tuple)
        ]
        frame, inner, text, soft = (scheme[name] for name in ("frame", "inner", "text", "soft"))
        main = scheme["compute"][1]
        rules += [
            f".inner {{ fill: {inner}; stroke: {frame} }}",
            f".frame {{ fill: none; stroke: {frame}; stroke-width: 1.5; stroke-dasharray: 6 4 }}",
            f"text {{ fill: {text}; font-size: {self._text}px }} .id {{ font-weight: 600 }}",
            f".id, .note {{ text-anchor: middle }} .note, .place, .way {{ fill: {soft}; font-size: {self._small}px }}",
            f".way {{ stroke: {inner}; stroke-width: 4px; paint-order: stroke; stroke-linejoin: round }}",
            f".main, .side {{ fill: none; stroke: {main}; stroke-width: 2.5; marker-end: url(#main) }}",
            f".side {{ stroke: {soft}; stroke-width: 1.75; marker-end: url(#side) }}",
        ]
        return "<style>\n" + "\n".join(rules) + "\n</style>"


def _markers(scheme: Scheme) -> str:
    shape = 'viewBox="0 0 8 8" refX="7" refY="4" orient="auto" markerUnits="userSpaceOnUse"'
    return "".join(
        f'<marker id="{name}" {shape} markerWidth="{size}" markerHeight="{size}"><path d="M0 0 8 4 0 8z" '
        f'fill="{color}"/></marker>'
        for name, size, color in (("main", 13, scheme["compute"][1]), ("side", 11, scheme["soft"]))
    )

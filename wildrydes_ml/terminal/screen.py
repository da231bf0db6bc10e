"""The last lines of a terminal, drawn anew in place; what is printed meanwhile stands above them.

Each frame is one write. When the window becomes narrower, most terminals break the lines that are there; others cut
them. Which do is told by what these set in the environment.
"""

import os
from collections.abc import Mapping, Sequence
from math import ceil
from typing import TextIO

from rich.console import Console
from rich.text import Text

# Terminals that break lines anew when their width changes; xterm and the Linux console do not.
_REFLOWING = (
    "ALACRITTY_WINDOW_ID", "KITTY_WINDOW_ID", "KONSOLE_VERSION", "TERM_PROGRAM", "TMUX", "VTE_VERSION", "WEZTERM_PANE",
    "WT_SESSION",
)  # fmt: skip


class Screen:
    """Draws frames on the terminal of a console."""

    def __init__(self, console: Console, environment: Mapping[str, str] = os.environ) -> None:
        self._console = console
        self._reflows = any(name in environment for name in _REFLOWING)
        self._widths: list[int] = []
        self._drawn_at = 0

    @property
    def file(self) -> TextIO:
        """The terminal."""
        return self._console.file  # type: ignore[return-value]

    def draw(self, lines: Sequence[Text]) -> None:
        """Puts a frame in the place of the one before; of one that is too high its end is left out."""
        width, height = self._console.size
        shown = list(lines[: max(1, height - 1)])
        before = "" if self._widths else "\x1b[?25l"
        with self._console.capture() as captured:
            for line in shown:
                self._console.print(line, no_wrap=True, overflow="crop", crop=True)
        self._write(before + self._erasing(width) + captured.get())
        self._widths, self._drawn_at = [line.cell_len for line in shown], width

    def clear(self) -> None:
        """Takes the frame away."""
        if self._widths:
            self._write(self._erasing(self._console.size.width) + "\x1b[?25h")
            self._widths = []

    def _erasing(self, width: int) -> str:
        if not self._widths:
            return ""
        is_broken = self._reflows and width < self._drawn_at
        rows = sum(max(1, ceil(one / width)) for one in self._widths) if is_broken else len(self._widths)
        return f"\r\x1b[{rows}A\x1b[J"

    def _write(self, text: str) -> None:
        self.file.write(text)
        self.file.flush()

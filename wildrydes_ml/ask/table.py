"""Answers as lines: a table that fits the terminal, or plain lines without a terminal."""

import unicodedata
from collections.abc import Sequence

from .asking import Answer

_VERDICTS = {True: "validated", False: "not validated"}
_VERDICT = max(map(len, _VERDICTS.values()))
_MILLISECONDS = 7
_GAP = "  "
_LEAST = 12


class Table:
    """Columns for pictures that are known beforehand, so that each row can be shown as soon as its answer comes."""

    def __init__(self, pictures: Sequence[str], columns: int) -> None:
        """`columns` is the terminal's width; 0 means that there is no terminal."""
        self._is_table = columns > 0
        room = columns - _VERDICT - _MILLISECONDS - 3 * len(_GAP)
        longest = max(map(_width, [*pictures, "picture"]))
        self._picture = min(longest, max(room // 2, _LEAST))
        self._seen = max(room - self._picture, _LEAST)

    @property
    def header(self) -> str:
        """The names of the columns; empty without a table."""
        return self._row("picture", "verdict", "detections", "ms") if self._is_table else ""

    def line(self, answer: Answer) -> str:
        """A picture's row. An error is shown in full, even if it is wider than the terminal."""
        if not self._is_table:
            return answer.describe() + ("" if answer.error else f" {answer.milliseconds:.0f} ms")
        if answer.error:
            return _GAP.join((self._name(answer.picture), f"{'error':{_VERDICT}}", answer.error))
        seen = answer.seen(len(answer.detections)) or "nothing"
        return self._row(answer.picture, _VERDICTS[answer.validated], seen, f"{answer.milliseconds:.0f}")

    def _row(self, picture: str, verdict: str, seen: str, milliseconds: str) -> str:
        cells = (
            self._name(picture),
            f"{verdict:{_VERDICT}}",
            self._beginning(seen),
            f"{milliseconds:>{_MILLISECONDS}}",
        )
        return _GAP.join(cells)

    def _name(self, picture: str) -> str:
        """A name that is too long keeps its end, where a file's own name is."""
        if _width(picture) > self._picture:
            while _width(picture) >= self._picture:
                picture = picture[1:]
            picture = "…" + picture
        return picture + " " * (self._picture - _width(picture))

    def _beginning(self, seen: str) -> str:
        if _width(seen) > self._seen:
            while _width(seen) >= self._seen:
                seen = seen[:-1]
            seen += "…"
        return seen + " " * (self._seen - _width(seen))


def _width(text: str) -> int:
    """Columns that a terminal takes for the text: two for each wide character, none for a combining one."""
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text
    )

"""A row of the class for each student: how far it is, where its API answers, what it says and costs."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from .roster import Student

WAITS, DONE, FAILED = "waits", "done", "failed"
NOT_CONNECTED = "made; the API is not connected yet"
"""The verdict on a part whose student has not connected the API yet."""
_COLUMNS = ("id", "name", "stage", "url", "verdict", "dollars_a_month", "api_id", "api_key")
_NAME_COLUMNS, _STAGE_COLUMNS = 24, 24


@dataclass(frozen=True)
class Seat:
    """A student and the state of the student's part.

    `dollars` is the idle cost a month in US$, `key` the API key where callers need one, `exit_code` that of a failure.
    `api` is the id of the API, by which the console tells it from the others.
    `state` is `waits`, `works`, `done` or `failed`; `stage` says it in more words.
    """

    student: Student
    state: str = WAITS
    stage: str = WAITS
    url: str = ""
    verdict: str = ""
    dollars: float = 0.0
    key: str = ""
    api: str = ""
    exit_code: int = 0

    def record(self) -> dict[str, Any]:
        """The row for programs, without the API key."""
        return {
            "student": self.student.id,
            "name": self.student.name,
            "state": self.state,
            "stage": self.stage,
            "api": self.api,
            "url": self.url,
            "verdict": self.verdict,
            "dollars_a_month": round(self.dollars, 2),
        }


def table(seats: Sequence[Seat]) -> list[str]:
    """The rows as text, under a line with the columns' names."""
    names = min(_NAME_COLUMNS, max([len("student"), *(len(one.student.id) for one in seats)]))
    head = f"{'student':<{names}}  {'stage':<8}  {'US$/month':>9}  URL and verdict"
    return [head, *(_line(one, names) for one in seats)]


def _line(seat: Seat, names: int) -> str:
    rest = "  ".join(filter(None, (seat.url, _one_line(seat.verdict))))
    stage = seat.stage if len(seat.stage) <= _STAGE_COLUMNS else f"{seat.stage[: _STAGE_COLUMNS - 1]}…"
    return f"{seat.student.id:<{names}}  {stage:<8}  {seat.dollars:>9.2f}  {rest}".rstrip()


def _one_line(text: str) -> str:
    return " ".join(text.split())


def sheet(seats: Iterable[Seat]) -> str:
    """The rows as CSV, for a spreadsheet. A cell that a spreadsheet would take for a formula begins with an apostrophe.

    https://owasp.org/www-community/attacks/CSV_Injection
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for one in seats:
        cells = (one.student.id, one.student.name, one.stage, one.url, _one_line(one.verdict), f"{one.dollars:.2f}")
        writer.writerow([_harmless(cell) for cell in (*cells, one.api, one.key)])
    return text.getvalue()


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell


def counted(seats: Sequence[Seat]) -> str:
    """How many are done and how many are not, in words."""
    done = sum(one.state == DONE for one in seats)
    failed = sum(one.state == FAILED for one in seats)
    return f"{done} of {len(seats)} students done" + (f", {failed} failed" if failed else "")

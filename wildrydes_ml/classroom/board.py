"""The rows of a class while several students' parts are at work: each change is told once, in words and as a record."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from .. import parallel
from ..errors import WildrydesError
from ..reporting import Quiet, Reporter
from .answers import Answer
from .roster import Student
from .seats import DONE, FAILED, Seat

WORKERS = 10
"""Students' parts at a time. At AWS's rates, more would not be faster."""


class Board:
    """The seats in the order of the students. Several threads may change them."""

    def __init__(self, students: Sequence[Student], reporter: Reporter) -> None:
        self._seats = {one.id: Seat(one) for one in students}
        self._reporter = reporter
        self._lock = threading.RLock()
        self._warned: set[str] = set()
        plural = "s" * (len(self._seats) != 1)
        reporter.event(f"{len(self._seats)} student{plural}", seats=[one.record() for one in self.seats])

    @property
    def seats(self) -> list[Seat]:
        """The seats as they are."""
        with self._lock:
            return list(self._seats.values())

    def works(self, id: str, stage: str) -> None:
        """The next stage of a student's part."""
        self._change(id, state="works", stage=stage)

    def done(self, id: str, found: Answer, dollars: float = 0.0) -> None:
        """A student's part is as it should be. `dollars` is its idle cost a month in US$."""
        told = {"verdict": found.verdict, "url": found.url, "api": found.api, "key": found.key}
        self._change(id, state=DONE, stage=DONE, dollars=dollars, **told)

    def failed(self, id: str, error: Exception, dollars: float = 0.0) -> None:
        """A student's part failed; the others go on. An application's own proof may raise anything."""
        is_told = isinstance(error, (WildrydesError, OSError))
        why = str(error) if is_told else f"{type(error).__name__}: {error}"
        code = getattr(error, "exit_code", 1)
        self._change(id, state=FAILED, stage=FAILED, verdict=why, exit_code=code, dollars=dollars)

    @contextmanager
    def failing(self, id: str, dollars: float = 0.0) -> Iterator[None]:
        """Work on a student's part, whose failure is the part's."""
        try:
            yield
        except Exception as error:
            self.failed(id, error, dollars)

    def warn(self, id: str, text: str) -> None:
        """A warning; the same about another student is not told again."""
        with self._lock:
            if text not in self._warned:
                self._warned.add(text)
                self._reporter.warning(f"{id}: {text}")

    def _change(self, id: str, **changes: Any) -> None:
        with self._lock:
            before = self._seats[id]
            self._seats[id] = replace(before, **changes)
            if self._seats[id] != before:
                self._tell(self._seats[id])

    def _tell(self, seat: Seat) -> None:
        words = f": {seat.verdict}" if seat.verdict else ""
        self._reporter.event(f"{seat.student.id}  {seat.stage}{words}", seat=seat.record())


def together(work: Sequence[Callable[[], None]], workers: int) -> None:
    """Does the work, so many pieces at a time. Ctrl-C ends the waiting, not what AWS has begun: that is for the words
    after it to tell."""
    try:
        parallel.in_order(parallel.start(work, workers), lambda nothing: None, lambda done: None)
    except KeyboardInterrupt:
        raise KeyboardInterrupt from None


class SeatReporter(Quiet):
    """What the deployer of one student says: its steps become stages on the board, its warnings are passed on.

    The board has all else: a row in place of a plan, and how it ended.
    """

    def __init__(self, board: Board, id: str) -> None:
        self._board = board
        self._id = id

    def event(self, text: str, **record: Any) -> None:
        """A step is a stage. What CloudFormation does to single resources is too much for twenty."""
        if "doing" in record:
            self._board.works(self._id, _stage(str(record["doing"])))

    def warning(self, text: str) -> None:
        """Passed on."""
        self._board.warn(self._id, text)


def _stage(doing: str) -> str:
    """A step without the name of the student's stack."""
    verb, is_stack, _ = doing.partition(" stack ")
    return f"{verb} stack" if is_stack else doing

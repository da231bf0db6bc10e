"""How far a deploy or a removal is: what its events tell, folded into one state. It prints nothing.

The view, the signs of life in a pipe, the summary and the words after a Ctrl-C all read it, so that they agree.
"""

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .. import durations

_STACK = "AWS::CloudFormation::Stack"
# Of a log that the events quote.
_LINES_KEPT = 15
# States of a student's part, in words.
_SEATS = {"failed": "failed", "works": "at work", "waits": "waiting"}


@dataclass
class Work:
    """CloudFormation's work on a stack; `total` is None while nobody knows how many resources it is about."""

    name: str
    operation: str = ""
    id: str = ""
    total: int | None = None
    about: float | None = None
    began: float | None = None
    ended: float | None = None
    began_before: bool = False
    status: str = ""
    running: dict[str, tuple[str, float]] = field(default_factory=dict)
    done: set[str] = field(default_factory=set)
    has_failed: bool = False

    @property
    def is_turning(self) -> bool:
        """Whether CloudFormation undoes what it did."""
        return "ROLLBACK" in self.status

    @property
    def state(self) -> str:
        """`waits`, `works`, `undoes`, `done` or `failed`."""
        if self.began is None:
            return "waits"
        if self.ended is None:
            return "undoes" if self.is_turning else "works"
        return "failed" if self.has_failed or (self.is_turning and self.operation != "undo") else "done"

    @property
    def longest(self) -> tuple[str, str, float] | None:
        """The resource that has been worked on longest: its logical id, type and when that began."""
        found = min(self.running.items(), key=lambda item: item[1][1], default=None)
        return (found[0], *found[1]) if found else None

    def take(self, resource: str, kind: str, status: str, now: float) -> None:
        """One event of the stack."""
        if resource == self.name and kind in ("", _STACK):
            self._take_own(status, now)
        elif status.endswith("_IN_PROGRESS"):
            self.running.setdefault(resource, (kind, now))
            self.done.discard(resource)
        else:
            self.running.pop(resource, None)
            if status.endswith("_COMPLETE"):
                self.done.add(resource)

    def _take_own(self, status: str, now: float) -> None:
        if self.began is None:
            self.began = now
        self.status = status
        if not status.endswith("_IN_PROGRESS"):
            self.ended, self.has_failed = now, status.endswith("_FAILED")
            self.running.clear()


@dataclass
class Failure:
    """The first resource that failed of itself: of which stack, its logical id and type, and why."""

    stack: str
    resource: str
    kind: str
    reason: str


class Course:
    """A reporter that only listens. After a result, what comes next is another course."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self._reset()

    def _reset(self) -> None:
        self.began = self.clock()
        self.step, self.steps, self.doing, self.on = 0, 0, "", ""
        self.done: list[str] = []
        self.works: dict[str, Work] = {}
        self.seats: dict[str, Mapping[str, Any]] = {}
        self.filling: dict[str, Any] = {}
        self.filling_began = 0.0
        self.last = ""
        self.notes: dict[str, str] = {}
        self.options: list[str] | None = None  # which make again what a removal deleted; None while nothing tells them
        self.failure: Failure | None = None
        self.log_lines: list[str] = []
        self.log_name = ""
        self.is_ended = self.was_good = False

    @property
    def elapsed(self) -> float:
        """Seconds since it began."""
        return self.clock() - self.began

    @property
    def has_begun(self) -> bool:
        """Whether anything was changed, or may have been."""
        return self.step > 0 or bool(self.done) or any(one["state"] != "waits" for one in self.seats.values())

    @property
    def following(self) -> Work | None:
        """A stack that CloudFormation works on at this moment."""
        return next((one for one in self.works.values() if one.state in ("works", "undoes")), None)

    def words(self) -> str:
        """What goes on at this moment, in a few words."""
        if self.is_seating:
            return self.counted()
        work = self.following
        if self.filling:
            percent = f", {self.filling['percent']} %" if "percent" in self.filling else ""
            what = "" if "fill" in self.doing or not self.fills else f"{self.fills}: "
            return ": ".join(filter(None, (self._numbered(), f"{what}{self.filling['words']}{percent}")))
        if work and self.step:
            return f"{self._numbered()}: {self._progress(work)}"
        return self._numbered() or self.last

    @property
    def fills(self) -> str:
        """What is filled: EFS in a step of a deploy, and nothing that needs a name where a model is only prepared."""
        return "EFS" if self.step else ""

    @property
    def is_seating(self) -> bool:
        """Whether students' parts are at work or wait for it."""
        return any(one["state"] in ("waits", "works") for one in self.seats.values())

    def counted(self) -> str:
        """How many of a class's students are how far: `12 of 20 students done, 1 failed, 5 at work`."""
        states = Counter(one["state"] for one in self.seats.values())
        rest = [f"{states[state]} {words}" for state, words in _SEATS.items() if states[state]]
        return ", ".join([f"{states['done']} of {len(self.seats)} students done", *rest])

    def _progress(self, work: Work) -> str:
        counted = f"{len(work.done)} of {work.total}" if work.total is not None else f"{len(work.done)}"
        longest = work.longest
        at = f", {longest[0]} for {durations.words(self.clock() - longest[2])}" if longest else ""
        return f"{counted} resources{at}"

    def _numbered(self) -> str:
        return f"{self.step} of {self.steps}  {self.doing}" if self.step else ""

    def plan(self, steps: Sequence[Mapping[str, Any]], *, idle_before: float = 0, idle_after: float = 0) -> None:
        """The stacks that are going to be worked on."""
        self._go_on()
        self.step = 0  # a second plan counts anew; what was done before stays done
        for step in steps:
            if name := step.get("stack"):
                self.works.setdefault(name, Work(name))

    def event(self, text: str, **record: Any) -> None:
        """What an event's record tells."""
        self._go_on()
        self.last = text
        if "step" in record:
            self._begin_step(record)
        elif "steps" in record:
            self._end_steps()
        if "operation" in record:
            self._begin_work(record)
        if "resource" in record:
            self._take_resource(record)
        for seat in (*record.get("seats", ()), *([record["seat"]] if "seat" in record else [])):
            self.seats[seat["student"]] = seat
        if "filling" in record:
            self._take_filling(record["filling"])
        if "log" in record:
            self.log_name = record["log"]
            lines = [*self.log_lines, record["message"]]
            self.log_lines = [line for line in lines if line.strip(". ")][-_LINES_KEPT:]
        if "options" in record:
            self.options = list(record["options"])
        if "about" in record:
            self.notes[record["about"]] = text

    def output(self, text: str, **record: Any) -> None:
        """Notes what belongs in the summary. An answer to something else is no news of another course."""
        if "about" in record:
            self._go_on()
            self.notes[record["about"]] = text

    def warning(self, text: str) -> None:
        """A warning is news, too."""
        self._go_on()
        self.last = text

    def error(self, text: str) -> None:
        """The result tells it."""

    def result(self, ok: bool, **record: Any) -> None:
        """The end of this course."""
        if ok and self.doing:
            self.done.append(self.doing)
        self.is_ended, self.was_good = True, ok

    def _go_on(self) -> None:
        if self.is_ended:
            self._reset()

    def _begin_step(self, record: Mapping[str, Any]) -> None:
        if 0 < record["step"] <= self.step:  # without another plan: the removal after a demo that was stopped
            self._reset()
        self._end_steps()
        self.step, self.steps, self.doing = record["step"], record["steps"], record["doing"]
        self.on = record.get("on", "")

    def _end_steps(self) -> None:
        """What comes now is no step: what is said of it is what goes on."""
        if self.doing:
            self.done.append(self.doing)
        self.step, self.steps, self.doing, self.on, self.filling = 0, 0, "", "", {}

    def _begin_work(self, record: Mapping[str, Any]) -> None:
        resources = record.get("resources")
        self.works[record["stack"]] = Work(
            record["stack"],
            record["operation"],
            record.get("stack_id", ""),
            len(resources) if resources else None,
            record.get("about_seconds"),
            self.clock(),
            began_before=record.get("began_before", False),
        )

    def _take_resource(self, record: Mapping[str, Any]) -> None:
        name, resource, kind = record["stack"], record["resource"], record.get("resource_type", "")
        work = self.works.setdefault(name, Work(name))
        work.take(resource, kind, record["status"], self.clock())
        is_own = resource != name and record["status"].endswith("_FAILED") and "cancelled" not in record["reason"]
        if is_own and self.failure is None:
            self.failure = Failure(name, resource, kind, record["reason"])
        if resource == name and work.ended is not None:
            self.filling = {}

    def _take_filling(self, filling: Mapping[str, Any]) -> None:
        if filling.get("part") != self.filling.get("part") or not self.filling:
            self.filling_began = self.clock()
        self.filling = dict(filling)
        if "percent" in filling and "part" in filling:
            return
        if filling.get("percent") == 100:
            self.filling = {}

    @property
    def filling_about(self) -> float | None:
        """About how many seconds the part of the filling takes that goes on; None for one that has no estimate."""
        return durations.FILLING.get(self.filling.get("part", ""), (None, ""))[0]

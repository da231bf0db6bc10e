"""The whole proof: both routes, step by step and question by question, and the removal, whatever happens."""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from wildrydes_ml.errors import InterruptedWork, WildrydesError
from wildrydes_ml.workshop.deployments import shipped
from wildrydes_ml.workshop.names import LONG, SHORT
from wildrydes_ml.workshop.parameters import MODEL_URL

from . import report
from .deployment import PROBE, Deployment, NotAskedError
from .questions import MODEL, QUESTIONS, Question
from .report import DONE, FAILED, NOT_ASKED, Outcome
from .steps import ONCE, STEPS, Step

EMULATED = "only AWS can tell, and this is an emulator"
_REMOVALS = 3
# Those with EFS; what is without is a question.
_ROUTES = (LONG, SHORT)


@dataclass
class Proof:
    """What was found so far. The report is written after each outcome, so that an end before the end leaves one."""

    place: Deployment
    folder: Path
    facts: dict[str, str]
    steps: list[Outcome] = field(default_factory=list)
    questions: list[Outcome] = field(default_factory=list)

    @property
    def has_failed(self) -> bool:
        """Whether a step was not as it should be; a question has no wrong answer."""
        return any(one.status == FAILED for one in self.steps)

    def run(self, routes: Sequence[str] = _ROUTES) -> None:
        """Each route from nothing to nothing; none on what an earlier one left."""
        self._choose_model()
        for number, route in enumerate(routes):
            self.place.route, self.place.outputs = route, {}
            with self._removing():
                if self._take((*STEPS, *(ONCE if number == 0 else ()))):
                    self._ask()
                else:
                    self._leave(QUESTIONS, "the deploy failed")
            if self.steps[-1].status == FAILED:
                break

    def _choose_model(self) -> None:
        """The workshop's model where its URL answers, or else the shipped one: all else can still be proved."""
        if not self.place.is_on_aws:
            self._leave([MODEL], EMULATED)
            return
        found = self._put(MODEL)
        if found.status != DONE or not all(str(said).startswith("2") for said in found.answer.values()):
            self.place.settings = replace(self.place.settings, model=str(shipped()))
        self.facts["model"] = self.place.settings.model or MODEL_URL

    @contextmanager
    def _removing(self) -> Iterator[None]:
        try:
            yield
        finally:
            self._note(self.steps, "destroy", "nothing is left, and the proof says so", self._remove)

    def _remove(self) -> str:
        """Removes the deployment, also one that is half made; an operation under way may have to end first."""
        for left in reversed(range(_REMOVALS)):
            try:
                had = self.place.destroy()
                break
            except InterruptedWork:
                if not left:
                    raise
        stacks = self.place.aws().stacks.find(self.place.with_options().stacks)
        assert not stacks, f"stacks are left: {', '.join(stacks)}"
        return "all of it is gone" if had else "there was nothing"

    def _take(self, steps: Sequence[Step]) -> bool:
        """Takes the steps; False when one failed without which the others make no sense."""
        for step in steps:
            outcome = self._note(self.steps, step.name, step.shows, lambda step=step: step.take(self.place))  # type: ignore[misc]
            if outcome.status != DONE and step.ends:
                return False
        return True

    def _ask(self) -> None:
        if not self.place.is_on_aws:
            self._leave(QUESTIONS, EMULATED)
            return
        for question in (one for one in QUESTIONS if not one.by_probe):
            self._put(question)
        probing = [one for one in QUESTIONS if one.by_probe]
        try:
            self.place.deploy(code=PROBE)
        except WildrydesError as error:
            self._leave(probing, f"the probe was not deployed: {error}")
            return
        for question in probing:
            self._put(question)

    def _put(self, question: Question) -> Outcome:
        return self._note(self.questions, question.name, question.why, lambda: question.ask(self.place))

    def _leave(self, questions: Sequence[Question], reason: str) -> None:
        for one in questions:
            self.questions.append(Outcome(self.place.route, one.name, one.why, NOT_ASKED, reason, 0))
        self._write()

    def _note(self, outcomes: list[Outcome], name: str, why: str, work: Callable[[], Any]) -> Outcome:
        """Does it and keeps what came of it; only what ends the program is not kept from doing so."""
        print(f"{self.place.route}: {name}", file=sys.stderr, flush=True)
        began = time.monotonic()
        status, answer = FAILED, "stopped"
        try:
            status, answer = DONE, work()
        except NotAskedError as reason:
            status, answer = NOT_ASKED, str(reason)
        except Exception as error:  # whatever it is, the rest goes on, and the removal above all
            answer = f"{type(error).__name__}: {error}"
        finally:
            seconds = round(time.monotonic() - began, 1)
            outcomes.append(Outcome(self.place.route, name, why, status, answer, seconds))
            self._write()
        return outcomes[-1]

    def _write(self) -> None:
        report.write(self.folder, self.facts, self.steps, self.questions)

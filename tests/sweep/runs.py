"""The cases of the sweeps, and what a run of each has to show.

A fault or kill at call k, the same command once more, and the end state of a clean run: nothing twice, nothing left.
"""

import os
import random
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from itertools import zip_longest
from urllib.request import ProxyHandler, Request, build_opener

from tests.wire import Call, Fault, Wire

from .place import Address
from .runner import Ended, Process, run
from .state import State, difference, state

# What the contract lets a command end with when the wire is to blame: done, or "run again to resume".
_ENDS = (0, 3)
_SIGNALS = {"SIGKILL": signal.SIGKILL, "SIGINT": signal.SIGINT}
_SIGNAL_ENDS = {"SIGKILL": -signal.SIGKILL, "SIGINT": 130}
# Both processes begin within this.
_RACE_SECONDS = 0.05


@dataclass(frozen=True)
class FaultCase:
    """One of the faults at call number `at` of a deploy or destroy."""

    verb: str
    at: int
    fault: Fault

    def __str__(self) -> str:
        return f"{self.verb}, {self.fault.value} at call {self.at}"


@dataclass(frozen=True)
class KillCase:
    """A deploy or destroy that gets a signal in place of the answer to call number `at`."""

    verb: str
    at: int
    signal: str

    def __str__(self) -> str:
        return f"{self.verb}, {self.signal} at call {self.at}"


@dataclass(frozen=True)
class RaceCase:
    """Two commands, the second after so many seconds."""

    verbs: tuple[str, str]
    gap: float

    @property
    def verb(self) -> str:
        """The first's verb, which tells where it starts from."""
        return self.verbs[0]

    @property
    def is_of_equals(self) -> bool:
        """Whether both want the same."""
        return self.verbs[0] == self.verbs[1]

    def __str__(self) -> str:
        return f"{' and '.join(self.verbs)}, {1000 * self.gap:.0f} ms apart"


Case = FaultCase | KillCase | RaceCase


@dataclass(frozen=True)
class Result:
    """How a case went: `problems` is empty when it converged, `fired` is the call it happened to ("": none came)."""

    case: Case
    fired: str
    problems: tuple[str, ...]
    seconds: float
    ends: str = ""

    @property
    def converged(self) -> bool:
        """Whether it happened, and all was well afterwards."""
        return bool(self.fired) and not self.problems


@dataclass(frozen=True)
class Clean:
    """What runs are measured against: calls of a clean deploy and destroy, the states after them."""

    calls: dict[str, Sequence[Call]]
    states: dict[str, State]


class Bench:
    """One emulator with its wire, where case follows case; the end of one is the start of the next."""

    def __init__(self, emulator: str, wire: Wire, efs: str, clean: Clean | None = None) -> None:
        self.wire = wire
        self.address = Address(wire.endpoint, emulator, efs)
        self._client = cache(self.address.client)
        self.clean = clean or self._measured()
        self._after = "destroy"

    def _measured(self) -> Clean:
        """The clean run; the second, since an emulator makes some things once."""
        calls: dict[str, Sequence[Call]] = {}
        states: dict[str, State] = {}
        for verb in ("deploy", "destroy") * 2:
            self.wire.clear()
            ended = run(self.address, verb)
            assert ended.code == 0, f"a clean {verb} ends with {ended}"
            calls[verb], states[verb] = self.wire.calls, self.state()
        return Clean(calls, states)

    def state(self) -> State:
        """What the emulator holds."""
        return state(self._client)

    def run(self, case: Case) -> Result:
        """Runs a case from a clean start."""
        self.begin_before(case.verb)
        began = time.monotonic()
        match case:
            case FaultCase():
                result = self._fault(case)
            case KillCase():
                result = self._kill(case)
            case RaceCase():
                result = self._race(case)
        self.wire.clear()
        self._after = "unknown" if result.problems else self._after
        return replace(result, seconds=time.monotonic() - began)

    def begin_before(self, verb: str) -> None:
        """Brings about what a clean run of the verb starts from."""
        start = {"deploy": "destroy", "destroy": "deploy"}[verb]
        self.wire.clear()
        if self._after not in ("deploy", "destroy"):
            self._reset()
        if self._after != start:
            ended = run(self.address, start)
            assert ended.code == 0, f"a clean {start} ends with {ended}"
            self._after = start

    def _reset(self) -> None:
        request = Request(f"{self.address.emulator}/_ministack/reset", method="POST")
        build_opener(ProxyHandler({})).open(request, timeout=600).close()
        self._after = "destroy"

    def _fault(self, case: FaultCase) -> Result:
        self.wire.fail(case.at, case.fault)
        first = run(self.address, case.verb)
        fired = self._fired()
        problems = self._misfired(case)
        if first.code not in _ENDS:
            problems.append(f"exit code {first.code}: {first.message}")
        if first.code and not first.message:
            problems.append("an error without a message")
        if first.code == 0:
            problems += self._wrong(case.verb, "a success with a wrong state")
        problems += self._resume(case.verb)
        return Result(case, fired, tuple(problems), 0, str(first))

    def _misfired(self, case: FaultCase) -> list[str]:
        """What the wire's audit says against the case: it must have happened at that call, and to no other."""
        fired = self.wire.fired
        expected = [case.at, case.at + 1] if case.fault is Fault.THROTTLED else [case.at]
        if fired and [call.number for call in fired] != expected[: len(fired)]:
            return [f"fired at {', '.join(map(str, fired))}"]
        return []

    def _kill(self, case: KillCase) -> Result:
        with self.striking(case.at, _SIGNALS[case.signal]) as victims:
            process = Process(self.address, case.verb)
            victims.append(process.pid)
            first = process.wait()
        fired, problems = self._fired(), list[str]()
        if fired and first.code != _SIGNAL_ENDS[case.signal]:
            problems.append(f"exit code {first.code} after {case.signal}: {first.message}")
        problems += self._resume(case.verb)
        return Result(case, fired, tuple(problems), 0, str(first))

    @contextmanager
    def striking(self, at: int, number: signal.Signals) -> Iterator[list[int]]:
        """The process whose number is put into the list gets the signal at its call `at`, and never an answer."""
        over, victims = threading.Event(), list[int]()

        def strike() -> None:
            os.kill(victims[0], number)
            over.wait(120)

        self.wire.strike(at, strike)
        try:
            yield victims
        finally:
            over.set()

    def _race(self, case: RaceCase) -> Result:
        self.wire.clear()
        first = Process(self.address, case.verbs[0])
        time.sleep(case.gap)
        second = Process(self.address, case.verbs[1])
        ends = [first.wait(), second.wait()]
        allowed = _ENDS if case.is_of_equals else (*_ENDS, 1)
        problems = [f"exit code {one}" for one in ends if one.code not in allowed]
        if case.is_of_equals:
            problems += self._contest(case.verb, ends)
        problems += self._resume(case.verb)
        return Result(case, "race", tuple(problems), 0, " | ".join(map(str, ends)))

    def _contest(self, verb: str, ends: Sequence[Ended]) -> list[str]:
        """Of two that want the same one is done, and the other is done as well or says why not."""
        if all(one.code for one in ends):
            return ["both failed"]
        silent = [f"no word of the other: {one}" for one in ends if one.code == 3 and "another" not in one.message]
        return silent + self._wrong(verb, "one succeeded with a wrong state")

    def _resume(self, verb: str) -> list[str]:
        """The same command once more, with nothing in its way."""
        self.wire.clear()
        again = run(self.address, verb)
        self._after = verb
        if again.code:
            return [f"run again: exit code {again.code}: {again.message}"]
        return self._wrong(verb, "run again")

    def _wrong(self, verb: str, when: str) -> list[str]:
        diff = difference(self.clean.states[verb], self.state())
        return [f"{when}:\n{diff}"] if diff else []

    def _fired(self) -> str:
        return str(self.wire.fired[0]) if self.wire.fired else ""


def fault_cases(clean: Clean) -> list[Case]:
    """Every fault at every call."""
    return in_turn([FaultCase(verb, at, fault) for verb, at in _places(clean) for fault in Fault])


def kill_cases(clean: Clean) -> list[Case]:
    """Both signals at every call."""
    return in_turn([KillCase(verb, at, name) for verb, at in _places(clean) for name in _SIGNALS])


def race_cases(drawn: random.Random, deploys: int = 20, others: int = 4) -> list[Case]:
    """Two deployers so many times; two destroys, and a destroy that meets a deploy, a few times."""
    kinds = [("deploy", "deploy")] * deploys
    kinds += [("destroy", "destroy"), ("deploy", "destroy"), ("destroy", "deploy")] * others
    return [RaceCase(verbs, drawn.uniform(0, _RACE_SECONDS)) for verbs in kinds]


def in_turn(cases: Sequence[Case]) -> list[Case]:
    """The same cases, a destroy after each deploy as long as there are any: one's end is the other's start."""
    deploys = [case for case in cases if case.verb == "deploy"]
    destroys = [case for case in cases if case.verb == "destroy"]
    pairs = zip_longest(deploys, destroys)
    return [case for pair in pairs for case in pair if case]


def kind_of(case: Case) -> tuple[str, str]:
    """What a sample has some of: the verb with the fault or signal."""
    what = {FaultCase: "fault", KillCase: "signal", RaceCase: "verbs"}[type(case)]
    return case.verb, str(getattr(case, what))


def _places(clean: Clean) -> list[tuple[str, int]]:
    return [(verb, at) for verb, calls in clean.calls.items() for at in range(1, len(calls) + 1)]

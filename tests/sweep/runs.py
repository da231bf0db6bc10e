"""What a run of a case has to show.

A fault or kill at call k, the same command once more, and the end state of a clean run: nothing twice, nothing left.
"""

import os
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from urllib.request import ProxyHandler, Request, build_opener

from tests.wire import Call, Fault, Wire

from .cases import SIGNALS, Case, Clean, FaultCase, KillCase, RaceCase
from .place import Address, Subject
from .runner import FILLING_SECONDS, SECONDS, Ended, Process, run
from .state import State, difference, state

# What the contract lets a command end with when the wire is to blame: done, or "run again to resume".
_ENDS = (0, 3)
_SIGNAL_ENDS = {"SIGKILL": -signal.SIGKILL, "SIGINT": 130}


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


class Bench:
    """One emulator with its wire, where case follows case; the end of one is the start of the next."""

    def __init__(self, subject: Subject, emulator: str, wire: Wire, efs: str, clean: Clean | None = None) -> None:
        self.subject = subject
        self.wire = wire
        self.address = Address(wire.endpoint, emulator, efs)
        self._client = cache(self.address.client)
        self.clean = clean or self._measured()
        self._after = "destroy"

    def _measured(self) -> Clean:
        """The clean run; the second, since the first fills EFS, and an emulator makes some things once."""
        calls: dict[str, Sequence[Call]] = {}
        states: dict[str, State] = {}
        for verb in ("deploy", "destroy") * 2:
            self.wire.clear()
            ended = self._run(verb, FILLING_SECONDS)
            assert ended.code == 0, f"a clean {verb} ends with {ended}"
            calls[verb], states[verb] = self.wire.calls, self.state()
        return Clean(calls, states)

    def _run(self, verb: str, seconds: int = SECONDS) -> Ended:
        return run(self.subject, self.address, verb, seconds)

    def state(self) -> State:
        """What the emulator holds that AWS would hold as well."""
        self._refuse_late_logs()
        return state(self._client)

    def _refuse_late_logs(self) -> None:
        """Removes the log groups that the emulator made for an invocation which ended after its stack was deleted.

        AWS makes none: the function's role may not create one. Ours are told apart by their retention.
        """
        logs = self._client("logs")
        for group in logs.describe_log_groups()["logGroups"]:
            if "retentionInDays" not in group:
                logs.delete_log_group(logGroupName=group["logGroupName"])

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
            ended = self._run(start)
            assert ended.code == 0, f"a clean {start} ends with {ended}"
            self._after = start

    def _reset(self) -> None:
        request = Request(f"{self.address.emulator}/_ministack/reset", method="POST")
        build_opener(ProxyHandler({})).open(request, timeout=600).close()
        self._after = "destroy"

    def _fault(self, case: FaultCase) -> Result:
        self.wire.fail(case.at, case.fault)
        first = self._run(case.verb)
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
        with self.striking(case.at, SIGNALS[case.signal]) as victims:
            process = Process(self.subject, self.address, case.verb)
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
        first = Process(self.subject, self.address, case.verbs[0])
        time.sleep(case.gap)
        second = Process(self.subject, self.address, case.verbs[1])
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
        self._refuse_late_logs()
        again = self._run(verb)
        self._after = verb
        if again.code:
            return [f"run again: exit code {again.code}: {again.message}"]
        return self._wrong(verb, "run again")

    def _wrong(self, verb: str, when: str) -> list[str]:
        diff = difference(self.clean.states[verb], self.state())
        return [f"{when}:\n{diff}"] if diff else []

    def _fired(self) -> str:
        return str(self.wire.fired[0]) if self.wire.fired else ""

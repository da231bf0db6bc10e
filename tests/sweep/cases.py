"""The cases of the sweeps: each has a key that names it on the command line, and an order in which they are run."""

import random
import re
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

from tests.wire import Call, Fault

from .state import State

VERBS = ("deploy", "destroy")
SIGNALS = {"SIGKILL": signal.SIGKILL, "SIGINT": signal.SIGINT}
# Both processes begin within this.
_RACE_SECONDS = 0.05
# So many are put into pairs at a time: more, and their order is no longer random.
_CHUNK = 12


@dataclass(frozen=True)
class FaultCase:
    """One of the faults at call number `at` of a deploy or destroy."""

    verb: str
    at: int
    fault: Fault

    @property
    def key(self) -> str:
        """What `--case` takes."""
        return f"{self.verb}:{self.fault.name}:{self.at}"

    def __str__(self) -> str:
        return f"{self.verb}, {self.fault.value} at call {self.at}"


@dataclass(frozen=True)
class KillCase:
    """A deploy or destroy that gets a signal in place of the answer to call number `at`."""

    verb: str
    at: int
    signal: str

    @property
    def key(self) -> str:
        """What `--case` takes."""
        return f"{self.verb}:{self.signal}:{self.at}"

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

    @property
    def key(self) -> str:
        """What `--case` takes."""
        return f"{self.verbs[0]}:{self.verbs[1]}:{self.gap!r}"

    def __str__(self) -> str:
        return f"{' and '.join(self.verbs)}, {1000 * self.gap:.0f} ms apart"


Case = FaultCase | KillCase | RaceCase


@dataclass(frozen=True)
class Clean:
    """What runs are measured against: calls of a clean deploy and destroy, the states after them."""

    calls: dict[str, Sequence[Call]]
    states: dict[str, State]


def parse(key: str) -> Case:
    """The case of a key. Raises ValueError for what is none."""
    match = re.fullmatch(r"(deploy|destroy):(\w+):([\d.e-]+)", key, re.ASCII)
    faults = {fault.name: fault for fault in Fault}
    if match and match[2] in VERBS:
        return RaceCase((match[1], match[2]), float(match[3]))
    if match and match[3].isdigit() and match[2] in SIGNALS:
        return KillCase(match[1], int(match[3]), match[2])
    if match and match[3].isdigit() and match[2] in faults:
        return FaultCase(match[1], int(match[3]), faults[match[2]])
    raise ValueError(f"{key!r} is no case")


def fault_cases(clean: Clean) -> list[Case]:
    """Every fault at every call."""
    return [FaultCase(verb, at, fault) for verb, at in _places(clean) for fault in Fault]


def kill_cases(clean: Clean) -> list[Case]:
    """Both signals at every call."""
    return [KillCase(verb, at, name) for verb, at in _places(clean) for name in SIGNALS]


def race_cases(drawn: random.Random, deploys: int = 20, others: int = 4) -> list[Case]:
    """Two deployers so many times; two destroys, and a destroy that meets a deploy, a few times."""
    kinds = [("deploy", "deploy")] * deploys
    kinds += [("destroy", "destroy"), ("deploy", "destroy"), ("destroy", "deploy")] * others
    return [RaceCase(verbs, drawn.uniform(0, _RACE_SECONDS)) for verbs in kinds]


def shuffled(cases: Sequence[Case], drawn: random.Random) -> list[Case]:
    """The same cases in random order; what is run until some moment is then a fair sample."""
    mixed = drawn.sample(cases, len(cases))
    chunks = [in_turn(mixed[start : start + _CHUNK]) for start in range(0, len(mixed), _CHUNK)]
    return [case for chunk in chunks for case in chunk]


def in_turn(cases: Sequence[Case]) -> list[Case]:
    """The same cases, a destroy after each deploy as long as there are any: one's end is the other's start."""
    deploys = [case for case in cases if case.verb == "deploy"]
    destroys = [case for case in cases if case.verb == "destroy"]
    pairs = zip_longest(deploys, destroys)
    return [case for pair in pairs for case in pair if case]


def some_of_each(cases: Sequence[Case], each: int, drawn: random.Random) -> list[Case]:
    """So many of each verb with each fault, signal or other verb."""
    kinds: dict[str, list[Case]] = {}
    for case in cases:
        kinds.setdefault(case.key.rpartition(":")[0], []).append(case)
    return in_turn([case for kind in kinds.values() for case in drawn.sample(kind, min(each, len(kind)))])


def _places(clean: Clean) -> list[tuple[str, int]]:
    return [(verb, at) for verb, calls in clean.calls.items() for at in range(1, len(calls) + 1)]

"""The whole sweep: every fault and every kill at every call, and the races, on as many emulators as there are cores.

    python -m tests.sweep [--app FILE] [--only faults kills races] [--within MINUTES | --sample N | --case KEY ...]

They are run in random order; what does not fit into `--within` or `--sample` is left out, and counted. Prints the
counts, and each case that did not converge with the command that runs it alone; exits with 1 when there is one.
"""

import argparse
import datetime
import math
import multiprocessing
import random
import shlex
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from multiprocessing.queues import Queue
from pathlib import Path

from tests.wire import Fault, Wire
from wildrydes_ml.local import emulator as local
from wildrydes_ml.reporting import Progress

from . import cases
from .cases import Case, Clean, FaultCase, KillCase, RaceCase
from .place import Subject, subject
from .runs import Bench, Result

_KINDS: Mapping[str, type[Case]] = {"faults": FaultCase, "kills": KillCase, "races": RaceCase}
# A deploy and the destroy after it stay together; short, so that the bar moves.
_CHUNK = 6
# The part of --within in which cases begin: the last ones may hang, and emulators take a while to start and end.
_USED = 0.85

_bench: list[Bench] = []


@dataclass(frozen=True)
class Plan:
    """What is run: cases in their order, until a moment of the monotonic clock, which all processes share."""

    subject: Subject
    cases: Sequence[Case]
    until: float


def main() -> int:
    """Runs it."""
    asked = options(sys.argv[1:])
    began = time.monotonic()
    until = began + _USED * 60 * asked.within if asked.within else math.inf
    made = subject(asked.app)
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))  # so that the emulators are stopped
    with tempfile.TemporaryDirectory() as folder, _emulators(Path(folder), asked.workers) as emulators:
        efs = str(Path(folder) / "efs")
        clean = _measure(made, emulators[0], efs)
        every = _every(asked, clean)
        plan = Plan(made, every[: asked.sample], until)
        results = _run(plan, emulators, efs, clean)
    for name, kind in _KINDS.items():
        _report(name, clean, [one for one in results if isinstance(one.case, kind)], _count(every, kind))
    print(f"{len(results)} of {len(every)} runs with --seed {asked.seed}, {time.monotonic() - began:.0f} s")
    wrong = sorted((one for one in results if one.problems), key=lambda one: str(one.case))
    for one in wrong:
        print(told(one, asked.app))
    return 1 if wrong or not results else 0


def options(arguments: Sequence[str]) -> argparse.Namespace:
    """What is asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.sweep", description=__doc__.split("\n")[0])
    parser.add_argument("--app", default="", metavar="FILE", help="the App to deploy (default: the workshop)")
    parser.add_argument("--only", nargs="+", choices=tuple(_KINDS), default=tuple(_KINDS))
    parser.add_argument("--seed", type=int, default=int(f"{datetime.date.today():%Y%m%d}"),
                        help="of the order and the races' gaps (default: today's date)")  # fmt: skip
    parser.add_argument("--workers", type=int, default=2, help="emulators at a time (default: %(default)s)")
    part = parser.add_mutually_exclusive_group()
    part.add_argument("--within", type=_positive, metavar="MINUTES", help="end before so many minutes")
    part.add_argument("--sample", type=_whole, metavar="N", help="run so many")
    part.add_argument("--case", nargs="+", type=cases.parse, metavar="KEY", help="run these, as a failure names them")
    return parser.parse_args(arguments)


def _positive(text: str) -> float:
    if not 0 < (number := float(text)) < math.inf:
        raise ValueError(text)
    return number


def _whole(text: str) -> int:
    return int(_positive(str(int(text))))


def _every(asked: argparse.Namespace, clean: Clean) -> list[Case]:
    """The cases in their order, of which the first may be all that is run."""
    if asked.case:
        return list(asked.case)
    drawn = random.Random(asked.seed)
    of_kinds = {
        "faults": cases.fault_cases(clean),
        "kills": cases.kill_cases(clean),
        "races": cases.race_cases(drawn),
    }
    return cases.shuffled([case for name in asked.only for case in of_kinds[name]], drawn)


@contextmanager
def _emulators(folder: Path, count: int) -> Iterator[list[str]]:
    """The emulators' addresses."""
    with ExitStack() as opened:
        homes = [folder / f"home{number}" for number in range(count)]
        addresses = []
        for home in homes:
            opened.callback(local.stop, home)
            addresses.append(local.start(home)[0].endpoint)
        yield addresses


def _measure(made: Subject, emulator: str, efs: str) -> Clean:
    with Wire(emulator) as wire:
        return Bench(made, emulator, wire, efs).clean


def _run(plan: Plan, emulators: Sequence[str], efs: str, clean: Clean) -> list[Result]:
    context = multiprocessing.get_context("forkserver")
    free: Queue[str] = context.Queue()
    for emulator in emulators:
        free.put(emulator)
    chunks = [plan.cases[start : start + _CHUNK] for start in range(0, len(plan.cases), _CHUNK)]
    results: list[Result] = []
    progress = Progress(len(plan.cases))
    tenth = max(1, len(plan.cases) // 10)
    progress.show(0)
    first = (free, plan.subject, efs, clean)
    with ProcessPoolExecutor(len(emulators), context, _begin, first) as pool, _cancelling(pool):
        for done in as_completed([pool.submit(_work, chunk, plan.until) for chunk in chunks]):
            found = done.result()
            results += found
            progress.show(len(results))
            if found and not sys.stderr.isatty() and len(results) % tenth < _CHUNK:
                print(f"{len(results)} of {len(plan.cases)}", file=sys.stderr, flush=True)
    progress.clear()
    return results


@contextmanager
def _cancelling(pool: ProcessPoolExecutor) -> Iterator[None]:
    """Lets an end before the end wait for the cases that run, and for no other."""
    try:
        yield
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        raise


def _begin(free: "Queue[str]", made: Subject, efs: str, clean: Clean) -> None:
    emulator = free.get()
    _bench[:] = [Bench(made, emulator, Wire(emulator).__enter__(), efs, clean)]


def _work(chunk: Sequence[Case], until: float) -> list[Result]:
    return in_time(chunk, until, _bench[0].run)


def in_time(
    chunk: Sequence[Case], until: float, run: Callable[[Case], Result], clock: Callable[[], float] = time.monotonic
) -> list[Result]:
    """Runs the cases that begin before that moment."""
    return [run(case) for case in chunk if clock() < until]


def _count(every: Sequence[Case], kind: type[Case]) -> int:
    return sum(isinstance(case, kind) for case in every)


def _report(name: str, clean: Clean, results: Sequence[Result], planned: int) -> None:
    if not results:
        return
    wrong = sum(bool(one.problems) for one in results)
    converged = sum(one.converged for one in results)
    missed = len(results) - converged - wrong
    slowest = max(one.seconds for one in results)
    mean = sum(one.seconds for one in results) / len(results)
    print(
        f"{_heading(name, clean)}, {len(results)} of {planned} run: {converged} converged, {wrong} did not, "
        f"{missed} came to fewer calls; {mean:.1f} s a run, the slowest {slowest:.1f} s"
    )
    print(
        "  ends of the first run: "
        + ", ".join(f"{n} x {end}" for end, n in sorted(Counter(map(_end, results)).items()))
    )


def told(result: Result, app: str) -> str:
    """A case that did not converge: what is wrong, and the command that runs it alone."""
    problems = ["    " + problem.replace("\n", "\n      ") for problem in result.problems]
    of_app = ["--app", app] if app else []
    command = shlex.join(["python", "-m", "tests.sweep", *of_app, "--case", result.case.key])
    return "\n".join([f"  {result.case} ({result.fired})", *problems, f"    again: {command}"])


def _heading(name: str, clean: Clean) -> str:
    calls = f"{sum(map(len, clean.calls.values()))} calls"
    return {
        "faults": f"fault sweep: {calls} x {len(Fault)} faults",
        "kills": f"kill sweep: {calls} x {len(cases.SIGNALS)} signals",
        "races": "races",
    }[name]


def _end(result: Result) -> str:
    return " and ".join(part.strip().split(" ")[0] for part in result.ends.split("|")) or "traceback"

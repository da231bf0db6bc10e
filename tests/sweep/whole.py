"""The whole sweep: every fault and every kill at every call, and the races, on as many emulators as there are cores.

    python -m tests.sweep [--only faults kills races] [--seed 5] [--workers 2]

Prints the counts and each case that did not converge; exits with 1 when there is one.
"""

import argparse
import multiprocessing
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import ExitStack, contextmanager
from multiprocessing.queues import Queue
from pathlib import Path

from tests.wire import Fault, Wire
from wildrydes_ml.local import emulator as local
from wildrydes_ml.reporting import Progress

from . import runs
from .place import fill
from .runs import Bench, Case, Clean, Result

# A deploy and the destroy after it stay together; short, so that the bar moves.
_CHUNK = 6

_bench: list[Bench] = []


def main() -> int:
    """Runs it."""
    parser = argparse.ArgumentParser(prog="python -m tests.sweep", description=__doc__.split("\n")[0])
    parser.add_argument("--only", nargs="+", choices=("faults", "kills", "races"), default=("faults", "kills", "races"))
    parser.add_argument("--seed", type=int, default=5, help="of the races' gaps (default: %(default)s)")
    parser.add_argument("--workers", type=int, default=2, help="emulators at a time (default: %(default)s)")
    options = parser.parse_args()
    failed = 0
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))  # so that the emulators are stopped
    with tempfile.TemporaryDirectory() as folder, _emulators(Path(folder), options.workers) as (emulators, efs):
        clean = _measure(emulators[0], efs)
        for name in options.only:
            cases = _cases(name, clean, options.seed)
            began = time.monotonic()
            results = sorted(_run(cases, emulators, efs, clean), key=lambda one: str(one.case))
            failed += _report(name, clean, results, time.monotonic() - began)
    return 1 if failed else 0


@contextmanager
def _emulators(folder: Path, count: int) -> Iterator[tuple[list[str], str]]:
    """The emulators' addresses, and an EFS directory that is filled."""
    with ExitStack() as opened:
        homes = [folder / f"home{number}" for number in range(count)]
        addresses = []
        for home in homes:
            opened.callback(local.stop, home)
            addresses.append(local.start(home)[0].endpoint)
        yield addresses, str(fill(folder / "efs"))


def _measure(emulator: str, efs: str) -> Clean:
    with Wire(emulator) as wire:
        return Bench(emulator, wire, efs).clean


def _cases(name: str, clean: Clean, seed: int) -> Sequence[Case]:
    if name == "faults":
        return runs.fault_cases(clean)
    return runs.kill_cases(clean) if name == "kills" else runs.race_cases(random.Random(seed))


def _run(cases: Sequence[Case], emulators: Sequence[str], efs: str, clean: Clean) -> list[Result]:
    context = multiprocessing.get_context("forkserver")
    free: Queue[str] = context.Queue()
    for emulator in emulators:
        free.put(emulator)
    chunks = [cases[start : start + _CHUNK] for start in range(0, len(cases), _CHUNK)]
    results: list[Result] = []
    progress = Progress(len(cases))
    tenth = max(1, len(cases) // 10)
    progress.show(0)
    with ProcessPoolExecutor(len(emulators), context, _begin, (free, efs, clean)) as pool, _cancelling(pool):
        for done in as_completed([pool.submit(_work, chunk) for chunk in chunks]):
            results += done.result()
            progress.show(len(results))
            if not sys.stderr.isatty() and len(results) % tenth < _CHUNK:
                print(f"{len(results)} of {len(cases)}", file=sys.stderr, flush=True)
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


def _begin(free: "Queue[str]", efs: str, clean: Clean) -> None:
    emulator = free.get()
    _bench[:] = [Bench(emulator, Wire(emulator).__enter__(), efs, clean)]


def _work(cases: Sequence[Case]) -> list[Result]:
    return [_bench[0].run(case) for case in cases]


def _report(name: str, clean: Clean, results: Sequence[Result], seconds: float) -> int:
    wrong = [one for one in results if one.problems]
    converged = sum(one.converged for one in results)
    missed = len(results) - converged - len(wrong)
    slowest = max(one.seconds for one in results)
    mean = sum(one.seconds for one in results) / len(results)
    print(
        f"{_heading(name, clean, len(results))}, {converged} converged, {len(wrong)} did not, "
        f"{missed} came to fewer calls; {seconds:.0f} s, {mean:.1f} s a run, the slowest {slowest:.1f} s"
    )
    print(
        "  ends of the first run: "
        + ", ".join(f"{n} x {end}" for end, n in sorted(Counter(map(_end, results)).items()))
    )
    for one in wrong:
        print(f"  {one.case} ({one.fired})")
        for problem in one.problems:
            print("    " + problem.replace("\n", "\n      "))
    sys.stdout.flush()
    return len(wrong)


def _heading(name: str, clean: Clean, count: int) -> str:
    calls = f"{sum(map(len, clean.calls.values()))} calls"
    return {
        "faults": f"fault sweep: {calls} x {len(Fault)} faults = {count} runs",
        "kills": f"kill sweep: {calls} x 2 signals = {count} runs",
        "races": f"races: {count} runs",
    }[name]


def _end(result: Result) -> str:
    return " and ".join(part.strip().split(" ")[0] for part in result.ends.split("|")) or "traceback"

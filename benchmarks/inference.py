"""Measures the way of a picture: cold start, warm requests, memory, concurrency; prints a Markdown report.

`python -m benchmarks.inference [--quick] [--shape SHAPE]`: every engine and the workshop's handler take turns in one
run, on the local disk and on a file system as slow as EFS at three throughputs. Needs the project's development
environment; the slow file system needs /dev/fuse, a C compiler and libfuse 3, and is left out, with a word, without
them.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks import report, slowfs, surroundings
from benchmarks.processes import ENGINES, HALF, LITERT, WORKSHOP, ZIP, Failed, Place, Process, started
from benchmarks.report import LOCAL, Results, Warm, Workers
from wildrydes_ml.blocks.function import IN_ZIP
from wildrydes_ml.reporting import TextReporter

BUILD = Path(__file__).resolve().parent.parent / "build" / "benchmarks"
SHAPES = ("combined", "unrolled", "top-k")
"""Those of standin.py."""


@dataclass(frozen=True)
class Plan:
    """How much is measured: throughputs of the slow file system in MiB/s, runs, warm requests, workers."""

    throughputs: tuple[int, ...]
    runs: int
    warm_requests: int
    workers: tuple[int, ...]
    seconds: float

    def runs_at(self, engine: str, system: str) -> int:
        """One of what takes a minute, and of what has no goal; none of what reads no file system."""
        if engine == ZIP:
            return 0
        slowest = (WORKSHOP, "15 MiB/s")
        has_goal = engine == WORKSHOP or (f"{report.COLD}, {system}", engine) in report.GOALS
        return self.runs if has_goal and (engine, system) != slowest else 1


FULL = Plan(throughputs=(500, 45, 15), runs=3, warm_requests=20, workers=(1, 2, 4), seconds=4)
QUICK = Plan(throughputs=(500,), runs=1, warm_requests=20, workers=(1, 2), seconds=2)
SHORT = replace(FULL, workers=())
"""For the other shapes of graphs: how many can run side by side does not depend on them."""


class Benchmark:
    """One run, which collects results; `places` are where each engine finds its files.

    An engine that does not answer is left out from then on, and noted.
    """

    def __init__(self, places: Mapping[str, Place], plan: Plan) -> None:
        self._places = places
        self._plan = plan
        self._engines = list(ENGINES)
        self.results = Results()

    def run(self) -> Results:
        """Everything, cheapest first."""
        self._find_engines()
        self._local()
        self._slow()
        self._concurrent()
        return self.results

    def _find_engines(self) -> None:
        """Tries each engine once, untimed, which also brings its files into the page cache."""
        for engine in ENGINES:
            _say(f"trying {engine}")
            with self._dropping(engine, "unavailable"), started(engine, self._places[engine]) as process:
                process.cold()

    def _local(self) -> None:
        for engine in self._turns(dict.fromkeys(self._engines, self._plan.runs)):
            _say(f"{LOCAL}: {engine}")
            with self._dropping(engine, f"failed on {LOCAL}"), started(engine, self._places[engine]) as process:
                self.results.cold.setdefault((LOCAL, engine), []).append(process.cold())
                self.results.warm.setdefault(engine, []).append(self._warm(engine, process))

    def _warm(self, engine: str, process: Process) -> Warm:
        reply = process.ask(requests=self._plan.warm_requests)
        if engine == WORKSHOP:
            return Warm(reply["milliseconds"], reply["peak_mb"])
        pairs = process.ask(pairs=self._plan.warm_requests)
        overhead = report.overhead(pairs["totals"], pairs["requests"], pairs["bare"])
        return Warm(reply["milliseconds"], reply["peak_mb"], statistics.median(pairs["bare"]), overhead)

    def _slow(self) -> None:
        try:
            program = slowfs.compiled(BUILD)
            for throughput in self._plan.throughputs:
                system = f"{throughput} MiB/s"
                for engine in self._turns({engine: self._plan.runs_at(engine, system) for engine in self._engines}):
                    _say(f"{system}: {engine}")
                    with self._dropping(engine, f"failed at {system}"):
                        self._slow_run(engine, system, slowfs.mounted(program, self._places[engine].root, throughput))
        except slowfs.Unavailable as error:
            self._note(f"The slow file system is left out: {error}.")

    def _slow_run(self, engine: str, system: str, mounting: AbstractContextManager[slowfs.Mount]) -> None:
        with mounting as mount, started(engine, self._places[engine].at(mount.path)) as process:
            cold = process.cold()
        self.results.cold.setdefault((system, engine), []).append(cold)
        self.results.counters.setdefault((system, engine), []).append(mount.counters)

    def _concurrent(self) -> None:
        for count in self._plan.workers:
            for engine in list(self._engines):
                _say(f"workers, {count}: {engine}")
                with self._dropping(engine, f"failed with {count} workers"):
                    self.results.workers[engine, count] = self._together(engine, count)

    def _together(self, engine: str, count: int) -> Workers:
        with ExitStack() as stack:
            processes = [stack.enter_context(started(engine, self._places[engine])) for _ in range(count)]
            for process in processes:
                process.cold()
            for process in processes:
                process.send(seconds=self._plan.seconds)
            replies = [process.receive() for process in processes]
        rates = [len(reply["milliseconds"]) / sum(reply["milliseconds"]) * 1000 for reply in replies]
        return Workers(sum(rates), sum(reply["peak_mb"] for reply in replies))

    def _turns(self, runs: dict[str, int]) -> Iterator[str]:
        """Each engine as often as it shall run, in turns, while it is not left out."""
        for turn in range(max(runs.values(), default=0)):
            yield from (engine for engine, count in runs.items() if turn < count and engine in self._engines)

    @contextmanager
    def _dropping(self, engine: str, what: str) -> Iterator[None]:
        try:
            yield
        except Failed as error:
            self._note(f"{engine} {what}: {error}.")
            self._engines.remove(engine)

    def _note(self, text: str) -> None:
        _say(text)
        self.results.notes.append(text)


def conditions(plan: Plan, root: Path, picture_bytes: int, load: float) -> list[str]:
    """What the tables' readers should know."""
    manifest = json.loads((root / "manifest.json").read_text())
    width, height = surroundings.PICTURE_SIZE
    model = Path(manifest["inputs"]["model"])
    name = "a substitute from standin.py" if model.parent == BUILD else model.name
    return [
        "`workshop` does what the workshop's function does, with everything that pip installs for it. The others are "
        "this project's handler with the `ENGINE` of that name, on files that populate.sh installed.",
        f"The model is {name}, {manifest['model']['bytes'] / 1e6:.0f} MB. The picture is a JPEG of {width}x{height} "
        f"pixels and {picture_bytes / 1000:.0f} kB, from a server on the same machine.",
        "A cold start lasts from the start of the Python process to the first answer. Times are medians. Stages may "
        "overlap: `load` is the part of loading that is left when the picture has arrived. `requests` is the number of "
        "the request that got the answer. The requests before it got 503.",
        f"{LOCAL.capitalize()}: {plan.runs} cold starts with the files in the page cache, then {plan.warm_requests} "
        "warm requests in each process. Peak memory is resident memory, with mapped files.",
        f"N MiB/s: a FUSE file system with {slowfs.RTT_MICROSECONDS / 1000:g} ms for each lookup, open, listing and "
        "read, N MiB/s for all readers together, and 128 KiB read-ahead. Caches are empty at each start. The work of "
        "FUSE is included.",
        f"Load average before: {load:.1f}.",
    ]


def main() -> None:
    """Prepares what is missing, measures, prints."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a smaller matrix")
    parser.add_argument("--shape", choices=SHAPES, default=SHAPES[0], help="the graph of the substitute for the model")
    parser.add_argument("--model", type=Path, help="a SavedModel (default: a substitute for the workshop's)")
    arguments = parser.parse_args()
    load = os.getloadavg()[0]
    chosen = arguments.model.resolve() if arguments.model else standin(arguments.shape)
    halves = {weights: filled_root(chosen, weights) for weights in ("float32", "float16")}
    root, body = halves["float32"], surroundings.picture()
    workshop = surroundings.install_workshop(BUILD / "workshop", root)
    plan = QUICK if arguments.quick else FULL if arguments.shape == SHAPES[0] else SHORT
    with tempfile.TemporaryDirectory() as code, surroundings.served(body) as host:
        places = dict.fromkeys(ENGINES, Place(root, surroundings.unpack_code(Path(code, "code")), host))
        places[WORKSHOP] = places[LITERT].at(workshop)
        places[HALF] = places[LITERT].at(halves["float16"])
        places[ZIP] = zipped(root, Path(code, "zip"), host)
        results = Benchmark(places, plan).run()
        print(report.markdown(results, surroundings.machine(root), conditions(plan, root, len(body), load)))


def standin(shape: str = SHAPES[0]) -> Path:
    """The substitute for the workshop's model with this graph."""
    return surroundings.model(BUILD / f"model-{shape}", shape)


def filled_root(model: Path | None = None, weights: str = "float32") -> Path:
    """An EFS root that is filled with the model (default: the substitute), which is prepared with these weights.

    The packages are installed once, for all of them.
    """
    reporter = TextReporter(out=sys.stderr)
    model = model or standin()
    base = BUILD / "efs"
    if not (base / "manifest.json").exists():
        surroundings.fill(base, standin(), reporter)
    return surroundings.twin(base, f"efs-{model.name}-{weights}", model, weights, reporter)


def zipped(root: Path, directory: Path, host: str) -> Place:
    """The place of a function whose zip has what `root` has of packages and model."""
    code = surroundings.unpack_zip(root, directory, TextReporter(out=sys.stderr))
    return Place(code / IN_ZIP["EFS_PATH"], code, host, IN_ZIP["PY_PKG_PATH"])


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)

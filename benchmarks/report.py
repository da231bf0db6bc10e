"""What was measured as Markdown: ratios to the workshop's handler of the same run, beside their goals."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from benchmarks.processes import ENGINES, HALF, WORKSHOP, ZIP, Cold

LOCAL = "local disk"
STAGES = ("python", "import", "load", "fetch", "decode", "detect")
OPERATIONS = ("lookups", "opens", "readdirs", "reads", "bytes")

COLD, WARM, MEMORY, OVERHEAD = "cold start", "warm p50", "peak memory", "handler overhead, warm"

GOALS = {
    (f"{COLD}, 500 MiB/s", HALF): 0.02,
    (f"{COLD}, 45 MiB/s", HALF): 0.045,
    (f"{COLD}, 15 MiB/s", HALF): 0.075,
    (f"{COLD}, {LOCAL}", ZIP): 0.1,
    (WARM, HALF): 0.47,
    (MEMORY, HALF): 0.25,
    (f"{COLD}, 500 MiB/s", "capi"): 0.12,
    (f"{COLD}, 45 MiB/s", "capi"): 0.4,
    (WARM, "capi"): 1.0,
    **{(OVERHEAD, engine): 0.05 for engine in ENGINES if engine != WORKSHOP},
}
"""By measure and engine: the most that a ratio may be. The overhead's is to the engine's own warm request."""

MOST_OF = {"opens": 150, "MB read": 60}
"""Of a cold start with HALF from a file system: the most that is opened and read."""


@dataclass(frozen=True)
class Warm:
    """Warm requests of one process, in ms, and its peak memory in MB.

    `bare_ms` is a bare call of the engine, `overhead` the part of a request that is neither that nor fetch nor decode;
    None where not measured.
    """

    requests_ms: list[float]
    peak_mb: float
    bare_ms: float | None = None
    overhead: float | None = None


@dataclass(frozen=True)
class Workers:
    """Several processes at work at the same time: pictures per second and peak memory in MB of all together."""

    per_second: float
    peak_mb: float


@dataclass
class Results:
    """All that a run measured, by file system, engine and number of workers; `notes` say what it could not."""

    cold: dict[tuple[str, str], list[Cold]] = field(default_factory=dict)
    counters: dict[tuple[str, str], list[dict[str, int]]] = field(default_factory=dict)
    warm: dict[str, list[Warm]] = field(default_factory=dict)
    workers: dict[tuple[str, int], Workers] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Measure:
    """One figure per engine; `unit` is ms, MB or % (which needs no ratio to the workshop's)."""

    name: str
    unit: str
    figures: Mapping[str, float]

    def ratio(self, engine: str) -> float | None:
        """To the workshop's handler; of a percentage, the figure itself as a fraction."""
        if self.unit == "%":
            return self.figures[engine] / 100
        return self.figures[engine] / self.figures[WORKSHOP] if WORKSHOP in self.figures else None


def overhead(totals_ms: Sequence[float], undecoded_ms: Sequence[float], bare_ms: Sequence[float]) -> float:
    """The part of a warm request that is neither fetch, decode nor the engine's.

    `undecoded_ms` are requests without their fetch and decode, `bare_ms` the bare calls of the engine that followed
    each: neighbors are compared, since machines get slower and faster.
    """
    beyond = [request - bare for request, bare in zip(undecoded_ms, bare_ms, strict=True)]
    return statistics.median(beyond) / statistics.median(totals_ms)


def markdown(results: Results, machine: str, conditions: Iterable[str]) -> str:
    """The whole report."""
    parts = [
        machine + ".",
        _comparison(measures(results)),
        "Ratios compare with the workshop's handler in the same run. A goal is the highest ratio that we allow. The "
        "handler's overhead is the part of a warm request that is not fetching, decoding or the engine.",
        _stages(results),
        _reads(results),
        _workers(results),
        "\n".join(f"- {line}" for line in (*conditions, *results.notes)),
    ]
    return "\n\n".join(part for part in parts if part)


def measures(results: Results) -> list[Measure]:
    """The rows of the comparison: medians over all processes."""
    systems = list(dict.fromkeys(system for system, _ in results.cold))
    cold = [
        Measure(f"{COLD}, {system}", "ms", {e: _total(runs) for (s, e), runs in results.cold.items() if s == system})
        for system in systems
    ]
    requests = {engine: [ms for run in runs for ms in run.requests_ms] for engine, runs in results.warm.items()}
    return [
        *cold,
        Measure(WARM, "ms", {engine: statistics.median(times) for engine, times in requests.items()}),
        Measure("warm p90", "ms", {engine: _percentile90(times) for engine, times in requests.items()}),
        Measure("part of the engine", "ms", _medians(results.warm, lambda run: run.bare_ms)),
        Measure(OVERHEAD, "%", _medians(results.warm, lambda run: run.overhead and run.overhead * 100)),
        Measure(MEMORY, "MB", _medians(results.warm, lambda run: run.peak_mb)),
    ]


def _medians(runs: Mapping[str, list[Warm]], figure: Callable[[Warm], float | None]) -> dict[str, float]:
    """The median over an engine's processes, for the engines where it was measured."""
    figures = {engine: [figure(run) for run in found] for engine, found in runs.items()}
    measured = {engine: [one for one in found if one is not None] for engine, found in figures.items()}
    return {engine: statistics.median(found) for engine, found in measured.items() if found}


def verdict(measure: Measure, engine: str) -> str:
    """The goal and whether it is met; empty where there is none, or nothing to compare with."""
    goal, ratio = GOALS.get((measure.name, engine)), measure.ratio(engine)
    if goal is None or ratio is None:
        return ""
    shown = f"{goal * 100:g} %" if measure.unit == "%" else f"{goal:g}"
    return f"goal {shown}: {'met' if ratio <= goal else '**not met**'}"


def _comparison(rows: Iterable[Measure]) -> str:
    """Only with what was measured."""
    filled = [row for row in rows if row.figures]
    engines = [engine for engine in ENGINES if any(engine in row.figures for row in filled)]
    return table(["", *engines], [[row.name, *(_figure(row, engine) for engine in engines)] for row in filled])


def _figure(measure: Measure, engine: str) -> str:
    if engine not in measure.figures:
        return ""
    compared = engine != WORKSHOP and measure.unit != "%"
    ratio = measure.ratio(engine) if compared else None
    details = [f"ratio {ratio:.3f}" if ratio is not None else "", verdict(measure, engine)]
    figure = measure.figures[engine]
    return "; ".join([f"{figure:,.{1 if figure < 1000 else 0}f} {measure.unit}", *filter(None, details)])


def _stages(results: Results) -> str:
    titles = [
        "cold start, ms",
        "engine",
        "runs",
        "requests",
        *STAGES,
        "total",
        "lookups",
        "opens",
        "readdirs",
        "reads",
        "MB read",
    ]
    return table(titles, [_stage_row(results, key) for key in results.cold])


def _stage_row(results: Results, key: tuple[str, str]) -> list[str]:
    runs = results.cold[key]
    stages = [statistics.median(run.stages_ms.get(stage, 0.0) for run in runs) for stage in STAGES]
    counters = results.counters.get(key, [])
    counts = [statistics.median(found[name] for found in counters) for name in OPERATIONS] if counters else []
    shown = [f"{count:,.0f}" for count in counts[:-1]] + [f"{size / 1e6:,.1f}" for size in counts[-1:]]
    requests = max(run.requests for run in runs)
    times = [f"{ms:,.0f}" for ms in (*stages, _total(runs))]
    return [*key, str(len(runs)), str(requests), *times, *(shown or [""] * len(OPERATIONS))]


def _reads(results: Results) -> str:
    """Whether HALF's cold start keeps to its goals for what is opened and read, wherever it did most."""
    counted = [found for (_, engine), counters in results.counters.items() if engine == HALF for found in counters]
    if not counted:
        return ""
    most = {
        "opens": max(found["opens"] for found in counted),
        "MB read": max(found["bytes"] for found in counted) / 1e6,
    }
    parts = [
        f"{most[name]:,.0f} {name}, goal {goal}: {'met' if most[name] <= goal else '**not met**'}"
        for name, goal in MOST_OF.items()
    ]
    return f"A cold start with {HALF}: {'; '.join(parts)}."


def _workers(results: Results) -> str:
    counts = sorted({count for _, count in results.workers})
    engines = [engine for engine in ENGINES if any(engine == one for one, _ in results.workers)]
    titles = [f"{count} worker{'s'[: count > 1]}" for count in counts]
    rows = [[engine, *(_work(results.workers.get((engine, count))) for count in counts)] for engine in engines]
    return table(["throughput and memory", *titles], rows) if rows else ""


def _work(workers: Workers | None) -> str:
    return f"{workers.per_second:.1f} pictures/s, {workers.peak_mb:,.0f} MB" if workers else ""


def table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [titles, ["---"] * len(titles), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _total(runs: Iterable[Cold]) -> float:
    return statistics.median(run.total_ms for run in runs)


def _percentile90(values: Sequence[float]) -> float:
    return statistics.quantiles(values, n=10, method="inclusive")[-1]

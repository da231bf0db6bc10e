"""What was measured as Markdown: calls and time of each deployer beside ours, the goals, and who calls what."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from benchmarks.report import table

CLEAN, UNCHANGED, CODE_ONLY = "clean", "no change", "code only"
PHASES = (CLEAN, UNCHANGED, CODE_ONLY)

OURS = "wildrydes-ml"
NO_CHANGE_SECONDS = 1.0
"""The goal of a deploy that changes nothing."""

CHECKS = frozenset(
    {
        "cloudformation:ListExports",
        "ec2:DescribeAddresses",
        "ec2:DescribeAvailabilityZones",
        "ec2:DescribeEgressOnlyInternetGateways",
        "ec2:DescribeInstanceTypeOfferings",
        "ec2:DescribeInstanceTypes",
        "ec2:DescribeInternetGateways",
        "ec2:DescribeNatGateways",
        "ec2:DescribeSubnets",
        "ec2:DescribeVpcs",
        "elasticfilesystem:DescribeFileSystems",
        "lambda:GetAccountSettings",
        "lambda:GetFunction",
        "lambda:GetFunctionConcurrency",
        "logs:DescribeLogGroups",
        "servicequotas:GetServiceQuota",
    }
)
"""What a deploy asks to find out beforehand what would make it fail; see `wildrydes_ml.deploy.preflight`."""


@dataclass(frozen=True)
class Run:
    """One deploy: its calls in order, as service:operation, and the seconds of its whole process."""

    calls: tuple[str, ...]
    seconds: float


@dataclass
class Results:
    """All runs by deployer and phase; `absent` tells why a deployer has none, or no more of them."""

    runs: dict[tuple[str, str], list[Run]] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)

    @property
    def deployers(self) -> list[str]:
        """Those with runs, in their order."""
        return list(dict.fromkeys(name for name, _ in self.runs))


@dataclass(frozen=True)
class Figures:
    """The medians of a deployer's runs of a phase; `checks` are those of the calls that look at the account before."""

    calls: float
    checks: float
    seconds: float

    @property
    def work(self) -> float:
        """The calls without the checks."""
        return self.calls - self.checks


def figures(runs: Sequence[Run], checks: Iterable[str] = ()) -> Figures:
    """The medians; a run's checks are its calls of those operations."""
    counted = [sum(call in checks for call in run.calls) for run in runs]
    return Figures(
        statistics.median(len(run.calls) for run in runs),
        statistics.median(counted),
        statistics.median(run.seconds for run in runs),
    )


def all_figures(results: Results) -> dict[tuple[str, str], Figures]:
    """By deployer and phase. Checks are counted apart for ours alone."""
    return {
        (name, phase): figures(runs, CHECKS if name.startswith(OURS) else ())
        for (name, phase), runs in results.runs.items()
    }


def markdown(results: Results, conditions: Iterable[str]) -> str:
    """The whole report."""
    found = all_figures(results)
    dropped = [
        f"{name} is left out from then on: {results.absent[name]}"
        for name in results.deployers
        if name in results.absent
    ]
    parts = [
        _comparison(results, found),
        "\n".join(goals(found)),
        *(_operations(results, phase) for phase in PHASES),
        "\n".join(f"- {line}" for line in (*dropped, *conditions)),
    ]
    return "\n\n".join(parts)


def goals(found: Mapping[tuple[str, str], Figures]) -> list[str]:
    """One line for each goal, with what does not meet it."""
    others = [(key, theirs) for key, theirs in found.items() if not key[0].startswith(OURS)]
    compared = [(*key, found[OURS, key[1]], theirs) for key, theirs in others if (OURS, key[1]) in found]
    calls = [f"{phase}, {name}" for name, phase, ours, theirs in compared if ours.work >= theirs.work]
    slow = [f"{phase}, {name}" for name, phase, ours, theirs in compared if ours.seconds >= theirs.seconds]
    lines = [_goal("fewer calls than each", calls), _goal("less time than each", slow)]
    unchanged = found.get((OURS, UNCHANGED))
    if unchanged:
        late = [f"{unchanged.seconds:.2f} s"] if unchanged.seconds >= NO_CHANGE_SECONDS else []
        lines.append(_goal(f"no change in less than {NO_CHANGE_SECONDS:g} s", late))
    return lines


def _goal(text: str, misses: Sequence[str]) -> str:
    return f"- Goal, {text}: {'**not met**: ' + '; '.join(misses) if misses else 'met'}"


def _comparison(results: Results, found: Mapping[tuple[str, str], Figures]) -> str:
    titles = ["deploy", *(f"{phase}: {what}" for phase in PHASES for what in ("calls", "ms", "ratio"))]
    rows = [[name, *(cell for phase in PHASES for cell in _cells(found, name, phase))] for name in results.deployers]
    absent = {name: why for name, why in results.absent.items() if name not in results.deployers}
    rows += [[name, f"does not run: {why}", *[""] * (len(titles) - 2)] for name, why in absent.items()]
    return table(titles, rows)


def _cells(found: Mapping[tuple[str, str], Figures], name: str, phase: str) -> list[str]:
    mine, ours = found.get((name, phase)), found.get((OURS, phase))
    if mine is None:
        return ["", "", ""]
    checks = f" + {mine.checks:g} checks" if mine.checks else ""
    ratio = f"{mine.seconds / ours.seconds:.1f}" if ours else ""
    return [f"{mine.work:g}{checks}", f"{mine.seconds * 1000:,.0f}", ratio]


def _operations(results: Results, phase: str) -> str:
    """Who calls what in a phase: of each the last run."""
    last = {name: runs[-1] for (name, of), runs in results.runs.items() if of == phase}
    counted = {name: Counter(run.calls) for name, run in last.items() if name == OURS or not name.startswith(OURS)}
    calls = sorted({call for counts in counted.values() for call in counts})
    rows = [[call, *(str(counts[call] or "") for counts in counted.values())] for call in calls]
    return table([f"calls, {phase}", *counted], rows)

"""The benchmark of rendering: its figures, goals and comparison, on made-up runs."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks import render
from benchmarks.render import APP, L1, LINTED, OURS, PACKAGE, SYNTH, TROPOSPHERE, Took


def runs(*walls: float) -> list[Took]:
    return [Took(wall, 2 * wall) for wall in walls]


def found(**other: float) -> dict[str, list[Took]]:
    """All goals just met, but for what is given."""
    programs = {"ours": 0.125, "linted": 2.0, "synth": 5.0}
    imports = {"package": 0.07, "app": 0.09, "troposphere": 0.05}
    names = {"ours": OURS, "linted": LINTED, "synth": SYNTH, "package": PACKAGE, "app": APP}
    names |= {"troposphere": TROPOSPHERE}
    waited = {names[key]: runs(other.get(key, seconds)) for key, seconds in programs.items()}
    return waited | {names[key]: [Took(9, other.get(key, seconds))] for key, seconds in imports.items()}


def verdicts(**other: float) -> list[bool]:
    return ["not met" not in line for line in render.goals(found(**other))]


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        ({}, [True, True, True, True]),
        ({"ours": 0.126}, [False, True, True, True]),
        ({"synth": 4.9}, [False, True, True, True]),
        ({"linted": 2.8}, [True, False, True, True]),
        ({"package": 0.0711}, [True, True, False, True]),
        ({"app": 0.0911}, [True, True, True, False]),
    ],
)
def test_goals_are_met_up_to_their_figure(other: dict[str, float], expected: list[bool]) -> None:
    assert verdicts(**other) == expected


def test_without_cdk_only_the_imports_are_judged() -> None:
    results = {name: taken for name, taken in found().items() if name != SYNTH}
    assert len(render.goals(results)) == 2


def test_ratios_are_of_medians_and_to_ours() -> None:
    lines = render.processes({OURS: runs(0.1, 0.2, 9), LINTED: runs(2), L1: runs(8, 8, 1)}).splitlines()
    assert lines[-1] == "| CDK's program alone, L1 | 8,000 | 16,000 | 40.0 | 4.00 | 40.0 |"


def test_what_was_compiled_once_is_not_compiled_in_each_run(tmp_path: Path) -> None:
    variables = render.environment(
        {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(tmp_path)}, tmp_path
    )
    (tmp_path / "some.py").touch()
    render.run([[sys.executable, "-c", "import some"]], variables)
    assert [path.name for path in (tmp_path / "bytecode").rglob("some.*.pyc")]


def template(**resource: Any) -> dict[str, Any]:
    return {"t": {"Resources": {"R": resource}}}


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        (template(DependsOn=["A", "B"]), template(DependsOn=["B", "A"]), []),
        (template(DependsOn="A"), template(DependsOn=["A"]), []),
        (template(Properties={"List": [1, 2]}), template(Properties={"List": [2, 1]}), ["t Resources R"]),
        (template(), {}, ["t Resources R"]),
    ],
)
def test_templates_differ_in_what_they_make(ours: Any, theirs: Any, expected: list[str]) -> None:
    assert render.differing(ours, theirs) == expected


def test_a_process_that_fails_is_not_measured() -> None:
    with pytest.raises(subprocess.CalledProcessError):
        render.run([[sys.executable, "-c", "raise SystemExit(3)"]], {})


def test_the_time_of_all_processes_of_a_run_is_counted() -> None:
    busy = "import time\nwhile time.process_time() < 0.1: pass"
    took = render.run([[sys.executable, "-c", busy]] * 2, {})
    assert took.cpu >= 0.2
    assert took.wall >= 0.2

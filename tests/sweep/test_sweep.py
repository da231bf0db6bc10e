"""A seeded sample of the sweeps: faults, kills and races at calls that are drawn anew when the number of calls changes.

`make test-sweep` runs all of them.
"""

import json
import random
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.wire import Wire
from wildrydes_ml.local import emulator as local

from . import cases
from .cases import Case
from .place import NAME, workshop
from .runs import Bench
from .state import difference

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
SEED = 5
# So many calls for each fault and each signal, of deploy as of destroy.
FAULTED, KILLED = 1, 2


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    folder = tmp_path_factory.mktemp("sweep")
    home = folder / "home"
    emulator = local.start(home)[0].endpoint
    try:
        with Wire(emulator) as wire:
            yield Bench(workshop, emulator, wire, str(folder / "efs"))
    finally:
        local.stop(home)


def sampled(every: list[Case], each: int) -> list[Case]:
    return cases.some_of_each(every, each, random.Random(SEED))


def converge(bench: Bench, chosen: list[Case], count: Callable[..., None], what: str) -> None:
    results = [bench.run(case) for case in chosen]
    count(what, runs=len(results), converged=sum(result.converged for result in results))
    assert [f"{one.case} ({one.fired}): {problem}" for one in results for problem in one.problems] == []
    assert any(one.converged for one in results)


def test_faults_are_survived(bench: Bench, count: Callable[..., None]) -> None:
    converge(bench, sampled(cases.fault_cases(bench.clean), FAULTED), count, "faults of the wire")


def test_killed_and_interrupted_runs_are_resumed(bench: Bench, count: Callable[..., None]) -> None:
    converge(bench, sampled(cases.kill_cases(bench.clean), KILLED), count, "kills and interrupts")


def test_two_at_once_do_not_harm_each_other(bench: Bench, count: Callable[..., None]) -> None:
    races = cases.race_cases(random.Random(SEED), deploys=1, others=1)
    converge(bench, races[:2], count, "two commands at once")


def test_ctrl_c_of_the_command_tells_how_to_resume_it(bench: Bench) -> None:
    bench.begin_before("destroy")
    command = [sys.executable, str(ROOT / "bin" / "destroy.py"), "--name", NAME, "--yes", "--output", "json"]
    with bench.striking(len(bench.clean.calls["destroy"]) // 2, signal.SIGINT) as victims:
        process = subprocess.Popen(command, env=bench.address.environment(), stdout=subprocess.PIPE, text=True)
        victims.append(process.pid)
        said = json.loads(process.communicate(timeout=600)[0].splitlines()[-1])
    assert process.returncode == said["exit_code"] == 130
    assert "AWS" in said["error"]
    assert said["error"].endswith(f"bin/destroy.py --name {NAME} --yes --output json")
    bench.wire.clear()
    subprocess.run(command, env=bench.address.environment(), stdout=subprocess.PIPE, timeout=600, check=True)
    assert difference(bench.clean.states["destroy"], bench.state()) == ""


def test_the_state_tells_a_duplicate_from_the_clean_state(bench: Bench) -> None:
    deployed = bench.clean.states["deploy"]
    more = {**deployed, "apigateway:ApiKeys": deployed["apigateway:ApiKeys"] * 2}
    assert difference(deployed, deployed) == ""
    assert difference(deployed, more).startswith("+ apigateway:ApiKeys: ")
    assert difference(more, deployed).startswith("- apigateway:ApiKeys: ")
    assert difference(deployed, bench.clean.states["destroy"]) != ""


def test_logs_of_an_invocation_that_ends_late_are_no_difference_and_a_log_group_of_ours_is(bench: Bench) -> None:
    before, logs = bench.state(), bench.address.client("logs")
    logs.create_log_group(logGroupName="/aws/lambda/late")
    assert difference(before, bench.state()) == ""
    logs.create_log_group(logGroupName="/aws/lambda/ours")
    logs.put_retention_policy(logGroupName="/aws/lambda/ours", retentionInDays=14)
    try:
        assert difference(before, bench.state()).startswith("+ logs:logGroups: ")
    finally:
        logs.delete_log_group(logGroupName="/aws/lambda/ours")

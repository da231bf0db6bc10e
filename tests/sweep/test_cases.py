"""The cases: a key names one and no other, the order is a matter of the seed, and a failure tells how to repeat it."""

import contextlib
import io
import random
import shlex
from itertools import count as counting

import pytest

from tests.wire import Call, Fault

from . import cases
from .cases import Case, Clean, FaultCase, KillCase
from .runs import Result
from .whole import in_time, options, told

CLEAN = Clean(
    {
        verb: [Call(at, "s3", "ListBuckets") for at in range(1, calls + 1)]
        for verb, calls in (("deploy", 9), ("destroy", 4))
    },
    {},
)
EVERY = [*cases.fault_cases(CLEAN), *cases.kill_cases(CLEAN), *cases.race_cases(random.Random(1))]


def keys(chosen: list[Case]) -> list[str]:
    return [case.key for case in chosen]


def test_there_is_every_fault_and_signal_at_every_call() -> None:
    assert len(EVERY) == 13 * len(Fault) + 13 * 2 + 32
    assert FaultCase("destroy", 4, Fault.LOST) in EVERY
    assert KillCase("deploy", 9, "SIGINT") in EVERY


def test_a_key_names_its_case() -> None:
    assert len(set(keys(EVERY))) == len(EVERY)
    assert [cases.parse(key) for key in keys(EVERY)] == EVERY


@pytest.mark.parametrize(
    "key",
    [
        "",
        "deploy",
        "deploy:RESET",
        "update:RESET:3",
        "deploy:FLOOD:3",
        "deploy:RESET:x",
        "deploy:deploy:soon",
        "deploy:SIGINT:1.5",
    ],
)
def test_what_is_no_key_is_refused(key: str) -> None:
    with pytest.raises(ValueError, match="is no case"):
        cases.parse(key)


def test_the_seed_decides_over_the_order() -> None:
    one, same, other = (cases.shuffled(EVERY, random.Random(seed)) for seed in (1, 1, 2))
    assert one == same != other
    assert sorted(keys(one)) == sorted(keys(EVERY)) == sorted(keys(other))


def test_the_first_of_them_are_a_fair_sample() -> None:
    """Deploys have nine calls here and destroys four: neither comes first."""
    halves = cases.shuffled(EVERY, random.Random(1))[: len(EVERY) // 2]
    share = sum(case.verb == "deploy" for case in halves) / len(halves)
    assert abs(share - sum(case.verb == "deploy" for case in EVERY) / len(EVERY)) < 0.1
    assert {type(case) for case in halves} == {type(case) for case in EVERY}


def test_nothing_begins_after_the_end() -> None:
    clock = counting()
    results = in_time(EVERY, 3, lambda case: Result(case, "1 s3:ListBuckets", (), 0), lambda: next(clock))
    assert [result.case for result in results] == EVERY[:3]


@pytest.mark.parametrize("case", [EVERY[0], EVERY[-1], KillCase("destroy", 2, "SIGKILL")])
def test_a_failure_tells_the_command_that_repeats_it(case: Case) -> None:
    said = told(Result(case, "2 s3:ListBuckets", ("run again: exit code 1: lost\nforever",), 0), "my apps/app.py")
    *problem, again = said.splitlines()
    assert problem == [f"  {case} (2 s3:ListBuckets)", "    run again: exit code 1: lost", "      forever"]
    python, m, module, *arguments = shlex.split(again.removeprefix("    again: "))
    assert (python, m, module) == ("python", "-m", "tests.sweep")
    repeated = options(arguments)
    assert (repeated.app, repeated.case) == ("my apps/app.py", [case])


@pytest.mark.parametrize(
    "arguments", [["--within", "3", "--sample", "2"], ["--case", "deploy:FLOOD:1"], ["--sample", "0"]]
)
def test_what_makes_no_sense_is_refused(arguments: list[str]) -> None:
    with contextlib.redirect_stderr(io.StringIO()), pytest.raises(SystemExit) as ended:
        options(arguments)
    assert ended.value.code == 2


def test_without_options_all_of_the_workshop_is_run() -> None:
    chosen = options([])
    assert (chosen.app, chosen.within, chosen.sample, chosen.case) == ("", None, None, None)
    assert set(chosen.only) == {"faults", "kills", "races"}

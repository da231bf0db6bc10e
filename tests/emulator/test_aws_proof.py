"""The program of `make test-aws` against an emulator, but for what only AWS can tell."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.aws import questions
from tests.aws.deployment import PROBE, Deployment, Recorder
from tests.aws.proof import EMULATED
from tests.aws.steps import ONCE, STEPS
from tests.sweep.place import fill
from wildrydes_ml.local import emulator as local
from wildrydes_ml.workshop.settings import wild_rydes

from .conftest import ROOT

pytestmark = pytest.mark.slow

NAME = "asked"
ONCE_BY_AWS = "a denied right"
# What the deployer says next.
BUCKET_MADE = '"type": "event", "text": "upload s3:'


def program(folder: Path) -> "subprocess.Popen[str]":
    folders = ["--emulator", str(folder / "home"), "--report", str(folder / "report")]
    command = [sys.executable, "-m", "tests.aws", *folders]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def report(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "report" / "aws-report.json").read_text())
    return found


def test_both_routes_are_proved_and_what_only_aws_can_tell_is_skipped_by_name(tmp_path: Path) -> None:
    running = program(tmp_path)
    out, err = running.communicate(timeout=1200)
    found = report(tmp_path)
    assert running.returncode == 0, (out, err, found["steps"])
    taken = {(one["route"], one["name"]): one for one in found["steps"]}
    names = {("long", one.name) for one in (*STEPS, *ONCE)} | {("short", one.name) for one in STEPS}
    assert taken.keys() == names | {(route, "destroy") for route in ("long", "short")}
    assert {name for (_, name), one in taken.items() if one["status"] != "done"} == {ONCE_BY_AWS}
    assert taken["long", ONCE_BY_AWS]["status"] == "not asked"
    assert all(one["seconds"] > 0 for one in taken.values() if one["status"] == "done")
    assert {(one["status"], one["answer"]) for one in found["questions"]} == {("not asked", EMULATED)}
    assert {one["name"] for one in found["questions"]} == {one.name for one in (questions.MODEL, *questions.QUESTIONS)}
    assert local.find(tmp_path / "home") is None


def test_a_program_that_is_stopped_removes_what_it_made(tmp_path: Path) -> None:
    running = program(tmp_path)
    log = tmp_path / "report" / "aws-report.jsonl"
    deadline = time.monotonic() + 300
    while BUCKET_MADE not in (log.read_text() if log.exists() else ""):
        assert running.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.1)
    running.send_signal(signal.SIGTERM)
    out, err = running.communicate(timeout=600)
    assert running.returncode == 130, (out, err)
    told = {one["name"]: (one["status"], one["answer"]) for one in report(tmp_path)["steps"]}
    assert told == {"deploy": ("failed", "stopped"), "destroy": ("done", "all of it is gone")}
    assert local.find(tmp_path / "home") is None


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """A deployment with the probe's code, of which questions can be asked: what it answers is the emulator's."""
    home = tmp_path_factory.mktemp("asked") / "home"
    emulator, _ = local.start(home)
    try:
        target = local.target(home, emulator, NAME)
        fill(local.efs_directory(home, NAME))
        settings = wild_rydes(name=NAME, code=PROBE, overrides={"Packages": "six==1.17.0"})
        with (home.parent / "log").open("w") as log:
            place = Deployment(target, settings, Recorder(log), "short")
            place.deploy()
            yield place
    finally:
        local.stop(home)


def test_questions_are_put_to_the_function_through_its_own_code(asked: Deployment) -> None:
    by_probe = {
        one.name: one.ask(asked) for one in questions.QUESTIONS if one.by_probe and one.name != "interface deny"
    }
    assert by_probe["processor"]["machine"]
    assert by_probe["C libraries"]["GLIBC"].startswith("2.")
    assert all(by_probe["order of addresses"].values())
    assert [reply["status"] for reply in by_probe["throttled function"]] == [200] * 8  # the emulator throttles nobody
    assert asked._parameters()["ReservedConcurrency"] == ""


def test_questions_are_put_to_api_and_stacks(asked: Deployment) -> None:
    times = questions.engine_times(asked)
    assert {engine: len(found["timings_ms"]) for engine, found in times.items()} == {"litert": 5, "capi": 5}
    assert asked._parameters()["Engine"] == "auto"
    assert set(questions.six_megabytes(asked)) == {"4.4 MB", "6 MB", "11 MB"}
    (change,) = [one for one in questions.moved_image(asked) if one["LogicalResourceId"] == "EfsMountEC2Instance"]
    assert change["Action"] in ("Add", "Modify")
    assert asked.changes(overrides={"MinScore": "0.5"})

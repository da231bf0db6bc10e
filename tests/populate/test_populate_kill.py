"""Killed at any moment, `populate.sh` leaves the old content or the new, whole, after its next run."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import SITE, Populate, make_model

OLD, NEW = "default", "default new"
# The sixth command that renames makes the new manifest valid; there are no others.
KILLING_MV = """
left=$(cat "$LEFT")
((left > 0)) || { kill -9 "$PPID"; exit 1; }
echo $((left - 1)) >"$LEFT"
exec /bin/mv "$@"
"""


def model_of(populate: Populate) -> str | None:
    """Signatures of the model that is there, which must be whole; None when there is none."""
    model = populate.root / "model"
    if not model.exists():
        return None
    signature = (model / "saved_model.pb").read_text()
    assert (model / "variables" / "variables.index").read_text() == "weights of " + signature
    return signature


def assert_consistent(populate: Populate, expected: str) -> None:
    manifest = json.loads((populate.root / "manifest.json").read_text())
    assert model_of(populate) == expected
    assert manifest["model"]["bytes"] == len(expected) + len("weights of " + expected)
    assert (populate.root / SITE / "six.py").is_file()
    assert not (populate.root / ".next").exists()


@pytest.mark.parametrize(
    ("renames", "between", "then"),
    [(0, OLD, NEW), (1, OLD, NEW), (2, None, NEW), (3, NEW, NEW), (4, NEW, NEW), (5, NEW, NEW), (6, NEW, NEW)],
)
@pytest.mark.parametrize("asked_next", [OLD, NEW])
def test_killed_between_renames(
    populate: Populate,
    fakes: Callable[..., str],
    tmp_path: Path,
    renames: int,
    between: str | None,
    then: str,
    asked_next: str,
) -> None:
    (tmp_path / "left").write_text(str(renames))
    new = str(make_model(tmp_path / "new", NEW))
    path = fakes(mv=KILLING_MV)
    killed = populate(MODEL=new, PATH=path, LEFT=str(tmp_path / "left"))
    assert killed.returncode == (0 if renames == 6 else -signal.SIGKILL), killed.stderr
    assert model_of(populate) == between
    filled = (populate.root / "manifest.json").exists()
    assert filled == (renames in (0, 6)), "the manifest is there only while all belongs together"
    settings = {"MODEL": new} if asked_next == NEW else {}
    recovered = populate(**settings)
    assert recovered.returncode == 0, recovered.stderr
    if asked_next == then:
        assert "nothing to do" in recovered.stdout
    assert_consistent(populate, asked_next)


def wait_for_step(run: subprocess.Popen[str], step: str) -> None:
    """Reads on until a step begins."""
    assert run.stdout is not None
    assert any(line.rstrip().endswith(f"] {step}") for line in run.stdout)


@pytest.mark.parametrize("step", ["venv", "packages", "bytecode", "check"])
def test_killed_while_building(populate: Populate, tmp_path: Path, step: str) -> None:
    model = make_model(tmp_path / "new", NEW)
    # A copied environment is there before the signal is.
    python = sys.executable if step == "venv" else populate.settings["PYTHON"]
    environment = populate.environment(MODEL=str(model), PACKAGES="six==1.16.0", PYTHON=python)
    with subprocess.Popen(
        populate.command(), env=environment, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as run:
        wait_for_step(run, step)
        os.killpg(run.pid, signal.SIGKILL)
    assert model_of(populate) == OLD
    assert (populate.root / "manifest.json").exists()
    assert "nothing to do" in populate().stdout
    assert_consistent(populate, OLD)


def test_terminated_run_cleans_up(populate: Populate) -> None:
    environment = populate.environment(PACKAGES="six==1.16.0")
    with subprocess.Popen(populate.command(), env=environment, stdout=subprocess.PIPE, text=True) as run:
        wait_for_step(run, "packages")
        run.terminate()
        assert run.wait(timeout=300) not in (None, 0)
    assert not (populate.root / ".next").exists()
    assert_consistent(populate, OLD)

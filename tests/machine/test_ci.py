"""What continuous integration runs, and what it lets through of the machine that it runs on."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

RUN = Path(__file__).parents[2] / ".ci" / "run"
# For each goal a line with its name and Python, and the environment.
MAKEFILE = ".DEFAULT:\n\t@echo '== $@ $(PYTHON)' && env\n"
OF_MAKE = {"MAKEFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "MAKE_TERMERR", "MAKE_TERMOUT", "MFLAGS", "PYTHON"}
OF_SHELLS = {"PWD", "SHLVL", "_"}


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A PATH with what the script itself calls, and an apt-get that only tells."""
    folder = tmp_path / "programs"
    folder.mkdir()
    for name in ("bash", "dirname", "env", "make"):
        (folder / name).symlink_to(shutil.which(name) or "")
    (folder / "python3").write_text(f'#!/bin/sh\n[ "$CHOSEN" ] && exec {sys.executable} "$@"\n')
    (folder / "apt-get").write_text('#!/bin/sh\necho "apt-get $*"\n')
    for name in ("python3", "apt-get"):
        (folder / name).chmod(0o755)
    return folder


def run(programs: Path, **environment: str) -> list[str]:
    checkout = programs.parent / "checkout"
    (checkout / ".ci").mkdir(parents=True)
    shutil.copy(RUN, checkout / ".ci")
    (checkout / "Makefile").write_text(MAKEFILE)
    given = {"PATH": str(programs), "HOME": "/home/me", "CHOSEN": "yes", "CI": "true", **environment}
    command = ["/bin/bash", ".ci/run"]
    done = subprocess.run(
        command, cwd=checkout, env=given, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_the_goals_see_the_index_and_nothing_else_of_the_machine(programs: Path) -> None:
    (programs / "chromium").symlink_to("/bin/true")
    passed = {"PIP_INDEX_URL": "https://pypi.example/simple", "PIP_CERT": "/a b.pem", "SSL_CERT_FILE": "/ca.pem"}
    hidden = {"AWS_REGION": "eu-west-1", "PYTHONPATH": "/mine", "LC_ALL": "de_DE", "REQUESTS_CA_BUNDLE": ""}
    lines = run(programs, **passed, **hidden)
    goals = [line for line in lines if line.startswith("== ")]
    assert goals == [f"== {goal} {sys.executable}" for goal in ("test", "test-slow", "docs", "dist", "test-sweep")]
    seen = dict(line.split("=", 1) for line in lines if not line.startswith("== "))
    system = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    own = {name: value for name, value in seen.items() if name not in OF_MAKE | OF_SHELLS}
    assert own == {"PATH": system, "HOME": "/home/me", **passed}


def test_the_public_workflow_runs_the_same_and_may_only_read() -> None:
    text = (RUN.parents[1] / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")
    workflow = yaml.safe_load(text)
    assert workflow["permissions"] == {"contents": "read"}
    (job,) = workflow["jobs"].values()
    assert [step["run"] for step in job["steps"] if "run" in step][-1] == ".ci/run"
    assert RUN.stat().st_mode & 0o111
    used = [step["uses"] for step in job["steps"] if "uses" in step]
    assert used
    assert all(re.fullmatch(r"actions/[a-z-]+@v\d+", action) for action in used), "of GitHub, each of a major version"
    assert "secrets." not in text


def test_the_browser_is_installed_where_there_is_none(programs: Path) -> None:
    assert run(programs)[:2] == ["apt-get update -q", "apt-get install -y -q --no-install-recommends chromium"]


def test_it_may_be_run() -> None:
    assert os.access(RUN, os.X_OK)

"""mypy, strict, and pyright, for somebody who has installed the package and sees nothing of the checkout's settings."""

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import ROOT

# No module here, as our own checker is not to find its faults.
SCRIPTS = [Path(__file__).with_name(name) for name in ("stranger.txt", "author.txt")]
# troposphere, boto3 and scikit-learn publish no types, and the latter is not here.
CONFIG = """
[mypy]
strict = True
explicit_package_bases = True
[mypy-troposphere.*,sklearn.*,joblib.*,boto3.*]
ignore_missing_imports = True
"""


# pyright's words for the same.
UNTYPED = ("reportMissingImports", "reportMissingModuleSource")

Faults = set[tuple[str, int, str]]
"""File, line and code."""


def copied(folder: Path) -> Path:
    """The source that is installed, without the rest of the checkout."""
    for name in ("wildrydes_ml", "lambda_src", "examples/pictures"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("setup.py", "pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, folder)
    return folder


def built(source: Path, site: Path) -> list[str | Path]:
    """What puts the package where installers put it."""
    return [sys.executable, "setup.py", "--quiet", "build_py", "--build-lib", site]


def editable(source: Path, site: Path) -> list[str | Path]:
    """`pip install -e .`; its dependencies are there."""
    pip: list[str | Path] = [sys.executable, "-m", "pip", "--python", site.parents[2] / "bin" / "python"]
    return [*pip, "--disable-pip-version-check", "install", "--quiet", "--no-deps", "-e", "."]


@pytest.fixture(scope="module", params=[built, editable])
def python(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the package, built or as a checkout that is edited, and this one's other packages."""
    folder = tmp_path_factory.mktemp("stranger")
    venv.create(folder / "venv")
    (site,) = (folder / "venv" / "lib").glob("python*/site-packages")
    (site / "others.pth").write_text(sysconfig.get_path("purelib") + "\n")
    (folder / "source").mkdir()
    install = request.param(copied(folder / "source"), site)
    done = subprocess.run(
        install, cwd=folder / "source", env=undisturbed(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return folder / "venv" / "bin" / "python"


def undisturbed() -> dict[str, str]:
    """The environment without what leads Python or mypy to the checkout."""
    return {name: value for name, value in os.environ.items() if name not in ("MYPYPATH", "PYTHONPATH")}


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """A stranger's folder: scripts of theirs, and the examples."""
    (tmp_path / "mypy.ini").write_text(CONFIG)
    shutil.copytree(ROOT / "examples", tmp_path / "examples", ignore=shutil.ignore_patterns("pictures"))
    for script in SCRIPTS:
        shutil.copy(script, tmp_path / f"{script.stem}.py")
    return tmp_path


def checked(work: Path, checker: str, *arguments: str | Path) -> str:
    """What a checker says; raises when it does not come to an end."""
    command: list[str | Path] = [
        sys.executable,
        "-m",
        checker,
        *arguments,
        "examples",
        *(f"{script.stem}.py" for script in SCRIPTS),
    ]
    done = subprocess.run(command, cwd=work, env=undisturbed(), capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stdout + done.stderr
    return done.stdout


def mypy(work: Path, python: Path) -> Faults:
    said = checked(work, "mypy", "--python-executable", python)
    found = re.findall(r"^(.+?):(\d+): error: .*\[([a-z-]+)\]$", said, re.M)
    return {(file, int(line), code) for file, line, code in found}


def pyright(work: Path, python: Path) -> Faults:
    said = json.loads(checked(work, "pyright", "--outputjson", "--pythonpath", python))
    return {
        (Path(one["file"]).relative_to(work).as_posix(), one["range"]["start"]["line"] + 1, one["rule"])
        for one in said["generalDiagnostics"]
        if one["rule"] not in UNTYPED
    }


@pytest.mark.parametrize("check", [mypy, pyright])
def test_a_stranger_s_faults_are_found_and_the_examples_have_none(
    work: Path, python: Path, check: Callable[[Path, Path], Faults]
) -> None:
    found = check(work, python)
    wanted = {
        (f"{script.stem}.py", number, line.split("# E: ")[1])
        for script in SCRIPTS
        for number, line in enumerate(script.read_text(encoding="utf-8").splitlines(), 1)
        if "# E: " in line
    }
    assert len(wanted) > 15
    if check is pyright:  # its codes are others
        found, wanted = ({(file, line, "") for file, line, _ in faults} for faults in (found, wanted))
    assert found == wanted

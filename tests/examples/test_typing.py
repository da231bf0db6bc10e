"""mypy, strict, for somebody who has installed the package and sees nothing of the checkout's own settings."""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

from .conftest import ROOT

# No module here, as our own checker is not to find its faults.
SCRIPT = Path(__file__).with_name("stranger.txt")
# troposphere and scikit-learn publish no types, and the latter is not here.
CONFIG = """
[mypy]
strict = True
explicit_package_bases = True
[mypy-troposphere.*,sklearn.*,joblib.*]
ignore_missing_imports = True
"""


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the package built and put where installers put it, and this one's other packages."""
    folder = tmp_path_factory.mktemp("stranger")
    for name in ("wildrydes_ml", "lambda_src"):
        shutil.copytree(ROOT / name, folder / "source" / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("setup.py", "README.md"):
        shutil.copy(ROOT / name, folder / "source")
    venv.create(folder / "venv")
    (site,) = (folder / "venv" / "lib").glob("python*/site-packages")
    (site / "others.pth").write_text(sysconfig.get_path("purelib") + "\n")
    build: list[str | Path] = [sys.executable, "setup.py", "--quiet", "build_py", "--build-lib", site]
    done = subprocess.run(build, cwd=folder / "source", capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder / "venv" / "bin" / "python"


@pytest.fixture(scope="module")
def findings(python: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[tuple[int, str]]]:
    """File -> lines and codes of what mypy finds in the examples and in a stranger's script."""
    folder = tmp_path_factory.mktemp("work")
    (folder / "mypy.ini").write_text(CONFIG)
    shutil.copytree(ROOT / "examples", folder / "examples", ignore=shutil.ignore_patterns("pictures"))
    shutil.copy(SCRIPT, folder / "stranger.py")
    command: list[str | Path] = [sys.executable, "-m", "mypy", "--python-executable", python, "examples", "stranger.py"]
    environment = {name: value for name, value in os.environ.items() if name != "MYPYPATH"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stdout + done.stderr
    found: dict[str, set[tuple[int, str]]] = {}
    for file, line, code in re.findall(r"^(.+?):(\d+): error: .*\[([a-z-]+)\]$", done.stdout, re.M):
        found.setdefault(file, set()).add((int(line), code))
    return found


def test_the_examples_have_no_fault(findings: dict[str, set[tuple[int, str]]]) -> None:
    assert {file: lines for file, lines in findings.items() if file != "stranger.py"} == {}


def test_a_strangers_faults_are_found_and_no_others(findings: dict[str, set[tuple[int, str]]]) -> None:
    lines = SCRIPT.read_text(encoding="utf-8").splitlines()
    wanted = {(number, line.split("# E: ")[1]) for number, line in enumerate(lines, 1) if "# E: " in line}
    assert len(wanted) > 15
    assert findings["stranger.py"] == wanted

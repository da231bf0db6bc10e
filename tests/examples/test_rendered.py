"""What each example's template is: small to write, and without a finding of any linter."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from troposphere import Template

from wildrydes_ml import App, render
from wildrydes_ml.app.load import load
from wildrydes_ml.checks import check

from .conftest import EXAMPLES, ROOT

APPS = sorted(EXAMPLES.glob("*/app.py"))
CHECKOV = Path(sys.prefix) / "checkov" / "bin" / "checkov"


@pytest.fixture(params=APPS, ids=lambda path: path.parent.name)
def app(request: pytest.FixtureRequest) -> Path:
    """The file of an example's App."""
    path: Path = request.param
    return path


def rendered(app: Path) -> Template:
    """The template of an App."""
    found = load(str(app))
    assert isinstance(found, App)
    return found.template()


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The examples' templates, each as a file with the example's name: a linter's start takes longer than its look."""
    folder = tmp_path_factory.mktemp("templates")
    files = [folder / f"{app.parent.name}.yml" for app in APPS]
    for app, file in zip(APPS, files, strict=True):
        file.write_text(render(rendered(app)), encoding="utf-8")
    return files


def test_there_are_three() -> None:
    assert [path.parent.name for path in APPS] == ["digits", "sentiment", "shared_efs"]


def test_an_app_has_at_most_thirty_lines(app: Path) -> None:
    assert len(app.read_text(encoding="utf-8").splitlines()) <= 30


def test_our_checks_find_nothing(app: Path) -> None:
    assert check(rendered(app).to_dict()) == []


def test_cfn_lint_finds_nothing(written: list[Path]) -> None:
    rules = ["--include-checks", "I", "--append-rules", "wildrydes_ml.lint_rules", "-t", *map(str, written)]
    done = subprocess.run(
        [Path(sys.executable).with_name("cfn-lint"), *rules],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.skipif(not CHECKOV.is_file(), reason="checkov is not here: make check installs it")
def test_checkov_finds_nothing(written: list[Path]) -> None:
    how = ["--framework", "cloudformation", "--skip-download", "--compact", "--output", "json"]
    files = [part for file in written for part in ("-f", file.name)]
    done = subprocess.run(
        [CHECKOV, *how, *files], cwd=written[0].parent, capture_output=True, text=True, check=False, timeout=600
    )
    assert done.returncode == 0, done.stdout
    found = json.loads(done.stdout)
    assert {check["file_path"] for check in found["results"]["passed_checks"]} == {f"/{file.name}" for file in written}
    assert found["results"]["failed_checks"] == []

"""What the earlier version put on EFS serves this version's function: an update fills nothing anew."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import earlier
from tests.model.model_helpers import handle
from wildrydes_ml.workshop.deployments import sample

pytestmark = pytest.mark.slow

# By the earlier version's own library and scripts, with its own pins and the model that it ships.
FILL = """
import os, sys
from pathlib import Path
from wildrydes_ml import models, populating
from wildrydes_ml.reporting import JsonReporter
from wildrydes_ml.settings import Settings
values = Settings().parameter_values()
populating.fill(Path(sys.argv[1]), populating.environment(values, models.shipped(), os.environ), JsonReporter())
"""


@pytest.fixture(scope="module")
def earlier_efs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("earlier")
    tree = earlier.extract(folder / "tree")
    done = subprocess.run(
        [sys.executable, "-c", FILL, str(folder / "efs")], env={**os.environ, "PYTHONPATH": str(tree)},
        cwd=tree, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "efs"


@pytest.mark.parametrize("engine", ["litert", "capi", "tensorflow"])
def test_each_engine_of_this_version_runs_what_the_earlier_one_prepared(earlier_efs: Path, engine: str) -> None:
    wanted = "auto" if engine == "litert" else engine
    answers, logs = handle(earlier_efs, sample().body, ENGINE=wanted, PY_PKG_PATH=_packages(earlier_efs))
    ((status, body),), (log,) = answers, logs
    assert (status, body.get("validated")) == (200, True), (body, log)
    assert (log["engine"], log.get("slower_because", [])) == (engine, [])


def _packages(efs: Path) -> str:
    (found,) = (efs / "tensorflow" / "lib").glob("python3.*/site-packages")
    return str(found)

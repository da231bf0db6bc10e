"""Any App survives what the workshop does: each example, with a light function in place of its own, in a small sweep.

Which calls are hit is drawn; `python -m tests.sweep --app FILE` runs all of them.
"""

import json
import random
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.wire import Wire
from wildrydes_ml.local import emulator as local

from . import cases
from .place import subject
from .runs import Bench
from .whole import told

pytestmark = pytest.mark.slow

EXAMPLES = Path(__file__).parents[2] / "examples"
SEED = 5
FAULTS, KILLS = 3, 2
# What the proof of each wants to hear.
ANSWERS = {
    "digits": {"digits": [0]},
    "sentiment": {"label": "positive"},
    "shared_efs": {"kinds": ["setosa"]},
}
LIGHT = """
def answer(event, context):
    return {"statusCode": 200, "headers": {"Content-Type": "application/json"}, "body": %r}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the copies are, with the EFS and the model that all share: filling takes longer than a dozen deploys."""
    made = tmp_path_factory.mktemp("apps")
    (made / "model").mkdir()
    (made / "model" / "weights.json").write_text("[]")
    return made


@pytest.fixture(scope="module")
def emulator(folder: Path) -> Iterator[str]:
    yield local.start(folder / "home")[0].endpoint
    local.stop(folder / "home")


def lightened(example: str, folder: Path) -> Path:
    """A copy of the example whose function answers at once, with one small package and a file as its model."""
    made = folder / example
    shutil.copytree(EXAMPLES / example, made, ignore=shutil.ignore_patterns("__pycache__", "model"))
    app = made / "app.py"
    handler = re.search(r'handler="(\w+)\.answer"', app.read_text(encoding="utf-8"))
    assert handler is not None
    (made / "handler" / f"{handler[1]}.py").write_text(LIGHT % json.dumps(ANSWERS[example]))
    (made / "packages.txt").write_text("six==1.17.0")
    (made / "model").symlink_to(folder / "model")
    return app


@pytest.mark.parametrize("example", ANSWERS)
def test_an_example_survives_faults_kills_and_races(
    emulator: str, example: str, folder: Path, count: Callable[..., None]
) -> None:
    app, drawn = str(lightened(example, folder)), random.Random(f"{SEED} {example}")
    with Wire(emulator) as wire:
        bench = Bench(subject(app), emulator, wire, str(folder / "efs"))
        assert bench.clean.states["deploy"] != bench.clean.states["destroy"]
        faults, kills = cases.fault_cases(bench.clean), cases.kill_cases(bench.clean)
        chosen = drawn.sample(faults, FAULTS) + drawn.sample(kills, KILLS) + drawn.sample(cases.race_cases(drawn), 1)
        results = [bench.run(case) for case in cases.in_turn(chosen)]
        bench.begin_before("deploy")  # so that the next App finds nothing
    count("runs of Apps", runs=len(results), converged=sum(one.converged for one in results))
    assert "\n".join(told(one, app) for one in results if one.problems) == ""
    assert sum(one.converged for one in results) > len(results) // 2

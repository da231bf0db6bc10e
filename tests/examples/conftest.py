"""The examples as their READMEs have a reader run them: their commands, word for word, in a folder of their own."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests import shared
from wildrydes_ml.local import emulator

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"

Started = Callable[[str], "Walk"]


class Walk:
    """One example's README in a folder: what trains the model, if it does, then three commands."""

    def __init__(self, example: str, folder: Path) -> None:
        self.folder = folder
        self.app = f"examples/{example}/app.py"
        readme = (EXAMPLES / example / "README.md").read_text(encoding="utf-8")
        *self._training, commands = re.findall(r"^```sh\n(.*?)^```", readme, re.M | re.S)
        self.render, self.deploy, self.destroy = commands.splitlines()
        shutil.copytree(EXAMPLES, folder / "examples", ignore=shutil.ignore_patterns("pictures", "__pycache__"))

    @property
    def home(self) -> Path:
        """The emulator's home."""
        return self.folder / ".wildrydes"

    def start(self) -> None:
        """Everything but the removal; one trains at a time, since all do it in one environment."""
        with shared.alone(self.folder / "build"):
            for script in self._training:
                self.bash(script)
        for script in (self.render, self.deploy):
            self.bash(script)

    def again(self) -> dict[str, Any]:
        """What a deploy that changes nothing says at its end."""
        said = self.bash(f"{self.deploy} --output json")
        return dict(json.loads(said.splitlines()[-1]))

    def bash(self, script: str) -> str:
        """Runs commands in the folder, and gives what they print; they must succeed."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        nobody = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull, "PATH": path}
        nobody["PYTHONPATH"] = str(ROOT)
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=self.folder, env={**kept, **nobody}, capture_output=True, text=True, timeout=1800, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        return done.stdout


@pytest.fixture(scope="session")
def training(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the environment that trains is: the examples' packages are the same, and installing them takes long."""
    return shared.folder(tmp_path_factory, "build")


@pytest.fixture(scope="session")
def started(tmp_path_factory: pytest.TempPathFactory, training: Path) -> Iterator[Started]:
    """Runs an example; its emulator ends with the tests."""
    with ExitStack() as emulators:

        def start(example: str) -> Walk:
            walk = Walk(example, tmp_path_factory.mktemp(example))
            (walk.folder / "build").symlink_to(training)
            emulators.callback(emulator.stop, walk.home)
            walk.start()
            return walk

        yield start

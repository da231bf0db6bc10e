"""The examples as their READMEs have a reader run them: their commands, word for word, in a folder of their own."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.machine import curl
from wildrydes_ml.local import emulator

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"

Started = Callable[[str], "Walk"]


class Walk:
    """One example's README, begun in a folder: its first commands run it, its last ones remove it."""

    def __init__(self, example: str, folder: Path) -> None:
        self._example = example
        self._folder = folder
        self._programs = curl.on_path(folder / "bin")
        readme = (EXAMPLES / example / "README.md").read_text(encoding="utf-8")
        self._blocks = re.findall(r"^```sh\n(.*?)^```", readme, re.M | re.S)
        for name in ("examples", "lambda_src"):
            (folder / name).symlink_to(ROOT / name)

    @property
    def work(self) -> Path:
        """What the commands make."""
        return self._folder / "build" / self._example

    @property
    def home(self) -> Path:
        """The emulator's home."""
        return self.work / "emulator"

    def run(self) -> None:
        """Everything but the removal."""
        self._bash(self._blocks[0] + "\nprintf %s $url > $work/url\n")

    def remove(self) -> None:
        """The removal."""
        self._bash(self._blocks[1])

    @property
    def url(self) -> str:
        """Where the API answers."""
        return (self.work / "url").read_text(encoding="utf-8")

    def _bash(self, script: str) -> None:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        path = os.pathsep.join(map(str, [self._programs, Path(sys.executable).parent, os.environ["PATH"]]))
        nobody = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull, "PATH": path}
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=self._folder, env={**kept, **nobody}, capture_output=True, text=True, timeout=1800, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


@pytest.fixture(scope="session")
def packages_on_efs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory that stands for EFS, with the examples' packages, which are the same, and no model."""
    listed = {(EXAMPLES / name / "packages.txt").read_text() for name in ("digits", "shared_efs")}
    (packages,) = listed
    folder = tmp_path_factory.mktemp("packages")
    (folder / "model").mkdir()
    settings = {"PYTHON": sys.executable, "PACKAGES": packages.strip(), "MODEL": str(folder / "model")}
    script = ROOT / "lambda_src" / "filling" / "populate.sh"
    done = subprocess.run(
        ["bash", script, folder / "efs"], env={**os.environ, **settings}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return folder / "efs"


@pytest.fixture(scope="session")
def started(tmp_path_factory: pytest.TempPathFactory, packages_on_efs: Path) -> Iterator[Started]:
    """Runs an example. Its packages are there already, as after a first try: hard links, since copying takes long."""
    with ExitStack() as emulators:

        def start(example: str) -> Walk:
            walk = Walk(example, tmp_path_factory.mktemp(example))
            shutil.copytree(packages_on_efs, walk.work / "efs", symlinks=True, copy_function=os.link)
            emulators.callback(emulator.stop, walk.home)
            walk.run()
            return walk

        yield start

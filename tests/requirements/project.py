"""A code directory with an index of wheels, a cache and pip."""

import io
import os
import sys
import zipfile
from pathlib import Path

import pytest

from wildrydes_ml import code
from wildrydes_ml.code.requirements import Pip
from wildrydes_ml.errors import SettingsError
from wildrydes_ml.packaging import Package
from wildrydes_ml.reporting import TextReporter


class Project:
    """A code directory, an index and a cache."""

    def __init__(self, place: Path) -> None:
        self.handler, self.index, self.cache = place / "handler", place / "index", place / "cache"
        for directory in (self.handler, self.index):
            directory.mkdir()
        (self.handler / "app.py").write_text("def answer(event, context): ...\n", encoding="utf-8")
        self.said = io.StringIO()

    def pip(self, python: str = sys.executable, **settings: str) -> Pip:
        chosen = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(self.index), "PIP_CONFIG_FILE": os.devnull, **settings}
        return Pip(python, {**os.environ, **chosen}, self.cache)

    def build(
        self, requirements: str = "", runtime: str = "python3.13", architecture: str = "", **settings: str
    ) -> Package:
        if requirements:
            (self.handler / "requirements.txt").write_text(requirements, encoding="utf-8")
        reporter = TextReporter(self.said, self.said)
        return code.build(self.handler, runtime, architecture, reporter=reporter, pip=self.pip(**settings))

    def refusal(
        self, requirements: str = "", runtime: str = "python3.13", architecture: str = "", **settings: str
    ) -> str:
        with pytest.raises(SettingsError) as caught:
            self.build(requirements, runtime, architecture, **settings)
        assert caught.value.exit_code == 2
        return str(caught.value)


def entries(package: Package) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(package.body)) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}

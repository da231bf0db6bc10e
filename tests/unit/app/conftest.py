"""An author's folder, and Apps made there."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from wildrydes_ml import Access, App, ExistingNetwork, Filling, Storage

HANDLER = "def answer(event, context):\n    return {}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Code, packages and a model, as an author has them."""
    for name in ("handler", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "app.py").write_text(HANDLER)
    (tmp_path / "packages.txt").write_text("numpy==2.4.6  # for the model\nonnxruntime==1.24.1\n")
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "weights.json").write_text("{}")
    return tmp_path


@pytest.fixture
def full(folder: Path) -> App:
    """An App with all that an App can stand on."""
    return App(
        "sentiment",
        network=ExistingNetwork(),
        storage=Storage(),
        filling=Filling(packages="packages.txt", model="model/"),
        access=Access("API_KEY"),
        directory=folder,
    )


@pytest.fixture
def bare(folder: Path) -> Callable[..., App]:
    """Arguments -> an App without storage."""

    def make(**more: Any) -> App:
        return App("bare", **{"access": Access("API_KEY"), "directory": folder, **more})

    return make

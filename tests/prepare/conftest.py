"""The modules of lambda_src lie flat in the function's zip, so it goes on the path itself; stand-ins of tiny size."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "lambda_src"))

from benchmarks.standin import SHAPES, TINY
from tests import shared
from tests.prepare.prepare_helpers import COCO, SHIPPED, prepare, prepare_here, save_fixed, save_keras, save_looped

WHOLE: dict[str, Callable[[Path], Any]] = {
    **{shape: partial(make, size=TINY) for shape, make in SHAPES.items()},
    "shipped": lambda directory: directory.symlink_to(SHIPPED),
    "coco": lambda directory: directory.symlink_to(COCO),
}
LITERT_ALONE = {"looped": save_looped, "fixed": save_fixed, "keras": save_keras}


ENGINES = {**dict.fromkeys(WHOLE, ("litert", "capi")), **dict.fromkeys(LITERT_ALONE, ("litert",))}


@pytest.fixture(scope="session")
def efs(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], tuple[Path, dict[str, Any]]]:
    """A model's name -> a directory with it and prepared/ in it, and what is written about each engine.

    Each is made once for all workers: one as populate.sh has it made, the others in this process, where TensorFlow is.
    """

    def filled(name: str) -> tuple[Path, dict[str, Any]]:
        folder = shared.folder(tmp_path_factory, f"prepared_{name}")
        root, written = folder / "efs", folder / "entries.json"
        with shared.alone(folder):
            if not written.exists():
                shutil.rmtree(root, ignore_errors=True)
                root.mkdir()
                (WHOLE | LITERT_ALONE)[name](root / "model")
                written.write_text(json.dumps(_prepared(name, root)))
        return root, json.loads(written.read_text())

    return filled


def _prepared(name: str, root: Path) -> dict[str, Any]:
    """What is written about each engine; raises what speaks against one."""
    if name == "shipped":
        return prepare(root / "model", root / "prepared")
    return prepare_here(root / "model", root / "prepared", ENGINES[name])

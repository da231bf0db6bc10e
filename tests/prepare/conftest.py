"""The modules of lambda_src lie flat in the function's zip, so it goes on the path itself; stand-ins of tiny size."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "lambda_src"))

from benchmarks.standin import SHAPES, TINY
from tests.prepare.prepare_helpers import COCO, SHIPPED, prepare, prepare_litert, save_fixed, save_keras, save_looped

WHOLE: dict[str, Callable[[Path], Any]] = {
    **{shape: partial(make, size=TINY) for shape, make in SHAPES.items()},
    "shipped": lambda directory: directory.symlink_to(SHIPPED),
    "coco": lambda directory: directory.symlink_to(COCO),
}
LITERT_ALONE = {"looped": save_looped, "fixed": save_fixed, "keras": save_keras}


@pytest.fixture(scope="session")
def efs(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], tuple[Path, dict[str, Any]]]:
    """A model's name -> a directory with it and prepared/ in it, and what prepare.py says; each is made once."""

    @cache
    def filled(name: str) -> tuple[Path, dict[str, Any]]:
        root = tmp_path_factory.mktemp(name)
        (WHOLE | LITERT_ALONE)[name](root / "model")
        return root, (prepare if name in WHOLE else prepare_litert)(root / "model", root / "prepared")

    return filled

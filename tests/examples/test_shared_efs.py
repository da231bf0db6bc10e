"""Two functions with two models on one file system: each path is answered by its own model."""

import json
from typing import Any

import pytest

from wildrydes_ml import web
from wildrydes_ml.local import emulator

from .conftest import Started, Walk

KINDS = {"iris": {"setosa", "versicolor", "virginica"}, "wine": {"class_0", "class_1", "class_2"}}


@pytest.fixture(scope="module")
def kinds(started: Started) -> Walk:
    return started("shared_efs")


def held_out(walk: Walk, name: str) -> Any:
    return json.loads((walk.work / f"{name}.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", KINDS)
def test_each_path_has_its_model(kinds: Walk, name: str) -> None:
    said = json.loads((kinds.work / f"{name}_answer.json").read_text(encoding="utf-8"))["kinds"]
    right = [one == other for one, other in zip(held_out(kinds, name)["kinds"], said, strict=True)]
    assert set(said) == KINDS[name]
    assert sum(right) / len(right) >= 0.9


@pytest.mark.parametrize(("path", "rows"), [("iris", "wine"), ("wine", "iris")])
def test_the_other_models_rows_do_not_fit(kinds: Walk, path: str, rows: str) -> None:
    body = json.dumps(held_out(kinds, rows)).encode()
    assert web.post(f"{kinds.url}/{path}", body, {"Content-Type": "application/json"}).status == 400


def test_other_paths_and_methods_are_nobodys(kinds: Walk) -> None:
    assert web.post(f"{kinds.url}/roses", b"{}", {}).status >= 400
    assert web.get(f"{kinds.url}/iris", {}, timeout=300).status >= 400


def test_nothing_is_left(kinds: Walk) -> None:
    kinds.remove()
    assert not kinds.work.exists()
    assert emulator.find(kinds.home) is None

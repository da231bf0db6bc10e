"""Two functions with two models on one file system: each path is answered by its own model."""

import json
from typing import Any

import pytest

from wildrydes_ml import web
from wildrydes_ml.local import emulator

from .conftest import Started, Walk

pytestmark = pytest.mark.slow

KINDS = {"iris": {"setosa", "versicolor", "virginica"}, "wine": {"class_0", "class_1", "class_2"}}
JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def kinds(started: Started) -> Walk:
    return started("shared_efs")


@pytest.fixture(scope="module")
def url(kinds: Walk) -> str:
    """The stage's address, without the path that the proof asks."""
    return str(kinds.again()["api_url"]).rstrip("/").removesuffix("/iris")


def held_out(walk: Walk, name: str) -> Any:
    return json.loads((walk.folder / "build" / f"{name}.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", KINDS)
def test_each_path_has_its_model(kinds: Walk, url: str, name: str) -> None:
    asked = held_out(kinds, name)
    said = json.loads(web.post(f"{url}/{name}", json.dumps(asked).encode(), JSON, timeout=300).body)["kinds"]
    right = [one == other for one, other in zip(asked["kinds"], said, strict=True)]
    assert set(said) == KINDS[name]
    assert sum(right) / len(right) >= 0.9


@pytest.mark.parametrize(("path", "rows"), [("iris", "wine"), ("wine", "iris")])
def test_the_other_models_rows_do_not_fit(kinds: Walk, url: str, path: str, rows: str) -> None:
    assert web.post(f"{url}/{path}", json.dumps(held_out(kinds, rows)).encode(), JSON).status == 400


def test_other_paths_and_methods_are_nobodys(url: str) -> None:
    assert web.post(f"{url}/roses", b"{}", {}).status >= 400
    assert web.get(f"{url}/iris", {}, timeout=300).status >= 400


def test_nothing_is_left(kinds: Walk) -> None:
    kinds.bash(kinds.destroy)
    assert emulator.find(kinds.home) is None
    assert not emulator.efs_directory(kinds.home, "kinds").exists()

"""Another workshop on the same bones: scikit-learn reads digits that its training has not seen."""

import json
from pathlib import Path
from typing import Any

import pytest

from wildrydes_ml import web
from wildrydes_ml.local import emulator

from .conftest import EXAMPLES, Started, Walk

pytestmark = pytest.mark.slow

JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def digits(started: Started) -> Walk:
    return started("digits")


@pytest.fixture(scope="module")
def url(digits: Walk) -> str:
    return str(digits.again()["api_url"])


def loaded(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def test_the_application_is_small_enough_to_be_read() -> None:
    files = [path for path in (EXAMPLES / "digits").glob("*.*") if path.suffix in (".py", ".txt")]
    assert sum(len(path.read_text().splitlines()) for path in files) <= 50


def test_a_second_deploy_changes_nothing(digits: Walk) -> None:
    said = digits.again()
    assert (said["ok"], said["changed"]) == (True, False)


def test_held_out_digits_are_read(digits: Walk, url: str) -> None:
    asked = loaded(digits.folder / "build" / "held_out.json")
    assert len(asked["digits"]) == 450
    said = json.loads(web.post(url, json.dumps({"pictures": asked["pictures"]}).encode(), JSON).body)
    right = [one == other for one, other in zip(asked["digits"], said["digits"], strict=True)]
    assert sum(right) / len(right) >= 0.98


def test_packages_and_model_come_from_efs(digits: Walk) -> None:
    efs = emulator.efs_directory(digits.home, "digits")
    assert [path.name for path in (efs / "model").iterdir()] == ["digits.joblib"]
    assert "scikit-learn" in loaded(efs / "manifest.json")["tensorflow"]["distributions"]


def test_a_browser_gets_the_page(url: str) -> None:
    reply = web.get(url, {}, timeout=300)
    assert reply.status == 200
    assert b"Draw a digit" in reply.body


@pytest.mark.parametrize(
    "body",
    [
        "", "{", "[]", "null", "{}", '{"pictures": []}', '{"pictures": [[1]]}', '{"pictures": 3}',
        json.dumps({"pictures": [[17] * 64]}), json.dumps({"pictures": [["a"] * 64]}),
    ],
)  # fmt: skip
def test_what_is_no_digit_is_refused(url: str, body: str) -> None:
    assert web.post(url, body.encode(), JSON).status == 400


def test_nothing_is_left(digits: Walk) -> None:
    digits.bash(digits.destroy)
    assert emulator.find(digits.home) is None
    assert not emulator.efs_directory(digits.home, "digits").exists()

"""Another workshop on the same bones: scikit-learn reads digits that its training has not seen."""

import json
from pathlib import Path
from typing import Any

import pytest

from wildrydes_ml import web
from wildrydes_ml.local import emulator

from .conftest import EXAMPLES, Started, Walk


@pytest.fixture(scope="module")
def digits(started: Started) -> Walk:
    return started("digits")


def loaded(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def test_the_template_is_small_enough_to_be_read() -> None:
    files = [path for path in (EXAMPLES / "digits").glob("*.*") if path.suffix in (".py", ".txt")]
    assert sum(len(path.read_text().splitlines()) for path in files) <= 80


def test_held_out_digits_are_read(digits: Walk) -> None:
    asked, said = loaded(digits.work / "held_out.json"), loaded(digits.work / "answer.json")
    assert len(asked["digits"]) == 450
    right = [one == other for one, other in zip(asked["digits"], said["digits"], strict=True)]
    assert sum(right) / len(right) >= 0.98


def test_packages_and_model_come_from_efs(digits: Walk) -> None:
    manifest = loaded(digits.work / "efs" / "manifest.json")
    assert [path.name for path in (digits.work / "efs" / "model").iterdir()] == ["digits.joblib"]
    assert "scikit-learn" in manifest["tensorflow"]["distributions"]
    assert manifest["model"]["archive_sha256"]


def test_a_browser_gets_the_page(digits: Walk) -> None:
    reply = web.get(digits.url, {}, timeout=300)
    assert reply.status == 200
    assert b"Draw a digit" in reply.body


@pytest.mark.parametrize(
    "body",
    [
        "", "{", "[]", "null", "{}", '{"pictures": []}', '{"pictures": [[1]]}', '{"pictures": 3}',
        json.dumps({"pictures": [[17] * 64]}), json.dumps({"pictures": [["a"] * 64]}),
    ],
)  # fmt: skip
def test_what_is_no_digit_is_refused(digits: Walk, body: str) -> None:
    assert web.post(digits.url, body.encode(), {"Content-Type": "application/json"}).status == 400


def test_nothing_is_left(digits: Walk) -> None:
    digits.remove()
    assert not digits.work.exists()
    assert emulator.find(digits.home) is None

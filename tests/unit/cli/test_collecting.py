"""A command that only writes is not held up by Python's search for garbage, and leaves it on for who calls it."""

import gc
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from wildrydes_ml.cli import main
from wildrydes_ml.cli.collecting import unsearched
from wildrydes_ml.workshop.templates import TEMPLATES

CHECKOUT = Path(__file__).parents[3]
# What a process searches from the import of the command to its end.
COUNTING = """
import gc, os, sys
searched = []
gc.callbacks.append(lambda phase, about: searched.append(gc.get_count()) if phase == "start" else None)
sys.argv = ["render.py", "--out", sys.argv[1]]
from wildrydes_ml.cli import main
after_imports = len(searched)
main(verb="render")
end = len(searched) - after_imports
print(end, gc.get_freeze_count() > 20_000)
"""


@pytest.fixture
def searches() -> Iterator[list[str]]:
    """The searches of this process."""
    found: list[str] = []

    def tell(phase: str, about: dict[str, Any]) -> None:
        found.append(phase)

    gc.callbacks.append(tell)
    yield found
    gc.callbacks.remove(tell)


def test_nothing_is_searched_while_templates_are_rendered(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", COUNTING, tmp_path], capture_output=True, text=True, check=True, cwd=CHECKOUT
    )
    assert done.stdout.split()[-2:] == ["0", "True"], "the end of Python searches nothing either"
    assert {path.name for path in tmp_path.glob("*.yml")} == set(TEMPLATES)


def test_who_calls_a_command_still_has_it_on(tmp_path: Path, searches: list[str]) -> None:
    assert main(["render", "--out", str(tmp_path)]) == 0
    assert searches == []
    assert gc.isenabled()
    gc.collect()
    assert searches == ["start", "stop"]


def test_what_was_off_stays_off() -> None:
    gc.disable()
    try:
        with unsearched():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_after_an_error_it_is_on_again() -> None:
    with pytest.raises(ValueError, match="why"), unsearched():
        raise ValueError("why")
    assert gc.isenabled()

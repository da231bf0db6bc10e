"""The documentation against the code: what is told in tables is what is done."""

from pathlib import Path

from tools.state_table import table

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_the_table_of_stack_states_is_the_codes() -> None:
    assert table() in (DOCS / "deploying.md").read_text(encoding="utf-8")

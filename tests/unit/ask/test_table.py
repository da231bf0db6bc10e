"""Answers as lines: aligned on a terminal, plain elsewhere."""

import pytest

from wildrydes_ml.ask.asking import Answer
from wildrydes_ml.ask.table import Table

HORSE = Answer(
    "a.png", True, "Unicorn is validated", ({"label": "Horse", "score": 0.9}, {"label": "Dog", "score": 0.5}), 12.4
)
NOTHING = Answer("pictures/b.png", False, "Unable to validate Unicorn", (), 1234.5)
BROKEN = Answer("c.png", error="415 unsupported-image: " + "Post a JPEG. " * 20)


def lines(columns: int, *answers: Answer) -> list[str]:
    table = Table([answer.picture for answer in answers], columns)
    return [table.header, *map(table.line, answers)]


def test_a_table_has_columns_and_fits_the_terminal() -> None:
    assert lines(80, HORSE, NOTHING) == [
        "picture         verdict        detections                                     ms",
        "a.png           validated      Horse 0.90, Dog 0.50                           12",
        "pictures/b.png  not validated  nothing                                      1234",
    ]


@pytest.mark.parametrize("columns", [60, 80, 132])
def test_long_names_and_many_detections_are_cut(columns: int) -> None:
    many = Answer(
        "https://example.org/" + "x" * 200 + "/horse.png",
        True,
        detections=[{"label": "Horse", "score": 0.9}] * 30,
        milliseconds=5,
    )
    _, row = lines(columns, many)
    assert len(row) == columns
    assert row.startswith("…")
    assert "/horse.png  validated " in row
    assert "Horse 0.9" in row


def test_wide_and_combining_letters_are_counted_as_a_terminal_shows_them() -> None:
    _, wide, combining, plain = lines(80, *(Answer(name, True) for name in ("独角兽.png", "e\u0301.png", "abc.png")))
    assert wide.index("validated") == plain.index("validated") - 3
    assert combining.index("validated") == plain.index("validated") + 1


def test_an_error_is_told_in_full() -> None:
    _, row = lines(80, BROKEN)
    assert row.startswith("c.png    error          415 unsupported-image")
    assert row.endswith(BROKEN.error)


def test_without_a_terminal_there_is_a_plain_line_each() -> None:
    assert lines(0, HORSE, NOTHING) == [
        "",
        "a.png: Unicorn is validated (Horse 0.90, Dog 0.50) 12 ms",
        "pictures/b.png: Unable to validate Unicorn (nothing detected) 1234 ms",
    ]
    assert lines(0, BROKEN)[1] == f"c.png: {BROKEN.error}"


def test_a_narrow_terminal_still_gets_every_column() -> None:
    assert lines(20, HORSE) == [
        "picture  verdict        detections         ms",
        "a.png    validated      Horse 0.90,…       12",
    ]

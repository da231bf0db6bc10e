"""The rows of a class as a table, as a list for a spreadsheet, and as cards to print."""

import csv
import io
import re
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest

from wildrydes_ml.classroom import page
from wildrydes_ml.classroom.roster import Student
from wildrydes_ml.classroom.run import exit_code
from wildrydes_ml.classroom.seats import NOT_CONNECTED, Seat, counted, sheet, table

URL = "https://api1.execute-api.eu-west-1.amazonaws.com/prod"
HOSTILE = '<script>alert("x")</script>'
SEATS = (
    Seat(Student("anna", "Anna Müller"), "done", "done", URL, "Unicorn is\nvalidated", 1.5, "secret-key", "api1"),
    Seat(Student("bob", HOSTILE), "done", "done", URL + "/b", NOT_CONNECTED),
    Seat(Student("cmd", "=HYPERLINK(1)"), "failed", "failed", "", "stack x ended as ROLLBACK_COMPLETE", exit_code=1),
)


class Cards(HTMLParser):
    """The tags of a page, and the text of each card."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.cards: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.cards += [""] if tag == "li" else []

    def handle_data(self, data: str) -> None:
        if self.cards:
            self.cards[-1] += data


def test_the_table_has_a_line_for_each_student() -> None:
    assert table(SEATS) == [
        "student  stage     US$/month  URL and verdict",
        f"anna     done           1.50  {URL}  Unicorn is validated",
        f"bob      done           0.00  {URL}/b  {NOT_CONNECTED}",
        "cmd      failed         0.00  stack x ended as ROLLBACK_COMPLETE",
    ]
    assert counted(SEATS) == "2 of 3 students done, 1 failed"
    assert counted(SEATS[:2]) == "2 of 2 students done"


def test_a_spreadsheet_gets_text_and_no_formula() -> None:
    rows = list(csv.DictReader(io.StringIO(sheet(SEATS))))
    assert [row["id"] for row in rows] == ["anna", "bob", "cmd"]
    assert (rows[0]["url"], rows[0]["verdict"]) == (URL, "Unicorn is validated")
    assert (rows[0]["api_id"], rows[0]["api_key"]) == ("api1", "secret-key")
    assert rows[2]["name"] == "'=HYPERLINK(1)"


def test_no_record_for_programs_has_a_key() -> None:
    assert "secret-key" not in str([seat.record() for seat in SEATS])


def test_each_student_gets_a_card() -> None:
    found = Cards(page.html("room", SEATS, with_codes=False))
    anna, bob, cmd = found.cards
    assert "Anna Müller" in anna
    assert "room-anna" in anna
    assert URL in anna
    assert "secret-key" in anna
    assert "API id: api1" in anna
    assert "not connected yet" in bob
    assert "Ask your teacher" in cmd
    assert "execute-api" not in cmd
    assert "secret-key" not in bob + cmd


def test_a_name_is_text_and_never_markup() -> None:
    found = Cards(page.html("room", SEATS, with_codes=False))
    assert "script" not in found.tags
    assert HOSTILE in found.cards[1]


def test_the_page_asks_no_other_server() -> None:
    text = page.html("room", SEATS, with_codes=False)
    assert not re.findall(r'(?:src|href)="(?!https://api1\.)', text)
    assert "@import" not in text
    assert "url(" not in text


def test_the_codes_are_drawings_of_the_addresses() -> None:
    """A scanner reads what the module's own writer draws; here it is compared dot by dot with a code made anew."""
    segno = pytest.importorskip("segno")
    text = page.html("room", SEATS, with_codes=True)
    drawings = re.findall(r"<svg.*?</svg>", text, re.DOTALL)
    assert len(drawings) == 2, "none for who has no address"
    for drawing, url in zip(drawings, (URL, URL + "/b"), strict=True):
        ElementTree.fromstring(drawing)
        assert segno.make_qr(url).svg_inline(omitsize=True, title=f"QR code of {url}") == drawing
        assert url in drawing


def test_the_exit_code_says_what_kind_of_failure_it_was() -> None:
    interrupted = Seat(Student("d", "d"), "failed", "failed", exit_code=3)
    assert exit_code(SEATS[:2]) == 0
    assert exit_code(SEATS) == 1
    assert exit_code([*SEATS[:2], interrupted]) == 3
    assert exit_code([interrupted, *SEATS]) == 1

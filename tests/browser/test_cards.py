"""A class's cards in a browser: they fit a phone, and stand in two columns on paper."""

import pytest
from playwright.sync_api import Browser

from wildrydes_ml.classroom import page
from wildrydes_ml.classroom.roster import Student
from wildrydes_ml.classroom.seats import Seat

from . import chromium

URL = "https://a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com/prod"
# A4 without its margins, at 96 points an inch.
PAPER = 718


@pytest.mark.parametrize(("width", "medium", "columns"), [(320, "screen", 1), (390, "screen", 1), (PAPER, "print", 2)])
def test_the_cards_fit_the_width_and_each_line_has_room(
    browser: Browser, width: int, medium: str, columns: int
) -> None:
    seats = [Seat(Student(f"rider-{one}", f"Rider {one}"), "done", "done", URL, "", 0, "k" * 40) for one in range(4)]
    with chromium.tab(browser, viewport={"width": width, "height": 800}) as tab:
        tab.emulate_media(media="print" if medium == "print" else "screen")
        tab.set_content(page.html("room", seats, with_codes=page.has_codes()))
        lefts = tab.eval_on_selector_all("li", "cards => cards.map((card) => card.getBoundingClientRect().left)")
        texts = tab.eval_on_selector_all("li > div", "texts => texts.map((text) => text.clientWidth)")
        assert len(set(lefts)) == columns
        assert min(texts) > 150, "no column of single letters"
        assert tab.evaluate("document.documentElement.scrollWidth") <= width

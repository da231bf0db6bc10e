"""The page by keyboard alone, for screen readers, on a phone, in the dark, without motion."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.browser_helpers import choose, contrast, geometry, tells
from tests.browser.site import HORSE, PERSON, Reply, Site, gateway, picture, problem, verdict

SMALL = picture(40, 30)
DRAWINGS = ["A unicorn in a meadow", "A rhinoceros", "A unicorn in chalk", "A narwhal and a fish"]
PHONE: dict[str, Any] = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}


def focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.id || document.activeElement.textContent"))


@pytest.mark.parametrize("key", ["Enter", "Space"])
def test_a_file_is_chosen_by_keyboard(site: Site, page: Page, key: str) -> None:
    site.script(verdict(HORSE))
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Tab")
        expect(page.get_by_label("Choose a picture")).to_be_focused()
        page.keyboard.press(key)
    chooser.value.set_files({"name": "a.png", "mimeType": "image/png", "buffer": SMALL})
    tells(page, "Unicorn is validated")
    assert focused(page) == "file"


def test_a_link_is_asked_by_keyboard_in_the_order_of_reading(site: Site, page: Page) -> None:
    site.script(verdict(HORSE))
    order = []
    for _ in range(7):
        page.keyboard.press("Tab")
        order.append(focused(page) or page.evaluate("document.activeElement.firstElementChild.alt"))
        if focused(page) == "url":
            page.keyboard.type(site.link("a.png"))
    assert order == ["file", *DRAWINGS, "url", "Ask"]
    page.keyboard.press("Enter")
    tells(page, "Unicorn is validated")


def test_the_focus_never_falls_on_nothing(site: Site, page: Page) -> None:
    late = verdict(HORSE).held()
    site.script(verdict(HORSE).held(), gateway(504, "Endpoint request timed out"), late)
    choose(page, SMALL)
    tells(page, "Looking")
    page.get_by_role("button", name="Stop").focus()
    page.keyboard.press("Enter")
    assert focused(page) == "again"
    page.keyboard.press("Space")
    tells(page, "The answer took too long")
    assert focused(page) == "again"
    page.keyboard.press("Enter")
    tells(page, "Looking")
    assert focused(page) == "stop"
    expect(page.get_by_role("button", name="Try again")).to_be_hidden()
    late.go.set()
    tells(page, "Unicorn is validated")
    assert focused(page) == "status"


def test_escape_stops_what_goes_on_and_nothing_else(site: Site, page: Page) -> None:
    site.script(verdict(HORSE).held(), verdict(HORSE))
    choose(page, SMALL)
    tells(page, "Looking")
    page.keyboard.press("Escape")
    tells(page, "Stopped")
    page.get_by_role("button", name="Try again").press("Enter")
    tells(page, "Unicorn is validated")
    page.keyboard.press("Escape")
    tells(page, "Unicorn is validated")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("order", "element"),
    [(1, "label[for=file]"), (2, "#drawings button >> nth=0"), (6, "#url"), (7, "#link-form button")],
)
def test_the_focus_is_seen(visit: Callable[..., Page], scheme: str, order: int, element: str) -> None:
    page = visit(color_scheme=scheme)
    for _ in range(order):
        page.keyboard.press("Tab")
    expect(page.locator(element)).to_have_css("outline", re.compile("solid 3px$"))


def test_roles_and_names_before_a_question(page: Page) -> None:
    expect(page.locator("main")).to_match_aria_snapshot("""
      - heading "Is it a unicorn?" [level=1]
      - paragraph: Show a picture to a machine learning model. If it sees a horse, Wild Rydes has found a unicorn.
      - region "Answer":
        - status
      - region "Your picture":
        - button "Choose a picture"
        - text: Choose a picture
        - paragraph: Or drop or paste one. The service does not keep it.
        - region "Or try one of these drawings":
          - heading "Or try one of these drawings" [level=2]
          - list:
            - listitem:
              - button "A unicorn in a meadow"
            - listitem:
              - button "A rhinoceros"
            - listitem:
              - button "A unicorn in chalk"
            - listitem:
              - button "A narwhal and a fish"
        - text: Or enter a picture's link
        - textbox "Or enter a picture's link"
        - button "Ask"
      - region "What this model knows":
        - heading "What this model knows" [level=2]
        - paragraph
      - group: Ask from a terminal
    """)


def test_roles_and_names_after_an_answer(site: Site, page: Page) -> None:
    site.script(verdict(HORSE, PERSON))
    choose(page, SMALL)
    tells(page, "Unicorn is validated")
    expect(page.get_by_role("region", name="Answer")).to_match_aria_snapshot("""
      - status:
        - paragraph: Yes, a unicorn!
        - paragraph: /Unicorn is validated/
      - figure "picture.png":
        - img /with a box around each/
        - text: picture.png
      - region "What the model saw":
        - heading "What the model saw" [level=2]
        - list:
          - listitem: /Horse 94% = unicorn left/
          - listitem: Person 88% right
        - paragraph: The service took 412 ms.
    """)
    expect(page.get_by_role("status")).to_have_attribute("aria-atomic", "true")


LONG = {"label": "Pneumonoultramicroscopicsilicovolcanoconiosis_and_more", "score": 0.5, "box": [0.1, 0.59, 0.9, 1.0]}


@pytest.mark.parametrize(
    "reply", [verdict(HORSE, LONG), problem("internal"), Reply(400, '{"title": "No", "detail": "' + "x" * 300 + '"}')]
)
def test_a_phone_never_scrolls_sideways(site: Site, visit: Callable[..., Page], reply: Reply) -> None:
    page = visit(**PHONE)
    width = "document.documentElement.scrollWidth"
    assert page.evaluate(width) == 360
    page.get_by_text("Ask from a terminal", exact=True).click()
    site.script(reply)
    choose(page, picture(400, 300))
    expect(page.get_by_role("progressbar")).to_be_hidden()
    assert page.evaluate(width) == 360
    assert page.evaluate("visualViewport.scale") == 1


def test_fingers_find_what_they_press(site: Site, visit: Callable[..., Page]) -> None:
    page = visit(**PHONE)
    site.script(verdict(HORSE).held())
    choose(page, SMALL)
    tells(page, "Looking")
    for pressed in page.locator("button:visible, label.button:visible, input[type=url], summary:visible").all():
        assert geometry(pressed)["height"] >= 44


def test_the_answer_is_scrolled_to(site: Site, visit: Callable[..., Page]) -> None:
    page = visit(viewport={"width": 360, "height": 400})
    site.script(verdict(HORSE).held())
    choose(page, SMALL)
    tells(page, "Looking")
    expect(page.get_by_role("status")).to_be_in_viewport(ratio=1)


def test_a_tall_picture_is_seen_whole(site: Site, page: Page) -> None:
    site.script(verdict(HORSE))
    choose(page, picture(300, 900))
    tells(page, "Unicorn is validated")
    shown = page.get_by_role("img", name="Your picture")
    expect(shown).to_have_js_property("complete", True)
    assert geometry(shown)["height"] <= 720, "of the window's height"


def colors(page: Page, element: str) -> tuple[list[float], list[float]]:
    """Text and background of an element, the latter of the nearest element that has one."""
    text, background = page.locator(element).evaluate("""(one) => {
      const color = getComputedStyle(one).color;
      while (getComputedStyle(one).backgroundColor.endsWith(", 0)")) one = one.parentElement;
      return [color, getComputedStyle(one).backgroundColor].map((text) => text.match(/[0-9.]+/g).map(Number));
    }""")
    return text, background


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("reply", [verdict(HORSE), verdict(validated=False), problem("undecodable-image")])
def test_text_is_readable_by_day_and_night(site: Site, visit: Callable[..., Page], scheme: str, reply: Reply) -> None:
    page = visit(color_scheme=scheme)
    site.script(reply)
    choose(page, SMALL)
    expect(page.get_by_role("progressbar")).to_be_hidden()
    _, background = colors(page, "body")
    assert (sum(background) < 150) == (scheme == "dark")
    texts = ["h1", "header p", "label[for=file]", "#drop .soft", "#link-form button", "#headline", "#detail", "#knows"]
    ratios = {element: contrast(*colors(page, element)) for element in texts}
    assert {element: ratio for element, ratio in ratios.items() if ratio < 4.5} == {}


def test_boxes_keep_their_colors_and_the_bar_is_seen_with_a_users_own_colors(
    site: Site, visit: Callable[..., Page]
) -> None:
    page = visit(forced_colors="active")
    yellow = "rgb(255, 209, 102)"
    site.script(verdict(HORSE))
    choose(page, SMALL)
    tells(page, "Unicorn is validated")
    expect(page.locator(".box")).to_have_css("border-top-color", yellow)
    expect(page.locator(".label span")).to_have_css("background-color", yellow)
    of_part = "([id, part]) => getComputedStyle(document.querySelector(id), part).backgroundColor"
    assert page.evaluate(of_part, ["#list li", "::before"]) == yellow
    page_color = page.evaluate(of_part, ["#bar", None])
    assert page.evaluate(of_part, ["#bar", "::after"]) != page_color


@pytest.mark.parametrize(("motion", "animation"), [("reduce", "none"), ("no-preference", "slide")])
def test_nothing_moves_for_those_who_want_that(visit: Callable[..., Page], motion: str, animation: str) -> None:
    page = visit(reduced_motion=motion)
    name = "getComputedStyle(document.getElementById('bar'), '::after').animationName"
    assert page.evaluate(name) == animation

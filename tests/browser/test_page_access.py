"""The page of an API that asks for a key, or for signed requests."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.browser_helpers import choose, drop, tells
from tests.browser.site import HORSE, Site, gateway, picture, verdict

SMALL = picture(40, 30)


def enter_key(page: Page, key: str) -> None:
    page.get_by_label("API key").fill(key)
    page.get_by_role("button", name="Use this key").click()


def test_without_keys_none_is_asked_for_nor_sent(site: Site, page: Page) -> None:
    expect(page.get_by_label("API key")).to_be_hidden()
    site.script(verdict(HORSE))
    choose(page, SMALL)
    tells(page, "Unicorn is validated")
    assert "x-api-key" not in site.asked[0].headers


def test_a_key_is_asked_for_first_and_sent(site: Site, visit: Callable[..., Page]) -> None:
    site.auth = "API_KEY"
    page = visit()
    expect(page.get_by_label("API key")).to_be_focused()
    expect(page.get_by_label("Choose a picture")).to_be_hidden()
    enter_key(page, " right ")
    site.script(verdict(HORSE))
    choose(page, SMALL)
    tells(page, "Unicorn is validated")
    assert site.asked[0].headers["x-api-key"] == "right"


def test_nothing_is_asked_without_a_key(site: Site, visit: Callable[..., Page]) -> None:
    site.auth = "API_KEY"
    page = visit()
    drop(page, files=[SMALL])
    expect(page.get_by_role("status")).to_have_text("")
    assert site.asked == []


@pytest.mark.parametrize("key", ["two words", "zero\u200bwidth", "ключ"])
def test_what_can_be_no_key_is_told_where_it_was_entered(site: Site, visit: Callable[..., Page], key: str) -> None:
    site.auth = "API_KEY"
    page = visit()
    enter_key(page, key)
    expect(page.get_by_label("API key")).to_be_focused()
    expect(page.get_by_label("API key")).to_have_js_property("validity.patternMismatch", True)
    expect(page.get_by_label("Choose a picture")).to_be_hidden()


def test_a_wrong_key_is_asked_for_again_and_the_picture_is_not_lost(site: Site, visit: Callable[..., Page]) -> None:
    site.auth = "API_KEY"
    page = visit()
    enter_key(page, "wrong")
    site.script(gateway(403, "Forbidden"), verdict(HORSE))
    choose(page, SMALL)
    tells(page, "The API key is not accepted")
    expect(page.get_by_label("API key")).to_be_focused()
    assert page.evaluate("sessionStorage.length") == 0
    enter_key(page, "right")
    tells(page, "Unicorn is validated")
    assert [asked.headers["x-api-key"] for asked in site.asked] == ["wrong", "right"]
    assert {asked.body for asked in site.asked} == {SMALL}


def test_a_key_is_kept_for_the_tab_only(site: Site, visit: Callable[..., Page]) -> None:
    site.auth = "API_KEY"
    page = visit()
    enter_key(page, "right")
    page.reload()
    expect(page.get_by_label("API key")).to_be_hidden()
    assert page.evaluate("[localStorage.length, document.cookie]") == [0, ""]
    another = page.context.new_page()
    another.goto(page.url)
    expect(another.get_by_label("API key")).to_be_visible()


def test_signed_requests_are_left_to_the_command(site: Site, visit: Callable[..., Page]) -> None:
    site.auth = "AWS_IAM"
    page = visit()
    expect(page.get_by_text("wildrydes-ml classify PICTURE")).to_be_visible()
    expect(page.get_by_label("Choose a picture")).to_be_hidden()
    expect(page.get_by_label("picture's link")).to_be_hidden()
    drop(page, files=[SMALL])
    expect(page.get_by_role("status")).to_have_text("")
    assert site.asked == []

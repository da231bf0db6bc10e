"""axe, which knows what people with assistive technology stumble over, finds nothing in any state of the page."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files

import pytest
from manifest import About
from playwright.sync_api import Page, expect

from tests.browser.browser_helpers import choose, tells
from tests.browser.site import HORSE, PERSON, Reply, Site, gateway, picture, problem, verdict

STATES: dict[str, tuple[Reply, str]] = {
    "yes": (verdict(PERSON, HORSE), "Yes"),
    "no": (verdict(PERSON, validated=False), "No unicorn"),
    "many": (verdict(*[HORSE] * 20), "Yes"),
    "error": (problem("internal"), "went wrong"),
    "busy": (gateway(429, "Too Many Requests", **{"Retry-After": "60"}), "tries again"),
}
WIDTHS = (320, 1280)


AXE = files("axe_playwright_python") / "axe.min.js"


def violations(page: Page) -> list[str]:
    """What axe finds, as text."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run()")["violations"]
    return [f"{one['id']}: {node['html']}" for one in found for node in one["nodes"]]


def open_page(visit: Callable[..., Page], width: int, scheme: str) -> Page:
    page = visit(viewport={"width": width, "height": 800}, color_scheme=scheme, reduced_motion="reduce")
    for summary in page.locator("summary:visible").all():
        summary.click()
    return page


def test_it_looks(page: Page) -> None:
    page.evaluate("document.querySelector('h1').style.color = '#ccc'")
    assert [text.partition(":")[0] for text in violations(page)] == ["color-contrast"]


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("auth", ["NONE", "API_KEY", "AWS_IAM"])
def test_first_sight(site: Site, visit: Callable[..., Page], width: int, scheme: str, auth: str) -> None:
    site.auth, site.model = auth, About("Knows drawings.", ("Horse", "Person"))
    assert violations(open_page(visit, width, scheme)) == []


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("state", STATES)
def test_states(site: Site, visit: Callable[..., Page], width: int, scheme: str, state: str) -> None:
    reply, headline = STATES[state]
    page = open_page(visit, width, scheme)
    site.script(reply)
    choose(page, picture(400, 300))
    tells(page, headline)
    expect(page.get_by_role("region", name="Answer")).to_be_visible()
    assert violations(page) == []


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_working(site: Site, visit: Callable[..., Page], width: int, scheme: str) -> None:
    page = open_page(visit, width, scheme)
    site.script(verdict(HORSE).held())
    choose(page, picture(400, 300))
    tells(page, "Looking")
    assert violations(page) == []

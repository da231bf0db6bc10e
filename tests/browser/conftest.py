"""The page in a real browser; the function's modules lie flat in its zip, so lambda_src itself goes on the path."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "lambda_src"))

from playwright.sync_api import Browser, Page

from tests.browser import chromium
from tests.browser.site import Site, serving


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """One browser for the tests of this folder: Playwright leaves no room for other event loops meanwhile."""
    if not chromium.EXECUTABLE:
        pytest.skip(chromium.MISSING)
    with chromium.browser() as running:
        yield running


@pytest.fixture
def site() -> Iterator[Site]:
    """A server with the page."""
    with serving() as running:
        yield running


@pytest.fixture
def visit(browser: Browser, site: Site) -> Iterator[Callable[..., Page]]:
    """Opens the page in a tab of its own: path and the tab's options -> tab.

    With `stop_clock` time passes only when the test says so, by `page.clock.run_for(milliseconds)`.
    """
    with ExitStack() as tabs:

        def visit(path: str = "/prod", *, stop_clock: bool = False, **options: Any) -> Page:
            page = tabs.enter_context(chromium.tab(browser, **options))
            if stop_clock:
                page.clock.install(time="2030-01-01T00:00:00Z")
            page.goto(site.url + path)
            if stop_clock:
                page.clock.pause_at("2030-01-01T01:00:00Z")
            return page

        yield visit


@pytest.fixture
def page(visit: Callable[..., Page]) -> Page:
    """The page on a desktop."""
    return visit()

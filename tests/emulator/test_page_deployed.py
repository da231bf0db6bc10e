"""The page of a deployed API in a real browser: the real handler, model and pictures."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser import chromium
from tests.browser.browser_helpers import choose, drawn

from .conftest import PICTURES, Command

pytestmark = pytest.mark.skipif(not chromium.EXECUTABLE, reason=chromium.MISSING)


class QuietHandler(SimpleHTTPRequestHandler):
    """Serves files and says nothing."""

    def log_message(self, format: str, *arguments: Any) -> None:
        pass


@pytest.fixture
def pictures() -> Iterator[str]:
    """host:port of a server with the example pictures."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(QuietHandler, directory=str(PICTURES)))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_person_asks_the_deployed_page(command: Command, pictures: str) -> None:
    url = command("deploy", "--set", f"PrivateImageHosts={pictures}")[-1]["api_url"]
    with chromium.browser() as browser, chromium.tab(browser, viewport={"width": 360, "height": 740}) as page:
        page.goto(url)
        expect(page.get_by_role("region", name="What this model knows")).to_contain_text("drawings, not photographs")
        page.get_by_label("Choose a picture").set_input_files(PICTURES / "unicorn_rearing.jpg")
        says(page, "Unicorn is validated")
        expect(page.get_by_role("listitem").first).to_contain_text("Horse")
        top, left, bottom, right = drawn(page)[0]
        assert -0.001 < top < bottom < 1.001
        assert -0.001 < left < right < 1.001

        ask_link(page, f"http://{pictures}/no_unicorn_cow.jpg")
        says(page, "Unable to validate Unicorn")
        expect(page.get_by_role("img", name="Your picture")).to_have_js_property("complete", True)

        ask_link(page, f"http://{pictures}/missing.jpg")
        says(page, "Its server answered with status 404.")

        ask_link(page, "http://169.254.169.254/latest/meta-data/")
        says(page, "The service may not open this link")

        choose(page, b"\x89PNG\r\n\x1a\nand then nothing")
        says(page, "The picture is damaged")


def ask_link(page: Page, url: str) -> None:
    page.get_by_label("picture's link").fill(url)
    page.get_by_role("button", name="Ask").click()


def says(page: Page, text: str) -> None:
    """Waits for an answer, the first of which waits for the model."""
    expect(page.get_by_role("status")).to_contain_text(text, timeout=300_000)

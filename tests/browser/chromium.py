"""A headless Chromium with one tab, which notes what the page must never do."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, Page, expect, sync_playwright

EXECUTABLE = shutil.which("chromium") or shutil.which("chromium-browser")
MISSING = "no Chromium is here; on Debian, apt-get install chromium"
PATIENCE_MS = 90_000
"""For anything that the page should do; a busy machine is slow."""

_FLAGS = [
    "--no-sandbox",  # root has none
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
_NOTE_VIOLATIONS = """
addEventListener("securitypolicyviolation", (event) =>
  console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`));
"""


@contextmanager
def browser() -> Iterator[Browser]:
    """A browser that is closed afterwards."""
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=EXECUTABLE, headless=True, args=_FLAGS)
        try:
            yield running
        finally:
            running.close()


@contextmanager
def tab(running: Browser, **options: Any) -> Iterator[Page]:
    """A tab with storage of its own; fails where its page raised an error or broke its security policy.

    `options` are those of Playwright's `new_context`, as viewport and color_scheme.
    """
    context = running.new_context(**options)
    context.set_default_timeout(PATIENCE_MS)
    context.add_init_script(_NOTE_VIOLATIONS)
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: faults.append(message.text) if "policy" in message.text.lower() else None)
    try:
        yield page
        assert faults == []
    finally:
        context.close()

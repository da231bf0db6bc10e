"""What a person does on the page, and sees there."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any

from playwright.sync_api import FilePayload, Locator, Page, expect


def choose(page: Page, data: bytes, kind: str = "image/png", name: str = "picture.png") -> None:
    """Chooses a file."""
    page.get_by_label("Choose a picture").set_input_files(FilePayload(name=name, mimeType=kind, buffer=data))


def ask_link(page: Page, link: str) -> None:
    """Enters a link and asks about it."""
    page.get_by_label("picture's link").fill(link)
    page.get_by_role("button", name="Ask", exact=True).click()


def drop(page: Page, *, files: Sequence[bytes] = (), links: Sequence[str] = ()) -> None:
    """Drags PNG files or links onto the page."""
    transfer = page.evaluate_handle(
        """([files, links]) => {
          const transfer = new DataTransfer();
          if (links) transfer.setData("text/uri-list", links);
          for (const file of files) {
            const bytes = Uint8Array.from(atob(file), (letter) => letter.charCodeAt(0));
            transfer.items.add(new File([bytes], "dropped.png", { type: "image/png" }));
          }
          return transfer;
        }""",
        [[base64.b64encode(file).decode() for file in files], "\r\n".join(links)],
    )
    for event in ("dragover", "drop"):
        page.dispatch_event("main", event, {"dataTransfer": transfer})


def copy(page: Page, *, picture: bytes | None = None, text: str = "") -> None:
    """Puts a picture or a text on the clipboard, as another program would."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.evaluate(
        """([picture, text]) => {
          const bytes = Uint8Array.from(atob(picture ?? ""), (letter) => letter.charCodeAt(0));
          const item = picture ? { "image/png": new Blob([bytes], { type: "image/png" }) }
            : { "text/plain": new Blob([text], { type: "text/plain" }) };
          return navigator.clipboard.write([new ClipboardItem(item)]);
        }""",
        [picture and base64.b64encode(picture).decode(), text],
    )


def status(page: Page) -> Locator:
    """What a screen reader reads out when it changes."""
    return page.get_by_role("status")


def tells(page: Page, text: str) -> None:
    """Waits until the page says so."""
    expect(status(page)).to_contain_text(text)


def asked_link(body: bytes) -> Any:
    """The link in a posted body."""
    return json.loads(body)["url"]


def drawn(page: Page) -> list[list[float]]:
    """Where boxes are on the screen, the best first: top, left, bottom, right in parts of the picture."""
    found: list[list[float]] = page.evaluate("""() => {
      const frame = document.getElementById("picture").getBoundingClientRect();
      return [...document.querySelectorAll(".box")].reverse().map((box) => {
        const { top, left, bottom, right } = box.getBoundingClientRect();
        return [(top - frame.top) / frame.height, (left - frame.left) / frame.width,
          (bottom - frame.top) / frame.height, (right - frame.left) / frame.width];
      });
    }""")
    return found


def geometry(element: Locator) -> Mapping[str, float]:
    """x, y, width and height in CSS pixels."""
    found = element.bounding_box()
    assert found
    return {name: float(found[name]) for name in ("x", "y", "width", "height")}


def contrast(one: Sequence[float], other: Sequence[float]) -> float:
    """WCAG's contrast ratio of two colors, each red, green and blue in 0..255."""
    brighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


def _luminance(color: Sequence[float]) -> float:
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in (part / 255 for part in color)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

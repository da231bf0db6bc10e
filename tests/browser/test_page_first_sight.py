"""What the page offers before anything is asked: drawings, what the model knows, the command for a terminal."""

from __future__ import annotations

import base64
import json
import os
import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from manifest import About
from playwright.sync_api import Page, expect

from tests.browser.browser_helpers import ask_link, asked_link, choose, tells
from tests.browser.site import HORSE, Site, picture, verdict
from tests.machine import curl

SMALL = picture(40, 30)
DRAWINGS = Path(__file__).parents[2] / "lambda_src" / "drawings"
NAMES = {
    "A unicorn in a meadow": "meadow",
    "A rhinoceros": "rhinoceros",
    "A unicorn in chalk": "chalk",
    "A narwhal and a fish": "narwhal",
}


def knows(page: Page) -> str:
    """What the page says of the model."""
    return page.get_by_role("region", name="What this model knows").inner_text()


@pytest.mark.parametrize("key", ["Enter", "Space"])
@pytest.mark.parametrize("name", NAMES)
def test_a_drawing_is_asked_about_by_keyboard(site: Site, page: Page, name: str, key: str) -> None:
    site.script(verdict(HORSE))
    page.get_by_role("button", name=name).press(key)
    tells(page, "Yes, a unicorn!")
    (asked,) = site.asked
    assert asked.headers["content-type"] == "image/webp"
    assert asked.body == (DRAWINGS / f"{NAMES[name]}.webp").read_bytes()
    expect(page.get_by_role("img", name="Your picture")).to_have_js_property("naturalWidth", 320)
    expect(page.locator("#caption")).to_have_text(name)


def test_drawings_are_seen_and_clicked(site: Site, page: Page) -> None:
    images = page.locator("#drawings img").all()
    for image in images:
        expect(image).to_have_js_property("naturalWidth", 320)
        expect(image).to_be_in_viewport(ratio=1)
    for image in images:
        site.script(verdict(HORSE))
        image.click()
        tells(page, "Yes, a unicorn!")
    assert len({asked.body for asked in site.asked}) == 4


def test_the_models_own_description_is_shown(site: Site, visit: Callable[..., Page]) -> None:
    site.model = About("Knows cats. Not <b>dogs</b>, & no </script>.", ("Horse", "Cat"))
    page = visit()
    assert "Knows cats. Not <b>dogs</b>, & no </script>." in knows(page)
    page.get_by_text("All 2 things that it can name").click()
    expect(page.locator("#labels")).to_have_text("HorseCat")


def test_an_answer_reminds_of_what_the_model_knows(site: Site, visit: Callable[..., Page]) -> None:
    site.model = About("Knows cats. Not dogs.")
    page = visit()
    site.script(verdict(HORSE))
    choose(page, SMALL)
    expect(page.locator("#took")).to_have_text("The service took 412 ms. Knows cats.")


def test_without_a_description_labels_say_what_the_model_knows(site: Site, visit: Callable[..., Page]) -> None:
    labels = tuple(f"Thing{number}" for number in range(20))
    site.model = About("", (*labels, "Horse"))
    page = visit()
    assert "It can name: Horse, Thing0, Thing1" in knows(page)
    assert "Thing10, and 9 more." in knows(page)
    page.get_by_text("All 21 things that it can name").click()
    expect(page.locator("#labels li")).to_have_count(21)


def test_few_labels_are_told_once(site: Site, visit: Callable[..., Page]) -> None:
    site.model = About("", ("Horse", "Cat"))
    page = visit()
    assert "It can name: Horse, Cat. Perhaps" in knows(page)
    expect(page.locator("#labels-part")).to_be_hidden()


def test_a_model_without_both_is_said_to_be_one(page: Page) -> None:
    assert "Nobody has described this model." in knows(page)


def test_a_model_that_cannot_name_what_decides_is_told_of(site: Site, visit: Callable[..., Page]) -> None:
    site.model = About("Knows pets.", ("Cat", "Dog"))
    assert "It cannot name a horse, so no picture will be a unicorn." in knows(visit())


def test_an_old_link_does_not_stay_in_the_field(site: Site, page: Page) -> None:
    field = page.get_by_label("picture's link")
    site.script(verdict(HORSE), verdict(HORSE), verdict(HORSE))
    ask_link(page, site.link("a.png"))
    tells(page, "Yes")
    expect(field).to_have_value("")
    expect(page.locator("#caption")).to_contain_text("cannot show")
    drawing = page.get_by_role("button", name="A rhinoceros")
    for way in (partial(choose, page, SMALL), drawing.click):
        field.fill(site.link("old.png"))
        way()
        tells(page, "Yes")
        expect(field).to_have_value("")


def run_command(page: Page, folder: Path, **variables: str) -> str:
    """Copies the page's command as a person does, runs it in a shell, and returns what it prints."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    summary = page.locator("#terminal summary")
    if not page.locator("#curl").is_visible():
        summary.press("Enter")
    shown = page.locator("#curl").inner_text()
    page.get_by_role("button", name="Copy").press("Enter")
    expect(page.get_by_text("Copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == shown
    path = f"{curl.on_path(folder / 'bin')}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", copied], cwd=folder, env={**os.environ, "PATH": path, **variables},
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("path", ["/", "/prod", "/v1/riders"])
def test_the_command_asks_this_api_about_a_unicorn(
    site: Site, visit: Callable[..., Page], tmp_path: Path, path: str
) -> None:
    page = visit(path + "?from=mail#top")
    site.script(verdict(HORSE))
    assert json.loads(run_command(page, tmp_path))["validated"] is True
    (asked,) = site.asked
    assert asked.path == path
    assert base64.b64decode(json.loads(asked.body)["image"], validate=True)[8:12] == b"WEBP"
    assert "x-api-key" not in asked.headers


@pytest.mark.parametrize("name", ["a picture.png", "it's $HOME.png", "`id`;.png"])
def test_the_command_asks_about_the_same_file(site: Site, page: Page, tmp_path: Path, name: str) -> None:
    site.script(verdict(HORSE), verdict(HORSE))
    choose(page, SMALL, name=name)
    tells(page, "Yes")
    (tmp_path / name).write_bytes(SMALL)
    run_command(page, tmp_path)
    by_page, by_command = site.asked
    assert (by_command.body, by_command.headers["content-type"]) == (by_page.body, by_page.headers["content-type"])


def test_the_command_asks_about_the_same_link(site: Site, page: Page, tmp_path: Path) -> None:
    site.script(verdict(HORSE), verdict(HORSE))
    link = site.link("it's.png?a=$HOME&b=`id`")
    ask_link(page, link)
    tells(page, "Yes")
    run_command(page, tmp_path)
    assert [asked_link(asked.body) for asked in site.asked] == [link, link]


def test_the_command_is_the_unicorn_again_where_the_file_was_made_smaller(site: Site, page: Page) -> None:
    site.script(verdict(HORSE))
    choose(page, picture(3000, 20, "JPEG"), "image/jpeg", "wide.jpg")
    tells(page, "Yes")
    expect(page.locator("#curl")).not_to_contain_text("wide.jpg")
    expect(page.locator("#curl")).to_contain_text('{"image":')


def test_the_command_sends_the_key_and_never_shows_it(site: Site, visit: Callable[..., Page], tmp_path: Path) -> None:
    site.auth = "API_KEY"
    page = visit()
    page.get_by_label("API key").fill("secret-key")
    page.get_by_role("button", name="Use this key").click()
    site.script(verdict(HORSE))
    run_command(page, tmp_path, API_KEY="secret-key")
    assert site.asked[0].headers["x-api-key"] == "secret-key"
    assert "secret-key" not in page.content()
    expect(page.locator("#terminal-hint")).to_contain_text("export API_KEY=")


def test_signed_requests_have_no_such_command(site: Site, visit: Callable[..., Page]) -> None:
    site.auth = "AWS_IAM"
    expect(visit().locator("#terminal")).to_be_hidden()


def test_without_a_clipboard_the_command_is_selected(page: Page) -> None:
    page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    page.locator("#terminal summary").click()
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_text("press Ctrl+C")).to_be_visible()
    assert page.evaluate("getSelection().toString()") == page.locator("#curl").inner_text()

"""The ways in: files, drops, pastes, links, the camera; and what is sent."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.browser_helpers import ask_link, asked_link, choose, copy, drop, tells
from tests.browser.site import HORSE, Site, picture, verdict

SMALL = picture(40, 30)


def test_a_chosen_file_is_sent_as_it_is(site: Site, page: Page) -> None:
    site.script(verdict(HORSE))
    choose(page, SMALL)
    tells(page, "Unicorn is validated")
    (asked,) = site.asked
    assert (asked.headers["content-type"], asked.body) == ("image/png", SMALL)


def test_the_same_file_can_be_chosen_twice(site: Site, page: Page) -> None:
    site.script(verdict(HORSE), verdict(validated=False))
    choose(page, SMALL)
    tells(page, "Unicorn is validated")
    expect(page.get_by_label("Choose a picture")).to_have_js_property("value", "")
    choose(page, SMALL)
    tells(page, "Unable to validate Unicorn")


def test_a_dropped_file(site: Site, page: Page) -> None:
    site.script(verdict(HORSE))
    drop(page, files=[SMALL])
    tells(page, "Unicorn is validated")
    assert site.asked[0].body == SMALL


def test_of_several_dropped_files_the_first_is_asked_about_and_the_page_says_so(site: Site, page: Page) -> None:
    site.script(verdict(HORSE))
    drop(page, files=[SMALL, picture(20, 20), picture(10, 10)])
    tells(page, "Unicorn is validated")
    expect(page.get_by_text("This is the first of 3 files")).to_be_visible()
    assert [asked.body for asked in site.asked] == [SMALL]


def test_a_dropped_link(site: Site, page: Page) -> None:
    site.pictures["a.png"] = SMALL
    site.script(verdict(HORSE))
    drop(page, links=["# a comment", site.link("a.png"), site.link("b.png")])
    tells(page, "Unicorn is validated")
    assert asked_link(site.asked[0].body) == site.link("a.png")


def test_a_pasted_picture(site: Site, page: Page) -> None:
    site.script(verdict(HORSE))
    copy(page, picture=SMALL)
    page.keyboard.press("Control+V")
    tells(page, "Unicorn is validated")
    assert Image.open(io.BytesIO(site.asked[0].body)).size == (40, 30)


def test_a_pasted_link(site: Site, page: Page) -> None:
    site.pictures["a.png"] = SMALL
    site.script(verdict(HORSE))
    copy(page, text=site.link("a.png"))
    page.keyboard.press("Control+V")
    tells(page, "Unicorn is validated")
    assert asked_link(site.asked[0].body) == site.link("a.png")
    expect(page.get_by_role("img", name="Your picture")).to_have_js_property("naturalWidth", 40)


def test_a_link_is_pasted_after_a_file_was_chosen(site: Site, page: Page) -> None:
    site.script(verdict(HORSE), verdict(validated=False))
    with page.expect_file_chooser() as chooser:
        page.get_by_text("Choose a picture").click()
    chooser.value.set_files({"name": "a.png", "mimeType": "image/png", "buffer": SMALL})
    tells(page, "Unicorn is validated")
    copy(page, text=site.link("a.png"))
    page.keyboard.press("Control+V")
    tells(page, "Unable to validate Unicorn")
    assert asked_link(site.asked[1].body) == site.link("a.png")


def test_a_link_pasted_into_its_field_waits_to_be_asked(site: Site, page: Page) -> None:
    site.script(verdict(HORSE))
    copy(page, text=site.link("a.png"))
    page.get_by_label("picture's link").focus()
    page.keyboard.press("Control+V")
    expect(page.get_by_label("picture's link")).to_have_value(site.link("a.png"))
    assert site.asked == []
    page.get_by_role("button", name="Ask", exact=True).click()
    tells(page, "Unicorn is validated")


def test_other_pasted_text_is_not_sent(site: Site, page: Page) -> None:
    copy(page, text="a horse, see https://example.com")
    page.keyboard.press("Control+V")
    tells(page, "There is no picture in that")
    assert site.asked == []


def test_other_dropped_addresses_are_not_sent(site: Site, page: Page) -> None:
    drop(page, links=["ftp://example.org/a.png"])
    tells(page, "There is no picture in that")
    assert site.asked == []


@pytest.mark.parametrize("text", ["horse.png", "ftp://example.org/a.png", "data:image/png;base64,", "file:///a.png"])
def test_what_is_no_link_is_not_sent(site: Site, page: Page, text: str) -> None:
    ask_link(page, text)
    expect(page.get_by_label("picture's link")).to_be_focused()
    assert site.asked == []


@pytest.mark.parametrize("text", [" {} ", "{}"])
def test_a_link_may_have_spaces_around_it_and_capitals(site: Site, page: Page, text: str) -> None:
    link = site.link("a.png").replace("http", "HTTP")
    site.script(verdict(HORSE))
    ask_link(page, text.format(link))
    tells(page, "Unicorn is validated")
    assert asked_link(site.asked[0].body) == link


def test_a_phone_offers_its_camera(site: Site, visit: Callable[..., Page]) -> None:
    page = visit(has_touch=True, is_mobile=True, viewport={"width": 360, "height": 740})
    camera = page.get_by_label("Take a photo")
    expect(camera).to_have_attribute("capture", "environment")
    expect(camera).to_have_attribute("accept", "image/*")
    expect(page.get_by_text("Take a photo")).to_be_visible()
    site.script(verdict(HORSE))
    camera.set_input_files({"name": "photo.png", "mimeType": "image/png", "buffer": SMALL})
    tells(page, "Unicorn is validated")


def test_a_desktop_offers_no_camera(page: Page) -> None:
    expect(page.get_by_label("Take a photo")).to_be_hidden()


@pytest.mark.parametrize("path", ["/", "/prod", "/prod/", "/v1/riders"])
def test_questions_go_to_the_pages_own_address(site: Site, visit: Callable[..., Page], path: str) -> None:
    site.script(verdict(HORSE))
    page = visit(path + "?from=mail#top")
    choose(page, SMALL)
    tells(page, "Unicorn is validated")
    assert site.asked[0].path == path


def photo(orientation: int) -> bytes:
    """A 12-megapixel JPEG of noise, larger than what can be posted, with a red corner at the top left of its pixels."""
    coarse = np.random.default_rng(1).integers(0, 256, (1500, 2000, 3), np.uint8)
    image = Image.fromarray(coarse).resize((4000, 3000), Image.Resampling.NEAREST)
    image.paste("red", (0, 0, 1000, 1000))
    exif = Image.Exif()
    exif[0x0112] = orientation
    file = io.BytesIO()
    image.save(file, "JPEG", quality=90, exif=exif)
    return file.getvalue()


@pytest.mark.parametrize(
    ("orientation", "size", "red"),
    [(1, (2048, 1536), (200, 200)), (6, (1536, 2048), (1336, 200)), (8, (1536, 2048), (200, 1848))],
)
def test_a_large_photo_is_sent_smaller_and_upright(
    site: Site, page: Page, orientation: int, size: tuple[int, int], red: tuple[int, int]
) -> None:
    large = photo(orientation)
    assert len(large) > 4_500_000
    site.script(verdict(HORSE))
    choose(page, large, "image/jpeg", "photo.jpg")
    tells(page, "Unicorn is validated")
    (asked,) = site.asked
    assert len(asked.body) < 4_500_000
    with Image.open(io.BytesIO(asked.body)) as sent:
        assert (sent.format, sent.size) == ("JPEG", size)
        assert sent.getexif().get(0x0112, 1) == 1
        pixel = sent.convert("RGB").getpixel(red)
    assert isinstance(pixel, tuple)
    assert pixel[0] > 200
    assert max(pixel[1:]) < 80


def test_transparent_and_moving_pictures_are_sent_as_the_service_sees_them(site: Site, page: Page) -> None:
    frames = [Image.new("RGBA", (20, 10), color) for color in ("#0000", "red", "blue")]
    file = io.BytesIO()
    frames[0].save(file, "WEBP", save_all=True, append_images=frames[1:], lossless=True)
    site.script(verdict(HORSE))
    choose(page, file.getvalue(), "image/webp", "moving.webp")
    tells(page, "Unicorn is validated")
    with Image.open(io.BytesIO(site.asked[0].body)) as sent:
        assert sent.convert("RGB").getpixel((10, 5)) == (255, 255, 255)


def test_a_file_that_is_no_picture_is_told_without_asking(site: Site, page: Page) -> None:
    choose(page, b"%PDF-1.7", "application/pdf", "paper.pdf")
    tells(page, "not a picture that your browser can read")
    choose(page, b"", "image/png")
    tells(page, "not a picture that your browser can read")
    assert site.asked == []

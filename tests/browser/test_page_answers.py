"""What the page shows: progress, verdicts, boxes, problems in words, and further tries."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from itertools import pairwise

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.browser_helpers import choose, drawn, geometry, status, tells
from tests.browser.site import HORSE, PERSON, Reply, Site, gateway, picture, problem, verdict
from wildrydes_ml.blocks.gateway_responses import ANSWERS

SMALL = picture(40, 30)


@pytest.mark.parametrize(("width", "height"), [(400, 300), (300, 900), (30, 20), (1200, 100)])
def test_boxes_lie_where_the_answer_says(site: Site, page: Page, width: int, height: int) -> None:
    site.script(verdict(HORSE, PERSON))
    choose(page, picture(width, height))
    tells(page, "Unicorn is validated")
    expect(page.get_by_role("img", name="Your picture")).to_have_js_property("complete", True)
    shown = geometry(page.get_by_role("img", name="Your picture"))
    assert shown["width"] / shown["height"] == pytest.approx(width / height, rel=0.01)
    assert drawn(page) == [pytest.approx(seen["box"], abs=0.002) for seen in (HORSE, PERSON)]


@pytest.mark.parametrize(("width", "height"), [(400, 300), (300, 900), (1200, 100)])
def test_labels_lie_at_their_boxes_and_within_the_picture(
    site: Site, visit: Callable[..., Page], width: int, height: int
) -> None:
    boxes = [[0.3, 0.3, 0.6, 0.6], [0, 0, 1, 1], [0.02, 0.5, 0.9, 0.6], [0.5, 0.95, 0.9, 1], [0.99, 0, 1, 0.01]]
    page = visit(viewport={"width": 320, "height": 640}, reduced_motion="reduce")  # nothing scrolls meanwhile
    site.script(verdict(*({"label": "Horse", "score": 0.9, "box": box} for box in boxes)))
    choose(page, picture(width, height))
    tells(page, "Unicorn is validated")
    frame = geometry(page.locator("#frame"))
    pairs = zip(page.locator(".label span").all(), page.locator(".box").all(), strict=True)
    for label, box in ((geometry(one), geometry(other)) for one, other in pairs):
        assert label["y"] == pytest.approx(max(frame["y"], box["y"] - label["height"]), abs=1)
        furthest = frame["x"] + frame["width"] - label["width"]
        assert label["x"] == pytest.approx(min(box["x"], furthest), abs=1)


def test_a_label_wider_than_the_picture_is_cut_where_that_is_seen(site: Site, page: Page) -> None:
    site.script(verdict({**HORSE, "label": "Horse " * 99}))
    choose(page, picture(400, 300))
    tells(page, "Unicorn is validated")
    label = page.locator(".label span")
    assert geometry(label)["width"] == pytest.approx(geometry(page.locator("#frame"))["width"], abs=1)
    expect(label).to_have_css("text-overflow", "ellipsis")


def test_a_boxs_edge_is_on_the_pictures_edge_on_the_screen(site: Site, page: Page) -> None:
    """The picture's top left quarter is blue: the box around it, and nothing else, covers its rim."""
    site.script(verdict({"label": "Horse", "score": 0.9, "box": [0, 0, 0.5, 0.5]}))
    choose(page, picture(400, 300))
    tells(page, "Unicorn is validated")
    shot = Image.open(io.BytesIO(page.locator("#frame").screenshot())).convert("RGB")
    middle = [shot.getpixel((x, shot.height // 4)) for x in range(shot.width)]
    half = shot.width // 2
    assert middle[half - 8] == (0, 0, 255)
    assert (255, 209, 102) in middle[half - 5 : half]
    assert middle[half + 8] == (255, 255, 255)


def test_boxes_stay_on_the_picture_when_the_window_changes(site: Site, page: Page) -> None:
    site.script(verdict(HORSE))
    choose(page, picture(400, 300))
    tells(page, "Unicorn is validated")
    page.set_viewport_size({"width": 360, "height": 740})
    assert drawn(page) == [pytest.approx(HORSE["box"], abs=0.002)]


def test_detections_are_told_as_text(site: Site, page: Page) -> None:
    site.script(verdict(HORSE, PERSON))
    choose(page, SMALL)
    tells(page, "Seen: Horse 94%, Person 88%. The service took 412 ms.")
    items = page.get_by_role("list", name="").get_by_role("listitem")
    expect(items).to_have_text(["Horse 94%left", "Person 88%right"])
    expect(page.get_by_role("img", name="Your picture, with boxes around: Horse 94%, Person 88%")).to_be_visible()


def test_of_many_detections_the_sentence_tells_the_best_and_the_list_all(site: Site, page: Page) -> None:
    site.script(verdict(*[HORSE] * 20))
    choose(page, SMALL)
    tells(page, f"Seen: {', '.join(['Horse 94%'] * 5)} and 15 more. The service")
    expect(page.get_by_role("listitem")).to_have_count(20)


def test_a_longer_time_is_told_in_seconds(site: Site, page: Page) -> None:
    site.script(verdict(HORSE, milliseconds=12_345))
    choose(page, SMALL)
    tells(page, "The service took 12.3 s.")


def test_nothing_seen(site: Site, page: Page) -> None:
    site.script(verdict(validated=False))
    choose(page, SMALL)
    tells(page, "Unable to validate Unicorn")
    tells(page, "The detector saw nothing that it knows.")
    expect(page.get_by_role("heading", name="What the detector saw")).to_be_hidden()


def test_labels_are_text_whatever_they_hold(site: Site, page: Page) -> None:
    site.script(verdict({**HORSE, "label": "<img src=x onerror=alert(1)>"}))
    choose(page, SMALL)
    tells(page, "<img src=x onerror=alert(1)> 94%")
    expect(page.locator("#answer img")).to_have_count(1)


def test_a_slow_answer_shows_that_it_goes_on(site: Site, visit: Callable[..., Page]) -> None:
    page = visit(stop_clock=True)
    slow = verdict(HORSE).held()
    site.script(slow)
    choose(page, SMALL)
    tells(page, "Looking at the picture…")
    expect(page.get_by_role("progressbar", name="Looking at the picture")).to_be_visible()
    page.clock.run_for(8_000)
    tells(page, "Still looking…")
    expect(page.locator("#clock")).to_have_text("8 s")
    slow.go.set()
    tells(page, "Unicorn is validated")
    expect(page.get_by_role("progressbar")).to_be_hidden()


def test_an_answer_is_not_overwritten_as_time_passes(site: Site, visit: Callable[..., Page]) -> None:
    page = visit(stop_clock=True)
    site.script(verdict(HORSE))
    choose(page, SMALL)
    tells(page, "Unicorn is validated")
    page.clock.run_for(90_000)
    tells(page, "Unicorn is validated")


def test_an_answer_that_never_comes_is_given_up(site: Site, visit: Callable[..., Page]) -> None:
    page = visit(stop_clock=True)
    site.script(verdict(HORSE).held())
    choose(page, SMALL)
    tells(page, "Looking at the picture…")
    page.clock.run_for(61_000)
    tells(page, "no answer came in time")
    expect(page.get_by_role("button", name="Try again")).to_be_visible()


def test_asking_can_be_stopped_and_taken_up_again(site: Site, page: Page) -> None:
    site.script(verdict(HORSE).held(), verdict(HORSE))
    choose(page, SMALL)
    tells(page, "Looking at the picture…")
    page.get_by_role("button", name="Stop").click()
    tells(page, "Stopped")
    page.get_by_role("button", name="Try again").click()
    tells(page, "Unicorn is validated")
    assert [asked.body for asked in site.asked] == [SMALL, SMALL]


def test_a_later_picture_takes_the_place_of_an_earlier_one(site: Site, page: Page) -> None:
    late = verdict(HORSE).held()
    site.script(late, verdict(validated=False))
    choose(page, SMALL)
    tells(page, "Looking at the picture…")
    choose(page, SMALL)
    tells(page, "Unable to validate Unicorn")
    late.go.set()
    page.wait_for_timeout(200)
    tells(page, "Unable to validate Unicorn")


def test_a_file_that_is_read_slowly_does_not_replace_a_later_picture(site: Site, page: Page) -> None:
    page.evaluate("""() => {
      const read = createImageBitmap;
      window.createImageBitmap = async (file) => {
        await new Promise((resolve) => { window.goOn = resolve; });
        return read(file);
      };
    }""")
    site.pictures["later.png"] = SMALL
    site.script(verdict(HORSE))
    choose(page, SMALL)
    tells(page, "Reading the picture…")
    page.get_by_label("Link of a picture").fill(site.link("later.png"))
    page.keyboard.press("Enter")
    tells(page, "Unicorn is validated")
    page.evaluate("goOn()")
    page.wait_for_timeout(200)
    expect(page.get_by_role("img", name="Your picture")).to_have_attribute("src", site.link("later.png"))
    assert len(site.asked) == 1


@pytest.mark.parametrize(
    ("reply", "headline", "detail"),
    [
        (problem("unsupported-image"), "Not a supported picture", "Send a JPEG, PNG, WebP or GIF."),
        (problem("undecodable-image"), "The picture cannot be decoded", "truncated or damaged"),
        (problem("url-not-allowed"), "The url is not allowed", "does not fetch from this place"),
        (problem("internal"), "Internal error", "(Request request-1)"),
        (gateway(413, "Request Too Long"), "The picture is too large", "up to 4.5 MB"),
        (gateway(403, "Forbidden"), "Not allowed", "does not let this page ask"),
        (gateway(502, "Internal server error"), "The service failed", "cannot be used"),
        (gateway(504, "Endpoint request timed out"), "No answer in time", "took too long"),
        (Reply(418, "<html>teapot</html>"), "The service failed", "status 418"),
        (Reply(500, "null"), "The service failed", "status 500"),
        (Reply(200, "<html>a captive portal</html>"), "The service failed", "cannot be used"),
    ],
)
def test_problems_are_told_in_words(site: Site, page: Page, reply: Reply, headline: str, detail: str) -> None:
    site.script(reply)
    choose(page, SMALL)
    tells(page, headline)
    tells(page, detail)
    expect(status(page)).to_have_class("bad")
    expect(page.get_by_role("button", name="Try again")).to_be_visible(visible=reply.status in (200, 500, 502, 504))
    assert len(site.asked) == 1


def test_a_connection_that_is_cut(site: Site, page: Page) -> None:
    site.script(Reply(200, "", cut=True), verdict(HORSE))
    choose(page, SMALL)
    tells(page, "The service could not be reached")
    page.get_by_role("button", name="Try again").click()
    tells(page, "Unicorn is validated")


def test_no_network(site: Site, page: Page) -> None:
    page.context.set_offline(True)
    choose(page, SMALL)
    tells(page, "The service could not be reached")
    page.context.set_offline(False)
    site.script(verdict(HORSE))
    page.get_by_role("button", name="Try again").click()
    tells(page, "Unicorn is validated")


def own(status: int, code: str, **headers: str) -> Reply:
    """API Gateway's own answer, as the templates have it."""
    (answer,) = (answer for answer in ANSWERS.values() if answer.code == code)
    return Reply(status, json.dumps({"title": answer.title, "code": code, "detail": answer.detail}), headers)


@pytest.mark.parametrize(
    ("busy", "headline", "seconds"),
    [
        (problem("model-unavailable"), "The model is not available", 10),
        (gateway(429, "Too Many Requests"), "Too many requests", 2),
        (gateway(429, "Too Many Requests", **{"Retry-After": "5"}), "Too many requests", 5),
        (own(500, "service-failure", **{"Retry-After": "5"}), "The service failed", 5),
        (own(504, "integration-failure"), "The service does not answer", 2),
        (gateway(503, "Service Unavailable", **{"Retry-After": "Sun, 06 Nov 2044 08:49:37 GMT"}), "not ready", 2),
    ],
)
def test_a_busy_service_is_asked_again_visibly(
    site: Site, visit: Callable[..., Page], busy: Reply, headline: str, seconds: int
) -> None:
    page = visit(stop_clock=True)
    site.script(busy, verdict(HORSE))
    choose(page, SMALL)
    tells(page, headline)
    tells(page, "tries again by itself")
    expect(page.locator("#clock")).to_have_text(f"again in {seconds} s")
    page.clock.run_for(1000 * seconds - 500)
    expect(page.locator("#clock")).to_have_text("again in 1 s")
    assert len(site.asked) == 1
    page.clock.run_for(500)
    tells(page, "Unicorn is validated")
    assert len(site.asked) == 2


def test_a_service_that_stays_busy_is_left_alone_after_some_tries(site: Site, visit: Callable[..., Page]) -> None:
    page = visit(stop_clock=True)
    site.script(*[gateway(429, "Too Many Requests") for _ in range(4)], verdict(HORSE))
    choose(page, SMALL)
    for count, seconds in enumerate((2, 4, 8), 1):
        expect(page.locator("#clock")).to_have_text(f"again in {seconds} s")
        tells(page, f"tries again by itself, {count} of 3 times")
        assert len(site.asked) == count
        page.clock.run_for(1000 * seconds)
    page.get_by_role("button", name="Try again").click()
    tells(page, "Unicorn is validated")


def test_a_quota_that_is_used_up_is_not_asked_against(site: Site, visit: Callable[..., Page]) -> None:
    page = visit(stop_clock=True)
    used_up = {"title": "The quota is used up", "code": "quota-exceeded", "detail": "The API key has no requests left."}
    site.script(Reply(429, json.dumps(used_up)))
    choose(page, SMALL)
    tells(page, "The API key has no requests left.")
    page.clock.run_for(60_000)
    assert len(site.asked) == 1
    expect(page.get_by_role("progressbar")).to_be_hidden()


def test_a_model_that_does_not_work_is_not_waited_for(site: Site, visit: Callable[..., Page]) -> None:
    page = visit(stop_clock=True)
    site.script(problem("model-failed"))
    choose(page, SMALL)
    tells(page, "The picture is not the reason")
    page.clock.run_for(60_000)
    assert len(site.asked) == 1


def test_a_wait_that_is_too_long_is_left_to_the_user(site: Site, page: Page) -> None:
    site.script(problem("model-unavailable", **{"Retry-After": "3600"}))
    choose(page, SMALL)
    tells(page, "try again later")
    expect(page.get_by_role("button", name="Try again")).to_be_visible()


def test_a_stopped_wait_asks_no_more(site: Site, visit: Callable[..., Page]) -> None:
    page = visit(stop_clock=True)
    site.script(problem("model-unavailable"))
    choose(page, SMALL)
    tells(page, "tries again by itself")
    page.get_by_role("button", name="Stop").click()
    page.clock.run_for(30_000)
    expect(status(page)).to_have_text("Stopped")
    assert len(site.asked) == 1


def test_a_link_that_the_browser_cannot_show_keeps_its_boxes(site: Site, page: Page) -> None:
    site.script(verdict(HORSE))
    page.get_by_label("Link of a picture").fill(site.link("missing.png"))
    page.get_by_role("button", name="Ask").click()
    tells(page, "Unicorn is validated")
    expect(page.get_by_text("This browser cannot show the picture")).to_be_visible()
    frame, box = geometry(page.locator("#frame")), geometry(page.locator(".box"))
    assert box["width"] / frame["width"] == pytest.approx(0.4, abs=0.01)
    expect(page.get_by_role("listitem")).to_contain_text("Horse 94%")


def test_a_damaged_file_is_judged_by_the_service(site: Site, page: Page) -> None:
    site.script(problem("undecodable-image"))
    choose(page, b"not a PNG")
    tells(page, "The picture cannot be decoded")
    assert site.asked[0].body == b"not a PNG"
    expect(page.locator("#view")).to_be_hidden()


def test_the_earlier_answer_goes_when_the_next_is_asked_for(site: Site, page: Page) -> None:
    site.script(verdict(HORSE), problem("undecodable-image"))
    choose(page, SMALL)
    tells(page, "Unicorn is validated")
    choose(page, SMALL)
    tells(page, "cannot be decoded")
    expect(page.locator(".box")).to_have_count(0)
    expect(page.get_by_role("listitem")).to_have_count(0)


def test_headings_do_not_skip_a_level(page: Page) -> None:
    levels = page.eval_on_selector_all("h1, h2, h3", "all => all.map(one => Number(one.tagName[1]))")
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))

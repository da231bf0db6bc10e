"""What the page shows: progress, verdicts, boxes, problems in words, and further tries."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from itertools import pairwise

import answers
import pytest
from PIL import Image
from playwright.sync_api import Page, expect
from problems import PROBLEMS, Problem

from tests.browser.browser_helpers import ask_link, choose, drawn, geometry, status, tells
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


def test_detections_are_told_as_text_and_listed_once(site: Site, page: Page) -> None:
    site.script(verdict(HORSE, PERSON))
    choose(page, SMALL)
    tells(page, "Unicorn is validated. The model sees a horse and is 94% sure.")
    items = page.get_by_role("region", name="What the model saw").get_by_role("listitem")
    expect(items).to_have_text(["Horse 94% = unicornleft", "Person 88%right"])
    expect(status(page)).not_to_contain_text("Person")
    expect(page.get_by_role("img", name="Your picture, with a box around each thing in the list")).to_be_visible()


def test_of_many_detections_the_best_are_listed_at_first(site: Site, page: Page) -> None:
    site.script(verdict(*[HORSE] * 20))
    choose(page, SMALL)
    tells(page, "Unicorn is validated")
    items = page.get_by_role("region", name="What the model saw").get_by_role("listitem")
    expect(items).to_have_count(8)
    page.get_by_role("button", name="Show all 20").press("Enter")
    expect(items).to_have_count(20)
    expect(page.get_by_role("button", name="Show all")).to_be_hidden()
    assert page.evaluate("document.activeElement.id") == "list"


@pytest.mark.parametrize(("milliseconds", "told"), [(412, "412 ms"), (12_345, "12.3 s")])
def test_the_time_is_told(site: Site, page: Page, milliseconds: float, told: str) -> None:
    site.script(verdict(HORSE, milliseconds=milliseconds))
    choose(page, SMALL)
    expect(page.get_by_text(f"The service took {told}.")).to_be_visible()


def test_nothing_seen(site: Site, page: Page) -> None:
    site.script(verdict(validated=False))
    choose(page, SMALL)
    tells(page, "Unable to validate Unicorn")
    tells(page, "The model saw nothing that it knows.")
    expect(page.get_by_role("heading", name="What the model saw")).to_be_hidden()
    expect(page.get_by_text("The service took 412 ms.")).to_be_visible()


def test_other_things_are_seen(site: Site, page: Page) -> None:
    site.script(verdict(PERSON, validated=False))
    choose(page, SMALL)
    tells(page, "Unable to validate Unicorn. The model sees other things, but not a horse.")


def test_the_verdict_names_the_label_that_decides(site: Site, visit: Callable[..., Page]) -> None:
    site.target = "Elephant"
    page = visit()
    expect(page.get_by_text("If it sees an elephant, Wild Rydes has found a unicorn.")).to_be_visible()
    site.script(verdict(HORSE, {**PERSON, "label": "Elephant"}))
    choose(page, SMALL)
    tells(page, "The model sees an elephant and is 88% sure.")
    expect(page.locator(".box.decides")).to_have_count(1)
    expect(page.locator("#list .decides")).to_contain_text("Elephant")


def look(page: Page) -> dict[str, str]:
    """What a person tells verdicts by: the mark's name, the frame and its color, the headline."""
    found: dict[str, str] = page.evaluate("""() => {
      const one = document.getElementById("status");
      const marks = [...one.querySelectorAll("svg")].filter((svg) => getComputedStyle(svg).display !== "none");
      const { borderTopStyle, borderTopColor, borderLeftWidth, borderTopWidth } = getComputedStyle(one);
      return {
        marks: marks.map((svg) => svg.innerHTML.replace(/\\s+/g, " ")).join(),
        frame: borderTopStyle + (borderLeftWidth === borderTopWidth ? "" : " with a bar"),
        color: borderTopColor,
        headline: document.getElementById("headline").textContent,
      };
    }""")
    return found


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_yes_no_working_and_errors_differ_in_shape_color_and_words(
    site: Site, visit: Callable[..., Page], scheme: str
) -> None:
    page = visit(color_scheme=scheme)
    site.script(verdict(HORSE), verdict(PERSON, validated=False), problem("internal"), verdict(HORSE).held())
    looks = []
    for headline in ("Yes, a unicorn!", "No unicorn here", "Something went wrong", "Looking at the picture"):
        choose(page, SMALL)
        tells(page, headline)
        looks.append(look(page))
    for kind in ("marks", "frame", "color", "headline"):
        assert len({one[kind] for one in looks}) == 4, kind
    assert "" not in {one["marks"] for one in looks}


def test_the_box_that_decides_stands_out(site: Site, page: Page) -> None:
    site.script(verdict(PERSON, HORSE))
    choose(page, picture(400, 300))
    tells(page, "Yes")
    deciding, other = page.locator(".box.decides"), page.locator(".box:not(.decides)")
    width = "one => parseFloat(getComputedStyle(one).borderTopWidth)"
    assert deciding.evaluate(width) >= 2 * other.evaluate(width)
    expect(deciding).to_have_css("border-top-style", "solid")
    expect(other).to_have_css("border-top-style", "dashed")
    expect(page.locator(".label.decides")).to_have_text("Horse")


@pytest.mark.parametrize(("width", "side_by_side"), [(1280, True), (768, True), (390, False), (320, False)])
def test_on_a_wide_window_picture_and_answer_are_side_by_side(
    site: Site, visit: Callable[..., Page], width: int, side_by_side: bool
) -> None:
    page = visit(viewport={"width": width, "height": 800}, reduced_motion="reduce")
    site.script(verdict(HORSE, PERSON))
    choose(page, picture(400, 300))
    tells(page, "Yes")
    frame, told = geometry(page.locator("#frame")), geometry(status(page))
    assert (told["x"] >= frame["x"] + frame["width"]) == side_by_side
    assert (told["y"] < frame["y"] + frame["height"]) == side_by_side or told["y"] + told["height"] <= frame["y"]


def test_on_a_wide_window_the_verdict_pushes_nothing_out(site: Site, visit: Callable[..., Page]) -> None:
    page = visit(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
    site.script(verdict(HORSE, PERSON))
    choose(page, picture(300, 900))
    tells(page, "Yes")
    for seen in (page.get_by_role("heading", level=1), status(page), page.locator("#frame"), page.locator("#drop")):
        expect(seen).to_be_in_viewport(ratio=1)


def test_labels_are_text_whatever_they_hold(site: Site, page: Page) -> None:
    site.script(verdict({**HORSE, "label": "<img src=x onerror=alert(1)>"}))
    choose(page, SMALL)
    expect(page.locator("#list")).to_contain_text("<img src=x onerror=alert(1)> 94%")
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
    page.get_by_label("picture's link").fill(site.link("later.png"))
    page.keyboard.press("Enter")
    tells(page, "Unicorn is validated")
    page.evaluate("goOn()")
    page.wait_for_timeout(200)
    expect(page.get_by_role("img", name="Your picture")).to_have_attribute("src", site.link("later.png"))
    assert len(site.asked) == 1


@pytest.mark.parametrize(
    ("reply", "headline", "detail"),
    [
        (problem("unsupported-image"), "not a picture that the service can read", "JPEG, PNG, WebP and GIF"),
        (problem("undecodable-image"), "The picture is damaged", "Download it again"),
        (problem("url-not-allowed"), "may not open this link", "choose the file"),
        (problem("internal"), "Something went wrong in the service", "(Request request-1)"),
        (gateway(413, "Request Too Long"), "The picture is too large", "may have 4.5 MB"),
        (gateway(403, "Forbidden"), "You may not ask this service", "Ask whoever runs it"),
        (gateway(502, "Internal server error"), "The service failed", "cannot use"),
        (gateway(504, "Endpoint request timed out"), "The answer took too long", "Try again"),
        (Reply(418, "<html>teapot</html>"), "The service failed", "status 418"),
        (Reply(500, "null"), "The service failed", "status 500"),
        (Reply(400, '{"title": "Of its own", "code": "toString", "detail": "Words."}'), "Of its own", "Words."),
        (Reply(200, "<html>a captive portal</html>"), "The service failed", "cannot use"),
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


CODES = [*PROBLEMS, *(answer.code for answer in ANSWERS.values())]
NOT_FOR_PEOPLE = re.compile(
    r"url\b|Content-Type|base64|JSON|MiB|POST|body|header|instance|payload|function|decod", re.I
)


def test_each_problem_has_words_for_people_and_what_to_try(page: Page) -> None:
    told = page.evaluate("PROBLEMS")
    assert set(CODES) <= set(told)
    for code in CODES:
        headline, advice = told[code]
        assert not NOT_FOR_PEOPLE.search(f"{headline} {advice}"), code
        assert re.search(r"\b(try|reload|tell|ask|download|choose|open|takes|wait|holds)\b", advice, re.I), code


@pytest.mark.parametrize("upstream", [404, 503])
def test_what_a_pictures_server_answered_is_told(site: Site, page: Page, upstream: int) -> None:
    answer = answers.problem(Problem("fetch-failed", upstream_status=upstream), "request-1")
    site.script(Reply(502, answer["body"]))
    ask_link(page, site.link("missing.png"))
    tells(page, "The picture could not be fetched")
    tells(page, f"Its server answered with status {upstream}.")


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
        (problem("model-unavailable"), "The model is still starting", 10),
        (gateway(429, "Too Many Requests"), "Too many people ask", 2),
        (gateway(429, "Too Many Requests", **{"Retry-After": "5"}), "Too many people ask", 5),
        (own(500, "service-failure", **{"Retry-After": "5"}), "The service did not answer", 5),
        (own(504, "integration-failure"), "The service did not answer", 2),
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
    tells(page, "It has no requests left.")
    page.clock.run_for(60_000)
    assert len(site.asked) == 1
    expect(page.get_by_role("progressbar")).to_be_hidden()


def test_a_model_that_does_not_work_is_not_waited_for(site: Site, visit: Callable[..., Page]) -> None:
    page = visit(stop_clock=True)
    site.script(problem("model-failed"))
    choose(page, SMALL)
    tells(page, "Your picture is not the reason")
    page.clock.run_for(60_000)
    assert len(site.asked) == 1


def test_a_wait_that_is_too_long_is_left_to_the_user(site: Site, page: Page) -> None:
    site.script(problem("model-unavailable", **{"Retry-After": "3600"}))
    choose(page, SMALL)
    tells(page, "The model is still starting")
    expect(page.get_by_role("button", name="Try again")).to_be_visible()


def test_a_stopped_wait_asks_no_more(site: Site, visit: Callable[..., Page]) -> None:
    page = visit(stop_clock=True)
    site.script(problem("model-unavailable"))
    choose(page, SMALL)
    tells(page, "tries again by itself")
    page.get_by_role("button", name="Stop").click()
    page.clock.run_for(30_000)
    tells(page, "Stopped")
    assert len(site.asked) == 1


def test_a_link_that_the_browser_cannot_show_keeps_its_boxes(site: Site, page: Page) -> None:
    site.script(verdict(HORSE))
    ask_link(page, site.link("missing.png"))
    tells(page, "Unicorn is validated")
    expect(page.get_by_text("Your browser cannot show this picture")).to_be_visible()
    frame, box = geometry(page.locator("#frame")), geometry(page.locator(".box"))
    assert box["width"] / frame["width"] == pytest.approx(0.4, abs=0.01)
    expect(page.locator("#list li")).to_contain_text("Horse 94%")


def test_a_damaged_file_is_judged_by_the_service(site: Site, page: Page) -> None:
    site.script(problem("undecodable-image"))
    choose(page, b"not a PNG")
    tells(page, "The picture is damaged")
    assert site.asked[0].body == b"not a PNG"
    expect(page.locator("#view")).to_be_hidden()


def cut_jpeg(width: int, height: int, length: int) -> bytes:
    """The beginning of a photo of noise."""
    image = Image.effect_noise((width, height), 60).convert("RGB")
    file = io.BytesIO()
    image.save(file, "JPEG", quality=30)
    return file.getvalue()[:length]


@pytest.mark.parametrize(("side", "code"), [(1000, "undecodable-image"), (5000, "image-too-large")])
def test_a_cut_photo_is_damaged_whatever_its_head_promises(site: Site, page: Page, side: int, code: str) -> None:
    """25 megapixels, of which 5 kB hold nothing, are too large for the service; no empty frame is shown."""
    late = problem(code).held()
    site.script(late)
    choose(page, cut_jpeg(side, side, 5000), "image/jpeg", "cut.jpg")
    tells(page, "Looking")
    expect(page.locator("#picture")).to_be_hidden()
    late.go.set()
    tells(page, "The picture is damaged")
    expect(page.locator("#view")).to_be_hidden()
    assert len(site.asked[0].body) == 5000


def test_a_link_to_a_cut_photo_is_damaged_too(site: Site, page: Page) -> None:
    """Whose size the service finds absurd."""
    site.pictures["cut.jpg"] = cut_jpeg(5000, 5000, 40)
    late = problem("image-too-large").held()
    site.script(late)
    ask_link(page, site.link("cut.jpg"))
    expect(page.get_by_text("Your browser cannot show this picture")).to_be_visible()
    late.go.set()
    tells(page, "The picture is damaged")
    expect(page.locator("#view")).to_be_hidden()


def test_a_picture_that_is_too_large_is_told_so(site: Site, page: Page) -> None:
    site.pictures["large.png"] = SMALL
    site.script(problem("image-too-large"))
    ask_link(page, site.link("large.png"))
    tells(page, "The picture is too large")
    tells(page, "this page makes it smaller for you")


def test_the_earlier_answer_goes_when_the_next_is_asked_for(site: Site, page: Page) -> None:
    site.script(verdict(HORSE), problem("undecodable-image"))
    choose(page, SMALL)
    tells(page, "Unicorn is validated")
    choose(page, SMALL)
    tells(page, "is damaged")
    expect(page.locator(".box")).to_have_count(0)
    expect(page.locator("#list li")).to_have_count(0)


def test_headings_do_not_skip_a_level(page: Page) -> None:
    levels = page.eval_on_selector_all("h1, h2, h3", "all => all.map(one => Number(one.tagName[1]))")
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))

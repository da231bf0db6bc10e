import base64
import hashlib
import json
import math
import re

import pytest
from answers import ok, page, problem, verdict
from detector import Detection
from manifest import About
from problems import PROBLEMS, Problem


def box(label: str, score: float) -> Detection:
    return Detection(label, score, (0.0, 0.0, 1.0, 1.0))


@pytest.mark.parametrize("code", PROBLEMS)
def test_every_problem_has_the_shape_of_rfc_9457(code: str) -> None:
    answer = problem(Problem(code, "secret reason"), "id-1")
    body = json.loads(answer["body"])
    assert list(body) == ["type", "title", "status", "code", "detail", "instance"]
    assert (body["code"], body["status"], body["instance"]) == (code, answer["statusCode"], "id-1")
    assert body["type"].endswith(f":{code}")
    assert answer["headers"]["Content-Type"] == "application/problem+json"
    assert answer["headers"]["X-Content-Type-Options"] == "nosniff"
    assert answer["headers"]["Cache-Control"] == "no-store"
    assert "secret" not in answer["body"]


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("invalid-request", 400),
        ("invalid-url", 400),
        ("url-not-allowed", 400),
        ("method-not-allowed", 405),
        ("unsupported-image", 415),
        ("image-too-large", 422),
        ("undecodable-image", 422),
        ("internal", 500),
        ("fetch-failed", 502),
        ("model-unavailable", 503),
        ("model-failed", 503),
        ("unsupported-event", 400),
        ("fetch-timeout", 504),
    ],
)
def test_statuses(code: str, status: int) -> None:
    assert problem(Problem(code), "")["statusCode"] == status


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("invalid-request", ['{"url": "https://..."}', '{"image": "<base64>"}', 'without "data:"', "Content-Type"]),
        ("invalid-url", ["http or https", "port 80 or 443", "2048"]),
        ("url-not-allowed", ["Send the picture itself"]),
        (
            "unsupported-image",
            [
                "JPEG, PNG, WebP or GIF",
                "web page",
                "Content-Type to image/jpeg",
                "Convert",
                "AVIF and HEIC",
                "a security risk",
            ],
        ),
        ("image-too-large", ["4.5 MB", "8 MiB", "16 million pixels", "65535", "Send a smaller picture"]),
        ("undecodable-image", ["truncated or damaged", "Save it again"]),
        ("internal", ["try again", "Search the log for the value of instance"]),
        ("fetch-failed", ["Check the url", "send the picture itself"]),
        ("model-unavailable", ["loading", "try again"]),
        ("model-failed", ["The picture is not the reason", "needs another model"]),
        ("unsupported-event", ["REST API", "HTTP API or a function URL", "payload format version to 1.0"]),
        ("fetch-timeout", ["Try again", "send the picture itself"]),
        ("method-not-allowed", ["POST a picture or its url"]),
    ],
)
def test_a_problem_says_what_is_wrong_and_what_to_do(code: str, words: list[str]) -> None:
    detail = json.loads(problem(Problem(code), "")["body"])["detail"]
    assert [word for word in words if word not in detail] == []
    assert detail.endswith(".")


def test_what_to_do_next_is_in_the_headers() -> None:
    assert problem(Problem("method-not-allowed"), "")["headers"]["Allow"] == "GET, HEAD, POST"
    assert int(problem(Problem("model-unavailable"), "")["headers"]["Retry-After"]) > 0
    assert "Retry-After" not in problem(Problem("model-failed"), "")["headers"]


def test_the_status_of_a_pictures_server_is_told() -> None:
    told = json.loads(problem(Problem("fetch-failed", upstream_status=404), "")["body"])
    assert told["detail"].endswith("It answered with status 404.")


def test_detections_at_or_above_the_least_score_best_first() -> None:
    seen = [box("Dog", 0.5), box("Cat", 0.29994), box("Horse", 0.3), box("Cow", 0.87654)]
    body = verdict(seen, 0.3, "Horse")
    assert [(d["label"], d["score"]) for d in body["detections"]] == [("Cow", 0.8765), ("Dog", 0.5), ("Horse", 0.3)]
    assert body["detections"][0]["box"] == (0.0, 0.0, 1.0, 1.0)


def test_float32_noise_does_not_lose_a_detection_at_the_least_score() -> None:
    assert verdict([box("Horse", 0.699999988)], 0.7, "Horse")["validated"] is True


def test_a_target_that_is_not_sure_enough_validates_nothing() -> None:
    body = verdict([box("Horse", 0.2), box("Dog", 0.9)], 0.3, "Horse")
    assert (body["validated"], body["message"]) == (False, "Unable to validate Unicorn")


def test_the_target_validates() -> None:
    body = verdict([box("Dog", 0.9), box("Horse", 0.8)], 0.3, "Horse")
    assert (body["validated"], body["message"]) == (True, "Unicorn is validated")
    assert verdict([box("Dog", 0.9)], 0.3, "Dog")["validated"] is True


def test_boxes_stay_inside_the_picture() -> None:
    (seen,) = verdict([Detection("Horse", 0.9, (-0.01, 0.123456, 1.5, 1.0))], 0.3, "Horse")["detections"]
    assert seen["box"] == (0.0, 0.1235, 1.0, 1.0)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 300.0, -1.5])
@pytest.mark.parametrize("corner", range(4))
def test_a_box_that_is_none_is_the_models_fault(value: float, corner: int) -> None:
    """Boxes in pixels among them, which must not become the picture's lower right corner."""
    corners = [0.1, 0.2, 0.3, 0.4]
    corners[corner] = value
    with pytest.raises(Problem, match=r"not one in 0\.\.1") as caught:
        verdict([Detection("Horse", 0.9, tuple(corners))], 0.3, "Horse")
    assert caught.value.code == "model-failed"
    assert verdict([Detection("Horse", 0.1, tuple(corners))], 0.3, "Horse")["detections"] == []


def test_a_score_never_exceeds_one() -> None:
    (seen,) = verdict([box("Horse", 1.0004)], 0.3, "Horse")["detections"]
    assert seen["score"] == 1.0


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_what_is_no_json_is_not_written(value: float) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        ok(verdict([box("Horse", 0.9)], 0.3, "Horse"), {"total": value})


def test_a_reason_is_told_only_when_it_is_given() -> None:
    assert json.loads(problem(Problem("model-failed", "why"), "")["body"]).get("reason") is None
    assert json.loads(problem(Problem("model-failed", "why"), "", "why")["body"])["reason"] == "why"


def test_a_verdict_is_json_in_proxy_shape() -> None:
    answer = ok(verdict([box("Horse", 0.9)], 0.3, "Horse"), {"total": 1.5})
    assert (answer["statusCode"], answer["isBase64Encoded"]) == (200, False)
    assert answer["headers"]["Content-Type"] == "application/json"
    assert json.loads(answer["body"]) == {
        "message": "Unicorn is validated",
        "validated": True,
        "detections": [{"label": "Horse", "score": 0.9, "box": [0.0, 0.0, 1.0, 1.0]}],
        "timings_ms": {"total": 1.5},
    }


def test_the_page_allows_its_own_script_and_style_only() -> None:
    answer = page()
    policy = answer["headers"]["Content-Security-Policy"]
    for tag in ("script", "style"):
        (text,) = re.findall(f"<{tag}>(.*?)</{tag}>", answer["body"], re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    markup = re.sub('(href|src)="data:', "", answer["body"].partition("<script>")[0])
    assert not re.search(r"\son\w+=|style=|src=|href=|url\(|@import", markup)


@pytest.mark.parametrize("auth", ["NONE", "API_KEY", "AWS_IAM"])
def test_the_page_knows_what_the_api_asks_for(auth: str) -> None:
    assert f'<html lang="en" data-auth="{auth}">' in page(auth=auth)["body"]


@pytest.mark.parametrize("text", ["</script><script>alert(1)</script>", "<!--", '"\\', "Einhörner \u2028 🦄"])
def test_the_page_tells_of_the_model_whatever_its_maker_wrote(text: str) -> None:
    body = page(model=About(text, (text,)), target=text)["body"]
    (told,) = re.findall('<script type="application/json" id="model">(.*?)</script>', body, re.DOTALL)
    assert json.loads(told) == {"description": text, "labels": [text], "target": text}
    assert body.count("<script") == page()["body"].count("<script") == 2


def test_the_page_is_one_small_file_with_its_drawings_in_it() -> None:
    body = page()["body"]
    drawings = [base64.b64decode(data) for data in re.findall('src="data:image/webp;base64,(.*?)"', body)]
    assert [drawing[8:12] for drawing in drawings] == [b"WEBP"] * 4
    assert "drawings/" not in body
    assert len(body.encode()) < 64_000


def test_head_is_get_without_the_body() -> None:
    assert page(head=True) == {**page(), "body": ""}

"""A model that fails is an answer of its own, and the reason is told to whoever may invoke the function itself."""

import base64
import json
import math
import re
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from detector import Detection, Detector, LoadError
from handler_helpers import FakeDetector, encoded
from PIL import Image

from tests.unit.fakes import PROOF, FakeAws
from wildrydes_ml.aws.records import Invocation
from wildrydes_ml.deploy.proof import warm
from wildrydes_ml.errors import WildrydesError
from wildrydes_ml.testing import Said

Ask = Callable[..., SimpleNamespace]

DIRECT = {"image": base64.b64encode(encoded(Image.new("RGB", (8, 6)))).decode()}
POSTED = {"httpMethod": "POST", "headers": {"content-type": "application/json"}, "body": json.dumps(DIRECT)}


class Broken:
    """A detector with a bug."""

    engine = "broken"
    labels: Sequence[str] = ()
    slow = ""

    def detect(self, image: object) -> list[Detection]:
        raise RuntimeError("secret at /mnt/python")


def fails_for_good() -> Detector:
    raise LoadError("ENGINE=auto is not available: the model takes pictures of uint8", final=True)


def test_a_model_that_will_not_load_is_told_apart_from_one_that_is_loading(ask: Ask) -> None:
    answer = ask(POSTED, fails_for_good)
    assert (answer.status, answer.body["code"]) == (503, "model-failed")
    assert "Retry-After" not in answer.headers
    assert "uint8" not in answer.text
    assert "uint8" in "".join(answer.log["traceback"])


def test_who_may_invoke_the_function_is_told_why(ask: Ask) -> None:
    assert "takes pictures of uint8" in ask({**DIRECT, "explain": True}, fails_for_good).body["reason"]
    assert "secret at /mnt" in ask({**DIRECT, "explain": True}, Broken).body["reason"]


@pytest.mark.parametrize("load", [fails_for_good, Broken])
def test_who_calls_through_the_api_is_not(ask: Ask, load: Callable[[], Detector]) -> None:
    text = json.dumps({**DIRECT, "explain": True})
    headers = {"content-type": "application/json", "explain": "true"}
    through = {"httpMethod": "POST", "headers": headers, "body": text, "queryStringParameters": {"explain": "true"}}
    for event in (through, DIRECT, {**through, "explain": True}):
        answer = ask(event, load)
        assert answer.status >= 500
        assert "reason" not in answer.body
        assert not [word for word in ("uint8", "secret", "/mnt") if word in answer.text]


def test_who_is_told_why_is_not_told_where_a_url_leads(ask: Ask) -> None:
    answer = ask({"url": "http://127.0.0.1/", "explain": True})
    assert (answer.body["code"], "reason" in answer.body) == ("url-not-allowed", False)


def test_a_direct_invocation_is_told_of_the_model(ask: Ask) -> None:
    about = {"engine": "fake", "labels": ["Person", "Horse"], "target": "Zebra"}
    assert ask({**DIRECT, "explain": True}, target_label="Zebra").body["model"] == about
    assert "model" not in ask(DIRECT).body


def test_the_deployer_understands_what_the_handler_tells(ask: Ask) -> None:
    aws, said = FakeAws(), Said()

    def warmed(**asked: Any) -> None:
        answer = ask({**DIRECT, "explain": True}, **asked)
        aws.functions.answers = [Invocation(answer.status, answer.text)]
        warm(aws.gateways, "f", PROOF, said, lambda: 0.0, lambda seconds: None)

    warmed(target_label="Horse")
    assert not said.texts("warning")
    warmed(target_label="Zebra")
    assert "knows no label Zebra" in said.texts("warning")[0]
    with pytest.raises(WildrydesError, match="takes pictures of uint8"):
        warmed(load=fails_for_good)


@pytest.mark.parametrize("box", [(math.nan, 0, 1, 1), (10.0, 20.0, 200.0, 220.0)])
def test_a_box_that_is_none_is_an_answer_and_no_nan(ask: Ask, box: tuple[float, ...]) -> None:
    answer = ask(POSTED, lambda: FakeDetector(Detection("Horse", 0.9, box)))
    assert (answer.status, answer.body["code"]) == (503, "model-failed")
    assert "the model gives a box" in answer.log["reason"]
    assert not re.search("NaN|Infinity", answer.text)

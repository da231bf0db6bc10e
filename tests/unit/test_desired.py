"""What is wanted follows from the settings."""

import pytest

from tests.unit.fakes import wanted
from wildrydes_ml.desired import TAG

LONG, SHORT = wanted(), wanted("short")


def test_names_follow_the_prefix() -> None:
    mine = wanted(name="mine")
    assert [stack.name for stack in mine.stacks] == ["mine-mod5", "mine-mod5-inf"]
    assert mine.bucket == "mine-123456789012-eu-west-1"
    assert mine.function_name == "mine-ml_inferencefunction"
    assert {stack.tags[TAG] for stack in mine.stacks} == {"mine"}


def test_the_code_s_key_holds_its_digest() -> None:
    assert LONG.code_key.startswith("code/ml_inferencefunction-")
    assert LONG.service.parameters["CodeKey"] == LONG.code_key
    assert LONG.code_key == SHORT.code_key


@pytest.mark.parametrize(("egress", "dual"), [("nat", "false"), ("ipv6", "true"), ("none", "false")])
def test_dual_stack_follows_the_egress(egress: str, dual: str) -> None:
    assert wanted(overrides={"InternetEgress": egress}).service.parameters["Ipv6AllowedForDualStack"] == dual


def test_the_wiring_follows_the_settings() -> None:
    wiring = wanted(overrides={"ApiAuth": "API_KEY", "ThrottleRate": "2.5", "ThrottleBurst": "3"}).wiring
    assert wiring is not None
    assert (wiring.auth, wiring.rate, wiring.burst) == ("API_KEY", 2.5, 3)
    assert wiring.target == "arn:aws:lambda:eu-west-1:123456789012:function:ml_inferencefunction:live"

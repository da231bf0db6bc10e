"""What is wanted follows from the settings."""

from pathlib import Path

import pytest

from tests.unit.fakes import EFS_OUTPUTS, resolved, wanted
from wildrydes_ml.tags import TAG

LONG, SHORT = wanted(), wanted("short")
EFS = "wildrydes-ml-mod5"


def test_names_follow_the_prefix() -> None:
    mine = wanted(name="mine")
    assert [stack.name for stack in mine.stacks] == ["mine-mod5", "mine-mod5-inf"]
    assert mine.bucket == "mine-123456789012-eu-west-1"
    assert mine.label == "mine-ml_inferencefunction"
    assert {stack.tags[TAG] for stack in mine.stacks} == {"mine"}


def test_the_code_s_key_holds_its_digest() -> None:
    (code,) = LONG.code
    assert code.key.startswith("code/ml_inferencefunction-")
    assert LONG.service.parameters["CodeKey"] == code.key
    assert SHORT.code == (code,)


@pytest.mark.parametrize(("egress", "dual"), [("nat", "false"), ("ipv6", "true"), ("none", "false")])
def test_dual_stack_follows_the_egress(egress: str, dual: str) -> None:
    assert wanted(overrides={"InternetEgress": egress}).service.parameters["Ipv6AllowedForDualStack"] == dual


def test_a_stack_knows_its_template_as_text_and_as_data() -> None:
    for stack in (*LONG.stacks, *SHORT.stacks):
        assert set(stack.resources.items()) == {
            (title, entry["Type"]) for title, entry in stack.body["Resources"].items()
        }
        assert all(f"\n {title}:\n" in stack.template for title in stack.resources)
        assert set(stack.parameters) <= set(stack.body["Parameters"])


def test_the_function_s_stack_waits_for_the_efs_stack_s_outputs() -> None:
    assert not LONG.service.is_resolvable({})
    assert not LONG.service.is_resolvable(
        {EFS: {key: value for key, value in EFS_OUTPUTS.items() if key != "PrivateSubnetTwo"}}
    )
    assert not LONG.service.is_resolvable({"another-mod5": EFS_OUTPUTS})
    assert LONG.service.is_resolvable({EFS: EFS_OUTPUTS})
    assert resolved(LONG, LONG.service).is_resolvable({})
    assert SHORT.service.is_resolvable({})


def test_the_name_that_the_api_calls_has_the_alias() -> None:
    assert LONG.deployment.proof is not None
    live = LONG.deployment.proof.function(LONG.values, {})
    assert live == "ml_inferencefunction:live"
    assert LONG.wiring is not None
    assert LONG.wiring.target.endswith(live)
    assert LONG.label == "ml_inferencefunction"


def test_the_code_may_be_somebody_s_own(tmp_path: Path) -> None:
    (tmp_path / "lambda_function.py").write_text("def lambda_handler(event, context): ...\n")
    own = wanted(code=tmp_path)
    assert own.code != LONG.code
    assert own.code[0].key != LONG.code[0].key


@pytest.mark.parametrize("route", ["long", "short"])
def test_every_value_is_what_a_stack_gets(route: str) -> None:
    desired = wanted(route, overrides={"ThroughputMode": "elastic", "MinScore": "0.5"})
    assert (desired.values["ThroughputMode"], desired.values["MinScore"]) == ("elastic", "0.5")
    assert (desired.wiring is None) == (len(desired.stacks) == 1) == (route == "short")


def test_the_wiring_follows_the_settings() -> None:
    wiring = wanted(overrides={"ApiAuth": "API_KEY", "ThrottleRate": "2.5", "ThrottleBurst": "3"}).wiring
    assert wiring is not None
    assert (wiring.auth, wiring.rate, wiring.burst) == ("API_KEY", 2.5, 3)
    assert wiring.target == "arn:aws:lambda:eu-west-1:123456789012:function:ml_inferencefunction:live"

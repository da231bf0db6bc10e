"""What a participant may do, by kind of application and by who makes the stacks. The emulator holds that it is enough
and no more: tests/emulator/test_participant.py."""

from typing import Any

import pytest
from troposphere import Template
from troposphere.logs import LogGroup

from tests.unit.policy.test_rights import ACCOUNT, REGION, all_statements, allows, granted
from wildrydes_ml.deploy.settings import Settings
from wildrydes_ml.deployment import Deployment, Stack
from wildrydes_ml.policy.grants import policies, size
from wildrydes_ml.template.source import built
from wildrydes_ml.workshop.deployments import deployment
from wildrydes_ml.workshop.settings import wild_rydes

ROLE = f"arn:aws:iam::{ACCOUNT}:role/workshop"
ROOM = wild_rydes(account=ACCOUNT)
BY_HAND = wild_rydes(account=ACCOUNT, role_arn=ROLE, bucket="classroom")
WIRING = {"apigateway:PUT", "apigateway:POST", "lambda:ListFunctions"}
# Where Workshop Studio attaches it to the role: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
INLINE_LIMIT = 10_240


def app() -> Settings:
    template = Template()
    template.add_resource(LogGroup("AnswerLogGroup"))
    return Settings((Deployment(name="iris", stacks=(Stack(built("iris.yml", template)),)),), account=ACCOUNT)


def test_who_connects_the_api_may_and_who_has_one_need_not() -> None:
    assert granted("participant", ROOM) >= WIRING
    for settings in (app(), Settings((deployment("short"),), account=ACCOUNT)):
        assert not granted("participant", settings) & WIRING


@pytest.mark.parametrize("settings", [ROOM, app()], ids=["workshop", "app"])
def test_nothing_can_be_made_or_removed(settings: Settings) -> None:
    verbs = ("Create", "Delete", "Update", "Tag", "Attach", "Pass", "Run", "Terminate", "DELETE", "PATCH")
    names = [action.partition(":")[2] for action in granted("participant", settings)]
    assert [name for name in names if name.startswith(verbs)] == []


def test_no_api_can_be_made_and_none_be_listed_beyond_its_name() -> None:
    of_all = f"arn:aws:apigateway:{REGION}::/restapis"
    assert allows("participant", "apigateway:GET", of_all, ROOM)
    assert not allows("participant", "apigateway:POST", of_all, ROOM)
    assert allows("participant", "apigateway:POST", f"{of_all}/abc/deployments", ROOM)
    assert not allows("participant", "apigateway:GET", of_all.replace("restapis", "apikeys"), ROOM)


def test_with_a_role_the_stacks_can_be_made_by_hand_and_the_role_alone_makes_what_is_in_them() -> None:
    more = granted("participant", BY_HAND) - granted("participant", ROOM)
    formation = {f"cloudformation:{name}" for name in ("CreateStack", "DeleteStack", "DescribeStackEvents")}
    assert more == {*formation, "s3:PutObject", "iam:PassRole"}
    passed: dict[str, Any] = {"context": {"iam:PassedToService": "cloudformation.amazonaws.com"}}
    assert allows("participant", "iam:PassRole", ROLE, BY_HAND, **passed)
    assert not allows("participant", "iam:PassRole", ROLE.replace("workshop", "admin"), BY_HAND, **passed)
    assert allows("participant", "s3:PutObject", "arn:aws:s3:::classroom/code/ml_inferencefunction.zip", BY_HAND)
    assert not allows("participant", "s3:PutObject", "arn:aws:s3:::classroom/marks.csv", BY_HAND)


def test_another_s_stack_function_and_log_are_none_of_theirs() -> None:
    place = f"{REGION}:{ACCOUNT}"
    for action, ours in (
        ("cloudformation:DescribeStacks", f"arn:aws:cloudformation:{place}:stack/wildrydes-ml-mod5/1"),
        ("lambda:InvokeFunction", f"arn:aws:lambda:{place}:function:ml_inferencefunction"),
        ("logs:FilterLogEvents", f"arn:aws:logs:{place}:log-group:/aws/lambda/ml_inferencefunction"),
    ):
        assert allows("participant", action, ours, ROOM)
        assert not allows("participant", action, ours.replace("wildrydes-ml", "shop").replace("ml_inf", "other"), ROOM)


def test_it_is_one_policy_that_also_fits_into_a_role() -> None:
    for settings in (ROOM, BY_HAND, app(), wild_rydes(overrides={"ApiAuth": "API_KEY"})):
        (document,) = policies("participant", settings, REGION)
        assert size(document) < INLINE_LIMIT
    assert all(statement["Effect"] == "Allow" for statement in all_statements("participant", ROOM))

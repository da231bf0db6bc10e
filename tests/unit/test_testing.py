"""An author's tests of a small deployment of his own, with the fakes that the package gives him."""

import json
from pathlib import Path
from typing import Any

import pytest

from wildrydes_ml import Code, Deployment, Proof, Stack
from wildrydes_ml.aws.records import Invocation
from wildrydes_ml.deploy import deploy, plan, status
from wildrydes_ml.destroy import destroy
from wildrydes_ml.errors import Refused, WildrydesError
from wildrydes_ml.questions import Said as Verdict
from wildrydes_ml.template.change import ResourceChange
from wildrydes_ml.testing import Evaluation, FakeAws, Request, Response, Said, serving

THUMBS = Deployment("thumbs", (Stack.of(Path(__file__).with_name("thumbs.yml")),))
TAKEN = "A queue of that name was deleted a moment ago."


@pytest.fixture
def aws() -> FakeAws:
    return FakeAws()


@pytest.fixture
def with_fakes(aws: FakeAws) -> dict[str, Any]:
    return {"aws": aws.gateways, "reporter": Said()}


def test_a_second_deploy_changes_nothing(aws: FakeAws, with_fakes: dict[str, Any]) -> None:
    assert deploy(THUMBS, **with_fakes).outputs == {"Queue": "Todo.Arn", "Note": "test at 200 pixels"}
    assert aws.journal == ["make bucket thumbs-123456789012-eu-west-1", "create thumbs"]
    assert not deploy(THUMBS, **with_fakes).changed
    assert len(aws.journal) == 2


@pytest.mark.parametrize("size", [100, 300])
def test_another_value_is_an_update(aws: FakeAws, with_fakes: dict[str, Any], size: int) -> None:
    """A `Sub` with names of its own and conditions of conditions are worked out, too."""
    deploy(THUMBS, **with_fakes)
    done = deploy(THUMBS, **with_fakes, overrides={"Size": str(size)})
    assert done.outputs["Note"] == f"test at {size} pixels"
    assert aws.journal[2:] == ["update thumbs"]
    live = deploy(THUMBS, **with_fakes, overrides={"Stage": "live"})
    assert live.outputs["Topic"] == "Alarm"
    assert live.outputs["Note"] == f"live at {size} pixels"


def test_a_creation_that_fails_tells_why_and_the_next_deploy_makes_it(aws: FakeAws, with_fakes: dict[str, Any]) -> None:
    aws.stacks.fail("thumbs", "Todo", TAKEN, "AWS::SQS::Queue")
    with pytest.raises(WildrydesError, match=rf"thumbs ended as ROLLBACK_COMPLETE: Todo \(AWS::SQS::Queue\): {TAKEN}"):
        deploy(THUMBS, **with_fakes)
    with pytest.raises(WildrydesError, match="ROLLBACK_COMPLETE"):
        status(THUMBS, **with_fakes)
    aws.journal.clear()
    said = Said()
    assert deploy(THUMBS, aws=aws.gateways, reporter=said).changed
    assert aws.journal == ["delete thumbs", "create thumbs"]
    assert not [text for text in said.texts("event") if "FAILED" in text]


def test_an_update_that_fails_is_undone(aws: FakeAws, with_fakes: dict[str, Any]) -> None:
    deploy(THUMBS, **with_fakes)
    aws.stacks.fail("thumbs", "Todo", "It is in use.", "AWS::SQS::Queue")
    with pytest.raises(WildrydesError, match=r"UPDATE_ROLLBACK_COMPLETE: Todo .*It is in use"):
        deploy(THUMBS, **with_fakes, overrides={"Stage": "live"})
    assert deploy(THUMBS, **with_fakes, overrides={"Stage": "live"}).outputs["Topic"] == "Alarm"


def test_a_destroy_leaves_nothing(aws: FakeAws, with_fakes: dict[str, Any]) -> None:
    deploy(THUMBS, **with_fakes)
    assert aws.left == ["stack thumbs", "bucket thumbs-123456789012-eu-west-1"]
    assert destroy(THUMBS, **with_fakes)
    assert aws.left == []
    assert not destroy(THUMBS, **with_fakes)
    aws.stacks.fail("thumbs", "Todo", TAKEN)
    with pytest.raises(WildrydesError, match=r"thumbs ended as ROLLBACK_COMPLETE"):
        deploy(THUMBS, **with_fakes)


def test_what_a_change_set_tells_is_in_the_plan_and_a_loss_is_refused(aws: FakeAws, with_fakes: dict[str, Any]) -> None:
    deploy(THUMBS, **with_fakes)
    live: Any = {"overrides": {"Stage": "live"}}
    aws.stacks.changes["thumbs"] = (ResourceChange("Alarm", "AWS::SNS::Topic", "Add"),)
    assert "Add Alarm (AWS::SNS::Topic)" in plan(THUMBS, **with_fakes, **live).describe()
    aws.stacks.changes["thumbs"] = (ResourceChange("Files", "AWS::EFS::FileSystem", "Remove"),)
    with pytest.raises(Refused, match="--allow-replace Files"):
        plan(THUMBS, **with_fakes, **live)
    assert aws.stacks.pending == []


def thumbs_with_api(directory: Path) -> Deployment:
    """A function behind an API, which is asked at the end."""
    body = {
        "Parameters": {name: {"Type": "String"} for name in ("DataBucket", "CodeKey")},
        "Resources": {
            "Shrink": {"Type": "AWS::Lambda::Function", "Properties": {"Code": {"S3Key": {"Ref": "CodeKey"}}}},
            "Api": {"Type": "AWS::ApiGateway::RestApi"},
        },
        "Outputs": {
            "ApiId": {"Value": {"Ref": "Api"}},
            "Url": {"Value": {"Fn::Sub": "https://${Api}.execute-api.${AWS::Region}.${AWS::URLSuffix}/prod"}},
        },
    }
    directory.joinpath("template.json").write_text(json.dumps(body))
    directory.joinpath("code").mkdir()
    directory.joinpath("code", "app.py").write_text("def shrink(event, context): return {}\n")

    proof = Proof.of(
        "POST /size", {}, lambda reply: reply == {"size": 200}, function=lambda values, outputs: "Shrink:live"
    )
    return Deployment("thumbs", (Stack.of(directory / "template.json"),), proof=proof, code=(Code(directory / "code"),))


def test_what_answers_is_asked_and_the_function_before_it(tmp_path: Path) -> None:
    asked: list[Request] = []

    def answer(request: Request) -> Response:
        asked.append(request)
        return Response(200, b'{"size": 200}')

    whole = thumbs_with_api(tmp_path)
    with serving(answer) as url:
        aws = FakeAws(lambda stack: {"Url": url})
        aws.functions.answers = [Invocation(200, '{"size": 200}')]
        done = deploy(whole, aws=aws.gateways, reporter=Said())
        health = status(whole, aws=aws.gateways, reporter=Said())
    assert [(request.method, request.path) for request in asked] == [("POST", "/size")] * 2
    assert aws.functions.invoked == ["Shrink:live"]
    assert (done.api_url, health.api_url) == (url, url)
    assert done.answer == health.answer == Verdict("POST /size {}", '{"size": 200}')
    assert health.outputs["ApiId"] == "Api"
    assert [stack.status for stack in health.stacks] == ["CREATE_COMPLETE"]


def test_a_function_that_answers_wrongly_is_not_deployed(tmp_path: Path) -> None:
    aws = FakeAws()
    aws.functions.answers = [Invocation(400, "no")]
    with pytest.raises(WildrydesError, match="Shrink does not answer correctly: 400: no "):
        deploy(thumbs_with_api(tmp_path), aws=aws.gateways, reporter=Said())


def test_outputs_are_made_up_from_the_template(tmp_path: Path) -> None:
    aws = FakeAws()
    aws.functions.answers = [Invocation(400, "no")]
    with pytest.raises(WildrydesError):
        deploy(thumbs_with_api(tmp_path), aws=aws.gateways, reporter=Said())
    assert aws.stacks.stacks["thumbs"].outputs == {
        "ApiId": "Api", "Url": "https://Api.execute-api.eu-west-1.amazonaws.com/prod",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "holds"),
    [
        ({"Fn::And": [{"Fn::Equals": ["a", "a"]}, {"Fn::Equals": ["a", "b"]}]}, False),
        ({"Fn::And": [{"Fn::Equals": ["a", "a"]}, {"Fn::Not": [{"Fn::Equals": ["a", "b"]}]}]}, True),
        ({"Fn::Or": [{"Fn::Equals": ["a", "b"]}, {"Fn::Equals": ["a", "a"]}]}, True),
        ({"Fn::Or": [{"Fn::Equals": ["a", "b"]}, {"Fn::Equals": ["b", "a"]}]}, False),
    ],
)
def test_conditions_decide_what_is_left(rule: dict[str, Any], holds: bool) -> None:
    body = {"Conditions": {"Is": rule}, "Resources": {"One": {"Type": "A::B::C", "Condition": "Is"}}}
    assert ("One" in Evaluation(body, {}).left()["Resources"]) == holds

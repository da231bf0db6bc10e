"""One look at an account: what is there, once what is under way has ended, and nothing of other people's."""

import json
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.unit.fakes import API_OUTPUTS, EFS_OUTPUTS, FakeAws, wanted
from wildrydes_ml.aws.facts import Unknown
from wildrydes_ml.aws.records import StackResource
from wildrydes_ml.aws.target import Target
from wildrydes_ml.aws.wiring import FoundWiring
from wildrydes_ml.deploy.desired import Desired, describe
from wildrydes_ml.deploy.follower import Follower
from wildrydes_ml.deploy.model import Model
from wildrydes_ml.deploy.observer import Observer, StackObserver
from wildrydes_ml.deploy.planner import Observed
from wildrydes_ml.deploy.settings import Settings
from wildrydes_ml.deployment import Deployment, Proof, Stack
from wildrydes_ml.errors import Refused, WildrydesError
from wildrydes_ml.tags import TAG
from wildrydes_ml.template.source import Source
from wildrydes_ml.testing import IDENTITY, STACK_TYPE, FakeFunctions, FakeStacks, Said, event

EFS, INFERENCE, COMPLETE = "wildrydes-ml-mod5", "wildrydes-ml-mod5-inf", "wildrydes-ml-mod5-complete"
BUCKET = "wildrydes-ml-123456789012-eu-west-1"
OURS = {TAG: "wildrydes-ml"}
FUNCTION = StackResource("ModelInferenceFunction", "AWS::Lambda::Function", "f")
TOPIC = StackResource("Topic", "AWS::SNS::Topic", "t")


def observed(aws: FakeAws, said: Said | None = None, **options: Any) -> Observed:
    return observed_for(wanted(**options), aws, said or Said())


def observed_for(desired: Desired, aws: FakeAws, said: Said) -> Observed:
    stacks = StackObserver(aws.gateways, desired.settings, Follower(aws.gateways, said)).observe()
    return Observer(aws.gateways, desired, stacks).observe()


def test_an_empty_account() -> None:
    assert observed(FakeAws()) == Observed(
        bucket_tags=None,
        bucket_is_empty=True,
        keys=frozenset(),
        has_model=False,
        stacks={},
        other_route=[],
        wiring=None,
        fill=(),
        contents="",
    )


def test_all_that_a_deployment_has() -> None:
    aws, desired = FakeAws(), wanted(model=Model("dir", {}, b"archive", "ab" * 32))
    keys = {desired.code[0].key, desired.model_key}
    aws.buckets.put(BUCKET, OURS, *keys)
    aws.stacks.put(EFS, "CREATE_COMPLETE", "efs text", tags=OURS, outputs=EFS_OUTPUTS)
    aws.stacks.put(INFERENCE, "UPDATE_COMPLETE", "function text", tags=OURS, outputs=API_OUTPUTS)
    aws.apis.wirings["api1"] = FoundWiring(auth="NONE")
    found = observed_for(desired, aws, Said())
    assert {name: one.template for name, one in found.stacks.items()} == {EFS: "efs text", INFERENCE: "function text"}
    assert found.wiring == FoundWiring(auth="NONE")
    assert desired.contents(desired.service, found.outputs) == EFS_OUTPUTS["EFSContents"]
    assert (found.bucket_tags, found.bucket_is_empty, found.keys, found.has_model) == (OURS, False, keys, True)


@pytest.mark.parametrize("status", ["CREATE_FAILED", "ROLLBACK_COMPLETE", "UPDATE_FAILED"])
def test_the_template_of_what_failed_tells_what_was_set(status: str) -> None:
    aws = FakeAws()
    aws.stacks.put(INFERENCE, status, "text", [FUNCTION], tags=OURS)
    found = observed(aws)
    assert (found.stacks[INFERENCE].template, found.stacks[INFERENCE].resources) == ("text", ())


def test_a_stack_that_a_person_must_look_at_is_not_read_further() -> None:
    aws = FakeAws()
    aws.stacks.put(COMPLETE, "DELETE_FAILED", "text", [FUNCTION], tags=OURS)
    found = observed(aws, route="short").stacks[COMPLETE]
    assert (found.template, found.resources) == ("", ())


def test_a_stack_without_our_tag_is_known_by_its_resources() -> None:
    aws = FakeAws()
    aws.stacks.put(INFERENCE, "CREATE_COMPLETE", "text", [FUNCTION])
    assert observed(aws).stacks[INFERENCE].resources == (FUNCTION,)


@pytest.mark.parametrize("status", ["UPDATE_COMPLETE", "UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS", "ROLLBACK_COMPLETE"])
@pytest.mark.parametrize("tags", [{}, {TAG: "another-name"}], ids=["no tag", "another deployment's"])
def test_a_stranger_s_stack_is_refused_and_not_followed(status: str, tags: dict[str, str]) -> None:
    aws, said = FakeAws(), Said()
    aws.stacks.put(EFS, "UPDATE_IN_PROGRESS", tags=OURS)
    aws.stacks.put(INFERENCE, status, "text", [TOPIC], tags=tags)
    with pytest.raises(Refused, match=INFERENCE):
        observed(aws, said)
    assert said.lines == [], "nor is ours, before it is known that all can be used"


def test_all_that_is_under_way_is_followed_to_its_end() -> None:
    aws, said = FakeAws(), Said()
    for name, ends in ((EFS, ["UPDATE_IN_PROGRESS", "UPDATE_COMPLETE"]), (INFERENCE, ["DELETE_COMPLETE"])):
        aws.stacks.put(name, ends[-1].replace("COMPLETE", "IN_PROGRESS"), "text", tags=OURS)
        aws.stacks.endings[name] = list(ends)
    found = observed(aws, said)
    assert {name: one.stack.status for name, one in found.stacks.items()} == {EFS: "UPDATE_COMPLETE"}
    assert found.stacks[EFS].template == "text"
    assert [text for text in said.texts("event") if "following" in text] == [
        f"stack {EFS} is UPDATE_IN_PROGRESS: following it",
        f"stack {INFERENCE} is DELETE_IN_PROGRESS: following it",
    ]


def test_the_first_bad_end_of_what_is_under_way_is_an_error() -> None:
    aws = FakeAws()
    aws.stacks.put(EFS, "UPDATE_ROLLBACK_IN_PROGRESS", tags=OURS)
    aws.stacks.history[EFS] = [
        event(1, "UPDATE_IN_PROGRESS", EFS, type=STACK_TYPE),
        event(2, "UPDATE_FAILED", "Nat", "no address"),
    ]
    aws.stacks.endings[EFS] = ["UPDATE_ROLLBACK_COMPLETE"]
    with pytest.raises(WildrydesError, match=r"UPDATE_ROLLBACK_COMPLETE: Nat .*no address"):
        observed(aws)


@pytest.mark.parametrize(
    ("route", "others", "found"),
    [("long", [COMPLETE], [COMPLETE]), ("short", [EFS], [EFS]), ("short", [EFS, INFERENCE], [EFS, INFERENCE])],
)
def test_the_other_route_s_stacks_are_named(route: str, others: list[str], found: list[str]) -> None:
    aws = FakeAws()
    for name in others:
        aws.stacks.put(name, "CREATE_COMPLETE", tags=OURS)
    assert observed(aws, route=route).other_route == found


@pytest.mark.parametrize(
    ("options", "keys", "empty"),
    [({}, ["theirs"], False), ({"bucket": "given"}, ["theirs"], True), ({"bucket": "given"}, ["code/x.zip"], False)],
    ids=["ours", "given", "given and used"],
)
def test_in_a_given_bucket_only_our_folders_are_looked_at(
    options: dict[str, Any], keys: list[str], empty: bool
) -> None:
    aws = FakeAws()
    aws.buckets.put(options.get("bucket", BUCKET), {"owner": "me"}, *keys)
    assert observed(aws, **options).bucket_is_empty == empty


def test_a_local_directory_tells_itself_what_is_missing(tmp_path: Path) -> None:
    model, efs = tmp_path / "model", tmp_path / "efs"
    model.mkdir()
    target = Target(endpoint="http://127.0.0.1:9", efs_directory=efs)
    found = observed(FakeAws(), target=target, model=Model(str(model)))
    assert {"tensorflow", "model"} <= set(found.fill)
    assert found.contents == ""


# What somebody deleted.


def deployed(route: str = "long") -> FakeAws:
    aws, desired = FakeAws(), wanted(route)
    outputs = {**EFS_OUTPUTS, **API_OUTPUTS}
    for stack in desired.stacks:
        parameters = dict(stack.parameters)
        aws.stacks.put(stack.name, "CREATE_COMPLETE", stack.template, tags=OURS, parameters=parameters, outputs=outputs)
    return aws


@pytest.mark.parametrize(
    ("route", "kind", "expected"),
    [
        ("long", "", ()),
        ("long", "AWS::Lambda::Function", ("ModelInferenceFunction",)),
        ("long", "AWS::Lambda::Alias", ("ModelInferenceFunctionLive",)),
        ("long", "AWS::ApiGateway::RestApi", ("ModelInferenceApi",)),
        ("short", "AWS::ApiGateway::RestApi", ("ModelInferenceApi",)),
        ("short", "AWS::ApiGateway::Stage", ("ProdStage",)),
    ],
)
def test_what_is_gone_is_known_by_its_logical_id(route: str, kind: str, expected: tuple[str, ...]) -> None:
    aws = deployed(route)
    gateway = aws.functions if "Lambda" in kind else aws.apis
    gateway.loss = kind
    found = observed(aws, route=route)
    assert found.stacks[INFERENCE if route == "long" else COMPLETE].missing == expected
    assert (found.wiring is None) == (route == "short" or kind == "AWS::ApiGateway::RestApi")


def test_what_may_not_be_asked_is_not_taken_for_gone() -> None:
    aws = deployed("short")
    aws.functions.loss = Unknown("denied", "lambda:GetAlias")
    found = observed(aws, route="short")
    assert (found.stacks[COMPLETE].missing, found.unread) == ((), ("lambda:GetAlias",))


@pytest.mark.parametrize("status", ["ROLLBACK_COMPLETE", "DELETE_FAILED", "UPDATE_FAILED"])
def test_a_stack_that_cannot_be_updated_misses_nothing(status: str) -> None:
    aws = deployed("short")
    aws.functions.loss = "AWS::Lambda::Function"
    aws.stacks.stacks[COMPLETE] = replace(aws.stacks.stacks[COMPLETE], status=status)
    assert observed(aws, route="short").stacks[COMPLETE].missing == ()


def test_the_deployed_function_is_asked_for() -> None:
    aws = deployed("short")
    observed(aws, route="short", overrides={"FunctionName": "another"})
    assert aws.functions.asked == ["ml_inferencefunction:live"]


FUNCTION_OF = {"Type": "AWS::Lambda::Function", "Properties": {}}


def two_functions(**more: Any) -> Deployment:
    """A function that the proof asks by its alias, and another one that nobody asks; both have an alias."""
    resources: dict[str, Any] = dict.fromkeys(("Answer", "Sweep"), FUNCTION_OF)
    for title in ("Answer", "Sweep"):
        properties = {"FunctionName": {"Ref": title}, "Name": "live"}
        resources[f"{title}Live"] = {"Type": "AWS::Lambda::Alias", "Properties": properties}
    resources["Api"] = {"Type": "AWS::ApiGateway::RestApi"}
    outputs = {
        "ApiId": {"Ref": "Api"},
        "Url": "u",
        "AnswerArn": {"Fn::GetAtt": ["Answer", "Arn"]},
        "SweepName": {"Ref": "Sweep"},
    }
    body = {"Resources": resources, "Outputs": {key: {"Value": value} for key, value in outputs.items()}}
    text = json.dumps(body)
    asked = Proof.of("GET /", None, bool, function=lambda values, found: found["AnswerArn"] + ":live")
    return Deployment("jobs", (Stack(Source("jobs.yml", text, body)),), **{"proof": asked, **more})


def seen(aws: FakeAws, whole: Deployment, **outputs: str) -> Observed:
    """What is observed of a deployment of one stack that is complete."""
    desired = describe(Settings((whole,)), Target(), IDENTITY, Model(""))
    held = aws.stacks.held.get("jobs", [])
    aws.stacks.put("jobs", "CREATE_COMPLETE", desired.service.template, held, tags={TAG: "jobs"}, outputs=outputs)
    return observed_for(desired, aws, Said())


TOLD = {
    "ApiId": "api1", "Url": "https://api1.execute-api.eu-west-1.amazonaws.com/prod", "SweepName": "jobs-Sweep-1",
    "AnswerArn": "arn:aws:lambda:eu-west-1:123456789012:function:jobs-Answer-1",
}  # fmt: skip


@pytest.mark.parametrize(
    ("loss", "gone", "missing"),
    [
        ("", set[str](), ()),
        ("", {"jobs-Sweep-1"}, ("Sweep",)),
        ("AWS::Lambda::Function", set[str](), ("Answer",)),
        ("AWS::Lambda::Function", {"jobs-Sweep-1"}, ("Answer", "Sweep")),
        ("AWS::Lambda::Alias", set[str](), ("AnswerLive",)),
    ],
)
def test_of_several_functions_those_that_are_gone_are_known(
    loss: str, gone: set[str], missing: tuple[str, ...]
) -> None:
    aws = FakeAws()
    aws.functions.loss, aws.functions.gone = loss, gone
    assert seen(aws, two_functions(), **TOLD).stacks["jobs"].missing == missing
    assert aws.functions.asked == ["jobs-Answer-1:live"]


def test_a_function_that_no_output_names_is_known_by_its_physical_id() -> None:
    aws = FakeAws()
    aws.stacks.held["jobs"] = [
        StackResource(f"{one}", "AWS::Lambda::Function", f"jobs-{one}-1") for one in ("Answer", "Sweep")
    ]
    aws.functions.gone = {"jobs-Sweep-1"}
    found = seen(aws, two_functions(proof=None))
    assert (found.stacks["jobs"].missing, found.unread) == (("Sweep",), ())


def test_a_name_that_cloudformation_may_not_be_asked_for_is_told() -> None:
    class Denying(FakeStacks):
        def resources(self, name: str) -> list[StackResource]:
            raise WildrydesError("denied")

    aws = FakeAws()
    aws.stacks = Denying(aws.journal, aws.outputs)
    aws.functions.gone = {"jobs-Sweep-1"}
    found = seen(aws, two_functions(), **TOLD)
    assert (found.stacks["jobs"].missing, found.unread) == (("Sweep",), ())
    found = seen(aws, two_functions(proof=None))
    assert (found.stacks["jobs"].missing, found.unread) == ((), ("cloudformation:ListStackResources",))


def test_functions_that_may_not_be_looked_at_are_told() -> None:
    class Denying(FakeFunctions):
        def missing(self, names: Collection[str]) -> Unknown:
            return Unknown("denied", "lambda:GetFunction")

    aws = FakeAws()
    aws.functions = Denying(aws.journal)
    found = seen(aws, two_functions(), **TOLD)
    assert (found.stacks["jobs"].missing, found.unread) == ((), ("lambda:GetFunction",))

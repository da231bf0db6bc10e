"""The plan: nothing when all is as wanted, the right steps in order when it is not, and refusals before any step."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from tests.unit.fakes import EFS_OUTPUTS, FILLING, found_as, in_place, nothing_there, resolved, wanted
from wildrydes_ml.aws.records import StackResource
from wildrydes_ml.aws.target import Target
from wildrydes_ml.aws.wiring import FoundWiring
from wildrydes_ml.deploy.desired import Desired
from wildrydes_ml.deploy.model import Model
from wildrydes_ml.deploy.planner import FoundStack, Observed, boots_instance, plan, refuse_strangers, unheeded
from wildrydes_ml.deploy.protected import protected
from wildrydes_ml.deploy.steps import ApplyStack, Step, WarmUp, Wire, as_record
from wildrydes_ml.errors import Refused, WildrydesError
from wildrydes_ml.tags import TAG
from wildrydes_ml.template.change import ResourceChange
from wildrydes_ml.template.decode import decode
from wildrydes_ml.workshop import templates

LONG, SHORT = wanted(), wanted("short")
EFS, INFERENCE, COMPLETE = "wildrydes-ml-mod5", "wildrydes-ml-mod5-inf", "wildrydes-ml-mod5-complete"
ROUTES = pytest.mark.parametrize("desired", [LONG, SHORT], ids=["long", "short"])


def shown(step: Step) -> str:
    """A step in a word or three."""
    if isinstance(step, ApplyStack):
        return f"{step.kind} {step.desired.name}"
    return " ".join(step.describe().split()[:3]) if type(step).__name__ == "DeleteStack" else type(step).__name__


def steps(desired: Desired, observed: Observed) -> list[str]:
    """The steps in words; the last one of any plan, to warm the function up, goes without saying."""
    *found, last = plan(desired, observed) or (None,)
    assert last is None or last == WarmUp("post a picture to the API")
    return [shown(step) for step in found if step]


def with_stack(observed: Observed, name: str, **stack: Any) -> Observed:
    """The same, with one stack otherwise."""
    found = observed.stacks[name]
    return replace(observed, stacks={**observed.stacks, name: replace(found, stack=replace(found.stack, **stack))})


def with_old_parameters(desired: Desired, name: str, **values: str) -> Observed:
    """All in place, but for some parameters of a live stack."""
    observed = in_place(desired)
    return with_stack(observed, name, parameters={**observed.stacks[name].stack.parameters, **values})


@ROUTES
def test_nothing_is_planned_when_all_is_as_wanted(desired: Desired) -> None:
    assert plan(desired, in_place(desired)) == ()


def test_the_long_route_is_made_in_order() -> None:
    assert steps(LONG, nothing_there()) == ["MakeBucket", "Upload", f"create {EFS}", f"create {INFERENCE}", "Wire"]


def test_the_short_route_is_one_stack_and_no_wiring() -> None:
    assert steps(SHORT, nothing_there()) == ["MakeBucket", "Upload", f"create {COMPLETE}"]


def test_a_local_directory_is_filled_before_the_function_is_made(tmp_path: Any) -> None:
    desired = wanted(target=Target(efs_directory=tmp_path))
    planned = steps(desired, nothing_there(fill=("tensorflow", "model")))
    assert planned == ["MakeBucket", "Upload", f"create {EFS}", "Fill", f"create {INFERENCE}", "Wire"]


def test_a_filled_directory_is_left_alone(tmp_path: Any) -> None:
    desired = wanted(target=Target(efs_directory=tmp_path))
    assert plan(desired, in_place(desired)) == ()


def test_a_refilled_directory_updates_the_function_alone(tmp_path: Any) -> None:
    desired = wanted(target=Target(efs_directory=tmp_path))
    assert steps(desired, in_place(desired, fill=("model",))) == ["Fill", f"update {INFERENCE}"]


@ROUTES
def test_new_code_is_an_upload_and_an_update_of_its_stack(desired: Desired) -> None:
    name = desired.service.name
    observed = replace(with_old_parameters(desired, name, CodeKey="code/old.zip"), keys=())
    assert steps(desired, observed) == ["Upload", f"update {name}"]


def test_a_model_is_uploaded_under_its_digest_unless_it_is_there() -> None:
    model = Model("dir", {"ModelSha256": "ab" * 32}, b"archive", "ab" * 32)
    desired = wanted(model=model)
    uploads = [step for step in plan(desired, nothing_there()) if type(step).__name__ == "Upload"]
    assert [step.describe() for step in uploads[1:]] == [
        f"upload s3://{desired.bucket}/model/ml_inferencefunction-{'ab' * 8}.tar (7 bytes)"
    ]
    assert plan(desired, in_place(desired)) == ()
    assert steps(desired, in_place(desired, has_model=False)) == ["Upload"]


@pytest.mark.parametrize("status", ["ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "REVIEW_IN_PROGRESS"])
@ROUTES
def test_what_a_failed_creation_left_is_deleted_first(desired: Desired, status: str) -> None:
    name = desired.service.name
    observed = with_stack(in_place(desired), name, status=status)
    assert steps(desired, observed) == [f"delete stack {name}:", f"create {name}"]


@pytest.mark.parametrize("status", ["ROLLBACK_COMPLETE", "CREATE_FAILED", "REVIEW_IN_PROGRESS"])
def test_an_efs_stack_that_never_was_is_made_before_the_function_s(status: str) -> None:
    observed = in_place(LONG, wiring=None, stacks={EFS: found_as(LONG.stacks[0], status, outputs={})})
    assert steps(LONG, observed) == [f"delete stack {EFS}:", f"create {EFS}", f"create {INFERENCE}", "Wire"]


def test_both_stacks_may_have_failed() -> None:
    failed = {stack.name: found_as(stack, "ROLLBACK_COMPLETE", outputs={}) for stack in LONG.stacks}
    planned = steps(LONG, in_place(LONG, wiring=None, stacks=failed))
    assert planned == [
        *(f"delete stack {EFS}:", f"create {EFS}"),
        *(f"delete stack {INFERENCE}:", f"create {INFERENCE}"),
        "Wire",
    ]


@pytest.mark.parametrize("status", ["UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE", "UPDATE_COMPLETE"])
@ROUTES
def test_a_settled_stack_is_updated_or_left(desired: Desired, status: str) -> None:
    name = desired.service.name
    assert plan(desired, with_stack(in_place(desired), name, status=status)) == ()
    changed = with_stack(with_old_parameters(desired, name, MemorySize="1024"), name, status=status)
    assert steps(desired, changed) == [f"update {name}"]


@pytest.mark.parametrize(
    ("status", "advice"),
    [
        ("UPDATE_ROLLBACK_FAILED", "run deploy --continue-rollback; or run destroy"),
        ("UPDATE_FAILED", "run deploy --continue-rollback; or run destroy"),
        ("DELETE_FAILED", "run destroy"),
        ("IMPORT_ROLLBACK_FAILED", "repair it in the CloudFormation console"),
    ],
)
@ROUTES
def test_a_broken_stack_is_explained(desired: Desired, status: str, advice: str) -> None:
    name = desired.stacks[0].name
    with pytest.raises(WildrydesError, match=rf"{name} is {status} \(the .*\): .*{advice}") as error:
        plan(desired, with_stack(in_place(desired), name, status=status))
    assert error.value.exit_code == 1


@pytest.mark.parametrize("status", ["UPDATE_ROLLBACK_FAILED", "UPDATE_FAILED"])
@pytest.mark.parametrize("route", ["long", "short"])
def test_a_failed_update_is_undone_when_that_is_asked_for(route: str, status: str) -> None:
    desired = wanted(route, continue_rollback=True)
    name = desired.stacks[0].name
    planned = steps(desired, with_stack(in_place(desired), name, status=status))
    assert planned == ["RollBack", *(f"update {stack.name}" for stack in desired.stacks)]


@pytest.mark.parametrize("status", ["DELETE_FAILED", "IMPORT_ROLLBACK_FAILED"])
def test_what_is_no_failed_update_is_never_undone(status: str) -> None:
    desired = wanted(continue_rollback=True)
    with pytest.raises(WildrydesError, match=status):
        plan(desired, with_stack(in_place(desired), EFS, status=status))


@ROUTES
def test_an_unknown_status_is_an_error(desired: Desired) -> None:
    with pytest.raises(WildrydesError, match="'FROZEN'"):
        plan(desired, with_stack(in_place(desired), desired.stacks[0].name, status="FROZEN"))


def test_a_changed_efs_stack_updates_the_function_s_too() -> None:
    observed = with_old_parameters(LONG, EFS, ThroughputMode="elastic")
    assert steps(LONG, observed) == [f"update {EFS}", f"update {INFERENCE}"]


@pytest.mark.parametrize(
    ("parameter", "old"),
    [
        ("PythonRuntime", "python3.12"),
        ("Packages", "tensorflow==2.20.0"),
        ("ModelUrl", "https://example.com/model.tar.gz"),
        ("ModelSha256", "cd" * 32),
        ("Architecture", "arm64"),
        ("BootstrapInstance", "stop"),
    ],
)
@ROUTES
def test_what_fills_efs_makes_the_instance_anew(desired: Desired, parameter: str, old: str) -> None:
    stack = desired.stacks[0]
    planned = plan(desired, with_old_parameters(desired, stack.name, **{parameter: old}))
    applied = [step for step in planned if isinstance(step, ApplyStack)]
    assert [shown(step) for step in applied[:2]] == [f"update {stack.name}"] * 2
    assert [shown(step) for step in applied[2:]] == ([f"update {INFERENCE}"] if len(desired.stacks) > 1 else [])
    assert [step.desired.parameters["BootstrapInstance"] for step in applied[:2]] == ["none", "keep"]
    assert applied[0].desired.parameters[parameter] == (
        "none" if parameter == "BootstrapInstance" else applied[1].desired.parameters[parameter]
    )
    assert parameter in applied[0].describe()


@pytest.mark.parametrize(("desired", "old"), [("keep", "none"), ("none", "keep"), ("none", "stop")])
def test_an_instance_that_comes_or_goes_is_one_update(desired: str, old: str) -> None:
    settings = wanted(overrides={"BootstrapInstance": desired})
    observed = with_old_parameters(settings, EFS, BootstrapInstance=old, PythonRuntime="python3.12")
    assert steps(settings, observed) == [f"update {EFS}", f"update {INFERENCE}"]


def test_other_parameters_leave_the_instance_alone() -> None:
    assert steps(LONG, with_old_parameters(LONG, EFS, SshCidr="192.0.2.0/24"))[:2] == [
        f"update {EFS}",
        f"update {INFERENCE}",
    ]


def test_inputs_come_from_the_efs_stack() -> None:
    fed = resolved(LONG, LONG.service, "contents")
    assert fed.parameters["SubnetIDs"] == "subnet-a,subnet-b"
    assert fed.parameters["SecurityGroupIds"] == "sg-1"
    assert fed.parameters["AccessPointARN"] == EFS_OUTPUTS["AccesspointARN"]
    other = resolved(LONG, LONG.service, "other contents")
    elsewhere = resolved(LONG, LONG.service, "contents", AccesspointARN="arn:other")
    assert len({stack.parameters["Revision"] for stack in (fed, other, elsewhere)}) == 3
    assert resolved(LONG, LONG.service, "contents") == fed


@pytest.mark.parametrize(
    "change",
    [
        {"contents": "filled again"},
        {"outputs": {**EFS_OUTPUTS, "EFSContents": "filled again"}},
        {"outputs": {**EFS_OUTPUTS, "PrivateSubnetTwo": "c"}},
    ],
)
def test_the_function_follows_what_it_mounts(change: dict[str, Any]) -> None:
    observed = in_place(LONG)
    observed = with_stack(observed, EFS, **change) if "outputs" in change else replace(observed, **change)
    assert steps(LONG, observed) == [f"update {INFERENCE}"]


def test_a_new_template_or_missing_tag_is_an_update() -> None:
    observed = in_place(SHORT)
    found = observed.stacks[COMPLETE]
    assert steps(SHORT, replace(observed, stacks={COMPLETE: replace(found, template="old")})) == [f"update {COMPLETE}"]
    assert steps(SHORT, with_stack(observed, COMPLETE, tags={})) == [f"update {COMPLETE}"]


@pytest.mark.parametrize("found", [None, FoundWiring(), FoundWiring(description="by hand")])
def test_the_wiring_that_is_missing_is_planned(found: FoundWiring | None) -> None:
    step, last = plan(LONG, in_place(LONG, wiring=found))
    assert isinstance(step, Wire)
    assert last == WarmUp("post a picture to the API")
    assert step.actions[0] == "method"
    assert "connect the API to the function: method ANY on /" in step.describe()


# Bucket: what there is, and what is done.


@pytest.mark.parametrize(
    ("tags", "empty", "expected"),
    [
        (None, True, ["MakeBucket"]),
        ({}, True, ["MakeBucket"]),
        ({TAG: "wildrydes-ml"}, True, []),
        ({TAG: "wildrydes-ml"}, False, []),
    ],
    ids=["none", "half made", "made", "used"],
)
def test_our_bucket_is_made_or_finished(tags: dict[str, str] | None, empty: bool, expected: list[str]) -> None:
    assert steps(SHORT, in_place(SHORT, bucket_tags=tags, bucket_is_empty=empty)) == expected


@pytest.mark.parametrize(
    ("tags", "empty"),
    [({}, False), ({TAG: "another-name"}, True), ({"owner": "somebody"}, True)],
    ids=["somebody's files", "another deployment's", "somebody's tag"],
)
def test_a_stranger_s_bucket_is_refused(tags: dict[str, str], empty: bool) -> None:
    with pytest.raises(Refused, match=SHORT.bucket) as error:
        plan(SHORT, in_place(SHORT, bucket_tags=tags, bucket_is_empty=empty))
    assert error.value.exit_code == 4


def test_a_given_bucket_is_used_as_it_is() -> None:
    given = wanted("short", bucket="my-bucket")
    assert steps(given, in_place(given, bucket_tags={}, keys=())) == ["Upload"]
    assert given.service.parameters["DataBucket"] == "my-bucket"


def test_a_given_bucket_that_is_missing_is_not_made() -> None:
    with pytest.raises(WildrydesError, match="my-bucket does not exist"):
        plan(wanted("short", bucket="my-bucket"), nothing_there())


# Whose stack it is.


def stack_of(resources: dict[str, str], tags: dict[str, str]) -> FoundStack:
    found = found_as(LONG.service, tags=tags)
    return replace(found, resources=tuple(StackResource(name, kind, "id") for name, kind in resources.items()))


OURS = {"ModelInferenceFunction": "AWS::Lambda::Function", "ModelInferenceApi": "AWS::ApiGateway::RestApi"}


@pytest.mark.parametrize(
    ("resources", "tags"),
    [({}, {TAG: "wildrydes-ml"}), (OURS, {}), ({"Added": "AWS::SNS::Topic"}, {TAG: "wildrydes-ml"})],
    ids=["tag", "made by the AWS CLI", "tag and more"],
)
def test_our_stacks_are_known_by_tag_or_resources(resources: dict[str, str], tags: dict[str, str]) -> None:
    refuse_strangers("wildrydes-ml", LONG.service, stack_of(resources, tags))


@pytest.mark.parametrize(
    ("resources", "tags"),
    [
        ({}, {}),
        ({"Topic": "AWS::SNS::Topic"}, {}),
        ({**OURS, "Topic": "AWS::SNS::Topic"}, {}),
        ({"ModelInferenceFunction": "AWS::SNS::Topic"}, {}),
        ({"Topic": "AWS::SNS::Topic"}, {TAG: "another-name"}),
    ],
    ids=["empty", "other", "ours and other", "our name, other type", "another deployment's"],
)
def test_other_stacks_are_strangers(resources: dict[str, str], tags: dict[str, str]) -> None:
    with pytest.raises(Refused, match=INFERENCE) as error:
        refuse_strangers("wildrydes-ml", LONG.service, stack_of(resources, tags))
    assert error.value.exit_code == 4


@pytest.mark.parametrize(
    ("desired", "other", "stack"), [(LONG, "short", COMPLETE), (SHORT, "long", INFERENCE)], ids=["long", "short"]
)
def test_both_routes_at_once_are_refused(desired: Desired, other: str, stack: str) -> None:
    with pytest.raises(Refused, match=rf"by the {other} route \({stack}\): .*--route {other}") as error:
        plan(desired, nothing_there(other_route=[stack]))
    assert error.value.exit_code == 4


# What may not be lost.


@pytest.mark.parametrize(
    ("change", "is_protected"),
    [
        (("Remove", "AWS::EC2::VPC", "False"), True),
        (("Remove", "AWS::EFS::FileSystem", "False"), True),
        (("Modify", "AWS::EFS::FileSystem", "True"), True),
        (("Modify", "AWS::EC2::Subnet", "Conditional"), True),
        (("Modify", "AWS::EFS::FileSystem", "False"), False),
        (("Add", "AWS::EC2::NatGateway", "False"), False),
        (("Remove", "AWS::Lambda::Function", "False"), False),
        (("Modify", "AWS::Lambda::Function", "True"), False),
    ],
    ids=str,
)
def test_network_and_files_are_protected(change: tuple[str, str, str], is_protected: bool) -> None:
    action, kind, replacement = change
    changes = [ResourceChange("Thing", kind, action, replacement)]
    assert bool(protected(changes, [])) == is_protected
    assert protected(changes, ["Thing"]) == []
    assert protected(changes, [], ["Thing"]) == []
    assert bool(protected(changes, ["Other"])) == is_protected


@pytest.mark.parametrize("name", ["efs_99.yml", "99_complete.yml"])
def test_what_belongs_to_the_instance_may_go_and_nothing_else(name: str) -> None:
    body = templates.TEMPLATES[name]().to_dict()["Resources"]
    removed = [ResourceChange(title, entry["Type"], "Remove", "False") for title, entry in body.items()]
    kept = {change.logical_id for change in protected(removed, [], FILLING.resources)}
    with_instance = {title for title, entry in body.items() if entry.get("Condition") == "HasFiller"}
    services = ("AWS::EC2::", "AWS::EFS::", "AWS::ApiGateway::RestApi")
    guarded = {title for title, entry in body.items() if entry["Type"].startswith(services)}
    assert with_instance
    assert kept == guarded - with_instance


def test_every_step_is_plain_data_for_programs(tmp_path: Any) -> None:
    desired = wanted(target=Target(efs_directory=tmp_path))
    planned = plan(desired, nothing_there(fill=("model",)))
    records = [as_record(step) for step in planned]
    assert [record["step"] for record in records] == [
        "MakeBucket",
        "Upload",
        "ApplyStack",
        "Fill",
        "ApplyStack",
        "Wire",
        "WarmUp",
    ]
    assert [record["text"] for record in records] == [step.describe() for step in planned]
    assert (records[2]["stack"], records[2]["kind"]) == (EFS, "create")
    made = planned[2]
    assert isinstance(made, ApplyStack)
    changed = replace(made, changes=(ResourceChange("Vpc", "AWS::EC2::VPC", "Add", "False"),))
    assert as_record(changed)["changes"][0]["logical_id"] == "Vpc"
    assert "Add Vpc" in changed.describe()


@pytest.mark.parametrize(("route", "name"), [("long", "wildrydes-ml-mod5"), ("short", "wildrydes-ml-mod5-complete")])
def test_an_instance_that_ended_itself_is_never_updated(route: str, name: str) -> None:
    desired = wanted(route, overrides={"BootstrapInstance": "stop"})
    found = in_place(desired)
    older = {**found.stacks, name: replace(found.stacks[name], template="older")}
    steps = [step for step in plan(desired, replace(found, stacks=older)) if isinstance(step, ApplyStack)]
    values = [step.desired.parameters["BootstrapInstance"] for step in steps if step.desired.name == name]
    assert values == ["none", "stop"]


@pytest.mark.parametrize(
    ("change", "boots"),
    [
        ({}, False),
        ({"parameters": {"ModelUrl": "https://another.example/link"}}, False),
        ({"parameters": {"Packages": "six==1.17.0"}}, True),
        ({"parameters": {"BootstrapInstance": "none"}}, True),
        ({"status": "ROLLBACK_COMPLETE"}, True),
        ({"status": "UPDATE_FAILED"}, True),
    ],
    ids=str,
)
@ROUTES
def test_a_new_instance_boots_when_efs_is_to_be_filled(desired: Desired, change: dict[str, Any], boots: bool) -> None:
    stack = desired.stacks[0]
    found = found_as(stack, **{**change, "parameters": {**stack.parameters, **change.get("parameters", {})}})
    assert boots_instance(FILLING, stack, found) == boots
    assert boots_instance(FILLING, stack, None)


def test_the_short_routes_stage_never_calls_a_function_that_is_gone() -> None:
    desired = wanted("short", overrides={"FunctionName": "mine"})
    for status in ("CREATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"):
        observed = with_stack(with_old_parameters(desired, COMPLETE, FunctionName="old"), COMPLETE, status=status)
        with pytest.raises(Refused, match=rf"stack {COMPLETE}: FunctionName is old and would become mine") as raised:
            plan(desired, observed)
        assert (
            "still call old, which would no longer exist: keep it with --set FunctionName=old, or destroy it first"
            in str(raised.value)
        )


def test_another_function_is_no_matter_where_the_stage_follows_or_nothing_serves() -> None:
    failed = with_stack(with_old_parameters(SHORT, COMPLETE, FunctionName="old"), COMPLETE, status="ROLLBACK_COMPLETE")
    assert f"create {COMPLETE}" in steps(SHORT, failed)
    assert f"update {INFERENCE}" in steps(LONG, with_old_parameters(LONG, INFERENCE, FunctionName="old"))
    assert f"create {COMPLETE}" in steps(wanted("short", overrides={"FunctionName": "mine"}), nothing_there())


# What makes no difference, and what is gone.


def with_template(observed: Observed, name: str, template: str) -> Observed:
    return replace(observed, stacks={**observed.stacks, name: replace(observed.stacks[name], template=template)})


@pytest.mark.parametrize("wait", ["keep", "stop", "none"])
def test_a_template_that_is_only_written_otherwise_is_no_update(wait: str) -> None:
    """An instance that ended itself would be made anew, which takes an hour."""
    desired = wanted(overrides={"BootstrapInstance": wait})
    efs = desired.stacks[0]
    same = json.dumps({**efs.body, "Description": "another version"})
    assert plan(desired, with_template(in_place(desired), EFS, same)) == ()
    assert not boots_instance(FILLING, efs, with_template(in_place(desired), EFS, same).stacks[EFS])


def test_a_parameter_of_a_template_by_hand_that_nothing_uses_is_no_update() -> None:
    """The workshop's own command passes such ones."""
    observed = with_old_parameters(SHORT, COMPLETE, TrainedModelPath="models/")
    assert plan(SHORT, observed) == ()


def test_what_changes_nothing_is_named() -> None:
    none = wanted(overrides={"BootstrapInstance": "none"})
    observed = with_old_parameters(none, EFS, Packages="six==1.17.0", ModelSha256="ab" * 32)
    assert plan(none, observed) == ()
    assert sorted(unheeded(none, observed)) == [(EFS, "ModelSha256"), (EFS, "Packages")]
    assert unheeded(LONG, with_old_parameters(LONG, EFS, Packages="six==1.17.0")) == []
    assert unheeded(none, with_stack(observed, EFS, status="ROLLBACK_COMPLETE")) == []


def losing(desired: Desired, *titles: str) -> Observed:
    observed = in_place(desired)
    name = desired.service.name
    return replace(observed, stacks={**observed.stacks, name: replace(observed.stacks[name], missing=titles)})


def two_updates(planned: Sequence[Step]) -> tuple[ApplyStack, ApplyStack]:
    first, second, *_ = [step for step in planned if isinstance(step, ApplyStack)]
    return first, second


@ROUTES
def test_what_is_gone_is_taken_out_with_all_that_refers_to_it_and_made_again(desired: Desired) -> None:
    first, second = two_updates(plan(desired, losing(desired, "ModelInferenceFunction")))
    left = decode(first.desired.template)
    assert "ModelInferenceFunctionLive" not in left["Resources"]
    assert "ModelInferenceApi" in left["Resources"], "its address stays"
    assert "ModelInferenceApiId" in left["Outputs"]
    assert first.desired.parameters == second.desired.parameters
    assert second.desired.template == desired.service.template
    assert {one.action for one in second.changes} == {"Add"}
    assert len(first.desired.template) < 51_200


def test_what_is_gone_and_is_not_wanted_any_more_is_one_update() -> None:
    assert steps(SHORT, losing(SHORT, "OldStage")) == [f"update {COMPLETE}"]


def test_one_update_takes_out_what_is_gone_and_the_instance() -> None:
    observed = losing(SHORT, "ModelInferenceFunction")
    old = {**observed.stacks[COMPLETE].stack.parameters, "Packages": "six==1.17.0"}
    first, second = two_updates(plan(SHORT, with_stack(observed, COMPLETE, parameters=old)))
    assert first.desired.parameters["BootstrapInstance"] == "none"
    assert "Packages changed, so EFS is filled again" in first.why
    assert "ModelInferenceFunction was deleted" in first.why
    assert {"EfsMountEC2Instance", "ModelInferenceFunction"} <= {one.logical_id for one in second.changes}


def test_a_function_that_is_gone_is_made_again_also_when_efs_changes() -> None:
    observed = losing(LONG, "ModelInferenceFunction")
    old = {**observed.stacks[EFS].stack.parameters, "ThroughputMode": "elastic"}
    planned = steps(LONG, with_stack(observed, EFS, parameters=old))
    assert planned == [f"update {EFS}", f"update {INFERENCE}", f"update {INFERENCE}"]


def test_a_part_of_a_stack_has_the_revision_of_the_whole() -> None:
    """So that the function is not changed while something else is taken out and made again."""
    part = LONG.service.without(["ModelInferenceApi"])
    whole = resolved(LONG, LONG.service, "contents")
    assert resolved(LONG, part, "contents").parameters["Revision"] == whole.parameters["Revision"]


@ROUTES
def test_a_value_that_says_what_was_so_already_makes_no_new_instance(desired: Desired) -> None:
    said = wanted(desired.settings.route, overrides={"BootstrapInstanceType": "c5.large", "SshCidr": "192.0.2.0/24"})
    planned = steps(said, in_place(desired))
    assert planned.count(f"update {said.stacks[0].name}") == 1

"""The steps of a plan: each in words and as data, and a plan's steps are those that a deploy then takes."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.unit.fakes import HORSE_ANSWER, FakeAws, wanted
from tests.unit.servers import Response, serving
from wildrydes_ml.aws.facts import Usage
from wildrydes_ml.aws.records import Stack
from wildrydes_ml.aws.target import Target
from wildrydes_ml.deploy.deployer import deploy, preview
from wildrydes_ml.deploy.preflight import Unready
from wildrydes_ml.deploy.steps import (
    ApplyStack,
    DeleteStack,
    Fill,
    MakeBucket,
    RollBack,
    Step,
    Upload,
    WarmUp,
    Wire,
    as_record,
    change_text,
)
from wildrydes_ml.errors import Refused
from wildrydes_ml.template.change import ResourceChange
from wildrydes_ml.template.effective import Made, made
from wildrydes_ml.testing import FakeStacks, Said
from wildrydes_ml.workshop.settings import wild_rydes

EFS, INFERENCE, COMPLETE = "wildrydes-ml-mod5", "wildrydes-ml-mod5-inf", "wildrydes-ml-mod5-complete"
VPC = ResourceChange("LambdaEFSMLVPC", "AWS::EC2::VPC", "Modify", "True")
FUNCTION = ResourceChange("ModelInferenceFunction", "AWS::Lambda::Function", "Modify")

# In words and as data.

STACK = wanted().stacks[0]
WORDS: list[tuple[Step, str]] = [
    (MakeBucket("b"), "create bucket b (private, encrypted, TLS only)"),
    (Upload("b", "code/a.zip", b"x" * 1234), "upload s3://b/code/a.zip (1,234 bytes)"),
    (DeleteStack("s", "id", "its creation failed"), "delete stack s: its creation failed"),
    (RollBack("s", "its update failed"), "roll back the failed update of stack s: its update failed"),
    (ApplyStack(STACK, "create"), f"create stack {EFS} from efs_99.yml"),
    (ApplyStack(STACK, "update", "why"), f"update stack {EFS} from efs_99.yml: why"),
    (
        ApplyStack(STACK, "update", "why", (VPC, FUNCTION)),
        f"update stack {EFS} from efs_99.yml: why\n"
        "  Modify LambdaEFSMLVPC (AWS::EC2::VPC), replaced\n"
        "  Modify ModelInferenceFunction (AWS::Lambda::Function)",
    ),
    (Fill("efs", ("tensorflow", "model")), "fill efs: install the packages, fetch the model"),
    (Fill("efs", ("prepared",)), "fill efs: prepare the model for a fast start"),
    (
        Wire(("method", "deployment")),
        "connect the API to the function: method ANY on / as Lambda proxy, deployment to stage prod",
    ),
    (WarmUp("post a picture to the API"), "warm up the function, then post a picture to the API"),
]


@pytest.mark.parametrize(("step", "text"), WORDS, ids=[type(step).__name__ for step, _ in WORDS])
def test_a_step_in_words_and_as_data(step: Step, text: str) -> None:
    assert step.describe() == text
    record = as_record(step)
    assert (record["step"], record["text"]) == (type(step).__name__, text)
    assert ("stack" in record) == isinstance(step, ApplyStack)
    assert record.get("actions") == (["method", "deployment"] if isinstance(step, Wire) else None)


def test_an_update_s_record_tells_its_changes() -> None:
    record = as_record(ApplyStack(STACK, "update", changes=(VPC,)))
    assert (record["stack"], record["kind"]) == (EFS, "update")
    change = {"logical_id": "LambdaEFSMLVPC", "type": "AWS::EC2::VPC", "action": "Modify", "replacement": "True"}
    assert record["changes"] == [{**change, "causes": (), "condition": ""}]


@pytest.mark.parametrize(
    ("replacement", "text"),
    [
        ("False", "Modify Vpc (AWS::EC2::VPC)"),
        ("True", "Modify Vpc (AWS::EC2::VPC), replaced"),
        ("Conditional", "Modify Vpc (AWS::EC2::VPC), perhaps replaced"),
    ],
)
def test_a_change_in_words(replacement: str, text: str) -> None:
    assert change_text(ResourceChange("Vpc", "AWS::EC2::VPC", "Modify", replacement)) == text


# A plan and the deploy after it.


@pytest.fixture
def aws() -> Iterator[FakeAws]:
    """An account whose API answers over HTTP."""
    with serving(lambda request: Response(200, HORSE_ANSWER.encode())) as url:
        yield FakeAws(f"{url}/prod")


def planned(aws: FakeAws, **options: Any) -> list[dict[str, Any]]:
    """The records of `--plan`; it changes nothing and leaves no change set behind."""
    said = Said()
    before = list(aws.journal), dict(aws.stacks.stacks), dict(aws.buckets.labels), list(aws.functions.invoked)
    changes = preview(aws.gateways, wild_rydes(**options), Target(), said).changes
    records = [record for kind, _, record in said.lines if kind == "plan"]
    assert changes == bool(records)
    assert (aws.journal, aws.stacks.stacks, aws.buckets.labels, aws.functions.invoked) == before
    assert aws.stacks.pending == []
    return records


def deployed(aws: FakeAws, **options: Any) -> Said:
    said = Said()
    deploy(aws.gateways, wild_rydes(**options), Target(), said)
    return said


def performed(record: Mapping[str, Any]) -> list[str]:
    """What the journal tells when a step is taken."""
    words = record["text"].split()
    match record["step"]:
        case "MakeBucket":
            return [f"make bucket {words[2]}"]
        case "Upload":
            return [f"upload {words[1].split('/')[3]}"]
        case "DeleteStack":
            return [f"delete {words[2].rstrip(':')}"]
        case "RollBack":
            return [f"undo {words[7].rstrip(':')}"]
        case "ApplyStack":
            return [f"{record['kind']} {record['stack']}"]
        case "Wire":
            return [f"wire {action}" for action in record["actions"]]
    assert record["step"] == "WarmUp"
    return []


def untouched(aws: FakeAws) -> None:
    """As it was."""


def in_status(name: str, status: str) -> Callable[[FakeAws], None]:
    """A stack that is there already is in another status."""

    def prepare(aws: FakeAws) -> None:
        aws.stacks.stacks[name] = replace(aws.stacks.stacks[name], status=status)
        if status in ("ROLLBACK_COMPLETE", "CREATE_FAILED"):
            aws.stacks.stacks[name] = replace(aws.stacks.stacks[name], outputs={})
            aws.apis.wirings.clear()

    return prepare


def gone(name: str) -> Callable[[FakeAws], None]:
    """A stack was deleted by hand."""

    def prepare(aws: FakeAws) -> None:
        del aws.stacks.stacks[name]
        if name == INFERENCE:
            aws.apis.wirings.clear()

    return prepare


def uploads_gone(aws: FakeAws) -> None:
    for objects in aws.buckets.objects.values():
        objects.clear()


# What was deployed before (None: nothing), what happened to it, what is wanted now.
SCENES: dict[str, tuple[dict[str, Any] | None, Callable[[FakeAws], object], dict[str, Any]]] = {
    "first, long": (None, untouched, {}),
    "first, short": (None, untouched, {"route": "short"}),
    "first, with a key": (None, untouched, {"overrides": {"ApiAuth": "API_KEY"}}),
    "first, no network out": (None, untouched, {"overrides": {"InternetEgress": "none"}}),
    "nothing": ({}, untouched, {}),
    "nothing, short": ({"route": "short"}, untouched, {"route": "short"}),
    "function": ({}, untouched, {"overrides": {"MemorySize": "2048"}}),
    "network": ({}, untouched, {"overrides": {"ThroughputMode": "elastic"}}),
    "other packages": ({}, untouched, {"overrides": {"PythonRuntime": "python3.12"}}),
    "a key": ({}, untouched, {"overrides": {"ApiAuth": "API_KEY"}}),
    "no key": ({"overrides": {"ApiAuth": "API_KEY"}}, untouched, {"reset": ("ApiAuth",)}),
    "uploads are gone": ({}, uploads_gone, {}),
    "EFS stack is gone": ({}, gone(EFS), {}),
    "function's stack is gone": ({}, gone(INFERENCE), {}),
    "EFS stack's creation failed": ({}, in_status(EFS, "ROLLBACK_COMPLETE"), {}),
    "function's creation failed": ({}, in_status(INFERENCE, "CREATE_FAILED"), {}),
    "update failed": (
        {},
        in_status(INFERENCE, "UPDATE_FAILED"),
        {"continue_rollback": True, "overrides": {"Timeout": "60"}},
    ),
    "rollback failed": (
        {"route": "short"},
        in_status(COMPLETE, "UPDATE_ROLLBACK_FAILED"),
        {"route": "short", "continue_rollback": True, "overrides": {"Timeout": "60"}},
    ),
}


@pytest.mark.parametrize("scene", SCENES)
def test_what_a_plan_shows_is_what_a_deploy_does(aws: FakeAws, scene: str) -> None:
    before, happen, options = SCENES[scene]
    if before is not None:
        deployed(aws, **before)
    happen(aws)
    aws.journal.clear()
    aws.functions.invoked.clear()
    records = planned(aws, **options)
    deployed(aws, **options)
    certain = [line for record in records if ": if " not in record["text"] for line in performed(record)]
    possible = [line for record in records for line in performed(record)]
    assert aws.journal in (certain, possible)
    assert bool(aws.functions.invoked) == any(record["step"] == "WarmUp" for record in records)
    assert bool(records) == (not scene.startswith("nothing"))


def test_an_efs_stack_that_changes_nothing_for_the_function_leaves_it_alone(aws: FakeAws) -> None:
    deployed(aws)
    aws.journal.clear()
    said = deployed(aws, overrides={"ThroughputMode": "elastic"})
    assert aws.journal == [f"update {EFS}"]
    assert f"stack {INFERENCE} needs no change" in said.texts("event")


@pytest.mark.parametrize(("route", "names"), [("long", [EFS, INFERENCE]), ("short", [COMPLETE])])
def test_a_creation_is_shown_with_all_that_it_makes(aws: FakeAws, route: str, names: list[str]) -> None:
    records = [record for record in planned(aws, route=route) if record["step"] == "ApplyStack"]
    assert [record["stack"] for record in records] == names
    for record, stack in zip(records, wanted(route).stacks, strict=True):
        assert {change["action"] for change in record["changes"]} == {"Add"}
        shown = {change["logical_id"]: change["type"] for change in record["changes"]}
        assert Made(shown, {}) == made(stack.body, stack.parameters)
        assert "  Add " in record["text"]


def test_an_update_is_shown_with_the_changes_that_a_deploy_then_reports(aws: FakeAws) -> None:
    deployed(aws)
    changes = (FUNCTION, ResourceChange("PrivateRoute", "AWS::EC2::Route", "Add"))
    aws.stacks.changes[INFERENCE] = changes
    (record, _) = planned(aws, overrides={"MemorySize": "2048"})
    assert record["changes"] == [vars(change) for change in changes]
    said = deployed(aws, overrides={"MemorySize": "2048"})
    reported = [text.removeprefix(f"{INFERENCE}  ") for text in said.texts("event")]
    assert all(change_text(change) in reported for change in changes)
    assert all(f"  {change_text(change)}" in record["text"] for change in changes)


@pytest.mark.parametrize("work", [planned, deployed])
def test_what_is_in_the_way_is_told_before_anything_is_changed(aws: FakeAws, work: Callable[..., object]) -> None:
    aws.account.answers["addresses"] = Usage({"": 5}, 5)
    with pytest.raises(Unready, match="nothing was changed"):
        work(aws)
    assert aws.journal == []
    work(aws, overrides={"InternetEgress": "none"})


@pytest.mark.parametrize(("endpoint", "costs"), [("", True), ("http://127.0.0.1:9", False)], ids=["AWS", "local"])
def test_a_plan_tells_what_it_costs_where_it_costs(aws: FakeAws, tmp_path: Path, endpoint: str, costs: bool) -> None:
    said, target = Said(), Target(endpoint=endpoint, efs_directory=tmp_path / "efs" if endpoint else None)
    assert preview(aws.gateways, wild_rydes(), target, said).changes
    assert any("idle cost" in text for text in said.texts("output")) == costs


# Losses are refused by both, unless they are named.


@pytest.mark.parametrize("change", [VPC, replace(VPC, action="Remove", replacement="False")], ids=["replace", "remove"])
@pytest.mark.parametrize("work", [planned, deployed])
def test_a_loss_must_be_named(aws: FakeAws, work: Callable[..., object], change: ResourceChange) -> None:
    deployed(aws)
    aws.journal.clear()
    aws.stacks.changes[EFS] = (change, FUNCTION)
    asked = {"ThroughputMode": "elastic"}
    with pytest.raises(Refused, match=r"would lose data or network: .*add --allow-replace LambdaEFSMLVPC$") as error:
        work(aws, overrides=asked)
    assert error.value.exit_code == 4
    assert aws.journal == []
    assert aws.stacks.pending == []
    work(aws, overrides=asked, allow_replace=("LambdaEFSMLVPC",))
    assert aws.journal == ([f"update {EFS}"] if work is deployed else [])


def test_a_loss_is_shown_before_it_is_refused(aws: FakeAws) -> None:
    deployed(aws)
    aws.stacks.changes[EFS] = (VPC,)
    said = Said()
    with pytest.raises(Refused):
        preview(aws.gateways, wild_rydes(overrides={"ThroughputMode": "elastic"}), Target(), said)
    assert "Modify LambdaEFSMLVPC (AWS::EC2::VPC), replaced" in said.texts("plan")[0]


# An update that failed: what it left is known when it is undone.


def test_efs_is_filled_anew_after_a_failed_update_was_undone(aws: FakeAws) -> None:
    """While it has failed, a stack tells the parameters of the failed update; EFS still holds what was before."""
    deployed(aws)
    new = {"overrides": {"PythonRuntime": "python3.12"}}
    before = aws.stacks.stacks[EFS]
    failed = replace(before, status="UPDATE_FAILED", parameters={**before.parameters, "PythonRuntime": "python3.12"})
    aws.stacks.stacks[EFS] = failed

    class Undone(FakeStacks):
        def undo(self, stack: Stack) -> None:
            super().undo(replace(before, status=stack.status))

    aws.stacks.__class__ = Undone
    aws.journal.clear()
    deployed(aws, continue_rollback=True, **new)
    assert aws.journal == [f"undo {EFS}", f"update {EFS}", f"update {EFS}", f"update {INFERENCE}"]


def test_an_undoing_that_leaves_nothing_to_do_is_proven(aws: FakeAws) -> None:
    deployed(aws)
    aws.stacks.stacks[INFERENCE] = replace(aws.stacks.stacks[INFERENCE], status="UPDATE_FAILED")
    aws.journal.clear()
    aws.functions.invoked.clear()
    said = deployed(aws, continue_rollback=True)
    assert aws.journal == [f"undo {INFERENCE}"]
    assert aws.functions.invoked == ["ml_inferencefunction:live"]
    assert [text.split()[0] for text in said.texts("plan")] == ["roll", "update", "warm", "warm"], "planned anew"


# Steps one by one.


def test_a_model_s_upload_is_shown_once(aws: FakeAws, tmp_path: Path) -> None:
    (tmp_path / "saved_model.pb").write_bytes(b"graph")
    records = planned(aws, model=str(tmp_path))
    assert [record["text"].split("/")[3] for record in records if record["step"] == "Upload"] == ["code", "model"]
    deployed(aws, model=str(tmp_path))
    assert aws.journal[1:3] == ["upload code", "upload model"]
    assert planned(aws, model=str(tmp_path)) == []


def test_a_step_is_told_when_it_is_taken(aws: FakeAws) -> None:
    said = deployed(aws)
    heads = [text.splitlines()[0] for text in said.texts("plan")]
    assert len(heads) == 6
    assert [text for text in said.texts("event") if text in heads] == heads

"""A deployment that is not the workshop: a queue, a function that reads it and an alarm, each a stack of its own.

Nothing fills EFS, and nothing is asked at the end.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from wildrydes_ml.aws.records import Stack as FoundStack
from wildrydes_ml.aws.records import StackResource
from wildrydes_ml.aws.target import Target
from wildrydes_ml.deploy.deployer import Deployed, deploy, preview
from wildrydes_ml.deploy.desired import describe
from wildrydes_ml.deploy.health import status
from wildrydes_ml.deploy.model import Model
from wildrydes_ml.deploy.settings import Settings
from wildrydes_ml.deploy.steps import ApplyStack, as_record
from wildrydes_ml.deployment import Code, Deployment, Filling, Kept, Proof, Stack, StackOutput
from wildrydes_ml.destroy.destroyer import destroy
from wildrydes_ml.errors import Refused, SettingsError, WildrydesError
from wildrydes_ml.tags import TAG
from wildrydes_ml.template.source import Source
from wildrydes_ml.testing import IDENTITY, FakeAws, Said

QUEUE, READER, ALARM = "orders-queue", "orders-reader", "orders-alarm"
BUCKET = "orders-123456789012-eu-west-1"
TEAM: dict[str, Any] = {"overrides": {"Team": "fleet"}}


def source(name: str, parameters: Mapping[str, Any], resource: Mapping[str, Any], output: str = "") -> Source:
    """A template of one resource; its output, if it has one, is the resource's ARN."""
    outputs = {output: {"Value": {"Fn::GetAtt": ["It", "Arn"]}}} if output else {}
    body = {"Parameters": parameters, "Resources": {"It": resource}, "Outputs": outputs}
    return Source(f"{name}.json", json.dumps(body), body)


def text(**more: str) -> dict[str, str]:
    return {"Type": "String", **more}


def orders(code: Path) -> Deployment:
    queue = source(
        "queue",
        {"Seconds": {"Type": "Number", "Default": 60, "MinValue": 1}, "Kind": text()},
        {"Type": "AWS::SQS::Queue", "Properties": {"Delay": {"Ref": "Seconds"}, "Kind": {"Ref": "Kind"}}},
        "QueueArn",
    )
    names = ("From", "DataBucket", "CodeKey", "Memory", "Team")
    reader = source(
        "reader",
        {"From": text(), "DataBucket": text(), "CodeKey": text(), "Memory": text(Default="128"),
         "Team": text(Description="Who answers for it.")},
        {"Type": "AWS::Lambda::Function", "Properties": {name: {"Ref": name} for name in names}},
        "ReaderArn",
    )  # fmt: skip
    both = {"Watched": text(), "Limit": text(Default="1")}
    alarm = source(
        "alarm", both, {"Type": "AWS::CloudWatch::Alarm", "Properties": {name: {"Ref": name} for name in both}}
    )
    return Deployment(
        "orders",
        (
            Stack(queue, "queue", parameters={"Kind": "fifo"}),
            Stack(reader, "reader", inputs={"From": (StackOutput("queue", "QueueArn"),)}),
            Stack(
                alarm,
                "alarm",
                inputs={"Watched": (StackOutput("queue", "QueueArn"), StackOutput("reader", "ReaderArn"))},
            ),
        ),
        code=(Code(code),),
    )


def told(stack: FoundStack) -> Mapping[str, str]:
    """A queue's ARN changes with its delay, as that of one that is replaced."""
    if stack.name.endswith("-queue"):
        return {"QueueArn": f"arn:queue-{stack.parameters['Seconds']}"}
    return {"ReaderArn": "arn:reader"} if stack.name.endswith("-reader") else {}


@pytest.fixture
def code(tmp_path: Path) -> Path:
    (tmp_path / "app.py").write_text("def handler(event, context): ...\n")
    return tmp_path


@pytest.fixture
def aws() -> FakeAws:
    return FakeAws(told)


Run = Callable[..., Deployed]


@pytest.fixture
def run(aws: FakeAws, code: Path) -> Run:
    """Deploys with settings' options; the journal tells of this deploy alone."""

    def run(said: Said | None = None, **options: Any) -> Deployed:
        aws.journal.clear()
        return deploy(aws.gateways, settings(code, **options), Target(), said or Said())

    return run


def settings(code: Path, **options: Any) -> Settings:
    return Settings((orders(code),), **options)


def removed(aws: FakeAws, code: Path, **options: Any) -> bool:
    aws.journal.clear()
    return destroy(aws.gateways, settings(code, **options), Target(), Said(), lambda lines: None)


def test_the_stacks_are_made_in_order_and_fed_with_each_other_s_outputs(run: Run, aws: FakeAws) -> None:
    said = Said()
    done = run(said, **TEAM)
    assert aws.journal == [f"make bucket {BUCKET}", "upload code", *(f"create {one}" for one in (QUEUE, READER, ALARM))]
    parameters = {name: found.parameters for name, found in aws.stacks.stacks.items()}
    key, note = aws.buckets.objects[BUCKET]
    assert key.startswith("code/orders-")
    assert note == "template/orders-stacks.json"
    assert parameters == {
        QUEUE: {"Seconds": "60", "Kind": "fifo"},
        READER: {"From": "arn:queue-60", "DataBucket": BUCKET, "CodeKey": key, "Memory": "128", "Team": "fleet"},
        ALARM: {"Watched": "arn:queue-60,arn:reader", "Limit": "1"},
    }
    assert {found.tags[TAG] for found in aws.stacks.stacks.values()} == {"orders"}
    assert (done.changed, done.answer, done.api_url) == (True, None, "")
    assert done.outputs == {"QueueArn": "arn:queue-60", "ReaderArn": "arn:reader"}
    assert aws.functions.invoked == []
    assert said.texts("warning") == ["orders has no proof, so it was not checked whether it answers"]


def test_a_second_deploy_changes_nothing_and_needs_no_value_again(run: Run, aws: FakeAws) -> None:
    run(**TEAM)
    assert not run().changed
    assert aws.journal == []


def test_new_settings_hold_and_change_the_stack_in_the_middle_alone(run: Run, aws: FakeAws) -> None:
    run(**TEAM)
    assert run(overrides={"Memory": "256"}).changed
    assert aws.journal == [f"update {READER}"]
    assert aws.stacks.stacks[READER].parameters["Memory"] == "256"
    assert aws.stacks.stacks[READER].parameters["Team"] == "fleet"
    assert not run().changed
    run(reset=("Memory",))
    assert aws.stacks.stacks[READER].parameters["Memory"] == "128"


def test_new_code_changes_its_stack_alone(run: Run, aws: FakeAws, code: Path) -> None:
    run(**TEAM)
    (code / "app.py").write_text("def handler(event, context): return 1\n")
    run()
    assert aws.journal == ["upload code", f"update {READER}"]


def test_another_output_reaches_all_that_are_fed_with_it(run: Run, aws: FakeAws) -> None:
    run(**TEAM)
    run(overrides={"Seconds": "90"})
    assert aws.journal == [f"update {one}" for one in (QUEUE, READER, ALARM)]
    assert aws.stacks.stacks[READER].parameters["From"] == "arn:queue-90"
    assert aws.stacks.stacks[ALARM].parameters["Watched"] == "arn:queue-90,arn:reader"


def test_what_a_failed_creation_left_in_the_middle_is_made_again(run: Run, aws: FakeAws) -> None:
    aws.stacks.endings[READER] = ["ROLLBACK_COMPLETE"]
    with pytest.raises(WildrydesError, match=READER):
        run(**TEAM)
    run(**TEAM)
    assert aws.journal == [f"delete {READER}", f"create {READER}", f"create {ALARM}"]


def test_a_preview_tells_of_all_steps_and_takes_none(aws: FakeAws, code: Path) -> None:
    said = Said()
    assert preview(aws.gateways, settings(code, **TEAM), Target(), said).changes
    heads = [line.splitlines()[0] for line in said.texts("plan")]
    assert [head.partition(" from ")[0] for head in heads[2:]] == [
        f"create stack {one}" for one in (QUEUE, READER, ALARM)
    ]
    assert aws.journal == []


def test_a_parameter_without_a_value_is_asked_for_by_name(run: Run, aws: FakeAws) -> None:
    with pytest.raises(SettingsError) as error:
        run()
    assert error.value.faults == (
        f"parameter Team of stack {READER} has no value: add --set Team=VALUE (Who answers for it.)",
    )
    assert aws.journal == []


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("From", "it comes from stack queue"),
        ("Kind", "the deployment decides it"),
        ("CodeKey", "it holds the digest of the code"),
        ("DataBucket", "use --bucket"),
        ("Timeout", "no such parameter; there are Limit, Memory, Seconds, Team"),
    ],
)
def test_what_cannot_be_set_is_told_with_the_reason(code: Path, name: str, says: str) -> None:
    with pytest.raises(SettingsError) as error:
        settings(code, overrides={name: "x"})
    (fault,) = error.value.faults
    assert says in fault


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (
            {"preset": "lean"},
            "--preset 'lean': orders has no presets; set its parameters with --set: Limit, Memory, Seconds, Team",
        ),
        ({"route": "short"}, "--route 'short': there is only one way to deploy orders; leave the option out"),
        ({"model": "m.tar"}, "--model m.tar: orders takes no model"),
    ],
)
def test_what_the_deployment_has_not_is_refused(code: Path, options: dict[str, Any], says: str) -> None:
    with pytest.raises(SettingsError) as error:
        settings(code, **options)
    assert [fault for fault in error.value.faults if fault.startswith(says)] == list(error.value.faults)


def test_another_name_is_another_deployment(run: Run, aws: FakeAws, code: Path) -> None:
    run(**TEAM)
    run(name="returns", **TEAM)
    assert set(aws.stacks.stacks) >= {"returns-queue", "returns-reader", "returns-alarm"}
    assert removed(aws, code, name="returns")
    assert not run().changed


def test_the_stacks_go_in_reverse_order_and_the_bucket_with_them(run: Run, aws: FakeAws, code: Path) -> None:
    run(**TEAM)
    assert removed(aws, code)
    assert aws.journal == [
        *(f"delete {one}" for one in (ALARM, READER, QUEUE)),
        "remove 2 versions",
        f"delete bucket {BUCKET}",
    ]
    assert not removed(aws, code)


def test_the_function_s_log_group_goes_too(run: Run, aws: FakeAws, code: Path) -> None:
    run(**TEAM)
    aws.stacks.held[READER] = [StackResource("It", "AWS::Lambda::Function", "orders-reader-It-1A2B")]
    group = "/aws/lambda/orders-reader-It-1A2B"
    aws.functions.log_groups[group] = {TAG: "orders"}
    assert removed(aws, code)
    assert f"delete log group {group}" in aws.journal


def test_nothing_can_be_kept_where_the_deployment_keeps_nothing(run: Run, aws: FakeAws, code: Path) -> None:
    run(**TEAM)
    with pytest.raises(Refused, match="--keep-data: orders keeps no files on EFS; run without --keep-data"):
        removed(aws, code, keep_data=True)
    assert aws.journal == []


@pytest.mark.parametrize("id", ["queue", ""])
def test_what_the_deployment_keeps_stays_as_it_is(aws: FakeAws, code: Path, id: str) -> None:
    queue, reader, _ = orders(code).stacks
    fed = replace(reader, inputs={"From": (StackOutput(id, "QueueArn"),)})
    kept = replace(orders(code), stacks=(replace(queue, id=id), fed), kept=Kept(id))
    name, options = kept.stack_names("orders")[0], Settings((kept,), **TEAM)
    aws.stacks.put(name, "CREATE_COMPLETE", queue.source.text, tags={TAG: "orders"}, outputs={"QueueArn": "arn:queue"},
                   parameters={"Seconds": "60", "Kind": "fifo"})  # fmt: skip
    deploy(aws.gateways, options, Target(), Said())
    assert aws.stacks.stacks[READER].parameters["From"] == "arn:queue"
    aws.journal.clear()
    assert destroy(aws.gateways, replace(options, keep_data=True), Target(), Said(), lambda lines: None)
    assert aws.journal == [f"delete {READER}"]
    assert aws.stacks.stacks[name].status == "CREATE_COMPLETE"


def test_what_is_on_efs_is_told_to_the_stacks_after_the_one_that_fills_it_alone(code: Path) -> None:
    rows = {"Revision": text(Default="")}
    one, two, three = (source(name, rows, {"Type": "AWS::SNS::Topic"}, "EFSContents") for name in ("a", "b", "c"))
    stacks = (Stack(one, "a"), Stack(two, "b"), Stack(three, "c"))
    whole = Settings((Deployment("orders", stacks, filling=Filling(stack="b")),))
    desired = describe(whole, Target(), IDENTITY, Model(""))
    outputs = {"orders-b": {"EFSContents": "a model"}}
    assert [desired.contents(stack, outputs) for stack in desired.stacks] == ["", "", "a model"]


def test_a_stranger_s_stack_of_the_name_is_left_alone(run: Run, aws: FakeAws, code: Path) -> None:
    aws.stacks.put(READER, "CREATE_COMPLETE", "{}")
    for act in (lambda: run(**TEAM), lambda: removed(aws, code)):
        with pytest.raises(Refused, match=READER):
            act()
        assert aws.journal == []


def asked(**options: Any) -> Proof:
    """A proof that the one output of a deployment is enough for."""
    return Proof(**{"body": b"{}", "headers": {}, "read": lambda reply: Fine(), "event": {}, "api": "Url", "url": "Url",
                    "function": lambda values, outputs: "f", **options})  # fmt: skip


@dataclass(frozen=True)
class Fine:
    """What says that all is well."""

    error: str = ""

    def describe(self) -> str:
        return "well"

    def record(self) -> dict[str, Any]:
        return {}


@pytest.mark.parametrize(("there", "changes"), [("v1", False), ("v2", True)])
def test_a_stage_of_any_name_is_looked_for_by_that_name(aws: FakeAws, there: str, changes: bool) -> None:
    api = source("api", {}, {"Type": "AWS::ApiGateway::Stage"}, "Url")
    aws.stacks.put("scorer", "CREATE_COMPLETE", api.text, tags={TAG: "scorer"},
                   outputs={"Url": "https://a.execute-api.eu-west-1.amazonaws.com/v1"})  # fmt: skip
    aws.apis.stage = there
    aws.buckets.objects["scorer-123456789012-eu-west-1"] = {}
    plan = preview(aws.gateways, Settings((Deployment("scorer", (Stack(api),), proof=asked()),)), Target(), Said())
    assert [step.desired.name for step in plan.steps if isinstance(step, ApplyStack)] == ["scorer", "scorer"] * changes


def test_status_tells_of_stacks_and_that_nothing_was_asked(run: Run, aws: FakeAws, code: Path) -> None:
    run(**TEAM)
    said = Said()
    assert status(aws.gateways, settings(code), Target(), said).api_url == ""
    assert f"stack {ALARM}: CREATE_COMPLETE" in " ".join(said.texts("output"))
    assert said.texts("output")[-1] == "orders has no proof, so it was not checked whether it answers"
    del aws.stacks.stacks[ALARM]
    with pytest.raises(WildrydesError):
        status(aws.gateways, settings(code), Target(), said)


def test_a_secret_that_does_not_fit_is_not_told() -> None:
    secret = source("api", {"Secret": text(NoEcho="true", MinLength="8")}, {"Type": "AWS::SNS::Topic"})
    with pytest.raises(SettingsError) as error:
        Settings((Deployment("scorer", (Stack(secret),)),), overrides={"Secret": "hush"})
    assert error.value.faults == ("--set Secret=****: must have 8 to 4096 characters",)


@pytest.mark.parametrize("held", ["****", "open secret"])
def test_a_new_secret_is_not_told_in_the_plan(aws: FakeAws, held: str) -> None:
    secret = source("api", {"Secret": text(NoEcho="true")}, {"Type": "AWS::SNS::Topic", "Name": {"Ref": "Secret"}})
    aws.stacks.put("scorer", "CREATE_COMPLETE", secret.text, tags={TAG: "scorer"}, parameters={"Secret": held})
    settings, said = Settings((Deployment("scorer", (Stack(secret),)),), overrides={"Secret": "hush hush"}), Said()
    plan = preview(aws.gateways, settings, Target(), said)
    (step,) = (step for step in plan.steps if isinstance(step, ApplyStack))
    assert "Secret **** → ****" in step.describe()
    assert "hush" not in f"{as_record(step)} {said.texts('plan')}"
    deploy(aws.gateways, settings, Target(), said)
    assert aws.stacks.stacks["scorer"].parameters == {"Secret": "hush hush"}


def kept_by_systems_manager(**more: str) -> Deployment:
    row = {"Where": {"Type": "AWS::SSM::Parameter::Value<String>", **more}}
    return Deployment("scorer", (Stack(source("api", row, {"Type": "AWS::SNS::Topic", "Name": {"Ref": "Where"}})),))


@pytest.mark.parametrize(
    ("more", "asked"),
    [({"Default": "/where"}, {}), ({}, {"Where": "/where"}), ({"Default": "/x"}, {"Where": "/where"})],
)
def test_an_emulator_that_tells_a_stored_value_for_its_name_changes_nothing(
    aws: FakeAws, tmp_path: Path, more: dict[str, str], asked: dict[str, str]
) -> None:
    settings = Settings((kept_by_systems_manager(**more),), overrides=asked)
    here = Target(endpoint="http://127.0.0.1:1")
    deploy(aws.gateways, settings, here, Said())
    assert aws.stacks.stacks["scorer"].parameters == {"Where": "/where"}
    aws.stacks.stacks["scorer"] = replace(aws.stacks.stacks["scorer"], parameters={"Where": "the value"})
    assert not deploy(aws.gateways, settings, here, Said()).changed


BY_REGION = {"Fn::Equals": [{"Ref": "AWS::Region"}, "eu-west-1"]}


@pytest.mark.parametrize("rule", [BY_REGION, {"Fn::Equals": [{"Ref": "Where"}, "here"]}])
def test_what_only_cloudformation_can_decide_is_planned_as_such_and_made(aws: FakeAws, rule: dict[str, Any]) -> None:
    body = {
        "Parameters": {"Where": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/where"}},
        "Conditions": {"Near": rule},
        "Resources": {"Copy": {"Type": "AWS::S3::Bucket", "Condition": "Near"}, "It": {"Type": "AWS::SNS::Topic"}},
    }
    settings = Settings((Deployment("scorer", (Stack(Source("api.json", json.dumps(body), body)),)),))
    (step,) = (one for one in preview(aws.gateways, settings, Target(), Said()).steps if isinstance(one, ApplyStack))
    assert step.describe().splitlines()[1:] == [
        "  Add It (AWS::SNS::Topic)",
        "  Add Copy (AWS::S3::Bucket), if condition Near holds",
    ]
    assert [(one["logical_id"], one["condition"]) for one in as_record(step)["changes"]] == [
        ("It", ""),
        ("Copy", "Near"),
    ]
    assert deploy(aws.gateways, settings, Target(), Said()).changed


def test_a_plan_speaks_of_efs_only_where_there_is_one(run: Run, aws: FakeAws, code: Path) -> None:
    run(**TEAM)
    wanted = settings(code, overrides={"Seconds": "9"})
    told = [step.describe() for step in preview(aws.gateways, wanted, Target(), Said()).steps]
    assert "update stack orders-reader from reader.json: if the outputs of the stacks before it change" in told


def test_on_aws_the_name_of_a_stored_value_holds(aws: FakeAws) -> None:
    deploy(aws.gateways, Settings((kept_by_systems_manager(),), overrides={"Where": "/where"}), Target(), Said())
    assert not deploy(aws.gateways, Settings((kept_by_systems_manager(),)), Target(), Said()).changed


@pytest.mark.parametrize(
    ("target", "runtime"),
    [
        (Target(), "theirs"),
        (Target(endpoint="http://127.0.0.1:1", parameters={"PythonRuntime": "the emulator's"}), "the emulator's"),
    ],
    ids=["aws", "local"],
)
def test_packages_are_those_of_the_python_that_runs_the_function(
    aws: FakeAws, code: Path, target: Target, runtime: str
) -> None:
    (code / "requirements.txt").write_text("numpy==1.0\n")
    whole = replace(orders(code), code=(Code(code, runtime="theirs"),))
    with pytest.raises(SettingsError, match=f"its packages need a Python runtime, but {runtime} is not one"):
        deploy(aws.gateways, Settings((whole,), **TEAM), target, Said())


def test_a_missing_value_is_told_before_packages_are_installed(aws: FakeAws, code: Path) -> None:
    (code / "requirements.txt").write_text("numpy==1.0\n")
    whole = replace(orders(code), code=(Code(code, runtime="no Python"),))
    with pytest.raises(SettingsError, match="parameter Team of stack orders-reader has no value"):
        deploy(aws.gateways, Settings((whole,)), Target(), Said())


def secretive() -> Deployment:
    rows = {"Secret": text(NoEcho="true")}
    resource = {"Type": "AWS::SNS::Topic", "Name": {"Ref": "Secret"}}
    return Deployment("scorer", (Stack(source("a", rows, resource), "a"), Stack(source("b", rows, resource), "b")))


def test_a_secret_is_asked_for_again_where_no_stack_keeps_it(aws: FakeAws) -> None:
    first = Settings((secretive(),), overrides={"Secret": "hush"})
    deploy(aws.gateways, first, Target(), Said())
    for name, stack in aws.stacks.stacks.items():
        aws.stacks.stacks[name] = replace(stack, parameters={"Secret": "****"})
    assert not deploy(aws.gateways, Settings((secretive(),)), Target(), Said()).changed
    aws.journal.clear()
    failed = replace(aws.stacks.stacks.pop("scorer-b"), status="ROLLBACK_COMPLETE")
    for left in ({}, {"scorer-b": failed}):
        aws.stacks.stacks |= left
        with pytest.raises(SettingsError) as error:
            deploy(aws.gateways, Settings((secretive(),)), Target(), Said())
        assert error.value.faults == (
            "parameter Secret is a secret, and stack scorer-b no longer exists to keep it: add --set "
            "Secret=VALUE again",
        )
        assert aws.journal == []
    deploy(aws.gateways, first, Target(), Said())
    assert aws.journal[-1] == "create scorer-b"


@pytest.mark.parametrize(("value", "kind"), [(256, "int"), (True, "bool"), (None, "NoneType")])
def test_a_value_that_a_program_gives_is_text(code: Path, value: object, kind: str) -> None:
    with pytest.raises(SettingsError) as error:
        settings(code, overrides={"Memory": value})
    assert error.value.faults == (f"--set Memory: its value must be text, such as '1', and not of type {kind}",)


def test_each_stack_keeps_its_own_default_of_a_parameter_that_several_have(aws: FakeAws) -> None:
    def stack(id: str, default: str) -> Stack:
        resource = {"Type": "AWS::SNS::Topic", "Name": {"Ref": "Memory"}}
        return Stack(source(id, {"Memory": {"Type": "Number", "Default": int(default)}}, resource), id)

    def memory(**options: Any) -> list[str]:
        deploy(
            aws.gateways,
            Settings((Deployment("two", (stack("a", "128"), stack("b", "512"))),), **options),
            Target(),
            Said(),
        )
        return [aws.stacks.stacks[name].parameters["Memory"] for name in ("two-a", "two-b")]

    assert memory() == ["128", "512"]
    assert memory(overrides={"Memory": "512"}) == ["512", "512"]
    assert memory() == ["512", "512"]
    assert memory(overrides={"Memory": "128"}) == ["128", "128"]
    assert memory() == ["128", "128"]
    assert memory(reset=("Memory",)) == ["128", "512"]

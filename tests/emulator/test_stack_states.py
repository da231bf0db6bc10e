"""Stacks as other people and failures leave them, on MiniStack."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from wildrydes_ml.aws.session import Aws
from wildrydes_ml.aws.target import Target
from wildrydes_ml.deploy import deployer as deploying
from wildrydes_ml.deploy.deployer import Deployer
from wildrydes_ml.deploy.steps import ApplyStack, DeleteStack, Fill, WarmUp, Wire
from wildrydes_ml.destroy import destroyer
from wildrydes_ml.errors import InterruptedWork, Refused, WildrydesError
from wildrydes_ml.reporting import JsonReporter
from wildrydes_ml.workshop.settings import wild_rydes

from .conftest import Command, client

STRANGER = "Resources: {Bucket: {Type: 'AWS::S3::Bucket', Properties: {BucketName: somebody-elses}}}"
# There is no such file system, so that the creation fails and is rolled back.
FAILING = "Resources: {Mount: {Type: 'AWS::EFS::MountTarget', Properties: {FileSystemId: fs-0, SubnetId: s}}}"
TAG = [{"Key": "wildrydes-ml", "Value": "wildrydes-ml"}]


@pytest.fixture
def log(tmp_path: Path) -> Any:
    with (tmp_path / "log.jsonl").open("w+") as file:
        yield file


def applied(aws: Aws, place: Target, log: Any, **settings: Any) -> Deployer:
    """Takes every step but filling and warming up, for which these tests have no need."""
    deployer = Deployer.planned(aws, wild_rydes(**settings), place, JsonReporter(log))
    for step in deployer.plan.steps:
        if not isinstance(step, (Fill, WarmUp)):
            deployer.run(step)
    return deployer


def planned(aws: Aws, place: Target, log: Any, **settings: Any) -> list[dict[str, Any]]:
    """The records of `--plan`."""
    begin = log.tell()
    deploying.preview(aws, wild_rydes(**settings), place, JsonReporter(log))
    return [step for line in written(log, begin) if line["type"] == "plan" for step in line["steps"]]


def updates(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those that concern stacks; these tests never fill EFS, so that each plan wants to."""
    return [record for record in records if record["step"] == "ApplyStack"]


def written(log: Any, begin: int) -> list[dict[str, Any]]:
    """What was reported since."""
    log.seek(begin)
    return [json.loads(line) for line in log]


def test_a_strangers_stack_is_neither_updated_nor_deleted(aws: Aws, place: Target, log: Any) -> None:
    stranger = client(place, "cloudformation")
    stranger.create_stack(StackName="wildrydes-ml-mod5-inf", TemplateBody=STRANGER)
    for work in (
        lambda: applied(aws, place, log),
        lambda: destroyer.destroy(aws, wild_rydes(), place, JsonReporter(log), lambda found: None),
        lambda: deploying.preview(aws, wild_rydes(), place, JsonReporter(log)),
    ):
        with pytest.raises(Refused, match="wildrydes-ml-mod5-inf"):
            work()
    stacks = stranger.describe_stacks()["Stacks"]
    assert [(stack["StackName"], stack["StackStatus"]) for stack in stacks] == [
        ("wildrydes-ml-mod5-inf", "CREATE_COMPLETE")
    ]
    assert client(place, "s3").list_buckets()["Buckets"][0]["Name"] == "somebody-elses"


def test_a_failed_creation_is_deleted_and_made_again(aws: Aws, place: Target, log: Any) -> None:
    client(place, "cloudformation").create_stack(StackName="wildrydes-ml-mod5", TemplateBody=FAILING, Tags=TAG)
    _wait(aws, "wildrydes-ml-mod5", "ROLLBACK_COMPLETE")
    deployer = Deployer.planned(aws, wild_rydes(), place, JsonReporter(log))
    steps = deployer.plan.steps
    assert [type(step) for step in steps if isinstance(step, (DeleteStack, ApplyStack))] == [
        DeleteStack, ApplyStack, ApplyStack,
    ]  # fmt: skip
    applied(aws, place, log)
    stack = aws.stacks.describe("wildrydes-ml-mod5")
    assert stack
    assert stack.status == "CREATE_COMPLETE"


def test_a_reviewed_stack_that_never_came_to_be_is_made(aws: Aws, place: Target, log: Any) -> None:
    client(place, "cloudformation").create_change_set(
        StackName="wildrydes-ml-mod5", ChangeSetName="plan", ChangeSetType="CREATE", TemplateBody=STRANGER, Tags=TAG
    )
    _wait(aws, "wildrydes-ml-mod5", "REVIEW_IN_PROGRESS")
    applied(aws, place, log)
    stack = aws.stacks.describe("wildrydes-ml-mod5")
    assert stack
    assert stack.status == "CREATE_COMPLETE"


def test_a_stack_that_somebody_else_creates_is_not_created(aws: Aws, place: Target) -> None:
    client(place, "cloudformation").create_stack(StackName="wildrydes-ml-mod5", TemplateBody=STRANGER)
    with pytest.raises(InterruptedWork, match="another deployer is creating it"):
        aws.stacks.create("wildrydes-ml-mod5", STRANGER, {}, {})


def test_the_first_cause_of_a_failure_reaches_the_user(aws: Aws, place: Target, log: Any) -> None:
    deployer = Deployer.planned(aws, wild_rydes(), place, JsonReporter(log))
    efs, _ = deployer.plan.desired.stacks
    same_zone = {"AvailabilityZoneOne": "us-east-1a", "AvailabilityZoneTwo": "us-east-1a"}
    with pytest.raises(WildrydesError, match=r"wildrydes-ml-mod5 ended as ROLLBACK_COMPLETE: MountTargetResource2 \("):
        deployer.run(ApplyStack(efs.with_parameters(**same_zone), "create"))


def left_behind(place: Target) -> dict[str, list[str]]:
    """All that a plan could leave: stacks, whatever their status, change sets, buckets."""
    formation = client(place, "cloudformation")
    stacks = formation.list_stacks()["StackSummaries"]
    names = {stack["StackName"] for stack in stacks if stack["StackStatus"] != "DELETE_COMPLETE"}
    return {
        "stacks": sorted(f"{stack['StackName']} {stack['StackStatus']}" for stack in stacks),
        "change sets": [one for name in names for one in formation.list_change_sets(StackName=name)["Summaries"]],
        "buckets": [bucket["Name"] for bucket in client(place, "s3").list_buckets()["Buckets"]],
    }


@pytest.mark.parametrize("route", ["long", "short"])
def test_a_plan_changes_nothing_and_shows_the_resources_that_a_deploy_then_makes(
    aws: Aws, place: Target, log: Any, route: str
) -> None:
    records = planned(aws, place, log, route=route)
    assert left_behind(place) == {"stacks": [], "change sets": [], "buckets": []}
    applied(aws, place, log, route=route)
    for record in updates(records):
        shown = {change["logical_id"]: change["type"] for change in record["changes"]}
        made = {item.logical_id: item.type for item in aws.stacks.resources(record["stack"])}
        assert shown == made
        assert {change["action"] for change in record["changes"]} == {"Add"}


def test_a_plan_is_a_gate_for_programs(home: Path) -> None:
    lines = Command(home)("deploy", "--plan", "--fail-on-change", code=5)
    steps = [step for line in lines if line["type"] == "plan" for step in line["steps"]]
    assert [step["step"] for step in steps] == [
        "MakeBucket", "Upload", "ApplyStack", "Fill", "ApplyStack", "Wire", "WarmUp",
    ]  # fmt: skip
    assert (lines[-1]["ok"], lines[-1]["changed"], lines[-1]["changes"]) == (True, False, True)
    assert not home.exists(), "nor is the emulator left, which was started for it"


def test_a_plan_of_an_update_shows_the_changes_that_a_deploy_then_makes(aws: Aws, place: Target, log: Any) -> None:
    applied(aws, place, log)
    before, stacks = left_behind(place), client(place, "cloudformation").describe_stacks()["Stacks"]
    (update,) = updates(planned(aws, place, log, overrides={"Timeout": "60"}))
    assert left_behind(place) == before
    assert client(place, "cloudformation").describe_stacks()["Stacks"] == stacks
    assert (update["stack"], update["kind"]) == ("wildrydes-ml-mod5-inf", "update")
    assert "ModelInferenceFunction" in [change["logical_id"] for change in update["changes"]]
    begin = log.tell()
    applied(aws, place, log, overrides={"Timeout": "60"})
    told = [line["text"] for line in written(log, begin)]
    assert [f"  {text.partition('  ')[2]}" for text in told if text.startswith("wildrydes-ml-mod5-inf  Modify")] == [
        line for line in update["text"].splitlines()[1:] if line.startswith("  Modify")
    ]
    assert [record["changes"] for record in updates(planned(aws, place, log, overrides={"Timeout": "60"}))] == [[]]


def test_replacing_the_network_is_refused(aws: Aws, place: Target, log: Any) -> None:
    applied(aws, place, log)
    vpc, before = client(place, "ec2").describe_vpcs()["Vpcs"], left_behind(place)
    zones = {"AvailabilityZoneOne": "us-east-1c", "AvailabilityZoneTwo": "us-east-1d"}
    for work in (applied, planned):
        with pytest.raises(Refused, match="--allow-replace PrivateSubnetOne"):
            work(aws, place, log, overrides=zones)
    assert client(place, "ec2").describe_vpcs()["Vpcs"] == vpc
    assert left_behind(place) == before
    with pytest.raises(Refused) as refused:
        planned(aws, place, log, overrides=zones)
    names = tuple(re.findall(r"--allow-replace (\w+)", str(refused.value)))
    (update, *_) = updates(planned(aws, place, log, overrides=zones, allow_replace=names))
    assert "PrivateSubnetOne (AWS::EC2::Subnet), perhaps replaced" in update["text"]


def test_a_stack_made_with_the_plain_cli_is_ours(aws: Aws, place: Target, log: Any) -> None:
    from wildrydes_ml import efs_99, render

    parameters = [{"ParameterKey": key, "ParameterValue": "none"} for key in ("InternetEgress", "BootstrapInstance")]
    client(place, "cloudformation").create_stack(
        StackName="wildrydes-ml-mod5", TemplateBody=render(efs_99()), Parameters=parameters
    )
    applied(aws, place, log)
    assert destroyer.destroy(aws, wild_rydes(), place, JsonReporter(log), lambda found: None)
    assert aws.stacks.describe("wildrydes-ml-mod5") is None


def test_a_consoles_wiring_is_recognized(aws: Aws, place: Target, log: Any) -> None:
    deployer = Deployer.planned(aws, wild_rydes(), place, JsonReporter(log))
    for step in deployer.plan.steps:
        if not isinstance(step, (Fill, Wire, WarmUp)):
            deployer.run(step)
    gateway = client(place, "apigateway")
    api = gateway.get_rest_apis()["items"][0]["id"]
    root = gateway.get_resources(restApiId=api)["items"][0]["id"]
    gateway.put_method(restApiId=api, resourceId=root, httpMethod="ANY", authorizationType="NONE")
    function = client(place, "lambda").get_function_configuration(FunctionName="ml_inferencefunction")["FunctionArn"]
    gateway.put_integration(
        restApiId=api, resourceId=root, httpMethod="ANY", type="AWS_PROXY", integrationHttpMethod="POST",
        uri=f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{function}/invocations",
    )  # fmt: skip
    deployment = gateway.create_deployment(restApiId=api, stageName="prod")["id"]
    steps = Deployer.planned(aws, wild_rydes(), place, JsonReporter(log)).plan.steps
    assert [step.actions for step in steps if isinstance(step, Wire)] == [("throttle",)]
    applied(aws, place, log)
    assert gateway.get_stage(restApiId=api, stageName="prod")["deploymentId"] == deployment


def test_a_given_bucket_keeps_what_is_not_ours(aws: Aws, place: Target, log: Any) -> None:
    s3 = client(place, "s3")
    s3.create_bucket(Bucket="given")
    s3.put_object(Bucket="given", Key="code/theirs.zip", Body=b"theirs")
    applied(aws, place, log, bucket="given")
    assert len(s3.list_objects_v2(Bucket="given")["Contents"]) == 2
    destroyer.destroy(aws, wild_rydes(bucket="given"), place, JsonReporter(log), lambda found: None)
    assert [item["Key"] for item in s3.list_objects_v2(Bucket="given")["Contents"]] == ["code/theirs.zip"]


def test_our_bucket_is_private_encrypted_and_tls_only(aws: Aws, place: Target, log: Any) -> None:
    applied(aws, place, log)
    s3 = client(place, "s3")
    bucket = "wildrydes-ml-000000000000-us-east-1"
    assert all(s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"].values())
    rules = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rules[0]["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"
    assert "aws:SecureTransport" in s3.get_bucket_policy(Bucket=bucket)["Policy"]


def test_provisioned_concurrency_has_a_version_and_the_alias_follows(aws: Aws, place: Target, log: Any) -> None:
    applied(aws, place, log, overrides={"ProvisionedConcurrency": "1"})
    functions = client(place, "lambda")
    first = functions.get_alias(FunctionName="ml_inferencefunction", Name="live")["FunctionVersion"]
    applied(aws, place, log, overrides={"ProvisionedConcurrency": "1", "MinScore": "0.5"})
    second = functions.get_alias(FunctionName="ml_inferencefunction", Name="live")["FunctionVersion"]
    assert first != second
    assert (
        functions.get_function_configuration(FunctionName="ml_inferencefunction", Qualifier=second)["Environment"][
            "Variables"
        ]["MIN_SCORE"]
        == "0.5"
    )


def _wait(aws: Aws, name: str, status: str) -> None:
    for _ in range(200):
        stack = aws.stacks.describe(name)
        if stack and stack.status == status:
            return
        aws.stacks.pause()
    pytest.fail(f"{name} did not become {status}")


def test_the_short_routes_function_keeps_its_name(aws: Aws, place: Target, log: Any) -> None:
    applied(aws, place, log, route="short")
    named = {"FunctionName": "other"}
    with pytest.raises(Refused, match="FunctionName is ml_inferencefunction and would become other"):
        planned(aws, place, log, route="short", overrides=named)
    stack = aws.stacks.describe("wildrydes-ml-mod5-complete")
    assert stack
    assert stack.parameters["FunctionName"] == "ml_inferencefunction"
    uploaded = [item.key for item in aws.buckets.versions(stack.parameters["DataBucket"], "code/")]
    assert uploaded == [stack.parameters["CodeKey"]]

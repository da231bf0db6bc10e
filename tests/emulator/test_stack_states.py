"""Stacks as other people and failures leave them, on MiniStack."""

from pathlib import Path
from typing import Any

import pytest

from wildrydes_ml import deploying, destroying
from wildrydes_ml.aws import Aws
from wildrydes_ml.deploying import Deployer
from wildrydes_ml.errors import Refused, WildrydesError
from wildrydes_ml.planning import ApplyStack, DeleteStack, Fill, Wire
from wildrydes_ml.reporting import JsonReporter
from wildrydes_ml.settings import Settings, Target

from .conftest import client

STRANGER = "Resources: {Bucket: {Type: 'AWS::S3::Bucket', Properties: {BucketName: somebody-elses}}}"
# There is no such file system, so that the creation fails and is rolled back.
FAILING = "Resources: {Mount: {Type: 'AWS::EFS::MountTarget', Properties: {FileSystemId: fs-0, SubnetId: s}}}"
TAG = [{"Key": "wildrydes-ml", "Value": "wildrydes-ml"}]


@pytest.fixture
def log(tmp_path: Path) -> Any:
    with (tmp_path / "log.jsonl").open("w+") as file:
        yield file


def applied(aws: Aws, place: Target, log: Any, **settings: Any) -> Deployer:
    """Takes every step but filling, for which these tests have no need."""
    deployer = Deployer(aws, Settings(**settings), place, JsonReporter(log))
    for step in deployer.steps():
        if not isinstance(step, Fill):
            deployer.run(step)
    return deployer


def test_a_strangers_stack_is_neither_updated_nor_deleted(aws: Aws, place: Target, log: Any) -> None:
    stranger = client(place, "cloudformation")
    stranger.create_stack(StackName="wildrydes-ml-mod5-inf", TemplateBody=STRANGER)
    for work in (
        lambda: applied(aws, place, log),
        lambda: destroying.destroy(aws, Settings(), place, JsonReporter(log), lambda found: None),
        lambda: deploying.preview(aws, Settings(), place, JsonReporter(log)),
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
    deployer = Deployer(aws, Settings(), place, JsonReporter(log))
    steps = deployer.steps()
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


def test_the_first_cause_of_a_failure_reaches_the_user(aws: Aws, place: Target, log: Any) -> None:
    deployer = Deployer(aws, Settings(), place, JsonReporter(log))
    assert deployer.desired.efs
    same_zone = {"AvailabilityZoneOne": "us-east-1a", "AvailabilityZoneTwo": "us-east-1a"}
    with pytest.raises(WildrydesError, match=r"wildrydes-ml-mod5 ended as ROLLBACK_COMPLETE: MountTargetResource2 \("):
        deployer.run(ApplyStack(deployer.desired.efs.with_parameters(**same_zone), "create"))


def test_a_plan_changes_nothing(aws: Aws, place: Target, log: Any) -> None:
    assert deploying.preview(aws, Settings(), place, JsonReporter(log))
    assert client(place, "cloudformation").list_stacks()["StackSummaries"] == []
    applied(aws, place, log)
    before = client(place, "cloudformation").describe_stacks()["Stacks"]
    assert deploying.preview(aws, Settings(overrides={"Timeout": "60"}), place, JsonReporter(log))
    assert client(place, "cloudformation").describe_stacks()["Stacks"] == before


def test_replacing_the_network_is_refused(aws: Aws, place: Target, log: Any) -> None:
    applied(aws, place, log)
    vpc = client(place, "ec2").describe_vpcs()["Vpcs"]
    with pytest.raises(Refused, match="--allow-replace PrivateSubnetOne"):
        applied(aws, place, log, overrides={"AvailabilityZoneOne": "us-east-1c", "AvailabilityZoneTwo": "us-east-1d"})
    assert client(place, "ec2").describe_vpcs()["Vpcs"] == vpc


def test_a_stack_made_with_the_plain_cli_is_ours(aws: Aws, place: Target, log: Any) -> None:
    from wildrydes_ml import efs_99, render

    parameters = [{"ParameterKey": key, "ParameterValue": "none"} for key in ("InternetEgress", "BootstrapInstance")]
    client(place, "cloudformation").create_stack(
        StackName="wildrydes-ml-mod5", TemplateBody=render(efs_99()), Parameters=parameters
    )
    applied(aws, place, log)
    assert destroying.destroy(aws, Settings(), place, JsonReporter(log), lambda found: None)
    assert aws.stacks.describe("wildrydes-ml-mod5") is None


def test_a_consoles_wiring_is_recognized(aws: Aws, place: Target, log: Any) -> None:
    deployer = Deployer(aws, Settings(), place, JsonReporter(log))
    for step in deployer.steps():
        if not isinstance(step, (Fill, Wire)):
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
    steps = Deployer(aws, Settings(), place, JsonReporter(log)).steps()
    assert [step.actions for step in steps if isinstance(step, Wire)] == [("throttle",)]
    applied(aws, place, log)
    assert gateway.get_stage(restApiId=api, stageName="prod")["deploymentId"] == deployment


def test_a_given_bucket_keeps_what_is_not_ours(aws: Aws, place: Target, log: Any) -> None:
    s3 = client(place, "s3")
    s3.create_bucket(Bucket="given")
    s3.put_object(Bucket="given", Key="code/theirs.zip", Body=b"theirs")
    applied(aws, place, log, bucket="given")
    assert len(s3.list_objects_v2(Bucket="given")["Contents"]) == 2
    destroying.destroy(aws, Settings(bucket="given"), place, JsonReporter(log), lambda found: None)
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

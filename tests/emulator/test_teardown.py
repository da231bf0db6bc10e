"""The way back on emulators: what fails, lingers or fills is removed all the same, and what is left is told."""

import io
import json
import os
import pty
import shlex
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from wildrydes_ml.aws.session import Aws, connect
from wildrydes_ml.aws.target import Target
from wildrydes_ml.deploy.deployer import Deployer
from wildrydes_ml.deploy.steps import ApplyStack, Fill, WarmUp
from wildrydes_ml.destroy import destroyer
from wildrydes_ml.errors import Refused, WildrydesError
from wildrydes_ml.reporting import JsonReporter
from wildrydes_ml.workshop.settings import wild_rydes

from .conftest import ROOT, client

TAG = [{"Key": "wildrydes-ml", "Value": "wildrydes-ml"}]
EFS = "wildrydes-ml-mod5"
ROLE = "arn:aws:iam::000000000000:role/r"
# The code of a custom resource that cannot be deleted while a file is missing.
STUBBORN = """
import json, os, urllib.request

def handler(event, context):
    status = "SUCCESS" if event["RequestType"] != "Delete" or os.path.exists(os.environ["MARK"]) else "FAILED"
    body = {key: event[key] for key in ("StackId", "RequestId", "LogicalResourceId")}
    body |= {"Status": status, "Reason": "it is stubborn", "PhysicalResourceId": "stubborn-1"}
    answer, url = json.dumps(body).encode(), event["ResponseURL"]
    request = urllib.request.Request(url, answer, {"Content-Type": ""}, method="PUT")
    urllib.request.urlopen(request)
"""


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Any]:
    with (tmp_path / "log.jsonl").open("w+") as file:
        yield file


@pytest.fixture(scope="module")
def moto(moto_server: str) -> Target:
    """moto as a place: it knows versions and network interfaces."""
    return Target("us-east-1", endpoint=moto_server, poll_seconds=0.01)


def removed(aws: Aws, place: Target, log: Any, **settings: Any) -> bool:
    return destroyer.destroy(aws, wild_rydes(**settings), place, JsonReporter(log), lambda found: None)


def told(log: Any, kind: str) -> list[dict[str, Any]]:
    log.seek(0)
    return [record for record in map(json.loads, log) if record["type"] == kind]


def stubborn_stack(place: Target, mark: Path) -> None:
    """A stack of ours with a resource that cannot be deleted until the mark is there."""
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as archive:
        archive.writestr("stubborn.py", STUBBORN)
    client(place, "lambda").create_function(
        FunctionName="stubborn", Runtime="python3.11", Handler="stubborn.handler", Role=ROLE,
        Code={"ZipFile": body.getvalue()}, Environment={"Variables": {"MARK": str(mark)}}, Timeout=20,
    )  # fmt: skip
    arn = "arn:aws:lambda:us-east-1:000000000000:function:stubborn"
    template = {
        "Resources": {
            "Stubborn": {"Type": "Custom::Stubborn", "Properties": {"ServiceToken": arn}},
            "Group": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "of-the-stack"}},
        }
    }
    stacks = client(place, "cloudformation")
    stacks.create_stack(StackName=EFS, TemplateBody=json.dumps(template), Tags=TAG)
    stacks.get_waiter("stack_create_complete").wait(StackName=EFS, WaiterConfig={"Delay": 1})


def test_a_resource_that_cannot_be_deleted_is_named_then_left_behind_or_deleted(
    aws: Aws, place: Target, log: Any, tmp_path: Path
) -> None:
    mark = tmp_path / "mark"
    stubborn_stack(place, mark)
    with pytest.raises(WildrydesError, match=r"Stubborn \(Custom::Stubborn\): .*\n.*--retain Stubborn"):
        removed(aws, place, log)
    stack = aws.stacks.describe(EFS)
    assert stack
    assert stack.status == "DELETE_FAILED"
    assert client(place, "logs").describe_log_groups(logGroupNamePrefix="of-the-stack")["logGroups"] == []

    assert removed(aws, place, log, retain=("Stubborn",))
    assert aws.stacks.describe(EFS) is None
    assert "not deleted, as --retain says: Stubborn (Custom::Stubborn) stubborn-1" in told(log, "warning")[0]["text"]
    assert told(log, "event")[-2]["text"] == "verified: no billable resource of wildrydes-ml remains"

    client(place, "lambda").delete_function(FunctionName="stubborn")
    stubborn_stack(place, mark)
    with suppress(WildrydesError):
        removed(aws, place, log)
    mark.touch()
    assert removed(aws, place, log)
    assert aws.stacks.describe(EFS) is None


def test_what_bills_without_a_stack_is_listed_until_it_is_gone(aws: Aws, place: Target, log: Any) -> None:
    ec2, efs = client(place, "ec2"), client(place, "efs")
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    address = ec2.allocate_address(Domain="vpc", TagSpecifications=[{"ResourceType": "elastic-ip", "Tags": TAG}])
    nat = ec2.create_nat_gateway(
        SubnetId=subnet, AllocationId=address["AllocationId"],
        TagSpecifications=[{"ResourceType": "natgateway", "Tags": TAG}],
    )["NatGateway"]["NatGatewayId"]  # fmt: skip
    volume = ec2.create_volume(
        AvailabilityZone="us-east-1a", Size=8, TagSpecifications=[{"ResourceType": "volume", "Tags": TAG}]
    )["VolumeId"]
    ec2.create_volume(AvailabilityZone="us-east-1a", Size=8)
    files = efs.create_file_system(CreationToken="t", Tags=TAG)["FileSystemId"]
    efs.create_file_system(CreationToken="theirs")
    with pytest.raises(WildrydesError, match="still exists"):
        removed(aws, place, log)
    listed = {(record["kind"], record["id"]) for record in told(log, "output")}
    assert listed == {
        ("NAT gateway", nat),
        ("public IPv4 address", address["AllocationId"]),
        ("volume", volume),
        ("file system", files),
    }
    ec2.delete_nat_gateway(NatGatewayId=nat)
    ec2.release_address(AllocationId=address["AllocationId"])
    ec2.delete_volume(VolumeId=volume)
    efs.delete_file_system(FileSystemId=files)
    assert not removed(aws, place, log)
    assert not [record for record in told(log, "event") if "skipped" in record["text"]]


def test_interfaces_of_lambda_that_nothing_uses_go_and_others_stay(aws: Aws, place: Target, log: Any) -> None:
    ec2 = client(place, "ec2")
    template = {
        "Resources": {
            "LambdaEFSMLVPC": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}},
            "PrivateSubnetOne": {
                "Type": "AWS::EC2::Subnet",
                "Properties": {"VpcId": {"Ref": "LambdaEFSMLVPC"}, "CidrBlock": "10.0.2.0/24"},
            },
            "FunctionSecurityGroup": {
                "Type": "AWS::EC2::SecurityGroup",
                "Properties": {"VpcId": {"Ref": "LambdaEFSMLVPC"}, "GroupDescription": "the function's"},
            },
        }
    }
    stacks = client(place, "cloudformation")
    stacks.create_stack(StackName=EFS, TemplateBody=json.dumps(template), Tags=TAG)
    stacks.get_waiter("stack_create_complete").wait(StackName=EFS, WaiterConfig={"Delay": 1})
    made = {item.logical_id: item.physical_id for item in aws.stacks.resources(EFS)}
    ours, group = made["PrivateSubnetOne"], made["FunctionSecurityGroup"]
    theirs = next(item["SubnetId"] for item in ec2.describe_subnets()["Subnets"] if item["SubnetId"] != ours)
    for subnet, with_group, description in (
        (ours, [group], "AWS Lambda VPC ENI-f"),
        (theirs, [group], "AWS Lambda VPC ENI-g"),
        (ours, [group], "theirs"),
        (ours, [], "AWS Lambda VPC ENI-theirs"),
    ):
        ec2.create_network_interface(SubnetId=subnet, Groups=with_group, Description=description)
    assert removed(aws, place, log)
    left = {item["Description"] for item in ec2.describe_network_interfaces()["NetworkInterfaces"]}
    assert left == {"theirs", "AWS Lambda VPC ENI-theirs"}


def test_a_stack_that_was_only_planned_goes(aws: Aws, place: Target, log: Any) -> None:
    client(place, "cloudformation").create_change_set(
        StackName=EFS, ChangeSetName="plan", ChangeSetType="CREATE", Tags=TAG,
        TemplateBody='{"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}',
    )  # fmt: skip
    assert removed(aws, place, log)
    assert aws.stacks.describe(EFS) is None


def test_kept_files_are_used_again_and_go_at_last(aws: Aws, place: Target, log: Any) -> None:
    def deployed() -> list[str]:
        deployer = Deployer.planned(aws, wild_rydes(), place, JsonReporter(log))
        steps = [step for step in deployer.plan.steps if not isinstance(step, (Fill, WarmUp))]
        for step in steps:
            deployer.run(step)
        return [step.desired.name for step in steps if isinstance(step, ApplyStack)]

    assert deployed() == [EFS, f"{EFS}-inf"]
    files = client(place, "efs").describe_file_systems()["FileSystems"][0]["FileSystemId"]
    assert removed(aws, place, log, keep_data=True)
    assert [stack.name for stack in aws.stacks.tagged("wildrydes-ml")] == [EFS]
    assert len(client(place, "s3").list_buckets()["Buckets"]) == 1
    assert not removed(aws, place, log, keep_data=True)
    assert deployed() == [f"{EFS}-inf"]
    assert client(place, "efs").describe_file_systems()["FileSystems"][0]["FileSystemId"] == files
    assert removed(aws, place, log)
    assert aws.stacks.tagged("wildrydes-ml") == []
    assert client(place, "efs").describe_file_systems()["FileSystems"] == []
    assert client(place, "s3").list_buckets()["Buckets"] == []


def test_a_versioned_bucket_goes_with_versions_markers_and_parts(moto: Target, log: Any) -> None:
    s3, bucket = client(moto, "s3"), "wildrydes-ml-123456789012-us-east-1"
    s3.create_bucket(Bucket=bucket)
    s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": TAG})
    plain, ours = (f"code/f-{number:016x}.zip" for number in range(2))
    s3.put_object(Bucket=bucket, Key=plain, Body=b"0")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    for body in (b"1", b"2"):
        s3.put_object(Bucket=bucket, Key=ours, Body=body)
    s3.delete_object(Bucket=bucket, Key=ours)
    s3.create_multipart_upload(Bucket=bucket, Key="model/big")
    assert removed(connect(moto), moto, log)
    assert s3.list_buckets()["Buckets"] == []


def test_of_a_given_versioned_bucket_every_version_of_ours_goes_and_nothing_else(moto: Target, log: Any) -> None:
    s3 = client(moto, "s3")
    s3.create_bucket(Bucket="given")
    s3.put_bucket_versioning(Bucket="given", VersioningConfiguration={"Status": "Enabled"})
    aws, ours = connect(moto), "code/ml_inferencefunction-0123456789abcdef.zip"
    theirs = ("code/theirs.zip", "code/ml_inferencefunction-fedcba9876543210.zip")
    for _ in range(2):
        aws.buckets.upload("given", ours, b"0", {"wildrydes-ml": "wildrydes-ml"})
        for key in theirs:
            s3.put_object(Bucket="given", Key=key, Body=b"0")
    for key in (ours, *theirs):
        s3.delete_object(Bucket="given", Key=key)
    assert removed(aws, moto, log, bucket="given")
    left = s3.list_object_versions(Bucket="given")
    assert sorted(item["Key"] for item in left["Versions"]) == sorted(theirs * 2)
    assert sorted(item["Key"] for item in left["DeleteMarkers"]) == sorted(theirs)
    assert "not deleted: s3://given/code/ml_inferencefunction-fedcba9876543210.zip" in told(log, "warning")[0]["text"]
    for item in left["Versions"] + left["DeleteMarkers"]:
        s3.delete_object(Bucket="given", Key=item["Key"], VersionId=item["VersionId"])
    s3.delete_bucket(Bucket="given")


@pytest.mark.parametrize("emulator", ["place", "moto"])
def test_of_a_given_plain_bucket_our_uploads_go_and_nothing_else(
    request: pytest.FixtureRequest, log: Any, emulator: str
) -> None:
    target: Target = request.getfixturevalue(emulator)
    s3, aws = client(target, "s3"), connect(target)
    s3.create_bucket(Bucket="plain")
    theirs = "model/ml_inferencefunction-fedcba9876543210.tar"
    aws.buckets.upload("plain", "code/renamed-0123456789abcdef.zip", b"0", {"wildrydes-ml": "wildrydes-ml"})
    s3.put_object(Bucket="plain", Key=theirs, Body=b"0")
    assert removed(aws, target, log, bucket="plain")
    assert [item["Key"] for item in s3.list_objects_v2(Bucket="plain")["Contents"]] == [theirs]


def test_on_moto_nothing_of_the_proof_is_skipped(moto: Target, log: Any) -> None:
    assert not removed(connect(moto), moto, log)
    assert [record["text"] for record in told(log, "event")] == [
        "verified: no billable resource of wildrydes-ml remains",
        "nothing to delete",
    ]


def made(place: Target, name: str, template: str, **more: Any) -> None:
    """A stack by CloudFormation itself."""
    stacks = client(place, "cloudformation")
    stacks.create_stack(StackName=name, TemplateBody=template, Tags=TAG, **more)
    stacks.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 1})


def logging(name: str) -> str:
    return json.dumps({"Resources": {"Log": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": name}}}})


def pasted(command: str, place: Target) -> None:
    """Runs a command of the AWS CLI as it was told."""
    keys = {"AWS_ACCESS_KEY_ID": "000000000000", "AWS_SECRET_ACCESS_KEY": "local", "AWS_CONFIG_FILE": os.devnull}
    words = [sys.executable, "-m", "awscli", *shlex.split(command)[1:]]
    subprocess.run(words, env={**os.environ, **keys}, check=True, timeout=60, capture_output=True)


def test_a_protected_stack_stops_it_before_the_first_step_until_the_told_command_was_run(
    aws: Aws, place: Target, log: Any
) -> None:
    made(place, f"{EFS}-inf", logging("/aws/lambda/ml_inferencefunction"))
    made(place, EFS, logging("network"), EnableTerminationProtection=True)
    with pytest.raises(Refused, match=f"termination protection is on for {EFS}. Nothing was deleted") as error:
        removed(aws, place, log)
    assert {stack.name for stack in aws.stacks.tagged("wildrydes-ml")} == {EFS, f"{EFS}-inf"}
    pasted(str(error.value).splitlines()[-1].strip(), place)
    assert removed(aws, place, log)
    assert aws.stacks.tagged("wildrydes-ml") == []


def test_cloudformation_s_tags_tell_our_log_group_from_one_of_the_same_kind(aws: Aws, place: Target, log: Any) -> None:
    logs = client(place, "logs")
    ours, theirs = "/aws/lambda/ml_inferencefunction", "/aws/lambda/prod_fn"
    made(place, f"{EFS}-inf", logging(ours))
    logs.create_log_group(logGroupName=theirs, tags={"team": "prod"})
    assert (aws.functions.log_group_tags(ours) or {})["wildrydes-ml"] == "wildrydes-ml"
    assert removed(aws, place, log, overrides={"FunctionName": "prod_fn"})
    assert [group["logGroupName"] for group in logs.describe_log_groups()["logGroups"]] == [theirs]
    logs.create_log_group(logGroupName=ours, tags={"wildrydes-ml": "wildrydes-ml"})
    assert removed(aws, place, log)
    assert [group["logGroupName"] for group in logs.describe_log_groups()["logGroups"]] == [theirs]


def test_strange_objects_in_our_bucket_stop_it_until_the_told_commands_were_run(
    aws: Aws, place: Target, log: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    s3, bucket = client(place, "s3"), f"wildrydes-ml-{aws.identity.account}-{place.region}"
    aws.buckets.create(bucket, {"wildrydes-ml": "wildrydes-ml"})
    aws.buckets.upload(bucket, "code/f-0123456789abcdef.zip", b"zip")
    for number in range(5):
        s3.put_object(Bucket=bucket, Key=f"data/{number} of 5.csv", Body=b"theirs")
    s3.put_object(Bucket=bucket, Key="code/theirs.zip", Body=b"theirs")
    with pytest.raises(Refused, match=f"bucket {bucket} contains 6 objects") as error:
        removed(aws, place, log)
    assert len(s3.list_objects_v2(Bucket=bucket)["Contents"]) == 7
    save, remove = str(error.value).split("`")[1::2]
    monkeypatch.chdir(tmp_path)
    pasted(save, place)
    pasted(remove, place)
    assert sum(path.is_file() for path in (tmp_path / bucket).rglob("*")) == 6
    assert [item["Key"] for item in s3.list_objects_v2(Bucket=bucket)["Contents"]] == ["code/f-0123456789abcdef.zip"]
    assert removed(aws, place, log)
    assert s3.list_buckets()["Buckets"] == []


def test_a_stack_policy_is_read_and_kept(aws: Aws, place: Target, log: Any) -> None:
    policy = '{"Statement": [{"Effect": "Deny", "Action": "Update:*", "Principal": "*", "Resource": "*"}]}'
    template = (
        "Parameters: {InternetEgress: {Type: String, Default: nat}}\n"
        "Resources: {Topic: {Type: 'AWS::SNS::Topic', Properties: {DisplayName: !Ref InternetEgress}}}"
    )
    made(place, EFS, template, StackPolicyBody=policy)
    made(place, f"{EFS}-inf", logging("/aws/lambda/ml_inferencefunction"))
    with pytest.raises(Refused, match="denies Modify Topic"):
        removed(aws, place, log, keep_data=True)
    found = aws.stacks.describe(EFS)
    assert found
    assert (found.parameters, found.status) == ({"InternetEgress": "nat"}, "CREATE_COMPLETE")
    assert aws.stacks.describe(f"{EFS}-inf")
    assert aws.stacks.policy(f"{EFS}-inf") == ""
    assert removed(aws, place, log)


@pytest.mark.parametrize(("typed", "code"), [(b"", 130), (b"\x04", 2), (b"n\n", 2)], ids=["Ctrl-C", "Ctrl-D", "no"])
def test_what_is_typed_at_the_question_may_be_that_nothing_is_removed(moto: Target, typed: bytes, code: int) -> None:
    bucket = "wildrydes-ml-123456789012-us-east-1"
    connect(moto).buckets.create(bucket, {"wildrydes-ml": "wildrydes-ml"})
    keys = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_ENDPOINT_URL": moto.endpoint}
    command = [sys.executable, str(ROOT / "bin" / "destroy.py"), "--region", "us-east-1"]
    person, terminal = pty.openpty()
    with subprocess.Popen(
        command, stdin=terminal, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, **keys}
    ) as asking:
        assert asking.stdout
        seen = b""
        while b"[y/N]" not in seen:
            seen += (more := os.read(asking.stdout.fileno(), 4096))
            assert more, seen
        if typed:
            os.write(person, typed)
        else:
            asking.send_signal(signal.SIGINT)
        _, err = asking.communicate(timeout=60)
    os.close(person)
    os.close(terminal)
    assert (asking.returncode, err.decode()) == (code, "error: nothing was deleted\n")
    assert connect(moto).buckets.tags(bucket)
    client(moto, "s3").delete_bucket(Bucket=bucket)

"""The instance that fills EFS: hardened, waited for, told what was chosen, and gone when it is not wanted."""

import re
from collections.abc import Callable
from typing import Any

import pytest

Stack = Callable[..., dict[str, Any]]

EFS, COMPLETE = "efs_99.yml", "99_complete.yml"
NETWORKS = pytest.mark.parametrize("name", [EFS, COMPLETE])


def properties(left: dict[str, Any], title: str) -> dict[str, Any]:
    return dict(left["Resources"][title].get("Properties", {}))


@NETWORKS
def test_the_stack_waits_until_efs_is_filled(stack: Stack, name: str) -> None:
    left = stack(name)
    assert left["Resources"]["EFSFilled"]["DependsOn"] == "EfsMountEC2Instance"
    assert properties(left, "EFSFilled")["Handle"] == {"Ref": "EFSFilledHandle"}
    assert 1800 <= int(properties(left, "EFSFilled")["Timeout"]) <= 43_200
    assert left["Resources"]["EFSFilledHandle"]["Type"] == "AWS::CloudFormation::WaitConditionHandle"


@NETWORKS
def test_the_instance_boots_only_when_it_can_work(stack: Stack, name: str) -> None:
    depends_on = stack(name)["Resources"]["EfsMountEC2Instance"]["DependsOn"]
    assert set(depends_on) == {"DefaultPublicRoute", "MountTargetResource1", "MountTargetResource2"}


@NETWORKS
def test_the_instance_is_hardened(stack: Stack, name: str) -> None:
    left = stack(name)
    instance = properties(left, "EfsMountEC2Instance")
    assert instance["MetadataOptions"] == {"HttpTokens": "required", "HttpPutResponseHopLimit": 1}
    assert [device["Ebs"]["Encrypted"] for device in instance["BlockDeviceMappings"]] == [True]
    assert [device["Ebs"]["DeleteOnTermination"] for device in instance["BlockDeviceMappings"]] == [True]
    assert instance["PropagateTagsToVolumeOnCreation"] is True, "what is left of it is found by its tags"
    assert instance["IamInstanceProfile"] == {"Ref": "EfsMountInstanceProfile"}
    assert properties(left, "EfsMountInstanceProfile")["Roles"] == [{"Ref": "EfsMountInstanceRole"}]
    (interface,) = instance["NetworkInterfaces"]
    assert interface["GroupSet"] == [{"Ref": "InstanceSecurityGroup"}]
    assert interface["SubnetId"] == {"Ref": "PublicSubnetOne"}
    assert "KeyName" not in instance


@pytest.mark.parametrize(
    ("parameters", "architecture", "kind"),
    [
        ({}, "x86_64", "c5.large"),
        ({"Architecture": "arm64"}, "arm64", "c7g.large"),
        ({"BootstrapInstanceType": "t3.large"}, "x86_64", "t3.large"),
    ],
)
def test_image_and_type_follow_the_architecture(
    stack: Stack, parameters: dict[str, str], architecture: str, kind: str
) -> None:
    instance = properties(stack(EFS, **parameters), "EfsMountEC2Instance")
    image = f"/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-{architecture}"
    assert instance["ImageId"] == f"{{{{resolve:ssm:{image}}}}}"
    assert instance["InstanceType"] == kind


@pytest.mark.parametrize(("choice", "behavior"), [("keep", "stop"), ("stop", "terminate")])
def test_an_instance_that_stops_is_gone(stack: Stack, choice: str, behavior: str) -> None:
    instance = properties(stack(EFS, BootstrapInstance=choice), "EfsMountEC2Instance")
    assert instance["InstanceInitiatedShutdownBehavior"] == behavior
    assert f'BOOTSTRAP_INSTANCE="{choice}"\n' in settings_of(stack(EFS, BootstrapInstance=choice))


@NETWORKS
def test_none_makes_no_instance_and_nothing_of_its(stack: Stack, name: str) -> None:
    gone = set(stack(name)["Resources"]) - set(stack(name, BootstrapInstance="none")["Resources"])
    assert gone == {
        "InstanceSecurityGroup",
        "EFSFilledHandle",
        "EfsMountInstanceRole",
        "EfsMountInstanceProfile",
        "EfsMountEC2Instance",
        "EFSFilled",
    }


def user_data(left: dict[str, Any]) -> str:
    return str(properties(left, "EfsMountEC2Instance")["UserData"]["Fn::Base64"]["Fn::Sub"])


def written_files(left: dict[str, Any]) -> dict[str, dict[str, Any]]:
    metadata = left["Resources"]["EfsMountEC2Instance"]["Metadata"]
    return dict(metadata["AWS::CloudFormation::Init"]["config"]["files"])


def settings_of(left: dict[str, Any]) -> str:
    return str(written_files(left)["/opt/wildrydes/settings.env"]["content"]["Fn::Sub"])


@NETWORKS
def test_user_data_writes_the_scripts_and_starts_them(stack: Stack, name: str) -> None:
    left = stack(name)
    text = user_data(left)
    assert len(text.encode()) <= 16_384
    assert text.startswith("#!/bin/bash\n")
    assert "cfn-init --stack ${AWS::StackName} --resource EfsMountEC2Instance --region ${AWS::Region}" in text
    assert text.index("cfn-init") < text.index("bash /opt/wildrydes/bootstrap.sh")
    own = {"populate.sh", "packages.lock"} if name == EFS else set()  # the other one certainly has the zip
    assert set(written_files(left)) == {f"/opt/wildrydes/{file}" for file in {"settings.env", "bootstrap.sh", *own}}


@NETWORKS
def test_nothing_asks_the_metadata_service_without_a_token(stack: Stack, name: str) -> None:
    assert "169.254" not in str(stack(name))


def test_the_script_gives_up_before_the_wait_condition_does(stack: Stack) -> None:
    script = written_files(stack(EFS))["/opt/wildrydes/bootstrap.sh"]["content"]
    limits = re.findall(r"\$\{\w+_SECONDS:=(\d+)\}", script)
    assert len(limits) == 4
    assert sum(map(int, limits)) < int(properties(stack(EFS), "EFSFilled")["Timeout"])


@NETWORKS
def test_the_instance_reads_its_code_and_nothing_else_from_the_bucket(stack: Stack, name: str) -> None:
    left = stack(name, DataBucket="pictures", PreparationKey="code/my.zip")
    _, policy = properties(left, "EfsMountInstanceRole")["Policies"]
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert statement == {
        "Effect": "Allow",
        "Action": ["s3:GetObject"],
        "Resource": [{"Fn::Sub": "arn:${AWS::Partition}:s3:::pictures/code/my.zip"}],
    }
    assert {'CODE_BUCKET="pictures"', 'CODE_KEY="code/my.zip"'} <= set(settings_of(left).splitlines())


def test_without_a_bucket_the_instance_may_read_none(stack: Stack) -> None:
    (policy,) = properties(stack(EFS), "EfsMountInstanceRole")["Policies"]
    assert policy["PolicyName"] == "FillAccessPoint"


@NETWORKS
def test_the_scripts_travel_readable(stack: Stack, name: str) -> None:
    for path, file in written_files(stack(name)).items():
        if path.endswith(".sh"):
            assert file["content"].startswith("#!/usr/bin/env bash\n")
            assert max(map(len, file["content"].splitlines())) < 140


def test_only_root_reads_the_signals_url(stack: Stack) -> None:
    assert written_files(stack(EFS))["/opt/wildrydes/settings.env"]["mode"] == "000600"
    assert 'SIGNAL_URL="${EFSFilledHandle}"\n' in settings_of(stack(EFS))


def test_the_scripts_get_what_was_chosen(stack: Stack) -> None:
    chosen = {
        "PythonRuntime": "python3.12",
        "Packages": "numpy==2.0.0",
        "ModelUrl": "https://a/b.tar.gz",
        "ModelSha256": "0" * 64,
    }
    lines = settings_of(stack(EFS, **chosen)).splitlines()
    assert lines == [
        'FILE_SYSTEM_ID="${FileSystemResource}"',
        'ACCESS_POINT_ID="${AccessPointResource}"',
        'REGION="${AWS::Region}"',
        'PYTHON_RUNTIME="python3.12"',
        'PACKAGES="numpy==2.0.0"',
        'MODEL="https://a/b.tar.gz"',
        f'MODEL_SHA256="{"0" * 64}"',
        'BOOTSTRAP_INSTANCE="keep"',
        'CODE_BUCKET=""',
        'CODE_KEY="code/ml_inferencefunction.zip"',
        'SIGNAL_URL="${EFSFilledHandle}"',
    ]

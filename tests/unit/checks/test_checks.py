"""Each check finds what it is for, and nothing where all is well or only CloudFormation can know."""

from typing import Any

import pytest
from troposphere import Parameter, Template

from tests.unit.checks.templates import ABSENT, SOUND, WORKSHOP_LIKE, changed, load
from wildrydes_ml.blocks import (
    Access,
    FileSystemMount,
    FunctionSettings,
    PopulateSettings,
    Route,
    add_function_security_group,
    add_inference_function,
    add_instance_security_group,
    add_network,
    add_populate,
    add_rest_api,
    add_storage,
)
from wildrydes_ml.checks import CHECKS, check

SOUND_BODY = load(SOUND)
FUNCTION, POINT = "Function.Properties.", "Point.Properties."
VARIABLES = FUNCTION + "Environment.Variables."
FROM_FUNCTION = {
    "IpProtocol": "tcp",
    "FromPort": 2049,
    "ToPort": 2049,
    "SourceSecurityGroupId": {"Ref": "FunctionGroup"},
}
UNKNOWN = {"Fn::ImportValue": "elsewhere"}
THIRD_ZONE = {"Fn::Select": [2, {"Fn::GetAZs": ""}]}
FILES_TAG = [{"Key": "Fills", "Value": {"Ref": "Files"}}]
FILLED = {"Type": "AWS::CloudFormation::WaitCondition", "DependsOn": "Installer"}
ARM_IMAGE = "{{resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64}}"
TOLD = 'PACKAGES="numpy==2.4.6"\nPYTHON_RUNTIME="%s"\n'
FILLER_GROUP = {"Type": "AWS::EC2::SecurityGroup", "Properties": {"GroupDescription": "It", "VpcId": {"Ref": "Vpc"}}}
LONG = f"/mnt/{'a' * 160}"


def access_point(file_system: str, path: str) -> dict[str, Any]:
    """An access point for another user, whose directory nobody else may read."""
    info = {"OwnerUid": "2000", "OwnerGid": "2000", "Permissions": "750"}
    properties = {
        "FileSystemId": {"Ref": file_system},
        "PosixUser": {"Uid": "2000", "Gid": "2000"},
        "RootDirectory": {"Path": path, "CreationInfo": info},
    }
    return {"Type": "AWS::EFS::AccessPoint", "Properties": properties}


Changes = dict[str, Any]


def rules(changes: Changes, **parameters: Any) -> list[str]:
    return [finding.rule for finding in check(changed(SOUND_BODY, changes), parameters)]


def test_what_fits_together_has_no_findings() -> None:
    assert check(SOUND_BODY) == []


# A role that may send to queues, and a function that stays in its VPC knowingly.
SENDING: Changes = {
    "Role.Properties.Policies": [
        {"PolicyDocument": {"Statement": {"Effect": "Allow", "Action": ["sqs:SendMessage", "logs:PutLogEvents"]}}}
    ]
}
STAYING: Changes = {"Function.Metadata": {"cfn-lint": {"config": {"ignore_checks": ["W9909"]}}}}

# rule, the change that breaks it, where the finding points, what it names
BROKEN: list[tuple[str, Changes, str, str]] = [
    ("E9901", {"TargetTwo": ABSENT, "Function.DependsOn": "TargetOne"}, FUNCTION + "VpcConfig.SubnetIds", "SubnetTwo"),
    (
        "E9901",
        {
            "TargetTwo.Properties.SubnetId": {"Ref": "PublicSubnet"},
            "PublicSubnet.Properties.AvailabilityZone": THIRD_ZONE,
        },
        FUNCTION + "VpcConfig.SubnetIds",
        "SubnetTwo",
    ),
    (
        "E9901",
        {"TargetOne": ABSENT, "TargetTwo": ABSENT, "Function.DependsOn": ABSENT},
        FUNCTION + "FileSystemConfigs",
        "no mount target",
    ),
    (
        "E9901",
        {
            "SubnetOne.Properties.AvailabilityZone": "eu-west-1a",
            "SubnetTwo.Properties.AvailabilityZone": "eu-west-1b",
            "PublicSubnet.Properties.AvailabilityZone": "eu-west-1c",
            "TargetTwo.Properties.SubnetId": {"Ref": "PublicSubnet"},
        },
        FUNCTION + "VpcConfig.SubnetIds",
        "SubnetTwo",
    ),
    (
        "E9902",
        {"TargetGroup.Properties.SecurityGroupIngress": ABSENT},
        "TargetGroup.Properties",
        "does not allow port 2049 from",
    ),
    (
        "E9902",
        {
            "TargetGroup.Properties.SecurityGroupIngress.0.ToPort": 2048,
            "TargetGroup.Properties.SecurityGroupIngress.0.FromPort": 0,
        },
        "TargetGroup.Properties.SecurityGroupIngress",
        "FunctionGroup",
    ),
    (
        "E9902",
        {"TargetGroup.Properties.SecurityGroupIngress.0.IpProtocol": "udp"},
        "TargetGroup.Properties.SecurityGroupIngress",
        "does not allow port 2049 from",
    ),
    (
        "E9902",
        {"TargetGroup.Properties.SecurityGroupIngress.0.SourceSecurityGroupId": {"Ref": "TargetGroup"}},
        "TargetGroup.Properties.SecurityGroupIngress",
        "does not allow port 2049 from",
    ),
    (
        "E9902",
        {"TargetGroup.Properties.SecurityGroupIngress": [{"IpProtocol": "-1", "CidrIp": "10.0.1.0/24"}]},
        "TargetGroup.Properties.SecurityGroupIngress",
        "does not allow port 2049 from",
    ),
    (
        "E9902",
        {"FunctionGroup.Properties.SecurityGroupEgress.0.CidrIp": "192.168.0.0/16"},
        "FunctionGroup.Properties.SecurityGroupEgress",
        "does not allow port 2049 out to",
    ),
    (
        "E9902",
        {"FunctionGroup.Properties.SecurityGroupEgress": [{"IpProtocol": "-1", "CidrIp": "127.0.0.1/32"}]},
        "FunctionGroup.Properties.SecurityGroupEgress",
        "does not allow port 2049 out to",
    ),
    ("E9903", {"Function.DependsOn": ["TargetOne"]}, FUNCTION + "FileSystemConfigs", "TargetTwo"),
    ("E9903", {"Function.DependsOn": ABSENT}, FUNCTION + "FileSystemConfigs", "TargetOne and TargetTwo"),
    ("E9904", {POINT + "PosixUser.Uid": "1002", POINT + "PosixUser.Gid": "1002"}, POINT + "RootDirectory", "uid 1002"),
    ("E9904", {POINT + "RootDirectory.CreationInfo.Permissions": "0300"}, POINT + "RootDirectory", "0300"),
    (
        "E9904",
        {POINT + "RootDirectory.CreationInfo": {"OwnerUid": "0", "OwnerGid": "1001", "Permissions": "705"}},
        POINT + "RootDirectory",
        "uid 0",
    ),
    ("E9904", {POINT + "RootDirectory.CreationInfo": ABSENT}, POINT + "RootDirectory", "nothing creates it"),
    (
        "E9904",
        {"Writer": access_point("Files", "/ml/")},
        "Writer.Properties.RootDirectory",
        "Writer creates",
    ),
    (
        "E9905",
        {FUNCTION + "FileSystemConfigs.0.LocalMountPath": "/opt/python", VARIABLES + "EFS_PATH": "/opt/python"},
        FUNCTION + "FileSystemConfigs",
        "/opt",
    ),
    (
        "E9905",
        {FUNCTION + "FileSystemConfigs.0.LocalMountPath": "/mnt/a/b", VARIABLES + "EFS_PATH": "/mnt/a/b"},
        FUNCTION + "FileSystemConfigs",
        "/mnt/a/b",
    ),
    ("E9905", {VARIABLES + "EFS_PATH": "/mnt/other"}, VARIABLES + "EFS_PATH", "EFS_PATH"),
    ("E9905", {VARIABLES + "EFS_PATH": "/mnt/python"}, VARIABLES + "EFS_PATH", "is a parameter"),
    ("E9905", {VARIABLES + "CACHE": "/mnt/pythonic"}, VARIABLES + "CACHE", "but the file system is at /mnt/python"),
    (
        "E9906",
        {VARIABLES + "PY_PKG_PATH": "tensorflow/lib/python3.12/site-packages"},
        VARIABLES + "PY_PKG_PATH",
        "runs Python 3.13",
    ),
    ("E9906", {FUNCTION + "Runtime": "python3.14", "Installer": ABSENT}, VARIABLES + "PY_PKG_PATH", "runs Python 3.14"),
    (
        "E9906",
        {"Installer.Properties.UserData": {"Fn::Base64": "python3.9 -m pip install tensorflow"}},
        "Installer.Properties.UserData",
        "3.9",
    ),
    ("W9907", {FUNCTION + "Timeout": 30}, FUNCTION + "Timeout", "29 s"),
    ("W9907", {"Method.Properties.Integration.TimeoutInMillis": 5000}, FUNCTION + "Timeout", "5 s"),
    (
        "W9907",
        {
            "Method": ABSENT,
            FUNCTION + "Timeout": "31",
            "Route": {"Type": "AWS::ApiGatewayV2::Integration", "Properties": {"IntegrationUri": {"Ref": "Live"}}},
        },
        FUNCTION + "Timeout",
        "30 s",
    ),
    (
        "W9907",
        {
            "Method": ABSENT,
            FUNCTION + "Timeout": 90,
            "Leave": {
                "Type": "AWS::Lambda::Permission",
                "Properties": {"FunctionName": {"Ref": "Live"}, "Principal": "apigateway.amazonaws.com"},
            },
        },
        FUNCTION + "Timeout",
        "90 s",
    ),
    ("E9908", {FUNCTION + "SnapStart": {"ApplyOn": "PublishedVersions"}}, FUNCTION + "SnapStart", "with EFS"),
    (
        "E9908",
        {
            FUNCTION + "SnapStart": {"ApplyOn": "PublishedVersions"},
            FUNCTION + "FileSystemConfigs": ABSENT,
            FUNCTION + "Environment": ABSENT,
            "Live.Properties.ProvisionedConcurrencyConfig": {"ProvisionedConcurrentExecutions": 1},
        },
        FUNCTION + "SnapStart",
        "provisioned concurrency",
    ),
    (
        "E9908",
        {
            FUNCTION + "SnapStart": {"ApplyOn": "PublishedVersions"},
            FUNCTION + "FileSystemConfigs": ABSENT,
            FUNCTION + "Environment": ABSENT,
            FUNCTION + "EphemeralStorage": {"Size": 1024},
        },
        FUNCTION + "SnapStart",
        "1024 MB",
    ),
    ("W9909", {"LinkTwo": ABSENT}, FUNCTION + "VpcConfig.SubnetIds", "SubnetTwo"),
    (
        "W9909",
        {
            "WayOut.Properties": {
                "RouteTableId": {"Ref": "Routes"},
                "DestinationCidrBlock": "0.0.0.0/0",
                "GatewayId": {"Ref": "Gateway"},
            },
            FUNCTION + "VpcConfig.SubnetIds": [{"Ref": "SubnetOne"}],
        },
        FUNCTION + "VpcConfig.SubnetIds",
        "needs a public address",
    ),
    (
        "W9909",
        {
            "WayOut.Properties": {
                "RouteTableId": {"Ref": "Routes"},
                "DestinationIpv6CidrBlock": "::/0",
                "EgressOnlyInternetGatewayId": {"Ref": "Nat"},
            },
            FUNCTION + "VpcConfig.SubnetIds": [{"Ref": "SubnetOne"}],
        },
        FUNCTION + "VpcConfig.SubnetIds",
        "Ipv6AllowedForDualStack",
    ),
    (
        "W9909",
        {
            "WayOut.Properties.DestinationCidrBlock": "10.1.0.0/16",
            FUNCTION + "VpcConfig.SubnetIds": [{"Ref": "SubnetOne"}],
        },
        FUNCTION + "VpcConfig.SubnetIds",
        "has no route out of the VPC",
    ),
    (
        "E9901",
        {
            "SubnetOne.Properties": {"VpcId": {"Ref": "Vpc"}, "AvailabilityZoneId": "euw1-az1"},
            "SubnetTwo.Properties": {"VpcId": {"Ref": "Vpc"}, "AvailabilityZoneId": "euw1-az2"},
            "PublicSubnet.Properties": {"VpcId": {"Ref": "Vpc"}, "AvailabilityZoneId": "euw1-az3"},
            "TargetTwo.Properties.SubnetId": {"Ref": "PublicSubnet"},
        },
        FUNCTION + "VpcConfig.SubnetIds",
        "SubnetTwo",
    ),
    (
        "E9902",
        {"TargetGroup.Properties.SecurityGroupIngress": [{**FROM_FUNCTION, "FromPort": 2050, "ToPort": 3000}]},
        "TargetGroup.Properties.SecurityGroupIngress",
        "does not allow port 2049 from",
    ),
    (
        "E9902",
        {
            "FunctionGroup.Properties.SecurityGroupEgress": [{"IpProtocol": "-1", "CidrIp": "127.0.0.1/32"}],
            "SubnetOne.Properties.CidrBlock": UNKNOWN,
            "SubnetTwo.Properties.CidrBlock": UNKNOWN,
        },
        "FunctionGroup.Properties.SecurityGroupEgress",
        "does not allow port 2049 out to",
    ),
    (
        "E9903",
        {
            "Function.DependsOn": ABSENT,
            FUNCTION + "FileSystemConfigs.0.Arn": {
                "Fn::Sub": ["${Prefix}/${Id}", {"Prefix": "arn", "Id": {"Ref": "Point"}}]
            },
        },
        FUNCTION + "FileSystemConfigs",
        "TargetOne",
    ),
    ("E9904", {POINT + "RootDirectory.CreationInfo.Permissions": "400"}, POINT + "RootDirectory", "permissions 400"),
    (
        "E9905",
        {FUNCTION + "FileSystemConfigs.0.LocalMountPath": LONG, VARIABLES + "EFS_PATH": LONG},
        FUNCTION + "FileSystemConfigs",
        LONG,
    ),
    (
        "W9907",
        {
            "Method.Properties.Integration.TimeoutInMillis": 60000,
            "Route": {
                "Type": "AWS::ApiGatewayV2::Integration",
                "Properties": {"IntegrationUri": {"Ref": "Live"}, "TimeoutInMillis": 10000},
            },
        },
        FUNCTION + "Timeout",
        "10 s",
    ),
    # What fills EFS
    (
        "E9906",
        {"Installer.Properties.UserData": ABSENT, "Installer.Metadata": {"Content": TOLD % "python3.12"}},
        "Installer.Metadata",
        "Installer installs for Python 3.12, but Function runs 3.13",
    ),
    (
        "E9906",
        {"Installer.Properties.UserData": {"Fn::Base64": "python3.13 -m pip install tensorflow"}},
        "Installer.Properties.UserData",
        "but Installer does not follow parameter Runtime",
    ),
    (
        "E9906",
        {FUNCTION + "Runtime": "python3.13", VARIABLES + "PY_PKG_PATH": "tensorflow/lib/python3.13/site-packages"},
        "Installer.Properties.UserData",
        "but Installer follows a parameter and Function does not",
    ),
    (
        "E9910",
        {"Installer.Properties.ImageId": ARM_IMAGE},
        "Installer.Properties.ImageId",
        "is arm64, but Function runs",
    ),
    (
        "E9910",
        {"Installer.Properties.InstanceType": "c7g.large"},
        "Installer.Properties",
        "is arm64, but Function runs",
    ),
    (
        "E9910",
        {"Installer.Properties.InstanceType": "g5.xlarge", FUNCTION + "Architectures": ["arm64"]},
        "Installer.Properties",
        "Installer is x86_64, but Function runs on arm64",
    ),
    (
        "E9902",
        {
            "Installer.Properties.Tags": FILES_TAG,
            "Installer.Properties.SecurityGroupIds": [{"Ref": "FillerGroup"}],
            "FillerGroup": FILLER_GROUP,
        },
        "TargetGroup.Properties.SecurityGroupIngress",
        "does not allow port 2049 from FillerGroup of Installer",
    ),
    (
        "E9902",
        {
            "Installer.Properties.SubnetId": ABSENT,
            "Installer.Properties.NetworkInterfaces": [{"GroupSet": [{"Ref": "FillerGroup"}]}],
            "Installer.Metadata": {"Mounts": {"Fn::Sub": "${Point}"}},
            "FillerGroup": FILLER_GROUP,
        },
        "TargetGroup.Properties.SecurityGroupIngress",
        "from FillerGroup of Installer",
    ),
    (
        "E9911",
        {"SubnetOne.Properties.AvailabilityZone": "eu-west-1a", "SubnetTwo.Properties.AvailabilityZone": "eu-west-1a"},
        "TargetTwo.Properties.SubnetId",
        "TargetTwo is in the same zone as TargetOne",
    ),
    (
        "E9911",
        {
            "SubnetOne.Properties.AvailabilityZone": ABSENT,
            "TargetThree": {
                "Type": "AWS::EFS::MountTarget",
                "Properties": {"FileSystemId": {"Ref": "Files"}, "SubnetId": {"Ref": "SubnetOne"}},
            },
            "Function.DependsOn": ["TargetOne", "TargetTwo", "TargetThree"],
        },
        "TargetThree.Properties.SubnetId",
        "same zone as TargetOne",
    ),
    (
        "E9912",
        {FUNCTION + "FileSystemConfigs.0.Arn": {"Ref": "Point"}},
        FUNCTION + "FileSystemConfigs",
        "uses Ref of Point",
    ),
    (
        "W9913",
        {"Installer.Properties.Tags": FILES_TAG, "Filled": FILLED},
        FUNCTION + "FileSystemConfigs",
        "Installer fills Files, but Function does not wait for Filled",
    ),
    (
        "W9913",
        {
            "Installer.Metadata": {"Mounts": {"Fn::Sub": "${Point} ${Handle}"}},
            "Handle": {"Type": "AWS::CloudFormation::WaitConditionHandle"},
            "Filled": {"Type": "AWS::CloudFormation::WaitCondition", "Properties": {"Handle": {"Ref": "Handle"}}},
        },
        FUNCTION + "FileSystemConfigs",
        "does not wait for Filled",
    ),
    (
        "W9913",
        {"Installer.Properties.Tags": FILES_TAG, "Installer.CreationPolicy": {"ResourceSignal": {"Timeout": "PT1H"}}},
        FUNCTION + "FileSystemConfigs",
        "does not wait for Installer",
    ),
    ("W9914", {"Stage": ABSENT}, "Api", "Api has no stage"),
    ("W9914", {"Stage": ABSENT, "Deployment": ABSENT}, "Api", "Api has no stage"),
    ("W9914", {"Http": {"Type": "AWS::ApiGatewayV2::Api", "Properties": {"Name": "H"}}}, "Http", "Http has no stage"),
    (
        "W9920",
        {**SENDING, **STAYING, "LinkTwo": ABSENT},
        FUNCTION + "VpcConfig.SubnetIds",
        "may use sqs, but cannot reach it from SubnetTwo",
    ),
]


@pytest.mark.parametrize(("rule", "changes", "place", "words"), BROKEN)
def test_a_fault_is_found_at_its_place(rule: str, changes: Changes, place: str, words: str) -> None:
    findings = check(changed(SOUND_BODY, changes))
    assert {finding.rule for finding in findings} == {rule}
    assert [".".join(finding.path) for finding in findings] == [f"Resources.{place}"] * len(findings)
    assert words in findings[0].what


def test_every_check_has_a_failing_example() -> None:
    assert {rule for rule, *_ in BROKEN} == {one.id for one in CHECKS}


SILENT: dict[str, Changes] = {
    "zones told in two ways": {
        "SubnetTwo.Properties.AvailabilityZone": "eu-west-1b",
        "PublicSubnet.Properties.AvailabilityZone": THIRD_ZONE,
        "TargetTwo.Properties.SubnetId": {"Ref": "PublicSubnet"},
    },
    "a zone that AWS chooses": {
        "TargetTwo": ABSENT,
        "SubnetTwo.Properties.AvailabilityZone": ABSENT,
        "Function.DependsOn": "TargetOne",
    },
    "a mount target in a given subnet": {"TargetTwo.Properties.SubnetId": UNKNOWN},
    "an access point of another stack": {
        FUNCTION + "FileSystemConfigs.0.Arn": UNKNOWN,
        "Function.DependsOn": ABSENT,
        "TargetTwo": ABSENT,
    },
    "an ARN put together from the access point's id": {
        FUNCTION + "FileSystemConfigs.0.Arn": {
            "Fn::Sub": "arn:aws:elasticfilesystem:${AWS::Region}:${AWS::AccountId}:access-point/${Point}"
        }
    },
    "groups of another stack": {
        FUNCTION + "VpcConfig.SecurityGroupIds": [UNKNOWN],
        "TargetGroup.Properties.SecurityGroupIngress": ABSENT,
    },
    "NFS from the subnets' block": {
        "TargetGroup.Properties.SecurityGroupIngress": [
            {"IpProtocol": 6, "FromPort": "111", "ToPort": "2049", "CidrIp": "10.0.0.0/16"}
        ]
    },
    "NFS from a block that is not known": {
        "TargetGroup.Properties.SecurityGroupIngress": [
            {"IpProtocol": "-1", "CidrIp": {"Fn::GetAtt": ["Vpc", "CidrBlock"]}}
        ]
    },
    "rules that a condition chooses": {"TargetGroup.Properties.SecurityGroupIngress": {"Fn::If": ["Unknown", [], []]}},
    "a rule of its own": {
        "TargetGroup.Properties.SecurityGroupIngress": ABSENT,
        "Nfs": {
            "Type": "AWS::EC2::SecurityGroupIngress",
            "Properties": {"GroupId": {"Ref": "TargetGroup"}, **FROM_FUNCTION},
        },
    },
    "AWS's own egress rule": {"FunctionGroup.Properties.SecurityGroupEgress": ABSENT},
    "waiting by way of another": {
        "Function.DependsOn": "Filled",
        "Filled": {"Type": "AWS::CloudFormation::WaitCondition", "DependsOn": ["TargetOne", "TargetTwo"]},
    },
    "a group that may read": {
        POINT + "RootDirectory.CreationInfo.OwnerUid": "0",
        POINT + "PosixUser.SecondaryGids": ["50"],
        POINT + "RootDirectory.CreationInfo.OwnerGid": "50",
    },
    "the whole file system": {POINT + "RootDirectory": ABSENT},
    "a user that is not known": {POINT + "PosixUser.Uid": UNKNOWN},
    "a path that is not known": {FUNCTION + "FileSystemConfigs.0.LocalMountPath": UNKNOWN},
    "a path below the mount": {VARIABLES + "MODEL": {"Fn::Sub": "${MountPath}/model"}},
    "an installer without a version": {"Installer.Properties.UserData": {"Fn::Base64": "pip3 install tensorflow"}},
    "another instance": {"Installer.Properties.UserData": {"Fn::Base64": "yum install python3.9"}},
    "a runtime that is not Python": {FUNCTION + "Runtime": "nodejs22.x"},
    "no API": {FUNCTION + "Timeout": 900, "Method": ABSENT},
    "an API that waits longer": {FUNCTION + "Timeout": 60, "Method.Properties.Integration.TimeoutInMillis": 60000},
    "a time that is not known": {FUNCTION + "Timeout": UNKNOWN},
    "SnapStart off": {FUNCTION + "SnapStart": {"ApplyOn": "None"}},
    "a transit gateway": {
        "WayOut.Properties": {
            "RouteTableId": {"Ref": "Routes"},
            "DestinationCidrBlock": "0.0.0.0/0",
            "TransitGatewayId": UNKNOWN,
        }
    },
    "routes of another stack": {"LinkOne.Properties.RouteTableId": UNKNOWN, "LinkTwo.Properties.RouteTableId": UNKNOWN},
    "subnets of another stack": {FUNCTION + "VpcConfig.SubnetIds": UNKNOWN},
    "IPv6 that is allowed": {
        FUNCTION + "VpcConfig.Ipv6AllowedForDualStack": True,
        "WayOut.Properties": {
            "RouteTableId": {"Ref": "Routes"},
            "DestinationIpv6CidrBlock": "::/0",
            "EgressOnlyInternetGatewayId": {"Ref": "Nat"},
        },
    },
    "a protocol that is not known": {"TargetGroup.Properties.SecurityGroupIngress.0.IpProtocol": UNKNOWN},
    "mount targets in groups of another stack": {
        "TargetOne.Properties.SecurityGroups": [UNKNOWN],
        "TargetTwo.Properties.SecurityGroups": [UNKNOWN],
    },
    "rules in both places": {
        "TargetGroup.Properties.SecurityGroupIngress": [{**FROM_FUNCTION, "FromPort": 22, "ToPort": 22}],
        "Nfs": {
            "Type": "AWS::EC2::SecurityGroupIngress",
            "Properties": {"GroupId": {"Ref": "TargetGroup"}, **FROM_FUNCTION},
        },
    },
    "waiting by a reference": {
        "Function.DependsOn": ABSENT,
        VARIABLES + "CONTENTS": {"Fn::GetAtt": ["Filled", "Data"]},
        "Filled": {"Type": "AWS::CloudFormation::WaitCondition", "DependsOn": ["TargetOne", "TargetTwo"]},
    },
    "an ARN with names of its own": {
        FUNCTION + "FileSystemConfigs.0.Arn": {
            "Fn::Sub": ["${Prefix}/${Id}", {"Prefix": UNKNOWN, "Id": {"Ref": "Point"}}]
        }
    },
    "an access point beside it": {"Other": access_point("Files", "/other")},
    "an access point of another file system": {
        "Others": {"Type": "AWS::EFS::FileSystem", "Properties": {"Encrypted": True}},
        "Other": access_point("Others", "/ml"),
    },
    "leave for another service": {
        FUNCTION + "Timeout": 900,
        "Method": ABSENT,
        "Leave": {
            "Type": "AWS::Lambda::Permission",
            "Properties": {"FunctionName": {"Ref": "Live"}, "Principal": "s3.amazonaws.com"},
        },
    },
    "SnapStart by itself": {
        FUNCTION + "SnapStart": {"ApplyOn": "PublishedVersions"},
        FUNCTION + "FileSystemConfigs": ABSENT,
        FUNCTION + "EphemeralStorage": {"Size": 512},
        "Other": {
            "Type": "AWS::Lambda::Alias",
            "Properties": {
                "FunctionName": {"Ref": "Another"},
                "ProvisionedConcurrencyConfig": {"ProvisionedConcurrentExecutions": 1},
            },
        },
    },
    "an installer that follows the function": {
        "Installer.Properties.UserData": ABSENT,
        "Installer.Metadata": {"Content": {"Fn::Sub": TOLD % "${Runtime}"}},
    },
    "an installer and a function of one processor": {
        "Installer.Properties.ImageId": ARM_IMAGE,
        FUNCTION + "Architectures": ["arm64"],
    },
    "an image that is not known": {
        "Installer.Properties.ImageId": UNKNOWN,
        "Installer.Properties.InstanceType": UNKNOWN,
        FUNCTION + "Architectures": ["arm64"],
    },
    "an instance that installs nothing": {
        "Installer.Properties.ImageId": ARM_IMAGE,
        "Installer.Properties.UserData": {"Fn::Base64": "yum install python3.9"},
    },
    "a function that waits for its filling": {
        "Installer.Properties.Tags": FILES_TAG,
        "Filled": FILLED,
        "Function.DependsOn": ["TargetOne", "TargetTwo", "Filled"],
    },
    "a wait for another instance": {"Filled": FILLED},
    "a filler that the mount targets admit": {
        "Installer.Properties.Tags": FILES_TAG,
        "Installer.Properties.SecurityGroupIds": [{"Ref": "FunctionGroup"}],
    },
    "a filler in groups of another stack": {
        "Installer.Properties.Tags": FILES_TAG,
        "Installer.Properties.SecurityGroupIds": [UNKNOWN],
    },
    "a deployment that makes its stage": {"Stage": ABSENT, "Deployment.Properties.StageName": "prod"},
    "an HTTP API that makes its stage": {
        "Http": {"Type": "AWS::ApiGatewayV2::Api", "Properties": {"Name": "H", "Target": {"Ref": "Live"}}}
    },
    "an HTTP API with a stage": {
        "Http": {"Type": "AWS::ApiGatewayV2::Api", "Properties": {"Name": "H"}},
        "HttpStage": {"Type": "AWS::ApiGatewayV2::Stage", "Properties": {"ApiId": {"Ref": "Http"}}},
    },
    "a group that lets nothing out but NFS": {
        "FunctionGroup.Properties.SecurityGroupEgress": [
            {"IpProtocol": "tcp", "FromPort": 2049, "ToPort": 2049, "CidrIp": "10.0.0.0/16"},
            {
                "IpProtocol": "tcp",
                "FromPort": 5432,
                "ToPort": 5432,
                "DestinationSecurityGroupId": {"Ref": "TargetGroup"},
            },
        ],
        "WayOut": ABSENT,
    },
    "the main route table of a VPC of another stack": {
        "LinkOne": ABSENT,
        "LinkTwo": ABSENT,
        "SubnetOne.Properties.VpcId": UNKNOWN,
        "SubnetTwo.Properties.VpcId": UNKNOWN,
    },
}


@pytest.mark.parametrize("changes", SILENT.values(), ids=SILENT.keys())
def test_what_is_well_or_unknown_is_no_finding(changes: Changes) -> None:
    assert rules(changes) == []


@pytest.mark.parametrize(
    "rule", [{"CidrIp": "0.0.0.0/0"}, {"CidrIpv6": "::/0"}, {"DestinationPrefixListId": "pl-0"}, {"CidrIp": UNKNOWN}]
)
def test_a_group_that_may_let_out_needs_a_way(rule: dict[str, Any]) -> None:
    nfs, _ = SOUND_BODY["Resources"]["FunctionGroup"]["Properties"]["SecurityGroupEgress"]
    egress = [nfs, {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, **rule}]
    closed: Changes = {"WayOut": ABSENT, "FunctionGroup.Properties.SecurityGroupEgress": egress}
    assert rules(closed) == ["W9909", "W9909"]


def endpoint(service: str, **properties: Any) -> Changes:
    """An endpoint in the VPC."""
    name = {"Fn::Sub": f"com.amazonaws.${{AWS::Region}}.{service}"}
    return {
        "Endpoint": {
            "Type": "AWS::EC2::VPCEndpoint",
            "Properties": {"ServiceName": name, "VpcId": {"Ref": "Vpc"}, **properties},
        }
    }


def attached(*actions: str, effect: str = "Allow") -> Changes:
    """A policy of its own for the role."""
    document = {"Statement": [{"Effect": effect, "Action": [*actions]}]}
    properties = {"Roles": [{"Ref": "Role"}], "PolicyDocument": document}
    return {"More": {"Type": "AWS::IAM::Policy", "Properties": properties}}


INTERFACE = {"VpcEndpointType": "Interface", "SubnetIds": [{"Ref": "SubnetOne"}]}
TABLES = {"RouteTableIds": [{"Ref": "Routes"}]}


@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        (SENDING, ["sqs"]),
        ({**SENDING, **endpoint("sqs", **INTERFACE)}, []),
        ({**SENDING, **endpoint("sqs", **INTERFACE, ServiceName=UNKNOWN)}, []),
        ({**SENDING, **endpoint("sns", **INTERFACE)}, ["sqs"]),
        ({**SENDING, **endpoint("sqs", **{**INTERFACE, "VpcId": {"Ref": "Other"}}), "Other": {"Type": "AWS::EC2::VPC"}},
         ["sqs"]),
        (attached("dynamodb:GetItem", "S3:GetObject"), ["dynamodb", "s3"]),
        ({**attached("dynamodb:GetItem", "s3:GetObject"), **endpoint("dynamodb", **TABLES)}, ["s3"]),
        ({**attached("s3:GetObject"), **endpoint("s3", RouteTableIds=[])}, ["s3"]),
        (attached("s3:GetObject", effect="Deny"), []),
        (attached("elasticfilesystem:ClientMount", "logs:PutLogEvents", "ec2:CreateNetworkInterface", "xray:*"), []),
        ({**SENDING, "Function.Properties.Role": UNKNOWN}, []),
    ],
)  # fmt: skip
def test_a_service_without_a_way_to_it_is_named(changes: Changes, missing: list[str]) -> None:
    findings = check(changed(SOUND_BODY, {**STAYING, **changes}), {"Egress": "none"})
    assert [finding.what for finding in findings] == [
        f"Function may use {service}, but cannot reach it from SubnetOne and SubnetTwo" for service in missing
    ]
    assert check(changed(SOUND_BODY, changes)) == [], "a NAT gateway leads to all of them"


BY_IPV6: Changes = {
    **SENDING,
    "SixOut": {
        "Type": "AWS::EC2::Route",
        "Properties": {"RouteTableId": {"Ref": "Routes"}, "DestinationIpv6CidrBlock": "::/0"},
    },
    "Function.Properties.VpcConfig.Ipv6AllowedForDualStack": True,
}


@pytest.mark.parametrize("dual", ["true", UNKNOWN])
def test_ipv6_alone_leads_to_a_service_only_for_a_function_that_asks_by_it(dual: Any) -> None:
    (finding,) = check(changed(SOUND_BODY, BY_IPV6), {"Egress": "none"})
    assert (finding.rule, "may use sqs, but cannot reach it" in finding.what) == ("W9920", True)
    assert finding.fix.endswith("Over IPv6, set the variable AWS_USE_DUALSTACK_ENDPOINT to true.")
    variable = {"Function.Properties.Environment.Variables.AWS_USE_DUALSTACK_ENDPOINT": dual}
    assert check(changed(SOUND_BODY, {**BY_IPV6, **variable}), {"Egress": "none"}) == []


def test_parameters_may_be_given() -> None:
    assert rules({}, Egress="none") == ["W9909", "W9909"]
    assert rules({}, MountPath="/data") == ["E9905"]
    assert rules(
        {"Function.Properties.Environment.Variables.PY_PKG_PATH": "lib/python3.13/site-packages"}, Runtime="python3.12"
    ) == ["E9906"]


def of_the_blocks(**installs: Any) -> Template:
    """A function and the instance that fills its file system, without the word `contents` between them."""
    template = Template()
    python, processor = (
        template.add_parameter(Parameter(name, Type="String", Default=default))
        for name, default in (("Python", "python3.13"), ("Processor", "x86_64"))
    )
    for name, default in (("FillerPython", "python3.13"), ("FillerProcessor", "x86_64")):
        if name in installs.values():
            template.add_parameter(Parameter(name, Type="String", Default=default))
    chosen = {"runtime": python, "architecture": processor}
    wanted = {name: template.parameters.get(value, value) for name, value in installs.items()}
    filling = PopulateSettings(packages="numpy==2.4.6", model="https://example.com/m.tar", **{**chosen, **wanted})
    network = add_network(template)
    groups = [add_function_security_group(template, network), add_instance_security_group(template, network, filling)]
    storage = add_storage(template, network, groups)
    add_populate(template, network, storage, groups[1], filling)
    mount = FileSystemMount(
        subnets=network.private_subnets, security_groups=groups[:1], access_point_arn=storage.access_point_arn,
        mount_targets=storage.mount_targets,
    )  # fmt: skip
    settings = FunctionSettings(name="digits", bucket="data", key="code.zip", **chosen)
    add_inference_function(template, mount, settings)
    return template


@pytest.mark.parametrize(
    ("installs", "parameters", "found"),
    [
        ({}, {}, []),
        ({}, {"Python": "python3.12", "Processor": "arm64"}, []),
        ({"runtime": "python3.12"}, {}, ["E9906"]),
        ({"runtime": "python3.13"}, {}, ["E9906"]),
        ({"runtime": "FillerPython"}, {}, ["E9906"]),
        ({"runtime": "FillerPython"}, {"Python": "python3.12"}, ["E9906"]),
        ({"architecture": "arm64"}, {}, ["E9910"]),
        ({"architecture": "x86_64"}, {}, ["E9910"]),
        ({"architecture": "x86_64"}, {"Processor": "arm64"}, ["E9910"]),
        ({"architecture": "FillerProcessor"}, {"FillerProcessor": "arm64"}, ["E9910"]),
        ({"architecture": "FillerProcessor"}, {}, ["E9910"]),
    ],
)
def test_the_librarys_own_filler_fills_for_the_function(
    installs: dict[str, Any], parameters: dict[str, str], found: list[str]
) -> None:
    """Beside the wait that is forgotten here."""
    assert [finding.rule for finding in check(of_the_blocks(**installs).to_dict(), parameters)] == [*found, "W9913"]


def test_a_stage_that_the_blocks_forgot_is_found() -> None:
    mount = FileSystemMount(
        subnets=["subnet-1"],
        security_groups=["sg-1"],
        access_point_arn="arn:aws:elasticfilesystem:eu-west-1:123456789012:access-point/fsap-0",
    )
    for because, found in (("", ["W9914"]), ("The console does.", [])):
        template = Template()
        settings = FunctionSettings(name="digits", bucket="data", key="code.zip")
        routes = [Route(add_inference_function(template, mount, settings))]
        add_rest_api(template, routes, Access("API_KEY"), wired_because=because)
        assert [finding.rule for finding in check(template.to_dict())] == found


def test_a_parameter_that_the_template_has_not_is_refused() -> None:
    with pytest.raises(ValueError, match="no parameter Egres; it has MountPath, Runtime, Egress"):
        check(SOUND_BODY, {"Egres": "none"})


@pytest.mark.parametrize("ignored", ["W9907", "W99"])
def test_a_finding_is_silenced_as_in_cfn_lint(ignored: str) -> None:
    metadata = {"cfn-lint": {"config": {"ignore_checks": [ignored]}}}
    slow: Changes = {FUNCTION + "Timeout": 90}
    assert rules(slow) == ["W9907"]
    assert rules({**slow, "Function.Metadata": metadata}) == []
    assert rules({**slow, "Live.Metadata": metadata}) == ["W9907"]
    assert check({**changed(SOUND_BODY, slow), "Metadata": metadata}) == []


def test_a_finding_says_where_what_why_and_what_to_do() -> None:
    (finding,) = check(changed(SOUND_BODY, {FUNCTION + "Timeout": 90}))
    assert str(finding) == (
        "W9907 Resources/Function/Properties/Timeout: Function may run for 90 s, but API Gateway waits only 29 s. "
        "Otherwise the caller gets an error 504, while the function continues and is billed. "
        "Lower Timeout, or ignore this rule and write down why a longer run is useful."
    )
    assert finding.source.startswith("https://docs.aws.amazon.com/")


def test_a_template_like_the_workshops_breaks_every_rule() -> None:
    assert {finding.rule for finding in check(load(WORKSHOP_LIKE))} == {one.id for one in CHECKS}


def test_a_template_without_resources_has_no_findings() -> None:
    assert check({}) == []


ODD: tuple[Any, ...] = (
    None,
    [],
    {},
    "x",
    5,
    [None],
    {"Ref": []},
    {"Fn::Sub": {}},
    {"Fn::Select": ["a"]},
    "10.0.0.0/99",
)


def places(value: Any, *way: str) -> list[str]:
    """The paths of everything inside a value, as `changed` takes them."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [".".join(way), *(path for key, item in inside for path in places(item, *way, str(key)))]


@pytest.mark.parametrize("odd", ODD, ids=repr)
def test_a_malformed_template_is_left_to_cfn_lint(odd: Any) -> None:
    for place in places(SOUND_BODY["Resources"])[1:]:
        check(changed(SOUND_BODY, {place: odd}))

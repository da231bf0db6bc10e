"""Every door of the templates, under every choice that moves one: who may do what, and what reaches whom.

Least privilege is a property of the whole, so these tests walk all resources instead of naming them: a new policy,
security group or disk is held to the same rules.
"""

import itertools
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from wildrydes_ml.template.resolve import resolve
from wildrydes_ml.workshop import templates

# What batches need beside a function is in test_batch.py, statement by statement.
BODIES = {name: build().to_dict() for name, build in templates.TEMPLATES.items() if name != "batch.yml"}
CHOICES: dict[str, dict[str, str]] = {
    "defaults": {},
    "ipv6-key": {"InternetEgress": "ipv6", "ApiAuth": "API_KEY", "SshCidr": "192.0.2.0/24"},
    "closed-iam": {"InternetEgress": "none", "ApiAuth": "AWS_IAM", "BootstrapInstance": "none"},
}
ARN = "arn:${AWS::Partition}:%s"
FILE_SYSTEMS = ARN % "elasticfilesystem:${AWS::Region}:${AWS::AccountId}:file-system/*"
CLIENT = [f"elasticfilesystem:Client{name}" for name in ("Mount", "Write", "RootAccess")]
# AWS's own policy, of which there is no narrower one that keeps up with what the service needs:
# https://docs.aws.amazon.com/systems-manager/latest/userguide/setup-instance-permissions.html
MANAGED = {
    "lambda.amazonaws.com": [],
    "ec2.amazonaws.com": [ARN % "iam::aws:policy/AmazonSSMManagedInstanceCore"],
}
# What Lambda does for a function in a VPC, and its code must not:
# https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
INTERFACES = [
    "ec2:CreateNetworkInterface", "ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets", "ec2:DeleteNetworkInterface",
    "ec2:AssignPrivateIpAddresses", "ec2:UnassignPrivateIpAddresses",
]  # fmt: skip
WRITING = ["logs:CreateLogStream", "logs:PutLogEvents"]

Resources = Mapping[str, Any]


def resources_of(name: str, chosen: Mapping[str, str]) -> dict[str, Any]:
    values = {**chosen, "DataBucket": "bucket"}
    offered = BODIES[name]["Parameters"]
    resources = resolve(BODIES[name], {key: value for key, value in values.items() if key in offered})["Resources"]
    plain: dict[str, Any] = json.loads(json.dumps(resources))
    return plain


every_case = pytest.mark.parametrize(
    "resources",
    [resources_of(name, chosen) for name, chosen in itertools.product(BODIES, CHOICES.values())],
    ids=["-".join(case) for case in itertools.product(BODIES, CHOICES)],
)


def of(resources: Resources, kind: str) -> dict[str, Any]:
    return {title: entry["Properties"] for title, entry in resources.items() if entry["Type"] == kind}


def documents(value: Any) -> Iterator[dict[str, Any]]:
    """Every policy document inside a value, wherever it stands."""
    if isinstance(value, dict) and "Statement" in value:
        yield value
    elif isinstance(value, (dict, list)):
        for item in value.values() if isinstance(value, dict) else value:
            yield from documents(item)


def statements(value: Any) -> list[dict[str, Any]]:
    return [statement for document in documents(value) for statement in document["Statement"]]


def service(role: Mapping[str, Any]) -> str:
    """The one service that may take the role."""
    (trust,) = statements(role["AssumeRolePolicyDocument"])
    assert {key: trust[key] for key in ("Effect", "Action")} == {"Effect": "Allow", "Action": ["sts:AssumeRole"]}
    assert list(trust["Principal"]) == ["Service"]
    return str(trust["Principal"]["Service"])


# Policies


@every_case
def test_policies_name_their_actions_and_resources(resources: Resources) -> None:
    for statement in statements(resources):
        assert {"Action", "NotAction", "NotResource", "NotPrincipal"} & set(statement) == {"Action"}
        several = "" if statement["Effect"] == "Allow" else r"\*?"
        assert all(re.fullmatch(rf"[a-z0-9-]+:[A-Za-z]+{several}", action) for action in statement["Action"])
        if statement["Effect"] == "Allow" and "Resource" in statement:
            if statement["Action"] == INTERFACES:  # denied to code, see below
                continue
            arns = [arn["Fn::Sub"] for arn in statement["Resource"] if "Fn::GetAtt" not in arn]
            # The function's stack is given no file-system id: the condition names the access point instead.
            assert all("*" not in arn for arn in arns) or arns == [FILE_SYSTEMS]


@every_case
def test_lambda_makes_network_interfaces_and_the_functions_code_none(resources: Resources) -> None:
    about = [one for one in statements(resources) if any(action.startswith("ec2:") for action in one["Action"])]
    functions = [one for one in of(resources, "AWS::Lambda::Function").values() if "VpcConfig" in one]
    arns = [ARN % f"lambda:${{AWS::Region}}:${{AWS::AccountId}}:function:{one['FunctionName']}" for one in functions]
    assert [{key: one[key] for key in one if key not in ("Action", "Resource")} for one in about] == [
        statement
        for arn in arns
        for statement in (
            {"Effect": "Allow"},
            {"Effect": "Deny", "Condition": {"ArnEquals": {"lambda:SourceFunctionArn": {"Fn::Sub": arn}}}},
        )
    ]
    assert all((one["Action"], one["Resource"]) == (INTERFACES, ["*"]) for one in about)


@every_case
def test_a_function_writes_to_its_own_log_group_and_makes_none(resources: Resources) -> None:
    about = [one for one in statements(resources) if any(action.startswith("logs:") for action in one["Action"])]
    groups = [{"Fn::GetAtt": [title, "Arn"]} for title in of(resources, "AWS::Logs::LogGroup")]
    assert about == [{"Effect": "Allow", "Action": WRITING, "Resource": [group]} for group in groups]


@every_case
def test_file_systems_are_allowed_by_way_of_the_access_point_only(resources: Resources) -> None:
    allowed = [one for one in statements(resources) if one["Effect"] == "Allow" and set(CLIENT) & set(one["Action"])]
    for statement in allowed:
        assert statement["Resource"] == [{"Fn::Sub": FILE_SYSTEMS}]
        (point,) = statement["Condition"]["StringEquals"].values()
        assert statement["Condition"] == {"StringEquals": {"elasticfilesystem:AccessPointArn": point}}
        ours = {
            "Fn::Sub": ARN % "elasticfilesystem:${AWS::Region}:${AWS::AccountId}:access-point/${AccessPointResource}"
        }
        assert point == (ours if of(resources, "AWS::EFS::AccessPoint") else {"Ref": "AccessPointARN"})


@every_case
def test_the_function_reads_and_the_instance_writes(resources: Resources) -> None:
    roles = of(resources, "AWS::IAM::Role")
    assert len(roles) == len({service(role) for role in roles.values()})
    for role in roles.values():
        actions = sorted(action for one in statements(role.get("Policies", [])) for action in one["Action"])
        instance = [CLIENT[0], CLIENT[1], "s3:GetObject"]
        mounting = any("VpcConfig" in one for one in of(resources, "AWS::Lambda::Function").values())
        function = sorted([*([*CLIENT[:1], *INTERFACES, *INTERFACES] if mounting else []), *WRITING])
        assert actions == {"lambda.amazonaws.com": function, "ec2.amazonaws.com": instance}[service(role)]
        assert role.get("ManagedPolicyArns", []) == [{"Fn::Sub": arn} for arn in MANAGED[service(role)]]


@every_case
def test_there_are_no_other_identities(resources: Resources) -> None:
    identities = {entry["Type"] for entry in resources.values() if entry["Type"].startswith("AWS::IAM::")}
    assert identities <= {"AWS::IAM::Role", "AWS::IAM::InstanceProfile"}


@every_case
def test_the_file_system_refuses_clients_without_tls_or_access_point_and_allows_nobody(resources: Resources) -> None:
    for system in of(resources, "AWS::EFS::FileSystem").values():
        denied = {
            "Effect": "Deny",
            "Principal": {"AWS": "*"},
            "Action": ["elasticfilesystem:Client*"],
            "Resource": ["*"],
        }
        assert [{k: v for k, v in one.items() if k != "Sid"} for one in statements(system["FileSystemPolicy"])] == [
            {**denied, "Condition": {"Bool": {"aws:SecureTransport": "false"}}},
            {**denied, "Condition": {"Null": {"elasticfilesystem:AccessPointArn": "true"}}},
        ]


@every_case
def test_only_this_api_may_invoke_the_function(resources: Resources) -> None:
    source = ARN % "execute-api:${AWS::Region}:${AWS::AccountId}:${ModelInferenceApi}/*/*/"
    for permission in of(resources, "AWS::Lambda::Permission").values():
        assert permission["Action"] == "lambda:InvokeFunction"
        assert permission["Principal"] == "apigateway.amazonaws.com"
        assert permission["SourceArn"] == {"Fn::Sub": source}
    assert not of(resources, "AWS::Lambda::Url")


# The network


def rules(resources: Resources, direction: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each rule with its security group."""
    assert not of(resources, f"AWS::EC2::SecurityGroup{direction}"), "rules stand in their groups"
    for title, group in of(resources, "AWS::EC2::SecurityGroup").items():
        for rule in group.get(f"SecurityGroup{direction}", []):
            yield title, rule


@every_case
def test_every_rule_of_a_group_is_described(resources: Resources) -> None:
    for direction in ("Ingress", "Egress"):
        assert all(len(rule["Description"]) >= 8 for _, rule in rules(resources, direction))


@every_case
def test_what_comes_in_is_nfs_by_reference_and_ssh_from_the_given_block(resources: Resources) -> None:
    groups = of(resources, "AWS::EC2::SecurityGroup")
    clients = [title for title in groups if title != "MountTargetSecurityGroup"]
    nfs = {"IpProtocol": "tcp", "FromPort": 2049, "ToPort": 2049}
    ssh = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "CidrIp": "192.0.2.0/24"}
    found = [
        (title, {k: v for k, v in rule.items() if k != "Description"}) for title, rule in rules(resources, "Ingress")
    ]
    admitted = [("MountTargetSecurityGroup", {**nfs, "SourceSecurityGroupId": {"Ref": title}}) for title in clients]
    assert [one for one in found if one != ("InstanceSecurityGroup", ssh)] == (admitted if groups else [])


def test_port_22_is_closed_unless_a_block_is_given() -> None:
    for name in ("efs_99.yml", "99_complete.yml"):
        ports = [rule["FromPort"] for _, rule in rules(resolve(BODIES[name])["Resources"], "Ingress")]
        assert set(ports) == {2049}


@every_case
def test_what_goes_out_is_nfs_inside_and_the_web(resources: Resources) -> None:
    blocks = {vpc["CidrBlock"] for vpc in of(resources, "AWS::EC2::VPC").values()}
    for title, rule in rules(resources, "Egress"):
        if title == "MountTargetSecurityGroup":
            assert (rule["IpProtocol"], rule["CidrIp"]) == ("-1", "127.0.0.1/32")
            continue
        assert rule["IpProtocol"] == "tcp"
        assert rule["FromPort"] == rule["ToPort"]
        destination = {rule.get("CidrIp"), rule.get("CidrIpv6")} - {None}
        assert destination == (blocks if rule["FromPort"] == 2049 else destination & {"0.0.0.0/0", "::/0"})
        assert rule["FromPort"] in (2049, 443, 80)


@every_case
def test_ipv6_is_let_out_only_where_there_is_ipv6(resources: Resources) -> None:
    lets_out = [title for title, rule in rules(resources, "Egress") if "CidrIpv6" in rule]
    assert set(lets_out) == ({"FunctionSecurityGroup"} if of(resources, "AWS::EC2::VPCCidrBlock") else set())


@every_case
def test_no_group_has_the_open_egress_that_aws_adds(resources: Resources) -> None:
    assert all(group["SecurityGroupEgress"] for group in of(resources, "AWS::EC2::SecurityGroup").values())


@every_case
def test_private_subnets_have_no_way_in(resources: Resources) -> None:
    assert not any(subnet.get("MapPublicIpOnLaunch") for subnet in of(resources, "AWS::EC2::Subnet").values())
    inward = {"Ref": "InternetGateway"}
    reached = [
        route["RouteTableId"] for route in of(resources, "AWS::EC2::Route").values() if route.get("GatewayId") == inward
    ]
    assert reached in ([], [{"Ref": "PublicRouteTable"}])
    links = of(resources, "AWS::EC2::SubnetRouteTableAssociation").values()
    public = [link["SubnetId"] for link in links if link["RouteTableId"] == {"Ref": "PublicRouteTable"}]
    assert public in ([], [{"Ref": "PublicSubnetOne"}])


# Data, keys and limits


@every_case
def test_everything_that_is_stored_is_encrypted(resources: Resources) -> None:
    assert all(system["Encrypted"] is True for system in of(resources, "AWS::EFS::FileSystem").values())
    for instance in of(resources, "AWS::EC2::Instance").values():
        assert [disk["Ebs"]["Encrypted"] for disk in instance["BlockDeviceMappings"]] == [True]
        assert "Volumes" not in instance


@every_case
def test_instances_ask_for_their_credentials_with_a_token(resources: Resources) -> None:
    for instance in of(resources, "AWS::EC2::Instance").values():
        assert instance["MetadataOptions"] == {"HttpTokens": "required", "HttpPutResponseHopLimit": 1}
        assert "KeyName" not in instance


@every_case
def test_clients_of_the_access_point_are_nobody_in_particular(resources: Resources) -> None:
    for point in of(resources, "AWS::EFS::AccessPoint").values():
        assert point["PosixUser"] == {"Uid": "1001", "Gid": "1001"}
        made = {"OwnerUid": "1001", "OwnerGid": "1001", "Permissions": "755"}
        assert point["RootDirectory"] == {"Path": "/ml", "CreationInfo": made}


@every_case
def test_every_function_logs_to_a_group_that_forgets(resources: Resources) -> None:
    kept = {group["LogGroupName"]: group["RetentionInDays"] for group in of(resources, "AWS::Logs::LogGroup").values()}
    functions = of(resources, "AWS::Lambda::Function").values()
    assert kept == {f"/aws/lambda/{function['FunctionName']}": 14 for function in functions}


@every_case
def test_variables_of_a_function_hold_no_secret(resources: Resources) -> None:
    for function in of(resources, "AWS::Lambda::Function").values():
        assert set(function["Environment"]["Variables"]) <= {
            "EFS_PATH", "PY_PKG_PATH", "EFS_CONTENTS", "REVISION", "MIN_SCORE", "ENGINE", "TARGET_LABEL",
            "PRIVATE_IMAGE_HOSTS", "API_AUTH",
        }  # fmt: skip


@every_case
def test_the_stage_is_throttled_whoever_asks(resources: Resources) -> None:
    limits = {"ThrottlingRateLimit": 5, "ThrottlingBurstLimit": 10}
    for stage in of(resources, "AWS::ApiGateway::Stage").values():
        assert stage["MethodSettings"] == [{"HttpMethod": "*", "ResourcePath": "/*", **limits}]
    for plan in of(resources, "AWS::ApiGateway::UsagePlan").values():
        assert plan["Throttle"] == {"RateLimit": 5, "BurstLimit": 10}


@pytest.mark.parametrize(
    ("auth", "authorization", "needs_key"),
    [("NONE", "NONE", False), ("API_KEY", "NONE", True), ("AWS_IAM", "AWS_IAM", False)],
)
def test_every_method_but_the_page_asks_who_calls(auth: str, authorization: str, needs_key: bool) -> None:
    resources = resolve(BODIES["99_complete.yml"], {"ApiAuth": auth})["Resources"]
    methods = {one["HttpMethod"]: one for one in of(resources, "AWS::ApiGateway::Method").values()}
    assert set(methods) == ({"ANY"} if auth == "NONE" else {"ANY", "GET"})
    assert (methods["ANY"]["AuthorizationType"], methods["ANY"]["ApiKeyRequired"]) == (authorization, needs_key)
    assert bool(of(resources, "AWS::ApiGateway::ApiKey")) == needs_key

"""What the blocks build: closed doors, right order, nothing to pay for that was not chosen."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from wildrydes_ml.workshop import templates

Stack = Callable[..., dict[str, Any]]

EFS, INFERENCE, COMPLETE = "efs_99.yml", "5_lambda_function.yml", "99_complete.yml"
NETWORKS = pytest.mark.parametrize("name", [EFS, COMPLETE])
EVERY = pytest.mark.parametrize("name", templates.TEMPLATES)
ANY_FILE_SYSTEM = "arn:${AWS::Partition}:elasticfilesystem:${AWS::Region}:${AWS::AccountId}:file-system/*"
THE_ACCESS_POINT = (
    "arn:${AWS::Partition}:elasticfilesystem:${AWS::Region}:${AWS::AccountId}:access-point/${AccessPointResource}"
)


def properties(left: dict[str, Any], title: str) -> dict[str, Any]:
    return dict(left["Resources"][title]["Properties"])


def of_type(left: dict[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    resources = left["Resources"].items()
    return {title: entry.get("Properties", {}) for title, entry in resources if entry["Type"] == f"AWS::{kind}"}


def rules(group: dict[str, Any], direction: str) -> set[tuple[int, str]]:
    """Port and other side of every rule; -1 for all ports. No list means nothing in, and everything out."""
    default = {"Ingress": [], "Egress": [{"CidrIp": "0.0.0.0/0"}]}[direction]
    return {(rule.get("FromPort", -1), other_side(rule)) for rule in group.get(f"SecurityGroup{direction}", default)}


def other_side(rule: dict[str, Any]) -> str:
    assert rule.get("FromPort") == rule.get("ToPort"), "one port, no range"
    if "SourceSecurityGroupId" in rule:
        return str(rule["SourceSecurityGroupId"]["Ref"])
    return str(rule.get("CidrIp") or rule["CidrIpv6"])


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from strings(item)


# Network


@NETWORKS
def test_the_nat_gateway_has_an_instances_zone_and_the_private_subnets_another(stack: Stack, name: str) -> None:
    zones = {title: subnet["AvailabilityZone"] for title, subnet in of_type(stack(name), "EC2::Subnet").items()}
    assert zones["PublicSubnetOne"] == zones["PrivateSubnetOne"] == {"Fn::Select": [0, {"Fn::GetAZs": ""}]}
    assert zones["PrivateSubnetTwo"] == {"Fn::Select": [1, {"Fn::GetAZs": ""}]}


def test_zones_can_be_chosen(stack: Stack) -> None:
    left = stack(EFS, AvailabilityZoneOne="eu-west-1b", AvailabilityZoneTwo="eu-west-1c")
    zones = {title: subnet["AvailabilityZone"] for title, subnet in of_type(left, "EC2::Subnet").items()}
    assert zones == {
        "PublicSubnetOne": "eu-west-1b",
        "PrivateSubnetOne": "eu-west-1b",
        "PrivateSubnetTwo": "eu-west-1c",
    }


@pytest.mark.parametrize(
    ("egress", "way", "absent"),
    [
        ("nat", {"NatPublicIP", "NatGateway", "PrivateRoute"}, {"EgressOnlyInternetGateway", "VPCIpv6Cidr"}),
        ("ipv6", {"EgressOnlyInternetGateway", "PrivateIpv6Route", "VPCIpv6Cidr"}, {"NatGateway", "NatPublicIP"}),
        ("none", set(), {"NatGateway", "NatPublicIP", "EgressOnlyInternetGateway", "VPCIpv6Cidr"}),
    ],
)
def test_egress_makes_only_the_chosen_way_out(stack: Stack, egress: str, way: set[str], absent: set[str]) -> None:
    left = stack(EFS, InternetEgress=egress)
    assert way <= set(left["Resources"])
    assert not absent & set(left["Resources"])
    private = {title for title, route in of_type(left, "EC2::Route").items() if "PrivateRoute" in str(route)}
    assert len(private) == (0 if egress == "none" else 1)


def test_ipv6_egress_gives_the_private_subnets_addresses_and_leaves_the_public_one(stack: Stack) -> None:
    subnets = of_type(stack(EFS, InternetEgress="ipv6"), "EC2::Subnet")
    blocks = [subnets[title]["Ipv6CidrBlock"]["Fn::Select"][0] for title in ("PrivateSubnetOne", "PrivateSubnetTwo")]
    assert blocks == [0, 1]
    assert all(subnets[title]["AssignIpv6AddressOnCreation"] for title in ("PrivateSubnetOne", "PrivateSubnetTwo"))
    assert "Ipv6CidrBlock" not in subnets["PublicSubnetOne"]


@pytest.mark.parametrize("title", ["PrivateSubnetOne", "PrivateSubnetTwo"])
def test_a_subnet_waits_for_the_ipv6_block_that_it_divides(stack: Stack, title: str) -> None:
    assert "{'Ref': 'VPCIpv6Cidr'}" in str(properties(stack(EFS, InternetEgress="ipv6"), title))


@pytest.mark.parametrize("egress", ["nat", "none"])
def test_subnets_have_no_ipv6_properties_without_ipv6_egress(stack: Stack, egress: str) -> None:
    for subnet in of_type(stack(EFS, InternetEgress=egress), "EC2::Subnet").values():
        assert not {"Ipv6CidrBlock", "AssignIpv6AddressOnCreation"} & set(subnet)


def test_only_the_public_subnet_has_a_route_to_the_internet_gateway(stack: Stack) -> None:
    left = stack(EFS)
    tables = {
        item["SubnetId"]["Ref"]: item["RouteTableId"]["Ref"]
        for item in of_type(left, "EC2::SubnetRouteTableAssociation").values()
    }
    assert tables == {
        "PublicSubnetOne": "PublicRouteTable",
        "PrivateSubnetOne": "PrivateRouteTable",
        "PrivateSubnetTwo": "PrivateRouteTable",
    }
    gateways = {
        route["RouteTableId"]["Ref"]: route["GatewayId"]["Ref"]
        for route in of_type(left, "EC2::Route").values()
        if "GatewayId" in route
    }
    assert gateways == {"PublicRouteTable": "InternetGateway"}
    assert properties(left, "NatGateway")["SubnetId"] == {"Ref": "PublicSubnetOne"}


@NETWORKS
@pytest.mark.parametrize("title", ["NatPublicIP", "DefaultPublicRoute"])
def test_what_needs_the_internet_gateway_waits_for_it(stack: Stack, name: str, title: str) -> None:
    assert "InternetGatewayAttachment" in stack(name)["Resources"][title]["DependsOn"]


@NETWORKS
def test_the_route_out_is_whole_before_anything_waits_for_it(stack: Stack, name: str) -> None:
    assert "PublicSubnet1RouteTableAssociation" in stack(name)["Resources"]["DefaultPublicRoute"]["DependsOn"]


# Security groups


@EVERY
def test_nothing_is_open_to_the_world(stack: Stack, name: str) -> None:
    for group in of_type(stack(name), "EC2::SecurityGroup").values():
        assert not {"0.0.0.0/0", "::/0"} & set(strings(group.get("SecurityGroupIngress", [])))


@NETWORKS
def test_who_may_reach_whom(stack: Stack, name: str) -> None:
    groups = of_type(stack(name), "EC2::SecurityGroup")
    out = {(2049, "10.0.0.0/16"), (443, "0.0.0.0/0"), (80, "0.0.0.0/0")}
    assert set(groups) == {"FunctionSecurityGroup", "InstanceSecurityGroup", "MountTargetSecurityGroup"}
    assert rules(groups["FunctionSecurityGroup"], "Ingress") == set()
    assert rules(groups["FunctionSecurityGroup"], "Egress") == out
    assert rules(groups["InstanceSecurityGroup"], "Ingress") == set()
    assert rules(groups["InstanceSecurityGroup"], "Egress") == out
    clients = {(2049, "FunctionSecurityGroup"), (2049, "InstanceSecurityGroup")}
    assert rules(groups["MountTargetSecurityGroup"], "Ingress") == clients
    # An absent list would let everything out.
    assert rules(groups["MountTargetSecurityGroup"], "Egress") == {(-1, "127.0.0.1/32")}


def test_ssh_is_open_to_the_given_block_only(stack: Stack) -> None:
    group = properties(stack(EFS, SshCidr="192.0.2.0/24"), "InstanceSecurityGroup")
    assert rules(group, "Ingress") == {(22, "192.0.2.0/24")}


def test_without_an_instance_the_mount_targets_admit_the_function_alone(stack: Stack) -> None:
    groups = of_type(stack(EFS, BootstrapInstance="none"), "EC2::SecurityGroup")
    assert rules(groups["MountTargetSecurityGroup"], "Ingress") == {(2049, "FunctionSecurityGroup")}
    assert "InstanceSecurityGroup" not in groups


def test_ipv6_egress_lets_the_function_out_over_ipv6(stack: Stack) -> None:
    group = properties(stack(EFS, InternetEgress="ipv6"), "FunctionSecurityGroup")
    assert {(443, "::/0"), (80, "::/0")} <= rules(group, "Egress")


@NETWORKS
def test_every_group_and_rule_is_described(stack: Stack, name: str) -> None:
    for group in of_type(stack(name, SshCidr="192.0.2.0/24", InternetEgress="ipv6"), "EC2::SecurityGroup").values():
        assert group["GroupDescription"]
        for rule in (*group.get("SecurityGroupIngress", []), *group["SecurityGroupEgress"]):
            assert rule["Description"]
            # The characters that EC2 takes in a rule's description.
            assert re.fullmatch(r"[a-zA-Z0-9. _\-:/()#,@\[\]+=&;{}!$*]{1,255}", rule["Description"])


@EVERY
def test_rules_are_inline(stack: Stack, name: str) -> None:
    kinds = {entry["Type"] for entry in stack(name)["Resources"].values()}
    assert not kinds & {"AWS::EC2::SecurityGroupIngress", "AWS::EC2::SecurityGroupEgress"}


# Storage


@NETWORKS
def test_the_file_system_is_encrypted_and_shut_by_policy(stack: Stack, name: str) -> None:
    file_system = properties(stack(name), "FileSystemResource")
    assert file_system["Encrypted"] is True
    statements = file_system["FileSystemPolicy"]["Statement"]
    assert {statement["Effect"] for statement in statements} == {"Deny"}
    assert [statement["Condition"] for statement in statements] == [
        {"Bool": {"aws:SecureTransport": "false"}},
        {"Null": {"elasticfilesystem:AccessPointArn": "true"}},
    ]
    for statement in statements:
        assert statement["Principal"] == {"AWS": "*"}
        assert statement["Resource"] == ["*"]
        assert statement["Action"] == ["elasticfilesystem:Client*"]


@pytest.mark.parametrize(
    ("mode", "mibps"), [("provisioned", {"ProvisionedThroughputInMibps": "15"}), ("elastic", {}), ("bursting", {})]
)
def test_throughput(stack: Stack, mode: str, mibps: dict[str, str]) -> None:
    file_system = properties(stack(EFS, ThroughputMode=mode), "FileSystemResource")
    assert file_system["ThroughputMode"] == mode
    assert {key: value for key, value in file_system.items() if key == "ProvisionedThroughputInMibps"} == mibps


@NETWORKS
def test_each_private_subnet_has_a_mount_target(stack: Stack, name: str) -> None:
    targets = of_type(stack(name), "EFS::MountTarget")
    assert {title: target["SubnetId"]["Ref"] for title, target in targets.items()} == {
        "MountTargetResource1": "PrivateSubnetOne",
        "MountTargetResource2": "PrivateSubnetTwo",
    }
    for target in targets.values():
        assert target["FileSystemId"] == {"Ref": "FileSystemResource"}
        assert target["SecurityGroups"] == [{"Ref": "MountTargetSecurityGroup"}]


@NETWORKS
def test_the_access_point_owns_its_directory(stack: Stack, name: str) -> None:
    access_point = properties(stack(name), "AccessPointResource")
    assert access_point["PosixUser"] == {"Uid": "1001", "Gid": "1001"}
    assert access_point["RootDirectory"] == {
        "Path": "/ml",
        "CreationInfo": {"OwnerUid": "1001", "OwnerGid": "1001", "Permissions": "755"},
    }


# Roles


@pytest.mark.parametrize(
    ("name", "role", "actions", "access_point"),
    [
        (EFS, "EfsMountInstanceRole", {"ClientMount", "ClientWrite"}, {"Fn::Sub": THE_ACCESS_POINT}),
        (COMPLETE, "EfsMountInstanceRole", {"ClientMount", "ClientWrite"}, {"Fn::Sub": THE_ACCESS_POINT}),
        (COMPLETE, "LambdaEFSMLExecuteInferenceServiceRole", {"ClientMount"}, {"Fn::Sub": THE_ACCESS_POINT}),
        (INFERENCE, "LambdaEFSMLExecuteInferenceServiceRole", {"ClientMount"}, "<AccessPointARN>"),
    ],
)
def test_roles_may_use_the_access_point_and_only_the_instance_may_write(
    stack: Stack, name: str, role: str, actions: set[str], access_point: object
) -> None:
    policy, *_ = properties(stack(name), role)["Policies"]
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert statement == {
        "Effect": "Allow",
        "Action": sorted(f"elasticfilesystem:{action}" for action in actions),
        "Resource": [{"Fn::Sub": ANY_FILE_SYSTEM}],
        "Condition": {"StringEquals": {"elasticfilesystem:AccessPointArn": access_point}},
    }


@pytest.mark.parametrize(
    ("role", "service", "managed"),
    [
        ("LambdaEFSMLExecuteInferenceServiceRole", "lambda", []),
        ("EfsMountInstanceRole", "ec2", ["AmazonSSMManagedInstanceCore"]),
    ],
)
def test_who_takes_a_role_and_its_managed_policies(stack: Stack, role: str, service: str, managed: list[str]) -> None:
    found = properties(stack(COMPLETE), role)
    (statement,) = found["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Principal"] == {"Service": f"{service}.amazonaws.com"}
    assert statement["Action"] == ["sts:AssumeRole"]
    policies = [{"Fn::Sub": f"arn:${{AWS::Partition}}:iam::aws:policy/{name}"} for name in managed]
    assert found.get("ManagedPolicyArns", []) == policies
    assert "RoleName" not in found


@EVERY
def test_every_role_keeps_within_a_boundary_where_one_is_given(stack: Stack, name: str) -> None:
    policy = "arn:aws:iam::123456789012:policy/students"
    assert of_type(stack(name), "IAM::Role")
    for role in of_type(stack(name, PermissionsBoundary=policy), "IAM::Role").values():
        assert role["PermissionsBoundary"] in (policy, "<PermissionsBoundary>")
    assert not [role for role in of_type(stack(name), "IAM::Role").values() if "PermissionsBoundary" in role]


@EVERY
def test_no_role_is_there_for_nothing(stack: Stack, name: str) -> None:
    left = stack(name)
    for role in of_type(left, "IAM::Role"):
        others = [entry for title, entry in left["Resources"].items() if title != role]
        assert f"'{role}'" in str(others)


@EVERY
def test_no_action_is_a_wildcard(stack: Stack, name: str) -> None:
    roles = of_type(stack(name), "IAM::Role").values()
    documents = [policy["PolicyDocument"] for role in roles for policy in role["Policies"]]
    for statement in (one for document in documents for one in document["Statement"]):
        assert not [text for text in strings(statement["Action"]) if "*" in text]
        # Lambda's network interfaces have no ids beforehand, and an interface is described among all.
        is_about_interfaces = all("NetworkInterface" in action for action in statement["Action"][:2])
        # Nor has the delivery of a state machine's log: https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html
        is_about_deliveries = statement["Action"][0] == "logs:CreateLogDelivery"
        assert ("*" in strings(statement["Resource"])) == (is_about_interfaces or is_about_deliveries)


@EVERY
def test_no_partition_is_hard_coded(stack: Stack, name: str) -> None:
    assert not [text for text in strings(stack(name)) if "arn:aws" in text]

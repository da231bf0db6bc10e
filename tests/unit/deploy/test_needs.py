"""What other people's templates need of an account, and what is said where it is not to be had."""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from tests.unit.fakes import FakeAws, found_as, wanted
from wildrydes_ml import costs
from wildrydes_ml.aws.facts import Ask, Concurrency, Facts, Place, Reach, Usage, Zone
from wildrydes_ml.aws.target import Target
from wildrydes_ml.costs.bills import BILLED
from wildrydes_ml.deploy.desired import Desired, DesiredStack
from wildrydes_ml.deploy.planner import FoundStack
from wildrydes_ml.deploy.preflight import Unready, check
from wildrydes_ml.deploy.preflight.case import Problem
from wildrydes_ml.deploy.preflight.needs import needs, parts
from wildrydes_ml.deploy.preflight.problems import problems
from wildrydes_ml.deploy.steps import ApplyStack
from wildrydes_ml.deployment import StackOutput
from wildrydes_ml.testing import Said

NO_VALUES: Mapping[str, str] = {}
NO_STACKS: Mapping[str, FoundStack] = {}


def resource(kind: str, **properties: Any) -> dict[str, Any]:
    return {"Type": f"AWS::{kind}", "Properties": properties}


def stack(body: Mapping[str, Any], parameters: Mapping[str, str] = NO_VALUES, name: str = "app") -> DesiredStack:
    return DesiredStack(name, "app.yml", json.dumps(body), parameters, {}, body)


def deployment(
    resources: Mapping[str, Any], values: Mapping[str, str] = NO_VALUES, **sections: Mapping[str, Any]
) -> Desired:
    """A deployment of one stack with these resources; each value's parameter is of type String unless it is given."""
    kinds = {**{name: {"Type": "String"} for name in values}, **sections.pop("Parameters", {})}
    body = {"Parameters": kinds, "Resources": resources, **sections}
    return replace(wanted("short"), stacks=(stack(body, values),))


def asked(desired: Desired, kind: str = "create", there: Mapping[str, FoundStack] = NO_STACKS) -> set[Ask]:
    steps = [ApplyStack(one, kind) for one in desired.stacks]
    return {*needs(desired, parts(desired, steps, there), steps)}


def found(
    desired: Desired, facts: Facts, kind: str = "create", there: Mapping[str, FoundStack] = NO_STACKS
) -> list[Problem]:
    steps = [ApplyStack(one, kind) for one in desired.stacks]
    return problems(facts, desired, parts(desired, steps, there))


def only(desired: Desired, facts: Facts) -> Problem:
    (problem,) = found(desired, facts)
    return problem


GATEWAYS = {
    "SubnetA": resource("EC2::Subnet", AvailabilityZone="z1"),
    "SubnetB": resource("EC2::Subnet", AvailabilityZone={"Ref": "Second"}),
    "NatA": resource("EC2::NatGateway", SubnetId={"Ref": "SubnetA"}),
    "NatB": resource("EC2::NatGateway", SubnetId={"Ref": "SubnetB"}),
    "AddressA": resource("EC2::EIP"),
    "AddressB": resource("EC2::EIP"),
}
TWO_ZONES = deployment(GATEWAYS, {"Second": "z2"})


def test_what_a_template_makes_is_counted() -> None:
    facts: Facts = {Ask("addresses"): Usage({"": 4}, 5)}
    problem = only(TWO_ZONES, facts)
    assert problem.what == "Elastic IP addresses"
    assert '4 are in use, 2 more are needed, and the quota "EC2-VPC Elastic IPs" is 5' in problem.why
    assert "--desired-value 6" in problem.remedy
    assert found(TWO_ZONES, {Ask("addresses"): Usage({"": 3}, 5)}) == []


def test_nat_gateways_are_counted_in_their_zones() -> None:
    assert found(TWO_ZONES, {Ask("nat_gateways"): Usage({"z1": 4, "z2": 4, "z3": 5}, 5)}) == []
    assert only(TWO_ZONES, {Ask("nat_gateways"): Usage({"z1": 4, "z2": 5}, 5)}).what == "NAT gateways"


def test_an_update_asks_for_what_it_adds() -> None:
    one = {title: entry for title, entry in GATEWAYS.items() if title not in ("NatB", "AddressB")}
    there = found_as(deployment(one, {"Second": "z2"}).service)
    assert {ask.name for ask in asked(TWO_ZONES, "update", {"app": there})} == {
        "addresses", "nat_gateways", "instance_zones", "zones",
    }  # fmt: skip
    assert asked(TWO_ZONES, "update", {"app": found_as(TWO_ZONES.service)}) == set()


def test_zones_are_those_of_the_subnets_and_their_parameter_is_named() -> None:
    facts: Facts = {Ask("zones"): (Zone("z1"), Zone("z3"))}
    problem = only(TWO_ZONES, facts)
    assert problem.what == "Availability Zone z2"
    assert problem.remedy == "Add --set Second=z1"
    literal = deployment({"Subnet": resource("EC2::Subnet", AvailabilityZone="z9")})
    assert only(literal, facts).remedy == "Use another --region"
    assert found(deployment({"Subnet": resource("EC2::Subnet")}), facts) == []


def instance(**properties: Any) -> dict[str, Any]:
    return {"Worker": resource("EC2::Instance", **properties)}


def test_an_instance_is_asked_for_by_its_own_parameter() -> None:
    given = {"Size": "t4g.small", "Image": "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"}
    kinds = {"Image": {"Type": "AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>"}}
    desired = deployment(instance(InstanceType={"Ref": "Size"}, ImageId={"Ref": "Image"}), given, Parameters=kinds)
    assert asked(desired) == {
        Ask("instance_architectures", "t4g.small"), Ask("instance_zones", "t4g.small"), Ask("zones"),
    }  # fmt: skip
    problem = only(desired, {Ask("instance_architectures", "t4g.small"): frozenset({"arm64"})})
    assert problem.why == "its processor is arm64, and its image is for x86_64"
    assert problem.remedy == "Leave Size out, or add --set Size=TYPE with another type"
    literal = deployment(instance(InstanceType="x9.huge"))
    assert only(literal, {Ask("instance_zones", "x9.huge"): frozenset()}).remedy == (
        "Choose another InstanceType for Worker"
    )


def function(**properties: Any) -> dict[str, Any]:
    return {"Answer": resource("Lambda::Function", **properties)}


def test_names_with_the_stack_s_name_in_them_are_asked_for() -> None:
    log = {"Log": resource("Logs::LogGroup", LogGroupName={"Fn::Sub": "/aws/lambda/${AWS::StackName}-answer"})}
    desired = deployment({**function(FunctionName={"Fn::Sub": "${AWS::StackName}-answer"}), **log})
    assert asked(desired) >= {Ask("function", "app-answer"), Ask("log_group", "/aws/lambda/app-answer")}
    problem = only(desired, {Ask("function", "app-answer"): "theirs"})
    assert "Use another --name or another FunctionName for Answer" in problem.remedy
    assert found(desired, {Ask("function", "app-answer"): "app"}) == []
    assert {ask.name for ask in asked(deployment(function()))} == {"runtimes", "concurrency"}


@pytest.mark.parametrize(("runtime", "known"), [("python3.99", False), ("nodejs22.x", True)])
def test_a_runtime_is_the_function_s_own(runtime: str, known: bool) -> None:
    facts: Facts = {Ask("runtimes"): frozenset({"nodejs22.x"})}
    problems_ = found(deployment(function(Runtime=runtime)), facts)
    assert [problem.what for problem in problems_] == ([] if known else ["runtime python3.99"])
    by_parameter = deployment(function(Runtime={"Ref": "Language"}), {"Language": "python3.99"})
    assert "--set Language=RUNTIME" in only(by_parameter, facts).remedy


def test_the_concurrency_of_all_functions_is_one_account_s() -> None:
    two = {
        **function(FunctionName="answer", ReservedConcurrentExecutions=5),
        "Other": resource("Lambda::Function", FunctionName="other", ReservedConcurrentExecutions={"Ref": "Most"}),
    }
    desired = deployment(two, {"Most": "6"})
    facts: Facts = {Ask("concurrency", name): Concurrency(1000, 110, 0) for name in ("answer", "other")}
    assert asked(desired) >= {*facts}
    assert "other functions leave 110 unreserved" in only(desired, facts).why
    assert found(desired, {**facts, Ask("concurrency", "other"): Concurrency(1000, 110, 1)}) == []


TAKES = {"Fn::ImportValue": {"Fn::Sub": "${Network}-Subnet"}}
IMPORTING = deployment(function(VpcConfig={"SubnetIds": [TAKES]}), {"Network": "base"})


def test_what_another_stack_is_to_export_has_to_be_there() -> None:
    assert Ask("exports") in asked(IMPORTING)
    problem = only(IMPORTING, {Ask("exports"): {"other-Subnet": "arn:stack/other/1"}})
    assert problem.is_certain
    assert problem.what == "export base-Subnet"
    assert "Answer of stack app imports it, and no stack in the region exports it" in problem.why
    assert found(IMPORTING, {Ask("exports"): {"base-Subnet": "arn:stack/base/1"}}) == []


def test_what_the_deployment_exports_itself_need_not_be_there() -> None:
    outputs = {"Subnet": {"Value": "s", "Export": {"Name": {"Fn::Sub": "${AWS::StackName}-Subnet"}}}}
    base = stack({"Resources": {"Topic": resource("SNS::Topic")}, "Outputs": outputs}, name="base")
    assert found(replace(IMPORTING, stacks=(base, *IMPORTING.stacks)), {Ask("exports"): {}}) == []
    taken = only(
        replace(IMPORTING, stacks=(base, *IMPORTING.stacks)), {Ask("exports"): {"base-Subnet": "arn:stack/theirs/1"}}
    )
    assert "stack theirs already uses the names base-Subnet" in taken.why


STORED = {"Table": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/app/table:3"}}


def test_a_parameter_of_systems_manager_has_to_be_there() -> None:
    desired = deployment(function(Description={"Ref": "Table"}), Parameters=STORED)
    assert Ask("stored", "/app/table") in asked(desired)
    problem = only(desired, {Ask("stored", "/app/table"): False})
    assert problem.what == "parameter /app/table"
    assert "--set Table=NAME" in problem.remedy
    assert found(desired, {Ask("stored", "/app/table"): True}) == []


# A network that is given.

KINDS = {
    "Vpc": {"Type": "AWS::EC2::VPC::Id"},
    "One": {"Type": "AWS::EC2::Subnet::Id"},
    "Two": {"Type": "AWS::EC2::Subnet::Id"},
    "Groups": {"Type": "List<AWS::EC2::SecurityGroup::Id>"},
}
GIVEN = {"Vpc": "vpc-1", "One": "subnet-a", "Two": "subnet-b", "Groups": "sg-1,sg-2"}
ROLE = resource(
    "IAM::Role",
    Policies=[{"PolicyDocument": {"Statement": [{"Effect": "Allow", "Action": ["sqs:SendMessage", "s3:GetObject"]}]}}],
)
INSIDE = {
    **function(VpcConfig={"SubnetIds": [{"Ref": "One"}, {"Ref": "Two"}]}, Role={"Fn::GetAtt": ["Role", "Arn"]}),
    "Role": ROLE,
    "TargetOne": resource("EFS::MountTarget", SubnetId={"Ref": "One"}),
    "TargetTwo": resource("EFS::MountTarget", SubnetId={"Ref": "Two"}),
}
EXISTING = deployment(INSIDE, GIVEN, Parameters=KINDS)
IN_ORDER: Facts = {
    Ask("vpc", "vpc-1"): Place("vpc-1"),
    Ask("subnet", "subnet-a"): Place("vpc-1", "z1"),
    Ask("subnet", "subnet-b"): Place("vpc-1", "z2"),
    Ask("security_group", "sg-1"): Place("vpc-1"),
    Ask("security_group", "sg-2"): Place("vpc-1"),
    Ask("reach", "subnet-a"): Reach(outside=True),
    Ask("reach", "subnet-b"): Reach(outside=True),
}


def test_what_is_given_is_looked_at_where_it_is_new() -> None:
    assert asked(EXISTING) >= {*IN_ORDER}
    assert found(EXISTING, IN_ORDER) == []
    assert not asked(EXISTING, "update", {"app": found_as(EXISTING.service)}) & {*IN_ORDER}
    moved = found_as(EXISTING.service.with_parameters(Two="subnet-c"))
    again = asked(EXISTING, "update", {"app": moved}) & {*IN_ORDER}
    assert again == {Ask("subnet", "subnet-b"), Ask("reach", "subnet-a"), Ask("reach", "subnet-b")}


@pytest.mark.parametrize(
    ("facts", "what", "said"),
    [
        ({Ask("subnet", "subnet-a"): None}, "subnet subnet-a", "--set One=ID with an existing one"),
        ({Ask("security_group", "sg-2"): None}, "security group sg-2", "--set Groups=ID with an existing one"),
        ({Ask("vpc", "vpc-1"): None}, "VPC vpc-1", "--set Vpc=ID"),
        ({Ask("subnet", "subnet-b"): Place("vpc-2", "z2")}, "network", "subnet-b (Two) is in vpc-2"),
        ({Ask("subnet", "subnet-b"): Place("vpc-1", "z1")}, "subnets subnet-a and subnet-b", "both are in zone z1"),
    ],
)  # fmt: skip
def test_a_network_that_is_not_as_it_is_said_to_be_is_in_the_way(facts: Facts, what: str, said: str) -> None:
    problem = only(EXISTING, {**IN_ORDER, **facts})
    assert problem.is_certain
    assert problem.what == what
    assert said in problem.describe()


def test_the_zone_of_a_given_subnet_is_the_instance_s() -> None:
    worker = {"InstanceType": "t3.micro", "NetworkInterfaces": [{"SubnetId": {"Ref": "One"}}]}
    desired = deployment({**INSIDE, **instance(**worker)}, GIVEN, Parameters=KINDS)
    problem = only(desired, {**IN_ORDER, Ask("instance_zones", "t3.micro"): frozenset({"z2"})})
    assert problem.why == "zone z1 of its subnet does not offer it"
    assert problem.remedy == "Choose another InstanceType for Worker"
    assert found(desired, {**IN_ORDER, Ask("instance_zones", "t3.micro"): frozenset({"z1"})}) == []


def test_a_service_that_cannot_be_reached_is_warned_of() -> None:
    closed: Facts = {**IN_ORDER, Ask("reach", "subnet-b"): Reach(False, frozenset({"s3"}))}
    problem = only(EXISTING, closed)
    assert not problem.is_certain
    assert problem.what == "function Answer of stack app"
    assert "its role lets it use sqs, but subnets subnet-a, subnet-b have neither" in problem.why
    assert "Create endpoints in the VPC (sqs)" in problem.remedy
    assert found(EXISTING, {**IN_ORDER, Ask("reach", "subnet-b"): Reach(False, frozenset({"s3", "sqs"}))}) == []


def test_an_endpoint_that_the_template_makes_is_a_way() -> None:
    name = {"Fn::Sub": "com.amazonaws.${AWS::Region}.sqs"}
    with_one = {**INSIDE, "Queues": resource("EC2::VPCEndpoint", ServiceName=name, VpcEndpointType="Interface")}
    closed: Facts = {**IN_ORDER, Ask("reach", "subnet-b"): Reach(outside=False)}
    assert "use sqs" not in only(deployment(with_one, GIVEN, Parameters=KINDS), closed).why
    assert "use s3, sqs" in only(EXISTING, closed).why


MADE = {
    **INSIDE,
    "Own": resource("EC2::VPC", CidrBlock="10.0.0.0/16"),
    "Closed": resource("EC2::Subnet", VpcId={"Ref": "Own"}),
    "Answer": resource(
        "Lambda::Function", Role={"Fn::GetAtt": ["Role", "Arn"]}, VpcConfig={"SubnetIds": [{"Ref": "Closed"}]}
    ),
}


def test_a_service_that_cannot_be_reached_from_a_subnet_of_the_template_is_warned_of() -> None:
    desired = deployment(MADE, GIVEN, Parameters=KINDS)
    said = [one for one in found(desired, IN_ORDER) if one.what == "function Answer of stack app"]
    assert [one.is_certain for one in said] == [False, False]
    assert "Answer may use sqs, but cannot reach it from Closed: on AWS a call to it waits" in said[1].why
    assert said[1].remedy == "Add an AWS::EC2::VPCEndpoint of sqs, or a route to a NAT gateway"
    there = {"app": found_as(desired.service)}
    assert not [one for one in found(desired, IN_ORDER, "update", there) if "Answer" in one.what]


def test_a_role_that_uses_no_service_needs_no_way() -> None:
    quiet = deployment({**INSIDE, "Role": resource("IAM::Role")}, GIVEN, Parameters=KINDS)
    assert not {ask.name for ask in asked(quiet)} & {"reach"}


def test_what_another_stack_of_the_deployment_gives_is_not_asked() -> None:
    inputs = {name: (StackOutput("network", name),) for name in ("One", "Two", "Vpc")}
    fed = replace(EXISTING, stacks=(replace(EXISTING.service, inputs=inputs),))
    assert {ask.subject for ask in asked(fed) if ask in IN_ORDER} == {"sg-1", "sg-2"}


def test_a_deploy_is_stopped_by_it_on_aws_and_an_emulator_has_no_network() -> None:
    aws, said = FakeAws(), Said()
    aws.account.answers = {"subnet-b": None, "reach": Reach(outside=False)}
    steps = [ApplyStack(EXISTING.service, "create")]
    with pytest.raises(Unready, match="subnet subnet-b: it does not exist in this account and region"):
        check(aws.gateways, EXISTING, steps, Target(), said)
    assert any("function Answer of stack app" in text for text in said.texts("warning"))
    check(aws.gateways, EXISTING, steps, Target(endpoint="http://127.0.0.1"), Said())


# Whatever a template holds.

ODD: tuple[Any, ...] = (
    {"Fn::If": ["Unheard", {"Ref": "A"}, {"Ref": "AWS::NoValue"}]},
    {"Fn::ImportValue": {"Fn::Sub": "${Elsewhere}-x"}},
    {"Fn::GetAtt": ["Gone", "Arn"]},
    "text",
    [],
    {},
    7,
    None,
)


def shaken(value: Any, random: Random) -> Any:
    """The value with some of what is in it replaced by something odd."""
    if random.random() < 0.04:
        return random.choice(ODD)
    if isinstance(value, dict):
        return {key: item if key == "Type" else shaken(item, random) for key, item in value.items()}
    return [shaken(item, random) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize("seed", range(12))
def test_no_template_is_too_odd_to_be_looked_at(seed: int) -> None:
    """The workshop's, a given network, and one of each type that bills, each with odd values in it."""
    random, kinds = Random(seed), sorted({*BILLED, "AWS::Lambda::Function", "AWS::EC2::Subnet"})
    bodies = [one.body for one in wanted("short").stacks] + [EXISTING.service.body, TWO_ZONES.service.body]
    bodies.append({"Resources": {f"R{n}": {"Type": kind, "Properties": {}} for n, kind in enumerate(kinds)}})
    for body in bodies:
        resources = {
            title: {**entry, "Properties": shaken(entry.get("Properties", {}), random)}
            for title, entry in body["Resources"].items()
        }
        outputs = shaken(body.get("Outputs", {}), random)
        desired = replace(wanted("short"), stacks=(stack({**body, "Resources": resources, "Outputs": outputs}, GIVEN),))
        with suppress(Unready):
            check(FakeAws().gateways, desired, [ApplyStack(desired.service, "create")], Target(), Said())
        assert costs.sentence([desired.service.effective]).startswith("idle cost: about")

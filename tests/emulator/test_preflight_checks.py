"""The checks before a deploy with real calls: on moto, which keeps an account's resources, and on MiniStack."""

from dataclasses import replace
from typing import Any
from urllib.request import Request, urlopen

import pytest

from tests.unit.fakes import found_as
from wildrydes_ml.aws.facts import QUOTAS
from wildrydes_ml.aws.session import Aws, connect
from wildrydes_ml.aws.target import Target
from wildrydes_ml.deploy import preflight
from wildrydes_ml.deploy.desired import Desired, DesiredStack, describe
from wildrydes_ml.deploy.model import Model
from wildrydes_ml.deploy.steps import ApplyStack
from wildrydes_ml.template.decode import decode
from wildrydes_ml.testing import Said
from wildrydes_ml.workshop.settings import wild_rydes

from .conftest import client


@pytest.fixture
def moto(moto_server: str) -> Target:
    """An account as new, with a default VPC."""
    with urlopen(Request(f"{moto_server}/moto-api/reset", method="POST")):
        return Target(region="us-east-1", endpoint=moto_server, attempts=1)


def checked(target: Target, **overrides: str) -> tuple[list[str], list[str]]:
    """What is in the way of a first deploy, and what else is said."""
    aws, said = connect(target), Said()
    desired = describe(wild_rydes(overrides=overrides), target, aws.identity, Model(""))
    try:
        preflight.check(aws, desired, creation(desired), target, said)
    except preflight.Unready as error:
        return [problem["what"] for problem in error.record["problems"]], said.texts("event")
    return [], said.texts("event")


def creation(desired: Desired) -> list[Any]:
    return [ApplyStack(stack, "create") for stack in desired.stacks]


def test_a_new_account_is_ready_and_all_of_it_is_looked_at(moto: Target) -> None:
    problems, said = checked(moto, ReservedConcurrency="100")
    assert problems == []
    assert said == ["not checked here: free concurrency of Lambda"]


def test_the_quotas_have_aws_s_codes_names_and_defaults(moto: Target) -> None:
    listed = client(moto, "service-quotas").list_aws_default_service_quotas(ServiceCode="vpc")["Quotas"]
    known = {quota["QuotaCode"]: (quota["QuotaName"], quota["Value"]) for quota in listed}
    ours = [quota for quota in QUOTAS.values() if quota.service == "vpc"]
    assert [known[quota.code] for quota in ours] == [(quota.name, quota.default) for quota in ours]


def test_five_vpcs_and_five_addresses_use_up_their_quotas(moto: Target) -> None:
    ec2 = client(moto, "ec2")
    for number in range(4):
        ec2.create_vpc(CidrBlock=f"10.{number}.0.0/16")
    for _ in range(5):
        ec2.allocate_address(Domain="vpc")
    assert checked(moto)[0] == ["VPCs", "Elastic IP addresses"]
    ec2.release_address(AllocationId=ec2.describe_addresses()["Addresses"][0]["AllocationId"])
    assert checked(moto)[0] == ["VPCs"]


def test_five_gateways_use_up_their_quotas(moto: Target) -> None:
    ec2 = client(moto, "ec2")
    subnet = ec2.describe_subnets(Filters=[{"Name": "availability-zone", "Values": ["us-east-1a"]}])["Subnets"][0]
    for _ in range(5):
        ec2.create_internet_gateway()
        ec2.create_nat_gateway(SubnetId=subnet["SubnetId"], ConnectivityType="private")
    assert checked(moto)[0] == ["internet gateways", "NAT gateways"]
    elsewhere = {"AvailabilityZoneOne": "us-east-1b", "AvailabilityZoneTwo": "us-east-1a"}
    assert checked(moto, **elsewhere)[0] == ["internet gateways"]


def test_an_instance_type_may_be_unknown_of_another_processor_or_in_other_zones(moto: Target) -> None:
    assert checked(moto, BootstrapInstanceType="c5.tiny")[0] == ["instance type c5.tiny"]
    assert checked(moto, BootstrapInstanceType="c7g.large")[0] == ["instance type c7g.large"]
    zones = {"AvailabilityZoneOne": "us-east-1e", "AvailabilityZoneTwo": "us-east-1a"}
    assert checked(moto, **zones)[0] == ["instance type c5.large"]


def test_zones_may_be_unknown_or_without_a_default_subnet(moto: Target) -> None:
    zones = {"AvailabilityZoneOne": "eu-west-1a", "AvailabilityZoneTwo": "us-east-1a"}
    assert "Availability Zone eu-west-1a" in checked(moto, **zones)[0]
    ec2 = client(moto, "ec2")
    for subnet in ec2.describe_subnets()["Subnets"][1:]:
        ec2.delete_subnet(SubnetId=subnet["SubnetId"])
    assert checked(moto)[0] == ["Availability Zones"]


def test_names_may_be_taken(moto: Target) -> None:
    template = "{Resources: {T: {Type: 'AWS::SNS::Topic'}}, Outputs: {O: {Value: v, Export: {Name: NAME}}}}"
    client(moto, "cloudformation").create_stack(
        StackName="theirs", TemplateBody=template.replace("NAME", "wildrydes-ml-mod5-FileSystemID")
    )
    assert checked(moto)[0] == ["exports"]


def test_on_ministack_a_first_deploy_is_looked_at_whole(aws: Aws, place: Target) -> None:
    said = Said()
    desired = describe(wild_rydes(overrides={"ReservedConcurrency": "1"}), place, aws.identity, Model(""))
    preflight.check(aws, desired, creation(desired), place, said)
    assert said.lines == []


def test_what_ministack_does_not_know_is_said_once(aws: Aws, place: Target) -> None:
    said = Said()
    desired = describe(wild_rydes(), Target(), aws.identity, Model(""))
    preflight.check(aws, desired, creation(desired), place, said)
    assert [line[:2] for line in said.lines] == [("event", "not checked here: the instance type's zones")]


def test_a_function_and_a_log_made_by_hand_are_in_the_way_and_a_stack_s_own_are_not(aws: Aws, place: Target) -> None:
    functions, logs = client(place, "lambda"), client(place, "logs")
    functions.create_function(
        FunctionName="ml_inferencefunction", Runtime="python3.12", Handler="f.f",
        Role="arn:aws:iam::000000000000:role/r", Code={"ZipFile": b"PK\5\6" + bytes(18)},
    )  # fmt: skip
    logs.create_log_group(logGroupName="/aws/lambda/ml_inferencefunction")
    desired = describe(wild_rydes(), place, aws.identity, Model(""))
    with pytest.raises(preflight.Unready) as caught:
        preflight.check(aws, desired, creation(desired), place, Said())
    assert str(caught.value).count("no stack created it") == 2
    functions.delete_function(FunctionName="ml_inferencefunction")
    logs.delete_log_group(logGroupName="/aws/lambda/ml_inferencefunction")
    properties = "{LogGroupName: /aws/lambda/ml_inferencefunction}"
    client(place, "cloudformation").create_stack(
        StackName=desired.service.name,
        TemplateBody=f"Resources: {{Log: {{Type: 'AWS::Logs::LogGroup', Properties: {properties}}}}}",
    )
    client(place, "cloudformation").get_waiter("stack_create_complete").wait(
        StackName=desired.service.name, WaiterConfig={"Delay": 1}
    )
    preflight.check(aws, desired, creation(desired), place, Said())


def test_a_new_name_of_the_function_that_is_taken_is_in_an_update_s_way(aws: Aws, place: Target) -> None:
    before = describe(wild_rydes(), place, aws.identity, Model(""))
    there = {before.service.name: found_as(before.service)}
    for group in ("prod_fn", before.label):
        client(place, "logs").create_log_group(logGroupName=f"/aws/lambda/{group}")
    renamed = describe(wild_rydes(overrides={"FunctionName": "prod_fn"}), place, aws.identity, Model(""))
    with pytest.raises(preflight.Unready, match="log group /aws/lambda/prod_fn: it already exists"):
        preflight.check(aws, renamed, [ApplyStack(renamed.service, "update")], place, Said(), there)
    preflight.check(aws, before, [ApplyStack(before.service, "update")], place, Said(), there)


EXISTING = """
Parameters:
  Vpc: {Type: 'AWS::EC2::VPC::Id'}
  Subnets: {Type: 'List<AWS::EC2::Subnet::Id>'}
  Table: {Type: 'AWS::SSM::Parameter::Value<String>'}
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      Policies: [{PolicyDocument: {Statement: [{Effect: Allow, Action: 'sqs:SendMessage'}]}}]
  Answer:
    Type: AWS::Lambda::Function
    Properties: {Role: !GetAtt Role.Arn, Description: !Ref Table, VpcConfig: {SubnetIds: !Ref Subnets}}
"""


def existing(aws: Aws, **values: str) -> Desired:
    """Another's deployment in a network that is given."""
    body = decode(EXISTING)
    desired = describe(wild_rydes(route="short"), Target(), aws.identity, Model(""))
    return replace(desired, stacks=(DesiredStack("theirs", "theirs.yml", EXISTING, values, {}, body),))


def test_a_network_that_is_given_is_looked_at(moto: Target) -> None:
    aws, ec2 = connect(moto), client(moto, "ec2")
    client(moto, "ssm").put_parameter(Name="/app/table", Value="t", Type="String")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
    values = {"Vpc": vpc, "Subnets": subnet, "Table": "/app/table"}
    on_aws = replace(moto, endpoint="")

    def said(**other: str) -> tuple[list[str], list[str]]:
        desired, reporter = existing(aws, **{**values, **other}), Said()
        try:
            preflight.check(aws, desired, creation(desired), on_aws, reporter)
        except preflight.Unready as error:
            return [problem["what"] for problem in error.record["problems"]], reporter.texts("warning")
        return [], reporter.texts("warning")

    problems, warnings = said()
    assert problems == []
    assert any("its role lets it use sqs" in text for text in warnings)
    assert said(Subnets=f"{subnet},subnet-0123456789abcdef0")[0] == ["subnet subnet-0123456789abcdef0"]
    assert said(Table="/app/other")[0] == ["parameter /app/other"]
    default = ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"][0]["VpcId"]
    assert said(Vpc=default)[0] == ["network"]
    ec2.create_vpc_endpoint(
        VpcId=vpc, ServiceName="com.amazonaws.us-east-1.sqs", VpcEndpointType="Interface", SubnetIds=[subnet]
    )
    assert not any("sqs" in text for text in said()[1])

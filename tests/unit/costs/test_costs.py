"""What a deployment costs while nobody uses it."""

import json
from contextlib import suppress
from typing import Any

import pytest

from tests.unit.fakes import FakeAws, wanted
from wildrydes_ml import costs
from wildrydes_ml.aws.target import Target
from wildrydes_ml.deploy.consequences import changes
from wildrydes_ml.deploy.health import status as show_status
from wildrydes_ml.errors import WildrydesError
from wildrydes_ml.template.effective import Effective, effective
from wildrydes_ml.testing import FakeStacks, Said
from wildrydes_ml.workshop.deployments import PRESETS
from wildrydes_ml.workshop.settings import wild_rydes


def made(preset: str = "workshop", route: str = "long", **overrides: str) -> list[Effective]:
    return [stack.effective for stack in wanted(route, preset=preset, overrides=overrides).stacks]


def dollars(**overrides: str) -> float:
    return costs.total(costs.idle(made(**overrides)))


@pytest.mark.parametrize("route", ["long", "short"])
def test_the_workshop_costs_about_190_dollars_a_month(route: str) -> None:
    assert costs.total(costs.idle(made("workshop", route))) == pytest.approx(193.23, abs=0.005)


@pytest.mark.parametrize("route", ["long", "short"])
def test_lean_costs_a_dollar_a_month_at_most(route: str) -> None:
    assert 0 < costs.total(costs.idle(made("lean", route))) <= 1


@pytest.mark.parametrize("preset", PRESETS)
def test_every_price_of_a_preset_is_known(preset: str) -> None:
    found = [(cost.item, cost.dollars) for cost in costs.idle(made(preset))]
    assert found
    assert all(dollars is not None for _, dollars in found)


@pytest.mark.parametrize(
    ("overrides", "saved"),
    [
        ({"InternetEgress": "none"}, 0.05 * 730),
        ({"InternetEgress": "ipv6"}, 0.05 * 730),
        ({"ThroughputMode": "elastic"}, 90),
        ({"ThroughputMode": "bursting"}, 90),
        ({"ProvisionedThroughputInMibps": "5"}, 60),
        ({"BootstrapInstance": "stop"}, 0.09 * 730 + 0.64),
        ({"BootstrapInstance": "none"}, 0.09 * 730 + 0.64),
        ({"Architecture": "arm64"}, 0.0125 * 730),
        ({"BootstrapInstanceType": "c7g.large"}, 0.0125 * 730),
        ({"ProvisionedConcurrency": "2", "MemorySize": "1024"}, -2 * 0.015 * 730),
    ],
)
def test_what_each_choice_saves(overrides: dict[str, str], saved: float) -> None:
    assert dollars() - dollars(**overrides) == pytest.approx(saved, abs=0.05)


def test_the_dearest_stands_first_and_the_lines_add_up() -> None:
    lines = costs.idle(made())
    amounts = [cost.dollars or 0 for cost in lines]
    assert amounts == sorted(amounts, reverse=True)
    assert costs.total(lines) == pytest.approx(sum(amounts))
    assert "throughput" in lines[0].item


def test_the_sentence_names_sum_lines_and_date() -> None:
    sentence = costs.sentence(made())
    assert f"about {dollars():.2f} US$ a month (" in sentence
    for cost in costs.idle(made()):
        assert f"{cost.item} {cost.dollars:.2f}" in sentence
    assert "us-east-1" in sentence
    assert "\n" not in sentence


def test_an_unknown_price_is_a_question_mark_and_adds_nothing() -> None:
    sentence = costs.sentence(made(BootstrapInstanceType="m9z.large"))
    assert "filling instance (m9z.large) ?" in sentence
    assert "plus an unknown price for filling instance (m9z.large)" in sentence
    assert dollars(BootstrapInstanceType="m9z.large") == pytest.approx(dollars() - 0.085 * 730)


# Other people's templates.

DISK = {
    "Parameters": {"Size": {"Type": "Number"}, "Kind": {"Type": "String"}},
    "Resources": {
        "Disk": {"Type": "AWS::EC2::Volume", "Properties": {"Size": {"Ref": "Size"}, "VolumeType": {"Ref": "Kind"}}}
    },
}


def test_what_makes_another_s_template_dearer_is_marked_at_the_parameter() -> None:
    old, new = {"Size": "10", "Kind": "gp2"}, {"Size": "30", "Kind": "gp3"}
    dearer = {change.name: change.dearer for change in changes(DISK, old, new)}
    assert dearer == {"Size": pytest.approx(2.00), "Kind": 0}


def idle(kind: str, **properties: Any) -> list[costs.Cost]:
    """The costs of a template with one resource."""
    return costs.idle([effective({"Resources": {"One": {"Type": f"AWS::{kind}", "Properties": properties}}}, {})])


SUBNETS = ["subnet-a", "subnet-b"]


@pytest.mark.parametrize(
    ("kind", "properties", "expected"),
    [
        ("CloudWatch::Alarm", {"Period": 60}, 0.10),
        ("CloudWatch::Alarm", {"Period": 10}, 0.30),
        ("CloudWatch::Alarm", {"Metrics": [{"MetricStat": {"Period": 60}}, {"MetricStat": {}}, {"Expression": "a"}]},
         0.20),
        ("CloudWatch::Dashboard", {}, 3.00),
        ("KMS::Key", {}, 1.00),
        ("SecretsManager::Secret", {}, 0.40),
        ("Route53::HostedZone", {}, 0.50),
        ("SSM::Parameter", {"Tier": "Advanced"}, 0.05),
        ("EC2::EIP", {}, 3.65),
        ("EC2::NatGateway", {}, 32.85),
        ("EC2::VPCEndpoint", {"VpcEndpointType": "Interface", "SubnetIds": SUBNETS}, 14.60),
        ("EC2::Volume", {"Size": "20", "VolumeType": "gp3"}, 1.60),
        ("EC2::Volume", {"Size": 20}, 2.00),
        ("EC2::Instance", {"InstanceType": "t3.micro"}, 0.0104 * 730 + 0.64),
        ("EC2::Instance", {"InstanceType": "t3.micro", "NetworkInterfaces": [{"AssociatePublicIpAddress": "true"}],
                           "BlockDeviceMappings": [{"Ebs": {"VolumeSize": 20, "VolumeType": "gp2"}}]},
         0.0104 * 730 + 2.00 + 3.65),
        ("EC2::Instance", {"InstanceType": "t3.micro", "BlockDeviceMappings": [
            {"DeviceName": "/dev/sdf", "Ebs": {"VolumeSize": 20, "VolumeType": "gp3"}}]}, 0.0104 * 730 + 0.64 + 1.60),
        ("ElasticLoadBalancingV2::LoadBalancer", {"Type": "network"}, 16.425),
        ("ElasticLoadBalancingV2::LoadBalancer", {"Subnets": SUBNETS}, 16.425 + 7.30),
        ("ElasticLoadBalancingV2::LoadBalancer", {"Scheme": "internal", "Subnets": SUBNETS}, 16.425),
        ("WAFv2::WebACL", {"Rules": [{}, {}]}, 7.00),
        ("Kinesis::Stream", {"ShardCount": 2}, 21.90),
        ("Kinesis::Stream", {"StreamModeDetails": {"StreamMode": "ON_DEMAND"}}, 29.20),
        ("DynamoDB::Table", {"ProvisionedThroughput": {"ReadCapacityUnits": "5", "WriteCapacityUnits": 5}}, 2.847),
        ("ApiGateway::Stage", {"CacheClusterEnabled": True, "CacheClusterSize": "1.6"}, 27.74),
        ("EFS::FileSystem", {"ThroughputMode": "provisioned", "ProvisionedThroughputInMibps": 1}, 6.39),
    ],
    ids=str,
)  # fmt: skip
def test_what_other_resources_cost(kind: str, properties: dict[str, Any], expected: float) -> None:
    lines = idle(kind, **properties)
    assert costs.total(lines) == pytest.approx(expected, abs=0.005)
    assert all(line.dollars for line in lines)


@pytest.mark.parametrize(
    ("kind", "properties"),
    [
        ("EC2::VPCEndpoint", {"ServiceName": "s3"}),
        ("DynamoDB::Table", {"BillingMode": "PAY_PER_REQUEST"}),
        ("SSM::Parameter", {"Type": "String"}),
        ("Lambda::Function", {}),
        ("Lambda::Version", {}),
        ("SQS::Queue", {}),
        ("ApiGateway::RestApi", {}),
        ("Logs::LogGroup", {}),
        ("IAM::Role", {}),
        ("S3::Bucket", {}),
    ],
)
def test_what_costs_nothing_while_idle_has_no_line(kind: str, properties: dict[str, Any]) -> None:
    assert idle(kind, **properties) == []


@pytest.mark.parametrize(
    ("kind", "properties", "item"),
    [
        ("RDS::DBInstance", {"DBInstanceClass": "db.t3.micro"}, "One (AWS::RDS::DBInstance)"),
        ("EC2::RouteServer", {}, "One (AWS::EC2::RouteServer)"),
        (
            "EC2::VPCEndpoint",
            {"VpcEndpointType": "Interface", "SubnetIds": {"Ref": "Subnets"}},
            "interface endpoint One",
        ),
        ("Kinesis::Stream", {"ShardCount": {"Fn::ImportValue": "shards"}}, "stream One"),
        ("EC2::Volume", {"Size": 1, "VolumeType": "io2"}, "volume One"),
    ],
)
def test_what_is_not_known_is_said_and_never_taken_for_free(kind: str, properties: dict[str, Any], item: str) -> None:
    body = {"Resources": {"One": {"Type": f"AWS::{kind}", "Properties": properties}}}
    assert idle(kind, **properties) == [costs.Cost(item, None)]
    assert f"plus an unknown price for {item}" in costs.sentence([effective(body, {})])


def test_an_instance_that_ends_itself_costs_nothing_and_one_that_only_may_does() -> None:
    ending = {"InstanceType": "t3.micro", "InstanceInitiatedShutdownBehavior": "terminate"}
    assert idle("EC2::Instance", **ending, UserData={"Fn::Base64": "work; shutdown -h now"}) == []
    assert idle("EC2::Instance", **ending, UserData={"Fn::Base64": "serve"})


@pytest.mark.parametrize(
    ("interface", "public"),
    [({}, True), ({"AssociatePublicIpAddress": False}, False), ({"AssociatePublicIpAddress": True}, True)],
)
def test_a_subnet_may_give_addresses(interface: dict[str, Any], public: bool) -> None:
    worker = {"InstanceType": "t3.micro", "NetworkInterfaces": [{**interface, "SubnetId": {"Ref": "Subnet"}}]}
    resources = {
        "Subnet": {"Type": "AWS::EC2::Subnet", "Properties": {"MapPublicIpOnLaunch": True}},
        "Worker": {"Type": "AWS::EC2::Instance", "Properties": worker},
    }
    items = [line.item for line in costs.idle([effective({"Resources": resources}, {})])]
    assert ("its public IPv4 address" in items) == public


def test_a_stack_without_a_file_system_stores_nothing() -> None:
    assert costs.idle([]) == []
    assert costs.idle(made()[1:]) == []
    assert costs.sentence([]).startswith("idle cost: about 0.00 US$ a month (list prices")


# The stacks that are there.


def shown(aws: FakeAws) -> Said:
    """What status says."""
    said = Said()
    with suppress(WildrydesError):
        show_status(aws.gateways, wild_rydes(), Target(), said)
    return said


def test_what_is_deployed_costs_by_its_own_template_and_parameters() -> None:
    aws, (network, service) = FakeAws(), wanted(preset="lean").stacks
    aws.stacks.put(network.name, "CREATE_COMPLETE", network.template, parameters=network.parameters)
    lean = next(text for text in shown(aws).texts("output") if "idle cost" in text)
    assert "about 0.39 US$ a month (EFS storage" in lean
    aws.stacks.put(service.name, "CREATE_COMPLETE", json.dumps(DISK), parameters={"Size": "50", "Kind": "gp2"})
    both = next(text for text in shown(aws).texts("output") if "idle cost" in text)
    assert "about 5.39 US$ a month (volume Disk 5.00, EFS storage" in both


def test_a_template_that_may_not_be_read_leaves_the_cost_unknown_and_status_goes_on() -> None:
    class Secret(FakeStacks):
        def template(self, name: str) -> str:
            raise WildrydesError("cloudformation:GetTemplate is not allowed")

    aws, network = FakeAws(), wanted().stacks[0]
    aws.stacks = Secret([], lambda stack: {})
    aws.stacks.put(network.name, "CREATE_COMPLETE", outputs={"FileSystemID": "fs-1"})
    said = shown(aws)
    assert said.texts("warning") == ["the idle cost is not known: cloudformation:GetTemplate is not allowed"]
    assert not any("idle cost" in text for text in said.texts("output"))

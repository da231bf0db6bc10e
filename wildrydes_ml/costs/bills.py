"""How each type of resource is billed while nobody uses it: a row for each type, and a list of the free types.

A type in neither table has an unknown cost; it never counts as free. Amounts come from the template with the values of
its parameters; an amount that only CloudFormation knows is None.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, TypeAlias

from ..checks.stack import entries
from ..template.fillers import fillers
from ..template.references import references
from ..template.resolve import mapping

Resources: TypeAlias = Mapping[str, Any]
Properties: TypeAlias = Mapping[str, Any]

# GB. A template does not tell what files take; packages and model of the workshops here take about this.
STORED_GB = 1.3
# GB of gp3: the disk of AWS's images where the template does not say otherwise.
DISK_GB = 8
# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/device_naming.html: what the image's own disk is called.
_ROOTS = ("/dev/xvda", "/dev/sda1")
# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/terminating-instances.html: how an instance ends itself.
_ENDINGS = ("shutdown ", "poweroff", "halt ", "init 0")


class Bill(NamedTuple):
    """A line of the bill: the item, the price's name in `costs.PRICES`, and the amount; None if it is not known."""

    item: str
    price: str
    amount: float | None = 1


Biller: TypeAlias = Callable[[Properties, str, Resources], Iterator[Bill]]


def number_of(value: Any) -> float | None:
    """A number, also one that is written as text; None for what is not known."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def _one(item: str) -> Biller:
    """A type of which each bills the same."""

    def bills(properties: Properties, title: str, resources: Resources) -> Iterator[Bill]:
        yield Bill(item, item)

    return bills


def _file_system(properties: Properties, title: str, resources: Resources) -> Iterator[Bill]:
    yield Bill(f"EFS storage ({STORED_GB} GB)", "EFS storage, GB", STORED_GB)
    if properties.get("ThroughputMode") == "provisioned":
        mibps = number_of(properties.get("ProvisionedThroughputInMibps"))
        amount = "?" if mibps is None else f"{mibps:g}"
        yield Bill(f"EFS throughput ({amount} MiB/s)", "EFS provisioned throughput, MiB/s", mibps)


def _address(properties: Properties, title: str, resources: Resources) -> Iterator[Bill]:
    gateways = [entry for entry in resources.values() if entry.get("Type") == "AWS::EC2::NatGateway"]
    owned = any(title in references(entry.get("Properties")) for entry in gateways)
    yield Bill("its public IPv4 address" if owned else "public IPv4 address", "public IPv4 address")


def _instance(properties: Properties, title: str, resources: Resources) -> Iterator[Bill]:
    """Nothing for an instance that terminates itself when its work is done."""
    fills = title in fillers(resources)
    if properties.get("InstanceInitiatedShutdownBehavior") == "terminate" and (fills or _shuts_down(resources[title])):
        return
    kind = properties.get("InstanceType", "m1.small")
    name = "filling instance" if fills else f"instance {title}"
    yield Bill(f"{name} ({kind if isinstance(kind, str) else '?'})", str(kind))
    if _is_public(properties, resources):
        yield Bill("its public IPv4 address", "public IPv4 address")
    for disk in _disks(properties):
        size = number_of(disk.get("VolumeSize", DISK_GB))
        amount = "?" if size is None else f"{size:g}"
        yield Bill(f"its disk ({amount} GB)", f"EBS {disk.get('VolumeType', 'gp3')}, GB", size)


def _is_public(properties: Properties, resources: Resources) -> bool:
    """Whether it gets a public address: by its own setting, or by its subnet's default."""
    for interface in entries(properties.get("NetworkInterfaces")) or [properties]:
        subnets = [mapping(resources.get(name)) for name in references(interface.get("SubnetId"))]
        gives = any(mapping(one.get("Properties")).get("MapPublicIpOnLaunch") in (True, "true") for one in subnets)
        if str(interface.get("AssociatePublicIpAddress", gives)).lower() == "true":
            return True
    return False


def _disks(properties: Properties) -> list[Properties]:
    """Its disks; the first is the image's own where none of the others stands for it."""
    listed = entries(properties.get("BlockDeviceMappings"))
    has_root = any(one.get("DeviceName", _ROOTS[0]) in _ROOTS for one in listed)
    return [*([] if has_root else [{}]), *(mapping(one.get("Ebs")) for one in listed)]


def _shuts_down(entry: Properties) -> bool:
    work = json.dumps([mapping(entry.get("Properties")).get("UserData"), entry.get("Metadata")], default=str)
    return any(word in work for word in _ENDINGS)


def _volume(properties: Properties, title: str, resources: Resources) -> Iterator[Bill]:
    yield Bill(f"volume {title}", f"EBS {properties.get('VolumeType', 'gp2')}, GB", number_of(properties.get("Size")))


def _ready(properties: Properties, title: str, resources: Resources) -> Iterator[Bill]:
    """Provisioned concurrency, of an alias or a version."""
    ready = mapping(properties.get("ProvisionedConcurrencyConfig")).get("ProvisionedConcurrentExecutions")
    if not ready:
        return
    name = next(iter(references(properties.get("FunctionName"))), "")
    function = mapping(mapping(resources.get(name)).get("Properties"))
    memory = number_of(function.get("MemorySize", 128)) if function else None
    count = number_of(ready)
    amount = None if memory is None or count is None else memory / 1024 * count
    yield Bill("provisioned concurrency", "provisioned concurrency, GB", amount)


def _endpoint(properties: Properties, title: str, resources: Resources) -> Iterator[Bill]:
    """https://aws.amazon.com/privatelink/pricing/: an interface in each zone; those of gateways are free."""
    if properties.get("VpcEndpointType", "Gateway") == "Gateway":
        return
    yield Bill(f"interface endpoint {title}", "interface endpoint in a zone", _length(properties.get("SubnetIds")))


def _length(value: Any) -> float | None:
    return len(value) if isinstance(value, list) else None


def _load_balancer(properties: Properties, title: str, resources: Resources) -> Iterator[Bill]:
    kind = properties.get("Type", "application")
    yield Bill(f"load balancer {title}", "gateway load balancer" if kind == "gateway" else "load balancer")
    if kind == "application" and properties.get("Scheme", "internet-facing") == "internet-facing":
        subnets = properties.get("Subnets", properties.get("SubnetMappings"))
        yield Bill("its public IPv4 addresses", "public IPv4 address", _length(subnets))


def _alarm(properties: Properties, title: str, resources: Resources) -> Iterator[Bill]:
    """https://aws.amazon.com/cloudwatch/pricing/: for each metric that it looks at, a price of its period."""
    queries = entries(properties.get("Metrics"))
    looks = [mapping(one["MetricStat"]) for one in queries if "MetricStat" in one] or [properties]
    fast = any((number_of(one.get("Period", 60)) or 60) < 60 for one in looks)
    yield Bill(f"alarm {title}", "high-resolution alarm" if fast else "alarm", len(looks))


def _parameter(properties: Properties, title: str, resources: Resources) -> Iterator[Bill]:
    if properties.get("Tier") == "Advanced":
        yield Bill(f"parameter {title}", "advanced parameter")


def _web_acl(properties: Properties, title: str, resources: Resources) -> Iterator[Bill]:
    yield Bill(f"web ACL {title}", "web ACL")
    yield Bill("its rules", "web ACL rule", _length(properties.get("Rules", [])))


def _stream(properties: Properties, title: str, resources: Resources) -> Iterator[Bill]:
    mode = mapping(properties.get("StreamModeDetails")).get("StreamMode")
    if mode == "ON_DEMAND" or (mode is None and "ShardCount" not in properties):
        yield Bill(f"stream {title}", "Kinesis stream on demand")
    else:
        yield Bill(f"stream {title}", "Kinesis shard", number_of(properties.get("ShardCount")))


def _table(properties: Properties, title: str, resources: Resources) -> Iterator[Bill]:
    """https://aws.amazon.com/dynamodb/pricing/provisioned/: reserved capacity, of the table and of each index."""
    if properties.get("BillingMode", "PROVISIONED") != "PROVISIONED":
        return
    held = [properties, *entries(properties.get("GlobalSecondaryIndexes"))]
    for kind in ("Read", "Write"):
        units = [number_of(mapping(one.get("ProvisionedThroughput")).get(f"{kind}CapacityUnits")) for one in held]
        amount = None if None in units else sum(unit or 0 for unit in units)
        yield Bill(f"{kind.lower()} capacity of table {title}", f"DynamoDB {kind.lower()} capacity unit", amount)


def _stage(properties: Properties, title: str, resources: Resources) -> Iterator[Bill]:
    if str(properties.get("CacheClusterEnabled", "false")).lower() != "false":
        yield Bill(f"cache of stage {title}", f"API cache of {properties.get('CacheClusterSize', '0.5')} GB")


BILLED: Mapping[str, Biller] = {
    "AWS::ApiGateway::Stage": _stage,
    "AWS::CloudWatch::Alarm": _alarm,
    "AWS::CloudWatch::CompositeAlarm": _one("composite alarm"),
    "AWS::CloudWatch::Dashboard": _one("dashboard"),
    "AWS::DynamoDB::Table": _table,
    "AWS::EC2::EIP": _address,
    "AWS::EC2::Instance": _instance,
    "AWS::EC2::NatGateway": _one("NAT gateway"),
    "AWS::EC2::TransitGatewayAttachment": _one("transit gateway attachment"),
    "AWS::EC2::TransitGatewayVpcAttachment": _one("transit gateway attachment"),
    "AWS::EC2::VPCEndpoint": _endpoint,
    "AWS::EC2::VPNConnection": _one("VPN connection"),
    "AWS::EC2::Volume": _volume,
    "AWS::EFS::FileSystem": _file_system,
    "AWS::ElasticLoadBalancing::LoadBalancer": _one("classic load balancer"),
    "AWS::ElasticLoadBalancingV2::LoadBalancer": _load_balancer,
    "AWS::KMS::Key": _one("KMS key"),
    "AWS::KMS::ReplicaKey": _one("KMS key"),
    "AWS::Kinesis::Stream": _stream,
    "AWS::Lambda::Alias": _ready,
    "AWS::Lambda::Version": _ready,
    "AWS::Route53::HostedZone": _one("hosted zone"),
    "AWS::SSM::Parameter": _parameter,
    "AWS::SecretsManager::Secret": _one("secret"),
    "AWS::WAFv2::WebACL": _web_acl,
}

# Services whose types cost nothing while idle: they bill by requests, by what is stored, or not at all.
_FREE_SERVICES = tuple(
    f"AWS::{service}::"
    for service in (
        "ApiGateway", "ApiGatewayV2", "ApplicationAutoScaling", "CDK", "CertificateManager", "CloudFront", "Cognito",
        "ECR", "Events", "IAM", "KinesisFirehose", "Logs", "ResourceGroups", "S3", "SNS", "SQS", "Scheduler",
        "StepFunctions", "XRay",
    )
)  # fmt: skip
# Single types of other services that cost nothing while idle.
_FREE_TYPES = frozenset(
    f"AWS::{service}::{name}"
    for service, names in {
        "CloudFormation": "CustomResource Macro WaitCondition WaitConditionHandle",
        "CloudWatch": "AnomalyDetector",
        "EC2": "CustomerGateway DHCPOptions EIPAssociation EgressOnlyInternetGateway FlowLog "
        "GatewayRouteTableAssociation InternetGateway KeyPair LaunchTemplate NetworkAcl NetworkAclEntry "
        "NetworkInterface NetworkInterfaceAttachment PlacementGroup PrefixList Route RouteTable SecurityGroup "
        "SecurityGroupEgress SecurityGroupIngress Subnet SubnetCidrBlock SubnetNetworkAclAssociation "
        "SubnetRouteTableAssociation VPC VPCCidrBlock VPCDHCPOptionsAssociation VPCEndpointService "
        "VPCGatewayAttachment VPCPeeringConnection VPNGateway VolumeAttachment",
        "ECS": "Cluster TaskDefinition",
        "EFS": "AccessPoint MountTarget",
        "ElasticLoadBalancingV2": "Listener ListenerCertificate ListenerRule TargetGroup",
        "KMS": "Alias",
        "Lambda": "CodeSigningConfig EventInvokeConfig EventSourceMapping Function LayerVersion LayerVersionPermission "
        "Permission Url",
        "Route53": "RecordSet RecordSetGroup",
        "SSM": "Document",
        "SecretsManager": "ResourcePolicy RotationSchedule SecretTargetAttachment",
        "WAFv2": "IPSet RegexPatternSet WebACLAssociation",
    }.items()
    for name in names.split()
)


def is_free(kind: str) -> bool:
    """Whether a type of resource is free while idle."""
    return kind in _FREE_TYPES or kind.startswith(_FREE_SERVICES)

"""What the account has, allows and offers: read-only calls, each of which may be denied or unknown to an emulator."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from botocore.exceptions import ClientError

from .. import web
from ..errors import InterruptedWork, OutOfReach, SettingsError, WildrydesError
from ..web import Reply
from .facts import QUOTAS, Concurrency, Quota, Unknown, Usage, Zone
from .faults import DENIED, MISSING, code_of, translated
from .records import Identity

T = TypeVar("T")
# From client and account id to how many there are, by zone.
Count = Callable[[Any, str], dict[str, int]]

# Names of services in IAM's permissions, where they are not the SDK's.
_PREFIXES = {"efs": "elasticfilesystem", "service-quotas": "servicequotas"}
# https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html: others do not count.
_COUNTED_NAT_STATES = ["pending", "available", "deleting"]
_STACK_TAG = "aws:cloudformation:stack-name"


class Account:
    """Quotas, zones, instance types, concurrency, and names in use.

    Each method returns Unknown when AWS does not tell, and raises InterruptedWork when the credentials have expired.
    The methods may be called from several threads at a time, as boto3's clients may.
    """

    def __init__(
        self, clients: Mapping[str, Any], identity: Identity, probe: Callable[[str], Reply] = web.probe
    ) -> None:
        """`clients` are those of cloudformation, ec2, efs, lambda, logs and service-quotas."""
        self._probe = probe
        self._clients = clients
        self._identity = identity

    def usage(self, name: str) -> Usage | Unknown:
        """How much of a quota of `facts.QUOTAS` is used.

        Limits are AWS's default or higher, so that the account's own is asked for when the default is used up.
        https://docs.aws.amazon.com/servicequotas/latest/userguide/request-quota-increase.html
        """
        service, count = _COUNTS[name]
        used = self._ask(service, lambda client: count(client, self._identity.account))
        if isinstance(used, Unknown):
            return used
        quota = QUOTAS[name]
        if max(used.values(), default=0) < quota.default:
            return Usage(used, quota.default)
        limit = self._ask("service-quotas", lambda quotas: _limit(quotas, quota))
        return Usage(used, quota.default, limit) if isinstance(limit, Unknown) else Usage(used, limit)

    def zones(self) -> tuple[Zone, ...] | Unknown:
        """The region's zones that the account may use."""
        return self._ask("ec2", _zones)

    def instance_architectures(self, type: str) -> frozenset[str] | Unknown:
        """What an instance type's processor runs, as EC2 says it (`arm64`, `x86_64`); empty for an unknown type."""
        return self._ask("ec2", lambda ec2: _architectures(ec2, type))

    def instance_zones(self, type: str) -> frozenset[str] | Unknown:
        """The zones that offer an instance type."""

        def ask(ec2: Any) -> frozenset[str]:
            filters = [{"Name": "instance-type", "Values": [type]}]
            pages = ec2.get_paginator("describe_instance_type_offerings").paginate(
                LocationType="availability-zone", Filters=filters
            )
            return frozenset(item["Location"] for page in pages for item in page["InstanceTypeOfferings"])

        return self._ask("ec2", ask)

    def runtimes(self) -> frozenset[str]:
        """The runtimes of Lambda that this SDK knows; nothing is called."""
        return frozenset(self._clients["lambda"].meta.service_model.shape_for("Runtime").enum)

    def concurrency(self, function: str) -> Concurrency | Unknown:
        """What is left of the account's concurrency, and what the function has of it."""

        def ask(functions: Any) -> Concurrency:
            limit = functions.get_account_settings()["AccountLimit"]
            whole, unreserved = limit["ConcurrentExecutions"], limit["UnreservedConcurrentExecutions"]
            return Concurrency(whole, unreserved, _reserved(functions, function))

        return self._ask("lambda", ask)

    def function(self, name: str) -> str | Unknown | None:
        """The stack that made the function: "" when none did, None when there is no such function."""
        return self._ask("lambda", lambda functions: _maker(functions, name))

    def log_group(self, name: str) -> str | Unknown | None:
        """The stack that made the log group, as for a function."""

        def ask(logs: Any) -> str | None:
            pages = logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=name)
            arns = [item["arn"] for page in pages for item in page["logGroups"] if item["logGroupName"] == name]
            if not arns:
                return None
            tags = logs.list_tags_for_resource(resourceArn=arns[0].removesuffix(":*"))["tags"]
            return str(tags.get(_STACK_TAG, ""))

        return self._ask("logs", ask)

    def answer(self, url: str) -> Reply:
        """What a web server says to a request for what an instance will fetch; its answer to us may differ."""
        return self._probe(url)

    def exports(self) -> Mapping[str, str] | Unknown:
        """The stacks' exports: name → ARN of the stack."""

        def ask(stacks: Any) -> dict[str, str]:
            pages = stacks.get_paginator("list_exports").paginate()
            return {item["Name"]: item["ExportingStackId"] for page in pages for item in page["Exports"]}

        return self._ask("cloudformation", ask)

    def _ask(self, service: str, ask: Callable[[Any], T]) -> T | Unknown:
        """The answer, or why there is none."""
        try:
            with translated(service):
                return ask(self._clients[service])
        except OutOfReach as error:
            return Unknown("unanswered", str(error.__cause__))
        except (InterruptedWork, SettingsError):
            raise
        except WildrydesError as error:
            cause = error.__cause__
            if isinstance(cause, ClientError) and code_of(cause) in DENIED:
                return Unknown("denied", f"{_PREFIXES.get(service, service)}:{cause.operation_name}")
            return Unknown("unknown", str(cause))


def _limit(quotas: Any, quota: Quota) -> int:
    """The account's own limit; where none is applied, AWS's default holds.

    https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_GetServiceQuota.html
    """
    try:
        return int(quotas.get_service_quota(ServiceCode=quota.service, QuotaCode=quota.code)["Quota"]["Value"])
    except ClientError as error:
        if code_of(error) == "NoSuchResourceException":
            return quota.default
        raise


def _listed(operation: str, key: str) -> Count:
    """Counts what an operation lists and the account owns: what others share with it does not count."""

    def count(client: Any, account: str) -> dict[str, int]:
        items = [item for page in client.get_paginator(operation).paginate() for item in page[key]]
        return {"": sum(item.get("OwnerId", account) == account for item in items)}

    return count


def _addresses(ec2: Any, _: str) -> dict[str, int]:
    """Addresses of AWS's own pool: the others are of a range that somebody has brought along."""
    found = ec2.describe_addresses()["Addresses"]
    return {"": sum(item.get("PublicIpv4Pool", "amazon") == "amazon" for item in found)}


def _nat_gateways(ec2: Any, _: str) -> dict[str, int]:
    """NAT gateways by zone, of which EC2 tells by way of their subnets."""
    states = [{"Name": "state", "Values": _COUNTED_NAT_STATES}]
    pages = ec2.get_paginator("describe_nat_gateways").paginate(Filters=states)
    subnets = [item["SubnetId"] for page in pages for item in page["NatGateways"] if item.get("SubnetId")]
    if not subnets:
        return {}
    places = ec2.get_paginator("describe_subnets").paginate(SubnetIds=sorted(set(subnets)))
    zones = {item["SubnetId"]: item["AvailabilityZone"] for page in places for item in page["Subnets"]}
    found = [zones[subnet] for subnet in subnets]
    return {zone: found.count(zone) for zone in set(found)}


def _zones(ec2: Any) -> tuple[Zone, ...]:
    zones = ec2.describe_availability_zones()["AvailabilityZones"]
    default = [{"Name": "default-for-az", "Values": ["true"]}]
    pages = ec2.get_paginator("describe_subnets").paginate(Filters=default)
    subnets = {item["AvailabilityZone"] for page in pages for item in page["Subnets"]}
    return tuple(
        Zone(item["ZoneName"], item["State"], item.get("ZoneType", "availability-zone"), item["ZoneName"] in subnets)
        for item in zones
    )


def _architectures(ec2: Any, type: str) -> frozenset[str]:
    try:
        found = ec2.describe_instance_types(InstanceTypes=[type])["InstanceTypes"]
    except ClientError as error:
        if code_of(error) == "InvalidInstanceType":
            return frozenset()
        raise
    return frozenset(name for item in found for name in item["ProcessorInfo"]["SupportedArchitectures"])


def _reserved(functions: Any, name: str) -> int:
    try:
        return int(functions.get_function_concurrency(FunctionName=name).get("ReservedConcurrentExecutions", 0))
    except ClientError as error:
        if code_of(error) in MISSING:
            return 0
        raise


def _maker(functions: Any, name: str) -> str | Unknown | None:
    """CloudFormation tags what it makes.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-resource-tags.html
    """
    try:
        found = functions.get_function(FunctionName=name)
    except ClientError as error:
        if code_of(error) in MISSING:
            return None
        raise
    if "TagsError" in found:
        return Unknown("denied", "lambda:ListTags")
    return str(found.get("Tags", {}).get(_STACK_TAG, ""))


_COUNTS: Mapping[str, tuple[str, Count]] = {
    "vpcs": ("ec2", _listed("describe_vpcs", "Vpcs")),
    "internet_gateways": ("ec2", _listed("describe_internet_gateways", "InternetGateways")),
    "egress_only_gateways": (
        "ec2",
        _listed("describe_egress_only_internet_gateways", "EgressOnlyInternetGateways"),
    ),
    "nat_gateways": ("ec2", _nat_gateways),
    "addresses": ("ec2", _addresses),
    "file_systems": ("efs", _listed("describe_file_systems", "FileSystems")),
}

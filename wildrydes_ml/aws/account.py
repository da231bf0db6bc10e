"""What the account has, allows and offers. All calls are read-only; each may be denied, or unknown to an emulator."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from botocore.exceptions import ClientError

from .. import web
from ..errors import InterruptedWork, OutOfReach, SettingsError, WildrydesError
from ..web import Reply
from .facts import QUOTAS, REST_APIS, Concurrency, Place, Quota, Reach, Unknown, Usage, Zone
from .faults import DENIED, code_of, translated
from .records import Identity
from .repeating import optional

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

    Each method returns Unknown when AWS gives no answer, and raises InterruptedWork when the credentials have expired.
    Several threads may call the methods at the same time, as with boto3's clients.
    """

    def __init__(self, clients: Mapping[str, Any], identity: Identity) -> None:
        """`clients` are those of apigateway, cloudformation, ec2, efs, iam, lambda, logs, service-quotas and ssm."""
        self._clients = clients
        self._identity = identity

    def usage(self, name: str) -> Usage | Unknown:
        """How much of a quota of `facts.QUOTAS` is used.

        Limits are AWS's default or higher, so the account's own limit is asked for only when the default is used up.
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
        """The architectures of an instance type in EC2's words (`arm64`, `x86_64`); empty for an unknown type."""
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
        """The Lambda runtimes that this SDK knows; it makes no call."""
        return frozenset(self._clients["lambda"].meta.service_model.shape_for("Runtime").enum)

    def concurrency(self, function: str) -> Concurrency | Unknown:
        """The account's free concurrency, and the function's own; "" stands for a function without a name."""

        def ask(functions: Any) -> Concurrency:
            limit = functions.get_account_settings()["AccountLimit"]
            whole, unreserved = limit["ConcurrentExecutions"], limit["UnreservedConcurrentExecutions"]
            return Concurrency(whole, unreserved, _reserved(functions, function) if function else 0)

        return self._ask("lambda", ask)

    def function(self, name: str) -> str | Unknown | None:
        """The stack that created the function: "" when no stack did, None when there is no such function."""
        return self._ask("lambda", lambda functions: _maker(functions, name))

    def log_group(self, name: str) -> str | Unknown | None:
        """The stack that created the log group, as for a function."""

        def ask(logs: Any) -> str | None:
            pages = logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=name)
            arns = [item["arn"] for page in pages for item in page["logGroups"] if item["logGroupName"] == name]
            if not arns:
                return None
            tags = logs.list_tags_for_resource(resourceArn=arns[0].removesuffix(":*"))["tags"]
            return str(tags.get(_STACK_TAG, ""))

        return self._ask("logs", ask)

    def log_groups(self, prefix: str) -> frozenset[str] | Unknown:
        """The names of the log groups that begin so."""

        def ask(logs: Any) -> frozenset[str]:
            pages = logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=prefix)
            return frozenset(item["logGroupName"] for page in pages for item in page["logGroups"])

        return self._ask("logs", ask)

    def subnet(self, id: str) -> Place | Unknown | None:
        """Where a subnet is; None when it does not exist."""
        return self._ask("ec2", lambda ec2: _place(ec2.describe_subnets(Filters=_by("subnet-id", id))["Subnets"]))

    def security_group(self, id: str) -> Place | Unknown | None:
        """The VPC of a security group; None when it does not exist."""
        return self._ask(
            "ec2", lambda ec2: _place(ec2.describe_security_groups(Filters=_by("group-id", id))["SecurityGroups"])
        )

    def vpc(self, id: str) -> Place | Unknown | None:
        """The VPC; None when it does not exist."""
        return self._ask("ec2", lambda ec2: _place(ec2.describe_vpcs(Filters=_by("vpc-id", id))["Vpcs"]))

    def reach(self, subnet: str) -> Reach | Unknown:
        """What a function in the subnet reaches outside of its VPC."""
        return self._ask("ec2", lambda ec2: _reach(ec2, subnet))

    def stored(self, name: str) -> bool | Unknown:
        """Whether Systems Manager has a parameter with this name."""
        return self._ask("ssm", lambda ssm: _is_stored(ssm, name))

    def answer(self, url: str) -> Reply:
        """A web server's answer to a request for what an instance will fetch; the instance may get another one."""
        return web.probe(url)

    def apis(self) -> Usage | Unknown:
        """How many REST APIs there are. AWS does not raise this quota.

        https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html
        """
        found = self._ask("apigateway", lambda client: _listed("get_rest_apis", "items")(client, ""))
        return found if isinstance(found, Unknown) else Usage(found, REST_APIS)

    def roles(self) -> Usage | Unknown:
        """How many roles there are, and may be."""

        def ask(iam: Any) -> Usage:
            told = iam.get_account_summary()["SummaryMap"]
            return Usage({"": told["Roles"]}, told["RolesQuota"])

        return self._ask("iam", ask)

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


def _by(key: str, value: str) -> list[dict[str, Any]]:
    """A filter, which unlike a list of ids does not mind one that is not there."""
    return [{"Name": key, "Values": [value]}]


def _place(found: list[dict[str, Any]]) -> Place | None:
    return Place(found[0]["VpcId"], found[0].get("AvailabilityZone", "")) if found else None


def _reach(ec2: Any, subnet: str) -> Reach:
    """By the subnet's route table, or the VPC's main one.

    https://docs.aws.amazon.com/vpc/latest/userguide/subnet-route-tables.html
    """
    tables = ec2.describe_route_tables(Filters=_by("association.subnet-id", subnet))["RouteTables"]
    if not tables:
        places = ec2.describe_subnets(Filters=_by("subnet-id", subnet))["Subnets"]
        main = [*_by("vpc-id", places[0]["VpcId"]), *_by("association.main", "true")] if places else []
        tables = ec2.describe_route_tables(Filters=main)["RouteTables"] if main else []
    if not tables:
        return Reach(outside=True)  # not known, so nothing is held against it
    table = tables[0]
    pages = ec2.get_paginator("describe_vpc_endpoints").paginate(Filters=_by("vpc-id", table["VpcId"]))
    endpoints = [item for page in pages for item in page["VpcEndpoints"]]
    services = [item["ServiceName"].split(".", 3)[-1] for item in endpoints if _serves(item, table["RouteTableId"])]
    ways = [route for route in table["Routes"] if _leads_out(route)]
    only_ipv6 = bool(ways) and all("DestinationIpv6CidrBlock" in route for route in ways)
    return Reach(bool(ways), frozenset(services), only_ipv6)


def _serves(endpoint: dict[str, Any], table: str) -> bool:
    is_there = endpoint.get("State", "available").lower() in ("available", "pending")
    return is_there and (endpoint.get("VpcEndpointType") != "Gateway" or table in endpoint.get("RouteTableIds", ()))


def _leads_out(route: dict[str, Any]) -> bool:
    """Whether it leads everywhere; an Internet gateway serves public addresses, of which a function has none."""
    if route.get("State", "active") != "active":
        return False
    by_ipv6 = route.get("DestinationIpv6CidrBlock") == "::/0"
    return by_ipv6 or (
        route.get("DestinationCidrBlock") == "0.0.0.0/0" and not route.get("GatewayId", "").startswith("igw-")
    )


def _is_stored(ssm: Any, name: str) -> bool:
    """By what is told about it, which does not tell the value, as a secret may be one."""
    filters = [{"Key": "Name", "Option": "Equals", "Values": [name]}]
    pages = ssm.get_paginator("describe_parameters").paginate(ParameterFilters=filters)
    return any(page["Parameters"] for page in pages)


def _limit(quotas: Any, quota: Quota) -> int:
    """The account's own limit; where none is applied, AWS's default holds.

    https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_GetServiceQuota.html
    """
    asked = {"ServiceCode": quota.service, "QuotaCode": quota.code}
    found = optional(quotas.get_service_quota, {"NoSuchResourceException"}, **asked)
    return quota.default if found is None else int(found["Quota"]["Value"])


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
    found = optional(ec2.describe_instance_types, {"InvalidInstanceType"}, InstanceTypes=[type])
    items = [] if found is None else found["InstanceTypes"]
    return frozenset(name for item in items for name in item["ProcessorInfo"]["SupportedArchitectures"])


def _reserved(functions: Any, name: str) -> int:
    found = optional(functions.get_function_concurrency, FunctionName=name)
    return 0 if found is None else int(found.get("ReservedConcurrentExecutions", 0))


def _maker(functions: Any, name: str) -> str | Unknown | None:
    """CloudFormation tags what it makes.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-resource-tags.html
    """
    found = optional(functions.get_function, FunctionName=name)
    if found is None:
        return None
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

"""Whether a function can reach its mount targets and the web."""

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any

from ..template.resolve import Body, is_known, mapping, number
from .filling import fillers
from .findings import Fault, at
from .stack import FILE_SYSTEM, FUNCTION, SECURITY_GROUP, SUBNET, Mount, Stack, entries_or_values

NFS_PORT = 2049
ROUTE_TABLE = "AWS::EC2::RouteTable"


def mount_target_in_every_zone(stack: Stack) -> Iterator[Fault]:
    """The Availability Zone of every subnet of the function has a mount target."""
    for mount in stack.mounts():
        if not mount.file_system:
            continue
        targets = stack.mount_targets(mount.file_system)
        zones = [_zone(stack, stack.named(one.get("SubnetId"), SUBNET)) for one in targets.values()]
        if not zones:
            what = f"{mount.function} mounts {mount.file_system}, which has no mount target"
            yield Fault(at(mount.function, "FileSystemConfigs"), what, "Add one in each zone of its subnets.")
        elif None not in zones:
            yield from _uncovered(stack, mount.function, mount.file_system, zones)


def _uncovered(stack: Stack, function: str, file_system: str, zones: list[Any]) -> Iterator[Fault]:
    for subnet in stack.subnets_of(function):
        zone = _zone(stack, subnet)
        if zone and all(zone[0] == other[0] and zone != other for other in zones):
            what = f"{function} runs in {subnet}, but {file_system} has no mount target in that Availability Zone"
            fix = f"Add a mount target in {subnet}'s zone, or remove the subnet from VpcConfig."
            yield Fault(at(function, "VpcConfig", "SubnetIds"), what, fix)


def _zone(stack: Stack, subnet: str | None) -> tuple[str, str] | None:
    """How a subnet's zone is told, and which it is; None when unknown. Zones told differently may be the same."""
    properties = stack.of(SUBNET)[subnet] if subnet else {}
    for kind in ("AvailabilityZone", "AvailabilityZoneId"):
        match properties.get(kind):
            case str(name):
                return kind, name
            case {"Fn::Select": [index, {"Fn::GetAZs": "" | {"Ref": "AWS::Region"}}]} if is_known(index):
                return "index", str(index)
    return None


def one_mount_target_in_a_zone(stack: Stack) -> Iterator[Fault]:
    """A file system has no two mount targets in one subnet or one Availability Zone."""
    for file_system in stack.of(FILE_SYSTEM):
        seen: dict[Any, str] = {}
        for title, target in stack.mount_targets(file_system).items():
            subnet = stack.named(target.get("SubnetId"), SUBNET)
            place = _zone(stack, subnet) or (("subnet", subnet) if subnet else None)
            if place is not None and place in seen:
                what = f"{title} is in the same zone as {seen[place]}, another mount target of {file_system}"
                yield Fault(at(title, "SubnetId"), what, "Use a subnet in another zone, or remove this mount target.")
            elif place is not None:
                seen[place] = title


@dataclass(frozen=True)
class _Client:
    """What mounts a file system: a function, or an instance that fills it."""

    title: str
    groups: list[str]
    subnets: list[str]


def nfs_reaches_the_mount_targets(stack: Stack) -> Iterator[Fault]:
    """Port 2049 is open from the security groups of functions, and of instances that fill, to the mount targets'."""
    asked = set()
    for mount in stack.mounts():
        targets = stack.mount_targets(mount.file_system) if mount.file_system else {}
        for client in _clients(stack, mount):
            for title, target in targets.items():
                admitting = stack.groups(target.get("SecurityGroups"))
                if client.groups and admitting and (client.title, title) not in asked:
                    asked.add((client.title, title))
                    subnet = stack.named(target.get("SubnetId"), SUBNET)
                    yield from _closed(stack, client, (title, admitting), subnet)


def _clients(stack: Stack, mount: Mount) -> Iterator[_Client]:
    groups = stack.groups(stack.vpc_config(mount.function).get("SecurityGroupIds"))
    yield _Client(mount.function, groups or [], stack.subnets_of(mount.function))
    for instance in fillers(stack, mount):
        groups, subnets = stack.instance_places(instance)
        yield _Client(instance, groups or [], subnets)


def _closed(stack: Stack, client: _Client, target: tuple[str, list[str]], subnet: str | None) -> Iterator[Fault]:
    name, groups, (title, admitting) = client.title, client.groups, target
    inwards = [rule for group in admitting for rule in _rules(stack, group, "Ingress")]
    if not any(_admits(stack, rule, groups, client.subnets) for rule in inwards):
        what = f"{title}'s security group does not allow port {NFS_PORT} from {' or '.join(groups)} of {name}"
        fix = f"Add an ingress rule: tcp {NFS_PORT}, SourceSecurityGroupId {groups[0]}."
        yield Fault(at(admitting[0], "SecurityGroupIngress"), what, fix)
    outwards = {group: _rules(stack, group, "Egress") for group in groups}
    # A group without any egress rule has AWS's own: everything out.
    if all(
        rules and not any(_admits(stack, rule, admitting, [subnet]) for rule in rules) for rules in outwards.values()
    ):
        what = f"{name}'s security group does not allow port {NFS_PORT} out to {title}"
        fix = f"Add an egress rule: tcp {NFS_PORT}, to {admitting[0]} or the VPC's address block."
        yield Fault(at(groups[0], "SecurityGroupEgress"), what, fix)


def _rules(stack: Stack, group: str, direction: str) -> list[Any]:
    """The group's own rules and those that are resources of their own."""
    own = entries_or_values(stack.of(SECURITY_GROUP)[group].get(f"SecurityGroup{direction}"))
    apart = stack.of(f"AWS::EC2::SecurityGroup{direction}").values()
    return [*map(mapping, own), *(rule for rule in apart if stack.named(rule.get("GroupId"), SECURITY_GROUP) == group)]


def _admits(stack: Stack, rule: Body, groups: list[str], subnets: list[Any]) -> bool:
    """Whether the rule lets NFS pass to or from one of the groups or subnets, or may do so."""
    if not is_known(rule.get("IpProtocol")):
        return True  # chosen by a condition that is not known
    if not _is_nfs(rule):
        return False
    for key in ("SourceSecurityGroupId", "DestinationSecurityGroupId"):
        if key in rule:
            return stack.named(rule[key], SECURITY_GROUP) in groups
    block = rule.get("CidrIp")
    if not isinstance(block, str):
        return True  # a prefix list, IPv6, or a block that is not known
    return any(_contains(block, stack.of(SUBNET)[one].get("CidrBlock") if one else None) for one in subnets or [None])


def _is_nfs(rule: Body) -> bool:
    protocol, low, high = str(rule["IpProtocol"]), number(rule.get("FromPort")), number(rule.get("ToPort"))
    if protocol == "-1":
        return True
    if protocol not in ("tcp", "6"):
        return False
    return low is None or high is None or low <= NFS_PORT <= high


def _contains(block: str, other: Any) -> bool:
    if not isinstance(other, str):
        return not block.startswith("127.")
    try:
        outer, inner = ip_network(block, strict=False), ip_network(other, strict=False)
    except ValueError:
        return True  # cfn-lint tells which of them is no block
    return outer.version == inner.version and inner.network_address in outer


def route_to_the_internet(stack: Stack) -> Iterator[Fault]:
    """Every subnet of a function has a route to the Internet, unless its security groups allow no way there."""
    for function in stack.of(FUNCTION):
        if not _may_leave(stack, stack.groups(stack.vpc_config(function).get("SecurityGroupIds"))):
            continue
        ipv6 = str(stack.vpc_config(function).get("Ipv6AllowedForDualStack", False)).lower() != "false"
        for subnet in stack.subnets_of(function):
            if lack := lacking(stack, subnet, ipv6):
                what = f"{function} runs in {subnet}, {lack}"
                fix = "Add a route to a NAT gateway, or IPv6 with an egress-only gateway and Ipv6AllowedForDualStack."
                yield Fault(at(function, "VpcConfig", "SubnetIds"), what, fix)


def _may_leave(stack: Stack, groups: list[str] | None) -> bool:
    """Whether one of the groups lets out more than to addresses and groups that are named, or may do so."""
    if groups is None:
        return True
    rules = [_rules(stack, group, "Egress") for group in groups]
    return not all(rules) or any(_is_wide(rule) for own in rules for rule in own)


def _is_wide(rule: Body) -> bool:
    if "DestinationSecurityGroupId" in rule:
        return False
    block = rule.get("CidrIp")
    return not isinstance(block, str) or block.endswith("/0")


def route_tables(stack: Stack, subnet: str) -> list[Any]:
    """The route tables that the template gives to a subnet, as it names them: one, or none."""
    links = stack.of("AWS::EC2::SubnetRouteTableAssociation").values()
    return [link.get("RouteTableId") for link in links if stack.named(link.get("SubnetId"), SUBNET) == subnet]


def lacking(stack: Stack, subnet: str, ipv6: bool) -> str:
    """Why the subnet cannot reach the Internet; empty if it can, or may be able to."""
    tables = route_tables(stack, subnet)
    if not tables:
        has_vpc = stack.named(stack.of(SUBNET)[subnet].get("VpcId"), "AWS::EC2::VPC")
        return "which has only the VPC's main route table, without a route to the Internet" if has_vpc else ""
    table = stack.named(tables[0], ROUTE_TABLE)
    if not table:
        return ""
    routes = [
        one
        for one in stack.of("AWS::EC2::Route").values()
        if stack.named(one.get("RouteTableId"), ROUTE_TABLE) == table
    ]
    ways = {_way(stack, route, ipv6) for route in routes}
    if "out" in ways:
        return ""
    if "public" in ways:
        return "whose route leads to an Internet gateway, which needs a public address; a function has none"
    if "ipv6" in ways:
        return "whose route uses IPv6, which Ipv6AllowedForDualStack does not allow"
    return f"whose route table {table} has no route out of the VPC"


def _way(stack: Stack, route: Body, ipv6: bool) -> str:
    """Where a route leads a function: `out` (or perhaps), `public`, `ipv6` that it may not use, or `local`."""
    if route.get("DestinationIpv6CidrBlock") == "::/0":
        return "out" if ipv6 else "ipv6"
    if is_known(block := route.get("DestinationCidrBlock", {})) and block != "0.0.0.0/0":
        return "local"
    return "public" if stack.named(route.get("GatewayId"), "AWS::EC2::InternetGateway") else "out"

"""A VPC with one public and two private subnets in two Availability Zones, and Internet access for the private ones.

The Internet access is the highest cost of a workshop that is left running, so it is a choice: a NAT gateway as in the
workshop, IPv6 through an egress-only gateway (free, reaches only hosts with an IPv6 address), or none.
"""

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

from troposphere import Cidr, GetAtt, GetAZs, Ref, Select, Sub, Tags, Template, ec2

from ..template.headings import under
from . import arguments
from .choices import Choice, Later, Value, Values, add, choose, equals, given, listed, reference
from .suppressions import checkov_skips, guard_suppressions

Egress: TypeAlias = Literal["nat", "ipv6", "none"]

CONNECTIONS = "Security groups: where the function and the filling instance may connect to"
VPC_CIDR = "10.0.0.0/16"
PUBLIC_SUBNET_ONE_CIDR = "10.0.1.0/24"
PRIVATE_SUBNET_ONE_CIDR = "10.0.2.0/24"
PRIVATE_SUBNET_TWO_CIDR = "10.0.3.0/24"

_WEB_PORTS = ((443, "HTTPS"), (80, "HTTP"))
_NFS_PORT = 2049
_OCTET = r"(25[0-5]|2[0-4]\d|1?\d?\d)"
_CIDR = rf"({_OCTET}\.){{3}}{_OCTET}/(\d|[12]\d|3[0-2])"
# A zone's name is its region's and a letter; an id, such as use1-az1, cannot be used in its place
# (https://docs.aws.amazon.com/global-infrastructure/latest/regions/az-ids.html).
_ZONE = r"|[a-z0-9-]+-\d+[a-z]"
_SUBNETS_ADVICE = (
    "name two or more subnets in different Availability Zones; for a list parameter, Select(0, Ref(it)) and so on"
)


@dataclass(frozen=True, kw_only=True)
class Network:
    """What other blocks need of a network. For an existing VPC, make one yourself from ids, parameters, `Ref` or
    `ImportValue`.

    Attributes:
        vpc_cidr: The VPC's block of IPv4 addresses, or blocks that contain it. The security groups allow NFS to these
            addresses only.
        private_subnets: The functions' subnets: two or more in different Availability Zones, since EFS allows one
            mount target in a zone.
        public_subnet: The subnet of the instance that fills EFS; the instance gets a public address there.
        filling_subnet: Use it instead of `public_subnet` for a private subnet with a NAT gateway; the instance has no
            public address there.
        way_out: The logical id of the route that the instance needs before it boots; '' if the route exists.
        ipv6: Whether the private subnets have IPv6 addresses.

    Raises:
        TypeError: A value has the wrong type.
        ValueError: There are fewer than two subnets, or a subnet twice; two subnets are known to be in one zone; both
            subnets for the instance are given; or a block of addresses is wrong.
    """

    vpc: Value
    vpc_cidr: Value | tuple[str, ...]
    private_subnets: Values
    public_subnet: Value | None = None
    filling_subnet: Value | None = None
    way_out: str = ""
    ipv6: Choice = False

    def __post_init__(self) -> None:
        arguments.ids("Network.vpc", self.vpc, "vpc")
        for block in self.blocks:
            arguments.text("Network.vpc_cidr", block, _CIDR, "use a block of IPv4 addresses such as 10.0.0.0/16")
        arguments.several("Network.private_subnets", self.private_subnets, 2, _SUBNETS_ADVICE)
        arguments.ids("Network.private_subnets", self.private_subnets, "subnet")
        _refuse_one_zone(self.private_subnets)
        for name in ("public_subnet", "filling_subnet"):
            if getattr(self, name) is not None:
                arguments.ids(f"Network.{name}", getattr(self, name), "subnet")
        if self.public_subnet is not None and self.filling_subnet is not None:
            raise ValueError(
                "Network has both public_subnet and filling_subnet: name only the one that the instance is in"
            )

    @property
    def instance_subnet(self) -> Value | None:
        """The subnet of the instance that fills EFS."""
        return self.filling_subnet if self.public_subnet is None else self.public_subnet

    @property
    def blocks(self) -> tuple[Value, ...]:
        """The blocks of `vpc_cidr` as a tuple."""
        return self.vpc_cidr if isinstance(self.vpc_cidr, tuple) else (self.vpc_cidr,)


@under("Network: a VPC with a public and two private subnets, and their ways to the internet")
def add_network(
    template: Template,
    *,
    egress: Egress | Later = "nat",
    zone_one: Value = "",
    zone_two: Value = "",
    name: str = "",
) -> Network:
    """Adds the VPC with its subnets, its routes and the chosen Internet access. Call it once for a template.

    Args:
        egress: The functions' Internet access: `nat`, `ipv6` or `none`.
        zone_one: The Availability Zone of the public and the first private subnet; '' for the region's first one.
        zone_two: The Availability Zone of the second private subnet; '' for the region's second one.
        name: The beginning of the VPC's logical id and of the Name tags. Without it the tags begin with the stack's
            name.

    Raises:
        ValueError: The egress is unknown, both zones are the same, or the template already has this network.
        TypeError: A value is `Ref` of a parameter: pass the parameter itself.
    """
    arguments.unused(template, f"{name}VPC", "a template needs one network; use the one that exists")
    arguments.one_of("egress", egress, get_args(Egress))
    _check_zones(zone_one, zone_two)
    ipv6 = equals(template, "UseIpv6", egress, "ipv6")
    first = _zone(template, "ZoneOneGiven", zone_one, 0)
    second = _zone(template, "ZoneTwoGiven", zone_two, 1)
    vpc = _vpc(template, name)
    gateway, attachment = _internet_gateway(template, vpc)
    ipv6_cidr = add(template, ipv6, ec2.VPCCidrBlock("VPCIpv6Cidr", VpcId=Ref(vpc), AmazonProvidedIpv6CidrBlock=True))
    public = template.add_resource(
        _subnet("PublicSubnetOne", vpc, PUBLIC_SUBNET_ONE_CIDR, first, Tags=Tags(Name=_named(name, "PublicSubnetOne")))
    )
    private_one = _private_subnet("PrivateSubnetOne", vpc, PRIVATE_SUBNET_ONE_CIDR, first, ipv6, ipv6_cidr, 0, name)
    private_two = _private_subnet("PrivateSubnetTwo", vpc, PRIVATE_SUBNET_TWO_CIDR, second, ipv6, ipv6_cidr, 1, name)
    template.add_resource([private_one, private_two])
    way_out = _public_route(template, vpc, public, gateway, attachment)
    private_routes = _private_routes(template, vpc, private_one, private_two)
    _nat(template, equals(template, "UseNat", egress, "nat"), public, private_routes, attachment)
    _ipv6_egress(template, ipv6, vpc, private_routes)
    return Network(
        vpc=Ref(vpc),
        vpc_cidr=VPC_CIDR,
        private_subnets=(Ref(private_one), Ref(private_two)),
        public_subnet=Ref(public),
        way_out=str(way_out.title),
        ipv6=ipv6,
    )


def _check_zones(one: Value, two: Value) -> None:
    for name, zone in (("zone_one", one), ("zone_two", two)):
        arguments.text(name, zone, _ZONE, "use a zone's name such as eu-west-1a, or '' for the region's own")
    if one != "" and reference(one) == reference(two):
        raise ValueError(f"zone_one and zone_two are both {one!r}: use two zones, EFS has one mount target in each")


def _refuse_one_zone(subnets: Values) -> None:
    zones = [subnet.properties.get("AvailabilityZone") for subnet in subnets if isinstance(subnet, ec2.Subnet)]
    for at, zone in enumerate(zones):
        if zone is not None and zone in zones[:at]:
            place = arguments.shown(zone)
            raise ValueError(f"Network.private_subnets are in one Availability Zone, {place}: {_SUBNETS_ADVICE}")


def _named(name: str, title: str) -> Any:
    """A Name tag."""
    return f"{name}/{title}" if name else Sub(f"${{AWS::StackName}}/{title}")


@under(CONNECTIONS)
def add_function_security_group(
    template: Template,
    network: Network,
    title: str = "FunctionSecurityGroup",
    *,
    web: bool = True,
    about: str = "",
    web_because: str = "Nobody knows beforehand which servers the function asks.",
) -> ec2.SecurityGroup:
    """Adds the functions' security group: nothing in; out, NFS inside the VPC and, with `web`, ports 80 and 443.

    Several functions may share a group.

    Args:
        title: The group's logical id.
        web: Whether functions may reach ports 80 and 443 of any address.
        about: The group's description, instead of a general one.
        web_because: Why the web must be reachable, in a sentence for the rule that asks for it.

    Raises:
        ValueError: The template already has a resource with this title.
        TypeError: `network` is not a Network.
    """
    arguments.unused(template, title, "use this group for all functions, or pass another title")
    check_network(network)
    skips = checkov_skips(CKV_AWS_23="Every rule has a description; checkov does not see it inside Fn::If.")
    if web:
        skips |= guard_suppressions(EC2_SECURITY_GROUP_EGRESS_OPEN_TO_WORLD_RULE=web_because)
    return template.add_resource(
        ec2.SecurityGroup(
            title,
            GroupDescription=about or f"Function: NFS to the mount targets{', and the web' if web else ''}",
            VpcId=reference(network.vpc),
            SecurityGroupEgress=web_and_nfs_egress(network, network.ipv6) if web else _nfs_out(network),
            Metadata=skips,
        )
    )


def check_network(network: object) -> None:
    """Raises TypeError unless `network` is a Network."""
    arguments.kind("network", network, Network, "pass the result of add_network, or a Network for an existing one")


def web_and_nfs_egress(network: Network, ipv6: Choice = False) -> list[Any]:
    """Egress rules: 2049 to the VPC; 443 and 80 to any address, if chosen also over IPv6."""
    out: list[Any] = list(_nfs_out(network))
    for port, name in _WEB_PORTS:
        out.append(_out(port, f"{name} out", CidrIp="0.0.0.0/0"))
        out.append(choose(ipv6, _out(port, f"{name} out over IPv6", CidrIpv6="::/0")))
    return listed(*out)


def _nfs_out(network: Network) -> list[ec2.SecurityGroupRule]:
    return [_out(_NFS_PORT, "NFS to the mount targets", CidrIp=reference(block)) for block in network.blocks]


def _out(port: int, description: str, **destination: Any) -> ec2.SecurityGroupRule:
    return ec2.SecurityGroupRule(Description=description, IpProtocol="tcp", FromPort=port, ToPort=port, **destination)


def _zone(template: Template, condition: str, zone: Value, index: int) -> Any:
    return choose(given(template, condition, zone), reference(zone), Select(index, GetAZs("")))


def _subnet(title: str, vpc: ec2.VPC, cidr: str, zone: Any, **properties: Any) -> ec2.Subnet:
    return ec2.Subnet(title, VpcId=Ref(vpc), CidrBlock=cidr, AvailabilityZone=zone, **properties)


def _private_subnet(
    title: str, vpc: ec2.VPC, cidr: str, zone: Any, ipv6: Choice, ipv6_cidr: ec2.VPCCidrBlock, index: int, name: str
) -> ec2.Subnet:
    properties: dict[str, Any] = {"Tags": Tags(Name=_named(name, title))}
    if ipv6:
        # The tag's Ref makes the subnet wait for the block that Fn::Cidr divides; DependsOn may not name a
        # resource that a condition can switch off.
        association = choose(ipv6, Ref(ipv6_cidr), "none")
        properties["Tags"] = Tags(Name=_named(name, title), Ipv6CidrBlockAssociation=association)
        block = Select(index, Cidr(Select(0, GetAtt(vpc, "Ipv6CidrBlocks")), 2, 64))
        properties["Ipv6CidrBlock"] = choose(ipv6, block)
        properties["AssignIpv6AddressOnCreation"] = choose(ipv6, True)
    return _subnet(title, vpc, cidr, zone, **properties)


def _vpc(template: Template, name: str) -> ec2.VPC:
    title = f"{name}VPC"
    return template.add_resource(
        ec2.VPC(
            title,
            CidrBlock=VPC_CIDR,
            EnableDnsSupport=True,
            EnableDnsHostnames=True,
            Tags=Tags(Name=_named(name, title)),
        )
    )


def _internet_gateway(template: Template, vpc: ec2.VPC) -> tuple[ec2.InternetGateway, ec2.VPCGatewayAttachment]:
    gateway = template.add_resource(ec2.InternetGateway("InternetGateway"))
    attachment = template.add_resource(
        ec2.VPCGatewayAttachment("InternetGatewayAttachment", VpcId=Ref(vpc), InternetGatewayId=Ref(gateway))
    )
    return gateway, attachment


def _public_route(
    template: Template,
    vpc: ec2.VPC,
    subnet: ec2.Subnet,
    gateway: ec2.InternetGateway,
    attachment: ec2.VPCGatewayAttachment,
) -> ec2.Route:
    table = template.add_resource(ec2.RouteTable("PublicRouteTable", VpcId=Ref(vpc)))
    association = template.add_resource(_association("PublicSubnet1RouteTableAssociation", subnet, table))
    return template.add_resource(
        ec2.Route(
            "DefaultPublicRoute",
            # What waits for this route has the whole way out.
            DependsOn=[attachment.title, association.title],
            RouteTableId=Ref(table),
            DestinationCidrBlock="0.0.0.0/0",
            GatewayId=Ref(gateway),
            Metadata=guard_suppressions(
                NO_UNRESTRICTED_ROUTE_TO_IGW="Only the NAT gateway and the instance that fills EFS use this route."
            ),
        )
    )


def _private_routes(template: Template, vpc: ec2.VPC, one: ec2.Subnet, two: ec2.Subnet) -> ec2.RouteTable:
    table = template.add_resource(ec2.RouteTable("PrivateRouteTable", VpcId=Ref(vpc)))
    template.add_resource(_association("PrivateSubnet1RouteTableAssociation", one, table))
    template.add_resource(_association("PrivateSubnet2RouteTableAssociation", two, table))
    return table


def _association(title: str, subnet: ec2.Subnet, table: ec2.RouteTable) -> ec2.SubnetRouteTableAssociation:
    return ec2.SubnetRouteTableAssociation(title, SubnetId=Ref(subnet), RouteTableId=Ref(table))


def _nat(
    template: Template,
    wanted: Choice,
    subnet: ec2.Subnet,
    routes: ec2.RouteTable,
    attachment: ec2.VPCGatewayAttachment,
) -> None:
    address = add(template, wanted, ec2.EIP("NatPublicIP", DependsOn=attachment.title, Domain="vpc"))
    gateway = add(
        template,
        wanted,
        ec2.NatGateway("NatGateway", AllocationId=GetAtt(address, "AllocationId"), SubnetId=Ref(subnet)),
    )
    add(
        template,
        wanted,
        ec2.Route(
            "PrivateRoute",
            RouteTableId=Ref(routes),
            DestinationCidrBlock="0.0.0.0/0",
            NatGatewayId=Ref(gateway),
        ),
    )


def _ipv6_egress(template: Template, wanted: Choice, vpc: ec2.VPC, routes: ec2.RouteTable) -> None:
    gateway = add(template, wanted, ec2.EgressOnlyInternetGateway("EgressOnlyInternetGateway", VpcId=Ref(vpc)))
    add(
        template,
        wanted,
        ec2.Route(
            "PrivateIpv6Route",
            RouteTableId=Ref(routes),
            DestinationIpv6CidrBlock="::/0",
            EgressOnlyInternetGatewayId=Ref(gateway),
        ),
    )

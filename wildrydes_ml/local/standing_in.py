"""Substitutes for an existing network on AWS, and resources that an emulator cannot create, which are left out."""

from collections.abc import Callable, Mapping
from typing import Any

from ..aws.records import DefaultNetwork

# MiniStack refuses these; nothing here asks them anything.
LACKING = frozenset(
    {
        "AWS::EC2::EIP",
        "AWS::EC2::EgressOnlyInternetGateway",
        "AWS::EC2::Instance",
        "AWS::EC2::NatGateway",
        "AWS::EC2::SecurityGroupEgress",
        "AWS::EC2::SecurityGroupIngress",
        "AWS::EC2::VPCCidrBlock",
    }
)
_STAND_INS: Mapping[str, Callable[[DefaultNetwork, int], str]] = {
    "AWS::EC2::VPC::Id": lambda network, number: network.vpc,
    "AWS::EC2::Subnet::Id": lambda network, number: network.subnets[number % len(network.subnets)],
    "List<AWS::EC2::Subnet::Id>": lambda network, number: ",".join(network.subnets[:2]),
    "AWS::EC2::SecurityGroup::Id": lambda network, number: network.group,
    "List<AWS::EC2::SecurityGroup::Id>": lambda network, number: network.group,
    "AWS::EC2::AvailabilityZone::Name": lambda network, number: network.zones[number % len(network.zones)],
    "List<AWS::EC2::AvailabilityZone::Name>": lambda network, number: ",".join(network.zones[:2]),
}


def is_network(row: Mapping[str, Any]) -> bool:
    """Whether a parameter is a part of a network that can be substituted."""
    return row["Type"] in _STAND_INS


def stand_ins(rows: Mapping[str, Mapping[str, Any]], network: DefaultNetwork) -> dict[str, str]:
    """Values for such parameters; several subnets are in different zones."""
    numbers: dict[str, int] = {}
    found = {}
    for name, row in rows.items():
        kind = row["Type"]
        found[name] = _STAND_INS[kind](network, numbers.setdefault(kind, 0))
        numbers[kind] += 1
    return found


def lacking(made: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """The logical ids of resources (a result of `effective`) that the emulator does not create."""
    return [
        title
        for title, entry in made.items()
        if entry.get("Type") in LACKING
        or (entry.get("Type") == "AWS::CloudWatch::Alarm" and "Metrics" in entry.get("Properties", {}))
    ]

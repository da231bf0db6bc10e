"""Who stands where in a template, and who talks to whom, read from its references, routes and security groups."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from wildrydes_ml.template.resolve import resolve

_PSEUDO = "AWS::"


@dataclass(frozen=True)
class Topology:
    """The resources that are made with some parameters: by logical id, each choice in them taken."""

    resources: Mapping[str, Mapping[str, Any]]

    def of(self, kind: str) -> list[str]:
        """The logical ids of a type such as `EC2::Subnet`, in the template's order."""
        return [title for title, resource in self.resources.items() if resource["Type"] == f"AWS::{kind}"]

    def get(self, title: str, *path: str) -> Any:
        """A property, by its path; '' when it or the resource is not there."""
        value: Any = self.resources.get(title, {}).get("Properties", {})
        for name in path:
            value = value.get(name, "") if isinstance(value, Mapping) else ""
        return value

    def linked(self, title: str, *path: str) -> list[str]:
        """What a property refers to: resources and parameters."""
        return list(dict.fromkeys(_references(self.get(title, *path))))

    def subnets(self, title: str) -> list[str]:
        """The subnets of a function, an instance, a mount target or a NAT gateway."""
        places = (("VpcConfig", "SubnetIds"), ("NetworkInterfaces",), ("SubnetId",))
        found = [name for path in places for name in self.linked(title, *path)]
        return [name for name in found if name in self.of("EC2::Subnet")]

    def groups(self, title: str) -> list[str]:
        """The security groups that a function, an instance or a mount target has."""
        places = (("VpcConfig", "SecurityGroupIds"), ("NetworkInterfaces",), ("SecurityGroups",))
        found = [name for path in places for name in self.linked(title, *path)]
        return [name for name in found if name in self.of("EC2::SecurityGroup")]

    def zone(self, subnet: str) -> str:
        """What tells a subnet's Availability Zone from another's."""
        return json.dumps(self.get(subnet, "AvailabilityZone"))

    def mounts(self) -> dict[tuple[str, str], int]:
        """Who may reach which mount target, and on which port; of several targets, those of the client's zones."""
        found = {}
        for client in (*self.of("Lambda::Function"), *self.of("EC2::Instance")):
            zones = {self.zone(subnet) for subnet in self.subnets(client)}
            for target in self.of("EFS::MountTarget"):
                port = self._admitted(client, target)
                if port and any(self.zone(subnet) in zones for subnet in self.subnets(target)):
                    found[client, target] = port
        return found

    def ways_out(self, title: str) -> list[str]:
        """The gateways that the routes of its subnets lead to."""
        tables = {
            table
            for association in self.of("EC2::SubnetRouteTableAssociation")
            if set(self.linked(association, "SubnetId")) & set(self.subnets(title))
            for table in self.linked(association, "RouteTableId")
        }
        routes = [route for route in self.of("EC2::Route") if tables & set(self.linked(route, "RouteTableId"))]
        gateways = ("NatGatewayId", "GatewayId", "EgressOnlyInternetGatewayId")
        return [gateway for route in routes for name in gateways for gateway in self.linked(route, name)]

    def callers(self, function: str) -> list[str]:
        """The APIs that may invoke a function or an alias of it."""
        targets = {function} | {alias for alias in self.of("Lambda::Alias") if function in self.linked(alias)}
        return [
            api
            for permission in self.of("Lambda::Permission")
            if targets & set(self.linked(permission, "FunctionName"))
            for api in self.linked(permission, "SourceArn")
        ]

    def reads_object(self, instance: str) -> bool:
        """Whether an instance's role lets it read an object of a bucket."""
        profiles = self.linked(instance, "IamInstanceProfile")
        roles = [role for profile in profiles for role in self.linked(profile, "Roles")]
        return any("s3:GetObject" in json.dumps(self.get(role, "Policies")) for role in roles)

    def rights(self, client: str) -> str:
        """What the client's policy lets it do on the file system: `writes`, `reads` or `no rights`."""
        role = self.linked(client, "Role")
        for profile in self.linked(client, "IamInstanceProfile"):
            role += self.linked(profile, "Roles")
        policies = str([self.get(title, "Policies") for title in role])
        return "writes" if "ClientWrite" in policies else "reads" if "ClientMount" in policies else "no rights"

    def _admitted(self, client: str, target: str) -> int:
        for group in self.groups(target):
            for rule in self.get(group, "SecurityGroupIngress") or []:
                if set(_references(rule.get("SourceSecurityGroupId"))) & set(self.groups(client)):
                    return int(rule["FromPort"])
        return 0


def read(body: Mapping[str, Any], parameters: Mapping[str, str]) -> Topology:
    """The template's resources with these parameters, and its defaults for the others."""
    return Topology(resolve(body, parameters)["Resources"])


def _references(value: Any) -> Iterator[str]:
    match value:
        case {"Ref": str(name)} if not name.startswith(_PSEUDO):
            yield name
        case {"Fn::GetAtt": [str(name), *_]}:
            yield name
        case {"Fn::Sub": text}:
            for name in re.findall(r"\$\{(\w+)[.}]", text if isinstance(text, str) else text[0]):
                yield name
        case dict():
            for item in value.values():
                yield from _references(item)
        case list():
            for item in value:
                yield from _references(item)

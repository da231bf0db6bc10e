"""A resolved template as the checks need it: its resources, and the references between them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..template.references import references as named
from ..template.resolve import Body, mapping

FUNCTION = "AWS::Lambda::Function"
INSTANCE = "AWS::EC2::Instance"
ACCESS_POINT = "AWS::EFS::AccessPoint"
FILE_SYSTEM = "AWS::EFS::FileSystem"
MOUNT_TARGET = "AWS::EFS::MountTarget"
SECURITY_GROUP = "AWS::EC2::SecurityGroup"
SUBNET = "AWS::EC2::Subnet"


@dataclass(frozen=True)
class Mount:
    """One entry of a function's FileSystemConfigs; `access_point` and `file_system` are in this template."""

    function: str
    local_path: Any
    access_point: str | None
    file_system: str | None


@dataclass(frozen=True)
class Stack:
    """The resources of a resolved template by logical id; `written` are the resources before that."""

    resources: Body
    written: Body

    def of(self, *types: str) -> dict[str, Body]:
        """The properties of all resources of these types, by logical id."""
        found = {title: entry for title, entry in self.resources.items() if entry.get("Type") in types}
        return {title: mapping(entry.get("Properties")) for title, entry in found.items()}

    def named(self, value: Any, kind: str) -> str | None:
        """The resource of this type that the value refers to, if there is exactly one."""
        titles = {title for title in references(value) if self.resources.get(title, {}).get("Type") == kind}
        return titles.pop() if len(titles) == 1 else None

    def mounts(self) -> Iterator[Mount]:
        """Every file system that a function mounts."""
        points = self.of(ACCESS_POINT)
        for title, function in self.of(FUNCTION).items():
            for entry in entries(function.get("FileSystemConfigs")):
                point = self.named(entry.get("Arn"), ACCESS_POINT)
                system = self.named(points[point].get("FileSystemId"), FILE_SYSTEM) if point else None
                yield Mount(title, entry.get("LocalMountPath"), point, system)

    def mount_targets(self, file_system: str) -> dict[str, Body]:
        """The file system's mount targets in this template."""
        targets = self.of(MOUNT_TARGET).items()
        return {title: one for title, one in targets if self.named(one.get("FileSystemId"), FILE_SYSTEM) == file_system}

    def subnets_of(self, function: str) -> list[str]:
        """The function's subnets that are in this template."""
        found = entries_or_values(self.vpc_config(function).get("SubnetIds"))
        return [title for value in found if (title := self.named(value, SUBNET))]

    def instance_places(self, instance: str) -> tuple[list[str] | None, list[str]]:
        """The security groups of an instance (a result of `groups`), and its subnets in this template."""
        own = self.of(INSTANCE)[instance]
        faces = [own, *entries(own.get("NetworkInterfaces"))]
        named = [
            group
            for face in faces
            for key in ("SecurityGroupIds", "GroupSet")
            for group in entries_or_values(face.get(key))
        ]
        subnets = [self.named(face.get("SubnetId"), SUBNET) for face in faces]
        return self.groups(named), [subnet for subnet in subnets if subnet]

    def vpc_config(self, function: str) -> Body:
        return mapping(self.of(FUNCTION)[function].get("VpcConfig"))

    def groups(self, value: Any) -> list[str] | None:
        """The security groups of a list, or None unless all of them are in this template."""
        titles = [self.named(one, SECURITY_GROUP) for one in entries_or_values(value)]
        return [title for title in titles if title] if titles and all(titles) else None

    def needed_by(self, title: str) -> set[str]:
        """All resources that are created before this one, by DependsOn or by references, direct or indirect."""
        found, more = set[str](), {title}
        while more:
            found |= more
            more = {name for one in more for name in self._needed(one)} - found
        return found - {title}

    def _needed(self, title: str) -> set[str]:
        entry = self.resources[title]
        named = set(texts(entry.get("DependsOn"))) | references(entry.get("Properties"))
        return named & set(self.resources)


def references(value: Any) -> set[str]:
    """The names that Ref, Fn::GetAtt and Fn::Sub inside a value refer to."""
    return {*named(value)}


def entries(value: Any) -> list[Body]:
    """The mappings of a list; none if the list is absent or unknown."""
    return [item for item in entries_or_values(value) if isinstance(item, Mapping)]


def entries_or_values(value: Any) -> list[Any]:
    """A list unchanged, a single value as a list with one item, nothing as an empty list."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def texts(value: Any) -> Iterator[str]:
    """All text inside a value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, (Mapping, list)):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from texts(item)

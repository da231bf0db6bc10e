"""EC2 and EFS: the network interfaces that a function leaves behind, and the billable resources of a network."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from ..errors import WildrydesError
from .faults import DENIED, translated
from .records import Billable, DefaultNetwork, NetworkInterface
from .repeating import optional

# A reading of an answer: id, state and what it bills for, of each thing in it.
_Reading = list[tuple[str, str, dict[str, float]]]

# What is on its way out bills no more.
_GOING = {"deleted", "deleting", "shutting-down", "terminated"}
# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html: gone, or in use again.
_NOT_OURS_NOW = {
    "InvalidNetworkInterface.InUse",
    "InvalidNetworkInterfaceID.NotFound",
    "InvalidParameterValue",
    "OperationNotPermitted",
}


class Networks:
    """EC2 and EFS."""

    def __init__(self, ec2: Any, efs: Any) -> None:
        self._ec2 = ec2
        self._efs = efs

    def interfaces(self, groups: Sequence[str], subnets: Sequence[str] = ()) -> list[NetworkInterface]:
        """The network interfaces with one of the security groups, in any network, or in one of the subnets."""
        with translated("network interfaces"):
            found = [*self._interfaces("group-id", groups), *self._interfaces("subnet-id", subnets)]
            # What is deleted by this list must not hang on a filter.
            ours = [item for item in found if item["SubnetId"] in subnets or not set(groups).isdisjoint(_groups(item))]
            interfaces = (
                NetworkInterface(item["NetworkInterfaceId"], item["Status"], item.get("Description", ""), _groups(item))
                for item in ours
            )
            return list(dict.fromkeys(interfaces))

    def _interfaces(self, key: str, values: Sequence[str]) -> list[dict[str, Any]]:
        if not values:
            return []
        filters = [{"Name": key, "Values": list(values)}]
        pages = self._ec2.get_paginator("describe_network_interfaces").paginate(Filters=filters)
        return [item for page in pages for item in page["NetworkInterfaces"]]

    def default(self) -> DefaultNetwork:
        """The default VPC. Raises WildrydesError when there is none."""
        with translated("the default VPC"):
            default = {"Name": "is-default", "Values": ["true"]}
            vpcs = [one["VpcId"] for one in self._ec2.describe_vpcs(Filters=[default])["Vpcs"]]
            if not vpcs:
                raise WildrydesError("there is no default VPC")
            inside = {"Name": "vpc-id", "Values": vpcs[:1]}
            subnets = self._ec2.describe_subnets(Filters=[inside])["Subnets"]
            groups = self._ec2.describe_security_groups(Filters=[inside])["SecurityGroups"]
        by_zone = {one["AvailabilityZone"]: one["SubnetId"] for one in subnets}
        zones = tuple(sorted(by_zone))
        return DefaultNetwork(vpcs[0], tuple(by_zone[zone] for zone in zones), zones, groups[0]["GroupId"])

    def delete_interface(self, interface: str) -> None:
        """Deletes a network interface that is not in use. One that no longer exists, or is in use again, is ignored."""
        with translated(f"network interface {interface}"):
            optional(self._ec2.delete_network_interface, _NOT_OURS_NOW, NetworkInterfaceId=interface)

    def billing(self, tags: Mapping[str, Collection[str]]) -> list[Billable]:
        """NAT gateways, addresses, instances and volumes that have one of the tags and are still billed.

        One call finds out whether there are any; each kind that exists takes one more call.
        """
        wanted = [value for values in tags.values() for value in values]
        with translated("tags"):
            pages = self._ec2.get_paginator("describe_tags").paginate(
                Filters=[{"Name": "key", "Values": list(tags)}, {"Name": "value", "Values": wanted}]
            )
            items = [item for page in pages for item in page["Tags"]]
            tagged = {item["ResourceId"] for item in items if item["Value"] in tags.get(item["Key"], ())}
            return [thing for kind in _KINDS for thing in self._billing(kind, tagged)]

    def _billing(self, kind: str, tagged: set[str]) -> list[Billable]:
        prefix, operation, key, read = _KINDS[kind]
        ids = sorted(item for item in tagged if item.startswith(prefix))
        if not ids:
            return []
        # A filter, unlike a list of ids, does not mind one that is gone.
        answer = getattr(self._ec2, operation)(Filters=[{"Name": key, "Values": ids}])
        return [
            Billable(kind, name, prices) for name, state, prices in read(answer) if name in ids and state not in _GOING
        ]

    def file_systems(self, tags: Mapping[str, Collection[str]]) -> list[Billable]:
        """The file systems that have one of the tags."""
        with translated("file systems"):
            pages = self._efs.get_paginator("describe_file_systems").paginate()
            found = [item for page in pages for item in page["FileSystems"]]
            ours = [item for item in found if any(tag["Value"] in tags.get(tag["Key"], ()) for tag in item["Tags"])]
            return [
                Billable(
                    "file system",
                    item["FileSystemId"],
                    _file_system_prices(item),
                    self._mount_targets(item["FileSystemId"]),
                )
                for item in ours
                if item["LifeCycleState"] not in _GOING
            ]

    def _mount_targets(self, file_system: str) -> tuple[str, ...]:
        """The mount targets, which must be deleted before the file system; none if they cannot be listed."""
        found = optional(self._efs.describe_mount_targets, {*DENIED, "FileSystemNotFound"}, FileSystemId=file_system)
        items = [] if found is None else found["MountTargets"]
        return tuple(item["MountTargetId"] for item in items if item["LifeCycleState"] not in _GOING)


def _groups(interface: dict[str, Any]) -> tuple[str, ...]:
    return tuple(group["GroupId"] for group in interface.get("Groups", ()))


def _gateways(answer: dict[str, Any]) -> _Reading:
    return [(item["NatGatewayId"], item["State"], {"NAT gateway": 1}) for item in answer["NatGateways"]]


def _addresses(answer: dict[str, Any]) -> _Reading:
    return [(item["AllocationId"], "", {"public IPv4 address": 1}) for item in answer["Addresses"]]


def _instances(answer: dict[str, Any]) -> _Reading:
    items = [item for reservation in answer["Reservations"] for item in reservation["Instances"]]
    return [(item["InstanceId"], item["State"]["Name"], {item["InstanceType"]: 1}) for item in items]


def _volumes(answer: dict[str, Any]) -> _Reading:
    return [(item["VolumeId"], item["State"], {"EBS gp3, GB": item["Size"]}) for item in answer["Volumes"]]


# Kind → how its ids begin, the call that looks at them with its filter, how to read the answer.
_KINDS: dict[str, tuple[str, str, str, Callable[[dict[str, Any]], _Reading]]] = {
    "NAT gateway": ("nat-", "describe_nat_gateways", "nat-gateway-id", _gateways),
    "public IPv4 address": ("eipalloc-", "describe_addresses", "allocation-id", _addresses),
    "instance": ("i-", "describe_instances", "instance-id", _instances),
    "volume": ("vol-", "describe_volumes", "volume-id", _volumes),
}


def _file_system_prices(item: dict[str, Any]) -> dict[str, float]:
    return {
        "EFS storage, GB": item["SizeInBytes"]["Value"] / 2**30,
        "EFS provisioned throughput, MiB/s": item.get("ProvisionedThroughputInMibps", 0),
    }

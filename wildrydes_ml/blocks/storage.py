"""An encrypted EFS file system with an access point and a mount target for each subnet.

One mount target per Availability Zone is all EFS allows, and a TLS mount needs one in the client's zone
(https://docs.aws.amazon.com/efs/latest/ug/accessing-fs.html).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

from troposphere import AWSHelperFn, Ref, Sub, Tags, Template, ec2, efs, encode_to_dict

from ..template.headings import under
from . import arguments, policies
from .choices import Choice, Later, Number, Value, choose, equals, fill, reference
from .network import Network, check_network
from .suppressions import guard_suppressions

ThroughputMode: TypeAlias = Literal["provisioned", "elastic", "bursting"]

# https://docs.aws.amazon.com/efs/latest/ug/quotas.html: MiB/s that can be reserved.
MIBPS = (1, 3414)
OWNER_ID = "1001"
ACCESS_POINT_PATH = "/ml"
REFILL_REASON = "Its content can be installed again at any time."


@dataclass(frozen=True, kw_only=True)
class Storage:
    """What other blocks need of a file system. For an existing one, make it yourself from ids, parameters, `Ref` or
    `ImportValue`.

    Raises TypeError and ValueError for a wrong id or ARN.

    Attributes:
        file_system: The file system's id.
        access_point: The access point's id.
        access_point_arn: The access point's ARN; the function `access_point_arn` builds it from the id.
        mount_targets: Logical ids of the mount targets in this template.
        clients: The security groups that the mount targets admit; empty if they are not known.
    """

    file_system: Value
    access_point: Value
    access_point_arn: Value
    mount_targets: tuple[str, ...] = ()
    clients: tuple[Any, ...] = ()

    def __post_init__(self) -> None:
        arguments.text("Storage.file_system", self.file_system, r"fs-[0-9a-f]+", "use the file system's id, fs-…")
        arguments.text(
            "Storage.access_point", self.access_point, r"fsap-[0-9a-f]+", "use the access point's id, fsap-…"
        )
        arguments.access_point_arn("Storage.access_point_arn", self.access_point_arn)


@under("Storage: an encrypted EFS file system, and the access point through which it is mounted")
def add_storage(
    template: Template,
    network: Network,
    clients: Sequence[Any],
    *,
    throughput_mode: ThroughputMode | Later = "provisioned",
    provisioned_mibps: Number = 15,
    name: str = "",
    no_backup_because: str = "",
) -> Storage:
    """Adds the file system, its access point and its mount targets, which admit NFS from the `clients`. Call it once
    for a template.

    Args:
        clients: The security groups of everything that mounts the file system, or ids of existing groups. A group that
            is not in the template, such as that of an unwanted instance, is left out.
        throughput_mode: `provisioned`, `elastic` or `bursting`.
        provisioned_mibps: MiB/s, 1 to 3414; used with `provisioned` only.
        name: The beginning of the Name tags. Without it they begin with the stack's name.
        no_backup_because: Why its content needs no backup, in a sentence for the rule that asks for one.

    Raises:
        TypeError: A value has the wrong type.
        ValueError: A value is wrong, or the template already has this file system.
    """
    arguments.unused(template, "FileSystemResource", "a template needs one file system; use the one that exists")
    check_network(network)
    arguments.several("clients", clients, 1, "name the security groups of all clients, each once")
    arguments.one_of("throughput_mode", throughput_mode, get_args(ThroughputMode))
    arguments.number("provisioned_mibps", provisioned_mibps, *MIBPS, "MiB/s")
    why = arguments.sentence("no_backup_because", no_backup_because, "write a sentence, or leave it out")
    file_system = _file_system(template, throughput_mode, provisioned_mibps, name, why)
    group = _mount_target_security_group(template, network, clients)
    targets = _mount_targets(template, network, file_system, group)
    access_point = _access_point(template, file_system, name)
    return Storage(
        file_system=Ref(file_system),
        access_point=Ref(access_point),
        access_point_arn=access_point_arn(access_point),
        mount_targets=tuple(target.title for target in targets),
        clients=tuple(reference(client) for client in clients),
    )


def access_point_arn(access_point: Any) -> Any:
    """The ARN of an access point in this account and region, from the resource or from its id.

    It is built from the id, since emulators do not know the resource's attribute `Arn`. Raises ValueError for another
    kind of id.
    """
    arguments.ids("the access point", access_point, "fsap")
    arn = "arn:${{AWS::Partition}}:elasticfilesystem:${{AWS::Region}}:${{AWS::AccountId}}:access-point/{id}"
    return fill(arn, id=access_point)


def _file_system(template: Template, mode: Value, mibps: Number, name: str, no_backup: str) -> efs.FileSystem:
    provisioned = equals(template, "ThroughputIsProvisioned", mode, "provisioned")
    return template.add_resource(
        efs.FileSystem(
            "FileSystemResource",
            DeletionPolicy="Delete",
            UpdateReplacePolicy="Delete",
            Encrypted=True,
            PerformanceMode="generalPurpose",
            ThroughputMode=reference(mode),
            ProvisionedThroughputInMibps=choose(provisioned, reference(mibps)),
            BackupPolicy=efs.BackupPolicy(Status="DISABLED"),
            FileSystemPolicy=encode_to_dict(policies.encrypted_access_points_only()),
            FileSystemTags=Tags(Name=_named(name, "FileSystem")),
            **({"Metadata": guard_suppressions(EFS_RESOURCES_PROTECTED_BY_BACKUP_PLAN=no_backup)} if no_backup else {}),
        )
    )


def _mount_target_security_group(template: Template, network: Network, clients: Sequence[Any]) -> ec2.SecurityGroup:
    return template.add_resource(
        ec2.SecurityGroup(
            "MountTargetSecurityGroup",
            GroupDescription="EFS mount targets: NFS from the function and the filling instance only",
            VpcId=reference(network.vpc),
            SecurityGroupIngress=_nfs_from([group for group in clients if _is_there(template, group)]),
            # An absent list would mean "everything out"; a mount target never starts a connection.
            SecurityGroupEgress=[
                ec2.SecurityGroupRule(Description="Nothing out", IpProtocol="-1", CidrIp="127.0.0.1/32")
            ],
        )
    )


def _mount_targets(
    template: Template, network: Network, file_system: efs.FileSystem, group: ec2.SecurityGroup
) -> list[efs.MountTarget]:
    return [
        template.add_resource(
            efs.MountTarget(
                f"MountTargetResource{number}",
                FileSystemId=Ref(file_system),
                SubnetId=reference(subnet),
                SecurityGroups=[Ref(group)],
            )
        )
        for number, subnet in enumerate(network.private_subnets, start=1)
    ]


def _is_there(template: Template, group: Any) -> bool:
    return not isinstance(group, ec2.SecurityGroup) or group.title in template.resources


def admits(storage: Storage, group: Any) -> bool:
    """Whether the mount targets admit a group, as far as known."""
    return not storage.clients or _told(group) in map(_told, storage.clients)


def _told(group: Any) -> Any:
    """What identifies a group: its logical id, whatever refers to it, or its id."""
    match group.to_dict() if isinstance(group, AWSHelperFn) else group:
        case ec2.SecurityGroup():
            return group.title
        case {"Ref": title} | {"Fn::GetAtt": [title, "GroupId"]}:
            return title
        case other:
            return other


def _nfs_from(clients: Sequence[Any], admitted: tuple[Any, ...] = ()) -> Any:
    """A rule for each client that exists; the list is chosen as a whole, since moto takes no absent entry."""
    if not clients:
        return list(admitted)
    first, *others = clients
    is_ours = isinstance(first, ec2.SecurityGroup)
    rule = ec2.SecurityGroupRule(
        Description=f"NFS from {first.title if is_ours else 'a group of its own stack'}",
        IpProtocol="tcp",
        FromPort=2049,
        ToPort=2049,
        SourceSecurityGroupId=reference(first),
    )
    exists: Choice = first.resource.get("Condition", True) if is_ours else True
    with_it = _nfs_from(others, (*admitted, rule))
    return choose(exists, with_it, _nfs_from(others, admitted)) if isinstance(exists, str) else with_it


def _named(name: str, kind: str) -> Any:
    """A Name tag."""
    return f"{name}{kind}" if name else Sub(f"${{AWS::StackName}}/{kind}")


def _access_point(template: Template, file_system: efs.FileSystem, name: str) -> efs.AccessPoint:
    return template.add_resource(
        efs.AccessPoint(
            "AccessPointResource",
            FileSystemId=Ref(file_system),
            PosixUser=efs.PosixUser(Uid=OWNER_ID, Gid=OWNER_ID),
            RootDirectory=efs.RootDirectory(
                Path=ACCESS_POINT_PATH,
                CreationInfo=efs.CreationInfo(OwnerUid=OWNER_ID, OwnerGid=OWNER_ID, Permissions="755"),
            ),
            AccessPointTags=Tags(Name=_named(name, "AccessPoint")),
        )
    )

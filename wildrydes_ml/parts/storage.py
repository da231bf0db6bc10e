"""An encrypted EFS file system with an access point and a mount target for each subnet.

One mount target per Availability Zone is all EFS allows, and a TLS mount needs one in the client's zone
(https://docs.aws.amazon.com/efs/latest/ug/accessing-fs.html).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from troposphere import Ref, Sub, Tags, Template, ec2, efs, encode_to_dict

from . import policies
from .choices import Choice, Value, choose, equals, reference
from .network import Network

OWNER_ID = "1001"
ACCESS_POINT_PATH = "/ml"


@dataclass(frozen=True)
class Storage:
    """Properties for those who mount: ids, the access point's ARN, and the mount targets' logical ids."""

    file_system: Any
    access_point: Any
    access_point_arn: Any
    mount_targets: tuple[str, ...]


def add_storage(
    template: Template,
    network: Network,
    clients: Sequence[ec2.SecurityGroup],
    *,
    throughput_mode: Value = "provisioned",
    provisioned_mibps: Any = 15,
) -> Storage:
    """Adds file system, access point and mount targets that admit NFS from the `clients`' groups.

    `throughput_mode` is `provisioned`, `elastic` or `bursting`; `provisioned_mibps` (MiB/s, 1 to 3414)
    counts for the first only.
    """
    file_system = _file_system(template, throughput_mode, provisioned_mibps)
    group = _mount_target_security_group(template, network, clients)
    targets = [
        template.add_resource(
            efs.MountTarget(
                f"MountTargetResource{number}",
                FileSystemId=Ref(file_system),
                SubnetId=subnet,
                SecurityGroups=[Ref(group)],
            )
        ).title
        for number, subnet in enumerate(network.private_subnets, start=1)
    ]
    access_point = _access_point(template, file_system)
    return Storage(Ref(file_system), Ref(access_point), access_point_arn(access_point), tuple(targets))


def access_point_arn(access_point: efs.AccessPoint) -> Sub:
    """The ARN from the id, for places where emulators do not know the `Arn` attribute."""
    return Sub(
        "arn:${AWS::Partition}:elasticfilesystem:${AWS::Region}:${AWS::AccountId}:access-point/"
        f"${{{access_point.title}}}"
    )


def _file_system(template: Template, mode: Value, mibps: Any) -> efs.FileSystem:
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
            FileSystemTags=Tags(Name="MLInferenceFileSystem"),
        )
    )


def _mount_target_security_group(
    template: Template, network: Network, clients: Sequence[ec2.SecurityGroup]
) -> ec2.SecurityGroup:
    return template.add_resource(
        ec2.SecurityGroup(
            "MountTargetSecurityGroup",
            GroupDescription="EFS mount targets: NFS from the function and the filling instance only",
            VpcId=network.vpc,
            SecurityGroupIngress=_nfs_from([group for group in clients if group.title in template.resources]),
            # An absent list would mean "everything out"; a mount target never starts a connection.
            SecurityGroupEgress=[
                ec2.SecurityGroupRule(Description="Nothing out", IpProtocol="-1", CidrIp="127.0.0.1/32")
            ],
        )
    )


def _nfs_from(clients: Sequence[ec2.SecurityGroup], rules: tuple[Any, ...] = ()) -> Any:
    """A rule for each client that exists; the list is chosen as a whole, since moto takes no absent entry."""
    if not clients:
        return list(rules)
    first, *others = clients
    rule = ec2.SecurityGroupRule(
        Description=f"NFS from {first.title}",
        IpProtocol="tcp",
        FromPort=2049,
        ToPort=2049,
        SourceSecurityGroupId=Ref(first),
    )
    exists: Choice = first.resource.get("Condition", True)
    admitted = _nfs_from(others, (*rules, rule))
    return choose(exists, admitted, _nfs_from(others, rules)) if isinstance(exists, str) else admitted


def _access_point(template: Template, file_system: efs.FileSystem) -> efs.AccessPoint:
    return template.add_resource(
        efs.AccessPoint(
            "AccessPointResource",
            FileSystemId=Ref(file_system),
            PosixUser=efs.PosixUser(Uid=OWNER_ID, Gid=OWNER_ID),
            RootDirectory=efs.RootDirectory(
                Path=ACCESS_POINT_PATH,
                CreationInfo=efs.CreationInfo(OwnerUid=OWNER_ID, OwnerGid=OWNER_ID, Permissions="755"),
            ),
            AccessPointTags=Tags(Name="MLInferenceAccessPoint"),
        )
    )

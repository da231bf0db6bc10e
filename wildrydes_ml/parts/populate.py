"""The EC2 instance that fills EFS at boot, and the wait condition that holds the stack until it has.

What runs on it travels readable: the template's `AWS::CloudFormation::Init` writes scripts and their settings,
which user data only starts, since user data holds no more than 16 KB. What fills EFS is in the function's zip, too,
where it can prepare the model with the function's own engines; a template has no room for those. So the zip's is
taken when there is a bucket, and a template in which that is certain does without its own.
"""

from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from troposphere import Base64, GetAtt, Parameter, Ref, Sub, Tags, Template, cloudformation, ec2, iam

from .. import packaging
from . import policies
from .choices import Choice, Value, add, choose, differs, equals, fill, given, reference
from .lint import checkov_skips
from .network import Network, web_and_nfs_egress
from .storage import Storage

# A slow region fills 1.3 GB at 15 MiB/s in well under half of this.
WAIT_SECONDS = 3600
# System, packages while they are built, and a model: under 6 GB.
DISK_GB = 8

_AMI = "{{{{resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-{architecture}}}}}"
_DIRECTORY = "/opt/wildrydes"


@dataclass(frozen=True)
class PopulateSettings:
    """What to put on EFS and what to do with the instance afterwards (`keep`, `stop` or `none`: no instance).

    `packages` are pins separated by spaces, `model` is the URL of a SavedModel's archive. `bucket` and `key`
    name the function's zip, whose code prepares the model; without a bucket it is not prepared.
    """

    instance: Value = "keep"
    instance_type: Value = ""
    architecture: Value = "x86_64"
    runtime: Value = "python3.13"
    packages: Value = ""
    model: Value = ""
    model_sha256: Value = ""
    ssh_cidr: Value = ""
    bucket: Any = ""
    key: Value = "code/ml_inferencefunction.zip"


@dataclass(frozen=True)
class Populate:
    """`exists` tells whether there is an instance; `contents` is what it reported (JSON text)."""

    exists: Choice
    contents: Any


def add_instance_security_group(template: Template, network: Network, settings: PopulateSettings) -> ec2.SecurityGroup:
    """The instance's group: SSH only from the given CIDR block, out to NFS and the web."""
    ssh = given(template, "SshIsOpen", settings.ssh_cidr)
    rule = ec2.SecurityGroupRule(
        Description="SSH and Instance Connect from the given block",
        IpProtocol="tcp",
        FromPort=22,
        ToPort=22,
        CidrIp=reference(settings.ssh_cidr),
    )
    return add(
        template,
        _exists(template, settings),
        ec2.SecurityGroup(
            "InstanceSecurityGroup",
            GroupDescription="Filling instance: NFS to the mount targets, web for packages and model",
            VpcId=network.vpc,
            SecurityGroupIngress=choose(ssh, [rule]),
            SecurityGroupEgress=web_and_nfs_egress(network),
        ),
    )


def add_populate(
    template: Template,
    network: Network,
    storage: Storage,
    group: ec2.SecurityGroup,
    settings: PopulateSettings,
) -> Populate:
    """Adds the instance with its role, and the wait condition that it signals."""
    exists = _exists(template, settings)
    handle = add(template, exists, cloudformation.WaitConditionHandle("EFSFilledHandle"))
    profile = _instance_profile(template, exists, storage, settings)
    instance = _instance(template, exists, network, storage, group, profile, handle, settings)
    filled = add(
        template,
        exists,
        cloudformation.WaitCondition("EFSFilled", DependsOn=instance.title, Handle=Ref(handle), Timeout=WAIT_SECONDS),
    )
    return Populate(exists, GetAtt(filled, "Data"))


def _texts(settings: PopulateSettings) -> dict[str, str]:
    """The files that the instance writes beside its settings."""
    bootstrap = {"bootstrap.sh": (files(__package__) / "bootstrap.sh").read_text(encoding="utf-8")}
    has_zip = settings.bucket and not isinstance(settings.bucket, Parameter)
    own = () if has_zip else ("populate.sh", "packages.lock")
    return {**bootstrap, **{name: packaging.filling(name) for name in own}}


def _exists(template: Template, settings: PopulateSettings) -> Choice:
    return differs(template, "HasBootstrapInstance", settings.instance, "none")


def _instance_profile(
    template: Template, exists: Choice, storage: Storage, settings: PopulateSettings
) -> iam.InstanceProfile:
    has_code = given(template, "CodeIsGiven", settings.bucket)
    write = iam.Policy(PolicyName="FillAccessPoint", PolicyDocument=policies.mount_and_write(storage.access_point_arn))
    read = iam.Policy(PolicyName="ReadCode", PolicyDocument=policies.read_object(settings.bucket, settings.key))
    role = add(
        template,
        exists,
        iam.Role(
            "EfsMountInstanceRole",
            AssumeRolePolicyDocument=policies.trust("ec2.amazonaws.com"),
            # Session Manager, in place of an open SSH port.
            ManagedPolicyArns=[Sub("arn:${AWS::Partition}:iam::aws:policy/AmazonSSMManagedInstanceCore")],
            Policies=choose(has_code, [write, read], [write]),
        ),
    )
    return add(template, exists, iam.InstanceProfile("EfsMountInstanceProfile", Roles=[Ref(role)]))


def _instance(
    template: Template,
    exists: Choice,
    network: Network,
    storage: Storage,
    group: ec2.SecurityGroup,
    profile: iam.InstanceProfile,
    handle: cloudformation.WaitConditionHandle,
    settings: PopulateSettings,
) -> ec2.Instance:
    leaves = equals(template, "BootstrapInstanceLeaves", settings.instance, "stop")
    arm = equals(template, "IsArm", settings.architecture, "arm64")
    own_type = given(template, "BootstrapInstanceTypeGiven", settings.instance_type)
    title = "EfsMountEC2Instance"
    return add(
        template,
        exists,
        ec2.Instance(
            title,
            DependsOn=[title for title in (network.way_out, *storage.mount_targets) if title],
            ImageId=fill(_AMI, architecture=settings.architecture),
            InstanceType=choose(own_type, reference(settings.instance_type), choose(arm, "c7g.large", "c5.large")),
            IamInstanceProfile=Ref(profile),
            InstanceInitiatedShutdownBehavior=choose(leaves, "terminate", "stop"),
            MetadataOptions=ec2.MetadataOptions(HttpTokens="required", HttpPutResponseHopLimit=1),
            BlockDeviceMappings=[_disk()],
            NetworkInterfaces=[_interface(network, group)],
            UserData=Base64(_user_data(title, handle)),
            Tags=Tags(Name="tensorflow-for-serverless-inference-cfn-ec2"),
            Metadata={
                **_init(storage, handle, settings),
                **checkov_skips(
                    CKV_AWS_88="It fetches packages and model from the public subnet; its group admits nothing.",
                ),
            },
        ),
    )


def _disk() -> ec2.BlockDeviceMapping:
    volume = ec2.EbsBlockDevice(Encrypted=True, VolumeType="gp3", VolumeSize=DISK_GB, DeleteOnTermination=True)
    return ec2.BlockDeviceMapping(DeviceName="/dev/xvda", Ebs=volume)


def _interface(network: Network, group: ec2.SecurityGroup) -> ec2.NetworkInterfaceProperty:
    return ec2.NetworkInterfaceProperty(
        DeviceIndex="0", AssociatePublicIpAddress=True, SubnetId=network.public_subnet, GroupSet=[Ref(group)]
    )


def _init(storage: Storage, handle: cloudformation.WaitConditionHandle, settings: PopulateSettings) -> dict[str, Any]:
    written = {
        # It holds the URL that decides over the stack.
        f"{_DIRECTORY}/settings.env": {"mode": "000600", "content": _settings(storage, handle, settings)},
        **{f"{_DIRECTORY}/{name}": {"content": text} for name, text in _texts(settings).items()},
    }
    return {"AWS::CloudFormation::Init": {"config": {"files": written}}}


def _settings(storage: Storage, handle: cloudformation.WaitConditionHandle, settings: PopulateSettings) -> Any:
    """The scripts' settings as shell assignments; the parameters' patterns keep quotes out of the values."""
    values = {
        "FILE_SYSTEM_ID": storage.file_system,
        "ACCESS_POINT_ID": storage.access_point,
        "REGION": Ref("AWS::Region"),
        "PYTHON_RUNTIME": settings.runtime,
        "PACKAGES": settings.packages,
        "MODEL": settings.model,
        "MODEL_SHA256": settings.model_sha256,
        "BOOTSTRAP_INSTANCE": settings.instance,
        "CODE_BUCKET": settings.bucket,
        "CODE_KEY": settings.key,
        "SIGNAL_URL": handle,
    }
    return fill("".join(f'{name}="{{{name}}}"\n' for name in values), **values)


_USER_DATA = """\
#!/bin/bash
# cfn-init writes /opt/wildrydes from this instance's Metadata; bootstrap.sh fills EFS and signals the wait condition.
fail() {{
  curl -sS -f --retry 5 --retry-all-errors -X PUT -H 'Content-Type:' --data-binary \\
    '{{"Status": "FAILURE", "UniqueId": "user-data", "Data": "", "Reason": "'"$1"'"}}' '{handle}'
  exit 1
}}
[[ -x /opt/aws/bin/cfn-init ]] || dnf install -y -q aws-cfn-bootstrap || fail 'dnf cannot install aws-cfn-bootstrap'
/opt/aws/bin/cfn-init --stack {stack} --resource {instance} --region {region} ||
  fail "cfn-init failed: $(tail -n 3 /var/log/cfn-init.log | tr -cd ' a-zA-Z0-9.,:/-' | tail -c 500)"
bash {directory}/bootstrap.sh
"""


def _user_data(instance: str, handle: cloudformation.WaitConditionHandle) -> Any:
    return fill(
        _USER_DATA,
        stack=Ref("AWS::StackName"),
        region=Ref("AWS::Region"),
        instance=instance,
        handle=handle,
        directory=_DIRECTORY,
    )

"""The EC2 instance that fills EFS when it boots, and the wait condition: the stack waits for it until EFS is filled.

The instance runs code from the function's zip: with it the instance can also prepare the model with the function's own
engines. User data fetches the zip from the bucket. For a deployment without a bucket, the template itself contains the
scripts, readable: `AWS::CloudFormation::Init` writes them next to their settings, since user data is limited to 16 KB.
"""

import re
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

from troposphere import Base64, FindInMap, GetAtt, Parameter, Ref, Sub, Tags, Template, cloudformation, ec2, iam

from .. import packaging
from ..template.headings import under
from . import arguments, policies
from .agreement import RUNTIME, Architecture, Populate
from .choices import Choice, Later, Value, add, boundary, choose, differs, equals, fill, given, listed, reference
from .network import CONNECTIONS, Network, check_network, web_and_nfs_egress
from .rows import PINS
from .scripts import bare
from .storage import Storage, admits
from .suppressions import checkov_skips, guard_suppressions

Instance: TypeAlias = Literal["keep", "stop", "none"]
Weights: TypeAlias = Literal["auto", "float32", "float16"]

DATA_REASON = "The wait condition's Data is a string; cfn-lint thinks that it is an object."
"""Why a template that tells `Populate.contents` in an output may ignore E6101."""
# A slow region fills 1.3 GB at 15 MiB/s in well under half of this.
WAIT_SECONDS = 3600
# System, packages while they are built, and a model: under 6 GB.
DISK_GB = 8

_AMI = "{{{{resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-{architecture}}}}}"
_DIRECTORY = "/opt/wildrydes"
_SCRIPTS = "Scripts"
"""The mapping that contains the scripts: there a line needs the least indentation."""
_FILLING = ("bootstrap.sh", "populate.sh", "fill.py", "trial.py")
# A shell reads the settings between double quotes.
_UNQUOTED = r"[^\n\"$`\\]*"


@dataclass(frozen=True, kw_only=True)
class PopulateSettings:
    """What to put on EFS, and what to do with the instance afterwards.

    Raises TypeError and ValueError for wrong values.

    Attributes:
        instance: `keep`, `stop` (it terminates itself once EFS is filled), or `none` (no instance).
        instance_type: '' for c5.large, or c7g.large on arm64.
        architecture: The processor of the instance and of the packages: x86_64 or arm64.
        runtime: The Lambda runtime whose Python version the packages are for.
        packages: Packages with exact versions (`numpy==2.4.6`), separated by spaces.
        model: The http(s) URL of a tar archive. If the packages include TensorFlow, it must contain one SavedModel;
            otherwise it may contain any files.
        model_sha256: The archive's SHA-256 digest in 64 hexadecimal digits; '' for no check.
        signature: The name of the SavedModel's signature that answers pictures; '' for `default`.
        weights: How the prepared model stores its numbers; `auto`: float16 where the model then finds the same.
        samples: The key in the bucket of a tar of pictures on which the prepared model must find the same, too; `none`
            for no such pictures.
        ssh_cidr: The block of IPv4 addresses that may log in by SSH; '' for nobody.
        bucket: The bucket with the zip of this package's own function. Its code prepares the model for a fast start;
            without a bucket, or with another function, the model is not prepared.
        key: The zip's key in the bucket.
        permissions_boundary: The ARN of the permissions boundary of the instance's role; '' for none.
        name: The instance's Name tag; '' for one that begins with the stack's name.
    """

    instance: Instance | Later = "keep"
    instance_type: Value = ""
    architecture: Architecture | Later = "x86_64"
    runtime: Value = "python3.13"
    packages: Value = ""
    model: Value = ""
    model_sha256: Value = ""
    signature: Value = ""
    weights: Weights | Later = "auto"
    samples: Value = "none"
    ssh_cidr: Value = ""
    bucket: Value = ""
    key: Value = ""
    permissions_boundary: Value = ""
    name: Value = ""

    def __post_init__(self) -> None:
        arguments.one_of("PopulateSettings.instance", self.instance, get_args(Instance))
        arguments.one_of("PopulateSettings.architecture", self.architecture, get_args(Architecture))
        arguments.one_of("PopulateSettings.weights", self.weights, get_args(Weights))
        arguments.text("PopulateSettings.runtime", self.runtime, RUNTIME, "use a Lambda runtime such as python3.13")
        arguments.text("PopulateSettings.model", self.model, r"|https?://.+", "use the http(s) URL of a tar archive")
        arguments.text(
            "PopulateSettings.model_sha256", self.model_sha256, r"|[0-9A-Fa-f]{64}", "use 64 hexadecimal digits"
        )
        arguments.policy_arn("PopulateSettings.permissions_boundary", self.permissions_boundary)
        for name in ("instance_type", "packages", "model", "signature", "samples", "ssh_cidr", "bucket", "key"):
            where = f"PopulateSettings.{name}"
            arguments.text(
                where, getattr(self, name), _UNQUOTED, "use no quotes, $, `, \\ or line breaks: a shell reads it"
            )
        arguments.text(
            "PopulateSettings.packages", self.packages, f"|{PINS}",
            "use exact versions, such as numpy==2.4.6, separated by spaces",
        )  # fmt: skip
        arguments.text(
            "PopulateSettings.ssh_cidr", self.ssh_cidr, r"|(\d{1,3}\.){3}\d{1,3}/\d{1,2}",
            "use a block of IPv4 addresses such as 203.0.113.7/32, or '' for nobody",
        )  # fmt: skip
        arguments.text("PopulateSettings.bucket", self.bucket, f"|{arguments.BUCKET}", arguments.BUCKET_ADVICE)
        arguments.is_known("PopulateSettings.name", self.name)
        if self.bucket != "" and self.key == "":
            raise ValueError("PopulateSettings.key is '': name the zip's key in the bucket")


@under(CONNECTIONS)
def add_instance_security_group(template: Template, network: Network, settings: PopulateSettings) -> ec2.SecurityGroup:
    """The instance's security group: in, SSH from the given CIDR block only; out, NFS and the web.

    With `instance='none'` the group is returned but not added to the template. Raises ValueError when the template
    already has one, TypeError when an argument has the wrong type.
    """
    arguments.unused(
        template, "InstanceSecurityGroup", "a file system has one filling instance; use the group that exists"
    )
    check_network(network)
    _check_settings(settings)
    ssh = given(template, "SshIsOpen", settings.ssh_cidr)
    rule = ec2.SecurityGroupRule(
        Description="SSH from the given range",
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
            VpcId=reference(network.vpc),
            SecurityGroupIngress=choose(ssh, [rule]),
            SecurityGroupEgress=web_and_nfs_egress(network),
            Metadata=guard_suppressions(
                EC2_SECURITY_GROUP_EGRESS_OPEN_TO_WORLD_RULE="Packages and model may be on any web server."
            ),
        ),
    )


@under("Filling: an EC2 instance installs the packages and the model on EFS; the stack waits until it is done")
def add_populate(
    template: Template,
    network: Network,
    storage: Storage,
    group: ec2.SecurityGroup,
    settings: PopulateSettings,
) -> Populate:
    """Adds the instance with its role, and the wait condition that it signals. Call it once for a template.

    Raises:
        ValueError: Packages, the model or a subnet for the instance are missing; the storage does not allow the
            group; or the template already has a filling instance.
        TypeError: An argument has the wrong type.
    """
    arguments.unused(
        template, "EfsMountEC2Instance", "a file system has one filling instance; put all packages in one list"
    )
    _check_neighbours(network, storage, group)
    _check_settings(settings)
    arguments.no_id(template, "Storage.access_point_arn", storage.access_point_arn)
    if settings.instance != "none":
        _refuse_incomplete(network, settings)
        _refuse_closed(storage, group)
    exists = _exists(template, settings)
    handle = add(template, exists, cloudformation.WaitConditionHandle("EFSFilledHandle"))
    profile = _instance_profile(template, exists, storage, settings)
    instance = _instance(template, exists, network, storage, group, profile, handle, settings)
    filled = add(
        template,
        exists,
        cloudformation.WaitCondition("EFSFilled", DependsOn=instance.title, Handle=Ref(handle), Timeout=WAIT_SECONDS),
    )
    return Populate(exists, GetAtt(filled, "Data"), settings.runtime, settings.architecture)


def _check_neighbours(network: object, storage: object, group: object) -> None:
    check_network(network)
    arguments.kind("storage", storage, Storage, "pass the result of add_storage, or a Storage for an existing one")
    arguments.kind("group", group, ec2.SecurityGroup, "pass the result of add_instance_security_group")


def _check_settings(settings: object) -> None:
    arguments.kind("settings", settings, PopulateSettings, "pass PopulateSettings")


def _refuse_closed(storage: Storage, group: ec2.SecurityGroup) -> None:
    if not admits(storage, group):
        raise ValueError(
            f"the storage does not allow {group.title}, so the instance could not mount it: add the group to the "
            "clients of add_storage"
        )


def _refuse_incomplete(network: Network, settings: PopulateSettings) -> None:
    for name in ("packages", "model"):
        if getattr(settings, name) == "":
            raise ValueError(f"PopulateSettings.{name} is empty: the instance needs it, or use instance='none'")
    if network.instance_subnet is None:
        raise ValueError(
            "Network has neither public_subnet nor filling_subnet: the instance needs one to fetch packages and model"
        )


def _texts(template: Template, settings: PopulateSettings) -> dict[str, str]:
    """The scripts in the template. The lock is used only for the packages in its first lines.

    Its entries for local runs (tools/lock_packages.py) are left out: no instance needs them.
    """
    if given(template, "CodeIsGiven", settings.bucket) is True:
        return {}  # the zip is there
    lock = re.sub(" local .*", "", packaging.filling("packages.lock"))
    packages = settings.packages
    if isinstance(packages, Parameter):
        packages = packages.properties.get("Default", "")
    served = " ".join(line.partition(" ")[0] for line in lock.partition("\n#")[0].splitlines())
    locked = {"packages.lock": lock} if packages == served else {}
    return {**{name: packaging.filling(name) for name in _FILLING}, **locked}


def _exists(template: Template, settings: PopulateSettings) -> Choice:
    return differs(template, "HasFiller", settings.instance, "none")


def _instance_profile(
    template: Template, exists: Choice, storage: Storage, settings: PopulateSettings
) -> iam.InstanceProfile:
    has_code = given(template, "CodeIsGiven", settings.bucket)
    write = iam.Policy(PolicyName="FillAccessPoint", PolicyDocument=policies.mount_and_write(storage.access_point_arn))
    keys = [settings.key, *([] if settings.samples == "none" else [settings.samples])]
    read = iam.Policy(PolicyName="ReadCode", PolicyDocument=policies.read_objects(settings.bucket, *keys))
    role = add(
        template,
        exists,
        iam.Role(
            "EfsMountInstanceRole",
            AssumeRolePolicyDocument=policies.trust("ec2.amazonaws.com"),
            # Session Manager, in place of an open SSH port.
            ManagedPolicyArns=[Sub("arn:${AWS::Partition}:iam::aws:policy/AmazonSSMManagedInstanceCore")],
            Policies=listed(write, choose(has_code, read)),
            PermissionsBoundary=boundary(template, settings.permissions_boundary),
            Metadata=guard_suppressions(
                IAM_NO_INLINE_POLICY_CHECK="Only this role uses the policies, and they are deleted with it."
            ),
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
    leaves = equals(template, "FillerLeaves", settings.instance, "stop")
    arm = equals(template, "IsArm", settings.architecture, "arm64")
    own_type = given(template, "FillerTypeGiven", settings.instance_type)
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
            PropagateTagsToVolumeOnCreation=True,
            NetworkInterfaces=[_interface(network, group)],
            UserData=Base64(_user_data(title, handle)),
            Tags=Tags(Name=Sub("${AWS::StackName}/Filling") if settings.name == "" else reference(settings.name)),
            Metadata={**_init(template, storage, handle, settings), **_suppressions(network)},
        ),
    )


def _suppressions(network: Network) -> dict[str, Any]:
    public = network.public_subnet is not None
    fetches = "It downloads packages and model. Its security group lets nothing in, or SSH only."
    return {
        **(checkov_skips(CKV_AWS_88=fetches) if public else {}),
        **guard_suppressions(
            EBS_OPTIMIZED_INSTANCE="The default instance types are EBS-optimized.",
            EC2_INSTANCE_DETAILED_MONITORING_ENABLED="It costs money, and the instance works for minutes.",
            **({"EC2_INSTANCE_NO_PUBLIC_IP": "It downloads packages and model, see CKV_AWS_88."} if public else {}),
            EC2_INSTANCES_IN_VPC="Its network interface names the subnet.",
            ec2_instance_nitro_encryption_in_transit_check="It talks to no other instance.",
        ),
    }


def _disk() -> ec2.BlockDeviceMapping:
    volume = ec2.EbsBlockDevice(Encrypted=True, VolumeType="gp3", VolumeSize=DISK_GB, DeleteOnTermination=True)
    return ec2.BlockDeviceMapping(DeviceName="/dev/xvda", Ebs=volume)


def _interface(network: Network, group: ec2.SecurityGroup) -> ec2.NetworkInterfaceProperty:
    return ec2.NetworkInterfaceProperty(
        DeviceIndex="0",
        AssociatePublicIpAddress=network.public_subnet is not None,
        SubnetId=reference(network.instance_subnet),
        GroupSet=[Ref(group)],
    )


def _init(
    template: Template, storage: Storage, handle: cloudformation.WaitConditionHandle, settings: PopulateSettings
) -> dict[str, Any]:
    texts = {name: bare(name, text) for name, text in _texts(template, settings).items()}
    if texts:
        template.add_mapping(_SCRIPTS, {name: {"Text": text} for name, text in texts.items()})
    written = {
        # It holds the URL that decides over the stack.
        f"{_DIRECTORY}/settings.env": {"mode": "000600", "content": _settings(storage, handle, settings)},
        **{f"{_DIRECTORY}/{name}": {"content": FindInMap(_SCRIPTS, name, "Text")} for name in texts},
    }
    return {"AWS::CloudFormation::Init": {"config": {"files": written}}}


def _settings(storage: Storage, handle: cloudformation.WaitConditionHandle, settings: PopulateSettings) -> Any:
    """The scripts' settings as shell assignments. The parameters' patterns allow no quotes in the values."""
    values = {
        "FILE_SYSTEM_ID": storage.file_system,
        "ACCESS_POINT_ID": storage.access_point,
        "REGION": Ref("AWS::Region"),
        "PYTHON_RUNTIME": settings.runtime,
        "PACKAGES": settings.packages,
        "MODEL": settings.model,
        "MODEL_SHA256": settings.model_sha256,
        "SIGNATURE": settings.signature,
        "BOOTSTRAP_INSTANCE": settings.instance,
        "CODE_BUCKET": settings.bucket,
        "CODE_KEY": settings.key,
        "MODEL_WEIGHTS": settings.weights,
        "SAMPLES_KEY": settings.samples,
        "SIGNAL_URL": handle,
    }
    return fill("".join(f'{name}="{{{name}}}"\n' for name in values), **values)


_USER_DATA = """\
#!/bin/bash
# cfn-init writes {directory} from this instance's Metadata.
fail() {{
  why=$(tr '\\n\\t\\\\"' "  /'" <<<"$1" | tr -cd ' -~' | cut -c -1000)
  curl -sS -f --retry 5 --retry-all-errors -X PUT -H 'Content-Type:' --data-binary \\
    '{{"Status": "FAILURE", "UniqueId": "user-data", "Data": "", "Reason": "'"$why"'"}}' '{handle}'
  exit 1
}}
[[ -x /opt/aws/bin/cfn-init ]] || dnf install -y -q aws-cfn-bootstrap || fail 'dnf cannot install aws-cfn-bootstrap'
/opt/aws/bin/cfn-init --stack {stack} --resource {instance} --region {region} ||
  fail "cfn-init failed: $(tail -n 3 /var/log/cfn-init.log | tail -c 500)"
cd {directory}
set -a
. ./settings.env
take() {{
  timeout 20 aws s3 cp --only-show-errors --region $REGION $zip code.zip &&
    python3 -m zipfile -e code.zip code && ls code/filling/bootstrap.sh
}}
if [[ $CODE_BUCKET ]]; then
  zip=s3://$CODE_BUCKET/$CODE_KEY tries=0
  until why=$(take 2>&1); do
    ((++tries < 12)) || fail "cannot read $zip: the function's zip must be there. $why"
    sleep 5
  done
  cd code/filling
fi
exec bash bootstrap.sh
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

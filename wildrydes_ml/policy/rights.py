"""Which rights in IAM each verb needs, as one table: what is called, by whom, on what.

A row is for an operation that the deployer calls itself, or for a resource type that CloudFormation makes, changes and
removes with the caller's rights, unless it has a role of its own. Actions and resources are those of
https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
and what CloudFormation needs for a type is in the type's schema, under `handlers`:
https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

VERBS = ("deploy", "destroy", "ask", "classify", "status", "logs")
CLOUDFORMATION = "cloudformation"

# What CloudFormation does to resources for each verb. Drift needs the reading.
HANDLERS: Mapping[str, frozenset[str]] = {
    "deploy": frozenset({"create", "read", "update", "delete"}),
    "destroy": frozenset({"read", "delete"}),
    "ask": frozenset(),
    "classify": frozenset(),
    "status": frozenset({"read"}),
    "logs": frozenset(),
}
# What --keep-data updates: without the instance, its group has no place in that of the mount targets.
KEPT_TYPES = frozenset({"AWS::EC2::SecurityGroup"})


@dataclass(frozen=True)
class Scope:
    """On what: ARNs and a condition. `{names}` in them stand for what a deployment is called; where a name has no
    value, the ARN or the condition's entry is left out."""

    arns: tuple[str, ...]
    condition: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)


@dataclass(frozen=True)
class Right:
    """A row. `source` is an operation of the SDK, as `s3 PutObject`, or a resource type; `when` are verbs for an
    operation, and what CloudFormation does (create, read, update, delete) for a type.

    `auth` limits ask, classify and status to APIs with this ApiAuth, for which alone they call the operation.
    """

    source: str
    when: frozenset[str]
    scope: str
    actions: tuple[str, ...]
    auth: str = ""

    @property
    def is_made(self) -> bool:
        """Whether it is CloudFormation's."""
        return self.source.startswith("AWS::")


_STACK = "arn:{partition}:cloudformation:{region}:{account}:stack/{stack}/*"
_EC2 = "arn:{partition}:ec2:{region}:{account}:*"
_API = "arn:{partition}:apigateway:{region}::"
_ROLE = "arn:{partition}:iam::{account}:role/{role}*"
_FUNCTION = "arn:{partition}:lambda:{region}:{account}:function:{function}"
_LOG_GROUP = "arn:{partition}:logs:{region}:{account}:log-group:/aws/lambda/{function}"
# One that a stack names itself: CloudFormation makes a name of the stack's.
_MADE_GROUP = "arn:{partition}:logs:{region}:{account}:log-group:{made_group}-*"
_EFS = "arn:{partition}:elasticfilesystem:{region}:{account}:"
_KEY = "arn:{partition}:kms:{region}:{account}:key/*"
# CloudFormation gives it to all that it makes.
_OURS = {"StringEquals": {"aws:ResourceTag/aws:cloudformation:stack-name": ("{stack}",)}}
_BOUNDED = {"iam:PermissionsBoundary": ("{boundary}",)}
_SESSION_MANAGER = {"iam:PolicyARN": ("arn:{partition}:iam::aws:policy/AmazonSSMManagedInstanceCore",)}

SCOPES: Mapping[str, Scope] = {
    "all": Scope(("*",)),
    "stacks": Scope((_STACK,)),
    # AWS's reference names the stack; a change set that is called by its own ARN is asked for by that one.
    "change sets": Scope((_STACK, "arn:{partition}:cloudformation:{region}:{account}:changeSet/wildrydes-*")),
    "service role": Scope(
        ("{service_role}",), {"StringEquals": {"iam:PassedToService": ("cloudformation.amazonaws.com",)}}
    ),
    "bucket": Scope(("arn:{partition}:s3:::{bucket}",)),
    "own bucket": Scope(("arn:{partition}:s3:::{own_bucket}",)),
    "objects": Scope(("arn:{partition}:s3:::{bucket}/{prefix}*",)),
    "own objects": Scope(("arn:{partition}:s3:::{own_bucket}/*",)),
    "function": Scope((_FUNCTION, f"{_FUNCTION}:*")),
    "log group": Scope((_LOG_GROUP, f"{_LOG_GROUP}:*", _MADE_GROUP)),
    "interfaces": Scope(("arn:{partition}:ec2:{region}:{account}:network-interface/*",)),
    "API": Scope((f"{_API}/restapis/*",)),
    "APIs": Scope((f"{_API}/restapis", f"{_API}/restapis/*")),
    "keys": Scope((f"{_API}/apikeys", f"{_API}/apikeys/*", f"{_API}/usageplans", f"{_API}/usageplans/*")),
    "keys to read": Scope((f"{_API}/apikeys/*", f"{_API}/usageplans", f"{_API}/usageplans/*/keys")),
    "API tags": Scope((f"{_API}/tags/*",)),
    "calls of the API": Scope(("arn:{partition}:execute-api:{region}:{account}:*/prod/POST/",)),
    "EC2": Scope((_EC2,)),
    "EC2 and images": Scope((_EC2, "arn:{partition}:ec2:{region}::image/*")),
    "ours in EC2": Scope((_EC2,), _OURS),
    "EFS": Scope((f"{_EFS}file-system/*", f"{_EFS}access-point/*")),
    "our file system": Scope((f"{_EFS}file-system/*",), _OURS),
    "keys of EFS": Scope((_KEY,), {"StringLike": {"kms:ViaService": ("elasticfilesystem.*",)}}),
    "keys of Lambda": Scope((_KEY,), {"StringLike": {"kms:ViaService": ("lambda.*",)}}),
    "roles": Scope((_ROLE,)),
    "roles without a boundary": Scope(("arn:{partition}:iam::{account}:role/{unbounded_role}*",)),
    "roles within the boundary": Scope((_ROLE,), {"StringEquals": _BOUNDED}),
    "roles for Session Manager": Scope((_ROLE,), {"ArnLike": _SESSION_MANAGER, "StringEquals": _BOUNDED}),
    "roles to pass on": Scope(
        (_ROLE,), {"StringLike": {"iam:PassedToService": ("ec2.amazonaws.com*", "lambda.amazonaws.com*")}}
    ),
    "profiles": Scope(("arn:{partition}:iam::{account}:instance-profile/{role}*",)),
    "roles of services": Scope(
        ("arn:{partition}:iam::{account}:role/aws-service-role/*",),
        {"StringEquals": {"iam:AWSServiceName": ("elasticfilesystem.amazonaws.com", "ops.apigateway.amazonaws.com")}},
    ),
    "Amazon Linux": Scope(("arn:{partition}:ssm:{region}:*:parameter/aws/service/ami-amazon-linux-latest/*",)),
}


def _calls(service: str, verbs: str, scope: str, operations: str, actions: str = "", auth: str = "") -> Iterator[Right]:
    """A row for each operation; without `actions`, the one of its name."""
    for operation in operations.split():
        needed = tuple(actions.split()) or (f"{_PREFIXES.get(service, service)}:{operation}",)
        yield Right(f"{service} {operation}", frozenset(verbs.split()), scope, needed, auth)


def _made(type: str, handlers: str, scope: str, actions: str) -> Right:
    """A row for a resource type; an action without a service is of the service that is named before it."""
    service, found = "", []
    for name in actions.split():
        service, action = name.split(":") if ":" in name else (service, name)
        found.append(f"{service}:{action}")
    return Right(f"AWS::{type}", frozenset(_LETTERS[letter] for letter in handlers), scope, tuple(found))


# Services in IAM's actions, where they are not the SDK's.
_PREFIXES = {
    "efs": "elasticfilesystem",
    "resourcegroupstaggingapi": "tag",
    "service-quotas": "servicequotas",
}
_LETTERS = {"c": "create", "r": "read", "u": "update", "d": "delete"}

_ALL, _BOTH = " ".join(VERBS), "deploy destroy"
_TALKING = "deploy ask classify status"

CALLS: tuple[Right, ...] = (
    # Nobody needs a right for it: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
    Right("sts GetCallerIdentity", frozenset(VERBS), "all", ()),
    # CloudFormation
    *_calls("cloudformation", _ALL, "stacks", "DescribeStacks"),
    *_calls("cloudformation", "deploy destroy status", "stacks", "GetTemplate"),
    *_calls("cloudformation", "deploy destroy logs", "stacks", "ListStackResources"),
    *_calls("cloudformation", _BOTH, "stacks", "DescribeStackEvents GetStackPolicy"),
    *_calls("cloudformation", _BOTH, "stacks", "DeleteStack"),
    *_calls("cloudformation", _BOTH, "change sets", "CreateChangeSet DescribeChangeSet DeleteChangeSet"),
    *_calls("cloudformation", _BOTH, "change sets", "ExecuteChangeSet DescribeEvents"),
    *_calls("cloudformation", "deploy", "stacks", "CreateStack"),
    *_calls("cloudformation", "deploy", "stacks", "CreateStack CreateChangeSet", "cloudformation:TagResource"),
    *_calls("cloudformation", "deploy", "stacks", "RollbackStack ContinueUpdateRollback"),
    *_calls("cloudformation", "deploy", "all", "ListExports"),
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-iam-servicerole.html
    *_calls("cloudformation", _BOTH, "service role", "CreateChangeSet DeleteStack", "iam:PassRole"),
    *_calls("cloudformation", "deploy", "service role", "CreateStack ContinueUpdateRollback", "iam:PassRole"),
    *_calls("cloudformation", "deploy", "service role", "RollbackStack", "iam:PassRole"),
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-stack-drift.html
    *_calls(
        "cloudformation", "deploy status", "stacks", "DetectStackDrift",
        "cloudformation:DetectStackDrift cloudformation:DetectStackResourceDrift",
    ),
    *_calls("cloudformation", "deploy status", "stacks", "DescribeStackResourceDrifts"),
    *_calls("cloudformation", "deploy status", "all", "DescribeStackDriftDetectionStatus"),
    *_calls(
        "cloudformation", "deploy status", "all", "DetectStackDrift", "cloudformation:BatchDescribeTypeConfigurations"
    ),
    # S3: https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
    *_calls("s3", _BOTH, "bucket", "HeadBucket", "s3:ListBucket"),
    *_calls("s3", _BOTH, "bucket", "GetBucketTagging"),
    *_calls("s3", _BOTH, "all", "ListBuckets", "s3:ListAllMyBuckets"),
    *_calls("s3", "deploy", "bucket", "ListObjectsV2", "s3:ListBucket"),
    *_calls("s3", "deploy", "own bucket", "CreateBucket PutBucketPolicy PutBucketTagging"),
    *_calls("s3", "deploy", "own bucket", "PutBucketEncryption", "s3:PutEncryptionConfiguration"),
    *_calls("s3", "deploy", "own bucket", "PutPublicAccessBlock", "s3:PutBucketPublicAccessBlock"),
    *_calls("s3", "deploy", "objects", "PutObject GetObject"),
    *_calls("s3", "destroy", "bucket", "ListObjectVersions", "s3:ListBucketVersions"),
    *_calls("s3", "destroy", "objects", "HeadObject", "s3:GetObject s3:GetObjectVersion"),
    *_calls("s3", "destroy", "objects", "DeleteObjects", "s3:DeleteObject s3:DeleteObjectVersion"),
    *_calls("s3", "destroy", "own bucket", "ListMultipartUploads", "s3:ListBucketMultipartUploads"),
    *_calls("s3", "destroy", "own bucket", "DeleteBucket"),
    *_calls("s3", "destroy", "own objects", "AbortMultipartUpload"),
    # Lambda and its log
    *_calls("lambda", "deploy", "all", "GetAccountSettings ListFunctions"),
    *_calls("lambda", _BOTH, "function", "GetFunction", "lambda:GetFunction lambda:ListTags"),
    *_calls("lambda", "deploy", "function", "GetFunctionConcurrency GetAlias"),
    *_calls("lambda", "deploy", "function", "Invoke", "lambda:InvokeFunction"),
    *_calls("logs", _BOTH, "all", "DescribeLogGroups"),
    *_calls("logs", _BOTH, "log group", "ListTagsForResource"),
    *_calls("logs", "destroy", "log group", "DeleteLogGroup"),
    *_calls("logs", "logs", "log group", "FilterLogEvents"),
    # Network and files
    *_calls("ec2", "deploy", "all", "DescribeAvailabilityZones DescribeInstanceTypeOfferings DescribeInstanceTypes"),
    *_calls("ec2", "deploy", "all", "DescribeEgressOnlyInternetGateways DescribeInternetGateways DescribeSubnets"),
    *_calls("ec2", "deploy", "all", "DescribeVpcs DescribeRouteTables DescribeSecurityGroups DescribeVpcEndpoints"),
    *_calls("ssm", "deploy", "all", "DescribeParameters"),
    *_calls("ec2", _BOTH, "all", "DescribeAddresses DescribeNatGateways"),
    *_calls("ec2", "destroy", "all", "DescribeInstances DescribeNetworkInterfaces DescribeTags DescribeVolumes"),
    *_calls("ec2", "destroy", "interfaces", "DeleteNetworkInterface"),
    # https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
    *_calls("ec2", "deploy destroy logs", "ours in EC2", "GetConsoleOutput"),
    *_calls("efs", _BOTH, "all", "DescribeFileSystems"),
    *_calls("efs", "destroy", "all", "DescribeMountTargets"),
    *_calls("service-quotas", "deploy", "all", "GetServiceQuota"),
    *_calls("resourcegroupstaggingapi", "destroy", "all", "GetResources"),
    # API Gateway: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-iam-policy-examples.html
    *_calls("apigateway", "deploy", "API", "GetResources GetStages GetDeployments GetMethod", "apigateway:GET"),
    *_calls("apigateway", "deploy", "API", "PutMethod PutIntegration", "apigateway:PUT"),
    *_calls("apigateway", "deploy", "API", "UpdateMethod UpdateStage", "apigateway:PATCH"),
    *_calls("apigateway", "deploy", "API", "CreateDeployment", "apigateway:POST"),
    *_calls("apigateway", "deploy", "API", "DeleteMethod DeleteDeployment", "apigateway:DELETE"),
    *_calls("apigateway", _BOTH, "keys", "GetUsagePlans GetUsagePlanKeys GetApiKeys", "apigateway:GET"),
    *_calls("apigateway", "deploy", "keys", "GetApiKey", "apigateway:GET"),
    *_calls(
        "apigateway", "ask classify status", "keys to read", "GetUsagePlans GetUsagePlanKeys GetApiKey",
        "apigateway:GET", "API_KEY",
    ),
    *_calls("apigateway", "deploy", "keys", "CreateApiKey CreateUsagePlan CreateUsagePlanKey", "apigateway:POST"),
    *_calls("apigateway", "deploy", "API tags", "CreateApiKey CreateUsagePlan", "apigateway:POST apigateway:PUT"),
    *_calls("apigateway", _BOTH, "keys", "UpdateUsagePlan", "apigateway:PATCH"),
    *_calls("apigateway", _BOTH, "keys", "DeleteApiKey DeleteUsagePlan", "apigateway:DELETE"),
    *_calls("execute-api", _TALKING, "calls of the API", "Invoke", auth="AWS_IAM"),
)  # fmt: skip

_TAGS = "ec2:CreateTags DeleteTags"
_OF_AN_API = ("RestApi", "Resource", "Method", "Deployment", "Stage", "GatewayResponse")
_OF_KEYS = ("ApiKey", "UsagePlan", "UsagePlanKey")
_TAGGED = ("RestApi", "Stage", "ApiKey", "UsagePlan")

MADE: tuple[Right, ...] = (
    # Public parameters, which the template asks for the machine image
    _made("EC2::Instance", "cu", "Amazon Linux", "ssm:GetParameters"),
    _made("EC2::Instance", "c", "EC2 and images", "ec2:RunInstances"),
    _made("EC2::Instance", "cu", "EC2", f"{_TAGS} ModifyInstanceAttribute ModifyInstanceMetadataOptions"),
    _made("EC2::Instance", "cu", "EC2", "ec2:StartInstances"),
    _made("EC2::Instance", "cu", "EC2", "ec2:AssociateIamInstanceProfile DisassociateIamInstanceProfile"),
    _made("EC2::Instance", "cu", "EC2", "ec2:ReplaceIamInstanceProfileAssociation"),
    _made("EC2::Instance", "u", "ours in EC2", "ec2:StopInstances"),
    _made("EC2::Instance", "d", "ours in EC2", "ec2:TerminateInstances"),
    _made("EC2::Instance", "c", "roles to pass on", "iam:PassRole"),
    _made(
        "EC2::Instance", "crud", "all",
        "ec2:DescribeInstances DescribeInstanceAttribute DescribeInstanceCreditSpecifications DescribeVolumes "
        "DescribeNetworkInterfaces DescribeIamInstanceProfileAssociations DescribeKeyPairs DescribeSecurityGroups "
        "DescribeSubnets DescribeVpcs DescribeLaunchTemplates DescribeLaunchTemplateVersions "
        "ssm:DescribeAssociation ListAssociations",
    ),
    _made("EC2::EIP", "cu", "EC2", f"ec2:AllocateAddress {_TAGS}"),
    _made("EC2::EIP", "ud", "EC2", "ec2:DisassociateAddress"),
    _made("EC2::EIP", "d", "ours in EC2", "ec2:ReleaseAddress"),
    _made("EC2::EIP", "crud", "all", "ec2:DescribeAddresses"),
    _made("EC2::EgressOnlyInternetGateway", "cud", "EC2", f"ec2:CreateEgressOnlyInternetGateway {_TAGS}"),
    _made("EC2::EgressOnlyInternetGateway", "d", "EC2", "ec2:DeleteEgressOnlyInternetGateway"),
    _made(
        "EC2::EgressOnlyInternetGateway", "crud", "all",
        "ec2:DescribeEgressOnlyInternetGateways DescribeVpcs DescribeTags",
    ),
    _made("EC2::InternetGateway", "cu", "EC2", f"ec2:CreateInternetGateway {_TAGS}"),
    _made("EC2::InternetGateway", "d", "ours in EC2", "ec2:DeleteInternetGateway"),
    _made("EC2::InternetGateway", "crud", "all", "ec2:DescribeInternetGateways"),
    _made("EC2::NatGateway", "cu", "EC2", f"ec2:CreateNatGateway {_TAGS}"),
    _made("EC2::NatGateway", "d", "ours in EC2", "ec2:DeleteNatGateway"),
    _made("EC2::NatGateway", "crud", "all", "ec2:DescribeNatGateways"),
    _made("EC2::Route", "cu", "EC2", "ec2:CreateRoute ReplaceRoute"),
    _made("EC2::Route", "d", "ours in EC2", "ec2:DeleteRoute"),
    _made("EC2::Route", "crud", "all", "ec2:DescribeRouteTables DescribeNetworkInterfaces"),
    _made("EC2::RouteTable", "cu", "EC2", f"ec2:CreateRouteTable {_TAGS}"),
    _made("EC2::RouteTable", "d", "ours in EC2", "ec2:DeleteRouteTable"),
    _made("EC2::RouteTable", "crud", "all", "ec2:DescribeRouteTables"),
    _made(
        "EC2::SecurityGroup", "cu", "EC2",
        f"ec2:CreateSecurityGroup {_TAGS} AuthorizeSecurityGroupEgress AuthorizeSecurityGroupIngress "
        "RevokeSecurityGroupEgress RevokeSecurityGroupIngress UpdateSecurityGroupRuleDescriptionsEgress "
        "UpdateSecurityGroupRuleDescriptionsIngress",
    ),
    _made("EC2::SecurityGroup", "d", "ours in EC2", "ec2:DeleteSecurityGroup"),
    _made("EC2::SecurityGroup", "crud", "all", "ec2:DescribeSecurityGroups DescribeInstances"),
    _made(
        "EC2::Subnet", "cu", "EC2",
        f"ec2:CreateSubnet {_TAGS} ModifySubnetAttribute AssociateSubnetCidrBlock DisassociateSubnetCidrBlock",
    ),
    _made("EC2::Subnet", "d", "ours in EC2", "ec2:DeleteSubnet"),
    _made("EC2::Subnet", "crud", "all", "ec2:DescribeSubnets DescribeNetworkAcls"),
    _made("EC2::SubnetRouteTableAssociation", "c", "EC2", "ec2:AssociateRouteTable ReplaceRouteTableAssociation"),
    _made("EC2::SubnetRouteTableAssociation", "d", "EC2", "ec2:DisassociateRouteTable"),
    _made("EC2::SubnetRouteTableAssociation", "crud", "all", "ec2:DescribeSubnets DescribeRouteTables"),
    _made("EC2::VPC", "cu", "EC2", f"ec2:CreateVpc {_TAGS} ModifyVpcAttribute"),
    _made("EC2::VPC", "d", "ours in EC2", "ec2:DeleteVpc"),
    _made(
        "EC2::VPC", "crud", "all",
        "ec2:DescribeVpcs DescribeVpcAttribute DescribeNetworkAcls DescribeSecurityGroups "
        "DescribeVpcEncryptionControls",
    ),
    _made("EC2::VPCCidrBlock", "c", "EC2", "ec2:AssociateVpcCidrBlock"),
    _made("EC2::VPCCidrBlock", "d", "EC2", "ec2:DisassociateVpcCidrBlock"),
    _made("EC2::VPCCidrBlock", "crud", "all", "ec2:DescribeVpcs"),
    _made("EC2::VPCGatewayAttachment", "cu", "EC2", "ec2:AttachInternetGateway"),
    _made("EC2::VPCGatewayAttachment", "ud", "EC2", "ec2:DetachInternetGateway"),
    _made("EC2::VPCGatewayAttachment", "crud", "all", "ec2:DescribeInternetGateways DescribeVpnGateways"),
    # EFS asks for its network interfaces with the caller's rights:
    # https://docs.aws.amazon.com/efs/latest/ug/API_CreateMountTarget.html
    _made("EFS::MountTarget", "c", "EC2", "ec2:CreateNetworkInterface"),
    _made("EFS::MountTarget", "u", "interfaces", "ec2:ModifyNetworkInterfaceAttribute"),
    _made("EFS::MountTarget", "d", "interfaces", "ec2:DeleteNetworkInterface"),
    _made(
        "EFS::MountTarget", "crud", "all",
        "elasticfilesystem:DescribeMountTargets DescribeMountTargetSecurityGroups "
        "ec2:DescribeSubnets DescribeNetworkInterfaces DescribeNetworkInterfaceAttribute",
    ),
    _made("EFS::MountTarget", "cu", "EFS", "elasticfilesystem:CreateMountTarget ModifyMountTargetSecurityGroups"),
    _made("EFS::MountTarget", "d", "our file system", "elasticfilesystem:DeleteMountTarget"),
    _made("EFS::FileSystem", "c", "all", "elasticfilesystem:CreateFileSystem"),
    _made(
        "EFS::FileSystem", "cu", "EFS",
        "elasticfilesystem:PutBackupPolicy PutFileSystemPolicy DeleteFileSystemPolicy PutLifecycleConfiguration "
        "UpdateFileSystem UpdateFileSystemProtection TagResource UntagResource DeleteTags",
    ),
    _made("EFS::FileSystem", "cu", "roles of services", "iam:CreateServiceLinkedRole"),
    _made("EFS::FileSystem", "cu", "keys of EFS", "kms:DescribeKey GenerateDataKeyWithoutPlaintext CreateGrant"),
    _made("EFS::FileSystem", "d", "our file system", "elasticfilesystem:DeleteFileSystem"),
    _made(
        "EFS::FileSystem", "crud", "all",
        "elasticfilesystem:DescribeFileSystems DescribeBackupPolicy DescribeFileSystemPolicy "
        "DescribeLifecycleConfiguration DescribeReplicationConfigurations ListTagsForResource",
    ),
    _made("EFS::AccessPoint", "cu", "EFS", "elasticfilesystem:CreateAccessPoint TagResource UntagResource"),
    _made("EFS::AccessPoint", "d", "EFS", "elasticfilesystem:DeleteAccessPoint"),
    _made("EFS::AccessPoint", "crud", "all", "elasticfilesystem:DescribeAccessPoints ListTagsForResource"),
    # IAM
    _made("IAM::Role", "cu", "roles within the boundary", "iam:CreateRole PutRolePolicy PutRolePermissionsBoundary"),
    _made("IAM::Role", "cu", "roles for Session Manager", "iam:AttachRolePolicy"),
    _made("IAM::Role", "ud", "roles", "iam:DetachRolePolicy DeleteRolePolicy TagRole UntagRole"),
    _made("IAM::Role", "cu", "roles", "iam:TagRole UntagRole UpdateRole UpdateRoleDescription UpdateAssumeRolePolicy"),
    _made("IAM::Role", "u", "roles without a boundary", "iam:DeleteRolePermissionsBoundary"),
    _made("IAM::Role", "d", "roles", "iam:DeleteRole"),
    _made("IAM::Role", "crud", "roles", "iam:GetRole GetRolePolicy ListAttachedRolePolicies ListRolePolicies"),
    _made("IAM::InstanceProfile", "c", "profiles", "iam:CreateInstanceProfile"),
    _made("IAM::InstanceProfile", "cu", "profiles", "iam:AddRoleToInstanceProfile"),
    _made("IAM::InstanceProfile", "ud", "profiles", "iam:RemoveRoleFromInstanceProfile"),
    _made("IAM::InstanceProfile", "d", "profiles", "iam:DeleteInstanceProfile"),
    _made("IAM::InstanceProfile", "crud", "profiles", "iam:GetInstanceProfile"),
    _made("IAM::InstanceProfile", "cu", "roles to pass on", "iam:PassRole"),
    # The function
    _made(
        "Lambda::Function", "cu", "function",
        "lambda:CreateFunction UpdateFunctionCode UpdateFunctionConfiguration PutFunctionConcurrency "
        "DeleteFunctionConcurrency TagResource UntagResource PublishVersion",
    ),
    _made("Lambda::Function", "cu", "roles to pass on", "iam:PassRole"),
    _made("Lambda::Function", "cu", "objects", "s3:GetObject GetObjectVersion"),
    _made("Lambda::Function", "cru", "keys of Lambda", "kms:CreateGrant Decrypt DescribeKey Encrypt GenerateDataKey"),
    # Without it CloudFormation does not wait until Lambda has left the subnets.
    _made("Lambda::Function", "crud", "all", "ec2:DescribeNetworkInterfaces"),
    _made("Lambda::Function", "cu", "all", "ec2:DescribeSecurityGroups DescribeSubnets DescribeVpcs"),
    _made("Lambda::Function", "cu", "all", "elasticfilesystem:DescribeMountTargets DescribeAccessPoints"),
    _made("Lambda::Function", "d", "function", "lambda:DeleteFunction"),
    _made(
        "Lambda::Function", "crud", "function",
        "lambda:GetFunction GetFunctionCodeSigningConfig GetFunctionRecursionConfig GetFunctionScalingConfig "
        "GetRuntimeManagementConfig ListTags",
    ),
    _made("Lambda::Version", "c", "function", "lambda:PublishVersion PutProvisionedConcurrencyConfig"),
    _made("Lambda::Version", "d", "function", "lambda:DeleteFunction"),
    _made(
        "Lambda::Version", "crud", "function",
        "lambda:GetFunctionConfiguration GetProvisionedConcurrencyConfig GetRuntimeManagementConfig "
        "GetFunctionScalingConfig ListVersionsByFunction",
    ),
    _made("Lambda::Alias", "cu", "function", "lambda:CreateAlias UpdateAlias PutProvisionedConcurrencyConfig"),
    _made("Lambda::Alias", "u", "function", "lambda:DeleteProvisionedConcurrencyConfig"),
    _made("Lambda::Alias", "d", "function", "lambda:DeleteAlias"),
    _made("Lambda::Alias", "crud", "function", "lambda:GetAlias GetProvisionedConcurrencyConfig"),
    _made("Lambda::Permission", "c", "function", "lambda:AddPermission"),
    _made("Lambda::Permission", "d", "function", "lambda:RemovePermission"),
    _made("Lambda::Permission", "r", "function", "lambda:GetPolicy"),
    _made("Logs::LogGroup", "cu", "log group", "logs:CreateLogGroup PutRetentionPolicy DeleteRetentionPolicy"),
    _made("Logs::LogGroup", "cu", "log group", "logs:TagResource UntagResource"),
    _made("Logs::LogGroup", "d", "log group", "logs:DeleteLogGroup DeleteDataProtectionPolicy"),
    _made("Logs::LogGroup", "crud", "log group", "logs:ListTagsForResource GetDataProtectionPolicy"),
    _made("Logs::LogGroup", "crud", "log group", "logs:DescribeIndexPolicies"),
    _made("Logs::LogGroup", "crud", "all", "logs:DescribeLogGroups DescribeResourcePolicies"),
    # The API
    _made("ApiGateway::RestApi", "cu", "roles of services", "iam:CreateServiceLinkedRole"),
    *(_made(f"ApiGateway::{kind}", "cu", "APIs", "apigateway:POST PUT PATCH") for kind in _OF_AN_API),
    *(_made(f"ApiGateway::{kind}", "ud", "APIs", "apigateway:DELETE") for kind in _OF_AN_API),
    *(_made(f"ApiGateway::{kind}", "crud", "APIs", "apigateway:GET") for kind in _OF_AN_API),
    *(_made(f"ApiGateway::{kind}", "cud", "keys", "apigateway:POST PUT PATCH") for kind in _OF_KEYS),
    *(_made(f"ApiGateway::{kind}", "ud", "keys", "apigateway:DELETE") for kind in _OF_KEYS),
    *(_made(f"ApiGateway::{kind}", "crud", "keys", "apigateway:GET") for kind in _OF_KEYS),
    *(_made(f"ApiGateway::{kind}", "cu", "API tags", "apigateway:POST PUT DELETE") for kind in _TAGGED),
)  # fmt: skip

TABLE = (*CALLS, *MADE)

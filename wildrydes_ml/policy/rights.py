"""Which rights in IAM each verb needs, as one table: what is called, by whom, on what.

A row is for an operation that the deployer calls itself, or for a resource type that CloudFormation makes, changes and
removes with the caller's rights, unless it has a role of its own. Actions and resources are those of
https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
and what CloudFormation needs for a type is in the type's schema, under `handlers`:
https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html
"""

from .added import ADDED
from .participant import STEPS
from .rows import CLOUDFORMATION as CLOUDFORMATION
from .rows import PARTICIPANT, STATUS_ALL, Right, calls, made
from .rows import VERBS as VERBS

_ALL, _BOTH = " ".join(VERBS), "deploy destroy"
# Batches need a stack, which is deployed with the first one.
_MAKING, _CHANGING = "deploy batch", "deploy destroy batch"
_TALKING = f"deploy ask classify status {PARTICIPANT}"

CALLS: tuple[Right, ...] = (
    # Nobody needs a right for it: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
    Right("sts GetCallerIdentity", frozenset(VERBS), "all", ()),
    # CloudFormation
    *calls("cloudformation", _ALL, "stacks", "DescribeStacks"),
    *calls("cloudformation", f"deploy destroy status batch {PARTICIPANT}", "stacks", "GetTemplate"),
    *calls("cloudformation", STATUS_ALL, "all", "DescribeStacks GetTemplate"),
    *calls("cloudformation", f"deploy destroy logs batch {PARTICIPANT}", "stacks", "ListStackResources"),
    # The list of all, in which a class finds its own by their tags.
    *calls("cloudformation", "class", "all", "DescribeStacks"),
    *calls("cloudformation", _CHANGING, "stacks", "DescribeStackEvents GetStackPolicy"),
    *calls("cloudformation", _CHANGING, "stacks", "DeleteStack"),
    *calls("cloudformation", _CHANGING, "change sets", "CreateChangeSet DescribeChangeSet DeleteChangeSet"),
    *calls("cloudformation", _CHANGING, "change sets", "ExecuteChangeSet DescribeEvents"),
    *calls("cloudformation", _MAKING, "stacks", "CreateStack"),
    *calls("cloudformation", _MAKING, "stacks", "CreateStack CreateChangeSet", "cloudformation:TagResource"),
    *calls("cloudformation", _MAKING, "stacks", "RollbackStack ContinueUpdateRollback"),
    *calls("cloudformation", _MAKING, "all", "ListExports"),
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-iam-servicerole.html
    *calls("cloudformation", _CHANGING, "service role", "CreateChangeSet DeleteStack", "iam:PassRole"),
    *calls("cloudformation", _MAKING, "service role", "CreateStack ContinueUpdateRollback", "iam:PassRole"),
    *calls("cloudformation", _MAKING, "service role", "RollbackStack", "iam:PassRole"),
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-stack-drift.html
    *calls(
        "cloudformation", "deploy status", "stacks", "DetectStackDrift",
        "cloudformation:DetectStackDrift cloudformation:DetectStackResourceDrift",
    ),
    *calls("cloudformation", "deploy status", "stacks", "DescribeStackResourceDrifts"),
    *calls("cloudformation", "deploy status", "all", "DescribeStackDriftDetectionStatus"),
    *calls(
        "cloudformation", "deploy status", "all", "DetectStackDrift", "cloudformation:BatchDescribeTypeConfigurations"
    ),
    # S3: https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
    *calls("s3", _CHANGING, "bucket", "HeadBucket", "s3:ListBucket"),
    *calls("s3", _CHANGING, "bucket", "GetBucketTagging"),
    *calls("s3", _BOTH, "all", "ListBuckets", "s3:ListAllMyBuckets"),
    *calls("s3", _MAKING, "bucket", "ListObjectsV2", "s3:ListBucket"),
    *calls("s3", "deploy", "own bucket", "CreateBucket PutBucketPolicy PutBucketTagging"),
    *calls("s3", "deploy", "own bucket", "PutBucketEncryption", "s3:PutEncryptionConfiguration"),
    *calls("s3", "deploy", "own bucket", "PutPublicAccessBlock", "s3:PutBucketPublicAccessBlock"),
    *calls("s3", _MAKING, "objects", "PutObject GetObject"),
    *calls("s3", "destroy", "bucket", "ListObjectVersions", "s3:ListBucketVersions"),
    *calls("s3", "destroy", "objects", "HeadObject", "s3:GetObject s3:GetObjectVersion"),
    *calls("s3", "destroy", "objects", "DeleteObjects", "s3:DeleteObject s3:DeleteObjectVersion"),
    *calls("s3", "destroy", "own bucket", "ListMultipartUploads", "s3:ListBucketMultipartUploads"),
    *calls("s3", "destroy", "own bucket", "DeleteBucket"),
    *calls("s3", "destroy", "own objects", "AbortMultipartUpload"),
    # The pictures may be in any bucket; what comes of them is in ours, or where --to says.
    *calls("s3", "batch", "buckets", "HeadBucket ListObjectsV2", "s3:ListBucket"),
    *calls("s3", "batch", "batches", "PutObject GetObject"),
    # Step Functions
    *calls("stepfunctions", "batch", "machines", "DescribeStateMachine StartExecution ListExecutions"),
    *calls("stepfunctions", "batch", "executions", "DescribeExecution ListMapRuns"),
    *calls("stepfunctions", "batch", "map runs", "DescribeMapRun ListExecutions"),
    # Lambda and its log
    *calls("lambda", _MAKING, "all", "GetAccountSettings"),
    *calls("lambda", "deploy", "all", "ListFunctions"),
    *calls("lambda", _BOTH, "function", "GetFunction", "lambda:GetFunction lambda:ListTags"),
    *calls("lambda", _MAKING, "function", "GetFunctionConcurrency"),
    *calls("lambda", "deploy", "function", "GetAlias"),
    *calls("lambda", "batch", "function", "GetFunctionConfiguration"),
    *calls("lambda", _MAKING, "function", "Invoke", "lambda:InvokeFunction"),
    *calls("logs", _CHANGING, "all", "DescribeLogGroups"),
    *calls("logs", _CHANGING, "log group", "ListTagsForResource"),
    *calls("logs", "destroy", "log group", "DeleteLogGroup"),
    *calls("logs", f"logs {PARTICIPANT}", "log group", "FilterLogEvents"),
    # Network and files
    *calls("ec2", "deploy", "all", "DescribeAvailabilityZones DescribeInstanceTypeOfferings DescribeInstanceTypes"),
    *calls("ec2", "deploy", "all", "DescribeEgressOnlyInternetGateways DescribeInternetGateways DescribeVpcs"),
    *calls("ec2", "deploy", "all", "DescribeSecurityGroups"),
    *calls("ec2", _MAKING, "all", "DescribeSubnets DescribeRouteTables DescribeVpcEndpoints"),
    *calls("ssm", "deploy", "all", "DescribeParameters"),
    *calls("ec2", _BOTH, "all", "DescribeAddresses DescribeNatGateways"),
    *calls("ec2", "destroy", "all", "DescribeInstances DescribeNetworkInterfaces DescribeTags DescribeVolumes"),
    *calls("ec2", "destroy", "interfaces", "DeleteNetworkInterface"),
    # https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
    *calls("ec2", "deploy destroy logs", "ours in EC2", "GetConsoleOutput"),
    *calls("efs", _BOTH, "all", "DescribeFileSystems"),
    *calls("efs", "destroy", "all", "DescribeMountTargets"),
    *calls("service-quotas", "deploy", "all", "GetServiceQuota"),
    *calls("resourcegroupstaggingapi", "destroy", "all", "GetResources"),
    # How many there are: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountSummary.html
    *calls("iam", "class", "all", "GetAccountSummary"),
    *calls("apigateway", "class", "APIs", "GetRestApis", "apigateway:GET"),
    # API Gateway: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-iam-policy-examples.html
    *calls("apigateway", "deploy", "API", "GetResources GetStages GetDeployments GetMethod", "apigateway:GET"),
    *calls("apigateway", "deploy", "API", "PutMethod PutIntegration", "apigateway:PUT"),
    *calls("apigateway", "deploy", "API", "UpdateMethod UpdateStage", "apigateway:PATCH"),
    *calls("apigateway", "deploy", "API", "CreateDeployment", "apigateway:POST"),
    *calls("apigateway", "deploy", "API", "DeleteMethod DeleteDeployment", "apigateway:DELETE"),
    *calls("apigateway", _BOTH, "keys", "GetUsagePlans GetUsagePlanKeys GetApiKeys", "apigateway:GET"),
    *calls("apigateway", "deploy", "keys", "GetApiKey", "apigateway:GET"),
    *calls(
        "apigateway", f"ask classify status {PARTICIPANT}", "keys to read", "GetUsagePlans GetUsagePlanKeys GetApiKey",
        "apigateway:GET", "API_KEY",
    ),
    *calls("apigateway", "deploy", "keys", "CreateApiKey CreateUsagePlan CreateUsagePlanKey", "apigateway:POST"),
    *calls("apigateway", "deploy", "API tags", "CreateApiKey CreateUsagePlan", "apigateway:POST apigateway:PUT"),
    *calls("apigateway", _BOTH, "keys", "UpdateUsagePlan", "apigateway:PATCH"),
    *calls("apigateway", _BOTH, "keys", "DeleteApiKey DeleteUsagePlan", "apigateway:DELETE"),
    *calls("execute-api", _TALKING, "calls of the API", "Invoke", auth="AWS_IAM"),
)  # fmt: skip

_TAGS = "ec2:CreateTags DeleteTags"
_OF_AN_API = ("RestApi", "Resource", "Method", "Deployment", "Stage", "GatewayResponse")
_OF_KEYS = ("ApiKey", "UsagePlan", "UsagePlanKey")
_TAGGED = ("RestApi", "Stage", "ApiKey", "UsagePlan")

MADE: tuple[Right, ...] = (
    # Public parameters, which the template asks for the machine image
    made("EC2::Instance", "cu", "Amazon Linux", "ssm:GetParameters"),
    made("EC2::Instance", "c", "EC2 and images", "ec2:RunInstances"),
    made("EC2::Instance", "cu", "EC2", f"{_TAGS} ModifyInstanceAttribute ModifyInstanceMetadataOptions"),
    made("EC2::Instance", "cu", "EC2", "ec2:StartInstances"),
    made("EC2::Instance", "cu", "EC2", "ec2:AssociateIamInstanceProfile DisassociateIamInstanceProfile"),
    made("EC2::Instance", "cu", "EC2", "ec2:ReplaceIamInstanceProfileAssociation"),
    made("EC2::Instance", "u", "ours in EC2", "ec2:StopInstances"),
    made("EC2::Instance", "d", "ours in EC2", "ec2:TerminateInstances"),
    made("EC2::Instance", "c", "roles to pass on", "iam:PassRole"),
    made(
        "EC2::Instance", "crud", "all",
        "ec2:DescribeInstances DescribeInstanceAttribute DescribeInstanceCreditSpecifications DescribeVolumes "
        "DescribeNetworkInterfaces DescribeIamInstanceProfileAssociations DescribeKeyPairs DescribeSecurityGroups "
        "DescribeSubnets DescribeVpcs DescribeLaunchTemplates DescribeLaunchTemplateVersions "
        "ssm:DescribeAssociation ListAssociations",
    ),
    made("EC2::EIP", "cu", "EC2", f"ec2:AllocateAddress {_TAGS}"),
    made("EC2::EIP", "ud", "EC2", "ec2:DisassociateAddress"),
    made("EC2::EIP", "d", "ours in EC2", "ec2:ReleaseAddress"),
    made("EC2::EIP", "crud", "all", "ec2:DescribeAddresses"),
    made("EC2::EgressOnlyInternetGateway", "cud", "EC2", f"ec2:CreateEgressOnlyInternetGateway {_TAGS}"),
    made("EC2::EgressOnlyInternetGateway", "d", "EC2", "ec2:DeleteEgressOnlyInternetGateway"),
    made(
        "EC2::EgressOnlyInternetGateway", "crud", "all",
        "ec2:DescribeEgressOnlyInternetGateways DescribeVpcs DescribeTags",
    ),
    made("EC2::InternetGateway", "cu", "EC2", f"ec2:CreateInternetGateway {_TAGS}"),
    made("EC2::InternetGateway", "d", "ours in EC2", "ec2:DeleteInternetGateway"),
    made("EC2::InternetGateway", "crud", "all", "ec2:DescribeInternetGateways"),
    made("EC2::NatGateway", "cu", "EC2", f"ec2:CreateNatGateway {_TAGS}"),
    made("EC2::NatGateway", "d", "ours in EC2", "ec2:DeleteNatGateway"),
    made("EC2::NatGateway", "crud", "all", "ec2:DescribeNatGateways"),
    made("EC2::Route", "cu", "EC2", "ec2:CreateRoute ReplaceRoute"),
    made("EC2::Route", "d", "ours in EC2", "ec2:DeleteRoute"),
    made("EC2::Route", "crud", "all", "ec2:DescribeRouteTables DescribeNetworkInterfaces"),
    made("EC2::RouteTable", "cu", "EC2", f"ec2:CreateRouteTable {_TAGS}"),
    made("EC2::RouteTable", "d", "ours in EC2", "ec2:DeleteRouteTable"),
    made("EC2::RouteTable", "crud", "all", "ec2:DescribeRouteTables"),
    made(
        "EC2::SecurityGroup", "cu", "EC2",
        f"ec2:CreateSecurityGroup {_TAGS} AuthorizeSecurityGroupEgress AuthorizeSecurityGroupIngress "
        "RevokeSecurityGroupEgress RevokeSecurityGroupIngress UpdateSecurityGroupRuleDescriptionsEgress "
        "UpdateSecurityGroupRuleDescriptionsIngress",
    ),
    made("EC2::SecurityGroup", "d", "ours in EC2", "ec2:DeleteSecurityGroup"),
    made("EC2::SecurityGroup", "crud", "all", "ec2:DescribeSecurityGroups DescribeInstances"),
    made(
        "EC2::Subnet", "cu", "EC2",
        f"ec2:CreateSubnet {_TAGS} ModifySubnetAttribute AssociateSubnetCidrBlock DisassociateSubnetCidrBlock",
    ),
    made("EC2::Subnet", "d", "ours in EC2", "ec2:DeleteSubnet"),
    made("EC2::Subnet", "crud", "all", "ec2:DescribeSubnets DescribeNetworkAcls"),
    made("EC2::SubnetRouteTableAssociation", "c", "EC2", "ec2:AssociateRouteTable ReplaceRouteTableAssociation"),
    made("EC2::SubnetRouteTableAssociation", "d", "EC2", "ec2:DisassociateRouteTable"),
    made("EC2::SubnetRouteTableAssociation", "crud", "all", "ec2:DescribeSubnets DescribeRouteTables"),
    made("EC2::VPC", "cu", "EC2", f"ec2:CreateVpc {_TAGS} ModifyVpcAttribute"),
    made("EC2::VPC", "d", "ours in EC2", "ec2:DeleteVpc"),
    made(
        "EC2::VPC", "crud", "all",
        "ec2:DescribeVpcs DescribeVpcAttribute DescribeNetworkAcls DescribeSecurityGroups "
        "DescribeVpcEncryptionControls",
    ),
    made("EC2::VPCCidrBlock", "c", "EC2", "ec2:AssociateVpcCidrBlock"),
    made("EC2::VPCCidrBlock", "d", "EC2", "ec2:DisassociateVpcCidrBlock"),
    made("EC2::VPCCidrBlock", "crud", "all", "ec2:DescribeVpcs"),
    made("EC2::VPCGatewayAttachment", "cu", "EC2", "ec2:AttachInternetGateway"),
    made("EC2::VPCGatewayAttachment", "ud", "EC2", "ec2:DetachInternetGateway"),
    made("EC2::VPCGatewayAttachment", "crud", "all", "ec2:DescribeInternetGateways DescribeVpnGateways"),
    # EFS asks for its network interfaces with the caller's rights:
    # https://docs.aws.amazon.com/efs/latest/ug/API_CreateMountTarget.html
    made("EFS::MountTarget", "c", "EC2", "ec2:CreateNetworkInterface"),
    made("EFS::MountTarget", "u", "interfaces", "ec2:ModifyNetworkInterfaceAttribute"),
    made("EFS::MountTarget", "d", "interfaces", "ec2:DeleteNetworkInterface"),
    made(
        "EFS::MountTarget", "crud", "all",
        "elasticfilesystem:DescribeMountTargets DescribeMountTargetSecurityGroups "
        "ec2:DescribeSubnets DescribeNetworkInterfaces DescribeNetworkInterfaceAttribute",
    ),
    made("EFS::MountTarget", "cu", "EFS", "elasticfilesystem:CreateMountTarget ModifyMountTargetSecurityGroups"),
    made("EFS::MountTarget", "d", "our file system", "elasticfilesystem:DeleteMountTarget"),
    made("EFS::FileSystem", "c", "all", "elasticfilesystem:CreateFileSystem"),
    made(
        "EFS::FileSystem", "cu", "EFS",
        "elasticfilesystem:PutBackupPolicy PutFileSystemPolicy DeleteFileSystemPolicy PutLifecycleConfiguration "
        "UpdateFileSystem UpdateFileSystemProtection TagResource UntagResource DeleteTags",
    ),
    made("EFS::FileSystem", "cu", "roles of services", "iam:CreateServiceLinkedRole"),
    made("EFS::FileSystem", "cu", "keys of EFS", "kms:DescribeKey GenerateDataKeyWithoutPlaintext CreateGrant"),
    made("EFS::FileSystem", "d", "our file system", "elasticfilesystem:DeleteFileSystem"),
    made(
        "EFS::FileSystem", "crud", "all",
        "elasticfilesystem:DescribeFileSystems DescribeBackupPolicy DescribeFileSystemPolicy "
        "DescribeLifecycleConfiguration DescribeReplicationConfigurations ListTagsForResource",
    ),
    made("EFS::AccessPoint", "cu", "EFS", "elasticfilesystem:CreateAccessPoint TagResource UntagResource"),
    made("EFS::AccessPoint", "d", "EFS", "elasticfilesystem:DeleteAccessPoint"),
    made("EFS::AccessPoint", "crud", "all", "elasticfilesystem:DescribeAccessPoints ListTagsForResource"),
    # IAM
    made("IAM::Role", "cu", "roles within the boundary", "iam:CreateRole PutRolePolicy PutRolePermissionsBoundary"),
    made("IAM::Role", "cu", "roles for Session Manager", "iam:AttachRolePolicy"),
    made("IAM::Role", "ud", "roles", "iam:DetachRolePolicy DeleteRolePolicy TagRole UntagRole"),
    made("IAM::Role", "cu", "roles", "iam:TagRole UntagRole UpdateRole UpdateRoleDescription UpdateAssumeRolePolicy"),
    made("IAM::Role", "u", "roles without a boundary", "iam:DeleteRolePermissionsBoundary"),
    made("IAM::Role", "d", "roles", "iam:DeleteRole"),
    made("IAM::Role", "crud", "roles", "iam:GetRole GetRolePolicy ListAttachedRolePolicies ListRolePolicies"),
    made("IAM::InstanceProfile", "c", "profiles", "iam:CreateInstanceProfile"),
    made("IAM::InstanceProfile", "cu", "profiles", "iam:AddRoleToInstanceProfile"),
    made("IAM::InstanceProfile", "ud", "profiles", "iam:RemoveRoleFromInstanceProfile"),
    made("IAM::InstanceProfile", "d", "profiles", "iam:DeleteInstanceProfile"),
    made("IAM::InstanceProfile", "crud", "profiles", "iam:GetInstanceProfile"),
    made("IAM::InstanceProfile", "cu", "roles to pass on", "iam:PassRole"),
    # The function
    made(
        "Lambda::Function", "cu", "function",
        "lambda:CreateFunction UpdateFunctionCode UpdateFunctionConfiguration PutFunctionConcurrency "
        "DeleteFunctionConcurrency TagResource UntagResource PublishVersion",
    ),
    made("Lambda::Function", "cu", "roles to pass on", "iam:PassRole"),
    made("Lambda::Function", "cu", "objects", "s3:GetObject GetObjectVersion"),
    made("Lambda::Function", "cru", "keys of Lambda", "kms:CreateGrant Decrypt DescribeKey Encrypt GenerateDataKey"),
    # Without it CloudFormation does not wait until Lambda has left the subnets.
    made("Lambda::Function", "crud", "all", "ec2:DescribeNetworkInterfaces"),
    made("Lambda::Function", "cu", "all", "ec2:DescribeSecurityGroups DescribeSubnets DescribeVpcs"),
    made("Lambda::Function", "cu", "all", "elasticfilesystem:DescribeMountTargets DescribeAccessPoints"),
    made("Lambda::Function", "d", "function", "lambda:DeleteFunction"),
    made(
        "Lambda::Function", "crud", "function",
        "lambda:GetFunction GetFunctionCodeSigningConfig GetFunctionRecursionConfig GetFunctionScalingConfig "
        "GetRuntimeManagementConfig ListTags",
    ),
    made("Lambda::Version", "c", "function", "lambda:PublishVersion PutProvisionedConcurrencyConfig"),
    made("Lambda::Version", "d", "function", "lambda:DeleteFunction"),
    made(
        "Lambda::Version", "crud", "function",
        "lambda:GetFunctionConfiguration GetProvisionedConcurrencyConfig GetRuntimeManagementConfig "
        "GetFunctionScalingConfig ListVersionsByFunction",
    ),
    made("Lambda::Alias", "cu", "function", "lambda:CreateAlias UpdateAlias PutProvisionedConcurrencyConfig"),
    made("Lambda::Alias", "u", "function", "lambda:DeleteProvisionedConcurrencyConfig"),
    made("Lambda::Alias", "d", "function", "lambda:DeleteAlias"),
    made("Lambda::Alias", "crud", "function", "lambda:GetAlias GetProvisionedConcurrencyConfig"),
    made("Lambda::Permission", "c", "function", "lambda:AddPermission"),
    made("Lambda::Permission", "d", "function", "lambda:RemovePermission"),
    made("Lambda::Permission", "r", "function", "lambda:GetPolicy"),
    made("IAM::Policy", "cu", "roles within the boundary", "iam:PutRolePolicy"),
    made("IAM::Policy", "ud", "roles", "iam:DeleteRolePolicy"),
    made("IAM::Policy", "crud", "roles", "iam:GetRolePolicy"),
    made("StepFunctions::StateMachine", "cu", "machines", "states:CreateStateMachine UpdateStateMachine"),
    made("StepFunctions::StateMachine", "cu", "machines", "states:TagResource UntagResource"),
    made("StepFunctions::StateMachine", "d", "machines", "states:DeleteStateMachine"),
    made("StepFunctions::StateMachine", "crud", "machines", "states:DescribeStateMachine ListTagsForResource"),
    made("StepFunctions::StateMachine", "cu", "roles to pass on", "iam:PassRole"),
    made("EC2::VPCEndpoint", "cu", "EC2", "ec2:CreateVpcEndpoint ModifyVpcEndpoint"),
    made("EC2::VPCEndpoint", "cud", "EC2", _TAGS),
    made("EC2::VPCEndpoint", "d", "ours in EC2", "ec2:DeleteVpcEndpoints"),
    made(
        "EC2::VPCEndpoint", "crud", "all",
        "ec2:DescribeVpcEndpoints DescribeSubnets DescribeSecurityGroups DescribeVpcs",
    ),
    made("Logs::LogGroup", "cu", "log group", "logs:CreateLogGroup PutRetentionPolicy DeleteRetentionPolicy"),
    made("Logs::LogGroup", "cu", "log group", "logs:TagResource UntagResource"),
    made("Logs::LogGroup", "d", "log group", "logs:DeleteLogGroup DeleteDataProtectionPolicy"),
    made("Logs::LogGroup", "crud", "log group", "logs:ListTagsForResource GetDataProtectionPolicy"),
    made("Logs::LogGroup", "crud", "log group", "logs:DescribeIndexPolicies"),
    made("Logs::LogGroup", "crud", "all", "logs:DescribeLogGroups DescribeResourcePolicies"),
    # The API
    made("ApiGateway::RestApi", "cu", "roles of services", "iam:CreateServiceLinkedRole"),
    *(made(f"ApiGateway::{kind}", "cu", "APIs", "apigateway:POST PUT PATCH") for kind in _OF_AN_API),
    *(made(f"ApiGateway::{kind}", "ud", "APIs", "apigateway:DELETE") for kind in _OF_AN_API),
    *(made(f"ApiGateway::{kind}", "crud", "APIs", "apigateway:GET") for kind in _OF_AN_API),
    *(made(f"ApiGateway::{kind}", "cud", "keys", "apigateway:POST PUT PATCH") for kind in _OF_KEYS),
    *(made(f"ApiGateway::{kind}", "ud", "keys", "apigateway:DELETE") for kind in _OF_KEYS),
    *(made(f"ApiGateway::{kind}", "crud", "keys", "apigateway:GET") for kind in _OF_KEYS),
    *(made(f"ApiGateway::{kind}", "cu", "API tags", "apigateway:POST PUT DELETE") for kind in _TAGGED),
    *ADDED,
)  # fmt: skip

TABLE = (*CALLS, *STEPS, *MADE)

"""The table of rights beside the schemas of CloudFormation's types, as cfn-lint brings them: nothing missing, no more.

https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html: `handlers`
"""

import fnmatch
from collections.abc import Iterable

import pytest
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from tests.unit.policy.test_rights import ACCOUNT, SETTINGS, granted, types
from wildrydes_ml.deploy.settings import Settings
from wildrydes_ml.deployment import Deployment, Stack
from wildrydes_ml.policy.added import ADDED
from wildrydes_ml.policy.rights import MADE
from wildrydes_ml.policy.rows import HANDLERS
from wildrydes_ml.template.source import Source

# What the blocks make for an App, and none of the workshop's templates has.
MADE_BY_APPS = {"AWS::ApiGateway::Resource"}
# What people add to an App.
ADDED_TO_APPS = {right.source for right in ADDED}
OWN = {entry["Type"] for one in SETTINGS.deployments for stack in one.stacks
       for entry in stack.source.body["Resources"].values()}  # fmt: skip
BESIDE = {entry["Type"] for one in SETTINGS.deployments for stack in one.beside
          for entry in stack.source.body["Resources"].values()}  # fmt: skip
KINDS = [*types(), *sorted(ADDED_TO_APPS)]
# What the schemas ask for, for properties that the templates do not set: pattern → why it is not granted.
NOT_USED = {
    "apigateway:UpdateRestApiPolicy": "the API has no policy",
    "codedeploy:*": "the alias is not moved by CodeDeploy",
    "ec2:AcceptAddressTransfer": "the address is the account's own",
    "ec2:AllocateIpamPoolCidr": "the blocks are not IPAM's",
    "ec2:AssociateAddress": "the NAT gateway takes the address itself",
    "ec2:AttachVolume": "the instance has the volume that it starts with",
    "ec2:DetachVolume": "the instance has the volume that it starts with",
    "ec2:*NatGatewayAddress": "the NAT gateway has one address",
    "ec2:AttachVpnGateway": "there is no VPN",
    "ec2:DetachVpnGateway": "there is no VPN",
    "ec2:CreateVpcEncryptionControl": "the VPC has none",
    "ec2:ModifyVpcTenancy": "the tenancy is the default",
    "ec2:ModifyInstanceCreditSpecification": "the credits are the type's default",
    "ec2:ModifyInstanceMaintenanceOptions": "they are the default",
    "ec2:ModifyInstancePlacement": "it is the default",
    "ec2:ModifyPrivateDnsNameOptions": "they are the subnet's",
    "ec2:MonitorInstances": "detailed monitoring is off",
    "ec2:UnmonitorInstances": "detailed monitoring is off",
    "elasticfilesystem:*ReplicationConfiguration": "the file system has no replica",
    "firehose:*": "the log goes nowhere else",
    "lambda:AssociateRuntimeAlias": "the runtime is named",
    "lambda:GetCodeSigningConfig": "the code is not signed",
    "lambda:PutFunctionCodeSigningConfig": "the code is not signed",
    "lambda:DeleteFunctionCodeSigningConfig": "the code is not signed",
    "lambda:GetLayerVersion": "there are no layers",
    "lambda:PassCapacityProvider": "Lambda's own capacity serves",
    "lambda:PutFunctionRecursionConfig": "it is the default",
    "lambda:PutFunctionScalingConfig": "it is the default",
    "lambda:PutRuntimeManagementConfig": "it is the default",
    "logs:*KmsKey": "CloudWatch's own key encrypts the log",
    "logs:CreateLogDelivery": "the log goes nowhere else",
    "logs:*IndexPolicy": "the log has none",
    "logs:*ResourcePolicy": "the log has none",
    "logs:PutBearerTokenAuthentication": "it is off",
    "logs:PutDataProtectionPolicy": "the log has none",
    "logs:PutLogGroupDeletionProtection": "it is off",
    "s3:REST.PUT.OBJECT": "the log goes nowhere else",
    "s3files:*": "files are on EFS",
    "ssm:CreateAssociation": "the instance has none",
    "ssm:DeleteAssociation": "the instance has none",
}
# As above, for some of the types that ask for it.
NOT_USED_BY = {
    ("AWS::ApiGateway::Method", "iam:PassRole"): "the method calls Lambda by the function's own policy",
    ("AWS::ApiGateway::RestApi", "iam:PassRole"): "the API is not imported",
    ("AWS::ApiGateway::RestApi", "s3:GetObject"): "the API is not imported",
    ("AWS::EFS::FileSystem", "iam:PassRole"): "the file system has no replica",
    ("AWS::DynamoDB::Table", "*:*TableReplica"): "the table has no replica",
    ("AWS::DynamoDB::Table", "dynamodb:*Item"): "the table has no replica",
    ("AWS::DynamoDB::Table", "dynamodb:Query"): "the table has no replica",
    ("AWS::DynamoDB::Table", "dynamodb:Scan"): "the table has no replica",
    ("AWS::DynamoDB::Table", "dynamodb:*Import*"): "the table is not imported",
    ("AWS::DynamoDB::Table", "dynamodb:?*bleKinesisStreamingDestination"): "the changes go nowhere else",
    ("AWS::DynamoDB::Table", "dynamodb:UpdateKinesisStreamingDestination"): "the changes go nowhere else",
    ("AWS::DynamoDB::Table", "iam:CreateServiceLinkedRole"): "the table has no replica",
    ("AWS::DynamoDB::Table", "kinesis:*"): "the changes go nowhere else",
    ("AWS::DynamoDB::Table", "kms:*"): "DynamoDB's own key encrypts the table",
    ("AWS::DynamoDB::Table", "logs:*"): "the table is not imported",
    ("AWS::DynamoDB::Table", "s3:*"): "the table is not imported",
    ("AWS::S3::Bucket", "iam:PassRole"): "the bucket has no replica",
    ("AWS::S3::Bucket", "s3:*Replication*"): "the bucket has no replica",
    ("AWS::S3::Bucket", "s3:*BucketMetadata*"): "the bucket keeps no tables of metadata",
    ("AWS::S3::Bucket", "s3tables:*"): "the bucket keeps no tables of metadata",
    ("AWS::S3::Bucket", "s3:DeleteObject"): "a bucket with objects is not deleted",
    ("AWS::S3::Bucket", "s3:PutObjectAcl"): "no object is made",
    ("AWS::S3::Bucket", "s3:PutObjectLockConfiguration"): "IAM knows no such action",
    ("AWS::SNS::Topic", "iam:*"): "deliveries are not logged",
    ("AWS::EC2::VPCEndpoint", "vpc-lattice:*"): "it is a gateway's",
    ("AWS::EC2::VPCEndpoint", "vpce:AllowMultiRegion"): "it leads to the region's own S3",
    ("AWS::IAM::Policy", "iam:*UserPolicy"): "the policy is a role's",
    ("AWS::IAM::Policy", "iam:*GroupPolicy"): "the policy is a role's",
    ("AWS::StepFunctions::StateMachine", "s3:*"): "the template has the definition",
    ("AWS::StepFunctions::StateMachine", "kms:*"): "Step Functions' own key encrypts its data",
}
# What other rules than the schemas ask for: type and action → where it says so.
BEYOND = {
    ("AWS::ApiGateway::RestApi", "iam:CreateServiceLinkedRole"): "API Gateway's role, made with an account's first API",
    ("AWS::EC2::Instance", "ssm:GetParameters"): "the template's dynamic reference",
    ("AWS::EFS::MountTarget", "ec2:*"): "https://docs.aws.amazon.com/efs/latest/ug/API_CreateMountTarget.html",
    ("AWS::Lambda::Function", "elasticfilesystem:DescribeAccessPoints"): "Lambda looks at the access point",
    ("AWS::Lambda::Function", "lambda:ListTags"): "GetFunction tells the tags",
    ("AWS::ApiGateway::*", "apigateway:*"): "the schemas name methods of HTTP as they please",
    ("AWS::EC2::VPC*", "ec2:*"): "handlers of a type share their rights",
    ("AWS::EC2::*", "ec2:DeleteTags"): "tags change",
    ("AWS::Logs::LogGroup", "logs:*"): "handlers of a type share their rights",
}


def having(kind: str) -> Settings:
    """An application with a resource of the type; the workshop, if it has one."""
    if kind in OWN:
        return SETTINGS
    body = {"Resources": {"One": {"Type": kind}}}
    return Settings((Deployment("sentiment", (Stack(Source("one.yml", "", body)),)),), account=ACCOUNT)


def handlers(kind: str) -> dict[str, list[str]]:
    """What the schema of a type says that CloudFormation needs, by what it does."""
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", kind).schema
    return {name: entry.get("permissions", []) for name, entry in schema.get("handlers", {}).items()}


def matches(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("verb", ["deploy", "destroy", "status"])
def test_what_cloudformation_needs_for_a_type_is_granted(kind: str, verb: str) -> None:
    needed = {action for name, actions in handlers(kind).items() if name in HANDLERS[verb] for action in actions}
    own = {action for right in MADE if right.source == kind for action in right.actions if right.when & HANDLERS[verb]}
    left = {action for action in needed - own if not matches(action, NOT_USED)}
    reasons = [action for of, action in NOT_USED_BY if of == kind]
    assert not [action for action in left if not matches(action, reasons)]
    assert own <= granted(verb, having(kind))


@pytest.mark.parametrize("kind", sorted(BESIDE))
def test_batch_may_make_its_own_stack(kind: str) -> None:
    own = {action for right in MADE if right.source == kind for action in right.actions}
    assert own <= granted("batch")
    assert own <= granted("cloudformation")


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_granted_that_cloudformation_does_not_need(kind: str) -> None:
    needed = {action for name, actions in handlers(kind).items() if name != "list" for action in actions}
    own = {action for right in MADE if right.source == kind for action in right.actions}
    reasons = [action for of, action in BEYOND if fnmatch.fnmatchcase(kind, of)]
    assert not [action for action in own - needed if not any(fnmatch.fnmatchcase(action, one) for one in reasons)]
    assert not [action for action in own if matches(action, NOT_USED)]


def test_the_reasons_are_all_needed() -> None:
    asked = {action for kind in KINDS for actions in handlers(kind).values() for action in actions}
    assert not [pattern for pattern in NOT_USED if not fnmatch.filter(asked, pattern)]
    for of, action in NOT_USED_BY:
        assert fnmatch.filter({one for actions in handlers(of).values() for one in actions}, action), (of, action)
    assert {right.source for right in MADE} <= {*KINDS, *MADE_BY_APPS}

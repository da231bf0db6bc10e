"""The table of rights: held against each call in the gateways' source, and against CloudFormation's schemas."""

import fnmatch
import json
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

import pytest
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from tests.unit.test_gateway_answers import CALLED
from wildrydes_ml import granting, workshop
from wildrydes_ml.conditions import changes, effective
from wildrydes_ml.granting import LIMIT, WHO, policies, size
from wildrydes_ml.rights import CALLS, HANDLERS, KEPT_TYPES, MADE, SCOPES, TABLE, VERBS
from wildrydes_ml.settings import Settings

ACCOUNT, REGION = "123456789012", "eu-west-1"
SETTINGS = Settings(account=ACCOUNT)

# Words of the gateways' source that also are operations of a service whose operation is not called.
NAMESAKES = {
    ("efs", "DescribeTags"),
    ("efs", "ListTagsForResource"),
    ("logs", "PutIntegration"),
    ("service-quotas", "ListTagsForResource"),
}
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


def types() -> list[str]:
    """The resource types of the templates."""
    bodies = [build().to_dict() for build in workshop.TEMPLATES.values()]
    return sorted({resource["Type"] for body in bodies for resource in body["Resources"].values()})


def handlers(kind: str) -> dict[str, list[str]]:
    """What the schema of a type says that CloudFormation needs, by what it does."""
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", kind).schema
    return {name: entry.get("permissions", []) for name, entry in schema.get("handlers", {}).items()}


def granted(who: str, settings: Settings = SETTINGS) -> set[str]:
    return {action for statement in all_statements(who, settings) for action in statement["Action"]}


def all_statements(who: str, settings: Settings = SETTINGS, region: str = REGION) -> list[dict[str, Any]]:
    return [statement for document in policies(who, settings, region) for statement in document["Statement"]]


def allows(
    who: str,
    action: str,
    resource: str,
    settings: Settings = SETTINGS,
    context: Mapping[str, str] = MappingProxyType({}),
) -> bool:
    """Whether the policies allow it, by the rules of IAM that they use."""
    return any(
        action in statement["Action"]
        and any(fnmatch.fnmatchcase(resource, pattern) for pattern in statement["Resource"])
        and all(
            any(fnmatch.fnmatchcase(context.get(key, ""), value) for value in values)
            for entries in statement.get("Condition", {}).values()
            for key, values in entries.items()
        )
        for statement in all_statements(who, settings)
    )


def matches(name: str, patterns: Mapping[str, str]) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


# Against the calls.


def test_every_call_of_the_gateways_has_a_row_and_every_row_is_called() -> None:
    called = {f"{service} {name}" for service, name in CALLED if (service, name) not in NAMESAKES}
    assert {right.source for right in CALLS} == {*called, "execute-api Invoke"}
    assert {*CALLED} >= NAMESAKES


def test_the_rows_are_for_verbs_and_scopes_that_there_are() -> None:
    assert {right.scope for right in TABLE} == {*SCOPES}
    assert all(right.when <= {*VERBS} for right in CALLS)
    assert all(right.when <= {"create", "read", "update", "delete"} for right in MADE)


# Against CloudFormation's schemas.


@pytest.mark.parametrize("kind", types())
@pytest.mark.parametrize("verb", ["deploy", "destroy", "status"])
def test_what_cloudformation_needs_for_a_type_is_granted(kind: str, verb: str) -> None:
    needed = {action for name, actions in handlers(kind).items() if name in HANDLERS[verb] for action in actions}
    own = {action for right in MADE if right.source == kind for action in right.actions if right.when & HANDLERS[verb]}
    left = {action for action in needed - own if not matches(action, NOT_USED)}
    assert not left - {action for of, action in NOT_USED_BY if of == kind}
    assert own <= granted(verb)


@pytest.mark.parametrize("kind", types())
def test_nothing_is_granted_that_cloudformation_does_not_need(kind: str) -> None:
    needed = {action for name, actions in handlers(kind).items() if name != "list" for action in actions}
    own = {action for right in MADE if right.source == kind for action in right.actions}
    reasons = [action for of, action in BEYOND if fnmatch.fnmatchcase(kind, of)]
    assert not [action for action in own - needed if not any(fnmatch.fnmatchcase(action, one) for one in reasons)]
    assert not [action for action in own if matches(action, NOT_USED)]


def test_the_reasons_are_all_needed() -> None:
    asked = {action for kind in types() for actions in handlers(kind).values() for action in actions}
    assert not [pattern for pattern in NOT_USED if not fnmatch.filter(asked, pattern)]
    assert {right.source for right in MADE} <= {*types()}


def test_keeping_the_data_updates_no_other_type_than_destroy_may() -> None:
    body = workshop.efs_99().to_dict()
    defaults = {name: str(entry["Default"]) for name, entry in body["Parameters"].items()}
    idle = {**defaults, "InternetEgress": "none", "BootstrapInstance": "none"}
    found = changes(effective(body, defaults), effective(body, idle))
    assert {change.type for change in found if change.action == "Modify"} == KEPT_TYPES
    assert {change.type for change in found if change.action == "Remove"} >= {"AWS::EC2::NatGateway"}
    assert "ec2:RevokeSecurityGroupIngress" in granted("destroy")


@pytest.mark.parametrize(
    "action",
    [
        "ec2:DescribeNetworkInterfaces",
        "ssm:GetParameters",
        "iam:CreateServiceLinkedRole",
        "elasticfilesystem:DescribeMountTargets",
        "cloudformation:DescribeEvents",
        "cloudformation:GetStackPolicy",
    ],
)
def test_what_is_easily_missed_is_there(action: str) -> None:
    assert action in granted("deploy")


# The policies.


def each_policy() -> Iterator[tuple[str, dict[str, Any]]]:
    long = Settings(name="a" + 30 * "b", account=ACCOUNT, overrides={"FunctionName": 64 * "f"}, bucket=63 * "c")
    bounded = Settings(overrides={"PermissionsBoundary": f"arn:aws:iam::{ACCOUNT}:policy/{128 * 'p'}"})
    for settings in (SETTINGS, Settings(), long, bounded):
        for who in WHO:
            yield from ((who, document) for document in policies(who, settings, REGION))


def test_every_policy_is_one_that_iam_takes() -> None:
    for _, document in each_policy():
        assert size(document) <= LIMIT
        assert document["Version"] == "2012-10-17"
        sids = [statement["Sid"] for statement in document["Statement"]]
        assert len({*sids}) == len(sids)
        assert all(sid.isalnum() for sid in sids)
        assert all(statement["Action"] and statement["Resource"] for statement in document["Statement"])


def test_a_size_is_counted_without_spaces() -> None:
    assert size({"a b": "c d"}) == len('{"ab":"cd"}')


def test_a_statement_that_is_too_large_is_divided() -> None:
    actions = [f"ec2:{number:030}" for number in range(400)]
    found = list(granting._packed([{"Sid": "S", "Effect": "Allow", "Action": actions, "Resource": ["*"]}]))
    assert all(size(document) <= LIMIT for document in found)
    told = [action for document in found for statement in document["Statement"] for action in statement["Action"]]
    assert told == actions


def test_no_action_is_a_pattern_and_on_everything_there_is_only_reading() -> None:
    for _, document in each_policy():
        for statement in document["Statement"]:
            assert "*" not in "".join(statement["Action"])
            if statement["Resource"] == ["*"]:
                names = [action.partition(":")[2] for action in statement["Action"]]
                reading = ("Describe", "Get", "List", "BatchDescribe")
                assert {name for name in names if not name.startswith(reading)} <= {"CreateFileSystem"}


CFN, LOG = "cloudformation:{r}:{a}:stack/", "logs:{r}:{a}:log-group:"


@pytest.mark.parametrize(
    ("action", "ours", "other"),
    [
        ("cloudformation:DeleteStack", CFN + "wildrydes-ml-mod5/1", CFN + "shop/1"),
        ("s3:DeleteObject", "s3:::wildrydes-ml-{a}-{r}/code/x", "s3:::shop/code/x"),
        ("s3:DeleteBucket", "s3:::wildrydes-ml-{a}-{r}", "s3:::shop"),
        ("lambda:DeleteFunction", "lambda:{r}:{a}:function:ml_inferencefunction", "lambda:{r}:{a}:function:a"),
        ("iam:DeleteRole", "iam::{a}:role/wildrydes-ml-mod5-LambdaEFSML-1", "iam::{a}:role/admin"),
        ("logs:DeleteLogGroup", LOG + "/aws/lambda/ml_inferencefunction:*", LOG + "shop"),
    ],
)  # fmt: skip
def test_what_is_removed_is_ours(action: str, ours: str, other: str) -> None:
    place = {"r": REGION, "a": ACCOUNT}
    assert allows("destroy", action, f"arn:aws:{ours.format(**place)}")
    assert not allows("destroy", action, f"arn:aws:{other.format(**place)}")
    assert not allows("destroy", action, f"arn:aws:{ours.format(r=REGION, a='999999999999')}") or action.startswith(
        "s3"
    )
    assert not allows("classify", action, f"arn:aws:{ours.format(**place)}")


@pytest.mark.parametrize("action", ["ec2:DeleteVpc", "ec2:TerminateInstances", "ec2:ReleaseAddress"])
def test_what_has_no_name_of_its_own_is_ours_by_its_stack(action: str) -> None:
    arn, tag = f"arn:aws:ec2:{REGION}:{ACCOUNT}:x/y-1", "aws:ResourceTag/aws:cloudformation:stack-name"
    assert allows("destroy", action, arn, context={tag: "wildrydes-ml-mod5"})
    assert not allows("destroy", action, arn, context={tag: "shop"})
    assert not allows("destroy", action, arn)


def test_roles_are_passed_to_what_runs_with_them_and_to_nothing_else() -> None:
    role, key = f"arn:aws:iam::{ACCOUNT}:role/wildrydes-ml-mod5-inf-R-1", "iam:PassedToService"
    assert allows("deploy", "iam:PassRole", role, context={key: "lambda.amazonaws.com"})
    assert allows("deploy", "iam:PassRole", role, context={key: "ec2.amazonaws.com.cn"})
    assert not allows("deploy", "iam:PassRole", role, context={key: "glue.amazonaws.com"})
    assert not allows(
        "deploy", "iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/admin", context={key: "lambda.amazonaws.com"}
    )


def test_roles_keep_within_the_boundary_that_is_set() -> None:
    boundary = f"arn:aws:iam::{ACCOUNT}:policy/students"
    settings = Settings(account=ACCOUNT, overrides={"PermissionsBoundary": boundary})
    role, key = f"arn:aws:iam::{ACCOUNT}:role/wildrydes-ml-mod5-R-1", "iam:PermissionsBoundary"
    for action in ("iam:CreateRole", "iam:PutRolePolicy", "iam:PutRolePermissionsBoundary"):
        assert allows("deploy", action, role, settings, context={key: boundary})
        assert not allows("deploy", action, role, settings)
        assert allows("deploy", action, role)
    assert "iam:DeleteRolePermissionsBoundary" in granted("deploy") - granted("deploy", settings)


def test_a_role_of_cloudformation_takes_the_rights_of_its_work_from_the_caller() -> None:
    service = f"arn:aws:iam::{ACCOUNT}:role/cfn"
    settings = Settings(account=ACCOUNT, role_arn=service)
    assert "ec2:CreateVpc" in granted("deploy") & granted("cloudformation")
    assert not {"ec2:CreateVpc", "iam:CreateRole", "lambda:DeleteFunction"} & granted("deploy", settings)
    key = {"iam:PassedToService": "cloudformation.amazonaws.com"}
    for verb in ("deploy", "destroy"):
        assert allows(verb, "iam:PassRole", service, settings, context=key)
        assert not allows(verb, "iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/other", settings, context=key)
        assert not allows(verb, "iam:PassRole", service, context=key)
    assert {right.source for right in granting.needed("cloudformation", SETTINGS)} <= {*types()}


@pytest.mark.parametrize("auth", ["NONE", "API_KEY", "AWS_IAM"])
def test_who_classifies_needs_what_the_api_asks_for(auth: str) -> None:
    settings = Settings(overrides={"ApiAuth": auth})
    more = {"API_KEY": {"apigateway:GET"}, "AWS_IAM": {"execute-api:Invoke"}}.get(auth, set())
    assert granted("classify", settings) == {"cloudformation:DescribeStacks", *more}


def test_in_a_given_bucket_only_our_uploads_are_touched() -> None:
    settings = Settings(bucket="theirs")
    assert allows("destroy", "s3:DeleteObject", "arn:aws:s3:::theirs/code/x", settings)
    assert not allows("destroy", "s3:DeleteObject", "arn:aws:s3:::theirs/notes", settings)
    assert not {"s3:DeleteBucket", "s3:CreateBucket", "s3:PutBucketPolicy"} & granted("deploy", settings)


@pytest.mark.parametrize(
    ("region", "partition"),
    [("", "*"), ("eu-west-1", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")],
)
def test_what_is_not_known_is_a_star(region: str, partition: str) -> None:
    text = json.dumps(all_statements("deploy", Settings(), region))
    assert f"arn:{partition}:cloudformation:{region or '*'}:*:stack/wildrydes-ml-mod5/*" in text
    assert f"arn:{partition}:s3:::wildrydes-ml-*-{region or '*'}" in text

"""The table of rights: held against each call in the gateways' source; and the policies made of it."""

import fnmatch
import json
import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

import pytest
from troposphere import Ref, Sub, Template
from troposphere.apigateway import Resource
from troposphere.cloudwatch import Alarm
from troposphere.dynamodb import AttributeDefinition, KeySchema, Table
from troposphere.iam import Role
from troposphere.kinesis import Stream
from troposphere.logs import LogGroup
from troposphere.s3 import Bucket
from troposphere.sns import SubscriptionResource, Topic
from troposphere.sqs import Queue

from tests.unit.aws.test_answers import CALLED
from wildrydes_ml.deploy.settings import Settings
from wildrydes_ml.deployment import Deployment, Stack
from wildrydes_ml.policy import grants
from wildrydes_ml.policy.grants import LIMIT, WHO, policies, size
from wildrydes_ml.policy.rights import CALLS, MADE, TABLE
from wildrydes_ml.policy.rows import KEPT_TYPES, VERBS
from wildrydes_ml.policy.scopes import SCOPES
from wildrydes_ml.template.effective import changes, effective
from wildrydes_ml.template.source import built
from wildrydes_ml.workshop import templates
from wildrydes_ml.workshop.settings import wild_rydes

ACCOUNT, REGION = "123456789012", "eu-west-1"
SETTINGS = wild_rydes(account=ACCOUNT)
FUNCTION_ARN = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:ml_inferencefunction"

# Words of the gateways' source that also are operations of a service whose operation is not called.
NAMESAKES = {
    ("efs", "DescribeTags"),
    ("efs", "ListTagsForResource"),
    ("logs", "PutIntegration"),
    ("service-quotas", "ListTagsForResource"),
    ("ssm", "ListTagsForResource"),
    ("stepfunctions", "ListTagsForResource"),
}


def table() -> Table:
    return Table(
        "Scores",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[AttributeDefinition(AttributeName="a", AttributeType="S")],
        KeySchema=[KeySchema(AttributeName="a", KeyType="HASH")],
    )


def rings(title: str) -> Alarm:
    return Alarm(
        title, ComparisonOperator="GreaterThanThreshold", EvaluationPeriods=1, Statistic="Sum", MetricName="Errors"
    )


def types() -> list[str]:
    """The resource types of the templates."""
    bodies = [build().to_dict() for build in templates.TEMPLATES.values()]
    return sorted({resource["Type"] for body in bodies for resource in body["Resources"].values()})


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


# Against the calls.


def test_every_call_of_the_gateways_has_a_row_and_every_row_is_called() -> None:
    called = {f"{service} {name}" for service, name in CALLED if (service, name) not in NAMESAKES}
    assert {right.source for right in CALLS} == {*called, "execute-api Invoke"}
    assert {*CALLED} >= NAMESAKES


def test_the_rows_are_for_verbs_and_scopes_that_there_are() -> None:
    assert {right.scope for right in TABLE} == {*SCOPES}
    assert all(right.when <= {*VERBS} for right in CALLS)
    assert all(right.when <= {"create", "read", "update", "delete"} for right in MADE)


def test_keeping_the_data_updates_no_other_type_than_destroy_may() -> None:
    body = templates.efs_99().to_dict()
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
    long = wild_rydes(name="a" + 30 * "b", account=ACCOUNT, overrides={"FunctionName": 64 * "f"}, bucket=63 * "c")
    bounded = wild_rydes(overrides={"PermissionsBoundary": f"arn:aws:iam::{ACCOUNT}:policy/{128 * 'p'}"})
    for settings in (SETTINGS, wild_rydes(), long, bounded):
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
    found = list(grants._packed([{"Sid": "S", "Effect": "Allow", "Action": actions, "Resource": ["*"]}]))
    assert all(size(document) <= LIMIT for document in found)
    told = [action for document in found for statement in document["Statement"] for action in statement["Action"]]
    assert told == actions


def test_what_one_statement_allows_on_more_is_not_in_a_second() -> None:
    with_role = wild_rydes(account=ACCOUNT, role_arn=f"arn:aws:iam::{ACCOUNT}:role/cfn")
    own, passed = ({one["Sid"] for one in all_statements("deploy", settings)} for settings in (SETTINGS, with_role))
    assert "Api" in passed - own
    assert "Apis" in own - passed
    on_all = {action for one in all_statements("deploy") if one["Resource"] == ["*"] for action in one["Action"]}
    others = [action for one in all_statements("deploy") if one["Resource"] != ["*"] for action in one["Action"]]
    assert on_all
    assert not on_all.intersection(others)


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
    settings = wild_rydes(account=ACCOUNT, overrides={"PermissionsBoundary": boundary})
    role, key = f"arn:aws:iam::{ACCOUNT}:role/wildrydes-ml-mod5-R-1", "iam:PermissionsBoundary"
    for action in ("iam:CreateRole", "iam:PutRolePolicy", "iam:PutRolePermissionsBoundary"):
        assert allows("deploy", action, role, settings, context={key: boundary})
        assert not allows("deploy", action, role, settings)
        assert allows("deploy", action, role)
    assert "iam:DeleteRolePermissionsBoundary" in granted("deploy") - granted("deploy", settings)


def test_a_role_of_cloudformation_takes_the_rights_of_its_work_from_the_caller() -> None:
    service = f"arn:aws:iam::{ACCOUNT}:role/cfn"
    settings = wild_rydes(account=ACCOUNT, role_arn=service)
    assert "ec2:CreateVpc" in granted("deploy") & granted("cloudformation")
    assert not {"ec2:CreateVpc", "iam:CreateRole", "lambda:DeleteFunction"} & granted("deploy", settings)
    key = {"iam:PassedToService": "cloudformation.amazonaws.com"}
    for verb in ("deploy", "destroy"):
        assert allows(verb, "iam:PassRole", service, settings, context=key)
        assert not allows(verb, "iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/other", settings, context=key)
        assert not allows(verb, "iam:PassRole", service, context=key)
    assert {right.source for right in grants.needed("cloudformation", SETTINGS)} <= {*types()}


def test_a_teacher_may_do_with_every_part_of_the_class_what_deploy_and_destroy_do_with_one() -> None:
    settings = wild_rydes(name="room", account=ACCOUNT)
    place = f"{REGION}:{ACCOUNT}"
    for action, ours in (
        ("cloudformation:CreateStack", f"cloudformation:{place}:stack/room-anna-mod5-inf/1"),
        ("cloudformation:DeleteStack", f"cloudformation:{place}:stack/room-mod5/1"),
        ("lambda:DeleteFunction", f"lambda:{place}:function:room-anna-ml_inferencefunction"),
        ("logs:DeleteLogGroup", f"logs:{place}:log-group:/aws/lambda/room-anna-ml_inferencefunction:*"),
        ("iam:CreateRole", f"iam::{ACCOUNT}:role/room-anna-mod5-inf-L-1"),
        ("s3:PutObject", f"s3:::room-{ACCOUNT}-{REGION}/code/x"),
    ):
        assert allows("class", action, f"arn:aws:{ours}", settings), action
        assert not allows("class", action, f"arn:aws:{ours.replace('room-', 'shop-')}", settings), action
    everything = granted("deploy") | granted("destroy") | granted("status")
    assert everything <= granted("class", settings)
    assert granted("class", settings) - everything == {"iam:GetAccountSummary"}


@pytest.mark.parametrize("verb", ["ask", "classify"])
@pytest.mark.parametrize("auth", ["NONE", "API_KEY", "AWS_IAM"])
def test_who_asks_needs_what_the_api_asks_for(verb: str, auth: str) -> None:
    settings = wild_rydes(overrides={"ApiAuth": auth})
    more = {"API_KEY": {"apigateway:GET"}, "AWS_IAM": {"execute-api:Invoke"}}.get(auth, set())
    assert granted(verb, settings) == {"cloudformation:DescribeStacks", *more}


def test_in_a_given_bucket_only_our_uploads_are_touched() -> None:
    settings = wild_rydes(bucket="theirs")
    assert allows("destroy", "s3:DeleteObject", "arn:aws:s3:::theirs/code/x", settings)
    assert not allows("destroy", "s3:DeleteObject", "arn:aws:s3:::theirs/notes", settings)
    assert not {"s3:DeleteBucket", "s3:CreateBucket", "s3:PutBucketPolicy"} & granted("deploy", settings)


@pytest.mark.parametrize(
    ("region", "partition"),
    [("", "*"), ("eu-west-1", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")],
)
def test_what_is_not_known_is_a_star(region: str, partition: str) -> None:
    text = json.dumps(all_statements("deploy", wild_rydes(), region))
    assert f"arn:{partition}:cloudformation:{region or '*'}:*:stack/wildrydes-ml-mod5/*" in text
    assert f"arn:{partition}:s3:::wildrydes-ml-*-{region or '*'}" in text


def test_the_roles_of_every_stack_may_be_made() -> None:
    template = Template()
    template.add_resource(Role("Role", AssumeRolePolicyDocument={}))
    stacks = tuple(Stack(built("one.yml", template), id) for id in ("base", "api", "api-two"))
    settings = Settings((Deployment(name="scorer", stacks=stacks),), account=ACCOUNT)
    for stack in ("scorer-base", "scorer-api", "scorer-api-two"):
        assert allows("deploy", "iam:CreateRole", f"arn:aws:iam::{ACCOUNT}:role/{stack}-Role-1AB", settings), stack
    assert not allows("deploy", "iam:CreateRole", f"arn:aws:iam::{ACCOUNT}:role/scorer-other-Role-1AB", settings)
    (made,) = {
        tuple(one["Resource"]) for one in all_statements("deploy", settings) if "iam:CreateRole" in one["Action"]
    }
    assert len(made) == 2


def test_without_efs_cloudformation_makes_no_network_no_file_system_and_no_instance() -> None:
    settings = wild_rydes(account=ACCOUNT, preset="packaged")
    making = {"ec2:CreateVpc", "ec2:RunInstances", "elasticfilesystem:CreateFileSystem"}
    assert making <= granted("cloudformation")
    changed = {
        action for action in granted("cloudformation", settings) if not re.search(r":(Describe|Get|List)", action)
    }
    for_batches = {"CreateVpcEndpoint", "ModifyVpcEndpoint", "DeleteVpcEndpoints", "CreateTags", "DeleteTags"}
    made = {action for action in changed if action.startswith(("ec2:", "elasticfilesystem:"))}
    assert made <= {f"ec2:{action}" for action in for_batches}
    assert allows("cloudformation", "lambda:CreateFunction", FUNCTION_ARN, settings)


def test_what_the_table_does_not_know_of_another_application_is_said() -> None:
    template = Template()
    template.add_resource([Stream("Results", ShardCount=1), SubscriptionResource("News", TopicArn="t", Protocol="sms")])
    settings = Settings((Deployment(name="sentiment", stacks=(Stack(built("news.yml", template)),)),))
    assert grants.untold(settings) == ["AWS::Kinesis::Stream", "AWS::SNS::Subscription"]
    assert grants.untold(wild_rydes()) == []
    actions = granted("deploy", settings)
    assert "cloudformation:CreateChangeSet" in actions
    assert "elasticfilesystem:CreateFileSystem" not in actions


def test_a_log_group_that_an_app_leaves_unnamed_has_a_name_of_its_stack_s() -> None:
    template = Template()
    template.add_resource([LogGroup("AnswerLogGroup"), Resource("Path", RestApiId="a", ParentId="b", PathPart="c")])
    settings = Settings((Deployment(name="iris", stacks=(Stack(built("iris.yml", template)),)),))
    made = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:iris-AnswerLogGroup-1:log-stream:x"
    assert grants.untold(settings) == []
    for verb, action in (("deploy", "CreateLogGroup"), ("destroy", "DeleteLogGroup"), ("logs", "FilterLogEvents")):
        assert allows(verb, f"logs:{action}", made, settings)
        assert not allows(verb, f"logs:{action}", made.replace("iris-", "shop-"), settings)
        assert not allows(verb, f"logs:{action}", made.replace("iris-", "wildrydes-ml-mod5-"))
    assert "apigateway:POST" in granted("deploy", settings)


def app_with(*resources: Any) -> Settings:
    """An application that adds resources to its stack."""
    template = Template()
    template.add_resource(list(resources))
    return Settings((Deployment(name="sentiment", stacks=(Stack(built("sentiment.yml", template)),)),), account=ACCOUNT)


@pytest.mark.parametrize(
    ("resource", "make", "remove", "arn"),
    [
        (Queue("Results"), "sqs:CreateQueue", "sqs:DeleteQueue", "arn:aws:sqs:{place}:{name}"),
        (Topic("News"), "sns:CreateTopic", "sns:DeleteTopic", "arn:aws:sns:{place}:{name}"),
        (table(), "dynamodb:CreateTable", "dynamodb:DeleteTable", "arn:aws:dynamodb:{place}:table/{name}"),
        (Bucket("Store"), "s3:CreateBucket", "s3:DeleteBucket", "arn:aws:s3:::{name}"),
        (
            rings("Alarm"),
            "cloudwatch:PutMetricAlarm",
            "cloudwatch:DeleteAlarms",
            "arn:aws:cloudwatch:{place}:alarm:{name}",
        ),
    ],
    ids=["queue", "topic", "table", "bucket", "alarm"],
)
def test_what_an_app_adds_may_be_made_and_removed_by_its_stack_s_name_alone(
    resource: Any, make: str, remove: str, arn: str
) -> None:
    settings, place = app_with(resource), f"{REGION}:{ACCOUNT}"
    assert grants.untold(settings) == []
    for verb, action in (("deploy", make), ("destroy", remove), ("cloudformation", make)):
        assert allows(verb, action, arn.format(place=place, name="sentiment-one-1ab"), settings), action
        assert not allows(verb, action, arn.format(place=place, name="shop-one-1ab"), settings), action
    assert not allows("destroy", make, arn.format(place=place, name="sentiment-one-1ab"), settings)
    without = app_with(Stream("Results", ShardCount=1))
    assert not allows("deploy", make, arn.format(place=place, name="sentiment-one-1ab"), without)


@pytest.mark.parametrize(
    ("name", "may", "may_not"),
    [
        ("results", "results", "sentiment-results-1"),
        (Ref("Anything"), "whatever", ""),
        (Sub("${AWS::StackName}-results"), "sentiment-results", "other-results"),
    ],
)
def test_what_has_a_name_of_its_own_is_known_by_that(name: Any, may: str, may_not: str) -> None:
    settings, arn = app_with(Queue("Results", QueueName=name)), f"arn:aws:sqs:{REGION}:{ACCOUNT}:"
    assert allows("deploy", "sqs:CreateQueue", arn + may, settings)
    assert not may_not or not allows("deploy", "sqs:CreateQueue", arn + may_not, settings)

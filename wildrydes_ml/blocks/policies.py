"""All IAM policies of the stacks, as pure functions of the resources that they are about.

Actions and resources are named one by one (awacs knows the actions, so a misspelt one raises).
"""

from typing import Any

import awacs.elasticfilesystem as efs
import awacs.logs as logs
import awacs.s3 as s3
from awacs.aws import (
    Action,
    Allow,
    ArnEquals,
    Bool,
    Condition,
    Deny,
    Null,
    PolicyDocument,
    Principal,
    Statement,
    StringEquals,
)
from awacs.sts import AssumeRole
from troposphere import Sub

from .choices import Value, fill

_VERSION = "2012-10-17"

# The function's stack is given an access point and no file-system id, so the statement names every file
# system of the account and region and lets the condition pick the one access point.
_ANY_FILE_SYSTEM = "arn:${AWS::Partition}:elasticfilesystem:${AWS::Region}:${AWS::AccountId}:file-system/*"


def trust(service: str) -> PolicyDocument:
    """Lets a service principal such as `lambda.amazonaws.com` assume the role."""
    return PolicyDocument(
        Version=_VERSION,
        Statement=[Statement(Effect=Allow, Action=[AssumeRole], Principal=Principal("Service", service))],
    )


def mount_only(access_point_arn: Any) -> PolicyDocument:
    """Allows reading through one access point: no writing, no root access."""
    return _client(access_point_arn, [efs.ClientMount])


def mount_and_write(access_point_arn: Any) -> PolicyDocument:
    """Allows reading and writing through one access point, for the instance that fills EFS."""
    return _client(access_point_arn, [efs.ClientMount, efs.ClientWrite])


def write_logs(log_group_arn: Any) -> PolicyDocument:
    """Allows writing to one existing log group; `log_group_arn` is the value of `GetAtt`, which ends in `:*`.

    It does not allow creating a log group: otherwise an invocation that ends after the group was deleted would create
    it again.
    """
    return PolicyDocument(
        Version=_VERSION,
        Statement=[
            Statement(Effect=Allow, Action=[logs.CreateLogStream, logs.PutLogEvents], Resource=[log_group_arn]),
        ],
    )


def join_vpc(function_name: Value) -> PolicyDocument:
    """Allows Lambda to create network interfaces for a function, but denies this to the function's own code.

    Calls by the function's code carry the function's ARN, always without version; Lambda's own calls do not
    (https://docs.aws.amazon.com/lambda/latest/dg/permissions-source-function-arn.html). The ARN is built from the
    name, since the function is created after its role. The interfaces' ids are not known beforehand, and describing
    interfaces must be allowed on all resources (https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html).
    """
    function = fill(
        "arn:${{AWS::Partition}}:lambda:${{AWS::Region}}:${{AWS::AccountId}}:function:{name}", name=function_name
    )
    actions = _network_interfaces()
    return PolicyDocument(
        Version=_VERSION,
        Statement=[
            Statement(Effect=Allow, Action=actions, Resource=["*"]),
            Statement(
                Effect=Deny,
                Action=actions,
                Resource=["*"],
                Condition=Condition(ArnEquals("lambda:SourceFunctionArn", function)),
            ),
        ],
    )


def read_objects(bucket: Value, *keys: Value) -> PolicyDocument:
    """Allows reading some objects in a bucket."""
    arns = [fill("arn:${{AWS::Partition}}:s3:::{bucket}/{key}", bucket=bucket, key=key) for key in keys]
    return PolicyDocument(Version=_VERSION, Statement=[Statement(Effect=Allow, Action=[s3.GetObject], Resource=arns)])


def read_and_write_pictures(source: Value, bucket: Value, prefix: Value) -> PolicyDocument:
    """Allows reading the objects of a bucket, and writing under a prefix of another.

    With the right to list, S3 says of a picture that is gone that it is gone; without, that access is denied
    (https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html).
    """
    names = {"source": source, "bucket": bucket, "prefix": prefix}
    return PolicyDocument(
        Version=_VERSION,
        Statement=[
            Statement(
                Effect=Allow, Action=[s3.GetObject], Resource=[fill("arn:${{AWS::Partition}}:s3:::{source}/*", **names)]
            ),
            Statement(
                Effect=Allow, Action=[s3.ListBucket], Resource=[fill("arn:${{AWS::Partition}}:s3:::{source}", **names)]
            ),
            Statement(
                Effect=Allow,
                Action=[s3.PutObject],
                Resource=[fill("arn:${{AWS::Partition}}:s3:::{bucket}/{prefix}*", **names)],
            ),
        ],
    )


def endpoint_to_pictures(source: Value, bucket: Value, prefix: Value) -> PolicyDocument:
    """A gateway endpoint's policy: reading from any bucket, since a picture's link may lead to one, and writing
    results only.

    It gives nobody a right: whoever comes through needs one of its own
    (https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html).
    """
    writes = fill("arn:${{AWS::Partition}}:s3:::{bucket}/{prefix}*", bucket=bucket, prefix=prefix)
    lists = fill("arn:${{AWS::Partition}}:s3:::{source}", source=source)
    return PolicyDocument(
        Version=_VERSION,
        Statement=[
            Statement(Effect=Allow, Principal=Principal("*"), Action=[action], Resource=[resource])
            for action, resource in (
                (s3.GetObject, Sub("arn:${AWS::Partition}:s3:::*/*")),
                (s3.ListBucket, lists),
                (s3.PutObject, writes),
            )
        ],
    )


def invoke(function_arn: Any) -> PolicyDocument:
    """Allows invoking a function, or a function's alias."""
    from awacs import awslambda  # only here: few templates need it

    return PolicyDocument(
        Version=_VERSION,
        Statement=[Statement(Effect=Allow, Action=[awslambda.InvokeFunction], Resource=[function_arn])],
    )


def run_children(machine: str) -> PolicyDocument:
    """Allows a state machine with that name to start and to stop the children of its Distributed Map
    (https://docs.aws.amazon.com/step-functions/latest/dg/iam-policies-eg-dist-map.html)."""
    from awacs import states

    arn = "arn:${AWS::Partition}:states:${AWS::Region}:${AWS::AccountId}"
    return PolicyDocument(
        Version=_VERSION,
        Statement=[
            Statement(Effect=Allow, Action=[states.StartExecution], Resource=[Sub(f"{arn}:stateMachine:{machine}")]),
            Statement(
                Effect=Allow,
                Action=[states.DescribeExecution, states.StopExecution],
                Resource=[Sub(f"{arn}:execution:{machine}/*")],
            ),
        ],
    )


def deliver_logs() -> PolicyDocument:
    """Allows Step Functions to deliver a state machine's log. CloudWatch knows no resource for these actions
    (https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html)."""
    actions = (
        "CreateLogDelivery",
        "GetLogDelivery",
        "UpdateLogDelivery",
        "DeleteLogDelivery",
        "ListLogDeliveries",
        "PutResourcePolicy",
        "DescribeResourcePolicies",
        "DescribeLogGroups",
    )
    return PolicyDocument(
        Version=_VERSION,
        Statement=[Statement(Effect=Allow, Action=[getattr(logs, name) for name in actions], Resource=["*"])],
    )


def encrypted_access_points_only() -> PolicyDocument:
    """A file-system policy: it denies clients that do not use TLS, an access point and IAM.

    It cannot name the file system or its access points, which are created after it. It has no Allow, so only the
    identities' own policies allow access (https://docs.aws.amazon.com/efs/latest/ug/iam-access-control-nfs-efs.html).
    """
    return PolicyDocument(
        Version=_VERSION,
        Statement=[
            _deny_clients("DenyWithoutTls", Bool("aws:SecureTransport", "false")),
            _deny_clients("DenyWithoutAccessPoint", Null("elasticfilesystem:AccessPointArn", "true")),
        ],
    )


def _network_interfaces() -> list[Action]:
    """What Lambda does for a function in a VPC, with the function's role. AWS's own policy for it allows the same, and
    more for logs
    (https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSLambdaVPCAccessExecutionRole.html)."""
    from awacs import ec2  # only here: most of its many actions are of no use, and an App may have no network

    return [
        ec2.CreateNetworkInterface,
        ec2.DescribeNetworkInterfaces,
        ec2.DescribeSubnets,
        ec2.DeleteNetworkInterface,
        ec2.AssignPrivateIpAddresses,
        ec2.UnassignPrivateIpAddresses,
    ]


def _client(access_point_arn: Any, actions: list[Action]) -> PolicyDocument:
    return PolicyDocument(
        Version=_VERSION,
        Statement=[
            Statement(
                Effect=Allow,
                Action=actions,
                Resource=[Sub(_ANY_FILE_SYSTEM)],
                Condition=Condition(StringEquals("elasticfilesystem:AccessPointArn", access_point_arn)),
            )
        ],
    )


def _deny_clients(sid: str, condition: Any) -> Statement:
    return Statement(
        Sid=sid,
        Effect=Deny,
        Principal=Principal("AWS", "*"),
        Action=[efs.Action("Client*")],
        Resource=["*"],
        Condition=Condition(condition),
    )

"""Every IAM policy of the stacks, as pure functions of what it is about.

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
    """Lets a service principal such as `lambda.amazonaws.com` take the role."""
    return PolicyDocument(
        Version=_VERSION,
        Statement=[Statement(Effect=Allow, Action=[AssumeRole], Principal=Principal("Service", service))],
    )


def mount_only(access_point_arn: Any) -> PolicyDocument:
    """Reading through one access point: no write, no root access."""
    return _client(access_point_arn, [efs.ClientMount])


def mount_and_write(access_point_arn: Any) -> PolicyDocument:
    """Reading and writing through one access point: for the instance that fills it."""
    return _client(access_point_arn, [efs.ClientMount, efs.ClientWrite])


def write_logs(log_group_arn: Any) -> PolicyDocument:
    """Writing to one log group that exists; `log_group_arn` is what `GetAtt` gives, with `:*` at its end.

    Without the right to make a group, an invocation that ends after the group is gone does not make it again.
    """
    return PolicyDocument(
        Version=_VERSION,
        Statement=[
            Statement(Effect=Allow, Action=[logs.CreateLogStream, logs.PutLogEvents], Resource=[log_group_arn]),
        ],
    )


def join_vpc(function_name: Value) -> PolicyDocument:
    """Network interfaces for a function, made by Lambda and not by the function's own code.

    Lambda's calls for the interfaces do not carry the function's ARN, those of its code do
    (https://docs.aws.amazon.com/lambda/latest/dg/permissions-source-function-arn.html), always without version. The
    ARN is made of the name, as the function itself comes after its role. Nobody knows the interfaces' ids beforehand,
    and to describe them must be allowed on all resources
    (https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html).
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


def read_object(bucket: Value, key: Value) -> PolicyDocument:
    """Reading one object of a bucket."""
    arn = fill("arn:${{AWS::Partition}}:s3:::{bucket}/{key}", bucket=bucket, key=key)
    return PolicyDocument(Version=_VERSION, Statement=[Statement(Effect=Allow, Action=[s3.GetObject], Resource=[arn])])


def encrypted_access_points_only() -> PolicyDocument:
    """A file-system policy: no client without TLS, none beside an access point, nobody without IAM.

    It cannot name the file system or its access points, which are made after it. A file-system policy
    without an Allow leaves the allowing to the identities' own policies
    (https://docs.aws.amazon.com/efs/latest/ug/iam-access-control-nfs-efs.html).
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
        Action=[efs.ClientMount, efs.ClientWrite, efs.ClientRootAccess],
        Resource=["*"],
        Condition=Condition(condition),
    )

"""Whether a function in a VPC can reach the AWS services that its role lets it use.

A function in a VPC has no public address: it reaches a service through a NAT gateway, or through an endpoint of that
service in the VPC. https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc-internet.html
The usual addresses of services are of IPv4. Over IPv6 alone a function has to ask for the others by a variable:
https://docs.aws.amazon.com/sdkref/latest/guide/feature-endpoints.html
"""

from collections.abc import Iterator
from typing import Any

from ..template.resolve import Body, is_known, mapping
from .findings import Fault, at
from .network import lacking, route_tables
from .stack import FUNCTION, SUBNET, Stack, entries, entries_or_values, references, texts

# Prefix of IAM's actions → the services' endpoints, at the end of `com.amazonaws.REGION.`, any of which may be meant.
# https://docs.aws.amazon.com/vpc/latest/privatelink/aws-services-privatelink-support.html
ENDPOINTS = {
    "athena": ("athena",),
    "bedrock": ("bedrock-runtime", "bedrock", "bedrock-agent-runtime"),
    "cloudwatch": ("monitoring",),
    "comprehend": ("comprehend",),
    "dynamodb": ("dynamodb",),
    "ecr": ("ecr.api", "ecr.dkr"),
    "events": ("events",),
    "execute-api": ("execute-api",),
    "firehose": ("kinesis-firehose",),
    "glue": ("glue",),
    "kinesis": ("kinesis-streams",),
    "lambda": ("lambda",),
    "polly": ("polly",),
    "rds-data": ("rds-data",),
    "rekognition": ("rekognition",),
    "s3": ("s3", "s3express"),
    "sagemaker": ("sagemaker.runtime", "sagemaker.api"),
    "secretsmanager": ("secretsmanager",),
    "ses": ("email-smtp", "email"),
    "sns": ("sns",),
    "sqs": ("sqs",),
    "ssm": ("ssm",),
    "states": ("states", "sync-states"),
    "sts": ("sts",),
    "textract": ("textract",),
    "transcribe": ("transcribe",),
    "translate": ("translate",),
}
_POLICIES = ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::IAM::RolePolicy")
_ENDPOINT = "AWS::EC2::VPCEndpoint"
_DUAL_STACK = "AWS_USE_DUALSTACK_ENDPOINT"


def service_in_reach(stack: Stack) -> Iterator[Fault]:
    """Every subnet of the function can reach each service that the function's role lets it use."""
    for function in stack.of(FUNCTION):
        ipv6 = str(stack.vpc_config(function).get("Ipv6AllowedForDualStack", False)).lower() != "false"
        by_ipv6 = ipv6 and _asks_by_ipv6(stack, function)
        closed = [one for one in stack.subnets_of(function) if lacking(stack, one, by_ipv6)]
        for service in sorted(services(stack, function)) if closed else []:
            missing = [subnet for subnet in closed if not _is_served(stack, service, subnet)]
            if missing:
                what = f"{function} may use {service}, but cannot reach it from {' and '.join(missing)}"
                fix = f"Add an AWS::EC2::VPCEndpoint of {ENDPOINTS[service][0]}, or a route to a NAT gateway."
                if not any(lacking(stack, one, ipv6) for one in missing):
                    fix += f" Over IPv6, set the variable {_DUAL_STACK} to true."
                yield Fault(at(function, "VpcConfig", "SubnetIds"), what, fix)


def _asks_by_ipv6(stack: Stack, function: str) -> bool:
    """Whether the AWS SDK in the function uses addresses with IPv6, or may do so."""
    variables = mapping(mapping(stack.of(FUNCTION)[function].get("Environment")).get("Variables"))
    asked = variables.get(_DUAL_STACK, "false")
    return not is_known(asked) or str(asked).lower() == "true"


def services(stack: Stack, function: str) -> set[str]:
    """The services that the policies of the function's role in this template allow, by the actions' prefix.

    What Lambda itself does for a function (logs, network interfaces, files, traces) needs no route from the VPC.
    """
    role = stack.named(stack.of(FUNCTION)[function].get("Role"), "AWS::IAM::Role")
    if role is None:
        return set()
    documents = [one.get("PolicyDocument") for one in entries(stack.of("AWS::IAM::Role")[role].get("Policies"))]
    documents += [
        one.get("PolicyDocument")
        for one in stack.of(*_POLICIES).values()
        if role in references([one.get("Roles"), one.get("RoleName")])
    ]
    return {prefix for document in documents for prefix in _allowed(document)} & ENDPOINTS.keys()


def has_endpoint(stack: Stack, service: str) -> bool:
    """Whether the template makes an endpoint of the service, in whatever VPC, or may do so."""
    return any(_is_of(one, service) for one in stack.of(_ENDPOINT).values())


def _allowed(document: Any) -> Iterator[str]:
    for statement in map(mapping, entries_or_values(mapping(document).get("Statement"))):
        if statement.get("Effect") == "Allow":
            for action in texts(entries_or_values(statement.get("Action"))):
                yield action.partition(":")[0].lower()


def _is_served(stack: Stack, service: str, subnet: str) -> bool:
    """Whether an endpoint of the service serves the subnet, or may do so."""
    return any(_is_of(one, service) and _serves(stack, one, subnet) for one in stack.of(_ENDPOINT).values())


def _is_of(endpoint: Body, service: str) -> bool:
    """Whether it is of the service; also where CloudFormation alone knows its name."""
    name = "".join(texts(endpoint.get("ServiceName")))
    return "amazonaws" not in name or name.endswith(tuple(f".{end}" for end in ENDPOINTS[service]))


def _serves(stack: Stack, endpoint: Body, subnet: str) -> bool:
    """An interface serves its VPC, a gateway the subnets of its route tables."""
    if endpoint.get("VpcEndpointType", "Gateway") != "Gateway":
        ours, its = (stack.named(one.get("VpcId"), "AWS::EC2::VPC") for one in (stack.of(SUBNET)[subnet], endpoint))
        return ours is None or its is None or ours == its
    tables = route_tables(stack, subnet)
    listed = entries_or_values(endpoint.get("RouteTableIds"))
    return any(table in listed for table in tables) or any(not is_known(one) and "Ref" not in one for one in listed)

"""Which changes lose something that cannot be created again: data, a network, or an address that others know."""

from collections.abc import Collection, Mapping, Sequence

from ..hints import meant
from ..template.change import ResourceChange

# All types of these services: networks and what is in them, files, databases, streams.
_SERVICES = tuple(
    f"AWS::{service}::"
    for service in ("DocDB", "EC2", "EFS", "ElastiCache", "FSx", "Kinesis", "MemoryDB", "Neptune", "RDS", "Redshift")
)
# Single types of other services, whose other types come and go without a loss. A log group is not here: it is a record
# of what was, with an end of its own (RetentionInDays), and a function that gets another name gets another one.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-attribute-deletionpolicy.html
_TYPES = frozenset(
    {
        "AWS::ApiGateway::DomainName",
        "AWS::ApiGateway::RestApi",
        "AWS::ApiGatewayV2::Api",
        "AWS::ApiGatewayV2::DomainName",
        "AWS::Cognito::IdentityPool",
        "AWS::Cognito::UserPool",
        "AWS::DynamoDB::GlobalTable",
        "AWS::DynamoDB::Table",
        "AWS::ECR::Repository",
        "AWS::ElasticLoadBalancingV2::LoadBalancer",
        "AWS::KMS::Key",
        "AWS::KMS::ReplicaKey",
        "AWS::Lambda::Url",
        "AWS::OpenSearchService::Domain",
        "AWS::Route53::HostedZone",
        "AWS::S3::Bucket",
        "AWS::SNS::Topic",
        "AWS::SQS::Queue",
        "AWS::SecretsManager::Secret",
    }
)

# No change of a property replaces these; an emulator says of any that it may.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-apigateway-restapi.html
_NEVER_REPLACED = frozenset({"AWS::ApiGateway::RestApi"})


def protected(
    changes: Sequence[ResourceChange], allowed: Collection[str], coming_and_going: Collection[str] = ()
) -> list[ResourceChange]:
    """The changes that delete or replace (or may replace) data, a network or an address.

    `allowed` are the logical ids that the user named with `--allow-replace`. `coming_and_going` are the logical ids of
    resources that are created and deleted as usual, such as the filling instance.
    """
    free = {*allowed, *coming_and_going}
    return [change for change in changes if _holds(change.type) and _loses(change) and change.logical_id not in free]


def unknown(allowed: Collection[str], resources: Mapping[str, str]) -> list[str]:
    """What to tell of names in `allowed` that are of no resource; `resources` have their types by logical id.

    It is no error: a command that is repeated names what the first one has removed.
    """
    guarded = sorted(title for title, kind in resources.items() if _holds(kind))
    known = f"its protected resources are {', '.join(guarded)}" if guarded else "it has no protected resources"
    return [
        f"--allow-replace {name} has no effect: this deployment has no such resource; {known}{meant(name, resources)}"
        for name in dict.fromkeys(allowed)
        if name not in resources
    ]


def _holds(kind: str) -> bool:
    return kind in _TYPES or kind.startswith(_SERVICES)


def _loses(change: ResourceChange) -> bool:
    harmless = {"False", "Conditional"} if change.type in _NEVER_REPLACED else {"False"}
    return change.action == "Remove" or (change.action == "Modify" and change.replacement not in harmless)

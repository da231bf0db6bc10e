"""On what rights are given: ARNs and conditions by a name, in words of what a deployment is called."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Scope:
    """On what: ARNs and a condition. `{names}` in them stand for what a deployment is called; where a name has no
    value, the ARN or the condition's entry is left out."""

    arns: tuple[str, ...]
    condition: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)


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
_TOPIC = "arn:{partition}:sns:{region}:{account}:{topic}"
_TABLE = "arn:{partition}:dynamodb:{region}:{account}:table/{table}"
_STATES = "arn:{partition}:states:{region}:{account}:"
_MACHINE_LOG = "arn:{partition}:logs:{region}:{account}:log-group:/aws/vendedlogs/states/{machine}"
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
    "log group": Scope((_LOG_GROUP, f"{_LOG_GROUP}:*", _MADE_GROUP, _MACHINE_LOG)),
    "buckets": Scope(("arn:{partition}:s3:::*",)),
    "batches": Scope(("arn:{partition}:s3:::{bucket}/{batches}*",)),
    "machines": Scope((f"{_STATES}stateMachine:{{machine}}",)),
    "executions": Scope((f"{_STATES}execution:{{machine}}",)),
    "map runs": Scope((f"{_STATES}mapRun:{{machine}}",)),
    "interfaces": Scope(("arn:{partition}:ec2:{region}:{account}:network-interface/*",)),
    "API": Scope((f"{_API}/restapis/*",)),
    "list of APIs": Scope((f"{_API}/restapis",)),
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
        (_ROLE,),
        {
            "StringLike": {
                "iam:PassedToService": ("ec2.amazonaws.com*", "lambda.amazonaws.com*", "states.amazonaws.com*")
            }
        },
    ),
    "profiles": Scope(("arn:{partition}:iam::{account}:instance-profile/{role}*",)),
    "roles of services": Scope(
        ("arn:{partition}:iam::{account}:role/aws-service-role/*",),
        {"StringEquals": {"iam:AWSServiceName": ("elasticfilesystem.amazonaws.com", "ops.apigateway.amazonaws.com")}},
    ),
    "Amazon Linux": Scope(("arn:{partition}:ssm:{region}:*:parameter/aws/service/ami-amazon-linux-latest/*",)),
    "alarms": Scope(("arn:{partition}:cloudwatch:{region}:{account}:alarm:{alarm}",)),
    "dashboards": Scope(("arn:{partition}:cloudwatch::{account}:dashboard/{dashboard}",)),
    "queues": Scope(("arn:{partition}:sqs:{region}:{account}:{queue}",)),
    "topics": Scope((_TOPIC, f"{_TOPIC}:*")),
    "tables": Scope((_TABLE, f"{_TABLE}/*")),
    "buckets of the stack": Scope(("arn:{partition}:s3:::{made_bucket}",)),
}

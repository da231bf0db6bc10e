"""Many pictures: a state machine whose Distributed Map gives batches of keys to a function, many at a time.

The map reads a manifest from a bucket: JSON Lines, each line `{"keys": [...]}`, one batch. Step Functions bills each
transition of a child, and that costs more than to look at a picture: so an item is a batch and not a picture.
The machine uses neither ItemBatcher nor ResultWriter, so that AWS and an emulator without them send the same events.
The function writes its results into a bucket itself; the machine keeps one number for each batch.

https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html
"""

import json
from dataclasses import dataclass
from typing import Any

from troposphere import GetAtt, Output, Parameter, Ref, Split, Sub, Template, ec2, iam, logs, stepfunctions

from ..template.headings import under
from . import arguments, policies
from .choices import Number, Value, add, boundary, fill, given, reference
from .function import Inference
from .rows import ALIAS_ARN, BATCH_CONCURRENCY, BATCH_PREFIX, BATCH_PREFIX_PATTERN, BATCH_TOLERATED, MOST_CHILDREN
from .suppressions import RETENTION_REASON, checkov_skips, guard_suppressions, waited_for

TITLE = "Batches"
_PREFIX_ADVICE = "use folders of letters, digits, dots, - and _, each with a slash behind it, or ''"
_UNTRACED = "X-Ray bills each trace; a batch has one step, and the function's log has its times."
_BUCKET_ADVICE = "name an S3 bucket: 3 to 63 lower-case letters, digits, hyphens and dots"


@dataclass(frozen=True, kw_only=True)
class BatchSettings:
    """How pictures are answered in batches. Each value may be a parameter. Raises TypeError and ValueError.

    Attributes:
        input: The S3 bucket with the pictures. The function may read all of it.
        output: The S3 bucket for manifests and results. The function may write under `prefix` only.
        prefix: Where in `output`: folders, each with a slash behind it; '' for the whole bucket.
        concurrency: Batches at a time, 1 to 10000. Each runs in an instance of the function.
        tolerated: Percent of the batches that may fail before the rest is given up, 0 to 100.
        log_retention: Days to keep the machine's log, which has errors only.
        permissions_boundary: The ARN of the machine's role's boundary; '' for none.
    """

    input: Value
    output: Value
    prefix: Value = BATCH_PREFIX
    concurrency: Number = BATCH_CONCURRENCY
    tolerated: Number = BATCH_TOLERATED
    log_retention: Number = 14
    permissions_boundary: Value = ""

    def __post_init__(self) -> None:
        for name in ("input", "output"):
            arguments.text(f"BatchSettings.{name}", getattr(self, name), arguments.BUCKET, _BUCKET_ADVICE)
        arguments.text("BatchSettings.prefix", self.prefix, BATCH_PREFIX_PATTERN, _PREFIX_ADVICE)
        arguments.number("BatchSettings.concurrency", self.concurrency, 1, MOST_CHILDREN, "batches at a time")
        arguments.number("BatchSettings.tolerated", self.tolerated, 0, 100, "percent")
        arguments.policy_arn("BatchSettings.permissions_boundary", self.permissions_boundary)


@dataclass(frozen=True)
class Batches:
    """The state machine, and what lets the function read and write."""

    machine: stepfunctions.StateMachine
    access: iam.PolicyType


@under("Batches: a state machine for many pictures, its log and its role, and what the function's role may do for it")
def add_batch(
    template: Template, function: Inference | Value, role: Value, settings: BatchSettings, *, title: str = TITLE
) -> Batches:
    """Adds the state machine with its log group and role, and a policy to the function's role.

    `function` is the result of `add_inference_function`, or the ARN of a function's alias; `role` is the function's
    role or its name. `title` is the machine's logical id, and the beginning of those of its parts.

    Raises ValueError when the template already has this title, TypeError for settings that are none.
    """
    arguments.unused(template, title, "use a different title for each machine")
    arguments.kind("settings", settings, BatchSettings, "pass the function, its role, then BatchSettings")
    alias = _alias(function)
    arguments.text("function", alias, ALIAS_ARN, "pass the ARN of a function's alias")
    log_group = _log_group(template, settings, title)
    machine_role = _role(template, alias, settings, title)
    access = _access(template, role, settings, title)
    machine = template.add_resource(
        stepfunctions.StateMachine(
            title,
            # The function must be able to read and write before the first batch.
            DependsOn=[access.title],
            StateMachineName=_name(title),
            RoleArn=GetAtt(machine_role, "Arn"),
            DefinitionString=definition(),
            DefinitionSubstitutions={
                "Partition": Ref("AWS::Partition"),
                "Function": alias,
                "Concurrency": reference(settings.concurrency),
                "Tolerated": reference(settings.tolerated),
            },
            LoggingConfiguration=_errors_to(log_group),
            Metadata=checkov_skips(CKV_AWS_284=_UNTRACED)
            | guard_suppressions(step_functions_state_machine_tracing_enabled_check=_UNTRACED),
        )
    )
    if isinstance(function, Inference):
        waited_for(function.function, "Step Functions")
    return Batches(machine, access)


def add_outputs(template: Template, made: Batches, function: Inference | Value, settings: BatchSettings) -> None:
    """Adds the outputs by which the command `batch` finds a machine."""
    found = {
        "BatchMachine": ("ARN of the state machine", Ref(made.machine)),
        "BatchFunction": ("ARN of the alias that batches are sent to", _alias(function)),
        "BatchInput": ("Bucket that the function may read", reference(settings.input)),
        "BatchOutput": (
            "Where manifests and results are",
            fill("s3://{bucket}/{prefix}", bucket=settings.output, prefix=settings.prefix),
        ),
        "BatchConcurrency": ("Batches at a time", _text(settings.concurrency)),
    }
    for name, (about, value) in found.items():
        template.add_output(Output(name, Description=about, Value=value))


@under("Network: a free way from the function to S3")
def add_s3_endpoint(
    template: Template, vpc: Value, route_tables: Any, settings: BatchSettings, *, title: str = f"{TITLE}S3Endpoint"
) -> ec2.VPCEndpoint:
    """Adds a gateway endpoint, so that functions in a VPC reach S3 at no charge, also without internet access. Through
    it they can read from any bucket of the region, and write only where the results go.

    A `vpc` that is a parameter with an empty value makes none. `route_tables` is a list, or a parameter with a list
    divided by commas.
    """
    arguments.unused(template, title, "a VPC needs one endpoint for S3")
    listed = Split(",", Ref(route_tables)) if isinstance(route_tables, Parameter) else route_tables
    endpoint = ec2.VPCEndpoint(
        title,
        VpcId=reference(vpc),
        ServiceName=Sub("com.amazonaws.${AWS::Region}.s3"),
        VpcEndpointType="Gateway",
        PolicyDocument=policies.endpoint_to_pictures(settings.input, settings.output, settings.prefix),
        RouteTableIds=[reference(one) for one in listed] if isinstance(listed, (list, tuple)) else listed,
    )
    return add(template, given(template, f"{title}Wanted", vpc), endpoint)


def definition() -> str:
    """The machine in Amazon States Language. Substitutions fill `${…}`; two of them are numbers, without quotes."""
    ask = {
        "Type": "Task",
        "Resource": "arn:${Partition}:states:::lambda:invoke",
        "Parameters": {"FunctionName": "${Function}", "Payload.$": "$"},
        # One number: the outputs of all batches together must stay below 256 KiB.
        "OutputPath": "$.Payload.left",
        "Retry": [
            _retry(["Lambda.TooManyRequestsException", "Lambda.ServiceException", "Lambda.SdkClientException"], 8),
            _retry(["States.ALL"], 2),
        ],
        "End": True,
    }
    every = {
        "Type": "Map",
        "Label": "Batch",
        "ItemReader": {
            "Resource": "arn:${Partition}:states:::s3:getObject",
            "ReaderConfig": {"InputType": "JSONL"},
            "Parameters": {"Bucket.$": "$.manifest.bucket", "Key.$": "$.manifest.key"},
        },
        "ItemSelector": {
            "batch": {"input.$": "$.input", "output.$": "$.output", "keys.$": "$$.Map.Item.Value.keys"},
        },
        "MaxConcurrency": "<Concurrency>",
        "ToleratedFailurePercentage": "<Tolerated>",
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
            "StartAt": "Ask",
            "States": {"Ask": ask},
        },
        "ResultSelector": {},
        "End": True,
    }
    text = json.dumps({"StartAt": "EachBatch", "States": {"EachBatch": every}}, indent=2)
    for name in ("Concurrency", "Tolerated"):
        text = text.replace(f'"<{name}>"', f"${{{name}}}")
    return text + "\n"


def _retry(errors: list[str], attempts: int) -> dict[str, Any]:
    """Later and later, each child at its own time, so that those that were throttled do not come back together."""
    return {
        "ErrorEquals": errors,
        "IntervalSeconds": 2,
        "BackoffRate": 2,
        "MaxDelaySeconds": 60,
        "MaxAttempts": attempts,
        "JitterStrategy": "FULL",
    }


def _name(title: str) -> Sub:
    """The name of the machine, and of what it needs."""
    return Sub(f"${{AWS::StackName}}-{title}")


def _alias(function: Inference | Value) -> Any:
    """The ARN of the function's alias, which is the alias's `Ref`."""
    return Ref(function.alias) if isinstance(function, Inference) else reference(function)


def _text(value: Number) -> Any:
    return str(value) if isinstance(value, (int, float)) else reference(value)


def _log_group(template: Template, settings: BatchSettings, title: str) -> logs.LogGroup:
    return template.add_resource(
        logs.LogGroup(
            f"{title}LogGroup",
            DeletionPolicy="Delete",
            UpdateReplacePolicy="Delete",
            # Names under this prefix share one resource policy, whose size is limited:
            # https://docs.aws.amazon.com/step-functions/latest/dg/bp-cwl.html
            LogGroupName=Sub(f"/aws/vendedlogs/states/${{AWS::StackName}}-{title}"),
            RetentionInDays=reference(settings.log_retention),
            Metadata=checkov_skips(
                CKV_AWS_158="The log has errors and no data of batches; CloudWatch's own key encrypts it."
            )
            | guard_suppressions(
                CLOUDWATCH_LOG_GROUP_ENCRYPTED="The log has errors and no data of batches, see CKV_AWS_158.",
                cloudwatch_log_group_retention_period_check=RETENTION_REASON,
            ),
        )
    )


def _errors_to(log_group: logs.LogGroup) -> stepfunctions.LoggingConfiguration:
    group = stepfunctions.CloudWatchLogsLogGroup(LogGroupArn=GetAtt(log_group, "Arn"))
    return stepfunctions.LoggingConfiguration(
        Destinations=[stepfunctions.LogDestination(CloudWatchLogsLogGroup=group)],
        IncludeExecutionData=False,
        Level="ERROR",
    )


def _access(template: Template, role: Value, settings: BatchSettings, title: str) -> iam.PolicyType:
    """What lets the function read and write."""
    return template.add_resource(
        iam.PolicyType(
            f"{title}Access",
            PolicyName=_name(title),
            PolicyDocument=policies.read_and_write_pictures(settings.input, settings.output, settings.prefix),
            Roles=[reference(role)],
            Metadata=guard_suppressions(
                IAM_NO_INLINE_POLICY_CHECK="Only the function's role uses it, and it is deleted with the state machine."
            ),
        )
    )


def _role(template: Template, alias: Any, settings: BatchSettings, title: str) -> iam.Role:
    documents = {
        "InvokeFunction": policies.invoke(alias),
        "ReadManifests": policies.read_objects(settings.output, fill("{prefix}*", prefix=settings.prefix)),
        "RunBatches": policies.run_children(f"${{AWS::StackName}}-{title}"),
        "DeliverLogs": policies.deliver_logs(),
    }
    return template.add_resource(
        iam.Role(
            f"{title}Role",
            AssumeRolePolicyDocument=policies.trust("states.amazonaws.com"),
            Policies=[iam.Policy(PolicyName=name, PolicyDocument=document) for name, document in documents.items()],
            PermissionsBoundary=boundary(template, settings.permissions_boundary),
            Metadata=checkov_skips(
                CKV_AWS_111="The deliveries of logs have no resource that a policy could name, says AWS's guide."
            )
            | guard_suppressions(
                IAM_NO_INLINE_POLICY_CHECK="Only this role uses the policies, and they are deleted with it."
            ),
        )
    )

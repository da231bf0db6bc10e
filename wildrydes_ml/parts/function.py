"""The inference function with what belongs to it: role, log group, and the alias that the API calls."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from troposphere import GetAtt, Join, Ref, Sub, Template, awslambda, iam, logs

from . import policies
from .choices import Value, add, choose, differs, fill, given, reference
from .lint import checkov_skips

ALIAS = "live"
HANDLER = "lambda_function.lambda_handler"


@dataclass(frozen=True)
class FileSystemMount:
    """Where a function finds its packages and model: subnets, groups, access point, path under /mnt."""

    subnets: Any
    security_groups: Any
    access_point_arn: Any
    path: Any
    ipv6: Any = False
    mount_targets: Sequence[str] = ()


@dataclass(frozen=True)
class FunctionSettings:
    """How the function runs; each value may be a template parameter.

    Memory in MiB (128 to 10240), timeout in seconds (1 to 900), concurrency in instances ('' and 0: off),
    log retention in days. `contents` tells what is on EFS, for a function that
    must wait for its filling. Another `revision` makes the function start anew and publishes a new version.
    """

    name: Value = "ml_inferencefunction"
    bucket: Value = ""
    key: Value = "code/ml_inferencefunction.zip"
    runtime: Value = "python3.13"
    architecture: Value = "x86_64"
    memory: Any = 3008
    timeout: Any = 90
    log_retention: Any = 14
    reserved_concurrency: Value = ""
    provisioned_concurrency: Value = "0"
    handler: str = HANDLER
    environment: Mapping[str, Any] = field(default_factory=dict)
    contents: Any = None
    revision: Any = ""


@dataclass(frozen=True)
class Inference:
    """The function and its alias, for the API and the outputs."""

    function: awslambda.Function
    alias: awslambda.Alias


def add_inference_function(template: Template, mount: FileSystemMount, settings: FunctionSettings) -> Inference:
    """Adds log group, role, function and the alias `live`."""
    log_group = _log_group(template, settings)
    role = _role(template, mount)
    function = _function(template, mount, settings, role, log_group)
    return Inference(function, _alias(template, function, mount, settings))


def _log_group(template: Template, settings: FunctionSettings) -> logs.LogGroup:
    return template.add_resource(
        logs.LogGroup(
            "ModelInferenceFunctionLogGroup",
            DeletionPolicy="Delete",
            UpdateReplacePolicy="Delete",
            LogGroupName=fill("/aws/lambda/{name}", name=settings.name),
            RetentionInDays=reference(settings.log_retention),
            Metadata=checkov_skips(
                CKV_AWS_158="Log lines hold no picture and no address; CloudWatch's own key encrypts them."
            ),
        )
    )


def _role(template: Template, mount: FileSystemMount) -> iam.Role:
    return template.add_resource(
        iam.Role(
            "LambdaEFSMLExecuteInferenceServiceRole",
            AssumeRolePolicyDocument=policies.trust("lambda.amazonaws.com"),
            # The network interfaces of a function in a VPC; it includes writing the logs.
            ManagedPolicyArns=[
                Sub("arn:${AWS::Partition}:iam::aws:policy/service-role/AWSLambdaVPCAccessExecutionRole")
            ],
            Policies=[
                iam.Policy(
                    PolicyName="MountAccessPoint",
                    PolicyDocument=policies.mount_only(mount.access_point_arn),
                )
            ],
        )
    )


def _function(
    template: Template,
    mount: FileSystemMount,
    settings: FunctionSettings,
    role: iam.Role,
    log_group: logs.LogGroup,
) -> awslambda.Function:
    reserved = given(template, "ConcurrencyIsReserved", settings.reserved_concurrency)
    return template.add_resource(
        awslambda.Function(
            "ModelInferenceFunction",
            DependsOn=[log_group.title, *mount.mount_targets],
            FunctionName=reference(settings.name),
            Description="Is this picture a unicorn? Loads TensorFlow and the model from EFS.",
            Code=awslambda.Code(S3Bucket=reference(settings.bucket), S3Key=reference(settings.key)),
            Handler=settings.handler,
            Runtime=reference(settings.runtime),
            Architectures=[reference(settings.architecture)],
            MemorySize=reference(settings.memory),
            Timeout=reference(settings.timeout),
            Role=GetAtt(role, "Arn"),
            ReservedConcurrentExecutions=choose(reserved, reference(settings.reserved_concurrency)),
            Environment=awslambda.Environment(Variables=_environment(mount, settings)),
            FileSystemConfigs=[
                awslambda.FileSystemConfig(Arn=mount.access_point_arn, LocalMountPath=reference(mount.path))
            ],
            VpcConfig=awslambda.VPCConfig(
                SecurityGroupIds=mount.security_groups,
                SubnetIds=mount.subnets,
                Ipv6AllowedForDualStack=mount.ipv6,
            ),
            Metadata=checkov_skips(
                CKV_AWS_116="API Gateway calls synchronously; a dead-letter queue serves asynchronous calls.",
                CKV_AWS_173="The variables are paths and numbers, no secrets; Lambda's own key encrypts them.",
            ),
        )
    )


def _environment(mount: FileSystemMount, settings: FunctionSettings) -> dict[str, Any]:
    return {
        "EFS_PATH": reference(mount.path),
        "PY_PKG_PATH": fill("tensorflow/lib/{runtime}/site-packages", runtime=settings.runtime),
        **({"EFS_CONTENTS": settings.contents} if settings.contents is not None else {}),
        "REVISION": reference(settings.revision),
        **{name: reference(value) for name, value in settings.environment.items()},
    }


def _alias(
    template: Template, function: awslambda.Function, mount: FileSystemMount, settings: FunctionSettings
) -> awslambda.Alias:
    """`live` follows the function itself; with provisioned concurrency, a version of it.

    Lambda refuses provisioned concurrency on $LATEST
    (https://docs.aws.amazon.com/lambda/latest/dg/provisioned-concurrency.html).
    """
    provisioned = differs(template, "ConcurrencyIsProvisioned", settings.provisioned_concurrency, "0")
    version = add(template, provisioned, _version(function, mount, settings))
    amount = awslambda.ProvisionedConcurrencyConfiguration(
        ProvisionedConcurrentExecutions=reference(settings.provisioned_concurrency)
    )
    return template.add_resource(
        awslambda.Alias(
            "ModelInferenceFunctionLive",
            Name=ALIAS,
            FunctionName=Ref(function),
            FunctionVersion=choose(provisioned, GetAtt(version, "Version"), "$LATEST"),
            ProvisionedConcurrencyConfig=choose(provisioned, amount),
        )
    )


def _version(function: awslambda.Function, mount: FileSystemMount, settings: FunctionSettings) -> awslambda.Version:
    """A snapshot of the function. Its Description names what is in it, since CloudFormation publishes a new
    version only when a property of this resource changes, and must not when the function has not. What has no
    place here (subnets, the access point) must change the revision. It holds 256
    characters, which the parameters' lengths keep to."""
    snapshot = [
        settings.key,
        settings.runtime,
        settings.architecture,
        settings.memory,
        settings.timeout,
        *settings.environment.values(),
        settings.revision,
    ]
    return awslambda.Version(
        "ModelInferenceFunctionVersion",
        FunctionName=Ref(function),
        Description=Join(" ", [reference(value) for value in snapshot]),
    )

"""An inference function with its role, its log group, and the alias that the API calls.

A template may have several functions, on one file system: each needs its own title and name.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, get_args

from troposphere import AWSHelperFn, GetAtt, Join, Ref, Template, awslambda, encode_to_dict, iam, logs

from ..naming import PACKED, PACKED_PACKAGES
from ..template.headings import under
from . import agreement, arguments, policies
from .agreement import RUNTIME, Architecture, Populate
from .choices import Later, Number, Value, add, boundary, choose, differs, fill, given, reference, references
from .mount import FileSystemMount
from .suppressions import RETENTION_REASON, cfn_lint_ignores, checkov_skips, guard_suppressions
from .visible import is_visible

TITLE = "ModelInferenceFunction"
ALIAS = "live"
HANDLER = "lambda_function.lambda_handler"
# A relative path starts where the function's code is, which is also its working directory.
IN_ZIP = {"EFS_PATH": PACKED, "PY_PKG_PATH": PACKED_PACKAGES}
"""The variables for packages and models that are in the function's zip instead of on EFS."""

# https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html
MEMORY_MIB = (128, 10240)
TIMEOUT_SECONDS = (1, 900)
DESCRIPTION_CHARACTERS = 256
# https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html
API_SECONDS = 29
_NAME = r"[A-Za-z0-9_-]{0,64}"
_HANDLER = r"[\w./-]+\.(?!py$)\w+"
_VARIABLE = r"[A-Za-z][A-Za-z0-9_]+"
# https://docs.aws.amazon.com/lambda/latest/api/API_PublishVersion.html: characters of a description.
_VERSION_LENGTH = 256
# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
LOG_RETENTION_DAYS = (
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class FunctionSettings:
    """How a function runs. Each value may be a parameter. Raises TypeError and ValueError for wrong values.

    Attributes:
        name: '' lets CloudFormation choose the names of function and log group.
        bucket: The S3 bucket with the function's zip, under `key`.
        memory: MiB, 128 to 10240.
        timeout: Seconds, 1 to 900. More than API Gateway's 29 needs a sentence in `long_because` that says why.
        log_retention: Days to keep the logs: one of the values that CloudWatch Logs allows.
        logs_hold: What the logs contain, for the reason why CloudWatch's own key is enough.
        reserved_concurrency: Instances; '' for off. `provisioned_concurrency`: instances; 0 for off.
        handler: The handler in the zip, as `module.function`.
        environment: Variables beside EFS_PATH (the mount path), PY_PKG_PATH (the packages) and REVISION, or new values.
        contents: The result of `add_populate`, with the same runtime and architecture: the function waits for it.
        revision: Any text; another text restarts the function and publishes a new version.
        policies: What the role may do in addition to mounting, logging and joining the VPC.
        permissions_boundary: The ARN of the role's boundary; '' for none.
    """

    name: Value
    bucket: Value
    key: Value
    runtime: Value = "python3.13"
    architecture: Architecture | Later = "x86_64"
    memory: Number = 3008
    timeout: Number = API_SECONDS
    long_because: str = ""
    log_retention: Number = 14
    logs_hold: str = "what the function writes"
    reserved_concurrency: Value | int = ""
    provisioned_concurrency: Value | int = "0"
    handler: str = HANDLER
    environment: Mapping[str, Value | float] = field(default_factory=dict)
    contents: Populate | None = None
    revision: Value = ""
    description: Value = "Loads packages and model from EFS."
    policies: Sequence[iam.Policy] = ()
    permissions_boundary: Value = ""

    def __post_init__(self) -> None:
        texts = {
            "name": (_NAME, "use 1 to 64 letters, digits, _ and -, or '' to let CloudFormation choose the name"),
            "bucket": (arguments.BUCKET, arguments.BUCKET_ADVICE),
            "key": (r".+", "name the zip's key in the bucket"),
            "runtime": (RUNTIME, "use a Lambda runtime such as python3.13, the Python of the packages on EFS"),
            "handler": (_HANDLER, "use module.function, such as app.answer for answer() in app.py"),
            "reserved_concurrency": (r"\d*", "use a whole number, or '' for off"),
            "provisioned_concurrency": (r"\d+", "use a whole number, 0 for off"),
        }
        for name, (pattern, advice) in texts.items():
            arguments.text(f"FunctionSettings.{name}", getattr(self, name), pattern, advice)
        arguments.policy_arn("FunctionSettings.permissions_boundary", self.permissions_boundary)
        arguments.one_of("FunctionSettings.architecture", self.architecture, get_args(Architecture))
        arguments.number("FunctionSettings.memory", self.memory, *MEMORY_MIB, "MiB", whole=True)
        if arguments.is_known("FunctionSettings.log_retention", self.log_retention):
            days = str(self.log_retention)
            arguments.one_of("FunctionSettings.log_retention", days, [str(known) for known in LOG_RETENTION_DAYS])
        arguments.is_known("FunctionSettings.revision", self.revision)
        arguments.length("FunctionSettings.description", self.description, DESCRIPTION_CHARACTERS)
        arguments.kind("FunctionSettings.environment", self.environment, Mapping, "pass a dict of names and values")
        for name, value in self.environment.items():
            advice = "use letters, digits and _, a letter first"
            arguments.text("a variable of FunctionSettings.environment", name, _VARIABLE, advice)
            arguments.is_known(f"FunctionSettings.environment[{name!r}]", value)
        _check_policies(self.policies)
        self._check_time()
        self._check_concurrency()
        agreement.check("FunctionSettings", self.contents, runtime=self.runtime, architecture=self.architecture)

    def _check_time(self) -> None:
        arguments.number("FunctionSettings.timeout", self.timeout, *TIMEOUT_SECONDS, "seconds", whole=True)
        known = arguments.is_known("FunctionSettings.timeout", self.timeout)
        if self.reason and known and float(str(self.timeout)) <= API_SECONDS:
            why = f"timeout {self.timeout} is not over the {API_SECONDS} s that API Gateway waits"
            raise ValueError(f"FunctionSettings.long_because is given, but {why}: remove long_because")

    def _check_concurrency(self) -> None:
        """Lambda refuses more instances that are always ready than the function may have
        (https://docs.aws.amazon.com/lambda/latest/dg/provisioned-concurrency.html)."""
        reserved, ready = (str(one) for one in (self.reserved_concurrency, self.provisioned_concurrency))
        if reserved.isdecimal() and ready.isdecimal() and int(ready) > int(reserved):
            raise ValueError(
                f"FunctionSettings.provisioned_concurrency is {ready}, more than reserved_concurrency, {reserved}: "
                "reserve as many, or more"
            )

    @property
    def reason(self) -> str:
        """Why the function may run for longer than API Gateway waits; empty if it may not."""
        where = "FunctionSettings.long_because"
        return arguments.sentence(where, self.long_because, "write a sentence that says why it may run so long")


def _check_policies(policies: object) -> None:
    where, advice = "FunctionSettings.policies", "pass a list of troposphere.iam.Policy"
    arguments.kind(where, policies, (list, tuple), advice)
    for policy in policies if isinstance(policies, (list, tuple)) else ():
        arguments.kind(f"{where}[…]", policy, (iam.Policy, AWSHelperFn), advice)


@dataclass(frozen=True)
class Inference:
    """The function and its alias."""

    function: awslambda.Function
    alias: awslambda.Alias


@under("Function: what answers a request, with its log group, its role and its alias")
def add_inference_function(
    template: Template,
    mount: FileSystemMount | None,
    settings: FunctionSettings,
    *,
    title: str = TITLE,
    role_title: str = "",
) -> Inference:
    """Adds log group, role, function and the alias `live`.

    Without a `mount` the function has only its zip, and joins no network. `title` is the function's logical id, and the
    beginning of those of its parts; `role_title` is the role's logical id, by default `title` and Role.

    Raises ValueError when the template already has this title or a function with this name, when the mount has an
    access point's id instead of its ARN, and when texts are too long for a published version.
    """
    role = role_title or f"{title}Role"
    for one in (title, f"{title}LogGroup", role, f"{title}Live"):
        arguments.unused(template, one, "use a different title for each function")
    if mount is not None:
        arguments.kind("mount", mount, FileSystemMount, "pass a FileSystemMount, then FunctionSettings")
        arguments.no_id(template, "FileSystemMount.access_point_arn", mount.access_point_arn)
    arguments.kind("settings", settings, FunctionSettings, "pass a FileSystemMount, then FunctionSettings")
    _refuse_same_name(template, settings)
    log_group = _log_group(template, settings, title)
    made = _role(template, mount, settings, log_group, role)
    function = _function(template, mount, settings, made, log_group, title)
    return Inference(function, _alias(template, function, settings))


def _refuse_same_name(template: Template, settings: FunctionSettings) -> None:
    name = reference(settings.name)
    if name == "":
        return
    for title, resource in template.resources.items():
        if isinstance(resource, awslambda.Function) and resource.properties.get("FunctionName") == name:
            raise ValueError(f"FunctionSettings.name is {name!r}, which {title} already uses: use another name")


_INTERFACES_REASON = (
    "The ids of Lambda's network interfaces are not known in advance; the function's code may not touch them."
)


def _interfaces_reason(mount: FileSystemMount | None, settings: FunctionSettings) -> dict[str, str]:
    """Nothing for a role with another policy on any resource: the reason would not be true of that."""
    others = json.dumps([encode_to_dict(policy) for policy in settings.policies])
    return {"CKV_AWS_111": _INTERFACES_REASON} if mount is not None and '"*"' not in others else {}


def _prefix(title: str) -> str:
    """The beginning of the names of conditions; empty for the workshop's function."""
    return "" if title == TITLE else title


def _log_group(template: Template, settings: FunctionSettings, title: str) -> logs.LogGroup:
    name = {} if settings.name == "" else {"LogGroupName": fill("/aws/lambda/{name}", name=settings.name)}
    return template.add_resource(
        logs.LogGroup(
            f"{title}LogGroup",
            DeletionPolicy="Delete",
            UpdateReplacePolicy="Delete",
            **name,
            RetentionInDays=reference(settings.log_retention),
            Metadata=checkov_skips(
                CKV_AWS_158=f"Log lines hold {settings.logs_hold}; CloudWatch's own key encrypts them."
            )
            | guard_suppressions(
                CLOUDWATCH_LOG_GROUP_ENCRYPTED=f"Log lines hold {settings.logs_hold}, see CKV_AWS_158.",
                cloudwatch_log_group_retention_period_check=RETENTION_REASON,
            ),
        )
    )


def _role(
    template: Template, mount: FileSystemMount | None, settings: FunctionSettings, log_group: logs.LogGroup, title: str
) -> iam.Role:
    own = {"WriteLogs": policies.write_logs(GetAtt(log_group, "Arn"))}
    if mount is not None:
        own = {
            "MountAccessPoint": policies.mount_only(reference(mount.access_point_arn)),
            # The role serves this function alone: where its name is not known, any function's ARN is the function's.
            "JoinVpc": policies.join_vpc("*" if settings.name == "" else settings.name),
            **own,
        }
    return template.add_resource(
        iam.Role(
            title,
            AssumeRolePolicyDocument=policies.trust("lambda.amazonaws.com"),
            Policies=[
                *(iam.Policy(PolicyName=name, PolicyDocument=document) for name, document in own.items()),
                *settings.policies,
            ],
            PermissionsBoundary=boundary(template, settings.permissions_boundary),
            Metadata=checkov_skips(**_interfaces_reason(mount, settings))
            | guard_suppressions(
                IAM_NO_INLINE_POLICY_CHECK="Only this role uses the policies, and they are deleted with it."
            ),
        )
    )


def _function(
    template: Template,
    mount: FileSystemMount | None,
    settings: FunctionSettings,
    role: iam.Role,
    log_group: logs.LogGroup,
    title: str,
) -> awslambda.Function:
    reserved = given(template, f"{_prefix(title)}ConcurrencyIsReserved", settings.reserved_concurrency)
    names = (
        {"LoggingConfig": awslambda.LoggingConfig(LogGroup=Ref(log_group))}
        if settings.name == ""
        else {"FunctionName": reference(settings.name)}
    )
    # What the function refers to is made before it anyway.
    before = [*([] if settings.name == "" else [log_group.title]), *(mount.mount_targets if mount else ())]
    return template.add_resource(
        awslambda.Function(
            title,
            **({"DependsOn": before} if before else {}),
            **names,
            Description=reference(settings.description),
            Code=awslambda.Code(S3Bucket=reference(settings.bucket), S3Key=reference(settings.key)),
            Handler=settings.handler,
            Runtime=reference(settings.runtime),
            Architectures=[reference(settings.architecture)],
            MemorySize=reference(settings.memory),
            Timeout=reference(settings.timeout),
            Role=GetAtt(role, "Arn"),
            ReservedConcurrentExecutions=choose(reserved, reference(settings.reserved_concurrency)),
            Environment=awslambda.Environment(Variables=_environment(mount, settings)),
            **(_mounted(mount) if mount else {}),
            Metadata=_suppressions(template, mount, settings),
        )
    )


def _mounted(mount: FileSystemMount) -> dict[str, Any]:
    """The properties by which a function sees the file system."""
    return {
        "FileSystemConfigs": [
            awslambda.FileSystemConfig(Arn=reference(mount.access_point_arn), LocalMountPath=reference(mount.path))
        ],
        "VpcConfig": awslambda.VPCConfig(
            SecurityGroupIds=references(mount.security_groups),
            SubnetIds=references(mount.subnets),
            Ipv6AllowedForDualStack=mount.ipv6,
        ),
    }


_VARIABLES_REASON = "They hold no secrets: whoever can read this stack can read them. Lambda's own key encrypts them."
_NETWORK_REASON = "It mounts nothing, and needs no address inside a network."


def _suppressions(template: Template, mount: FileSystemMount | None, settings: FunctionSettings) -> dict[str, Any]:
    outside = mount is None
    visible = all(is_visible(template, reference(value)) for value in settings.environment.values())
    return {
        **checkov_skips(
            **({"CKV_AWS_117": _NETWORK_REASON} if outside else {}),
            **({"CKV_AWS_173": _VARIABLES_REASON} if visible else {}),
        ),
        **guard_suppressions(
            **({"LAMBDA_INSIDE_VPC": f"{_NETWORK_REASON[:-1]}, see CKV_AWS_117."} if outside else {}),
            LAMBDA_CONCURRENCY_CHECK="To reserve is a choice; an account with a limit of 10 has nothing to reserve.",
        ),
        **(cfn_lint_ignores(W9907=settings.reason) if settings.reason else {}),
    }


def _environment(mount: FileSystemMount | None, settings: FunctionSettings) -> dict[str, Any]:
    packages = fill("tensorflow/lib/{runtime}/site-packages", runtime=settings.runtime)
    return {
        **({"EFS_PATH": reference(mount.path), "PY_PKG_PATH": packages} if mount else {}),
        **({"EFS_CONTENTS": settings.contents.reported} if settings.contents is not None else {}),
        "REVISION": reference(settings.revision),
        **{name: reference(value) for name, value in settings.environment.items()},
    }


def _alias(template: Template, function: awslambda.Function, settings: FunctionSettings) -> awslambda.Alias:
    """`live` follows the function itself; with provisioned concurrency, a version of it.

    Lambda refuses provisioned concurrency on $LATEST
    (https://docs.aws.amazon.com/lambda/latest/dg/provisioned-concurrency.html).
    """
    condition = f"{_prefix(function.title)}ConcurrencyIsProvisioned"
    provisioned = differs(template, condition, settings.provisioned_concurrency, "0")
    if provisioned:
        _refuse_long_snapshot(settings)
    version = add(template, provisioned, _version(function, settings))
    amount = awslambda.ProvisionedConcurrencyConfiguration(
        ProvisionedConcurrentExecutions=reference(settings.provisioned_concurrency)
    )
    return template.add_resource(
        awslambda.Alias(
            f"{function.title}Live",
            Name=ALIAS,
            FunctionName=Ref(function),
            FunctionVersion=choose(provisioned, GetAtt(version, "Version"), "$LATEST"),
            ProvisionedConcurrencyConfig=choose(provisioned, amount),
        )
    )


def _version(function: awslambda.Function, settings: FunctionSettings) -> awslambda.Version:
    """A snapshot of the function. Its Description names what is in it: CloudFormation publishes a new version only
    when a property of this resource changes, and must not do so when the function has not changed. A change of
    anything else (subnets, the access point) must come with another revision."""
    return awslambda.Version(
        f"{function.title}Version",
        FunctionName=Ref(function),
        Description=Join(" ", [reference(value) for value in _snapshot(settings)]),
    )


def _snapshot(settings: FunctionSettings) -> list[Any]:
    return [
        *([] if settings.handler == HANDLER else [settings.handler]),
        settings.key,
        settings.runtime,
        settings.architecture,
        settings.memory,
        settings.timeout,
        *settings.environment.values(),
        settings.revision,
    ]


def _refuse_long_snapshot(settings: FunctionSettings) -> None:
    known = " ".join(str(value) for value in _snapshot(settings) if isinstance(value, (str, float, int)))
    if len(known) > _VERSION_LENGTH:
        raise ValueError(
            f"FunctionSettings has texts of {len(known)} characters, in key and environment above all, where a "
            f"version, as provisioned_concurrency needs, has room for {_VERSION_LENGTH}: shorten them"
        )

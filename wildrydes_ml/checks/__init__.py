"""Checks that no linter does: whether the function, the file system and the network of a template fit together.

    for finding in check(template.to_dict()):
        print(finding)

Each check looks at the template with the values of its parameters filled in. What only CloudFormation can know is never
a finding. To ignore a check, use `ignore_checks` in the `Metadata` of the resource or of the template, as for cfn-lint.
`wildrydes_ml.lint_rules` has the same checks as rules for cfn-lint.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..template.resolve import Body, mapping, resolve
from . import filling, mounting, network, reach, running, serving
from .findings import Fault, Finding, Path
from .stack import Stack

__all__ = ["CHECKS", "Check", "Finding", "check"]

_LAMBDA = "https://docs.aws.amazon.com/lambda/latest/dg/"
_REFERENCE = "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/"


@dataclass(frozen=True)
class Check:
    """One rule. `E` means that the deploy or the function fails, `W` that it is often a mistake. `why` is for users."""

    id: str
    name: str
    title: str
    why: str
    source: str
    faults: Callable[[Stack], Iterator[Fault]]


CHECKS = (
    Check(
        "E9901",
        "MountTargetInEveryZone",
        "The Availability Zone of every subnet of the function has a mount target",
        "Lambda connects each subnet to the mount target in the same zone.",
        f"{_LAMBDA}configuration-filesystem-efs.html",
        network.mount_target_in_every_zone,
    ),
    Check(
        "E9902",
        "NfsReachesTheMountTargets",
        "Port 2049 is open from the function's security groups to those of the mount targets",
        "Without NFS between them, every call of the function fails with a mount time-out.",
        "https://docs.aws.amazon.com/efs/latest/ug/network-access.html",
        network.nfs_reaches_the_mount_targets,
    ),
    Check(
        "E9903",
        "FunctionWaitsForMountTargets",
        "The function is created after the mount targets",
        "Lambda needs them when it creates the function, but CloudFormation would create both at the same time.",
        f"{_LAMBDA}configuration-filesystem-efs.html",
        mounting.waits_for_mount_targets,
    ),
    Check(
        "E9904",
        "AccessPointCanRead",
        "The access point's user can read what the installer wrote",
        "EFS checks permissions for the access point's user, whatever user the code runs as.",
        f"{_REFERENCE}aws-properties-efs-accesspoint-creationinfo.html",
        mounting.access_point_can_read,
    ),
    Check(
        "E9905",
        "LocalMountPath",
        "The file system is mounted under /mnt, at the path that the function uses",
        "Lambda can mount a file system at /mnt/NAME only.",
        f"{_REFERENCE}aws-properties-lambda-function-filesystemconfig.html",
        mounting.local_path_is_under_mnt,
    ),
    Check(
        "E9906",
        "RuntimeIsThePackagesPython",
        "The runtime has the Python version that the packages are installed for",
        "Compiled packages load only in the Python version that they were built for.",
        f"{_LAMBDA}python-package.html",
        running.runtime_is_the_packages_python,
    ),
    Check(
        "W9907",
        "TimeoutWithinTheApis",
        "The function ends before API Gateway stops waiting",
        "Otherwise the caller gets an error 504, while the function continues and is billed.",
        "https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html",
        running.timeout_within_the_apis,
    ),
    Check(
        "E9908",
        "SnapStartStandsAlone",
        "SnapStart is not combined with EFS, provisioned concurrency or a large /tmp",
        "Lambda does not support the combination.",
        f"{_LAMBDA}snapstart.html",
        running.snap_start_stands_alone,
    ),
    Check(
        "W9909",
        "RouteToTheInternet",
        "Every subnet of the function has a route to the Internet",
        "Without one, the function cannot fetch anything from the web, such as pictures by URL.",
        f"{_LAMBDA}configuration-vpc-internet.html",
        network.route_to_the_internet,
    ),
    Check(
        "E9910",
        "ProcessorIsThePackages",
        "The function has the processor that the packages are installed for",
        "Compiled packages load only on the processor that they were built for.",
        f"{_LAMBDA}foundation-arch.html",
        filling.processor_is_the_functions,
    ),
    Check(
        "E9911",
        "OneMountTargetInAZone",
        "A file system has only one mount target in an Availability Zone",
        "EFS refuses a second one, and the stack is rolled back.",
        "https://docs.aws.amazon.com/efs/latest/ug/accessing-fs.html",
        network.one_mount_target_in_a_zone,
    ),
    Check(
        "E9912",
        "AccessPointByItsArn",
        "A mount names the access point by its ARN",
        "Ref returns the access point's id, which Lambda does not accept.",
        f"{_REFERENCE}aws-properties-lambda-function-filesystemconfig.html",
        mounting.access_point_by_its_arn,
    ),
    Check(
        "W9913",
        "FunctionWaitsForItsFilling",
        "The function is created after the instance has filled its file system",
        "Otherwise it may be called before packages and model are complete, and it keeps what it has loaded.",
        f"{_REFERENCE}aws-resource-cloudformation-waitcondition.html",
        filling.function_waits_for_its_filling,
    ),
    Check(
        "W9914",
        "ApiHasAStage",
        "An API has a stage",
        "Without a deployment in a stage, nobody can call it.",
        "https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-deploy-api.html",
        serving.api_has_a_stage,
    ),
    Check(
        "W9920",
        "ServiceInReach",
        "The function can reach every AWS service that it may use",
        "A function in a VPC reaches an AWS service only through a NAT gateway or an endpoint of the service.",
        f"{_LAMBDA}configuration-vpc-internet.html",
        reach.service_in_reach,
    ),
)


def check(body: Body, parameters: Mapping[str, Any] | None = None) -> list[Finding]:
    """All findings on a template's body (the result of `Template.to_dict()`), in the order of the checks.

    `parameters` are values of the template's parameters; the others have their defaults. Raises `ValueError` for a
    parameter that the template does not have.
    """
    stack = _stack(body, parameters)
    found = [finding for one in CHECKS for finding in _findings(one, stack, body)]
    return [finding for finding in found if not _is_ignored(finding, body)]


def findings_of(one: Check, body: Body) -> list[Finding]:
    """All findings of one check with the parameters' defaults, including ignored ones."""
    return list(_findings(one, _stack(body), body))


def _stack(body: Body, parameters: Mapping[str, Any] | None = None) -> Stack:
    return Stack(resolve(body, parameters)["Resources"], mapping(body.get("Resources")))


def _findings(one: Check, stack: Stack, body: Body) -> Iterator[Finding]:
    for fault in one.faults(stack):
        path = _existing(body, fault.path)
        yield Finding(one.id, path, fault.what, one.why, fault.fix, one.source)


def _existing(body: Any, path: Path) -> Path:
    """The part of the path that the template as written has: a property may be missing or chosen by Fn::If."""
    for length, key in enumerate(path):
        if not isinstance(body, Mapping) or key not in body:
            return path[:length]
        body = body[key]
    return path


def _is_ignored(finding: Finding, body: Body) -> bool:
    resource = mapping(body["Resources"][finding.path[1]])
    ignored = [rule for holder in (body, resource) for rule in _ignored(holder)]
    return any(rule and finding.rule.startswith(rule) for rule in ignored)


def _ignored(holder: Body) -> list[str]:
    """As cfn-lint reads it (https://github.com/aws-cloudformation/cfn-lint#metadata)."""
    lint = mapping(mapping(holder.get("Metadata")).get("cfn-lint"))
    return [str(rule) for rule in mapping(lint.get("config")).get("ignore_checks", [])]

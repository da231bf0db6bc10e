"""Whether a function can run as configured: its Python version, its timeout, its start."""

import re
from collections.abc import Iterator
from typing import Any

from ..template.resolve import Body, mapping, number
from . import filling
from .findings import Fault, at
from .stack import FUNCTION, Stack, references, texts

# https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html
REST_LIMIT_MS = 29_000
# https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
HTTP_LIMIT_MS = 30_000
# https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-function.html
_DEFAULT_TIMEOUT_S = 3
_SNAPSHOT_DISK_MB = 512
_QUALIFIERS = ("AWS::Lambda::Alias", "AWS::Lambda::Version")


def runtime_is_the_packages_python(stack: Stack) -> Iterator[Fault]:
    """The runtime's Python version is the one of the packages, and the one that installs them."""
    for title, function in stack.of(FUNCTION).items():
        runtime = re.fullmatch(r"python(3\.\d+)", str(function.get("Runtime")))
        if runtime and "FileSystemConfigs" in function:
            yield from _other_packages(title, function, runtime[1])
    yield from filling.python_is_the_functions(stack)


def _other_packages(title: str, function: Body, version: str) -> Iterator[Fault]:
    for name, value in mapping(mapping(function.get("Environment")).get("Variables")).items():
        others = {
            found for text in texts(value) for found in re.findall(r"python(3\.\d+)/(?:site|dist)-packages", text)
        }
        if others - {version}:
            what = f"{title} runs Python {version}, but its variable {name} is {value!r}"
            path = at(title, "Environment", "Variables", name)
            yield Fault(path, what, f"Derive both from one parameter: here python{version}.")


def timeout_within_the_apis(stack: Stack) -> Iterator[Fault]:
    """The function ends before API Gateway stops waiting for it."""
    for title, function in stack.of(FUNCTION).items():
        timeout, limit = number(function.get("Timeout", _DEFAULT_TIMEOUT_S)), _limit_ms(stack, title)
        if limit is not None and timeout is not None and timeout * 1000 > limit:
            what = f"{title} may run for {timeout} s, but API Gateway waits only {limit / 1000:g} s"
            fix = "Lower Timeout, or ignore this rule and write down why a longer run is useful."
            yield Fault(at(title, "Timeout"), what, fix)


def _limit_ms(stack: Stack, function: str) -> int | None:
    """The shortest time that an API waits for the function; None when no API calls it."""
    waits = [
        *(_wait(stack, function, mapping(one.get("Integration")), "Uri", REST_LIMIT_MS) for one in _rest(stack)),
        *(_wait(stack, function, one, "IntegrationUri", HTTP_LIMIT_MS) for one in _http(stack)),
    ]
    known = [wait for wait in waits if wait is not None]
    return min(known) if known else REST_LIMIT_MS if _may_be_called(stack, function) else None


def _rest(stack: Stack) -> list[Body]:
    return list(stack.of("AWS::ApiGateway::Method").values())


def _http(stack: Stack) -> list[Body]:
    return list(stack.of("AWS::ApiGatewayV2::Integration").values())


def _wait(stack: Stack, function: str, integration: Body, uri: str, default: int) -> int | None:
    if not _means(stack, integration.get(uri), function):
        return None
    return number(integration.get("TimeoutInMillis", default))


def _may_be_called(stack: Stack, function: str) -> bool:
    """Whether API Gateway has permission to call it, in a template without methods."""
    permissions = stack.of("AWS::Lambda::Permission").values()
    called = [one for one in permissions if one.get("Principal") == "apigateway.amazonaws.com"]
    return any(_means(stack, one.get("FunctionName"), function) for one in called)


def _means(stack: Stack, value: Any, function: str) -> bool:
    """Whether a value refers to the function, its alias or its version."""
    named = references(value)
    qualifiers = stack.of(*_QUALIFIERS)
    behind = [qualifiers[title].get("FunctionName") for title in named if title in qualifiers]
    return function in named or any(function in references(one) for one in behind)


def snap_start_stands_alone(stack: Stack) -> Iterator[Fault]:
    """SnapStart is not used with EFS, provisioned concurrency or a large disk."""
    for title, function in stack.of(FUNCTION).items():
        beside = " and ".join(_not_with_snap_start(stack, title, function))
        if beside and mapping(function.get("SnapStart")).get("ApplyOn") == "PublishedVersions":
            what = f"{title} combines SnapStart with {beside}"
            yield Fault(at(title, "SnapStart"), what, "Remove SnapStart; with EFS, use provisioned concurrency.")


def _not_with_snap_start(stack: Stack, title: str, function: Body) -> Iterator[str]:
    if function.get("FileSystemConfigs"):
        yield "EFS"
    for one in stack.of(*_QUALIFIERS).values():
        if "ProvisionedConcurrencyConfig" in one and title in references(one.get("FunctionName")):
            yield "provisioned concurrency"
            break
    size = number(mapping(function.get("EphemeralStorage")).get("Size"))
    if size is not None and size > _SNAPSHOT_DISK_MB:
        yield f"{size} MB of /tmp"

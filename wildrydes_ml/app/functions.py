"""A function of an App as its author sees it, and the rules for its environment."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from troposphere import GetAtt, Ref

from ..blocks import arguments
from ..blocks.choices import Later, Value, reference
from ..blocks.function import FunctionSettings, Inference
from ..blocks.routes import Method

Metric: TypeAlias = tuple[str, str, Mapping[str, Value]]
"""Namespace, name and dimensions of a metric of CloudWatch's."""

# https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]+", re.ASCII)
_RESERVED = re.compile(
    r"_HANDLER|_X_AMZN_TRACE_ID|AWS_(DEFAULT_REGION|REGION|EXECUTION_ENV|ACCESS_KEY|ACCESS_KEY_ID|SECRET_ACCESS_KEY"
    r"|SESSION_TOKEN)|AWS_LAMBDA_(?!EXEC_WRAPPER$).*|LAMBDA_(TASK_ROOT|RUNTIME_DIR)"
)
_OPEN = "The App opens this route to anyone."
# Arguments that a block calls otherwise.
_OTHERWISE = {"name": "physical_name", "log_retention": "log_days", "description": "about"}
_ENVIRONMENT_BYTES = 4096
# https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html: of functions that answer an API.
_METRICS = (
    "Invocations", "Errors", "Throttles", "Duration", "ConcurrentExecutions", "ClaimedAccountConcurrency",
    "ProvisionedConcurrencyInvocations", "ProvisionedConcurrencySpilloverInvocations",
    "ProvisionedConcurrentExecutions", "ProvisionedConcurrencyUtilization", "UnreservedConcurrentExecutions",
    "PostRuntimeExtensionsDuration", "DeadLetterErrors", "DestinationDeliveryFailures", "AsyncEventsReceived",
    "AsyncEventAge", "AsyncEventsDropped", "RecursiveInvocationsDropped", "IteratorAge", "OffsetLag",
    "SignatureValidationErrors",
)  # fmt: skip
# Of a slip of the pen; names that only look alike, such as MaxOffsetLag and OffsetLag, are less.
_CLOSE = 0.87


@dataclass(frozen=True)
class Function:
    """A function of an App: for its routes, its alarms, and for others that call it."""

    title: str
    """Its logical id."""
    inference: Inference
    """The result of the block."""
    timeout: Any = 29
    """Its timeout in seconds."""

    def metric(self, name: str) -> Metric:
        """A metric of the function, such as Errors, Throttles, Invocations or Duration.

        Raises ValueError for a misspelt name of a Lambda metric: an alarm on it would never ring.
        """
        from difflib import get_close_matches  # only here, since every process that imports an App would wait for it

        close = get_close_matches(str(name), _METRICS, 1, _CLOSE) if name not in _METRICS else []
        if close:
            raise ValueError(f"metric {name!r}: Lambda has no such metric; did you mean {close[0]!r}?")
        return ("AWS/Lambda", name, {"FunctionName": Ref(self.title)})

    @property
    def arn(self) -> Later:
        """Its ARN."""
        arn: Later = GetAtt(self.title, "Arn")
        return arn


def settings(where: str, **values: Any) -> FunctionSettings:
    """The block's settings. Its errors name the argument as the App's author knows it, after `where`."""
    try:
        return FunctionSettings(**values)
    except (TypeError, ValueError) as error:
        said = str(error)
        for name, argument in (*_OTHERWISE.items(), ("", "")):
            said = said.replace(f"FunctionSettings.{name}", f"{where}: {argument}")
        raise type(error)(said) from error


def variables(where: str, environment: Mapping[str, Any], own: Collection[str]) -> dict[str, Any]:
    """The environment with `Ref` in place of functions, parameters and resources.

    `own` are the names of variables that the App sets. Raises TypeError and ValueError for anything but a mapping, for
    reserved names, for values of the wrong type, and for more bytes than Lambda allows.
    """
    if not isinstance(environment, Mapping):
        raise TypeError(f"{where} is {environment!r}: pass a dictionary of names and values")
    found = {}
    for name, value in environment.items():
        if not isinstance(name, str) or not _VARIABLE.fullmatch(name):
            raise ValueError(f"{where} has {name!r}: use letters, digits and _, at least two, a letter first")
        if _RESERVED.fullmatch(name):
            raise ValueError(f"{where} has {name!r}: Lambda reserves this name; choose another")
        if name in own:
            raise ValueError(f"{where} has {name!r}: every function has this variable already; choose another name")
        known = Ref(value.title) if isinstance(value, Function) else value
        arguments.is_known(f"{where}[{name!r}]", known)
        found[name] = reference(known)
    literal = sum(
        len(f"{name}{value}".encode()) for name, value in found.items() if isinstance(value, (str, int, float))
    )
    if literal > _ENVIRONMENT_BYTES:
        raise ValueError(
            f"{where} has {literal} bytes, but Lambda allows {_ENVIRONMENT_BYTES}: put long values into the zip"
        )
    return found


def method_and_path(route: object) -> tuple[Method, str]:
    """The parts of a route as an author writes it, such as `POST /`. Raises ValueError for anything else."""
    match = re.fullmatch(r"(\S+) (/\S*)", route) if isinstance(route, str) else None
    if match is None:
        raise ValueError(f"route {route!r}: write method and path, such as 'POST /' or 'GET /health'")
    method: Any = match[1]
    return method, match[2]


def why_open(where: str, given: bool | str) -> str:
    """Why a route is open to anyone: a sentence, or empty. A single word, such as 'no', does not open it."""
    if isinstance(given, bool):
        return _OPEN if given else ""
    if not isinstance(given, str) or len(given.split()) < 2:
        raise ValueError(f"{where} is {given!r}: use True or False, or a sentence that says why")
    return given


def refuse_unknown(where: str, known: Mapping[str, Function], function: object) -> None:
    """Raises TypeError for what is no function, ValueError for a function of another App."""
    if not isinstance(function, Function):
        raise TypeError(f"{where} has {function!r}: pass the result of app.function(...)")
    if known.get(function.title) is not function:
        raise ValueError(f"{where}: function {function.title} belongs to another App; add one to this App")

"""A function of an App as its author holds it, and what its environment may be."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from troposphere import GetAtt, Ref

from ..blocks import arguments
from ..blocks.choices import Later, Value, reference
from ..blocks.function import Inference

Metric: TypeAlias = tuple[str, str, Mapping[str, Value]]
"""Namespace, name and dimensions of a metric of CloudWatch's."""

# https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
_RESERVED = re.compile(
    r"_HANDLER|_X_AMZN_TRACE_ID|AWS_(DEFAULT_REGION|REGION|EXECUTION_ENV|ACCESS_KEY|ACCESS_KEY_ID|SECRET_ACCESS_KEY"
    r"|SESSION_TOKEN)|AWS_LAMBDA_(?!EXEC_WRAPPER$).*|LAMBDA_(TASK_ROOT|RUNTIME_DIR)"
)
_ENVIRONMENT_BYTES = 4096


@dataclass(frozen=True)
class Function:
    """A function of an App: for its routes, its alarms, and for others that call it."""

    title: str
    """Its logical id."""
    inference: Inference
    """What the block made of it."""
    timeout: Any = 29
    """Seconds that it may take."""

    def metric(self, name: str) -> Metric:
        """A metric of the function's, such as Errors, Throttles, Invocations or Duration
        (https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html)."""
        return ("AWS/Lambda", name, {"FunctionName": Ref(self.title)})

    @property
    def arn(self) -> Later:
        """Its ARN."""
        arn: Later = GetAtt(self.title, "Arn")
        return arn


def variables(where: str, environment: Mapping[str, Any]) -> dict[str, Any]:
    """The environment with `Ref` in place of functions, parameters and resources.

    Raises TypeError and ValueError for what is no mapping, names that Lambda keeps for itself, values of another kind,
    and for more than Lambda takes.
    """
    if not isinstance(environment, Mapping):
        raise TypeError(f"{where} is {environment!r}: pass a dictionary of names and values")
    found = {}
    for name, value in environment.items():
        if not isinstance(name, str) or _RESERVED.fullmatch(name):
            raise ValueError(f"{where} has {name!r}: Lambda keeps this name for itself; choose another")
        known = Ref(value.title) if isinstance(value, Function) else value
        arguments.is_known(f"{where}[{name!r}]", known)
        found[name] = reference(known)
    literal = sum(
        len(f"{name}{value}".encode()) for name, value in found.items() if isinstance(value, (str, int, float))
    )
    if literal > _ENVIRONMENT_BYTES:
        raise ValueError(
            f"{where} has {literal} bytes, where Lambda takes {_ENVIRONMENT_BYTES}: put long values into the zip"
        )
    return found

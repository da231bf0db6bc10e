"""Where a template's values come from: from which parameters, and the values of CloudFormation's own parameters."""

from collections.abc import Mapping
from typing import Any

from .effective import Body, effective
from .parameters import is_stored
from .references import references
from .resolve import mapping


def feeding(body: Body, value: Any) -> list[str]:
    """The template's parameters that a value depends on, in order, without those of conditions."""
    offered = mapping(body.get("Parameters"))
    return list(dict.fromkeys(name for name in references(value) if name in offered))


def known(body: Body, parameters: Mapping[str, str], own: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """Like `effective`, also with the values of CloudFormation's own parameters (`AWS::StackName`, `AWS::Region`).

    A parameter whose value is stored in Systems Manager stays unknown.
    """
    offered = mapping(body.get("Parameters"))
    given = {name: value for name, value in parameters.items() if not is_stored(mapping(offered.get(name)))}
    whole = {**body, "Parameters": {**offered, **{name: {"Type": "String"} for name in own}}}
    return effective(whole, {**given, **own})

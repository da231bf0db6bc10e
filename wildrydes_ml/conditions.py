"""Which of a template's resources will be made, before CloudFormation is asked: its conditions on given parameters."""

from collections.abc import Callable, Mapping
from typing import Any

_OPERATORS: dict[str, Callable[[list[Any]], bool]] = {
    "Fn::Equals": lambda values: values[0] == values[1],
    "Fn::Not": lambda values: not values[0],
    "Fn::And": all,
    "Fn::Or": any,
}


def made_resources(body: Mapping[str, Any], parameters: Mapping[str, str]) -> dict[str, str]:
    """Logical id and type of each resource that the template makes with these parameters.

    Conditions may be made of Equals, Not, And, Or, Ref and Condition; raises KeyError for another function.
    """
    defaults = {name: entry.get("Default") for name, entry in body.get("Parameters", {}).items()}
    values = {name: str(value) for name, value in {**defaults, **parameters}.items()}
    conditions = body.get("Conditions", {})

    def holds(expression: Any) -> Any:
        if not isinstance(expression, dict):
            return str(expression)
        ((function, operand),) = expression.items()
        if function == "Ref":
            return values[operand]
        if function == "Condition":
            return holds(conditions[operand])
        return _OPERATORS[function]([holds(item) for item in operand])

    return {
        title: resource["Type"]
        for title, resource in body["Resources"].items()
        if "Condition" not in resource or holds(conditions[resource["Condition"]])
    }

"""Conditions whose result may be known when the template is built.

A block accepts a choice as a plain value or as a template parameter. A plain value is decided while the template is
built; CloudFormation decides a parameter when it creates the stack. With the functions here a block has the same code
for both: a choice is `True`, `False` or the name of a condition.
"""

import re
from typing import Any, Protocol, TypeAlias, TypeVar

from troposphere import AWSHelperFn, AWSObject, Equals, If, Not, NoValue, Parameter, Ref, Sub, Template


class Later(Protocol):
    """A value that only CloudFormation knows: a parameter, or a function such as `Ref`, `GetAtt` or `ImportValue`.

    troposphere has no type annotations. With a protocol, a type checker does not treat the union below as `Any`.
    """

    def to_dict(self) -> Any:
        """Its form in the template."""


Value: TypeAlias = str | Later
"""Text, or a value that CloudFormation knows later. A resource or a parameter stands for its `Ref`."""
Number: TypeAlias = float | Later
Values: TypeAlias = list[Value] | tuple[Value, ...]
Choice: TypeAlias = bool | str
Resource = TypeVar("Resource", bound=AWSObject)


def reference(value: Any) -> Any:
    """`Ref` of a parameter or resource; anything else unchanged."""
    return Ref(value) if isinstance(value, (Parameter, AWSObject)) else value


def references(values: Any) -> Any:
    """The list with `Ref` in place of each parameter and resource; a function that returns a list is unchanged."""
    return [reference(value) for value in values] if isinstance(values, (list, tuple)) else reference(values)


def fill(pattern: str, **values: Any) -> Any:
    """The pattern with its `{name}` fields filled: text, or `Fn::Sub` if CloudFormation knows a value only later.

    Values are text, numbers, parameters, resources, and functions such as `Ref`, `GetAtt`, `Sub` and `ImportValue`.
    Raises TypeError for anything else.
    """
    text = pattern.format(**{name: _in_sub(name, value) for name, value in values.items()})
    named = {name: value for name, value in values.items() if f"${{{name}}}" in text and isinstance(value, AWSHelperFn)}
    return (Sub(text, **named) if named else Sub(text)) if "${" in text else text


def equals(template: Template, name: str, value: Value | float, wanted: str) -> Choice:
    """Whether `value` is `wanted`: True or False for a plain value, the condition `name` for a parameter.

    Raises TypeError for anything else: the value of `Ref` and other functions is not known here.
    """
    if isinstance(value, Parameter):
        return _condition(template, name, Equals(Ref(value), wanted))
    return _plain(name, value) == wanted


def differs(template: Template, name: str, value: Value | float, unwanted: str) -> Choice:
    """Whether `value` is not `unwanted`; otherwise like `equals`."""
    if isinstance(value, Parameter):
        return _condition(template, name, Not(Equals(Ref(value), unwanted)))
    return _plain(name, value) != unwanted


def given(template: Template, name: str, value: Value | float) -> Choice:
    """Whether `value` is not the empty text.

    A resource, its attribute and an import are never empty, nor is a parameter that does not allow an empty text.
    Raises TypeError for `Ref` of a parameter and for `If`, which may be empty.
    """
    return _is_something(template, value) or differs(template, name, value, "")


def choose(choice: Choice, yes: Any, no: Any = NoValue) -> Any:
    """`yes` or `no`, decided now, or with `Fn::If` by CloudFormation."""
    if isinstance(choice, str):
        return If(choice, yes, no)
    return yes if choice else no


def boundary(template: Template, policy: Value) -> Any:
    """The PermissionsBoundary of a role: the policy's ARN, or no property if it is ''."""
    return choose(given(template, "BoundaryGiven", policy), reference(policy))


def listed(*entries: Any) -> list[Any]:
    """The entries without those that are known to be absent."""
    return [entry for entry in entries if entry is not NoValue]


def add(template: Template, choice: Choice, resource: Resource) -> Resource:
    """Adds the resource if the choice is True, or with the condition; returns the resource."""
    if isinstance(choice, str):
        resource.resource["Condition"] = choice
    if choice:
        template.add_resource(resource)
    return resource


def _plain(name: str, value: object) -> str:
    if isinstance(value, (str, int, float)):
        return str(value)
    shown = value.to_dict() if isinstance(value, AWSHelperFn) else value
    raise TypeError(
        f"condition {name} cannot use {shown!r}: pass the Parameter itself instead of Ref, or a plain value"
    )


def _is_something(template: Template, value: object) -> bool:
    if isinstance(value, Ref):
        return value.to_dict()["Ref"] in template.resources
    if isinstance(value, Parameter):
        pattern = value.properties.get("AllowedPattern", "")
        return "" not in value.properties.get("AllowedValues", [""]) or not re.fullmatch(pattern, "")
    return isinstance(value, AWSObject) or (isinstance(value, AWSHelperFn) and not isinstance(value, If))


def _condition(template: Template, name: str, rule: AWSHelperFn) -> str:
    known = template.conditions.get(name)
    if known is not None and known.to_dict() != rule.to_dict():
        raise ValueError(
            f"the template already has another condition {name!r}: use a different title for the second block, or the "
            "parameter of the first one"
        )
    if known is None:
        template.add_condition(name, rule)
    return name


def _in_sub(name: str, value: Any) -> Any:
    """How a value is written inside the string of `Fn::Sub`; one that has no short form there goes by its name."""
    if isinstance(value, (Parameter, AWSObject)):
        return f"${{{value.title}}}"
    match value.to_dict() if isinstance(value, AWSHelperFn) else value:
        case {"Ref": title}:
            return f"${{{title}}}"
        case {"Fn::GetAtt": [title, attribute]}:
            return f"${{{title}.{attribute}}}"
        case {"Fn::Sub": str(text)}:
            return text
        case str() | int() | float() as plain:
            return plain
        case dict() if isinstance(value, AWSHelperFn):
            return f"${{{name}}}"
    raise TypeError(f"{value!r} cannot be used in Fn::Sub: pass text, a parameter, Ref, GetAtt, Sub or ImportValue")

"""Conditions that a builder may already know the answer of.

A block takes each of its choices either as a plain value, which is decided while the template is built,
or as a template parameter, which CloudFormation decides when the stack is made. The functions here let the
block read the same in both cases: a choice is `True`, `False` or the name of a condition.
"""

import re
from typing import Any, Protocol, TypeAlias, TypeVar

from troposphere import AWSHelperFn, AWSObject, Equals, If, Not, NoValue, Parameter, Ref, Sub, Template


class Later(Protocol):
    """What CloudFormation knows later: a parameter, or a function such as `Ref`, `GetAtt`, `Sub` or `ImportValue`.

    troposphere has no types. A protocol keeps a checker from taking the whole union below for `Any`.
    """

    def to_dict(self) -> Any:
        """How it stands in the template."""


Value: TypeAlias = str | Later
"""Text, or what CloudFormation knows later; resources and parameters stand for their `Ref`."""
Number: TypeAlias = float | Later
Values: TypeAlias = list[Value] | tuple[Value, ...]
Choice: TypeAlias = bool | str
Resource = TypeVar("Resource", bound=AWSObject)


def reference(value: Any) -> Any:
    """`Ref` of a parameter or resource; anything else as it is."""
    return Ref(value) if isinstance(value, (Parameter, AWSObject)) else value


def references(values: Any) -> Any:
    """The list with `Ref` in place of each parameter and resource; a function that gives a list as it is."""
    return [reference(value) for value in values] if isinstance(values, (list, tuple)) else reference(values)


def fill(pattern: str, **values: Any) -> Any:
    """The pattern with its `{name}` fields filled: a string, or `Fn::Sub` where something is known later.

    Values are strings, numbers, parameters, resources, and functions such as `Ref`, `GetAtt`, `Sub` and
    `ImportValue`; raises TypeError for anything else.
    """
    text = pattern.format(**{name: _in_sub(name, value) for name, value in values.items()})
    named = {name: value for name, value in values.items() if f"${{{name}}}" in text and isinstance(value, AWSHelperFn)}
    return (Sub(text, **named) if named else Sub(text)) if "${" in text else text


def equals(template: Template, name: str, value: Value | float, wanted: str) -> Choice:
    """Whether `value` is `wanted`: known for a plain value, the condition `name` for a parameter.

    Raises TypeError for anything else: what `Ref` and other functions stand for is not known here.
    """
    if isinstance(value, Parameter):
        return _condition(template, name, Equals(Ref(value), wanted))
    return _plain(name, value) == wanted


def differs(template: Template, name: str, value: Value | float, unwanted: str) -> Choice:
    """Whether `value` is anything but `unwanted`; raises TypeError as `equals` does."""
    if isinstance(value, Parameter):
        return _condition(template, name, Not(Equals(Ref(value), unwanted)))
    return _plain(name, value) != unwanted


def given(template: Template, name: str, value: Value | float) -> Choice:
    """Whether `value` is anything but the empty string, as a resource, its attribute and an import always are, and a
    parameter that does not allow one.

    Raises TypeError for `Ref` of a parameter and for `If`, which may stand for an empty string.
    """
    return _is_something(template, value) or differs(template, name, value, "")


def choose(choice: Choice, yes: Any, no: Any = NoValue) -> Any:
    """`yes` or `no`, now or by `Fn::If`."""
    if isinstance(choice, str):
        return If(choice, yes, no)
    return yes if choice else no


def boundary(template: Template, policy: Value) -> Any:
    """The PermissionsBoundary of a role: the policy's ARN, or nothing where it is ''."""
    return choose(given(template, "PermissionsBoundaryGiven", policy), reference(policy))


def listed(*entries: Any) -> list[Any]:
    """A list without the entries that are known to be absent."""
    return [entry for entry in entries if entry is not NoValue]


def add(template: Template, choice: Choice, resource: Resource) -> Resource:
    """Adds the resource when the choice holds: not at all, always, or under the condition."""
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
        f"condition {name} cannot be made of {shown!r}: pass the Parameter itself in place of Ref, or a plain value"
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
            f"the template has another condition {name!r} already: give the second block a title of its own, or the "
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
    raise TypeError(f"{value!r} cannot stand inside Fn::Sub: pass text, a parameter, Ref, GetAtt, Sub or ImportValue")

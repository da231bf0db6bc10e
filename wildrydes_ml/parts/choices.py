"""Conditions that a builder may already know the answer of.

A block takes each of its choices either as a plain value, which is decided while the template is built,
or as a template parameter, which CloudFormation decides when the stack is made. The functions here let the
block read the same in both cases: a choice is `True`, `False` or the name of a condition.
"""

from typing import Any, TypeAlias, TypeVar

from troposphere import AWSHelperFn, AWSObject, Equals, If, Not, NoValue, Parameter, Ref, Sub, Template

Value: TypeAlias = str | Parameter
Choice: TypeAlias = bool | str
Resource = TypeVar("Resource", bound=AWSObject)


def reference(value: Any) -> Any:
    """`Ref` of a parameter or resource; anything else as it is."""
    return Ref(value) if isinstance(value, (Parameter, AWSObject)) else value


def fill(pattern: str, **values: Any) -> Any:
    """The pattern with its `{name}` fields filled: a string, or `Fn::Sub` where something is known later.

    Values are strings, parameters, resources, `Ref`, `GetAtt` and `Sub`.
    """
    text = pattern.format(**{name: _in_sub(value) for name, value in values.items()})
    return Sub(text) if "${" in text else text


def equals(template: Template, name: str, value: Value, wanted: str) -> Choice:
    """Whether `value` is `wanted`: known for a plain value, the condition `name` for a parameter."""
    if isinstance(value, Parameter):
        return _condition(template, name, Equals(Ref(value), wanted))
    return str(value) == wanted


def differs(template: Template, name: str, value: Value, unwanted: str) -> Choice:
    """Whether `value` is anything but `unwanted`."""
    if isinstance(value, Parameter):
        return _condition(template, name, Not(Equals(Ref(value), unwanted)))
    return str(value) != unwanted


def given(template: Template, name: str, value: Value) -> Choice:
    """Whether `value` is anything but the empty string."""
    return differs(template, name, value, "")


def choose(choice: Choice, yes: Any, no: Any = NoValue) -> Any:
    """`yes` or `no`, now or by `Fn::If`."""
    if isinstance(choice, str):
        return If(choice, yes, no)
    return yes if choice else no


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


def _condition(template: Template, name: str, rule: AWSHelperFn) -> str:
    if name not in template.conditions:
        template.add_condition(name, rule)
    return name


def _in_sub(value: Any) -> Any:
    """How a value is written inside the string of `Fn::Sub`."""
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
    raise TypeError(f"{value!r} cannot stand inside Fn::Sub: pass text, a parameter, Ref, GetAtt or Sub")

"""A template with its parameters put in, as far as that can be known without an AWS account.

What only CloudFormation knows (ids, attributes, a region's zones) stays as the intrinsic function that asks for it,
so that a reader can tell a value from an unknown one. The same holds for a condition: it is true, false or unknown.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias, TypeGuard

Body: TypeAlias = Mapping[str, Any]

NO_VALUE = {"Ref": "AWS::NoValue"}


def resolve(body: Body, parameters: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The template's body without parameters and conditions, and without resources that a condition switches off.

    `body` is `Template.to_dict()`, or YAML decoded with its short forms spelt out. Parameters that are not
    given have their defaults; what depends on those without stays unknown, and a resource under an unknown
    condition stays. Raises `ValueError` for a parameter that the template does not have.
    """
    resolver = _Resolver(body, parameters or {})
    made = {
        title: {key: resolver.value(item) for key, item in entry.items() if key != "Condition"}
        for title, entry in mapping(body.get("Resources")).items()
        if isinstance(entry, Mapping)
        and resolver.holds({"Condition": entry["Condition"]} if "Condition" in entry else True) is not False
    }
    kept = {key: item for key, item in body.items() if key not in ("Parameters", "Conditions", "Mappings", "Resources")}
    return {**kept, "Resources": made}


def conditions(body: Body, parameters: Mapping[str, Any] | None = None) -> dict[str, bool | None]:
    """Each condition of the template: True, False, or None where only CloudFormation knows.

    Raises `ValueError` for a parameter that the template does not have.
    """
    resolver = _Resolver(body, parameters or {})
    return {name: resolver.holds({"Condition": name}) for name in resolver.conditions}


def is_known(value: Any) -> TypeGuard[str | int | float]:
    """Whether the value is a plain one: text, a number or a boolean."""
    return isinstance(value, (str, int, float))


def number(value: Any) -> int | None:
    """A whole number, also one that is written as text; None for anything else."""
    return int(value) if is_known(value) and re.fullmatch(r"-?\d+", str(value)) else None


def mapping(value: Any) -> Body:
    """A mapping as it is; nothing where the value is absent or unknown."""
    return value if isinstance(value, Mapping) else {}


def text_of(value: Any) -> str:
    """A plain value as CloudFormation writes it into text."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _values(body: Body, given: Mapping[str, Any]) -> dict[str, Any]:
    offered = mapping(body.get("Parameters"))
    if unknown := sorted(set(given) - set(offered)):
        raise ValueError(f"the template has no parameter {', '.join(unknown)}; it has {', '.join(offered) or 'none'}")
    found = {}
    for name, entry in ((name, mapping(entry)) for name, entry in offered.items()):
        kind = str(entry.get("Type", "String"))
        # The default of such a parameter names where Systems Manager keeps the value.
        default = None if kind.startswith("AWS::SSM::") else entry.get("Default")
        value = given.get(name, default)
        if value is not None:
            found[name] = _as_list(value) if kind == "CommaDelimitedList" or kind.startswith("List<") else value
    return found


def _as_list(value: Any) -> list[Any]:
    return [item.strip() for item in value.split(",") if item.strip()] if isinstance(value, str) else list(value)


class _Resolver:
    """Parameters and conditions of one template, put into its values."""

    def __init__(self, body: Body, parameters: Mapping[str, Any]) -> None:
        self.values = _values(body, parameters)
        self.conditions = mapping(body.get("Conditions"))
        self.mappings = mapping(body.get("Mappings"))
        self.functions: dict[str, Callable[[Any], Any]] = {
            "Ref": self._ref,
            "Fn::If": self._if,
            "Fn::Sub": self._sub,
            "Fn::Join": self._join,
            "Fn::Select": self._select,
            "Fn::Split": self._split,
            "Fn::FindInMap": self._find_in_map,
            "Fn::GetAtt": self._get_att,
        }

    def value(self, item: Any) -> Any:
        if isinstance(item, Mapping):
            if len(item) == 1 and (name := next(iter(item))) in self.functions:
                try:
                    return self.functions[name](item[name])
                except (TypeError, ValueError, LookupError, AttributeError):
                    return item  # cfn-lint tells what is wrong with it
            return {key: found for key, old in item.items() if (found := self.value(old)) != NO_VALUE}
        if isinstance(item, (list, tuple)):
            return [found for old in item if (found := self.value(old)) != NO_VALUE]
        return item

    def holds(self, rule: Any) -> bool | None:
        """True, False, or None when CloudFormation alone knows."""
        match rule:
            case bool():
                return rule
            case {"Condition": str(name)}:
                return self.holds(self.conditions.get(name))
            case {"Fn::Not": [inner]}:
                found = self.holds(inner)
                return None if found is None else not found
            case {"Fn::And": [*inner]}:
                return _decide([self.holds(one) for one in inner], decisive=False)
            case {"Fn::Or": [*inner]}:
                return _decide([self.holds(one) for one in inner], decisive=True)
            case {"Fn::Equals": [one, other]}:
                return _equal(self.value(one), self.value(other))
        return None

    def _ref(self, name: Any) -> Any:
        return self.values.get(name, {"Ref": name})

    def _if(self, argument: Sequence[Any]) -> Any:
        name, yes, no = argument
        held = self.holds({"Condition": name})
        return {"Fn::If": [name, self.value(yes), self.value(no)]} if held is None else self.value(yes if held else no)

    def _sub(self, argument: Any) -> Any:
        pattern, own = (argument, {}) if isinstance(argument, str) else (argument[0], self.value(argument[1]))
        values = {**self.values, **own}

        def fill(found: re.Match[str]) -> str:
            value = values.get(found[1])
            return text_of(value) if is_known(value) else found[0]

        filled = re.sub(r"\$\{([^!}]+)\}", fill, pattern)
        left = {name: value for name, value in own.items() if f"${{{name}}}" in filled}
        if re.search(r"\$\{[^!]", filled):
            return {"Fn::Sub": [filled, left] if left else filled}
        return filled.replace("${!", "${")

    def _join(self, argument: Sequence[Any]) -> Any:
        separator, parts = argument[0], self.value(argument[1])
        if isinstance(parts, list) and all(map(is_known, parts)):
            return separator.join(map(text_of, parts))
        return {"Fn::Join": [separator, parts]}

    def _select(self, argument: Sequence[Any]) -> Any:
        index, items = self.value(argument[0]), self.value(argument[1])
        if isinstance(items, list) and (place := number(index)) is not None and 0 <= place < len(items):
            return items[place]
        return {"Fn::Select": [index, items]}

    def _split(self, argument: Sequence[Any]) -> Any:
        separator, text = argument[0], self.value(argument[1])
        return text.split(separator) if isinstance(text, str) else {"Fn::Split": [separator, text]}

    def _find_in_map(self, argument: Sequence[Any]) -> Any:
        keys = [self.value(key) for key in argument[:3]]
        found: Any = self.mappings
        for key in keys:
            found = found.get(text_of(key)) if isinstance(found, Mapping) and is_known(key) else None
        return {"Fn::FindInMap": keys} if found is None else found

    def _get_att(self, argument: Any) -> Any:
        return {"Fn::GetAtt": argument.split(".", 1) if isinstance(argument, str) else list(argument)}


def _decide(found: list[bool | None], *, decisive: bool) -> bool | None:
    """`And` is decided by one false, `Or` by one true, whatever is unknown beside it."""
    if decisive in found:
        return decisive
    return None if None in found else not decisive


def _equal(one: Any, other: Any) -> bool | None:
    if is_known(one) and is_known(other):
        return text_of(one) == text_of(other)
    return True if one == other else None

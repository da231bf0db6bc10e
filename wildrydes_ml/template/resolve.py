"""A template with the values of its parameters filled in, as far as they are known without an AWS account.

Values that only CloudFormation knows (ids, attributes, a region's zones, another stack's exports) stay as the intrinsic
function that asks for them; so a reader can tell known values from unknown ones. A parameter whose value is stored in
Systems Manager becomes `{its type: the name of that value}`. A condition is true, false or unknown.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias, TypeGuard

from .parameters import HIDDEN, STORED, is_hidden, text

Body: TypeAlias = Mapping[str, Any]

# A place in the text of a `Sub`: `${Name}`, or `${!Name}` which stands for the text `${Name}`.
_PLACE = re.compile(r"\$\{(!?)([^!}]+)\}")

NO_VALUE = {"Ref": "AWS::NoValue"}

# CloudFormation puts in what this asks for when it makes the resource, so that the text here is not the value.
_DYNAMIC = "{{resolve:"


def resolve(body: Body, parameters: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The template's body without parameters and conditions, and without resources that a condition switches off.

    `body` is `Template.to_dict()`, or decoded YAML with the long forms of functions. A parameter that is not given has
    its default; without a default, what depends on it stays unknown. A resource with an unknown condition is kept.
    Raises `ValueError` for a parameter that the template does not have.
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


def undecided(body: Body, parameters: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The rule of each condition that only CloudFormation can decide, with other conditions replaced by their rules.

    Raises `ValueError` for a parameter that the template does not have.
    """
    resolver = _Resolver(body, parameters or {})
    return {name: resolver.rule(name) for name in resolver.conditions if resolver.holds({"Condition": name}) is None}


def is_known(value: Any) -> TypeGuard[str | int | float]:
    """Whether the value is a plain one: text, a number or a boolean."""
    return isinstance(value, (str, int, float))


def number(value: Any) -> int | None:
    """A whole number, also one that is written as text; None for anything else."""
    return int(value) if is_known(value) and re.fullmatch(r"-?\d+", str(value)) else None


def mapping(value: Any) -> Body:
    """A mapping as it is; nothing where the value is absent or unknown."""
    return value if isinstance(value, Mapping) else {}


def _values(body: Body, given: Mapping[str, Any]) -> dict[str, Any]:
    offered = mapping(body.get("Parameters"))
    if unknown := sorted(set(given) - set(offered)):
        raise ValueError(f"the template has no parameter {', '.join(unknown)}; it has {', '.join(offered) or 'none'}")
    rows = {name: mapping(entry) for name, entry in offered.items()}
    values = {name: given.get(name, entry.get("Default")) for name, entry in rows.items()}
    return {
        name: _typed(str(rows[name].get("Type", "String")), value)
        for name, value in values.items()
        if value is not None and not (value == HIDDEN and is_hidden(rows[name]))
    }


def _typed(kind: str, value: Any) -> Any:
    """A parameter's value as `Ref` gives it.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html
    """
    if kind.startswith(STORED):
        return {kind: value}
    return _as_list(value) if kind == "CommaDelimitedList" or kind.startswith("List<") else value


def _as_list(value: Any) -> list[Any]:
    if isinstance(value, str):
        return [item.strip() for item in value.split(",")] if value.strip() else []
    return list(value) if isinstance(value, (list, tuple)) else [value]


class _Resolver:
    """Parameters and conditions of one template, put into its values."""

    def __init__(self, body: Body, parameters: Mapping[str, Any]) -> None:
        self.values = _values(body, parameters)
        self.conditions = mapping(body.get("Conditions"))
        self.mappings = mapping(body.get("Mappings"))
        self.deciding: list[str] = []
        self.held: dict[str, bool | None] = {}
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
        if isinstance(item, str):  # most are text, of which it takes long to tell that it is no Mapping
            return item
        if isinstance(item, (dict, Mapping)):
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
                if name not in self.held:
                    held = self._of_condition(name, self.holds)
                    self.held[name] = held if isinstance(held, bool) else None
                return self.held[name]
            case {"Fn::Not": [inner]}:
                held = self.holds(inner)
                return None if held is None else not held
            case {"Fn::And": [*inner]}:
                return _decide([self.holds(one) for one in inner], decisive=False)
            case {"Fn::Or": [*inner]}:
                return _decide([self.holds(one) for one in inner], decisive=True)
            case {"Fn::Equals": [one, other]}:
                return _equal(self.value(one), self.value(other))
        return None

    def rule(self, name: str) -> Any:
        """The rule of a condition that cannot be decided, with what is known put in."""
        return self._of_condition(name, self._open)

    def _open(self, rule: Any) -> Any:
        if (held := self.holds(rule)) is not None:
            return held
        match rule:
            case {"Condition": str(name)}:
                return self.rule(name)
            case {"Fn::And": [*inner]} | {"Fn::Or": [*inner]} | {"Fn::Not": [*inner]}:
                return {next(iter(rule)): [self._open(one) for one in inner]}
        return self.value(rule)

    def _of_condition(self, name: str, ask: Callable[[Any], Any]) -> Any:
        """What is asked of a condition's rule; nothing for a condition that refers to itself or is not there."""
        if name in self.deciding:
            return None
        self.deciding.append(name)
        try:
            return ask(self.conditions.get(name))
        finally:
            self.deciding.pop()

    def _ref(self, name: Any) -> Any:
        return self.values.get(name, {"Ref": name})

    def _if(self, argument: Sequence[Any]) -> Any:
        name, yes, no = argument
        held = self.holds({"Condition": name})
        return {"Fn::If": [name, self.value(yes), self.value(no)]} if held is None else self.value(yes if held else no)

    def _sub(self, argument: Any) -> Any:
        pattern, own = (argument, {}) if isinstance(argument, str) else (argument[0], self.value(argument[1]))
        values = {**self.values, **own}
        names = {name for sign, name in _PLACE.findall(pattern) if not sign}
        if unknown := {name for name in names if not is_known(values.get(name))}:
            left = {name: values[name] for name in sorted(unknown) if isinstance(values.get(name), Mapping)}
            filled = _PLACE.sub(lambda place: _filled(place, values, escape="!"), pattern)
            return {"Fn::Sub": [filled, left] if left else filled}
        return _PLACE.sub(lambda place: _filled(place, values), pattern)

    def _join(self, argument: Sequence[Any]) -> Any:
        separator, parts = argument[0], self.value(argument[1])
        if isinstance(parts, list) and all(map(is_known, parts)):
            return separator.join(map(text, parts))
        return {"Fn::Join": [separator, parts]}

    def _select(self, argument: Sequence[Any]) -> Any:
        index, items = self.value(argument[0]), self.value(argument[1])
        place = number(index)
        if isinstance(items, list) and place is not None and 0 <= place < len(items):
            before_and_at = items[: place + 1]
            return {"Fn::Select": [index, items]} if any(map(_may_be_absent, before_and_at)) else items[place]
        return {"Fn::Select": [index, items]}

    def _split(self, argument: Sequence[Any]) -> Any:
        separator, whole = argument[0], self.value(argument[1])
        is_value = isinstance(whole, str) and _DYNAMIC not in whole
        return whole.split(separator) if is_value else {"Fn::Split": [separator, whole]}

    def _find_in_map(self, argument: Sequence[Any]) -> Any:
        keys = [self.value(key) for key in argument[:3]]
        found: Any = self.mappings
        for key in keys:
            found = found.get(text(key)) if isinstance(found, Mapping) and is_known(key) else None
        return {"Fn::FindInMap": keys} if found is None else found

    def _get_att(self, argument: Any) -> Any:
        return {"Fn::GetAtt": argument.split(".", 1) if isinstance(argument, str) else self.value(argument)}


def _filled(place: re.Match[str], values: Mapping[str, Any], escape: str = "") -> str:
    """What stands at one place of a `Sub`'s text.

    `escape` is for a text that is still to be filled: it marks what looks like a place there and is none.
    """
    sign, name = place.groups()
    if sign:
        return place[0] if escape else f"${{{name}}}"
    value = values.get(name)
    return text(value).replace("${", f"${{{escape}") if is_known(value) else place[0]


def _may_be_absent(item: Any) -> bool:
    """Whether an item of a list may be none: where an undecided condition chooses AWS::NoValue."""
    match item:
        case {"Fn::If": [_, yes, no]}:
            return NO_VALUE in (yes, no) or _may_be_absent(yes) or _may_be_absent(no)
    return False


def _decide(found: list[bool | None], *, decisive: bool) -> bool | None:
    """`And` is decided by one false, `Or` by one true, whatever is unknown beside it."""
    if decisive in found:
        return decisive
    return None if None in found else not decisive


def _equal(one: Any, other: Any) -> bool | None:
    if is_known(one) and is_known(other):
        same = text(one) == text(other)
        return None if not same and _DYNAMIC in f"{one}{other}" else same
    return True if one == other else None

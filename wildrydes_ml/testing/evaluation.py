"""A small evaluator of CloudFormation's conditions and references, independent of the package's own."""

import re
from collections.abc import Mapping
from typing import Any

_NO_VALUE = {"Ref": "AWS::NoValue"}


class Evaluation:
    """Resolves parameters, conditions, Fn::If and Fn::Sub; values that only AWS knows stay unchanged.

    A parameter without a value becomes its name between `<` and `>`. Raises AssertionError for a parameter that the
    template does not have.
    """

    def __init__(self, body: Mapping[str, Any], parameters: Mapping[str, Any]) -> None:
        offered = body.get("Parameters", {})
        assert set(parameters) <= set(offered), set(parameters) - set(offered)
        self.body = body
        self.rules = body.get("Conditions", {})
        defaults = {name: entry.get("Default", f"<{name}>") for name, entry in offered.items()}
        self.values = {name: str(value) for name, value in {**defaults, **parameters}.items()}

    def left(self) -> dict[str, Any]:
        """The sections Resources and Outputs, without what a condition switches off."""
        return {section: self._section(self.body.get(section, {})) for section in ("Resources", "Outputs")}

    def _section(self, entries: Mapping[str, Any]) -> dict[str, Any]:
        return {
            title: self._resolve({key: item for key, item in entry.items() if key != "Condition"})
            for title, entry in entries.items()
            if "Condition" not in entry or self._holds(entry)
        }

    def _holds(self, rule: Mapping[str, Any]) -> bool:
        match rule:
            case {"Condition": name}:
                return self._holds(self.rules[name])
            case {"Fn::Equals": [one, other]}:
                return str(self._resolve(one)) == str(self._resolve(other))
            case {"Fn::Not": [inner]}:
                return not self._holds(inner)
            case {"Fn::And": [*inner]}:
                return all(map(self._holds, inner))
            case {"Fn::Or": [*inner]}:
                return any(map(self._holds, inner))
        raise AssertionError(rule)

    def _resolve(self, value: Any) -> Any:
        match value:
            case {"Ref": str(name)} if name in self.values:
                return self.values[name]
            case {"Fn::Sub": str(text)}:
                text = re.sub(r"\$\{(\w+)\}", lambda found: self.values.get(found[1], found[0]), text)
                return {"Fn::Sub": text} if "${" in text else text
            case {"Fn::Sub": [str(text), dict(own)]}:
                text = re.sub(r"\$\{(\w+)\}", lambda found: self._known(found[1], own, found[0]), text)
                return {"Fn::Sub": [text, self._resolve(own)]}
            case {"Fn::If": [condition, yes, no]}:
                return self._resolve(yes if self._holds({"Condition": condition}) else no)
            case dict():
                return {key: item for key, old in value.items() if (item := self._resolve(old)) != _NO_VALUE}
            case list():
                return [item for old in value if (item := self._resolve(old)) != _NO_VALUE]
        return value

    def _known(self, name: str, own: Mapping[str, Any], otherwise: str) -> str:
        """A parameter's value in a `Sub` that names values of its own, which come first."""
        return otherwise if name in own else self.values.get(name, otherwise)

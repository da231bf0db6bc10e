"""What a template creates with given parameters, without asking CloudFormation, and what an update would change."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from .change import ResourceChange
from .parameters import text
from .references import ORDER, references
from .resolve import conditions, is_known, mapping, resolve, undecided

Body: TypeAlias = Mapping[str, Any]
Effective: TypeAlias = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Made:
    """Logical id and type of what a template makes."""

    certain: Mapping[str, str]
    perhaps: Mapping[str, str]
    """What hangs on a condition that only CloudFormation can decide."""


def made(body: Body, parameters: Mapping[str, str]) -> Made:
    """The resources that the template creates with these parameters, and those that it may create."""
    held = conditions(body, _offered(body, parameters))
    certain, perhaps = dict[str, str](), dict[str, str]()
    for title, entry in body["Resources"].items():
        is_made = held.get(entry["Condition"]) if "Condition" in entry else True
        if is_made is not False:
            (certain if is_made else perhaps)[title] = entry["Type"]
    return Made(certain, perhaps)


def effective(body: Body, parameters: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """The sections Resources and Outputs with the parameters' values, without what a condition switches off.

    Two templates with the same result create the same stack. CloudFormation then refuses the update from one to the
    other, whatever their parameters: https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/2027
    A condition that only CloudFormation can decide is replaced by its rule, so that another rule is a difference.
    """
    given = {**_defaults(body), **_offered(body, parameters)}
    rules = undecided(body, given)
    return {section: _section(body, mapping(body.get(section)), given, rules) for section in ("Resources", "Outputs")}


def changes(before: Effective, after: Effective) -> tuple[ResourceChange, ...]:
    """The changes of resources between two results of `effective`; which are replaced, CloudFormation alone knows."""
    old, new = before["Resources"], after["Resources"]
    added = [ResourceChange(title, str(new[title].get("Type")), "Add") for title in new if title not in old]
    modified = [
        ResourceChange(title, str(new[title].get("Type")), "Modify")
        for title in new
        if title in old and old[title] != new[title]
    ]
    removed = [ResourceChange(title, str(old[title].get("Type")), "Remove") for title in old if title not in new]
    return (*added, *modified, *removed)


def without(body: Body, titles: Collection[str]) -> dict[str, Any]:
    """The template's body without these resources and without all that refers to them, outputs included."""
    left, gone = dict(mapping(body["Resources"])), set(titles)
    while gone & set(left):
        left = {title: entry for title, entry in left.items() if title not in gone}
        gone |= {title for title, entry in left.items() if gone & set(references(entry))}
    outputs = {key: entry for key, entry in mapping(body.get("Outputs")).items() if not gone & set(references(entry))}
    return {**body, "Resources": left, "Outputs": outputs}


def without_order(body: Body, titles: Collection[str]) -> dict[str, Any]:
    """The template's body in which nothing waits for these resources."""

    def left(entry: Mapping[str, Any]) -> dict[str, Any]:
        names = entry.get(ORDER, [])
        kept = [name for name in ([names] if isinstance(names, str) else names) if name not in titles]
        bare = {key: value for key, value in entry.items() if key != ORDER}
        return {**bare, ORDER: kept} if kept else bare

    return {**body, "Resources": {title: left(entry) for title, entry in mapping(body["Resources"]).items()}}


def _offered(body: Body, parameters: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in parameters.items() if name in mapping(body.get("Parameters"))}


def _defaults(body: Body) -> dict[str, str]:
    """The parameters' defaults as text, as a stack tells its parameters' values."""
    entries = {name: mapping(entry) for name, entry in mapping(body.get("Parameters")).items()}
    return {name: text(entry["Default"]) for name, entry in entries.items() if is_known(entry.get("Default"))}


def _section(body: Body, entries: Body, parameters: Mapping[str, str], rules: Mapping[str, Any]) -> dict[str, Any]:
    resolved = resolve({**body, "Resources": entries}, parameters)["Resources"]
    return {
        title: {key: item for key, item in entry.items() if key != ORDER} | _rule(entries[title], rules)
        for title, entry in (_with_rules(resolved, rules) if rules else resolved).items()
    }


def _rule(entry: Mapping[str, Any], rules: Mapping[str, Any]) -> dict[str, Any]:
    return {"Condition": rules[entry["Condition"]]} if entry.get("Condition") in rules else {}


def _with_rules(value: Any, rules: Mapping[str, Any]) -> Any:
    """The value with the rules of undecided conditions in place of their names."""
    match value:
        case str():  # most are text, of which it takes long to tell that it is no Mapping
            return value
        case {"Fn::If": [str(name), yes, no]} if name in rules:
            return {"Fn::If": [rules[name], _with_rules(yes, rules), _with_rules(no, rules)]}
        case dict() | Mapping():
            return {key: _with_rules(item, rules) for key, item in value.items()}
        case list():
            return [_with_rules(item, rules) for item in value]
    return value

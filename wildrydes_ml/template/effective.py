"""What a template makes with given parameters, before CloudFormation is asked, and what an update would change."""

import json
from collections.abc import Collection, Iterator, Mapping
from typing import Any, TypeAlias

from ..aws.records import ResourceChange
from .resolve import conditions, mapping, resolve

Body: TypeAlias = Mapping[str, Any]
Effective: TypeAlias = Mapping[str, Mapping[str, Any]]

# An attribute that orders the work and leaves what is made as it is.
_ORDER = "DependsOn"


def made_resources(body: Body, parameters: Mapping[str, str]) -> dict[str, str]:
    """Logical id and type of each resource that the template makes with these parameters.

    Raises KeyError for a resource's condition that only CloudFormation can decide.
    """
    held = conditions(body, _offered(body, parameters))
    asked = {entry["Condition"] for entry in body["Resources"].values() if "Condition" in entry}
    for name in asked:
        if held[name] is None:
            raise KeyError(f"condition {name} cannot be decided here: {json.dumps(body['Conditions'][name])}")
    return {
        title: entry["Type"]
        for title, entry in body["Resources"].items()
        if "Condition" not in entry or held[entry["Condition"]]
    }


def effective(body: Body, parameters: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """The sections Resources and Outputs with parameters put in, without what a condition switches off.

    Two templates for which these are the same make the same stack, and CloudFormation refuses the update from one to
    the other, whatever their parameters: https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/2027
    """
    given = _offered(body, parameters)
    return {section: _section(body, mapping(body.get(section)), given) for section in ("Resources", "Outputs")}


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
        gone |= {title for title, entry in left.items() if gone & set(_references(entry))}
    outputs = {key: entry for key, entry in mapping(body.get("Outputs")).items() if not gone & set(_references(entry))}
    return {**body, "Resources": left, "Outputs": outputs}


def without_order(body: Body, titles: Collection[str]) -> dict[str, Any]:
    """The template's body in which nothing waits for these resources."""

    def left(entry: Mapping[str, Any]) -> dict[str, Any]:
        names = entry.get(_ORDER, [])
        kept = [name for name in ([names] if isinstance(names, str) else names) if name not in titles]
        bare = {key: value for key, value in entry.items() if key != _ORDER}
        return {**bare, _ORDER: kept} if kept else bare

    return {**body, "Resources": {title: left(entry) for title, entry in mapping(body["Resources"]).items()}}


def _offered(body: Body, parameters: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in parameters.items() if name in mapping(body.get("Parameters"))}


def _section(body: Body, entries: Body, parameters: Mapping[str, str]) -> dict[str, Any]:
    resolved = resolve({**body, "Resources": entries}, parameters)["Resources"]
    return {title: {key: item for key, item in entry.items() if key != _ORDER} for title, entry in resolved.items()}


def _references(value: Any) -> Iterator[str]:
    """Every logical id or parameter that an entry names."""
    match value:
        case {"Ref": str(name)}:
            yield name
        case {"Fn::GetAtt": [str(name), *_]}:
            yield name
        case {"Fn::Sub": str(text)}:
            yield from _names(text)
        case {"Fn::Sub": [str(text), own]}:
            yield from _names(text)
            yield from _references(own)
        case Mapping():
            for key, item in value.items():
                yield from [item] if key == _ORDER and isinstance(item, str) else []
                yield from item if key == _ORDER and isinstance(item, list) else _references(item)
        case list() | tuple():
            for item in value:
                yield from _references(item)


def _names(text: str) -> Iterator[str]:
    for part in text.split("${")[1:]:
        yield part.partition("}")[0].partition(".")[0].strip()

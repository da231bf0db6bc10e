"""The outputs of a stack that does not exist: from the template, with invented ids and attributes."""

import json
import re
from collections.abc import Mapping
from typing import Any

from ..aws.records import Identity, Stack
from ..template.decode import decode
from .evaluation import Evaluation

_PLACE = re.compile(r"\$\{([^!}]+)\}")


def made_up(stack: Stack, template: str, identity: Identity) -> dict[str, str]:
    """Key and value of each output. A resource's id is its logical id, an attribute is `Resource.Attribute`.

    A text that is not a template has no outputs.
    """
    body = decode(template)
    offered = {name: value for name, value in stack.parameters.items() if name in body.get("Parameters", {})}
    left = Evaluation(body, offered).left()["Outputs"] if body else {}
    pseudo = {
        "AWS::AccountId": identity.account,
        "AWS::Region": identity.region,
        "AWS::Partition": identity.partition,
        "AWS::StackName": stack.name,
        "AWS::StackId": stack.id,
        "AWS::URLSuffix": "amazonaws.com",
    }
    return {key: _text(entry["Value"], pseudo) for key, entry in left.items()}


def _text(value: Any, names: Mapping[str, str]) -> str:
    match value:
        case str():
            return value
        case {"Ref": str(name)}:
            return names.get(name, name)
        case {"Fn::GetAtt": [*parts]}:
            return ".".join(map(str, parts))
        case {"Fn::Sub": str(text)}:
            return _PLACE.sub(lambda place: names.get(place[1], place[1]), text)
        case {"Fn::Sub": [str(text), dict(own)]}:
            return _text({"Fn::Sub": text}, {**names, **{name: _text(item, names) for name, item in own.items()}})
        case {"Fn::Join": [str(separator), items]}:
            return separator.join(_items(items, names))
        case {"Fn::Select": [index, items]} if int(index) < len(found := _items(items, names)):
            return found[int(index)]
    return json.dumps(value)


def _items(value: Any, names: Mapping[str, str]) -> list[str]:
    """The items of a list; one item for a list that is not known."""
    match value:
        case {"Fn::Split": [str(separator), text]}:
            return _text(text, names).split(separator)
        case list():
            return [_text(item, names) for item in value]
    return [_text(value, names)]

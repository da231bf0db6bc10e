"""Decodes a template's text, YAML or JSON, to data with the long forms of intrinsic functions.

There are two steps: `compose` makes nodes, which know their lines, so that faults can be located; `construct` makes
data of them, in the form of `Template.to_dict()`. Numbers, booleans and dates are read as CloudFormation reads them, by
YAML 1.1: `0755` is 493, `yes` is true, `2012-10-17` is text.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-formats.html
"""

import json
from functools import lru_cache
from typing import Any

import yaml

_Loader: Any = yaml.CSafeLoader
_PLAIN = ("Ref", "Condition")
_YAML = "tag:yaml.org,2002:"


# A deploy reads a stack's template several times; the newest versions of both routes' stacks are few.
@lru_cache(maxsize=16)
def decode(text: str) -> dict[str, Any]:
    """The template's body, which must not be changed; empty for a text that is not a template."""
    try:
        node = compose(text)
        body = construct(node) if node else None
    except (yaml.YAMLError, ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) and isinstance(body.get("Resources"), dict) else {}


def compose(text: str) -> yaml.Node | None:
    """The text's nodes; None for an empty text. They have lines, except for JSON that YAML 1.1 cannot read.

    Raises `yaml.YAMLError` for a text that is neither YAML nor JSON.
    """
    try:
        return yaml.compose(text, Loader=_TemplateLoader)
    except yaml.YAMLError:
        try:
            return _node(json.loads(text, object_pairs_hook=_Pairs))
        except json.JSONDecodeError:
            pass
        raise


def construct(node: yaml.Node) -> Any:
    """The nodes' data. Raises `yaml.YAMLError` for an unknown tag, ValueError for a wrong value."""
    return _TemplateLoader("").construct_document(node)


class _TemplateLoader(_Loader):  # type: ignore[misc]
    """Reads `!Sub` as `Fn::Sub`, leaves a date as it is written, and takes every key for text."""


class _Pairs(list[tuple[str, Any]]):
    """An object of JSON, in which a key may stand twice."""


def _node(value: Any) -> yaml.Node:
    """The node of a value of JSON."""
    match value:
        case _Pairs():
            return yaml.MappingNode(f"{_YAML}map", [(_node(key), _node(item)) for key, item in value])
        case list():
            return yaml.SequenceNode(f"{_YAML}seq", [_node(item) for item in value])
        case str():
            return yaml.ScalarNode(f"{_YAML}str", value)
    kinds = {bool: "bool", int: "int", float: "float"}
    return yaml.ScalarNode(f"{_YAML}{kinds.get(type(value), 'null')}", json.dumps(value))


def _mapping(loader: Any, node: yaml.MappingNode) -> dict[str, Any]:
    """A mapping whose keys are as they are written, as CloudFormation has them: `On`, 012345678901."""
    loader.flatten_mapping(node)
    body = {_key(key): loader.construct_object(item, deep=True) for key, item in node.value}
    return {key: item.split(".", 1) if _is_joined(key, item) else item for key, item in body.items()}


def _is_joined(key: str, item: Any) -> bool:
    """Whether it is `Fn::GetAtt` with the resource and its attribute in one text, as YAML allows."""
    return key == "Fn::GetAtt" and isinstance(item, str)


def _key(node: yaml.Node) -> str:
    if not isinstance(node, yaml.ScalarNode):
        raise yaml.constructor.ConstructorError(None, None, "a key must be text", node.start_mark)
    return str(node.value)


def _spelt_out(loader: Any, tag: str, node: yaml.Node) -> dict[str, Any]:
    name = tag if tag in _PLAIN else f"Fn::{tag}"
    if isinstance(node, yaml.MappingNode):
        return {name: _mapping(loader, node)}
    if isinstance(node, yaml.SequenceNode):
        return {name: loader.construct_sequence(node, deep=True)}
    value = loader.construct_scalar(node)
    return {name: value.split(".", 1) if tag == "GetAtt" else value}


def _as_written(loader: Any, node: yaml.Node) -> Any:
    return loader.construct_scalar(node)


_TemplateLoader.add_multi_constructor("!", _spelt_out)
_TemplateLoader.add_constructor(f"{_YAML}map", _mapping)
for _tag in ("timestamp", "value"):
    _TemplateLoader.add_constructor(f"{_YAML}{_tag}", _as_written)

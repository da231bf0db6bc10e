"""A template's text as data: what CloudFormation keeps of a stack, to be compared with what is wanted.

YAML or JSON, written here or by hand; the short forms of intrinsic functions are spelt out, as `Template.to_dict()`
has them.
"""

from functools import lru_cache
from typing import Any

import yaml

_Loader: Any = yaml.CSafeLoader
_PLAIN = ("Ref", "Condition")


# A deploy reads a stack's template several times; the newest versions of both routes' stacks are few.
@lru_cache(maxsize=16)
def decode(text: str) -> dict[str, Any]:
    """The template's body, not to be changed; empty for a text that is no template."""
    try:
        body = yaml.load(text, Loader=_TemplateLoader)
    except (yaml.YAMLError, ValueError):
        return {}
    return body if isinstance(body, dict) and isinstance(body.get("Resources"), dict) else {}


class _TemplateLoader(_Loader):  # type: ignore[misc]
    """Reads `!Sub` as `Fn::Sub`, and leaves a date as it is written."""


def _spelt_out(loader: Any, tag: str, node: yaml.Node) -> dict[str, Any]:
    name = tag if tag in _PLAIN else f"Fn::{tag}"
    if isinstance(node, yaml.MappingNode):
        return {name: loader.construct_mapping(node, deep=True)}
    if isinstance(node, yaml.SequenceNode):
        return {name: loader.construct_sequence(node, deep=True)}
    value = loader.construct_scalar(node)
    return {name: value.split(".", 1) if tag == "GetAtt" else value}


_TemplateLoader.add_multi_constructor("!", _spelt_out)
_TemplateLoader.add_constructor("tag:yaml.org,2002:timestamp", lambda loader, node: loader.construct_scalar(node))

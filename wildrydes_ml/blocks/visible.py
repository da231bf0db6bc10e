"""Whether whoever reads a stack can read a value, too: then it is no secret, and needs no key of its own."""

import json
import re
from typing import Any

from troposphere import Template, encode_to_dict

from ..template.references import references

# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html
_RESOLVED_LATER = "{{resolve:"
_ATTRIBUTE = re.compile(r'"Fn::GetAtt": \["\w+", "([\w.]+)"\]|\$\{\w+\.([\w.]+)\}')
# Attributes so named say what a resource is called and where it is; another, such as SecretAccessKey, may be secret.
_NAMING = ("Arn", "ARN", "Id", "Name", "Url", "URL", "Address", "Port", "Endpoint", "Version")


def is_visible(template: Template, value: Any) -> bool:
    """Whether the value consists of plain text and numbers, parameters without NoEcho, and names of resources.

    False also for what the template does not have yet, since nobody knows what that will be.
    """
    entry = encode_to_dict(value)
    text = json.dumps(entry)
    attributes = (one or other for one, other in _ATTRIBUTE.findall(text))
    return (
        _RESOLVED_LATER not in text
        and all(attribute.endswith(_NAMING) for attribute in attributes)
        and all(_is_shown(template, name) for name in references(entry))
    )


def _is_shown(template: Template, name: str) -> bool:
    if name in template.parameters:
        return template.parameters[name].properties.get("NoEcho") not in (True, "true")
    return name in template.resources or name.startswith("AWS::")

"""Who names whom in a template: apart from what works conditions out, so that an App need not wait for that."""

from collections.abc import Iterator, Mapping
from typing import Any

ORDER = "DependsOn"
"""An attribute that orders the work and leaves what is made as it is."""


def references(value: Any) -> Iterator[str]:
    """Every logical id or parameter that an entry names; `${!Name}` names none."""
    match value:
        case {"Ref": str(name)}:
            yield name
        case {"Fn::GetAtt": [str(name), *_]}:
            yield name
        case {"Fn::Sub": str(text)}:
            yield from _names(text)
        case {"Fn::Sub": [str(text), own]}:
            yield from (name for name in _names(text) if name not in own)
            yield from references(own)
        case Mapping():
            for key, item in value.items():
                if key == ORDER:
                    # A property of this name, such as a container's, has mappings.
                    yield from (one for one in (item if isinstance(item, list) else [item]) if isinstance(one, str))
                yield from references(item)
        case list() | tuple():
            for item in value:
                yield from references(item)


def _names(text: str) -> Iterator[str]:
    for part in text.split("${")[1:]:
        if not part.startswith("!"):
            yield part.partition("}")[0].partition(".")[0].strip()

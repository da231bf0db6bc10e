"""Names that a template refers to and does not have. CloudFormation refuses them; an emulator may take them silently.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/troubleshooting.html
"""

from collections.abc import Iterator, Mapping
from typing import Any

from .references import references

# Section → what an entry of it is called before its name.
_CALLED = {"Conditions": "condition ", "Resources": "", "Outputs": "output "}


def unknown(body: Mapping[str, Any]) -> Iterator[str]:
    """For each reference to a name that the template does not have: who refers to what, and what to do."""
    for section, called in _CALLED.items():
        for title, entry in body.get(section, {}).items():
            for what in dict.fromkeys(_missing(entry, body)):
                yield f"{called}{title} refers to {what}, which the template does not have: correct the name, or add it"


def _missing(entry: Any, body: Mapping[str, Any]) -> Iterator[str]:
    known = {*body.get("Resources", {}), *body.get("Parameters", {})}
    for name in references(entry):
        # AWS::Region and the like are CloudFormation's; ${!Name} stands for itself.
        if name not in known and not name.startswith(("AWS::", "!")):
            yield repr(name)
    whole = [("Condition", entry["Condition"])] if isinstance(entry, Mapping) and "Condition" in entry else []
    for kind, name in (*whole, *_tables(entry)):
        if isinstance(name, str) and name not in body.get(f"{kind}s", {}):
            yield f"the {kind.lower()} {name!r}"


def _tables(value: Any) -> Iterator[tuple[str, Any]]:
    """The conditions and the mappings that a value asks."""
    match value:
        case {"Fn::If": [name, *rest]}:
            yield "Condition", name
            yield from _tables(rest)
        case {"Fn::FindInMap": [name, *rest]}:
            yield "Mapping", name
            yield from _tables(rest)
        case {"Condition": str(name)} if len(value) == 1:
            yield "Condition", name
        case Mapping():
            for one in value.values():
                yield from _tables(one)
        case list() | tuple():
            for one in value:
                yield from _tables(one)

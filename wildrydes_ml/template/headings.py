"""What a template says above the resources of each of its parts: comments, which CloudFormation does not see.

A block says its heading where it is defined, so that no list of resources has to be kept beside it. The template
remembers which resource came under which heading.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import wraps
from typing import Any, TypeVar, cast

Block = TypeVar("Block", bound=Callable[..., Any])

OWN = "This application's own resources"
"""The heading of what no block has made, in a template with blocks."""
_ATTRIBUTE = "wildrydes_ml_headings"


def under(heading: str) -> Callable[[Block], Block]:
    """Decorates a block, a function whose first argument is the template: what it adds stands under the heading."""

    def decorate(block: Block) -> Block:
        @wraps(block)
        def adding(template: Any, *args: Any, **named: Any) -> Any:
            before = set(getattr(template, "resources", ()))  # what is no template, the block refuses
            made = block(template, *args, **named)
            known = headings(template)
            for title in template.resources.keys() - before:
                known.setdefault(title, heading)
            return made

        return cast("Block", adding)

    return decorate


def headings(template: Any) -> dict[str, str]:
    """Logical id -> heading, of the resources that blocks have added. What is changed here, is changed there."""
    known: dict[str, str] = vars(template).setdefault(_ATTRIBUTE, {})
    return known


def where_they_stand(titles: Iterable[str], known: Mapping[str, str]) -> Iterator[str]:
    """For each resource in turn the heading above it: empty where it stands under the one before."""
    above = ""
    for title in titles:
        heading = known.get(title, OWN) if known else ""
        yield "" if heading == above else heading
        above = heading

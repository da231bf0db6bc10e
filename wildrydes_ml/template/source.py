"""A template as the deployer takes it: the text for CloudFormation, and the same as data for a look at it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from troposphere import Template


@dataclass(frozen=True)
class Source:
    """A template: how people call it, its text, and its sections as data in the long form of the functions."""

    name: str
    text: str = field(repr=False)
    body: Mapping[str, Any] = field(repr=False)


def built(name: str, template: "Template") -> Source:
    """A template of troposphere's."""
    from .render import render

    return Source(name, render(template), template.to_dict())

"""The names that an author gives: what is wrong with one is said where it is given."""

from troposphere import Template

from ..blocks import arguments
from . import parameters

API = "Api"
"""The logical id of an App's API, which is added to the template last."""

# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html: an output's description.
OUTPUT_CHARACTERS = 1024


def refuse_taken(template: Template, kind: str, title: str) -> None:
    """Raises TypeError and ValueError for a title that cannot be a logical id, or that the App uses already."""
    arguments.logical_id(kind, title)
    if title in template.parameters or title in parameters.TABLE:
        raise ValueError(f"{kind} {title!r}: the template has a parameter with that name; choose another")
    if title == API:
        raise ValueError(f"{kind} {title!r}: the App's API has this name; choose another name for the {kind}")
    if kind == "function" and f"{title}Function" in template.outputs:
        raise ValueError(f"{kind} {title!r}: the App has an output '{title}Function' already; choose another name")
    arguments.unused(template, title, f"choose another name for the {kind}")

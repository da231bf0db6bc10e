"""The names that an author gives: what is wrong with one is said where it is given."""

import re

from troposphere import Template

from ..blocks import arguments
from . import parameters

API = "Api"
"""The logical id of an App's API, which is added to the template last."""


def refuse_odd(kind: str, title: object) -> None:
    """Raises TypeError for what is no text, ValueError for other characters than letters and digits."""
    if not isinstance(title, str):
        raise TypeError(f"{kind} {title!r}: pass its name as text")
    if not re.fullmatch(r"[A-Za-z0-9]+", title, re.ASCII):
        raise ValueError(f"{kind} {title!r}: use letters and digits only")


def refuse_taken(template: Template, kind: str, title: str) -> None:
    """Raises TypeError and ValueError for a title that cannot be a logical id, or that the App uses already."""
    refuse_odd(kind, title)
    if title in template.parameters or title in parameters.TABLE:
        raise ValueError(f"{kind} {title!r}: the template has a parameter with that name; choose another")
    if title == API:
        raise ValueError(f"{kind} {title!r}: the App's API has this name; choose another name for the {kind}")
    arguments.unused(template, title, f"choose another name for the {kind}")

"""What the documentation tells of the library: blocks, the App and the Deployment, readable also without the site.

The site shows the same with types, by mkdocstrings, whose directives say nothing to who reads the page elsewhere.
"""

import ast
import inspect
from collections.abc import Iterable, Iterator
from dataclasses import MISSING, fields
from itertools import pairwise
from pathlib import Path
from typing import Any

from tools.markdown import table
from wildrydes_ml import Access, App, ExistingNetwork, Filling, NewNetwork, Storage, allow, blocks, deployment

ROOT = Path(__file__).resolve().parent.parent
_DECLARED = (ExistingNetwork, NewNetwork, Storage, Filling, Access, allow)
_DATA = ("Deployment", "Stack", "StackOutput", "Code", "Filling", "Packed", "Kept", "Proof")
_LONGEST = 60
_EXAMPLE = "examples/sentiment/app.py"


def sentiment() -> str:
    """The App of examples/sentiment, as it is there."""
    text = (ROOT / _EXAMPLE).read_text(encoding="utf-8")
    return f'```python title="{_EXAMPLE}"\n{text}```'


def building_blocks() -> str:
    """Each name of the blocks: its signature, and what it is."""
    return _told(getattr(blocks, name) for name in blocks.__all__)


def app_methods() -> str:
    """The App, each of its methods, and what is passed to it."""
    methods = [one for name, one in vars(App).items() if name[0] != "_" and inspect.isfunction(one)]
    return _told([App, *methods, *_DECLARED])


def deployment_fields() -> str:
    """Each field of a Deployment and of the plain data in it."""
    parts = []
    for name in _DATA:
        kind = getattr(deployment, name)
        told = dict(_docs_of_fields(kind))
        required = [one.name for one in fields(kind) if one.default is MISSING and one.default_factory is MISSING]
        rows = [(f"`{one.name}`", "yes" if one.name in required else "", told[one.name]) for one in fields(kind)]
        parts.append(f"### {name}\n\n{_about(kind)}\n\n" + table(("field", "required", "what it is"), rows))
    return "\n\n".join(parts)


TABLES = (sentiment, building_blocks, app_methods, deployment_fields)


def _told(named: Iterable[Any]) -> str:
    return table(("name and arguments", "what it is"), ((f"`{_signature(one)}`", _about(one)) for one in named))


def _signature(named: Any) -> str:
    """The name with its arguments and defaults, without types."""
    signature = inspect.signature(named)
    shown = [_short(one) for name, one in signature.parameters.items() if name != "self"]
    bare = str(signature.replace(parameters=shown, return_annotation=inspect.Signature.empty))
    return str(named.__name__) + bare.replace("Ellipsis", "...")


def _short(one: inspect.Parameter) -> inspect.Parameter:
    """The argument without its type; a default that is long, or made anew each time, is three dots."""
    known = one.default is inspect.Parameter.empty or len(repr(one.default)) <= _LONGEST
    is_made = repr(one.default) == "<factory>"
    bare = one.replace(annotation=inspect.Parameter.empty)
    return bare if known and not is_made else bare.replace(default=...)


def _about(named: Any) -> str:
    """The first paragraph of the docstring, in one line."""
    return " ".join(str(inspect.getdoc(named)).split("\n\n", 1)[0].split())


def _docs_of_fields(kind: type) -> Iterator[tuple[str, str]]:
    """The fields of a data class with the docstring under each."""
    (tree,) = ast.parse(inspect.getsource(kind)).body
    assert isinstance(tree, ast.ClassDef)
    for field, text in pairwise(tree.body):
        match field, text:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(told))):
                yield name, " ".join(told.split())

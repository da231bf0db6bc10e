"""Templates as YAML text: the bytes that reviewers read and CloudFormation gets.

Sections are in the order in which a person reads them. Resources are in the order in which the blocks added them (what
others need comes first), under the blocks' headings. Intrinsic functions have their short form. libyaml's dumper is
used because troposphere's own takes ten times as long, and the nodes are made here because each has its style.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from troposphere import Template

from .headings import headings, where_they_stand

SECTIONS = (
    "AWSTemplateFormatVersion", "Description", "Metadata", "Parameters", "Conditions", "Resources", "Outputs",
    "Mappings",
)  # fmt: skip
"""Mappings hold scripts: long, and read last."""
ATTRIBUTES = ("Type", "Condition", "DependsOn", "DeletionPolicy", "UpdateReplacePolicy", "Properties", "Metadata")

LINE_LENGTH = 180
_SHORT = ("Properties", "Export", "guard", "checkov", "config", "Label")
"""Mappings that stand on one line where they can."""
_OF_SHORT = ("Properties", "files", "ParameterLabels")
"""Mappings of such."""
_MAP, _SEQ, _STR = "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq", "tag:yaml.org,2002:str"
_OPENS_TEXT = re.compile(r"(?:- )*(?P<key>\S.*?: )?(?:!\S+ )?\|2?[-+]?")
"""A line after which a text stands; 2 says how much deeper, where the text begins with spaces."""

# Its own emitter quotes what libyaml's does not, and templates must have the same bytes everywhere.
if not yaml.__with_libyaml__:
    raise ImportError("PyYAML was built without libyaml; run: pip install --force-reinstall --only-binary :all: PyYAML")
_Dumper: Any = yaml.CSafeDumper
_RESOLVER: Any = yaml.resolver.Resolver()
_PLAIN: Any = yaml.representer.SafeRepresenter()
"""For numbers, truth and nothing."""


def render(template: Template) -> str:
    """The template as YAML. The same template gives the same text on every machine."""
    body = template.to_dict()
    resources = {title: _ordered(resource, ATTRIBUTES) for title, resource in body["Resources"].items()}
    ordered = _ordered({**body, "Resources": resources}, SECTIONS)
    text = yaml.serialize(_node(ordered), Dumper=_TemplateDumper, width=1_000_000, allow_unicode=True)
    comments = where_they_stand(resources, headings(template))
    return "".join(f"{line}\n" for line in with_comments(narrow(text.splitlines()), comments))


def with_comments(lines: Iterable[str], comments: Iterable[str]) -> Iterator[str]:
    """The lines with a comment above each resource, where there is one for it; they come in the resources' order."""
    of_resource = iter(comments)
    section = ""
    for line in lines:
        if line and line[0] != " ":
            section = line
        elif section == "Resources:" and line[1:2] not in ("", " ", ":") and (comment := next(of_resource)):
            yield f" # {comment}"
        yield line


def narrow(lines: Iterable[str]) -> Iterator[str]:
    """libyaml's text with each level indented by one space; libyaml itself writes at least two.

    The content of a level is still indented deeper than its key, and follows the dashes of a list as before. The lines
    of a multi-line text keep their own indentation.
    """
    columns = {0: 0}  # of the levels that are open, by libyaml's
    text = 0  # libyaml's column of the text that is being read, if there is one
    for line in lines:
        body = line.lstrip(" ")
        column = len(line) - len(body)
        if text and (column >= text or not body):
            yield f"{' ' * columns[text]}{line[text:]}" if body else ""
            continue
        above = max(one for one in columns if one < column or not one)
        columns = {one: new for one, new in columns.items() if one <= column}
        columns.setdefault(column, columns[above] + 1)
        opening = _OPENS_TEXT.fullmatch(body) if "|" in body[-3:] else None
        yield " " * columns[column] + (re.sub(r"2(?=[-+]?$)", "1", body) if opening else body)
        # A key of more than 128 characters stands after a question mark, and its value after a colon.
        while body.startswith(("- ", "? ", ": ")):
            columns[column + 2] = columns[column] + 2
            column, body = column + 2, body[2:]
        text = 0
        if opening:
            above = column if opening["key"] else column - 2
            text = above + 2
            columns[text] = columns[above] + 1


def plain(value: Any) -> str:
    """Any data as YAML, in its own order."""
    return str(yaml.dump(value, Dumper=_Dumper, sort_keys=False, width=LINE_LENGTH, allow_unicode=True))


def render_all(builders: Mapping[str, Callable[[], Template]]) -> dict[str, str]:
    """The text of each builder's template, by file name."""
    return {name: render(build()) for name, build in builders.items()}


def write(texts: Mapping[str, str], directory: Path) -> list[Path]:
    """Writes the files whose text differs; returns their names."""
    directory.mkdir(parents=True, exist_ok=True)
    stale = [name for name, text in texts.items() if _read(directory / name) != text]
    for name in stale:
        (directory / name).write_text(texts[name], encoding="utf-8")
    return [directory / name for name in stale]


def differences(texts: Mapping[str, str], directory: Path) -> str:
    """A unified diff from the files to the new texts, and a line for each file that is missing; empty when all are the
    same."""
    return "".join(_difference(directory / name, text) for name, text in texts.items())


def _difference(path: Path, text: str) -> str:
    import difflib  # only here, since every process that renders would wait for it

    if not path.exists():
        return f"{path} is missing\n"
    before = _read(path).splitlines(keepends=True)
    after = text.splitlines(keepends=True)
    return "".join(difflib.unified_diff(before, after, fromfile=str(path), tofile=f"{path.name} (rendered)"))


def _ordered(mapping: Mapping[str, Any], first: tuple[str, ...]) -> dict[str, Any]:
    named = {key: mapping[key] for key in first if key in mapping}
    return {**named, **mapping}


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


class _TemplateDumper(_Dumper):  # type: ignore[misc]
    """libyaml's, which asks here what YAML takes a text for."""

    def resolve(self, kind: type, value: Any, implicit: Any) -> Any:
        return _tag(value, implicit) if kind is yaml.ScalarNode else super().resolve(kind, value, implicit)


@cache
def _tag(value: str, implicit: tuple[bool, bool]) -> str:
    """What YAML takes a text for. It is asked twice for each, and most are the same few words."""
    return str(_RESOLVER.resolve(yaml.ScalarNode, value, implicit))


def _node(value: Any, in_properties: bool = False) -> yaml.Node:
    """A value as YAML's node: functions as tags, many-lined text as literal blocks, short mappings on one line.

    Such are those in lists and in properties, files or labels, and these themselves.
    """
    if isinstance(value, str):
        return _text(_STR, value)
    if isinstance(value, dict):
        tag = _function(value)
        return _function_node(tag, value, in_properties) if tag else _mapping(value, in_properties)
    if isinstance(value, list):
        return _sequence(_SEQ, value, in_properties)
    return _PLAIN.represent_data(value)  # type: ignore[no-any-return]


def _text(tag: str, value: str, style: str | None = None) -> yaml.Node:
    return yaml.ScalarNode(tag, value, style="|" if "\n" in value else style)


def _mapping(value: dict[str, Any], in_properties: bool) -> yaml.Node:
    pairs = [
        (
            _node(key),
            _line(item)
            if (in_properties or key in _SHORT) and _fits_on_line(item)
            else _node(item, in_properties or key in _OF_SHORT),
        )
        for key, item in value.items()
    ]
    return yaml.MappingNode(_MAP, pairs, flow_style=False)


def _line(value: dict[str, Any]) -> yaml.Node:
    """A mapping short enough to be read on one line, such as a tag or a security group's rule."""
    return yaml.MappingNode(_MAP, [(_node(key), _node(item)) for key, item in value.items()], flow_style=True)


def _sequence(tag: str, value: list[Any], in_properties: bool) -> yaml.Node:
    nodes = [_line(item) if _fits_on_line(item) else _node(item, in_properties) for item in value]
    return yaml.SequenceNode(tag, nodes, flow_style=_is_short(value) and len(str(value)) <= LINE_LENGTH)


def _function_node(tag: str, value: dict[str, Any], in_properties: bool) -> yaml.Node:
    (argument,) = value.values()
    if tag == "!GetAtt":
        argument = ".".join(argument)
    if isinstance(argument, str):
        return _text(tag, argument, None if argument else "'")
    if isinstance(argument, list):
        return _sequence(tag, argument, in_properties)
    # A short form may not hold another one directly (!Base64 !Sub), so the outer one is written long.
    return _mapping(value, in_properties)


def _fits_on_line(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and not _function(value)
        and all(map(_is_short, value.values()))
        and len(str(value)) <= LINE_LENGTH
    )


def _is_short(value: Any) -> bool:
    """Whether a value stands on one line: plain ones, and lists, mappings and functions of such."""
    if isinstance(value, str):
        return "\n" not in value
    if isinstance(value, dict):
        return all(map(_is_short, value.values()))
    if isinstance(value, list):
        return all(map(_is_short, value))
    return isinstance(value, int)


def _function(value: dict[str, Any]) -> str:
    """The tag of an intrinsic function; empty for any other mapping."""
    if len(value) != 1:
        return ""
    ((name, argument),) = value.items()
    if name in ("Ref", "Condition") and isinstance(argument, str):
        return f"!{name}"
    return f"!{name.removeprefix('Fn::')}" if name.startswith("Fn::") else ""

"""Finds faults in a template's text, with their lines: what CloudFormation would refuse late, or read differently.

It does not check what a template means: CloudFormation and its linters do that. It finds faults of the text: duplicate
keys, of which CloudFormation silently uses one; unknown functions; and what only CloudFormation can expand.
"""

import re
from collections.abc import Iterator
from typing import TypeAlias

import yaml

from ..hints import meant

LIMIT = 1_000_000
"""Bytes of a template that CloudFormation fetches from S3, "1 MB" in its quotas:
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html"""

_YAML = "tag:yaml.org,2002:"
_TAGS = {f"{_YAML}{name}" for name in ("str", "int", "float", "bool", "map", "seq", "timestamp", "value", "merge")}
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-anatomy.html
_SECTIONS = ("Parameters", "Mappings", "Conditions", "Resources", "Outputs", "Rules", "Metadata", "Hooks")
_KNOWN = (*_SECTIONS, "AWSTemplateFormatVersion", "Description", "Transform")
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html
_TYPE = r"String|Number|CommaDelimitedList|List<Number>|(List<)?AWS::[\w:<>]+"

# https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html and
# https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-rules.html
_FUNCTIONS = frozenset({
    "And", "Base64", "Cidr", "Contains", "EachMemberEquals", "EachMemberIn", "Equals", "FindInMap", "GetAZs", "GetAtt",
    "If", "ImportValue", "Join", "Not", "Or", "RefAll", "Select", "Split", "Sub", "ValueOf", "ValueOfAll",
})  # fmt: skip
_TAGGED = _FUNCTIONS | {"Ref", "Condition"}
# These need a transform.
_EXPANDED = frozenset({"ForEach", "Length", "ToJsonString", "Transform"})

_INSTEAD = (
    "Only CloudFormation can expand it, so the stack's resources are not known before (`sam build` and "
    "`aws cloudformation package` do not expand it). {how}, or use the expanded template: create a change set of this "
    "file with the AWS CLI, save the output of `aws cloudformation get-template --stack-name STACK "
    "--change-set-name NAME --template-stage Processed --query TemplateBody`, and name that file here"
)
# Name of a transform or function → what to write in its place.
_HOW = {
    "AWS::Serverless": "Replace each AWS::Serverless resource by what it stands for, such as AWS::Lambda::Function",
    "AWS::LanguageExtensions": "Write it without the functions of AWS::LanguageExtensions",
    "AWS::Include": "Write the included text in its place",
    "ForEach": "Write every entry, or build the template in Python with a loop",
    "Length": "Write the number",
    "ToJsonString": "Write the JSON text with !Sub",
}


Fault: TypeAlias = tuple[yaml.Mark | None, str]


def unreadable(path: object, text: str, error: yaml.YAMLError) -> str:
    """Why a text is neither YAML nor JSON, in one sentence with its line."""
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        reason = getattr(error, "reason", None) or str(error)
        line = text.count("\n", 0, getattr(error, "position", 0)) + 1
        return f"{path}:{line}: this is neither YAML nor JSON: {reason}"
    lines = text.splitlines()[max(0, mark.line - 1) : mark.line + 1]
    problem = getattr(error, "problem", "") or "the text ends too early"
    return f"{path}{_at(mark)}: this is neither YAML nor JSON: {problem}{_hint(lines)}"


def _hint(lines: list[str]) -> str:
    if any(re.search(r"!\w+\s+!\w", line) for line in lines):
        return "; a short form cannot follow another one: write `Fn::Base64: !Sub …`, not `!Base64 !Sub …`"
    if any(re.match(r" *\t", line) for line in lines):
        return "; indent with spaces: YAML does not allow tabs"
    return ""


def of(root: yaml.Node | None) -> list[str]:
    """All faults of a template in the order of its lines, each as `:LINE:COLUMN: what`."""
    if not isinstance(root, yaml.MappingNode) or not _is_filled(_entries(root).get("Resources")):
        return [": this is not a CloudFormation template: it has no Resources; add at least one"]
    nodes = {id(node): node for node in _walk(root)}.values()
    faults = [fault for node in nodes for fault in (*_of_scalar(node), *_of_tag(node), *_of_keys(node))]
    faults = [*_of_transform(_entries(root).get("Transform")), *faults] or list(_of_sections(_entries(root)))
    return [f"{_at(mark)}: {what}" for mark, what in sorted(faults, key=_line)]


def has_aliases(root: yaml.Node) -> bool:
    """Whether the text uses YAML aliases or merges, which CloudFormation does not support."""
    nodes = list(_walk(root))
    return len({id(node) for node in nodes}) < len(nodes) or any(node.tag == f"{_YAML}merge" for node in nodes)


def _walk(root: yaml.Node) -> Iterator[yaml.Node]:
    """Every node with its keys; one that several places name comes as often, what it holds once."""
    seen, more = set[int](), [root]
    while more:
        node = more.pop()
        yield node
        if id(node) not in seen and not isinstance(node, yaml.ScalarNode):
            seen.add(id(node))
            is_mapping = isinstance(node, yaml.MappingNode)
            children = [one for pair in node.value for one in pair] if is_mapping else node.value
            more += reversed(children)


def _of_scalar(node: yaml.Node) -> Iterator[Fault]:
    if node.tag == f"{_YAML}null":
        yield node.start_mark, "the value is missing, and CloudFormation refuses that; write a value, or remove the key"
    if node.tag == f"{_YAML}int" and re.fullmatch("0[0-7]{11}", node.value):
        read = int(node.value, 8)
        yield node.start_mark, f'CloudFormation reads {node.value} as the number {read}; write "{node.value}" in quotes'


def _of_tag(node: yaml.Node) -> Iterator[Fault]:
    name = str(node.tag).removeprefix("!")
    if node.tag in _TAGS or node.tag == f"{_YAML}null" or name in _TAGGED:
        return
    if name in _EXPANDED:
        yield node.start_mark, _expanded(f"!{name}", name, node)
    else:
        known = ", ".join(f"!{one}" for one in sorted(_TAGGED))
        shown = str(node.tag).replace(_YAML, "!!")
        yield node.start_mark, f"CloudFormation does not know the tag {shown}; it knows {known}"


def _of_keys(node: yaml.Node) -> Iterator[Fault]:
    if not isinstance(node, yaml.MappingNode):
        return
    lines: dict[str, yaml.Mark | None] = {}
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode):
            yield key.start_mark, "a key must be text; write a name before the colon"
        elif key.value in lines:
            first = f", first at line {mark.line + 1}" if (mark := lines[key.value]) else ""
            yield key.start_mark, f"duplicate key {key.value}{first}; only one would count: remove the wrong one"
        else:
            lines[key.value] = key.start_mark
            yield from _of_function(key, value)


def _of_function(key: yaml.ScalarNode, value: yaml.Node) -> Iterator[Fault]:
    """Of a key that names a function."""
    prefix, colons, rest = key.value.partition("::")
    name = rest.partition("::")[0]
    if prefix != "Fn" or not colons or name in _FUNCTIONS:
        return
    if name in _EXPANDED:
        yield key.start_mark, _expanded(f"Fn::{name}", name, value)
    else:
        known = ", ".join(f"Fn::{one}" for one in sorted(_FUNCTIONS))
        yield key.start_mark, f"CloudFormation does not know the function {key.value}; it knows {known}"


def _of_transform(section: yaml.Node | None) -> Iterator[Fault]:
    """Of the section Transform: one name, a list of names, or of mappings with a name."""
    if section is None:
        return
    for node in section.value if isinstance(section, yaml.SequenceNode) else [section]:
        yield node.start_mark, _expanded("Transform", _name(node), node)


def _expanded(what: str, name: str, node: yaml.Node) -> str:
    """Why a transform is not supported, and what to do."""
    named = _name(node) if name == "Transform" else name
    how = next((how for prefix, how in _HOW.items() if named.startswith(prefix)), "Write what it expands to")
    shown = f"{what} {named}" if "Transform" in what and named else what
    return f"{shown} is not supported. {_INSTEAD.format(how=how)}"


def _name(node: yaml.Node) -> str:
    """A transform's name; empty where it has none."""
    named = _entries(node).get("Name") if isinstance(node, yaml.MappingNode) else node
    return str(named.value) if isinstance(named, yaml.ScalarNode) else ""


def _of_sections(sections: dict[str, yaml.Node]) -> Iterator[Fault]:
    for title in _SECTIONS:
        if title in sections and not isinstance(sections[title], yaml.MappingNode):
            yield sections[title].start_mark, f"{title} must be a mapping: entries of a name, a colon and properties"
    for title, section in sections.items():
        if title not in _KNOWN:
            yield (
                section.start_mark,
                f"CloudFormation does not know the section {title}; correct or remove it{meant(title, _KNOWN)}",
            )
    for name, parameter in _entries(sections.get("Parameters")).items():
        yield from _of_parameter(name, parameter)
    for name, resource in _entries(sections["Resources"]).items():
        if not isinstance(_entries(resource).get("Type"), yaml.ScalarNode):
            yield resource.start_mark, f"the resource {name} has no Type; add one, such as AWS::S3::Bucket"


def _of_parameter(name: str, parameter: yaml.Node) -> Iterator[Fault]:
    kind, default = (_entries(parameter).get(key) for key in ("Type", "Default"))
    if default is not None and not isinstance(default, yaml.ScalarNode):
        yield default.start_mark, f"the Default of parameter {name} is no text; write one, such as 'a,b' for a list"
    if not isinstance(kind, yaml.ScalarNode):
        yield parameter.start_mark, f"the parameter {name} has no Type; add one, such as String"
    elif not re.fullmatch(_TYPE, kind.value, re.ASCII):
        unknown = f"has the Type {kind.value}, which CloudFormation does not know"
        yield kind.start_mark, f"the parameter {name} {unknown}; use String or Number, or a type of AWS"


def _entries(node: yaml.Node | None) -> dict[str, yaml.Node]:
    """What a mapping has under each of its keys, merges included; nothing for another node."""
    if not isinstance(node, yaml.MappingNode):
        return {}
    own = {key.value: value for key, value in node.value if isinstance(key, yaml.ScalarNode)}
    merged = own.pop("<<", None)
    parts = merged.value if isinstance(merged, yaml.SequenceNode) else [merged] if merged else []
    return {**{name: value for part in reversed(parts) for name, value in _entries(part).items()}, **own}


def _is_filled(node: yaml.Node | None) -> bool:
    return node is not None and node.tag != f"{_YAML}null" and bool(node.value)


def _line(fault: Fault) -> tuple[int, int]:
    mark, _ = fault
    return (mark.line, mark.column) if mark else (0, 0)


def _at(mark: yaml.Mark | None) -> str:
    """`:LINE:COLUMN`, counted from 1; empty where it is not known."""
    return f":{mark.line + 1}:{mark.column + 1}" if mark else ""

"""Writes a CDK program of L1 constructs that makes what our templates say; run by the Python that has aws-cdk-lib.

`translate.py TEMPLATES.json PROGRAM.py`, where the JSON has the templates by name. Every property is passed as a typed
argument of its generated class (`ec2.CfnSubnet(vpc_id=...)`), as somebody who writes L1 by hand would.
"""

import json
import sys
import typing
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import aws_cdk  # type: ignore[import-not-found, unused-ignore]
from aws_cdk import (  # type: ignore[import-not-found, unused-ignore]
    aws_apigateway,
    aws_ec2,
    aws_efs,
    aws_iam,
    aws_lambda,
    aws_logs,
)

MODULES = {
    "ApiGateway": aws_apigateway,
    "CloudFormation": aws_cdk,
    "EC2": aws_ec2,
    "EFS": aws_efs,
    "IAM": aws_iam,
    "Lambda": aws_lambda,
    "Logs": aws_logs,
}
_HEAD = """import sys

import aws_cdk
from aws_cdk import aws_apigateway, aws_ec2, aws_efs, aws_iam, aws_lambda, aws_logs

app = aws_cdk.App(outdir=sys.argv[1], analytics_reporting=False)
"""
_CONDITIONS = {"Fn::Equals": "equals", "Fn::Not": "not", "Fn::And": "and", "Fn::Or": "or"}
_TOKENS = {str: "as_string", float: "as_number", int: "as_number"}


def main() -> None:
    """Translates the file named first to the one named second."""
    templates = json.loads(Path(sys.argv[1]).read_text())
    stacks = ["\n".join(stack(name, template)) for name, template in templates.items()]
    Path(sys.argv[2]).write_text("\n\n".join([_HEAD, *stacks, "app.synth()\n"]))


def stack(name: str, template: Mapping[str, Any]) -> Iterator[str]:
    """The lines that make one template."""
    yield f"stack = aws_cdk.Stack(app, {name!r}, description={template['Description']!r},"
    yield "    synthesizer=aws_cdk.DefaultStackSynthesizer(generate_bootstrap_version_rule=False))"
    yield f"stack.template_options.metadata = {template['Metadata']!r}" if "Metadata" in template else ""
    yield "conditions, resources = {}, {}"
    for title, body in template["Parameters"].items():
        yield made(aws_cdk.CfnParameter, title, body)
    for title, body in template.get("Conditions", {}).items():
        expression = f"expression={condition(body)}"
        yield f"conditions[{title!r}] = aws_cdk.CfnCondition(stack, {title!r}, {expression})"
    for title, body in template["Resources"].items():
        yield from resource(title, body)
    for title, body in template["Outputs"].items():
        yield f"{made(aws_cdk.CfnOutput, f'{title}Output', output(body))}.override_logical_id({title!r})"


def resource(title: str, body: Mapping[str, Any]) -> Iterator[str]:
    """The lines that make one resource, and what is set on it."""
    service, kind = body["Type"].split("::")[1:]
    construct = made(getattr(MODULES[service], f"Cfn{kind}"), title, body.get("Properties", {}))
    yield f"resources[{title!r}] = it = {construct}"
    if "Condition" in body:
        yield f"it.cfn_options.condition = conditions[{body['Condition']!r}]"
    for attribute in ("DeletionPolicy", "UpdateReplacePolicy"):
        if attribute in body:
            name = "deletion_policy" if attribute == "DeletionPolicy" else "update_replace_policy"
            yield f"it.cfn_options.{name} = aws_cdk.CfnDeletionPolicy({body[attribute].upper()!r})"
    if "Metadata" in body:
        yield f"it.cfn_options.metadata = {body['Metadata']!r}"
    needed = body.get("DependsOn", [])
    for other in [needed] if isinstance(needed, str) else needed:
        yield f"it.add_resource_dependency(resources[{other!r}])"


def output(body: Mapping[str, Any]) -> dict[str, Any]:
    """An output's properties as CDK names them."""
    export = {"ExportName": body["Export"]["Name"]} if "Export" in body else {}
    return {**{key: value for key, value in body.items() if key != "Export"}, **export}


def made(kind: Any, title: str, properties: Mapping[str, Any]) -> str:
    """A construct."""
    return f"{name_of(kind)}(stack, {title!r}, {arguments(kind, properties)})"


def arguments(kind: Any, properties: Mapping[str, Any]) -> str:
    """Keyword arguments by the class's own type hints."""
    hints = typing.get_type_hints(kind.__init__)
    names = {name.replace("_", ""): name for name in hints}
    pairs = ((names[key.lower()], value) for key, value in properties.items())
    return ", ".join(f"{name}={expression(hints[name], value)}" for name, value in pairs)


def expression(hint: Any, value: Any) -> str:
    """A property's value as an argument of that type."""
    kinds = list(variants(hint))
    if aws_cdk.CfnCondition in kinds or any("Condition" in getattr(kind, "__name__", "") for kind in kinds):
        return f"conditions[{value!r}]"
    if is_function(value):
        return function(kinds, value)
    for kind in kinds:
        inner = typing.get_args(kind)
        if isinstance(value, list) and inner and len(inner) == 1:
            return f"[{', '.join(expression(inner[0], item) for item in value)}]"
        if isinstance(value, dict) and len(inner) == 2 and inner[1] is not Any:
            return f"{{{', '.join(f'{key!r}: {expression(inner[1], item)}' for key, item in value.items())}}}"
        if isinstance(value, dict) and is_struct(kind):
            return f"{name_of(kind)}({arguments(kind, value)})"
    is_text = str in kinds and not {int, float, bool, Any} & set(kinds)
    return repr(str(value) if is_text else value)


def function(kinds: list[Any], value: Mapping[str, Any]) -> str:
    """An intrinsic function: as text where the argument is text, as a list or a number where it is one."""
    ((name, argument),) = value.items()
    if str in kinds and name == "Ref":
        return f"aws_cdk.Fn.ref({argument!r})"
    if str in kinds and name == "Fn::GetAtt":
        return f"aws_cdk.Fn.get_att({argument[0]!r}, {argument[1]!r}).to_string()"
    if str in kinds and name == "Fn::Sub" and isinstance(argument, str):
        return f"aws_cdk.Fn.sub({argument!r})"
    intrinsic = f"aws_cdk.Intrinsic({dict(value)!r})"
    if any(typing.get_args(kind) == (str,) for kind in kinds):
        return f"aws_cdk.Token.as_list({intrinsic})"
    tokens = [_TOKENS[kind] for kind in kinds if kind in _TOKENS]
    return f"aws_cdk.Token.{tokens[0]}({intrinsic})" if tokens else intrinsic


def condition(value: Any) -> str:
    """A condition's expression."""
    ((name, argument),) = value.items()
    if name == "Condition":
        return f"conditions[{argument!r}]"
    operands = (condition(item) if name != "Fn::Equals" else expression(str, item) for item in argument)
    return f"aws_cdk.Fn.condition_{_CONDITIONS[name]}({', '.join(operands)})"


def variants(hint: Any) -> Iterator[Any]:
    """The types of a union, or the one."""
    if typing.get_origin(hint) is typing.Union:
        for inner in typing.get_args(hint):
            yield from variants(inner)
    else:
        yield hint


def is_struct(kind: Any) -> bool:
    """Whether it is a class of properties."""
    return isinstance(kind, type) and (kind.__name__.endswith("Property") or kind is aws_cdk.CfnTag)


def is_function(value: Any) -> bool:
    """Whether it is an intrinsic function."""
    return isinstance(value, dict) and len(value) == 1 and next(iter(value)).startswith(("Ref", "Fn::"))


def name_of(kind: Any) -> str:
    """How the program calls a class."""
    return f"{kind.__module__.removeprefix('aws_cdk.')}.{kind.__qualname__}"


if __name__ == "__main__":
    main()

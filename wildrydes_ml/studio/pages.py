"""The first page that participants read. Workshop Studio shows Markdown with a title and a weight in front.

https://github.com/aws-samples/powertools-for-aws-lambda-workshop/blob/main/docs/README.md: `content/index.en.md`
"""

import json
import shlex
from collections.abc import Iterable, Mapping
from typing import Any

from ..deployment import Deployment
from ..template.effective import Effective

_FUNCTION, _LOG_GROUP = "AWS::Lambda::Function", "AWS::Logs::LogGroup"
_KEY = "AWS::ApiGateway::ApiKey"
_READ_KEY = "aws apigateway get-api-key --api-key KEY --include-value --query value --output text"
_UNNAMED = {_FUNCTION: "FUNCTION", _LOG_GROUP: "GROUP"}


def first(one: Deployment, body: Mapping[str, Any], whole: Effective) -> str:
    """The page of an application that is there when a participant arrives."""
    title = str(body.get("Description", "")).partition(":")[0] or one.name
    parts = ["---", f'title: "{_quoted(title)}"', "weight: 0", "---", "", *_about(body), *_outputs(body, whole)]
    parts += [*_asking(one, whole), *_looking(one, whole), *_end()]
    return "\n".join(parts)


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _about(body: Mapping[str, Any]) -> Iterable[str]:
    yield from (f"{body.get('Description', 'This workshop')}.", "")
    yield from ("Your account has this stack already. You do not need to create anything.", "")


def _outputs(body: Mapping[str, Any], whole: Effective) -> Iterable[str]:
    """The outputs, with what the template says of them."""
    declared = body.get("Outputs", {})
    yield from ("## 1. Find the outputs", "", "Open **Event Outputs** on the page of the event. You find there:", "")
    yield from ("| output | what it is |", "|---|---|")
    for name in whole["Outputs"]:
        yield f"| `{name}` | {declared.get(name, {}).get('Description', '')} |"
    yield ""


def _asking(one: Deployment, whole: Effective) -> Iterable[str]:
    """How to ask: the command that the stack tells, or the URL."""
    if one.proof is None or one.proof.url not in whole["Outputs"]:
        return
    commands = [name for name in whole["Outputs"] if name.endswith("Command")]
    yield from ("## 2. Ask", "", f"`{one.proof.url}` is the address of the API.")
    if commands:
        yield f"`{commands[0]}` is a command that asks it. Copy it into a terminal and run it."
    yield f"It has these routes: `{'`, `'.join(one.proof.routes or (f'{one.proof.method} {one.proof.path}',))}`."
    if any(entry["Type"] == _KEY for entry in whole["Resources"].values()):
        yield from _key()
    yield from (
        "",
        "The first answer may take up to a minute, while the model loads. If it is an error, ask again.",
        "",
    )


def _key() -> Iterable[str]:
    yield from ("", "It needs a key, in the header `x-api-key`. `KEY` is the id of the key, which")
    yield from ("`list-stack-resources` below shows:", "", "```bash", _READ_KEY, "```")


def _looking(one: Deployment, whole: Effective) -> Iterable[str]:
    """Where to look at what was made, by commands that the participants' policy allows."""
    yield from (
        "## 3. Look at it",
        "",
        "The page of the event has credentials for the AWS CLI. Copy them into a terminal.",
    )
    yield from ("`STACK` is the name of the stack, which stands beside the outputs.", "", "```bash")
    for command in ("describe-stacks", "list-stack-resources", "get-template"):
        yield f"aws cloudformation {command} --stack-name STACK"
    for function in _names(whole, _FUNCTION, "FunctionName"):
        yield f"aws lambda get-function-configuration --function-name {function}"
    yield from _invoking(one, whole)
    for group in _names(whole, _LOG_GROUP, "LogGroupName"):
        yield f"aws logs tail {group}"
    yield from ("```", "")
    if _is_unnamed(whole):
        yield from ("In place of `FUNCTION` and `GROUP`, write the names that the second command shows.", "")


def _invoking(one: Deployment, whole: Effective) -> Iterable[str]:
    """How to invoke the function of the proof; nothing where there are others, which expect other events.

    Both AWS CLIs read a payload from a file as it is. On its command line, version 2 expects base64:
    https://docs.aws.amazon.com/cli/latest/userguide/cliv2-migration-changes.html#cliv2-migration-binaryparam
    """
    functions = [entry for entry in whole["Resources"].values() if entry["Type"] == _FUNCTION]
    if one.proof is None or len(functions) != 1:
        return
    (function,) = _names(whole, _FUNCTION, "FunctionName")
    event = one.proof.event if one.proof.typed is None else one.proof.typed
    yield f"echo {shlex.quote(json.dumps(event))} > question.json"
    yield f"aws lambda invoke --function-name {function} --payload fileb://question.json answer.json"
    yield "cat answer.json"


def _names(whole: Effective, kind: str, key: str) -> list[str]:
    """The names of the resources of a type; a word in capitals for one whose name CloudFormation makes."""
    properties = [one.get("Properties") or {} for one in whole["Resources"].values() if one["Type"] == kind]
    found = [one.get(key, _UNNAMED[kind]) for one in properties]
    return list(dict.fromkeys(name if isinstance(name, str) else _UNNAMED[kind] for name in found))


def _is_unnamed(whole: Effective) -> bool:
    found = {*_names(whole, _FUNCTION, "FunctionName"), *_names(whole, _LOG_GROUP, "LogGroupName")}
    return bool(found & {*_UNNAMED.values()})


def _end() -> Iterable[str]:
    yield from ("## 4. Nothing to delete", "", "Workshop Studio deletes the account's resources after the event.", "")

"""What a stack made and somebody deleted outside CloudFormation: found by its name in the account, told by logical id.

A type says too little: of two functions of a stack one may be gone.
"""

from collections.abc import Mapping
from typing import Any

from ..template.effective import made
from ..template.references import references
from .planner import FoundStack
from .states import Deploy

FUNCTION, ALIAS = "AWS::Lambda::Function", "AWS::Lambda::Alias"
API, STAGE = "AWS::ApiGateway::RestApi", "AWS::ApiGateway::Stage"
# The property that names what is part of a function or of an API.
_NAMED_BY = {ALIAS: "Name", STAGE: "StageName"}


def bare_name(function: str) -> str:
    """The function's name out of its name or ARN, with an alias or without."""
    return (function.partition(":function:")[2] or function).partition(":")[0]


def functions(found: FoundStack) -> dict[str, str]:
    """Logical id and name of each function that the stack made; an empty name where only CloudFormation knows it.

    A stack that no update can mend has none.
    """
    titles = _titles(found, FUNCTION)
    if not titles:
        return {}
    resources, told = found.effective["Resources"], _told(found)
    literal = {title: resources.get(title, {}).get("Properties", {}).get("FunctionName") for title in titles}
    return {title: name if isinstance(name, str) else told.get(title, "") for title, name in literal.items()}


def parts(found: FoundStack, kind: str, owner: str, name: str) -> tuple[str, ...]:
    """Logical ids of the aliases of a function, or the stages of an API, that have this name.

    One whose name the template leaves open counts; an empty name or owner is any.
    """
    key, resources = _NAMED_BY[kind], found.effective["Resources"]

    def fits(title: str) -> bool:
        given = resources.get(title, {}).get("Properties", {}).get(key)
        is_named_so = not name or not isinstance(given, str) or given == name
        return is_named_so and (not owner or owner in references(found.body["Resources"][title]))

    return tuple(title for title in _titles(found, kind) if fits(title))


def api(found: FoundStack, output: str) -> str:
    """The logical id of the API whose id the output tells; empty where the stack does not tell."""
    value = found.body.get("Outputs", {}).get(output, {}).get("Value")
    titles = _titles(found, API)
    match value:
        case {"Ref": str(title)} if title in titles:
            return title
    return titles[0] if len(titles) == 1 else ""


def _titles(found: FoundStack, kind: str) -> list[str]:
    """What the stack made for certain of a type, where an update can mend it."""
    if found.row.deploy is not Deploy.UPDATE or not found.body:
        return []
    return [title for title, one in made(found.body, found.stack.parameters).certain.items() if one == kind]


def _told(found: FoundStack) -> dict[str, str]:
    """Logical ids with the names that outputs tell."""
    outputs: Mapping[str, Any] = found.body.get("Outputs", {})
    names = {}
    for key, entry in outputs.items():
        if key not in found.stack.outputs:
            continue
        match entry.get("Value"):
            case {"Ref": str(title)} | {"Fn::GetAtt": [str(title), "Arn"]}:
                names[title] = bare_name(found.stack.outputs[key])
    return names

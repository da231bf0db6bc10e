"""What a stack's policy denies an update: read before the update, it costs no rollback.

CloudFormation enforces the policy while it updates, and it is never overridden here.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/protect-stack-resources.html
"""

import json
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from ..template.change import ResourceChange

_Statement = Mapping[str, Any]
# Action and replacement of a change → what the policy may call it. What is added is never denied.
_ACTIONS = {
    ("Modify", "False"): ("Update:Modify",),
    ("Modify", "True"): ("Update:Replace",),
    ("Modify", "Conditional"): ("Update:Modify", "Update:Replace"),
    ("Remove", "False"): ("Update:Delete",),
}


def denied(policy: str, changes: Sequence[ResourceChange]) -> list[ResourceChange]:
    """The changes that the policy denies whatever comes of them; none without a policy."""
    statements = _statements(policy)
    return [change for change in changes if statements and _is_denied(statements, change)]


def _statements(policy: str) -> list[_Statement]:
    """The policy's statements; none of one that is not as CloudFormation describes them."""
    try:
        found = json.loads(policy)["Statement"] if policy else []
    except (ValueError, KeyError, TypeError):
        return []
    return [one for one in _listed(found) if isinstance(one, dict)]


def _is_denied(statements: Sequence[_Statement], change: ResourceChange) -> bool:
    replacement = "False" if change.action == "Remove" else change.replacement
    actions = _ACTIONS.get((change.action, replacement), ())
    return bool(actions) and not any(_allows(statements, action, change) for action in actions)


def _allows(statements: Sequence[_Statement], action: str, change: ResourceChange) -> bool:
    """What no statement allows is denied, and so is what one denies and another allows."""
    effects = {one.get("Effect") for one in statements if _matches(one, action, change)}
    return "Allow" in effects and "Deny" not in effects


def _matches(statement: _Statement, action: str, change: ResourceChange) -> bool:
    return (
        _names(statement, "Action", action)
        and _names(statement, "Resource", f"LogicalResourceId/{change.logical_id}")
        and _holds(statement, change.type)
    )


def _names(statement: _Statement, element: str, value: str) -> bool:
    """Whether the element (`Action`, `Resource`), or what is left by its opposite (`NotAction`), holds the value."""
    if f"Not{element}" in statement:
        return not _is_like(value, statement[f"Not{element}"])
    return _is_like(value, statement.get(element, ()))


def _holds(statement: _Statement, type: str) -> bool:
    """Whether the condition holds for a type of resource; one of another kind is taken in the change's favour."""
    condition = statement.get("Condition")
    if not condition:
        return True
    tests = [
        _is_like(type, tested["ResourceType"])
        for operator, tested in condition.items()
        if operator in ("StringEquals", "StringLike") and "ResourceType" in tested
    ]
    return all(tests) if len(tests) == len(condition) else statement.get("Effect") == "Allow"


def _is_like(value: str, patterns: Any) -> bool:
    return any(fnmatchcase(value, str(pattern)) for pattern in _listed(patterns))


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else [value]

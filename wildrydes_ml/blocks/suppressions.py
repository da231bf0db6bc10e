"""Suppressions of findings, each with its reason, in the `Metadata` that cfn-lint, checkov and cfn-guard read."""

from typing import Any


def checkov_skips(**reasons: str) -> dict[str, Any]:
    """`Metadata` that lets checkov skip rules on one resource, e.g. `CKV_AWS_116="why"`."""
    return {"checkov": {"skip": [{"id": rule, "comment": reason} for rule, reason in reasons.items()]}}


def guard_suppressions(**reasons: str) -> dict[str, Any]:
    """`Metadata` that lets Guard's rules skip one resource; the reasons are in the order of the rules.

    The rules look only for a list of names
    (https://github.com/aws-cloudformation/aws-guard-rules-registry).
    """
    return {"guard": {"SuppressedRules": list(reasons), "reasons": list(reasons.values())}}


def cfn_lint_ignores(**reasons: str) -> dict[str, Any]:
    """`Metadata` that lets cfn-lint ignore rules on one resource or on the whole template."""
    return {"cfn-lint": {"config": {"ignore_checks": list(reasons)}, "reasons": dict(reasons)}}

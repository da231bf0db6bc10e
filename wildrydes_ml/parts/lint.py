"""Suppressions of findings, each with its reason, in the `Metadata` that cfn-lint and checkov read."""

from typing import Any


def checkov_skips(**reasons: str) -> dict[str, Any]:
    """`Metadata` that lets checkov skip rules on one resource, e.g. `CKV_AWS_116="why"`."""
    return {"checkov": {"skip": [{"id": rule, "comment": reason} for rule, reason in reasons.items()]}}


def cfn_lint_ignores(**reasons: str) -> dict[str, Any]:
    """`Metadata` that lets cfn-lint ignore rules on one resource or the whole template."""
    return {"cfn-lint": {"config": {"ignore_checks": list(reasons)}, "reasons": dict(reasons)}}

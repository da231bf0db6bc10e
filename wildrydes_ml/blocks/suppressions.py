"""Suppressions of findings, each with its reason, in the `Metadata` that cfn-lint, checkov and cfn-guard read.

A reason must be true of what is rendered. Where a block cannot know that, it leaves the finding to its reader.
"""

from typing import Any

from troposphere import AWSObject

RETENTION_REASON = "RetentionInDays is a choice; to keep logs for a year costs money."


def checkov_skips(**reasons: str) -> dict[str, Any]:
    """`Metadata` that lets checkov skip rules on one resource, e.g. `CKV_AWS_116="why"`; empty without rules."""
    skips = [{"id": rule, "comment": reason} for rule, reason in reasons.items()]
    return {"checkov": {"skip": skips}} if skips else {}


def guard_suppressions(**reasons: str) -> dict[str, Any]:
    """`Metadata` that lets Guard's rules skip one resource; the reasons are in the order of the rules.

    The rules look only for a list of names
    (https://github.com/aws-cloudformation/aws-guard-rules-registry).
    """
    return {"guard": {"SuppressedRules": list(reasons), "reasons": list(reasons.values())}}


def cfn_lint_ignores(**reasons: str) -> dict[str, Any]:
    """`Metadata` that lets cfn-lint ignore rules on one resource or on the whole template."""
    return {"cfn-lint": {"config": {"ignore_checks": list(reasons)}, "reasons": dict(reasons)}}


def waited_for(function: AWSObject, caller: str) -> None:
    """Suppresses the rules that ask for a dead-letter queue, on a function whose `caller` waits for its answer.

    Lambda uses the queue for asynchronous calls only
    (https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html). The first caller counts.
    """
    metadata = function.resource.get("Metadata", {})
    skips = metadata.get("checkov", {}).get("skip", [])
    guard = metadata.get("guard", {"SuppressedRules": [], "reasons": []})
    if "LAMBDA_DLQ_CHECK" in guard["SuppressedRules"]:
        return
    why = f"{caller} waits for the answer"
    queue = checkov_skips(CKV_AWS_116=f"{why}; a dead-letter queue is for calls that do not wait.")
    function.Metadata = {
        **metadata,
        "checkov": {"skip": [*skips, *queue["checkov"]["skip"]]},
        "guard": {
            "SuppressedRules": [*guard["SuppressedRules"], "LAMBDA_DLQ_CHECK"],
            "reasons": [*guard["reasons"], f"{why}, see CKV_AWS_116."],
        },
    }

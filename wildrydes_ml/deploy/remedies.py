"""What people are told to do: commands of the AWS CLI as they are to be pasted, with the region."""

import shlex
from collections.abc import Callable, Mapping, Sequence

from ..aws.records import Billable

# How many of many names are told.
SHOWN = 3
# Since mount targets go in the background, and a file system only after them.
_MOUNT_TARGET_SECONDS = 90
AGAIN = "run the same command again"

# Patterns of the AWS CLI for the keys of uploads.
_UPLOADS = ("code/*-????????????????.zip", "model/*-????????????????.tar")


class Remedies:
    """Commands for one region; `endpoint` is an emulator's address, without which they would go to AWS."""

    def __init__(self, region: str, endpoint: str = "") -> None:
        self._place = ["--region", region, *(["--endpoint-url", endpoint] if endpoint else [])]

    def removal(self, thing: Billable) -> str:
        """How to remove a thing."""
        return REMOVALS[thing.kind](self, thing) if thing.kind in REMOVALS else AGAIN

    def command(self, *words: str) -> str:
        """A command with its region, quoted for a shell."""
        return shlex.join(["aws", *words, *self._place])

    def unprotection(self, stack: str) -> str:
        """How to allow a stack to be deleted.

        https://docs.aws.amazon.com/cli/latest/reference/cloudformation/update-termination-protection.html
        """
        return self.command(
            "cloudformation", "update-termination-protection", "--no-enable-termination-protection",
            "--stack-name", stack,
        )  # fmt: skip

    def deletion(self, stack: str) -> str:
        """How to delete a stack, and wait until it is gone."""
        waiting = self.command("cloudformation", "wait", "stack-delete-complete", "--stack-name", stack)
        return f"{self.command('cloudformation', 'delete-stack', '--stack-name', stack)} && {waiting}"

    def policy(self, stack: str) -> str:
        """How to look at what a stack's policy allows."""
        return self.command("cloudformation", "get-stack-policy", "--stack-name", stack)

    def objects(self, bucket: str) -> tuple[str, str]:
        """How to save, and how to remove, all objects of a bucket but uploads."""
        others = ["--recursive", *(word for pattern in _UPLOADS for word in ("--exclude", pattern))]
        return (
            self.command("s3", "cp", f"s3://{bucket}", bucket, *others),
            self.command("s3", "rm", f"s3://{bucket}", *others),
        )


def _file_system(remedies: Remedies, thing: Billable) -> str:
    """https://docs.aws.amazon.com/efs/latest/ug/delete-efs-fs.html: mount targets go first."""
    removal = remedies.command("efs", "delete-file-system", "--file-system-id", thing.id)
    targets = [remedies.command("efs", "delete-mount-target", "--mount-target-id", id) for id in thing.held_by]
    pause = [f"sleep {_MOUNT_TARGET_SECONDS}"] if targets else []
    return " && ".join([*targets, *pause, removal])


def _usage_plan(remedies: Remedies, thing: Billable) -> str:
    """https://docs.aws.amazon.com/apigateway/latest/api/API_DeleteUsagePlan.html: its stages go first."""
    plan = ("--usage-plan-id", thing.id)
    stages = [f"op=remove,path=/apiStages,value={stage}" for stage in thing.held_by]
    update = remedies.command("apigateway", "update-usage-plan", *plan, "--patch-operations", *stages)
    return " && ".join([*([update] if stages else []), remedies.command("apigateway", "delete-usage-plan", *plan)])


def _by_id(*words: str) -> Callable[[Remedies, Billable], str]:
    return lambda remedies, thing: remedies.command(*words, thing.id)


# What the same command removes when it is run again has no entry.
REMOVALS: Mapping[str, Callable[[Remedies, Billable], str]] = {
    "NAT gateway": _by_id("ec2", "delete-nat-gateway", "--nat-gateway-id"),
    "public IPv4 address": _by_id("ec2", "release-address", "--allocation-id"),
    "instance": _by_id("ec2", "terminate-instances", "--instance-ids"),
    "volume": _by_id("ec2", "delete-volume", "--volume-id"),
    "file system": _file_system,
    "log group": _by_id("logs", "delete-log-group", "--log-group-name"),
    "function": _by_id("lambda", "delete-function", "--function-name"),
    "API key": _by_id("apigateway", "delete-api-key", "--api-key"),
    "usage plan": _usage_plan,
}


def some(names: Sequence[str], shown: int = SHOWN) -> str:
    """Names in a line that does not grow with their number."""
    more = len(names) - shown
    return ", ".join(names[:shown]) + (f" and {more:,} more" if more > 0 else "")

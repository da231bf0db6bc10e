"""Destroy: take away what deploy made, what depends before what it depends on, and prove that it is gone.

Nothing is remembered between runs: each looks at what there is. What remembers names (a stack its bucket and its
function) goes after what is found by them, so that a run that was cut leaves nothing that the next cannot find.
"""

import time
from collections.abc import Callable

from . import keeping, leftovers
from .aws import Aws
from .deleting import SUBNET, Deleter, physical_ids
from .desired import TAG
from .emptying import remove_bucket
from .errors import Refused
from .following import Follower
from .planning import FoundStack
from .releasing import release
from .remains import Remains, look
from .reporting import Reporter
from .settings import Settings, Target


def destroy(
    aws: Aws,
    settings: Settings,
    target: Target,
    reporter: Reporter,
    confirm: Callable[[list[str]], None],
    clock: Callable[[], float] = time.monotonic,
) -> bool:
    """Removes everything of both routes under the name; returns whether there was anything.

    With `keep_data` EFS and the bucket stay, without what bills by the hour. `confirm` is shown what goes and what
    stays, and raises when it may not. Raises Refused for a stack that is not ours and for what cannot be kept or
    left behind, InterruptedWork when AWS takes too long, WildrydesError when something is left.
    """
    found = look(aws, settings, target)
    _refuse(found, settings)
    goes, stays = found.split(settings)
    lines = [*goes.describe(), *keeping.losses([one.stack for one in stays.stacks])]
    if lines:
        confirm(lines + [f"kept: {line}" for line in stays.describe()])
    _Destroyer(aws, settings, reporter, clock).run(goes, stays)
    leftovers.prove(aws, settings, target, goes, reporter)
    reporter.event(f"gone: {', '.join(lines)}" if lines else "nothing to remove")
    return bool(lines)


class _Destroyer:
    """One removal."""

    def __init__(self, aws: Aws, settings: Settings, reporter: Reporter, clock: Callable[[], float]) -> None:
        self._aws = aws
        self._settings = settings
        self._reporter = reporter
        self._clock = clock
        self._deleter = Deleter(aws, settings.retain, reporter, clock)

    def run(self, goes: Remains, stays: Remains) -> None:
        """Removes uploads to a given bucket, stacks, log groups and our own bucket, in this order."""
        if goes.objects and not goes.own_bucket:
            self._reporter.event(f"removing {len(goes.objects)} objects from bucket {goes.bucket}")
            self._aws.buckets.remove(goes.bucket, goes.objects)
        if goes.stacks or goes.own_bucket:
            self._unwire(goes)
        for found in goes.stacks:
            self._remove_stack(found)
        for found in stays.stacks:
            self._keep(found)
        for name in sorted(goes.possible_log_groups):
            self._aws.functions.delete_log_group(name)
        if goes.own_bucket:
            self._reporter.event(f"removing bucket {goes.bucket}")
            remove_bucket(self._aws, goes.bucket)

    def _unwire(self, goes: Remains) -> None:
        """Removes the long route's key and usage plan, also when its stack is gone already."""
        if self._settings.complete_stack not in [found.stack.name for found in goes.stacks]:
            self._aws.apis.unwire(goes.function_name, {TAG: self._settings.name})

    def _remove_stack(self, found: FoundStack) -> None:
        stack = found.stack
        if stack.name == self._settings.efs_stack:
            # The function is gone by now, and so has Lambda begun to leave the subnets.
            release(self._aws, physical_ids(found.resources, SUBNET), self._reporter, self._clock)
        self._deleter.delete(stack)

    def _keep(self, found: FoundStack) -> None:
        stack = self._deleter.settle(found.stack)
        if stack:
            keeping.make_idle(self._aws, stack, Follower(self._aws, self._reporter, self._clock), self._reporter)


def _refuse(found: Remains, settings: Settings) -> None:
    """Raises Refused for what cannot be kept or left behind."""
    whole = [one.stack.name for one in found.stacks if one.stack.name == settings.complete_stack]
    if settings.keep_data and whole:
        raise Refused(
            f"--keep-data: stack {whole[0]} holds function and files in one, and CloudFormation deletes a stack as a "
            "whole; copy the files first and run without --keep-data, or deploy by the long route to keep them"
        )
    functions = [
        item.logical_id
        for one in found.stacks
        for item in one.resources
        if item.type == "AWS::Lambda::Function" and item.logical_id in settings.retain
    ]
    if functions:
        raise Refused(
            f"--retain {functions[0]}: the function would outlive its role, without which Lambda can never remove "
            "its network interfaces; mend what keeps it from being deleted"
        )

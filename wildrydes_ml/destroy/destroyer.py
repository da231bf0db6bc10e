"""Destroy: delete what deploy created, dependents first, and prove that nothing is left.

Nothing is remembered between runs: each run looks at what exists. A stack names its bucket and its function, so the
stack is deleted after these: if a run is cut off, the next one still finds everything.
"""

import time
from collections.abc import Callable, Mapping, Sequence

from ..aws.session import Aws
from ..aws.target import Target
from ..deploy.follower import Follower
from ..deploy.planner import FoundStack
from ..deploy.remedies import Remedies
from ..deploy.settings import Settings
from ..reporting import Reporter
from . import keep, leftovers
from .deleter import Deleter
from .emptying import remove_bucket
from .interfaces import release
from .refusals import refuse_removal
from .remains import STACK_TAG, Remains, is_tagged, look, our_tags
from .resources import FUNCTION, SECURITY_GROUP, physical_ids


def destroy(
    aws: Aws,
    settings: Settings,
    target: Target,
    reporter: Reporter,
    confirm: Callable[[list[str]], None],
    clock: Callable[[], float] = time.monotonic,
) -> bool:
    """Deletes everything of both routes under the name; returns whether there was anything.

    With `keep_data` EFS and the bucket are kept, without the resources that are billed by the hour. `confirm` gets the
    lines that say what is deleted and what is kept; it raises if the user does not agree.

    Raises:
        Refused: Before anything is deleted: a stack is not ours, is protected, contains something that is not ours,
            or cannot be kept.
        InterruptedWork: AWS takes too long.
        WildrydesError: Something is left.
    """
    found = look(aws, settings)
    for doubt in found.doubts:
        reporter.warning(doubt)
    remedies = Remedies(aws.identity.region, target.endpoint)
    refuse_removal(found, settings, remedies)
    goes, stays = found.split(settings)
    for kept in stays.stacks:
        keep.check(aws, settings, kept.stack, reporter)
    wiring = _wiring(settings, found)
    keys = leftovers.api_keys(aws, wiring, reporter)
    lines = [*goes.describe(), *(f"{key.kind} {key.id}" for key in keys)]
    lines += keep.losses(settings, [one.stack for one in stays.stacks])
    if lines:
        confirm(lines + [f"kept: {line}" for line in stays.describe()])
    _Destroyer(aws, settings, remedies, reporter, clock).run(goes, stays, wiring if keys else {})
    leftovers.prove(aws, settings, target, goes, reporter)
    reporter.event(f"deleted: {', '.join(lines)}" if lines else "nothing to delete")
    return bool(lines)


class _Destroyer:
    """One run of destroy."""

    def __init__(
        self, aws: Aws, settings: Settings, remedies: Remedies, reporter: Reporter, clock: Callable[[], float]
    ) -> None:
        self._aws = aws
        self._settings = settings
        self._remedies = remedies
        self._reporter = reporter
        self._clock = clock
        self._deleter = Deleter(aws, settings.retain, reporter, clock)

    def run(self, goes: Remains, stays: Remains, wiring: Mapping[str, Sequence[str]]) -> None:
        """Deletes uploads to a given bucket, keys with the tags of our wiring, stacks, log groups and our own bucket,
        in this order."""
        if goes.objects and not goes.own_bucket:
            self._reporter.event(f"deleting {len(goes.objects)} objects from bucket {goes.bucket}")
            self._aws.buckets.remove(goes.bucket, goes.objects)
        if wiring:
            self._unwire(wiring)
        for found in goes.stacks:
            self._remove_stack(found)
        for found in stays.stacks:
            self._keep(found)
        for name in goes.log_groups:
            self._remove_log_group(name)
        if goes.own_bucket:
            self._reporter.event(f"deleting bucket {goes.bucket}")
            remove_bucket(self._aws, goes.bucket, self._remedies)

    def _unwire(self, wiring: Mapping[str, Sequence[str]]) -> None:
        """Deletes our keys and usage plans, even if their API no longer exists."""
        self._reporter.event("deleting API keys and usage plans")
        self._aws.apis.unwire(wiring)

    def _remove_stack(self, found: FoundStack) -> None:
        stack = found.stack
        groups = physical_ids(found.resources, SECURITY_GROUP)
        if groups and not physical_ids(found.resources, FUNCTION):
            # The functions are gone by now, and so has Lambda begun to leave the network.
            release(self._aws, groups, self._reporter, self._clock)
        self._deleter.delete(stack)

    def _remove_log_group(self, name: str) -> None:
        """Deletes a log group that its stack has left. A newer one with the same name may be somebody else's."""
        if is_tagged(self._aws.functions.log_group_tags(name), our_tags(self._settings)):
            self._aws.functions.delete_log_group(name)

    def _keep(self, found: FoundStack) -> None:
        stack = self._deleter.settle(found.stack)
        if stack:
            follower = Follower(self._aws, self._reporter, self._clock)
            keep.make_idle(self._aws, self._settings, stack, follower, self._reporter)


def _wiring(settings: Settings, found: Remains) -> Mapping[str, Sequence[str]]:
    """The tags of our keys and usage plans, but for those of stacks that are there: these go with their stack."""
    there = {one.stack.name for one in found.stacks}
    ours = our_tags(settings)
    return {**ours, STACK_TAG: [stack for stack in ours[STACK_TAG] if stack not in there]}

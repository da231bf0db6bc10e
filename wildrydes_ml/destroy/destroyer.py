"""Destroy: delete what deploy created, dependents first, and prove that nothing is left.

Nothing is remembered between runs: each run looks at what exists. A stack names its bucket and its function, so the
stack is deleted after these: if a run is cut off, the next one still finds everything.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import partial

from .. import expiry
from ..aws.session import Aws
from ..aws.target import Target
from ..deploy.follower import Follower
from ..deploy.planner import FoundStack
from ..deploy.remedies import Remedies
from ..deploy.settings import Settings
from ..reporting import Confirm, Reporter
from . import keep, leftovers, repeating
from .deleter import Deleter
from .emptying import remove_bucket
from .interfaces import release
from .refusals import refuse_class, refuse_removal, refuse_unknown
from .remains import STACK_TAG, Remains, is_tagged, look, our_tags
from .resources import FUNCTION, SECURITY_GROUP, physical_ids


def destroy(
    aws: Aws,
    settings: Settings,
    target: Target,
    reporter: Reporter,
    confirm: Confirm,
    clock: Callable[[], float] = time.monotonic,
) -> bool:
    """Deletes everything of every route under the name; returns whether there was anything.

    With `keep_data` EFS and the bucket are kept, without the resources that are billed by the hour. `confirm` gets the
    lines that say what is deleted and what is kept; it raises if the user does not agree.

    Raises:
        Refused: Before anything is deleted: a stack is not ours, is protected, contains something that is not ours,
            or cannot be kept.
        SettingsError: Before anything is deleted: no stack has a resource that is to be retained.
        InterruptedWork: AWS takes too long.
        WildrydesError: Something is left.
    """
    removal = planned(aws, settings, target, reporter)
    refuse_unknown(settings, removal.stacks, settings.name)
    if removal.lines:
        confirm(removal.offer)
    # While the stacks still tell.
    options = repeating.options_of(aws, settings, removal.goes.stacks, target)
    if removal.stays.stacks:  # which remember for themselves
        options = options or []
    take(aws, removal, target, reporter, clock)
    if removal.lines:
        reporter.event("checking that nothing billable is left", steps=0)
    leftovers.prove(aws, settings, target, removal.goes, reporter)
    told = f"deleted: {', '.join(removal.lines)}" if removal.lines else "nothing to delete"
    reporter.event(told, about="gone", **repeating.record(options))
    return bool(removal.lines)


@dataclass(frozen=True)
class Removal:
    """What is deleted and what is kept of a deployment. `wiring` are the tags of its keys and usage plans that no stack
    holds, empty if there are none; `lines` says what goes, and `offer` also what stays."""

    settings: Settings
    goes: Remains
    stays: Remains
    wiring: Mapping[str, Sequence[str]]
    lines: list[str]

    @property
    def offer(self) -> list[str]:
        """What a person agrees to."""
        return self.lines + [f"kept: {line}" for line in self.stays.describe()]

    @property
    def stacks(self) -> tuple[FoundStack, ...]:
        """Those that go and those that stay."""
        return self.goes.stacks + self.stays.stacks


def planned(aws: Aws, settings: Settings, target: Target, reporter: Reporter) -> Removal:
    """What there is to delete. It changes nothing.

    Raises Refused for what is not ours, is protected or cannot be kept.
    """
    found = look(aws, settings)
    for doubt in found.doubts:
        reporter.warning(doubt)
    place = target.options(aws.identity.region)
    refuse_class(aws, found, settings, place)
    refuse_removal(found, settings, Remedies(aws.identity.region, target.endpoint))
    goes, stays = found.split(settings)
    for kept in stays.stacks:
        keep.check(aws, settings, kept.stack, reporter)
        _tell_expiry(kept, place, reporter)
    wiring = _wiring(settings, found)
    keys = leftovers.api_keys(aws, wiring, reporter)
    lines = [*goes.describe(), *(f"{key.kind} {key.id}" for key in keys)]
    lines += keep.losses(settings, [one.stack for one in stays.stacks])
    return Removal(settings, goes, stays, wiring if keys else {}, lines)


def take(
    aws: Aws, removal: Removal, target: Target, reporter: Reporter, clock: Callable[[], float] = time.monotonic
) -> None:
    """Deletes what was planned, and does not check afterwards.

    Raises InterruptedWork when AWS takes too long, WildrydesError when something cannot be deleted.
    """
    run = _Destroyer(aws, removal.settings, target, reporter, clock)
    run.run(removal.goes, removal.stays, removal.wiring)


class _Destroyer:
    """One run of destroy."""

    def __init__(
        self, aws: Aws, settings: Settings, target: Target, reporter: Reporter, clock: Callable[[], float]
    ) -> None:
        self._aws = aws
        self._settings = settings
        self._remedies = Remedies(aws.identity.region, target.endpoint)
        self._reporter = reporter
        self._clock = clock
        self._deleter = Deleter(aws, settings.retain, reporter, clock, target.is_local)

    def run(self, goes: Remains, stays: Remains, wiring: Mapping[str, Sequence[str]]) -> None:
        """Deletes uploads to a given bucket, keys with the tags of our wiring, stacks, log groups and our own bucket,
        in this order."""
        steps = list(self._steps(goes, stays, wiring))
        for number, (text, stack, act) in enumerate(steps, start=1):
            on = {"on": stack} if stack else {}
            self._reporter.event(text, step=number, steps=len(steps), doing=text, **on)
            act()

    def _steps(
        self, goes: Remains, stays: Remains, wiring: Mapping[str, Sequence[str]]
    ) -> Iterator[tuple[str, str, Callable[[], None]]]:
        """The steps in order: each in words, the stack that it works on (or an empty text), and how to do it."""
        if goes.objects and not goes.own_bucket:
            text = f"delete {_objects(len(goes.objects))} from bucket {goes.bucket}"
            yield text, "", partial(self._aws.buckets.remove, goes.bucket, goes.objects)
        if wiring:
            yield "delete API keys and usage plans", "", partial(self._aws.apis.unwire, wiring)
        for found in goes.stacks:
            yield f"delete stack {found.stack.name}", found.stack.name, partial(self._remove_stack, found)
        for found in stays.stacks:
            yield (
                f"delete from stack {found.stack.name} what is billed by the hour",
                found.stack.name,
                partial(self._keep, found),
            )
        for name in goes.log_groups:
            yield f"delete log group {name}", "", partial(self._remove_log_group, name)
        if goes.own_bucket:
            remove = partial(remove_bucket, self._aws, goes.bucket, self._remedies)
            yield f"delete bucket {goes.bucket}", "", remove

    def _remove_stack(self, found: FoundStack) -> None:
        stack = found.stack
        groups = physical_ids(found.resources, SECURITY_GROUP)
        if groups and not physical_ids(found.resources, FUNCTION):
            # The functions are gone by now, and so has Lambda begun to leave the network.
            release(self._aws, groups, self._reporter, self._clock)
        self._deleter.delete(stack, found.resources)

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


def _tell_expiry(kept: FoundStack, place: str, reporter: Reporter) -> None:
    """Warns of data that are kept until `destroy --expired` deletes them."""
    if told := expiry.sentence([kept.stack.tags], datetime.now(timezone.utc), place):
        reporter.warning(f"stack {kept.stack.name} is kept, but {told}")


def _objects(number: int) -> str:
    return f"{number} object{'s' * (number != 1)}"

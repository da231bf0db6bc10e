"""What there is before a deploy: stacks of our names, bucket, wiring, and what is on EFS."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace

from ..aws.records import Stack
from ..aws.session import Aws
from ..local import filling
from ..tags import TAG
from . import handover, planner, texts
from .desired import PREFIXES, Desired, bare_stacks
from .follower import Follower
from .losses import Losses
from .planner import FoundStack, Observed
from .settings import Settings
from .states import is_busy


@dataclass(frozen=True)
class StackObserver:
    """One look at the stacks of a name, of all routes."""

    aws: Aws
    settings: Settings
    follower: Follower

    def observe(self) -> dict[str, FoundStack]:
        """The stacks that there are, by name, once every operation under way has ended; these are followed, whoever
        began them.

        Raises Refused for stacks that are not ours.
        """
        names = self.settings.all_stacks
        there = self.aws.stacks.find(names)
        stacks = {name: self._found(there[name]) for name in names if name in there}
        settled = {name: one for name, found in stacks.items() if (one := self._settled(name, found))}
        return texts.read(self.aws, self.settings, settled)

    def _found(self, stack: Stack) -> FoundStack:
        found = self._with_details(stack)
        if stack.tags.get(TAG) != self.settings.name:
            planner.refuse_strangers(self.settings.name, bare_stacks(self.settings)[stack.name], found)
        return found

    def _settled(self, name: str, found: FoundStack) -> FoundStack | None:
        if not is_busy(found.stack.status):
            return found
        self.follower.attach(found.stack)
        stack = self.aws.stacks.describe(name)
        return self._with_details(stack) if stack else None

    def _with_details(self, stack: Stack) -> FoundStack:
        """The stack with what tells whether it is ours."""
        resources = self.aws.stacks.resources(stack.name) if TAG not in stack.tags else []
        return FoundStack(stack, resources=tuple(resources))


@dataclass(frozen=True)
class Observer:
    """One look at an account for a deployment that is wanted, whose stacks are known."""

    aws: Aws
    desired: Desired
    stacks: Mapping[str, FoundStack]

    def observe(self) -> Observed:
        """What there is. Raises Refused for buckets that are not ours."""
        desired = self.desired
        found = {stack.name: self.stacks[stack.name] for stack in desired.stacks if stack.name in self.stacks}
        tags = self._bucket_tags()
        keys = self._keys() if tags is not None else set()
        losses = Losses(self.aws, desired, found)
        api = losses.api
        wiring = self.aws.apis.found(api, desired.wiring) if api and desired.wiring else None
        gone, unread = losses.find(wiring)
        return Observed(
            bucket_tags=tags,
            bucket_is_empty=not keys,
            keys=frozenset(keys),
            has_model=desired.model_key in keys,
            stacks={name: replace(one, missing=gone.get(name, ())) for name, one in found.items()},
            other_route=[name for name in self.stacks if name not in found],
            wiring=wiring,
            fill=self._missing_on_efs(),
            contents=filling.manifest(desired.fill) if desired.fill else "",
            unread=unread,
            templates=handover.left(keys, desired.stacks),
        )

    def _bucket_tags(self) -> Mapping[str, str] | None:
        """Those of our own bucket; a given one has none that matter, and None is for one that is missing."""
        buckets, name = self.aws.buckets, self.desired.bucket
        if self.desired.own_bucket:
            return buckets.own_tags(name)
        return {} if buckets.exists(name) else None

    def _keys(self) -> set[str]:
        prefixes = ("",) if self.desired.own_bucket else PREFIXES
        return {key for prefix in prefixes for key in self.aws.buckets.keys(self.desired.bucket, prefix)}

    def _missing_on_efs(self) -> tuple[str, ...]:
        desired = self.desired
        return filling.missing(desired.fill, fill_settings(desired)) if desired.fill else ()


def fill_settings(desired: Desired) -> dict[str, str]:
    """The environment of the script that fills EFS here."""
    values = {"Packages": desired.deployment.filling.packages if desired.deployment.filling else "", **desired.values}
    return filling.environment(values, desired.model.location, os.environ, desired.samples.location)

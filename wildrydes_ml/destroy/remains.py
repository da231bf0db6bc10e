"""What exists of a deployment, on either route: found by names; only tags and stacks prove that it is ours."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from ..aws.records import ObjectVersion
from ..aws.session import Aws
from ..deploy import planner
from ..deploy.desired import PREFIXES, DesiredStack, bare_stacks, default_bucket, label
from ..deploy.planner import FoundStack
from ..deploy.remedies import some
from ..deploy.settings import Settings
from ..errors import InterruptedWork, Refused, WildrydesError
from ..tags import TAG
from . import uploads
from .resources import FUNCTION, LOG_GROUP, physical_ids

T = TypeVar("T")

# CloudFormation's own tag finds what a stack without our tag has made, one of the plain AWS CLI's.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-resource-tags.html
STACK_TAG = "aws:cloudformation:stack-name"
# Objects that are named one by one.
_KEYS_SHOWN = 10


@dataclass(frozen=True)
class Remains:
    """Stacks (newest first), the bucket, those versions of its objects that are ours, our log groups, the functions.

    `label` is the beginning of the keys of our uploads. `foreign` are keys in our own bucket that deploy did not put
    there. `possible_log_groups` are the names of our functions' log groups. `doubts` says, in a sentence each, what
    could not be checked and what may not be ours.
    """

    stacks: tuple[FoundStack, ...]
    bucket: str
    own_bucket: bool
    objects: tuple[ObjectVersion, ...]
    log_groups: tuple[str, ...]
    label: str
    functions: tuple[str, ...] = ()
    foreign: tuple[str, ...] = ()
    possible_log_groups: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()

    def describe(self) -> list[str]:
        """A line for each thing; of very many objects only the first ones and a number."""
        lines = [f"stack {found.stack.name} ({found.stack.status})" for found in self.stacks]
        lines += [f"log group {name}" for name in self.log_groups]
        keys = list(dict.fromkeys(item.key for item in self.objects))
        lines += [f"s3://{self.bucket}/{key}" for key in keys[:_KEYS_SHOWN]]
        if len(keys) > _KEYS_SHOWN:
            lines.append(f"{len(keys) - _KEYS_SHOWN:,} more objects in bucket {self.bucket}")
        return lines + ([f"bucket {self.bucket}"] if self.own_bucket else [])

    def split(self, settings: Settings) -> tuple["Remains", "Remains"]:
        """What is deleted and what is kept: `keep_data` keeps the EFS stack, the bucket and our objects in it."""
        nothing = replace(self, stacks=(), own_bucket=False, objects=(), log_groups=())
        if not settings.keep_data:
            return self, nothing
        names = [
            stack.name(settings.name)
            for one in settings.deployments
            for stack in one.stacks
            if one.kept and stack.id == one.kept.stack
        ]
        kept = tuple(found for found in self.stacks if found.stack.name in names)
        others = tuple(found for found in self.stacks if found.stack.name not in names)
        goes = replace(nothing, stacks=others, log_groups=self.log_groups)
        return goes, replace(self, stacks=kept, log_groups=())


def our_tags(settings: Settings) -> Mapping[str, Sequence[str]]:
    """The tags, with values, that mark a resource as ours: one of them is enough."""
    return {TAG: (settings.name,), STACK_TAG: settings.all_stacks}


def is_tagged(tags: Mapping[str, str] | None, ours: Mapping[str, Sequence[str]]) -> bool:
    """Whether a resource with these tags is ours; None stands for a resource that does not exist."""
    return any(value in ours.get(key, ()) for key, value in (tags or {}).items())


def look(aws: Aws, settings: Settings) -> Remains:
    """What exists of the deployment.

    Raises Refused for a stack that has our name and is not ours, WildrydesError when stacks or bucket cannot be read.
    """
    return _Search(aws, settings).remains()


class _Search:
    """One search: the gateways, the names to look for, and what could not be decided."""

    def __init__(self, aws: Aws, settings: Settings) -> None:
        self._aws = aws
        self._settings = settings
        self._doubts: list[str] = []

    def remains(self) -> Remains:
        found = [self._found(stack) for stack in reversed(bare_stacks(self._settings).values())]
        stacks = tuple(one for one in found if one)
        # The stack remembers what deploy was told.
        known = {key: value for one in stacks for key, value in one.stack.parameters.items()}
        deployment = self._settings.deployment
        default = label(deployment, self._settings.name, {**self._settings.own_defaults, **known})
        begin = self._settings.overrides.get(deployment.named_by, default)
        made = [name for one in stacks for name in physical_ids(one.resources, FUNCTION)]
        functions = tuple(dict.fromkeys([begin, *made]))
        bare = Remains(stacks, "", False, (), (), begin, functions)
        there = self._with_uploads(bare, known.get(deployment.bucket, ""))
        names = {*functions, default, *uploads.functions(there.objects)}
        groups = [name for one in stacks for name in physical_ids(one.resources, LOG_GROUP)]
        possible = tuple(sorted({*(f"/aws/lambda/{name}" for name in names), *groups}))
        ours = tuple(name for name in possible if self._is_our_log_group(name))
        return replace(there, log_groups=ours, possible_log_groups=possible, doubts=tuple(self._doubts))

    def _found(self, desired: DesiredStack) -> FoundStack | None:
        stack = self._aws.stacks.describe(desired.name)
        if stack is None:
            return None
        found = FoundStack(stack, "", tuple(self._aws.stacks.resources(desired.name)))
        planner.refuse_strangers(self._settings.name, desired, found)
        return found

    def _with_uploads(self, there: Remains, known: str) -> Remains:
        """With the bucket, whether it goes, and what in it goes: all in ours, our own uploads in a given one."""
        default = default_bucket(self._settings, self._aws.identity)
        bucket = self._settings.bucket or known or default
        may_be_ours = bucket == default and not self._settings.bucket
        there = replace(there, bucket=bucket)
        tags = self._bucket_tags(bucket, may_be_ours)
        if tags is None:
            return there
        prefixes = ("",) if may_be_ours else PREFIXES
        found = tuple(item for prefix in prefixes for item in self._aws.buckets.versions(bucket, prefix))
        if may_be_ours and self._is_made_here(tags, found):
            strange = dict.fromkeys(uploads.foreign(found))
            ours = tuple(item for item in found if item.key not in strange)
            return replace(there, own_bucket=True, objects=ours, foreign=tuple(strange))
        return replace(there, objects=self._sorted(bucket, found, there))

    def _bucket_tags(self, bucket: str, may_be_ours: bool) -> Mapping[str, str] | None:
        """The bucket's tags; None also for another account's bucket that has the name of ours."""
        try:
            return self._aws.buckets.tags(bucket)
        except Refused:
            if may_be_ours:
                return None
            raise

    def _sorted(self, bucket: str, found: Sequence[ObjectVersion], there: Remains) -> tuple[ObjectVersion, ...]:
        stacks = [one.stack for one in there.stacks]
        metadata = self._aws.buckets.metadata
        told = uploads.sort(found, stacks, self._settings.name, lambda item: metadata(bucket, item))
        beginnings = tuple(f"{prefix}{there.label}-" for prefix in PREFIXES)
        alike = [f"s3://{bucket}/{key}" for key in told.unknown if key.startswith(beginnings)]
        if alike:
            why = told.fault or "nothing shows that this deployment uploaded them"
            self._doubts.append(f"not deleted: {some(alike)} ({why})")
        return told.ours

    def _is_made_here(self, tags: Mapping[str, str], found: Sequence[ObjectVersion]) -> bool:
        is_half_made = not tags and not found
        return is_half_made or tags.get(TAG) == self._settings.name

    def _is_our_log_group(self, name: str) -> bool:
        tags = self._if_permitted(lambda: self._aws.functions.log_group_tags(name))
        return is_tagged(tags, our_tags(self._settings))

    def _if_permitted(self, ask: Callable[[], T]) -> T | None:
        """The answer; when it is denied, None and a doubt."""
        try:
            return ask()
        except InterruptedWork:
            raise
        except WildrydesError as error:
            self._doubts.append(f"not checked: {error}")
            return None

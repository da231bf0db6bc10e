"""What a deployment of a name left standing, of either route: found by names, by tags and by what stacks remember."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from . import models, planning
from .aws import Aws
from .desired import PREFIXES, TAG, Desired, DesiredStack, default_bucket, describe
from .planning import FoundStack
from .records import ObjectVersion
from .settings import Settings, Target


@dataclass(frozen=True)
class Remains:
    """Stacks (last made first), bucket with the versions of its objects that are ours, log groups, function."""

    stacks: tuple[FoundStack, ...]
    bucket: str
    own_bucket: bool
    objects: tuple[ObjectVersion, ...]
    log_groups: tuple[str, ...]
    function_name: str

    @property
    def possible_log_groups(self) -> set[str]:
        """The log groups that there are, and the one that the function makes again when it writes once more.

        None without anything else of ours: the workshop's own function has the same name, and so its log group.
        """
        return {*self.log_groups, _log_group(self.function_name)} if self.describe() else set()

    def describe(self) -> list[str]:
        """A line for each thing."""
        lines = [f"stack {found.stack.name} ({found.stack.status})" for found in self.stacks]
        lines += [f"log group {name}" for name in self.log_groups]
        lines += [f"s3://{self.bucket}/{key}" for key in dict.fromkeys(item.key for item in self.objects)]
        return lines + ([f"bucket {self.bucket}"] if self.own_bucket else [])

    def split(self, settings: Settings) -> tuple["Remains", "Remains"]:
        """What goes and what stays: with `keep_data` the EFS stack, the bucket and our objects in it stay."""
        nothing = replace(self, stacks=(), own_bucket=False, objects=(), log_groups=())
        if not settings.keep_data:
            return self, nothing
        efs = tuple(found for found in self.stacks if found.stack.name == settings.efs_stack)
        others = tuple(found for found in self.stacks if found.stack.name != settings.efs_stack)
        goes = replace(nothing, stacks=others, log_groups=self.log_groups)
        return goes, replace(self, stacks=efs, log_groups=())


def look(aws: Aws, settings: Settings, target: Target) -> Remains:
    """What there is. Raises Refused for a stack of our name that is not ours."""
    return _Search(aws, settings, target).remains()


class _Search:
    """One look: the gateways and the names to look for."""

    def __init__(self, aws: Aws, settings: Settings, target: Target) -> None:
        self._aws = aws
        self._settings = settings
        routes = [replace(settings, route=route) for route in ("short", "long")]
        none = models.Model("")
        self._desired: list[Desired] = [describe(one, target, aws.identity, none) for one in routes]

    def remains(self) -> Remains:
        found = [self._found(stack) for desired in self._desired for stack in reversed(desired.stacks)]
        stacks = tuple(one for one in found if one)
        # The stack remembers what deploy was told.
        known = {key: value for one in stacks for key, value in one.stack.parameters.items()}
        default = self._desired[0].function_name
        function = self._settings.overrides.get("FunctionName") or known.get("FunctionName", default)
        bucket, own, objects = self._uploads(known.get("DataBucket", ""), function)
        names = {function, *_uploaded_for(objects)} if own or objects or stacks else set()
        groups = map(_log_group, sorted(names))
        existing = tuple(group for group in groups if self._aws.functions.log_group_exists(group))
        return Remains(stacks, bucket, own, objects, existing, function)

    def _found(self, desired: DesiredStack) -> FoundStack | None:
        stack = self._aws.stacks.describe(desired.name)
        if stack is None:
            return None
        found = FoundStack(stack, "", tuple(self._aws.stacks.resources(desired.name)))
        planning.refuse_strangers(self._settings.name, desired, found)
        return found

    def _uploads(self, known: str, function: str) -> tuple[str, bool, tuple[ObjectVersion, ...]]:
        """The bucket, whether it goes, and what in it goes: all in ours, our own uploads in a given one."""
        default = default_bucket(self._settings, self._aws.identity)
        bucket = self._settings.bucket or known or default
        tags = self._aws.buckets.tags(bucket)
        if tags is None:
            return bucket, False, ()
        may_be_ours = bucket == default and not self._settings.bucket
        prefixes = ("",) if may_be_ours else PREFIXES
        found = tuple(item for prefix in prefixes for item in self._aws.buckets.versions(bucket, prefix))
        if may_be_ours and self._is_made_here(tags, found):
            return bucket, True, found
        ours = re.compile(
            rf"code/{re.escape(function)}-[0-9a-f]{{16}}\.zip|model/{re.escape(function)}-[0-9a-f]{{16}}\.tar"
        )
        return bucket, False, tuple(item for item in found if ours.fullmatch(item.key))

    def _is_made_here(self, tags: Mapping[str, str], found: Sequence[ObjectVersion]) -> bool:
        is_half_made = not tags and not found
        return is_half_made or tags.get(TAG) == self._settings.name


def _log_group(function: str) -> str:
    return f"/aws/lambda/{function}"


def _uploaded_for(objects: Sequence[ObjectVersion]) -> set[str]:
    """The functions whose code was uploaded: their names outlive their stacks here."""
    matches = (re.fullmatch(r"code/(.+)-[0-9a-f]{16}\.zip", item.key) for item in objects)
    return {match[1] for match in matches if match}

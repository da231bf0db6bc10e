"""Destroy: take away what deploy made, what depends before what it depends on, and prove that it is gone."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from . import models, planning
from .aws import Aws
from .desired import PREFIXES, TAG, Desired, DesiredStack, default_bucket, describe
from .errors import WildrydesError
from .following import Follower
from .planning import FoundStack
from .records import Stack
from .reporting import Reporter
from .settings import Settings, Target
from .states import Destroy, is_busy, state


@dataclass(frozen=True)
class Remains:
    """What a deployment of this name left standing: stacks (last made first), bucket, keys, log group."""

    stacks: Sequence[FoundStack]
    bucket: str
    own_bucket: bool
    keys: Sequence[str]
    log_group: str
    function_name: str

    def describe(self) -> list[str]:
        """A line for each thing."""
        lines = [f"stack {found.stack.name} ({found.stack.status})" for found in self.stacks]
        lines += [f"log group {self.log_group}"] if self.log_group else []
        lines += [f"s3://{self.bucket}/{key}" for key in self.keys]
        return lines + ([f"bucket {self.bucket}"] if self.own_bucket else [])


def destroy(
    aws: Aws, settings: Settings, target: Target, reporter: Reporter, confirm: Callable[[list[str]], None]
) -> bool:
    """Removes everything of both routes under the name; returns whether there was anything.

    `confirm` is shown what goes and raises when it may not. Raises Refused for a stack that is not ours,
    WildrydesError when something is left.
    """
    destroyer = Destroyer(aws, settings, target, reporter)
    remains = destroyer.look()
    found = remains.describe()
    if not found:
        reporter.event("nothing to remove")
        return False
    confirm(found)
    destroyer.remove(remains)
    left = destroyer.left(remains)
    if left:
        raise WildrydesError("still there: " + ", ".join(left))
    reporter.event(f"gone: {', '.join(found)}")
    tagged = aws.tagging.arns(TAG, settings.name)
    if tagged:
        reporter.warning(f"AWS lists with our tag, for up to an hour after they are gone: {', '.join(tagged)}")
    else:
        reporter.event(f"nothing with the name or tag {settings.name} is left")
    return True


class Destroyer:
    """One destroy: the gateways and the names to look for."""

    def __init__(self, aws: Aws, settings: Settings, target: Target, reporter: Reporter) -> None:
        self._aws = aws
        self._settings = settings
        self._reporter = reporter
        self._follower = Follower(aws, reporter)
        routes = [replace(settings, route=route) for route in ("short", "long")]
        none = models.Model("")
        self._desired: list[Desired] = [describe(one, target, aws.identity, none) for one in routes]

    def look(self) -> Remains:
        """What there is."""
        found = [self._found(stack) for desired in self._desired for stack in reversed(desired.stacks)]
        stacks = [one for one in found if one]
        # The stack remembers what deploy was told.
        known = {key: value for one in stacks for key, value in one.stack.parameters.items()}
        function = self._settings.overrides.get("FunctionName") or known.get("FunctionName", self._function_name)
        default = default_bucket(self._settings, self._aws.identity)
        bucket = self._settings.bucket or known.get("DataBucket") or default
        tags = self._aws.buckets.tags(bucket)
        own, keys = self._bucket(bucket, tags, function, may_be_ours=bucket == default and not self._settings.bucket)
        # The workshop's own function has the same name, and so its log group.
        ours = own or keys or stacks
        group = f"/aws/lambda/{function}"
        return Remains(
            stacks=stacks,
            bucket=bucket,
            own_bucket=own,
            keys=keys,
            log_group=group if ours and self._aws.functions.log_group_exists(group) else "",
            function_name=function,
        )

    def left(self, removed: Remains) -> list[str]:
        """What of it is still there."""
        found = self.look().describe()
        line = f"log group {removed.log_group}"
        if removed.log_group and line not in found and self._aws.functions.log_group_exists(removed.log_group):
            found.append(line)
        return found

    def remove(self, remains: Remains) -> None:
        """Removes stacks, log group, uploads and bucket, in this order."""
        for found in remains.stacks:
            self._unwire(found.stack, remains.function_name)
            self._delete(found.stack)
        group = f"/aws/lambda/{remains.function_name}"
        # The function may have written once more and so have made its log group again.
        self._aws.functions.delete_log_group(group)
        if remains.keys:
            self._reporter.event(f"removing {len(remains.keys)} objects from bucket {remains.bucket}")
            self._aws.buckets.remove(remains.bucket, list(remains.keys))
        if remains.own_bucket:
            self._reporter.event(f"removing bucket {remains.bucket}")
            self._aws.buckets.delete(remains.bucket)

    @property
    def _function_name(self) -> str:
        return self._desired[0].function_name

    def _found(self, desired: DesiredStack) -> FoundStack | None:
        stack = self._aws.stacks.describe(desired.name)
        if stack is None:
            return None
        found = FoundStack(stack, "", tuple(self._aws.stacks.resources(desired.name)))
        planning.refuse_strangers(self._settings.name, desired, found)
        return found

    def _bucket(
        self, bucket: str, tags: Mapping[str, str] | None, function: str, *, may_be_ours: bool
    ) -> tuple[bool, list[str]]:
        """Whether the bucket goes, and which of its keys: all of ours, or our uploads in a given one."""
        if tags is None:
            return False, []
        prefixes = ("",) if may_be_ours else PREFIXES
        keys = [key for prefix in prefixes for key in self._aws.buckets.keys(bucket, prefix)]
        half_made = not tags and not keys
        if may_be_ours and (half_made or tags.get(TAG) == self._settings.name):
            return True, keys
        name = re.escape(function)
        ours = re.compile(rf"code/{name}-[0-9a-f]{{16}}\.zip|model/{name}-[0-9a-f]{{16}}\.tar")
        return False, [key for key in keys if ours.fullmatch(key)]

    def _unwire(self, stack: Stack, function: str) -> None:
        api = stack.outputs.get("ModelInferenceApiId")
        if api and stack.name == self._settings.inference_stack:
            self._aws.apis.unwire(api, function)

    def _delete(self, stack: Stack) -> None:
        row = state(stack.status)
        if row.destroy in (Destroy.FOLLOW, Destroy.WATCH):
            self._reporter.event(f"stack {stack.name} is {stack.status}: following it")
            while is_busy(stack.status):
                self._aws.stacks.pause()
                found = self._aws.stacks.describe(stack.id)
                if found is None or found.status == "DELETE_COMPLETE":
                    return
                stack = found
        self._reporter.event(f"removing stack {stack.name}")
        seen = self._follower.marks(stack.id)
        self._aws.stacks.delete(stack.id)
        self._follower.follow(stack, seen)

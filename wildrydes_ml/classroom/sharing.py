"""Gateways that ask AWS once for what the deploys of all students ask.

One look tells which stacks and log groups there are, what is in the bucket, and how the network is. What a
deploy changes, and looks at again afterwards, goes to AWS.
"""

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar, cast

from ..aws.apis import Apis
from ..aws.facts import Concurrency, Unknown
from ..aws.records import Stack
from ..aws.session import Account, Aws, Buckets, Stacks
from ..aws.wiring import STAGE
from .pacing import Over

T = TypeVar("T")

# The questions to an account whose answers do not depend on a student.
_SAME_FOR_ALL = ("subnet", "security_group", "vpc", "reach", "exports", "usage", "stored", "zones", "runtimes")
_OF_THE_BUCKET = ("exists", "own_tags", "keys")


class Once:
    """Answers of AWS that are the same for everybody, each asked for once."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._known: dict[tuple[Any, ...], Any] = {}

    def of(self, ask: Callable[..., T], name: str) -> Callable[..., T]:
        """The question, asked once for each subject."""

        def once(*subject: Any) -> T:
            key = (name, *subject)
            with self._lock:
                if key not in self._known:
                    self._known[key] = ask(*subject)
                return cast(T, self._known[key])

        return once


@dataclass(frozen=True)
class Free:
    """What need not be asked of each new student.

    `functions` are the names of theirs, which reserve no concurrency yet. `prefix` begins the names of the log groups.
    """

    functions: Collection[str] = ()
    prefix: str = ""
    groups: Collection[str] = ()
    """Those with the prefix that there are."""

    def is_free_group(self, name: str) -> bool:
        """Whether no log group has the name, as far as the prefix tells."""
        return bool(self.prefix) and name.startswith(self.prefix) and name not in self.groups


def free(aws: Aws, functions: Collection[str], prefix: str) -> Free:
    """One look at the log groups; where the permissions do not tell, each is asked for later."""
    groups = aws.account.log_groups(prefix) if functions else Unknown("unknown", "")
    return Free(functions) if isinstance(groups, Unknown) else Free(functions, prefix, groups)


def shared(aws: Aws, stacks: Mapping[str, Stack], names: Free) -> Aws:
    """The gateways with one answer for all. `stacks` are those that there are, by their names."""
    once, account, buckets = Once(), aws.account, aws.buckets
    concurrency = once.of(account.concurrency, "concurrency")

    def find(wanted: Sequence[str]) -> dict[str, Stack]:
        return {name: stacks[name] for name in wanted if name in stacks}

    def log_group(name: str) -> str | Unknown | None:
        return None if names.is_free_group(name) else account.log_group(name)

    def concurrency_of(name: str) -> Concurrency | Unknown:
        return concurrency("") if name in names.functions else account.concurrency(name)

    known: dict[tuple[str, str], str] = {}

    def key(api: str, stage: str = STAGE) -> str:
        """A key is made while somebody waits for it, so that only one that is there is remembered."""
        found = known.get((api, stage)) or aws.apis.key(api, stage)
        known[api, stage] = found
        return found

    same = {name: once.of(getattr(account, name), name) for name in _SAME_FOR_ALL}
    own = {"log_group": log_group, "concurrency": concurrency_of}
    bucket = {name: once.of(getattr(buckets, name), name) for name in _OF_THE_BUCKET}
    return replace(
        aws,
        stacks=cast(Stacks, Over(aws.stacks, find=find)),
        buckets=cast(Buckets, Over(buckets, **bucket)),
        account=cast(Account, Over(account, **same, **own)),
        apis=cast(Apis, Over(aws.apis, key=key)),
    )

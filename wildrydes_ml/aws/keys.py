"""API keys and usage plans, with which a caller reaches a stage.

Their names are not unique: AWS creates several with the same name, and anybody may use our name. So ours are those with
our tag. We look for them before we create one, and again afterwards: if two deployers created some at the same time,
half-made ones are deleted, and one that lets callers through is kept.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import OutOfReach, WildrydesError
from .records import Billable
from .repeating import optional
from .wiring import STAGE, Wiring

Item = dict[str, Any]
# Tag → the values that make a thing ours.
Tags = Mapping[str, Collection[str]]

# CloudFormation's own tag: what a stack holds, CloudFormation changes and removes.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-resource-tags.html
_STACK_TAG = "aws:cloudformation:stack-name"


@dataclass(frozen=True)
class FoundKeys:
    """`serves`: a caller with a key reaches the API's stage. `owned`: we created a key or plan. `plan`: our plan."""

    serves: bool = False
    owned: bool = False
    plan: str = ""
    throttle: tuple[float, int] | None = None


@dataclass(frozen=True)
class _Ours:
    """Our plans and keys, in the same order whoever asks.

    `plans` serve the API, and `links` are our keys in each of them. `stale` serve an API that is gone, and `heirs` are
    the keys in these, whosever they are.
    """

    plans: Sequence[Item]
    stale: Sequence[Item]
    keys: Sequence[Item]
    links: Mapping[str, Collection[str]]
    heirs: Collection[str]

    @property
    def plan(self) -> Item | None:
        """The plan that stays: one with a key, or else the first."""
        return next((plan for plan in self.plans if self.links.get(plan["id"])), next(iter(self.plans), None))

    @property
    def key(self) -> Item | None:
        """The key that stays: one in that plan, which somebody may have been given, or else the first."""
        linked = self.links.get(self.plan["id"], ()) if self.plan else ()
        return next((key for key in self.keys if key["id"] in linked), next(iter(self.keys), None))

    @property
    def is_linked(self) -> bool:
        """Whether the key that stays is in the plan that stays."""
        return bool(self.plan and self.links.get(self.plan["id"]))

    @property
    def half_made(self) -> tuple[list[Item], list[Item]]:
        """Plans and keys that let nobody through and are not to stay."""
        linked = {key for keys in self.links.values() for key in keys}.union(self.heirs)
        plans = [plan for plan in self.plans if not self.links.get(plan["id"]) and plan is not self.plan]
        return [*self.stale, *plans], [key for key in self.keys if key["id"] not in linked and key is not self.key]


class Keys:
    """API Gateway's keys and usage plans. `client` repeats by itself and looks; `once` tries once and changes."""

    def __init__(self, client: Any, once: Any) -> None:
        self._client = client
        self._once = once

    def found(self, api: str, tags: Mapping[str, str]) -> FoundKeys:
        """What there is for the API's stage, or is left of what was made for it."""
        plans, keys = self._plans(), self._all_keys()
        ours = self._linked_ours(api, plans, keys, one_each(tags))
        if not ours.plans and not ours.stale and not ours.keys:
            return FoundKeys(serves=self._is_served(api, plans, keys))
        plan, key = ours.plan, ours.key
        return FoundKeys(
            serves=ours.is_linked and key is not None and _is_enabled(key) and ours.half_made == ([], []),
            owned=True,
            plan=plan["id"] if plan else "",
            throttle=throttle(plan) if plan else None,
        )

    def make(self, api: str, wiring: Wiring) -> None:
        """Creates what is missing: the key, the usage plan, and the link between them. It may be repeated.

        A usage plan whose API no longer exists is replaced; its keys stay valid. Raises WildrydesError when somebody
        has disabled the key, OutOfReach when AWS's answer does not show the change.
        """
        ours = self._ours(api, wiring.tags)
        plan, key = ours.plan or self._new_plan(api, wiring), ours.key or self._new_key(wiring)
        if not ours.plan or not ours.key:
            ours = self._ours(api, wiring.tags)
            # A new thing may be missing in AWS's lists for a moment.
            plan, key = ours.plan or plan, ours.key or key
        if not _is_enabled(key):
            raise WildrydesError(_disabled(api, [key]))
        linked = set(self._linked(plan) if ours.heirs else ours.links.get(plan["id"], ()))
        for missing in sorted({key["id"], *ours.heirs} - linked):
            self._link(plan, missing)
        if ours.half_made != ([], []):
            self._remove(*self._ours(api, wiring.tags).half_made)

    def limit(self, plan: str, wiring: Wiring) -> None:
        """Sets the throttle of a usage plan, if the plan still exists."""
        limits = {"rateLimit": number(wiring.rate), "burstLimit": str(wiring.burst)}
        patch = [{"op": "replace", "path": f"/throttle/{key}", "value": value} for key, value in limits.items()]
        changed = optional(self._once.update_usage_plan, usagePlanId=plan, patchOperations=patch)
        is_limited = changed is None or throttle(changed) == (wiring.rate, wiring.burst)
        confirm(is_limited, f"throttle of usage plan {plan}")

    def remove(self, tags: Tags) -> None:
        """Deletes our keys and usage plans, whatever their names. A key that somebody else added to our plan is kept.

        Raises OutOfReach when they still exist afterwards.
        """
        plans, keys = owned(self._plans(), tags), owned(self._all_keys(), tags)
        self._remove(plans, keys)
        if plans or keys:
            left = [*owned(self._plans(), tags), *owned(self._all_keys(), tags)]
            confirm(not left, f"deletion of {', '.join(item['id'] for item in left)} (API keys and usage plans)")

    def all(self, tags: Tags) -> list[Billable]:
        """Our keys and usage plans; they cost nothing."""
        keys, plans = owned(self._all_keys(), tags), owned(self._plans(), tags)
        return [
            *(Billable("API key", key["id"]) for key in keys),
            *(Billable("usage plan", plan["id"], held_by=tuple(_stages(plan))) for plan in plans),
        ]

    def value(self, api: str, stage: str) -> str:
        """The value of a key that reaches the API's stage (any stage if `stage` is empty); empty when there is none.

        Raises WildrydesError when all keys are disabled.
        """
        linked = [key for plan in self._plans() if _serves(plan, api, stage) for key in self._linked(plan)]
        # Somebody may have deleted one that the plan still lists.
        asked = [optional(self._client.get_api_key, apiKey=key, includeValue=True) for key in linked]
        found = [key for key in asked if key is not None]
        values = [str(key["value"]) for key in found if _is_enabled(key)]
        if found and not values:
            raise WildrydesError(_disabled(api, found))
        return values[0] if values else ""

    def _plans(self) -> list[Item]:
        return listed(self._client, "get_usage_plans")

    def _all_keys(self) -> list[Item]:
        return listed(self._client, "get_api_keys")

    def _linked(self, plan: Item) -> list[str]:
        return [key["id"] for key in listed(self._client, "get_usage_plan_keys", usagePlanId=plan["id"])]

    def _ours(self, api: str, tags: Mapping[str, str]) -> _Ours:
        return self._linked_ours(api, self._plans(), self._all_keys(), one_each(tags))

    def _linked_ours(self, api: str, plans: list[Item], keys: list[Item], tags: Tags) -> _Ours:
        our_plans, our_keys = owned(plans, tags), owned(keys, tags)
        serving = [plan for plan in our_plans if _serves(plan, api)]
        stale = [plan for plan in our_plans if not _serves(plan, api)]
        known = {key["id"] for key in our_keys}
        links = {plan["id"]: known.intersection(self._linked(plan)) for plan in serving if our_keys}
        heirs = {key for plan in stale for key in self._linked(plan)}.intersection(key["id"] for key in keys)
        return _Ours(serving, stale, our_keys, links, heirs)

    def _is_served(self, api: str, plans: list[Item], keys: list[Item]) -> bool:
        """Whether any key, a stranger's, lets its owner through."""
        enabled = {key["id"] for key in keys if _is_enabled(key)}
        return any(enabled.intersection(self._linked(plan)) for plan in plans if _serves(plan, api))

    def _new_plan(self, api: str, wiring: Wiring) -> Item:
        made: Item = self._once.create_usage_plan(
            name=wiring.name,
            throttle={"rateLimit": wiring.rate, "burstLimit": wiring.burst},
            apiStages=[{"apiId": api, "stage": STAGE}],
            tags=dict(wiring.tags),
        )
        confirm("id" in made, f"usage plan {wiring.name}")
        return made

    def _new_key(self, wiring: Wiring) -> Item:
        made: Item = self._once.create_api_key(name=wiring.name, enabled=True, tags=dict(wiring.tags))
        confirm("id" in made, f"API key {wiring.name}")
        return made

    def _link(self, plan: Item, key: str) -> None:
        made = self._once.create_usage_plan_key(usagePlanId=plan["id"], keyId=key, keyType="API_KEY")
        confirm(made.get("id") == key, f"API key {key} in usage plan {plan['id']}")

    def _remove(self, plans: Sequence[Item], keys: Sequence[Item]) -> None:
        for key in keys:
            optional(self._once.delete_api_key, apiKey=key["id"])
        for plan in plans:
            # AWS keeps a plan that has stages, also those of an API that is gone.
            removals = [{"op": "remove", "path": "/apiStages", "value": stage} for stage in _stages(plan)]
            if removals:
                optional(self._once.update_usage_plan, usagePlanId=plan["id"], patchOperations=removals)
            optional(self._once.delete_usage_plan, usagePlanId=plan["id"])


def confirm(is_done: bool, change: str) -> None:
    """Raises OutOfReach when AWS took a call and its answer does not show the change."""
    if not is_done:
        raise OutOfReach(f"{change}: the answer of AWS does not show the change; run the same command again")


def listed(client: Any, operation: str, **arguments: Any) -> list[Item]:
    """All items of a list of API Gateway's, in as few calls as it takes.

    An empty list has its member, too. Raises KeyError for an answer without it, which is none.
    """
    pages = client.get_paginator(operation).paginate(**arguments, PaginationConfig={"PageSize": 500})
    return [item for page in pages for item in page["items"]]


def number(value: float) -> str:
    """A number as API Gateway's patches want it: 5, 2.5."""
    return f"{value:.15g}"


def throttle(plan: Item) -> tuple[float, int]:
    """Rate and burst of a usage plan."""
    limits = plan.get("throttle") or {}
    return float(limits.get("rateLimit", 0)), int(limits.get("burstLimit", 0))


def one_each(tags: Mapping[str, str]) -> Tags:
    """One value for each tag."""
    return {key: (value,) for key, value in tags.items()}


def owned(items: Sequence[Item], tags: Tags) -> list[Item]:
    """Those in the stacks that `tags` names as aws:cloudformation:stack-name, and outside of stacks those with all the
    other tags; the same first whoever asks."""
    ours = [item for item in items if _is_ours(item.get("tags") or {}, tags)]
    return sorted(ours, key=lambda item: (str(item.get("createdDate", "")), item["id"]))


def _is_ours(found: Mapping[str, str], tags: Tags) -> bool:
    if _STACK_TAG in found:
        return found[_STACK_TAG] in tags.get(_STACK_TAG, ())
    own = {key: values for key, values in tags.items() if key != _STACK_TAG}
    return bool(own) and all(found.get(key) in values for key, values in own.items())


def _is_enabled(key: Item) -> bool:
    return bool(key.get("enabled", True))


def _disabled(api: str, keys: Sequence[Item]) -> str:
    names = ", ".join(f"{key.get('name')} ({key['id']})" for key in keys)
    return (
        f"API {api}: its key {names} is disabled; enable it in API Gateway's console, or delete it there and "
        "run deploy, which creates another"
    )


def _stages(plan: Item) -> list[str]:
    return [f"{stage['apiId']}:{stage['stage']}" for stage in plan.get("apiStages") or []]


def _serves(plan: Item, api: str, stage: str = STAGE) -> bool:
    """Whether the plan lets callers through to the stage, or to any where that is empty."""
    return any(one == f"{api}:{stage}" if stage else one.startswith(f"{api}:") for one in _stages(plan))

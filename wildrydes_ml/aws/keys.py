"""API keys and usage plans: what lets a caller with a key reach a stage.

Neither has a name that is its own: AWS makes as many of a name as it is asked for. So each is looked for by its exact
name before it is made, and afterwards, too: of what two deployers made at once, both leave the same one.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import WildrydesError
from ..records import Billable
from ..wiring import STAGE, Wiring
from .repeating import optional

Item = dict[str, Any]


@dataclass(frozen=True)
class FoundKeys:
    """`serves`: a caller with a key reaches the API's stage. `owned`: a key or plan was made here; `plan` is ours."""

    serves: bool = False
    owned: bool = False
    plan: str = ""
    throttle: tuple[float, int] | None = None


class Keys:
    """API Gateway's keys and usage plans. `client` repeats by itself and looks; `once` tries once and changes."""

    def __init__(self, client: Any, once: Any) -> None:
        self._client = client
        self._once = once

    def found(self, api: str, name: str, tags: Mapping[str, str]) -> FoundKeys:
        """What there is for the API's stage, or is left of what was made for it."""
        plans = self._plans()
        ours, keys = _owned(plans, name, tags), self._named(name, tags)
        if not ours and not keys:
            return FoundKeys(serves=any(self._linked(plan) for plan in plans if _serves(plan, api)))
        first = ours[0] if ours else {}
        is_one_each = len(ours) == len(keys) == 1 and _serves(first, api)
        return FoundKeys(
            serves=is_one_each and keys[0]["id"] in self._linked(first),
            owned=True,
            plan=first.get("id", ""),
            throttle=_throttle(first) if ours else None,
        )

    def make(self, api: str, wiring: Wiring) -> None:
        """Makes what is missing of the key, the usage plan and the link between them; may be repeated."""
        name, tags = wiring.name, dict(wiring.tags)
        plan = _sole(
            lambda: _owned(self._plans(), name, tags),
            lambda: self._once.create_usage_plan(
                name=name,
                throttle={"rateLimit": wiring.rate, "burstLimit": wiring.burst},
                apiStages=[{"apiId": api, "stage": STAGE}],
                tags=tags,
            ),
            self._remove_plan,
        )
        if not _serves(plan, api):
            stage = {"op": "add", "path": "/apiStages", "value": f"{api}:{STAGE}"}
            self._once.update_usage_plan(usagePlanId=plan["id"], patchOperations=[stage])
        key = _sole(
            lambda: self._candidates(name, tags, plan),
            lambda: self._once.create_api_key(name=name, enabled=True, tags=tags),
            self._remove_key,
        )
        if key["id"] not in self._linked(plan):
            self._once.create_usage_plan_key(usagePlanId=plan["id"], keyId=key["id"], keyType="API_KEY")

    def limit(self, plan: str, wiring: Wiring) -> None:
        """Sets the throttle of a usage plan, unless it has gone meanwhile."""
        limits = {"rateLimit": f"{wiring.rate:g}", "burstLimit": str(wiring.burst)}
        patch = [{"op": "replace", "path": f"/throttle/{key}", "value": value} for key, value in limits.items()]
        optional(self._once.update_usage_plan, usagePlanId=plan, patchOperations=patch)

    def remove(self, name: str, tags: Mapping[str, str]) -> None:
        """Removes our keys and usage plans of that name; a key that somebody added to our plan stays a key."""
        for key in self._named(name, tags):
            self._remove_key(key)
        for plan in _owned(self._plans(), name, tags):
            self._remove_plan(plan)

    def all(self, is_ours: Callable[[str], bool]) -> list[Billable]:
        """The keys and usage plans with such a name."""
        kinds = {"API key": "get_api_keys", "usage plan": "get_usage_plans"}
        return [
            Billable(kind, item.get("name", ""))
            for kind, operation in kinds.items()
            for item in listed(self._client, operation)
            if is_ours(item.get("name", ""))
        ]

    def value(self, api: str) -> str:
        """The value of a key that reaches the API's stage, empty when there is none.

        Raises WildrydesError when all of them are disabled.
        """
        linked = [key for plan in self._plans() if _serves(plan, api) for key in self._linked(plan)]
        found = [self._client.get_api_key(apiKey=key, includeValue=True) for key in linked]
        values = [str(key["value"]) for key in found if key.get("enabled", True)]
        if found and not values:
            names = ", ".join(str(key.get("name")) for key in found)
            raise WildrydesError(
                f"API {api}: its key {names} is disabled; enable it in API Gateway's console, or delete it there and "
                "run deploy, which makes another"
            )
        return values[0] if values else ""

    def _plans(self) -> list[Item]:
        return listed(self._client, "get_usage_plans")

    def _linked(self, plan: Item) -> list[str]:
        return [key["id"] for key in listed(self._client, "get_usage_plan_keys", usagePlanId=plan["id"])]

    def _named(self, name: str, tags: Mapping[str, str]) -> list[Item]:
        # The query finds what begins with the name.
        return _owned(listed(self._client, "get_api_keys", nameQuery=name), name, tags)

    def _candidates(self, name: str, tags: Mapping[str, str], plan: Item) -> list[Item]:
        """Our keys of that name; one that is in the plan, and has perhaps been given to somebody, is first."""
        keys = self._named(name, tags)
        linked = self._linked(plan) if len(keys) > 1 else []
        return sorted(keys, key=lambda key: key["id"] not in linked)

    def _remove_key(self, key: Item) -> None:
        optional(self._once.delete_api_key, apiKey=key["id"])

    def _remove_plan(self, plan: Item) -> None:
        # AWS keeps a plan that has stages, also those of an API that is gone.
        stages = [f"{stage['apiId']}:{stage['stage']}" for stage in plan.get("apiStages", [])]
        if stages:
            removals = [{"op": "remove", "path": "/apiStages", "value": stage} for stage in stages]
            optional(self._once.update_usage_plan, usagePlanId=plan["id"], patchOperations=removals)
        optional(self._once.delete_usage_plan, usagePlanId=plan["id"])


def listed(client: Any, operation: str, **arguments: Any) -> list[Item]:
    """All items of a list of API Gateway's, in as few calls as it takes."""
    pages = client.get_paginator(operation).paginate(**arguments, PaginationConfig={"PageSize": 500})
    return [item for page in pages for item in page.get("items", [])]


def _owned(items: list[Item], name: str, tags: Mapping[str, str]) -> list[Item]:
    """Those of exactly this name that do not carry another deployment's tag, the same first whoever asks."""
    named = [item for item in items if item.get("name") == name]
    ours = [item for item in named if all(item.get("tags", {}).get(key, tags[key]) == tags[key] for key in tags)]
    return sorted(ours, key=lambda item: (str(item.get("createdDate", "")), item["id"]))


def _sole(look: Callable[[], list[Item]], make: Callable[[], Item], remove: Callable[[Item], None]) -> Item:
    """The first thing that `look` lists, made when there is none; what another deployer made meanwhile goes."""
    found = look()
    if not found:
        made = make()
        found = look() or [made]
    for other in found[1:]:
        remove(other)
    return found[0]


def _serves(plan: Item, api: str) -> bool:
    return {"apiId": api, "stage": STAGE} in [
        {key: stage.get(key) for key in ("apiId", "stage")} for stage in plan.get("apiStages", [])
    ]


def _throttle(plan: Item) -> tuple[float, int]:
    limits = plan.get("throttle") or {}
    return float(limits.get("rateLimit", 0)), int(limits.get("burstLimit", 0))

"""How the API is connected to the function (its wiring): compares the wanted wiring with the existing one.

The wiring is a method, an integration, a deployment to stage `prod`, the stage's throttle and, for API_KEY, a key with
its usage plan. If callers need a key or a signature, there is also an open method for the page: a browser requests
`GET /` with neither, and the function answers it with its static page only. The result is a list of actions; nothing
here calls AWS.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

STAGE = "prod"
# Begins the description of a deployment that was made here; a console's deployment does not have it.
MARK = "wildrydes-ml wiring "
# The operation name of a method GET that was made here; a console's method has none.
PAGE = "WildrydesMlPage"

Action = Literal["method", "page", "no page", "deployment", "throttle", "key", "no key", "tidy"]

DESCRIPTIONS: dict[Action, str] = {
    "method": "method ANY on / as Lambda proxy",
    "page": "method GET on /, open to all, for the page",
    "no page": "delete the page's own method",
    "deployment": f"deployment to stage {STAGE}",
    "throttle": f"throttle of stage {STAGE} and of our usage plan",
    "key": "API key and usage plan",
    "no key": "delete the API key and usage plan",
    "tidy": "delete unused API deployments of ours",
}


@dataclass(frozen=True)
class Wiring:
    """The wanted wiring: the ARN of the function or alias, who may call, requests a second and at once.

    `answers` is a digest of API Gateway's own answers: they belong to the API, but become active with a deployment.
    `name` and `tags` are those of the API key and its usage plan, which are identified by the tags. Raises ValueError
    for a key without tags.
    """

    target: str
    auth: str
    rate: float
    burst: int
    answers: str = ""
    name: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.auth == "API_KEY" and not self.tags:
            raise ValueError("Wiring.tags is empty: only its tags identify an API key; pass at least one tag")

    @property
    def description(self) -> str:
        """The description of a deployment with this wiring."""
        snapshot = json.dumps([self.target, self.auth, self.answers])
        return MARK + hashlib.sha256(snapshot.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class FoundMethod:
    """A method GET on the root: who may call it, what it calls, and whether it was made here, for the page."""

    auth: str
    target: str | None
    owned: bool


@dataclass(frozen=True)
class FoundWiring:
    """What an API has. Absent things are None; `auth` and `target` are method ANY's, `get` is the method beside it,
    `description` is that of the stage's deployment.

    `has_key` tells whether a caller with a key gets through, `owns_key` whether a key or usage plan was made here; a
    stranger's key is used but never changed or removed. Both are False, unasked, where no key is or was wanted.
    `plan_throttle` is that of our usage plan, `superseded` the deployments made here that no stage uses any more.
    The rest are AWS's ids: of the root resource, the stage's deployment and our usage plan.
    """

    auth: str | None = None
    target: str | None = None
    description: str | None = None
    throttle: tuple[float, int] | None = None
    has_key: bool = False
    owns_key: bool = False
    get: FoundMethod | None = None
    plan_throttle: tuple[float, int] | None = None
    superseded: tuple[str, ...] = ()
    root: str = ""
    deployment: str = ""
    plan: str = ""

    @property
    def has_stage(self) -> bool:
        """Whether the stage is there."""
        return self.description is not None or bool(self.deployment)


def actions(wanted: Wiring, found: FoundWiring) -> tuple[Action, ...]:
    """What to do, in order; empty when all of it is in place.

    A console's wiring may target the function where we target its alias: both reach the same code.

    The order keeps callers: wherever it is cut, one with a key gets through or the stage is as it was. So a key is
    there before the deployment that asks for it, and goes after the one that does not. A usage plan can name a stage
    only once there is one; before that nobody gets through, and so the first deployment comes before its key.
    Tidying is last: while there is something to tidy, a key that nobody wants any more is looked for.
    """
    key: list[Action] = ["key"] if wanted.auth == "API_KEY" and not found.has_key else []
    todo: list[Action] = []
    if found.auth != wanted.auth or not _same_function(found.target, wanted.target):
        todo.append("method")
    todo += _page(wanted, found.get)
    if todo or not _is_deployed(wanted, found):
        todo.append("deployment")
    limits = (wanted.rate, wanted.burst)
    is_plan_limited = wanted.auth != "API_KEY" or found.plan_throttle in (None, limits)
    if todo or found.throttle != limits or not is_plan_limited:
        todo.append("throttle")
    todo = [*key, *todo] if found.has_stage else [*todo, *key]
    if wanted.auth != "API_KEY" and found.owns_key:
        todo.append("no key")
    if "deployment" in todo or found.superseded:
        todo.append("tidy")
    return tuple(todo)


def window(old_auth: str, new_auth: str, route: str) -> str:
    """The warning for a deploy that changes who may call a live API; empty when no caller is refused meanwhile.

    `old_auth` is empty if nothing is deployed. On the short route, CloudFormation makes the stage require a key before
    it creates the usage plan, which depends on the stage. On the long route, `actions` has the right order.
    """
    if route != "short" or new_auth != "API_KEY" or old_auth in ("", new_auth):
        return ""
    return (
        f"ApiAuth {old_auth} → {new_auth}: for up to a minute during the update the API answers 403 to everybody, "
        "even to callers with a key, until CloudFormation has linked the key to the stage. "
        "The long route (two stacks) has no such gap"
    )


def _page(wanted: Wiring, get: FoundMethod | None) -> list[Action]:
    """What the page's method needs; a stranger's stays as it is."""
    if get is not None and not get.owned:
        return []
    if wanted.auth == "NONE":
        return ["no page"] if get else []
    return [] if get == FoundMethod("NONE", wanted.target, owned=True) else ["page"]


def _same_function(found: str | None, wanted: str) -> bool:
    return found in (wanted, wanted.rpartition(":")[0])


def _is_deployed(wanted: Wiring, found: FoundWiring) -> bool:
    if found.description is None:
        return False
    return found.description == wanted.description or not found.description.startswith(MARK)

"""How the API's skeleton is connected to the function: the wiring that is wanted against the one that is found.

A method, an integration, a deployment to stage `prod`, the stage's throttle and, for API_KEY, a key with its
usage plan. Where callers need a key or a signature, also a method for the page, which a browser asks for without
either: `GET /` is open, and the function answers it with its static page only. Comparing makes a list of actions;
nothing here calls AWS.
"""

import hashlib
import json
from dataclasses import dataclass
from typing import Literal

STAGE = "prod"
# Begins the description of a deployment that was made here; a console's deployment does not have it.
MARK = "wildrydes-ml wiring "
# The operation name of a method GET that was made here; a console's method has none.
PAGE = "WildrydesMlPage"

Action = Literal["method", "page", "no page", "deployment", "throttle", "key", "no key"]

DESCRIPTIONS: dict[Action, str] = {
    "method": "method ANY on / as Lambda proxy",
    "page": "method GET on /, open to all, for the page",
    "no page": "removal of the page's own method",
    "deployment": f"deployment to stage {STAGE}",
    "throttle": f"throttle of stage {STAGE}",
    "key": "API key and usage plan",
    "no key": "removal of the API key and usage plan",
}


@dataclass(frozen=True)
class Wiring:
    """What is wanted: the function's (or alias's) ARN, who may call, requests a second and at once.

    `answers` stands for API Gateway's own answers, which come with the API but are served as deployed.
    """

    target: str
    auth: str
    rate: float
    burst: int
    answers: str = ""

    @property
    def description(self) -> str:
        """The description of a deployment that snapshots this wiring."""
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
    `description` is the stage's deployment's.

    `owns_key` tells whether the usage plan was made here; a stranger's key is used but never removed.
    """

    auth: str | None = None
    target: str | None = None
    description: str | None = None
    throttle: tuple[float, int] | None = None
    has_key: bool = False
    owns_key: bool = False
    get: FoundMethod | None = None


def actions(wanted: Wiring, found: FoundWiring) -> tuple[Action, ...]:
    """What to do, in order; empty when all of it is in place.

    A console's wiring may target the function where we target its alias: both reach the same code.
    """
    todo: list[Action] = []
    if found.auth != wanted.auth or not _same_function(found.target, wanted.target):
        todo.append("method")
    todo += _page(wanted, found.get)
    if todo or not _is_deployed(wanted, found):
        todo.append("deployment")
    if todo or found.throttle != (wanted.rate, wanted.burst):
        todo.append("throttle")
    if wanted.auth == "API_KEY" and not found.has_key:
        todo.append("key")
    if wanted.auth != "API_KEY" and found.owns_key:
        todo.append("no key")
    return tuple(todo)


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

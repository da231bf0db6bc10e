"""Settings last: what a deploy set holds until it is set otherwise, as with `aws cloudformation deploy`.

The stacks alone remember. A parameter was set when its value differs from its default in the template that is
deployed: so a new version's defaults reach those who left them alone, and only them. What the deployer derives is
derived anew.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from .. import tags
from ..aws.records import Identity
from ..errors import Refused, SettingsError
from ..tags import ASIDE_TAG
from ..template import parameters
from .desired import default_bucket
from .planner import FoundStack
from .settings import RESET_ALL, Settings
from .states import Deploy

# A model and its digest: another model has another digest.
_MODEL = ("ModelUrl", "ModelSha256")


def recall(
    asked: Settings, stacks: Mapping[str, FoundStack], identity: Identity, fixed: Collection[str] = ()
) -> Settings:
    """The settings with what the deployed `stacks` (by name, of every route) hold of those that were not asked for.

    `fixed` names parameters that the place decides. Raises Refused when no route is named and several are deployed,
    SettingsError when what was set does not suit this version's parameters.
    """
    settings = replace(asked, route=asked.route or _deployed_route(asked, stacks))
    found = [stacks[name] for name in settings.stacks if name in stacks]
    was_set = {name: value for stack in found for name, value in set_values(stack).items()}
    known = {name: value for stack in found for name, value in stack.stack.parameters.items()}
    dropped = {*fixed, *settings.given, *_reset(settings)}
    filling = settings.deployment.filling
    is_its_own = filling is not None and filling.model
    if settings.model or is_its_own or "ModelUrl" in {*settings.asked, *_reset(settings)}:
        dropped |= set(_MODEL)
    dropped |= {name for name, value in settings.own_defaults.items() if was_set.get(name) == value}
    held = {name: value for name, value in was_set.items() if name in settings.rows and name not in dropped}
    packed = settings.deployment.packed
    if packed and known.get(packed.key) and RESET_ALL not in settings.reset:
        held[packed.key] = known[packed.key]
    _refuse_lost_secrets(settings, stacks, held)
    tagged = {key: value for stack in found for key, value in tags.held(stack.stack.tags).items()}
    tagged = {**tags.lasting(tagged), **(tags.expiry(found[-1].stack.tags) if found else {})}
    bucket = settings.bucket or _given_bucket(known, settings, identity)
    return replace(settings, held=held, held_tags=tagged, bucket=bucket)


def _refuse_lost_secrets(settings: Settings, stacks: Mapping[str, FoundStack], held: Mapping[str, str]) -> None:
    """Raises SettingsError for secrets of a stack that is not there to keep them: CloudFormation tells them nobody."""
    faults = [
        f"parameter {name} is a secret, and stack {title} no longer exists to keep it: add --set {name}=VALUE again"
        for stack, title in zip(settings.deployment.stacks, settings.stacks, strict=True)
        for name in stack.rows
        if held.get(name) == parameters.HIDDEN and name not in settings.asked and not _keeps(stacks.get(title), name)
    ]
    if faults:
        raise SettingsError(faults)


def _keeps(found: FoundStack | None, name: str) -> bool:
    """Whether the stack has the parameter and is updated, not made anew."""
    return found is not None and name in found.stack.parameters and found.row.deploy is not Deploy.RECREATE


def set_values(found: FoundStack) -> dict[str, str]:
    """The parameters of a stack that were set: those whose values are not the defaults of its template.

    What a stack gave up to be kept without its function counts as before that. A secret counts as set:
    CloudFormation tells `HIDDEN` in its place, with which an update keeps it.
    """
    rows: Mapping[str, Mapping[str, Any]] = found.body.get("Parameters", {})
    defaults = parameters.defaults(rows)
    aside = dict(pair.split("=", 1) for pair in found.stack.tags.get(ASIDE_TAG, "").split())
    return {
        name: value
        for name, value in {**found.stack.parameters, **aside}.items()
        if name in rows and not (name in defaults and parameters.same(value, defaults[name]))
    }


def _reset(settings: Settings) -> set[str]:
    return set(settings.rows) if RESET_ALL in settings.reset else set(settings.reset)


def _given_bucket(known: Mapping[str, str], settings: Settings, identity: Identity) -> str:
    """The bucket that was named once; empty for the one that is made here."""
    bucket = known.get(settings.deployment.bucket, "")
    return "" if bucket == default_bucket(settings, identity) else bucket


def _deployed_route(asked: Settings, stacks: Mapping[str, FoundStack]) -> str:
    """The deployed route, or the first; one that has the preset, if one is asked for."""
    routes = [one.route for one in asked.deployments if any(name in stacks for name in one.stack_names(asked.name))]
    if len(routes) > 1:
        raise Refused(f"{asked.name} has stacks of several routes ({', '.join(stacks)}): name one with --route")
    having = [one.route for one in asked.deployments if not asked.preset or asked.preset in one.presets]
    return next((route for route in routes if route in having), having[0])

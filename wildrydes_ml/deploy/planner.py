"""From what is wanted and what is there to the steps between."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from .. import tags
from ..aws.records import Stack, StackResource
from ..aws.wiring import FoundWiring, actions
from ..deployment import Filling
from ..errors import Refused, WildrydesError
from ..tags import ASIDE_TAG, TAG
from ..template.change import ResourceChange
from ..template.decode import decode
from ..template.effective import Effective, changes, effective, made
from . import consequences
from .desired import Desired, DesiredStack, Outputs
from .settings import Settings
from .states import Deploy, State, state
from .steps import ApplyStack, DeleteStack, Fill, MakeBucket, RollBack, Step, Upload, WarmUp, Wire

_IF_FED = "if the outputs of the stacks before it{} change"
# At the end of the logical id of a snapshot of the API.
_DIGEST = re.compile(r"(?<=[a-z]Deployment)[0-9a-f]{8}$")


@dataclass(frozen=True)
class FoundStack:
    """A stack of our name as it is.

    The template's text is there where it can be updated, resources are where they tell whether it is ours. `missing`
    are the logical ids of what it made and somebody has deleted since. `is_noted` when the bucket's note told the
    template, and `functions`: logical ids and names of those that only CloudFormation knows.
    """

    stack: Stack
    template: str = ""
    resources: tuple[StackResource, ...] = ()
    missing: tuple[str, ...] = ()
    functions: Mapping[str, str] = field(default_factory=dict)
    is_noted: bool = False

    def __post_init__(self) -> None:
        """Raises WildrydesError for a status that nobody knows, so that nothing is done before that is found out."""
        state(self.stack.status)

    @property
    def row(self) -> State:
        """What its status means."""
        return state(self.stack.status)

    @cached_property
    def body(self) -> Mapping[str, Any]:
        """The template as data; empty when it is not there or cannot be read."""
        return decode(self.template)

    @cached_property
    def effective(self) -> Effective:
        """What it was made to be, as CloudFormation compares it; nothing for a template that cannot be read."""
        return effective(self.body, self.stack.parameters) if self.body else {"Resources": {}, "Outputs": {}}


@dataclass(frozen=True)
class Observed:
    """What is there before a deploy. `bucket_tags` is None when there is no bucket.

    `keys` are those of our uploads in it. `unread` are the permissions that were missing for a look at what may be
    gone, `templates` the keys of those that a killed deploy left in the bucket.
    """

    bucket_tags: Mapping[str, str] | None
    bucket_is_empty: bool
    keys: Collection[str]
    has_model: bool
    stacks: Mapping[str, FoundStack]
    other_route: Sequence[str]
    wiring: FoundWiring | None
    fill: tuple[str, ...]
    contents: str
    unread: tuple[str, ...] = ()
    templates: tuple[str, ...] = ()

    @property
    def outputs(self) -> Outputs:
        """The outputs of each stack."""
        return {name: found.stack.outputs for name, found in self.stacks.items()}


def plan(desired: Desired, observed: Observed) -> tuple[Step, ...]:
    """The steps in order; empty when all is as wanted.

    Raises Refused for stacks and buckets that are not ours, for another route's stack and for a parameter that must
    stay, WildrydesError for a stack in a state that a person has to look at.
    """
    refuse_other_route(desired.settings, observed.other_route)
    for stack in desired.stacks:
        _refuse_fixed(desired, stack, observed.stacks.get(stack.name))
    steps: list[Step] = [*_bucket_steps(desired, observed)]
    for stack in desired.stacks:
        if desired.fill and observed.fill and stack == _first_user(desired):
            steps.append(Fill(str(desired.fill), observed.fill))
        steps += _next_steps(desired, stack, observed, steps)
    steps += _wiring_steps(desired, observed)
    proof = desired.deployment.proof
    return (*steps, *([WarmUp(proof.about)] if proof else [])) if steps else ()


def _first_user(desired: Desired) -> DesiredStack:
    """The first stack whose functions may read EFS."""
    return next((stack for stack in desired.stacks if stack.has_revision), desired.service)


def is_ours(name: str, found: FoundStack, known: Mapping[str, str]) -> bool:
    """Whether a stack has our tag, or holds nothing but resources of our template.

    The second is for those who created the stack with the plain AWS CLI, from the template of this version or an
    earlier one.
    """
    if found.stack.tags.get(TAG) == name:
        return True
    types = {_without_digest(title): kind for title, kind in known.items()}
    return bool(found.resources) and all(
        types.get(_without_digest(item.logical_id)) == item.type for item in found.resources
    )


def _without_digest(title: str) -> str:
    """A logical id without the digest of what the API's snapshot shows: another version's is another one."""
    return _DIGEST.sub("", title)


def refuse_strangers(name: str, desired: DesiredStack, found: FoundStack | None) -> None:
    """Raises Refused when somebody else made the stack."""
    if found and not is_ours(name, found, desired.resources):
        raise Refused(
            f"stack {desired.name} was not created from {desired.template_name}, so it is not changed; use "
            "another --name"
        )


def refuse_other_route(settings: Settings, stacks: Sequence[str]) -> None:
    """Raises Refused when there are stacks of another route than the one that is asked for."""
    if stacks:
        other = next(one.route for one in settings.deployments if stacks[0] in one.stack_names(settings.name))
        raise Refused(
            f"{settings.name} is deployed by the {other} route ({', '.join(stacks)}): "
            f"destroy it first, or deploy with --route {other} or another --name"
        )


def _refuse_fixed(desired: Desired, stack: DesiredStack, found: FoundStack | None) -> None:
    """Raises Refused for a new value of a parameter that must stay as it is in a stack that stands."""
    if found is None or found.row.deploy is Deploy.RECREATE:
        return
    for name, why in desired.deployment.fixed.items():
        new = stack.parameters.get(name, "")
        old = found.stack.parameters.get(name, new)
        if old != new:
            raise Refused(
                f"stack {stack.name}: {name} is {old} and would become {new}. {why.format(old=old, new=new)}: keep it "
                f"with --set {name}={old}, or destroy it first"
            )


def _bucket_steps(desired: Desired, observed: Observed) -> list[Step]:
    steps: list[Step] = []
    tags = observed.bucket_tags
    if not desired.own_bucket:
        if tags is None:
            raise WildrydesError(f"bucket {desired.bucket} does not exist: create it, or run without --bucket")
    elif tags is None or (not tags and observed.bucket_is_empty):
        steps.append(MakeBucket(desired.bucket))
    elif tags.get(TAG) != desired.settings.name:
        raise Refused(f"bucket {desired.bucket} exists, but this tool did not create it: name one with --bucket")
    steps += [Upload(desired.bucket, one.key, one.body) for one in desired.code if one.key not in observed.keys]
    if desired.model.archive and not observed.has_model:
        steps.append(Upload(desired.bucket, desired.model_key, desired.model.archive))
    if desired.samples.archive and desired.samples_key not in observed.keys:
        steps.append(Upload(desired.bucket, desired.samples_key, desired.samples.archive))
    return steps


def _stack_steps(whole: Desired, desired: DesiredStack, found: FoundStack | None) -> list[Step]:
    if found is None:
        return [_creation(desired)]
    match found.row.deploy:
        case Deploy.RECREATE:
            return [DeleteStack(desired.name, found.stack.id, found.row.meaning), _creation(desired)]
        case Deploy.UPDATE:
            return _update_steps(whole, desired, found)
        case Deploy.CONTINUE_ROLLBACK if whole.settings.continue_rollback:
            return [RollBack(desired.name, found.row.meaning), ApplyStack(desired, "update")]
        case _:
            raise WildrydesError(
                f"stack {desired.name} is {found.stack.status} ({found.row.meaning}): {found.row.advice}"
            )


def _creation(desired: DesiredStack) -> ApplyStack:
    """The creation with the resources that it makes, and those on which CloudFormation decides."""
    found, entries = made(desired.body, desired.parameters), desired.body["Resources"]
    certain = [ResourceChange(title, kind, "Add") for title, kind in found.certain.items()]
    perhaps = [
        ResourceChange(title, kind, "Add", condition=entries[title]["Condition"])
        for title, kind in found.perhaps.items()
    ]
    return ApplyStack(desired, "create", changes=(*certain, *perhaps))


def _update_steps(whole: Desired, desired: DesiredStack, found: FoundStack) -> list[Step]:
    """One update, or two where something has to go before it can be made again."""
    filling = whole.deployment.filling if desired.name == (whole.filler.name if whole.filler else "") else None
    refill, known = _refill_reasons(filling, desired, found), found.stack.parameters
    if not found.missing and _is_same(_with_old_expiry(whole, desired, found, filling), found):
        return []
    missing = [title for title in found.missing if title in desired.resources]
    if not refill and not missing:
        return [_update(desired, known, tags.changes(found.stack.tags, desired.tags))]
    first, why = desired, []
    if filling and refill:
        first = first.with_parameters(**{filling.switch: "none"}).revised()
        why.append(f"{', '.join(refill)} changed, so EFS is filled again: delete the filling instance")
    if missing:
        first = first.without(missing)
        why.append(_loss(desired, missing))
    again = changes(first.effective, desired.effective)
    return [
        _update(first, known, "; ".join(why)),
        _update(desired, first.parameters, "create it again (calculated before the update above)", again),
    ]


def _with_old_expiry(whole: Desired, desired: DesiredStack, found: FoundStack, filling: Filling | None) -> DesiredStack:
    """The stack with the expiry that it has, where another would fill EFS again: the last stack tells the new one."""
    has_ended = filling is not None and found.stack.parameters.get(filling.switch) == "stop"
    if not has_ended or desired.name == whole.service.name:
        return desired
    return replace(desired, tags={**tags.lasting(desired.tags), **tags.expiry(found.stack.tags)})


def _update(
    desired: DesiredStack, known: Mapping[str, str], why: str = "", changes: tuple[ResourceChange, ...] = ()
) -> ApplyStack:
    told = consequences.changes(desired.body, known, desired.parameters, desired.opens)
    return ApplyStack(desired, "update", why, changes, told)


def _loss(desired: DesiredStack, missing: Sequence[str]) -> str:
    """What somebody deleted, and what making it again means."""
    verb = "was" if len(missing) == 1 else "were"
    moved = any(desired.resources.get(title) == "AWS::ApiGateway::RestApi" for title in missing)
    address = "; the new API has a new address" if moved else ""
    return f"{', '.join(missing)} {verb} deleted outside CloudFormation: delete what refers to it{address}"


def unheeded(desired: Desired, observed: Observed) -> list[tuple[str, str]]:
    """Stack and name of each parameter whose new value changes nothing that is made, so that the stack keeps the old.

    CloudFormation takes no update that changes only these.
    """
    found = [(stack, observed.stacks.get(stack.name)) for stack in desired.stacks]
    return [
        (stack.name, key)
        for stack, there in found
        if there and there.row.deploy is Deploy.UPDATE and _is_same(stack, there)
        for key, value in stack.parameters.items()
        if there.stack.parameters.get(key) != value
    ]


def why_unheeded(desired: Desired, name: str) -> str:
    """What switches a parameter off, in words; empty where that is not known."""
    return desired.deployment.unheeded(desired.values, name)


def boots_instance(filling: Filling, desired: DesiredStack, found: FoundStack | None) -> bool:
    """Whether a new instance will fill EFS, whatever the model's URL."""
    if found is None or found.row.deploy is not Deploy.UPDATE:
        return True
    known = found.stack.parameters
    wanted = desired.with_parameters(ModelUrl=known.get("ModelUrl", ""))
    is_first = known.get(filling.switch) == "none" != desired.parameters.get(filling.switch)
    return is_first or bool(_refill_reasons(filling, wanted, found))


def _is_same(desired: DesiredStack, found: FoundStack) -> bool:
    """Whether CloudFormation would find nothing to do: parameters and text may differ where they change nothing."""
    if tags.held(found.stack.tags) != tags.held(desired.tags) or ASIDE_TAG in found.stack.tags:
        return False
    if found.stack.tags.get(TAG) != desired.tags.get(TAG):
        return False
    parameters = {key: found.stack.parameters.get(key) for key in desired.parameters}
    is_written_alike = found.template == desired.template and parameters == desired.parameters
    return is_written_alike or found.effective == desired.effective


def _refill_reasons(filling: Filling | None, desired: DesiredStack, found: FoundStack) -> list[str]:
    """What makes a new instance necessary; an instance that ended itself cannot be updated at all."""
    wanted, known = desired.parameters, found.stack.parameters
    if filling is None or "none" in (wanted.get(filling.switch, "none"), known.get(filling.switch, "none")):
        return []
    changed = [key for key in filling.refills if wanted.get(key) != known.get(key)]
    as_before = desired.with_parameters(**{key: known[key] for key in changed if key in known})
    if changed and as_before.effective == desired.effective:
        changed = []
    has_ended = known.get(filling.switch) == "stop"
    is_other = has_ended and not _is_same(desired.with_parameters(**_kept(desired, known)), found)
    return changed or (["template or tags"] if is_other else [])


def _kept(desired: DesiredStack, known: Mapping[str, str]) -> dict[str, str]:
    """The values that a stack has, for those of its parameters that it still has."""
    return {key: known[key] for key in desired.parameters if key in known}


def _next_steps(desired: Desired, stack: DesiredStack, observed: Observed, before: Sequence[Step]) -> list[Step]:
    """A stack after the steps before it. Its inputs are known when nothing before it changes; else in its turn."""
    found = observed.stacks.get(stack.name)
    is_fed = bool(stack.inputs) or stack.has_revision
    if found and is_fed and _moves(before) and found.row.deploy is Deploy.UPDATE:
        if found.missing:
            return _update_steps(desired, stack, found)
        return [
            _update(stack, found.stack.parameters, _IF_FED.format(" or what is on EFS" if stack.has_revision else ""))
        ]
    outputs = observed.outputs
    if found is None or not stack.is_resolvable(outputs):
        return _stack_steps(desired, stack, found)
    contents = observed.contents or desired.contents(stack, outputs)
    return _stack_steps(desired, stack.resolved(outputs, contents), found)


def _moves(steps: Sequence[Step]) -> bool:
    """Whether the steps may change what a later stack is fed with: outputs, or what is on EFS."""
    return any(isinstance(step, (ApplyStack, Fill)) for step in steps)


def _wiring_steps(desired: Desired, observed: Observed) -> list[Step]:
    if desired.wiring is None:
        return []
    todo = actions(desired.wiring, observed.wiring or FoundWiring())
    return [Wire(todo)] if todo else []

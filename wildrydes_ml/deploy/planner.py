"""From what is wanted and what is there to the steps between."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .. import tags
from ..aws.records import ResourceChange, Stack, StackResource
from ..aws.wiring import FoundWiring, actions
from ..errors import Refused, WildrydesError
from ..tags import ASIDE_TAG, TAG
from ..template.decode import decode
from ..template.effective import Effective, changes, effective, made_resources
from . import consequences
from .desired import Desired, DesiredStack
from .states import Deploy, State, state
from .steps import ApplyStack, DeleteStack, Fill, MakeBucket, RollBack, Step, Upload, WarmUp, Wire

# A change in one of these does nothing to a filled EFS: user data runs once, a wait condition never resets.
# The instance must be made anew.
REFILL_PARAMETERS = (
    "PythonRuntime",
    "Architecture",
    "Packages",
    "ModelUrl",
    "ModelSha256",
    "Signature",
    "BootstrapInstance",
    "BootstrapInstanceType",
)

# Where the filling instance found its code. The short route's bucket holds the function's code, too.
UPLOADED_PARAMETERS = {"long": ("DataBucket", "PreparationKey"), "short": ("PreparationKey",)}

# What belongs to the filling instance comes and goes; everything else of network and EFS stays.
_PROTECTED_SERVICES = ("AWS::EC2::", "AWS::EFS::")
_INSTANCE_RESOURCES = frozenset({"EfsMountEC2Instance", "InstanceSecurityGroup"})
# At the end of the logical id of a snapshot of the API.
_DIGEST = re.compile(r"(?<=[a-z]Deployment)[0-9a-f]{8}$")


@dataclass(frozen=True)
class FoundStack:
    """A stack of our name as it is.

    The template's text is there where it can be updated, resources are where they tell whether it is ours. `missing`
    are the logical ids of what it made and somebody has deleted since.
    """

    stack: Stack
    template: str = ""
    resources: tuple[StackResource, ...] = ()
    missing: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Raises WildrydesError for a status that nobody knows, so that nothing is done before that is found out."""
        state(self.stack.status)

    @property
    def row(self) -> State:
        """What its status means."""
        return state(self.stack.status)

    @property
    def body(self) -> Mapping[str, Any]:
        """The template as data; empty when it is not there or cannot be read."""
        return decode(self.template)

    @property
    def effective(self) -> Effective:
        """What it was made to be, as CloudFormation compares it; nothing for a template that cannot be read."""
        return effective(self.body, self.stack.parameters) if self.body else {"Resources": {}, "Outputs": {}}


@dataclass(frozen=True)
class Observed:
    """What is there before a deploy. `bucket_tags` is None when there is no bucket.

    `unread` are the permissions that were missing for a look at what may be gone, `templates` the keys of those that
    a killed deploy left in the bucket.
    """

    bucket_tags: Mapping[str, str] | None
    bucket_is_empty: bool
    has_code: bool
    has_model: bool
    stacks: Mapping[str, FoundStack]
    other_route: Sequence[str]
    wiring: FoundWiring | None
    fill: tuple[str, ...]
    contents: str
    unread: tuple[str, ...] = ()
    templates: tuple[str, ...] = ()


def plan(desired: Desired, observed: Observed) -> tuple[Step, ...]:
    """The steps in order; empty when all is as wanted.

    Raises Refused for stacks and buckets that are not ours, for the other route's stack and for another function
    under the short route's stage, WildrydesError for a stack in a state that a person has to look at.
    """
    _refuse_other_route(desired, observed)
    _refuse_other_function(desired, observed.stacks.get(desired.service.name))
    steps: list[Step] = [*_bucket_steps(desired, observed)]
    efs_steps = _stack_steps(desired, desired.efs, observed.stacks.get(desired.efs.name)) if desired.efs else []
    steps += efs_steps
    if desired.fill and observed.fill:
        steps.append(Fill(str(desired.fill), observed.fill))
    refilled = bool(observed.fill) or any(isinstance(step, ApplyStack) for step in efs_steps)
    steps += _service_steps(desired, observed, refilled)
    steps += _wiring_steps(desired, observed)
    return (*steps, WarmUp(desired.live_function)) if steps else ()


def protected(changes: Sequence[ResourceChange], allowed: Sequence[str]) -> list[ResourceChange]:
    """Changes that would remove or replace network or EFS and are not named in `allowed`."""
    return [
        change
        for change in changes
        if change.type.startswith(_PROTECTED_SERVICES)
        and change.logical_id not in _INSTANCE_RESOURCES
        and (change.action == "Remove" or (change.action == "Modify" and change.replacement != "False"))
        and change.logical_id not in allowed
    ]


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
            f"stack {desired.name} was not made from {desired.template_name}: it is left alone; use another --name"
        )


def _refuse_other_route(desired: Desired, observed: Observed) -> None:
    if observed.other_route:
        other = "long" if desired.settings.is_short else "short"
        raise Refused(
            f"{desired.settings.name} is deployed by the {other} route ({', '.join(observed.other_route)}): "
            f"destroy it first, or deploy with --route {other} or another --name"
        )


def _refuse_other_function(desired: Desired, found: FoundStack | None) -> None:
    """Raises Refused for another FunctionName where the stack holds the stage, which would call the old function still.

    The stage serves a snapshot with the function's ARN. The snapshot, an AWS::ApiGateway::Deployment, is replaced for
    another RestApiId or other canary settings alone
    (https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-apigateway-deployment.html),
    so it stays, and the old function goes at the end of the update. The long route's wiring follows the function.
    """
    if desired.wiring is not None or found is None or found.row.deploy is Deploy.RECREATE:
        return
    name = found.stack.parameters.get("FunctionName", desired.function_name)
    if name != desired.function_name:
        raise Refused(
            f"stack {desired.service.name}: FunctionName is {name} and would become {desired.function_name}. Stage "
            f"prod would go on calling {name}, which is gone then: keep it with --set FunctionName={name}, or destroy "
            "it first"
        )


def _bucket_steps(desired: Desired, observed: Observed) -> list[Step]:
    steps: list[Step] = []
    tags = observed.bucket_tags
    if not desired.own_bucket:
        if tags is None:
            raise WildrydesError(f"bucket {desired.bucket} does not exist: make it, or leave --bucket out")
    elif tags is None or (not tags and observed.bucket_is_empty):
        steps.append(MakeBucket(desired.bucket))
    elif tags.get(TAG) != desired.settings.name:
        raise Refused(f"bucket {desired.bucket} exists and was not made here: name one with --bucket")
    if not observed.has_code:
        steps.append(Upload(desired.bucket, desired.code_key, desired.code))
    if desired.model.archive and not observed.has_model:
        steps.append(Upload(desired.bucket, desired.model_key, desired.model.archive))
    return steps


def _stack_steps(whole: Desired, desired: DesiredStack, found: FoundStack | None) -> list[Step]:
    if found is None:
        return [_creation(desired)]
    match found.row.deploy:
        case Deploy.RECREATE:
            return [DeleteStack(desired.name, found.stack.id, found.row.meaning), _creation(desired)]
        case Deploy.UPDATE:
            return _update_steps(desired, found)
        case Deploy.CONTINUE_ROLLBACK if whole.settings.continue_rollback:
            return [RollBack(desired.name, found.row.meaning), ApplyStack(desired, "update")]
        case _:
            raise WildrydesError(
                f"stack {desired.name} is {found.stack.status} ({found.row.meaning}): {found.row.advice}"
            )


def _creation(desired: DesiredStack) -> ApplyStack:
    """The creation with the resources that it makes; what it gets from another stack chooses none of them."""
    made = made_resources(desired.body, desired.parameters)
    return ApplyStack(desired, "create", changes=tuple(ResourceChange(*item, "Add") for item in made.items()))


def _update_steps(desired: DesiredStack, found: FoundStack) -> list[Step]:
    """One update, or two where something has to go before it can be made again."""
    refill, known = _refill_reasons(desired, found), found.stack.parameters
    if not found.missing and _is_same(desired, found):
        return []
    missing = [title for title in found.missing if title in desired.resources]
    if not refill and not missing:
        return [_update(desired, known, tags.changes(found.stack.tags, desired.tags))]
    first, why = desired, []
    if refill:
        first = first.with_parameters(BootstrapInstance="none").revised()
        why.append(f"EFS is filled anew, {', '.join(refill)} changed: remove the instance")
    if missing:
        first = first.without(missing)
        why.append(_loss(desired, missing))
    again = changes(first.effective, desired.effective)
    return [
        _update(first, known, "; ".join(why)),
        _update(desired, first.parameters, "make it again (worked out before the update above)", again),
    ]


def _update(
    desired: DesiredStack, known: Mapping[str, str], why: str = "", changes: tuple[ResourceChange, ...] = ()
) -> ApplyStack:
    return ApplyStack(desired, "update", why, changes, consequences.changes(desired.body, known, desired.parameters))


def _loss(desired: DesiredStack, missing: Sequence[str]) -> str:
    """What somebody deleted, and what making it again means."""
    verb = "is" if len(missing) == 1 else "are"
    moved = any(desired.resources.get(title) == "AWS::ApiGateway::RestApi" for title in missing)
    address = "; the new API has a new address" if moved else ""
    return f"{', '.join(missing)} {verb} gone, deleted outside CloudFormation: take out what is left of it{address}"


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
    values = desired.values
    if name in REFILL_PARAMETERS and values["BootstrapInstance"] == "none":
        return " while BootstrapInstance is none"
    if name == "ProvisionedThroughputInMibps":
        return f" while ThroughputMode is {values['ThroughputMode']}"
    return ""


def boots_instance(desired: DesiredStack, found: FoundStack | None) -> bool:
    """Whether a new instance will fill EFS, whatever the model's URL."""
    if found is None or found.row.deploy is not Deploy.UPDATE:
        return True
    known = found.stack.parameters
    wanted = desired.with_parameters(ModelUrl=known.get("ModelUrl", ""))
    is_first = known.get("BootstrapInstance") == "none" != desired.parameters.get("BootstrapInstance")
    return is_first or bool(_refill_reasons(wanted, found))


def _is_same(desired: DesiredStack, found: FoundStack) -> bool:
    """Whether CloudFormation would find nothing to do: parameters and text may differ where they change nothing."""
    if tags.held(found.stack.tags) != tags.held(desired.tags) or ASIDE_TAG in found.stack.tags:
        return False
    if found.stack.tags.get(TAG) != desired.tags.get(TAG):
        return False
    parameters = {key: found.stack.parameters.get(key) for key in desired.parameters}
    is_written_alike = found.template == desired.template and parameters == desired.parameters
    return is_written_alike or found.effective == desired.effective


def _refill_reasons(desired: DesiredStack, found: FoundStack) -> list[str]:
    """What makes a new instance necessary; an instance that ended itself cannot be updated at all."""
    wanted, known = desired.parameters, found.stack.parameters
    if "none" in (wanted.get("BootstrapInstance", "none"), known.get("BootstrapInstance", "none")):
        return []
    changed = [key for key in REFILL_PARAMETERS if wanted.get(key) != known.get(key)]
    as_before = desired.with_parameters(**{key: known[key] for key in changed if key in known})
    if as_before.effective == desired.effective:
        changed = []
    has_ended = known.get("BootstrapInstance") == "stop"
    is_other = has_ended and not _is_same(desired.with_parameters(**_kept(desired, known)), found)
    return changed or (["template or tags"] if is_other else [])


def _kept(desired: DesiredStack, known: Mapping[str, str]) -> dict[str, str]:
    """The values that a stack has, for those of its parameters that it still has."""
    return {key: known[key] for key in desired.parameters if key in known}


def _service_steps(desired: Desired, observed: Observed, refilled: bool) -> list[Step]:
    """The function's stack. Its inputs are known when nothing before it changes; else when its turn comes."""
    found = observed.stacks.get(desired.service.name)
    if found and refilled and found.row.deploy is Deploy.UPDATE:
        if found.missing:
            return _update_steps(desired.service, found)
        why = "if the EFS stack's outputs or what is on EFS change"
        return [_update(desired.service, found.stack.parameters, why)]
    efs = observed.stacks.get(desired.efs.name) if desired.efs else None
    outputs = efs.stack.outputs if efs else {}
    if found is None or not desired.service.is_resolvable(outputs):
        return _stack_steps(desired, desired.service, found)
    return _stack_steps(desired, desired.service.resolved(outputs, observed.contents), found)


def _wiring_steps(desired: Desired, observed: Observed) -> list[Step]:
    if desired.wiring is None:
        return []
    todo = actions(desired.wiring, observed.wiring or FoundWiring())
    return [Wire(todo)] if todo else []

"""From what is wanted and what is there to the steps between."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .conditions import made_resources
from .desired import TAG, Desired, DesiredStack
from .errors import Refused, WildrydesError
from .records import ResourceChange, Stack, StackResource
from .states import Deploy, State, state
from .steps import ApplyStack, DeleteStack, Fill, MakeBucket, RollBack, Step, Upload, WarmUp, Wire
from .wiring import FoundWiring, actions

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


@dataclass(frozen=True)
class FoundStack:
    """A stack of our name as it is.

    The template's text is there where it can be updated, resources are where they tell whether it is ours.
    """

    stack: Stack
    template: str = ""
    resources: tuple[StackResource, ...] = ()

    def __post_init__(self) -> None:
        """Raises WildrydesError for a status that nobody knows, so that nothing is done before that is found out."""
        state(self.stack.status)

    @property
    def row(self) -> State:
        """What its status means."""
        return state(self.stack.status)


@dataclass(frozen=True)
class Observed:
    """What is there before a deploy. `bucket_tags` is None when there is no bucket."""

    bucket_tags: Mapping[str, str] | None
    bucket_is_empty: bool
    has_code: bool
    has_model: bool
    stacks: Mapping[str, FoundStack]
    other_route: Sequence[str]
    wiring: FoundWiring | None
    fill: tuple[str, ...]
    contents: str


def plan(desired: Desired, observed: Observed) -> tuple[Step, ...]:
    """The steps in order; empty when all is as wanted.

    Raises Refused for stacks and buckets that are not ours and for the other route's stack, WildrydesError for
    a stack in a state that a person has to look at.
    """
    _refuse_other_route(desired, observed)
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

    The second is for those who created the stack with the plain AWS CLI.
    """
    if found.stack.tags.get(TAG) == name:
        return True
    return bool(found.resources) and all(known.get(item.logical_id) == item.type for item in found.resources)


def refuse_strangers(name: str, desired: DesiredStack, found: FoundStack | None) -> None:
    """Raises Refused when somebody else made the stack."""
    if found and not is_ours(name, found, desired.resources):
        raise Refused(
            f"stack {desired.name} was not made from {desired.template_name}: it is left alone; use another --name"
        )


def _refuse_other_route(desired: Desired, observed: Observed) -> None:
    if observed.other_route:
        other = "short" if desired.settings.route == "long" else "long"
        raise Refused(
            f"{desired.settings.name} is deployed by the {other} route ({', '.join(observed.other_route)}): "
            f"destroy it first, or deploy with --route {other} or another --name"
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
    if _is_same(desired, found):
        return []
    refill = _refill_reasons(desired, found)
    if not refill:
        return [ApplyStack(desired, "update")]
    empty = desired.with_parameters(BootstrapInstance="none")
    why = f"EFS is filled anew, {', '.join(refill)} changed"
    return [ApplyStack(empty, "update", f"{why}: remove the instance"), ApplyStack(desired, "update", "make it again")]


def boots_instance(desired: DesiredStack, found: FoundStack | None) -> bool:
    """Whether a new instance will fill EFS, whatever the model's URL."""
    if found is None or found.row.deploy is not Deploy.UPDATE:
        return True
    known = found.stack.parameters
    wanted = desired.with_parameters(ModelUrl=known.get("ModelUrl", ""))
    is_first = known.get("BootstrapInstance") == "none" != desired.parameters.get("BootstrapInstance")
    return is_first or bool(_refill_reasons(wanted, found))


def _is_same(desired: DesiredStack, found: FoundStack) -> bool:
    parameters = {key: found.stack.parameters.get(key) for key in desired.parameters}
    tags = {key: found.stack.tags.get(key) for key in desired.tags}
    return found.template == desired.template and parameters == desired.parameters and tags == desired.tags


def _refill_reasons(desired: DesiredStack, found: FoundStack) -> list[str]:
    """What makes a new instance necessary; an instance that ended itself cannot be updated at all."""
    wanted, known = desired.parameters, found.stack.parameters
    if "none" in (wanted.get("BootstrapInstance", "none"), known.get("BootstrapInstance", "none")):
        return []
    changed = [key for key in REFILL_PARAMETERS if wanted.get(key) != known.get(key)]
    has_ended = known.get("BootstrapInstance") == "stop" and found.template != desired.template
    return changed or (["the template"] if has_ended else [])


def _service_steps(desired: Desired, observed: Observed, refilled: bool) -> list[Step]:
    """The function's stack. Its inputs are known when nothing before it changes; else when its turn comes."""
    found = observed.stacks.get(desired.service.name)
    if found and refilled and found.row.deploy is Deploy.UPDATE:
        return [ApplyStack(desired.service, "update", "if the EFS stack's outputs or what is on EFS change")]
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

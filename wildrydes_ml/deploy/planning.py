"""From what is asked for to a finished plan: one look at what is there, and words on what the plan does not show."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

from ..aws.session import Aws
from ..aws.target import Target
from ..errors import WildrydesError
from ..reporting import Reporter
from . import handover, planner, protected, surprises
from .desired import PREFIXES, Desired
from .follower import Follower
from .observer import Observer, StackObserver
from .place import desired_at, found_at
from .planner import Observed
from .plans import Plan
from .recall import recall
from .settings import Settings

# The instance fetches the model within the wait condition's hour.
_LINK_SECONDS = 2 * 3600


def make(aws: Aws, settings: Settings, target: Target, reporter: Reporter) -> Plan:
    """What there is to do about what is asked for and what earlier deploys set.

    Raises SettingsError, Refused and WildrydesError for what cannot be planned; nothing is changed then.
    """
    for name in settings.overrides.keys() & target.parameters.keys():
        reporter.warning(f"--set {name} has no effect with --local: it is {target.parameters[name]!r} here")
    return again(aws, settings, target, reporter)


def tell_unknown(plan: Plan, reporter: Reporter, elsewhere: Mapping[str, str] = {}) -> None:
    """Warns of names of `--allow-replace` that no stack of the plan has. `elsewhere` are resources of other parts of
    the same whole, with their types."""
    for text in protected.unknown(plan.settings.allow_replace, {**elsewhere, **resources(plan)}):
        reporter.warning(text)


def resources(plan: Plan) -> dict[str, str]:
    """The logical ids of what there is or shall be, with their types."""
    bodies = [*(stack.body for stack in plan.desired.stacks), *(one.body for one in plan.observed.stacks.values())]
    return {title: kind for body in bodies for title, kind in types(body).items()}


def types(body: Mapping[str, Any]) -> dict[str, str]:
    """The logical ids of a template's resources, with their types."""
    return {title: str(entry.get("Type")) for title, entry in body.get("Resources", {}).items()}


def again(aws: Aws, settings: Settings, target: Target, reporter: Reporter) -> Plan:
    """The plan after another look, without what was told of the settings before."""
    stacks = found_at(target, settings, StackObserver(aws, settings, Follower(aws, reporter)).observe())
    recalled = recall(settings, stacks, aws.identity, target.parameters)
    # Before minutes go by for a model or packages that are in vain.
    planner.refuse_other_route(recalled, [name for name in stacks if name not in recalled.stacks])
    asked = desired_at(target, recalled, aws, reporter)
    observed = Observer(aws, asked, stacks).observe()
    desired = _with_uploads(aws, asked, observed, target)
    handover.refuse_too_large(desired.stacks)
    for permission in observed.unread:
        reporter.warning(f"it was not checked whether everything still exists: this needs the permission {permission}")
    _tell_unheeded(settings, target, desired, observed, reporter)
    _tell_window(desired, observed, reporter)
    steps = planner.plan(desired, observed)
    if not target.is_local:
        _tell_throughput(aws, desired, observed, reporter)
    return Plan(settings, target, desired, observed, steps)


def _with_uploads(aws: Aws, desired: Desired, observed: Observed, target: Target) -> Desired:
    """Tells the filling instance where its uploads are: the code and a model's fresh link.

    What filled EFS already stays as it was: new code or an expired link is no reason to touch the instance. Another
    template comes with the code that it was written for: CloudFormation may make the instance anew at any time.
    """
    first, filling = desired.filler, desired.deployment.filling
    if first is None or filling is None:
        return desired
    found = observed.stacks.get(first.name)
    known = found.stack.parameters if found else {}
    boots = planner.boots_instance(filling, first, found)
    is_rewritten = found is not None and found.template != first.template
    kept = () if boots or is_rewritten else filling.uploads
    uploads = {key: known[key] for key in kept if key in known}
    if boots and not target.is_local:
        _refuse_lost_samples(desired, observed, filling.samples)
    if desired.model.digest and not target.is_local:
        _refuse_lost_archive(desired, observed)
        is_same = known.get("ModelSha256") == desired.model.digest and not boots
        link = aws.buckets.link
        uploads["ModelUrl"] = known["ModelUrl"] if is_same else link(desired.bucket, desired.model_key, _LINK_SECONDS)
    told = first.with_parameters(**uploads)
    return replace(desired, stacks=tuple(told if one.name == told.name else one for one in desired.stacks))


def _refuse_lost_archive(desired: Desired, observed: Observed) -> None:
    if not desired.model.archive and not observed.has_model:
        raise WildrydesError(
            f"s3://{desired.bucket}/{desired.model_key}, the model of this deployment, is no longer in the "
            "bucket: pass the model again with --model, or use the default model with --reset ModelUrl"
        )


def _refuse_lost_samples(desired: Desired, observed: Observed, parameter: str) -> None:
    """An instance that cannot fetch the pictures does not fill EFS. Of other keys than ours nothing is known."""
    key = desired.samples_key
    if key.startswith(PREFIXES) and not desired.samples.archive and key not in observed.keys:
        raise WildrydesError(
            f"s3://{desired.bucket}/{key}, the pictures of --samples, are no longer in the bucket: pass them again "
            f"with --samples, or do without them with --reset {parameter}"
        )


def _tell_window(desired: Desired, observed: Observed, reporter: Reporter) -> None:
    """Warns of a time in which callers are refused."""
    found = observed.stacks.get(desired.service.name)
    if found and (text := desired.deployment.window(found.stack.parameters, desired.values)):
        reporter.warning(text)


def _tell_unheeded(
    settings: Settings, target: Target, desired: Desired, observed: Observed, reporter: Reporter
) -> None:
    """Warns of what is set now and changes nothing, so that nobody waits for it."""
    asked = settings.overrides.keys() - target.parameters.keys()
    for stack, name in planner.unheeded(desired, observed):
        if name in asked:
            reporter.warning(
                f"--set {name} changes nothing in stack {stack}{planner.why_unheeded(desired, name)}: "
                "CloudFormation does not keep the new value; set it again when it has an effect"
            )


def _tell_throughput(aws: Aws, desired: Desired, observed: Observed, reporter: Reporter) -> None:
    """Warns of a change of throughput that EFS may not take yet."""
    now = datetime.now(timezone.utc)
    for stack in desired.stacks:
        found = observed.stacks.get(stack.name)
        changed = surprises.throughput_changes(found.effective, stack.effective) if found else []
        events = aws.stacks.events(found.stack.id) if found and changed else []
        for title in changed:
            reporter.warning(surprises.throughput_warning(stack.name, title, events, now))

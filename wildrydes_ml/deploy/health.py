"""The health of a deployment: its stacks, their outputs, whether the API answers, and the idle cost."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timezone

from .. import costs, expiry
from ..ask.asking import Send, patient
from ..aws.records import Stack
from ..aws.session import Aws
from ..aws.target import Target
from ..costs import bursts
from ..deployment import Proof, Verdict
from ..errors import InterruptedWork, WildrydesError
from ..hints import meant
from ..reporting import Reporter
from ..tags import BESIDE_TAG, EXPIRES_TAG, TAG
from . import drift, proof, shell
from .planner import FoundStack
from .settings import Settings
from .states import Status, state


@dataclass(frozen=True)
class Health:
    """A deployment that is complete and answers."""

    stacks: tuple[Stack, ...]
    """Its stacks."""
    outputs: Mapping[str, str]
    """Their outputs."""
    api_url: str
    """The URL of the API; empty for a deployment without a proof."""
    answer: Verdict | None
    """The API's answer to the proof; None for a deployment without a proof."""


def status(aws: Aws, settings: Settings, target: Target, reporter: Reporter, with_drift: bool = False) -> Health:
    """Reports what exists, and returns it. Raises WildrydesError when there is no API or it does not answer."""
    stacks = find_stacks(aws, settings)
    found = outputs(settings, stacks)
    for stack in stacks:
        row = state(stack.status)
        advice = f"; {row.advice}" if row.advice else ""
        reporter.output(
            f"stack {stack.name}: {stack.status} ({row.meaning}{advice})", stack=stack.name, status=stack.status
        )
        for key, value in _shown(settings, target, found, stack.outputs).items():
            reporter.output(f"  {key} = {value}", key=key, value=value)
    if stacks and not target.is_local:
        _tell_costs(aws, stacks, settings.deployment.contents(found), reporter)
    _tell_expiry(stacks, reporter, target.options(aws.identity.region))
    if with_drift:
        drift.report(aws, stacks, reporter)
    asked = settings.deployment.proof
    if asked is None:
        _without_proof(aws, settings, stacks, reporter)
        return Health(tuple(stacks), found, "", None)
    send = patient(_sender(aws, settings, target, stacks))
    url = proof.public_url(target, asked, found)
    reporter.output(f"URL: {url}", api_url=url)
    answer = asked.read(send(asked.body, asked.headers))
    proof.refuse_wrong(answer)
    reporter.output(f"the API answers: {answer.describe()}", **proof.record(answer))
    return Health(tuple(stacks), _shown(settings, target, found, found), url, answer)


def _shown(settings: Settings, target: Target, found: Mapping[str, str], values: Mapping[str, str]) -> dict[str, str]:
    """The values as they hold here, once there is an API."""
    asked = settings.deployment.proof
    if asked is None or asked.api not in found:
        return dict(values)
    return shell.reachable(values, found.get(asked.url, ""), proof.public_url(target, asked, found), target)


def _without_proof(aws: Aws, settings: Settings, stacks: list[Stack], reporter: Reporter) -> None:
    """Says that there was nothing to ask. Raises WildrydesError when the deployment is not there."""
    if len(stacks) < len(settings.stacks):
        raise WildrydesError(_without_api(aws, settings, stacks))
    _refuse_unable(stacks)
    reporter.output(f"{settings.name} has no proof, so it was not checked whether it answers")


def find_stacks(aws: Aws, settings: Settings) -> list[Stack]:
    """The stacks that exist, of all routes."""
    names = settings.all_stacks
    found = aws.stacks.find(names)
    return [found[name] for name in names if name in found]


def find_sender(aws: Aws, settings: Settings, target: Target, asked: Proof | None = None) -> Send:
    """A function that calls the deployed API on the proof's route, or on another question's, within its throttle.

    Raises WildrydesError when there is no API, or none yet.
    """
    return patient(_sender(aws, settings, target, find_stacks(aws, settings), asked))


def _sender(aws: Aws, settings: Settings, target: Target, stacks: list[Stack], other: Proof | None = None) -> Send:
    found = outputs(settings, stacks)
    _refuse_unable(stacks)
    asked = other or settings.deployment.proof
    if asked is None or asked.api not in found:
        raise WildrydesError(_without_api(aws, settings, stacks))
    return proof.sender(aws, target, asked, parameters(stacks), found)


def _refuse_unable(stacks: list[Stack]) -> None:
    """Raises WildrydesError for a stack in a status in which there is no API to ask; one beside ours has none."""
    for stack in stacks:
        row = state(stack.status)
        if row.status is Status.EXPLAIN and BESIDE_TAG not in stack.tags:
            raise WildrydesError(
                f"there is no API to ask: stack {stack.name} is {stack.status} ({row.meaning}): {row.advice}"
            )


def _without_api(aws: Aws, settings: Settings, stacks: list[Stack]) -> str:
    if not stacks:
        known = _visible_names(aws)
        others = meant(settings.name, known) or (f"; there is {', '.join(known)}" if known else "")
        return f"nothing is deployed under the name {settings.name} here: run deploy first{others}"
    there = " and ".join(stack.name for stack in stacks)
    lack = "has no API yet, only" if settings.deployment.proof else "is incomplete, it has only"
    return f"deployment {settings.name} {lack} {there}: run deploy to complete it"


def _visible_names(aws: Aws) -> list[str]:
    """The deployments that there are, as far as the caller may see them: to know them is a help and no more."""
    with suppress(WildrydesError):
        return sorted(names(aws))
    return []


def names(aws: Aws) -> set[str]:
    """The deployments of the region."""
    return {stack.tags[TAG] for stack in aws.stacks.tagged(TAG)}


def outputs(settings: Settings, stacks: list[Stack]) -> dict[str, str]:
    """The outputs of all stacks, as the proof knows them."""
    return settings.deployment.merged(settings.name, {stack.name: stack.outputs for stack in stacks})


def parameters(stacks: Iterable[Stack]) -> dict[str, str]:
    """The parameters of all stacks."""
    return {key: value for stack in stacks for key, value in stack.parameters.items()}


def _tell_costs(aws: Aws, stacks: list[Stack], contents: str, reporter: Reporter) -> None:
    """Reports what the stacks cost, and how a burst of requests would wait, by their templates, where the permissions
    allow to read these."""
    try:
        made = [FoundStack(stack, aws.stacks.template(stack.name)).effective for stack in stacks]
    except InterruptedWork:
        raise
    except WildrydesError as error:
        reporter.warning(f"the idle cost is not known: {error}")
    else:
        reporter.output(costs.sentence(made))
        if told := bursts.sentence(made, contents, aws.identity.region):
            reporter.output(told)


def _tell_expiry(stacks: list[Stack], reporter: Reporter, place: str) -> None:
    """Reports when the stacks expire, if they do."""
    tags = [stack.tags for stack in stacks]
    if told := expiry.sentence(tags, datetime.now(timezone.utc), place):
        reporter.output(told, expires=expiry.last(tags)[EXPIRES_TAG])

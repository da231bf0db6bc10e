"""The health of a deployment: its stacks, their outputs, whether the API answers, and the idle cost."""

from collections.abc import Mapping
from dataclasses import dataclass

from .. import costs
from ..ask.asking import Send, patient
from ..aws.records import Stack
from ..aws.session import Aws
from ..aws.target import Target
from ..deployment import Proof, Verdict
from ..errors import InterruptedWork, WildrydesError
from ..reporting import Reporter
from . import drift, proof
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
    for stack in stacks:
        row = state(stack.status)
        advice = f"; {row.advice}" if row.advice else ""
        reporter.output(
            f"stack {stack.name}: {stack.status} ({row.meaning}{advice})", stack=stack.name, status=stack.status
        )
        for key, value in stack.outputs.items():
            reporter.output(f"  {key} = {value}", key=key, value=value)
    if stacks and not target.is_local:
        _tell_costs(aws, stacks, reporter)
    if with_drift:
        drift.report(aws, stacks, reporter)
    asked = settings.deployment.proof
    if asked is None:
        _without_proof(settings, stacks, reporter)
        return Health(tuple(stacks), outputs(stacks), "", None)
    send = patient(_sender(aws, settings, target, stacks))
    url = proof.public_url(target, asked, outputs(stacks))
    reporter.output(f"URL: {url}", api_url=url)
    answer = asked.read(send(asked.body, asked.headers))
    if answer.error:
        raise WildrydesError(f"the API does not answer: {answer.error}")
    record = {key: value for key, value in answer.record().items() if key in ("validated", "message")}
    reporter.output(f"the API answers: {answer.describe()}", **record)
    return Health(tuple(stacks), outputs(stacks), url, answer)


def _without_proof(settings: Settings, stacks: list[Stack], reporter: Reporter) -> None:
    """Reports that there is no proof to ask. Raises WildrydesError when the deployment does not exist."""
    if len(stacks) < len(settings.stacks):
        raise WildrydesError(_without_api(settings, stacks))
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
    found = outputs(stacks)
    _refuse_unable(stacks)
    asked = other or settings.deployment.proof
    if asked is None or asked.api not in found:
        raise WildrydesError(_without_api(settings, stacks))
    return proof.sender(aws, target, asked, _parameters(stacks), found)


def _refuse_unable(stacks: list[Stack]) -> None:
    """Raises WildrydesError for a stack in a status in which there is no API to ask."""
    for stack in stacks:
        row = state(stack.status)
        if row.status is Status.EXPLAIN:
            raise WildrydesError(
                f"there is no API to ask: stack {stack.name} is {stack.status} ({row.meaning}): {row.advice}"
            )


def _without_api(settings: Settings, stacks: list[Stack]) -> str:
    if not stacks:
        return f"nothing is deployed under the name {settings.name} here: run deploy first"
    there = " and ".join(stack.name for stack in stacks)
    lack = "has no API yet, only" if settings.deployment.proof else "is incomplete, it has only"
    return f"deployment {settings.name} {lack} {there}: run deploy to complete it"


def outputs(stacks: list[Stack]) -> dict[str, str]:
    """The outputs of all stacks."""
    return {key: value for stack in stacks for key, value in stack.outputs.items()}


def _tell_costs(aws: Aws, stacks: list[Stack], reporter: Reporter) -> None:
    """Reports what the stacks cost by their templates, where the permissions allow to read these."""
    try:
        made = [FoundStack(stack, aws.stacks.template(stack.name)).effective for stack in stacks]
    except InterruptedWork:
        raise
    except WildrydesError as error:
        reporter.warning(f"the idle cost is not known: {error}")
    else:
        reporter.output(costs.sentence(made))


def _parameters(stacks: list[Stack]) -> Mapping[str, str]:
    return {key: value for stack in stacks for key, value in stack.parameters.items()}

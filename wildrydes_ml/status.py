"""Status: the stacks of a name, their outputs, whether the API answers, and what it costs idle."""

from collections.abc import Mapping

from . import costs, proving
from .asking import Send, ask
from .aws import Aws
from .deploying import public_url
from .errors import WildrydesError
from .records import Stack
from .reporting import Reporter
from .settings import Settings, Target
from .states import state


def status(aws: Aws, settings: Settings, target: Target, reporter: Reporter) -> str:
    """Reports, and returns the API's URL; raises WildrydesError when there is none or it does not answer."""
    stacks = find_stacks(aws, settings)
    for stack in stacks:
        text = f"stack {stack.name}: {stack.status} ({state(stack.status).meaning})"
        reporter.output(text, stack=stack.name, status=stack.status)
        for key, value in stack.outputs.items():
            reporter.output(f"  {key} = {value}", key=key, value=value)
    if stacks and not target.is_local:
        reporter.output(costs.sentence(_parameters(stacks)))
    send = find_sender(aws, settings, target)
    url = public_url(target, outputs(aws, settings))
    reporter.output(f"URL: {url}", api_url=url)
    answer = ask(send, proving.sample())
    if answer.error:
        raise WildrydesError(f"the API does not answer: {answer.error}")
    reporter.output(f"the API answers: {answer.describe()}", validated=answer.validated, message=answer.message)
    return url


def find_stacks(aws: Aws, settings: Settings) -> list[Stack]:
    """The stacks of either route that exist."""
    names = (settings.efs_stack, settings.inference_stack, settings.complete_stack)
    return [stack for stack in map(aws.stacks.describe, names) if stack]


def find_sender(aws: Aws, settings: Settings, target: Target) -> Send:
    """How to ask the deployed API. Raises WildrydesError when there is none."""
    found = outputs(aws, settings)
    if "ModelInferenceApiId" not in found:
        raise WildrydesError(f"nothing is deployed under the name {settings.name} here: run deploy first")
    auth = _parameters(find_stacks(aws, settings)).get("ApiAuth", "NONE")
    return proving.sender(aws, target, public_url(target, found), found["ModelInferenceApiId"], auth)


def outputs(aws: Aws, settings: Settings) -> dict[str, str]:
    """The outputs of all stacks."""
    return {key: value for stack in find_stacks(aws, settings) for key, value in stack.outputs.items()}


def _parameters(stacks: list[Stack]) -> Mapping[str, str]:
    return {key: value for stack in stacks for key, value in stack.parameters.items()}

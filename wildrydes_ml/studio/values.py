"""The values of the template's parameters in Workshop Studio, and what cannot be there."""

from collections.abc import Mapping, Sequence

from ..deploy.settings import Settings
from ..deployment import Deployment, Stack
from ..errors import SettingsError
from ..template import parameters
from ..template.effective import Effective, effective
from .spec import BUCKET, MOST_OUTPUTS, PREFIX

_RESERVED = "ReservedConcurrentExecutions"


def chosen(settings: Settings) -> Deployment:
    """The deployment of the application that is one stack. Raises SettingsError when there is none.

    Workshop Studio hands no output of one template to the next.
    """
    whole = next((one for one in settings.deployments if len(one.stacks) == 1), None)
    if whole is None:
        raise SettingsError(
            [f"--workshop-studio: {settings.name} has several stacks, and Workshop Studio cannot give the outputs of "
             "one to another; declare the application as one stack"]
        )  # fmt: skip
    return whole


def values(settings: Settings, keys: Mapping[str, str], digest: str = "") -> dict[str, str]:
    """The parameters that the template does not get by its defaults.

    `keys` are those of the code's zips by their parameters, within the assets; `digest` is that of the model's archive.
    Raises SettingsError with every parameter that has no value.
    """
    one = chosen(settings)
    wanted = settings.parameter_values()
    told = {
        one.bucket: BUCKET,
        **{name: f"{PREFIX}{key}" for name, key in keys.items()},
        **({"ModelSha256": digest} if digest else {}),
        **one.derive(wanted),
        **settings.own_defaults,
        **settings.asked,
        **one.stacks[0].parameters,
    }
    rows = one.stacks[0].rows
    found = {name: told[name] for name in rows if name in told}
    _refuse_unset(settings, one.stacks[0], found)
    return {name: value for name, value in found.items() if not _is_default(rows[name], value)}


def _is_default(row: Mapping[str, object], value: str) -> bool:
    return "Default" in row and parameters.same(value, parameters.text(row["Default"]))


def _refuse_unset(settings: Settings, stack: Stack, found: Mapping[str, str]) -> None:
    lacking = [name for name, row in stack.rows.items() if "Default" not in row and name not in found]
    if lacking:
        raise SettingsError(
            [f"--workshop-studio: parameter {name} of {settings.name} has no value, and nobody can give it later: add "
             f"--set {name}=VALUE" for name in lacking]
        )  # fmt: skip


def made(settings: Settings, found: Mapping[str, str]) -> Effective:
    """What the template makes with these values.

    Raises SettingsError for what fails in the accounts of Workshop Studio. Their limit of concurrent executions is low,
    and Lambda keeps 100 of them unreserved:
    https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html
    """
    stack = chosen(settings).stacks[0]
    whole = effective(stack.source.body, {**parameters.defaults(stack.rows), **found})
    reserved = [name for name, one in whole["Resources"].items() if _RESERVED in (one.get("Properties") or {})]
    if reserved:
        raise SettingsError(
            [f"--workshop-studio: {', '.join(reserved)} reserves concurrency, and the accounts of Workshop Studio have "
             "too little of it: leave it out (for the workshop: ReservedConcurrency)"]
        )  # fmt: skip
    if len(whole["Outputs"]) > MOST_OUTPUTS:
        raise SettingsError(
            [f"--workshop-studio: {settings.name} has {len(whole['Outputs'])} outputs; Workshop Studio takes "
             f"{MOST_OUTPUTS} at most"]
        )  # fmt: skip
    return whole


def outputs(whole: Effective) -> Sequence[str]:
    """The outputs that the stack has."""
    return list(whole["Outputs"])

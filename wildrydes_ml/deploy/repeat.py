"""The options of `deploy` that make a deployment again as it was.

The stacks alone remember what was set, so this is told when they are deleted.
"""

from collections.abc import Collection, Mapping, Sequence

from ..aws.target import Target
from ..deployment import Deployment
from ..local import filling
from ..tags import TAG, held, lasting
from ..template.parameters import HIDDEN, same
from . import model
from .planner import FoundStack
from .recall import set_values
from .samples import NONE

# What only the person has, in place of its value.
_MODEL, _FOLDER, _SECRET = "MODEL", "FOLDER", "VALUE"


def options(
    deployments: Sequence[Deployment],
    deployment: Deployment,
    found: Sequence[FoundStack],
    target: Target,
    *,
    bucket: str,
    dropped: Collection[str] = (),
) -> list[str]:
    """The words of a command line, without those that say which deployment and where.

    `found` are stacks of `deployment`, one of `deployments`, with their templates; `bucket` is the one that is made
    where none is named, and `dropped` are parameters that nobody sets. What only the person has, such as a model on
    their machine or a secret, is a word in capitals.
    """
    fixed = {*target.parameters, *(deployment.local if target.is_local else ())}
    known = {name: value for one in found for name, value in one.stack.parameters.items()}
    nobodys = {*deployment.given, *fixed, *dropped}
    was_set = {name: value for one in found for name, value in set_values(one).items()}
    values = {name: value for name, value in was_set.items() if name in deployment.rows and name not in nobodys}
    preset = _preset(deployments, deployment, known, values, fixed)
    files = {**_model(deployment, known, target), **_samples(deployment, values, target)}
    alone = {*deployment.presets.get(preset, {}), *files}
    given = known.get(deployment.bucket, bucket)
    words = [*_route(deployments, deployment, preset), *(["--preset", preset] if preset else [])]
    for location in files.values():
        words += location
    for name, value in sorted(values.items()):
        words += ["--set", f"{name}={_SECRET if value == HIDDEN else value}"] if name not in alone else []
    words += ["--bucket", given] if given != bucket else []
    role = next((one.stack.role for one in found if one.stack.role), "")
    words += ["--role-arn", role] if role else []
    return words + _tags(found)


def _preset(
    deployments: Sequence[Deployment],
    deployment: Deployment,
    known: Mapping[str, str],
    values: Mapping[str, str],
    fixed: Collection[str],
) -> str:
    """The preset that says most of what was set; empty when none fits, or the route says it."""

    def fits(preset: Mapping[str, str]) -> bool:
        return all(same(known.get(name, value), value) for name, value in preset.items() if name not in fixed)

    def says(name: str) -> int:
        return len(values.keys() & deployment.presets[name].keys())

    fitting = [name for name, preset in deployment.presets.items() if fits(preset)]
    telling = [name for name in fitting if says(name) or name not in deployments[0].presets]
    return max(telling, key=says, default="")


def _route(deployments: Sequence[Deployment], deployment: Deployment, preset: str) -> list[str]:
    """The route, unless it is the first one or the preset chooses it."""
    is_chosen = preset and preset not in deployments[0].presets
    return [] if deployment is deployments[0] or is_chosen or not deployment.route else ["--route", deployment.route]


def _model(deployment: Deployment, known: Mapping[str, str], target: Target) -> dict[str, list[str]]:
    """`--model` by the parameters that it stands for."""
    packed, wanted = deployment.packed, deployment.filling
    if packed:
        return {packed.key: ["--model", _MODEL]} if known.get(packed.key) else {}
    if wanted is None or wanted.model:
        return {}
    if target.efs_directory:
        location = filling.model_location(target.efs_directory)
        return {"ModelUrl": ["--model", location]} if location and location != known.get("ModelUrl") else {}
    return {"ModelUrl": ["--model", _MODEL], "ModelSha256": []} if model.held(known).stored_key else {}


def _samples(deployment: Deployment, values: Mapping[str, str], target: Target) -> dict[str, list[str]]:
    """`--samples` by the parameter that it stands for."""
    name = deployment.filling.samples if deployment.filling else ""
    here = filling.samples_location(target.efs_directory) if target.efs_directory else ""
    told = here or (_FOLDER if values.get(name, NONE) != NONE else "")
    return {name: ["--samples", told]} if name and told else {}


def _tags(found: Sequence[FoundStack]) -> list[str]:
    """A person's tags. The expiry is not among them: it is over, or soon will be."""
    told = {key: value for one in found for key, value in lasting(held(one.stack.tags)).items()}
    return [word for key, value in told.items() if not key.startswith(TAG) for word in ("--tag", f"{key}={value}")]

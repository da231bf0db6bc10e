"""With which options `class deploy` makes again what is deleted: asked while the stacks are there."""

from collections.abc import Sequence
from dataclasses import replace

from ..aws.session import Aws
from ..aws.target import Target
from ..deploy import repeat
from ..deploy.planner import FoundStack
from ..deploy.settings import Settings
from ..deployment import Deployment
from ..destroy.repeating import with_templates
from ..errors import WildrydesError
from ..proofs import Values
from ..template.parameters import defaults
from .joining import common
from .present import own_parts


def options_of(
    aws: Aws,
    whole: Deployment,
    settings: Settings,
    shared: Sequence[FoundStack],
    theirs: Sequence[FoundStack],
    target: Target,
    bucket: str,
) -> list[str] | None:
    """The options, for the stacks that all share and those of students; what only some students have is left out.

    Without `shared` only single students go, and who comes again gets the settings of the others. None when nothing
    tells the options.
    """
    parts = [one for one in theirs if own_parts([one.stack])]
    same = common([one.stack.parameters for one in parts]) if parts else {}
    wired = ["--wired"] if _needs_wiring(whole, same) else []
    if not shared:
        return wired if parts else None
    common_to_both = {name for stack in whole.stacks[:-1] for name in stack.rows}
    own = {name: value for name, value in same.items() if name not in common_to_both}
    one = [replace(part, stack=replace(part.stack, parameters=own)) for part in parts[:1]]
    try:
        found = with_templates(aws, [*shared, *one])
    except WildrydesError:
        return None
    named = {whole.named_by}
    return wired + repeat.options(settings.deployments, whole, found, target, bucket=bucket, dropped=named)


def _needs_wiring(whole: Deployment, values: Values) -> bool:
    """Whether `class deploy` demands a connected API for these values."""
    proof = whole.proof
    return bool(whole.wiring and proof and proof.auth({**defaults(whole.rows), **values}) == "API_KEY")

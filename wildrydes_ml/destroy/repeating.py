"""With which options a deploy makes again what is deleted: asked while its stacks are there."""

from collections.abc import Sequence
from dataclasses import replace

from ..aws.session import Aws
from ..aws.target import Target
from ..deploy import repeat
from ..deploy.desired import default_bucket
from ..deploy.planner import FoundStack
from ..deploy.settings import Settings
from ..errors import WildrydesError
from ..tags import CLASS_TAG


def options_of(aws: Aws, settings: Settings, found: Sequence[FoundStack], target: Target) -> list[str] | None:
    """The options, for stacks of one of the settings' deployments; None when nothing tells them: no stack is left, or
    its template cannot be read. The deletion does not depend on it.

    None also for parts of a class, which `deploy` alone does not make.
    """
    if any(CLASS_TAG in one.stack.tags for one in found):
        return None
    for one in settings.deployments:
        own = [stack for stack in found if stack.stack.name in one.stack_names(settings.name)]
        if own:
            bucket = default_bucket(settings, aws.identity)
            defaults = one.defaults(settings.name)
            values = {name: value for stack in own for name, value in stack.stack.parameters.items()}
            same = [name for name, value in defaults.items() if values.get(name) == value]
            try:
                own = with_templates(aws, own)
            except WildrydesError:
                return None
            return repeat.options(settings.deployments, one, own, target, bucket=bucket, dropped=same)
    return None


def record(options: Sequence[str] | None) -> dict[str, list[str]]:
    """The options as they are reported, where they are known."""
    return {} if options is None else {"options": list(options)}


def with_templates(aws: Aws, found: Sequence[FoundStack]) -> list[FoundStack]:
    """The stacks with their templates."""
    return [replace(one, template=aws.stacks.template(one.stack.name)) for one in found]

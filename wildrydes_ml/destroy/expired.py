"""Which deployments `destroy --expired` deletes, and each as what the deployer must know of it.

The application's file is not needed: a stack's tag proves that it is ours, its parameters name bucket and function.
The time is this machine's: AWS refuses calls of a clock that is more than some minutes wrong.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from ..aws.records import Identity
from ..aws.session import Aws
from ..deploy import survey
from ..deploy.desired import default_bucket
from ..deploy.planner import FoundStack
from ..deploy.settings import Settings
from ..deploy.survey import Standing
from ..deployment import BUCKET, Deployment, Stack
from ..errors import Refused, WildrydesError
from ..expiry import ahead, shown
from ..reporting import Reporter
from ..tags import STUDENT_TAG
from ..template.source import Source
from . import uploads
from .refusals import refuse_unknown

# The parameter that begins the keys of uploads, where a template has it: the function's name.
_NAMED_BY = "FunctionName"


def settings_for(standing: Standing, asked: Settings, identity: Identity) -> Settings:
    """What destroy has to know of a deployment that stands.

    `asked` has the options, and the applications that are known: one of these is taken where the stacks' names are its
    own. Raises Refused for another application of which the stacks do not tell the bucket.
    """
    wanted = replace(asked, name=standing.name, bucket="", keep_data=False)
    if {stack.name for stack in standing.stacks} <= {*wanted.all_stacks}:
        return wanted
    wanted = replace(wanted, deployments=(_deployment(standing),))
    _refuse_hidden_bucket(standing, default_bucket(wanted, identity))
    return wanted


def retained(aws: Aws, found: Sequence[Standing], asked: Settings) -> dict[str, tuple[str, ...]]:
    """What of `--retain` each of the deployments has, by its name. Raises SettingsError for what none of them has."""
    stacks = [(one, stack) for one in found for stack in one.stacks] if asked.retain else []
    there = [(one.name, FoundStack(stack, "", tuple(aws.stacks.resources(stack.name)))) for one, stack in stacks]
    refuse_unknown(asked, [stack for _, stack in there], "what has expired")
    own = [(name, item.logical_id) for name, stack in there for item in stack.resources]
    return {one.name: tuple(title for title in asked.retain if (one.name, title) in own) for one in found}


def _deployment(standing: Standing) -> Deployment:
    """The stacks as a deployment: their names, and the names of their parameters."""
    stacks = tuple(
        Stack(
            Source(one.name, "", {"Parameters": {key: {"Type": "String"} for key in one.parameters}, "Resources": {}}),
            one.name.removeprefix(standing.name).removeprefix("-"),
        )
        for one in standing.stacks
    )
    is_named = any(_NAMED_BY in one.parameters for one in standing.stacks)
    return Deployment(standing.name, stacks, named_by=_NAMED_BY if is_named else "")


def _refuse_hidden_bucket(standing: Standing, default: str) -> None:
    """A Deployment may call the parameter with the bucket as it likes; only its file tells how."""
    values = {key: value for stack in standing.stacks for key, value in stack.parameters.items()}
    has_uploads = any(uploads.is_upload(value) for value in values.values())
    if has_uploads and BUCKET not in values and default not in values.values():
        raise Refused(
            f"{standing.name}: its stacks do not tell which bucket has its uploads; nothing of it was deleted. Run "
            f"`wildrydes-ml destroy --app FILE.py --name {standing.name}` with the application's file"
        )


def lines(found: Sequence[Standing], now: datetime) -> list[str]:
    """What is going to be deleted, a line for each deployment."""
    return [
        f"{one.name}: {ahead(one.expires, now)} ({shown(one.expires)}), stacks "
        f"{', '.join(stack.name for stack in one.stacks)}, with their bucket, keys and logs"
        for one in found
        if one.expires
    ]


def in_order(found: Sequence[Standing]) -> list[Standing]:
    """Students' parts of a class before what all of it share, which is not deleted while somebody uses it."""
    return sorted(found, key=lambda one: not any(STUDENT_TAG in stack.tags for stack in one.stacks))


def remove_each(
    aws: Aws,
    found: Sequence[Standing],
    remove: Callable[[Standing], bool],
    clock: Callable[[], datetime],
    reporter: Reporter,
) -> list[str]:
    """Removes one after the other, and returns the names of those that are gone.

    Each is looked at again first: it takes long to delete those before it. What fails does not keep the others.
    Raises WildrydesError with every name that is left, and the exit code of the first failure.
    """
    gone, left = list[str](), dict[str, WildrydesError]()
    for standing in in_order(found):
        try:
            now = next((one for one in survey.expired(aws, clock()) if one.name == standing.name), None)
            if now is None:
                reporter.event(f"{standing.name} has gone, or got another expiry: nothing of it was deleted")
            elif remove(now):
                gone.append(now.name)
        except WildrydesError as error:
            reporter.warning(f"{standing.name} was not deleted: {error}")
            left[standing.name] = error
    if left:
        raise _failure(left)
    return gone


def _failure(left: Mapping[str, WildrydesError]) -> WildrydesError:
    """What is left; the warnings before it say why."""
    name, first = next(iter(left.items()))
    error = WildrydesError(f"not deleted: {', '.join(left)}. Of {name}: {first}")
    error.exit_code = first.exit_code
    return error

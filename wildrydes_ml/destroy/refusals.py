"""What destroy refuses before it deletes anything: stacks that a person has protected, and what is not ours."""

from collections.abc import Sequence

from ..aws.records import Stack
from ..aws.session import Aws
from ..deploy.desired import bare_stacks
from ..deploy.planner import FoundStack
from ..deploy.remedies import Remedies, some
from ..deploy.settings import Settings
from ..errors import Refused, SettingsError
from ..hints import meant
from ..tags import CLASS_TAG, STUDENT_TAG
from .emptying import refuse_foreign
from .remains import Remains
from .resources import FUNCTION

_NOTHING = "Nothing was deleted"
# Stacks that an error names one by one.
_NAMED = 5


def refuse_removal(found: Remains, settings: Settings, remedies: Remedies) -> None:
    """Raises Refused for what cannot be kept or left behind, protected stacks, and objects in our bucket."""
    goes, _ = found.split(settings)
    _refuse_keeping(found, settings)
    _refuse_retaining(found, settings)
    _refuse_protected([one.stack for one in goes.stacks], remedies)
    if goes.own_bucket:
        refuse_foreign(goes.bucket, goes.foreign, remedies, _NOTHING)


def refuse_class(aws: Aws, found: Remains, settings: Settings, place: str) -> None:
    """Raises Refused for what a class shares while students' stacks use it: the class's own command knows them all.

    `place` are the options that lead that command to the same account or machine.
    """
    common = [one.stack.name for one in found.stacks if one.stack.tags.get(CLASS_TAG) == settings.name]
    if not common or CLASS_TAG in settings.tags:
        return
    tagged = aws.stacks.tagged(STUDENT_TAG)
    users = sorted(one.name for one in tagged if one.tags.get(CLASS_TAG) == settings.name)
    if users:
        raise Refused(
            f"stack {common[0]} is used by the stacks of a class: {some(users, _NAMED)}. {_NOTHING}. To delete the "
            f"class, run: wildrydes-ml class destroy --name {settings.name} {place}"
        )


def _refuse_keeping(found: Remains, settings: Settings) -> None:
    whole = [one.stack.name for one in found.stacks if not _is_apart(settings, one.stack.name)]
    if not settings.keep_data or not whole:
        return
    if not any(one.kept or one.filling for one in settings.deployments):
        raise Refused(f"--keep-data: {settings.name} keeps no files on EFS; run without --keep-data")
    raise Refused(
        f"--keep-data: stack {whole[0]} contains both the function and the files, and CloudFormation deletes whole "
        f"stacks only; copy the files first and run without --keep-data{_instead(settings)}"
    )


def _is_apart(settings: Settings, name: str) -> bool:
    """Whether a stack belongs to a deployment that keeps its files in a stack of their own, or is beside one."""
    return any(
        (one.kept and name in one.stack_names(settings.name))
        or name in [stack.name(settings.name) for stack in one.beside]
        for one in settings.deployments
    )


def _instead(settings: Settings) -> str:
    route = next((one.route for one in settings.deployments if one.kept and one.route), "")
    return f", or use deploy --route {route}, which allows it" if route else ""


def _refuse_retaining(found: Remains, settings: Settings) -> None:
    functions = [
        item.logical_id
        for one in found.stacks
        for item in one.resources
        if item.type == FUNCTION and item.logical_id in settings.retain
    ]
    if functions:
        raise Refused(
            f"--retain {functions[0]}: a function cannot be kept: its role is deleted, and without the role Lambda can "
            "never delete its network interfaces; fix what prevents the deletion of the function"
        )


def refuse_unknown(settings: Settings, found: Sequence[FoundStack], whose: str) -> None:
    """Raises SettingsError for names of `--retain` that no stack has: the resource that was meant would be deleted.

    A name of the templates is accepted, too: an earlier run may have retained it, and its stack is gone since. `whose`
    the stacks are is for the message.
    """
    there = {item.logical_id for one in found for item in one.resources if item.type != FUNCTION}
    if not there or not settings.retain:
        return
    templates = {title for one in bare_stacks(settings).values() for title in one.body.get("Resources", {})}
    faults = [
        f"--retain {name}: no stack of {whose} has such a resource; there are {', '.join(sorted(there))}"
        f"{meant(name, there)}"
        for name in dict.fromkeys(settings.retain)
        if name not in there | templates
    ]
    if faults:
        raise SettingsError(faults)


def _refuse_protected(stacks: Sequence[Stack], remedies: Remedies) -> None:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-protect-stacks.html"""
    protected = [stack.name for stack in stacks if stack.is_protected]
    if protected:
        commands = "\n".join(f"  {remedies.unprotection(name)}" for name in protected)
        raise Refused(
            f"termination protection is on for {' and '.join(protected)}. {_NOTHING}. To delete, turn it off and run "
            f"destroy again:\n{commands}"
        )

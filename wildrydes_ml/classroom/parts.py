"""An application of several stacks, taken apart for a class: what all share, and what each student gets.

The last stack is a student's, the others are for all. Both parts are deployments like any other, so plan, deploy and
destroy take them as they are.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ..aws.records import Identity, Stack
from ..aws.wiring import Wiring
from ..deploy.desired import REVISION
from ..deploy.settings import Settings
from ..deployment import Code, Deployment
from ..deployment import Stack as StackOf
from ..errors import SettingsError
from ..proofs import Values
from ..tags import CLASS_TAG, STUDENT_TAG
from ..template.parameters import defaults

_HOW = "what all share comes first, and the last stack is a student's own"


@dataclass(frozen=True)
class Common:
    """What the students' stacks get from what all share: parameters and outputs, keys of code, and what is on EFS."""

    parameters: Values
    outputs: Mapping[str, Values]
    """By the ids of the stacks."""
    keys: Values
    """Parameters with keys of code in the bucket."""
    bucket: str
    filled: str = ""


def application(asked: Settings) -> Deployment:
    """The deployment with several stacks among those that are asked for. Raises SettingsError when there is none."""
    found = next((one for one in asked.deployments if len(one.stacks) > 1), None)
    if found is None:
        name = asked.deployments[0].name
        raise SettingsError([f"{name} has only one stack; a class needs a deployment of two or more: {_HOW}"])
    return found


def class_name(asked: Settings) -> str:
    """What a class of the application is called, unless somebody gives it a name."""
    return f"{application(asked).name}-class"


def shared(whole: Deployment) -> Deployment:
    """What all share: every stack but the last, the code and what fills EFS."""
    stacks = whole.stacks[:-1]
    rows = _names(stacks)
    filling = whole.filling
    if filling and filling.stack not in [stack.id for stack in stacks]:
        raise SettingsError(
            [f"{whole.name}: its last stack fills EFS; a class needs a stack for that before it: {_HOW}"]
        )
    return replace(
        whole,
        stacks=stacks,
        route="",
        proof=None,
        wiring=None,
        code=tuple(_known(code, rows) for code in whole.code),
        named_by="",
        presets={name: _within(values, rows) for name, values in whole.presets.items()},
        defaults=lambda name: {},
        derive=lambda values: whole.derive({**defaults(whole.rows), **values}),
        window=lambda old, new: "",
    )


def student(whole: Deployment, common: Common, *, id: str, class_name: str, is_wired: bool) -> Deployment:
    """A student's own: the last stack, with what it gets from the others."""
    last = whole.stacks[-1]
    fixed = {
        **last.parameters,
        **{name: value for name, value in common.parameters.items() if name in last.rows and _is_same(whole, name)},
        **{
            name: ",".join(common.outputs[one.stack][one.key] for one in several)
            for name, several in last.inputs.items()
        },
        **{name: key for name, key in common.keys.items() if name in last.rows},
    }
    before = {**defaults(whole.rows), **common.parameters}
    return replace(
        whole,
        stacks=(StackOf(last.source, last.id, fixed),),
        route="",
        wiring=_wiring(whole, id, class_name) if is_wired else None,
        code=(),
        filling=None,
        filled=common.filled,
        kept=None,
        presets={},
        derive=lambda values: whole.derive({**before, **values}),
        unheeded=lambda values, name: "",
    )


def settings_of_shared(asked: Settings, whole: Deployment, name: str) -> Settings:
    """What is asked of the part for all."""
    common = shared(whole)
    return replace(
        asked,
        deployments=(common,),
        name=name,
        route="",
        overrides=_within(asked.overrides, common.rows),
        tags={**asked.tags, CLASS_TAG: name},
    )


def settings_of_student(asked: Settings, deployment: Deployment, class_name: str, id: str, bucket: str) -> Settings:
    """What is asked of a student's part: the parameters that are not for all."""
    return Settings(
        (deployment,),
        name=f"{class_name}-{id}",
        overrides={name: value for name, value in asked.asked.items() if name not in deployment.given
                   and name in deployment.rows},
        bucket=bucket,
        account=asked.account,
        role_arn=asked.role_arn,
        allow_replace=asked.allow_replace,
        continue_rollback=asked.continue_rollback,
        tags={**asked.tags, CLASS_TAG: class_name, STUDENT_TAG: id},
        expires=asked.expires,
    )  # fmt: skip


def common_of(
    whole: Deployment, name: str, stacks: Mapping[str, Stack], keys: Sequence[str], bucket: str, contents: str = ""
) -> Common:
    """What the stacks of all tell the students' stacks, by the stacks' names. `contents` says what is on EFS, where no
    output tells it; `keys` are those of the code directories, in their order."""
    parts = whole.stacks[:-1]
    there = {stack.id: stacks[stack.name(name)] for stack in parts}
    outputs = {id: one.outputs for id, one in there.items()}
    filling = whole.filling
    told = outputs[filling.stack].get(filling.contents, "") if filling else ""
    directories = dict.fromkeys(code.directory for code in whole.code)
    key_of = dict(zip(directories, keys, strict=True))
    return Common(
        {key: value for one in there.values() for key, value in one.parameters.items()},
        outputs,
        {parameter: key_of[code.directory] for code in whole.code for parameter in code.parameters},
        bucket,
        contents or told,
    )


def _is_same(whole: Deployment, name: str) -> bool:
    """Whether a parameter that both parts have must have one value in both."""
    keys = [parameter for code in whole.code for parameter in code.parameters]
    return name not in (whole.bucket, REVISION, *keys)


def _wiring(whole: Deployment, id: str, class_name: str) -> "_Wired | None":
    return _Wired(whole, id, class_name) if whole.wiring else None


@dataclass(frozen=True)
class _Wired:
    """The wiring of a student's API; key and usage plan also tell whose they are."""

    whole: Deployment
    id: str
    class_name: str

    def __call__(self, values: Values, identity: Identity, tags: Values) -> Wiring:
        assert self.whole.wiring is not None
        return self.whole.wiring(values, identity, {**tags, CLASS_TAG: self.class_name, STUDENT_TAG: self.id})


def _known(code: Code, rows: Sequence[str]) -> Code:
    return replace(code, parameters=tuple(name for name in code.parameters if name in rows))


def _names(stacks: Sequence[StackOf]) -> list[str]:
    return [name for stack in stacks for name in stack.rows]


def _within(values: Mapping[str, str], rows: Sequence[str] | Mapping[str, object]) -> dict[str, str]:
    return {name: value for name, value in values.items() if name in rows}

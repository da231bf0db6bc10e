"""What a deployment should be in an account: bucket, code, stacks and wiring, as data made from settings alone."""

import hashlib
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any

from .. import packaging
from ..aws.records import Identity
from ..aws.target import Target
from ..aws.wiring import Wiring
from ..deployment import Deployment, Stack, StackOutput
from ..errors import SettingsError
from ..tags import TAG
from ..template import parameters
from ..template.decode import decode
from ..template.effective import Effective, effective, without, without_order
from .model import Model, is_url
from .samples import NO_SAMPLES, NONE, Samples
from .settings import Settings

# Where uploads lie in a bucket.
TEMPLATES = "template/"
PREFIXES = ("code/", "model/", TEMPLATES)
REVISION = "Revision"
# In place of a link to the model's archive, until there is one; nothing reads it where a directory stands for EFS.
_UNLINKED = "http://localhost/model.tar"

Outputs = Mapping[str, Mapping[str, str]]
"""The outputs of stacks, by the stack's name."""


@dataclass(frozen=True)
class DesiredStack:
    """A stack as it should be: its template as text and as data, its parameters' values and its tags.

    `inputs` are parameters that come from outputs of the stacks that they name. `whole` is the text of the template of
    which this one is a part, where it is one. `opens` is the deployment's.
    """

    name: str
    template_name: str
    template: str
    parameters: Mapping[str, str]
    tags: Mapping[str, str]
    body: Mapping[str, Any] = field(default_factory=dict, repr=False)
    inputs: Mapping[str, tuple[StackOutput, ...]] = field(default_factory=dict)
    whole: str = field(default="", repr=False)
    opens: Mapping[str, Callable[[str], str]] = field(default_factory=dict, repr=False, compare=False)

    @property
    def resources(self) -> Mapping[str, str]:
        """Logical id and type of everything in the template."""
        return {title: resource["Type"] for title, resource in self.body.get("Resources", {}).items()}

    @cached_property
    def effective(self) -> Effective:
        """What it makes, as CloudFormation compares it."""
        return effective(self.body, self.parameters)

    @property
    def has_revision(self) -> bool:
        """Whether the template has the parameter that changes when what is on EFS does."""
        return REVISION in self.body.get("Parameters", {})

    @property
    def is_resolved(self) -> bool:
        """Whether it has all its inputs, and its revision if it has one."""
        return not self.inputs and (REVISION in self.parameters or not self.has_revision)

    def is_resolvable(self, outputs: Outputs) -> bool:
        """Whether all inputs are among the outputs."""
        return all(one.key in outputs.get(one.stack, {}) for several in self.inputs.values() for one in several)

    def resolved(self, outputs: Outputs, contents: str) -> "DesiredStack":
        """The stack with its inputs taken from other stacks' outputs, and a revision where it has one.

        The revision is a digest of all that the function is made of, EFS's contents included. It stays the same while
        something is taken out and made again.
        """
        taken = {
            name: ",".join(outputs[one.stack][one.key] for one in several) for name, several in self.inputs.items()
        }
        known = replace(self.with_parameters(**taken), inputs={})
        if not self.has_revision:
            return known
        known = known.with_parameters(**{REVISION: ""})
        made_of = json.dumps([self.whole or self.template, contents, sorted(known.parameters.items())])
        return known.with_parameters(**{REVISION: hashlib.sha256(made_of.encode()).hexdigest()[:16]})

    def with_parameters(self, **values: str) -> "DesiredStack":
        """The stack with some parameters set otherwise."""
        return replace(self, parameters={**self.parameters, **values})

    def revised(self) -> "DesiredStack":
        """The stack with its revision made anew, where it has one."""
        return self.resolved({}, "") if self.is_resolved else self

    @property
    def taken_out(self) -> Collection[str]:
        """The logical ids that the whole template has and this one has not: they are made again."""
        there = decode(self.whole).get("Resources", {}) if self.whole else {}
        return [title for title in there if title not in self.resources]

    def without(self, titles: Collection[str]) -> "DesiredStack":
        """The stack without some resources and all that refers to them."""
        return self._with(without(self.body, titles))

    def free_of(self, titles: Collection[str]) -> "DesiredStack":
        """The stack without some resources and all that is made of them; what only waited for them stays."""
        return self._with(without(without_order(self.body, titles), titles)) if titles else self

    def _with(self, body: Mapping[str, Any]) -> "DesiredStack":
        return replace(self, body=body, template=json.dumps(body, separators=(",", ":")), whole=self.template)


@dataclass(frozen=True)
class Zip:
    """Code for the bucket."""

    key: str
    body: bytes = field(repr=False)


@dataclass(frozen=True)
class Desired:
    """All of a deployment in an account; `fill` is the directory that stands for EFS, where one does."""

    settings: Settings
    identity: Identity
    bucket: str
    own_bucket: bool
    code: tuple[Zip, ...]
    model: Model
    stacks: tuple[DesiredStack, ...]
    wiring: Wiring | None
    fill: Path | None
    samples: Samples = NO_SAMPLES

    @property
    def deployment(self) -> Deployment:
        """What is known of the application."""
        return self.settings.deployment

    @property
    def filler(self) -> DesiredStack | None:
        """The stack whose instance fills EFS."""
        filling = self.deployment.filling
        return self.stack(filling.stack) if filling else None

    @property
    def service(self) -> DesiredStack:
        """The last stack, which needs all others."""
        return self.stacks[-1]

    def stack(self, id: str) -> DesiredStack:
        """The stack with the deployment's own id."""
        ids = [one.id for one in self.deployment.stacks]
        return self.stacks[ids.index(id)]

    def contents(self, stack: DesiredStack, outputs: Outputs) -> str:
        """What its filler says is on EFS, this deployment's or another one's; nothing for the filler's own stack."""
        names = [one.name for one in self.stacks]
        if not self.deployment.filling or self.filler is None:
            return self.deployment.filled
        if names.index(stack.name) <= names.index(self.filler.name):
            return ""
        return outputs.get(self.filler.name, {}).get(self.deployment.filling.contents, "")

    @property
    def values(self) -> Mapping[str, str]:
        """Every parameter's value."""
        return {name: value for stack in self.stacks for name, value in stack.parameters.items()}

    @property
    def label(self) -> str:
        """What begins the keys of uploads."""
        return label(self.deployment, self.settings.name, self.values)

    @property
    def model_key(self) -> str:
        """The key of the model's archive."""
        return self.model.key(self.label)

    @property
    def samples_key(self) -> str:
        """The key of the archive with the user's own pictures; empty for none."""
        filling = self.deployment.filling
        key = self.values.get(filling.samples, NONE) if filling else NONE
        return "" if key == NONE else key

    @property
    def model_url(self) -> str:
        """The URL from which the model will be fetched; empty for a path, and for what lies in the bucket."""
        location = self.model.location if self.fill else self.values.get("ModelUrl", "")
        return location if is_url(location) and not self.model.digest else ""


def values_at(settings: Settings, target: Target) -> dict[str, str]:
    """The values of parameters that people and the place decide."""
    local = settings.deployment.local if target.is_local else {}
    return {**settings.parameter_values(), **local, **target.parameters}


def describe(
    settings: Settings,
    target: Target,
    identity: Identity,
    model: Model,
    packages: Sequence[packaging.Package] | None = None,
    proven: Mapping[str, str] = MappingProxyType({}),
    samples: Samples = NO_SAMPLES,
) -> Desired:
    """The deployment that the settings ask for at the target, with the zips of its code directories.

    `proven` are parameters with the keys of code in the bucket, which is used in place of the directories'.

    Raises SettingsError for parameters without a value.
    """
    deployment, marks = settings.deployment, {TAG: settings.name}
    values = values_at(settings, target)
    bucket = settings.bucket or default_bucket(settings, identity)
    begin = label(deployment, settings.name, values)
    packages = [] if proven else packages or [packaging.build(code.directory) for code in deployment.code]
    zips = [Zip(code_key(begin, package.digest), package.body) for package in packages]
    keys = {name: one.key for code, one in zip(deployment.code, zips, strict=False) for name in code.parameters}
    values = {**_with_data(deployment, values, begin, model, samples), deployment.bucket: bucket, **keys, **proven}
    stacks = tuple(_stack(stack, settings, values, {**settings.stack_tags, **marks}) for stack in deployment.stacks)
    _refuse_unset(deployment, stacks)
    return Desired(
        settings=settings,
        identity=identity,
        bucket=bucket,
        own_bucket=not settings.bucket,
        code=tuple({one.key: one for one in zips}.values()),
        model=model,
        stacks=stacks,
        wiring=deployment.wiring(values, identity, marks) if deployment.wiring else None,
        fill=target.efs_directory if deployment.filling else None,
        samples=samples,
    )


def _with_data(
    deployment: Deployment, values: Mapping[str, str], begin: str, model: Model, samples: Samples
) -> dict[str, str]:
    """The values, and those that follow from them, from the model and from the user's own pictures."""
    filling = deployment.filling
    linked = {"ModelUrl": _UNLINKED, **values} if filling and filling.model else {**values}
    pictures = samples.parameters(filling.samples, begin) if filling else {}
    return {**linked, **deployment.derive(linked), **model.parameters, **pictures}


def default_bucket(settings: Settings, identity: Identity) -> str:
    """The bucket that deploy makes when none is named; bucket names are global, hence account and region."""
    return f"{settings.name}-{identity.account}-{identity.region}"


def code_key(begin: str, digest: str) -> str:
    """The key of a zip: new code has a new key, so that CloudFormation sees the change."""
    return f"code/{begin}-{digest[:16]}.zip"


def code_keys(desired: Desired) -> dict[str, str]:
    """The parameters that get keys of code, with the keys; that of a model in the code belongs to it."""
    packed = desired.deployment.packed
    names = [name for code in desired.deployment.code for name in code.parameters]
    names += [packed.key] if packed else []
    return {name: desired.values[name] for name in names if name in desired.values}


def label(deployment: Deployment, name: str, values: Mapping[str, str]) -> str:
    """What begins the keys of uploads: the value of the parameter that is named for it, or the deployment's name."""
    return values.get(deployment.named_by, name)


def bare_stacks(settings: Settings) -> dict[str, DesiredStack]:
    """Every stack that the name may have, of any route, with its template alone; those beside them are the last."""
    every = [stack for one in settings.deployments for stack in one.stacks]
    beside = [stack for one in settings.deployments for stack in one.beside]
    return {stack.name(settings.name): _stack(stack, settings, {}, {}) for stack in (*every, *beside)}


def _stack(stack: Stack, settings: Settings, values: Mapping[str, str], tags: Mapping[str, str]) -> DesiredStack:
    known = {name: values[name] for name in stack.rows if name in values}
    chosen = {**known, **_own_defaults(stack, settings, known), **stack.parameters}
    inputs = {
        name: tuple(replace(one, stack=Stack(stack.source, one.stack).name(settings.name)) for one in several)
        for name, several in stack.inputs.items()
    }
    source = stack.source
    return DesiredStack(
        stack.name(settings.name),
        source.name,
        source.text,
        chosen,
        tags,
        source.body,
        inputs,
        opens=settings.deployment.opens,
    )


def _own_defaults(stack: Stack, settings: Settings, values: Mapping[str, str]) -> dict[str, str]:
    """The stack's defaults where nobody set a value and another stack has the same parameter with another default."""
    set_ones = {*settings.held, *settings.asked, *settings.own_defaults}
    return {
        name: parameters.text(stack.rows[name]["Default"])
        for name, value in values.items()
        if name not in set_ones
        and "Default" in stack.rows[name]
        and value == parameters.text(settings.rows[name].get("Default"))
    }


def _refuse_unset(deployment: Deployment, stacks: Sequence[DesiredStack]) -> None:
    """Raises SettingsError for parameters that have neither a default nor a value."""
    faults = [
        f"parameter {name} of stack {one.name} has no value: add --set {name}=VALUE{_about(row)}"
        for stack, one in zip(deployment.stacks, stacks, strict=True)
        for name, row in stack.rows.items()
        if "Default" not in row and name not in one.parameters and name not in stack.inputs
    ]
    if faults:
        raise SettingsError(list(dict.fromkeys(faults)))


def _about(row: Mapping[str, Any]) -> str:
    return f" ({row['Description']})" if row.get("Description") else ""

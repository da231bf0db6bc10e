"""What a deployment should be: bucket, code, stacks and wiring, as data made from settings alone."""

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from .. import packaging
from ..aws.records import Identity
from ..aws.target import Target
from ..aws.wiring import Wiring
from ..blocks import gateway_responses
from ..blocks.function import ALIAS
from ..tags import TAG
from ..template.effective import Effective, effective, without
from ..template.render import render
from ..workshop import templates as workshop
from ..workshop.model import Model, is_url
from .settings import Settings

# Where uploads lie in a bucket.
TEMPLATES = "template/"
PREFIXES = ("code/", "model/", TEMPLATES)

_EFS_TEMPLATE = "efs_99.yml"
_INFERENCE_TEMPLATE = "5_lambda_function.yml"
_COMPLETE_TEMPLATE = "99_complete.yml"

# Parameter of the function's stack → outputs of the EFS stack.
_FROM_EFS = {
    "SecurityGroupIds": ("DefaultSecurityGroup",),
    "SubnetIDs": ("PrivateSubnetOne", "PrivateSubnetTwo"),
    "AccessPointARN": ("AccesspointARN",),
}


@dataclass(frozen=True)
class DesiredStack:
    """A stack as it should be: its template as text and as data, its parameters' values and its tags.

    `inputs` are parameters that come from another stack's outputs. `whole` is the text of the template of which this
    one is a part, where it is one.
    """

    name: str
    template_name: str
    template: str
    parameters: Mapping[str, str]
    tags: Mapping[str, str]
    body: Mapping[str, Any] = field(default_factory=dict, repr=False)
    inputs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    whole: str = field(default="", repr=False)

    @property
    def resources(self) -> Mapping[str, str]:
        """Logical id and type of everything in the template."""
        return {title: resource["Type"] for title, resource in self.body.get("Resources", {}).items()}

    @property
    def effective(self) -> Effective:
        """What it makes, as CloudFormation compares it."""
        return effective(self.body, self.parameters)

    @property
    def is_resolved(self) -> bool:
        """Whether it has all its inputs and a revision."""
        return "Revision" in self.parameters and not self.inputs

    def is_resolvable(self, outputs: Mapping[str, str]) -> bool:
        """Whether all inputs are among the outputs."""
        return all(key in outputs for keys in self.inputs.values() for key in keys)

    def resolved(self, outputs: Mapping[str, str], contents: str) -> "DesiredStack":
        """The stack with its inputs taken from another stack's outputs, and a revision.

        The revision is a digest of all that the function is made of, EFS's contents included. It stays the same while
        something is taken out and made again.
        """
        found = {name: ",".join(outputs[key] for key in keys) for name, keys in self.inputs.items()}
        known = self.with_parameters(**found, Revision="")
        made_of = json.dumps([self.whole or self.template, contents, sorted(known.parameters.items())])
        revision = hashlib.sha256(made_of.encode()).hexdigest()[:16]
        return replace(known.with_parameters(Revision=revision), inputs={})

    def with_parameters(self, **values: str) -> "DesiredStack":
        """The stack with some parameters set otherwise."""
        return replace(self, parameters={**self.parameters, **values})

    def revised(self) -> "DesiredStack":
        """The stack with its revision made anew, where it has one."""
        return self.resolved({}, "") if self.is_resolved else self

    def without(self, titles: Collection[str]) -> "DesiredStack":
        """The stack without some resources and all that refers to them."""
        body = without(self.body, titles)
        return replace(self, body=body, template=json.dumps(body, separators=(",", ":")), whole=self.template)


@dataclass(frozen=True)
class Desired:
    """All of a deployment. `efs` is None on the short route, whose one stack is `service`."""

    settings: Settings
    identity: Identity
    bucket: str
    own_bucket: bool
    code_key: str
    code: bytes
    model: Model
    efs: DesiredStack | None
    service: DesiredStack
    wiring: Wiring | None
    fill: Path | None

    @property
    def stacks(self) -> tuple[DesiredStack, ...]:
        """The stacks in the order in which they are made."""
        return (self.efs, self.service) if self.efs else (self.service,)

    @property
    def values(self) -> Mapping[str, str]:
        """Every parameter's value."""
        return {**(self.efs.parameters if self.efs else {}), **self.service.parameters}

    @property
    def model_key(self) -> str:
        """The key of the model's archive."""
        return self.model.key(self.function_name)

    @property
    def model_url(self) -> str:
        """The URL from which the model will be fetched; empty for a path, and for what lies in the bucket."""
        location = self.model.location if self.fill else self.values.get("ModelUrl", "")
        return location if is_url(location) and not self.model.digest else ""

    @property
    def log_group(self) -> str:
        """The function's log group."""
        return f"/aws/lambda/{self.function_name}"

    @property
    def function_name(self) -> str:
        """The function's name."""
        return self.service.parameters["FunctionName"]

    @property
    def live_function(self) -> str:
        """The function with the alias that the API calls."""
        return f"{self.function_name}:{ALIAS}"


def describe(settings: Settings, target: Target, identity: Identity, model: Model) -> Desired:
    """The deployment that the settings ask for at the target."""
    package = packaging.build(settings.code)
    values = {**settings.parameter_values(), **target.parameters}
    bucket = settings.bucket or default_bucket(settings, identity)
    key = code_key(values["FunctionName"], package.digest)
    values |= {
        "DataBucket": bucket,
        "CodeKey": key,
        "PreparationKey": key,
        "Ipv6AllowedForDualStack": "true" if values["InternetEgress"] == "ipv6" else "false",
        **model.parameters,
    }
    marks = {TAG: settings.name}
    tags = {**settings.stack_tags, **marks}
    short = settings.is_short
    efs = None if short else _stack(settings.efs_stack, _EFS_TEMPLATE, values, tags)
    service = (
        _stack(settings.complete_stack, _COMPLETE_TEMPLATE, values, tags)
        if short
        else replace(_stack(settings.inference_stack, _INFERENCE_TEMPLATE, values, tags), inputs=_FROM_EFS)
    )
    return Desired(
        settings=settings,
        identity=identity,
        bucket=bucket,
        own_bucket=not settings.bucket,
        code_key=values["CodeKey"],
        code=package.body,
        model=model,
        efs=efs,
        service=service,
        wiring=None if short else _wiring(values, identity, marks),
        fill=target.efs_directory,
    )


def default_bucket(settings: Settings, identity: Identity) -> str:
    """The bucket that deploy makes when none is named; bucket names are global, hence account and region."""
    return f"{settings.name}-{identity.account}-{identity.region}"


def code_key(function_name: str, digest: str) -> str:
    """The key of a zip: new code has a new key, so that CloudFormation sees the change."""
    return f"code/{function_name}-{digest[:16]}.zip"


def any_stack(settings: Settings, name: str) -> DesiredStack:
    """The stack of either route by its name, with its template alone."""
    templates = {
        settings.efs_stack: _EFS_TEMPLATE,
        settings.inference_stack: _INFERENCE_TEMPLATE,
        settings.complete_stack: _COMPLETE_TEMPLATE,
    }
    return _stack(name, templates[name], {}, {})


def _stack(name: str, template_name: str, values: Mapping[str, str], tags: Mapping[str, str]) -> DesiredStack:
    text, body = _template(template_name)
    chosen = {key: values[key] for key in body["Parameters"] if key in values}
    return DesiredStack(name, template_name, text, chosen, tags, body)


@cache
def _template(name: str) -> tuple[str, Mapping[str, Any]]:
    """A template of this version as text and as data."""
    template = workshop.TEMPLATES[name]()
    return render(template), template.to_dict()


def _wiring(values: Mapping[str, str], identity: Identity, tags: Mapping[str, str]) -> Wiring:
    function = f"arn:{identity.partition}:lambda:{identity.region}:{identity.account}:function:{values['FunctionName']}"
    return Wiring(
        target=f"{function}:{ALIAS}",
        auth=values["ApiAuth"],
        rate=float(values["ThrottleRate"]),
        burst=int(values["ThrottleBurst"]),
        answers=gateway_responses.digest(),
        name=values["FunctionName"],
        tags=tags,
    )

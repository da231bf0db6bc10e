"""The Wild Rydes workshop as deployments: the long route has two stacks and a wiring, the short route has one stack.

The packaged route has one stack, too, without EFS: packages and model are in the function's zip.
"""

import base64
import json
import shlex
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from .. import packaging
from ..ask.asking import Answer, Question, answer
from ..aws.records import Identity
from ..aws.wiring import Wiring, window
from ..blocks import gateway_responses
from ..blocks.function import ALIAS
from ..deployment import Code, Deployment, Filling, Kept, Packed, Proof, Stack, StackOutput
from ..template.source import Source, built
from ..web import Reply
from . import packaged, parameters, templates
from .account import INSTEAD, LOCKED, LOCKED_RUNTIMES
from .names import LONG, NAME, PACKAGED, ROUTES, SHORT

FUNCTION = "ml_inferencefunction"
EFS, INFERENCE, COMPLETE, IN_ZIP, BATCH = "mod5", "mod5-inf", "mod5-complete", "packaged", "batch"
SAMPLE = "sample.png"
_LABELS_TOLD = 12

_LEAN = {
    "ThroughputMode": "elastic",
    "BootstrapInstance": "stop",
    "InternetEgress": "ipv6",
}
# `workshop` is the module's own shape and cost: the templates' defaults, by name, so that it can be chosen again.
# `lean` costs less than a dollar a month while idle. It says nothing of the processor: the deployed one stays, such as
# the arm64 that `lean` once set.
PRESETS: dict[str, dict[str, str]] = {
    "workshop": {name: str(parameters.TABLE[name]["Default"]) for name in (*_LEAN, "Architecture")},
    "lean": _LEAN,
}
_INSTANCE = frozenset({"EfsMountEC2Instance", "InstanceSecurityGroup"})
_ASIDE = {"InternetEgress": ("nat", "NAT gateway"), "BootstrapInstance": ("keep", "filling instance")}
# What goes with them; of network and EFS nothing else may.
_ASIDE_RESOURCES = frozenset({"NatGateway", "NatPublicIP", "PrivateRoute"})
# The stage serves a snapshot with the function's ARN. The snapshot, an AWS::ApiGateway::Deployment, is replaced for
# another RestApiId or other canary settings alone, so it stays, and the old function goes at the end of the update:
# https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-apigateway-deployment.html
# The long route's wiring follows the function.
_FIXED = {"FunctionName": "Stage prod would still call {old}, which would no longer exist"}


def deployments(code: Path | None = None) -> tuple[Deployment, Deployment, Deployment]:
    """The long, the short and the packaged route; `code` is a directory in place of the package's `lambda_src`."""
    return _all(code or packaging.source_directory())


@cache
def _all(code: Path) -> tuple[Deployment, Deployment, Deployment]:
    return _long(code), _short(code), _packaged(code)


def deployment(route: str = LONG) -> Deployment:
    """The workshop by one of its routes, `long`, `short` or `packaged`."""
    return deployments()[ROUTES.index(route)]


def shipped() -> Path:
    """The small detector that comes with the package: it knows drawings."""
    return Path(str(files(__package__) / "detector"))


def packed() -> Packed:
    """What the zip of the packaged route holds besides the code."""
    return packaged.packed(_not_a_saved_model, shipped())


def sample() -> Question:
    """The picture that is posted after a deploy: a drawn unicorn."""
    return Question(SAMPLE, (files(__package__) / SAMPLE).read_bytes(), "image/png")


def default_function_name(name: str) -> str:
    """What the function is called unless it is given a name; another `--name` has another function."""
    return FUNCTION if name == NAME else f"{name}-{FUNCTION}"


def _long(code: Path) -> Deployment:
    from_efs = {
        "SecurityGroupIds": ("DefaultSecurityGroup",),
        "SubnetIDs": ("PrivateSubnetOne", "PrivateSubnetTwo"),
        "AccessPointARN": ("AccesspointARN",),
    }
    inputs = {name: tuple(StackOutput(EFS, key) for key in keys) for name, keys in from_efs.items()}
    stacks = (Stack(_source("efs_99.yml"), EFS), Stack(_source("5_lambda_function.yml"), INFERENCE, inputs=inputs))
    return _deployment(
        LONG,
        stacks,
        code=_code(code),
        filling=_filling(EFS, ("DataBucket", "PreparationKey")),
        kept=Kept(EFS, _ASIDE, _ASIDE_RESOURCES),
        wiring=_wiring,
    )


def _short(code: Path) -> Deployment:
    return _deployment(
        SHORT,
        (Stack(_source("99_complete.yml"), COMPLETE),),
        code=_code(code),
        filling=_filling(COMPLETE, ("PreparationKey",)),
        fixed=_FIXED,
        window=_window,
    )


def _packaged(code: Path) -> Deployment:
    return _deployment(
        PACKAGED,
        (Stack(_source("packaged.yml"), IN_ZIP),),
        code=(Code(code, packed=True),),
        packed=packed(),
        presets={PACKAGED: {}},
        derive=lambda values: {},
        check=_runtime_faults,
        unheeded=lambda values, name: "",
        fixed=_FIXED,
        window=_window,
    )


def _code(directory: Path) -> tuple[Code, ...]:
    return (Code(directory, ("CodeKey", "PreparationKey")),)


def _deployment(route: str, stacks: tuple[Stack, ...], **own: Any) -> Deployment:
    """What the routes have in common, with what a route has of its own."""
    return Deployment(name=NAME, route=route, stacks=stacks, **{**_common(), **own})


def _common() -> dict[str, Any]:
    return {
        "beside": (Stack(_source("batch.yml"), BATCH),),
        "proof": _proof(),
        "named_by": "FunctionName",
        "presets": PRESETS,
        "defaults": lambda name: {"FunctionName": default_function_name(name)},
        "derived": parameters.DERIVED,
        "derive": _derived,
        "check": _zone_faults,
        "opens": parameters.OPENINGS,
        "unheeded": _unheeded,
        "instead": INSTEAD,
        "locked": LOCKED,
    }


@cache
def _source(name: str) -> Source:
    return built(name, templates.TEMPLATES[name]())


def _filling(stack: str, uploads: tuple[str, ...]) -> Filling:
    """The short route's bucket holds the function's code, too."""
    return Filling(
        stack=stack,
        refills=parameters.REFILLS,
        resources=_INSTANCE,
        uploads=uploads,
        samples="ModelSamples",
        local_model=shipped(),
        refuse=_not_a_saved_model,
    )


def _not_a_saved_model(path: Path) -> str:
    if path.is_file() or any((path / name).is_file() for name in ("saved_model.pb", "saved_model.pbtxt")):
        return ""
    return "no saved_model.pb in it; pass the SavedModel's own directory"


def _derived(values: Mapping[str, str]) -> dict[str, str]:
    return {"Ipv6AllowedForDualStack": "true" if values["InternetEgress"] == "ipv6" else "false"}


def _zone_faults(overrides: Mapping[str, str]) -> list[str]:
    """EFS has one mount target in a zone, so the two subnets must not end up in the same one."""
    one, two = (overrides.get(f"AvailabilityZone{number}", "") for number in ("One", "Two"))
    if (one, two) == ("", "") or (one and two and one != two):
        return []
    return ["--set AvailabilityZoneOne and AvailabilityZoneTwo: set both, to two different zones, or neither"]


def _runtime_faults(overrides: Mapping[str, str]) -> list[str]:
    """The packages of the zip are locked for some versions of Python."""
    asked = overrides.get("PythonRuntime", LOCKED_RUNTIMES[-1])
    if asked in LOCKED_RUNTIMES:
        return []
    return [f"--set PythonRuntime={asked}: the packages of the zip are for {' and '.join(LOCKED_RUNTIMES)}"]


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


def _window(old: Mapping[str, str], new: Mapping[str, str]) -> str:
    return window(old.get("ApiAuth", ""), new["ApiAuth"], SHORT)


def _unheeded(values: Mapping[str, str], name: str) -> str:
    if name in parameters.REFILLS and values["BootstrapInstance"] == "none":
        return " while BootstrapInstance is none"
    if name == "ProvisionedThroughputInMibps":
        return f" while ThroughputMode is {values['ThroughputMode']}"
    return ""


def _proof() -> Proof:
    picture = sample()
    return Proof(
        body=picture.body,
        headers={"Content-Type": picture.content_type, "Accept": "application/json"},
        read=_read,
        event={"image": base64.b64encode(picture.body).decode(), "explain": True},
        typed={"url": templates.PICTURE_URL},
        function=lambda values, outputs: f"{values['FunctionName']}:{ALIAS}",
        auth=lambda values: values.get("ApiAuth", "NONE"),
        api="ModelInferenceApiId",
        url="ApiGatewayInvokeURL",
        command=_command,
        warnings=_label_warnings,
        about="post a picture to the API",
        routes=("ANY /",),
    )


def _read(reply: Reply) -> Answer:
    return answer(SAMPLE, reply)


def _command(outputs: Mapping[str, str], url: str) -> str:
    """The workshop's curl, of a photograph. The detector of an emulator's API knows drawings, so that it gets one."""
    if url.rstrip("/") == outputs["ApiGatewayInvokeURL"].rstrip("/"):
        return outputs["InferenceFunctionTestCommand"]
    drawing = files(__package__) / SAMPLE
    return shlex.join(["curl", "--data-binary", f"@{drawing}", "-H", f"Content-Type: {sample().content_type}", url])


def _label_warnings(reply: Reply) -> Iterator[str]:
    """Says so when the model's labels are known, and the one that makes a unicorn is not among them."""
    match json.loads(reply.body):
        case {"model": {"labels": [_, *_] as labels, "target": str(target)}} if target not in labels:
            more = f" and {len(labels) - _LABELS_TOLD} more" if len(labels) > _LABELS_TOLD else ""
            yield (
                f"the model knows no label {target}: no picture will be validated. "
                f"It knows {', '.join(labels[:_LABELS_TOLD])}{more}; choose one with --set TargetLabel=LABEL"
            )

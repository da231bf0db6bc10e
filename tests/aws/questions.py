"""What only AWS can tell, as a table of questions. An answer that cannot be had is none: NotAskedError says why."""

import http.client
import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from wildrydes_ml import web
from wildrydes_ml.ask.asking import code
from wildrydes_ml.errors import WildrydesError
from wildrydes_ml.workshop.parameters import MODEL_URL

from .deployment import PROBE, Deployment, NotAskedError
from .packaged import without_efs
from .probe.lambda_function import SLOW

_AT_ONCE = 8
_AMI = "al2023-ami-kernel-default"
_OTHER_AMI = "al2023-ami-minimal-kernel-default"


@dataclass(frozen=True)
class Question:
    """One row: its name in the report, why it is asked, and how. `by_probe` needs the probe's code in the function."""

    name: str
    why: str
    ask: Callable[[Deployment], Any]
    by_probe: bool = False


def model_url(place: Deployment) -> dict[str, Any]:
    """What the model's URL answers to HEAD, and to a request for the first byte."""
    return {method: _asked(method) for method in ("HEAD", "GET")}


def _asked(method: str) -> str:
    request = urllib.request.Request(MODEL_URL, headers={"Range": "bytes=0-0"}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=20) as reply:
            return f"{reply.status}, {reply.headers.get('Content-Range') or reply.headers.get('Content-Length')}"
    except urllib.error.HTTPError as error:
        return str(error.code)
    except (OSError, http.client.HTTPException) as error:
        raise NotAskedError(f"not reached from here: {error}") from error


def engine_times(place: Deployment) -> dict[str, Any]:
    """Milliseconds of the sample with each engine; what it says instead where one does not load."""
    found: dict[str, Any] = {}
    try:
        for engine in ("litert", "capi"):
            found[engine] = _times(place, engine)
    finally:
        place.deploy(reset=("Engine",))
    return found


def _times(place: Deployment, engine: str) -> Any:
    try:
        return place.times(engine)
    except WildrydesError as error:
        return str(error)


def throttled(place: Deployment) -> list[dict[str, Any]]:
    """What callers get who are more than the function may be at once."""
    try:
        place.deploy(code=PROBE, overrides={"ReservedConcurrency": "1"})
    except WildrydesError as error:
        raise NotAskedError(f"no concurrency can be reserved in this account: {error}") from error
    try:
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            replies = list(pool.map(lambda _: place.post(json.dumps({"url": SLOW.decode()}).encode()), range(_AT_ONCE)))
    finally:
        place.deploy(code=PROBE, reset=("ReservedConcurrency",))
    return [_told(reply) for reply in replies]


def six_megabytes(place: Deployment) -> dict[str, Any]:
    """What is answered to bodies around Lambda's 6 MB, which base64 reaches early, and API Gateway's 10 MB."""
    sizes = {"4.4 MB": 4_400_000, "6 MB": 6_000_000, "11 MB": 11_000_000}
    return {name: _told(place.post(b"\xff" * size, "image/jpeg")) for name, size in sizes.items()}


def _told(reply: web.Reply) -> dict[str, Any]:
    return {"status": reply.status, "code": code(reply), "retry_after": reply.retry_after, "fault": reply.fault}


def egress_switch(place: Deployment) -> list[dict[str, Any]]:
    """What a change set says of another InternetEgress; it is not executed."""
    return place.changes(overrides={"InternetEgress": "none"})


def moved_image(place: Deployment) -> list[dict[str, Any]]:
    """What a change set says when the image has moved: another image's name in the template stands for a new one."""
    stacks = place.client("cloudformation")
    name = place.with_options().stacks[0]
    text = stacks.get_template(StackName=name, TemplateStage="Original")["TemplateBody"]
    text = text if isinstance(text, str) else json.dumps(text)
    if _AMI not in text:
        raise NotAskedError("the template has no image")
    keys = [one["ParameterKey"] for one in stacks.describe_stacks(StackName=name)["Stacks"][0]["Parameters"]]
    made = stacks.create_change_set(
        StackName=name,
        ChangeSetName="moved-image",
        TemplateBody=text.replace(_AMI, _OTHER_AMI),
        Parameters=[{"ParameterKey": key, "UsePreviousValue": True} for key in keys],
        Capabilities=["CAPABILITY_NAMED_IAM"],
    )["Id"]
    try:
        return _changes(stacks, made)
    finally:
        stacks.delete_change_set(ChangeSetName=made)


def _changes(stacks: Any, change_set: str) -> list[dict[str, Any]]:
    for _ in range(60):
        found = stacks.describe_change_set(ChangeSetName=change_set)
        if found["Status"] not in ("CREATE_PENDING", "CREATE_IN_PROGRESS"):
            break
        time.sleep(2)
    if found["Status"] == "FAILED":
        raise NotAskedError(f"the change set failed: {found.get('StatusReason')}")
    wanted = ("LogicalResourceId", "Action", "Replacement", "Scope")
    return [{key: change["ResourceChange"].get(key) for key in wanted} for change in found["Changes"]]


def _probing(what: str) -> Callable[[Deployment], Any]:
    return lambda place: place.probe(what)


# Before anything is made; the others are asked by each route, and so on both processors.
MODEL = Question("the model's URL", "TF Hub has moved; a dead URL rolls the whole stack back", model_url)
QUESTIONS: Sequence[Question] = (
    Question("engine times", "LiteRT without XNNPACK is slower than it was measured when EFS was filled", engine_times),
    Question("without EFS", "how fast a zip of 100 MB is deployed, started and removed", without_efs),
    Question("change set: egress switch", "Ipv6CidrBlock is conditionally create-only", egress_switch),
    Question("change set: new image", "any update may recreate the filling instance", moved_image),
    Question("a large body", "whether 413 is the answer, and where", six_megabytes),
    Question("processor", "XNNPACK reads /sys/devices/system/cpu", _probing("processor"), by_probe=True),
    Question(
        "C libraries", "the wheels on EFS need GLIBC and GLIBCXX of some age", _probing("libraries"), by_probe=True
    ),
    Question(
        "order of addresses", "with IPv6 egress an IPv4 address leads nowhere", _probing("addresses"), by_probe=True
    ),
    Question(
        "interface deny",
        "the function's own code must not make network interfaces",
        _probing("interfaces"),
        by_probe=True,
    ),
    Question("throttled function", "API Gateway's status, and whether Retry-After is there", throttled, by_probe=True),
)

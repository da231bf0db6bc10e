"""The question of a function without EFS: a deployment of its own, with how long each part of it takes."""

import base64
import json
import re
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from wildrydes_ml.errors import WildrydesError
from wildrydes_ml.workshop.deployments import sample
from wildrydes_ml.workshop.names import LONG, PACKAGED

from .deployment import Deployment, NotAskedError

# https://docs.aws.amazon.com/lambda/latest/dg/python-logging.html: the last line of an invocation's log.
_REPORTED = re.compile(r"(Init Duration|Max Memory Used|(?<!Billed )(?<!Init )Duration): ([\d.]+) (ms|MB)")
_STARTS = 5


def without_efs(place: Deployment) -> dict[str, Any]:
    """Seconds to deploy and to remove it, and what Lambda reports of cold starts and of a warm answer.

    The model is prepared on this machine, which takes minutes the first time. Raises NotAskedError where that, or the
    deploy, fails.
    """
    processor = "x86_64" if place.route == LONG else "arm64"
    settings = replace(
        place.settings,
        name=f"{place.settings.name}-zip",
        route=PACKAGED,
        overrides={"Architecture": processor},
        held={},
    )
    aside = replace(place, settings=settings, route=PACKAGED, outputs={})
    began = time.monotonic()
    try:
        aside.deploy()
        deployed = time.monotonic()
        cold = [_started(aside, number) for number in range(_STARTS)]
        warm = lambda_report(_invoked(aside))
    except WildrydesError as error:
        raise NotAskedError(f"not deployed: {error}") from error
    finally:
        removing = time.monotonic()
        aside.destroy()
    removed = time.monotonic() - removing
    return {"deploy_s": deployed - began, "cold": cold, "warm": warm, "destroy_s": removed, "processor": processor}


def _started(place: Deployment, number: int) -> Mapping[str, float]:
    """What Lambda reports of the first answer of a new instance: other variables start the function anew."""
    function = place.client("lambda")
    found = function.get_function_configuration(FunctionName=place.function)["Environment"]["Variables"]
    function.update_function_configuration(
        FunctionName=place.function, Environment={"Variables": {**found, "START": str(number)}}
    )
    function.get_waiter("function_updated_v2").wait(FunctionName=place.function)
    return lambda_report(_invoked(place))


def _invoked(place: Deployment) -> Mapping[str, Any]:
    event = json.dumps({"image": base64.b64encode(sample().body).decode()}).encode()
    reply: Mapping[str, Any] = place.client("lambda").invoke(
        FunctionName=place.function, Qualifier="live", LogType="Tail", Payload=event
    )
    return reply


def lambda_report(reply: Mapping[str, Any]) -> dict[str, float]:
    """The milliseconds and megabytes of an invocation's report; without an init, the instance was there before."""
    text = base64.b64decode(reply.get("LogResult", "")).decode(errors="replace")
    return {f"{name} ({unit})": float(value) for name, value, unit in _REPORTED.findall(text)}

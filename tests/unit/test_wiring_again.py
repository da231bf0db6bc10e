"""The wiring against moto's API Gateway, disturbed at every single call: once more, and it is as if undisturbed."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ConnectionClosedError
from moto import mock_aws
from moto.apigateway.models import apigateway_backends
from moto.core.models import botocore_stubber

from tests.unit.fakes import IDENTITY
from wildrydes_ml.aws import Apis
from wildrydes_ml.aws.repeating import Repeater
from wildrydes_ml.wiring import STAGE, FoundWiring, Wiring, actions

FUNCTION = f"arn:aws:lambda:{IDENTITY.region}:{IDENTITY.account}:function:f:live"
OPEN = Wiring(FUNCTION, "NONE", 5, 10, name="f", tags={"wildrydes-ml": "n"})
WITH_KEY = replace(OPEN, auth="API_KEY")
Disturbance = Callable[[Any], Any]
Way = tuple[tuple[Wiring, ...], Wiring]


class Killed(BaseException):
    """As by SIGKILL: nobody handles it."""


class Gateway:
    """The real gateway in a fresh account; `disturb` takes the request of call number `at` to API Gateway."""

    def __init__(self) -> None:
        self.apis = Apis(self._client(10), self._client(1), None, IDENTITY, Repeater(sleep=lambda _: None))
        self.start()

    def start(self, *history: Wiring) -> None:
        """An account with nothing but an API that was wired in these ways, one after the other."""
        self.calls: list[str] = []
        self.at = -1
        self.disturb: Disturbance = cut
        self.backend.reset()
        self.api = self.backend.create_rest_api("ModelInferenceApi", "").id
        for wanted in history:
            self.wire(wanted)

    @property
    def backend(self) -> Any:
        return apigateway_backends[IDENTITY.account][IDENTITY.region]

    def _client(self, attempts: int) -> Any:
        config = Config(retries={"mode": "standard", "total_max_attempts": attempts})
        client = boto3.client("apigateway", IDENTITY.region, config=config)
        client.meta.events.register_first("before-send.api-gateway", self._sent)
        return client

    def _sent(self, event_name: str, request: Any, **_: Any) -> Any:
        self.calls.append(event_name.rpartition(".")[2])
        if self.calls[-1] == "DeleteDeployment":
            self._forget_stage_names()
        return self.disturb(request) if len(self.calls) - 1 == self.at else None

    def _forget_stage_names(self) -> None:
        """To moto a deployment is in use for ever: as long as there is a stage of the name that it was made for."""
        api = self.backend.apis[self.api]
        used = {stage.deployment_id for stage in api.stages.values()}
        for id, deployment in api.deployments.items():
            deployment.stage_name = STAGE if id in used else ""

    def found(self, wanted: Wiring) -> FoundWiring:
        """The wiring of the API, which is there."""
        found = self.apis.found(self.api, wanted)
        assert found
        return found

    def wire(self, wanted: Wiring) -> list[str]:
        """Wires as deploy does; returns the calls."""
        before = len(self.calls)
        found = self.found(wanted)
        for action in actions(wanted, found):
            self.apis.perform(self.api, action, wanted, found)
        return self.calls[before:]

    def disturbed(self, wanted: Wiring, at: int, disturb: Disturbance) -> None:
        """Wires with one disturbed call; when that kills it, once more."""
        self.at, self.disturb = len(self.calls) + at, disturb
        try:
            self.wire(wanted)
        except Killed:
            self.wire(wanted)
        self.at = -1

    def state(self) -> dict[str, Any]:
        """All that there is, without AWS's ids."""
        api = self.backend.apis[self.api]
        (root,) = api.resources.values()
        descriptions = {id: deployment.description for id, deployment in api.deployments.items()}
        keys = {id: key.name for id, key in self.backend.keys.items()}
        return {
            "methods": {
                verb: (method.api_key_required, method.operation_name, method.method_integration.uri)
                for verb, method in root.resource_methods.items()
            },
            "deployments": list(descriptions.values()),
            "stages": [
                (stage.name, descriptions[stage.deployment_id], stage.method_settings) for stage in api.stages.values()
            ],
            "keys": list(keys.values()),
            "plans": [self._plan_state(plan, keys) for plan in self.backend.usage_plans.values()],
        }

    def _plan_state(self, plan: Any, keys: dict[str, str]) -> list[Any]:
        stages = [stage["apiId"] == self.api and stage["stage"] for stage in plan.api_stages]
        # moto keeps the links of keys that are gone.
        linked = [keys[id] for id in self.backend.usage_plan_keys.get(plan.id, {}) if id in keys]
        return [plan.name, plan.throttle, stages, linked]


def cut(request: Any) -> Any:
    """AWS acts, its reply is lost."""
    botocore_stubber("before-send", request)
    raise ConnectionClosedError(endpoint_url=request.url)


def kill(request: Any) -> Any:
    """AWS acts, and nobody is there any more to read its reply."""
    botocore_stubber("before-send", request)
    raise Killed


@pytest.fixture(autouse=True)
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        yield


WAYS = {
    "open": ((), OPEN),
    "closed": ((OPEN,), WITH_KEY),
    "opened": ((WITH_KEY,), OPEN),
    "slower": ((WITH_KEY,), replace(WITH_KEY, rate=1)),
}


Undisturbed = tuple[dict[str, Any], int]


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> Way:
    return WAYS[request.param]


def check(way: Way, disturb: Callable[[Gateway], Disturbance], is_tried: Callable[[str], bool]) -> None:
    """Wires undisturbed, and then with each call disturbed that is to be tried: the same is there afterwards."""
    history, wanted = way
    gateway = Gateway()
    gateway.start(*history)
    names = gateway.wire(wanted)
    state = gateway.state()
    for at, name in enumerate(names):
        if is_tried(name):
            gateway.start(*history)
            gateway.disturbed(wanted, at, disturb(gateway))
            assert gateway.state() == state, gateway.calls
            assert actions(wanted, gateway.found(wanted)) == ()


def is_change(name: str) -> bool:
    return not name.startswith("Get")


@pytest.mark.parametrize("disturb", [cut, kill], ids=lambda one: one.__name__)
def test_a_change_that_is_disturbed_leaves_no_trace(way: Way, disturb: Disturbance) -> None:
    check(way, lambda _: disturb, is_change)


def test_a_second_deployer_at_any_moment_leaves_no_trace(way: Way) -> None:
    check(way, lambda gateway: lambda _: gateway.wire(way[1]).clear(), lambda _: True)

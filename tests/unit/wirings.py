"""The real gateway against moto's API Gateway, and what may happen to each of its calls."""

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import boto3
from botocore import UNSIGNED
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.exceptions import ConnectionClosedError
from moto.apigateway.models import apigateway_backends
from moto.core.botocore_stubber import MockRawResponse
from moto.core.models import botocore_stubber

from wildrydes_ml.aws.apis import Apis
from wildrydes_ml.aws.repeating import Repeater
from wildrydes_ml.aws.wiring import STAGE, FoundWiring, Wiring, actions
from wildrydes_ml.testing import IDENTITY

FUNCTION = f"arn:aws:lambda:{IDENTITY.region}:{IDENTITY.account}:function:f:live"
OPEN = Wiring(FUNCTION, "NONE", 5, 10, name="f", tags={"wildrydes-ml": "n"})
WITH_KEY = replace(OPEN, auth="API_KEY")
Disturbance = Callable[[Any], Any]
Methods = dict[str, tuple[str, bool, str]]


class Killed(BaseException):
    """As by SIGKILL: nobody handles it."""


class Gateway:
    """The real gateway in an account of moto's; `disturb` takes the request of call number `at` to API Gateway.

    `look` is called before each call. A stage serves the methods as they were when its deployment was made, which moto
    does not know.
    """

    def __init__(self, attempts: int = 10) -> None:
        self.apis = Apis(self._client(attempts), self._client(1), None, IDENTITY, Repeater(sleep=lambda _: None))
        self.start()

    def start(self, *history: Wiring | None) -> None:
        """An account with nothing but an API that was wired in these ways, one after the other.

        With None, somebody deletes the API by hand, and another is made in its place.
        """
        self.calls: list[str] = []
        self.at = -1
        self.disturb: Disturbance = cut
        self.look: Callable[[], object] = lambda: None
        self._served: dict[str, Methods] = {}
        self.backend.reset()
        self._make_api()
        for wanted in history:
            if wanted:
                self.wire(wanted)
            else:
                del self.backend.apis[self.api]
                self._make_api()

    def _make_api(self) -> None:
        self.api = self.backend.create_rest_api("ModelInferenceApi", "").id

    def saved(self) -> Callable[[], None]:
        """What brings the account back to what it is now."""
        kinds, backend = ("apis", "keys", "usage_plans", "usage_plan_keys"), self.backend
        now = copy.deepcopy({kind: getattr(backend, kind) for kind in kinds})
        self._settle()
        served = dict(self._served)

        def restore() -> None:
            vars(backend).update(copy.deepcopy(now))
            self.calls, self.at, self._served = [], -1, dict(served)

        return restore

    @property
    def backend(self) -> Any:
        return apigateway_backends[IDENTITY.account][IDENTITY.region]

    def _client(self, attempts: int) -> Any:
        # Thousands of calls: nobody looks at their signatures and user agents, which take a fifth of the time.
        config = Config(
            retries={"mode": "standard", "total_max_attempts": attempts}, signature_version=UNSIGNED, user_agent="tests"
        )
        client = boto3.client("apigateway", IDENTITY.region, config=config)
        client.meta.events.register_first("before-send.api-gateway", self._sent)
        return client

    def _sent(self, event_name: str, request: Any, **_: Any) -> Any:
        self.look()
        self.calls.append(event_name.rpartition(".")[2])
        if self.calls[-1] == "CreateDeployment":
            self._to_be_served = self._methods()
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

    def asks_for(self) -> str:
        """What the stage asks of callers; empty without a stage."""
        api = self.backend.apis[self.api]
        self._settle()
        if STAGE not in api.stages:
            return ""
        kind, needs_key, _ = self._served[api.stages[STAGE].deployment_id]["ANY"]
        return "API_KEY" if needs_key else str(kind)

    def lets_through(self) -> set[str]:
        """The values of the keys with which a caller reaches the stage where it asks for one."""
        plans = self.backend.usage_plans.values()
        serving = [plan.id for plan in plans if {"apiId": self.api, "stage": STAGE} in plan.api_stages]
        linked = {key for plan in serving for key in self.backend.usage_plan_keys.get(plan, {})}
        return {key.value for id, key in self.backend.keys.items() if id in linked and key.enabled}

    def _settle(self) -> None:
        for id in self.backend.apis[self.api].deployments:
            self._served.setdefault(id, self._to_be_served)

    def _methods(self) -> Methods:
        (root,) = self.backend.apis[self.api].resources.values()
        return {
            verb: (method.authorization_type, method.api_key_required, method.method_integration.uri)
            for verb, method in root.resource_methods.items()
        }

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


def deny(request: Any) -> Any:
    """AWS refuses the call."""
    body = b'{"message": "User is not authorized to perform this"}'
    return answered(request, 403, body, **{"x-amzn-errortype": "AccessDeniedException"})


def cut(request: Any) -> Any:
    """AWS acts, its reply is lost."""
    botocore_stubber("before-send", request)
    raise ConnectionClosedError(endpoint_url=request.url)


def empty(request: Any) -> Any:
    """Somebody else answers: nothing."""
    return answered(request, 200, b"")


def page(request: Any) -> Any:
    """Somebody else answers: a portal's page."""
    return answered(request, 200, b"<html>Please log in</html>")


def answered(request: Any, status: int, body: bytes, **headers: str) -> Any:
    return AWSResponse(request.url, status, headers, MockRawResponse(body))


def kill(request: Any) -> Any:
    """AWS acts, and nobody is there any more to read its reply."""
    botocore_stubber("before-send", request)
    raise Killed

"""The gateway of this service, on boto's own client: what AWS is asked and what its answers mean."""

from contextlib import suppress
from datetime import datetime, timezone
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from tests.unit.fakes import IDENTITY
from tests.unit.stubs import Stub, client_of
from wildrydes_ml.aws import Apis
from wildrydes_ml.errors import WildrydesError
from wildrydes_ml.wiring import FoundMethod, FoundWiring, Wiring

NOW = datetime(2026, 1, 1, tzinfo=timezone.utc)
STACK = {"StackName": "s", "StackId": "id:s", "StackStatus": "CREATE_COMPLETE", "CreationTime": NOW}
ARN = "arn:aws:cloudformation:eu-west-1:123456789012:changeSet/c/1"


FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:f:live"
URI = f"arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/{FUNCTION}/invocations"
PLACE = {"restApiId": "a", "resourceId": "root", "httpMethod": "ANY"}
PAGE_PLACE = {**PLACE, "httpMethod": "GET"}
PROXY = {"type": "AWS_PROXY", "integrationHttpMethod": "POST", "uri": URI}
STAGE = {"restApiId": "a", "stageName": "prod"}
OPEN = Wiring(FUNCTION, "NONE", 2.5, 10)


@pytest.fixture
def gateway(stub: Stub) -> tuple[Apis, Stubber]:
    client, stubber = stub("apigateway")
    return Apis(client, boto3.Session("key", "secret").get_credentials(), IDENTITY), stubber


Gateway = tuple[Apis, Stubber]


def add_root(stubber: Stubber) -> None:
    items = [{"id": "other", "path": "/other"}, {"id": "root", "path": "/"}]
    stubber.add_response("get_resources", {"items": items}, {"restApiId": "a"})


def add_methods(stubber: Stubber, any_: dict[str, Any] | None, get: dict[str, Any] | None = None) -> None:
    for method, place in ((any_, PLACE), (get, PAGE_PLACE)):
        if method is None:
            stubber.add_client_error("get_method", "NotFoundException", expected_params=place)
        else:
            stubber.add_response("get_method", method, place)


def add_plans(stubber: Stubber, *plans: dict[str, Any]) -> None:
    stubber.add_response("get_usage_plans", {"items": list(plans)}, {})


def plan(*apis: str, **more: Any) -> dict[str, Any]:
    return {"id": "p", "name": "f", "apiStages": [{"apiId": api, "stage": "prod"} for api in apis], **more}


def add_keys(stubber: Stubber, *keys: str) -> None:
    items = [{"id": key, "name": "f"} for key in keys]
    stubber.add_response("get_usage_plan_keys", {"items": items}, {"usagePlanId": "p"})


def test_a_skeleton_has_no_wiring(gateway: Gateway) -> None:
    apis, stubber = gateway
    add_root(stubber)
    add_methods(stubber, None)
    stubber.add_client_error("get_stage", "NotFoundException", expected_params=STAGE)
    add_plans(stubber, plan("another"), {"id": "q", "name": "without stages"})
    assert apis.found("a", "f") == FoundWiring()


@pytest.mark.parametrize(
    ("method", "auth"),
    [
        ({"authorizationType": "NONE"}, "NONE"),
        ({"authorizationType": "AWS_IAM"}, "AWS_IAM"),
        ({"authorizationType": "NONE", "apiKeyRequired": True}, "API_KEY"),
    ],
    ids=str,
)
@pytest.mark.parametrize("keys", [(), ("k",)], ids=["no key", "key"])
def test_a_wiring_is_read(gateway: Gateway, method: dict[str, Any], auth: str, keys: tuple[str, ...]) -> None:
    apis, stubber = gateway
    add_root(stubber)
    add_methods(stubber, {**method, "methodIntegration": {"type": "AWS_PROXY", "uri": URI}})
    settings = {"*/*": {"throttlingRateLimit": 2.5, "throttlingBurstLimit": 10}}
    stubber.add_response("get_stage", {"deploymentId": "d", "methodSettings": settings}, STAGE)
    stubber.add_response("get_deployment", {"description": "ours"}, {"restApiId": "a", "deploymentId": "d"})
    add_plans(stubber, plan("a"))
    add_keys(stubber, *keys)
    assert apis.found("a", "f") == FoundWiring(auth, FUNCTION, "ours", (2.5, 10), bool(keys), owns_key=True)


@pytest.mark.parametrize("integration", [{}, {"type": "MOCK"}, {"type": "AWS", "uri": URI}], ids=str)
def test_other_integrations_are_not_ours(gateway: Gateway, integration: dict[str, Any]) -> None:
    apis, stubber = gateway
    add_root(stubber)
    add_methods(stubber, {"authorizationType": "NONE", "methodIntegration": integration})
    stubber.add_response("get_stage", {"deploymentId": "d"})
    stubber.add_response("get_deployment", {"id": "d"})
    add_plans(stubber)
    assert apis.found("a", "f") == FoundWiring(auth="NONE", target=None, description="", throttle=None)


@pytest.mark.parametrize(
    ("auth", "kind", "needs_key"), [("NONE", "NONE", False), ("AWS_IAM", "AWS_IAM", False), ("API_KEY", "NONE", True)]
)
def test_the_method_is_put_anew(gateway: Gateway, auth: str, kind: str, needs_key: bool) -> None:
    apis, stubber = gateway
    add_root(stubber)
    stubber.add_client_error("delete_method", "NotFoundException", expected_params=PLACE)
    stubber.add_response("put_method", {}, {**PLACE, "authorizationType": kind, "apiKeyRequired": needs_key})
    stubber.add_response("put_integration", {}, {**PLACE, **PROXY})
    apis.perform("a", "method", Wiring(FUNCTION, auth, 5, 10), "f")


@pytest.mark.parametrize("auth", ["API_KEY", "AWS_IAM"])
def test_the_pages_method_is_open_and_found_again(gateway: Gateway, auth: str) -> None:
    apis, stubber = gateway
    wiring = Wiring(FUNCTION, auth, 5, 10)
    add_root(stubber)
    stubber.add_client_error("delete_method", "NotFoundException", expected_params=PAGE_PLACE)
    put = {"authorizationType": "NONE", "apiKeyRequired": False, "operationName": "WildrydesMlPage"}
    stubber.add_response("put_method", {}, {**PAGE_PLACE, **put})
    stubber.add_response("put_integration", {}, {**PAGE_PLACE, **PROXY})
    apis.perform("a", "page", wiring, "f")
    add_found(stubber, {**put, "methodIntegration": {"type": "AWS_PROXY", "uri": URI}})
    assert apis.found("a", "f").get == FoundMethod("NONE", FUNCTION, owned=True)


def test_a_strangers_get_is_known_as_such(gateway: Gateway) -> None:
    apis, stubber = gateway
    add_found(stubber, {"authorizationType": "AWS_IAM", "operationName": "theirs"})
    assert apis.found("a", "f").get == FoundMethod("AWS_IAM", None, owned=False)


def add_found(stubber: Stubber, get: dict[str, Any]) -> None:
    add_root(stubber)
    add_methods(stubber, None, get)
    stubber.add_client_error("get_stage", "NotFoundException", expected_params=STAGE)
    add_plans(stubber)


@pytest.mark.parametrize("gone", [False, True])
def test_the_pages_method_is_removed(gateway: Gateway, gone: bool) -> None:
    apis, stubber = gateway
    add_root(stubber)
    if gone:
        stubber.add_client_error("delete_method", "NotFoundException", expected_params=PAGE_PLACE)
    else:
        stubber.add_response("delete_method", {}, PAGE_PLACE)
    apis.perform("a", "no page", OPEN, "f")


def test_deployment_and_throttle(gateway: Gateway) -> None:
    apis, stubber = gateway
    stubber.add_response("create_deployment", {}, {**STAGE, "description": OPEN.description})
    apis.perform("a", "deployment", OPEN, "f")
    limits = [
        {"op": "replace", "path": "/*/*/throttling/rateLimit", "value": "2.5"},
        {"op": "replace", "path": "/*/*/throttling/burstLimit", "value": "10"},
    ]
    stubber.add_response("update_stage", {}, {**STAGE, "patchOperations": limits})
    apis.perform("a", "throttle", OPEN, "f")


LINKED = {"usagePlanId": "p", "keyId": "k", "keyType": "API_KEY"}


def test_a_key_is_made_with_its_plan(gateway: Gateway) -> None:
    apis, stubber = gateway
    stubber.add_response("get_api_keys", {"items": [{"id": "x", "name": "f-other"}]}, {"nameQuery": "f"})
    stubber.add_response("create_api_key", {"id": "k"}, {"name": "f", "enabled": True})
    add_plans(stubber)
    wanted = {"name": "f", "throttle": {"rateLimit": 2.5, "burstLimit": 10}, "apiStages": plan("a")["apiStages"]}
    stubber.add_response("create_usage_plan", {"id": "p"}, wanted)
    stubber.add_response("create_usage_plan_key", {}, LINKED)
    apis.perform("a", "key", OPEN, "f")


def test_a_key_that_was_half_made_is_completed(gateway: Gateway) -> None:
    apis, stubber = gateway
    stubber.add_response("get_api_keys", {"items": [{"id": "k", "name": "f"}]})
    add_plans(stubber, plan("a"))
    stubber.add_response("create_usage_plan_key", {}, LINKED)
    apis.perform("a", "key", OPEN, "f")


def test_the_key_s_value(gateway: Gateway) -> None:
    apis, stubber = gateway
    add_plans(stubber, plan("a"))
    add_keys(stubber, "k")
    stubber.add_response("get_api_key", {"value": "v"}, {"apiKey": "k", "includeValue": True})
    assert apis.key("a") == "v"
    add_plans(stubber)
    assert apis.key("a") == ""


def add_removal(stubber: Stubber, found: dict[str, Any]) -> None:
    add_plans(stubber, found)
    add_keys(stubber, "k")
    stubber.add_response("delete_api_key", {}, {"apiKey": "k"})
    stage = {"op": "remove", "path": "/apiStages", "value": "a:prod"}
    stubber.add_response("update_usage_plan", {}, {"usagePlanId": "p", "patchOperations": [stage]})
    stubber.add_response("delete_usage_plan", {}, {"usagePlanId": "p"})


def test_key_and_plan_are_removed(gateway: Gateway) -> None:
    apis, stubber = gateway
    add_removal(stubber, plan("a"))
    apis.perform("a", "no key", OPEN, "f")
    add_removal(stubber, plan("a"))
    apis.unwire("a", "f")
    add_plans(stubber, plan("another"))
    apis.unwire("a", "f")


def test_a_stranger_s_usage_plan_keeps_its_keys() -> None:
    client, removed = client_of("apigateway"), []
    for call in ("DeleteApiKey", "DeleteUsagePlan"):
        event = f"provide-client-params.api-gateway.{call}"
        client.meta.events.register(event, lambda model, **_: removed.append(model.name))
    with Stubber(client) as stubber, suppress(WildrydesError):
        add_removal(stubber, plan("another", "a", name="somebody's"))
        Apis(client, None, IDENTITY).unwire("a", "f")
    assert removed == []


def test_a_signature_is_for_this_api_in_this_region(gateway: Gateway) -> None:
    apis, _ = gateway
    signed = apis.signed_headers("https://a.example/prod", b"{}", {"Content-Type": "application/json"})
    assert "/eu-west-1/execute-api/aws4_request" in signed["Authorization"]
    assert signed["Content-Type"] == "application/json"

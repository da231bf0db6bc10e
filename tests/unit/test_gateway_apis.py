"""The gateway of this service, on boto's own client: what AWS is asked and what its answers mean."""

from dataclasses import replace
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from tests.unit.fakes import IDENTITY
from tests.unit.stubs import Stub
from wildrydes_ml.aws import Apis
from wildrydes_ml.aws.repeating import Repeater
from wildrydes_ml.errors import WildrydesError
from wildrydes_ml.facts import Unknown
from wildrydes_ml.wiring import MARK, FoundMethod, FoundWiring, Wiring

FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:f:live"
URI = f"arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/{FUNCTION}/invocations"
PLACE = {"restApiId": "a", "resourceId": "root", "httpMethod": "ANY"}
PAGE_PLACE = {**PLACE, "httpMethod": "GET"}
INTEGRATION = {"type": "AWS_PROXY", "integrationHttpMethod": "POST", "uri": URI}
PROXY = {"methodIntegration": {"type": "AWS_PROXY", "uri": URI}}
STAGE = {"restApiId": "a", "stageName": "prod"}
LIMITS = {"*/*": {"throttlingRateLimit": 2.5, "throttlingBurstLimit": 10}}
OURS = {"wildrydes-ml": "n"}
OPEN = Wiring(FUNCTION, "NONE", 2.5, 10, name="f", tags=OURS)
WITH_KEY = replace(OPEN, auth="API_KEY")
FOUND = FoundWiring(root="root")


@pytest.fixture
def gateway(stub: Stub) -> tuple[Apis, Stubber]:
    client, stubber = stub("apigateway")
    credentials = boto3.Session("key", "secret").get_credentials()
    return Apis(client, client, credentials, IDENTITY, Repeater(sleep=lambda _: None)), stubber


Gateway = tuple[Apis, Stubber]


def add_list(stubber: Stubber, operation: str, *items: dict[str, Any], **asked: Any) -> None:
    stubber.add_response(operation, {"items": list(items)}, {"limit": 500, **asked})


def add_root(stubber: Stubber, **methods: dict[str, Any]) -> None:
    root = {"id": "root", "path": "/", "resourceMethods": methods}
    add_list(stubber, "get_resources", {"id": "x", "path": "/x"}, root, restApiId="a", embed=["methods"])


def add_stages(stubber: Stubber, *stages: dict[str, Any]) -> None:
    stubber.add_response("get_stages", {"item": list(stages)}, {"restApiId": "a"})


def add_deployments(stubber: Stubber, **descriptions: str) -> None:
    items = [{"id": id, "description": text} for id, text in descriptions.items()]
    add_list(stubber, "get_deployments", *items, restApiId="a")


def stage(deployment: str, name: str = "prod", **more: Any) -> dict[str, Any]:
    return {"stageName": name, "deploymentId": deployment, **more}


def plan(*apis: str, **more: Any) -> dict[str, Any]:
    limits = {"rateLimit": 2.5, "burstLimit": 10}
    stages = [{"apiId": api, "stage": "prod"} for api in apis]
    return {"id": "p", "name": "f", "apiStages": stages, "throttle": limits, **more}


def api_key(id: str = "k", **more: Any) -> dict[str, Any]:
    return {"id": id, "name": "f", **more}


def add_plans(stubber: Stubber, *plans: dict[str, Any]) -> None:
    add_list(stubber, "get_usage_plans", *plans)


def add_keys(stubber: Stubber, *keys: dict[str, Any]) -> None:
    add_list(stubber, "get_api_keys", *keys, nameQuery="f")


def add_linked(stubber: Stubber, *keys: str, plan: str = "p") -> None:
    add_list(stubber, "get_usage_plan_keys", *({"id": key} for key in keys), usagePlanId=plan)


def found(apis: Apis) -> FoundWiring:
    """The wiring of an API that is there."""
    wiring = apis.found("a", OPEN)
    assert wiring
    return wiring


def test_an_api_that_is_gone_has_no_wiring(gateway: Gateway) -> None:
    apis, stubber = gateway
    stubber.add_client_error("get_resources", "NotFoundException", "Invalid API identifier specified")
    assert apis.found("a", OPEN) is None


def test_a_wiring_that_may_not_be_read_is_no_api_that_is_gone(gateway: Gateway) -> None:
    apis, stubber = gateway
    stubber.add_client_error("get_resources", "AccessDeniedException", "no")
    with pytest.raises(WildrydesError, match="API a: AWS denies it: no"):
        apis.found("a", OPEN)


@pytest.mark.parametrize(
    ("names", "lost"), [(["prod"], ""), (["test", "prod"], ""), (["test"], "AWS::ApiGateway::Stage")]
)
def test_one_call_tells_whether_a_stage_is_there(gateway: Gateway, names: list[str], lost: str) -> None:
    apis, stubber = gateway
    add_stages(stubber, *(stage("d", name) for name in names))
    assert apis.lost("a") == lost


@pytest.mark.parametrize(
    ("code", "lost"),
    [
        ("NotFoundException", "AWS::ApiGateway::RestApi"),
        ("AccessDeniedException", Unknown("denied", "apigateway:GET")),
    ],
)
def test_one_call_tells_whether_an_api_is_there(gateway: Gateway, code: str, lost: object) -> None:
    apis, stubber = gateway
    stubber.add_client_error("get_stages", code)
    assert apis.lost("a") == lost


def test_a_skeleton_has_no_wiring(gateway: Gateway) -> None:
    apis, stubber = gateway
    add_root(stubber)
    add_stages(stubber, stage("d", "another"))
    add_deployments(stubber, d="theirs")
    assert apis.found("a", OPEN) == FOUND


@pytest.mark.parametrize(
    ("method", "auth"),
    [({"authorizationType": "NONE"}, "NONE"), ({"authorizationType": "AWS_IAM"}, "AWS_IAM")],
    ids=str,
)
def test_a_wiring_is_read_in_three_calls(gateway: Gateway, method: dict[str, Any], auth: str) -> None:
    apis, stubber = gateway
    add_root(stubber, ANY={**method, **PROXY})
    add_stages(stubber, stage("d", methodSettings=LIMITS))
    add_deployments(stubber, d=OPEN.description)
    assert apis.found("a", OPEN) == replace(
        FOUND, auth=auth, target=FUNCTION, description=OPEN.description, throttle=(2.5, 10), deployment="d"
    )


def add_wired_with_key(stubber: Stubber, description: str = WITH_KEY.description) -> None:
    add_root(stubber, ANY={"authorizationType": "NONE", "apiKeyRequired": True, **PROXY})
    add_stages(stubber, stage("d", methodSettings=LIMITS))
    add_deployments(stubber, d=description)


KEYED = replace(
    FOUND,
    auth="API_KEY",
    target=FUNCTION,
    description=WITH_KEY.description,
    throttle=(2.5, 10),
    deployment="d",
    has_key=True,
    owns_key=True,
    plan_throttle=(2.5, 10),
    plan="p",
)
STRANGE = {"has_key": False, "owns_key": False, "plan_throttle": None, "plan": ""}
NOT_LINKED = {"has_key": False}
ANOTHERS = {"wildrydes-ml": "another"}


@pytest.mark.parametrize(
    ("plans", "keys", "linked", "expected"),
    [
        ([plan("a")], [api_key()], ["k"], {}),
        ([plan("a", tags=OURS)], [api_key(tags=OURS)], ["x", "k"], {}),
        ([plan("b", id="q", name="g"), plan("a")], [api_key(), api_key("l", name="f-other")], ["k"], {}),
        ([plan("a", throttle={"rateLimit": 1, "burstLimit": 10})], [api_key()], ["k"], {"plan_throttle": (1, 10)}),
        ([plan("a", throttle={})], [api_key()], ["k"], {"plan_throttle": (0, 0)}),
        ([plan("a")], [api_key()], ["x"], NOT_LINKED),
        ([plan()], [api_key()], None, NOT_LINKED),
        ([plan("a")], [], None, NOT_LINKED),
        ([plan("a")], [api_key(), api_key("l")], None, NOT_LINKED),
        ([plan("a"), plan("a", id="q")], [api_key()], None, NOT_LINKED),
        ([], [api_key()], None, {"has_key": False, "plan_throttle": None, "plan": ""}),
        ([], [], None, STRANGE),
        ([plan("a", tags=ANOTHERS)], [api_key(tags=ANOTHERS)], ["k"], {**STRANGE, "has_key": True}),
        ([plan("a", name="theirs")], [], ["x"], {**STRANGE, "has_key": True}),
        ([plan("a", name="theirs")], [], [], STRANGE),
        ([plan("b", name="theirs")], [], None, STRANGE),
    ],
)
def test_key_and_plan_are_found_by_name_and_tag(
    gateway: Gateway,
    plans: list[dict[str, Any]],
    keys: list[dict[str, Any]],
    linked: list[str] | None,
    expected: dict[str, Any],
) -> None:
    apis, stubber = gateway
    add_wired_with_key(stubber)
    add_plans(stubber, *plans)
    add_keys(stubber, *keys)
    if linked is not None:
        add_linked(stubber, *linked)
    assert apis.found("a", WITH_KEY) == replace(KEYED, **expected)


def test_a_key_that_nobody_wants_any_more_is_looked_for_until_the_deployment_of_its_time_is_gone(
    gateway: Gateway,
) -> None:
    apis, stubber = gateway
    opened = {"authorizationType": "NONE", **PROXY}
    for descriptions in ({"d": WITH_KEY.description}, {"d": OPEN.description, "e": WITH_KEY.description}):
        add_root(stubber, ANY=opened)
        add_stages(stubber, stage("d"))
        add_deployments(stubber, **descriptions)
        add_plans(stubber)
        add_keys(stubber, api_key())
        assert found(apis).owns_key


@pytest.mark.parametrize(
    ("deployments", "stages", "superseded"),
    [
        ({"d": OPEN.description}, [stage("d")], ()),
        ({"d": OPEN.description, "e": f"{MARK}1", "f": OPEN.description}, [stage("d")], ("e", "f")),
        ({"d": OPEN.description, "e": "theirs"}, [stage("d")], ()),
        ({"d": OPEN.description, "e": f"{MARK}1"}, [stage("d"), stage("e", "another")], ()),
        ({"d": OPEN.description, "e": f"{MARK}1"}, [stage("d", canarySettings={"deploymentId": "e"})], ()),
        ({"d": "theirs", "e": f"{MARK}1"}, [stage("d")], ()),
    ],
)
def test_our_deployments_that_no_stage_uses_are_superseded(
    gateway: Gateway, deployments: dict[str, str], stages: list[dict[str, Any]], superseded: tuple[str, ...]
) -> None:
    apis, stubber = gateway
    add_root(stubber)
    add_stages(stubber, *stages)
    add_deployments(stubber, **deployments)
    if superseded:
        add_plans(stubber)
        add_keys(stubber)
    assert found(apis).superseded == superseded


def test_superseded_deployments_are_removed_whatever_becomes_of_them_meanwhile(gateway: Gateway) -> None:
    apis, stubber = gateway
    add_deployments(stubber, d=OPEN.description, e=f"{MARK}1", f=f"{MARK}2", g=f"{MARK}3", h="theirs")
    add_stages(stubber, stage("d"))
    stubber.add_client_error("delete_deployment", "NotFoundException", expected_params=deployment("e"))
    stubber.add_client_error("delete_deployment", "BadRequestException", expected_params=deployment("f"))
    stubber.add_response("delete_deployment", {}, deployment("g"))
    apis.perform("a", "tidy", OPEN, FOUND)
    add_deployments(stubber, d=OPEN.description)
    apis.perform("a", "tidy", OPEN, FOUND)


def deployment(id: str) -> dict[str, str]:
    return {"restApiId": "a", "deploymentId": id}


@pytest.mark.parametrize("integration", [{}, {"type": "MOCK"}, {"type": "AWS", "uri": URI}], ids=str)
def test_other_integrations_are_not_ours(gateway: Gateway, integration: dict[str, Any]) -> None:
    apis, stubber = gateway
    add_root(stubber, ANY={"authorizationType": "NONE", "methodIntegration": integration})
    add_stages(stubber)
    assert apis.found("a", OPEN) == replace(FOUND, auth="NONE", target=None)


KINDS = [("NONE", "NONE", False), ("AWS_IAM", "AWS_IAM", False), ("API_KEY", "NONE", True)]


@pytest.mark.parametrize(("auth", "kind", "needs_key"), KINDS)
def test_the_method_is_put(gateway: Gateway, auth: str, kind: str, needs_key: bool) -> None:
    apis, stubber = gateway
    stubber.add_response("put_method", {}, {**PLACE, "authorizationType": kind, "apiKeyRequired": needs_key})
    stubber.add_response("put_integration", {}, {**PLACE, **INTEGRATION})
    apis.perform("a", "method", replace(OPEN, auth=auth), FOUND)


@pytest.mark.parametrize(("auth", "kind", "needs_key"), KINDS)
def test_a_method_that_is_there_is_changed_and_never_away(
    gateway: Gateway, auth: str, kind: str, needs_key: bool
) -> None:
    apis, stubber = gateway
    stubber.add_client_error("put_method", "ConflictException", "Method already exists for this resource")
    stubber.add_response("get_method", {"authorizationType": "CUSTOM"}, PLACE)
    changes = [
        {"op": "replace", "path": "/authorizationType", "value": kind},
        {"op": "replace", "path": "/apiKeyRequired", "value": "true" if needs_key else "false"},
    ]
    stubber.add_response("update_method", {}, {**PLACE, "patchOperations": changes})
    stubber.add_response("put_integration", {}, {**PLACE, **INTEGRATION})
    apis.perform("a", "method", replace(OPEN, auth=auth), FOUND)


def test_two_changes_at_once_are_made_one_after_the_other(gateway: Gateway) -> None:
    apis, stubber = gateway
    stubber.add_client_error("put_method", "ConflictException", "Unable to complete operation due to concurrent")
    stubber.add_client_error("get_method", "NotFoundException", expected_params=PLACE)
    stubber.add_response("put_method", {})
    stubber.add_client_error("put_integration", "ConflictException", "Unable to complete operation due to concurrent")
    stubber.add_response("put_method", {})
    stubber.add_response("put_integration", {})
    apis.perform("a", "method", OPEN, FOUND)


PAGE = {"authorizationType": "NONE", "apiKeyRequired": False, "operationName": "WildrydesMlPage"}


@pytest.mark.parametrize("auth", ["API_KEY", "AWS_IAM"])
def test_the_pages_method_is_open_and_found_again(gateway: Gateway, auth: str) -> None:
    apis, stubber = gateway
    wiring = replace(OPEN, auth=auth)
    stubber.add_response("put_method", {}, {**PAGE_PLACE, **PAGE})
    stubber.add_response("put_integration", {}, {**PAGE_PLACE, **INTEGRATION})
    apis.perform("a", "page", wiring, FOUND)
    add_root(stubber, GET={**PAGE, **PROXY})
    add_stages(stubber)
    assert found(apis).get == FoundMethod("NONE", FUNCTION, owned=True)


def test_a_strangers_get_is_known_as_such(gateway: Gateway) -> None:
    apis, stubber = gateway
    add_root(stubber, GET={"authorizationType": "AWS_IAM", "operationName": "theirs"})
    add_stages(stubber)
    assert found(apis).get == FoundMethod("AWS_IAM", None, owned=False)


def test_a_strangers_get_that_came_meanwhile_is_not_opened(gateway: Gateway) -> None:
    apis, stubber = gateway
    for _ in range(10):
        stubber.add_client_error("put_method", "ConflictException", "Method already exists for this resource")
        stubber.add_response("get_method", {"authorizationType": "AWS_IAM", "operationName": "theirs"}, PAGE_PLACE)
    with pytest.raises(WildrydesError, match="already exists"):
        apis.perform("a", "page", WITH_KEY, FOUND)


@pytest.mark.parametrize("gone", [False, True])
def test_the_pages_method_is_removed(gateway: Gateway, gone: bool) -> None:
    apis, stubber = gateway
    if gone:
        stubber.add_client_error("delete_method", "NotFoundException", expected_params=PAGE_PLACE)
    else:
        stubber.add_response("delete_method", {}, PAGE_PLACE)
    apis.perform("a", "no page", OPEN, FOUND)


DEPLOYMENT = {**STAGE, "description": OPEN.description}


def test_a_deployment_is_made(gateway: Gateway) -> None:
    apis, stubber = gateway
    stubber.add_response("create_deployment", {}, DEPLOYMENT)
    apis.perform("a", "deployment", OPEN, FOUND)


@pytest.mark.parametrize(
    ("stages", "deployments", "is_there"),
    [
        ([stage("new")], {"old": OPEN.description, "new": OPEN.description}, True),
        ([stage("old")], {"old": OPEN.description}, False),
        ([stage("new")], {"old": OPEN.description, "new": "by hand"}, False),
        ([stage("new", "another")], {"old": OPEN.description, "new": OPEN.description}, False),
    ],
    ids=["there", "not there", "a stranger's", "another stage's"],
)
@pytest.mark.parametrize("code", ["ServiceUnavailableException", "InternalFailure"])
def test_a_deployment_of_unknown_outcome_is_looked_for_before_it_is_made_again(
    gateway: Gateway, stages: list[dict[str, Any]], deployments: dict[str, str], is_there: bool, code: str
) -> None:
    apis, stubber = gateway
    stubber.add_client_error("create_deployment", code, http_status_code=503, expected_params=DEPLOYMENT)
    add_stages(stubber, *stages)
    if stages[0]["stageName"] == "prod" and stages[0]["deploymentId"] == "new":
        add_deployments(stubber, **deployments)
    if not is_there:
        stubber.add_response("create_deployment", {}, DEPLOYMENT)
    apis.perform("a", "deployment", OPEN, replace(FOUND, deployment="old"))


def add_limits(stubber: Stubber) -> None:
    limits = [
        {"op": "replace", "path": "/*/*/throttling/rateLimit", "value": "2.5"},
        {"op": "replace", "path": "/*/*/throttling/burstLimit", "value": "10"},
    ]
    stubber.add_response("update_stage", {}, {**STAGE, "patchOperations": limits})


@pytest.mark.parametrize("found", [FOUND, replace(FOUND, plan="p")], ids=["no plan", "to be removed"])
def test_the_throttle_is_the_stages(gateway: Gateway, found: FoundWiring) -> None:
    apis, stubber = gateway
    add_limits(stubber)
    apis.perform("a", "throttle", OPEN, found)


@pytest.mark.parametrize("gone", [False, True])
def test_the_throttle_is_our_usage_plans_too(gateway: Gateway, gone: bool) -> None:
    apis, stubber = gateway
    add_limits(stubber)
    limits = [
        {"op": "replace", "path": "/throttle/rateLimit", "value": "2.5"},
        {"op": "replace", "path": "/throttle/burstLimit", "value": "10"},
    ]
    asked = {"usagePlanId": "p", "patchOperations": limits}
    if gone:
        stubber.add_client_error("update_usage_plan", "NotFoundException", expected_params=asked)
    else:
        stubber.add_response("update_usage_plan", {}, asked)
    apis.perform("a", "throttle", WITH_KEY, replace(FOUND, plan="p"))


LINK = {"usagePlanId": "p", "keyId": "k", "keyType": "API_KEY"}
NEW_PLAN = {**plan("a", tags=OURS)}
del NEW_PLAN["id"]


def test_a_key_is_made_with_its_plan(gateway: Gateway) -> None:
    apis, stubber = gateway
    add_plans(stubber, plan("a", name="theirs"))
    stubber.add_response("create_usage_plan", {"id": "p"}, NEW_PLAN)
    add_plans(stubber, plan("a"))
    add_keys(stubber, api_key("x", name="f-other"), api_key("y", tags=ANOTHERS))
    stubber.add_response("create_api_key", {"id": "k"}, {"name": "f", "enabled": True, "tags": OURS})
    add_keys(stubber)
    add_linked(stubber)
    stubber.add_response("create_usage_plan_key", {}, LINK)
    apis.perform("a", "key", WITH_KEY, FOUND)


def test_a_key_that_was_half_made_is_completed(gateway: Gateway) -> None:
    apis, stubber = gateway
    add_plans(stubber, plan("gone"))
    added = [{"op": "add", "path": "/apiStages", "value": "a:prod"}]
    stubber.add_response("update_usage_plan", {}, {"usagePlanId": "p", "patchOperations": added})
    add_keys(stubber, api_key())
    add_linked(stubber)
    stubber.add_response("create_usage_plan_key", {}, LINK)
    apis.perform("a", "key", WITH_KEY, FOUND)


def test_of_two_keys_the_one_in_use_stays_and_of_two_plans_the_one_that_any_deployer_chooses(gateway: Gateway) -> None:
    apis, stubber = gateway
    add_plans(stubber, plan("a", id="q"), plan("a"))
    add_plan_removal(stubber, "q", "a")
    add_keys(stubber, api_key("x"), api_key())
    add_linked(stubber, "k")
    stubber.add_response("delete_api_key", {}, {"apiKey": "x"})
    add_linked(stubber, "k")
    apis.perform("a", "key", WITH_KEY, FOUND)


@pytest.mark.parametrize("code", ["NotFoundException", "ConflictException", "TooManyRequestsException"])
def test_a_link_that_fails_is_made_after_another_look(gateway: Gateway, code: str) -> None:
    apis, stubber = gateway
    add_plans(stubber, plan("a"))
    add_keys(stubber, api_key())
    add_linked(stubber)
    stubber.add_client_error("create_usage_plan_key", code, expected_params=LINK)
    add_plans(stubber, plan("a"))
    add_keys(stubber, api_key())
    add_linked(stubber, "k")
    apis.perform("a", "key", WITH_KEY, FOUND)


@pytest.mark.parametrize(
    ("keys", "expected"),
    [([("k", True)], "k's"), ([("x", False), ("k", True)], "k's"), ([], "")],
    ids=["one", "one disabled", "none"],
)
def test_the_key_s_value(gateway: Gateway, keys: list[tuple[str, bool]], expected: str) -> None:
    apis, stubber = gateway
    add_value(stubber, keys)
    assert apis.key("a") == expected


def test_a_key_that_somebody_disabled_is_told(gateway: Gateway) -> None:
    apis, stubber = gateway
    add_value(stubber, [("k", False)])
    with pytest.raises(WildrydesError, match="key f is disabled; enable it"):
        apis.key("a")


def add_value(stubber: Stubber, keys: list[tuple[str, bool]]) -> None:
    add_plans(stubber, plan("another", id="q"), plan("a"))
    add_linked(stubber, *(key for key, _ in keys))
    for key, enabled in keys:
        value = {"id": key, "name": "f", "value": f"{key}'s", "enabled": enabled}
        stubber.add_response("get_api_key", value, {"apiKey": key, "includeValue": True})


def add_plan_removal(stubber: Stubber, id: str, *apis: str) -> None:
    removed = [{"op": "remove", "path": "/apiStages", "value": f"{api}:prod"} for api in apis]
    if removed:
        stubber.add_response("update_usage_plan", {}, {"usagePlanId": id, "patchOperations": removed})
    stubber.add_response("delete_usage_plan", {}, {"usagePlanId": id})


@pytest.mark.parametrize("apis", [("a",), (), ("a", "b")], ids=["whole", "without its stage", "shared"])
def test_key_and_plan_are_removed_by_name(gateway: Gateway, apis: tuple[str, ...]) -> None:
    made_here, stubber = gateway
    for _ in range(2):
        add_keys(stubber, api_key(), api_key("x", name="f-other"), api_key("y", tags=ANOTHERS))
        stubber.add_response("delete_api_key", {}, {"apiKey": "k"})
        add_plans(stubber, plan("a", id="q", name="theirs"), plan(*apis), plan("a", id="r", tags=ANOTHERS))
        add_plan_removal(stubber, "p", *apis)
    made_here.perform("a", "no key", OPEN, FOUND)
    made_here.unwire("f", OURS)


def test_what_goes_while_it_is_being_removed_is_gone(gateway: Gateway) -> None:
    apis, stubber = gateway
    add_keys(stubber, api_key())
    stubber.add_client_error("delete_api_key", "NotFoundException")
    add_plans(stubber, plan("gone"))
    stubber.add_client_error("update_usage_plan", "NotFoundException")
    stubber.add_client_error("delete_usage_plan", "NotFoundException")
    apis.unwire("f", OURS)


def test_a_removal_that_is_throttled_goes_on(gateway: Gateway) -> None:
    apis, stubber = gateway
    add_keys(stubber, api_key())
    stubber.add_client_error("delete_api_key", "TooManyRequestsException", http_status_code=429)
    add_keys(stubber)
    add_plans(stubber)
    apis.unwire("f", OURS)


def test_keys_and_plans_are_listed_by_any_rule(gateway: Gateway) -> None:
    apis, stubber = gateway
    add_list(stubber, "get_api_keys", api_key(), api_key("x", name="theirs"))
    add_list(stubber, "get_usage_plans", plan(), plan(name="theirs"))
    found = apis.keys_and_plans(lambda name: name == "f")
    assert [(one.kind, one.id) for one in found] == [("API key", "f"), ("usage plan", "f")]


def test_a_signature_is_for_this_api_in_this_region(gateway: Gateway) -> None:
    apis, _ = gateway
    signed = apis.signed_headers("https://a.example/prod", b"{}", {"Content-Type": "application/json"})
    assert "/eu-west-1/execute-api/aws4_request" in signed["Authorization"]
    assert signed["Content-Type"] == "application/json"

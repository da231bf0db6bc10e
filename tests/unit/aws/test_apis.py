"""The gateway of this service, on boto's own client: what AWS is asked and what its answers mean."""

from dataclasses import replace
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from tests.unit.stubs import Stub
from wildrydes_ml.aws.apis import Apis
from wildrydes_ml.aws.facts import Unknown
from wildrydes_ml.aws.records import Billable
from wildrydes_ml.aws.repeating import Repeater
from wildrydes_ml.aws.wiring import MARK, FoundMethod, FoundWiring, Wiring
from wildrydes_ml.errors import OutOfReach, WildrydesError
from wildrydes_ml.testing import IDENTITY

FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:f:live"
URI = f"arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/{FUNCTION}/invocations"
PLACE = {"restApiId": "a", "resourceId": "root", "httpMethod": "ANY"}
PAGE_PLACE = {**PLACE, "httpMethod": "GET"}
INTEGRATION = {"type": "AWS_PROXY", "integrationHttpMethod": "POST", "uri": URI}
# The answer to PutIntegration: the method of the integration is its httpMethod.
PUT = {"type": "AWS_PROXY", "httpMethod": "POST", "uri": URI}
METHOD = {"authorizationType": "NONE", "apiKeyRequired": False}
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
    """A usage plan, ours unless it is told otherwise."""
    limits = {"rateLimit": 2.5, "burstLimit": 10}
    stages = [{"apiId": api, "stage": "prod"} for api in apis]
    return {"id": "p", "name": "f", "apiStages": stages, "throttle": limits, "tags": OURS, **more}


def api_key(id: str = "k", **more: Any) -> dict[str, Any]:
    """A key, ours unless it is told otherwise."""
    return {"id": id, "name": "f", "enabled": True, "tags": OURS, **more}


def add_plans(stubber: Stubber, *plans: dict[str, Any]) -> None:
    add_list(stubber, "get_usage_plans", *plans)


def add_keys(stubber: Stubber, *keys: dict[str, Any]) -> None:
    add_list(stubber, "get_api_keys", *keys)


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
    with pytest.raises(WildrydesError, match="API a: AWS denies access: no"):
        apis.found("a", OPEN)


@pytest.mark.parametrize(
    ("names", "asked", "lost"),
    [
        (["prod"], "prod", ""),
        (["test", "prod"], "prod", ""),
        (["test"], "prod", "AWS::ApiGateway::Stage"),
        (["v1"], "v1", ""),
        (["v1"], "", ""),
        ([], "", "AWS::ApiGateway::Stage"),
    ],
)
def test_one_call_tells_whether_a_stage_is_there(gateway: Gateway, names: list[str], asked: str, lost: str) -> None:
    apis, stubber = gateway
    add_stages(stubber, *(stage("d", name) for name in names))
    assert apis.lost("a", asked) == lost


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
    assert apis.lost("a", "prod") == lost


def test_a_skeleton_has_no_wiring(gateway: Gateway) -> None:
    apis, stubber = gateway
    add_root(stubber)
    add_stages(stubber, stage("d", "another"))
    add_deployments(stubber, d="theirs")
    assert apis.found("a", OPEN) == FOUND


def test_nobody_looks_for_the_key_of_an_api_that_was_made_just_now(gateway: Gateway) -> None:
    apis, stubber = gateway
    add_root(stubber)
    add_stages(stubber)
    assert apis.found("a", WITH_KEY) == FOUND


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
STRANGE: dict[str, Any] = {"has_key": False, "owns_key": False, "plan_throttle": None, "plan": ""}
NOT_LINKED = {"has_key": False}
ANOTHERS = {"wildrydes-ml": "another"}
STACKS = {**OURS, "aws:cloudformation:stack-name": "s"}
NOBODYS: dict[str, str] = {}
UNLINKED: dict[str, list[str]] = {}


@pytest.mark.parametrize(
    ("plans", "keys", "links", "expected"),
    [
        ([plan("a")], [api_key()], {"p": ["k"]}, {}),
        ([plan("a")], [api_key()], {"p": ["x", "k"]}, {}),
        ([plan("a", name="g")], [api_key(name="h")], {"p": ["k"]}, {}),
        ([plan("b", id="q", tags=NOBODYS), plan("a")], [api_key(), api_key("l", tags=NOBODYS)], {"p": ["k"]}, {}),
        (
            [plan("a", throttle={"rateLimit": 1, "burstLimit": 10})],
            [api_key()],
            {"p": ["k"]},
            {"plan_throttle": (1, 10)},
        ),
        ([plan("a", throttle={})], [api_key()], {"p": ["k"]}, {"plan_throttle": (0, 0)}),
        ([plan("a")], [api_key()], {"p": ["x"]}, NOT_LINKED),
        ([plan("a")], [api_key(enabled=False)], {"p": ["k"]}, NOT_LINKED),
        ([plan()], [api_key()], {"p": ["k"]}, {"has_key": False, "plan_throttle": None, "plan": ""}),
        ([plan("gone")], [api_key()], {"p": ["k"]}, {"has_key": False, "plan_throttle": None, "plan": ""}),
        ([plan("gone"), plan("a", id="q")], [api_key()], {"q": ["k"], "p": ["k"]}, {**NOT_LINKED, "plan": "q"}),
        ([plan("a")], [], UNLINKED, NOT_LINKED),
        ([plan("a")], [api_key(), api_key("l")], {"p": ["k"]}, NOT_LINKED),
        ([plan("a"), plan("a", id="q")], [api_key()], {"p": ["k"], "q": []}, NOT_LINKED),
        ([plan("a", id="o"), plan("a")], [api_key(), api_key("l")], {"o": ["l"], "p": ["k"]}, {"plan": "o"}),
        ([], [api_key()], UNLINKED, {"has_key": False, "plan_throttle": None, "plan": ""}),
        ([], [], UNLINKED, STRANGE),
    ],
)
def test_key_and_plan_are_found_by_their_tag(
    gateway: Gateway,
    plans: list[dict[str, Any]],
    keys: list[dict[str, Any]],
    links: dict[str, list[str]],
    expected: dict[str, Any],
) -> None:
    apis, stubber = gateway
    add_wired_with_key(stubber)
    add_plans(stubber, *plans)
    add_keys(stubber, *keys)
    for one, linked in links.items():
        add_linked(stubber, *linked, plan=one)
    assert apis.found("a", WITH_KEY) == replace(KEYED, **expected)


@pytest.mark.parametrize("tags", [NOBODYS, ANOTHERS, STACKS], ids=["untagged", "another's", "a stack's"])
@pytest.mark.parametrize(
    ("apis", "keys", "linked", "serves"),
    [
        (("a",), ["k"], ["k"], True),
        (("a",), ["k"], [], False),
        (("a",), [], ["x"], False),
        (("b",), ["k"], None, False),
        ((), ["k"], None, False),
    ],
    ids=["serving", "not linked", "disabled or gone", "another API's", "no stage"],
)
def test_a_strangers_key_of_our_name_may_serve_and_is_not_ours(
    gateway: Gateway,
    tags: dict[str, str],
    apis: tuple[str, ...],
    keys: list[str],
    linked: list[str] | None,
    serves: bool,
) -> None:
    made_here, stubber = gateway
    add_wired_with_key(stubber)
    add_plans(stubber, plan(*apis, tags=tags))
    add_keys(stubber, *(api_key(key, tags=tags) for key in keys), api_key("x", enabled=False, tags=tags))
    if linked is not None:
        add_linked(stubber, *linked)
    assert made_here.found("a", WITH_KEY) == replace(KEYED, **{**STRANGE, "has_key": serves})


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
    add_deployments(stubber, d=OPEN.description, f=f"{MARK}2", h="theirs")
    apis.perform("a", "tidy", OPEN, FOUND)
    add_deployments(stubber, d=OPEN.description)
    apis.perform("a", "tidy", OPEN, FOUND)


def test_a_deployment_that_is_there_after_its_removal_is_removed_again(gateway: Gateway) -> None:
    apis, stubber = gateway
    for left in ({"e": f"{MARK}1"}, {}):
        add_deployments(stubber, d=OPEN.description, e=f"{MARK}1")
        add_stages(stubber, stage("d"))
        stubber.add_response("delete_deployment", {}, deployment("e"))
        add_deployments(stubber, d=OPEN.description, **left)
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
    method = {"authorizationType": kind, "apiKeyRequired": needs_key}
    stubber.add_response("put_method", method, {**PLACE, **method})
    stubber.add_response("put_integration", PUT, {**PLACE, **INTEGRATION})
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
    method = {"authorizationType": kind, "apiKeyRequired": needs_key}
    stubber.add_response("update_method", method, {**PLACE, "patchOperations": changes})
    stubber.add_response("put_integration", PUT, {**PLACE, **INTEGRATION})
    apis.perform("a", "method", replace(OPEN, auth=auth), FOUND)


def test_two_changes_at_once_are_made_one_after_the_other(gateway: Gateway) -> None:
    apis, stubber = gateway
    stubber.add_client_error("put_method", "ConflictException", "Unable to complete operation due to concurrent")
    stubber.add_client_error("get_method", "NotFoundException", expected_params=PLACE)
    stubber.add_response("put_method", METHOD)
    stubber.add_client_error("put_integration", "ConflictException", "Unable to complete operation due to concurrent")
    stubber.add_response("put_method", METHOD)
    stubber.add_response("put_integration", PUT)
    apis.perform("a", "method", OPEN, FOUND)


PAGE = {"authorizationType": "NONE", "apiKeyRequired": False, "operationName": "WildrydesMlPage"}


@pytest.mark.parametrize("auth", ["API_KEY", "AWS_IAM"])
def test_the_pages_method_is_open_and_found_again(gateway: Gateway, auth: str) -> None:
    apis, stubber = gateway
    wiring = replace(OPEN, auth=auth)
    stubber.add_response("put_method", PAGE, {**PAGE_PLACE, **PAGE})
    stubber.add_response("put_integration", PUT, {**PAGE_PLACE, **INTEGRATION})
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
    stubber.add_client_error("get_method", "NotFoundException", expected_params=PAGE_PLACE)
    apis.perform("a", "no page", OPEN, FOUND)


def test_a_page_that_is_there_after_its_removal_is_removed_again(gateway: Gateway) -> None:
    apis, stubber = gateway
    stubber.add_response("delete_method", {}, PAGE_PLACE)
    stubber.add_response("get_method", {"authorizationType": "NONE"}, PAGE_PLACE)
    stubber.add_response("delete_method", {}, PAGE_PLACE)
    stubber.add_client_error("get_method", "NotFoundException", expected_params=PAGE_PLACE)
    apis.perform("a", "no page", OPEN, FOUND)


@pytest.mark.parametrize(
    "answer",
    [{}, {**METHOD, "apiKeyRequired": True}, {"authorizationType": "AWS_IAM", "apiKeyRequired": False}],
    ids=str,
)
def test_a_method_that_the_answer_does_not_show_is_not_done(gateway: Gateway, answer: dict[str, Any]) -> None:
    apis, stubber = gateway
    stubber.add_response("put_method", answer)
    stubber.add_response("put_method", METHOD)
    stubber.add_response("put_integration", {"type": "AWS_PROXY"} if answer else {})
    stubber.add_response("put_method", METHOD)
    stubber.add_response("put_integration", PUT)
    apis.perform("a", "method", OPEN, FOUND)


def test_an_answer_that_never_shows_the_change_is_out_of_reach(gateway: Gateway) -> None:
    apis, stubber = gateway
    for _ in range(10):
        stubber.add_response("update_stage", {}, None)
    with pytest.raises(OutOfReach, match=r"throttle of stage prod of API a: .* run the same command again"):
        apis.perform("a", "throttle", OPEN, FOUND)


DEPLOYMENT = {**STAGE, "description": OPEN.description}


def test_a_deployment_is_made(gateway: Gateway) -> None:
    apis, stubber = gateway
    stubber.add_response("create_deployment", {"id": "d"}, DEPLOYMENT)
    apis.perform("a", "deployment", OPEN, FOUND)


def test_a_deployment_without_an_id_is_looked_for_and_made_again(gateway: Gateway) -> None:
    apis, stubber = gateway
    stubber.add_response("create_deployment", {}, DEPLOYMENT)
    add_stages(stubber, stage("old"))
    stubber.add_response("create_deployment", {"id": "d"}, DEPLOYMENT)
    apis.perform("a", "deployment", OPEN, replace(FOUND, deployment="old"))


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
        stubber.add_response("create_deployment", {"id": "d"}, DEPLOYMENT)
    apis.perform("a", "deployment", OPEN, replace(FOUND, deployment="old"))


def add_limits(stubber: Stubber, *answers: dict[str, Any]) -> None:
    limits = [
        {"op": "replace", "path": "/*/*/throttling/rateLimit", "value": "2.5"},
        {"op": "replace", "path": "/*/*/throttling/burstLimit", "value": "10"},
    ]
    for settings in answers or (LIMITS,):
        stubber.add_response("update_stage", {"methodSettings": settings}, {**STAGE, "patchOperations": limits})


@pytest.mark.parametrize("found", [FOUND, replace(FOUND, plan="p")], ids=["no plan", "to be removed"])
def test_the_throttle_is_the_stages(gateway: Gateway, found: FoundWiring) -> None:
    apis, stubber = gateway
    add_limits(stubber)
    apis.perform("a", "throttle", OPEN, found)


def test_a_stage_without_the_throttle_is_throttled_again(gateway: Gateway) -> None:
    apis, stubber = gateway
    add_limits(stubber, {}, {"*/*": {"throttlingRateLimit": 2.5, "throttlingBurstLimit": 9}}, LIMITS)
    apis.perform("a", "throttle", OPEN, FOUND)


def test_a_rate_is_sent_with_all_its_digits(gateway: Gateway) -> None:
    apis, stubber = gateway
    many = {"*/*": {"throttlingRateLimit": 1234567.5, "throttlingBurstLimit": 10}}
    limits = [
        {"op": "replace", "path": "/*/*/throttling/rateLimit", "value": "1234567.5"},
        {"op": "replace", "path": "/*/*/throttling/burstLimit", "value": "10"},
    ]
    stubber.add_response("update_stage", {"methodSettings": many}, {**STAGE, "patchOperations": limits})
    apis.perform("a", "throttle", replace(OPEN, rate=1234567.5), FOUND)


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
        add_limits(stubber)
        stubber.add_response("update_usage_plan", plan("a"), asked)
    apis.perform("a", "throttle", WITH_KEY, replace(FOUND, plan="p"))


LINK = {"usagePlanId": "p", "keyId": "k", "keyType": "API_KEY"}
LINKED = {"id": "k", "type": "API_KEY"}
NEW_PLAN = {**plan("a")}
del NEW_PLAN["id"]
NEW_KEY = {"name": "f", "enabled": True, "tags": OURS}


def add_missing_key(stubber: Stubber) -> None:
    """Strangers' plans and keys of our name, another deployment's, and those of a stack."""
    add_plans(stubber, *(plan("a", id=f"q{number}", tags=tags) for number, tags in enumerate(STRANGERS)))
    add_keys(stubber, *(api_key(f"x{number}", tags=tags) for number, tags in enumerate(STRANGERS)))


STRANGERS = [NOBODYS, ANOTHERS, STACKS]


def test_a_key_is_made_with_its_plan_and_no_strangers_is_taken(gateway: Gateway) -> None:
    apis, stubber = gateway
    add_missing_key(stubber)
    stubber.add_response("create_usage_plan", {"id": "p"}, NEW_PLAN)
    stubber.add_response("create_api_key", api_key(), NEW_KEY)
    add_plans(stubber, plan("a"))
    add_keys(stubber, api_key())
    add_linked(stubber)
    stubber.add_response("create_usage_plan_key", LINKED, LINK)
    apis.perform("a", "key", WITH_KEY, FOUND)


def test_what_is_made_and_not_yet_listed_is_not_made_again(gateway: Gateway) -> None:
    apis, stubber = gateway
    add_missing_key(stubber)
    stubber.add_response("create_usage_plan", plan("a"), NEW_PLAN)
    stubber.add_response("create_api_key", api_key(), NEW_KEY)
    add_missing_key(stubber)
    stubber.add_response("create_usage_plan_key", LINKED, LINK)
    apis.perform("a", "key", WITH_KEY, FOUND)


@pytest.mark.parametrize("empty", ["create_usage_plan", "create_api_key", "create_usage_plan_key"])
def test_an_empty_answer_is_no_plan_no_key_and_no_link(gateway: Gateway, empty: str) -> None:
    apis, stubber = gateway
    answers = [
        ("create_usage_plan", plan("a"), NEW_PLAN),
        ("create_api_key", api_key(), NEW_KEY),
        ("create_usage_plan_key", LINKED, LINK),
    ]
    add_missing_key(stubber)
    for operation, answer, asked in answers:
        if operation == "create_usage_plan_key":
            add_missing_key(stubber)
        stubber.add_response(operation, {} if operation == empty else answer, asked)
        if operation == empty:
            break
    add_plans(stubber, plan("a"))
    add_keys(stubber, api_key())
    add_linked(stubber, "k")
    apis.perform("a", "key", WITH_KEY, FOUND)


def test_a_usage_plan_whose_api_is_gone_is_replaced_and_its_keys_stay_good(gateway: Gateway) -> None:
    apis, stubber = gateway
    gone, new = plan("gone"), plan("a", id="q")

    def add_look(*plans: dict[str, Any], **links: tuple[str, ...]) -> None:
        add_plans(stubber, *plans)
        add_keys(stubber, api_key(), api_key("theirs", tags=NOBODYS))
        for name, linked in links.items():
            add_linked(stubber, *linked, plan=name)

    add_look(gone, p=("k", "theirs", "deleted"))
    stubber.add_response("create_usage_plan", new, NEW_PLAN)
    add_look(gone, new, q=(), p=("k", "theirs"))
    add_linked(stubber, plan="q")
    for key in ("k", "theirs"):
        link = {"usagePlanId": "q", "keyId": key, "keyType": "API_KEY"}
        stubber.add_response("create_usage_plan_key", {"id": key}, link)
    add_look(gone, new, q=("k", "theirs"), p=("k", "theirs"))
    add_plan_removal(stubber, "p", "gone")
    apis.perform("a", "key", WITH_KEY, FOUND)


def test_of_two_keys_and_two_plans_those_stay_that_let_a_caller_through(gateway: Gateway) -> None:
    apis, stubber = gateway
    for _ in range(2):
        add_plans(stubber, plan("a", id="o"), plan("a"))
        add_keys(stubber, api_key("j"), api_key())
        add_linked(stubber, plan="o")
        add_linked(stubber, "k")
    stubber.add_response("delete_api_key", {}, {"apiKey": "j"})
    add_plan_removal(stubber, "o", "a")
    apis.perform("a", "key", WITH_KEY, FOUND)


def test_of_two_plans_that_were_made_at_once_any_deployer_completes_the_first_and_then_removes_the_other(
    gateway: Gateway,
) -> None:
    apis, stubber = gateway
    made = (plan("a", id="q"), plan("a")), (api_key("l"), api_key())
    for linked in ((), ("k",)):
        add_plans(stubber, *made[0])
        add_keys(stubber, *made[1])
        add_linked(stubber, *linked)
        add_linked(stubber, plan="q")
        if not linked:
            stubber.add_response("create_usage_plan_key", LINKED, LINK)
    stubber.add_response("delete_api_key", {}, {"apiKey": "l"})
    add_plan_removal(stubber, "q", "a")
    apis.perform("a", "key", WITH_KEY, FOUND)


def test_an_api_is_not_closed_with_a_key_that_somebody_disabled(gateway: Gateway) -> None:
    apis, stubber = gateway
    add_plans(stubber, plan("a"))
    add_keys(stubber, api_key(enabled=False))
    add_linked(stubber, "k")
    with pytest.raises(WildrydesError, match=r"key f \(k\) is disabled; enable it"):
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


@pytest.mark.parametrize(("asked", "value"), [("v1", "k's"), ("", "k's"), ("prod", "")])
def test_the_key_is_that_of_the_stage(gateway: Gateway, asked: str, value: str) -> None:
    apis, stubber = gateway
    add_plans(stubber, {"id": "p", "apiStages": [{"apiId": "a", "stage": "v1"}]})
    if value:
        add_linked(stubber, "k")
        stubber.add_response("get_api_key", {"id": "k", "value": "k's"}, {"apiKey": "k", "includeValue": True})
    assert apis.key("a", asked) == value


def test_a_key_that_is_gone_since_its_plan_was_read_is_none(gateway: Gateway) -> None:
    apis, stubber = gateway
    add_plans(stubber, plan("a"))
    add_linked(stubber, "gone", "k")
    stubber.add_client_error("get_api_key", "NotFoundException")
    stubber.add_response("get_api_key", {"id": "k", "value": "k's"}, {"apiKey": "k", "includeValue": True})
    assert apis.key("a") == "k's"


def test_a_key_that_somebody_disabled_is_told(gateway: Gateway) -> None:
    apis, stubber = gateway
    add_value(stubber, [("k", False)])
    with pytest.raises(WildrydesError, match=r"key f \(k\) is disabled; enable it"):
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


TAGS = {"wildrydes-ml": ["n"], "aws:cloudformation:stack-name": ["gone"]}
GONE = {"aws:cloudformation:stack-name": "gone"}


@pytest.mark.parametrize("apis", [("a",), (), ("a", "b")], ids=["whole", "without its stage", "shared"])
def test_key_and_plan_are_removed_by_their_tag_and_strangers_stay(gateway: Gateway, apis: tuple[str, ...]) -> None:
    made_here, stubber = gateway
    for _ in range(2):
        strangers = [plan("a", id=f"q{number}", tags=tags) for number, tags in enumerate(STRANGERS)]
        strange_keys = [api_key(f"x{number}", tags=tags) for number, tags in enumerate(STRANGERS)]
        add_plans(stubber, *strangers, plan(*apis, name="g"))
        add_keys(stubber, *strange_keys, api_key(name="h"))
        stubber.add_response("delete_api_key", {}, {"apiKey": "k"})
        add_plan_removal(stubber, "p", *apis)
        add_plans(stubber, *strangers)
        add_keys(stubber, *strange_keys)
    made_here.perform("a", "no key", OPEN, FOUND)
    made_here.unwire(TAGS)


def test_what_a_stack_of_ours_left_is_removed_whatever_else_it_carries(gateway: Gateway) -> None:
    apis, stubber = gateway
    add_plans(stubber, plan(tags=GONE))
    add_keys(stubber, api_key(tags={**ANOTHERS, **GONE}), api_key("x", tags=STACKS))
    stubber.add_response("delete_api_key", {}, {"apiKey": "k"})
    add_plan_removal(stubber, "p")
    add_plans(stubber)
    add_keys(stubber, api_key("x", tags=STACKS))
    apis.unwire(TAGS)


def test_what_goes_while_it_is_being_removed_is_gone(gateway: Gateway) -> None:
    apis, stubber = gateway
    add_plans(stubber, plan("gone"))
    add_keys(stubber, api_key())
    stubber.add_client_error("delete_api_key", "NotFoundException")
    stubber.add_client_error("update_usage_plan", "NotFoundException")
    stubber.add_client_error("delete_usage_plan", "NotFoundException")
    add_plans(stubber)
    add_keys(stubber)
    apis.unwire(TAGS)


def test_a_removal_that_is_throttled_goes_on(gateway: Gateway) -> None:
    apis, stubber = gateway
    add_plans(stubber)
    add_keys(stubber, api_key())
    stubber.add_client_error("delete_api_key", "TooManyRequestsException", http_status_code=429)
    add_plans(stubber)
    add_keys(stubber)
    apis.unwire(TAGS)


def test_what_is_there_after_its_removal_is_removed_again(gateway: Gateway) -> None:
    apis, stubber = gateway
    for left in ([plan()], []):
        add_plans(stubber, plan())
        add_keys(stubber)
        add_plan_removal(stubber, "p")
        add_plans(stubber, *left)
        add_keys(stubber)
    apis.unwire(TAGS)


def test_a_list_without_its_member_is_no_answer(gateway: Gateway) -> None:
    apis, stubber = gateway
    stubber.add_response("get_usage_plans", {})
    add_plans(stubber)
    add_keys(stubber)
    apis.unwire(TAGS)
    add_root(stubber)
    stubber.add_response("get_stages", {})
    with pytest.raises(OutOfReach, match="API a"):
        apis.found("a", OPEN)


def test_keys_and_plans_are_listed_by_tag_with_their_ids_and_what_holds_them(gateway: Gateway) -> None:
    apis, stubber = gateway
    add_list(stubber, "get_api_keys", api_key(name="g"), api_key("x", tags=NOBODYS), api_key("l", tags=GONE))
    add_list(stubber, "get_usage_plans", plan(), plan("a", "b", id="q"), plan("a", id="r", tags=ANOTHERS))
    assert apis.keys_and_plans(TAGS) == [
        Billable("API key", "k"),
        Billable("API key", "l"),
        Billable("usage plan", "p"),
        Billable("usage plan", "q", held_by=("a:prod", "b:prod")),
    ]


def test_a_signature_is_for_this_api_in_this_region(gateway: Gateway) -> None:
    apis, _ = gateway
    signed = apis.signed_headers("https://a.example/prod", b"{}", {"Content-Type": "application/json"})
    assert "/eu-west-1/execute-api/aws4_request" in signed["Authorization"]
    assert signed["Content-Type"] == "application/json"

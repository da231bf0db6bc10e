"""What callers get from API Gateway itself, and who may see the page, on MiniStack: both routes, each kind of auth."""

import json
import re
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from tests.unit.fakes import PROOF
from wildrydes_ml.aws.session import Aws
from wildrydes_ml.aws.target import Target
from wildrydes_ml.aws.wiring import actions
from wildrydes_ml.deploy.deployer import Deployer
from wildrydes_ml.deploy.desired import default_bucket
from wildrydes_ml.deploy.proof import public_url
from wildrydes_ml.deploy.steps import ApplyStack, Fill, WarmUp
from wildrydes_ml.destroy import destroyer
from wildrydes_ml.reporting import JsonReporter
from wildrydes_ml.workshop.settings import wild_rydes

from .conftest import client

ROUTES = pytest.mark.parametrize("route", ["long", "short"])


@dataclass(frozen=True)
class Reply:
    """Status, headers by lower-case name, and body."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def code(self) -> str:
        """The problem's code; asserts the problem's shape, whoever answered."""
        assert self.headers["content-type"] == "application/problem+json", self
        found: dict[str, Any] = json.loads(self.body)
        assert list(found) == ["type", "title", "status", "code", "detail", "instance"]
        assert found["type"] == f"urn:wildrydes-ml:problem:{found['code']}"
        assert found["status"] == self.status
        assert re.fullmatch(r"[0-9a-f-]{36}", found["instance"])
        return str(found["code"])


def send(
    url: str, method: str = "POST", body: bytes | None = b"{}", headers: Mapping[str, str] = MappingProxyType({})
) -> Reply:
    named = {"Content-Type": "application/json", **headers}
    request = urllib.request.Request(url, body, named, method=method)
    try:
        with urllib.request.urlopen(request, timeout=300) as reply:
            return read(reply)
    except urllib.error.HTTPError as error:
        with error:
            return read(error)


def wait_for(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def read(reply: Any) -> Reply:
    return Reply(reply.status, {name.lower(): value for name, value in reply.headers.items()}, reply.read())


@dataclass
class Api:
    """The API of one deployment without a filled EFS: the page is served, a picture would get a 503."""

    aws: Aws
    place: Target
    log: Path

    def deploy(self, route: str = "long", **overrides: str) -> tuple[str, list[str]]:
        """The API's URL, and the descriptions of the steps that were taken."""
        with self.log.open("a") as log:
            settings = wild_rydes(route=route, overrides=overrides)
            deployer = Deployer.planned(self.aws, settings, self.place, JsonReporter(log))
            steps = [step for step in deployer.plan.steps if not isinstance(step, (Fill, WarmUp))]
            for step in steps:
                deployer.run(step)
        stack = self.aws.stacks.describe(deployer.plan.desired.service.name)
        assert stack
        return public_url(self.place, PROOF, stack.outputs), [step.describe() for step in steps]

    def destroy(self, route: str) -> None:
        with self.log.open("a") as log:
            destroyer.destroy(self.aws, wild_rydes(route=route), self.place, JsonReporter(log), lambda found: None)

    def methods(self) -> set[str]:
        """The methods of the API's root."""
        gateway = client(self.place, "apigateway")
        api = gateway.get_rest_apis()["items"][0]["id"]
        return set(gateway.get_resources(restApiId=api)["items"][0].get("resourceMethods", {}))

    def deployment(self) -> str:
        """The id of what the stage serves."""
        gateway = client(self.place, "apigateway")
        api = gateway.get_rest_apis()["items"][0]["id"]
        return str(gateway.get_stage(restApiId=api, stageName="prod")["deploymentId"])

    def key(self) -> str:
        """The value of the API's only key."""
        (key,) = client(self.place, "apigateway").get_api_keys(includeValues=True)["items"]
        return str(key["value"])


@pytest.fixture
def api(aws: Aws, place: Target, tmp_path: Path) -> Api:
    return Api(aws, place, tmp_path / "log.jsonl")


@ROUTES
def test_with_a_key_the_page_is_open_and_the_rest_is_not(api: Api, route: str) -> None:
    url, _ = api.deploy(route, ApiAuth="API_KEY")
    page = send(url, "GET", None)
    assert page.status == 200
    assert b"<html" in page.body
    for refused in (send(url), send(url, headers={"x-api-key": "wrong"}), send(url, "PUT")):
        assert (refused.status, refused.code) == (403, "invalid-api-key")
    assert send(url, "HEAD", None).status == 403
    assert send(url, headers={"x-api-key": api.key()}).code == "invalid-url"
    before = api.deployment()
    _, steps = api.deploy(route, ApiAuth="API_KEY")
    assert api.deployment() == before
    assert not [step for step in steps if step.startswith("connect")]


@ROUTES
def test_with_iam_the_page_is_open_and_the_rest_wants_a_signature(api: Api, route: str) -> None:
    url, steps = api.deploy(route, ApiAuth="AWS_IAM")
    if route == "long":
        assert "method GET on /, open to all, for the page" in steps[-1]
    assert b"<html" in send(url, "GET", None).body
    unsigned = send(url)
    assert (unsigned.status, unsigned.code) == (403, "missing-authentication")
    signed = api.aws.apis.signed_headers(url, b"{}", {"Content-Type": "application/json"})
    assert send(url, headers=signed).code == "invalid-url"


@ROUTES
def test_an_api_that_is_closed_opened_again_and_destroyed(api: Api, route: str) -> None:
    api.deploy(route)
    assert api.methods() == {"ANY"}
    api.deploy(route, ApiAuth="API_KEY")
    assert api.methods() == {"ANY", "GET"}
    url, _ = api.deploy(route, ApiAuth="NONE")
    assert api.methods() == {"ANY"}
    assert send(url).code == "invalid-url"
    assert send(url, "GET", None).status == 200
    api.deploy(route, ApiAuth="API_KEY")
    api.destroy(route)
    gateway = client(api.place, "apigateway")
    for found in (gateway.get_rest_apis(), gateway.get_api_keys(), gateway.get_usage_plans()):
        assert found["items"] == []


@pytest.mark.parametrize(("old", "new"), [("NONE", "API_KEY"), ("API_KEY", "NONE"), ("AWS_IAM", "API_KEY")])
def test_while_access_changes_who_has_a_key_or_had_access_gets_through(api: Api, old: str, new: str) -> None:
    # The emulator admits no more than the stage lets through.
    url, _ = api.deploy(ApiAuth=old, ThrottleRate="1000", ThrottleBurst="1000")
    with api.log.open("a") as log:
        deployer = Deployer.planned(api.aws, wild_rydes(overrides={"ApiAuth": new}), api.place, JsonReporter(log))
        deployer.run(next(step for step in deployer.plan.steps if isinstance(step, ApplyStack)))
    rest_api = client(api.place, "apigateway").get_rest_apis()["items"][0]["id"]
    wanted = deployer.plan.desired.wiring
    assert wanted
    found = api.aws.apis.found(rest_api, wanted)
    assert found
    for action in actions(wanted, found):
        api.aws.apis.perform(rest_api, action, wanted, found)
        keys = client(api.place, "apigateway").get_api_keys(includeValues=True)["items"]
        signed = api.aws.apis.signed_headers(url, b"{}", {"Content-Type": "application/json"})
        callers = [{}, signed, *({"x-api-key": key["value"]} for key in keys)]
        assert "invalid-url" in [send(url, headers=caller).code for caller in callers], action
    wired = api.aws.apis.found(rest_api, wanted)
    assert wired
    assert actions(wanted, wired) == ()


def test_a_key_goes_after_stacks_and_bucket_were_deleted_by_hand_and_a_strangers_of_its_name_stays(api: Api) -> None:
    api.deploy(ApiAuth="API_KEY", FunctionName="another")
    gateway = client(api.place, "apigateway")
    strange = gateway.create_api_key(name="another", enabled=True)["id"]
    strange_plan = gateway.create_usage_plan(name="another")["id"]
    api.aws.stacks.delete("wildrydes-ml-mod5-inf")
    api.aws.stacks.delete("wildrydes-ml-mod5")
    wait_for(lambda: not api.aws.stacks.find(["wildrydes-ml-mod5", "wildrydes-ml-mod5-inf"]))
    bucket = default_bucket(wild_rydes(), api.aws.identity)
    api.aws.buckets.remove(bucket, api.aws.buckets.versions(bucket))
    api.aws.buckets.delete(bucket)
    api.destroy("long")
    assert [key["id"] for key in gateway.get_api_keys()["items"]] == [strange]
    assert [plan["id"] for plan in gateway.get_usage_plans()["items"]] == [strange_plan]
    assert '"ok": false' not in api.log.read_text()


@ROUTES
def test_who_calls_too_often_or_elsewhere_is_told_so(api: Api, route: str) -> None:
    url, _ = api.deploy(route, ThrottleRate="1", ThrottleBurst="1")
    with ThreadPoolExecutor(5) as pool:  # at once, since a slow machine may serve one a second
        replies = list(pool.map(lambda _: send(url, "GET", None), range(5)))
    throttled = next(reply for reply in replies if reply.status != 200)
    assert (throttled.status, throttled.code) == (429, "throttled")
    assert throttled.headers["retry-after"] == "1"
    elsewhere = send(f"{url}/elsewhere", "GET", None)
    assert (elsewhere.status, elsewhere.code) == (403, "missing-authentication")


def test_a_method_get_by_hand_stays(api: Api) -> None:
    api.deploy()
    gateway = client(api.place, "apigateway")
    rest_api = gateway.get_rest_apis()["items"][0]["id"]
    root = gateway.get_resources(restApiId=rest_api)["items"][0]["id"]
    place = {"restApiId": rest_api, "resourceId": root, "httpMethod": "GET"}
    gateway.put_method(**place, authorizationType="NONE", operationName="theirs")
    for auth in ("API_KEY", "NONE"):
        api.deploy(ApiAuth=auth)
        assert gateway.get_method(**place)["operationName"] == "theirs"

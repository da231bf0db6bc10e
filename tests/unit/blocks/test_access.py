"""Who may call what: said once, open where a route says so, and true in what is deployed and in what reviewers read."""

import json
from pathlib import Path
from typing import Any

import pytest
from troposphere import Parameter, Template

from tests.unit import linting
from tests.unit.blocks.reasons import reasons
from wildrydes_ml import render
from wildrydes_ml.blocks import (
    Access,
    Api,
    FileSystemMount,
    FunctionSettings,
    Inference,
    Route,
    access_point_arn,
    add_inference_function,
    add_proxy_stage,
    add_rest_api,
)
from wildrydes_ml.blocks.access import Auth
from wildrydes_ml.template.references import references
from wildrydes_ml.template.resolve import resolve
from wildrydes_ml.workshop.parameters import TABLE

MOUNT = FileSystemMount(
    subnets=["subnet-0a1b2c3d"],
    security_groups=["sg-0a1b2c3d"],
    access_point_arn=access_point_arn("fsap-0123456789abcdef0"),
)
RIDERS, MONITOR = "Riders call without credentials.", "A monitor asks without a key."
KINDS: tuple[Auth, ...] = ("NONE", "API_KEY", "AWS_IAM")
each_kind = pytest.mark.parametrize("auth", KINDS)
each_way = pytest.mark.parametrize("is_parameter", [False, True], ids=["plain", "parameter"])


def function(template: Template, name: str = "digits", title: str = "Digits") -> Inference:
    return add_inference_function(
        template, MOUNT, FunctionSettings(name=name, bucket="pictures", key="code.zip"), title=title
    )


def said(template: Template, auth: Auth, *, is_parameter: bool = False, allowed: tuple[Auth, ...] = KINDS) -> Access:
    """The access as a plain value, or as a parameter with that value."""
    if is_parameter:
        value = template.add_parameter(Parameter("Who", Type="String", Default=auth, AllowedValues=list(allowed)))
        return Access(value, open_because=RIDERS if "NONE" in allowed else "")
    return Access(auth, open_because=RIDERS if auth == "NONE" else "")


def api(template: Template, access: Access) -> Api:
    """A page, a route that is open, and one that is not."""
    answer = function(template)
    routes = [
        Route(answer, page=True),
        Route(answer, "/health", "GET", open_because=MONITOR),
        Route(answer, "/digits", "POST"),
    ]
    made = add_rest_api(template, routes, access, title="DigitsApi")
    add_proxy_stage(template, made)
    return made


def deployed(auth: Auth, *, is_parameter: bool = False, allowed: tuple[Auth, ...] = KINDS) -> dict[str, Any]:
    """The resources that CloudFormation makes."""
    template = Template()
    api(template, said(template, auth, is_parameter=is_parameter, allowed=allowed))
    resources: dict[str, Any] = json.loads(json.dumps(resolve(template.to_dict())["Resources"]))
    return resources


def of(resources: dict[str, Any], kind: str) -> dict[str, Any]:
    return {title: one["Properties"] for title, one in resources.items() if one["Type"] == f"AWS::ApiGateway::{kind}"}


def asked(method: dict[str, Any]) -> str:
    """What a caller of the method needs."""
    return "API_KEY" if method.get("ApiKeyRequired") else str(method["AuthorizationType"])


# What is deployed


@pytest.mark.parametrize("allowed", [("API_KEY", "AWS_IAM"), ("NONE", "AWS_IAM"), ("API_KEY",), KINDS], ids="-".join)
def test_the_stage_names_deployments_that_the_template_has(allowed: tuple[Auth, ...]) -> None:
    template = Template()
    api(template, said(template, allowed[0], is_parameter=True, allowed=allowed))
    resources = template.to_dict()["Resources"]
    made = {title for title, one in resources.items() if one["Type"] == "AWS::ApiGateway::Deployment"}
    (stage,) = of(resources, "Stage").values()
    assert set(references(stage["DeploymentId"])) == made
    assert len(made) == len(allowed)


@each_kind
@each_way
def test_a_route_is_open_beside_closed_ones(auth: Auth, is_parameter: bool) -> None:
    methods = of(deployed(auth, is_parameter=is_parameter), "Method")
    assert {title.removeprefix("DigitsApi"): asked(method) for title, method in methods.items()} == {
        "AnyRootMethod": auth,
        "GetHealthMethod": "NONE",
        "PostDigitsMethod": auth,
        **({} if auth == "NONE" else {"GetRootMethod": "NONE"}),
    }


@each_kind
@each_way
def test_what_is_said_to_the_api_is_what_the_stage_serves(auth: Auth, is_parameter: bool) -> None:
    resources = deployed(auth, is_parameter=is_parameter)
    (deployment,) = of(resources, "Deployment")
    assert of(resources, "Stage")["DigitsApiProdStage"]["DeploymentId"] == {"Ref": deployment}
    assert set(resources[deployment]["DependsOn"]) == set(of(resources, "Method"))
    assert len(of(resources, "ApiKey")) == len(of(resources, "UsagePlan")) == (auth == "API_KEY")
    assert f"auth {auth}," in of(resources, "RestApi")["DigitsApi"]["Description"]


def test_the_description_says_which_route_is_open() -> None:
    text = of(deployed("API_KEY"), "RestApi")["DigitsApi"]["Description"]
    assert "method GET on /health to Digits (open), method POST on /digits to Digits, " in text


@pytest.mark.parametrize("allowed", [("API_KEY", "AWS_IAM"), ("AWS_IAM", "NONE"), ("API_KEY",)])
def test_a_parameter_may_leave_ways_out(allowed: tuple[Auth, ...]) -> None:
    template = Template()
    api(template, said(template, allowed[0], is_parameter=True, allowed=allowed))
    resources = template.to_dict()["Resources"]
    deployments = {title[:-8] for title, one in resources.items() if one["Type"] == "AWS::ApiGateway::Deployment"}
    words = {"NONE": "Open", "API_KEY": "Key", "AWS_IAM": "Iam"}
    assert deployments == {f"DigitsApi{words[kind]}Deployment" for kind in allowed}
    for auth in allowed:
        methods = of(resolve(template.to_dict(), {"Who": auth})["Resources"], "Method")
        assert asked(methods["DigitsApiPostDigitsMethod"]) == auth


def test_a_method_of_its_own_is_closed_beside_any_that_is_open() -> None:
    template = Template()
    routes = [
        Route(function(template), "/look", open_because="Anyone may look."),
        Route(function(template, "letters", "Letters"), "/look", "DELETE"),
    ]
    add_proxy_stage(template, add_rest_api(template, routes, Access("API_KEY")))
    methods = of(template.to_dict()["Resources"], "Method")
    assert {title: asked(method) for title, method in methods.items()} == {
        "AnyLookMethod": "NONE",
        "DeleteLookMethod": "API_KEY",
    }


# Snapshots


def snapshot(name: str = "digits", because: str = "", reason: str = RIDERS) -> str:
    template = Template()
    answer, open_to_all = function(template, name), Access("NONE", open_because=reason)
    routes = [Route(answer), Route(answer, "/health", "GET", open_because=because)]
    add_proxy_stage(template, add_rest_api(template, routes, Access("API_KEY") if because else open_to_all))
    return next(str(title) for title in template.resources if "Deployment" in title)


def test_who_may_call_and_what_is_called_is_in_the_snapshot() -> None:
    assert snapshot(because=MONITOR) == snapshot(because="Another reason.")
    assert snapshot(reason=RIDERS) == snapshot(reason="Another reason.")
    assert snapshot(because=MONITOR)[-8:] != snapshot()[-8:]
    # The method's ARN is made of the alias, whose text stays the same when the function gets another name.
    assert snapshot("digits") != snapshot("letters")


# What reviewers read


@each_kind
def test_a_suppression_tells_of_what_is_there(auth: Auth) -> None:
    resources = deployed(auth)
    key = "The method needs an API key; its authorization type is then NONE."
    checkov, guard = "CKV_AWS_59", "API_GW_METHOD_AUTHORIZATION_TYPE_RULE"
    expected = {"NONE": {checkov: RIDERS, guard: RIDERS}, "API_KEY": {guard: key}, "AWS_IAM": {}}
    assert reasons(resources["DigitsApiAnyRootMethod"]) == expected[auth]
    assert reasons(resources["DigitsApiPostDigitsMethod"]) == expected[auth]
    assert reasons(resources["DigitsApiGetHealthMethod"]) == {checkov: MONITOR, guard: MONITOR}
    if auth != "NONE":
        page = reasons(resources["DigitsApiGetRootMethod"])
        assert set(page) == {checkov, guard}
        assert all("static page only" in reason for reason in page.values())


@each_kind
def test_a_suppression_is_true_whatever_the_parameter_is(auth: Auth) -> None:
    found = reasons(deployed(auth, is_parameter=True)["DigitsApiPostDigitsMethod"])
    assert found == {
        "CKV_AWS_59": f"Where Who is NONE: {RIDERS}",
        "API_GW_METHOD_AUTHORIZATION_TYPE_RULE": (
            f"Where Who is NONE: {RIDERS} Where Who is API_KEY: The method needs an API key; its "
            "authorization type is then NONE."
        ),
    }


def test_a_reason_ends_as_a_sentence() -> None:
    template = Template()
    route = Route(function(template), "/health", "GET", open_because=" A monitor asks ")
    assert route.reason == "A monitor asks."
    assert Access("NONE", open_because="Why not?").suppressions()["checkov"]["skip"][0]["comment"] == "Why not?"


@each_way
def test_cfn_lint_accepts_open_routes(is_parameter: bool, tmp_path: Path) -> None:
    texts = {}
    for auth in KINDS:
        template = Template(Description="A route is open beside closed ones")
        api(template, said(template, auth, is_parameter=is_parameter))
        texts[f"{auth}.yml"] = render(template)
    assert linting.findings(tmp_path, texts) == []


# The function's role


def role(template: Template, title: str) -> dict[str, Any]:
    policies = template.to_dict()["Resources"][f"{title}Role"]["Properties"]["Policies"]
    return {policy["PolicyName"]: policy["PolicyDocument"]["Statement"] for policy in policies}


def test_each_functions_code_is_denied_its_own_network_interfaces() -> None:
    template = Template()
    given = template.add_parameter(Parameter("Named", **TABLE["FunctionName"]))
    function(template)
    add_inference_function(
        template, MOUNT, FunctionSettings(name=given, bucket="pictures", key="code.zip"), title="Letters"
    )
    for title, name in (("Digits", "digits"), ("Letters", "${Named}")):
        statements = role(template, title)
        arn = f"arn:${{AWS::Partition}}:lambda:${{AWS::Region}}:${{AWS::AccountId}}:function:{name}"
        assert statements["JoinVpc"][1]["Condition"] == {"ArnEquals": {"lambda:SourceFunctionArn": {"Fn::Sub": arn}}}
        assert statements["JoinVpc"][0]["Action"] == statements["JoinVpc"][1]["Action"]
        assert [one["Resource"] for one in statements["WriteLogs"]] == [[{"Fn::GetAtt": [f"{title}LogGroup", "Arn"]}]]

"""The inference function and its API: what was chosen reaches them, and nobody else may call."""

import json
import re
import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from troposphere import Ref, Template, apigateway

from tests.unit.blocks.existing import ARN
from wildrydes_ml.blocks.access import Access
from wildrydes_ml.blocks.api import add_proxy_stage, add_rest_api
from wildrydes_ml.blocks.function import FunctionSettings, add_inference_function
from wildrydes_ml.blocks.mount import FileSystemMount
from wildrydes_ml.blocks.routes import Route
from wildrydes_ml.workshop import parameters

Stack = Callable[..., dict[str, Any]]

INFERENCE, COMPLETE = "5_lambda_function.yml", "99_complete.yml"
PROBLEMS = Path(__file__).parents[3] / "lambda_src" / "problems.py"
FUNCTIONS = pytest.mark.parametrize("name", [INFERENCE, COMPLETE])


def properties(left: dict[str, Any], title: str) -> dict[str, Any]:
    return dict(left["Resources"][title]["Properties"])


def of_type(left: dict[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    resources = left["Resources"].items()
    return {title: entry["Properties"] for title, entry in resources if entry["Type"] == f"AWS::{kind}"}


# The function


@FUNCTIONS
def test_paths_follow_the_parameters(stack: Stack, name: str) -> None:
    function = properties(stack(name, EFSpath="/mnt/ml", PythonRuntime="python3.12"), "ModelInferenceFunction")
    variables = function["Environment"]["Variables"]
    assert function["Runtime"] == "python3.12"
    assert function["FileSystemConfigs"][0]["LocalMountPath"] == variables["EFS_PATH"] == "/mnt/ml"
    assert variables["PY_PKG_PATH"] == "tensorflow/lib/python3.12/site-packages"


@FUNCTIONS
def test_the_function_gets_what_was_chosen(stack: Stack, name: str) -> None:
    chosen = {
        "DataBucket": "pictures",
        "CodeKey": "code/a.zip",
        "FunctionName": "mine",
        "Architecture": "arm64",
        "MemorySize": 1024,
        "Timeout": 60,
        "MinScore": 0.5,
        "PrivateImageHosts": "localhost:8080",
        "ApiAuth": "API_KEY",
        "ReservedConcurrency": 3,
    }
    function = properties(stack(name, **chosen), "ModelInferenceFunction")
    assert function["Code"] == {"S3Bucket": "pictures", "S3Key": "code/a.zip"}
    assert function["Handler"] == "lambda_function.lambda_handler"
    assert (function["FunctionName"], function["Architectures"]) == ("mine", ["arm64"])
    assert (function["MemorySize"], function["Timeout"]) == ("1024", "60")
    assert function["ReservedConcurrentExecutions"] == "3"
    variables = function["Environment"]["Variables"]
    assert (variables["MIN_SCORE"], variables["PRIVATE_IMAGE_HOSTS"]) == ("0.5", "localhost:8080")
    assert variables["API_AUTH"] == "API_KEY"
    assert "ReservedConcurrentExecutions" not in properties(stack(name), "ModelInferenceFunction")


def test_the_skeletons_function_joins_what_the_other_stack_put_out(stack: Stack) -> None:
    given = {"SecurityGroupIds": "sg-1", "SubnetIDs": "subnet-a,subnet-b", "Ipv6AllowedForDualStack": "true"}
    vpc = properties(stack(INFERENCE, **given), "ModelInferenceFunction")["VpcConfig"]
    assert vpc == {"SecurityGroupIds": "sg-1", "SubnetIds": "subnet-a,subnet-b", "Ipv6AllowedForDualStack": "true"}


@pytest.mark.parametrize(("egress", "ipv6"), [("nat", False), ("ipv6", True), ("none", False)])
def test_the_complete_stacks_function_joins_its_network(stack: Stack, egress: str, ipv6: bool) -> None:
    assert properties(stack(COMPLETE, InternetEgress=egress), "ModelInferenceFunction")["VpcConfig"] == {
        "SecurityGroupIds": [{"Ref": "FunctionSecurityGroup"}],
        "SubnetIds": [{"Ref": "PrivateSubnetOne"}, {"Ref": "PrivateSubnetTwo"}],
        "Ipv6AllowedForDualStack": ipv6,
    }


def test_the_complete_stacks_function_waits_for_the_filling_and_the_mount_targets(stack: Stack) -> None:
    left = stack(COMPLETE)
    variables = properties(left, "ModelInferenceFunction")["Environment"]["Variables"]
    assert variables["EFS_CONTENTS"] == {"Fn::GetAtt": ["EFSFilled", "Data"]}
    depends_on = set(left["Resources"]["ModelInferenceFunction"]["DependsOn"])
    assert depends_on == {"ModelInferenceFunctionLogGroup", "MountTargetResource1", "MountTargetResource2"}


@FUNCTIONS
def test_a_revision_starts_the_function_anew_and_is_published(stack: Stack, name: str) -> None:
    left = stack(name, Revision="v2", ProvisionedConcurrency=1)
    assert properties(left, "ModelInferenceFunction")["Environment"]["Variables"]["REVISION"] == "v2"
    assert properties(left, "ModelInferenceFunctionVersion")["Description"]["Fn::Join"][1][-1] == "v2"


@FUNCTIONS
def test_the_log_group_is_the_functions_and_goes_with_the_stack(stack: Stack, name: str) -> None:
    group = stack(name, FunctionName="mine", LogRetentionDays=30)["Resources"]["ModelInferenceFunctionLogGroup"]
    assert group["Properties"] == {"LogGroupName": "/aws/lambda/mine", "RetentionInDays": "30"}
    assert (group["DeletionPolicy"], group["UpdateReplacePolicy"]) == ("Delete", "Delete")


@FUNCTIONS
def test_the_alias_follows_the_function_itself(stack: Stack, name: str) -> None:
    left = stack(name)
    alias = properties(left, "ModelInferenceFunctionLive")
    assert alias == {"Name": "live", "FunctionName": {"Ref": "ModelInferenceFunction"}, "FunctionVersion": "$LATEST"}
    assert not of_type(left, "Lambda::Version")


@FUNCTIONS
def test_provisioned_concurrency_is_for_a_version(stack: Stack, name: str) -> None:
    alias = properties(stack(name, ProvisionedConcurrency=2), "ModelInferenceFunctionLive")
    assert alias["FunctionVersion"] == {"Fn::GetAtt": ["ModelInferenceFunctionVersion", "Version"]}
    assert alias["ProvisionedConcurrencyConfig"] == {"ProvisionedConcurrentExecutions": "2"}


VERSIONED = {
    "CodeKey": "code/b.zip",
    "PythonRuntime": "python3.12",
    "Architecture": "arm64",
    "MemorySize": 1024,
    "Timeout": 60,
    "MinScore": 0.9,
    "TargetLabel": "Zebra",
    "Engine": "capi",
    "PrivateImageHosts": "b:1",
    "ApiAuth": "AWS_IAM",
    "Revision": "v2",
}


@pytest.mark.parametrize("parameter", VERSIONED)
def test_a_change_of_the_function_publishes_a_new_version(stack: Stack, parameter: str) -> None:
    def description(**more: Any) -> Any:
        left = stack(INFERENCE, ProvisionedConcurrency=1, **more)
        return properties(left, "ModelInferenceFunctionVersion")["Description"]

    assert description(**{parameter: VERSIONED[parameter]}) != description()
    assert description(ThrottleRate=9) == description()


def test_the_versions_description_fits_the_256_characters_of_lambda(stack: Stack) -> None:
    names = ("CodeKey", "TargetLabel", "PrivateImageHosts", "Revision")
    longest = {name: "0" * parameters.TABLE[name]["MaxLength"] for name in names}
    numbers = {"Engine": "tensorflow", "MemorySize": 10240, "Timeout": 900, "MinScore": 0.12345, "ApiAuth": "API_KEY"}
    left = stack(INFERENCE, ProvisionedConcurrency=1, **longest, **numbers)
    separator, values = properties(left, "ModelInferenceFunctionVersion")["Description"]["Fn::Join"]
    assert len(separator.join(values)) <= 256


# The API


@FUNCTIONS
def test_only_this_apis_root_may_invoke_the_function(stack: Stack, name: str) -> None:
    permissions = of_type(stack(name), "Lambda::Permission")
    api = "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${ModelInferenceApi}/*/*/"
    assert [permission["FunctionName"] for permission in permissions.values()] == [
        {"Fn::GetAtt": ["ModelInferenceFunction", "Arn"]},
        {"Ref": "ModelInferenceFunctionLive"},
    ]
    for permission in permissions.values():
        assert permission["SourceArn"] == {"Fn::Sub": api}
        assert permission["Principal"] == "apigateway.amazonaws.com"
        assert permission["Action"] == "lambda:InvokeFunction"


@FUNCTIONS
def test_the_api_takes_pictures(stack: Stack, name: str) -> None:
    api = properties(stack(name), "ModelInferenceApi")
    assert api["Name"] == "ModelInferenceApi"
    assert api["BinaryMediaTypes"] == ["image/jpeg", "image/png", "image/webp", "image/gif"]


def test_the_skeleton_has_no_method_and_no_stage(stack: Stack) -> None:
    kinds = {entry["Type"] for entry in stack(INFERENCE)["Resources"].values()}
    assert {kind for kind in kinds if "ApiGateway" in kind} == {
        "AWS::ApiGateway::RestApi",
        "AWS::ApiGateway::GatewayResponse",
    }


def test_the_skeleton_tells_who_wires_it_by_hand_what_to_set(stack: Stack) -> None:
    description = properties(stack(INFERENCE, ApiAuth="AWS_IAM", ThrottleRate=7), "ModelInferenceApi")["Description"]
    for part in ("ANY", "ModelInferenceFunction", "prod", "AWS_IAM", "7 requests/s", "burst 10"):
        assert part in description


@pytest.mark.parametrize(
    ("auth", "kind", "key", "plan"),
    [
        ("NONE", "NONE", False, set()),
        ("API_KEY", "NONE", True, {"RiderUsagePlan"}),
        ("AWS_IAM", "AWS_IAM", False, set()),
    ],
)
def test_who_may_call(stack: Stack, auth: str, kind: str, key: bool, plan: set[str]) -> None:
    left = stack(COMPLETE, ApiAuth=auth)
    method = properties(left, "AnyRootMethod")
    assert method["HttpMethod"] == "ANY"
    assert method["ResourceId"] == {"Fn::GetAtt": ["ModelInferenceApi", "RootResourceId"]}
    assert (method["AuthorizationType"], method["ApiKeyRequired"]) == (kind, key)
    assert set(of_type(left, "ApiGateway::UsagePlan")) == plan
    assert len(of_type(left, "ApiGateway::UsagePlanKey")) == len(plan)


def test_the_method_is_a_lambda_proxy_to_the_alias(stack: Stack) -> None:
    integration = properties(stack(COMPLETE), "AnyRootMethod")["Integration"]
    assert (integration["Type"], integration["IntegrationHttpMethod"]) == ("AWS_PROXY", "POST")
    assert integration["Uri"]["Fn::Sub"].endswith("/functions/${ModelInferenceFunctionLive}/invocations")


def test_the_stage_is_throttled(stack: Stack) -> None:
    stage = properties(stack(COMPLETE, ThrottleRate=3, ThrottleBurst=4), "ProdStage")
    assert stage["StageName"] == "prod"
    assert stage["MethodSettings"] == [
        {"HttpMethod": "*", "ResourcePath": "/*", "ThrottlingRateLimit": "3", "ThrottlingBurstLimit": "4"}
    ]


def test_each_way_of_calling_has_a_deployment_of_its_own(stack: Stack) -> None:
    deployed = []
    for auth in ("NONE", "API_KEY", "AWS_IAM"):
        left = stack(COMPLETE, ApiAuth=auth)
        (title,) = of_type(left, "ApiGateway::Deployment")
        assert properties(left, "ProdStage")["DeploymentId"] == {"Ref": title}
        assert set(left["Resources"][title]["DependsOn"]) == set(of_type(left, "ApiGateway::Method"))
        deployed.append(title)
    assert len(set(deployed)) == 3


def test_the_page_needs_no_key_and_no_signature_where_the_rest_does(stack: Stack) -> None:
    for auth in ("API_KEY", "AWS_IAM"):
        left = stack(COMPLETE, ApiAuth=auth)
        page, rest = properties(left, "GetRootMethod"), properties(left, "AnyRootMethod")
        assert (page["HttpMethod"], page["AuthorizationType"]) == ("GET", "NONE")
        assert not page.get("ApiKeyRequired")
        assert page["Integration"] == rest["Integration"]
    assert set(of_type(stack(COMPLETE), "ApiGateway::Method")) == {"AnyRootMethod"}


# What API Gateway answers by itself


def own_answers(left: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {entry["ResponseType"]: entry for entry in of_type(left, "ApiGateway::GatewayResponse").values()}


@FUNCTIONS
@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("THROTTLED", 429),
        ("QUOTA_EXCEEDED", 429),
        ("INVALID_API_KEY", 403),
        ("ACCESS_DENIED", 403),
        ("MISSING_AUTHENTICATION_TOKEN", 403),
        ("UNAUTHORIZED", 401),
        ("EXPIRED_TOKEN", 403),
        ("INVALID_SIGNATURE", 403),
        ("REQUEST_TOO_LARGE", 413),
        ("BAD_REQUEST_BODY", 400),
        ("UNSUPPORTED_MEDIA_TYPE", 415),
        ("INTEGRATION_TIMEOUT", 504),
        ("INTEGRATION_FAILURE", 504),
        ("DEFAULT_4XX", None),
        ("DEFAULT_5XX", None),
    ],
)
def test_api_gateway_answers_with_problems_too(stack: Stack, name: str, kind: str, status: int | None) -> None:
    entry = own_answers(stack(name))[kind]
    (body,) = map(json.loads, entry["ResponseTemplates"].values())
    assert body["type"] == f"urn:wildrydes-ml:problem:{body['code']}"
    assert body["title"]
    assert body["detail"]
    assert body["instance"] == "$context.requestId"
    assert body.get("status") == status
    assert entry.get("StatusCode") == (None if status is None else str(status))
    assert entry["ResponseParameters"]["gatewayresponse.header.Content-Type"] == "'application/problem+json'"


@pytest.mark.parametrize("kind", ["THROTTLED", "INTEGRATION_TIMEOUT", "INTEGRATION_FAILURE", "DEFAULT_5XX"])
def test_who_may_try_again_is_told_when(stack: Stack, kind: str) -> None:
    retry_after = own_answers(stack(INFERENCE))[kind]["ResponseParameters"]["gatewayresponse.header.Retry-After"]
    assert int(retry_after.strip("'")) > 0


def test_a_code_tells_who_answered(stack: Stack) -> None:
    codes = [
        json.loads(*entry["ResponseTemplates"].values())["code"] for entry in own_answers(stack(COMPLETE)).values()
    ]
    assert len(set(codes)) == len(codes)
    assert not set(codes) & set(runpy.run_path(str(PROBLEMS))["PROBLEMS"])


def test_the_texts_hold_nothing_of_the_request_or_the_api(stack: Stack) -> None:
    for entry in own_answers(stack(COMPLETE)).values():
        assert re.findall(r"\$[\w.]+", str(entry["ResponseTemplates"])) == ["$context.requestId"]


def test_a_deployment_follows_the_answers_and_changes_with_them() -> None:
    body = deployed_with("at first")
    titles = {title for title, entry in body.items() if entry["Type"] == "AWS::ApiGateway::GatewayResponse"}
    assert len(titles) > 15
    assert titles <= followed(body, "AnyRootMethod")
    assert deployments(body) != deployments(deployed_with("and then"))
    assert deployments(body) == deployments(deployed_with("at first"))


@pytest.mark.parametrize("name", [INFERENCE, COMPLETE])
def test_api_gateway_is_not_asked_for_all_answers_at_once(stack: Stack, name: str) -> None:
    left = stack(name)
    waiting = {title: followed(left["Resources"], title) for title in of_type(left, "ApiGateway::GatewayResponse")}
    at_once = [sum(len(seen) == depth for seen in waiting.values()) for depth in range(len(waiting))]
    assert sum(at_once) == len(waiting) > 10
    assert max(at_once) <= 3, "each is some calls, and 10 a second are all that the account has"


def followed(resources: dict[str, Any], title: str) -> set[str]:
    """All that is made before a resource because of DependsOn."""
    named = resources[title].get("DependsOn", [])
    found = {named} if isinstance(named, str) else set(named)
    return found.union(*(followed(resources, one) for one in found))


def deployed_with(text: str) -> dict[str, Any]:
    """The resources of an API that has one more answer."""
    template = Template()
    mount = FileSystemMount(subnets=["subnet-1"], security_groups=["sg-1"], access_point_arn=ARN, path="/mnt/python")
    routes = [
        Route(
            add_inference_function(template, mount, FunctionSettings(name="answers", bucket="pictures", key="code.zip"))
        )
    ]
    api = add_rest_api(template, routes, Access("API_KEY"))
    template.add_resource(
        apigateway.GatewayResponse(
            "MoreResponse",
            RestApiId=Ref(api.rest_api),
            ResponseType="RESOURCE_NOT_FOUND",
            ResponseTemplates={"application/json": text},
        )
    )
    add_proxy_stage(template, api)
    return dict(template.to_dict()["Resources"])


def deployments(resources: dict[str, Any]) -> list[str]:
    return [title for title, entry in resources.items() if entry["Type"] == "AWS::ApiGateway::Deployment"]

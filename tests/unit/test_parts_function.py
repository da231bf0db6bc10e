"""The inference function and its API: what was chosen reaches them, and nobody else may call."""

from collections.abc import Callable
from typing import Any

import pytest

from wildrydes_ml import parameters

Stack = Callable[..., dict[str, Any]]

INFERENCE, COMPLETE = "5_lambda_function.yml", "99_complete.yml"
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
    "PrivateImageHosts": "b:1",
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
    names = ("CodeKey", "PrivateImageHosts", "Revision")
    longest = {name: "0" * parameters.TABLE[name]["MaxLength"] for name in names}
    numbers = {"MemorySize": 10240, "Timeout": 900, "MinScore": 0.12345}
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
    assert {kind for kind in kinds if "ApiGateway" in kind} == {"AWS::ApiGateway::RestApi"}


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
        assert left["Resources"][title]["DependsOn"] == "AnyRootMethod"
        deployed.append(title)
    assert len(set(deployed)) == 3

"""What a template makes with given parameters: each operator, and each of our templates by a table."""

import re
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from wildrydes_ml import workshop
from wildrydes_ml.conditions import made_resources

YES, NO = {"Fn::Equals": ["a", "a"]}, {"Fn::Equals": ["a", "b"]}


def holds(expression: Mapping[str, Any], **parameters: str) -> bool:
    """Whether a resource with this condition is made."""
    body = {
        "Parameters": {"Given": {"Type": "String", "Default": "1"}, "Number": {"Type": "Number", "Default": 0}},
        "Conditions": {"Asked": expression, "Yes": YES, "No": NO, "Chained": {"Condition": "Yes"}},
        "Resources": {"Always": {"Type": "T"}, "Perhaps": {"Type": "U", "Condition": "Asked"}},
    }
    made = made_resources(body, parameters)
    assert made["Always"] == "T"
    assert made.get("Perhaps", "U") == "U"
    return "Perhaps" in made


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (YES, True),
        (NO, False),
        ({"Fn::Equals": [{"Ref": "Given"}, "1"]}, True),
        ({"Fn::Equals": ["2", {"Ref": "Given"}]}, False),
        ({"Fn::Equals": [{"Ref": "Number"}, "0"]}, True),
        ({"Fn::Equals": [{"Ref": "Number"}, 0]}, True),
        ({"Fn::Not": [YES]}, False),
        ({"Fn::Not": [NO]}, True),
        ({"Fn::And": [YES, YES]}, True),
        ({"Fn::And": [YES, NO]}, False),
        ({"Fn::Or": [NO, YES]}, True),
        ({"Fn::Or": [NO, NO]}, False),
        ({"Condition": "Yes"}, True),
        ({"Condition": "Chained"}, True),
        ({"Fn::Not": [{"Condition": "No"}]}, True),
        ({"Fn::And": [{"Condition": "Yes"}, {"Fn::Or": [NO, {"Fn::Not": [{"Condition": "Chained"}]}]}]}, False),
    ],
    ids=str,
)
def test_each_operator_means_what_cloudformation_means(expression: Mapping[str, Any], expected: bool) -> None:
    assert holds(expression) == expected


def test_a_given_value_replaces_the_default() -> None:
    asked = {"Fn::Equals": [{"Ref": "Given"}, "2"]}
    assert not holds(asked)
    assert holds(asked, Given="2")


def test_a_function_that_is_not_known_is_an_error() -> None:
    with pytest.raises(KeyError, match="Fn::Select"):
        holds({"Fn::Select": ["0", ["a"]]})


def test_a_template_without_conditions_makes_all_it_has() -> None:
    assert made_resources({"Resources": {"A": {"Type": "T"}}}, {}) == {"A": "T"}


# Our templates: what comes (+) or goes (-) when parameters are not their defaults.

INSTANCE = "-EFSFilled -EFSFilledHandle -EfsMountEC2Instance -EfsMountInstanceProfile -EfsMountInstanceRole"
NAT = "-NatGateway -NatPublicIP -PrivateRoute"
NETWORK = [
    ("InternetEgress=ipv6", f"+EgressOnlyInternetGateway +PrivateIpv6Route +VPCIpv6Cidr {NAT}"),
    ("InternetEgress=none", NAT),
    ("BootstrapInstance=none", f"{INSTANCE} -InstanceSecurityGroup"),
    ("BootstrapInstance=stop", ""),
    ("InternetEgress=none BootstrapInstance=none", f"{INSTANCE} -InstanceSecurityGroup {NAT}"),
    ("ThroughputMode=elastic Architecture=arm64 SshCidr=192.0.2.0/24", ""),
]
FUNCTION = [
    ("ProvisionedConcurrency=1", "+ModelInferenceFunctionVersion"),
    ("ProvisionedConcurrency=0 ReservedConcurrency=5", ""),
]
KEY = "+GetRootMethod +KeyDeployment +RiderApiKey +RiderUsagePlan +RiderUsagePlanKey -OpenDeployment"
API = [
    ("ApiAuth=NONE", ""),
    ("ApiAuth=API_KEY", KEY),
    ("ApiAuth=AWS_IAM", "+GetRootMethod +IamDeployment -OpenDeployment"),
]
TEMPLATES = [
    *(("efs_99.yml", *row) for row in NETWORK),
    *(("5_lambda_function.yml", *row) for row in FUNCTION),
    *(("99_complete.yml", *row) for row in (*NETWORK, *FUNCTION, *API)),
]
MATRIX = pytest.mark.parametrize(
    ("name", "chosen", "expected"), TEMPLATES, ids=[f"{name} {chosen}" for name, chosen, _ in TEMPLATES]
)


def parameters_of(chosen: str) -> dict[str, str]:
    return dict(pair.split("=") for pair in chosen.split())


@MATRIX
def test_a_parameter_chooses_what_is_made(name: str, chosen: str, expected: str) -> None:
    body = workshop.TEMPLATES[name]().to_dict()
    default, made = set(made_resources(body, {})), set(made_resources(body, parameters_of(chosen)))
    differences = [*(f"+{title}" for title in made - default), *(f"-{title}" for title in default - made)]
    # A deployment's name ends in the digest of what it serves.
    assert {re.sub(r"(Deployment)[0-9a-f]{8}$", r"\1", one) for one in differences} == set(expected.split())


@MATRIX
def test_another_reading_of_the_template_agrees(
    stack: Callable[..., dict[str, Any]], name: str, chosen: str, expected: str
) -> None:
    left = stack(name, **parameters_of(chosen))["Resources"]
    made = made_resources(workshop.TEMPLATES[name]().to_dict(), parameters_of(chosen))
    assert made == {title: entry["Type"] for title, entry in left.items()}


def test_what_the_efs_stack_tells_the_function_s_chooses_nothing() -> None:
    """So that the plan of a first deploy knows its resources before there are outputs."""
    body = workshop.TEMPLATES["5_lambda_function.yml"]().to_dict()
    given = {"SubnetIDs": "subnet-a,subnet-b", "SecurityGroupIds": "sg-1", "AccessPointARN": "arn:a", "Revision": "1"}
    assert made_resources(body, {}) == made_resources(body, given)

"""What a template makes with given parameters: each operator, and each of our templates by a table."""

import re
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from wildrydes_ml.template.effective import Made, changes, effective, made, without
from wildrydes_ml.workshop import templates

YES, NO = {"Fn::Equals": ["a", "a"]}, {"Fn::Equals": ["a", "b"]}


def known(body: Mapping[str, Any], parameters: Mapping[str, str]) -> Mapping[str, str]:
    """The resources that are made, of a template whose conditions can all be decided."""
    found = made(body, parameters)
    assert not found.perhaps
    return found.certain


def holds(expression: Mapping[str, Any], **parameters: str) -> bool:
    """Whether a resource with this condition is made."""
    body = {
        "Parameters": {"Given": {"Type": "String", "Default": "1"}, "Number": {"Type": "Number", "Default": 0}},
        "Conditions": {"Asked": expression, "Yes": YES, "No": NO, "Chained": {"Condition": "Yes"}},
        "Resources": {"Always": {"Type": "T"}, "Perhaps": {"Type": "U", "Condition": "Asked"}},
    }
    found = known(body, parameters)
    assert found["Always"] == "T"
    assert found.get("Perhaps", "U") == "U"
    return "Perhaps" in found


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


def test_a_function_that_is_not_known_decides_nothing() -> None:
    body = {
        "Conditions": {"Asked": {"Fn::Select": ["0", ["a"]]}},
        "Resources": {"Perhaps": {"Type": "U", "Condition": "Asked"}},
    }
    assert made(body, {}) == Made({}, {"Perhaps": "U"})


def test_a_template_without_conditions_makes_all_it_has() -> None:
    assert known({"Resources": {"A": {"Type": "T"}}}, {}) == {"A": "T"}


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
    body = templates.TEMPLATES[name]().to_dict()
    default, new = set(known(body, {})), set(known(body, parameters_of(chosen)))
    differences = [*(f"+{title}" for title in new - default), *(f"-{title}" for title in default - new)]
    # A deployment's name ends in the digest of what it serves.
    assert {re.sub(r"(Deployment)[0-9a-f]{8}$", r"\1", one) for one in differences} == set(expected.split())


@MATRIX
def test_another_reading_of_the_template_agrees(
    stack: Callable[..., dict[str, Any]], name: str, chosen: str, expected: str
) -> None:
    left = stack(name, **parameters_of(chosen))["Resources"]
    found = known(templates.TEMPLATES[name]().to_dict(), parameters_of(chosen))
    assert found == {title: entry["Type"] for title, entry in left.items()}


def test_what_the_efs_stack_tells_the_function_s_chooses_nothing() -> None:
    """So that the plan of a first deploy knows its resources before there are outputs."""
    body = templates.TEMPLATES["5_lambda_function.yml"]().to_dict()
    given = {"SubnetIDs": "subnet-a,subnet-b", "SecurityGroupIds": "sg-1", "AccessPointARN": "arn:a", "Revision": "1"}
    assert known(body, {}) == known(body, given)


# What is made, as far as CloudFormation compares it.

BODY: dict[str, Any] = {
    "Parameters": {
        "Size": {"Type": "Number", "Default": 1},
        "On": {"Type": "String", "Default": "yes"},
        "Unused": {"Type": "String", "Default": ""},
    },
    "Conditions": {"IsOn": {"Fn::Equals": [{"Ref": "On"}, "yes"]}},
    "Resources": {
        "Base": {"Type": "T", "Properties": {"Size": {"Ref": "Size"}}},
        "Extra": {"Type": "T", "Condition": "IsOn", "DependsOn": ["Base"], "Properties": {"Size": {"Ref": "Size"}}},
        "User": {"Type": "U", "Properties": {"Of": {"Fn::If": ["IsOn", {"Ref": "Extra"}, {"Ref": "Base"}]}}},
        "Far": {"Type": "U", "Properties": {"Name": {"Fn::Sub": "${User.Arn}/x"}}},
    },
    "Outputs": {
        "Told": {"Value": {"Fn::GetAtt": ["Extra", "Arn"]}, "Condition": "IsOn"},
        "Other": {"Value": {"Fn::Sub": ["${It}", {"It": {"Ref": "Base"}}]}},
    },
}


def left(**parameters: str) -> Mapping[str, Mapping[str, Any]]:
    return effective(BODY, parameters)


def test_what_no_resource_uses_makes_no_difference() -> None:
    assert left(Unused="something", NoSuchParameter="x") == left()
    assert left(Size="2") != left()


def test_what_a_condition_switches_off_makes_no_difference() -> None:
    only_extra = {"Resources": {"Extra": BODY["Resources"]["Extra"]}}
    body = {**BODY, **only_extra, "Outputs": {}}
    assert effective(body, {"On": "no", "Size": "1"}) == effective(body, {"On": "no", "Size": "2"})
    assert effective(body, {"On": "yes", "Size": "1"}) != effective(body, {"On": "yes", "Size": "2"})


def test_an_output_makes_a_difference() -> None:
    assert effective({**BODY, "Outputs": {}}, {}) != left()


@pytest.mark.parametrize("section", ["Description", "Metadata", "Parameters", "Conditions"])
def test_what_only_people_read_makes_no_difference(section: str) -> None:
    more = {"Another": {"Type": "String", "Default": "x"}} if section == "Parameters" else {"Another": YES}
    text = "other" if section == "Description" else {**BODY.get(section, {}), **more}
    assert effective({**BODY, section: text}, {}) == left()


def test_the_order_of_the_work_makes_no_difference() -> None:
    resources: dict[str, Any] = {**BODY["Resources"], "Base": {**BODY["Resources"]["Base"], "DependsOn": "Far"}}
    assert effective({**BODY, "Resources": resources}, {}) == left()


def test_changes_are_what_comes_what_becomes_different_and_what_goes() -> None:
    there, absent = left(), left(On="no", Size="2")
    assert [(one.action, one.logical_id, one.type) for one in changes(there, absent)] == [
        ("Modify", "Base", "T"),
        ("Modify", "User", "U"),
        ("Remove", "Extra", "T"),
    ]
    assert ("Add", "Extra") in [(one.action, one.logical_id) for one in changes(absent, there)]
    assert changes(there, left()) == ()


@pytest.mark.parametrize(
    ("taken", "resources", "outputs"),
    [
        (["Extra"], ["Base"], ["Other"]),
        (["Base"], [], []),
        (["User"], ["Base", "Extra"], ["Told", "Other"]),
        (["Far"], ["Base", "Extra", "User"], ["Told", "Other"]),
        (["NoSuch"], ["Base", "Extra", "User", "Far"], ["Told", "Other"]),
    ],
    ids=str,
)
def test_what_is_taken_out_takes_along_all_that_refers_to_it(
    taken: list[str], resources: list[str], outputs: list[str]
) -> None:
    left = without(BODY, taken)
    assert (list(left["Resources"]), list(left["Outputs"])) == (resources, outputs)
    assert list(BODY["Resources"]) == ["Base", "Extra", "User", "Far"], "the whole stays as it is"


@pytest.mark.parametrize("title", ["ModelInferenceFunction", "ModelInferenceApi", "ProdStage"])
def test_no_part_of_network_or_efs_hangs_on_function_or_api(title: str) -> None:
    body = templates.TEMPLATES["99_complete.yml"]().to_dict()
    gone = {name: entry["Type"] for name, entry in body["Resources"].items()}
    for name in without(body, [title])["Resources"]:
        del gone[name]
    assert title in gone
    assert {kind.split("::")[1] for kind in gone.values()} <= {"Lambda", "ApiGateway"}

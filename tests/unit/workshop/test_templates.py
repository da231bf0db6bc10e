"""The names, numbers and texts that users, scripts and reviewers of the templates rely on."""

import itertools
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from wildrydes_ml.template import render
from wildrydes_ml.workshop import parameters, templates

Stack = Callable[..., dict[str, Any]]

EFS, INFERENCE, COMPLETE = "efs_99.yml", "5_lambda_function.yml", "99_complete.yml"
PACKAGED, BATCH = "packaged.yml", "batch.yml"
TEXTS = render.render_all(templates.TEMPLATES)
BODIES = {name: build().to_dict() for name, build in templates.TEMPLATES.items()}
CHECKOUT = Path(__file__).parents[3]

NETWORK_IDS = [
    "LambdaEFSMLVPC", "InternetGateway", "InternetGatewayAttachment", "PublicSubnetOne", "PrivateSubnetOne",
    "PrivateSubnetTwo", "PublicRouteTable", "PrivateRouteTable", "DefaultPublicRoute", "PrivateRoute", "NatGateway",
    "NatPublicIP", "PublicSubnet1RouteTableAssociation", "PrivateSubnet1RouteTableAssociation",
    "PrivateSubnet2RouteTableAssociation", "InstanceSecurityGroup", "MountTargetSecurityGroup",
    "FileSystemResource", "MountTargetResource1", "MountTargetResource2", "AccessPointResource",
    "EfsMountEC2Instance",
]  # fmt: skip
FUNCTION_IDS = [
    "LambdaEFSMLExecuteInferenceServiceRole", "lambdaApiGatewayInvoke", "ModelInferenceFunction",
    "ModelInferenceApi",
]  # fmt: skip
GONE_IDS = {"LambdaExecutionRole", "MountTargetResource3", "RegionMap", "MLInferenceFunction", "ApiGateway"}
EXPORTED = [
    "FileSystemID", "AccessPointID", "DefaultSecurityGroup", "PublicSubnetOne", "PrivateSubnetOne",
    "PrivateSubnetTwo", "LambdaEFSMLVPC",
]  # fmt: skip
FUNCTION_OUTPUTS = {
    "MLInferenceFunction",
    "ModelInferenceApiId",
    "ApiGatewayInvokeURL",
    "InferenceFunctionTestCommand",
}
PICTURE = "https://images.pexels.com/photos/310983/pexels-photo-310983.jpeg?auto=compress&cs=tinysrgb&dpr=2&h=650&w=940"


def walk(value: Any) -> Iterator[Any]:
    """The value and everything inside it."""
    yield value
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from walk(item)


def references(value: Any) -> set[str]:
    """The logical ids that a value refers to by Ref, Fn::GetAtt and Fn::Sub."""
    names = set()
    for item in walk(value):
        match item:
            case {"Ref": str(name)} | {"Fn::GetAtt": [str(name), _]}:
                names.add(name)
            case {"Fn::Sub": str(text)}:
                names.update(found.split(".")[0] for found in re.findall(r"\$\{([^}!]+)\}", text))
    return {name for name in names if not name.startswith("AWS::")}


# The committed files


def test_there_are_the_workshops_three_templates_one_without_efs_and_one_for_batches() -> None:
    assert list(templates.TEMPLATES) == [EFS, INFERENCE, COMPLETE, PACKAGED, BATCH]


@pytest.mark.parametrize("name", templates.TEMPLATES)
def test_the_committed_file_is_what_is_rendered(name: str) -> None:
    assert (CHECKOUT / "templates" / name).read_bytes() == TEXTS[name].encode(), "make render"


@pytest.mark.parametrize("name", templates.TEMPLATES)
def test_a_file_can_be_passed_as_template_body_with_room_for_more(name: str) -> None:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html"""
    room = {"efs_99.yml": 1024, "99_complete.yml": 3 * 1024}
    assert len(TEXTS[name].encode()) <= 51_200 - room.get(name, 0)


@pytest.mark.parametrize("name", templates.TEMPLATES)
def test_building_again_gives_the_same_text(name: str) -> None:
    assert render.render(templates.TEMPLATES[name]()) == TEXTS[name]


# Parameters


@pytest.mark.parametrize(
    ("name", "required"),
    [
        (EFS, set()),
        (INFERENCE, {"SecurityGroupIds", "SubnetIDs", "AccessPointARN", "DataBucket"}),
        (COMPLETE, {"DataBucket"}),
        (PACKAGED, {"DataBucket"}),
        (BATCH, {"FunctionAlias", "FunctionRole", "InputBucket", "OutputBucket"}),
    ],
)
def test_only_the_named_parameters_are_required(name: str, required: set[str]) -> None:
    assert {title for title, entry in BODIES[name]["Parameters"].items() if "Default" not in entry} == required


@pytest.mark.parametrize("name", templates.TEMPLATES)
def test_every_parameter_has_a_sentence_of_description(name: str) -> None:
    for title, entry in BODIES[name]["Parameters"].items():
        assert len(entry["Description"]) > 20, title
        assert entry["Description"].endswith("."), title


@pytest.mark.parametrize("name", templates.TEMPLATES)
def test_the_console_shows_each_parameter_in_one_group_and_with_a_label(name: str) -> None:
    shown = BODIES[name]["Metadata"]["AWS::CloudFormation::Interface"]
    grouped = [title for group in shown["ParameterGroups"] for title in group["Parameters"]]
    assert sorted(grouped) == sorted(BODIES[name]["Parameters"])
    assert grouped == list(shown["ParameterLabels"]), "in the same order"
    labels = [label["default"] for label in shown["ParameterLabels"].values()]
    assert len(set(labels)) == len(labels)
    assert all(4 <= len(label) <= 30 for label in labels)


def test_the_console_asks_first_for_what_must_be_given() -> None:
    groups = BODIES[COMPLETE]["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    by_name = {group["Label"]["default"]: group["Parameters"] for group in groups}
    assert list(by_name) == [
        "Code", "Network", "Storage", "Filling EFS", "Function", "API", "Permissions", "Not used",
    ]  # fmt: skip
    assert by_name["Code"] == ["DataBucket", "Architecture", "PythonRuntime", "CodeKey"]
    assert by_name["API"] == ["ApiAuth", "ThrottleRate", "ThrottleBurst"]
    assert by_name["Not used"] == ["DataProcessingExecutionRoleName", "TrainedModelPath"]


# Headings

FIRST = {
    "Network": "LambdaEFSMLVPC",
    "Security groups": "FunctionSecurityGroup",
    "Storage": "FileSystemResource",
    "Filling": "EFSFilledHandle",
    "Function": "ModelInferenceFunctionLogGroup",
    "API": "ModelInferenceApi",
}
"""The first resource of each part."""


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        (EFS, ["Network", "Security groups", "Storage", "Filling"]),
        (INFERENCE, ["Function", "API"]),
        (COMPLETE, list(FIRST)),
        (PACKAGED, ["Function", "API"]),
    ],
)
def test_a_comment_stands_above_each_part(name: str, parts: list[str]) -> None:
    found = re.findall(r"^ # ([\w ]+): .+\n (\w+):$", TEXTS[name], re.MULTILINE)
    assert found == [(part, FIRST[part]) for part in parts]
    assert len(re.findall(r"^ ?#", TEXTS[name], re.MULTILINE)) == len(parts)


@pytest.mark.parametrize("name", templates.TEMPLATES)
def test_parameters_that_are_not_used_say_so(name: str) -> None:
    body = BODIES[name]
    unused = set(body["Parameters"]) - references([body["Resources"], body.get("Conditions"), body["Outputs"]])
    assert unused == {title for title, entry in body["Parameters"].items() if "Not used" in entry["Description"]}
    known = {COMPLETE: {"DataProcessingExecutionRoleName", "TrainedModelPath"}, PACKAGED: {"ModelKey"}}
    assert unused == known.get(name, set())


@pytest.mark.parametrize("name", [EFS, INFERENCE])
def test_the_complete_template_takes_the_options_of_both_others(name: str) -> None:
    other_stack = {"SecurityGroupIds", "SubnetIDs", "AccessPointARN", "Ipv6AllowedForDualStack"}
    complete = BODIES[COMPLETE]["Parameters"]
    for title in set(BODIES[name]["Parameters"]) - other_stack:
        own = parameters.ON_EXISTING_EFS if name == INFERENCE else parameters.WITHOUT_FUNCTION
        assert {**complete[title], **own.get(title, {})} == BODIES[name]["Parameters"][title]


# Conditions and references


@pytest.mark.parametrize("name", templates.TEMPLATES)
def test_every_condition_is_used(name: str) -> None:
    body = BODIES[name]
    used = {entry.get("Condition") for section in ("Resources", "Outputs") for entry in body[section].values()}
    for item in walk(body):
        match item:
            case {"Fn::If": [condition, _, _]} | {"Condition": str(condition)}:
                used.add(condition)
    assert set(body["Conditions"]) <= used


CHOICES = {
    "InternetEgress": ("nat", "ipv6", "none"),
    "BootstrapInstance": ("keep", "stop", "none"),
    "ThroughputMode": ("provisioned", "elastic"),
    "SshCidr": ("", "192.0.2.0/24"),
    "ApiAuth": ("NONE", "API_KEY", "AWS_IAM"),
    "ProvisionedConcurrency": (0, 1),
    "ReservedConcurrency": ("", "3"),
    "AvailabilityZoneOne": ("", "eu-west-1c"),
}


@pytest.mark.parametrize("name", templates.TEMPLATES)
def test_nothing_refers_to_what_a_condition_has_switched_off(stack: Stack, name: str) -> None:
    offered = {key: values for key, values in CHOICES.items() if key in BODIES[name]["Parameters"]}
    for values in itertools.product(*offered.values()):
        chosen = dict(zip(offered, values, strict=True))
        left = stack(name, **chosen)
        depended = {item for entry in left["Resources"].values() for item in listed(entry.get("DependsOn", []))}
        assert references(left) | depended <= set(left["Resources"]), chosen


def listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


@pytest.mark.parametrize("name", templates.TEMPLATES)
def test_resources_stand_after_what_they_need(name: str) -> None:
    seen: set[str] = set(BODIES[name]["Parameters"])
    for title, resource in BODIES[name]["Resources"].items():
        needed = references(resource) | set(listed(resource.get("DependsOn", [])))
        assert needed <= seen, f"{title} stands before {needed - seen}"
        seen.add(title)


# Logical ids, tags, addresses


@pytest.mark.parametrize(
    ("name", "ids"), [(EFS, NETWORK_IDS), (INFERENCE, FUNCTION_IDS), (COMPLETE, NETWORK_IDS + FUNCTION_IDS)]
)
def test_logical_ids_of_the_workshop_are_kept(name: str, ids: list[str]) -> None:
    assert set(ids) <= set(BODIES[name]["Resources"])


@pytest.mark.parametrize("name", templates.TEMPLATES)
def test_what_is_gone_stays_gone(name: str) -> None:
    assert not GONE_IDS & set(BODIES[name]["Resources"])
    assert "RegionMap" not in BODIES[name].get("Mappings", {})


@pytest.mark.parametrize("name", [EFS, COMPLETE])
@pytest.mark.parametrize(
    ("title", "key", "tag"),
    [
        ("LambdaEFSMLVPC", "Tags", "LambdaEFSML/LambdaEFSMLVPC"),
        ("FileSystemResource", "FileSystemTags", "MLInferenceFileSystem"),
        ("AccessPointResource", "AccessPointTags", "MLInferenceAccessPoint"),
        ("EfsMountEC2Instance", "Tags", "tensorflow-for-serverless-inference-cfn-ec2"),
    ],
)
def test_name_tags(stack: Stack, name: str, title: str, key: str, tag: str) -> None:
    assert {"Key": "Name", "Value": tag} in stack(name)["Resources"][title]["Properties"][key]


@pytest.mark.parametrize(
    ("title", "cidr"),
    [
        ("LambdaEFSMLVPC", "10.0.0.0/16"),
        ("PublicSubnetOne", "10.0.1.0/24"),
        ("PrivateSubnetOne", "10.0.2.0/24"),
        ("PrivateSubnetTwo", "10.0.3.0/24"),
    ],
)
def test_address_blocks(stack: Stack, title: str, cidr: str) -> None:
    assert stack(EFS)["Resources"][title]["Properties"]["CidrBlock"] == cidr


# Outputs


def test_outputs_of_efs_99_and_their_exports() -> None:
    outputs = BODIES[EFS]["Outputs"]
    assert set(outputs) == {*EXPORTED, "AccesspointARN", "EFSContents"}
    exports = {title: entry["Export"]["Name"] for title, entry in outputs.items() if "Export" in entry}
    assert exports == {title: {"Fn::Sub": f"${{AWS::StackName}}-{title}"} for title in EXPORTED}


@pytest.mark.parametrize(("name", "more"), [(INFERENCE, set()), (COMPLETE, {"EFSContents"})])
def test_outputs_of_the_function_stacks(name: str, more: set[str]) -> None:
    assert set(BODIES[name]["Outputs"]) == FUNCTION_OUTPUTS | more
    assert not any("Export" in entry for entry in BODIES[name]["Outputs"].values())


@pytest.mark.parametrize("name", templates.TEMPLATES)
def test_every_output_is_described(name: str) -> None:
    assert all(entry["Description"] for entry in BODIES[name]["Outputs"].values())


@pytest.mark.parametrize(
    ("title", "value"),
    [
        ("FileSystemID", {"Ref": "FileSystemResource"}),
        ("AccessPointID", {"Ref": "AccessPointResource"}),
        ("PublicSubnetOne", {"Ref": "PublicSubnetOne"}),
        ("PrivateSubnetOne", {"Ref": "PrivateSubnetOne"}),
        ("PrivateSubnetTwo", {"Ref": "PrivateSubnetTwo"}),
        ("LambdaEFSMLVPC", {"Ref": "LambdaEFSMLVPC"}),
        ("EFSContents", {"Fn::GetAtt": ["EFSFilled", "Data"]}),
    ],
)
def test_values_of_the_outputs(stack: Stack, title: str, value: object) -> None:
    assert stack(EFS)["Outputs"][title]["Value"] == value


def test_the_access_points_arn_is_one_that_the_function_stack_accepts(stack: Stack) -> None:
    text = stack(EFS)["Outputs"]["AccesspointARN"]["Value"]["Fn::Sub"]
    known = {
        "AWS::Partition": "aws-cn",
        "AWS::Region": "cn-north-1",
        "AWS::AccountId": "123456789012",
        "AccessPointResource": "fsap-0123456789abcdef0",
    }
    arn = re.sub(r"\$\{([^}]+)\}", lambda found: known[found[1]], text)
    assert arn == "arn:aws-cn:elasticfilesystem:cn-north-1:123456789012:access-point/fsap-0123456789abcdef0"
    assert re.fullmatch(BODIES[INFERENCE]["Parameters"]["AccessPointARN"]["AllowedPattern"], arn)


def test_the_function_joins_a_group_of_its_own(stack: Stack) -> None:
    left = stack(EFS)
    group = left["Outputs"]["DefaultSecurityGroup"]["Value"]["Ref"]
    assert left["Resources"][group]["Type"] == "AWS::EC2::SecurityGroup"
    assert group not in ("InstanceSecurityGroup", "MountTargetSecurityGroup")


def test_without_an_instance_there_are_no_contents_to_report(stack: Stack) -> None:
    assert "EFSContents" not in stack(EFS, BootstrapInstance="none")["Outputs"]


@pytest.mark.parametrize("name", [INFERENCE, COMPLETE])
def test_urls_of_the_api(stack: Stack, name: str) -> None:
    outputs = {title: entry["Value"] for title, entry in stack(name)["Outputs"].items()}
    url = "https://${ModelInferenceApi}.execute-api.${AWS::Region}.${AWS::URLSuffix}/prod"
    assert outputs["MLInferenceFunction"] == {"Fn::GetAtt": ["ModelInferenceFunction", "Arn"]}
    assert outputs["ModelInferenceApiId"] == {"Ref": "ModelInferenceApi"}
    assert outputs["ApiGatewayInvokeURL"] == {"Fn::Sub": url}
    command = outputs["InferenceFunctionTestCommand"]["Fn::Sub"]
    body, rest = re.fullmatch(r"curl -d '(\{.*?\})' (.*)", command).groups()  # type: ignore[union-attr]
    assert json.loads(body) == {"url": PICTURE}
    assert rest == f'-H "Content-Type: application/json" -X POST {url}'


# Suppressions


@pytest.mark.parametrize("name", templates.TEMPLATES)
def test_every_suppressed_finding_has_a_reason(name: str) -> None:
    body = BODIES[name]
    for title, holder in {"template": body, **body["Resources"]}.items():
        metadata = holder.get("Metadata", {})
        for skip in metadata.get("checkov", {"skip": []})["skip"]:
            assert len(skip["comment"]) >= 20, (title, skip)
        if "cfn-lint" in metadata:
            ignored, reasons = metadata["cfn-lint"]["config"]["ignore_checks"], metadata["cfn-lint"]["reasons"]
            assert set(ignored) == set(reasons), title
            assert all(len(reason) >= 20 for reason in reasons.values()), title

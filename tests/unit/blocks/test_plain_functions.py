"""Functions without EFS, without a name of their own, and in a network whose addresses are known roughly."""

from typing import Any

from troposphere import Template

from tests.unit.blocks.existing import MOUNT
from wildrydes_ml.blocks import FileSystemMount, FunctionSettings, Network, add_function_security_group
from wildrydes_ml.blocks.function import add_inference_function


def made(mount: FileSystemMount | None, name: str = "") -> dict[str, Any]:
    """Logical id -> resource of a function's template."""
    template = Template()
    add_inference_function(template, mount, FunctionSettings(name=name, bucket="bucket", key="k.zip"), title="Fun")
    return dict(template.to_dict()["Resources"])


def policies(resources: dict[str, Any]) -> dict[str, Any]:
    """The statements of the function's role, by policy."""
    listed = resources["FunRole"]["Properties"]["Policies"]
    return {one["PolicyName"]: one["PolicyDocument"]["Statement"] for one in listed}


def test_a_function_without_efs_joins_no_network_and_may_only_log() -> None:
    resources = made(None)
    function = resources["Fun"]["Properties"]
    assert not {"VpcConfig", "FileSystemConfigs"} & set(function)
    assert set(function["Environment"]["Variables"]) == {"REVISION"}
    assert set(policies(resources)) == {"WriteLogs"}


def test_a_function_without_a_name_writes_to_its_own_log_group() -> None:
    resources = made(MOUNT)
    function = resources["Fun"]["Properties"]
    assert "FunctionName" not in function
    assert function["LoggingConfig"] == {"LogGroup": {"Ref": "FunLogGroup"}}
    assert "LogGroupName" not in resources["FunLogGroup"]["Properties"]


def test_the_code_of_a_function_without_a_name_is_denied_the_network_too() -> None:
    deny = policies(made(MOUNT))["JoinVpc"][1]
    assert deny["Effect"] == "Deny"
    arn = deny["Condition"]["ArnEquals"]["lambda:SourceFunctionArn"]["Fn::Sub"]
    assert arn == "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:*"


def test_two_functions_without_names_live_in_one_template() -> None:
    template = Template()
    for title in ("One", "Two"):
        add_inference_function(template, None, FunctionSettings(name="", bucket="bucket", key="k.zip"), title=title)
    assert {"One", "Two"} <= set(template.resources)


def test_nfs_is_let_out_to_each_block_of_the_network() -> None:
    template = Template()
    blocks = ("10.0.0.0/8", "192.168.0.0/16")
    network = Network(vpc="vpc-1", vpc_cidr=blocks, private_subnets=["subnet-1", "subnet-2"])
    group = add_function_security_group(template, network, web=False)
    rules = [rule.to_dict() for rule in group.SecurityGroupEgress]
    assert [(rule["CidrIp"], rule["FromPort"], rule["ToPort"]) for rule in rules] == [
        (block, 2049, 2049) for block in blocks
    ]

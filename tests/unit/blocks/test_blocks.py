"""The building blocks in somebody else's template: plain values, an existing network, each block alone."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from troposphere import Parameter, Ref, Sub, Template

import wildrydes_ml
from tests.unit import linting
from wildrydes_ml.blocks import choices
from wildrydes_ml.blocks.access import Access, Auth
from wildrydes_ml.blocks.api import add_proxy_stage, add_rest_api
from wildrydes_ml.blocks.filling import Instance, PopulateSettings, add_instance_security_group, add_populate
from wildrydes_ml.blocks.function import FunctionSettings, Inference, add_inference_function
from wildrydes_ml.blocks.mount import FileSystemMount
from wildrydes_ml.blocks.network import Egress, Network, add_function_security_group, add_network
from wildrydes_ml.blocks.routes import Route
from wildrydes_ml.blocks.storage import Storage, add_storage
from wildrydes_ml.template import render

Evaluate = Callable[[dict[str, Any]], dict[str, Any]]

EXISTING = Network(
    vpc="vpc-0123456789abcdef0",
    vpc_cidr="172.16.0.0/16",
    public_subnet="subnet-0123456789abcdef0",
    private_subnets=("subnet-0123456789abcdef1", "subnet-0123456789abcdef2"),
    way_out="",
    ipv6=False,
)
MOUNT = FileSystemMount(
    subnets=["subnet-0123456789abcdef1"],
    security_groups=["sg-0123456789abcdef0"],
    access_point_arn="arn:aws:elasticfilesystem:eu-west-1:123456789012:access-point/fsap-0123456789abcdef0",
    path="/mnt/python",
)
OPEN = Access("NONE", open_because="Riders call without credentials.")


def inference(template: Template, **settings: Any) -> Inference:
    return add_inference_function(
        template, MOUNT, FunctionSettings(**{"name": "answers", "bucket": "pictures", "key": "code.zip", **settings})
    )


def whole(egress: Egress = "nat", instance: Instance = "keep", provisioned: str = "0", auth: Auth = "NONE") -> Template:
    """All blocks together with plain values."""
    template = Template(Description="All blocks, nothing left to choose")
    network = add_network(template, egress=egress)
    populating = PopulateSettings(instance=instance, packages="numpy==2.0.0", model="https://example.com/m.tar.gz")
    function_group = add_function_security_group(template, network)
    clients = [function_group]
    if instance != "none":
        clients.append(add_instance_security_group(template, network, populating))
    storage = add_storage(template, network, clients, throughput_mode="elastic")
    if instance != "none":
        add_populate(template, network, storage, clients[-1], populating)
    mount = FileSystemMount(
        subnets=list(network.private_subnets),
        security_groups=[Ref(function_group)],
        access_point_arn=storage.access_point_arn,
        path="/mnt/python",
        mount_targets=storage.mount_targets,
    )
    settings = FunctionSettings(name="answers", bucket="pictures", key="code.zip", provisioned_concurrency=provisioned)
    added = add_inference_function(template, mount, settings)
    access = OPEN if auth == "NONE" else Access(auth)
    add_proxy_stage(template, add_rest_api(template, [Route(added, page=True)], access))
    return template


def kinds(template: Template) -> set[str]:
    return {resource["Type"].removeprefix("AWS::") for resource in template.to_dict()["Resources"].values()}


@pytest.mark.parametrize("egress", ["nat", "ipv6", "none"])
@pytest.mark.parametrize("instance", ["keep", "stop", "none"])
@pytest.mark.parametrize(("provisioned", "auth"), [("0", "NONE"), ("2", "API_KEY"), ("0", "AWS_IAM")])
def test_what_is_known_needs_no_condition(egress: Egress, instance: Instance, provisioned: str, auth: Auth) -> None:
    body = whole(egress, instance, provisioned, auth).to_dict()
    assert not {"Conditions", "Parameters"} & set(body)
    assert "'Fn::If'" not in str(body)
    assert not [title for title, resource in body["Resources"].items() if "Condition" in resource]


@pytest.mark.parametrize(
    ("values", "absent"),
    [
        ({"egress": "none"}, {"EC2::NatGateway", "EC2::EIP", "EC2::EgressOnlyInternetGateway", "EC2::VPCCidrBlock"}),
        ({"egress": "ipv6"}, {"EC2::NatGateway", "EC2::EIP"}),
        ({"egress": "nat"}, {"EC2::EgressOnlyInternetGateway", "EC2::VPCCidrBlock"}),
        ({"instance": "none"}, {"EC2::Instance", "CloudFormation::WaitCondition", "IAM::InstanceProfile"}),
        ({"provisioned": "0"}, {"Lambda::Version"}),
        ({"auth": "NONE"}, {"ApiGateway::ApiKey", "ApiGateway::UsagePlan"}),
    ],
)
def test_what_is_not_chosen_is_not_in_the_template(values: dict[str, Any], absent: set[str]) -> None:
    opposite = whole(egress="ipv6" if values.get("egress") == "nat" else "nat", provisioned="1", auth="API_KEY")
    assert not absent & kinds(whole(**values))
    assert absent & kinds(opposite)


@pytest.mark.parametrize("auth", ["NONE", "API_KEY", "AWS_IAM"])
def test_a_known_way_of_calling_has_the_only_deployment(auth: Auth) -> None:
    resources = whole(auth=auth).to_dict()["Resources"]
    (title,) = [title for title, entry in resources.items() if entry["Type"] == "AWS::ApiGateway::Deployment"]
    assert resources["ProdStage"]["Properties"]["DeploymentId"] == {"Ref": title}


def test_a_group_that_was_not_added_is_not_admitted() -> None:
    template = Template()
    none = PopulateSettings(instance="none")
    groups = [add_function_security_group(template, EXISTING), add_instance_security_group(template, EXISTING, none)]
    add_storage(template, EXISTING, groups)
    ingress = template.to_dict()["Resources"]["MountTargetSecurityGroup"]["Properties"]["SecurityGroupIngress"]
    assert [rule["SourceSecurityGroupId"]["Ref"] for rule in ingress] == ["FunctionSecurityGroup"]


def test_storage_in_an_existing_network() -> None:
    template = Template()
    add_storage(template, EXISTING, [add_function_security_group(template, EXISTING)], throughput_mode="bursting")
    resources = template.to_dict()["Resources"]
    assert "AWS::EC2::VPC" not in {entry["Type"] for entry in resources.values()}
    assert resources["MountTargetResource2"]["Properties"]["SubnetId"] == "subnet-0123456789abcdef2"
    assert resources["FunctionSecurityGroup"]["Properties"]["VpcId"] == "vpc-0123456789abcdef0"
    assert "172.16.0.0/16" in str(resources["FunctionSecurityGroup"])
    assert "10.0.0.0/16" not in str(resources)


def filled_existing() -> Template:
    """An instance that fills an existing file system from an existing subnet, and a function on it."""
    template = Template(Description="Nothing made that is there already")
    populating = PopulateSettings(packages="numpy==2.0.0", model="https://example.com/m.tar.gz")
    storage = Storage(
        file_system="fs-0123456789abcdef0",
        access_point="fsap-0123456789abcdef0",
        access_point_arn=MOUNT.access_point_arn,
    )
    group = add_instance_security_group(template, EXISTING, populating)
    add_populate(template, EXISTING, storage, group, populating)
    inference(template)
    return template


def test_filling_an_existing_file_system_depends_on_nothing() -> None:
    instance = filled_existing().to_dict()["Resources"]["EfsMountEC2Instance"]
    assert instance.get("DependsOn", []) == []
    assert instance["Properties"]["NetworkInterfaces"][0]["SubnetId"] == "subnet-0123456789abcdef0"
    assert 'FILE_SYSTEM_ID="fs-0123456789abcdef0"' in str(instance["Metadata"])


def test_a_function_on_an_existing_file_system() -> None:
    template = Template()
    inference(template, name="digits", environment={"TARGET_LABEL": "Dog"}, handler="app.answer", timeout=20)
    function = template.to_dict()["Resources"]["ModelInferenceFunction"]["Properties"]
    assert (function["FunctionName"], function["Handler"], function["Timeout"]) == ("digits", "app.answer", 20)
    assert function["Environment"]["Variables"]["TARGET_LABEL"] == "Dog"
    assert function["Environment"]["Variables"]["PY_PKG_PATH"] == "tensorflow/lib/python3.13/site-packages"
    assert function["FileSystemConfigs"] == [{"Arn": MOUNT.access_point_arn, "LocalMountPath": "/mnt/python"}]
    assert function["VpcConfig"]["SubnetIds"] == ["subnet-0123456789abcdef1"]


def test_plain_and_chosen_values_make_the_same_stack(evaluate: Evaluate) -> None:
    chosen = Template()
    egress = chosen.add_parameter(Parameter("Egress", Type="String", Default="ipv6"))
    zone = chosen.add_parameter(Parameter("Zone", Type="String", Default="eu-west-1b"))
    add_network(chosen, egress=egress, zone_one=zone)
    plain = Template()
    add_network(plain, egress="ipv6", zone_one="eu-west-1b")
    assert evaluate(chosen.to_dict()) == evaluate(plain.to_dict())


def test_another_api_gets_another_deployment() -> None:
    def deployment(**changes: Any) -> str:
        template = Template()
        api = add_rest_api(template, [Route(inference(template))], OPEN)
        for name, value in changes.items():
            setattr(api.rest_api, name, value)
        add_proxy_stage(template, api)
        return next(str(title) for title in template.resources if "Deployment" in title)

    assert deployment() == deployment()
    assert deployment(BinaryMediaTypes=["image/png"]) != deployment()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a", "-a-"),
        (3, "-3-"),
        (Parameter("P", Type="String"), {"Fn::Sub": "-${P}-"}),
        (Ref("AWS::Region"), {"Fn::Sub": "-${AWS::Region}-"}),
        (Ref("P"), {"Fn::Sub": "-${P}-"}),
        (Sub("x${P}"), {"Fn::Sub": "-x${P}-"}),
    ],
)
def test_patterns_are_filled_now_or_by_sub(value: Any, text: object) -> None:
    filled = choices.fill("-{value}-", value=value)
    assert (filled if isinstance(filled, str) else filled.to_dict()) == text


def test_what_cannot_stand_in_sub_is_refused_where_it_is_passed() -> None:
    with pytest.raises(TypeError, match=r"pass text, a parameter, Ref, GetAtt, Sub or ImportValue"):
        choices.fill("-{value}-", value=["a"])


def test_the_curl_line_is_for_the_given_api() -> None:
    outputs = wildrydes_ml.complete().to_dict()["Outputs"]
    url = outputs["ApiGatewayInvokeURL"]["Value"]["Fn::Sub"]
    assert outputs["InferenceFunctionTestCommand"]["Value"]["Fn::Sub"].endswith(f" {url}")


def test_cfn_lint_accepts_the_blocks_with_plain_values(tmp_path: Path) -> None:
    texts = {
        "nat.yml": render.render(whole()),
        "ipv6.yml": render.render(whole(egress="ipv6", provisioned="2", auth="API_KEY")),
        "none.yml": render.render(whole(egress="none", instance="none", auth="AWS_IAM")),
    }
    assert linting.findings(tmp_path, texts) == []


# The public API


def test_public_names() -> None:
    workshop = {"efs_99", "lambda_function", "complete", "packaged", "render"}
    author = {"Access", "App", "Deployment", "ExistingNetwork", "Filling", "NewNetwork", "Storage", "allow"}
    program = {"Code", "Kept", "Packed", "Proof", "Stack", "StackOutput", "Target"}
    assert set(wildrydes_ml.__all__) == workshop | author | program
    assert all(getattr(wildrydes_ml, name) for name in wildrydes_ml.__all__)
    workshops = (wildrydes_ml.efs_99, wildrydes_ml.lambda_function, wildrydes_ml.complete, wildrydes_ml.packaged)
    for build in workshops:
        template = build()
        assert isinstance(template, Template)
        assert wildrydes_ml.render(template).startswith("AWSTemplateFormatVersion: '2010-09-09'\n")


def test_types_are_published() -> None:
    assert (Path(wildrydes_ml.__file__).parent / "py.typed").is_file()


IMPORT = """
import sys, threading
import wildrydes_ml
heavy = {"boto3", "botocore", "tensorflow", "ministack", "numpy", "PIL", "requests", "cfnlint", "subprocess", "socket"}
print(sorted(heavy & set(sys.modules)), threading.active_count())
"""


def test_importing_it_is_light_and_starts_nothing(tmp_path: Path) -> None:
    environment = {"PYTHONPATH": str(Path(wildrydes_ml.__file__).parents[1])}
    run = subprocess.run(
        [sys.executable, "-c", IMPORT], env=environment, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (run.stdout, run.stderr) == ("[] 1\n", "")
    assert list(tmp_path.iterdir()) == []

"""The EFS template whole, NAT gateway and instance included, on moto, which makes every resource of it.

moto knows no wait condition and would reject the stack, so the test gives it one that does not wait. Nor does it take
an absent entry in a list of policies, so the one that is for a bucket alone, which no stack here has, is taken out.
"""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto.cloudformation import parsing
from moto.core.common_models import CloudFormationModel
from troposphere import If, Template

from wildrydes_ml import efs_99, render
from wildrydes_ml.workshop.deployments import PRESETS


class WaitCondition(CloudFormationModel):
    """A wait condition that is signalled at once."""

    physical_resource_id = "signalled"

    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::CloudFormation::WaitCondition"

    @staticmethod
    def cloudformation_name_type() -> str:
        return ""

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        return attr == "Data"

    def get_cfn_attribute(self, name: str) -> str:
        return '{"i-0": "filled"}'

    @classmethod
    def create_from_cloudformation_json(cls, *_: Any, **__: Any) -> "WaitCondition":
        return cls()

    @classmethod
    def delete_from_cloudformation_json(cls, *_: Any, **__: Any) -> None:
        return None


class WaitConditionHandle(CloudFormationModel):
    """Its handle."""

    physical_resource_id = "http://127.0.0.1/signal"

    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::CloudFormation::WaitConditionHandle"

    @staticmethod
    def cloudformation_name_type() -> str:
        return ""

    @classmethod
    def create_from_cloudformation_json(cls, *_: Any, **__: Any) -> "WaitConditionHandle":
        return cls()

    @classmethod
    def delete_from_cloudformation_json(cls, *_: Any, **__: Any) -> None:
        return None


@pytest.fixture
def with_wait_condition() -> Iterator[None]:
    lacking = list(parsing.NULL_MODELS)
    parsing.NULL_MODELS.clear()
    yield
    parsing.NULL_MODELS.extend(lacking)


@pytest.fixture
def cloudformation(moto_server: str) -> Any:
    session = boto3.Session("test", "test", region_name="us-east-1")
    return session.client("cloudformation", endpoint_url=moto_server)


def without_bucket() -> Template:
    template = efs_99()
    assert template.parameters["DataBucket"].Default == ""
    role = template.resources["EfsMountInstanceRole"]
    role.Policies = [policy for policy in role.Policies if not isinstance(policy, If)]
    return template


def created(cloudformation: Any, name: str, **parameters: str) -> tuple[dict[str, str], dict[str, str]]:
    """Logical id to type of what the stack made, and its outputs."""
    cloudformation.create_stack(
        StackName=name,
        TemplateBody=render(without_bucket()),
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
        Capabilities=["CAPABILITY_NAMED_IAM"],
    )
    stack = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    resources = cloudformation.list_stack_resources(StackName=name)["StackResourceSummaries"]
    made = {item["LogicalResourceId"]: item["ResourceType"] for item in resources if item["ResourceType"]}
    return made, {item["OutputKey"]: item["OutputValue"] for item in stack.get("Outputs", [])}


def wanted(*absent: str) -> dict[str, str]:
    """What the template holds but for IPv6, which is off by default, and for the absent ones."""
    off = {"VPCIpv6Cidr", "EgressOnlyInternetGateway", "PrivateIpv6Route", *absent}
    resources = efs_99().to_dict()["Resources"]
    return {title: resource["Type"] for title, resource in resources.items() if title not in off}


INSTANCE = (
    "InstanceSecurityGroup", "EFSFilledHandle", "EFSFilled", "EfsMountInstanceRole", "EfsMountInstanceProfile",
    "EfsMountEC2Instance",
)  # fmt: skip


@pytest.mark.usefixtures("with_wait_condition")
def test_every_resource_is_made_without_parameters(cloudformation: Any) -> None:
    made, outputs = created(cloudformation, "whole")
    assert made == wanted()
    assert outputs["EFSContents"] == '{"i-0": "filled"}'


def test_every_resource_but_the_instance_is_made_without_it(cloudformation: Any) -> None:
    made, outputs = created(cloudformation, "without-instance", BootstrapInstance="none")
    assert made == wanted(*INSTANCE)
    assert outputs["AccesspointARN"].startswith("arn:aws:elasticfilesystem:us-east-1:123456789012:access-point/")
    assert {"NatGateway", "NatPublicIP"} <= made.keys()


@pytest.mark.usefixtures("with_wait_condition")
def test_every_resource_of_lean_is_made_but_its_way_out(cloudformation: Any) -> None:
    """moto knows no IPv6 block of a VPC."""
    made, outputs = created(cloudformation, "lean", **{**PRESETS["lean"], "InternetEgress": "none"})
    assert made == wanted("NatPublicIP", "NatGateway", "PrivateRoute")
    assert outputs["EFSContents"] == '{"i-0": "filled"}'

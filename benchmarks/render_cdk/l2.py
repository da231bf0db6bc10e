"""The workshop's three templates as somebody who uses CDK would write them: L2 constructs and what is usual there.

`l2.py DIRECTORY`. Much the same resources as ours, not each: CDK makes its own routes, roles and security-group rules.
"""

import sys
from typing import Any

import aws_cdk as cdk  # type: ignore[import-not-found, unused-ignore]
from aws_cdk import aws_apigateway as apigateway  # type: ignore[import-not-found, unused-ignore]
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_efs as efs
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3

PATH = "/mnt/inference"
# What API Gateway answers by itself.
RESPONSES = (
    "THROTTLED",
    "QUOTA_EXCEEDED",
    "INVALID_API_KEY",
    "ACCESS_DENIED",
    "MISSING_AUTHENTICATION_TOKEN",
    "UNAUTHORIZED",
    "EXPIRED_TOKEN",
    "INVALID_SIGNATURE",
    "REQUEST_TOO_LARGE",
    "BAD_REQUEST_BODY",
    "UNSUPPORTED_MEDIA_TYPE",
    "INTEGRATION_TIMEOUT",
    "INTEGRATION_FAILURE",
    "DEFAULT_4_XX",
    "DEFAULT_5_XX",
)


def main() -> None:
    """Synthesizes the three."""
    app = cdk.App(outdir=sys.argv[1], analytics_reporting=False)
    add_file_system(cdk.Stack(app, "efs-99"))
    alone(cdk.Stack(app, "lambda-function"))
    together = cdk.Stack(app, "complete")
    vpc, access_point, group = add_file_system(together)
    add_stage(add_api(together, add_function(together, vpc, access_point, group), deploy=False))
    app.synth()


def add_file_system(stack: Any) -> tuple[Any, Any, Any]:
    """VPC, file system and the instance that fills it."""
    vpc = ec2.Vpc(
        stack,
        "Vpc",
        max_azs=2,
        nat_gateways=1,
        subnet_configuration=[
            ec2.SubnetConfiguration(name="Public", subnet_type=ec2.SubnetType.PUBLIC, cidr_mask=24),
            ec2.SubnetConfiguration(name="Private", subnet_type=ec2.SubnetType.PRIVATE_WITH_EGRESS, cidr_mask=24),
        ],
    )
    group = ec2.SecurityGroup(stack, "FunctionGroup", vpc=vpc, description="Inference function")
    file_system = efs.FileSystem(
        stack,
        "FileSystem",
        vpc=vpc,
        encrypted=True,
        throughput_mode=efs.ThroughputMode.PROVISIONED,
        provisioned_throughput_per_second=cdk.Size.mebibytes(45),
        removal_policy=cdk.RemovalPolicy.DESTROY,
    )
    file_system.connections.allow_default_port_from(group)
    owner = {"uid": "1001", "gid": "1001"}
    access_point = file_system.add_access_point(
        "AccessPoint",
        path="/ml",
        posix_user=efs.PosixUser(**owner),
        create_acl=efs.Acl(owner_uid="1001", owner_gid="1001", permissions="755"),
    )
    add_instance(stack, vpc, file_system)
    for name, value in (
        ("FileSystemId", file_system.file_system_id),
        ("AccessPointArn", access_point.access_point_arn),
    ):
        cdk.CfnOutput(stack, name, value=value)
    return vpc, access_point, group


def add_instance(stack: Any, vpc: Any, file_system: Any) -> None:
    """The instance, and a wait condition that it ends."""
    handle = cdk.CfnWaitConditionHandle(stack, "FilledHandle")
    instance = ec2.Instance(
        stack,
        "Instance",
        vpc=vpc,
        vpc_subnets=ec2.SubnetSelection(subnet_type=ec2.SubnetType.PUBLIC),
        instance_type=ec2.InstanceType("t3.medium"),
        machine_image=ec2.MachineImage.latest_amazon_linux2023(),
        require_imdsv2=True,
    )
    instance.user_data.add_commands(
        "dnf install -y amazon-efs-utils python3.11-pip",
        f"mount -t efs -o tls,iam {file_system.file_system_id} {PATH}",
        f"python3.11 -m pip install --target {PATH}/packages tensorflow",
        f"cfn-signal --success true '{handle.ref}'",
    )
    file_system.connections.allow_default_port_from(instance)
    file_system.grant_read_write(instance)
    filled = cdk.CfnWaitCondition(stack, "Filled", handle=handle.ref, timeout="3600", count=1)
    filled.node.add_dependency(instance)


def alone(stack: Any) -> None:
    """Function and API on a file system that exists; no stage."""
    given = {name: cdk.CfnParameter(stack, name).value_as_string for name in ("SubnetOne", "SubnetTwo", "Group", "Id")}
    vpc = ec2.Vpc.from_vpc_attributes(
        stack,
        "Vpc",
        vpc_id=cdk.CfnParameter(stack, "VpcId").value_as_string,
        availability_zones=[cdk.Fn.select(number, cdk.Fn.get_azs()) for number in (0, 1)],
        private_subnet_ids=[given["SubnetOne"], given["SubnetTwo"]],
    )
    group = ec2.SecurityGroup.from_security_group_id(stack, "FunctionGroup", given["Group"])
    file_system = efs.FileSystem.from_file_system_attributes(
        stack, "FileSystem", file_system_id=given["Id"], security_group=group
    )
    access_point = efs.AccessPoint.from_access_point_attributes(
        stack,
        "AccessPoint",
        access_point_id=cdk.CfnParameter(stack, "AccessPointId").value_as_string,
        file_system=file_system,
    )
    add_api(stack, add_function(stack, vpc, access_point, group), deploy=False)


def add_function(stack: Any, vpc: Any, access_point: Any, group: Any) -> Any:
    """The function behind its alias."""
    bucket = s3.Bucket.from_bucket_name(stack, "Code", cdk.CfnParameter(stack, "DataBucket").value_as_string)
    function = lambda_.Function(
        stack,
        "Function",
        runtime=lambda_.Runtime.PYTHON_3_11,
        handler="lambda_function.lambda_handler",
        code=lambda_.Code.from_bucket(bucket, "ml_inferencefunction.zip"),
        memory_size=3008,
        timeout=cdk.Duration.seconds(60),
        vpc=vpc,
        security_groups=[group],
        filesystem=lambda_.FileSystem.from_efs_access_point(access_point, PATH),
        log_group=logs.LogGroup(stack, "Log", retention=logs.RetentionDays.TWO_WEEKS),
        environment={"EFS_PATH": PATH},
    )
    function.add_to_role_policy(iam.PolicyStatement(actions=["ec2:DescribeNetworkInterfaces"], resources=["*"]))
    return lambda_.Alias(stack, "Live", alias_name="live", version=function.current_version)


def add_api(stack: Any, alias: Any, deploy: bool) -> Any:
    """The REST API with what it answers by itself."""
    api = apigateway.RestApi(
        stack,
        "Api",
        rest_api_name="ModelInferenceApi",
        binary_media_types=["image/jpeg", "image/png", "image/webp", "image/gif"],
        deploy=deploy,
        cloud_watch_role=False,
    )
    for name in RESPONSES:
        api.add_gateway_response(
            f"Response{name.title()}",
            type=getattr(apigateway.ResponseType, name),
            templates={"application/problem+json": '{"title": "It did not work"}'},
        )
    integration = apigateway.LambdaIntegration(alias)
    for method in ("ANY", "GET"):
        api.root.add_method(method, integration)
    return api


def add_stage(api: Any) -> None:
    """The stage `prod` with a key and its usage plan."""
    deployment = apigateway.Deployment(api, "Deployment", api=api)
    stage = apigateway.Stage(
        api,
        "Prod",
        deployment=deployment,
        stage_name="prod",
        throttling_rate_limit=10,
        throttling_burst_limit=10,
    )
    plan = api.add_usage_plan("Plan", throttle=apigateway.ThrottleSettings(rate_limit=10, burst_limit=10))
    plan.add_api_key(apigateway.ApiKey(api, "Key"))
    plan.add_api_stage(stage=stage)
    cdk.CfnOutput(api, "Url", value=stage.url_for_path("/"))


if __name__ == "__main__":
    main()

"""The workshop's templates, put together out of the parts."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias

from troposphere import Export, GetAtt, Output, Parameter, Ref, Sub, Template, ec2

from ..blocks.access import Access
from ..blocks.agreement import Populate
from ..blocks.api import STAGE, Api, add_proxy_stage, add_rest_api, invoke_url
from ..blocks.choices import choose
from ..blocks.filling import DATA_REASON, PopulateSettings, add_instance_security_group, add_populate
from ..blocks.function import IN_ZIP, FunctionSettings, Inference, add_inference_function
from ..blocks.gateway_responses import ANSWERS
from ..blocks.mount import FileSystemMount
from ..blocks.network import Network, add_function_security_group, add_network
from ..blocks.routes import Route
from ..blocks.storage import REFILL_REASON, Storage, add_storage
from ..blocks.suppressions import cfn_lint_ignores
from . import parameters

if TYPE_CHECKING:
    from ..blocks.dashboard import Alarms

Defaults: TypeAlias = Mapping[str, str | float] | None

_LONG_REASON = "The first call may load the model for longer than API Gateway waits. The next call gets its answer."
_WIRED_REASON = "As in the workshop, a person or the deployer adds the method and the stage."
PICTURE_URL = (
    "https://images.pexels.com/photos/310983/pexels-photo-310983.jpeg?auto=compress&cs=tinysrgb&dpr=2&h=650&w=940"
)
_KEY_REASON = "Only the deployer reads ModelKey: it remembers which model is in the zip."
# Parameters of the function that have no meaning without EFS: its zip has one engine.
_ON_EFS = frozenset({"EFSpath", "Engine"})
_UNUSED_REASON = "The workshop's command passes two parameters that this template does not use."


def efs_99(*, defaults: Defaults = None) -> Template:
    """The VPC and the file system, filled at boot: `templates/efs_99.yml`.

    `defaults` replace those of the parameters, such as `{"Packages": "numpy==2.4.6", "ModelUrl": "https://…"}` or a
    preset. Raises ValueError for a parameter that the template has not, and for a value that it does not allow.
    """
    template = _template(
        "Wild Rydes, GinormousModels: a network, and EFS with TensorFlow and the model", E6101=DATA_REASON
    )
    names = ("DataBucket", *parameters.of(parameters.EFS))
    given = _add_parameters(template, names, defaults, parameters.WITHOUT_FUNCTION)
    settings = replace(_populate_settings(given), bucket=given["DataBucket"])
    network, group, storage, populate = _add_file_system(template, given, settings)
    for name, value in _file_system_outputs(network, group, storage).items():
        export = None if name == "AccesspointARN" else Export(Sub(f"${{AWS::StackName}}-{name}"))
        _output(template, name, value, **({"Export": export} if export else {}))
    _contents_output(template, populate)
    return template


def lambda_function(*, defaults: Defaults = None) -> Template:
    """The function and the API's skeleton on an existing file system: `templates/5_lambda_function.yml`.

    `defaults` are as those of `efs_99`.
    """
    template = _template(
        "Wild Rydes, GinormousModels: the function that looks for unicorns, and its API without methods"
    )
    names = parameters.of(parameters.MOUNT, parameters.SOURCE, parameters.FUNCTION, parameters.DUAL_STACK)
    given = _add_parameters(template, names, defaults, parameters.ON_EXISTING_EFS)
    mount = FileSystemMount(
        subnets=Ref(given["SubnetIDs"]),
        security_groups=Ref(given["SecurityGroupIds"]),
        access_point_arn=Ref(given["AccessPointARN"]),
        path=given["EFSpath"],
        ipv6=Ref(given["Ipv6AllowedForDualStack"]),
    )
    inference = _add_function(template, mount, _mounted_settings(given))
    api = _add_api(template, inference, given, wired_because=_WIRED_REASON)
    _api_outputs(template, inference, api)
    return template


def complete(*, defaults: Defaults = None, dashboard: "Alarms | None" = None) -> Template:
    """Everything in one stack, the API wired: `templates/99_complete.yml`. `defaults` are as those of `efs_99`.

    With `dashboard=Alarms()` also a CloudWatch dashboard and alarms, which that file has not: without them it keeps
    below the 51,200 bytes of `--template-body`; a larger one is passed as `--template-url`.
    """
    template = _template(
        "Wild Rydes, GinormousModels: network, EFS, function and API in one stack",
        E6101=DATA_REASON,
        W2001=_UNUSED_REASON,
    )
    names = parameters.of(parameters.EFS, parameters.FUNCTION, parameters.WORKSHOP_COMMAND)
    given = _add_parameters(template, names, defaults)
    filling = replace(_populate_settings(given), bucket=given["DataBucket"])
    network, group, storage, populate = _add_file_system(template, given, filling)
    mount = FileSystemMount(
        subnets=list(network.private_subnets),
        security_groups=[Ref(group)],
        access_point_arn=storage.access_point_arn,
        path=given["EFSpath"],
        ipv6=choose(network.ipv6, True, False),
        mount_targets=storage.mount_targets,
    )
    # The function waits for the filling, and starts anew when a later instance has filled EFS again.
    settings = replace(_mounted_settings(given), contents=populate)
    inference = _add_function(template, mount, settings)
    api = _add_api(template, inference, given)
    add_proxy_stage(template, api)
    if dashboard is not None:
        # Only here, since everybody who renders would wait for it.
        from ..blocks.dashboard import Watched, add_dashboard

        watched = Watched(function=inference, api=api, storage=storage, own_metrics=True)
        add_dashboard(template, watched, dashboard)
    _api_outputs(template, inference, api)
    _contents_output(template, populate)
    return template


def packaged(*, defaults: Defaults = None) -> Template:
    """The function with packages and model in its zip, and its API, without EFS and network: `templates/packaged.yml`.

    `defaults` are as those of `efs_99`.
    """
    template = _template(
        "Wild Rydes, GinormousModels: function and API without EFS; packages and model are in the function's zip",
        W2001=_KEY_REASON,
    )
    names = tuple(name for name in parameters.of(parameters.FUNCTION, parameters.PACKED) if name not in _ON_EFS)
    given = _add_parameters(template, names, defaults, parameters.IN_THE_ZIP)
    inference = _add_function(template, None, _packaged_settings(given))
    api = _add_api(template, inference, given)
    add_proxy_stage(template, api)
    _api_outputs(template, inference, api)
    return template


def batch(*, defaults: Defaults = None) -> Template:
    """A state machine that gives batches of pictures to an existing function: `templates/batch.yml`.

    `defaults` are as those of `efs_99`.
    """
    # Only here, since everybody who renders another template would wait for it.
    from ..blocks.batch import BatchSettings, add_batch, add_outputs, add_s3_endpoint

    template = _template("Wild Rydes, GinormousModels: many pictures in a bucket, answered in batches by the function")
    own = {"LogRetentionDays": {"Description": "How many days CloudWatch keeps the state machine's log."}}
    given = _add_parameters(template, parameters.of(parameters.BATCH), defaults, own)
    settings = BatchSettings(
        input=given["InputBucket"],
        output=given["OutputBucket"],
        prefix=given["OutputPrefix"],
        concurrency=given["Concurrency"],
        tolerated=given["ToleratedFailures"],
        log_retention=given["LogRetentionDays"],
        permissions_boundary=given["PermissionsBoundary"],
    )
    made = add_batch(template, given["FunctionAlias"], given["FunctionRole"], settings)
    add_s3_endpoint(template, given["EndpointVpc"], given["EndpointRouteTables"], settings)
    add_outputs(template, made, given["FunctionAlias"], settings)
    return template


TEMPLATES = {
    "efs_99.yml": efs_99,
    "5_lambda_function.yml": lambda_function,
    "99_complete.yml": complete,
    "packaged.yml": packaged,
    "batch.yml": batch,
}


def _template(description: str, **ignored: str) -> Template:
    """`ignored` are the findings that cfn-lint leaves out, with their reasons."""
    template = Template(Description=description, Metadata=cfn_lint_ignores(**ignored) if ignored else {})
    template.set_version("2010-09-09")
    return template


def _add_parameters(
    template: Template, names: tuple[str, ...], defaults: Defaults, own: Mapping[str, Mapping[str, Any]] | None = None
) -> dict[str, Parameter]:
    template.metadata.update(parameters.asked(names))
    return parameters.add_parameters(template, names, parameters.with_defaults(names, defaults, own))


def _add_file_system(
    template: Template, given: dict[str, Parameter], settings: PopulateSettings
) -> tuple[Network, ec2.SecurityGroup, Storage, Populate]:
    network = add_network(
        template,
        egress=given["InternetEgress"],
        zone_one=given["AvailabilityZoneOne"],
        zone_two=given["AvailabilityZoneTwo"],
        name="LambdaEFSML",
    )
    function_group = add_function_security_group(
        template,
        network,
        about="Inference function: NFS to the mount targets, web for pictures by URL",
        web_because="Pictures may be on any web server.",
    )
    instance_group = add_instance_security_group(template, network, settings)
    storage = add_storage(
        template,
        network,
        [function_group, instance_group],
        throughput_mode=given["ThroughputMode"],
        provisioned_mibps=given["ProvisionedThroughputInMibps"],
        name="MLInference",
        no_backup_because=REFILL_REASON,
    )
    populate = add_populate(template, network, storage, instance_group, settings)
    return network, function_group, storage, populate


def _populate_settings(given: dict[str, Parameter]) -> PopulateSettings:
    return PopulateSettings(
        instance=given["BootstrapInstance"],
        instance_type=given["BootstrapInstanceType"],
        architecture=given["Architecture"],
        runtime=given["PythonRuntime"],
        packages=given["Packages"],
        model=given["ModelUrl"],
        model_sha256=given["ModelSha256"],
        signature=given["Signature"],
        weights=given["ModelWeights"],
        samples=given["ModelSamples"],
        ssh_cidr=given["SshCidr"],
        key=given["PreparationKey"],
        name="tensorflow-for-serverless-inference-cfn-ec2",
        permissions_boundary=given["PermissionsBoundary"],
    )


def _packaged_settings(given: dict[str, Parameter]) -> FunctionSettings:
    """A directory of the zip stands for EFS."""
    return _function_settings(
        given, {**IN_ZIP}, description="Is this picture a unicorn? Packages and model are in its zip."
    )


def _mounted_settings(given: dict[str, Parameter]) -> FunctionSettings:
    return _function_settings(
        given,
        {"ENGINE": given["Engine"]},
        description="Is this picture a unicorn? Loads TensorFlow and the model from EFS.",
    )


def _function_settings(
    given: dict[str, Parameter], environment: Mapping[str, Parameter | str], description: str
) -> FunctionSettings:
    return FunctionSettings(
        name=given["FunctionName"],
        bucket=given["DataBucket"],
        key=given["CodeKey"],
        runtime=given["PythonRuntime"],
        architecture=given["Architecture"],
        memory=given["MemorySize"],
        timeout=given["Timeout"],
        long_because=_LONG_REASON,
        logs_hold="no picture, and of its URL only the host",
        log_retention=given["LogRetentionDays"],
        reserved_concurrency=given["ReservedConcurrency"],
        provisioned_concurrency=given["ProvisionedConcurrency"],
        description=description,
        environment={
            "MIN_SCORE": given["MinScore"],
            **environment,
            "TARGET_LABEL": given["TargetLabel"],
            "PRIVATE_IMAGE_HOSTS": given["PrivateImageHosts"],
            "API_AUTH": given["ApiAuth"],
        },
        revision=given["Revision"],
        permissions_boundary=given["PermissionsBoundary"],
    )


def _add_function(template: Template, mount: FileSystemMount | None, settings: FunctionSettings) -> Inference:
    return add_inference_function(template, mount, settings, role_title="LambdaEFSMLExecuteInferenceServiceRole")


def _add_api(template: Template, inference: Inference, given: dict[str, Parameter], *, wired_because: str = "") -> Api:
    return add_rest_api(
        template,
        [Route(inference, page=True)],
        _access(given),
        about="Is this picture a unicorn?",
        callers="Rider",
        requests="picture",
        wired_because=wired_because,
        answers=ANSWERS,
    )


def _access(given: dict[str, Parameter]) -> Access:
    return Access(
        auth=given["ApiAuth"],
        rate=given["ThrottleRate"],
        burst=given["ThrottleBurst"],
        open_because="In the workshop anyone may call, without credentials.",
    )


def _file_system_outputs(network: Network, group: ec2.SecurityGroup, storage: Storage) -> dict[str, Any]:
    return {
        "FileSystemID": storage.file_system,
        "AccessPointID": storage.access_point,
        "AccesspointARN": storage.access_point_arn,
        "DefaultSecurityGroup": Ref(group),
        "PublicSubnetOne": network.public_subnet,
        "PrivateSubnetOne": network.private_subnets[0],
        "PrivateSubnetTwo": network.private_subnets[1],
        "LambdaEFSMLVPC": network.vpc,
    }


_OUTPUT_DESCRIPTIONS = {
    "FileSystemID": "Id of the EFS file system",
    "AccessPointID": "Id of the access point that the instance and the function mount",
    "AccesspointARN": "ARN of the access point. Pass it to the function's stack as AccessPointARN",
    "DefaultSecurityGroup": "Id of the function's security group. Pass it to the function's stack as SecurityGroupIds",
    "PublicSubnetOne": "Id of the public subnet",
    "PrivateSubnetOne": "Id of the first private subnet. Pass both to the function's stack as SubnetIDs",
    "PrivateSubnetTwo": "Id of the second private subnet",
    "LambdaEFSMLVPC": "Id of the VPC",
    "EFSContents": "What is on EFS: sizes and versions",
    "MLInferenceFunction": "ARN of the function",
    "ModelInferenceApiId": "Id of the REST API",
    "ApiGatewayInvokeURL": "URL of the API. Post pictures to it",
    "InferenceFunctionTestCommand": "A command that posts a picture without a horse. The answer: this is no unicorn",
}


def _output(template: Template, name: str, value: Any, **more: Any) -> None:
    template.add_output(Output(name, Description=_OUTPUT_DESCRIPTIONS[name], Value=value, **more))


def _contents_output(template: Template, populate: Populate) -> None:
    condition = {"Condition": populate.exists} if isinstance(populate.exists, str) else {}
    _output(template, "EFSContents", populate.contents, **condition)


def _api_outputs(template: Template, inference: Inference, api: Api) -> None:
    _output(template, "MLInferenceFunction", GetAtt(inference.function, "Arn"))
    _output(template, "ModelInferenceApiId", Ref(api.rest_api))
    _output(template, "ApiGatewayInvokeURL", invoke_url(api))
    _output(template, "InferenceFunctionTestCommand", _test_command(api))


def _test_command(api: Api) -> Sub:
    """The workshop's curl line."""
    return Sub(
        f"""curl -d '{{ "url": "{PICTURE_URL}"}}' -H "Content-Type: application/json" -X POST """
        f"https://${{{api.rest_api.title}}}.execute-api.${{AWS::Region}}.${{AWS::URLSuffix}}/{STAGE}"
    )

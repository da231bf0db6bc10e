"""The blocks in other workshops: several functions, APIs and paths in one template, on what other stacks have made."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from troposphere import ImportValue, Parameter, Ref, Select, Sub, Template, iam

from tests.unit import linting
from wildrydes_ml import render
from wildrydes_ml.blocks import (
    Access,
    FileSystemMount,
    FunctionSettings,
    Inference,
    Network,
    PopulateSettings,
    Route,
    Storage,
    Watched,
    access_point_arn,
    add_dashboard,
    add_function_security_group,
    add_inference_function,
    add_instance_security_group,
    add_populate,
    add_proxy_stage,
    add_rest_api,
    add_storage,
    invoke_url,
    policies,
)
from wildrydes_ml.blocks.access import Auth
from wildrydes_ml.workshop.parameters import PACKAGES, TABLE

Evaluate = Callable[[dict[str, Any]], dict[str, Any]]

MOUNT = FileSystemMount(
    subnets=["subnet-0a1b2c3d"],
    security_groups=["sg-0a1b2c3d"],
    access_point_arn=access_point_arn("fsap-0123456789abcdef0"),
)
OPEN = Access("NONE", open_because="Readers call without credentials.")


def resources(template: Template) -> dict[str, Any]:
    return dict(template.to_dict()["Resources"])


def of_type(template: Template, kind: str) -> dict[str, Mapping[str, Any]]:
    found = resources(template).items()
    return {title: entry["Properties"] for title, entry in found if entry["Type"] == f"AWS::{kind}"}


def function(template: Template, title: str, **settings: Any) -> Inference:
    chosen = {"bucket": "pictures", "key": "code.zip", "name": title.lower(), **settings}
    return add_inference_function(template, MOUNT, FunctionSettings(**chosen), title=title)


# Several functions


def test_a_title_begins_the_ids_of_what_belongs_to_a_function() -> None:
    template = Template()
    function(template, "Digits", provisioned_concurrency=1)
    assert set(resources(template)) == {"Digits", "DigitsLogGroup", "DigitsRole", "DigitsLive", "DigitsVersion"}


def test_functions_have_their_own_code_settings_and_logs() -> None:
    template = Template()
    function(template, "Digits", handler="app.answer", memory=512, environment={"MODEL": "digits"})
    function(template, "Letters", key="code/letters.zip", environment={"PY_PKG_PATH": "letters/site-packages"})
    digits, letters = of_type(template, "Lambda::Function").values()
    assert (digits["Handler"], digits["MemorySize"]) == ("app.answer", 512)
    assert digits["Environment"]["Variables"]["MODEL"] == "digits"
    assert letters["Code"]["S3Key"] == "code/letters.zip"
    assert letters["Environment"]["Variables"]["PY_PKG_PATH"] == "letters/site-packages"
    assert [group["LogGroupName"] for group in of_type(template, "Logs::LogGroup").values()] == [
        "/aws/lambda/digits",
        "/aws/lambda/letters",
    ]
    assert digits["FileSystemConfigs"] == letters["FileSystemConfigs"]


def test_each_function_has_its_own_choices(evaluate: Evaluate) -> None:
    template = Template()
    for title, reserved in (("Digits", "3"), ("Letters", "")):
        chosen = template.add_parameter(Parameter(f"{title}Reserved", Type="String", Default=reserved))
        function(template, title, reserved_concurrency=chosen)
    left = evaluate(template.to_dict())["Resources"]
    assert left["Digits"]["Properties"]["ReservedConcurrentExecutions"] == "3"
    assert "ReservedConcurrentExecutions" not in left["Letters"]["Properties"]


def test_a_role_may_be_given_more() -> None:
    template = Template()
    read = iam.Policy(PolicyName="Read", PolicyDocument=policies.read_objects("pictures", "labels.json"))
    function(template, "Digits", policies=[read])
    (role,) = of_type(template, "IAM::Role").values()
    assert [policy["PolicyName"] for policy in role["Policies"]] == ["MountAccessPoint", "JoinVpc", "WriteLogs", "Read"]


def test_another_handler_is_another_version() -> None:
    def version(handler: str) -> Any:
        template = Template()
        function(template, "Digits", handler=handler, provisioned_concurrency=1)
        return of_type(template, "Lambda::Version")["DigitsVersion"]

    assert version("app.answer") != version("app.other")


# Several paths, several APIs


def paths(auth: Auth = "NONE") -> Template:
    """One API with two functions on three paths."""
    template = Template(Description="Two functions behind one API")
    digits, letters = function(template, "Digits"), function(template, "Letters")
    routes = [Route(digits, page=True), Route(letters, "/letters/{id}"), Route(letters, "/letters", "POST")]
    access = OPEN if auth == "NONE" else Access(auth)
    add_proxy_stage(template, add_rest_api(template, routes, access, title="Reader"))
    return template


def test_each_path_leads_to_its_function() -> None:
    template = paths()
    folders = of_type(template, "ApiGateway::Resource")
    assert {title: (folder["PathPart"], folder["ParentId"]) for title, folder in folders.items()} == {
        "ReaderLettersResource": ("letters", {"Fn::GetAtt": ["Reader", "RootResourceId"]}),
        "ReaderLettersIdResource": ("{id}", {"Ref": "ReaderLettersResource"}),
    }
    targets = {
        title: (method["HttpMethod"], method["ResourceId"], method["Integration"]["Uri"]["Fn::Sub"].split("/")[-2])
        for title, method in of_type(template, "ApiGateway::Method").items()
    }
    assert targets == {
        "ReaderAnyRootMethod": ("ANY", {"Fn::GetAtt": ["Reader", "RootResourceId"]}, "${DigitsLive}"),
        "ReaderAnyLettersIdMethod": ("ANY", {"Ref": "ReaderLettersIdResource"}, "${LettersLive}"),
        "ReaderPostLettersMethod": ("POST", {"Ref": "ReaderLettersResource"}, "${LettersLive}"),
    }


def test_the_api_may_call_a_function_on_its_own_path_only() -> None:
    allowed = {
        (str(permission["FunctionName"]), permission["SourceArn"]["Fn::Sub"].split("${Reader}")[1])
        for permission in of_type(paths(), "Lambda::Permission").values()
    }
    assert allowed == {
        (str({"Ref": "DigitsLive"}), "/*/*/"),
        (str({"Fn::GetAtt": ["Digits", "Arn"]}), "/*/*/"),
        (str({"Ref": "LettersLive"}), "/*/*/letters/*"),
        (str({"Fn::GetAtt": ["Letters", "Arn"]}), "/*/*/letters/*"),
        (str({"Ref": "LettersLive"}), "/*/POST/letters"),
        (str({"Fn::GetAtt": ["Letters", "Arn"]}), "/*/POST/letters"),
    }


@pytest.mark.parametrize("auth", ["API_KEY", "AWS_IAM"])
def test_only_a_page_is_open_where_the_rest_is_closed(auth: Auth) -> None:
    methods = of_type(paths(auth), "ApiGateway::Method")
    is_open = {
        title
        for title, method in methods.items()
        if method["AuthorizationType"] == "NONE" and not method.get("ApiKeyRequired")
    }
    assert is_open == {"ReaderGetRootMethod"}


def test_a_deployment_follows_every_method() -> None:
    template = paths("API_KEY")
    (deployment,) = [one for one in resources(template).values() if one["Type"] == "AWS::ApiGateway::Deployment"]
    assert set(deployment["DependsOn"]) == set(of_type(template, "ApiGateway::Method"))


def test_the_description_tells_all_routes() -> None:
    (api,) = of_type(paths(), "ApiGateway::RestApi").values()
    assert api["Description"] == (
        "Method ANY on / to Digits, method ANY on /letters/{id} to Letters, method POST on /letters to Letters, "
        "stage prod, auth NONE, 5 requests/s, burst 10"
    )


def two_apis(burst: int = 10) -> Template:
    template = Template()
    for title in ("Digits", "Letters"):
        auth = template.add_parameter(Parameter(f"{title}Auth", **TABLE["ApiAuth"]))
        routes = [Route(function(template, title), page=True)]
        access = replace(OPEN, auth=auth, burst=burst if title == "Letters" else 10)
        add_proxy_stage(template, add_rest_api(template, routes, access, title=f"{title}Api"))
    return template


def test_apis_in_one_template_have_nothing_in_common(evaluate: Evaluate) -> None:
    def deployments(template: Template, title: str) -> set[str]:
        return {name for name in resources(template) if name.startswith(title) and "Deployment" in name}

    template = two_apis()
    for one, other in (("Digits", "Letters"), ("Letters", "Digits")):
        assert other not in str([entry for title, entry in resources(template).items() if title.startswith(one)])
    assert deployments(two_apis(), "Digits") == deployments(two_apis(burst=20), "Digits")
    assert deployments(two_apis(), "Letters") != deployments(two_apis(burst=20), "Letters")
    left = evaluate(template.to_dict())["Resources"]
    assert len([one for one in left.values() if one["Type"] == "AWS::ApiGateway::Stage"]) == 2


def test_a_paths_url() -> None:
    template = Template()
    routes = [Route(function(template, "Digits"), "/digits")]
    api = add_rest_api(template, routes, OPEN)
    assert invoke_url(api, "/digits").to_dict()["Fn::Sub"] == invoke_url(api).to_dict()["Fn::Sub"] + "/digits"


def test_functions_are_watched_one_by_one() -> None:
    template = Template()
    add_dashboard(template, Watched(function="digits"))
    add_dashboard(template, Watched(function="letters"), title="Letters")
    names = [str(board["DashboardName"]) for board in of_type(template, "CloudWatch::Dashboard").values()]
    names += [str(alarm["AlarmName"]) for alarm in of_type(template, "CloudWatch::Alarm").values()]
    assert len(set(names)) == len(names)


# On what is there


def on_exports() -> Template:
    """Everything but the function is another stack's, which exports it."""

    def value(name: str) -> ImportValue:
        return ImportValue(Sub(f"${{Base}}-{name}"))

    template = Template(Description="A function on another stack's network and file system")
    template.add_parameter(Parameter("Base", Type="String", Default="wildrydes-ml-mod5"))
    subnets = [value("PrivateSubnetOne"), value("PrivateSubnetTwo")]
    network = Network(
        vpc=value("LambdaEFSMLVPC"),
        vpc_cidr="10.0.0.0/16",
        private_subnets=subnets,
        public_subnet=value("PublicSubnetOne"),
    )
    storage = Storage(
        file_system=value("FileSystemID"),
        access_point=value("AccessPointID"),
        access_point_arn=access_point_arn(value("AccessPointID")),
    )
    filling = PopulateSettings(instance="stop", packages="numpy==2.4.6", model="https://example.com/model.tar")
    add_populate(template, network, storage, add_instance_security_group(template, network, filling), filling)
    mount = FileSystemMount(
        subnets=subnets, security_groups=[value("DefaultSecurityGroup")], access_point_arn=storage.access_point_arn
    )
    settings = FunctionSettings(name=Sub("${AWS::StackName}-digits"), bucket="pictures", key="code.zip")
    routes = [Route(add_inference_function(template, mount, settings, title="Digits"))]
    add_proxy_stage(template, add_rest_api(template, routes, OPEN, title="DigitsApi"))
    return template


def test_nothing_is_made_that_another_stack_exports() -> None:
    kinds = {entry["Type"] for entry in resources(on_exports()).values()}
    assert not kinds & {"AWS::EC2::VPC", "AWS::EC2::Subnet", "AWS::EFS::FileSystem", "AWS::EFS::AccessPoint"}


def test_an_import_goes_into_texts_by_a_name() -> None:
    template = on_exports()
    (config,) = of_type(template, "Lambda::Function")["Digits"]["FileSystemConfigs"]
    text, named = config["Arn"]["Fn::Sub"]
    assert text.endswith(":access-point/${id}")
    assert named == {"id": {"Fn::ImportValue": {"Fn::Sub": "${Base}-AccessPointID"}}}
    metadata = resources(template)["EfsMountEC2Instance"]["Metadata"]["AWS::CloudFormation::Init"]
    text, named = metadata["config"]["files"]["/opt/wildrydes/settings.env"]["content"]["Fn::Sub"]
    assert 'FILE_SYSTEM_ID="${FILE_SYSTEM_ID}"' in text
    assert set(named) == {"FILE_SYSTEM_ID", "ACCESS_POINT_ID"}


@pytest.mark.parametrize(("packages", "locked"), [(PACKAGES, True), ("numpy==2.4.6", False)])
def test_the_lock_goes_with_its_own_packages_only(packages: str, locked: bool) -> None:
    template = Template()
    network = Network(
        vpc="vpc-0a1b2c3d", vpc_cidr="10.0.0.0/16", private_subnets=["subnet-1", "subnet-2"], public_subnet="subnet-0"
    )
    filling = PopulateSettings(packages=packages, model="https://example.com/model.tar")
    storage = Storage(
        file_system="fs-0a1b2c3d", access_point="fsap-0a1b2c3d", access_point_arn=access_point_arn("fsap-0a1b2c3d")
    )
    add_populate(template, network, storage, add_instance_security_group(template, network, filling), filling)
    metadata = resources(template)["EfsMountEC2Instance"]["Metadata"]["AWS::CloudFormation::Init"]
    names = {Path(path).name for path in metadata["config"]["files"]}
    assert names == {
        "settings.env",
        "bootstrap.sh",
        "populate.sh",
        "fill.py",
        "trial.py",
        *(["packages.lock"] if locked else []),
    }


def in_a_chosen_network() -> Template:
    """A file system in a VPC that parameters name; resources and parameters stand for their references."""
    template = Template(Description="A file system and a function in an existing VPC")
    vpc = template.add_parameter(Parameter("Vpc", Type="AWS::EC2::VPC::Id"))
    subnets = template.add_parameter(Parameter("Subnets", Type="List<AWS::EC2::Subnet::Id>"))
    network = Network(
        vpc=vpc, vpc_cidr="172.16.0.0/16", private_subnets=[Select(0, Ref(subnets)), Select(1, Ref(subnets))]
    )
    group = add_function_security_group(template, network, web=False)
    storage = add_storage(template, network, [group, "sg-0123456789abcdef0"], throughput_mode="elastic")
    mount = FileSystemMount(
        subnets=subnets,
        security_groups=[group],
        access_point_arn=storage.access_point_arn,
        mount_targets=storage.mount_targets,
    )
    routes = [
        Route(
            add_inference_function(template, mount, FunctionSettings(name="answers", bucket="pictures", key="code.zip"))
        )
    ]
    add_proxy_stage(template, add_rest_api(template, routes, OPEN))
    return template


def test_groups_that_exist_are_admitted_beside_ours() -> None:
    ingress = of_type(in_a_chosen_network(), "EC2::SecurityGroup")["MountTargetSecurityGroup"]["SecurityGroupIngress"]
    sources = [rule["SourceSecurityGroupId"] for rule in ingress]
    assert sources == [{"Ref": "FunctionSecurityGroup"}, "sg-0123456789abcdef0"]


def test_a_function_without_the_web_reaches_the_mount_targets_only() -> None:
    group = of_type(in_a_chosen_network(), "EC2::SecurityGroup")["FunctionSecurityGroup"]
    assert [(rule["FromPort"], rule["CidrIp"]) for rule in group["SecurityGroupEgress"]] == [(2049, "172.16.0.0/16")]


def test_a_parameter_or_resource_stands_for_its_reference() -> None:
    config = of_type(in_a_chosen_network(), "Lambda::Function")["ModelInferenceFunction"]["VpcConfig"]
    assert config["SubnetIds"] == {"Ref": "Subnets"}
    assert config["SecurityGroupIds"] == [{"Ref": "FunctionSecurityGroup"}]


@pytest.mark.parametrize("build", [paths, two_apis, on_exports, in_a_chosen_network])
def test_cfn_lint_accepts_the_blocks_together(build: Callable[[], Template], tmp_path: Path) -> None:
    assert linting.findings(tmp_path, {"template.yml": render(build())}) == []

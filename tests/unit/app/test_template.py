"""What an App renders to: all that is inferred, and nothing that is not named."""

import os
import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from troposphere import Parameter, Ref, Template, cloudwatch
from troposphere.dynamodb import Table
from troposphere.sqs import Queue

from wildrydes_ml import Access, App, ExistingNetwork, Filling, NewNetwork, Storage, render
from wildrydes_ml.blocks.dashboard import Alarms
from wildrydes_ml.checks import check
from wildrydes_ml.template.headings import OWN

Bare = Callable[..., App]
ROOT = Path(__file__).parents[3]


def of(template: Template, kind: str) -> dict[str, Any]:
    """Logical id -> properties of all resources of a type."""
    body = template.to_dict()["Resources"].items()
    return {title: one.get("Properties", {}) for title, one in body if one["Type"] == kind}


def answering(app: App, **more: Any) -> App:
    """The App with a function behind `POST /`."""
    app.route("POST /", app.function("Answer", code="handler", handler="app.answer", **more))
    return app


def test_a_full_app_asks_for_what_is_given_from_outside(full: App) -> None:
    body = answering(full).template().to_dict()
    assert {
        "VpcId", "SubnetOne", "SubnetTwo", "FillerSubnet", "DataBucket", "CodeKey", "ModelUrl", "Packages",
        "PythonRuntime", "Architecture", "Revision", "BootstrapInstance", "EFSpath",
    } <= set(body["Parameters"])  # fmt: skip
    required = {name for name, row in body["Parameters"].items() if "Default" not in row}
    assert required == {"VpcId", "SubnetOne", "SubnetTwo", "FillerSubnet", "DataBucket", "CodeKey", "ModelUrl"}
    assert body["Parameters"]["Packages"]["Default"] == "numpy==2.4.6 onnxruntime==1.24.1"
    assert set(body["Outputs"]) == {"AnswerFunction", "ApiId", "Url", "EFSContents"}


def test_the_console_groups_the_parameters_of_an_app(folder: Path) -> None:
    auth = Parameter("Auth", Type="String", AllowedValues=["API_KEY", "AWS_IAM"], Default="API_KEY")
    app = App(
        "sentiment",
        network=ExistingNetwork(),
        storage=Storage(),
        filling=Filling(packages="packages.txt", model="model/"),
        access=Access(auth, rate=Parameter("Rate", Type="Number", Default=5)),
        directory=folder,
    )
    app.parameter("MinConfidence", 0.6)
    app.function("Other", code="other", handler="app.answer")
    body = answering(app).template().to_dict()
    shown = body["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    groups = {group["Label"]["default"]: group["Parameters"] for group in shown}
    assert groups == {
        "Code": ["DataBucket", "PythonRuntime", "Architecture", "CodeKey", "AnswerCodeKey"],
        "This application": ["MinConfidence"],
        "Network": ["VpcId", "SubnetOne", "SubnetTwo"],
        "Storage": ["EFSpath"],
        "Filling EFS": [
            "FillerSubnet", "BootstrapInstance", "BootstrapInstanceType", "Packages", "ModelUrl", "ModelSha256",
        ],
        "Function": ["Revision"],
        "API": ["Auth", "Rate"],
        "Permissions": ["PermissionsBoundary"],
    }  # fmt: skip
    assert sorted(name for group in groups.values() for name in group) == sorted(body["Parameters"])
    assert "E6101" in body["Metadata"]["cfn-lint"]["reasons"], "what linters are told stays"


def test_an_apps_parts_have_headings_and_its_own_resources_too(full: App) -> None:
    full.add(Queue("Results"))
    lines = render(answering(full).template()).splitlines()
    above = [(line[3:].partition(":")[0], after) for line, after in pairwise(lines) if line.startswith(" # ")]
    assert above == [
        ("Security groups", " FunctionSecurityGroup:"),
        ("Storage", " FileSystemResource:"),
        ("Filling", " EFSFilledHandle:"),
        (OWN, " Results:"),
        ("Function", " AnswerLogGroup:"),
        ("API", " Api:"),
    ]


def test_function_and_filler_have_one_runtime_and_processor(full: App) -> None:
    template = answering(full).template()
    function = of(template, "AWS::Lambda::Function")["Answer"]
    assert (function["Runtime"], function["Architectures"]) == ({"Ref": "PythonRuntime"}, [{"Ref": "Architecture"}])
    instance = template.to_dict()["Resources"]["EfsMountEC2Instance"]
    assert 'PYTHON_RUNTIME="${PythonRuntime}"' in str(instance).replace("'", '"')
    assert "${Architecture}" in str(instance["Properties"]["ImageId"])


def test_function_waits_for_the_filling_and_mounts_it(full: App) -> None:
    function = of(answering(full).template(), "AWS::Lambda::Function")["Answer"]
    assert function["FileSystemConfigs"][0]["LocalMountPath"] == {"Ref": "EFSpath"}
    assert "EFSFilled" in str(function["Environment"]["Variables"]["EFS_CONTENTS"])
    assert function["VpcConfig"]["SubnetIds"] == [{"Ref": "SubnetOne"}, {"Ref": "SubnetTwo"}]


def test_storage_admits_function_and_filler_alone(full: App) -> None:
    group = of(answering(full).template(), "AWS::EC2::SecurityGroup")["MountTargetSecurityGroup"]
    assert "FunctionSecurityGroup" in str(group["SecurityGroupIngress"])
    assert "InstanceSecurityGroup" in str(group["SecurityGroupIngress"])


def test_what_is_not_named_is_not_there(bare: Bare) -> None:
    template = answering(bare()).template()
    assert set(template.parameters) == {
        "DataBucket", "CodeKey", "PythonRuntime", "Architecture", "PermissionsBoundary", "Revision",
    }  # fmt: skip
    kinds = {resource.resource_type for resource in template.resources.values()}
    assert not {kind for kind in kinds if kind.startswith(("AWS::EFS", "AWS::EC2", "AWS::CloudWatch"))}
    function = of(template, "AWS::Lambda::Function")["Answer"]
    assert not {"VpcConfig", "FileSystemConfigs", "FunctionName"} & set(function)


def test_an_app_without_efs_does_not_speak_of_it(bare: Bare) -> None:
    text = render(answering(bare(about="A guest book")).template())
    assert "EFS" not in text
    assert "A guest book. Method POST on / to Answer" in text


def test_names_are_cloudformations_unless_asked_for(bare: Bare) -> None:
    app = bare()
    app.function("Free", code="handler", handler="app.answer")
    app.function("Named", code="handler", handler="app.answer", physical_name="named-one")
    template = answering(app).template()
    groups, functions = of(template, "AWS::Logs::LogGroup"), of(template, "AWS::Lambda::Function")
    assert "LogGroupName" not in groups["FreeLogGroup"]
    assert functions["Free"]["LoggingConfig"] == {"LogGroup": {"Ref": "FreeLogGroup"}}
    assert functions["Named"]["FunctionName"] == "named-one"
    assert groups["NamedLogGroup"]["LogGroupName"] == "/aws/lambda/named-one"


def test_a_network_of_its_own_has_the_way_out_that_is_said(folder: Path) -> None:
    ways = {}
    for egress in ("none", "nat"):
        app = App("net", network=NewNetwork(egress), storage=Storage(), access=Access("API_KEY"), directory=folder)
        ways[egress] = answering(app).template()
    assert "NatGateway" not in ways["none"].resources
    assert ways["nat"].parameters["InternetEgress"].Default == "nat"
    group = of(ways["none"], "AWS::EC2::SecurityGroup")["FunctionSecurityGroup"]["SecurityGroupEgress"]
    assert [rule["FromPort"] for rule in group] == [2049]


def test_functions_without_a_way_out_have_no_finding(folder: Path) -> None:
    app = App("shut", network=NewNetwork("none"), storage=Storage(), access=Access("API_KEY"), directory=folder)
    assert check(answering(app).template().to_dict()) == []


@pytest.mark.parametrize("filled", [True, False])
def test_only_what_the_app_fills_needs_no_backup(folder: Path, filled: bool) -> None:
    filling = Filling(packages="packages.txt", model="model/") if filled else None
    app = App(
        "kept", network=NewNetwork(), storage=Storage(), filling=filling, access=Access("API_KEY"), directory=folder
    )
    metadata = answering(app).template().to_dict()["Resources"]["FileSystemResource"].get("Metadata", {})
    assert ("EFS_RESOURCES_PROTECTED_BY_BACKUP_PLAN" in str(metadata)) == filled


def test_two_functions_share_a_zip_and_a_third_has_its_own(bare: Bare) -> None:
    app = bare()
    for name, code in (("One", "handler"), ("Two", "handler/"), ("Three", "other")):
        app.function(name, code=code, handler="app.answer")
    keys = {name: one["Code"]["S3Key"] for name, one in of(answering(app).template(), "AWS::Lambda::Function").items()}
    assert keys == {
        "One": {"Ref": "CodeKey"}, "Two": {"Ref": "CodeKey"}, "Three": {"Ref": "ThreeCodeKey"},
        "Answer": {"Ref": "CodeKey"},
    }  # fmt: skip


def test_environment_takes_text_numbers_parameters_resources_and_functions(bare: Bare) -> None:
    app = bare()
    queue, sure = app.add(Queue("Results")), app.parameter("Sure", 0.6, at_least=0, at_most=1)
    worker = app.function("Worker", code="handler", handler="app.answer")
    given = {"AA": "x", "BB": 2.5, "CC": queue, "DD": sure, "EE": worker, "FF": Ref("AWS::Region")}
    variables = of(answering(app, environment=given).template(), "AWS::Lambda::Function")["Answer"]["Environment"]
    assert {key: variables["Variables"][key] for key in given} == {
        "AA": "x", "BB": 2.5, "CC": {"Ref": "Results"}, "DD": {"Ref": "Sure"}, "EE": {"Ref": "Worker"},
        "FF": {"Ref": "AWS::Region"},
    }  # fmt: skip


def test_routes_ask_for_the_access_unless_they_are_open(full: App) -> None:
    app = answering(full)
    app.route("GET /health", app.functions["Answer"], open=True)
    app.route("GET /why", app.functions["Answer"], open="A monitor asks")
    template = app.template()
    methods = of(template, "AWS::ApiGateway::Method")
    assert {title: one.get("ApiKeyRequired", False) for title, one in methods.items()} == {
        "ApiPostRootMethod": True, "ApiGetHealthMethod": False, "ApiGetWhyMethod": False,
    }  # fmt: skip
    assert "A monitor asks." in str(template.resources["ApiGetWhyMethod"].to_dict())
    assert len(of(template, "AWS::ApiGateway::UsagePlan")) == 1


def test_the_api_is_named_after_the_stack(bare: Bare) -> None:
    assert of(answering(bare()).template(), "AWS::ApiGateway::RestApi")["Api"]["Name"] == {"Ref": "AWS::StackName"}


@pytest.mark.parametrize(
    ("metric", "statistic"),
    [("Errors", "Sum"), ("Throttles", "Sum"), ("Duration", "Maximum"), ("ConcurrentExecutions", "Maximum")],
)
def test_an_alarm_sums_what_is_counted(bare: Bare, metric: str, statistic: str) -> None:
    app = answering(bare())
    made = app.alarm("Watch", app.functions["Answer"].metric(metric), above=3, minutes=10)
    assert isinstance(made, cloudwatch.Alarm)
    alarm = of(app.template(), "AWS::CloudWatch::Alarm")["WatchAlarm"]
    assert (alarm["Statistic"], alarm["Threshold"], alarm["Period"]) == (statistic, 3, 600)
    assert alarm["Dimensions"] == [{"Name": "FunctionName", "Value": {"Ref": "Answer"}}]


def test_an_alarm_may_watch_a_percentile_and_tell_a_topic(bare: Bare) -> None:
    app = answering(bare())
    app.alarm(
        "Slow",
        app.functions["Answer"].metric("Duration"),
        above=900,
        statistic="p90",
        topic="arn:aws:sns:eu-west-1:123456789012:topic",
    )
    alarm = of(app.template(), "AWS::CloudWatch::Alarm")["SlowAlarm"]
    assert (alarm["ExtendedStatistic"], alarm["AlarmActions"]) == ("p90", ["arn:aws:sns:eu-west-1:123456789012:topic"])


@pytest.mark.parametrize("origins", [["https://example.org"], ["https://example.org", "http://localhost:8000"]])
def test_named_origins_may_call_from_a_browser(bare: Bare, origins: list[str]) -> None:
    template = answering(bare(cors=origins)).template()
    method = of(template, "AWS::ApiGateway::Method")["ApiOptionsRootMethod"]
    assert method["AuthorizationType"] == "NONE"
    assert all(origin in str(method["Integration"]) for origin in origins)
    answers = of(template, "AWS::ApiGateway::GatewayResponse").values()
    shown = {one["ResponseParameters"].get("gatewayresponse.header.Access-Control-Allow-Origin") for one in answers}
    assert shown == ({"'https://example.org'"} if len(origins) == 1 else {None})
    (deployed,) = [one for title, one in template.resources.items() if "KeyDeployment" in title]
    assert "ApiOptionsRootMethod" in deployed.DependsOn
    variables = of(template, "AWS::Lambda::Function")["Answer"]["Environment"]["Variables"]
    assert variables["CORS_ORIGINS"] == ",".join(origins)


def test_no_origin_may_call_unless_it_is_named(bare: Bare) -> None:
    text = render(answering(bare()).template())
    assert "OPTIONS" not in text
    assert "Access-Control" not in text


def test_the_template_is_the_same_each_time_and_grows_with_the_app(full: App) -> None:
    app = answering(full)
    first = render(app.template())
    assert render(app.template()) == first
    app.add(Table("Later", BillingMode="PAY_PER_REQUEST", KeySchema=[], AttributeDefinitions=[]))
    assert "Later" not in first
    assert "Later" in app.template().resources


def test_a_model_behind_a_url_is_the_default(folder: Path) -> None:
    filling = Filling(packages=["numpy==2.4.6"], model="https://example.com/m.tar", sha256="a" * 64, instance="keep")
    access = Access("API_KEY")
    app = App("url", network=NewNetwork(), storage=Storage(), filling=filling, access=access, directory=folder)
    rows = answering(app).template().to_dict()["Parameters"]
    defaults = {name: rows[name]["Default"] for name in ("ModelUrl", "ModelSha256", "BootstrapInstance", "Packages")}
    assert defaults == {
        "ModelUrl": "https://example.com/m.tar", "ModelSha256": "a" * 64, "BootstrapInstance": "keep",
        "Packages": "numpy==2.4.6",
    }  # fmt: skip


def test_an_import_of_app_loads_no_block_that_it_may_not_need() -> None:
    code = (
        "import sys; from wildrydes_ml import App; "
        "print(sorted({'boto3', 'urllib.request', 'wildrydes_ml.blocks.dashboard', 'wildrydes_ml.blocks.filling', "
        "'wildrydes_ml.deployment', 'hashlib', 'troposphere.ec2'} & set(sys.modules)))"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_dashboard_shows_function_api_and_file_system(full: App) -> None:
    app = answering(full)
    made = app.dashboard(alarms=Alarms(errors=7))
    template = app.template()
    (title, shown), *others = of(template, "AWS::CloudWatch::Dashboard").items()
    assert (title, others) == (made.title, [])
    text, names = shown["DashboardBody"]["Fn::Sub"]
    assert names == {
        "Function": {"Ref": "Answer"}, "Api": {"Ref": "AWS::StackName"}, "Stage": "prod",
        "FileSystem": {"Ref": "FileSystemResource"},
    }  # fmt: skip
    assert of(template, "AWS::ApiGateway::RestApi")["Api"]["Name"] == names["Api"], (
        "CloudWatch knows an API by its name"
    )
    alarms = of(template, "AWS::CloudWatch::Alarm")
    assert all(f"${{{one}.Arn}}" in text for one in alarms)
    assert [one["Threshold"] for one in alarms.values() if one.get("MetricName") == "Errors"] == [7]
    assert check(template.to_dict()) == []


def test_a_dashboard_of_an_app_without_api_and_files_is_of_its_function(folder: Path) -> None:
    app = App("bare", directory=folder)
    app.function("Answer", code="handler", handler="app.answer")
    other = app.function("Other", code="handler", handler="app.answer")
    app.dashboard(other)
    (shown,) = of(app.template(), "AWS::CloudWatch::Dashboard").values()
    assert shown["DashboardBody"]["Fn::Sub"][1] == {"Function": {"Ref": "Other"}}

"""The dashboard and its alarms: what is watched, when somebody is told, and that the templates go without."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from troposphere import GetAtt, Parameter, Ref, Sub, Template, apigateway

from tests.unit import linting
from wildrydes_ml import complete
from wildrydes_ml.blocks import (
    Access,
    Api,
    FileSystemMount,
    FunctionSettings,
    Inference,
    Network,
    Route,
    Storage,
    add_function_security_group,
    add_inference_function,
    add_rest_api,
    add_storage,
)
from wildrydes_ml.blocks.dashboard import Alarms, Watched, add_dashboard
from wildrydes_ml.template import render
from wildrydes_ml.workshop import templates

TOPIC = "arn:aws:sns:eu-west-1:123456789012:riders"
EVERYTHING = Watched(
    function="unicorns", api="Unicorns", stage="test", storage="fs-0123456789abcdef0", own_metrics=True
)

DEFAULTS = Alarms()


def resources(watched: Watched = EVERYTHING, alarms: Alarms = DEFAULTS) -> dict[str, dict[str, Any]]:
    template = Template()
    add_dashboard(template, watched, alarms)
    return {title: entry["Properties"] for title, entry in template.to_dict()["Resources"].items()}


def alarms_of(made: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {title.removesuffix("Alarm"): entry for title, entry in made.items() if title.endswith("Alarm")}


def body(made: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """The dashboard's body, with the names of what is watched put in as Fn::Sub does."""
    text, names = made["InferenceDashboard"]["DashboardBody"]["Fn::Sub"]
    found: dict[str, Any] = json.loads(re.sub(r"\$\{(\w+)\}", lambda match: str(names[match[1]]), text))
    return found


def graphs(made: dict[str, dict[str, Any]]) -> dict[str, list[list[Any]]]:
    widgets = body(made)["widgets"]
    return {one["properties"]["title"]: one["properties"]["metrics"] for one in widgets if one["type"] == "metric"}


@pytest.mark.parametrize(
    ("name", "metric", "dimensions", "statistic"),
    [
        ("FunctionErrors", "AWS/Lambda Errors", {"FunctionName": "unicorns"}, "Sum"),
        ("FunctionThrottles", "AWS/Lambda Throttles", {"FunctionName": "unicorns"}, "Sum"),
        ("ApiServerErrors", "AWS/ApiGateway 5XXError", {"ApiName": "Unicorns", "Stage": "test"}, "Sum"),
        ("Latency", "wildrydes-ml latency", {"function": "unicorns"}, "p90"),
        ("EfsIo", "AWS/EFS PercentIOLimit", {"FileSystemId": "fs-0123456789abcdef0"}, "Maximum"),
    ],
)
def test_an_alarm_watches_its_metric(name: str, metric: str, dimensions: dict[str, str], statistic: str) -> None:
    alarm = alarms_of(resources())[name]
    assert f"{alarm['Namespace']} {alarm['MetricName']}" == metric
    assert {entry["Name"]: entry["Value"] for entry in alarm["Dimensions"]} == dimensions
    assert alarm["ExtendedStatistic" if statistic == "p90" else "Statistic"] == statistic
    assert alarm["AlarmName"] == {"Fn::Sub": f"${{AWS::StackName}}-{name}"}


def test_the_throughput_that_is_used_is_a_share_of_the_permitted() -> None:
    used, *inputs = alarms_of(resources())["EfsThroughput"]["Metrics"]
    assert used["Expression"] == "100*metered/PERIOD(metered)/permitted"
    assert [query["ReturnData"] for query in (used, *inputs)] == [True, False, False]
    named = {query["Id"]: query["MetricStat"]["Metric"]["MetricName"] for query in inputs}
    assert named == {"metered": "MeteredIOBytes", "permitted": "PermittedThroughput"}


def test_limits_are_the_callers() -> None:
    limits = Alarms(errors=1, throttles=2, server_errors=3, latency_ms=4, throughput_percent=5, io_percent=6)
    found = {name: entry["Threshold"] for name, entry in alarms_of(resources(alarms=limits)).items()}
    assert found == {
        "FunctionErrors": 1,
        "FunctionThrottles": 2,
        "ApiServerErrors": 3,
        "Latency": 4,
        "EfsThroughput": 5,
        "EfsIo": 6,
    }


def test_quiet_hours_and_a_single_cold_start_tell_nobody() -> None:
    made = alarms_of(resources())
    assert {entry["TreatMissingData"] for entry in made.values()} == {"notBreaching"}
    lasting = {name for name, entry in made.items() if entry["EvaluationPeriods"] > 1}
    assert lasting == {"Latency", "EfsThroughput", "EfsIo"}


def test_a_topic_is_told_of_both_ends() -> None:
    for entry in alarms_of(resources(alarms=Alarms(topic=TOPIC))).values():
        assert entry["AlarmActions"] == entry["OKActions"] == [TOPIC]
    for entry in alarms_of(resources()).values():
        assert not {"AlarmActions", "OKActions"} & set(entry)


def test_the_dashboard_shows_alarms_and_metrics() -> None:
    made = resources()
    shown = body(made)["widgets"][0]["properties"]["alarms"]
    assert shown == [f"${{{title}.Arn}}" for title in made if title.endswith("Alarm")]
    found = graphs(made)
    assert ["AWS/Lambda", "Throttles", "FunctionName", "unicorns"] in found["Invocations"]
    assert ["AWS/ApiGateway", "5XXError", "ApiName", "Unicorns", "Stage", "test"] in found["API"]
    assert ["wildrydes-ml", "cold_starts", "function", "unicorns"] in found["Cold starts"]
    assert [entry[1] for entry in found["Verdicts"]] == ["validated", "not_validated"]
    assert [entry[-1]["stat"] for entry in found["Latency (ms)"]] == ["p50", "p90", "p99"]
    expressions = [entry[0]["expression"] for entry in found["Refusals by code"]]
    assert expressions == [
        """SEARCH('{"wildrydes-ml","function","code"} MetricName="refusals" function="unicorns"', 'Sum', 300)"""
    ]
    used, *measured = found["EFS (% of its limits)"]
    assert used[0]["expression"] == "100*metered/PERIOD(metered)/permitted"
    shown_or_not = {entry[1]: entry[-1].get("visible", True) for entry in measured}
    assert shown_or_not == {"MeteredIOBytes": False, "PermittedThroughput": False, "PercentIOLimit": True}


def test_a_file_system_that_is_not_known_is_not_watched() -> None:
    made = resources(Watched(function="unicorns"))
    assert not {"EfsThroughput", "EfsIo"} & set(alarms_of(made))
    assert "EFS" not in str(made)


def built() -> tuple[Template, Inference, Api, Storage]:
    """A function, its API and its file system in one template."""
    template = Template()
    network = Network(vpc="vpc-0", vpc_cidr="10.0.0.0/16", private_subnets=["subnet-1", "subnet-2"])
    group = add_function_security_group(template, network)
    storage = add_storage(template, network, [group])
    mount = FileSystemMount(
        subnets=network.private_subnets, security_groups=[group], access_point_arn=storage.access_point_arn
    )
    settings = FunctionSettings(name="digits", bucket="pictures", key="code.zip")
    inference = add_inference_function(template, mount, settings, title="Digits")
    api = add_rest_api(template, [Route(inference)], Access("API_KEY"), title="DigitsApi")
    return template, inference, api, storage


def test_what_the_blocks_return_is_watched_by_the_names_that_cloudwatch_knows() -> None:
    template, inference, api, storage = built()
    by_object = resources(Watched(function=inference, api=api, storage=storage))
    system = template.resources["FileSystemResource"]
    assert by_object == resources(Watched(function=inference.function, api=api.rest_api, storage=system))
    server_errors = alarms_of(by_object)["ApiServerErrors"]
    assert server_errors["Dimensions"][0] == {"Name": "ApiName", "Value": "DigitsApi"}
    assert template.to_dict()["Resources"]["DigitsApi"]["Properties"]["Name"] == "DigitsApi"
    assert alarms_of(by_object)["EfsIo"]["Dimensions"][0]["Value"] == {"Ref": "FileSystemResource"}
    assert alarms_of(by_object)["FunctionErrors"]["Dimensions"][0]["Value"] == {"Ref": "Digits"}


@pytest.mark.parametrize(
    ("watched", "says"),
    [
        ({"api": Ref("DigitsApi")}, "Watched.api is .*: pass the result of add_rest_api, or a name; Ref of an API"),
        ({"api": Sub("${DigitsApi}")}, r"Watched.api is \{'Fn::Sub': '\$\{DigitsApi\}'\}: pass"),
        ({"function": Ref("Digits")}, "Watched.function is .*: pass the result of add_inference_function, or a name"),
        ({"function": GetAtt("Digits", "Arn")}, "Watched.function is "),
        ({"storage": Ref("FileSystemResource")}, "Watched.storage is .*: pass the result of add_storage"),
        (
            {"storage": Network(vpc="vpc-1", vpc_cidr="10.0.0.0/16", private_subnets=["subnet-1", "subnet-2"])},
            "Watched.storage is ",
        ),
    ],
)
def test_what_may_be_another_thing_than_a_name_is_refused(watched: dict[str, Any], says: str) -> None:
    with pytest.raises(TypeError, match=says):
        Watched(**{"function": "digits", **watched})


def test_an_arn_in_place_of_a_name_and_an_api_without_one_are_refused() -> None:
    with pytest.raises(ValueError, match=r"Watched\.function is 'arn:.*: pass the result of add_inference_function"):
        Watched(function="arn:aws:lambda:eu-west-1:123456789012:function:digits")
    with pytest.raises(ValueError, match=r"Watched\.storage is 'fsap-0': .* or the file system's id"):
        Watched(function="digits", storage="fsap-0")
    with pytest.raises(ValueError, match=r"Watched\.api is Bare, which has no Name"):
        Watched(function="digits", api=apigateway.RestApi("Bare", Body={}))


def test_metrics_of_this_packages_handler_are_promised_only_when_asked_for() -> None:
    foreign = resources(Watched(function="digits", api="Digits", storage="fs-0123456789abcdef0"))
    assert "wildrydes-ml" not in str(foreign)
    assert not {"Verdicts", "Cold starts", "Refusals by code"} & set(graphs(foreign))
    latency = alarms_of(foreign)["Latency"]
    assert (latency["Namespace"], latency["MetricName"]) == ("AWS/ApiGateway", "Latency")
    assert [entry[1] for entry in graphs(foreign)["Latency (ms)"]] == ["Latency"] * 3


def test_a_function_without_an_api_is_timed_by_lambda() -> None:
    made = resources(Watched(function="digits"))
    latency = alarms_of(made)["Latency"]
    assert (latency["Namespace"], latency["MetricName"]) == ("AWS/Lambda", "Duration")
    assert "AWS/ApiGateway" not in str(made)
    assert "API" not in graphs(made)


def test_the_alarm_that_computes_can_be_left_out() -> None:
    made = resources(alarms=Alarms(throughput_percent=None))
    assert set(alarms_of(resources())) - set(alarms_of(made)) == {"EfsThroughput"}
    assert not [entry for entry in alarms_of(made).values() if "Metrics" in entry]


def test_names_may_be_parameters() -> None:
    made = resources(
        Watched(function=Parameter("Name", Type="String")), Alarms(topic=Parameter("Topic", Type="String"))
    )
    errors = alarms_of(made)["FunctionErrors"]
    assert errors["Dimensions"] == [{"Name": "FunctionName", "Value": {"Ref": "Name"}}]
    assert errors["AlarmActions"] == [{"Ref": "Topic"}]
    assert made["InferenceDashboard"]["DashboardBody"]["Fn::Sub"][1]["Function"] == {"Ref": "Name"}


def test_the_complete_stack_has_it_when_asked_for() -> None:
    found = complete(dashboard=Alarms(topic=TOPIC)).to_dict()["Resources"]
    own = {title: entry for title, entry in found.items() if "CloudWatch" in entry["Type"]}
    assert len(own) == 7
    assert own["EfsIoAlarm"]["Properties"]["Dimensions"][0]["Value"] == {"Ref": "FileSystemResource"}
    without = {title: entry for title, entry in found.items() if title not in own}
    assert without == complete().to_dict()["Resources"]


@pytest.mark.parametrize("name", templates.TEMPLATES)
def test_the_templates_go_without(name: str) -> None:
    assert "CloudWatch" not in str(
        [entry["Type"] for entry in templates.TEMPLATES[name]().to_dict()["Resources"].values()]
    )


def test_cfn_lint_accepts_it(tmp_path: Path) -> None:
    alone = Template(Description="Only the dashboard, of a function that is there")
    name = alone.add_parameter(Parameter("Name", Type="String", Default="unicorns"))
    add_dashboard(alone, Watched(function=name, api="Unicorns", storage="fs-0123456789abcdef0"), Alarms(topic=TOPIC))
    texts = {
        "alone.yml": render.render(alone),
        "complete.yml": render.render(complete(dashboard=Alarms(topic=TOPIC))),
    }
    assert linting.findings(tmp_path, texts) == []

"""The dashboard and its alarms: what is watched, when somebody is told, and that the templates go without."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from troposphere import Parameter, Ref, Template

from wildrydes_ml import complete
from wildrydes_ml.blocks.dashboard import Alarms, Watched, add_dashboard
from wildrydes_ml.template import render
from wildrydes_ml.workshop import templates

TOPIC = "arn:aws:sns:eu-west-1:123456789012:riders"
EVERYTHING = Watched("unicorns", api="Unicorns", stage="test", file_system="fs-0123456789abcdef0")

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
    made = resources(Watched("unicorns"))
    assert not {"EfsThroughput", "EfsIo"} & set(alarms_of(made))
    assert "EFS" not in str(made)


def test_names_may_be_parameters() -> None:
    made = resources(Watched(Parameter("Name", Type="String")), Alarms(topic=Parameter("Topic", Type="String")))
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
    add_dashboard(alone, Watched(Ref(name), file_system="fs-0123456789abcdef0"), Alarms(topic=TOPIC))
    texts = {
        "alone.yml": render.render(alone),
        "complete.yml": render.render(complete(dashboard=Alarms(topic=TOPIC))),
    }
    render.write(texts, tmp_path)
    lint = [sys.executable, "-c", "from cfnlint.runner import main; main()", "--regions", "eu-west-1", "--", *texts]
    run = subprocess.run(lint, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")

"""An optional dashboard and alarms: what AWS measures of function, API and file system, beside what the function
itself writes in its log lines as metrics (CloudWatch's embedded metric format, namespace `wildrydes-ml`).

CloudWatch bills each dashboard and each alarm by the month. API Gateway's metrics know an API by its name only, so
APIs of one name in one region are counted together.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from troposphere import Sub, Template, cloudwatch

from . import arguments
from .api import API_NAME, STAGE
from .choices import reference

TITLE = "InferenceDashboard"
NAMESPACE = "wildrydes-ml"
PERIOD = 300
"""Seconds that one point of a graph or an alarm stands for."""


@dataclass(frozen=True)
class Watched:
    """The names of what is watched; each may be a `Ref`, a parameter or resource, so that the stack of function and
    API can hold the dashboard, or another stack. Without `file_system` (its id) EFS is left out."""

    function: Any
    api: Any = API_NAME
    stage: Any = STAGE
    file_system: Any = None


@dataclass(frozen=True)
class Alarms:
    """What must be exceeded for an alarm, and the SNS topic (its ARN) that is told; without one, alarms only show.

    Counts are for 5 minutes, latency is in milliseconds (p90), the file system's load in percent of its limit. One
    period is enough for counts, latency and load must stay for three: a single cold start is no reason. The API's
    5XX include pictures whose own server failed (502, 504), hence more than one.
    """

    errors: float = 0
    throttles: float = 0
    server_errors: float = 5
    latency_ms: float = 5000
    throughput_percent: float = 80
    io_percent: float = 80
    topic: Any = None


@dataclass(frozen=True)
class _Metric:
    """A metric of a source; `statistic` is as in CloudWatch: Sum, Average, Maximum, p90."""

    source: str
    name: str
    statistic: str = "Sum"

    @property
    def is_percentile(self) -> bool:
        """Whether the statistic is one such as p90."""
        return self.statistic.startswith("p")


@dataclass(frozen=True)
class _Rule:
    """An alarm: its metric must be above the limit for that many periods."""

    name: str
    text: str
    metric: Mapping[str, Any]
    limit: float
    periods: int = 1


# Namespace and dimensions of each source; a dimension's value is a key of `_names`.
_SOURCES: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "function": ("AWS/Lambda", {"FunctionName": "Function"}),
    "own": (NAMESPACE, {"function": "Function"}),
    "api": ("AWS/ApiGateway", {"ApiName": "Api", "Stage": "Stage"}),
    "efs": ("AWS/EFS", {"FileSystemId": "FileSystem"}),
}

_METERED = _Metric("efs", "MeteredIOBytes")
_PERMITTED = _Metric("efs", "PermittedThroughput", "Average")
# EFS counts bytes against its throughput as metered, and permits bytes a second
# (https://docs.aws.amazon.com/efs/latest/ug/efs-metrics.html).
_USED = "100*metered/PERIOD(metered)/permitted"

_REFUSALS = (
    f"""SEARCH('{{"{NAMESPACE}","function","code"}} MetricName="refusals" function="${{Function}}"', 'Sum', {PERIOD})"""
)

_GRAPHS: Sequence[tuple[str, Sequence[_Metric]]] = (
    ("Invocations", [_Metric("function", name) for name in ("Invocations", "Errors", "Throttles")]),
    ("Latency (ms)", [_Metric("own", "latency", statistic) for statistic in ("p50", "p90", "p99")]),
    ("API", [_Metric("api", name) for name in ("Count", "4XXError", "5XXError")]),
    ("Verdicts", [_Metric("own", name) for name in ("validated", "not_validated")]),
    ("Cold starts", [_Metric("own", "cold_starts")]),
)


def add_dashboard(
    template: Template, watched: Watched, alarms: Alarms = Alarms(), *, title: str = TITLE
) -> cloudwatch.Dashboard:
    """Adds the alarms, and a dashboard that shows them and the graphs.

    Another `title` begins the names of dashboard and alarms, for a template that watches several functions. Raises
    ValueError when it is taken.
    """
    arguments.unused(template, title, "give each dashboard a title of its own")
    names = _names(watched)
    prefix = "" if title == TITLE else title
    added = [template.add_resource(_alarm(rule, alarms.topic, prefix)) for rule in _rules(names, alarms)]
    shown = {"title": "Alarms", "alarms": [f"${{{alarm.title}.Arn}}" for alarm in added]}
    widgets = [_widget("alarm", shown), *(_widget("metric", graph) for graph in _graphs(names))]
    return template.add_resource(
        cloudwatch.Dashboard(
            title,
            # Dashboards belong to the account, not to a region.
            DashboardName=Sub(f"${{AWS::StackName}}-{prefix}${{AWS::Region}}"),
            DashboardBody=Sub(json.dumps({"widgets": widgets}, separators=(",", ":")), **names),
        )
    )


def _names(watched: Watched) -> dict[str, Any]:
    """What is watched, by the names that stand for it in the dashboard's text."""
    names = {"Function": watched.function, "Api": watched.api, "Stage": watched.stage}
    if watched.file_system is not None:
        names["FileSystem"] = watched.file_system
    return {name: reference(value) for name, value in names.items()}


def _rules(names: Mapping[str, Any], alarms: Alarms) -> list[_Rule]:
    def one(*metric: str) -> dict[str, Any]:
        return _single(_Metric(*metric), names)

    found = [
        _Rule("FunctionErrors", "The function failed or timed out.", one("function", "Errors"), alarms.errors),
        _Rule("FunctionThrottles", "No instance was free.", one("function", "Throttles"), alarms.throttles),
        _Rule("ApiServerErrors", "The API answered with 5XX.", one("api", "5XXError"), alarms.server_errors),
        _Rule("Latency", "One answer in ten takes long.", one("own", "latency", "p90"), alarms.latency_ms, 3),
    ]
    if "FileSystem" in names:
        io = one("efs", "PercentIOLimit", "Maximum")
        found += [
            _Rule("EfsThroughput", "EFS uses up its throughput.", _used(names), alarms.throughput_percent, 3),
            _Rule("EfsIo", "EFS is near its limit of operations.", io, alarms.io_percent, 3),
        ]
    return found


def _alarm(rule: _Rule, topic: Any, prefix: str) -> cloudwatch.Alarm:
    actions = {} if topic is None else {"AlarmActions": [reference(topic)], "OKActions": [reference(topic)]}
    return cloudwatch.Alarm(
        f"{prefix}{rule.name}Alarm",
        AlarmName=Sub(f"${{AWS::StackName}}-{prefix}{rule.name}"),
        AlarmDescription=rule.text,
        ComparisonOperator="GreaterThanThreshold",
        Threshold=rule.limit,
        EvaluationPeriods=rule.periods,
        TreatMissingData="notBreaching",
        **rule.metric,
        **actions,
    )


def _single(metric: _Metric, names: Mapping[str, Any]) -> dict[str, Any]:
    """The properties of an alarm on one metric."""
    return {
        "Namespace": _SOURCES[metric.source][0],
        "MetricName": metric.name,
        "Dimensions": _dimensions(metric, names),
        "ExtendedStatistic" if metric.is_percentile else "Statistic": metric.statistic,
        "Period": PERIOD,
    }


def _used(names: Mapping[str, Any]) -> dict[str, Any]:
    """The properties of an alarm on the share of EFS's throughput that is used."""
    metrics = [
        cloudwatch.MetricDataQuery(
            Id=name,
            ReturnData=False,
            MetricStat=cloudwatch.MetricStat(
                Metric=cloudwatch.Metric(
                    Namespace=_SOURCES[metric.source][0],
                    MetricName=metric.name,
                    Dimensions=_dimensions(metric, names),
                ),
                Period=PERIOD,
                Stat=metric.statistic,
            ),
        )
        for name, metric in (("metered", _METERED), ("permitted", _PERMITTED))
    ]
    return {"Metrics": [cloudwatch.MetricDataQuery(Id="used", Expression=_USED, ReturnData=True), *metrics]}


def _dimensions(metric: _Metric, names: Mapping[str, Any]) -> list[cloudwatch.MetricDimension]:
    dimensions = _SOURCES[metric.source][1].items()
    return [cloudwatch.MetricDimension(Name=name, Value=names[value]) for name, value in dimensions]


def _graphs(names: Mapping[str, Any]) -> list[dict[str, Any]]:
    graphs = [_graph(title, [_plotted(metric) for metric in metrics]) for title, metrics in _GRAPHS]
    graphs.append(_graph("Refusals by code", [[{"expression": _REFUSALS, "label": ""}]]))
    if "FileSystem" in names:
        graphs.append(_graph("EFS (% of its limits)", _file_system_load()))
    return graphs


def _graph(title: str, metrics: Sequence[Sequence[Any]]) -> dict[str, Any]:
    return {"title": title, "region": "${AWS::Region}", "period": PERIOD, "stat": "Sum", "metrics": metrics}


def _plotted(metric: _Metric, **options: Any) -> list[Any]:
    """A metric as a dashboard names it, in a graph of sums."""
    namespace, dimensions = _SOURCES[metric.source]
    named = [part for name, value in dimensions.items() for part in (name, f"${{{value}}}")]
    if metric.statistic != "Sum":
        options["stat"] = metric.statistic
    if metric.is_percentile:
        options["label"] = metric.statistic
    return [namespace, metric.name, *named, *([options] if options else [])]


def _file_system_load() -> list[list[Any]]:
    return [
        [{"expression": _USED, "label": "throughput used", "id": "used"}],
        _plotted(_METERED, id="metered", visible=False),
        _plotted(_PERMITTED, id="permitted", visible=False),
        _plotted(_Metric("efs", "PercentIOLimit", "Maximum")),
    ]


def _widget(kind: str, properties: Mapping[str, Any]) -> dict[str, Any]:
    """A widget of half the page's width; CloudWatch finds its place."""
    return {"type": kind, "width": 12, "properties": properties}

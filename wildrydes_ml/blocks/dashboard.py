"""An optional dashboard with alarms for the function, the API and the file system.

It shows the metrics of AWS. If the function writes metrics into its log lines (CloudWatch's embedded metric format,
namespace `wildrydes-ml`), it can show these, too. CloudWatch bills each dashboard and each alarm by the month. API
Gateway's metrics identify an API only by its name, so APIs with the same name in a region are counted together.
MiniStack, the emulator that `--local` starts, does not support alarms with metric math: set
`Alarms.throughput_percent` to None there.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from troposphere import ImportValue, Parameter, Ref, Sub, Template, apigateway, awslambda, cloudwatch, efs

from ..template.headings import under
from . import arguments
from .api import STAGE, Api
from .choices import Value, reference
from .function import Inference
from .storage import Storage

TITLE = "InferenceDashboard"
NAMESPACE = "wildrydes-ml"
PERIOD = 300
"""Seconds of one point of a graph, and of one period of an alarm."""


@dataclass(frozen=True, kw_only=True)
class Watched:
    """What the dashboard shows: objects that the blocks return, or names; so the dashboard can be in another stack.

    A name or id may be text, a parameter or an `ImportValue`. Raises TypeError and ValueError for anything else.

    Attributes:
        function: An `Inference`, a `Function`, or the function's name.
        api: An `Api`, a `RestApi` with a name, or the API's name (not its id, which `Ref` returns: CloudWatch does not
            know it). None: no graphs of an API.
        stage: The API's stage.
        storage: A `Storage`, a `FileSystem`, or the file system's id. None: no graphs of a file system.
        own_metrics: Whether the function writes the metrics that this package's handler writes: latency, cold starts,
            verdicts, and refusals by code. If not, the latency is API Gateway's, or without an API Lambda's duration.
    """

    function: Inference | Value
    api: Api | Value | None = None
    stage: Value = STAGE
    storage: Storage | Value | None = None
    own_metrics: bool = False

    def __post_init__(self) -> None:
        arguments.is_known("Watched.stage", self.stage)
        self.names()

    def names(self) -> dict[str, Any]:
        """The watched names, by the words that stand for them in the dashboard's text."""
        found = {"Function": _function_name(self.function)}
        if self.api is not None:
            found |= {"Api": _api_name(self.api), "Stage": reference(self.stage)}
        if self.storage is not None:
            found["FileSystem"] = _file_system_id(self.storage)
        return found

    def sources(self) -> set[str]:
        """The keys of `_SOURCES` that have metrics."""
        own = {"own"} if self.own_metrics else set[str]()
        return (
            {"function"}
            | own
            | {source for source, key in (("api", "Api"), ("efs", "FileSystem")) if key in self.names()}
        )


def _function_name(value: object) -> Any:
    function = value.function if isinstance(value, Inference) else value
    if isinstance(function, awslambda.Function):
        return Ref(function)
    return _name("Watched.function", value, r"[A-Za-z0-9_-]{1,64}", "the result of add_inference_function, or a name")


def _api_name(value: object) -> Any:
    api = value.rest_api if isinstance(value, Api) else value
    if isinstance(api, apigateway.RestApi):
        if "Name" not in api.properties:
            raise ValueError(f"Watched.api is {api.title}, which has no Name: CloudWatch identifies an API by its name")
        return reference(api.properties["Name"])
    return _name("Watched.api", value, r".+", "the result of add_rest_api, or a name; Ref of an API is its id")


def _file_system_id(value: object) -> Any:
    system = value.file_system if isinstance(value, Storage) else value
    if isinstance(system, efs.FileSystem) or isinstance(value, Storage):
        return reference(system)
    return _name("Watched.storage", value, r"fs-[0-9a-f]+", "the result of add_storage, or the file system's id")


def _name(where: str, value: object, pattern: str, advice: str) -> Any:
    arguments.kind(where, value, (str, Parameter, ImportValue), f"pass {advice}")
    arguments.text(where, value, pattern, f"pass {advice}")
    return reference(value)


_LIMITS = (
    ("errors", 10**6, "in 5 minutes"),
    ("throttles", 10**6, "in 5 minutes"),
    ("server_errors", 10**6, "in 5 minutes"),
    ("latency_ms", 900_000, "milliseconds"),
    ("throughput_percent", 100, "percent"),
    ("io_percent", 100, "percent"),
)
"""The numbers of `Alarms`: the highest allowed value, and the unit."""


@dataclass(frozen=True, kw_only=True)
class Alarms:
    """The limits above which alarms ring.

    Counts must exceed their limit for one period of 5 minutes. Latency and load must do so for three, so that a single
    cold start rings no alarm. Raises TypeError and ValueError for numbers out of range, and for a wrong ARN.

    Attributes:
        errors: The function's errors in 5 minutes.
        throttles: The function's throttled calls in 5 minutes.
        server_errors: The API's answers with 5XX in 5 minutes. They include pictures whose own server failed (502,
            504), so the limit is above 0.
        latency_ms: Milliseconds within which nine of ten answers come (p90).
        throughput_percent: EFS throughput in percent of its limit, 0 to 100. None: no such alarm (it uses metric math,
            which MiniStack does not support).
        io_percent: EFS operations in percent of their limit, 0 to 100.
        topic: The ARN of the SNS topic that alarms notify. None: they only change their color in the dashboard.
    """

    errors: float = 0
    throttles: float = 0
    server_errors: float = 5
    latency_ms: float = 5000
    throughput_percent: float | None = 80
    io_percent: float = 80
    topic: Value | None = None

    def __post_init__(self) -> None:
        for name, most, unit in _LIMITS:
            value = getattr(self, name)
            if value is not None or name != "throughput_percent":
                arguments.number(f"Alarms.{name}", value, 0, most, unit)
        if self.topic is not None:
            arguments.text("Alarms.topic", self.topic, r"arn:[^:]+:sns:[^:]+:\d{12}:\S+", "use the ARN of an SNS topic")


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


# Namespace and dimensions of each source; a dimension's value is a key of `Watched.names`.
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

# The first of these that there is.
_LATENCIES = (("own", "latency"), ("api", "Latency"), ("function", "Duration"))

_GRAPHS: Sequence[tuple[str, Sequence[_Metric]]] = (
    ("Invocations", [_Metric("function", name) for name in ("Invocations", "Errors", "Throttles")]),
    ("API", [_Metric("api", name) for name in ("Count", "4XXError", "5XXError")]),
    ("Verdicts", [_Metric("own", name) for name in ("validated", "not_validated")]),
    ("Cold starts", [_Metric("own", "cold_starts")]),
)


@under("Dashboard: graphs and alarms")
def add_dashboard(
    template: Template, watched: Watched, alarms: Alarms = Alarms(), *, title: str = TITLE
) -> cloudwatch.Dashboard:
    """Adds the alarms, and a dashboard that shows them and the graphs.

    The names of dashboard and alarms begin with `title`: use different titles in a template with several dashboards.
    Raises ValueError when the title is already in use, TypeError when `watched` or `alarms` has the wrong type.
    """
    arguments.unused(template, title, "use a different title for each dashboard")
    arguments.kind("watched", watched, Watched, "pass a Watched, such as Watched(function=...)")
    arguments.kind("alarms", alarms, Alarms, "pass Alarms(...), or nothing")
    names, sources = watched.names(), watched.sources()
    prefix = "" if title == TITLE else title
    added = [template.add_resource(_alarm(rule, alarms.topic, prefix)) for rule in _rules(names, sources, alarms)]
    shown = {"title": "Alarms", "alarms": [f"${{{alarm.title}.Arn}}" for alarm in added]}
    widgets = [_widget("alarm", shown), *(_widget("metric", graph) for graph in _graphs(sources))]
    return template.add_resource(
        cloudwatch.Dashboard(
            title,
            # Dashboards belong to the account, not to a region.
            DashboardName=Sub(f"${{AWS::StackName}}-{prefix}${{AWS::Region}}"),
            DashboardBody=Sub(json.dumps({"widgets": widgets}, separators=(",", ":")), **names),
        )
    )


def _latency(sources: Collection[str], statistic: str) -> _Metric:
    return next(_Metric(source, name, statistic) for source, name in _LATENCIES if source in sources)


def _rules(names: Mapping[str, Any], sources: Collection[str], alarms: Alarms) -> list[_Rule]:
    def one(*metric: str) -> dict[str, Any]:
        return _single(_Metric(*metric), names)

    slow = _single(_latency(sources, "p90"), names)
    found = [
        _Rule("FunctionErrors", "The function failed or timed out.", one("function", "Errors"), alarms.errors),
        _Rule("FunctionThrottles", "No instance was free.", one("function", "Throttles"), alarms.throttles),
        _Rule("Latency", "One answer in ten takes long.", slow, alarms.latency_ms, 3),
    ]
    if "api" in sources:
        errors = one("api", "5XXError")
        found.append(_Rule("ApiServerErrors", "The API answered with 5XX.", errors, alarms.server_errors))
    if "efs" in sources and alarms.throughput_percent is not None:
        used = _used(names)
        found.append(_Rule("EfsThroughput", "EFS uses up its throughput.", used, alarms.throughput_percent, 3))
    if "efs" in sources:
        io = one("efs", "PercentIOLimit", "Maximum")
        found.append(_Rule("EfsIo", "EFS is near its limit of operations.", io, alarms.io_percent, 3))
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


def _graphs(sources: Collection[str]) -> list[dict[str, Any]]:
    rows = [(title, metrics) for title, metrics in _GRAPHS if all(metric.source in sources for metric in metrics)]
    rows.insert(1, ("Latency (ms)", [_latency(sources, statistic) for statistic in ("p50", "p90", "p99")]))
    graphs = [_graph(title, [_plotted(metric) for metric in metrics]) for title, metrics in rows]
    if "own" in sources:
        graphs.append(_graph("Refusals by code", [[{"expression": _REFUSALS, "label": ""}]]))
    if "efs" in sources:
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

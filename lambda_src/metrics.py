"""What CloudWatch counts of a request: metrics that its log line carries, so that no call to CloudWatch is needed.

The form is CloudWatch's embedded metric format
(https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

NAMESPACE = "wildrydes-ml"

_UNITS = {"latency": "Milliseconds"}
"""Where it is not Count."""
_BY_CODE = ("refusals",)
"""The metrics that are also counted for each code of a problem."""


def embedded(fields: Mapping[str, Any], timestamp_ms: int) -> dict[str, Any]:
    """The fields of a request's log line and its metrics. `function` must be among them: it is the dimension.

    A verdict is `validated` or `not_validated`, a problem one of `refusals`, and both have a `latency`: a request
    for the page has none, it would only make the others look fast. `timestamp_ms` is since 1970.
    """
    values = _values(fields)
    names = [name for name in values if name not in _BY_CODE]
    directives = [
        *_directive(names, [["function"]]),
        *_directive([name for name in _BY_CODE if name in values], [["function"], ["function", "code"]]),
    ]
    about = {"_aws": {"Timestamp": timestamp_ms, "CloudWatchMetrics": directives}} if directives else {}
    return {**fields, **values, **about}


def _values(fields: Mapping[str, Any]) -> dict[str, float]:
    values: dict[str, float] = {}
    if "validated" in fields or "code" in fields:
        values["latency"] = fields["timings_ms"]["total"]
    if fields.get("cold"):
        values["cold_starts"] = 1
    if "validated" in fields:  # numbers, as CloudWatch takes no true
        values |= {"validated": int(fields["validated"]), "not_validated": int(not fields["validated"])}
    if "code" in fields:
        values["refusals"] = 1
    return values


def _directive(names: Sequence[str], dimensions: Sequence[Sequence[str]]) -> list[dict[str, Any]]:
    """What says which fields are metrics; none if there are no metrics."""
    metrics = [{"Name": name, "Unit": _UNITS.get(name, "Count")} for name in names]
    return [{"Namespace": NAMESPACE, "Dimensions": dimensions, "Metrics": metrics}] if metrics else []

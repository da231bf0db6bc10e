"""Alarms on any CloudWatch metric."""

import math
import re
from collections.abc import Mapping
from typing import Any

from troposphere import AWSObject, GetAtt, Ref, cloudwatch

from ..blocks import arguments
from ..blocks.choices import Value, reference
from .titles import API

# Whole minutes, of which a day is the longest (https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/
# API_PutMetricAlarm.html).
_MINUTES = (1, 1440)
_STATISTIC = r"Sum|Average|Minimum|Maximum|SampleCount|p\d{1,2}(\.\d+)?"
# Of what is counted, the sum is meant; of an age, a duration or a share, the largest.
_COUNTED = re.compile(
    r"(\w*Errors|Throttles|Invocations|[45]XXError|Count|NumberOf\w+|\w+Failed|\w+Dropped|\w*Requests)"
)
_TOPIC = "pass a Topic of troposphere.sns, a parameter, or the ARN of a topic"
# Types whose `Ref` is a URL or an ARN → the attribute with the name by which CloudWatch knows them
# (https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/: "Return values" of each).
_KNOWN_BY = {
    "AWS::SQS::Queue": "QueueName",
    "AWS::SNS::Topic": "TopicName",
    "AWS::ElasticLoadBalancingV2::LoadBalancer": "LoadBalancerFullName",
    "AWS::ElasticLoadBalancingV2::TargetGroup": "TargetGroupFullName",
}
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
_DESCRIPTION_CHARACTERS = 1024
_SHAPE = "pass (namespace, name, {dimension: value}), or the result of function.metric(name)"


def alarm(
    title: str,
    metric: object,
    resources: Mapping[str, AWSObject],
    *,
    above: float,
    minutes: int,
    statistic: str,
    topic: Value | None,
    about: str,
) -> cloudwatch.Alarm:
    """An alarm that rings when the metric is above the number for so many minutes.

    `resources` are those of the template. Raises TypeError for a wrong metric, ValueError for other minutes and
    statistics, and for a dimension with a value by which CloudWatch does not know the resource.
    """
    namespace, name, dimensions = _metric(title, metric)
    for key, value in dimensions.items():
        _refuse_other_name(f"alarm {title!r}: dimension {key}", key, value, resources)
    _refuse_wrong_values(title, above, minutes, about)
    if topic is not None:
        _refuse_no_topic(f"alarm {title!r}: topic", topic)
    chosen = statistic or ("Sum" if _COUNTED.fullmatch(name) else "Maximum")
    arguments.text(f"alarm {title!r}: statistic", chosen, _STATISTIC, "use Sum, Average, Minimum, Maximum or p90")
    told = {} if topic is None else {"AlarmActions": [reference(topic)], "OKActions": [reference(topic)]}
    return cloudwatch.Alarm(
        f"{title}Alarm",
        AlarmDescription=about or f"{name} is above {above:g} in {minutes} minutes.",
        Namespace=namespace,
        MetricName=name,
        Dimensions=[cloudwatch.MetricDimension(Name=key, Value=reference(one)) for key, one in dimensions.items()],
        Period=60 * minutes,
        EvaluationPeriods=1,
        ComparisonOperator="GreaterThanThreshold",
        Threshold=above,
        TreatMissingData="notBreaching",
        **{"ExtendedStatistic" if chosen.startswith("p") else "Statistic": chosen},
        **told,
    )


def _refuse_wrong_values(title: str, above: float, minutes: int, about: str) -> None:
    """Raises TypeError for what is no number, ValueError for one out of range and for a text that is too long."""
    if isinstance(above, bool) or not isinstance(above, (int, float)) or not math.isfinite(above):
        raise TypeError(f"alarm {title!r}: above is {above!r}; use a number in the metric's unit")
    arguments.kind(f"alarm {title!r}: minutes", minutes, int, "use a whole number")
    arguments.number(f"alarm {title!r}: minutes", minutes, *_MINUTES, "minutes")
    arguments.length(f"alarm {title!r}: about", about, _DESCRIPTION_CHARACTERS)


def _refuse_other_name(where: str, key: str, value: object, resources: Mapping[str, AWSObject]) -> None:
    """Raises ValueError for a value that no metric has: with it the alarm would never ring."""
    match value.to_dict() if isinstance(value, (Ref, GetAtt)) else {"Ref": getattr(value, "title", "")}:
        case {"Ref": title} if title == API and key == "ApiName":
            raise ValueError(f"{where} is the API's id, and CloudWatch has its name: use Ref('AWS::StackName')")
        case {"Ref": title} if attribute := _KNOWN_BY.get(getattr(resources.get(title), "resource_type", "")):
            raise ValueError(
                f"{where} is the Ref of {title}, a URL or an ARN, and CloudWatch has a name: "
                f"use GetAtt({title!r}, {attribute!r})"
            )
        case {"Fn::GetAtt": [title, "Arn"]} if key == "FunctionName":
            raise ValueError(f"{where} is the ARN of {title}, and CloudWatch has its name: use Ref({title!r})")


def _refuse_no_topic(where: str, topic: object) -> None:
    """Raises TypeError for another resource than a topic, ValueError for a text that is not an ARN."""
    if isinstance(topic, AWSObject) and topic.resource_type != "AWS::SNS::Topic":
        raise TypeError(f"{where} is {topic.title}, an {topic.resource_type}: {_TOPIC}")
    arguments.text(where, topic, r"arn:[^:]+:sns:\S+", _TOPIC)


def _metric(title: str, metric: object) -> tuple[str, str, Mapping[str, Any]]:
    match metric:
        case (str(namespace), str(name), Mapping() as dimensions) if namespace and name:
            for key, value in dimensions.items():
                arguments.is_known(f"alarm {title!r}: dimension {key}", value)
            return namespace, name, dimensions
    raise TypeError(f"alarm {title!r} has the metric {metric!r}: {_SHAPE}")

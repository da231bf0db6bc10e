"""The dashboard and its alarms on MiniStack: all but the alarm that computes with metrics."""

import contextlib
from typing import Any

from botocore.exceptions import WaiterError
from troposphere import Template

from wildrydes_ml import render
from wildrydes_ml.aws.target import Target
from wildrydes_ml.blocks import Alarms, Watched, add_dashboard

from .conftest import client

STACK = "watching"
WATCHED = Watched(function="digits", api="Digits", storage="fs-0123456789abcdef0", own_metrics=True)


def made(cloudformation: Any, alarms: Alarms) -> dict[str, Any]:
    """The stack of a dashboard, once CloudFormation has ended."""
    template = Template(Description="A dashboard")
    add_dashboard(template, WATCHED, alarms)
    cloudformation.create_stack(StackName=STACK, TemplateBody=render(template))
    waiter = cloudformation.get_waiter("stack_create_complete")
    with contextlib.suppress(WaiterError):  # the status tells how it ended
        waiter.wait(StackName=STACK, WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    (stack,) = cloudformation.describe_stacks(StackName=STACK)["Stacks"]
    return dict(stack)


def test_a_dashboard_without_the_alarm_that_computes_is_made(place: Target) -> None:
    stack = made(client(place, "cloudformation"), Alarms(throughput_percent=None))
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    cloudwatch = client(place, "cloudwatch")
    names = {alarm["AlarmName"] for alarm in cloudwatch.describe_alarms()["MetricAlarms"]}
    assert names == {
        f"{STACK}-{name}" for name in ("FunctionErrors", "FunctionThrottles", "ApiServerErrors", "Latency", "EfsIo")
    }
    (board,) = cloudwatch.list_dashboards()["DashboardEntries"]
    assert board["DashboardName"].startswith(f"{STACK}-")


def test_the_alarm_that_computes_is_refused_in_words(place: Target) -> None:
    """As the guide says. Once it is made, the guide and the block need say so no more."""
    cloudformation = client(place, "cloudformation")
    assert "ROLLBACK" in made(cloudformation, Alarms())["StackStatus"]
    events = cloudformation.describe_stack_events(StackName=STACK)["StackEvents"]
    assert any("metric math" in event.get("ResourceStatusReason", "") for event in events)

"""What a template opens, told by its resources."""

from typing import Any

import pytest

from tests.unit.fakes import wanted
from wildrydes_ml.deploy.consequences import changes
from wildrydes_ml.deploy.openings import openings
from wildrydes_ml.template.effective import Effective

NOTHING: Effective = {"Resources": {}}


def one(kind: str, **properties: Any) -> Effective:
    return {"Resources": {"One": {"Type": f"AWS::{kind}", "Properties": properties}}}


def rule(**properties: Any) -> Effective:
    return one("EC2::SecurityGroup", SecurityGroupIngress=[{"IpProtocol": "tcp", **properties}])


@pytest.mark.parametrize(
    ("template", "said"),
    [
        (one("ApiGateway::Method", AuthorizationType="NONE", HttpMethod="POST"), ["open to anyone"]),
        (one("ApiGateway::Method", AuthorizationType="NONE", HttpMethod="OPTIONS"), []),
        (one("ApiGateway::Method", AuthorizationType="NONE", ApiKeyRequired=True), []),
        (one("ApiGateway::Method", AuthorizationType="AWS_IAM"), []),
        (one("ApiGatewayV2::Route"), ["open to anyone"]),
        (one("Lambda::Url", AuthType="NONE"), ["open to anyone"]),
        (one("Lambda::Url", AuthType="AWS_IAM"), []),
        (rule(FromPort=22, ToPort=22, CidrIp="0.0.0.0/0"), ["port 22 is open to 0.0.0.0/0"]),
        (rule(FromPort=80, ToPort=90, CidrIpv6="::/0"), ["ports 80 to 90 are open to ::/0"]),
        (rule(CidrIp="8.8.8.0/24"), ["every port is open to 8.8.8.0/24"]),
        (rule(FromPort=22, ToPort=22, CidrIp="10.0.0.0/8"), []),
        (rule(FromPort=22, ToPort=22, SourceSecurityGroupId="sg-1"), []),
        (one("EC2::SecurityGroupIngress", FromPort=9, ToPort=9, CidrIp="0.0.0.0/0"), ["port 9 is open to 0.0.0.0/0"]),
    ],
)  # fmt: skip
def test_what_is_open_is_told_once_it_is_new(template: Effective, said: list[str]) -> None:
    assert openings(NOTHING, template) == said
    assert openings(template, template) == openings(template, NOTHING) == []


def test_a_parameter_of_another_s_template_is_marked() -> None:
    body = {
        "Parameters": {"Access": {"Type": "String"}, "Size": {"Type": "Number"}},
        "Resources": one("Lambda::Url", AuthType={"Ref": "Access"})["Resources"],
    }
    marks = {
        change.name: change.opens
        for change in changes(body, {"Access": "AWS_IAM", "Size": "1"}, {"Access": "NONE", "Size": "2"})
    }
    assert marks == {"Access": "open to anyone", "Size": ""}


@pytest.mark.parametrize("route", ["long", "short"])
def test_the_workshop_s_words_stay(route: str) -> None:
    service = wanted(route).service
    closed = {**service.parameters, "ApiAuth": "API_KEY"}
    (change,) = changes(service.body, closed, service.parameters, service.opens)
    assert (change.name, change.opens) == ("ApiAuth", "open to anyone")
    (change,) = changes(service.body, service.parameters, closed, service.opens)
    assert (change.name, change.opens) == ("ApiAuth", ""), "the page is open all the same, and no news"

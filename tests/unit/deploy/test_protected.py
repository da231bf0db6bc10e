"""Which changes are refused until a person names them."""

import pytest

from wildrydes_ml.deploy.protected import protected, unknown
from wildrydes_ml.template.change import ResourceChange
from wildrydes_ml.workshop import templates

FILLER = ("EfsMountEC2Instance", "InstanceSecurityGroup")


@pytest.mark.parametrize(
    ("kind", "holds"),
    [
        ("EC2::VPC", True),
        ("EC2::SecurityGroup", True),
        ("EFS::AccessPoint", True),
        ("DynamoDB::Table", True),
        ("DynamoDB::GlobalTable", True),
        ("S3::Bucket", True),
        ("S3::BucketPolicy", False),
        ("RDS::DBInstance", True),
        ("SQS::Queue", True),
        ("SQS::QueuePolicy", False),
        ("Kinesis::Stream", True),
        ("Cognito::UserPool", True),
        ("Cognito::UserPoolClient", False),
        ("SecretsManager::Secret", True),
        ("KMS::Key", True),
        ("KMS::Alias", False),
        ("ApiGateway::RestApi", True),
        ("ApiGatewayV2::Api", True),
        ("ApiGateway::Deployment", False),
        ("Lambda::Function", False),
        ("Logs::LogGroup", False),
        ("IAM::Role", False),
    ],
)
def test_data_networks_and_addresses_are_protected(kind: str, holds: bool) -> None:
    removed = [ResourceChange("Thing", f"AWS::{kind}", "Remove")]
    assert protected(removed, []) == (removed if holds else [])
    assert protected(removed, ["Thing"]) == protected(removed, [], {"Thing"}) == []
    assert protected(removed, ["Other"], {"Another"}) == (removed if holds else [])


@pytest.mark.parametrize(
    ("action", "replacement", "loses"),
    [
        ("Remove", "False", True),
        ("Modify", "True", True),
        ("Modify", "Conditional", True),
        ("Modify", "False", False),
        ("Add", "False", False),
    ],
)
def test_what_is_removed_or_perhaps_replaced_is_a_loss(action: str, replacement: str, loses: bool) -> None:
    change = ResourceChange("Table", "AWS::DynamoDB::Table", action, replacement)
    assert protected([change], []) == ([change] if loses else [])


@pytest.mark.parametrize(
    ("action", "replacement", "loses"),
    [("Remove", "False", True), ("Modify", "True", True), ("Modify", "Conditional", False), ("Modify", "False", False)],
)
def test_no_property_of_an_api_replaces_it(action: str, replacement: str, loses: bool) -> None:
    change = ResourceChange("Api", "AWS::ApiGateway::RestApi", action, replacement)
    assert protected([change], []) == ([change] if loses else [])


@pytest.mark.parametrize("name", list(templates.TEMPLATES))
def test_of_the_workshop_nothing_is_protected_less_than_before(name: str) -> None:
    resources = templates.TEMPLATES[name]().to_dict()["Resources"]
    removed = [ResourceChange(title, entry["Type"], "Remove") for title, entry in resources.items()]
    guarded = {change.logical_id for change in protected(removed, [], FILLER)}
    held = {title for title, entry in resources.items() if entry["Type"].startswith(("AWS::EC2::", "AWS::EFS::"))}
    assert guarded >= held - {*FILLER}
    assert not guarded & {*FILLER}
    assert {resources[title]["Type"] for title in guarded - held} <= {"AWS::ApiGateway::RestApi"}


def test_a_name_of_no_resource_is_told_with_those_that_there_are() -> None:
    there = {"Data": "AWS::S3::Bucket", "Role": "AWS::IAM::Role"}
    assert unknown(["Data", "Role"], there) == []
    assert unknown(["Dta", "Dta"], there) == [
        "--allow-replace Dta has no effect: this deployment has no such resource; its protected resources are Data; "
        "did you mean Data?"
    ]
    assert unknown(["Vpc"], {"Role": "AWS::IAM::Role"})[0].endswith("no such resource; it has no protected resources")

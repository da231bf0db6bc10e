"""AWS's Guard rules on our templates: nothing is left unexplained, and taking a protection away is noticed."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from tools import guard
from wildrydes_ml.workshop import templates

pytestmark = pytest.mark.skipif(not guard.PACKAGE.exists(), reason="`make check` installs cfn-guard and its rules")

BODIES: dict[str, dict[str, Any]] = {name: build().to_dict() for name, build in templates.TEMPLATES.items()}
EFS, COMPLETE = "efs_99.yml", "99_complete.yml"


def unexplained(bodies: dict[str, dict[str, Any]]) -> list[guard.Failure]:
    return guard.unexplained(guard.failures(bodies), guard.suppressed(bodies))


def test_every_finding_is_explained_and_every_suppression_needed(capsys: pytest.CaptureFixture[str]) -> None:
    code = guard.main([])
    assert code == 0, capsys.readouterr().out


def test_every_suppression_has_a_sentence_for_a_reason() -> None:
    reasons = guard.suppressed(BODIES)
    assert {failure.template for failure in reasons} == set(BODIES)
    assert all(len(reason) >= 20 and reason.endswith(".") for reason in reasons.values()), reasons


BROKEN: list[tuple[str, str, Callable[[dict[str, Any]], Any]]] = [
    ("FileSystemResource", "efs_encrypted_check", lambda one: one["Properties"].pop("Encrypted")),
    ("EfsMountEC2Instance", "ec2_encrypted_volumes_check", lambda one: _disk(one).pop("Encrypted")),
    (
        "AccessPointResource",
        "efs_access_point_enforce_user_identity_check",
        lambda one: one["Properties"].pop("PosixUser"),
    ),
    (
        "AccessPointResource",
        "efs_access_point_enforce_root_directory_check",
        lambda one: one["Properties"]["RootDirectory"].update(Path="/"),
    ),
    (
        "PrivateSubnetOne",
        "subnet_auto_assign_public_ip_disabled_check",
        lambda one: one["Properties"].update(MapPublicIpOnLaunch=True),
    ),
    (
        "lambdaApiGatewayInvoke",
        "lambda_function_public_access_prohibited_check",
        lambda one: one["Properties"].pop("SourceArn"),
    ),
    ("ModelInferenceFunction", "lambda_inside_vpc_check", lambda one: one["Properties"].pop("VpcConfig")),
    ("FileSystemResource", "efs_automatic_backups_enabled_check", lambda one: one.pop("Metadata")),
]


def _disk(instance: dict[str, Any]) -> dict[str, Any]:
    disk: dict[str, Any] = instance["Properties"]["BlockDeviceMappings"][0]["Ebs"]
    return disk


def test_a_protection_that_is_taken_away_is_noticed() -> None:
    body = copy.deepcopy(BODIES[COMPLETE])
    for resource, _, take_away in BROKEN:
        take_away(body["Resources"][resource])
    found = {(failure.resource, failure.rule) for failure in unexplained({COMPLETE: body})}
    assert {(resource, rule) for resource, rule, _ in BROKEN} <= found


def test_a_policy_behind_a_condition_is_seen() -> None:
    body = copy.deepcopy(BODIES[EFS])
    _, policy = body["Resources"]["EfsMountInstanceRole"]["Properties"]["Policies"]
    policy["Fn::If"][1]["PolicyDocument"]["Statement"][0].update(Action="*", Resource="*")
    rule = "iam_inline_policy_no_statements_with_admin_access_check"
    assert guard.Failure(EFS, "EfsMountInstanceRole", rule) in unexplained({EFS: body})


def test_a_suppression_that_nothing_needs_is_told() -> None:
    body = copy.deepcopy(BODIES[EFS])
    metadata = {"guard": {"SuppressedRules": ["efs_encrypted_check"], "reasons": ["It is not needed at all."]}}
    body["Resources"]["FileSystemResource"]["Metadata"] = metadata
    found, explained = guard.failures({EFS: body}), guard.suppressed({EFS: body})
    needless = guard.needless(found, explained, guard.known_rules())
    assert needless == [guard.Failure(EFS, "FileSystemResource", "efs_encrypted_check")]

"""Faults that CloudFormation's validation finds before it makes anything, through an emulator that finds some."""

import json
from typing import Any

import pytest

from wildrydes_ml.aws.session import Aws
from wildrydes_ml.aws.target import Target
from wildrydes_ml.deploy.follower import MADE, Follower
from wildrydes_ml.errors import WildrydesError
from wildrydes_ml.testing import Said

from .conftest import client


def template(*buckets: str) -> str:
    """A stack of buckets with these names."""
    resources: dict[str, Any] = {
        f"Bucket{number}": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": name}}
        for number, name in enumerate(buckets)
    }
    return json.dumps({"Resources": resources})


def test_every_fault_is_told_with_its_resource(aws: Aws, place: Target) -> None:
    for name in ("taken-by-hand", "taken-too"):
        client(place, "s3").create_bucket(Bucket=name)
    said = Said()
    follower = Follower(aws, said)
    begun = aws.stacks.create("faulty", template("taken-by-hand", "free", "taken-too"), {}, {})
    with pytest.raises(WildrydesError) as error:
        follower.follow(begun, set(), MADE)
    assert str(error.value).startswith("stack faulty ended as ROLLBACK_COMPLETE: 2 faults in the template:\n  - ")
    assert [cause["resource"] for cause in error.value.record["causes"]] == ["Bucket0", "Bucket2"]
    assert all(f"{name} (AWS::S3::Bucket): " in str(error.value) for name in ("Bucket0", "Bucket2"))
    assert "taken-too" in str(error.value)
    assert "Call DescribeEvents" not in str(error.value)


def test_a_fault_of_an_update_is_told_and_not_one_of_the_creation_before(aws: Aws, place: Target) -> None:
    client(place, "s3").create_bucket(Bucket="taken-by-hand")
    follower = Follower(aws, Said())
    made = follower.follow(aws.stacks.create("later", template("free"), {}, {}), set(), MADE)
    seen = follower.marks(made.id)
    client(place, "cloudformation").update_stack(StackName="later", TemplateBody=template("free", "taken-by-hand"))
    with pytest.raises(
        WildrydesError, match=r"ended as UPDATE_ROLLBACK_COMPLETE: Bucket1 \(AWS::S3::Bucket\): .*taken"
    ):
        follower.follow(made, seen, MADE)

"""Both presets as stacks on MiniStack, but for instance, NAT gateway and IPv6, which it does not make."""

import pytest

from wildrydes_ml import complete, render
from wildrydes_ml.aws.target import Target
from wildrydes_ml.workshop.deployments import PRESETS

from .conftest import client

BUCKET = "presets-bucket"


@pytest.mark.parametrize("preset", PRESETS)
def test_the_whole_stack_is_made_and_removed(place: Target, preset: str) -> None:
    cloudformation, s3 = client(place, "cloudformation"), client(place, "s3")
    s3.create_bucket(Bucket=BUCKET)
    s3.put_object(Bucket=BUCKET, Key="code/ml_inferencefunction.zip", Body=b"")
    values = {**PRESETS[preset], **place.parameters, "DataBucket": BUCKET}
    cloudformation.create_stack(
        StackName=preset,
        TemplateBody=render(complete()),
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in values.items()],
        Capabilities=["CAPABILITY_NAMED_IAM"],
    )
    cloudformation.get_waiter("stack_create_complete").wait(StackName=preset)
    (system,) = client(place, "efs").describe_file_systems()["FileSystems"]
    assert (system["ThroughputMode"], system["Encrypted"]) == (
        PRESETS[preset].get("ThroughputMode", "provisioned"),
        True,
    )
    cloudformation.delete_stack(StackName=preset)
    cloudformation.get_waiter("stack_delete_complete").wait(StackName=preset)
    assert client(place, "efs").describe_file_systems()["FileSystems"] == []

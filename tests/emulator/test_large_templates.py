"""Templates of more than 51,200 bytes, by way of the bucket, on an emulator that refuses them in a request."""

import json
import subprocess
import sys
from dataclasses import replace
from typing import Any

import pytest

from wildrydes_ml.aws.session import Aws
from wildrydes_ml.aws.target import Target
from wildrydes_ml.deploy.deployer import Deployer
from wildrydes_ml.deploy.desired import DesiredStack
from wildrydes_ml.deploy.handover import REQUEST_BYTES, key
from wildrydes_ml.deploy.steps import ApplyStack, MakeBucket
from wildrydes_ml.destroy import destroyer
from wildrydes_ml.errors import WildrydesError
from wildrydes_ml.tags import TAG
from wildrydes_ml.testing import Said
from wildrydes_ml.workshop.settings import wild_rydes

from .conftest import ROOT, client

# A deploy that is killed while CloudFormation is asked: the upload is there, and nobody removes it.
KILLED = """
import os, signal
from pathlib import PosixPath
from wildrydes_ml.aws.session import connect
from wildrydes_ml.aws.target import Target
from wildrydes_ml.deploy.deployer import Deployer
from wildrydes_ml.deploy.desired import DesiredStack
from wildrydes_ml.deploy.handover import handed
from wildrydes_ml.workshop.settings import wild_rydes
from wildrydes_ml.testing import Said

place = PLACE
aws = connect(place)
deployer = Deployer.planned(aws, wild_rydes(), place, Said())
with handed(aws, deployer.plan.desired, STACK, Said()) as address:
    os.kill(os.getpid(), signal.SIGKILL)
"""


def large(name: str, description: str = "") -> DesiredStack:
    """A stack of one topic whose template is too long for a request."""
    topic = {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": description}}
    body = {"Metadata": {"Text": "#" * REQUEST_BYTES}, "Resources": {"Topic": topic}}
    return DesiredStack(name, "large.json", json.dumps(body), {}, {TAG: "wildrydes-ml"}, body)


def deployer(aws: Aws, place: Target, said: Said) -> Deployer:
    """A deploy that has its bucket."""
    one = Deployer.planned(aws, wild_rydes(), place, said)
    for step in one.plan.steps:
        if isinstance(step, MakeBucket):
            one.run(step)
    return one


def keys(aws: Aws, bucket: str) -> list[str]:
    return [version.key for version in aws.buckets.versions(bucket, "template/")]


def test_it_is_made_planned_and_updated_and_leaves_nothing_in_the_bucket(aws: Aws, place: Target) -> None:
    stack, changed = large("wildrydes-ml-mod5"), large("wildrydes-ml-mod5", "changed")
    with pytest.raises(WildrydesError, match=r"51,?200"):
        aws.stacks.create(stack.name, stack.template, {}, stack.tags)
    said = Said()
    deployer(aws, place, said).run(ApplyStack(stack, "create"))
    assert json.loads(aws.stacks.template(stack.name)) == stack.body
    one = deployer(aws, place, said)
    (planned,) = one.detailed([ApplyStack(changed, "update")])
    assert isinstance(planned, ApplyStack)
    assert [(change.logical_id, change.action) for change in planned.changes] == [("Topic", "Modify")]
    one.run(planned)
    assert json.loads(aws.stacks.template(stack.name)) == changed.body
    assert keys(aws, one.plan.desired.bucket) == []
    assert said.texts("warning") == []


def killed(place: Target, stack: DesiredStack) -> None:
    script = KILLED.replace("PLACE", repr(place)).replace("STACK", repr(stack))
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, timeout=120, check=False)
    assert done.returncode == -9


def test_what_a_killed_deploy_left_goes_with_the_next_one_and_with_destroy(aws: Aws, place: Target) -> None:
    stack, said = large("wildrydes-ml-mod5"), Said()
    bucket = deployer(aws, place, said).plan.desired.bucket
    killed(place, stack)
    (left,) = keys(aws, bucket)
    assert left.startswith(key(stack).removesuffix(".template"))
    one = deployer(aws, place, said)
    one.tidy()
    assert keys(aws, bucket) == []
    killed(place, replace(stack, name="wildrydes-ml-mod5-inf"))
    assert destroyer.destroy(aws, wild_rydes(), place, said, lambda found: None)
    assert bucket not in buckets(place)


def buckets(place: Target) -> list[Any]:
    return [item["Name"] for item in client(place, "s3").list_buckets()["Buckets"]]

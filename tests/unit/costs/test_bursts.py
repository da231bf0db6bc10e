"""How long instances that start together wait for EFS."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.unit.deploy.test_deployer import EFS, serving
from tests.unit.fakes import FakeAws
from wildrydes_ml.aws.target import Target
from wildrydes_ml.costs import bursts
from wildrydes_ml.costs.bursts import Throughput, throughput
from wildrydes_ml.deploy.deployer import deploy
from wildrydes_ml.deploy.health import status
from wildrydes_ml.testing import Said
from wildrydes_ml.workshop.settings import wild_rydes

CHECKOUT = Path(__file__).parents[3]
MIB = 1024 * 1024


@pytest.mark.parametrize(
    ("properties", "region", "together"),
    [
        ({"ThroughputMode": "provisioned", "ProvisionedThroughputInMibps": 15}, "eu-west-1", 45),
        ({"ThroughputMode": "provisioned", "ProvisionedThroughputInMibps": "2000"}, "eu-north-1", 3072),
        ({"ThroughputMode": "provisioned", "ProvisionedThroughputInMibps": 2000}, "us-east-1", 6000),
        ({"ThroughputMode": "elastic"}, "eu-north-1", 10_240),
        ({"ThroughputMode": "elastic"}, "eu-west-1", 61_440),
        ({"ThroughputMode": "bursting"}, "eu-west-1", 300),
        ({}, "eu-west-1", 300),
    ],
)
def test_reads_count_as_a_third_and_regions_have_limits(
    properties: dict[str, object], region: str, together: float
) -> None:
    assert throughput(properties, region) == Throughput(together)


def test_one_instance_is_bound_by_what_one_client_gets() -> None:
    assert Throughput(10_240).seconds(1, 100 * MIB) == pytest.approx(0.2)


def test_many_are_bound_by_what_all_get() -> None:
    assert Throughput(45).seconds(100, 90 * MIB) == pytest.approx(200)


def test_ten_instances_on_a_large_file_system_do_not_wait_for_each_other() -> None:
    assert Throughput(10_240).seconds(10, 100 * MIB) == Throughput(10_240).seconds(1, 100 * MIB)


def made(mode: str, **more: object) -> list[Any]:
    """Stacks of which one has a file system."""
    system = {"Type": "AWS::EFS::FileSystem", "Properties": {"ThroughputMode": mode, **more}}
    return [{"Resources": {"Api": {"Type": "AWS::ApiGateway::RestApi"}}}, {"Resources": {"Efs": system}}]


PREPARED = (
    "packages 1,312.1 MB (numpy 2.4.6, python 3.13), model 59.0 MB, prepared for litert, a cold start reads 87 MB"
)


@pytest.mark.parametrize(
    ("stacks", "told"),
    [
        (
            made("provisioned", ProvisionedThroughputInMibps="15"),
            "about 3 min 04 s for EFS (provisioned, 15 MiB/s; with elastic throughput under 1 s)",
        ),
        (
            made("bursting"),
            "about 28 s for EFS (bursting; without burst credits 46 min 06 s; with elastic throughput under 1 s)",
        ),
        (made("elastic"), "under 1 s for EFS (elastic)"),
    ],
)
def test_one_line_says_how_long_a_hundred_wait(stacks: list[Any], told: str) -> None:
    wait = bursts.sentence(stacks, PREPARED, "eu-north-1")
    assert wait == f"100 instances that start together would wait {told}"


def test_of_what_is_not_prepared_the_most_is_told() -> None:
    contents = "packages 52.4 MB (numpy 2.4.6, python 3.13), model 0.4 MB"
    wait = bursts.sentence(made("provisioned", ProvisionedThroughputInMibps=15), contents, "eu-north-1")
    assert "would wait at most 1 min 52 s for EFS" in wait


@pytest.mark.parametrize(
    ("stacks", "contents"),
    [
        (made("elastic")[:1], PREPARED),
        (made("elastic"), ""),
        (made("a mode of the future"), PREPARED),
    ],
    ids=["no file system", "nothing known of its contents", "an unknown mode"],
)
def test_what_is_not_known_is_not_told(stacks: list[Any], contents: str) -> None:
    assert bursts.sentence(stacks, contents, "eu-west-1") == ""


def test_what_the_filling_says_is_understood(tmp_path: Path) -> None:
    (tmp_path / "model.files").write_text("0 60000000 prepared/detector.tflite\n")
    (tmp_path / "packages.files").write_text("0 7000000 prepared/modules\n4096 20000000 tensorflow/lib/a b.so\n")
    verdicts = {"litert": {"accepted": True, "files": "prepared/model.files"}, "capi": {"accepted": False}}
    (tmp_path / "prepared.json").write_text(json.dumps(verdicts))
    script = CHECKOUT / "lambda_src" / "filling" / "accepted.py"
    command = [sys.executable, "-ISB", str(script), str(tmp_path / "prepared.json")]
    words = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert words == ", prepared for litert, a cold start reads 87 MB\n"
    assert bursts.sentence(made("provisioned", ProvisionedThroughputInMibps=15), words, "eu-west-1").startswith(
        "100 instances that start together would wait about 3 min 04 s"
    )


# What deploy and status say.


@pytest.fixture
def aws() -> Iterator[FakeAws]:
    """An AWS with a deployment on it, whose EFS says what a cold start reads."""
    with serving() as api:
        found = FakeAws(api.url)
        work(found)
        stack = found.stacks.stacks[EFS]
        found.stacks.stacks[EFS] = replace(stack, outputs={**stack.outputs, "EFSContents": PREPARED})
        yield found


def work(aws: FakeAws, **overrides: str) -> list[str]:
    """The lines of a deploy that tell of a burst."""
    said = Said()
    deploy(aws.gateways, wild_rydes(overrides=overrides), Target(), said)
    return [text for text in said.texts("output") if text.startswith("100 instances")]


def test_deploy_tells_it_for_the_settings_that_hold(aws: FakeAws) -> None:
    (before,) = work(aws)
    assert "about 3 min 04 s for EFS (provisioned, 15 MiB/s; with elastic throughput under 1 s)" in before


def test_status_tells_it_too(aws: FakeAws) -> None:
    said = Said()
    status(aws.gateways, wild_rydes(), Target(), said)
    (told,) = [text for text in said.texts("output") if text.startswith("100 instances")]
    assert "about 3 min 04 s for EFS (provisioned, 15 MiB/s" in told

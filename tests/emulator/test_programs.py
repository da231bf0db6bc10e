"""A plain YAML file, deployed by a program of ten lines as its author writes it, on the emulator that it starts."""

import subprocess
import sys
from pathlib import Path

import boto3
import pytest

from wildrydes_ml import Deployment, Stack
from wildrydes_ml.deploy import deploy, plan, status
from wildrydes_ml.destroy import destroy
from wildrydes_ml.local import emulator, place, running
from wildrydes_ml.reporting import Quiet
from wildrydes_ml.testing import Said

TEMPLATE = Path(__file__).parents[1] / "unit" / "thumbs.yml"
PROGRAM = """\
from wildrydes_ml import Deployment, Stack
from wildrydes_ml.deploy import deploy, plan, status
from wildrydes_ml.destroy import destroy
from wildrydes_ml.local import running

thumbs = Deployment("thumbs", (Stack.of("thumbs.yml"),))
with running("thumbs") as here:
    deploy(plan(thumbs, here, overrides={"Size": "300"}))
    print(status(thumbs, here).outputs["Note"])
    destroy(thumbs, here)
"""


def test_a_program_of_ten_lines_deploys_a_yaml_file(tmp_path: Path) -> None:
    assert len(PROGRAM.split("\n\n")[0].splitlines()) + len(PROGRAM.split("\n\n")[1].splitlines()) <= 10
    (tmp_path / "thumbs.yml").write_text(TEMPLATE.read_text())
    (tmp_path / "deploy.py").write_text(PROGRAM)
    done = subprocess.run(
        [sys.executable, "deploy.py"], cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "test at 300 pixels\n" in done.stdout
    assert "create stack thumbs from thumbs.yml" in done.stdout
    assert sorted(path.name for path in tmp_path.iterdir()) == ["deploy.py", "thumbs.yml"]


def test_the_four_functions_on_an_emulator_of_their_own() -> None:
    thumbs, quiet = Deployment("thumbs", (Stack.of(TEMPLATE),)), Quiet()
    with running("thumbs") as here:
        finished = plan(thumbs, here, reporter=quiet)
        assert "create stack thumbs" in finished.describe()
        assert deploy(finished, reporter=quiet).changed
        assert not plan(thumbs, here, reporter=quiet).changes
        live = deploy(thumbs, here, reporter=quiet, overrides={"Stage": "live", "Size": "900"})
        keys = {"aws_access_key_id": "000000000000", "aws_secret_access_key": "local"}
        stored = boto3.client("ssm", here.region, endpoint_url=here.endpoint, **keys)
        kept = stored.get_parameter(Name="/thumbs-live/where")["Parameter"]["Value"]
        assert kept.split("|")[1:] == ["900px", "30"]
        assert kept.split("|")[0] == live.outputs["Queue"]
        found = status(thumbs, here, reporter=quiet)
        assert found.outputs == live.outputs
        assert found.outputs["Note"] == "live at 900 pixels"
        assert destroy(thumbs, here, reporter=quiet)
        assert not destroy(thumbs, here, reporter=quiet)
        running_there = here
    with pytest.raises(Exception, match="Could not connect"):
        boto3.client("sqs", "us-east-1", endpoint_url=running_there.endpoint, **keys).list_queues()


def test_in_a_home_that_is_named_an_emulator_that_ran_before_goes_on(home: Path) -> None:
    thumbs, said = Deployment("thumbs", (Stack.of(TEMPLATE),)), Said()
    here = place("thumbs", home)
    deploy(thumbs, here, reporter=said)
    with running("thumbs", home) as same:
        assert same == here
        assert not deploy(thumbs, same, reporter=said).changed
    assert emulator.find(home)
    assert [stack.name for stack in status(thumbs, here, reporter=said).stacks] == ["thumbs"]

"""`logs` of a deployment on this machine: what the function said to MiniStack, and the log of what filled EFS."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from tests.sweep.place import SETTINGS, Silent
from wildrydes_ml.aws.session import connect
from wildrydes_ml.aws.target import Target
from wildrydes_ml.deploy import deployer
from wildrydes_ml.deploy.health import find_stacks
from wildrydes_ml.deploy.logs import Reading, tell_last_lines
from wildrydes_ml.local import emulator
from wildrydes_ml.testing import Said
from wildrydes_ml.workshop.deployments import deployments

from .conftest import ROOT, Command, client

SAYS = '''"""Says who it is, and answers as a picture's judge does."""
import json


def lambda_handler(event, context):
    print("asked for", event.get("path"))
    seen = {"label": "Horse", "score": 0.9, "box": [0.1, 0.1, 0.9, 0.9]}
    answer = {"message": "m", "validated": True, "detections": [seen], "timings_ms": {"total": 0.1}}
    return {"statusCode": 200, "headers": {"Content-Type": "application/json"}, "body": json.dumps(answer)}
'''
NAMED = ("--name", SETTINGS.name)


@pytest.fixture(scope="module")
def its_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where a function that prints is deployed."""
    directory = tmp_path_factory.mktemp("logs") / "home"
    yield directory
    emulator.stop(directory)


@pytest.fixture(scope="module")
def deployed(its_home: Path) -> Target:
    """A deployment of a function that prints, filled with one small package."""
    code = its_home.parent / "code"
    code.mkdir()
    (code / "lambda_function.py").write_text(SAYS)
    place = emulator.target(its_home, emulator.start(its_home)[0], SETTINGS.name)
    deployer.deploy(connect(place), replace(SETTINGS, deployments=deployments(code)), place, Silent())
    return place


def shown(lines: list[dict[str, Any]]) -> dict[str, list[str]]:
    """The messages by source."""
    found: dict[str, list[str]] = {}
    for line in lines:
        if line["type"] == "output":
            found.setdefault(line["source"], []).append(line["message"])
    return found


def test_function_and_filling_are_shown_from_the_time_on_that_is_asked_for(deployed: Target, its_home: Path) -> None:
    lines = Command(its_home)("logs", *NAMED)
    found = shown(lines)
    assert set(found) == {"ModelInferenceFunction", "populate.log"}
    assert "asked for /" in found["ModelInferenceFunction"]
    assert any("six" in message for message in found["populate.log"])
    times = [line["time"] for line in lines if line["type"] == "output"]
    assert times == sorted(times)
    assert lines[-1]["ok"] is True
    assert lines[-1]["lines"] == len(times)
    # A log group is where AWS has it, so that what works here works there.
    assert {stack.name for stack in find_stacks(connect(deployed), SETTINGS)} == {"sweep-mod5", "sweep-mod5-inf"}
    groups = client(deployed, "logs").describe_log_groups()["logGroups"]
    assert [group["logGroupName"] for group in groups] == ["/aws/lambda/sweep-ml_inferencefunction"]

    time.sleep(2)
    lines = Command(its_home)("logs", *NAMED, "--since", "1s")
    assert shown(lines) == {}
    assert [line["text"][:14] for line in lines if line["type"] == "warning"] == ["no lines since"]


@pytest.fixture
def following(deployed: Target, its_home: Path) -> Iterator["subprocess.Popen[str]"]:
    """`logs --follow` in a process of its own."""
    place = ["--local", "--home", str(its_home), *NAMED]
    command = [sys.executable, str(ROOT / "bin" / "logs.py"), *place, "--follow", "--output", "json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


def test_who_follows_sees_new_lines_once_until_ctrl_c(deployed: Target, following: "subprocess.Popen[str]") -> None:
    assert following.stdout is not None
    first = json.loads(following.stdout.readline())
    assert first["type"] == "output"
    invoke = client(deployed, "lambda").invoke
    for number in range(3):
        invoke(FunctionName="sweep-ml_inferencefunction", Payload=json.dumps({"path": f"/new/{number}"}).encode())
    found: list[str] = []
    while "asked for /new/2" not in found:
        found.append(json.loads(following.stdout.readline())["message"])
    time.sleep(1.5)  # for lines that are shown again
    following.send_signal(signal.SIGINT)
    rest = [json.loads(line) for line in following.stdout]
    found += [line["message"] for line in rest if line["type"] == "output"]
    assert [message for message in found if "/new/" in message] == [f"asked for /new/{number}" for number in range(3)]
    assert following.wait(30) == 130


def test_a_failed_fill_shows_its_last_lines_and_logs_shows_all(home: Path) -> None:
    options = (*NAMED, "--set", "Packages=no-such-package-wildrydes==9")
    lines = Command(home)("deploy", *options, code=1)
    texts = [line["text"] for line in lines if line["type"] == "event"]
    at = next(number for number, text in enumerate(texts) if text.startswith("the last lines of "))
    assert texts[at].endswith("populate.log:")
    assert any("no-such-package-wildrydes" in text for text in texts[at + 1 :])
    assert "populate.log" in lines[-1]["error"]
    found = shown(Command(home)("logs", *NAMED))
    assert any("no-such-package-wildrydes" in message for message in found["populate.log"])


def test_without_a_deployment_there_is_a_sentence(home: Path) -> None:
    emulator.start(home)
    lines = Command(home)("logs", code=1)
    assert lines[-1]["error"] == "nothing is deployed under this name here, so there is no log: run deploy first"


# An instance, which MiniStack does not make, on moto.

STACK = {
    "Resources": {
        "Words": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "words"}},
        "Filler": {"Type": "AWS::EC2::Instance", "Properties": {"ImageId": "ami-12c6146b"}},
    }
}
LINES = 12_000  # more than a page


def test_a_stack_of_any_kind_is_read_to_its_last_page_with_its_console(moto_server: str) -> None:
    place = Target(region="eu-west-1", endpoint=moto_server)
    client(place, "cloudformation").create_stack(StackName="words", TemplateBody=json.dumps(STACK))
    logs, now = client(place, "logs"), datetime.now(timezone.utc)
    logs.create_log_stream(logGroupName="words", logStreamName="one")
    began = int(now.timestamp() * 1000) - LINES
    for first in range(0, LINES, 4000):
        events = [{"timestamp": began + at, "message": f"line {at}"} for at in range(first, first + 4000)]
        logs.put_log_events(logGroupName="words", logStreamName="one", logEvents=events)
    aws, said = connect(place), Said()
    stack = aws.stacks.describe("words")
    assert stack
    Reading(aws, lambda: [stack], said, now - timedelta(hours=1)).show()
    found: dict[str, list[str]] = {"Words": [], "Filler": []}
    for _, _, record in said.lines:
        found[record["source"]].append(record["message"])
    assert found["Words"] == [f"line {number}" for number in range(LINES)]
    assert found["Filler"][0].startswith("Linux version")

    told = Said()
    tell_last_lines(aws, stack.id, told)
    assert told.texts("event")[0] == "the last lines of the console of Filler:"
    assert told.texts("event")[1:] == [f"  {line}" for line in found["Filler"][-15:]]

"""The proof on a real account, as far as it can be judged without one: it asks before, removes afterwards, and tells
no answer that it has not got."""

import base64
import io
import json
import platform
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from tests.aws import cost, proof, steps
from tests.aws.deployment import Deployment, NotAskedError, Recorder, _invocation
from tests.aws.packaged import lambda_report, without_efs
from tests.aws.probe import lambda_function as probe
from tests.aws.proof import Proof
from tests.aws.questions import QUESTIONS
from tests.aws.report import DONE, FAILED, NOT_ASKED
from wildrydes_ml.aws.target import Target
from wildrydes_ml.costs import total
from wildrydes_ml.errors import InterruptedWork, WildrydesError
from wildrydes_ml.workshop.settings import wild_rydes

ROOT = Path(__file__).parents[2]


@dataclass
class Scripted(Deployment):
    """A deployment on which deploys fail as they are told to, and removals, one after the other."""

    failing: BaseException | None = None
    removals: list[BaseException | None] = field(default_factory=list)
    done: list[str] = field(default_factory=list)

    def deploy(self, **options: Any) -> Any:
        self.done.append(f"deploy {self.route}")
        if self.failing:
            raise self.failing
        raise AssertionError("not scripted")

    def destroy(self, name: str = "") -> bool:
        self.done.append(f"destroy {self.route}")
        fault = self.removals.pop(0) if self.removals else None
        if fault:
            raise fault
        return True

    def aws(self) -> Any:
        @dataclass
        class Nothing:
            stacks: Any = None

            def find(self, names: tuple[str, ...]) -> dict[str, Any]:
                return {}

        return Nothing(Nothing())


@pytest.fixture
def scripted() -> Scripted:
    emulator = Target(region="us-east-1", endpoint="http://127.0.0.1:9")
    return Scripted(emulator, wild_rydes(name="proof-0"), Recorder(io.StringIO()))


@pytest.fixture
def proving(scripted: Scripted, tmp_path: Path) -> Proof:
    return Proof(scripted, tmp_path / "report", {"place": "nowhere"})


def reported(one: Proof) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((one.folder / "aws-report.json").read_text())
    return found


def test_what_was_made_is_removed_after_a_failure_and_the_other_route_goes_on(
    proving: Proof, scripted: Scripted
) -> None:
    scripted.failing = WildrydesError("no room")
    proving.run()
    assert scripted.done == ["deploy long", "destroy long", "deploy short", "destroy short"]
    assert proving.has_failed
    told = [(one["name"], one["status"], one["answer"]) for one in reported(proving)["steps"]]
    assert told == [("deploy", FAILED, "WildrydesError: no room"), ("destroy", DONE, "all of it is gone")] * 2


def test_what_was_made_is_removed_when_the_program_is_stopped(proving: Proof, scripted: Scripted) -> None:
    scripted.failing = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        proving.run()
    assert scripted.done == ["deploy long", "destroy long"]
    told = [(one["name"], one["status"], one["answer"]) for one in reported(proving)["steps"]]
    assert told == [("deploy", FAILED, "stopped"), ("destroy", DONE, "all of it is gone")]


def test_a_removal_is_tried_again_and_nothing_is_made_on_what_is_left(proving: Proof, scripted: Scripted) -> None:
    scripted.failing = WildrydesError("no room")
    scripted.removals = [InterruptedWork("busy"), None, WildrydesError("something is left")]
    proving.run()
    assert scripted.done == ["deploy long", "destroy long", "destroy long", "deploy short", "destroy short"]
    assert [one.status for one in proving.steps if one.name == "destroy"] == [DONE, FAILED]
    scripted.done, scripted.removals = [], [WildrydesError("something is left")]
    proving.run()
    assert scripted.done == ["deploy long", "destroy long"]


def test_each_question_that_was_not_asked_stands_in_the_report_with_its_reason(
    proving: Proof, scripted: Scripted
) -> None:
    scripted.failing = WildrydesError("no room")
    proving.run(routes=["short"])
    found = {one["name"]: (one["status"], one["answer"]) for one in reported(proving)["questions"]}
    assert found.pop("the model's URL") == (NOT_ASKED, proof.EMULATED)
    assert found == {one.name: (NOT_ASKED, "the deploy failed") for one in QUESTIONS}
    text = (proving.folder / "aws-report.md").read_text()
    assert all(f"| short | {one.name} |" in text for one in QUESTIONS)


def test_an_answer_that_could_not_be_had_is_none(proving: Proof) -> None:
    def ask() -> str:
        raise NotAskedError("nobody | answers")

    outcome = proving._note(proving.questions, "a question", "why", ask)
    assert (outcome.status, outcome.answer) == (NOT_ASKED, "nobody | answers")
    assert "not asked: nobody \\| answers" in (proving.folder / "aws-report.md").read_text()


def test_it_costs_less_than_it_may() -> None:
    assert 0.1 < total(list(cost.lines())) < cost.MOST_DOLLARS
    assert all(line.dollars for line in cost.lines())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--account", "123456789012", "--region", "us-east-1"], "agree with --yes"),
        (["--region", "us-east-1"], "name the account and the region"),
    ],
)
def test_without_agreement_or_account_nothing_is_called(arguments: list[str], said: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.aws", *arguments, "--report", str(tmp_path / "report")]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, stdin=subprocess.DEVNULL, env={"PATH": "/usr/bin:/bin"},
        check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert said in done.stdout + done.stderr
    assert not (tmp_path / "report").exists()


class Sts:
    """Remembers who was asked for which session."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []

    def assume_role(self, *, RoleArn: str, RoleSessionName: str, Policy: str) -> dict[str, Any]:
        self.asked.append((RoleArn, Policy))
        return {"Credentials": {"AccessKeyId": "role"}}

    def get_federation_token(self, *, Name: str, Policy: str, DurationSeconds: int) -> dict[str, Any]:
        self.asked.append(("federation", Policy))
        return {"Credentials": {"AccessKeyId": "user"}}


@pytest.mark.parametrize(
    ("arn", "asked", "key"),
    [
        ("arn:aws:sts::123456789012:assumed-role/Deployer/me", "arn:aws:iam::123456789012:role/Deployer", "role"),
        ("arn:aws:iam::123456789012:user/me", "federation", "user"),
    ],
)
def test_a_session_with_fewer_rights_is_the_callers_own(arn: str, asked: str, key: str) -> None:
    sts = Sts()
    assert steps._credentials(sts, arn, "{}")["AccessKeyId"] == key
    assert sts.asked == [(asked, "{}")]


def test_the_probe_tells_processor_and_libraries_of_where_it_runs() -> None:
    told = json.loads(probe.lambda_handler({"probe": "processor"}, None)["body"])
    assert told["machine"] == platform.machine()
    folder = Path("/sys/devices/system/cpu")
    assert told["/sys/devices/system/cpu"] == (
        sorted(one.name for one in folder.iterdir()) if folder.is_dir() else None
    )
    libraries = json.loads(probe.lambda_handler({"probe": "libraries"}, None)["body"])
    assert libraries["GLIBC"] == platform.libc_ver()[1]
    assert re.fullmatch(r"3\.4\.\d+|", libraries["GLIBCXX"])


def test_why_an_engine_is_slow_is_read_from_the_log_of_its_invocation() -> None:
    line = json.dumps({"engine": "litert", "slower_because": ["litert: without XNNPACK"]})
    log = f"START RequestId\n{line}\nREPORT"
    payload = json.dumps({"statusCode": 200, "body": json.dumps({"timings_ms": {"total": 3}})})
    reply = {"Payload": io.BytesIO(payload.encode()), "LogResult": base64.b64encode(log.encode()).decode()}
    assert _invocation(reply) == ({"timings_ms": {"total": 3}}, ["litert: without XNNPACK"])
    failed = {"Payload": io.BytesIO(b'{"errorMessage": "no memory"}')}
    assert _invocation(failed) == ({"errorMessage": "no memory"}, [])


def test_what_lambda_reports_of_a_cold_start_is_read_from_its_log() -> None:
    report = (
        "START RequestId: 1\nREPORT RequestId: 1\tDuration: 123.45 ms\tBilled Duration: 970 ms\tMemory Size: 3008 MB"
        "\tMax Memory Used: 210 MB\tInit Duration: 845.67 ms\t\n"
    )
    told = lambda_report({"LogResult": base64.b64encode(report.encode()).decode()})
    assert told == {"Duration (ms)": 123.45, "Max Memory Used (MB)": 210, "Init Duration (ms)": 845.67}
    assert lambda_report({}) == {}


def test_a_deployment_without_efs_is_removed_when_its_deploy_fails(scripted: Scripted) -> None:
    scripted.failing, scripted.route = WildrydesError("no room"), "short"
    with pytest.raises(NotAskedError, match="no room"):
        without_efs(scripted)
    assert scripted.done == ["deploy packaged", "destroy packaged"]


class Ec2:
    """Answers a request for a network interface with a fault."""

    def __init__(self, fault: Exception) -> None:
        self.fault = fault

    def create_network_interface(self, *, SubnetId: str, DryRun: bool) -> None:
        assert DryRun, "nothing may be made"
        raise self.fault


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (ClientError({"Error": {"Code": "UnauthorizedOperation"}}, "x"), {"code": "UnauthorizedOperation"}),
        (ClientError({"Error": {"Code": "DryRunOperation"}}, "x"), {"code": "DryRunOperation"}),
    ],
)
def test_the_probe_tells_what_ec2_says_to_an_interface(fault: Exception, told: dict[str, str]) -> None:
    assert probe.interfaces("subnet-1", Ec2(fault)) == told


def test_a_probe_that_does_not_reach_ec2_has_no_code() -> None:
    told = probe.interfaces("subnet-1", Ec2(EndpointConnectionError(endpoint_url="https://ec2")))
    assert set(told) == {"fault"}


def test_the_probe_passes_for_the_workshops_function() -> None:
    body = json.loads(probe.lambda_handler({"body": "{}"}, None)["body"])
    assert body["validated"]
    assert [one["label"] for one in body["detections"]] == ["Horse"]

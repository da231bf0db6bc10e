"""Each command that people are told to paste is one: the AWS CLI itself reads it, and asks AWS for what it names."""

import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from awscli.clidriver import create_clidriver
from botocore.awsrequest import AWSResponse

from tests.unit.fakes import FakeAws, wanted
from wildrydes_ml.aws.facts import QUOTAS, Ask, Concurrency, Facts, Usage
from wildrydes_ml.aws.records import Billable
from wildrydes_ml.aws.target import Target
from wildrydes_ml.deploy import remedies
from wildrydes_ml.deploy.desired import code_key
from wildrydes_ml.deploy.model import Model
from wildrydes_ml.deploy.preflight.problems import problems
from wildrydes_ml.deploy.refusals import refuse_update
from wildrydes_ml.deploy.remedies import AGAIN, Remedies, some
from wildrydes_ml.destroy.destroyer import destroy
from wildrydes_ml.destroy.leftovers import dollars
from wildrydes_ml.destroy.uploads import is_upload
from wildrydes_ml.errors import Refused
from wildrydes_ml.tags import TAG
from wildrydes_ml.template.change import ResourceChange
from wildrydes_ml.testing import Said
from wildrydes_ml.workshop.settings import wild_rydes

HERE = Remedies("eu-west-1")
BUCKET = "wildrydes-ml-123456789012-eu-west-1"
THINGS = [
    Billable("NAT gateway", "nat-1"),
    Billable("public IPv4 address", "eipalloc-1"),
    Billable("instance", "i-1"),
    Billable("volume", "vol-1"),
    Billable("file system", "fs-01234567"),
    Billable("log group", "/aws/lambda/ml_inferencefunction"),
    Billable("function", "ml_inferencefunction"),
    Billable("API key", "k3yid"),
    Billable("usage plan", "pl4nid"),
]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """Nothing yet; commands that write, such as `s3 cp`, write into a folder of the test."""
    monkeypatch.chdir(tmp_path)
    for name, value in (("ACCESS_KEY_ID", "key"), ("SECRET_ACCESS_KEY", "secret"), ("CONFIG_FILE", "/dev/null")):
        monkeypatch.setenv(f"AWS_{name}", value)
    return []


def ran(command: str, asked: list[str]) -> int:
    """The AWS CLI's exit code for a command, when AWS answers each call with nothing; adds what AWS was asked."""
    words = shlex.split(command)
    assert words[0] == "aws"
    driver = create_clidriver()

    def answer(request: Any, **_: Any) -> AWSResponse:
        body = request.body if isinstance(request.body, bytes) else str(request.body or "").encode()
        asked.append(f"{request.method} {request.url} {body.decode()}")
        action = re.search(rb"Action=(\w+)", body)
        result = f"<{action[1].decode()}Result/>" if action else ""
        is_xml = action or "s3" in request.url
        return AWSResponse(request.url, 200, {}, Body(f"<r>{result}</r>" if is_xml else "{}"))

    driver.session.register("before-send", answer)
    return int(driver.main(words[1:]))


@dataclass
class Body:
    """What comes over the wire."""

    text: str

    def stream(self) -> Iterator[bytes]:
        yield self.text.encode()


@pytest.mark.parametrize("thing", THINGS, ids=lambda thing: thing.kind)
def test_each_kind_is_removed_by_a_command_that_names_it(asked: list[str], thing: Billable) -> None:
    assert ran(HERE.removal(thing), asked) == 0
    (request,) = asked
    assert thing.id.removeprefix("/aws/lambda/") in request
    assert ".eu-west-1." in request
    assert dollars(thing) == 0


def test_every_kind_with_a_command_is_tried_here() -> None:
    assert {thing.kind for thing in THINGS} == set(remedies.REMOVALS)
    assert all(HERE.removal(Billable(kind, "x")) == AGAIN for kind in ("stack", "bucket", "object"))


def test_mount_targets_go_before_their_file_system(asked: list[str]) -> None:
    text = HERE.removal(Billable("file system", "fs-01234567", {}, ("fsmt-01234567", "fsmt-76543210")))
    commands = text.split(" && ")
    assert re.fullmatch(r"sleep \d+", commands.pop(2))
    assert [ran(command, asked) for command in commands] == [0, 0, 0]
    ends = [re.split(r"[ ?]", request.partition("amazonaws.com")[2])[0].rpartition("/")[2] for request in asked]
    assert ends == ["fsmt-01234567", "fsmt-76543210", "fs-01234567"]


def test_stages_go_before_their_usage_plan(asked: list[str]) -> None:
    text = HERE.removal(Billable("usage plan", "pl4nid", held_by=("ap1:prod", "ap2:test")))
    assert [ran(command, asked) for command in text.split(" && ")] == [0, 0]
    update, deletion = asked
    assert update.startswith("PATCH https://apigateway.eu-west-1.amazonaws.com/usageplans/pl4nid ")
    removed = [{"op": "remove", "path": "/apiStages", "value": stage} for stage in ("ap1:prod", "ap2:test")]
    assert json.loads(update.partition(" {")[1].strip() + update.partition(" {")[2]) == {"patchOperations": removed}
    assert deletion.startswith("DELETE https://apigateway.eu-west-1.amazonaws.com/usageplans/pl4nid ")


def test_an_emulator_s_things_are_not_looked_for_on_aws(asked: list[str]) -> None:
    command = Remedies("us-east-1", "http://127.0.0.1:4566").removal(THINGS[0])
    assert ran(command, asked) == 0
    assert asked[0].startswith("POST http://127.0.0.1:4566/")


def test_a_name_with_blanks_is_quoted(asked: list[str]) -> None:
    assert ran(HERE.removal(Billable("log group", "a b; rm -rf /")), asked) == 0
    assert '"logGroupName": "a b; rm -rf /"' in asked[0]


def commands_in(text: str) -> list[str]:
    return re.findall(r"^ *(aws .*)$", text, re.MULTILINE) + re.findall(r"`(aws [^`]+)`", text)


def refused_with(aws: FakeAws, **options: Any) -> list[str]:
    with pytest.raises(Refused) as error:
        destroy(aws.gateways, wild_rydes(**options), Target(), Said(), lambda found: None)
    return commands_in(str(error.value))


def test_what_destroy_refuses_says_what_to_do(asked: list[str], tmp_path: Path) -> None:
    aws = FakeAws()
    for name in ("wildrydes-ml-mod5", "wildrydes-ml-mod5-inf"):
        aws.stacks.put(name, "CREATE_COMPLETE", tags={TAG: "wildrydes-ml"}, is_protected=True)
    commands = refused_with(aws)
    assert [ran(command, asked) for command in commands] == [0, 0]
    assert all("EnableTerminationProtection=false" in request for request in asked)
    strange = FakeAws()
    strange.buckets.put(BUCKET, {TAG: "wildrydes-ml"}, "data.csv")
    commands = refused_with(strange)
    assert [command.split()[2] for command in commands] == ["cp", "rm"]
    assert [ran(command, asked) for command in commands] == [0, 0]
    assert (tmp_path / BUCKET).is_dir()


def test_what_a_stack_s_policy_denies_says_what_to_do(asked: list[str]) -> None:
    aws = FakeAws()
    aws.stacks.put("s", "CREATE_COMPLETE")
    aws.stacks.policies["s"] = '{"Statement": []}'.replace("[]", '[{"Effect": "Deny", "Action": "Update:*"}]')
    with pytest.raises(Refused) as error:
        refuse_update(aws.gateways, aws.stacks.stacks["s"], [ResourceChange("A", "T", "Modify")], Said())
    (command,) = commands_in(str(error.value))
    assert ran(command, asked) == 0
    assert "Action=GetStackPolicy" in asked[0]


def test_what_is_in_a_deploy_s_way_says_what_to_do(asked: list[str]) -> None:
    facts: Facts = {
        Ask("vpcs"): Usage({"": 5}, 5),
        Ask("function", "ml_inferencefunction"): "",
        Ask("log_group", "/aws/lambda/ml_inferencefunction"): "",
        Ask("concurrency", "ml_inferencefunction"): Concurrency(9, 9, 0),
    }
    found = problems(facts, wanted(overrides={"ReservedConcurrency": "5"}))
    commands = [command for problem in found for command in commands_in(problem.remedy)]
    assert len(commands) == len(found) == len(facts)
    assert [ran(command, asked) for command in commands] == [0] * len(facts)
    assert QUOTAS["vpcs"].code in asked[0]


def test_the_patterns_of_the_commands_are_the_shape_of_uploads() -> None:
    made = [code_key("f", "0" * 64), Model("", digest="0" * 64).key("f")]
    assert all(map(is_upload, made))
    save, remove = HERE.objects(BUCKET)
    for key, pattern in zip(made, re.findall(r"--exclude '([^']+)'", remove), strict=True):
        assert re.fullmatch(pattern.replace(".", r"\.").replace("*", ".*").replace("?", "."), key)
    assert re.findall("--exclude '[^']+'", save) == re.findall("--exclude '[^']+'", remove)


def test_some_of_many_names_fit_a_line() -> None:
    assert some(["a", "b"]) == "a, b"
    assert some([str(number) for number in range(2000)]) == "0, 1, 2 and 1,997 more"

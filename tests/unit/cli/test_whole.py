"""`status --all` and `destroy --expired` as a shell sees them, with a server on 127.0.0.1 that answers as AWS does."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.unit.servers import aws_answering, use_aws
from wildrydes_ml.cli import main
from wildrydes_ml.tags import EXPIRES_TAG, TAG

IDENTITY = "<Arn>arn:aws:iam::123456789012:user/rider</Arn><UserId>u</UserId><Account>123456789012</Account>"
TEMPLATE = '{"Description": "iris", "Resources": {"Key": {"Type": "AWS::KMS::Key"}}}'
PAST, FUTURE = "2020-01-01T00:00:00Z", "2096-01-01T00:00:00Z"
READING = {"GetCallerIdentity", "DescribeStacks", "GetTemplate"}
Run = Callable[..., tuple[int, list[str]]]


def stack(name: str, expires: str = "", deployment: str = "") -> str:
    tags = {TAG: deployment or name, **({EXPIRES_TAG: expires} if expires else {})}
    told = "".join(f"<member><Key>{key}</Key><Value>{value}</Value></member>" for key, value in tags.items())
    return (
        f"<member><StackName>{name}</StackName><StackId>id:{name}</StackId><StackStatus>CREATE_COMPLETE</StackStatus>"
        f"<CreationTime>2026-01-01T00:00:00Z</CreationTime><Tags>{told}</Tags></member>"
    )


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Runs a command in an account with these stacks: exit code, and the actions that AWS was asked for."""
    use_aws(monkeypatch, tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))

    def answering(stacks: tuple[str, ...], denied: str, action: str) -> tuple[int, str]:
        if action == denied:
            text = f"<Code>AccessDenied</Code><Message>not authorized to perform: cloudformation:{action}</Message>"
            return 403, f"<ErrorResponse><Error>{text}</Error></ErrorResponse>"
        results = {
            "GetCallerIdentity": IDENTITY,
            "DescribeStacks": f"<Stacks>{''.join(stacks)}</Stacks>",
            "GetTemplate": f"<TemplateBody>{TEMPLATE}</TemplateBody>",
        }
        return 200, f"<{action}Response><{action}Result>{results[action]}</{action}Result></{action}Response>"

    def go(*arguments: str, stacks: tuple[str, ...] = (), denied: str = "") -> tuple[int, list[str]]:
        with aws_answering(lambda action: answering(stacks, denied, action)) as (url, asked):
            monkeypatch.setenv("AWS_ENDPOINT_URL", url)
            return main([*arguments, "--region", "eu-west-1"]), asked

    return go


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_every_deployment_has_a_line_for_a_person_and_one_for_a_program(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    there = (stack("iris", PAST), stack("lily-mod5", FUTURE, "lily"))
    code, asked = run("status", "--all", stacks=there)
    head, iris, lily, together = capsys.readouterr().out.splitlines()
    assert (code, {*asked}) == (0, READING)
    assert head.split()[0] == "NAME"
    assert iris.split()[0] == "iris"
    assert lily.endswith("lily-mod5 CREATE_COMPLETE")
    assert together == "2 deployments in account 123456789012, region eu-west-1: idle about 2.00 US$ a month"
    run("status", "--all", "--output", "json", stacks=there)
    told = lines(capsys)
    assert [(line["name"], line["dollars"], line["expired"]) for line in told if "name" in line] == [
        ("iris", 1.0, True),
        ("lily", 1.0, False),
    ]
    assert (told[-1]["ok"], told[-1]["deployments"], told[-1]["dollars"]) == (True, 2, 2.0)


def test_what_may_not_be_listed_is_told_with_the_permission(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("status", "--all", denied="DescribeStacks")[0] == 1
    assert "cloudformation:DescribeStacks" in capsys.readouterr().err
    assert run("status", "--all", stacks=(stack("iris"),), denied="GetTemplate")[0] == 0
    out, err = capsys.readouterr()
    assert "cloudformation:GetTemplate" in err
    assert "iris CREATE_COMPLETE" in out


def test_without_a_terminal_yes_must_agree_to_what_is_named(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    code, asked = run("destroy", "--expired", stacks=(stack("iris", PAST), stack("lily", FUTURE), stack("rose")))
    err = capsys.readouterr().err
    assert (code, {*asked}) == (2, {"GetCallerIdentity", "DescribeStacks"})
    assert "destroy would delete iris: expired" in err
    assert "stacks iris, with their bucket, keys and logs: add --yes to agree" in err
    assert "lily" not in err


def test_where_nothing_has_expired_there_is_nothing_to_do(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    code, asked = run("destroy", "--expired", "--output", "json", stacks=(stack("lily", FUTURE), stack("rose")))
    told = lines(capsys)
    assert (code, {*asked}) == (0, {"GetCallerIdentity", "DescribeStacks"})
    assert told[-2]["text"] == "nothing has expired in account 123456789012, region eu-west-1"
    assert (told[-1]["changed"], told[-1]["deleted"]) == (False, [])


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["destroy", "--expired", "--name", "iris"], "--expired deletes deployments of every name: leave out --name"),
        (["destroy", "--expired", "--keep-data", "--bucket", "b-b"], "leave out --bucket and --keep-data"),
        (["status", "--all", "--name", "iris"], "--all lists deployments of every name: leave out --name"),
        (["status", "--all", "--drift"], "leave out --drift"),
    ],
)
def test_options_for_one_deployment_are_refused(
    run: Run, capsys: pytest.CaptureFixture[str], arguments: list[str], named: str
) -> None:
    assert run(*arguments) == (2, [])
    assert named in capsys.readouterr().err


def test_a_file_of_options_may_name_a_deployment_for_the_other_verbs(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "rydes.toml"
    file.write_text('name = "iris"\nbucket = "theirs"\n')
    assert run("destroy", "--expired", "--config", str(file))[0] == 0
    assert run("status", "--all", "--config", str(file))[0] == 0


def test_a_machine_without_an_emulator_has_nothing_that_expired(tmp_path: Path) -> None:
    assert main(["destroy", "--expired", "--local", "--home", str(tmp_path / "home")]) == 0


def test_a_wrong_time_is_refused_before_anything_is_asked(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("deploy", "--expires", "2020-01-01") == (2, [])
    assert "--expires 2020-01-01: 2020-01-0" in capsys.readouterr().err

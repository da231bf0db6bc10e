"""The commands as a shell sees them: help, exit codes, and what stands on stdout and stderr."""

import argparse
import json
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import main_thread
from typing import Any

import pytest

from tests.unit.fakes import API_OUTPUTS, FakeAws, Said
from tests.unit.servers import aws_answering, use_aws
from wildrydes_ml import status
from wildrydes_ml.aws import connect
from wildrydes_ml.cli import build_parser, main
from wildrydes_ml.errors import WildrydesError
from wildrydes_ml.settings import Settings, Target

ROOT = Path(__file__).parents[2]
VERBS = ["render", "deploy", "destroy", "classify", "status", "package"]
PLACED = ["deploy", "destroy", "classify", "status"]
REQUIRED = {"classify": ["a.png"]}


def options_of(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    return list(parser._actions)


@pytest.mark.parametrize("verb", VERBS)
def test_every_option_of_every_verb_is_explained(verb: str) -> None:
    parser = build_parser(verb)
    assert parser.description
    for action in options_of(parser):
        assert action.help, action.option_strings
    for code in ("0", "1", "2", "3", "4", "130"):
        assert f"{code} " in str(parser.epilog)


@pytest.mark.parametrize("arguments", [["--help"], *([verb, "--help"] for verb in VERBS)], ids=" ".join)
def test_help_is_printed_and_exits_0(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == 0
    shown = capsys.readouterr().out
    assert shown.startswith("usage: wildrydes-ml")
    assert all(verb in shown for verb in (VERBS if len(arguments) == 1 else arguments[:1]))


@pytest.mark.parametrize("verb", VERBS)
def test_each_script_is_one_verb(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"], verb)
    assert capsys.readouterr().out.startswith(f"usage: bin/{verb}.py")
    assert (ROOT / "bin" / f"{verb}.py").is_file()


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["fly"],
        ["deploy", "--fly"],
        ["deploy", "--route", "scenic"],
        ["deploy", "--preset", "rich"],
        ["deploy", "--output", "xml"],
        ["classify"],
        ["destroy", "stray"],
    ],
    ids=" ".join,
)
def test_wrong_usage_exits_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "usage: wildrydes-ml" in err
    assert "error: " in err


@pytest.mark.parametrize(
    "arguments",
    [
        ["fly", "--output", "json"],
        ["--output=json", "deploy"],
        ["deploy", "--output", "text", "--fly", "--output=json"],
        ["classify", "--output", "json"],
        ["classify", "--output", "json", "a.png", "--save"],
        ["classify", "--output", "json", "a.png", "--parallel", "0"],
    ],
    ids=" ".join,
)
def test_a_program_is_told_of_wrong_usage(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    error, result = map(json.loads, capsys.readouterr().out.splitlines())
    assert (error["type"], result["type"], result["ok"], result["exit_code"]) == ("error", "result", False, 2)
    assert error["text"] == result["error"] != ""


def test_the_value_of_another_option_asks_for_no_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["render", "--out", "json", "--fly"]) == 2
    assert capsys.readouterr().out == ""


COMMON = [
    ["--region", "eu-west-1"],
    ["--profile", "mine"],
    ["--bucket", "mine"],
    ["--name", "mine"],
    ["--preset", "lean"],
    ["--set", "MinScore=0.5"],
    ["--model", "dir"],
    ["--output", "json"],
    ["--yes"],
    ["--local"],
    ["--home", "dir"],
]


def common_options() -> Iterator[Any]:
    for verb in PLACED:
        for option in COMMON:
            yield pytest.param(verb, option, id=f"{verb} {option[0]}")


@pytest.mark.parametrize(("verb", "option"), list(common_options()))
def test_common_options_are_common(verb: str, option: list[str]) -> None:
    required = REQUIRED.get(verb, [])
    parser = build_parser(verb)
    assert parser.parse_args([*option, *required]) != parser.parse_args(required)


def test_the_home_is_the_environment_s_unless_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WILDRYDES_HOME", raising=False)
    assert build_parser("deploy").parse_args([]).home == Path(".wildrydes")
    monkeypatch.setenv("WILDRYDES_HOME", "/elsewhere")
    assert build_parser("deploy").parse_args([]).home == Path("/elsewhere")
    assert build_parser("deploy").parse_args(["--home", "here"]).home == Path("here")


# Exit codes. On AWS they are asked of a server on 127.0.0.1 that answers as AWS does.

IDENTITY_XML = "<Arn>arn:aws:iam::123456789012:user/rider</Arn><UserId>u</UserId><Account>123456789012</Account>"
ANSWERS = {
    "GetCallerIdentity": IDENTITY_XML,
    "DescribeStacks": "<Stacks><member><StackName>s</StackName><StackId>id</StackId>"
    "<CreationTime>2026-01-01T00:00:00Z</CreationTime><StackStatus>CREATE_COMPLETE</StackStatus></member></Stacks>",
    "GetTemplate": "<TemplateBody>text</TemplateBody>",
    "ListStackResources": "<StackResourceSummaries><member><LogicalResourceId>Topic</LogicalResourceId>"
    "<ResourceType>AWS::SNS::Topic</ResourceType><ResourceStatus>CREATE_COMPLETE</ResourceStatus>"
    "<LastUpdatedTimestamp>2026-01-01T00:00:00Z</LastUpdatedTimestamp></member></StackResourceSummaries>",
}

Answer = Callable[[str], tuple[int, str]]


def as_aws(action: str) -> tuple[int, str]:
    """An account in which strangers have taken every stack's name."""
    return 200, f"<{action}Response><{action}Result>{ANSWERS[action]}</{action}Result></{action}Response>"


def expired(action: str) -> tuple[int, str]:
    return 403, "<ErrorResponse><Error><Code>ExpiredToken</Code><Message>expired</Message></Error></ErrorResponse>"


def ctrl_c(action: str) -> tuple[int, str]:
    signal.pthread_kill(main_thread().ident or 0, signal.SIGINT)
    return as_aws(action)


@pytest.fixture
def on_aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., tuple[int, list[str]]]:
    """Runs a command against such an AWS: answer, arguments -> exit code and actions."""
    use_aws(monkeypatch, tmp_path)

    def run(answer: Answer, *arguments: str) -> tuple[int, list[str]]:
        with aws_answering(answer) as (url, asked):
            monkeypatch.setenv("AWS_ENDPOINT_URL", url)
            return main([*arguments, "--region", "eu-west-1"]), asked

    return run


OnAws = Callable[..., tuple[int, list[str]]]


@pytest.mark.parametrize(
    ("arguments", "answer", "code", "text"),
    [
        (["deploy"], expired, 3, "renew them and run again"),
        (["status"], expired, 3, "renew them and run again"),
        (["deploy"], as_aws, 4, "it is left alone"),
        (["deploy", "--plan"], as_aws, 4, "it is left alone"),
        (["deploy", "--route", "short"], as_aws, 4, "it is left alone"),
        (["destroy", "--yes"], as_aws, 4, "it is left alone"),
        (["deploy"], ctrl_c, 130, "The same command resumes it"),
        (["destroy", "--yes"], ctrl_c, 130, "The same command resumes it"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else getattr(value, "__name__", None),
)
def test_exit_codes_on_aws(
    on_aws: OnAws,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    answer: Answer,
    code: int,
    text: str,
) -> None:
    ended, asked = on_aws(answer, *arguments)
    out, err = capsys.readouterr()
    assert ended == code
    assert text in err
    assert text not in out
    assert set(asked) <= set(ANSWERS), "nothing is asked for that changes anything"


@pytest.mark.parametrize("answer", [expired, as_aws, ctrl_c])
def test_json_ends_with_a_result(on_aws: OnAws, capsys: pytest.CaptureFixture[str], answer: Answer) -> None:
    code, _ = on_aws(answer, "deploy", "--output", "json")
    out, err = capsys.readouterr()
    lines = [json.loads(line) for line in out.splitlines()]
    assert err == ""
    assert {line["type"] for line in lines} <= {"plan", "event", "output", "warning", "error", "result"}
    assert [line["type"] for line in lines][-2:] == ["error", "result"]
    assert (lines[-1]["ok"], lines[-1]["exit_code"]) == (False, code)
    assert lines[-1]["error"] == lines[-2]["text"]


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (["deploy", "--name", "Wrong Name"], 2, "--name 'Wrong Name'"),
        (["deploy", "--set", "MinScore"], 2, "write Parameter=Value"),
        (["deploy", "--set", "MinScore=high", "--set", "Nothing=1"], 2, "--set Nothing: no such parameter"),
        (["classify", "--save", "out.png", "a.png", "b.png"], 2, "name a directory, out/"),
        (["classify", "--save", "a.xyz", "a.png"], 2, "end the name in .png"),
        (["classify", "--parallel", "33", "a.png"], 2, "a number from 1 to 32"),
        (["classify", "--parallel", "many", "a.png"], 2, "a number from 1 to 32"),
        (["status", "--local"], 1, "run deploy --local first"),
        (["classify", "--local", "a.png"], 1, "run deploy --local first"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_exit_codes_without_aws(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, arguments: list[str], code: int, text: str
) -> None:
    assert main([*arguments, "--home", str(tmp_path / "home")]) == code
    assert text in capsys.readouterr().err
    assert not (tmp_path / "home").exists()


def test_all_faults_of_the_settings_are_told_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["deploy", "--name", "X", "--set", "MinScore=high", "--set", "Nothing=1"]) == 2
    told = capsys.readouterr().err
    assert all(text in told for text in ("--name", "MinScore=high", "--set Nothing"))


def test_a_traceback_only_when_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    main(["deploy", "--name", "X"])
    assert "Traceback" not in capsys.readouterr().err
    main(["deploy", "--name", "X", "--debug"])
    assert "Traceback" in capsys.readouterr().err


def test_templates_are_written_and_checked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    where = ["--out", str(tmp_path / "new")]
    assert main(["render", "--check", *where]) == 1
    assert not (tmp_path / "new").exists()
    assert main(["render", *where]) == 0
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == [
        "5_lambda_function.yml",
        "99_complete.yml",
        "efs_99.yml",
    ]
    assert main(["render", "--check", *where]) == 0
    (tmp_path / "new" / "efs_99.yml").write_text("stale: true\n")
    capsys.readouterr()
    assert main(["render", "--check", *where]) == 1
    out, err = capsys.readouterr()
    assert "-stale: true" in out
    assert "is stale" in err


def test_the_zip_is_written(tmp_path: Path) -> None:
    target = tmp_path / "new" / "function.zip"
    assert main(["package", "--out", str(target)]) == 0
    assert target.read_bytes().startswith(b"PK")


@pytest.mark.parametrize(
    "arguments",
    [["render", "--out", "FILE"], ["package", "--out", "FILE/x.zip"]],
    ids=" ".join,
)
def test_a_path_that_cannot_be_used_is_an_error_in_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    (tmp_path / "file").touch()
    assert main([text.replace("FILE", str(tmp_path / "file")) for text in arguments]) in (1, 2)
    assert capsys.readouterr().err.startswith("error: ")


def test_a_demo_without_pictures_begins_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--home", str(tmp_path / "home"), "--pictures", str(tmp_path / "none")], verb="demo") == 1
    assert "No such file" in capsys.readouterr().err
    assert not (tmp_path / "home").exists()


# The link that the instance fetches the model through


@pytest.mark.parametrize("region", ["us-east-1", "eu-west-1", "eu-central-1"])
def test_the_model_s_link_is_signed_for_the_bucket_s_region(
    on_aws: OnAws, monkeypatch: pytest.MonkeyPatch, region: str
) -> None:
    with aws_answering(as_aws) as (url, _):
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", url)
        link = connect(Target(region)).buckets.link("a-bucket", "model/m.tar.gz", 7200)
    assert link.startswith(f"https://a-bucket.s3.{region}.amazonaws.com/model/m.tar.gz?X-Amz-Algorithm=AWS4")


# Status


def test_status_without_a_deployment_is_an_error() -> None:
    with pytest.raises(WildrydesError, match="nothing is deployed under the name wildrydes-ml"):
        status.status(FakeAws().gateways, Settings(), Target(), Said())


def test_status_tells_stacks_outputs_and_cost_before_it_asks_the_api() -> None:
    aws, said = FakeAws("http://127.0.0.1:9/prod"), Said()
    outputs = {**API_OUTPUTS, "ApiGatewayInvokeURL": "http://127.0.0.1:9/prod"}
    aws.stacks.put("wildrydes-ml-mod5-complete", "UPDATE_ROLLBACK_COMPLETE", outputs=outputs)
    with pytest.raises(WildrydesError, match="the API does not answer: no answer"):
        status.status(aws.gateways, Settings(), Target(), said)
    told = said.texts("output")
    assert told[0] == (
        "stack wildrydes-ml-mod5-complete: UPDATE_ROLLBACK_COMPLETE (its last update failed and was undone)"
    )
    assert "  ModelInferenceApiId = api1" in told
    assert "idle cost" in told[-2]
    assert told[-1] == "URL: http://127.0.0.1:9/prod"


def test_status_of_a_state_nobody_knows_is_an_error() -> None:
    aws = FakeAws()
    aws.stacks.put("wildrydes-ml-mod5", "FROZEN")
    with pytest.raises(WildrydesError, match="FROZEN"):
        status.status(aws.gateways, Settings(), Target(), Said())

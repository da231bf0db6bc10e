"""The commands as a shell sees them: help, exit codes, and what stands on stdout and stderr."""

import argparse
import json
import resource
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import main_thread
from typing import Any

import pytest

from tests.unit.fakes import API_OUTPUTS, FakeAws
from tests.unit.prepared_models import prepared_model
from tests.unit.servers import aws_answering, use_aws
from wildrydes_ml.aws.records import Stack
from wildrydes_ml.aws.session import connect
from wildrydes_ml.aws.target import Target
from wildrydes_ml.cli import main
from wildrydes_ml.cli.options import settings as asked
from wildrydes_ml.cli.parser import build_parser
from wildrydes_ml.deploy import health
from wildrydes_ml.deploy.settings import Settings
from wildrydes_ml.errors import SettingsError, WildrydesError
from wildrydes_ml.tags import TAG
from wildrydes_ml.testing import Said
from wildrydes_ml.workshop.settings import wild_rydes

ROOT = Path(__file__).parents[3]
VERBS = [
    "demo",
    "deploy",
    "destroy",
    "ask",
    "classify",
    "status",
    "logs",
    "class",
    "doctor",
    "policy",
    "render",
    "package",
]
PLACED = ["deploy", "destroy", "ask", "classify", "status", "logs", "policy"]
REQUIRED = {"classify": ["a.png"]}
ROLE = "arn:aws:iam::123456789012:role/cfn"


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
    assert "usage: wildrydes-ml" in err or "use one of" in err
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


# Options that several verbs have, and the verbs on which they have an effect.
SHARED: list[tuple[list[str], list[str]]] = [
    (["--app", "app.py"], PLACED),
    (["--region", "eu-west-1"], PLACED),
    (["--profile", "mine"], PLACED),
    (["--name", "mine"], PLACED),
    (["--output", "json"], PLACED),
    (["--local"], PLACED),
    (["--home", "dir"], PLACED),
    (["--account", "123456789012"], PLACED),
    (["--bucket", "mine"], ["deploy", "destroy", "policy"]),
    (["--role-arn", "arn:aws:iam::123456789012:role/cfn"], ["deploy", "destroy", "policy"]),
    (["--yes"], ["deploy", "destroy"]),
    (["--preset", "lean"], ["deploy", "policy"]),
    (["--set", "MinScore=0.5"], ["deploy", "policy"]),
    (["--model", "dir"], ["deploy", "policy"]),
    (["--tag", "team=rides"], ["deploy", "policy"]),
]


def shared_options() -> Iterator[Any]:
    for option, takers in SHARED:
        for verb in PLACED:
            yield pytest.param(verb, option, verb in takers, id=f"{verb} {option[0]}")


@pytest.mark.parametrize(("verb", "option", "is_taken"), list(shared_options()))
def test_a_verb_takes_the_options_that_have_an_effect_on_it(verb: str, option: list[str], is_taken: bool) -> None:
    required = REQUIRED.get(verb, [])
    parser = build_parser(verb)
    if is_taken:
        assert parser.parse_args([*option, *required]) != parser.parse_args(required)
    else:
        with pytest.raises(SettingsError, match=f"unrecognized arguments: {option[0]}"):
            parser.parse_args([*required, *option])


@pytest.mark.parametrize(
    ("verb", "option", "words"),
    [
        ("deploy", "--continue-rollback", "UPDATE_FAILED, UPDATE_ROLLBACK_FAILED"),
        ("deploy", "--account", "stop unless the credentials belong to this account"),
        ("deploy", "--allow-replace", "may be replaced or deleted (repeatable)"),
        ("deploy", "--fail-on-change", "with --plan: exit 5"),
        ("destroy", "--keep-data", "keep EFS and the bucket"),
        ("destroy", "--retain", "a resource to keep if it prevents"),
        ("destroy", "--account", "stop unless the credentials belong to this account"),
    ],
)
def test_the_help_tells_what_an_option_does(
    capsys: pytest.CaptureFixture[str], verb: str, option: str, words: str
) -> None:
    with pytest.raises(SystemExit):
        main([verb, "--help"])
    _, _, after = capsys.readouterr().out.partition(f"  {option}")
    assert words in " ".join(after.split()[:40])


@pytest.mark.parametrize(
    ("verb", "options", "expected"),
    [
        ("deploy", [], wild_rydes()),
        ("deploy", ["--continue-rollback"], wild_rydes(continue_rollback=True)),
        ("deploy", ["--account", "123456789012"], wild_rydes(account="123456789012")),
        ("deploy", ["--allow-replace", "A", "--allow-replace", "B"], wild_rydes(allow_replace=("A", "B"))),
        ("deploy", ["--tag", "team=rides", "--tag", "old="], wild_rydes(tags={"team": "rides", "old": ""})),
        ("destroy", ["--role-arn", ROLE], wild_rydes(role_arn=ROLE)),
        ("destroy", [], wild_rydes()),
        ("destroy", ["--keep-data"], wild_rydes(keep_data=True)),
        (
            "destroy",
            ["--retain", "A", "--retain", "B", "--account", "123456789012"],
            wild_rydes(retain=("A", "B"), account="123456789012"),
        ),
        ("status", ["--account", "123456789012"], wild_rydes(account="123456789012")),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_options_become_settings(verb: str, options: list[str], expected: Settings) -> None:
    assert asked(build_parser(verb).parse_args(options)) == expected


def test_the_home_is_the_environment_s_unless_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WILDRYDES_HOME", raising=False)
    assert build_parser("deploy").parse_args([]).home == Path(".wildrydes")
    monkeypatch.setenv("WILDRYDES_HOME", "/elsewhere")
    assert build_parser("deploy").parse_args([]).home == Path("/elsewhere")
    assert build_parser("deploy").parse_args(["--home", "here"]).home == Path("here")


# Exit codes. On AWS they are asked of a server on 127.0.0.1 that answers as AWS does.

IDENTITY_XML = "<Arn>arn:aws:iam::123456789012:user/rider</Arn><UserId>u</UserId><Account>123456789012</Account>"
TAKEN = "".join(
    f"<member><StackName>wildrydes-ml-{name}</StackName><StackId>id</StackId>"
    "<CreationTime>2026-01-01T00:00:00Z</CreationTime><StackStatus>CREATE_COMPLETE</StackStatus></member>"
    for name in ("mod5", "mod5-inf", "mod5-complete")
)
ANSWERS = {
    "GetCallerIdentity": IDENTITY_XML,
    "DescribeStacks": f"<Stacks>{TAKEN}</Stacks>",
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

    def run(answer: Answer, *arguments: str, verb: str = "") -> tuple[int, list[str]]:
        with aws_answering(answer) as (url, asked):
            monkeypatch.setenv("AWS_ENDPOINT_URL", url)
            return main([*arguments, "--region", "eu-west-1"], verb), asked

    return run


OnAws = Callable[..., tuple[int, list[str]]]


@pytest.mark.parametrize(
    ("arguments", "answer", "code", "text"),
    [
        (["deploy"], expired, 3, "renew them and run again"),
        (["status"], expired, 3, "renew them and run again"),
        (["logs"], expired, 3, "renew them and run again"),
        (["logs", "--follow"], expired, 3, "renew them and run again"),
        (["deploy"], as_aws, 4, "so it is not changed"),
        (["deploy", "--plan"], as_aws, 4, "so it is not changed"),
        (["deploy", "--route", "short"], as_aws, 4, "so it is not changed"),
        (["destroy", "--yes"], as_aws, 4, "so it is not changed"),
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


# What was begun goes on: Ctrl-C while it is followed.

RUNNING = (
    "<Stacks><member><StackName>wildrydes-ml-mod5</StackName><StackId>id</StackId>"
    "<CreationTime>2026-01-01T00:00:00Z</CreationTime><StackStatus>CREATE_IN_PROGRESS</StackStatus>"
    "<Tags><member><Key>wildrydes-ml</Key><Value>wildrydes-ml</Value></member></Tags></member></Stacks>"
)


def ctrl_c_while_following(action: str) -> tuple[int, str]:
    """A stack of ours is being created; when its events are looked at, somebody presses Ctrl-C."""
    found = {**ANSWERS, "DescribeStacks": RUNNING, "DescribeStackEvents": "<StackEvents/>"}
    if action == "DescribeStackEvents":
        signal.pthread_kill(main_thread().ident or 0, signal.SIGINT)
    return 200, f"<{action}Response><{action}Result>{found[action]}</{action}Result></{action}Response>"


RESUMED = (
    "error: stopped watching: AWS carries on with stack wildrydes-ml-mod5, which was already changing before "
    "you ran this command. To continue from there, run: "
)


def test_ctrl_c_stops_watching_and_tells_how_to_go_on(
    on_aws: OnAws, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A log of its own: another test's of the same second would have the same name.
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    model = tmp_path / "my model"
    model.mkdir()
    (model / "saved_model.pb").touch()
    code, asked = on_aws(ctrl_c_while_following, "deploy", "--route", "long", "--model", str(model))
    out, err = capsys.readouterr()
    assert code == 130
    told, log = err.splitlines()
    assert told == f"{RESUMED}wildrydes-ml deploy --route long --model '{model}' --region eu-west-1"
    assert log.startswith("Log: ")
    assert "following it" in Path(log.removeprefix("Log: ")).read_text(encoding="utf-8")
    assert "stack wildrydes-ml-mod5 is CREATE_IN_PROGRESS: following it" in out
    assert set(asked) <= {*ANSWERS, "DescribeStackEvents"}, "nothing is undone"


@pytest.mark.parametrize(
    ("verb", "arguments", "what"),
    [
        ("deploy", ["--name", "mine"], "changed"),
        ("destroy", ["--yes"], "deleted"),
        ("", ["destroy", "--yes", "--retain", "A"], "deleted"),
    ],
)
def test_before_anything_has_begun_that_is_what_ctrl_c_says(
    on_aws: OnAws, capsys: pytest.CaptureFixture[str], verb: str, arguments: list[str], what: str
) -> None:
    assert on_aws(ctrl_c, *arguments, verb=verb) == (130, ["GetCallerIdentity"])
    assert capsys.readouterr().err == f"error: stopped: nothing had started, and nothing was {what}\n"


@pytest.mark.parametrize(
    "arguments", [["status"], ["deploy", "--plan"], ["classify", "a.png"], ["logs", "--follow"]], ids=" ".join
)
def test_what_begins_nothing_has_nothing_to_resume(
    on_aws: OnAws, capsys: pytest.CaptureFixture[str], tmp_path: Path, arguments: list[str]
) -> None:
    (tmp_path / "a.png").touch()
    given = [str(tmp_path / text) if text == "a.png" else text for text in arguments]
    assert on_aws(ctrl_c, *given)[0] == 130
    assert capsys.readouterr().err == "error: stopped\n"


# The account.


@pytest.mark.parametrize(
    "arguments",
    [["deploy"], ["deploy", "--plan"], ["destroy", "--yes"], ["status"], ["classify", "a.png"]],
    ids=" ".join,
)
def test_another_account_is_left_alone(
    on_aws: OnAws, capsys: pytest.CaptureFixture[str], tmp_path: Path, arguments: list[str]
) -> None:
    (tmp_path / "a.png").touch()
    given = [str(tmp_path / text) if text == "a.png" else text for text in arguments]
    assert on_aws(as_aws, *given, "--account", "999999999999") == (4, ["GetCallerIdentity"])
    told = capsys.readouterr().err
    assert "the credentials belong to account 123456789012 (arn:aws:iam::123456789012:user/rider)" in told
    assert "but --account says 999999999999. Nothing was changed" in told


def test_the_right_account_is_gone_on_with(on_aws: OnAws, capsys: pytest.CaptureFixture[str]) -> None:
    code, asked = on_aws(as_aws, "deploy", "--account", "123456789012")
    assert code == 4
    assert "so it is not changed" in capsys.readouterr().err
    assert "DescribeStacks" in asked


def test_whose_account_it_is_is_shown_first(on_aws: OnAws, capsys: pytest.CaptureFixture[str]) -> None:
    on_aws(as_aws, "deploy")
    first = capsys.readouterr().out.splitlines()[0]
    assert "account 123456789012, region eu-west-1, as arn:aws:iam::123456789012:user/rider" in first


DEPLOYS = [["deploy"], ["deploy", "--plan", "--fail-on-change"], ["deploy", "--continue-rollback"]]
ENDS: list[tuple[list[str], Answer, int]] = [
    *((arguments, *end) for end in ((expired, 3), (as_aws, 4), (ctrl_c, 130)) for arguments in (*DEPLOYS, ["destroy"])),
    *((arguments, ctrl_c_while_following, 130) for arguments in DEPLOYS),
]


@pytest.mark.parametrize(
    ("arguments", "answer", "expected"),
    ENDS,
    ids=[f"{' '.join(arguments)}-{answer.__name__}" for arguments, answer, _ in ENDS],
)
def test_json_ends_with_a_result(
    on_aws: OnAws, capsys: pytest.CaptureFixture[str], arguments: list[str], answer: Answer, expected: int
) -> None:
    code, _ = on_aws(answer, *arguments, "--yes", "--output", "json")
    assert code == expected
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
        (["deploy", "--tag", "team"], 2, "--tag team: write Key=Value"),
        (["deploy", "--tag", "aws:team=a"], 2, "keys that begin with aws:"),
        (["deploy", "--role-arn", "admin"], 2, "--role-arn 'admin': use the ARN of a role"),
        (["policy", "--for", "rider"], 2, "invalid choice: 'rider'"),
        (["classify", "--save", "out.png", "a.png", "b.png"], 2, "name a directory, out/"),
        (["classify", "--save", "a.xyz", "a.png"], 2, "use a name that ends in .png"),
        (["classify", "--parallel", "33", "a.png"], 2, "a number from 1 to 32"),
        (["classify", "--parallel", "many", "a.png"], 2, "a number from 1 to 32"),
        (["status", "--local"], 1, "run deploy --local first"),
        (["logs", "--local"], 1, "run deploy --local first"),
        (["logs", "--since", "yesterday"], 2, "--since yesterday: write how long ago (30s, 10m, 2h, 1d)"),
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
        "batch.yml",
        "efs_99.yml",
        "packaged.yml",
    ]
    assert main(["render", "--check", *where]) == 0
    (tmp_path / "new" / "efs_99.yml").write_text("stale: true\n")
    capsys.readouterr()
    assert main(["render", "--check", *where]) == 1
    out, err = capsys.readouterr()
    assert "-stale: true" in out
    assert "is out of date" in err


def test_the_zip_is_written(tmp_path: Path) -> None:
    target = tmp_path / "new" / "function.zip"
    assert main(["package", "--out", str(target)]) == 0
    assert target.read_bytes().startswith(b"PK")


def test_a_prepared_model_does_not_take_the_place_of_other_files(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").touch()
    assert main(["prepare", "--model", str(tmp_path), "--out", str(tmp_path / "mine")]) == 2
    assert "it exists and is no prepared model; name a new directory" in capsys.readouterr().err
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["letter.txt"]


@pytest.mark.parametrize("verb", ["prepare", "package"])
def test_a_damaged_model_is_not_prepared(verb: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = prepared_model(tmp_path / "prepared")
    (model / "prepared" / "labels.json").write_text("[]")
    assert main([verb, "--model", str(model), "--out", str(tmp_path / "out")]) == 2
    assert "the prepared model is damaged: prepared/labels.json" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


POLICY = ["policy", "--account", "123456789012", "--region", "eu-west-1"]


def test_a_policy_is_printed_for_iam_to_read(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*POLICY, "--for", "classify", "--name", "mine"]) == 0
    (statement,) = json.loads(capsys.readouterr().out)["Statement"]
    assert statement["Action"] == ["cloudformation:DescribeStacks"]
    assert statement["Resource"][0] == "arn:aws:cloudformation:eu-west-1:123456789012:stack/mine-mod5/*"


def test_policies_that_are_too_long_for_one_are_several_files(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*POLICY, "--out", str(tmp_path / "new" / "iam")]) == 0
    written = sorted((tmp_path / "new" / "iam").iterdir())
    assert [path.name for path in written] == ["wildrydes-ml-deploy-1.json", "wildrydes-ml-deploy-2.json"]
    assert all(json.loads(path.read_text())["Statement"] for path in written)
    assert capsys.readouterr().out.splitlines() == [f"wrote {path}" for path in written]
    assert main(POLICY) == 0
    shown = capsys.readouterr()
    assert shown.out == "".join(path.read_text() for path in written)
    assert "these are 2 policies, because one may have at most 6,144 characters: --out DIR" in shown.err


def test_a_program_gets_the_policies_as_data(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*POLICY, "--role-arn", ROLE, "--output", "json"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["type"] for line in lines] == ["output", "result"]
    passed = [one for one in lines[0]["policy"]["Statement"] if one["Action"] == ["iam:PassRole"]]
    assert [one["Resource"] for one in passed] == [[ROLE]]


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


def test_a_full_disk_is_named_with_its_path(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    full = tmp_path / "full.zip"
    full.symlink_to("/dev/full")
    assert main(["package", "--out", str(full)]) == 1
    assert capsys.readouterr().err == f"error: {full}: No space left on device\n"


def test_a_template_that_cannot_be_written_whole_is_named_with_its_path(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        code = main(["render", "--out", str(tmp_path)])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert code == 1
    assert capsys.readouterr().err == f"error: {tmp_path}: File too large\n"


def test_a_demo_without_pictures_begins_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--home", str(tmp_path / "home"), "--pictures", str(tmp_path / "none")], verb="demo") == 1
    assert "No such file" in capsys.readouterr().err
    assert not (tmp_path / "home").exists()


def test_a_demo_without_its_model_begins_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--home", str(tmp_path / "home"), "--model", str(tmp_path / "none")], verb="demo") == 2
    shown = capsys.readouterr()
    assert f"--model {tmp_path / 'none'}: no such directory or archive" in shown.err
    assert "deleted" not in shown.out, "nothing was made"
    assert list(tmp_path.iterdir()) == []


def test_a_home_that_is_a_file_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "home").touch()
    assert main(["deploy", "--local", "--home", str(tmp_path / "home")]) == 2
    assert f"--home {tmp_path / 'home'}: it is a file; name a directory" in capsys.readouterr().err


def test_a_demo_may_show_another_model_on_other_pictures() -> None:
    options = build_parser("demo").parse_args(["--model", "mine.tar.gz", "--pictures", "photos"])
    assert (asked(options).model, options.pictures) == ("mine.tar.gz", Path("photos"))
    assert asked(build_parser("demo").parse_args([])).model == ""


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
        health.status(FakeAws().gateways, wild_rydes(), Target(), Said())


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("wildrydes-lm", "did you mean wildrydes-ml?"),
        ("thumbs", "there is mine, wildrydes-ml"),
        ("mien", "did you mean mine?"),
    ],
)
def test_a_name_that_is_not_deployed_is_told_with_those_that_are(name: str, says: str) -> None:
    aws = FakeAws()
    aws.stacks.put("wildrydes-ml-mod5", "CREATE_COMPLETE", tags={TAG: "wildrydes-ml"})
    aws.stacks.put("mine-mod5", "CREATE_COMPLETE", tags={TAG: "mine"})
    with pytest.raises(WildrydesError) as error:
        health.status(aws.gateways, wild_rydes(name=name), Target(), Said())
    assert str(error.value) == f"nothing is deployed under the name {name} here: run deploy first; {says}"


def test_who_may_not_see_the_others_is_told_the_rest() -> None:
    aws = FakeAws()
    aws.stacks.tagged = denied  # type: ignore[method-assign]
    with pytest.raises(WildrydesError, match=r"run deploy first$"):
        health.status(aws.gateways, wild_rydes(), Target(), Said())


def denied(key: str) -> list[Stack]:
    raise WildrydesError("stacks: AWS denies it")


def test_status_of_a_deployment_without_its_api_says_what_is_there() -> None:
    aws = FakeAws()
    aws.stacks.put("wildrydes-ml-mod5", "CREATE_COMPLETE")
    with pytest.raises(WildrydesError, match="has no API yet, only wildrydes-ml-mod5: run deploy to complete it"):
        health.status(aws.gateways, wild_rydes(), Target(), Said())


def test_status_tells_stacks_outputs_and_cost_before_it_asks_the_api() -> None:
    aws, said = FakeAws("http://127.0.0.1:9/prod"), Said()
    outputs = {**API_OUTPUTS, "ApiGatewayInvokeURL": "http://127.0.0.1:9/prod"}
    aws.stacks.put("wildrydes-ml-mod5-complete", "UPDATE_ROLLBACK_COMPLETE", outputs=outputs)
    with pytest.raises(WildrydesError, match="the API does not answer correctly: no answer"):
        health.status(aws.gateways, wild_rydes(), Target(), said)
    told = said.texts("output")
    assert told[0] == (
        "stack wildrydes-ml-mod5-complete: UPDATE_ROLLBACK_COMPLETE (the last update failed and was rolled back; "
        "the previous version is still in use; find the cause in the stack's events, fix it and run deploy)"
    )
    assert "  ModelInferenceApiId = api1" in told
    assert "idle cost" in told[-2]
    assert told[-1] == "URL: http://127.0.0.1:9/prod"


def test_status_of_a_state_nobody_knows_is_an_error() -> None:
    aws = FakeAws()
    aws.stacks.put("wildrydes-ml-mod5", "FROZEN")
    with pytest.raises(WildrydesError, match="FROZEN"):
        health.status(aws.gateways, wild_rydes(), Target(), Said())


@pytest.mark.parametrize("output", ["text", "json"])
def test_a_function_of_the_application_that_fails_is_told_at_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], output: str
) -> None:
    (tmp_path / "one.yml").write_text("Resources: {Topic: {Type: AWS::SNS::Topic}}")
    file = tmp_path / "app.py"
    file.write_text(
        "from pathlib import Path\n"
        "from wildrydes_ml.deployment import Deployment, Stack\n"
        "from wildrydes_ml.template.source import read\n"
        "def check(values):\n"
        "    return [values['Size']]\n"
        "one = Deployment('one', (Stack(read(Path(__file__).parent / 'one.yml')),), check=check)\n"
    )
    arguments = ["deploy", "--plan", "--app", str(file), "--output", output]
    assert main(arguments) == 1
    shown = capsys.readouterr()
    says = f"--app {file}: {file}, line 5: KeyError: 'Size'; fix this line and run the same command again"
    if output == "json":
        assert json.loads(shown.out.splitlines()[-1])["error"] == says
    else:
        assert shown.err == f"error: {says}\n"
    with pytest.raises(KeyError):
        main([*arguments, "--debug"])


def test_only_the_templates_that_are_named_are_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["render", "efs_99.yml", "batch.yml", "--out", str(tmp_path)]) == 0
    assert {path.name for path in tmp_path.iterdir()} == {"efs_99.yml", "batch.yml"}
    assert main(["render", "efs.yml", "--out", str(tmp_path)]) == 2
    assert "efs.yml: no such template; there are efs_99.yml, 5_lambda_function.yml" in capsys.readouterr().err

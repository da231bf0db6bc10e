"""A tidy command line: help, version, what was meant, and the completion of shells."""

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from wildrydes_ml.cli import main
from wildrydes_ml.cli.examples import EXAMPLES
from wildrydes_ml.cli.parser import VERBS, build_parser
from wildrydes_ml.cli.usage import verbs
from wildrydes_ml.naming import VERSION

ROOT = Path(__file__).parents[3]
needs_bash = pytest.mark.skipif(shutil.which("bash") is None, reason="no bash here")


def test_a_bare_command_shows_its_help_and_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert all(re.search(rf"^    {verb}\b", shown.err, re.M) for verb in VERBS)
    assert "wildrydes-ml demo " in shown.err
    assert shown.err.endswith("error: no verb is named\n")


def test_the_version_is_the_package_s(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["--version"])
    assert (end.value.code, capsys.readouterr().out) == (0, f"wildrydes-ml {VERSION}\n")


@pytest.mark.parametrize(
    "arguments",
    [["destroy", "--app", ""], ["deploy", "--account="], ["deploy", "--region", ""], ["render", "--app", ""]],
)
def test_an_empty_value_is_not_taken_for_the_default(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """As of a shell's variable that is not set: another application could be deleted, or in another account."""
    assert main(arguments) == 2
    option = arguments[1].rstrip("=")
    assert f"error: argument {option}: the value is empty; name one, or leave the option out" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["delpoy"], "did you mean deploy?"),
        (["DEPLOY"], "did you mean deploy?"),
        (["deploy", "--regoin", "eu-west-1"], "did you mean --region?"),
        (["deploy", "--regoin=eu-west-1"], "did you mean --region?"),
        (["deploy", "glad/app.py", "--local"], "did you mean --app glad/app.py?"),
        (["classify", "a.png", "--paralel", "2"], "did you mean --parallel?"),
        (["policy", "--for", "deplyo"], "did you mean deploy?"),
        (["deploy", "--preset", "laen"], "did you mean lean?"),
        (["deploy", "--route", "shrot"], "did you mean short?"),
        (["deploy", "--set", "MinScroe=0.5"], "did you mean MinScore?"),
        (["deploy", "--set", "minscore=0.5"], "did you mean MinScore?"),
        (["deploy", "--reset", "ApiAuht"], "did you mean ApiAuth?"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_a_slip_is_told_with_what_was_meant(
    arguments: list[str], hint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    shown = capsys.readouterr().err.splitlines()
    assert shown[-1].startswith("error: ")
    assert shown[-1].endswith(hint)
    assert len(shown) <= 2, "the error does not drown in the usage"


@pytest.mark.parametrize(
    ("arguments", "usage", "fault"),
    [
        (["fly"], "wildrydes-ml VERB [options]", "argument VERB: invalid choice: 'fly' (choose from "),
        (["class"], "wildrydes-ml class [options]", "the following arguments are required: {deploy,status,destroy}"),
        (["completion"], "wildrydes-ml completion [options]", "the following arguments are required: {bash,zsh,tcsh}"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_what_is_missing_is_named_as_it_is_written(
    arguments: list[str], usage: str, fault: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    first, last = capsys.readouterr().err.splitlines()
    assert first == f"usage: {usage}; --help shows them"
    assert last.startswith(f"error: {fault}")


@pytest.mark.parametrize("arguments", [["fly"], ["deploy", "--xyz"], ["deploy", "--set", "Nothing=1"]], ids=" ".join)
def test_nothing_is_guessed_for_what_is_like_nothing(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    assert "did you mean" not in capsys.readouterr().err


@pytest.mark.parametrize("verb", VERBS)
def test_the_help_of_each_verb_has_examples_that_work(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([verb, "--help"])
    shown = capsys.readouterr().out
    assert 2 <= len(EXAMPLES[verb]) <= 6
    for example in EXAMPLES[verb]:
        line = f"wildrydes-ml {verb} {example}".rstrip()
        assert f"\n  {line}\n" in shown
        command, _, _ = line.partition(" >")
        assert build_parser().parse_args(shlex.split(command)[1:]).verb == verb


@pytest.mark.parametrize(
    ("arguments", "warning"),
    [
        (["--local", "--region", "eu-west-1"], "--region eu-west-1 has no effect with --local"),
        (["--local", "--profile", "mine"], "--profile mine has no effect with --local"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
@pytest.mark.parametrize("verb", ["status", "logs"])
def test_options_without_effect_are_said(
    verb: str, arguments: list[str], warning: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([verb, *arguments, "--home", str(tmp_path)]) == 1
    assert f"warning: {warning}" in capsys.readouterr().err


def test_a_region_of_the_file_is_for_aws_and_says_nothing_here(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "rydes.toml").write_text('region = "eu-west-1"')
    main(["status", "--local", "--home", str(tmp_path / "home"), "--config", str(tmp_path / "rydes.toml")])
    assert "no effect" not in capsys.readouterr().err


# Completion, as bash does it


def completed(script: Path, *words: str) -> list[str]:
    """What bash offers for the last of the words."""
    line = (
        f"source {shlex.quote(str(script))}; COMP_WORDS=({shlex.join(words)}); COMP_CWORD={len(words) - 1}; "
        f'{words[0].replace("-", "_").join(["_shtab_", ""])}; printf "%s\\n" "${{COMPREPLY[@]}}"'
    )
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=False, cwd=script.parent)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


@pytest.fixture
def script(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    assert main(["completion", "bash"]) == 0
    (tmp_path / "completion.bash").write_text(capsys.readouterr().out)
    return tmp_path / "completion.bash"


@needs_bash
@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (["de"], ["demo", "deploy", "destroy"]),
        (["deploy", "--reg"], ["--region"]),
        (["deploy", "--preset", "l"], ["lean"]),
        (["deploy", "--route", ""], ["long", "packaged", "short"]),
        (["deploy", "--set", "MinS"], ["MinScore="]),
        (["deploy", "--reset", "ApiA"], ["ApiAuth"]),
        (["policy", "--for", "de"], ["deploy", "destroy"]),
        (["deploy", "--app", "comp"], ["completion.bash"]),
        (["render", "--out", "comp"], ["completion.bash"]),
        (["completion", ""], ["bash", "zsh", "tcsh"]),
    ],
    ids=lambda words: " ".join(words),
)
def test_bash_completes(script: Path, words: list[str], offered: list[str]) -> None:
    assert sorted(completed(script, "wildrydes-ml", *words)) == sorted(offered)


@pytest.mark.parametrize("shell", ["zsh", "tcsh"])
def test_other_shells_get_a_script_of_their_own(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    shown = capsys.readouterr().out
    assert all(verb in shown for verb in verbs(build_parser()))
    assert "complete wildrydes-ml" in shown if shell == "tcsh" else shown.startswith("#compdef wildrydes-ml")
    if found := shutil.which(shell):
        assert subprocess.run([found, "-n"], input=shown, text=True, check=False).returncode == 0

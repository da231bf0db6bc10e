"""`class` on the command line: wrong usage is told at once, and nothing is called."""

from pathlib import Path

import pytest

from wildrydes_ml.cli import main
from wildrydes_ml.cli.ask_line import removing_class
from wildrydes_ml.cli.parser import build_parser


@pytest.fixture
def students(tmp_path: Path) -> str:
    (tmp_path / "s.csv").write_text("name\nAnna\nBob\n")
    return str(tmp_path / "s.csv")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["deploy"], "class deploy needs the students: name a CSV file, or use --count N"),
        (["deploy", "{}", "--count", "3"], "use only one of them"),
        (["deploy", "--count", "0"], "--count 0: use a number from 1 to 200"),
        (["deploy", "{}", "--only", "eve"], "--only eve: nobody in the class has this id; there are anna, bob"),
        (["deploy", "{}", "--keep-data"], "--keep-data works only with class destroy"),
        (["deploy", "{}", "--set", "ApiAuth=API_KEY"], "add --wired"),
        (["deploy", "{}", "--set", "FunctionName=mine"], "--set FunctionName: all students would get this name"),
        (["deploy", "{}", "--set", "MinScroe=1"], "did you mean MinScore?"),
        (["deploy", "{}", "--hours", "no"], "a number of hours from 0.1 to 1000, not 'no'"),
        (["deploy", "{}", "--parallel", "99"], "a number from 1 to 32, not '99'"),
        (
            ["status", "--wired", "--set", "MinScore=0.5"],
            "--wired works only with class deploy\n--set works only with class deploy",
        ),
        (["destroy", "--allow-replace", "Q"], "--allow-replace works only with class deploy"),
        (["destroy", "--count", "3"], "--count works only with class deploy"),
        (["destroy", "--out", "x"], "--out works only with class deploy and class status"),
        (["status", "--expires", "18:00"], "--expires works only with class deploy"),
        (["destroy", "{}"], "class destroy deletes the whole class: leave out "),
        (["destroy", "--keep-data", "--only", "anna"], "--only deletes single students: use only one of them"),
        (["deploy", "{}", "--name", "a-name-that-has-too-many"], "may have at most 19 characters"),
        (["deploy", "{}", "--out", "{}/cards"], "s.csv: there is no such directory; name another place with --out"),
        (["fly"], "argument {deploy,status,destroy}: invalid choice: 'fly'"),
        (["deploy", "nowhere.csv"], "nowhere.csv: No such file or directory"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_usage_is_told_and_nothing_is_called(
    arguments: list[str], told: str, students: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "home"
    line = [text.format(students) for text in arguments]
    assert main(["class", *line, "--local", "--home", str(home)]) in (1, 2)
    assert told in capsys.readouterr().err
    assert not home.exists()


def test_all_faults_of_a_roster_are_told_and_nothing_is_called(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "s.csv").write_text("name,id\nAnna,\nanna,\nBob,Bob!\n")
    assert main(["class", "deploy", str(tmp_path / "s.csv"), "--local", "--home", str(tmp_path / "home")]) == 2
    said = capsys.readouterr().err
    assert "line 4: id 'Bob!'" in said
    assert "lines 2, 3: they have the same id anna" in said
    assert not (tmp_path / "home").exists()


def test_the_command_that_deletes_some_students_parts_is_for_the_same_place() -> None:
    line = ["class", "deploy", "s.csv", "--wired", "--name", "room", "--app", "my app.py", "--local", "--only", "anna"]
    told = removing_class(build_parser().parse_args(line))
    assert told == "wildrydes-ml class destroy --app 'my app.py' --name room --local"


def test_status_and_destroy_of_nothing_say_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = ["--local", "--home", str(tmp_path / "home")]
    assert main(["class", "status", *place]) == 1
    assert "no emulator is running" in capsys.readouterr().err
    assert main(["class", "destroy", *place]) == 0
    assert main(["class", "destroy", "--only", "anna", *place]) == 0
    assert "has no emulator, so nothing of the class is there" in capsys.readouterr().out


@pytest.mark.parametrize("action", ["status", "destroy"])
def test_a_file_with_the_options_of_deploy_serves_every_action(
    action: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "c.toml").write_text('preset = "lean"\nexpires = "2d"\ntag = ["team=rides"]\n[set]\nMinScore = 0.5\n')
    main(["class", action, "--config", str(tmp_path / "c.toml"), "--local", "--home", str(tmp_path / "home")])
    assert "goes with class deploy" not in capsys.readouterr().err

"""`batch` on the command line: where the results cannot be written is told before anything is asked."""

import json
import shlex
from pathlib import Path

import pytest

from wildrydes_ml.cli import ask_line, main
from wildrydes_ml.cli.batch import stoppable
from wildrydes_ml.cli.options import settings
from wildrydes_ml.cli.parser import build_parser


@pytest.mark.parametrize(
    ("out", "told"),
    [
        (".", "--out .: this is a directory; name a file"),
        ("nowhere/out.jsonl", "nowhere: there is no such directory; name another place with --out"),
        ("file/out.jsonl", "file: there is no such directory"),
    ],
)
def test_results_that_could_not_be_written_are_not_asked_for(
    out: str, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    place = out if out == "." else str(tmp_path / out)
    arguments = ["batch", "s3://pics/p/", "--out", place, "--output", "json"]
    assert main([*arguments, "--local", "--home", str(tmp_path / "home")]) == 2
    *_, result = map(json.loads, capsys.readouterr().out.splitlines())
    assert told in result["error"]


@pytest.mark.parametrize("pictures", ["", "nowhere", "s3:/pics/p", __file__])
def test_what_is_neither_a_folder_nor_a_bucket_is_told_at_once(
    pictures: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An empty name, such as of a variable that nobody set, is not the working directory."""
    assert main(["batch", pictures, "--local", "--home", str(tmp_path / "home")]) == 2
    assert "no such folder; name a folder, or s3://BUCKET/PREFIX" in capsys.readouterr().err


def test_the_command_that_goes_on_has_all_that_the_run_depends_on() -> None:
    given = [
        *("--name", "rides", "--to", "s3://mine/r", "--role-arn", "arn:aws:iam::123456789012:role/cfn"),
        *("--concurrency", "7", "--tolerate", "9", "--out", "my out.jsonl", "--yes", "--sample", "3"),
    ]
    options = build_parser("batch").parse_args(["s3://pics/a b/", *given])
    words = shlex.split(ask_line.resuming(options))
    again = build_parser("batch").parse_args(words[words.index("bin/batch.py") + 1 :])
    assert again.resume
    for name in ("pictures", "name", "to", "role_arn", "concurrency", "tolerate", "out"):
        assert getattr(again, name) == getattr(options, name), name
    assert settings(options).role_arn == "arn:aws:iam::123456789012:role/cfn"


@pytest.mark.parametrize(
    ("said", "told"),
    [("", "stopped; what is done stays. To go on, run: batch p --resume"), ("nothing was asked", "nothing was asked")],
)
def test_ctrl_c_says_how_to_go_on(said: str, told: str) -> None:
    with pytest.raises(KeyboardInterrupt) as stopped, stoppable("batch p --resume"):
        raise KeyboardInterrupt(said)
    assert str(stopped.value) == told

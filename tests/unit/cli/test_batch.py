"""`batch` on the command line: where the results cannot be written is told before anything is asked."""

import json
from pathlib import Path

import pytest

from wildrydes_ml.cli import main


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

"""The doctor: each thing that --local and AWS need is looked at, and what is missing is told with how to get it."""

import json
import os
import shutil
import socket
from pathlib import Path
from typing import Any

import pytest

from tests.unit.servers import Response, aws_answering, serving, use_aws
from wildrydes_ml.cli import main
from wildrydes_ml.local import needs

LOCAL = ["system", "Python", "venv", "emulator", "programs", "disk", "port", "index"]
IDENTITY = (
    "<GetCallerIdentityResponse><GetCallerIdentityResult><Account>123456789012</Account>"
    "<Arn>arn:aws:iam::123456789012:user/rider</Arn></GetCallerIdentityResult></GetCallerIdentityResponse>"
)


class Doctor:
    """The command, in a home of its own and with an index on this machine."""

    def __init__(self, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self._home = home
        self._capsys = capsys

    def __call__(self, *arguments: str) -> tuple[int, dict[str, dict[str, Any]], dict[str, Any]]:
        """The exit code, what was found by its name, and the result."""
        code = main(["doctor", "--home", str(self._home), "--output", "json", *arguments])
        *lines, result = [json.loads(line) for line in self._capsys.readouterr().out.splitlines()]
        assert result["type"] == "result"
        return code, {line["check"]: line for line in lines if "check" in line}, result


@pytest.fixture
def doctor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], index: str) -> Doctor:
    use_aws(monkeypatch, tmp_path)
    monkeypatch.setenv("PIP_INDEX_URL", index)
    return Doctor(tmp_path / "home", capsys)


@pytest.fixture
def index() -> Any:
    with serving(lambda request: Response(200 if request.path == "/simple/pip/" else 500, b"")) as url:
        yield f"{url}/simple"


def test_a_machine_that_has_all_is_ready(doctor: Doctor) -> None:
    code, found, result = doctor("--local")
    lacking = {name: line["found"] for name, line in found.items() if not line["ok"]}
    assert list(found) == LOCAL
    expected = {"Python", "emulator"} & set(lacking)  # a Python that the tests run on, and --local does not
    assert set(lacking) == expected
    assert (code, result["ok"], set(result["missing"])) == (int(bool(expected)), not expected, expected)
    assert not Path(found["disk"]["found"].rpartition("under ")[2], "home").exists()


def test_what_is_missing_here_is_told_with_how_to_get_it(
    doctor: Doctor, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "bash").symlink_to(shutil.which("bash") or "/bin/bash")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        monkeypatch.setenv("PIP_INDEX_URL", f"http://me:secret@127.0.0.1:{port + 1 if port < 65535 else 1}/simple")
        code, found, result = doctor("--local", "--port", str(port))
    assert code == 1
    assert {"programs", "port", "index"} <= set(result["missing"])
    assert found["programs"]["found"].startswith("flock, find, sed: install them")
    assert found["port"]["found"] == f"127.0.0.1:{port}: another program listens on it: name another with --port"
    assert found["index"]["found"].startswith("127.0.0.1 does not answer (")
    assert "secret" not in json.dumps(found)


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (needs.system("Windows"), "--local needs Linux"),
        (needs.python((3, 10)), "this is 3.10: install 3.11 to 3.13"),
        (needs.python((3, 14)), "this is 3.14: install 3.11 to 3.13"),
        (needs.environments("venv", "no_such_module"), "apt-get install python3-venv"),
        (needs.package("no_such_module"), "pip install 'wildrydes_ml[local]'"),
        (needs.disk(Path("/tmp/none/here"), 10**18), "GB free under /tmp, 1000000000.0 GB needed: free some space"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_lack_says_what_to_do(found: needs.Finding, words: str) -> None:
    assert not found.is_there
    assert words in found.text


def test_the_pythons_are_those_of_the_makefile() -> None:
    from tools import environment

    assert (needs.OLDEST, needs.NEWEST) == (environment.OLDEST, environment.NEWEST)


def test_the_index_is_the_one_of_pip_s_own_file(
    doctor: Doctor, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, index: str
) -> None:
    monkeypatch.delenv("PIP_INDEX_URL")
    (tmp_path / "pip.conf").write_text(f"[global]\nindex-url = {index.replace('127.0.0.1', 'localhost')}\n")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "pip.conf"))
    assert doctor("--local")[1]["index"]["found"] == "localhost answers"


def test_aws_is_asked_whose_account_it_is(doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    with aws_answering(lambda action: (200, IDENTITY)) as (url, asked):
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", url)
        _, found, _ = doctor("--region", "eu-west-1")
    assert asked == ["GetCallerIdentity"]
    assert (found["region"]["ok"], found["region"]["found"]) == (True, "eu-west-1")
    assert found["credentials"]["found"] == "account 123456789012, as arn:aws:iam::123456789012:user/rider"
    assert found["credentials"]["ok"]


def test_without_region_and_credentials_both_are_told(doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    code, found, result = doctor()
    assert code == 1
    assert {"region", "credentials"} <= set(result["missing"])
    assert found["region"]["found"] == "none is set: pass --region, or run aws configure"
    assert "aws configure" in found["credentials"]["found"]


def test_a_region_that_there_is_not_is_told_as_the_region(doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    with aws_answering(lambda action: (200, IDENTITY)) as (url, _):
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", f"http://sts.eu-wset-1.invalid:{url.rpartition(':')[2]}")
        _, found, _ = doctor("--region", "eu-wset-1")
    assert found["region"]["found"].startswith("there is no region with the name eu-wset-1: did you mean eu-west-1?")
    assert not found["region"]["ok"]


def test_people_see_a_line_for_each(doctor: Doctor, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["doctor", "--local", "--home", str(tmp_path), "--port", "1" * 4]) in (0, 1)
    shown = capsys.readouterr().out.splitlines()
    assert [line.split()[2] for line in shown[:-1]] == LOCAL
    assert all(line.split()[0] in ("ok", "missing") for line in shown[:-1])
    assert shown[-1].startswith("--local is ")
    assert os.environ["PIP_INDEX_URL"]

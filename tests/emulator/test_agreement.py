"""Settings last, and what a person at a terminal is asked, with the commands themselves."""

import fcntl
import os
import pty
import subprocess
import sys
import termios
from collections.abc import Mapping
from pathlib import Path

import pytest

from wildrydes_ml.aws.target import Target

from .conftest import ROOT, Command, client


def on_a_terminal(keys: bytes, environment: Mapping[str, str]) -> tuple[int, str]:
    """Runs deploy with a terminal as its input, on which somebody types when asked; returns its exit code and words."""
    terminal, its_end = pty.openpty()
    with subprocess.Popen(
        [sys.executable, str(ROOT / "bin" / "deploy.py")],
        stdin=its_end, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=dict(environment),
        bufsize=0, start_new_session=True, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    ) as process:  # fmt: skip
        assert process.stdout is not None
        said = b""
        while (more := process.stdout.read(4096)) and b"[y/N]" not in (said := said + more):
            pass
        os.write(terminal, keys)
        said += process.stdout.read()
    os.close(terminal)
    os.close(its_end)
    return process.returncode, said.decode()


@pytest.fixture
def as_aws(place: Target, tmp_path: Path) -> dict[str, str]:
    """The environment in which the emulator is AWS."""
    nowhere = str(tmp_path / "none")
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "PYTHONPATH") if name in os.environ}
    return {
        **kept,
        "AWS_ENDPOINT_URL": place.endpoint,
        "AWS_ACCESS_KEY_ID": "000000000000",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_CONFIG_FILE": nowhere,
        "AWS_SHARED_CREDENTIALS_FILE": nowhere,
        "AWS_DEFAULT_REGION": "us-east-1",
    }


@pytest.mark.parametrize(("keys", "code"), [(b"n\n", 2), (b"\n", 2), (b"\x03", 130), (b"\x04", 2)])
def test_who_does_not_agree_gets_nothing_made(as_aws: dict[str, str], place: Target, keys: bytes, code: int) -> None:
    ended, said = on_a_terminal(keys, as_aws)
    assert "creates stack wildrydes-ml-mod5 and stack wildrydes-ml-mod5-inf in account 000000000000" in said
    assert "about 193.23 US$ a month" in said
    assert "with --preset lean: about 0.39 US$ a month" in said
    assert "ApiAuth NONE: open to anyone" in said
    assert said.splitlines()[-1].endswith("error: nothing was changed")
    assert ended == code
    assert client(place, "cloudformation").describe_stacks()["Stacks"] == []
    assert client(place, "s3").list_buckets()["Buckets"] == []


def test_a_deploy_that_names_nothing_keeps_what_was_set(command: Command) -> None:
    command("deploy", "--set", "ApiAuth=API_KEY", "--set", "MinScore=0.5")
    again = command("deploy")
    assert not again[-1]["changed"]
    plan = command("deploy", "--plan", "--reset", "ApiAuth")[0]
    changed = {item["name"]: item for step in plan["steps"] for item in step.get("parameters", ())}
    assert (changed["ApiAuth"]["old"], changed["ApiAuth"]["new"]) == ("API_KEY", "NONE")
    assert changed["ApiAuth"]["opens"] == "open to anyone"
    assert "MinScore" not in changed
    assert command("deploy", "--plan", "--fail-on-change", "--reset", "all", code=5)[-1]["changes"]

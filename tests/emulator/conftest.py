"""Emulators on 127.0.0.1: MiniStack through the project's own `local`, moto as a server of the test process."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from tests import forked, shared
from wildrydes_ml import web
from wildrydes_ml.aws.session import Aws, connect
from wildrydes_ml.aws.target import Target
from wildrydes_ml.local import emulator, filling
from wildrydes_ml.reporting import JsonReporter
from wildrydes_ml.workshop.deployments import shipped
from wildrydes_ml.workshop.names import NAME
from wildrydes_ml.workshop.settings import wild_rydes

ROOT = Path(__file__).resolve().parents[2]
PICTURES = ROOT / "examples" / "pictures"


class Command:
    """Runs bin/*.py as a user does, in one home."""

    def __init__(self, home: Path) -> None:
        self.home = home

    def __call__(self, verb: str, *arguments: str, code: int = 0) -> list[dict[str, Any]]:
        """The command's JSON lines; asserts its exit code."""
        place = ["--local", "--home", str(self.home), "--output", "json"]
        done = forked.run(ROOT / "bin" / f"{verb}.py", [*place, *arguments], cwd=self.home.parent)
        assert done.returncode == code, done.stdout + done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="session")
def filled_efs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the real packages and the shipped model, filled once for all workers."""
    folder = shared.folder(tmp_path_factory, "filled")
    with shared.alone(folder):
        if not (folder / "whole").exists():
            with (folder / "populate.jsonl").open("w") as log:
                environment = filling.environment(wild_rydes().parameter_values(), str(shipped()), os.environ)
                filling.fill(folder / "efs", environment, JsonReporter(log))
            (folder / "whole").touch()
    return folder / "efs"


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A home of its own; its emulator is stopped afterwards."""
    directory = tmp_path / "home"
    yield directory
    emulator.stop(directory)


@pytest.fixture
def filled_home(home: Path, filled_efs: Path) -> Path:
    """A home whose EFS directory is filled already: hard links, since 1.5 GB take long to copy."""
    emulator.claim(home)
    directory = emulator.efs_directory(home, NAME)
    directory.parent.mkdir()
    subprocess.run(["cp", "--archive", "--link", filled_efs, directory], check=True)
    return home


@pytest.fixture
def command(filled_home: Path) -> Command:
    """The commands in a home with a filled EFS directory."""
    return Command(filled_home)


@pytest.fixture(scope="module")
def moto_server() -> Iterator[str]:
    """The address of moto, which knows resources that MiniStack does not."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(scope="session")
def worker_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home for all tests that look at its emulator alone: to start one takes longer than to empty it."""
    directory = tmp_path_factory.mktemp("emulator") / "home"
    yield directory
    emulator.stop(directory)


@pytest.fixture
def place(worker_home: Path) -> Iterator[Target]:
    """A running emulator, with nothing in it, as a place to deploy to."""
    running, _ = emulator.start(worker_home)
    place = emulator.target(worker_home, running, NAME)
    yield place
    shutil.rmtree(worker_home / "efs", ignore_errors=True)
    if _is_busy(place):
        emulator.stop(worker_home)
    else:
        assert web.post(f"{place.endpoint}/_ministack/reset", b"", {}).status == 200


def _is_busy(place: Target) -> bool:
    """Whether something is being made that would be there after a reset."""
    stacks = client(place, "cloudformation").describe_stacks()["Stacks"]
    return any(stack["StackStatus"].endswith("_IN_PROGRESS") for stack in stacks)


@pytest.fixture
def aws(place: Target) -> Aws:
    """The gateways of a running emulator."""
    return connect(place)


def client(target: Target, service: str) -> Any:
    """A plain boto3 client of the emulator: what the user's own tools see."""
    session = boto3.Session("000000000000", "local", region_name=target.region)
    return session.client(service, endpoint_url=target.endpoint)

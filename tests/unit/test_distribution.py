"""What is uploaded: the source distribution and the wheel made of it, built once from a copy of the checkout."""

import os
import re
import shutil
import socket
import subprocess
import sys
import tarfile
import zipfile
from email.message import Message
from email.parser import Parser
from pathlib import Path

import pytest

from wildrydes_ml import packaging

CHECKOUT = Path(__file__).parents[2]
PACKAGES = {
    "wildrydes_ml": "wildrydes_ml",
    "lambda_src": "wildrydes_ml/lambda_src",
    "examples/pictures": "wildrydes_ml/pictures",
}
"""Where a directory of the checkout is in the wheel."""
BESIDE = ("setup.py", "pyproject.toml", "README.md", "LICENSE")


def sources(directory: str) -> dict[str, bytes]:
    """Path below the directory -> bytes, without caches."""
    top = CHECKOUT / directory
    found = (path for path in top.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {path.relative_to(top).as_posix(): path.read_bytes() for path in found}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory with the two files."""
    copy = tmp_path_factory.mktemp("checkout")
    for name in BESIDE:
        shutil.copy(CHECKOUT / name, copy)
    for name in PACKAGES:
        shutil.copytree(CHECKOUT / name, copy / name)
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(copy / "dist"), str(copy)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return copy / "dist"


@pytest.fixture(scope="module")
def unpacked(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the wheel puts into site-packages."""
    (wheel,) = built.glob("*.whl")
    place = tmp_path_factory.mktemp("site-packages")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(place)
    return place


@pytest.fixture(scope="module")
def metadata(unpacked: Path) -> Message:
    (path,) = unpacked.glob("*.dist-info/METADATA")
    return Parser().parsestr(path.read_text(encoding="utf-8"))


def test_the_wheel_holds_every_file_of_the_packages_and_nothing_else(unpacked: Path) -> None:
    expected = {
        f"{place}/{name}": body for directory, place in PACKAGES.items() for name, body in sources(directory).items()
    }
    files = [path for path in unpacked.rglob("*") if path.is_file()]
    found = {path.relative_to(unpacked).as_posix(): path.read_bytes() for path in files}
    assert {name: body for name, body in found.items() if ".dist-info/" not in name} == expected
    assert any(name.endswith("/LICENSE") for name in found)


def test_the_source_distribution_holds_what_the_wheel_is_made_of(built: Path) -> None:
    (path,) = built.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        found = {member.name.partition("/")[2] for member in archive.getmembers() if member.isfile()}
    assert {f"{directory}/{name}" for directory in PACKAGES for name in sources(directory)} | {*BESIDE} <= found


def test_the_changelog_begins_with_the_version(metadata: Message) -> None:
    first = re.search(r"^## (\S+) \((unreleased|\d{4}-\d\d-\d\d)\)$", (CHECKOUT / "CHANGELOG.md").read_text(), re.M)
    assert first
    assert first[1] == metadata["Version"]


def test_it_says_where_it_runs(metadata: Message) -> None:
    assert metadata["Requires-Python"] == ">=3.10"
    assert metadata.get_payload() == (CHECKOUT / "README.md").read_text(encoding="utf-8")


def test_the_wheel_renders_and_packages_far_from_the_checkout(unpacked: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(unpacked)}
    program = "import sys, wildrydes_ml.cli as cli; print(cli.__file__); sys.exit(cli.main())"

    def command(*arguments: str | Path, code: int = 0) -> str:
        line = [sys.executable, "-c", program, *arguments]
        done = subprocess.run(line, capture_output=True, text=True, cwd=tmp_path, env=environment)
        assert done.returncode == code, done.stderr
        return done.stdout + done.stderr

    assert command("render", "--check", "--out", CHECKOUT / "templates").startswith(str(unpacked))
    command("package", "--out", tmp_path / "function.zip")
    assert (tmp_path / "function.zip").read_bytes() == packaging.build().body
    with socket.socket() as taken:  # so that the demo, which has found its pictures, goes no further
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert "another program listens on it" in command("demo", "--port", str(taken.getsockname()[1]), code=2)
    assert not (tmp_path / ".wildrydes-demo").exists()

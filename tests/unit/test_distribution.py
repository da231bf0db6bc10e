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

from .package_setup import distributed

CHECKOUT = Path(__file__).parents[2]
PACKAGES = {
    "wildrydes_ml": "wildrydes_ml",
    "lambda_src": "wildrydes_ml/lambda_src",
    "examples/pictures": "wildrydes_ml/pictures",
}
"""Where a directory of the checkout is in the wheel."""
BESIDE = ("setup.py", "pyproject.toml", "README.md", "LICENSE")
MADE = (".git", ".venv", ".wildrydes*", ".*_cache", ".hypothesis", "__pycache__", "*.egg-info", "build", "dist")
"""What is no source; what of it stands in the checkout is not copied."""


def sources(directory: str) -> dict[str, bytes]:
    """Path below the directory -> bytes, without caches."""
    top = CHECKOUT / directory
    found = (path for path in top.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {path.relative_to(top).as_posix(): path.read_bytes() for path in found}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory with the two files."""
    copy = tmp_path_factory.mktemp("made") / "checkout"
    shutil.copytree(CHECKOUT, copy, ignore=shutil.ignore_patterns(*MADE), symlinks=True)
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
    licences = [body for name, body in found.items() if name.endswith("/LICENSE")]
    assert licences == [(CHECKOUT / "LICENSE").read_bytes()]
    assert "wildrydes_ml/py.typed" in found


def test_the_source_distribution_holds_what_the_wheel_is_made_of_and_nothing_else(built: Path) -> None:
    (path,) = built.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        found = {member.name.partition("/")[2] for member in archive.getmembers() if member.isfile()}
    written = {name for name in found if name in ("PKG-INFO", "setup.cfg") or name.startswith("wildrydes_ml.egg-info/")}
    assert found - written == {f"{directory}/{name}" for directory in PACKAGES for name in sources(directory)} | {
        *BESIDE
    }


def test_the_changelog_begins_with_the_version(metadata: Message) -> None:
    first = re.search(r"^## (\S+) \((unreleased|\d{4}-\d\d-\d\d)\)$", (CHECKOUT / "CHANGELOG.md").read_text(), re.M)
    assert first
    assert first[1] == metadata["Version"]


def test_it_says_where_it_runs(metadata: Message) -> None:
    assert metadata["Requires-Python"] == ">=3.10"
    pythons = {name.rpartition(" ")[2] for name in metadata.get_all("Classifier", []) if " :: Python :: 3." in name}
    assert pythons == {"3.10", "3.11", "3.12", "3.13"}


def test_an_index_page_shows_the_readme_and_leads_nowhere_wrong(metadata: Message) -> None:
    assert metadata["Description-Content-Type"] == "text/markdown"
    readme = (CHECKOUT / "README.md").read_text(encoding="utf-8")
    assert metadata.get_payload() == distributed.on_an_index_page(readme, distributed.REPOSITORY)


def test_nothing_about_the_publisher_is_invented(metadata: Message) -> None:
    told = {name: metadata.get_all(name, []) for name in ("Author", "Author-email", "Home-page", "Project-URL")}
    assert any(told.values()) == bool(
        distributed.publisher(distributed.REPOSITORY, distributed.AUTHOR, distributed.AUTHOR_EMAIL)
    )
    assert all(distributed.REPOSITORY and distributed.REPOSITORY in url for url in told["Project-URL"])


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

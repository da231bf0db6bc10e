"""Modules from one archive, and what is imported when the archive cannot be trusted."""

from __future__ import annotations

import json
import marshal
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import packages
import pytest
from module_archive import Finder, Useless, packed, unpacked
from problems import Problem
from settings import Settings

LAMBDA_SRC = Path(__file__).parents[3] / "lambda_src"


def site(root: Path, version: str = "1.0") -> Path:
    """A directory with a package in files that say so."""
    directory = root / "site"
    (directory / "animals" / "wild").mkdir(parents=True)
    (directory / f"animals-{version}.dist-info").mkdir()
    for name in ("animals", "animals/wild"):
        (directory / name / "__init__.py").write_text("FROM = 'file'\n")
    (directory / "animals" / "horse.py").write_text("FROM = 'file'\n")
    (directory / "animals" / "names.txt").write_text("Horse")
    return directory


def archive(directory: Path) -> bytes:
    """An archive of some of the package's modules, which say that they are from it."""
    files = {"animals": "animals/__init__.py", "animals.wild": "animals/wild/__init__.py"}
    sources = {name: compile("FROM = 'archive'\n", file, "exec") for name, file in files.items()}
    return packed(directory, {name: (files[name], marshal.dumps(code)) for name, code in sources.items()})


def imported(root: Path, directory: Path, listed: str | None = "") -> dict[str, object]:
    """Where a new process imports from, and why from there."""
    (root / "prepared").mkdir(exist_ok=True)
    if listed is not None:
        (root / "prepared" / "packages.files").write_text(listed)
    code = """
import json, pathlib, sys
sys.path.insert(0, sys.argv[1])
import packages
from settings import Settings
root, site = map(pathlib.Path, sys.argv[2:])
settings = Settings(root=root, packages=site, model=root / "model")
packages.add_to_path(site)
read = packages.read(settings)
assert packages.read(settings) == read
import importlib.resources
import animals, animals.horse, animals.wild
names = importlib.resources.files("animals").joinpath("names.txt").read_text()
found = {module.__name__: module.FROM for module in (animals, animals.horse, animals.wild)}
place = {"file": animals.__file__, "path": list(animals.__path__)}
print(json.dumps({"why": read.slower_because, "names": names, **place, **found}))
"""
    command = [sys.executable, "-ISBc", code, str(LAMBDA_SRC), str(root), str(directory)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    found: dict[str, object] = json.loads(done.stdout)
    return found


FROM_FILES = {"animals": "file", "animals.horse": "file", "animals.wild": "file"}


def test_modules_come_from_the_archive_and_the_others_from_their_files(tmp_path: Path) -> None:
    directory = site(tmp_path)
    (tmp_path / "prepared").mkdir()
    (tmp_path / "prepared" / "modules").write_bytes(archive(directory))
    assert imported(tmp_path, directory, "0 10 prepared/modules\n") == {
        "why": [],
        "names": "Horse",
        "file": str(directory / "animals" / "__init__.py"),
        "path": [str(directory / "animals")],
        "animals": "archive",
        "animals.horse": "file",
        "animals.wild": "archive",
    }


def damaged(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "damaged": damaged,
    "truncated": lambda data: data[:-3],
    "empty": lambda data: b"",
    "other python": lambda data: b"\0\0\r\n" + data[4:],
    "exchanged": lambda data: b"{}" * 1000,
}


@pytest.mark.parametrize("name", DAMAGES)
def test_an_archive_that_is_damaged_is_a_reason_to_import_from_files(name: str, tmp_path: Path) -> None:
    directory = site(tmp_path)
    (tmp_path / "prepared").mkdir()
    (tmp_path / "prepared" / "modules").write_bytes(DAMAGES[name](archive(directory)))
    found = imported(tmp_path, directory)
    assert found["why"] == ["prepared/modules: damaged, or for another Python"]
    assert {name: found[name] for name in FROM_FILES} == FROM_FILES


def test_an_archive_of_other_packages_is_not_imported_from(tmp_path: Path) -> None:
    """Somebody has installed another version by hand, say."""
    directory = site(tmp_path)
    (tmp_path / "prepared").mkdir()
    (tmp_path / "prepared" / "modules").write_bytes(archive(directory))
    (directory / "animals-1.0.dist-info").rename(directory / "animals-1.1.dist-info")
    found = imported(tmp_path, directory)
    assert found["why"] == ["prepared/modules: other packages were installed since"]
    assert {name: found[name] for name in FROM_FILES} == FROM_FILES


def test_a_missing_archive_is_told_and_one_that_was_not_made_is_not(tmp_path: Path) -> None:
    directory = site(tmp_path)
    assert imported(tmp_path, directory, listed=None)["why"] == []
    found = imported(tmp_path, directory)
    assert found["why"] == ["prepared/modules: No such file or directory"]
    assert {name: found[name] for name in FROM_FILES} == FROM_FILES
    (tmp_path / "prepared" / "modules").write_bytes(b"")
    (tmp_path / "prepared" / "packages.files").unlink()
    found = imported(tmp_path, directory, listed=None)
    assert found["why"] == ["prepared/packages.files: No such file or directory"], "without it the archive is not used"


def test_a_request_does_not_wait_for_the_packages_longer_than_it_can(tmp_path: Path) -> None:
    directory = site(tmp_path)
    settings = Settings(root=tmp_path, packages=directory, model=tmp_path / "model")
    (tmp_path / "prepared").mkdir()
    os.mkfifo(tmp_path / "prepared" / "packages.files")  # whose opening waits for someone who writes it
    reading = threading.Thread(target=packages.read, args=[settings], daemon=True)
    reading.start()
    while not packages._reading.locked():
        time.sleep(0.01)
    with pytest.raises(Problem, match="still loading") as caught:
        packages.read(settings, 0.05)
    assert caught.value.code == "model-unavailable"
    (tmp_path / "prepared" / "packages.files").write_text("")
    reading.join(60)
    assert not reading.is_alive()
    assert packages.read(settings).slower_because == ("prepared/modules: No such file or directory",)


def test_an_archive_is_the_same_when_it_is_read_again(tmp_path: Path) -> None:
    directory = site(tmp_path)
    modules = unpacked(archive(directory), directory)
    assert {*modules} == {"animals", "animals.wild"}
    spec = Finder(directory, modules).find_spec("animals.wild")
    assert spec is not None
    assert spec.submodule_search_locations == [str(directory / "animals" / "wild")]
    assert Finder(directory, modules).find_spec("animals.horse") is None
    with pytest.raises(Useless):
        unpacked(archive(directory)[:-1], directory)


def test_what_is_imported_meanwhile_is_what_the_packages_import() -> None:
    code = "import sys, numpy, PIL.Image, requests; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(packages.STANDARD) <= set(done.stdout.split())


def test_the_packages_are_read_before_the_other_modules_are_imported(tmp_path: Path) -> None:
    """Whoever asks later finds what the first module has begun."""
    directory = site(tmp_path)
    (tmp_path / "prepared").mkdir()
    (tmp_path / "prepared" / "packages.files").write_text("")
    (tmp_path / "prepared" / "modules").write_bytes(archive(directory))
    code = """
import sys
sys.path.insert(0, sys.argv[1])
import early
assert "service" not in sys.modules and "engines" not in sys.modules
import packages, settings, os, time
asked = settings.from_environment(os.environ).packages
end = time.monotonic() + 60
while asked not in packages._read and time.monotonic() < end:
    time.sleep(0.01)
print(packages._read[asked].slower_because, type(sys.meta_path[0]).__name__)
"""
    environment = {**os.environ, "EFS_PATH": str(tmp_path), "PY_PKG_PATH": "site"}
    command = [sys.executable, "-c", code, str(LAMBDA_SRC)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["()", "Finder"]


def test_numpy_starts_no_threads_that_spin() -> None:
    code = """
import os, sys, threading
sys.path.insert(0, sys.argv[1])
import early
[thread.join() for thread in threading.enumerate() if thread is not threading.current_thread()]
import numpy
print(len(os.listdir("/proc/self/task")))
"""
    command = [sys.executable, "-c", code, str(LAMBDA_SRC)]
    environment = {name: value for name, value in os.environ.items() if name != "OPENBLAS_NUM_THREADS"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1"]


@pytest.mark.parametrize("environment", [{"EFS_PATH": "/nowhere"}, {"MIN_SCORE": "many"}])
def test_what_goes_wrong_early_is_nothing_yet(environment: dict[str, str]) -> None:
    code = "import sys; sys.path.insert(0, sys.argv[1]); import early; early.begin()"
    command = [sys.executable, "-c", code, str(LAMBDA_SRC)]
    done = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, check=True)
    assert done.stderr == ""

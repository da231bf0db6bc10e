"""The packages of a zip that has no EFS: pip itself, asked for wheels that the tests made."""

import hashlib
import io
import sys
import zipfile
from pathlib import Path

import pytest

from tests.requirements import wheels
from tests.requirements.project import Project
from wildrydes_ml import code
from wildrydes_ml.code import Packing
from wildrydes_ml.errors import SettingsError
from wildrydes_ml.reporting import TextReporter

HERE = f"python{sys.version_info.major}.{sys.version_info.minor}"
TAG = f"cpython-{sys.version_info.major}{sys.version_info.minor}"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def names(project: Project, packing: Packing, runtime: str = HERE, architecture: str = "x86_64") -> set[str]:
    """The names of the files in the zip below `packed/packages`."""
    reporter = TextReporter(project.said, project.said)
    built = code.build(project.handler, runtime, architecture, reporter=reporter, pip=project.pip(), packing=packing)
    with zipfile.ZipFile(io.BytesIO(built.body)) as archive:
        return {name.removeprefix("packed/packages/") for name in archive.namelist() if name.startswith("packed/")}


def test_packages_that_are_locked_are_taken_alone_with_their_digests(project: Project) -> None:
    wheel = wheels.make(project.index, "first", needs=("missing",))
    line = f"first==1.0 --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}\n"
    assert "first-1.0.dist-info/METADATA" in names(project, Packing(line.encode(), is_whole=True))
    other = f"first==1.0 --hash=sha256:{'0' * 64}\n"
    with pytest.raises(SettingsError, match="DO NOT MATCH THE HASHES"):
        names(project, Packing(other.encode(), is_whole=True))


def test_bytecode_takes_the_place_of_sources_that_were_tried_so_and_the_unneeded_is_left_out(project: Project) -> None:
    wheels.make(project.index, "first", more={"first_more/tests/test_it.py": b"", "first_more/it.py": b"A = 1\n"})
    found = names(project, Packing(b"first==1.0\n", unneeded=r"(^|/)tests/"))
    assert {"first.pyc", "first_more/it.pyc"} <= found
    assert not {name for name in found if name.endswith(".py") or "tests" in name}


def test_sources_of_other_packages_stay_beside_their_bytecode(project: Project) -> None:
    wheels.make(project.index, "first")
    assert {"first.py", f"__pycache__/first.{TAG}.pyc"} <= names(project, Packing(b"first==1.0\n"))
    assert "no bytecode" not in project.said.getvalue()


def test_without_the_function_s_version_of_python_there_is_no_bytecode_and_a_warning(project: Project) -> None:
    wheels.make(project.index, "first")
    found = names(project, Packing(b"first==1.0\n", unneeded="nothing"), runtime="python3.99")
    assert "first.py" in found
    assert not {name for name in found if name.endswith(".pyc")}
    assert "python3.99 is not on this machine, so the zip has no bytecode" in project.said.getvalue()


def test_a_wheel_for_the_function_s_processor_is_taken(project: Project) -> None:
    tag = f"cp{sys.version_info.major}{sys.version_info.minor}"
    for machine in ("x86_64", "aarch64"):
        more = {f"first_{machine}.txt": b""}
        wheels.make(project.index, "first", tag=f"{tag}-{tag}-manylinux_2_17_{machine}", more=more)
    assert "first_aarch64.txt" in names(project, Packing(b"first==1.0\n"), architecture="arm64")
    assert "first_x86_64.txt" in names(project, Packing(b"first==1.0\n"))


def test_what_pip_has_not_found_is_told_without_a_file_that_nobody_wrote(project: Project) -> None:
    with pytest.raises(SettingsError) as error:
        names(project, Packing(b"nowhere==1.0\n"))
    assert str(error.value).startswith("the packages of the zip: pip cannot install this")
    assert "requirements.txt" not in str(error.value)


def test_packages_that_are_kept_are_the_same_as_new_ones(project: Project) -> None:
    wheel = wheels.make(project.index, "first")
    first = names(project, Packing(b"first==1.0\n"))
    wheel.unlink()
    assert names(project, Packing(b"first==1.0\n")) == first
    assert "installing the packages of the zip" in project.said.getvalue()

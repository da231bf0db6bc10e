"""A function's zip with the packages of its requirements: pip itself, asked for wheels that the tests made."""

import io
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from tests.requirements import wheels
from tests.requirements.project import Project, entries
from wildrydes_ml import code
from wildrydes_ml.code import cache


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def test_the_packages_are_in_the_zip_with_what_they_need(project: Project) -> None:
    wheels.make(project.index, "first", needs=("second>=2",))
    wheels.make(project.index, "second", "1.9")
    wheels.make(project.index, "second", "2.1")
    found = entries(project.build("first==1.0\n"))
    assert found["first.py"] == "SAYS = '1.0 py3-none-any'\n"
    assert found["second.py"] == "SAYS = '2.1 py3-none-any'\n"
    assert {"app.py", "requirements.txt", "first-1.0.dist-info/METADATA"} <= set(found)
    said = project.said.getvalue()
    assert "handler/requirements.txt for python3.13 on x86_64" in said
    assert "pip: first-1.0-py3-none-any.whl" in said


# Tag of a wheel → where Lambda can run it.
TAGS = {
    "cp313-cp313-manylinux_2_34_x86_64": "3.13 x86_64",
    "cp313-cp313-manylinux_2_17_x86_64.manylinux2014_x86_64": "3.13 x86_64",
    "cp313-cp313-manylinux1_x86_64": "3.13 x86_64",
    "cp39-abi3-manylinux_2_28_x86_64": "3.13 x86_64",
    "py3-none-manylinux_2_26_x86_64": "3.13 x86_64, 3.11 x86_64",
    "cp313-cp313-manylinux_2_34_aarch64": "3.13 arm64",
    "cp313-cp313-manylinux2014_aarch64": "3.13 arm64",
    "cp311-cp311-manylinux_2_26_x86_64": "3.11 x86_64",
    "cp311-abi3-manylinux_2_28_x86_64": "3.13 x86_64",
    "cp313-cp313-manylinux_2_35_x86_64": "",
    "cp312-cp312-manylinux_2_34_x86_64": "",
    "cp313-cp313t-manylinux_2_34_x86_64": "",
    "cp313-cp313-musllinux_1_2_x86_64": "",
    "cp313-cp313-macosx_11_0_arm64": "",
    "cp313-cp313-win_amd64": "",
}


@pytest.mark.parametrize(
    ("runtime", "architecture"), [("python3.13", ""), ("python3.13", "arm64"), ("python3.11", "x86_64")]
)
def test_a_wheel_is_taken_where_lambda_can_run_it(project: Project, runtime: str, architecture: str) -> None:
    names = {tag: f"p{number}" for number, tag in enumerate(TAGS)}
    for tag, name in names.items():
        wheels.make(project.index, name, "1.0")
        wheels.make(project.index, name, "2.0", tag)
    found = entries(project.build("\n".join(names.values()), runtime, architecture))
    taken = {tag for tag, name in names.items() if found[f"{name}.py"] == f"SAYS = '2.0 {tag}'\n"}
    place = f"{runtime.removeprefix('python')} {architecture or 'x86_64'}"
    assert taken == {tag for tag, places in TAGS.items() if place in places}


def test_conditions_are_held_against_the_target_and_not_this_machine(project: Project) -> None:
    conditions = {
        "arm": "platform_machine == 'aarch64'",
        "intel": "platform_machine == 'x86_64'",
        "old": "python_version < '3.12'",
        "new": "python_full_version >= '3.13'",
        "linux": "sys_platform == 'linux' and platform_system == 'Linux' and os_name == 'posix'",
        "windows": "sys_platform == 'win32' or os_name == 'nt'",
        "mac": "platform_system == 'Darwin'",
    }
    for name in conditions:
        wheels.make(project.index, name)
    wheels.make(project.index, "top", needs=tuple(f"{name}; {rule}" for name, rule in conditions.items()))

    def taken(runtime: str, architecture: str) -> set[str]:
        return set(conditions) & {
            name.removesuffix(".py") for name in entries(project.build("top", runtime, architecture))
        }

    assert taken("python3.13", "arm64") == {"arm", "new", "linux"}
    assert taken("python3.11", "x86_64") == {"intel", "old", "linux"}


def test_the_zip_tells_nothing_of_the_machine(project: Project, tmp_path: Path) -> None:
    wheels.make(project.index, "first", more={"first.libs/.hidden/lib.so": b"library"})
    found = entries(project.build("first"))
    assert found["first.libs/.hidden/lib.so"] == "library"
    assert not [name for name in found if name.startswith("bin/") or name.endswith((".pyc", "INSTALLER", "REQUESTED"))]
    assert not [name for name, text in found.items() if str(tmp_path) in text or sys.prefix in text]
    record = found["first-1.0.dist-info/RECORD"].splitlines()
    assert {row.partition(",")[0] for row in record} == {name for name in found if name.startswith("first")}


def test_the_same_requirements_are_the_same_bytes_at_another_place(tmp_path: Path) -> None:
    packages = []
    for name in ("one", "another"):
        (tmp_path / name).mkdir()
        project = Project(tmp_path / name)
        wheels.make(project.index, "first", needs=("second",))
        wheels.make(project.index, "second", tag="cp313-cp313-manylinux_2_28_x86_64")
        packages.append(project.build("first"))
    assert packages[0] == packages[1]
    with zipfile.ZipFile(io.BytesIO(packages[0].body)) as archive:
        assert archive.namelist() == sorted(archive.namelist(), key=lambda name: name.split("/"))
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_another_version_another_target_and_another_file_change_the_zip(project: Project) -> None:
    wheels.make(project.index, "first", "1.0")
    for tag in ("cp313-cp313-manylinux_2_28_x86_64", "cp313-cp313-manylinux_2_28_aarch64"):
        wheels.make(project.index, "first", "2.0", tag)
    digests = [
        project.build("first<2").digest,
        project.build("first").digest,
        project.build("first", architecture="arm64").digest,
    ]
    (project.handler / "app.py").write_text("# other\n", encoding="utf-8")
    digests.append(project.build("first").digest)
    assert len(set(digests)) == 4


def test_a_file_of_the_directory_counts_before_a_package_s(project: Project) -> None:
    wheels.make(project.index, "first")
    (project.handler / "first.py").write_text("MINE = True\n", encoding="utf-8")
    assert entries(project.build("first"))["first.py"] == "MINE = True\n"


def test_a_second_build_does_not_ask_pip(project: Project) -> None:
    wheel = wheels.make(project.index, "first")
    before = project.build("# what it needs\nfirst == 1.0\n")
    wheel.unlink()
    assert project.build() == before
    assert "No matching distribution" in project.refusal("# what it needs\nfirst == 1.0\n", architecture="arm64")


def test_what_is_damaged_in_the_cache_is_installed_again(project: Project) -> None:
    wheels.make(project.index, "first")
    before = project.build("first")
    (kept,) = project.cache.iterdir()
    sound = kept.read_bytes()
    for damage in (sound[:-40], sound.replace(b"SAYS", b"SAID"), b""):
        kept.write_bytes(damage)
        assert cache.read(project.cache, kept.stem) == {}
    assert project.build() == before
    assert kept.read_bytes() == sound


def test_a_cache_that_cannot_be_written_is_no_error(project: Project) -> None:
    wheels.make(project.index, "first")
    project.cache.write_text("a file", encoding="utf-8")
    assert "first.py" in entries(project.build("first"))


def test_what_names_files_is_installed_each_time(project: Project) -> None:
    wheels.make(project.index, "first")
    before = entries(project.build("--find-links ../index\nfirst", PIP_FIND_LINKS=""))
    wheels.make(project.index, "first", more={"first.py": b"CHANGED = 1\n"})
    after = entries(project.build(PIP_FIND_LINKS=""))
    assert before["first.py"] != after["first.py"] == "CHANGED = 1\n"


def test_variables_for_other_installations_do_no_harm(project: Project) -> None:
    wheels.make(project.index, "first")
    settings = {
        "PIP_USER": "1",
        "PIP_PREFIX": "/nowhere",
        "PIP_REQUIRE_VIRTUALENV": "1",
        "PYTHONPATH": str(project.handler),
    }
    (project.handler / "json.py").write_text("raise SystemExit('the handler is not for pip')\n", encoding="utf-8")
    assert "first.py" in entries(project.build("first", **settings))


def test_pip_s_reason_is_told_with_the_package_and_what_to_do(project: Project) -> None:
    wheels.make(project.index, "built", tag="cp313-cp313-win_amd64")
    (project.index / "source-1.0.tar.gz").write_bytes(b"no wheel")
    for name in ("built", "source"):
        told = project.refusal(f"{name}>=1\n")
        assert told.startswith(
            f"{project.handler}/requirements.txt: pip cannot install this for python3.13 on x86_64:\n"
        )
        assert f"No matching distribution found for {name}>=1" in told
        assert f"`pip wheel --no-deps --wheel-dir ../wheels {name}`" in told


def test_a_conflict_is_told_in_pip_s_words(project: Project) -> None:
    wheels.make(project.index, "first", needs=("second<2",))
    wheels.make(project.index, "second", "1.0")
    wheels.make(project.index, "second", "2.0")
    assert "conflict" in project.refusal("first\nsecond==2.0\n")


def test_a_line_that_is_none_is_told_in_pip_s_words(project: Project) -> None:
    assert "Invalid requirement" in project.refusal("first = = 1\n")


def test_a_python_without_pip_is_named(project: Project, tmp_path: Path) -> None:
    venv.create(tmp_path / "bare", with_pip=False, symlinks=True)
    python = str(tmp_path / "bare" / "bin" / "python")
    assert f"the Python {python} has no pip; run {python} -m ensurepip" in project.refusal("first", python=python)


def test_packages_above_the_limit_are_refused_before_they_are_read(project: Project) -> None:
    place = project.index / "made"
    place.mkdir()
    wheel = wheels.make(project.index, "large")
    with zipfile.ZipFile(wheel, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("large.libs/lib.so", bytes(code.LIMIT + 1))
    assert "The largest are large.libs 262 MB" in project.refusal("large")
    assert not project.cache.exists()

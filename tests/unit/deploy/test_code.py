"""A function's zip with the packages of its requirements: pip itself, asked for wheels that the tests made."""

import io
import os
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from tests.unit.deploy import wheels
from wildrydes_ml import packaging
from wildrydes_ml.deploy import cache, code
from wildrydes_ml.deploy.requirements import Pip, Target
from wildrydes_ml.errors import SettingsError
from wildrydes_ml.packaging import Package
from wildrydes_ml.reporting import TextReporter


class Project:
    """A code directory, an index and a cache."""

    def __init__(self, place: Path) -> None:
        self.handler, self.index, self.cache = place / "handler", place / "index", place / "cache"
        for directory in (self.handler, self.index):
            directory.mkdir()
        (self.handler / "app.py").write_text("def answer(event, context): ...\n", encoding="utf-8")
        self.said = io.StringIO()

    def pip(self, python: str = sys.executable, **settings: str) -> Pip:
        chosen = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(self.index), "PIP_CONFIG_FILE": os.devnull, **settings}
        return Pip(python, {**os.environ, **chosen}, self.cache)

    def build(
        self, requirements: str = "", runtime: str = "python3.13", architecture: str = "", **settings: str
    ) -> Package:
        if requirements:
            (self.handler / "requirements.txt").write_text(requirements, encoding="utf-8")
        reporter = TextReporter(self.said, self.said)
        return code.build(self.handler, runtime, architecture, reporter=reporter, pip=self.pip(**settings))

    def refusal(
        self, requirements: str = "", runtime: str = "python3.13", architecture: str = "", **settings: str
    ) -> str:
        with pytest.raises(SettingsError) as caught:
            self.build(requirements, runtime, architecture, **settings)
        assert caught.value.exit_code == 2
        return str(caught.value)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def entries(package: Package) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(package.body)) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def test_without_requirements_the_bytes_are_those_of_before(project: Project) -> None:
    assert code.build(packaging.source_directory()) == packaging.build()
    assert project.build(runtime="", architecture="") == packaging.build(project.handler)


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
    assert "Collecting first==1.0" in said


TAGS = [
    ("cp313-cp313-manylinux_2_34_x86_64", "python3.13", "x86_64", True),
    ("cp313-cp313-manylinux_2_34_x86_64", "python3.13", "", True),
    ("cp313-cp313-manylinux_2_34_aarch64", "python3.13", "arm64", True),
    ("cp313-cp313-manylinux2014_aarch64", "python3.13", "arm64", True),
    ("cp313-cp313-manylinux1_x86_64", "python3.13", "x86_64", True),
    ("cp39-abi3-manylinux_2_28_x86_64", "python3.13", "x86_64", True),
    ("py3-none-manylinux_2_17_x86_64", "python3.12", "x86_64", True),
    ("cp311-cp311-manylinux_2_26_x86_64", "python3.11", "x86_64", True),
    ("cp311-cp311-manylinux_2_28_x86_64", "python3.11", "x86_64", False),
    ("cp313-cp313-manylinux_2_35_x86_64", "python3.13", "x86_64", False),
    ("cp313-cp313-manylinux_2_34_x86_64", "python3.13", "arm64", False),
    ("cp312-cp312-manylinux_2_34_x86_64", "python3.13", "x86_64", False),
    ("cp313-cp313t-manylinux_2_34_x86_64", "python3.13", "x86_64", False),
    ("cp313-cp313-musllinux_1_2_x86_64", "python3.13", "x86_64", False),
    ("cp313-cp313-macosx_11_0_arm64", "python3.13", "arm64", False),
    ("cp313-cp313-win_amd64", "python3.13", "x86_64", False),
]


@pytest.mark.parametrize(("tag", "runtime", "architecture", "runs"), TAGS)
def test_a_wheel_is_taken_where_lambda_can_run_it(
    project: Project, tag: str, runtime: str, architecture: str, runs: bool
) -> None:
    wheels.make(project.index, "built", tag=tag)
    if runs:
        assert entries(project.build("built", runtime, architecture))["built.py"] == f"SAYS = '1.0 {tag}'\n"
    else:
        assert "No matching distribution found for built" in project.refusal("built", runtime, architecture)


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
    with zipfile.ZipFile(io.BytesIO(project.build("first").body)) as archive:
        assert archive.namelist() == sorted(archive.namelist(), key=lambda name: name.split("/"))
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_the_same_requirements_are_the_same_bytes_at_another_place(tmp_path: Path) -> None:
    packages = []
    for name in ("one", "another place"):
        (tmp_path / name).mkdir()
        project = Project(tmp_path / name)
        wheels.make(project.index, "first", needs=("second",))
        wheels.make(project.index, "second", tag="cp313-cp313-manylinux_2_28_x86_64")
        packages.append(project.build("first"))
    assert packages[0] == packages[1]


def test_another_version_another_target_and_another_file_change_the_zip(project: Project) -> None:
    for version in ("1.0", "2.0"):
        wheels.make(project.index, "first", version)
    for tag in ("cp313-cp313-manylinux_2_28_x86_64", "cp313-cp313-manylinux_2_28_aarch64"):
        wheels.make(project.index, "first", "3.0", tag)
    digests = [
        project.build("first==1.0").digest,
        project.build("first==2.0").digest,
        project.build("first==3.0").digest,
        project.build("first==3.0", architecture="arm64").digest,
    ]
    (project.handler / "app.py").write_text("# other\n", encoding="utf-8")
    digests.append(project.build("first==1.0").digest)
    assert len(set(digests)) == 5


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
    for damage in (kept.read_bytes()[:-40], kept.read_bytes().replace(b"SAYS", b"SAID"), b""):
        kept.write_bytes(damage)
        assert project.build() == before


def test_a_cache_that_cannot_be_written_is_no_error(project: Project) -> None:
    wheels.make(project.index, "first")
    project.cache.write_text("a file", encoding="utf-8")
    assert "first.py" in entries(project.build("first"))


def test_the_cache_forgets_what_was_not_used_for_long(tmp_path: Path) -> None:
    body = packaging.pack({"a": b"b"}).body
    keys = [cache.key(str(number)) for number in range(10)]
    for age, key in enumerate(keys):
        cache.write(tmp_path, key, body)
        os.utime(tmp_path / f"{key}.zip", (1_000_000 + age, 1_000_000 + age))
        assert cache.read(tmp_path, keys[0]) == {"a": b"b"}
        os.utime(tmp_path / f"{keys[0]}.zip", (2_000_000, 2_000_000))
    cache.write(tmp_path, cache.key("last"), body)
    assert [bool(cache.read(tmp_path, key)) for key in keys] == [True, *[False] * 3, *[True] * 6]


def test_the_cache_is_where_the_system_has_its_caches() -> None:
    assert cache.directory({"XDG_CACHE_HOME": "/c", "HOME": "/h"}) == Path("/c/wildrydes-ml/packages")
    assert cache.directory({"HOME": "/h"}) == Path("/h/.cache/wildrydes-ml/packages")


@pytest.mark.parametrize(
    "requirements",
    ["--find-links ../index\nfirst", "../index/first-1.0-py3-none-any.whl", "-r more.txt", "-c more.txt\nfirst"],
)
def test_what_names_files_is_installed_each_time(project: Project, requirements: str) -> None:
    wheels.make(project.index, "first")
    (project.handler / "more.txt").write_text("first\n", encoding="utf-8")
    assert (
        "1.0" in entries(project.build(requirements, PIP_FIND_LINKS=""))["first.py"]
        if "more" not in requirements
        else 1
    )
    before = project.build(requirements)
    wheels.make(project.index, "first", more={"first.py": b"CHANGED = 1\n"})
    after = entries(project.build(requirements))
    assert entries(before)["first.py"] != after["first.py"] == "CHANGED = 1\n"


def test_comments_alone_need_no_pip(project: Project) -> None:
    (project.handler / "requirements.txt").write_text("# nothing yet\n\n", encoding="utf-8")
    assert project.build(runtime="", python="/no/such/python") == packaging.build(project.handler)


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
    for name in ("built", "source", "nosuch"):
        told = project.refusal(f"{name}>=1\n")
        assert told.startswith(
            f"{project.handler}/requirements.txt: pip could not install it for python3.13 on x86_64:\n"
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


@pytest.mark.parametrize(
    ("runtime", "architecture", "why"),
    [
        ("", "", "its packages need a Python runtime, and none is given; use one such as python3.13"),
        ("nodejs22.x", "", "its packages need a Python runtime, and nodejs22.x is none"),
        ("python3.13", "aarch64", "no processor is called aarch64; use x86_64 or arm64"),
    ],
)
def test_a_target_that_is_none_is_refused(project: Project, runtime: str, architecture: str, why: str) -> None:
    assert why in project.refusal("first", runtime, architecture)


def test_no_code_is_refused(project: Project, tmp_path: Path) -> None:
    (tmp_path / "empty" / "__pycache__").mkdir(parents=True)
    (tmp_path / "empty" / ".hidden").write_text("x", encoding="utf-8")
    for name, why in [
        ("no", "does not exist; name the directory that holds the handler"),
        ("handler/app.py", "is no directory"),
        ("empty", "is empty; put the handler in it"),
    ]:
        with pytest.raises(SettingsError, match=f"{name}: the code directory {why}"):
            code.build(tmp_path / name)


def test_what_lambda_does_not_take_is_refused_with_the_largest_parts(project: Project) -> None:
    with (project.handler / "weights.bin").open("wb") as file:
        file.truncate(code.LIMIT - (project.handler / "app.py").stat().st_size)
    assert len(project.build().body) > code.LIMIT, "what is exactly as large as it may be is packed"
    (project.handler / "one.txt").write_bytes(b"1")
    told = project.refusal()
    assert (
        "262,144,001 bytes with its packages, and Lambda takes 262,144,000. The largest are weights.bin 262 MB" in told
    )
    assert "Put large packages on EFS" in told


def test_packages_above_the_limit_are_refused_before_they_are_read(project: Project) -> None:
    place = project.index / "made"
    place.mkdir()
    wheel = wheels.make(project.index, "large")
    with zipfile.ZipFile(wheel, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("large.libs/lib.so", bytes(code.LIMIT + 1))
    assert "The largest are large.libs 262 MB" in project.refusal("large")
    assert not project.cache.exists()


def test_the_newest_c_library_comes_first() -> None:
    options = Target("python3.12", "arm64").options()
    platforms = [option.removeprefix("--platform=") for option in options if option.startswith("--platform=")]
    assert platforms[0] == "manylinux_2_34_aarch64"
    assert platforms[-2:] == ["manylinux_2_17_aarch64", "manylinux2014_aarch64"]

"""A function's zip out of a directory, as far as pip has no part in it."""

import os
from pathlib import Path

import pytest

from tests.requirements.project import Project
from wildrydes_ml import code, packaging
from wildrydes_ml.code import cache, requirements
from wildrydes_ml.code.requirements import Target
from wildrydes_ml.errors import SettingsError


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def test_without_requirements_the_bytes_are_those_of_before(project: Project) -> None:
    assert code.build(packaging.source_directory()) == packaging.build()
    assert project.build(runtime="", architecture="") == packaging.build(project.handler)


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
    ("line", "expected"),
    [
        ("first", True),
        ("first[extra]==1.0; python_version < '3.13'  # why", True),
        ("first==1.0 \\", True),
        ("    --hash=sha256:0123456789abcdef", True),
        ("--extra-index-url https://example.com/simple", True),
        ("# ../in/a/comment", True),
        ("-r more.txt", False),
        ("-c more.txt", False),
        ("-e .", False),
        (".", False),
        ("./first", False),
        ("--find-links wheels", False),
        ("first-1.0-py3-none-any.whl", False),
        ("../first-1.0.tar.gz", False),
        ("first @ file:///first-1.0-py3-none-any.whl", False),
    ],
)
def test_requirements_that_name_files_are_told_apart(line: str, expected: bool) -> None:
    assert requirements.are_everywhere(f"second\n{line}\n".encode()) == expected


def test_comments_alone_need_no_pip(project: Project) -> None:
    (project.handler / "requirements.txt").write_text("# nothing yet\n\n", encoding="utf-8")
    assert project.build(runtime="", python="/no/such/python") == packaging.build(project.handler)


@pytest.mark.parametrize(
    ("runtime", "architecture", "why"),
    [
        ("", "", "its packages need a Python runtime, but none is set; use one such as python3.13"),
        ("nodejs22.x", "", "its packages need a Python runtime, but nodejs22.x is not one"),
        ("python3.13", "aarch64", "there is no processor aarch64; use x86_64 or arm64"),
    ],
)
def test_a_target_that_is_none_is_refused(project: Project, runtime: str, architecture: str, why: str) -> None:
    assert why in project.refusal("first", runtime, architecture)


def test_no_code_is_refused(project: Project, tmp_path: Path) -> None:
    (tmp_path / "empty" / "__pycache__").mkdir(parents=True)
    (tmp_path / "empty" / ".hidden").write_text("x", encoding="utf-8")
    for name, why in [
        ("no", "does not exist; name the directory that contains the handler"),
        ("handler/app.py", "is not a directory"),
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
        "262,144,001 bytes with its packages, but Lambda allows 262,144,000. The largest are weights.bin 262 MB" in told
    )
    assert "Put large packages on EFS" in told


def test_the_newest_c_library_comes_first() -> None:
    options = Target("python3.12", "arm64").options()
    platforms = [option.removeprefix("--platform=") for option in options if option.startswith("--platform=")]
    assert platforms[0] == "manylinux_2_34_aarch64"
    assert platforms[-2:] == ["manylinux_2_17_aarch64", "manylinux2014_aarch64"]


def test_where_the_c_library_is_known_its_wheels_come_first() -> None:
    options = Target("python3.11", "x86_64", libc=36).options()
    platforms = [option.removeprefix("--platform=") for option in options if option.startswith("--platform=")]
    assert platforms[0] == "manylinux_2_36_x86_64"


def test_a_runtime_and_a_processor_that_are_none_are_told_together() -> None:
    """A template with fixed values has no parameters of these names."""
    with pytest.raises(SettingsError) as error:
        requirements.target("requirements.txt", "PythonRuntime", "Architecture")
    runtime, architecture = error.value.faults
    assert runtime.endswith("as in Code(..., runtime='python3.13')")
    assert architecture.endswith("as in Code(..., architecture='x86_64')")

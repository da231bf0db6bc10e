"""What a zip has in place of EFS, as far as pip has no part in it; tests/requirements has the packages."""

import io
import sys
import zipfile
from pathlib import Path

import pytest

from wildrydes_ml import code
from wildrydes_ml.code import Packing, bytecode, installed
from wildrydes_ml.errors import SettingsError

HERE = f"{sys.version_info.major}.{sys.version_info.minor}"


@pytest.fixture
def handler(tmp_path: Path) -> Path:
    directory = tmp_path / "handler"
    directory.mkdir()
    (directory / "app.py").write_text("def answer(event, context): ...\n")
    return directory


def test_the_model_lies_beside_the_code_and_the_bytes_are_the_same_each_time(handler: Path) -> None:
    packing = Packing(b"", files={"manifest.json": b"{}", "prepared/detector.tflite": b"TFL3"})
    one, other = (code.build(handler, "python3.13", "arm64", packing=packing) for _ in range(2))
    assert one == other
    with zipfile.ZipFile(io.BytesIO(one.body)) as archive:
        names = [name for name in archive.namelist() if not name.startswith("__pycache__")]
        assert names == ["app.py", "packed/manifest.json", "packed/prepared/detector.tflite"]
        assert archive.read("packed/prepared/detector.tflite") == b"TFL3"
    changed = Packing(b"", files={**packing.files, "manifest.json": b"{} "})
    assert code.build(handler, "python3.13", "arm64", packing=changed).digest != one.digest


def test_the_code_is_there_as_bytecode_too_for_the_function_s_own_version_of_python(handler: Path) -> None:
    def names(runtime: str, packing: Packing | None = None) -> list[str]:
        with zipfile.ZipFile(io.BytesIO(code.build(handler, runtime, packing=packing).body)) as archive:
            return archive.namelist()

    compiled = f"__pycache__/app.cpython-{HERE.replace('.', '')}.pyc"
    assert names(f"python{HERE}", Packing(b"")) == [compiled, "app.py"]
    assert names("python3.99", Packing(b"")) == ["app.py"]
    assert names(f"python{HERE}") == ["app.py"]


def test_a_zip_over_lambda_s_limit_is_refused_with_its_largest_parts(handler: Path) -> None:
    files = {"prepared/detector.tflite": bytes(code.LIMIT), "manifest.json": b"{}"}
    with pytest.raises(SettingsError) as error:
        code.build(handler, "python3.13", packing=Packing(b"", files=files))
    said = str(error.value)
    assert f"Lambda allows {code.LIMIT:,}" in said
    assert "prepared 262 MB" in said
    assert "put them on EFS" in said


def test_bytecode_takes_the_place_of_sources_and_does_not_tell_where_it_was_made(tmp_path: Path) -> None:
    for name in ("one", "other"):
        (tmp_path / name / "package").mkdir(parents=True)
        (tmp_path / name / "package" / "good.py").write_text("def fail():\n    raise ValueError('no')\n")
        (tmp_path / name / "package" / "bad.py").write_text("this is no Python")
        bytecode.compile_all(tmp_path / name, bytecode.interpreter(HERE), "packed/packages", instead=True)
    one, other = (installed.files(tmp_path / name, bytecode=True) for name in ("one", "other"))
    assert one == other
    assert one.keys() == {"package/good.pyc", "package/bad.py"}
    assert b"/var/task/packed/packages/package/good.py" in one["package/good.pyc"]
    assert str(tmp_path).encode() not in one["package/good.pyc"]


def test_sources_that_are_kept_have_their_bytecode_beside_them(tmp_path: Path) -> None:
    (tmp_path / "module.py").write_text("a = 1\n")
    bytecode.compile_all(tmp_path, bytecode.interpreter(HERE), "packed/packages", instead=False)
    tag = f"cpython-{HERE.replace('.', '')}"
    assert installed.files(tmp_path, bytecode=True).keys() == {"module.py", f"__pycache__/module.{tag}.pyc"}
    assert installed.files(tmp_path).keys() == {"module.py"}


def test_bytecode_is_made_by_the_function_s_own_version_of_python_alone() -> None:
    assert bytecode.interpreter(HERE) == sys.executable
    assert bytecode.interpreter("3.99") == ""

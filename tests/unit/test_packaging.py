"""The function's zip: the same bytes for the same source, and nothing else in it."""

import hashlib
import io
import os
import shutil
import zipfile
from pathlib import Path

import pytest

from wildrydes_ml import packaging

CHECKOUT = Path(__file__).parents[2]


def entries(package: packaging.Package) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(package.body)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A copy of the function's source."""
    return Path(shutil.copytree(packaging.source_directory(), tmp_path / "lambda_src"))


def test_it_holds_the_files_of_lambda_src_and_nothing_else() -> None:
    source = CHECKOUT / "lambda_src"
    found = [path for path in source.rglob("*") if path.suffix in (".py", ".html", ".webp", ".sh", ".lock")]
    expected = {path.relative_to(source).as_posix(): path.read_bytes() for path in found}
    assert entries(packaging.build(source)) == expected
    assert {"lambda_function.py", "filling/populate.sh"} <= set(expected)


def test_the_source_stands_in_the_checkout() -> None:
    assert packaging.source_directory() == CHECKOUT / "lambda_src"
    assert packaging.build() == packaging.build(CHECKOUT / "lambda_src")


def test_the_size_is_kilobytes() -> None:
    assert len(packaging.build().body) < 350_000


def test_the_digest_is_that_of_the_bytes() -> None:
    package = packaging.build()
    assert package.digest == hashlib.sha256(package.body).hexdigest()


def test_times_modes_caches_and_place_do_not_count(source: Path) -> None:
    before = packaging.build(source)
    for path in source.rglob("*"):
        os.utime(path, (1_000_000_000, 1_000_000_000))
    (source / "lambda_function.py").chmod(0o755)
    (source / "__pycache__").mkdir(exist_ok=True)
    (source / "__pycache__" / "answers.cpython-313.pyc").write_bytes(b"cache")
    (source / ".hidden").write_bytes(b"hidden")
    (source / ".cache").mkdir()
    (source / ".cache" / "file").write_bytes(b"hidden")
    assert packaging.build(source) == before == packaging.build()


def test_a_changed_byte_changes_the_digest(source: Path) -> None:
    before = packaging.build(source)
    page = source / "page.html"
    page.write_bytes(page.read_bytes().replace(b"<", b"<!", 1))
    assert packaging.build(source).digest != before.digest


def test_a_renamed_file_changes_the_digest(source: Path) -> None:
    before = packaging.build(source)
    (source / "page.html").rename(source / "other.html")
    assert packaging.build(source).digest != before.digest


def test_packages_inside_keep_their_directories(source: Path) -> None:
    (source / "extra").mkdir()
    (source / "extra" / "more.py").write_text("MORE = 1\n", encoding="utf-8")
    assert entries(packaging.build(source))["extra/more.py"] == b"MORE = 1\n"


def test_lambda_can_read_every_file() -> None:
    with zipfile.ZipFile(io.BytesIO(packaging.build().body)) as archive:
        assert {entry.external_attr >> 16 & 0o777 for entry in archive.infolist()} == {0o644}

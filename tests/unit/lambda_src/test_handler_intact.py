"""Files that are no longer those that were prepared."""

from __future__ import annotations

from pathlib import Path

import pytest
from intact import Check, Damaged, checksum


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "model").write_bytes(bytes(range(256)) * 20_000)
    (tmp_path / "labels").write_text("Horse")
    return tmp_path


def test_files_that_are_as_they_were(root: Path) -> None:
    Check(root, {name: checksum(root / name) for name in ("model", "labels")}).wait()
    Check(root, {}).wait()


@pytest.mark.parametrize("content", [b"", b"Hors", b"House", b"Horse "])
def test_another_content_is_found(root: Path, content: bytes) -> None:
    sums = {name: checksum(root / name) for name in ("model", "labels")}
    (root / "labels").write_bytes(content)
    with pytest.raises(Damaged, match="labels is not what was prepared"):
        Check(root, sums).wait()


def test_one_bit_of_many_is_found(root: Path) -> None:
    sums = {"model": checksum(root / "model")}
    with (root / "model").open("r+b") as file:
        file.seek(3_000_000)
        (byte,) = file.read(1)
        file.seek(3_000_000)
        file.write(bytes([byte ^ 1]))
    with pytest.raises(Damaged):
        Check(root, sums).wait()


def test_a_file_that_is_gone_is_an_error(root: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Check(root, {"gone": 0}).wait()

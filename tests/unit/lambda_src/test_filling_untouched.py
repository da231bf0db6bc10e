"""The copy of packages on a disk that reads nothing ahead."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import pytest
from filling import untouched


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """Packages: a large one, one with a library, one file."""
    found = tmp_path / "site-packages"
    (found / "tensorflow").mkdir(parents=True)
    (found / "numpy" / "tensorflow").mkdir(parents=True)
    (found / "numpy" / "core.so.1").write_bytes(b"\x7fELF")
    (found / "six.pyc").write_bytes(b"code")
    return found


def disk(directory: Path, where: Path, *, of_partition: bool) -> Path:
    """The setting of the disk on which a directory is, in what stands for the kernel's directory of devices."""
    device = os.stat(directory).st_dev
    real = where / "disk"
    (real / "queue").mkdir(parents=True)
    (real / "part").mkdir()
    (where / f"{os.major(device)}:{os.minor(device)}").symlink_to(real / "part" if of_partition else real)
    (real / "queue" / "read_ahead_kb").write_text("128\n")
    return real / "queue" / "read_ahead_kb"


@pytest.fixture
def temporary(tmp_path: Path) -> Path:
    """Where copies are made."""
    found = tmp_path / "temporary"
    found.mkdir()
    return found


@pytest.mark.parametrize("of_partition", [False, True])
def test_nothing_is_read_ahead_until_it_ends(site: Path, temporary: Path, tmp_path: Path, of_partition: bool) -> None:
    setting = disk(temporary, tmp_path / "devices", of_partition=of_partition)
    with suppress(ZeroDivisionError), untouched.copied(site, temporary, tmp_path / "devices") as copy:
        assert setting.read_text() == "0"
        assert {one.name for one in copy.iterdir()} == {"numpy", "six.pyc"}
        assert (copy / "numpy" / "core.so.1").read_bytes() == b"\x7fELF"
        assert (copy / "numpy" / "core.so.1").stat().st_ino != (site / "numpy" / "core.so.1").stat().st_ino
        assert (copy / "numpy" / "tensorflow").is_dir()
        assert (copy / "six.pyc").read_bytes() == b"code"
        raise ZeroDivisionError
    assert setting.read_text() == "128\n"
    assert not list(temporary.iterdir())


def test_a_file_system_without_a_disk(site: Path, temporary: Path, tmp_path: Path) -> None:
    with pytest.raises(OSError), untouched.copied(site, temporary, tmp_path / "no devices"):  # noqa: PT011 - of any kind
        pass
    assert not list(temporary.iterdir())

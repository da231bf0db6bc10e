"""A copy of the packages that is not in memory, on a disk without read-ahead: a record there has only what is touched.

Elsewhere, a page of a library brings its neighbors along when it is touched. The kernel reads ahead from the disk, and
it maps what of 64 KiB around the page is in memory (https://lwn.net/Articles/588802/). Such a record has twice the
bytes.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

DEVICES = Path("/sys/dev/block")
_LARGE = "tensorflow"
"""What LiteRT does not import."""


@contextmanager
def copied(site_packages: Path, directory: Path | None = None, devices: Path = DEVICES) -> Iterator[Path]:
    """A copy of the packages without TensorFlow, as long as the block lasts; its whole disk is slow for so long.

    It is made in `directory`, or where temporary files are. `devices` is where the kernel lists disks. Raises OSError
    where this cannot be done: only root may change a disk's read-ahead, and not every file system has a disk.
    """

    def left_out(folder: str, names: Sequence[str]) -> set[str]:
        return {_LARGE} if Path(folder) == site_packages else set()

    with tempfile.TemporaryDirectory(dir=directory) as made:
        copy = Path(made).resolve() / site_packages.name
        shutil.copytree(site_packages, copy, ignore=left_out)
        for library in copy.rglob("*.so*"):
            if library.is_file():
                _leave_memory(library)
        with _no_read_ahead(copy, devices):
            yield copy


def _leave_memory(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())  # only what is on the disk can leave
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


@contextmanager
def _no_read_ahead(directory: Path, devices: Path) -> Iterator[None]:
    """Nothing is read ahead from the directory's disk, nor around what is read."""
    device = directory.stat().st_dev
    found = (devices / f"{os.major(device)}:{os.minor(device)}").resolve(strict=True)
    disk = found if (found / "queue").is_dir() else found.parent  # of a partition
    setting = disk / "queue" / "read_ahead_kb"
    before = setting.read_text()
    setting.write_text("0")
    try:
        yield
    finally:
        setting.write_text(before)

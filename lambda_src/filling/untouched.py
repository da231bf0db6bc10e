"""Packages of which nothing is in memory, on a disk that reads no further than asked: a record for the least bytes.

Elsewhere a page of a library that is touched brings its neighbors along. The kernel reads ahead from the disk, and maps
what of 64 KiB around a page is in memory (https://lwn.net/Articles/588802/). Such a record has twice the bytes.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_LARGE = ("tensorflow",)
"""What LiteRT does not import; it stays where it is."""
DEVICES = Path("/sys/dev/block")


@contextmanager
def copied(site_packages: Path, devices: Path = DEVICES) -> Iterator[Path]:
    """A copy of the packages, for as long as the block lasts; its whole disk is slow for so long.

    `devices` is the kernel's directory of them. Raises OSError where that cannot be: a disk's read-ahead is root's to
    change, and not every file system has a disk.
    """
    with tempfile.TemporaryDirectory() as directory:
        copy = Path(directory).resolve()
        for entry in site_packages.iterdir():
            if entry.name in _LARGE:
                (copy / entry.name).symlink_to(entry.resolve())
            elif entry.is_dir():
                shutil.copytree(entry, copy / entry.name)
            else:
                shutil.copy2(entry, copy / entry.name)
        for folder, _, names in os.walk(copy):
            for name in names:
                if ".so" in name:
                    _leave_memory(Path(folder, name))
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

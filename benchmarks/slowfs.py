"""Compiles and mounts slowfs.c, a file system as slow as a network's."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

RTT_MICROSECONDS = 1000
"""What a round trip to EFS is taken to be."""

_SOURCE = Path(__file__).with_name("slowfs.c")


class Unavailable(Exception):
    """This machine cannot mount it; the text says what is missing."""


@dataclass
class Mount:
    """A mounted file system. `counters` (lookups, opens, readdirs, reads, bytes) are filled when it is unmounted."""

    path: Path
    counters: dict[str, int] = field(default_factory=dict)


def compiled(directory: Path) -> Path:
    """The program, made in `directory` unless it is newer than its source. Raises Unavailable."""
    if not os.access("/dev/fuse", os.R_OK | os.W_OK):
        raise Unavailable("/dev/fuse is missing or not ours to open")
    if os.geteuid() and not shutil.which("fusermount3"):
        raise Unavailable("fusermount3 is missing (Debian's package fuse3), which others than root need")
    program = directory / "slowfs"
    if not program.exists() or program.stat().st_mtime < _SOURCE.stat().st_mtime:
        directory.mkdir(parents=True, exist_ok=True)
        _compile(program)
    return program


@contextmanager
def mounted(
    program: Path, root: Path, mib_per_second: float, rtt_microseconds: int = RTT_MICROSECONDS
) -> Iterator[Mount]:
    """Shows `root`, with nothing of it cached by the mount yet; 0 MiB/s stands for no limit. Raises Unavailable.

    Unmounted at the end of the block, and by the program itself should this process die.
    """
    directory = Path(tempfile.mkdtemp(prefix="slowfs."))
    command = [str(program), str(root), str(directory), str(rtt_microseconds), str(mib_per_second)]
    # In a session of its own, so that Ctrl-C reaches it only after those who use it have ended.
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        assert process.stdout is not None
        if process.stdout.readline() != "mounted\n":
            raise Unavailable(f"mounting failed: {process.communicate()[1].strip()}")
        mount = Mount(directory)
        yield mount
        process.terminate()
        mount.counters = json.loads(process.communicate(timeout=10)[0])
    finally:
        process.terminate()
        process.wait()
        directory.rmdir()


def _compile(program: Path) -> None:
    command = ["cc", "-O2", "-Wall", "-o", str(program), str(_SOURCE), "-pthread"]
    try:
        subprocess.run(command, capture_output=True, text=True, check=True)
    except FileNotFoundError as error:
        raise Unavailable("a C compiler is missing (Debian's package gcc)") from error
    except subprocess.CalledProcessError as error:
        raise Unavailable(f"it does not compile here: {error.stderr.strip()}") from error

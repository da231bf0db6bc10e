"""A home that several demos use at a time: the last one to end removes what the first one began.

Each holds a lock on one file of the home. The system gives a lock back when its process ends, however it ends, so that
a demo that was killed counts no more, and the next one removes what it left. The file names what the demos began: what
somebody else deployed in the home is not theirs, and stays.

A demo that makes or removes holds the lock alone. Demos that serve hold it together.
"""

import fcntl
import os
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ..errors import SettingsError
from . import emulator
from .emulator import DEMO

# What a demo can begin: the deployment's stacks, and the directory that stands for EFS.
STACKS, EFS = "stacks", "efs"
_LONGEST = 10_000


@dataclass(frozen=True)
class Share:
    """A demo's hold on a home."""

    home: Path
    began: frozenset[str]
    """What the demos of this home began, of STACKS and EFS."""
    _lock: int

    def let_others_in(self) -> None:
        """Ends the time in which no other demo can begin here."""
        fcntl.flock(self._lock, fcntl.LOCK_SH)

    def is_last(self) -> bool:
        """Whether no other demo uses the home. If so, others wait until `leave`."""
        with suppress(BlockingIOError):
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        return False

    def leave(self) -> None:
        """Ends the hold."""
        os.close(self._lock)

    def forget(self) -> None:
        """Removes the file, and the home if it holds nothing else."""
        with suppress(FileNotFoundError), emulator.locked(self.home):  # somebody may have removed it all
            (self.home / DEMO).unlink(missing_ok=True)
            emulator.tidy(self.home)


def join(home: Path, find: Callable[[], Collection[str]], wait: Callable[[], None], model: str = "") -> Share:
    """Takes part in the home, which is made if it is not there.

    `find` tells what of STACKS and EFS is there already; it is called when no demo was here before. `wait` is called
    when another demo makes or removes something, before that is waited for. Raises SettingsError when another demo
    serves another `model` here, and what `emulator.claim` raises.
    """
    while True:
        emulator.claim(home)
        with suppress(FileNotFoundError):  # another demo removes the home at this moment
            handle = _opened(home, find)
            try:
                is_alone = _take(handle, wait)
                if _is_still(home / DEMO, handle):
                    return Share(home, _agreed(home, handle, model, is_alone), handle)
            except BaseException:
                os.close(handle)
                raise
            os.close(handle)


def _opened(home: Path, find: Callable[[], Collection[str]]) -> int:
    path = home / DEMO
    found = () if path.exists() else find()
    with emulator.locked(home):
        if not path.exists():
            path.write_text(" ".join(sorted({STACKS, EFS} - set(found))))
        return os.open(path, os.O_RDWR)


def _take(handle: int, wait: Callable[[], None]) -> bool:
    """Takes the lock alone where nobody has it, else together with others; whether it is had alone."""
    for kind in (fcntl.LOCK_EX, fcntl.LOCK_SH):
        with suppress(BlockingIOError):
            fcntl.flock(handle, kind | fcntl.LOCK_NB)
            return kind == fcntl.LOCK_EX
    wait()
    fcntl.flock(handle, fcntl.LOCK_SH)
    return False


def _is_still(path: Path, handle: int) -> bool:
    """Whether the file is the one in the home: the demo that was waited for may have removed it."""
    return path.exists() and os.path.samestat(path.stat(), os.fstat(handle))


def _agreed(home: Path, handle: int, model: str, is_alone: bool) -> frozenset[str]:
    """What the demos began, which the first line tells; the second is the model that they serve."""
    began, _, its = os.pread(handle, _LONGEST, 0).decode().partition("\n")
    if is_alone:
        os.truncate(handle, 0)
        os.pwrite(handle, f"{began}\n{model}".encode(), 0)
    elif its != model:
        shown = f"the model {its}" if its else "the model that comes with the package"
        raise SettingsError([f"another demo serves {shown} in {home}: name another directory with --home"])
    return frozenset(began.split())

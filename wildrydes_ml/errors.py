"""Everything that can go wrong, as one tree; the exit code of the command stands beside each.

WildrydesError            1  the command failed
├── SettingsError         2  usage or settings: nothing was touched
├── InterruptedWork       3  credentials expired or another deployer is at work: run again to resume
│   └── OutOfReach        3  no answer that can be read: network, throttling, a fault of AWS's
└── Refused               4  it would touch what is not ours, or what must be named to be replaced

Messages say where, what, and what to do.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any


class WildrydesError(Exception):
    """The command failed; the message is for a person, `record` for a program."""

    exit_code = 1
    record: Mapping[str, Any] = MappingProxyType({})


class SettingsError(WildrydesError):
    """Settings that cannot work, all of them in one message."""

    exit_code = 2

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = tuple(faults)


class InterruptedWork(WildrydesError):
    """What is under way goes on in AWS; the same command resumes it."""

    exit_code = 3


class OutOfReach(InterruptedWork):
    """AWS gave no answer that can be read; the next one may be in order."""


class Refused(WildrydesError):
    """A step that this command does not take unasked."""

    exit_code = 4


@contextmanager
def naming(path: object) -> Iterator[None]:
    """Gives the path to an OSError that lacks one, as those of writing to an open file do: a full disk's, for one."""
    try:
        yield
    except OSError as error:
        if error.errno is None or error.filename:
            raise
        raise OSError(error.errno, error.strerror, str(path)) from error

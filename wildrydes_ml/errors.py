"""All errors as one tree, each with the exit code of the command.

WildrydesError            1  the command failed
├── SettingsError         2  wrong usage or settings: nothing was changed
├── InterruptedWork       3  credentials expired, or another deployer is at work: run again to resume
│   └── OutOfReach        3  no readable answer: network, throttling, or an error inside AWS
└── Refused               4  it would change what is not ours, or what the user must name to be replaced

A message says where, what, and what to do.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any


class WildrydesError(Exception):
    """The command failed. The message is for people, `record` is for programs."""

    exit_code = 1
    record: Mapping[str, Any] = MappingProxyType({})


class SettingsError(WildrydesError):
    """Wrong settings, all of them in one message. Nothing was changed."""

    exit_code = 2

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = tuple(faults)


class InterruptedWork(WildrydesError):
    """The command stopped, but the operation continues in AWS. Run the same command again to resume."""

    exit_code = 3


class OutOfReach(InterruptedWork):
    """AWS gave no readable answer; the next attempt may succeed."""


class Refused(WildrydesError):
    """The command refuses a change that the user did not explicitly allow."""

    exit_code = 4


@contextmanager
def naming(path: object) -> Iterator[None]:
    """Adds the path to an OSError without one, such as "no space left" from writing to an open file."""
    try:
        yield
    except OSError as error:
        if error.errno is None or error.filename:
            raise
        raise OSError(error.errno, error.strerror, str(path)) from error

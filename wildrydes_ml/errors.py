"""Everything that can go wrong, as one tree; the exit code of the command stands beside each.

WildrydesError            1  the command failed
├── SettingsError         2  usage or settings: nothing was touched
├── InterruptedWork       3  credentials expired or the network went away: run again to resume
└── Refused               4  it would touch what is not ours, or what must be named to be replaced

Messages say where, what, and what to do.
"""

from collections.abc import Sequence


class WildrydesError(Exception):
    """The command failed; the message is for a person."""

    exit_code = 1


class SettingsError(WildrydesError):
    """Settings that cannot work, all of them in one message."""

    exit_code = 2

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = tuple(faults)


class InterruptedWork(WildrydesError):
    """What is under way goes on in AWS; the same command resumes it."""

    exit_code = 3


class Refused(WildrydesError):
    """A step that this command does not take unasked."""

    exit_code = 4

"""Signals that end a command."""

import os
import signal
from collections.abc import Sequence

import pytest

from wildrydes_ml.cli.signals import unwinding

HANG_UP, TERMINATE = signal.SIGHUP, signal.SIGTERM


@pytest.mark.parametrize(
    "numbers", [[HANG_UP, HANG_UP], [HANG_UP, TERMINATE], [TERMINATE, HANG_UP]], ids=lambda numbers: str(numbers)
)
def test_a_second_signal_does_not_disturb_what_the_first_one_began(numbers: Sequence[signal.Signals]) -> None:
    """The shell and the system both tell of a terminal that is closed."""
    first, second = numbers
    removed = False
    with unwinding():
        try:
            with pytest.raises(KeyboardInterrupt):
                os.kill(os.getpid(), first)
        finally:
            os.kill(os.getpid(), second)
            removed = True
    assert removed


def test_afterwards_all_is_as_before() -> None:
    before = [signal.getsignal(number) for number in (HANG_UP, TERMINATE)]
    with pytest.raises(KeyboardInterrupt), unwinding():
        os.kill(os.getpid(), TERMINATE)
    assert [signal.getsignal(number) for number in (HANG_UP, TERMINATE)] == before


def test_what_is_ignored_ends_nothing() -> None:
    """As `nohup` has it."""
    before = signal.signal(HANG_UP, signal.SIG_IGN)
    try:
        with unwinding():
            os.kill(os.getpid(), HANG_UP)
    finally:
        signal.signal(HANG_UP, before)

"""Signals that end a command."""

import os
import signal
from collections.abc import Sequence

import pytest

from wildrydes_ml.cli.entry import _run
from wildrydes_ml.cli.parser import build_parser
from wildrydes_ml.cli.signals import unwinding
from wildrydes_ml.testing import Said

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


class Impatient(Said):
    """A person who presses Ctrl-C at the first warning, and again when that is answered."""

    def warning(self, text: str) -> None:
        super().warning(text)
        raise KeyboardInterrupt

    def error(self, text: str) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        super().error(text)


def test_a_second_ctrl_c_does_not_spoil_the_words_after_the_first() -> None:
    options, said = build_parser().parse_args(["status", "--local", "--region", "eu-west-1"]), Impatient()
    assert _run(options, said, lambda: "stopped: it is so and so") == 130
    assert said.texts("error") == ["stopped: it is so and so"]

"""Signals that end a command: as Ctrl-C does, so that what must be removed is, also after the terminal is closed."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

_ENDING = (signal.SIGTERM, signal.SIGHUP)


@contextmanager
def unwinding() -> Iterator[None]:
    """Raises KeyboardInterrupt for SIGTERM and for a terminal that is closed, unless they are ignored (`nohup`).

    It does so once: a terminal that is closed tells by the shell and by the system, and nothing of both ends the
    removal that the first one began.
    """
    terminals = [number for number in (0, 1, 2) if os.isatty(number)]

    heeded = [number for number in _ENDING if signal.getsignal(number) is not signal.SIG_IGN]

    def end(number: int, frame: FrameType | None) -> None:
        for one in heeded:
            signal.signal(one, signal.SIG_IGN)
        if number == signal.SIGHUP:
            _let_go(terminals)
        raise KeyboardInterrupt

    with _handled(dict.fromkeys(heeded, end)):
        yield


@contextmanager
def undisturbed() -> Iterator[None]:
    """Nothing ends the command meanwhile, also not a second Ctrl-C."""
    with _handled(dict.fromkeys((signal.SIGINT, *_ENDING), signal.SIG_IGN)):
        yield


@contextmanager
def _handled(handlers: dict[signal.Signals, Any]) -> Iterator[None]:
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _let_go(terminals: list[int]) -> None:
    """What is written goes nowhere: to write to a terminal that is closed is an error."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in terminals:
        os.dup2(nowhere, number)
    os.close(nowhere)

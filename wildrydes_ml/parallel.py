"""Work that waits on the network, several pieces at a time, its results in order and Ctrl-C at once."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, as_completed
from contextlib import contextmanager, suppress
from queue import Empty, SimpleQueue
from typing import TypeVar

T = TypeVar("T")


def start(work: Sequence[Callable[[], T]], threads: int) -> list[Future[T]]:
    """Begins the work, so many pieces at a time, and returns its futures.

    The threads are daemons, other than ThreadPoolExecutor's, which Python waits for after Ctrl-C.
    """
    futures = [Future[T]() for _ in work]
    waiting = SimpleQueue[int]()
    for number in range(len(work)):
        waiting.put(number)

    def run() -> None:
        while True:
            try:
                number = waiting.get_nowait()
            except Empty:
                return
            try:
                futures[number].set_result(work[number]())
            except BaseException as error:  # a caller's own function may call exit(): it must not be waited for forever
                futures[number].set_exception(error)

    for _ in range(min(threads, len(work))):
        threading.Thread(target=run, daemon=True).start()
    return futures


def in_order(futures: Sequence[Future[T]], show: Callable[[T], None], tick: Callable[[int], None]) -> None:
    """Shows each result as soon as it and all before it are there; `tick` hears how many are.

    Ctrl-C shows the results that are there and tells how many those are. Raises what the work raised.
    """
    shown = 0
    try:
        for done, _ in enumerate(as_completed(futures), start=1):
            while shown < len(futures) and futures[shown].done():
                show(futures[shown].result())
                shown += 1
            tick(done)
    except KeyboardInterrupt:
        rest = [future for future in futures[shown:] if future.done()]
        for future in rest:
            show(future.result())
        raise KeyboardInterrupt(f"stopped with {shown + len(rest)} of {len(futures)} done") from None


@contextmanager
def repeated(do: Callable[[], None], seconds: float) -> Iterator[None]:
    """Does it again and again meanwhile; it ends when nobody can hear it any more."""
    end = threading.Event()

    def run() -> None:
        with suppress(OSError, ValueError):
            while not end.wait(seconds):
                do()

    threading.Thread(target=run, daemon=True).start()
    try:
        yield
    finally:
        end.set()

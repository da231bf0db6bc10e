"""Python's search for garbage: it takes a quarter of a process that only renders, and finds nothing there."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def unsearched() -> Iterator[None]:
    """What is made here is not searched for garbage: now, later, or when Python exits, which searches all there is.

    It is for modules, and for what a process makes just before its end: garbage in cycles is never freed.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_on:
            gc.enable()

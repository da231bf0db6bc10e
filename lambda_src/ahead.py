"""Two stages of work done ahead of whoever needs their results: many at a time are fetched, few lie prepared.

While a picture is looked at, the next ones arrive and are decoded. What lies ready is bounded by number: `FETCHED`
files as they came, `PREPARED` of them decoded, which are ten times as large.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, TypeVar

FETCHED = 8
PREPARED = 2

Item = TypeVar("Item")
Raw = TypeVar("Raw")
Ready = TypeVar("Ready")


class Ahead(Generic[Item, Raw, Ready]):
    """Use it as a context, and iterate once. Items come in their order, each with a way to its result."""

    def __init__(
        self,
        items: Iterable[Item],
        fetch: Callable[[Item], Raw],
        prepare: Callable[[Raw], Ready],
    ) -> None:
        self._items = iter(items)
        self._fetch = fetch
        self._prepare = prepare
        self._fetching = ThreadPoolExecutor(FETCHED, "fetch")
        self._preparing = ThreadPoolExecutor(1, "prepare")
        self._room = threading.Semaphore(PREPARED)
        self._is_over = False

    def __enter__(self) -> Ahead[Item, Raw, Ready]:
        return self

    def __exit__(self, *error: object) -> None:
        """What has not begun is left undone; what has begun is not waited for."""
        self._is_over = True
        self._room.release()
        for pool in (self._preparing, self._fetching):
            pool.shutdown(wait=False, cancel_futures=True)

    def __iter__(self) -> Iterator[tuple[Item, Callable[[], Ready]]]:
        """Each item, with what returns its result or raises what its fetching or preparing raised."""
        waiting: deque[tuple[Item, Future[Ready]]] = deque()
        for item in self._items:
            waiting.append((item, self._begin(item)))
            if len(waiting) >= FETCHED:
                yield from self._next(waiting)
        while waiting:
            yield from self._next(waiting)

    def _next(self, waiting: deque[tuple[Item, Future[Ready]]]) -> Iterator[tuple[Item, Callable[[], Ready]]]:
        item, future = waiting.popleft()
        yield item, lambda: self._taken(future)

    def _begin(self, item: Item) -> Future[Ready]:
        raw = self._fetching.submit(self._fetch, item)
        return self._preparing.submit(self._prepared, raw)

    def _prepared(self, raw: Future[Raw]) -> Ready:
        self._room.acquire()
        if self._is_over:
            self._room.release()  # for the next one, which ends likewise
            raise RuntimeError("nobody waits for it any more")
        return self._prepare(raw.result())

    def _taken(self, future: Future[Ready]) -> Ready:
        try:
            return future.result()
        finally:
            self._room.release()

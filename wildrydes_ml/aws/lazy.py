"""A client that is made when it is first used.

Reading EC2's description alone takes a tenth of a second, and most commands never ask EC2.
"""

from collections.abc import Callable
from threading import Lock
from typing import Any

# A boto session makes clients of one thread at a time.
_LOCK = Lock()


class Lazy:
    """Stands for the client that `make` returns."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make
        self._client: Any = None

    def __getattr__(self, name: str) -> Any:
        with _LOCK:
            if self._client is None:
                self._client = self._make()
        return getattr(self._client, name)

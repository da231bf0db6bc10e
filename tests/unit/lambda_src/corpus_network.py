"""A network that is a table: what names resolve to, and where the process may connect to. Nothing gets out of it."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import pytest

Names = Mapping[str, Sequence[Sequence[str]]]
"""What a name's first, second, ... look-up finds; the last holds for all further ones."""

_numeric_or_real = socket.getaddrinfo


class Network:
    """Resolves `names` and no others, and refuses all connections but those to `open` (address, port).

    `connects` are the addresses that a socket was told to connect to, as Python's audit saw them. Numbers that
    the system's resolver takes for addresses, as `127.1`, are resolved by it.
    """

    def __init__(self, names: Names, open: set[tuple[str, int]]) -> None:
        self._names = {name: list(answers) for name, answers in names.items()}
        self._open = open
        self.connects: list[tuple[str, int]] = []

    def getaddrinfo(
        self, host: str | bytes, port: Any, family: int = 0, type: int = 0, proto: int = 0, flags: int = 0
    ) -> list[Any]:
        name = host.decode() if isinstance(host, bytes) else host
        answers = self._names.get(name.lower().rstrip("."))
        if answers is None:
            return _numeric_or_real(host, port, family, type, proto, flags | socket.AI_NUMERICHOST)
        addresses = answers.pop(0) if len(answers) > 1 else answers[0]
        return [info for address in addresses for info in _numeric_or_real(address, port, 0, type, proto)]

    def audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "socket.connect":
            address = arguments[1][:2]
            self.connects.append(address)
            if address not in self._open:
                raise ConnectionRefusedError


_current: list[Network] = []
"""An audit hook cannot be removed, so there is one, and it asks the network of the moment, if there is any."""


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    for network in _current:
        network.audit(event, arguments)


sys.addaudithook(_hook)


@contextmanager
def network(names: Names, open: set[tuple[str, int]] | None = None) -> Iterator[Network]:
    """The process's only network inside the block."""
    network = Network(names, open or set())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", network.getaddrinfo)
        _current.append(network)
        try:
            yield network
        finally:
            _current.remove(network)

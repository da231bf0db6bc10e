"""Fetches a picture from a URL that a stranger chose, from inside the VPC.

microsoft-antissrf refuses private addresses: it checks every address that a name resolves to, and only checked
addresses are connected to, so that a name cannot change in between. What no library does is done here: a deadline for
the whole fetch, a cap on its bytes, no compression, each redirect checked like the first URL, and each checked address
tried. Nothing else in the function opens a socket.
"""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from contextlib import suppress
from functools import cache
from http.client import HTTPResponse, IncompleteRead
from ipaddress import IPv6Network
from typing import Any, TypeVar
from urllib.parse import urljoin, urlsplit

from AntiSSRF import AntiSSRFError, AntiSSRFPolicy, PolicyConfigOptions
from problems import Problem
from requests import PreparedRequest, Request, RequestException, Response
from requests.adapters import HTTPAdapter
from requests.sessions import SessionRedirectMixin
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

MAX_BYTES = 8 * 1024 * 1024
MAX_URL_LENGTH = 2048
MAX_REDIRECTS = 3
MAX_SECONDS = 10.0
CONNECT_SECONDS = 1.5
"""For each address of a name but the last: a VPC without a way out over IPv4, or IPv6, drops what it is sent."""

_PORTS = {"http": 80, "https": 443}
_CHUNK_BYTES = 64 * 1024
_HEADERS = {
    "Accept": "image/jpeg,image/png,image/webp,image/gif",  # image servers choose the format by it
    "Accept-Encoding": "identity",
    "User-Agent": "wildrydes-ml",
}
_IPV4_IN_IPV6 = IPv6Network("::ffff:0:0/96")
_DENIED_BESIDES = [*map(str, IPv6Network("::/3").address_exclude(_IPV4_IN_IPV6)), "4000::/2", "8000::/1"]
"""The IPv6 that is not 2000::/3, where all public addresses are (RFC 4291, 2.4); the policy leaves most of it open.

The policy judges IPv4 addresses as IPv6, so those stay its own matter.
"""

logging.getLogger("urllib3").setLevel(logging.CRITICAL)  # its warnings hold URLs

T = TypeVar("T")


def fetch(request: PreparedRequest, private_hosts: frozenset[str], seconds: float) -> bytes:
    """The body that a checked request leads to, at most MAX_BYTES, within `seconds` and MAX_SECONDS in all.

    `private_hosts` are `host:port` that may be private and on any port. Raises Problem url-not-allowed,
    fetch-failed, fetch-timeout or image-too-large.
    """
    connections = _Connections(min(seconds, MAX_SECONDS))
    try:
        return _in_thread(lambda: _follow(request, private_hosts, connections), connections.remaining())
    except FutureTimeoutError as error:
        raise Problem("fetch-timeout") from error
    finally:
        connections.cut()


def checked(url: str, private_hosts: frozenset[str]) -> PreparedRequest:
    """The request for an http or https URL. Raises Problem invalid-url.

    Its parts are checked as they were given and as requests prepared them to connect to: parsers disagree on
    odd URLs.
    """
    try:
        request = Request("GET", url.strip(" "), headers=_HEADERS).prepare()
        for parts in urlsplit(url.strip(" ")), urlsplit(request.url or ""):
            if parts.scheme not in _PORTS or parts.username is not None:
                raise Problem("invalid-url", "scheme or credentials")
            if parts.port not in (None, *_PORTS.values()) and _host(request) not in private_hosts:
                raise Problem("invalid-url", "port")
    except (RequestException, ValueError) as error:
        raise Problem("invalid-url") from error
    if len(url) > MAX_URL_LENGTH or not url.isprintable():
        raise Problem("invalid-url", "length or characters")
    return request


def _host(request: PreparedRequest) -> str:
    """`host:port` of a request, as PRIVATE_IMAGE_HOSTS has it."""
    parts = urlsplit(request.url or "")
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return f"{host}:{parts.port if parts.port is not None else _PORTS[parts.scheme]}"


class _Connections:
    """The connections of one fetch, which its deadline cuts.

    A socket's own timeout starts anew with every byte, so a server that drips bytes beats it, in the TLS
    handshake, the headers or the body. Shutting the socket down from outside ends all of them.
    """

    def __init__(self, seconds: float) -> None:
        self._deadline = time.monotonic() + seconds
        self._sockets: list[socket.socket] = []
        self.pools: dict[str, Any] = {
            "http": _pool(HTTPConnectionPool, HTTPConnection, self._watch),
            "https": _pool(HTTPSConnectionPool, HTTPSConnection, self._watch),
        }

    def remaining(self) -> float:
        """Seconds to the deadline. Raises Problem fetch-timeout when there are none."""
        seconds = self._deadline - time.monotonic()
        if seconds <= 0:
            raise Problem("fetch-timeout")
        return seconds

    def cut(self) -> None:
        """Ends what is still going on; whoever waits in it gets an error."""
        for connection in self._sockets:
            with connection, suppress(OSError):  # closed by the other side
                connection.shutdown(socket.SHUT_RDWR)

    def _watch(self, connection: socket.socket) -> socket.socket:
        self._sockets.append(connection.dup())  # TLS replaces the object, not the connection
        if time.monotonic() > self._deadline:  # it passed while the connection was being made
            self.cut()
        return connection


def _pool(pool: type[Any], connection: type[Any], watch: Callable[[socket.socket], socket.socket]) -> Any:
    """urllib3's pool of connections that are shown to `watch` as soon as they are made."""

    class WatchedConnection(connection):  # type: ignore[misc]
        response_class = _Response

        def _new_conn(self) -> socket.socket:
            return watch(_connected(self, super()._new_conn))

    return type("WatchedPool", (pool,), {"ConnectionCls": WatchedConnection})


def _connected(connection: Any, connect: Callable[[], socket.socket]) -> socket.socket:
    """A socket to the first address that takes a connection, of those that the policy checked for the host."""
    seconds = connection.timeout
    *early, last = _in_turns(_checked.addresses) if connection.host in _checked.addresses else [connection.host]
    for address in early:
        connection.host, connection.timeout = address, min(CONNECT_SECONDS, seconds)
        with suppress(OSError, HTTPError):
            found = connect()
            found.settimeout(seconds)
            connection.timeout = seconds
            return found
    connection.host, connection.timeout = last, seconds
    return connect()


def _in_turns(addresses: Sequence[str]) -> list[str]:
    """Each address once, IPv4 and IPv6 in turns as they come: of the one kind, none may have a way there."""
    seen: Counter[bool] = Counter()
    ranks = {}
    for address in dict.fromkeys(addresses):
        is_ipv6 = ":" in address
        ranks[address] = seen[is_ipv6]
        seen[is_ipv6] += 1
    return sorted(ranks, key=lambda address: ranks[address])


class _Checked(threading.local):
    """The addresses that the policy allowed for the host of this thread's request."""

    addresses: Sequence[str] = ()


_checked = _Checked()


class _Policy(AntiSSRFPolicy):  # type: ignore[misc]
    """Remembers the addresses that it checked: the library's agent connects to the first of them alone."""

    def _is_network_connection_allowed(self, addresses: list[Any]) -> bool:
        is_allowed = bool(super()._is_network_connection_allowed(addresses))
        _checked.addresses = [str(address.get_address()) for address in addresses] if is_allowed else ()
        return is_allowed


class _Response(HTTPResponse):
    """Reads no chunk that says it has -1 bytes: that would mean all that ever comes, past every cap."""

    def _safe_read(self, amt: int) -> bytes:
        if amt < 0:
            raise IncompleteRead(b"")
        return super()._safe_read(amt)  # type: ignore[misc,no-any-return]


def _in_thread(call: Callable[[], T], seconds: float) -> T:
    """The result of `call`, waited for at most `seconds`: a name look-up can only be left behind."""
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(call())
        except BaseException as error:
            future.set_exception(error)

    threading.Thread(target=run, name="fetch", daemon=True).start()
    return future.result(seconds)


def _follow(request: PreparedRequest, private_hosts: frozenset[str], connections: _Connections) -> bytes:
    """The body at the end of at most MAX_REDIRECTS redirects."""
    try:
        for _ in range(MAX_REDIRECTS + 1):
            with _send(request, _host(request) in private_hosts, connections) as response:
                location = SessionRedirectMixin().get_redirect_target(response)
                if location is None:
                    return _body(response)
                request = _redirected(request, location, private_hosts)
    except AntiSSRFError as error:
        raise Problem("url-not-allowed") from error
    except (OSError, ValueError, HTTPError) as error:  # requests' errors are OSError
        raise Problem("fetch-failed") from error
    raise Problem("fetch-failed", "too many redirects")


def _redirected(request: PreparedRequest, location: str, private_hosts: frozenset[str]) -> PreparedRequest:
    try:
        return checked(urljoin(request.url or "", location), private_hosts)
    except Problem as error:
        raise Problem("url-not-allowed", "by redirect") from error


def _send(request: PreparedRequest, private: bool, connections: _Connections) -> Response:
    """The response's headers.

    The adapter is used directly: a session would read, and unpack, a redirect's whole body, and take proxies
    and passwords from the environment. The socket's own timeout is past the deadline, which decides.
    """
    _checked.addresses = ()
    adapter = HTTPAdapter() if private else _policy().get_antissrf_session().get_adapter(request.url)
    adapter.poolmanager.pool_classes_by_scheme = connections.pools
    response: Response = adapter.send(request, stream=True, timeout=connections.remaining() + 1)
    return response


@cache
def _policy() -> AntiSSRFPolicy:
    policy = _Policy(PolicyConfigOptions.EXTERNAL_ONLY_LATEST)
    policy.add_denied_addresses(_DENIED_BESIDES)
    policy.allow_plain_text_http = True
    policy.add_xff_header = False  # only means something to proxies, and there is none
    return policy


def _body(response: Response) -> bytes:
    if response.status_code != 200:
        raise Problem("fetch-failed", upstream_status=response.status_code)
    if response.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
        raise Problem("fetch-failed", "compressed although asked not to be")
    if (response.raw.length_remaining or 0) > MAX_BYTES:
        raise Problem("image-too-large", "declared bytes")
    body = bytearray()
    for chunk in response.iter_content(_CHUNK_BYTES):
        body += chunk
        if len(body) > MAX_BYTES:
            raise Problem("image-too-large", "fetched bytes")
    if not body and "Content-Length" not in response.headers:
        raise Problem("fetch-failed", "nothing came: a connection that breaks in the headers looks like their end")
    return bytes(body)

"""Reports an unknown region at once, not after the minute in which the SDK tries to reach it."""

import difflib
import socket
from collections.abc import Callable, Collection
from typing import Any
from urllib.parse import urlsplit

from botocore.utils import get_environ_proxies

from ..errors import SettingsError

# From host and port to its addresses, as socket.getaddrinfo; raises OSError where there is none.
Resolve = Callable[[str, int], object]


def refuse_unknown(session: Any, url: str, resolve: Resolve = socket.getaddrinfo) -> None:
    """Raises SettingsError when the SDK does not know the session's region and its host in `url` has no address.

    A region that is newer than the SDK has an address. Behind a proxy nothing is checked: the proxy finds addresses.
    """
    region = session.region_name
    scheme, host = urlsplit(url).scheme, urlsplit(url).hostname or ""
    if {scheme, "all"} & get_environ_proxies(url).keys() or region in (known := _known(session)):
        return
    try:
        resolve(host, 443)
    except OSError as error:
        alike = _alike(region, known)
        hint = f"did you mean {' or '.join(alike)}?" if alike else f"use one of {', '.join(sorted(known))}"
        raise SettingsError([f"there is no region {region}: {hint} (its host {host} has no address)"]) from error


def _known(session: Any) -> set[str]:
    """The regions of all partitions that the SDK knows."""
    partitions = session.get_available_partitions()
    return {name for one in partitions for name in session.get_available_regions("cloudformation", one)}


def _alike(region: str, known: Collection[str]) -> list[str]:
    """The most similar regions; several if they are equally similar."""
    near = difflib.get_close_matches(region.lower(), known, len(known))
    likeness = {name: difflib.SequenceMatcher(None, name, region.lower()).ratio() for name in near}
    return sorted(name for name in near if likeness[name] == max(likeness.values()))

"""A region that does not exist is told at once, not after the minute in which the SDK tries to reach it."""

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
    """Raises SettingsError when neither the SDK knows the session's region nor has its host, `url`, an address.

    A region that is newer than the SDK has one. Behind a proxy it is the proxy that looks for addresses.
    """
    region = session.region_name
    scheme, host = urlsplit(url).scheme, urlsplit(url).hostname or ""
    if {scheme, "all"} & get_environ_proxies(url).keys() or region in (there := known(session)):
        return
    try:
        resolve(host, 443)
    except OSError as error:
        alike = _alike(region, there)
        hint = f"did you mean {' or '.join(alike)}?" if alike else f"there are {', '.join(sorted(there))}"
        raise SettingsError([f"no region {region}: {hint} (its host {host} has no address)"]) from error


def known(session: Any) -> set[str]:
    """The regions of all partitions that the SDK knows."""
    partitions = session.get_available_partitions()
    return {name for one in partitions for name in session.get_available_regions("cloudformation", one)}


def _alike(region: str, known: Collection[str]) -> list[str]:
    """The regions that are most like it; several when they are so equally."""
    near = difflib.get_close_matches(region.lower(), known, len(known))
    likeness = {name: difflib.SequenceMatcher(None, name, region.lower()).ratio() for name in near}
    return sorted(name for name in near if likeness[name] == max(likeness.values()))

"""Reports an unknown region at once, not after the minute in which the SDK tries to reach it."""

import difflib
import socket
from collections.abc import Callable, Collection
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import UnknownRegionError
from botocore.utils import get_environ_proxies

from ..errors import SettingsError

# From host and port to its addresses, as socket.getaddrinfo; raises OSError where there is none.
Resolve = Callable[[str, int], object]


def refuse_unknown(
    session: Any, url: str, resolve: Resolve = socket.getaddrinfo, say: Callable[[str], None] = lambda text: None
) -> None:
    """Raises SettingsError when no region is set, or when the SDK does not know it and its host, `url`, has no address.

    A region that is newer than the SDK has one. Behind a proxy it is the proxy that looks for addresses: there a name
    that no region can have is refused, and one that a new region may have is told to `say` and tried.
    """
    region = session.region_name
    if not region:  # STS alone would answer, at its global host
        raise SettingsError(["no region is set: pass --region, or run `aws configure`"])
    if region in (there := known(session)):
        return
    scheme, host = urlsplit(url).scheme, urlsplit(url).hostname or ""
    alike = _alike(region, there)
    hint = f"did you mean {' or '.join(alike)}?" if alike else f"use one of {', '.join(sorted(there))}"
    if {scheme, "all"} & get_environ_proxies(url).keys():
        if not _may_be(session, region):
            raise SettingsError([f"there is no region with the name {region}: {hint}"])
        say(f"this boto3 does not know region {region}: {hint} Trying it")
        return
    try:
        resolve(host, 443)
    except OSError as error:
        why = f"its host {host} has no address: {error.strerror or error}"
        raise SettingsError([f"there is no region with the name {region}: {hint} ({why})"]) from error


def _may_be(session: Any, region: str) -> bool:
    """Whether the name has the form of some partition's regions."""
    try:
        session.get_partition_for_region(region)
    except UnknownRegionError:
        return False
    return True


def known(session: Any) -> set[str]:
    """The regions of all partitions that the SDK knows."""
    partitions = session.get_available_partitions()
    return {name for one in partitions for name in session.get_available_regions("cloudformation", one)}


def _alike(region: str, known: Collection[str]) -> list[str]:
    """The most similar regions; several if they are equally similar."""
    near = difflib.get_close_matches(region.lower(), known, len(known))
    likeness = {name: difflib.SequenceMatcher(None, name, region.lower()).ratio() for name in near}
    return sorted(name for name in near if likeness[name] == max(likeness.values()))

"""What somebody who made a slip may have meant."""

from collections.abc import Iterable
from difflib import get_close_matches


def meant(given: str, known: Iterable[str]) -> str:
    """`; did you mean NAME?` for the known name that is most like what was given; empty when none is alike."""
    names = {name.casefold(): name for name in known}
    close = get_close_matches(given.casefold(), names, 1)
    return f"; did you mean {names[close[0]]}?" if close else ""

"""What somebody who made a slip may have meant."""

from collections.abc import Iterable


def meant(given: str, known: Iterable[str]) -> str:
    """`; did you mean NAME?` for the known name that is most like what was given; empty when none is alike."""
    from difflib import get_close_matches  # only here, since every command would wait for it

    names = {name.casefold(): name for name in known}
    close = get_close_matches(given.casefold(), names, 1)
    return f"; did you mean {names[close[0]]}?" if close else ""

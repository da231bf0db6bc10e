"""The page in the person's browser."""

import webbrowser

from ..reporting import Reporter


def show(url: str, reporter: Reporter) -> None:
    """Opens the address, or says that there is no browser here to do it."""
    try:
        is_shown = webbrowser.open(url)
    except webbrowser.Error:
        is_shown = False
    if not is_shown:
        reporter.warning(f"--open: no browser was found here: open {url} yourself")

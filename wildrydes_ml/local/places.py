"""This machine as a target for a program: with an emulator that stays, or with one that goes at the end."""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from ..aws.target import Target
from . import emulator


def place(name: str, home: Path | str = ".wildrydes") -> Target:
    """The target for the deployment of that name on this machine; its emulator is started, unless it is running.

    It stays after the program has ended, as with `deploy --local --home HOME`; `destroy --local --home HOME` stops it.
    Raises SettingsError when the emulator is not installed (`pip install 'wildrydes_ml[local]'`) or the home is
    somebody else's directory, WildrydesError when the emulator does not come up.
    """
    directory = Path(home).expanduser().resolve()
    return emulator.target(directory, emulator.start(directory)[0], name)


@contextmanager
def running(name: str, home: Path | str | None = None) -> Iterator[Target]:
    """The target for the deployment of that name on this machine, for as long as the `with` lasts.

    The emulator has a home of its own, which goes at the end with all that was deployed. In a `home` that is named, an
    emulator that was running before goes on, and so does what is deployed there. Raises as `place` does.
    """
    with ExitStack() as stack:
        here = Path(home or stack.enter_context(tempfile.TemporaryDirectory())).expanduser().resolve()
        started, is_new = emulator.start(here)
        if is_new:
            stack.callback(_remove, here, name)
        yield emulator.target(here, started, name)


def _remove(home: Path, name: str) -> None:
    emulator.stop(home)
    emulator.clear(home, name)
    emulator.tidy(home)
